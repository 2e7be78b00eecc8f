//! The services that are read through an interface of theirs, and what each of them has to say of itself.
//!
//! Who adds one writes a module with `Settings`, `LEAST`, `MAPPING`, `saved` and, for the tests, `specimen`,
//! a table of the configuration, and a line in `services!`. The rest of the house goes through this list.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::sources::ReadError;
use crate::sources::Source;

/// Every service: its module, which is also the name of its table, and the name of its type.
macro_rules! services {
    ($then:ident) => {
        $then! {
            /// Apple's App Store: the public feed of reviews, or App Store Connect for one's own app.
            app_store AppStore;
            /// Reviews of one's own app in Google Play.
            google_play GooglePlay;
            /// Stories and comments of Hacker News that a search finds.
            hacker_news HackerNews;
            /// Reviews on web pages, with the permission of those who run them.
            html Html;
            /// Any API that answers with JSON, mapped by programs of jq.
            http_json HttpJson;
            /// Conversations of a workspace at Intercom.
            intercom Intercom;
            /// Reviews of a business at Trustpilot.
            trustpilot Trustpilot;
            /// A help desk at Zendesk: tickets, and ratings of how they were dealt with.
            zendesk Zendesk;
            /// Answers to a survey of Qualtrics.
            qualtrics Qualtrics;
            /// A mailbox of complaint mails.
            mailbox Mailbox;
            /// What somebody pushes to us.
            webhook Webhook;
            /// Posts and comments of Reddit.
            reddit Reddit;
            /// Posts of Mastodon with a tag, or that a search of an instance finds.
            mastodon Mastodon;
            /// Posts of Bluesky that a search finds.
            bluesky Bluesky;
            /// Posts of a forum that runs Discourse.
            discourse Discourse;
        }
    };
}

pub(crate) use services;

/// What a service says of itself.
pub trait Service: Debug + Send + Sync {
    /// Name of its table in the configuration.
    fn kind(&self) -> &'static str;

    /// Makes the source.
    fn source(&self) -> Arc<dyn Source>;

    /// An address of it: polls wait in the lane of this host, and `allow_private` is asked for it. `None`
    /// where nobody is asked.
    fn address(&self) -> Option<&str>;

    /// Time between two polls where the configuration names none.
    fn every(&self) -> Duration;

    /// Shortest time between two polls that the service should have to bear.
    fn least_every(&self) -> Duration;

    /// What it reads, in words that are the same for two sources that read the same thing.
    fn reads(&self) -> Vec<String>;

    /// What the mark of a part of it belongs to. Where another one is configured under the same name, its
    /// mark says nothing, and it is read from the start.
    fn subject(&self, _shard: &Shard) -> String {
        let all = [self.kind(), self.address().unwrap_or_default()].map(str::to_owned).into_iter().chain(self.reads());
        all.collect::<Vec<_>>().join("\n")
    }

    /// Fields that its messages may have; `None` where that is not known beforehand.
    fn fields(&self) -> Option<&'static [&'static str]>;

    /// Calls in one poll at least, for a warning where a host would get too many.
    fn calls(&self) -> usize {
        self.source().shards().len().max(1)
    }

    /// How many calls its vendor allows over a long time, for a warning where polls would take more.
    fn allowance(&self) -> Option<Allowance> {
        None
    }

    /// Whether an answer without any message is nothing out of the ordinary: one that brings only what
    /// is new. Where a list of the newest is read, it is not.
    fn may_be_empty(&self) -> bool {
        true
    }
}

/// Calls that a vendor allows over a long time. All sources of a host share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many.
    pub calls: u64,
    /// In this time.
    pub within: TimeDelta,
    /// Calls of a usual poll.
    pub a_poll: u64,
    /// The rule in words: "the desk allows 10 calls a minute".
    pub words: &'static str,
}

/// Where a field of a message comes from: `("text", "description")`.
pub type Mapping = &'static [(&'static str, &'static str)];

/// A service as the list knows it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Name of its table in the configuration.
    pub kind: &'static str,
    /// Reads a saved reply of it without knowing what was asked.
    pub saved: fn(&Saved<'_>) -> Result<Page, ReadError>,
    /// Where its messages have what from.
    pub mapping: Mapping,
}

/// A reply that was saved to a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saved<'a> {
    /// Its bytes.
    pub body: &'a [u8],
    /// Where it came from, if that is known.
    pub url: Option<&'a str>,
    /// Its `Content-Type`, if that is known.
    pub content_type: &'a str,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

/// How far back the first poll reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before it.
    Span(TimeDelta),
    /// From then on.
    Moment(Timestamp),
}

impl Since {
    /// The oldest time that a first poll at `now` asks for.
    #[must_use]
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Span(span) => now - span,
            Self::Moment(moment) => moment,
        }
    }
}

impl Default for Since {
    /// A week: enough to see what is usual, and no flood.
    fn default() -> Self {
        Self::Span(TimeDelta::days(7))
    }
}
