//! Carries requests out: over HTTP politely and safely, from folders only when files have settled.
//!
//! A source says what it wants as a [`Request`]; [`Fetcher::fetch`] gets it or says in one
//! [`FetchError`] what happened, to whom, and what to do. Nothing is stored here and nothing is
//! retried: when to ask again is the schedule's business, and after an error the poller's.
//!
//! Politeness is kept by origin (`pace`, `lanes`, `robots`): one connection at once, a gap between
//! two requests, `Retry-After` for every source of a host, and what `robots.txt` says. Safety is
//! kept by `guard` (no private addresses, on every hop), `cap`, `decode` and `room` (no endless
//! bodies, compressed or not, and few large ones at once) and `route` (no redirects in circles, nor out of the web).

use chrono::TimeDelta;
use url::Url;

mod answer;
mod cap;
mod client;
mod credentials;
mod decode;
mod error;
mod file;
mod folder;
mod fresh;
mod guard;
mod imap;
mod lanes;
mod limits;
mod maildir;
mod pace;
pub mod rejects;
mod retire;
mod robots;
mod room;
mod route;
mod shelf;
mod sign;
mod tls;
mod tokens;
pub mod watch;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::fetch::answer::wish as retry_after;
pub use crate::fetch::error::FetchError;
pub use crate::fetch::error::Kind;
pub use crate::fetch::file::Files;
pub use crate::fetch::room::Room;

use crate::config::settings::Fetch;
use crate::domain::Timestamp;
use crate::domain::http::Aside;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Validators;
use crate::domain::login::Login;
use crate::domain::mails::Place;
use crate::fetch::client::Client;
use crate::fetch::folder::Folders;
use crate::fetch::imap::Visitor;

/// How long neither size nor time of change of a dropped file may move before it is read.
pub const SETTLING_TIME: TimeDelta = TimeDelta::seconds(10);

/// What came of a request.
#[derive(Debug, PartialEq)]
pub enum Fetched {
    /// Something to read. The validators are to be stored with what is read from it, or not at all.
    New {
        /// The answer.
        response: Response,
        /// What the server wants to see again; `None` where it gave nothing.
        validators: Option<Validators>,
        /// What it said beside.
        aside: Aside,
        /// The room that it takes, until it is read and stored.
        room: Room,
    },
    /// The server says that nothing has changed since it gave the validators that were sent.
    Unchanged {
        /// These replace the stored ones.
        validators: Validators,
        /// What it said beside.
        aside: Aside,
    },
}

/// How a request is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner<'a> {
    /// Sent only to the very address that gave them, and only where the request asks for it.
    pub validators: Option<&'a Validators>,
    /// Ask `robots.txt` first, and do not ask for what it disallows.
    pub robots: bool,
    /// What a service wants to see of who calls it.
    pub login: Option<&'a Login>,
}

/// The lane that a request for `url` waits in, by name: scheme, host and port. Requests of one lane
/// are carried out one after the other, so whoever has many does well to send one of each at a time.
/// `None` for what is not a web address.
#[must_use]
pub fn lane_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    Some(url.origin().ascii_serialization())
}

/// Carries requests out. One for the whole daemon: it knows the pace of every host.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    folders: Folders,
    files: Files,
    visitor: Visitor,
}

impl Fetcher {
    /// A fetcher for `[fetch]`. Files in folders must have been left alone for `settling_time`
    /// ([`SETTLING_TIME`]; zero reads them at once).
    ///
    /// Reads the file of `extra_ca` and the certificates of the system.
    ///
    /// # Errors
    ///
    /// [`FetchError`] when `extra_ca`, `proxy`, `contact` or `allow_private` cannot be used.
    pub fn new(settings: &Fetch, settling_time: TimeDelta) -> Result<Self, FetchError> {
        let visitor = Visitor::new(
            tls::config(settings.extra_ca.as_deref())?,
            &settings.allow_private,
            settings.timeout.to_std().unwrap_or_default(),
        );
        Ok(Self { client: Client::new(settings)?, folders: Folders::new(settling_time), files: Files::default(), visitor })
    }

    /// Carries out one request. May wait for the host's pace: the gap between its requests, or the
    /// `Crawl-delay` that it asks for, a minute at most, beyond other requests to the same host. `now` is the time of the call.
    ///
    /// Dropping the future ends the request at once.
    ///
    /// # Errors
    ///
    /// [`FetchError`]; its kind says what to do.
    pub async fn fetch(&self, request: &Request, manner: Manner<'_>, now: Timestamp) -> Result<Fetched, FetchError> {
        let response = match request {
            Request::Get(get) => return self.client.get(get, manner, now).await,
            Request::Call(call) => return self.client.call(call, manner, now).await,
            Request::Nothing => Response::Nothing,
            Request::Mails(mails) => Response::Mails(Box::new(match &mails.place {
                Place::Maildir { path, read } => maildir::read(mails, path, read).await?,
                Place::Imap(imap) => self.visitor.read(mails, imap, manner.login).await?,
            })),
            Request::Folder(place) => Response::Folder(self.folders.list(place, now).await?),
            Request::Slice(slice) => Response::Slice(self.files.read(slice).await?),
            Request::Retire(retired) => retire::retire(retired).await,
        };
        Ok(Fetched::New { response, validators: None, aside: Aside::default(), room: Room::default() })
    }
}
