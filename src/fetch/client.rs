//! HTTP: one GET at a time to a host, redirects by hand, every hop checked.
//!
//! Redirects are not left to the library, for each hop passes the guard and `robots.txt`, waits for
//! its own host's pace, and gets validators and credentials only if they are its own.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Response;
use reqwest::Version;
use reqwest::header::ACCEPT;
use reqwest::header::CONNECTION;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use reqwest::header::IF_MODIFIED_SINCE;
use reqwest::header::IF_NONE_MATCH;
use reqwest::header::LINK;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use url::Url;

use crate::config::settings::Fetch;
use crate::domain::Timestamp;
use crate::domain::http;
use crate::domain::http::Answer;
use crate::domain::http::Aside;
use crate::domain::http::Call;
use crate::domain::http::Get;
use crate::domain::http::Method;
use crate::domain::http::Refused;
use crate::domain::http::Reply;
use crate::domain::http::Validators;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Kind;
use crate::fetch::Manner;
use crate::fetch::answer;
use crate::fetch::answer::Meaning;
use crate::fetch::cap;
use crate::fetch::credentials::Credentials;
use crate::fetch::error;
use crate::fetch::error::shown;
use crate::fetch::fresh::fresh_for;
use crate::fetch::guard::Guard;
use crate::fetch::lanes::Gap;
use crate::fetch::lanes::Lanes;
use crate::fetch::lanes::Turn;
use crate::fetch::lanes::Watch;
use crate::fetch::limits;
use crate::fetch::robots;
use crate::fetch::robots::Copy;
use crate::fetch::robots::Files;
use crate::fetch::room::Room;
use crate::fetch::room::Rooms;
use crate::fetch::route::Route;
use crate::fetch::tokens::Tokens;
use crate::fetch::wire::Wire;

const MOST_REDIRECTS: usize = 10;
/// So much of a refusal's body is read, in bytes.
const MOST_OF_REFUSAL: usize = 16 * 1024;
/// The status of an answer that is larger than it may be, for whoever takes it.
const TOO_LARGE: u16 = 413;

/// The HTTP half of the fetcher.
#[derive(Debug)]
pub(super) struct Client {
    wire: Wire,
    guard: Guard,
    lanes: Lanes,
    robots: Files,
    rooms: Rooms,
    tokens: Tokens,
    at_once: Semaphore,
    timeout: Duration,
    max_body: u64,
}

/// One poll on its way over redirects.
pub(super) struct Journey<'a> {
    accept: &'a str,
    /// What goes along when a service is called.
    errand: Option<Errand<'a>>,
    /// What may be sent, to the address that gave it.
    validators: Option<&'a Validators>,
    route: Route,
    watch: Watch,
    /// What is left of the time for the whole request.
    left: Duration,
}

/// A request that was sent, and the head of what came back.
struct Exchange<'a> {
    // In this order they end: the connection, the right to it, the right to have one.
    response: Response,
    turn: Turn,
    _permit: SemaphorePermit<'a>,
    /// When the time for the whole request is over.
    deadline: Instant,
    /// Whether the journey's validators went with it.
    conditional: bool,
    /// Whether the host means to keep the connection.
    kept: bool,
}

impl Client {
    /// A client for `[fetch]`.
    pub(super) fn new(settings: &Fetch) -> Result<Self, FetchError> {
        Ok(Self {
            wire: Wire::new(settings)?,
            guard: Guard::new(&settings.allow_private)?,
            lanes: Lanes::new(settings.host_gap.max(TimeDelta::zero())),
            robots: Files::default(),
            rooms: Rooms::new(settings.max_body),
            tokens: Tokens::default(),
            at_once: Semaphore::new(settings.at_once),
            timeout: settings.timeout.to_std().unwrap_or_default(),
            max_body: settings.max_body,
        })
    }

