//! HTTP: one GET at a time to a host, redirects by hand, every hop checked.
//!
//! Redirects are not left to the library, for each hop passes the guard, waits for its own host's
//! pace, and gets validators and credentials only if they are its own.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Proxy;
use reqwest::Response;
use reqwest::header::ACCEPT;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderValue;
use reqwest::header::IF_MODIFIED_SINCE;
use reqwest::header::IF_NONE_MATCH;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::config::settings::Fetch;
use crate::domain::Timestamp;
use crate::domain::http::Answer;
use crate::domain::http::Aside;
use crate::domain::http::Get;
use crate::domain::http::Validators;
use crate::domain::secret::Secret;
use crate::domain::secret::ShownUrl;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Kind;
use crate::fetch::Manner;
use crate::fetch::answer;
use crate::fetch::answer::Meaning;
use crate::fetch::cap;
use crate::fetch::guard::Guard;
use crate::fetch::guard::PublicOnly;
use crate::fetch::guard::Way;
use crate::fetch::lanes::Lanes;
use crate::fetch::lanes::Turn;
use crate::fetch::lanes::Watch;
use crate::fetch::tls;

const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence: before the first byte, and between two pieces.
const SILENCE: Duration = Duration::from_secs(30);
const MOST_REDIRECTS: usize = 10;
/// Lines of a header block.
const HEADER_LINES: usize = 200;

/// The HTTP half of the fetcher.
#[derive(Debug)]
pub(super) struct Client {
    /// Reaches public addresses only; or all through the proxy, which resolves names itself.
    guarded: reqwest::Client,
    /// Reaches what the owner allowed.
    open: reqwest::Client,
    guard: Guard,
    lanes: Lanes,
    at_once: Semaphore,
    timeout: Duration,
    max_body: u64,
}

/// One poll on its way over redirects.
struct Journey<'a> {
    get: &'a Get,
    validators: Option<&'a Validators>,
    /// The configured address, with the name and password that are for its own origin only.
    home: Url,
    watch: Watch,
    /// What is left of the time for the whole request.
    left: Duration,
}

/// What one hop came to.
enum Hop {
    Arrived(Fetched),
    Moved(Url),
}

impl Client {
    /// A client for `[fetch]`.
    pub(super) fn new(settings: &Fetch) -> Result<Self, FetchError> {
        let tls = tls::config(settings.extra_ca.as_deref())?;
        let agent = agent(settings.contact.as_deref())?;
        let plain = || {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .user_agent(agent.clone())
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(SILENCE)
                .http1_max_headers(HEADER_LINES)
                .tls_backend_preconfigured(tls.clone())
        };
        let (guarded, open) = match &settings.proxy {
            Some(address) => {
                let proxy = proxy(address)?;
                (plain().proxy(proxy.clone()), plain().proxy(proxy))
            }
            None => (plain().dns_resolver(PublicOnly::shared()), plain()),
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| FetchError::new(Kind::Settings, format!("HTTP cannot be set up: {}", error.without_url())))
        };
        Ok(Self {
            guarded: build(guarded)?,
            open: build(open)?,
            guard: Guard::new(&settings.allow_private)?,
            lanes: Lanes::new(settings.host_gap.max(TimeDelta::zero())),
            at_once: Semaphore::new(settings.at_once),
            timeout: settings.timeout.to_std().unwrap_or_default(),
            max_body: settings.max_body,
        })
    }

    /// Carries out a GET, over redirects.
    pub(super) async fn get(&self, get: &Get, manner: Manner<'_>, now: Timestamp) -> Result<Fetched, FetchError> {
        let home = Url::parse(&get.url)
            .map_err(|error| FetchError::new(Kind::Refused, format!("not an address: {error}; write it with https://")))?;
        let mut url = bare(home.clone());
        let mut journey = Journey { get, validators: manner.validators, home, watch: Watch::start(now), left: self.timeout };
        let mut seen = Vec::new();
        loop {
            let next = match self.hop(&mut journey, &url).await? {
                Hop::Arrived(fetched) => return Ok(fetched),
                Hop::Moved(next) => next,
            };
            seen.push(url);
            url = follow(next, &seen)?;
        }
    }

    /// Asks one address, when it is its host's turn.
    async fn hop(&self, journey: &mut Journey<'_>, url: &Url) -> Result<Hop, FetchError> {
        let host = ShownUrl::of(url.as_str());
        let way = self.guard.way(url)?;
        let mut turn = self.lanes.turn(&url.origin().ascii_serialization(), journey.watch).await.map_err(|left| held(&host, left))?;
        let _permit = self.at_once.acquire().await;
        let began = Instant::now();
        let outcome = tokio::time::timeout(journey.left, self.exchange(journey, url, way, &mut turn)).await;
        journey.left = journey.left.saturating_sub(began.elapsed());
        outcome.unwrap_or_else(|_| Err(out_of_time(&host, self.timeout)))
    }

    /// Sends the request and reads the answer to its end.
    async fn exchange(&self, journey: &Journey<'_>, url: &Url, way: Way, turn: &mut Turn) -> Result<Hop, FetchError> {
        let host = ShownUrl::of(url.as_str());
        let (response, sent) = self.send(journey, url, way).await.map_err(|error| FetchError::of_exchange(&error, &host))?;
        let meaning = answer::meaning(response.status(), response.headers(), url, sent.is_some(), journey.watch.time());
        if let Some(wish) = meaning.as_ref().err().and_then(|error| error.retry_after) {
            turn.hold(wish);
        }
        let given = answer::validators(response.headers(), url);
        match meaning? {
            Meaning::Moved(next) => Ok(Hop::Moved(next)),
            Meaning::Unchanged => Ok(Hop::Arrived(Fetched::Unchanged { validators: newest(given, sent, url), aside: Aside::default() })),
            Meaning::Read => {
                let content_type = answer::text(response.headers(), &CONTENT_TYPE).unwrap_or_default();
                let body = cap::body(response, self.max_body, &host).await?;
                let answer = Answer { request: journey.get.clone(), url: url.to_string(), content_type, body };
                let response = crate::domain::http::Response::Http(answer);
                Ok(Hop::Arrived(Fetched::New { response, validators: given, aside: Aside::default() }))
            }
        }
    }

    /// Sends the request; returns the validators that went with it, too.
    async fn send<'a>(&self, journey: &Journey<'a>, url: &Url, way: Way) -> Result<(Response, Option<&'a Validators>), reqwest::Error> {
        let client = if way == Way::Open { &self.open } else { &self.guarded };
        let mut request = client.get(journey.with_login(url));
        if let Ok(accept) = HeaderValue::from_str(&journey.get.accept) {
            request = request.header(ACCEPT, accept);
        }
        let own = journey.validators.filter(|own| journey.get.conditional && own.url == url.as_str());
        for (name, value) in own.into_iter().flat_map(|own| [(IF_NONE_MATCH, &own.etag), (IF_MODIFIED_SINCE, &own.last_modified)]) {
            // As it came, byte for byte; what cannot be a header is left out.
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                request = request.header(name, value);
            }
        }
        Ok((request.send().await?, own))
    }
}

