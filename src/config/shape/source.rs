//! `[[source]]` and its kinds.

use std::time::Duration;

use chrono_tz::Tz;

use crate::config::kind::address::HostPort;
use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::Map;
use crate::config::kind::list::OneOrMany;
use crate::config::kind::number::Positive;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::text::Name;
use crate::config::kind::time::Moment;
use crate::config::kind::time::Reach;
use crate::config::kind::time::Span;
use crate::config::reader::Reader;
use crate::config::shape::source_file::Files;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::config::units::MINUTE;
use crate::config::units::SECOND;
use crate::sources::Robots;
use crate::sources::Settings;
use crate::sources::Since;
use crate::sources::services::services;

pub mod app_store;
pub mod bluesky;
pub mod discourse;
pub mod google_play;
pub mod hacker_news;
pub mod html;
pub mod http_json;
pub mod intercom;
pub mod mailbox;
pub mod mastodon;
pub mod qualtrics;
pub mod reddit;
pub mod trustpilot;
pub mod webhook;
pub mod zendesk;

/// The table of a source: what all have in common, and a table for each kind.
macro_rules! source_table {
    ($($(#[doc = $about:literal])+ $module:ident $name:ident;)+) => {
        table! {
    /// Where messages come from; one table for each source. It has a name and exactly one of the
    /// tables for its kind.
    Source "[[source]]" at_most_one_of(every cron) one_of(feed file replay $($module)+) {
        /// Its name, in watches, commands and alerts.
        name: Name, required = "app-store";
        /// How often it is polled. Without it a feed or an export behind an address is polled every 15
        /// minutes, an app store every 30 minutes, a folder every 30 seconds. Feeds and exports: 5
        /// minutes at least, app stores: 15 minutes; hosts in `allow_private` may be asked more often.
        every: Span<SECOND, { 31 * DAY }>, optional = "30m";
        /// When it is polled instead: minute, hour, day, month, weekday, in `time_zone`; with six fields
        /// seconds come first, with seven the year comes last; `@hourly` and its like are known too.
        cron: Line, optional = "*/30 6-22 * * Mon-Fri";
        /// Labels of all its messages. A watch can count by label.
        labels: Map, default = {}, such_as = { product = "app" };
        /// Longest ordinary delay between publication and first sight; learnt without it.
        max_delay: Span<MINUTE, { 366 * DAY }>, optional = "3d";
        /// How far back the first poll of a service reads: a span before it, or a date. A week without it.
        since: Reach, optional = "7d";
        /// Whether `robots.txt` of the host has a say: "obey" or "ignore". Feeds are made for programs,
        /// and readers of feeds do not ask for it. Only for sources on the web.
        robots: Choice<Robots>, optional = "obey";
        /// Its former name, or a list of them: what is stored under it becomes its own.
        was: OneOrMany<Name>, default = [], such_as = "old-name";
        /// A feed.
        feed: Feed, optional = {};
        /// A folder of exports, or an export behind an address.
        file: Box<Files>, optional = {};
        /// A recording.
        replay: Box<Replay>, optional = {};
        $($(#[doc = $about])+ $module: Box<$module::$name>, optional = {};)+
    }
        }

        impl Source {
            /// The table of the service that is read, with its place, for a kind that is one.
            #[must_use]
            pub fn service(&self) -> Option<Found<'_>> {
                $(if let Some(table) = &self.$module {
                    let at = table.at.as_ref().unwrap_or(&self.at);
                    let least_every = crate::sources::$module::LEAST;
                    return Some(Found { kind: stringify!($module), table: table.value.as_ref(), at, least_every });
                })+
                None
            }
        }
    };
}

services!(source_table);

/// The table of a service that a source has.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// Its name.
    pub kind: &'static str,
    /// The table.
    pub table: &'a dyn ServiceTable,
    /// Where it is.
    pub at: &'a Place,
    /// Shortest time between two polls of any source of its kind.
    pub least_every: Duration,
}

/// The table of a service.
pub trait ServiceTable {
    /// Its address where the configuration names one, instead of the service's own.
    fn base_url(&self) -> Option<&Placed<Web>>;

    /// Whether somebody on the web is asked, who must be able to reach the operator.
    fn asks_somebody(&self) -> bool {
        true
    }

    /// What it comes to; `None` where something is wrong, which is then in the reader.
    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<Settings>;
}

/// What a service has to know of the rest of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// How far back the first poll reads.
    pub since: Since,
    /// Zone of times that name none.
    pub time_zone: Tz,
    /// Whom the other side may write to.
    pub contact: Option<&'a str>,
    /// Hosts in private networks that may be asked.
    pub allow_private: &'a [Placed<HostPort>],
    /// The table of the kind.
    pub at: &'a Place,
}

impl Common<'_> {
    /// Whether this host, an IPv6 address in brackets, may be asked wherever it is.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.allow_private.iter().any(|pair| pair.value.host.eq_ignore_ascii_case(host) && pair.value.port == port)
    }
}

table! {
    /// A source that is a feed: RSS, Atom or JSON Feed.
    Feed "[source.feed]" one_of(url file) {
        /// Where it is on the web.
        url: Web, optional = "https://forum.example.com/latest.rss";
        /// Where it is on this machine instead.
        file: FilePath, optional = "/srv/feeds/latest.rss";
    }
}

table! {
    /// A source that plays a recording back in time.
    Replay "[source.replay]" one_of(live live_from) {
        /// The recording: JSON lines in order of their times.
        file: FilePath, required = "/srv/recordings/march.jsonl";
        /// The last so much of it arrives live; what is before is history.
        live: Span<SECOND, { 3660 * DAY }>, optional = "7d";
        /// Everything from this recorded time on arrives live instead.
        live_from: Moment, optional = "2026-03-01T00:00:00Z";
        /// Seconds of the recording in one second. All replays have the same, and only replays may
        /// have another than 1.
        speed: Positive, default = 1;
    }
}
