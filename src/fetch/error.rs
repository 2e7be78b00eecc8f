//! Why something could not be fetched: a kind to act on, and a message to read.

use std::error::Error;
use std::io;
use std::path::Path;

use chrono::TimeDelta;
use url::Url;

use crate::domain::http::Refused;
use crate::domain::secret::ShownUrl;
use crate::fetch::guard::PrivateAddress;

/// Why something could not be fetched.
///
/// The message says what happened, where, and what to do. It never holds more of an address than
/// [`ShownUrl`] shows, for paths and queries carry keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// What the caller can act on.
    pub kind: Kind,
    /// For people.
    pub message: String,
    /// The host asked to be left alone for so long: at most a day.
    pub retry_after: Option<TimeDelta>,
    /// What a service answered to a call that it refused.
    pub refused: Option<Box<Refused>>,
}

/// What the caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not there (404, no such file); may come back.
    NotFound,
    /// Gone for good (410): do not ask again.
    Gone,
    /// A login, a permission or a law is in the way; a person must look.
    Denied,
    /// The host asked for patience.
    Busy,
    /// Not asked at all: the host asked for patience before, maybe another source of it.
    Held,
    /// Not asked at all: `robots.txt` says that programs should not, or cannot be read.
    Robots,
    /// Not asked at all: a private address, a redirect out of https, or no web address.
    Refused,
    /// The place that a walk wanted to go on from is not known any more.
    Anew,
    /// Larger than `max_body`.
    TooLarge,
    /// Not complete in time.
    Timeout,
    /// No connection, or one that broke.
    Network,
    /// Another status than the ones above.
    Status(u16),
    /// A file or folder could not be read.
    File,
    /// The settings cannot be used.
    Settings,
}

impl FetchError {
    /// An error without a wish of the host.
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, refused: None }
    }

    /// Nothing failed: the other side wants time.
    #[must_use]
    pub fn waiting(why: &str, left: TimeDelta) -> Self {
        Self { retry_after: Some(left), ..Self::new(Kind::Held, why) }
    }

    /// What a failed exchange with the host of `url` means.
    pub(super) fn of_exchange(error: &reqwest::Error, url: &Url) -> Self {
        let causes = causes(error);
        if let Some(private) = causes.iter().find_map(|cause| cause.downcast_ref::<PrivateAddress>()) {
            return Self::private(url, &private.to_string());
        }
        let host = shown(url);
        if error.is_timeout() {
            return Self::new(Kind::Timeout, format!("{host} stayed silent for too long; it is tried again later"));
        }
        let http = causes.iter().find_map(|cause| cause.downcast_ref::<hyper::Error>());
        if http.is_some_and(hyper::Error::is_parse_too_large) {
            return Self::of_headers(url);
        }
        // The innermost cause is the system's or the TLS library's own sentence, without an address.
        let cause = causes.last().map_or_else(|| "no reason is known".to_owned(), ToString::to_string);
        if http.is_some_and(hyper::Error::is_parse) {
            let message = format!("{host} answered something that is not HTTP ({cause}); check scheme, host and port of the address");
            return Self::new(Kind::Network, message);
        }
        let cure = if cause.contains("certificate") {
            "see that its certificate is valid, or name the authority that signed it as `extra_ca` in [fetch]"
        } else if error.is_connect() {
            "check the name, and that this machine can reach it"
        } else {
            "it is tried again later"
        };
        let what = if error.is_connect() { "cannot be reached" } else { "broke off" };
        Self::new(Kind::Network, format!("{host} {what}: {cause}; {cure}"))
    }

    /// More headers than anybody needs.
    pub(super) fn of_headers(url: &Url) -> Self {
        let host = shown(url);
        Self::new(Kind::TooLarge, format!("{host} sent more than 64 KiB or 200 lines of headers; tell its owner"))
    }

    /// A private address, told in a way that names the cure.
    pub(super) fn private(url: &Url, why: &str) -> Self {
        let host = shown(url);
        Self::new(Kind::Refused, format!("{host} was not asked: {why}; if it is yours, name its `host:port` in `allow_private` of [fetch]"))
    }

    /// What a failure to read `path` means.
    pub(super) fn of_file(error: &io::Error, path: &Path) -> Self {
        let (kind, cure) = match error.kind() {
            io::ErrorKind::NotFound => (Kind::NotFound, "check the path"),
            io::ErrorKind::PermissionDenied => (Kind::Denied, "let the daemon's user read it"),
            _ => (Kind::File, "check the disk and the path"),
        };
        Self::new(kind, format!("`{}` cannot be read: {error}; {cure}", path.display()))
    }
}

/// What of an address may be shown.
pub(super) fn shown(url: &Url) -> ShownUrl {
    ShownUrl::of(url.as_str())
}

/// Whether a kept connection turned out to be closed: the other side may do that at any time, and
/// it says nothing of how a new one would fare.
pub(super) fn is_stale(error: &reqwest::Error) -> bool {
    if error.is_connect() || error.is_timeout() {
        return false;
    }
    causes(error).iter().any(|cause| {
        let closed = |error: &hyper::Error| error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        let reset = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted)
        };
        cause.downcast_ref::<hyper::Error>().is_some_and(closed) || cause.downcast_ref::<io::Error>().is_some_and(reset)
    })
}

/// An error and all that caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source()).skip(1).collect()
}
