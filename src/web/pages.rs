//! The pages behind the links in alerts: `/i/ID`, `/i/ID/tune`, `/a/ID/TICKET` and `/q/ITEM`.
//!
//! Looking changes nothing, whoever looks: programs that check mail open every link in it. Only a
//! pressed button acts. A ticket is checked before anything is looked up, and what is wrong with it
//! is not told, so that nobody learns which incidents there are.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use tokio::sync::Semaphore;
use url::form_urlencoded;

use crate::domain::ports::StoreError;
use crate::text::ticket;
use crate::text::ticket::Refused;
use crate::web::desk::Desk;
use crate::web::desk::Dossier;
use crate::web::limit::Limit;
use crate::web::limit::asker;
use crate::web::view;
use crate::web::view::Kind;
use crate::web::view::Visit;
use crate::web::wish;
use crate::web::wish::Page;

/// Bytes of a form; ours have less than three hundred.
const FORM: usize = 4096;
/// Pages that are made at the same time.
const PLACES: usize = 4;

/// What every page comes with. Nothing of it is kept, named elsewhere or shown inside of anything.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

/// What the pages work with.
#[derive(Clone)]
struct Pages {
    desk: Arc<dyn Desk>,
    limit: Arc<Mutex<Limit>>,
    places: Arc<Semaphore>,
}

/// The pages.
pub fn router(desk: Arc<dyn Desk>) -> Router {
    let pages = Pages { desk, limit: Arc::default(), places: Arc::new(Semaphore::new(PLACES)) };
    Router::new()
        .route("/i/{id}", get(whole))
        .route("/i/{id}/tune", get(tune))
        .route("/a/{id}/{ticket}", get(acts).post(pressed))
        .route("/q/{item}", get(message))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(middleware::from_fn_with_state(pages.clone(), guard))
        .with_state(pages)
}

