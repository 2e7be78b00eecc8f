//! Where messages come from: one module a kind, none of which opens anything.
//!
//! A source says what it wants as a [`Request`] and reads what came back as a [`Page`]. Who
//! carries the request out, when, and what is stored, is others' business.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::login::Login;
use crate::sources::refusal::Refusal;
use crate::sources::services::services;

pub mod app_store;
pub mod bluesky;
pub mod discourse;
pub mod feed;
pub mod file;
pub mod google_play;
pub mod hacker_news;
pub mod html;
pub mod http_json;
pub mod intercom;
pub mod mailbox;
pub mod mastodon;
pub mod qualtrics;
pub mod reddit;
pub mod refusal;
pub mod replay;
pub mod services;
pub mod trustpilot;
pub mod webhook;
pub mod zendesk;

mod absence;
mod api;
mod charset;
mod markup;
mod stuck;
mod times;

pub use crate::sources::services::Mapping;
pub use crate::sources::services::Service;
pub use crate::sources::services::Since;
pub use crate::sources::times::of_feed as time_of_feed;

/// A kind of source.
pub trait Source: Send + Sync {
    /// Its parts, each with a cursor and a pace of its own.
    fn shards(&self) -> Vec<Shard> {
        vec![Shard::whole()]
    }

    /// What to ask for at the start of a poll.
    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request;

    /// Reads an answer to [`Source::first`] or to a page's `next`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the answer cannot be trusted as a whole; nothing of it is stored then and
    /// the cursor stays.
    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError>;

    /// What the service wants to see of who calls it.
    fn login(&self) -> Option<&Login> {
        None
    }

    /// What it means that a call was refused, in words that name the setting to change. `None` leaves it
    /// at what the status says.
    fn refused(&self, _refused: &Refused) -> Option<Refusal> {
        None
    }

    /// How long it is left alone at least when it asks for patience, whether it names a time or not.
    fn patience(&self) -> Option<TimeDelta> {
        None
    }

    /// Which stored messages have to be looked at again now and then.
    fn recheck(&self) -> Option<&Recheck> {
        None
    }

    /// The request that looks at these again; its answer is read by [`Source::read`], and what is gone
    /// comes back as an item that says so. `ids` are those of stored items, [`Recheck::batch`] at most.
    fn ask_again(&self, _ids: &[String]) -> Request {
        Request::Nothing
    }
}

/// Which stored messages have to be looked at again, for services that neither list what was deleted
/// nor say so.
#[derive(Debug, Clone, PartialEq)]
pub struct Recheck {
    /// Time between two looks at the same message.
    pub every: TimeDelta,
    /// Messages in one request.
    pub batch: usize,
    /// Requests in one poll, so that what is new does not wait for them.
    pub requests: usize,
    /// Only messages that were published so long ago at most.
    pub within: Option<TimeDelta>,
    /// Only those with this field at this value.
    pub field: Option<(String, String)>,
}

/// An answer that is not what the source reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}; {cure}")]
pub struct ReadError {
    /// What it looked like instead: `not a feed: a login page`.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}

/// Whether `robots.txt` of a host has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robots {
    /// What it disallows is not asked for.
    Obey,
    /// It is not looked at.
    Ignore,
}