impl Journey<'_> {
    /// `url` with the login of the configured address, if it is of the same origin. The client
    /// takes it out again and makes a header of it.
    fn with_login(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if url.origin() == self.home.origin() {
            // Both only fail for addresses without a host, which the guard has turned away.
            let _ = url.set_username(self.home.username());
            let _ = url.set_password(self.home.password());
        }
        url
    }
}

/// `Uproar/VERSION (+CONTACT)`: who we are, and whom to write to about us.
fn agent(contact: Option<&str>) -> Result<HeaderValue, FetchError> {
    let version = env!("CARGO_PKG_VERSION");
    let agent = contact.map_or_else(|| format!("Uproar/{version}"), |contact| format!("Uproar/{version} (+{contact})"));
    HeaderValue::from_str(&agent).map_err(|_| {
        FetchError::new(
            Kind::Settings,
            "`contact` in [fetch] cannot be sent in a header; write a plain mail address or the address of a page",
        )
    })
}

/// The proxy for all requests. Its address may hold a password, so no error shows it.
fn proxy(address: &Secret) -> Result<Proxy, FetchError> {
    if address.reveal().is_empty() {
        return Err(FetchError::new(
            Kind::Settings,
            "the secret `proxy` in [fetch] cannot be read here; run this with the secrets of the service",
        ));
    }
    let url = Url::parse(address.reveal()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.and_then(|url| Proxy::all(url).ok()).ok_or_else(|| {
        let message = "`proxy` in [fetch] is not an address of a proxy; write it as in `http://proxy.example.com:3128`";
        FetchError::new(Kind::Settings, message)
    })
}

/// An address without login and fragment: what is asked, compared and stored.
fn bare(mut url: Url) -> Url {
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Where a redirect leads, unless it leads in circles, too far, or out of https.
fn follow(next: Url, seen: &[Url]) -> Result<Url, FetchError> {
    let next = bare(next);
    let first = ShownUrl::of(seen.first().map_or("", Url::as_str));
    if seen.contains(&next) || seen.len() > MOST_REDIRECTS {
        return Err(FetchError::new(
            Kind::Network,
            format!("{first} redirects in circles or more than {MOST_REDIRECTS} times; check the address of the source"),
        ));
    }
    if next.scheme() != "https" && seen.last().is_some_and(|url| url.scheme() == "https") {
        return Err(FetchError::new(
            Kind::Refused,
            format!("{first} redirects from https to an address without; ask its owner, or use another address"),
        ));
    }
    Ok(next)
}

/// A 304 may bring new validators, each of which replaces an old one.
fn newest(given: Option<Validators>, sent: Option<&Validators>, url: &Url) -> Validators {
    let (given, sent) = (given.unwrap_or_default(), sent.cloned().unwrap_or_default());
    Validators { url: url.to_string(), etag: given.etag.or(sent.etag), last_modified: given.last_modified.or(sent.last_modified) }
}

fn held(host: &ShownUrl, left: TimeDelta) -> FetchError {
    let message = format!("{host} asked to be left alone; it is asked again in {} s", left.num_seconds().max(1));
    FetchError { kind: Kind::Busy, message, retry_after: Some(left) }
}

fn out_of_time(host: &ShownUrl, timeout: Duration) -> FetchError {
    FetchError::new(
        Kind::Timeout,
        format!("{host} did not answer in full within {} s; if it is always so slow, raise `timeout` in [fetch]", timeout.as_secs_f32()),
    )
}
