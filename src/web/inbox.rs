//! The doors at which messages are pushed to us: a path for each webhook, under the same address as
//! everything else.
//!
//! What can be refused without reading is refused without reading; what is read is bounded, each body and all
//! of them together. Nobody is told what was wrong with a signature, and 410 is never said, for senders
//! switch a webhook off at that. Who gets a 200 can forget the message: it is on the disk.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use crate::sources::webhook::Format;
use crate::sources::webhook::Push;
use crate::sources::webhook::Webhook;
use crate::web::limit::asker;

/// Pushes that are being stored at the same time, and those whose bodies are still coming; more are asked to
/// come again.
const AT_ONCE: usize = 256;
const COMING: usize = 1024;
/// Bytes of all bodies in hand together, as far as they have come, but for a single one that may be larger.
const ROOM: usize = 16_000_000;
/// A body has to be there in this time.
const PATIENCE: Duration = Duration::from_secs(8);
/// Seconds after which somebody shall come again when there is no room.
const SOON: u32 = 10;
/// Headers of one push that are looked at, in bytes of a value.
const LONGEST_HEADER: usize = 4096;

/// Takes what is pushed.
pub trait Inbox: Send + Sync {
    /// Every webhook that there is a door for.
    fn webhooks(&self) -> Vec<Arc<Webhook>>;

    /// Checks, reads and stores what came at the door of this number.
    fn take(&self, door: usize, push: Push) -> BoxFuture<'_, Taken>;

    /// Something was refused unread.
    fn refused(&self, door: usize, why: &'static str);

    /// Something was asked to come again, unread.
    fn put_off(&self, door: usize, why: &'static str);

    /// Something was pushed to a path at which no door is.
    fn at_no_door(&self);
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is stored, was so before, or brings nothing to store.
    Stored,
    /// It is not of whom it should be.
    Untrusted,
    /// It is no message of its format.
    Unreadable,
    /// It cannot be stored now; after so many seconds it may be.
    Later(u32),
}

/// What all doors share.
struct Hall {
    inbox: Arc<dyn Inbox>,
    coming: Semaphore,
    places: Semaphore,
    /// In bytes.
    room: Semaphore,
}

/// A door for each webhook.
pub fn router(inbox: Arc<dyn Inbox>) -> Router {
    let webhooks = inbox.webhooks();
    let largest = webhooks.iter().map(|webhook| webhook.settings().max_body).max().unwrap_or(0);
    let room = Semaphore::new(ROOM.max(largest).min(Semaphore::MAX_PERMITS));
    let hall = Arc::new(Hall { inbox, coming: Semaphore::new(COMING), places: Semaphore::new(AT_ONCE), room });
    let strangers = Arc::clone(&hall);
    let mut router = Router::new().fallback(async move |request: Request| {
        if request.method() == Method::POST && is_json(request.headers()) {
            strangers.inbox.at_no_door();
        }
        StatusCode::NOT_FOUND
    });
    for (door, webhook) in webhooks.into_iter().enumerate() {
        let (hall, path) = (Arc::clone(&hall), webhook.settings().path.clone());
        let answer = move |request: Request| {
            let (hall, webhook) = (Arc::clone(&hall), Arc::clone(&webhook));
            async move { hall.answer(door, &webhook, request).await }
        };
        router = router.route(&path, any(answer));
    }
    router
}

impl Hall {
    async fn answer(&self, door: usize, webhook: &Webhook, request: Request) -> Response {
        let refuse = |status: StatusCode, why| {
            self.inbox.refused(door, why);
            status.into_response()
        };
        if request.method() == Method::HEAD && webhook.settings().format == Format::SurveyMonkey {
            // It looks whether somebody is there before it sends anything.
            return StatusCode::OK.into_response();
        }
        if request.method() != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        if !webhook.admits(asker(peer, request.headers())) {
            return refuse(StatusCode::FORBIDDEN, "its address is not in `allow_from`");
        }
        if !is_json(request.headers()) {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "it is no plain JSON");
        }
        let most = webhook.settings().max_body;
        let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if said.is_some_and(|said| said > most) {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "it is larger than `max_body`");
        }
        let put_off = |why| {
            self.inbox.put_off(door, why);
            later(SOON)
        };
        let Ok(coming) = self.coming.try_acquire() else { return put_off("too many messages come at once") };
        let headers = headers(request.headers());
        let (body, _room) = match timeout(PATIENCE, whole(request.into_body(), most, &self.room)).await {
            Ok(Ok(body)) => body,
            Ok(Err(Unread::TooLarge)) => return refuse(StatusCode::PAYLOAD_TOO_LARGE, "it is larger than `max_body`"),
            Ok(Err(Unread::Cut)) => return refuse(StatusCode::BAD_REQUEST, "its end did not come"),
            Ok(Err(Unread::NoRoom)) => return put_off("too many bytes come at once"),
            Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "its end did not come in time"),
        };
        drop(coming);
        let Ok(_place) = self.places.try_acquire() else { return put_off("too many messages come at once") };
        match self.inbox.take(door, Push { headers, body }).await {
            Taken::Stored => StatusCode::OK.into_response(),
            Taken::Untrusted => StatusCode::UNAUTHORIZED.into_response(),
            Taken::Unreadable => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
            Taken::Later(seconds) => later(seconds),
        }
    }
}

fn later(seconds: u32) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
}

/// Plain JSON, under its own name or a vendor's.
fn is_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let media = text(header::CONTENT_TYPE);
    let media = media.split(';').next().unwrap_or_default().trim();
    let coding = text(header::CONTENT_ENCODING);
    (media == "application/json" || media.starts_with("application/") && media.ends_with("+json"))
        && matches!(coding.as_str(), "" | "identity")
}

/// Headers that are there once; of what is there twice nobody knows which one was meant.
fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let once = all.keys().filter(|name| all.get_all(*name).iter().count() == 1);
    let text = |name: &header::HeaderName| Some((name.as_str().to_owned(), all.get(name)?.to_str().ok()?.to_owned()));
    once.filter_map(text).filter(|(_, value)| value.len() <= LONGEST_HEADER).collect()
}

/// Why a body could not be had.
enum Unread {
    TooLarge,
    Cut,
    NoRoom,
}

/// A body, and the room that it takes. Room is taken for what has come, so that who sends slowly keeps nobody
/// else out, and who finds none gives back what they had, so that no two wait for each other.
async fn whole(body: Body, most: usize, room: &Semaphore) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Unread> {
    let (mut stream, mut bytes, mut held) = (body.into_data_stream(), Vec::new(), None::<SemaphorePermit<'_>>);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Unread::Cut)?;
        if bytes.len() + piece.len() > most {
            return Err(Unread::TooLarge);
        }
        let more = u32::try_from(piece.len()).ok().and_then(|length| room.try_acquire_many(length).ok()).ok_or(Unread::NoRoom)?;
        match &mut held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        bytes.extend_from_slice(&piece);
    }
    Ok((bytes, held))
}

#[cfg(test)]
mod tests;