    /// Carries out a GET, over redirects.
    pub(super) async fn get(&self, get: &Get, manner: Manner<'_>, now: Timestamp) -> Result<Fetched, FetchError> {
        let route = Route::start(&get.url, MOST_REDIRECTS)?;
        let validators = manner.validators.filter(|_| get.conditional);
        let mut journey = Journey { accept: &get.accept, errand: None, validators, route, watch: Watch::start(now), left: self.timeout };
        loop {
            let exchange = self.ask(&mut journey, manner.robots).await?;
            match self.read(&mut journey, exchange, get).await? {
                Hop::Arrived(fetched) => return Ok(fetched),
                Hop::Moved { to, permanent } => journey.route.follow(to, permanent)?,
            }
        }
    }

    /// Calls a service, with what its login asks for. A token that is not taken any more is asked for
    /// anew, once.
    pub(super) async fn call(&self, call: &Call, manner: Manner<'_>, now: Timestamp) -> Result<Fetched, FetchError> {
        let watch = Watch::start(now);
        let Some(login) = manner.login else { return self.call_with(call, None, manner.robots, watch).await };
        let (token, is_new) = self.tokens.token(login, self, watch).await?;
        let credentials = Credentials { login, token };
        let outcome = self.call_with(call, Some(&credentials), manner.robots, watch).await;
        let is_stale = matches!(&outcome, Err(error) if error.refused.as_deref().is_some_and(is_stale));
        if !is_stale || is_new || credentials.token.is_none() {
            return outcome;
        }
        self.tokens.forget(login, credentials.token.as_ref(), watch).await;
        let (token, _) = self.tokens.token(login, self, watch).await?;
        self.call_with(call, Some(&Credentials { login, token }), manner.robots, watch).await
    }

    /// Calls a service with these credentials.
    pub(super) async fn call_with(
        &self,
        call: &Call,
        credentials: Option<&Credentials<'_>>,
        robots: bool,
        watch: Watch,
    ) -> Result<Fetched, FetchError> {
        let route = Route::start(&call.url, MOST_REDIRECTS)?;
        let errand = Some(Errand { call, credentials });
        let mut journey = Journey { accept: "*/*", errand, validators: None, route, watch, left: self.timeout };
        loop {
            let exchange = self.ask(&mut journey, robots).await?;
            match self.hear(&mut journey, exchange, call).await? {
                Hop::Arrived(fetched) => return Ok(fetched),
                Hop::Moved { to, permanent } => journey.route.follow(to, permanent)?,
            }
        }
    }

