//! `[[source]]` and its kinds.

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::list::OneOrMany;
use crate::config::kind::number::Positive;
use crate::config::kind::number::Whole;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::text::Name;
use crate::config::kind::text::Word;
use crate::config::kind::time::Moment;
use crate::config::kind::time::Span;
use crate::config::shape::source_file::Files;
use crate::config::units::DAY;
use crate::config::units::MINUTE;
use crate::config::units::SECOND;
use crate::sources::Robots;

table! {
    /// Where messages come from; one table for each source. It has a name and exactly one of the
    /// tables for its kind.
    Source "[[source]]" at_most_one_of(every cron) one_of(feed file app_store replay) {
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
        /// Whether `robots.txt` of the host has a say: "obey" or "ignore". Feeds are made for programs,
        /// and readers of feeds do not ask for it. Only for sources on the web.
        robots: Choice<Robots>, optional = "obey";
        /// Its former name, or a list of them: what is stored under it becomes its own.
        was: OneOrMany<Name>, default = [], such_as = "old-name";
        /// A feed.
        feed: Feed, optional = {};
        /// A folder of exports, or an export behind an address.
        file: Box<Files>, optional = {};
        /// Apple's public reviews.
        app_store: Box<AppStore>, optional = {};
        /// A recording.
        replay: Box<Replay>, optional = {};
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
    /// A source that is Apple's public feed of reviews.
    AppStore "[source.app_store]" {
        /// Number of the app, as in its address in the store.
        app: Whole<1, { i64::MAX }>, required = 1115120118;
        /// Storefronts, two letters each; they become the label `country`.
        countries: List<Word>, required = ["se", "us"];
        /// Address of the service.
        base_url: Web, default = "https://itunes.apple.com";
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