/// Counts who asks, and puts the headers on whatever comes of it.
async fn guard(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let address = asker(peer, request.headers());
    let admitted = pages.limit.lock().unwrap_or_else(PoisonError::into_inner).admits(address, pages.desk.now());
    let mut response = if admitted {
        next.run(request).await
    } else {
        let text = "Too many pages were asked for from this address. Wait a minute.";
        (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], Html(view::words_alone("Too fast", text))).into_response()
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn whole(State(pages): State<Pages>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    pages.show(Kind::Whole, &id, &key(query.as_deref()), "").await.unwrap_or_else(|refusal| refusal)
}

async fn tune(State(pages): State<Pages>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    pages.show(Kind::Tune, &id, &key(query.as_deref()), "").await.unwrap_or_else(|refusal| refusal)
}

async fn acts(State(pages): State<Pages>, Path((id, ticket)): Path<(String, String)>) -> Response {
    pages.show(Kind::Acts, &id, &ticket, "").await.unwrap_or_else(|refusal| refusal)
}

async fn pressed(State(pages): State<Pages>, Path((id, ticket)): Path<(String, String)>, body: Bytes) -> Response {
    pages.act(&id, &ticket, &body).await.unwrap_or_else(|refusal| refusal)
}

async fn message(State(pages): State<Pages>, Path(item): Path<String>, RawQuery(query): RawQuery) -> Response {
    pages.message(&item, &key(query.as_deref())).await.unwrap_or_else(|refusal| refusal)
}

/// A page, or the page that says why not.
type Shown = Result<Response, Response>;

impl Pages {
    async fn show(&self, kind: Kind, id: &str, ticket: &str, note: &str) -> Shown {
        let tag = self.opened(&format!("i:{id}"), ticket, Some(id)).await?;
        let dossier = self.dossier(id, true).await?.ok_or_else(nothing)?;
        Ok(Html(self.drawn(&dossier, kind, ticket, tag, note)).into_response())
    }

    fn drawn(&self, dossier: &Dossier, kind: Kind, ticket: &str, tag: [u8; 6], note: &str) -> String {
        let (keys, ends) = (self.desk.keys(), ticket::ends(ticket).unwrap_or_default());
        let key: &[u8] = keys.first().map_or(&[], Vec::as_slice);
        let subject = format!("i:{}", dossier.incident.id);
        let page = Page { seen: dossier.incident.state, at: self.desk.clock() };
        let quotes = dossier.account.iter().flat_map(|account| &account.quotes);
        let visit = Visit {
            kind,
            ticket,
            sent_to: &self.desk.sent_to(tag),
            ends,
            nonce: &page.nonce(key, &subject, ticket, self.desk.now()),
            page,
            quotes: quotes.map(|said| Some(ticket::sign(key, &format!("q:{}", said.item?), tag, ends))).collect(),
            note,
            zone: self.desk.zone(),
        };
        view::incident(dossier, &visit)
    }

    async fn act(&self, id: &str, ticket: &str, body: &[u8]) -> Shown {
        let subject = format!("i:{id}");
        let tag = self.opened(&subject, ticket, Some(id)).await?;
        let Some((page, wish)) = wish::read(body, &self.desk.keys(), &subject, ticket, self.desk.now()) else {
            return self
                .show(Kind::Acts, id, ticket, "Nothing was done: this page was open for too long. Press a button of this one.")
                .await;
        };
        let dossier = self.dossier(id, false).await?.ok_or_else(nothing)?;
        if let Some(act) = page.act(wish, &dossier.incident) {
            let who = format!("link sent to {}", self.desk.sent_to(tag));
            self.desk.act(id.to_owned(), act, who).await.map_err(|error| failed(&error))?;
        }
        // Relative, so that it also holds behind a proxy that puts a path before ours.
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, ticket.to_owned())]).into_response())
    }

    async fn message(&self, item: &str, ticket: &str) -> Shown {
        let tag = self.opened(&format!("q:{item}"), ticket, None).await?;
        let number: i64 = item.parse().map_err(|_| nothing())?;
        let _place = self.places.acquire().await;
        let message = self.desk.message(number).await.map_err(|error| failed(&error))?.ok_or_else(nothing)?;
        let ends = ticket::ends(ticket).unwrap_or_default();
        Ok(Html(view::message(&message, &self.desk.sent_to(tag), ends, self.desk.zone())).into_response())
    }

    async fn dossier(&self, id: &str, in_full: bool) -> Result<Option<Dossier>, Response> {
        let _place = self.places.acquire().await;
        self.desk.incident(id.to_owned(), in_full).await.map_err(|error| failed(&error))
    }

    /// Whom a ticket was sent to, or the page for who has none that opens this.
    async fn opened(&self, subject: &str, ticket: &str, incident: Option<&str>) -> Result<[u8; 6], Response> {
        match ticket::open(&self.desk.keys(), subject, ticket, self.desk.now()) {
            Ok(tag) => Ok(tag),
            Err(Refused::Wrong) => Err(nothing()),
            Err(Refused::Expired(_)) => {
                let dossier = match incident {
                    Some(id) => self.dossier(id, false).await?,
                    None => None,
                };
                Err((StatusCode::GONE, Html(view::expired(dossier.as_ref(), self.desk.zone()))).into_response())
            }
        }
    }
}

/// The ticket of a query.
fn key(query: Option<&str>) -> String {
    let pairs = form_urlencoded::parse(query.unwrap_or("").as_bytes());
    pairs.into_iter().find(|(name, _)| name == "k").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn nothing() -> Response {
    let text = "There is nothing here. A link that was copied must be whole, with all letters at its end.";
    (StatusCode::NOT_FOUND, Html(view::words_alone("Nothing here", text))).into_response()
}

fn failed(error: &StoreError) -> Response {
    tracing::warn!("a page could not be made: {error}");
    let text = "It could not be done just now, and nothing was changed. Try again in a minute.";
    (StatusCode::SERVICE_UNAVAILABLE, Html(view::words_alone("Try again", text))).into_response()
}

#[cfg(test)]
mod tests;