    /// Asks where the journey is, when it is that host's turn.
    async fn ask(&self, journey: &mut Journey<'_>, robots: bool) -> Result<Exchange<'_>, FetchError> {
        let origin = journey.route.here().origin().ascii_serialization();
        let way = self.guard.way(journey.route.here())?;
        let of_host = if robots { Some(self.allowed(journey, &origin).await?) } else { None };
        let own = journey.errand.as_ref().map_or(TimeDelta::zero(), |errand| TimeDelta::seconds(i64::from(errand.call.gap)));
        let turn = self.lanes.turn(&origin, Gap { of_host, own }, journey.watch).await.map_err(|left| held(journey.route.here(), left))?;
        // The semaphore is never closed, so there always is a permit in the end.
        let Ok(permit) = self.at_once.acquire().await else { return Err(self.out_of_time(journey.route.here())) };
        let deadline = Instant::now() + journey.left;
        let client = self.wire.client(way);
        let (request, conditional) = journey.request(client);
        let second = if turn.is_kept() { request.try_clone() } else { None };
        let sent = async {
            match (request.send().await, second) {
                // One more try, on a new connection: the other side closed the one that was kept.
                (Err(error), Some(second)) if error::is_stale(&error) => second.send().await,
                (outcome, _) => outcome,
            }
        };
        let outcome = tokio::time::timeout_at(deadline, sent).await.map_err(|_| self.out_of_time(journey.route.here()))?;
        let response = outcome.map_err(|error| FetchError::of_exchange(&error, journey.route.here()))?;
        cap::headers(response.headers(), journey.route.here())?;
        let kept = keeps(&response);
        Ok(Exchange { response, turn, _permit: permit, deadline, conditional, kept })
    }

    /// What came back, read to its end.
    async fn read(&self, journey: &mut Journey<'_>, exchange: Exchange<'_>, get: &Get) -> Result<Hop, FetchError> {
        let Exchange { response, mut turn, _permit, deadline, conditional, kept } = exchange;
        let (url, now) = (journey.route.here(), journey.watch.time());
        let meaning = answer::meaning(response.status(), response.headers(), url, conditional, now);
        if let Some(wish) = meaning.as_ref().err().and_then(|error| error.retry_after) {
            turn.hold(wish);
        }
        let hop = match meaning? {
            Meaning::Moved { to, permanent } => {
                // A short text for people comes along: reading it saves a connection.
                let _ = tokio::time::timeout_at(deadline, cap::beginning(response, 16 * 1024, url)).await;
                Hop::Moved { to, permanent }
            }
            Meaning::Unchanged => {
                let aside = journey.aside(&response, now);
                let given = answer::validators(response.headers(), url);
                Hop::Arrived(Fetched::Unchanged { validators: newest(given, journey.validators, url), aside })
            }
            Meaning::Read => {
                let aside = journey.aside(&response, now);
                let validators = answer::validators(response.headers(), url);
                let content_type = answer::text(response.headers(), &CONTENT_TYPE).unwrap_or_default();
                let body = tokio::time::timeout_at(deadline, cap::body(response, self.max_body, &self.rooms, url)).await;
                let (body, room) = body.map_err(|_| self.out_of_time(url))??;
                let answer = Answer { request: get.clone(), url: url.to_string(), content_type, body };
                Hop::Arrived(Fetched::New { response: http::Response::Http(answer), validators, aside, room })
            }
        };
        turn.is_good(kept);
        journey.left = deadline.saturating_duration_since(Instant::now());
        Ok(hop)
    }

    /// What a service answered, read to its end; of a refusal its beginning.
    async fn hear(&self, journey: &mut Journey<'_>, exchange: Exchange<'_>, call: &Call) -> Result<Hop, FetchError> {
        let Exchange { response, mut turn, _permit, deadline, mut kept, .. } = exchange;
        let (url, now, status) = (journey.route.here(), journey.watch.time(), response.status().as_u16());
        let hop = if response.status().is_success() || call.takes.contains(&status) {
            if let Some(wish) = limits::used_up(response.headers(), now) {
                turn.hold(wish);
            }
            let content_type = answer::text(response.headers(), &CONTENT_TYPE).unwrap_or_default();
            let links: Vec<&str> = response.headers().get_all(LINK).iter().filter_map(|line| line.to_str().ok()).collect();
            let link = links.join(", ");
            let body = tokio::time::timeout_at(deadline, cap::body(response, self.max_body, &self.rooms, url)).await;
            let (status, body, room) = match body.map_err(|_| self.out_of_time(url))? {
                Ok((body, room)) => (status, body, room),
                // What is left of it lies in the connection.
                Err(error) if error.kind == Kind::TooLarge && call.takes.contains(&TOO_LARGE) => {
                    kept = false;
                    (TOO_LARGE, Vec::new(), Room::default())
                }
                Err(error) => return Err(error),
            };
            let reply = Reply { call: call.clone(), url: url.to_string(), status, content_type, link, body };
            Hop::Arrived(Fetched::New { response: http::Response::Call(Box::new(reply)), validators: None, aside: Aside::default(), room })
        } else {
            let meaning = answer::meaning(response.status(), response.headers(), url, false, now);
            let text = tokio::time::timeout_at(deadline, cap::beginning(response, MOST_OF_REFUSAL, url)).await;
            match meaning {
                Ok(Meaning::Moved { to, permanent }) if call.method == Method::Get => Hop::Moved { to, permanent },
                Ok(_) => {
                    return Err(FetchError::new(
                        Kind::Status(status),
                        format!("{} answered {status} to a call; check its address", shown(url)),
                    ));
                }
                Err(mut error) => {
                    let text = text.ok().and_then(Result::ok).unwrap_or_default();
                    if error.kind == Kind::Busy {
                        error.retry_after = error.retry_after.or_else(|| limits::told(&text));
                    }
                    if let Some(wish) = error.retry_after {
                        turn.hold(wish);
                    }
                    error.refused = Some(Box::new(Refused { status, body: String::from_utf8_lossy(&text).into_owned(), at_login: false }));
                    turn.is_good(kept);
                    return Err(error);
                }
            }
        };
        turn.is_good(kept);
        journey.left = deadline.saturating_duration_since(Instant::now());
        Ok(hop)
    }

    /// Whether `robots.txt` lets the journey go on, and with what gap. Asks for the file first where
    /// there is no fresh copy.
    async fn allowed(&self, journey: &Journey<'_>, origin: &str) -> Result<TimeDelta, FetchError> {
        let url = journey.route.here();
        let slot = self.robots.slot(origin, journey.watch.time());
        let mut copy = slot.lock().await;
        if !copy.as_ref().is_some_and(|copy| copy.is_fresh(journey.watch.time())) {
            match self.robots_of(journey).await {
                Ok(new) => *copy = Some(new),
                Err(_) if copy.as_ref().is_some_and(|copy| copy.serves(journey.watch.time())) => {}
                Err(error) => return Err(error),
            }
        }
        copy.as_ref().map_or_else(|| Err(robots::unread(url, "for no reason that is known")), |copy| copy.allow(url))
    }

    /// Asks for the `robots.txt` of where the journey is: through the same guard and lane.
    async fn robots_of(&self, journey: &Journey<'_>) -> Result<Copy, FetchError> {
        let url = journey.route.here();
        let unread = |error: FetchError| match error.kind {
            Kind::Busy | Kind::Held => error,
            _ => robots::unread(url, error.message.split("; ").next().unwrap_or_default()),
        };
        let mut address = journey.route.with_login();
        address.set_path("/robots.txt");
        address.set_query(None);
        let route = Route::start(address.as_str(), robots::MOST_REDIRECTS)?;
        let mut errand =
            Journey { accept: "text/plain, */*;q=0.5", errand: None, validators: None, route, watch: journey.watch, left: self.timeout };
        for _ in 0..=robots::MOST_REDIRECTS {
            // Without a look into `robots.txt`, or this would have no end.
            let exchange = Box::pin(self.ask(&mut errand, false)).await.map_err(unread)?;
            let Exchange { response, mut turn, _permit, deadline, kept, .. } = exchange;
            let (here, now) = (errand.route.here(), errand.watch.time());
            let (status, wish) = (response.status(), answer::retry_after(response.headers(), now));
            match robots::meaning(status) {
                robots::Meaning::Absent => return Ok(Copy::absent(now)),
                robots::Meaning::Read => {
                    let text = tokio::time::timeout_at(deadline, cap::beginning(response, robots::MOST_BYTES, here)).await;
                    let text = text.map_err(|_| self.out_of_time(here)).flatten().map_err(unread)?;
                    turn.is_good(kept);
                    return Ok(Copy::of(&text, now));
                }
                robots::Meaning::Moved => {
                    let Some(to) = answer::target(response.headers(), here) else {
                        return Err(robots::unread(url, "a redirect that leads nowhere"));
                    };
                    errand.left = deadline.saturating_duration_since(Instant::now());
                    match errand.route.follow(to, false) {
                        Err(error) if error.kind == Kind::Network => return Ok(Copy::absent(now)),
                        outcome => outcome.map_err(unread)?,
                    }
                }
                robots::Meaning::Unknown => {
                    if let Some(wish) = wish {
                        turn.hold(wish);
                    }
                    let error = robots::unread(url, &format!("it answered {}", status.as_u16()));
                    return Err(FetchError { retry_after: wish, ..error });
                }
            }
        }
        // RFC 9309, section 2.3.1.2.
        Ok(Copy::absent(errand.watch.time()))
    }

    fn out_of_time(&self, url: &Url) -> FetchError {
        let (host, seconds) = (shown(url), self.timeout.as_secs_f32());
        let message = format!("{host} did not answer in full within {seconds} s; if it is always so slow, raise `timeout` in [fetch]");
        FetchError::new(Kind::Timeout, message)
    }
}

/// What one hop came to.
enum Hop {
    Arrived(Fetched),
    Moved { to: Url, permanent: bool },
}

impl Journey<'_> {
    /// The request for where the journey is, and whether validators go with it.
    fn request(&self, client: &reqwest::Client) -> (reqwest::RequestBuilder, bool) {
        if let Some(errand) = &self.errand {
            return (errand.request(client, &self.route), false);
        }
        let mut request = client.get(self.route.with_login());
        if let Ok(accept) = HeaderValue::from_str(self.accept) {
            request = request.header(ACCEPT, accept);
        }
        let own = self.validators.filter(|own| own.url == self.route.here().as_str());
        for (name, value) in own.into_iter().flat_map(|own| [(IF_NONE_MATCH, &own.etag), (IF_MODIFIED_SINCE, &own.last_modified)]) {
            // As it came, byte for byte; what cannot be a header is left out.
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                request = request.header(name, value);
            }
        }
        (request, own.is_some())
    }

    fn aside(&self, response: &Response, now: Timestamp) -> Aside {
        Aside { fresh_for: fresh_for(response.headers(), now), moved_to: self.route.moved_to() }
    }
}