/// Makes the list of all kinds: those with a place of their own in the house, and the services.
macro_rules! settings {
    ($($(#[doc = $about:literal])+ $module:ident $name:ident;)+) => {
        /// A kind with its settings.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Settings {
            /// RSS, Atom, JSON Feed.
            Feed(feed::Settings),
            /// A folder of exports, or one behind an address. What few of very many sources have stands elsewhere.
            File(Box<file::Settings>),
            /// A recording.
            Replay(replay::Settings),
            $($(#[doc = $about])+ $name(Box<$module::Settings>),)+
        }

        impl Settings {
            /// Every service: its name, what reads a saved reply of it, and where its messages have what from.
            pub const SERVICES: &'static [services::Known] =
                &[$(services::Known { kind: stringify!($module), saved: $module::saved, mapping: $module::MAPPING }),+];

            /// The service that is read, for a kind that is one.
            #[must_use]
            pub fn service(&self) -> Option<&dyn Service> {
                match self {
                    Self::Feed(_) | Self::File(_) | Self::Replay(_) => None,
                    $(Self::$name(settings) => Some(settings.as_ref()),)+
                }
            }

            /// Makes the source.
            #[must_use]
            pub fn build(&self) -> Arc<dyn Source> {
                match self {
                    Self::Feed(settings) => Arc::new(feed::Feed::new(settings.clone())),
                    Self::File(settings) => match &settings.url {
                        Some(url) => Arc::new(file::Export::new(url.clone(), (**settings).clone())),
                        None => Arc::new(file::Folder::new((**settings).clone())),
                    },
                    Self::Replay(settings) => Arc::new(replay::Replay::new(settings.clone())),
                    $(Self::$name(settings) => settings.source(),)+
                }
            }
        }

        $(impl From<$module::Settings> for Settings {
            fn from(settings: $module::Settings) -> Self {
                Self::$name(Box::new(settings))
            }
        })+

        #[cfg(test)]
        fn specimens() -> Vec<Settings> {
            vec![$(Settings::from($module::specimen())),+]
        }
    };
}

services!(settings);

impl Settings {
    /// Name of the kind, as its table is called in the configuration.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Feed(_) => "feed",
            Self::File(_) => "file",
            Self::Replay(_) => "replay",
            service => service.service().map_or("", Service::kind),
        }
    }

    /// Time between two polls where the configuration names none.
    #[must_use]
    pub fn default_every(&self) -> Duration {
        match self {
            Self::Feed(_) => Duration::from_mins(15),
            Self::File(files) if files.url.is_some() => Duration::from_mins(15),
            Self::File(_) => Duration::from_secs(30),
            Self::Replay(_) => Duration::from_secs(5),
            service => service.service().map_or(Duration::from_mins(30), Service::every),
        }
    }

    /// Shortest time between two polls that the other side should have to bear. It does not hold
    /// for servers in private networks that the configuration names.
    #[must_use]
    pub fn least_every(&self) -> Duration {
        match self {
            Self::Feed(feed::Settings::Url(_)) => Duration::from_mins(5),
            Self::File(files) if files.url.is_some() => Duration::from_mins(5),
            Self::Feed(feed::Settings::File(_)) | Self::File(_) => Duration::from_secs(10),
            Self::Replay(_) => Duration::from_secs(1),
            service => service.service().map_or(Duration::from_mins(5), Service::least_every),
        }
    }

    /// The folder for records that cannot be read, given where the database is.
    #[must_use]
    pub fn rejects(&self, database: &Path) -> PathBuf {
        let own = if let Self::File(files) = self { files.rejects.clone() } else { None };
        own.unwrap_or_else(|| database.with_file_name("rejects"))
    }

    /// Whether polling asks somebody else's server.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.address().is_some()
    }

    /// The address on the web that is asked: whole, with whatever it holds. Of a service its home.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Feed(feed::Settings::Url(url)) => Some(url),
            Self::File(settings) => settings.url.as_deref(),
            Self::Feed(feed::Settings::File(_)) | Self::Replay(_) => None,
            service => service.service().and_then(Service::address),
        }
    }

    /// Whether an answer without any message is nothing out of the ordinary: one that brings only what
    /// is new.
    #[must_use]
    pub fn may_be_empty(&self) -> bool {
        self.service().is_some_and(Service::may_be_empty)
    }
}

impl ReadError {
    /// An error from what it looked like and what to do.
    pub fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into() }
    }

    /// An answer that belongs to another kind of request: a bug, but no reason to panic.
    fn misplaced() -> Self {
        Self::new("an answer to a question that was not asked", "this is a bug: please report it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<Settings> {
        let live = replay::Live::From(Timestamp::default());
        let mut kinds = vec![
            Settings::Feed(feed::Settings::Url("https://x.test/".to_owned())),
            Settings::Feed(feed::Settings::File("a.rss".into())),
            Settings::File(Box::default()),
            Settings::File(Box::new(file::Settings { url: Some("https://x.test/a.csv".to_owned()), ..file::Settings::default() })),
            Settings::Replay(replay::Settings { file: "a.jsonl".into(), live, speed: 1.0 }),
        ];
        kinds.extend(specimens());
        kinds
    }

    #[test]
    fn every_kind_asks_for_something_and_refuses_what_it_did_not_ask_for() {
        for settings in kinds() {
            let source = settings.build();
            let shard = source.shards().remove(0);
            let (cursor, now) = (Cursor::default(), Timestamp::default());
            let stray = match source.first(&shard, &cursor, now) {
                Request::Folder(_) => Response::Http(crate::domain::http::Answer {
                    request: crate::domain::http::Get {
                        url: String::new(),
                        accept: String::new(),
                        conditional: false,
                        context: String::new(),
                    },
                    url: String::new(),
                    content_type: String::new(),
                    body: Vec::new(),
                }),
                _ => Response::Folder(Vec::new()),
            };
            assert!(source.read(&shard, &cursor, &stray, now).is_err(), "{}", settings.kind());
        }
    }

    #[test]
    fn no_default_is_shorter_than_what_is_allowed() {
        for settings in kinds() {
            assert!(settings.default_every() >= settings.least_every(), "{}", settings.kind());
            assert_eq!(settings.is_remote(), settings.least_every() >= Duration::from_mins(1), "{}", settings.kind());
        }
    }
}
