//! The listeners. On one are `/healthz` (alive), `/readyz` (working) and `/metrics`, which read memory
//! only, so that they answer while a poll hangs or the database is busy; on the same or on another
//! one are the [`pages`], and at both the doors of webhooks ([`inbox`]).

use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::host::beats::Beats;
use crate::host::beats::LIMIT;
use crate::web::board::Board;
use crate::web::board::PROGRESS;
use crate::web::desk::Desk;
use crate::web::inbox;
use crate::web::inbox::Inbox;
use crate::web::pages;

/// How long an answer in hand may go on after the stop.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// What the pages read.
#[derive(Clone)]
pub struct Watched {
    /// Counted values.
    pub board: Board,
    /// Signs of life.
    pub beats: Beats,
    /// Set by the first judging.
    pub ready: Arc<AtomicBool>,
}

/// What one listener serves.
#[derive(Clone, Default)]
pub struct Site {
    /// Health and metrics, where they are there.
    pub watched: Option<Watched>,
    /// The pages behind links, where they are there.
    pub desk: Option<Arc<dyn Desk>>,
    /// The doors of webhooks, where there are any.
    pub inbox: Option<Arc<dyn Inbox>>,
}

/// Health and metrics.
pub fn router(watched: Watched) -> Router {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(metrics)).with_state(watched)
}

/// Serves until `stop` is cancelled and, for those who read slowly, a moment longer.
///
/// # Errors
///
/// When the socket cannot be used.
pub async fn serve(listener: TcpListener, site: Site, stop: CancellationToken) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let told = stop.clone();
    let router = Router::new()
        .merge(site.watched.map(router).unwrap_or_default())
        .merge(site.desk.map(pages::router).unwrap_or_default())
        .merge(site.inbox.map(inbox::router).unwrap_or_default())
        .into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, router).with_graceful_shutdown(async move { told.cancelled().await });
    tokio::select! {
        outcome = served => outcome,
        () = async { stop.cancelled().await; tokio::time::sleep(LAST_MOMENT).await } => Ok(()),
    }
}

async fn healthz(State(watched): State<Watched>) -> impl IntoResponse {
    let ages = watched.beats.ages();
    let checks: Vec<_> =
        ages.iter().map(|(of, age)| json!({ "name": of.word(), "ok": *age < LIMIT, "seconds_since_progress": age.as_secs() })).collect();
    let well = watched.beats.all_fresh();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let words = if well { "ok" } else { "a loop is stuck" };
    let body = json!({ "status": words, "version": env!("CARGO_PKG_VERSION"), "checks": checks });
    (status, [(CONTENT_TYPE, "application/json")], body.to_string())
}

async fn readyz(State(watched): State<Watched>) -> impl IntoResponse {
    if watched.ready.load(Ordering::Relaxed) { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "starting\n") }
}

async fn metrics(State(watched): State<Watched>) -> impl IntoResponse {
    for (of, age) in watched.beats.ages() {
        watched.board.set(PROGRESS, &[("loop", of.word())], age.as_secs_f64());
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], watched.board.exposition())
}