/// A call, and what it may show where it goes.
struct Errand<'a> {
    call: &'a Call,
    credentials: Option<&'a Credentials<'a>>,
}

impl Errand<'_> {
    /// The request for where the journey is. Only the login's own home gets credentials.
    fn request(&self, client: &reqwest::Client, route: &Route) -> reqwest::RequestBuilder {
        let mut url = route.here().clone();
        let credentials = self.credentials.filter(|credentials| credentials.are_for(&url));
        if let Some(credentials) = credentials {
            credentials.in_query(&mut url);
        }
        let mut request = match self.call.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url).body(self.call.body.clone()),
        };
        for (name, value) in &self.call.headers {
            // What cannot be a header is left out.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                // Also over the client's own, such as the user agent.
                request = request.header(name, value);
            }
        }
        for (name, value) in credentials.into_iter().flat_map(Credentials::headers) {
            request = request.header(name, value);
        }
        request
    }
}

/// Whether a refusal means that the token has ended. AT Protocol says so with a 400 and a word.
fn is_stale(refused: &Refused) -> bool {
    let is_expired = || {
        let body: Option<serde_json::Value> = serde_json::from_str(&refused.body).ok();
        body.is_some_and(|body| body.get("error").and_then(serde_json::Value::as_str) == Some("ExpiredToken"))
    };
    refused.status == 401 || refused.status == 400 && is_expired()
}

/// Whether the host means to keep the connection. Source: RFC 9112, section 9.3.
fn keeps(response: &Response) -> bool {
    let says = |wanted: &str| {
        let lines = response.headers().get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|option| option.trim().eq_ignore_ascii_case(wanted))
    };
    !says("close") && (response.version() == Version::HTTP_11 || says("keep-alive"))
}

/// A 304 may bring new validators, each of which replaces an old one.
fn newest(given: Option<Validators>, sent: Option<&Validators>, url: &Url) -> Validators {
    let (given, sent) = (given.unwrap_or_default(), sent.cloned().unwrap_or_default());
    Validators { url: url.to_string(), etag: given.etag.or(sent.etag), last_modified: given.last_modified.or(sent.last_modified) }
}

fn held(url: &Url, left: TimeDelta) -> FetchError {
    let message = format!("{} asked to be left alone; it is asked again in {} s", shown(url), left.num_seconds().max(1));
    FetchError { retry_after: Some(left), ..FetchError::new(Kind::Held, message) }
}
