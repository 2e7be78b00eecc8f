//! What the configuration comes to: plain values, checked, with nothing of TOML in them.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Datelike as _;
use chrono::NaiveDate;
use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::calendar::bucket::Width;
use crate::calendar::holidays::Holidays;
use crate::calendar::hours::Hours;
use crate::domain::measure::Measure;
use crate::domain::notice::Event;
use crate::domain::secret::Secret;
use crate::domain::theme::ThemeText;
use crate::incident::route::Route;
use crate::incident::step::Remind;
use crate::render;
use crate::render::template::Texts;
use crate::schedule::Schedule;
use crate::sources;
use crate::tagging::model::file::Model;
use crate::tagging::model::file::Stale;

/// The whole of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Zone of days, cron lines and times in alerts.
    pub time_zone: Tz,
    /// Address of the pages for links in alerts, without a slash at its end.
    pub base_url: Option<String>,
    /// The database.
    pub store: Store,
    /// Where health and metrics are served; nowhere without it.
    pub listen: Option<SocketAddr>,
    /// Where the pages are served alone; without it they are at `listen`.
    pub pages: Option<SocketAddr>,
    /// How things are fetched.
    pub fetch: Fetch,
    /// Where messages come from.
    pub sources: Vec<Arc<Source>>,
    /// Built-in themes and own ones.
    pub themes: Vec<ThemeText>,
    /// Models that join the rules.
    pub models: Models,
    /// What is counted.
    pub watches: Vec<Watch>,
    /// Where alerts go.
    pub targets: Vec<Target>,
    /// Who is told besides.
    pub routes: Vec<Route>,
    /// How notices are sent.
    pub delivery: Delivery,
    /// What mails look like.
    pub templates: Templates,
    /// Signs of life.
    pub heartbeat: Option<Heartbeat>,
    /// Hash of everything above but secrets: in the start line, in `status`, in each incident's record.
    pub fingerprint: String,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
    /// Age at which texts are pruned; counters, tags and incidents stay.
    pub keep_text: TimeDelta,
    /// Texts are redacted once they are tagged, before they are stored.
    pub redact: bool,
    /// Size of the file in bytes above which the oldest texts are pruned.
    pub max_size: u64,
}

/// `[tagging] models`, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Models {
    /// The file as it is named; relative to the folder of the configuration.
    pub file: Option<PathBuf>,
    /// Those in use, each for one theme.
    pub used: Vec<Model>,
    /// Why others in the file are not.
    pub stale: Vec<Stale>,
}

impl Models {
    /// The model that decides for a theme.
    #[must_use]
    pub fn of(&self, theme: &str) -> Option<&Model> {
        self.used.iter().find(|model| model.theme == theme)
    }
}

/// `[fetch]`
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// Address or page for the user agent.
    pub contact: Option<String>,
    /// Proxy for http and https; may hold a password.
    pub proxy: Option<Secret>,
    /// Further certificate authority, a PEM file.
    pub extra_ca: Option<PathBuf>,
    /// `host:port` pairs in private networks that may be asked nevertheless.
    pub allow_private: Vec<String>,
    /// Whole time for one request.
    pub timeout: TimeDelta,
    /// Largest body in bytes, after decompression.
    pub max_body: u64,
    /// Least time between two requests to one host.
    pub host_gap: TimeDelta,
    /// Polls at the same time, to all hosts together.
    pub at_once: usize,
    /// How long a dropped file must lie still before it is read.
    pub settle: TimeDelta,
}

/// `[[source]]`
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// When it is polled.
    pub schedule: Schedule,
    /// Labels of all its messages.
    pub labels: BTreeMap<String, String>,
    /// Longest ordinary delay between publication and first sight; learnt without it.
    pub max_delay: Option<TimeDelta>,
    /// What it asks for is held against the `robots.txt` of its host.
    pub robots: bool,
    /// The configuration says when it is polled: hints of the other side do not lengthen that.
    pub own_pace: bool,
    /// Names that it had before: what is stored under them is its own.
    pub was: Vec<String>,
    /// Its kind with what the kind needs.
    pub kind: sources::Settings,
}

/// `[[watch]]`
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Its name.
    pub name: String,
    /// Names of the themes it counts.
    pub themes: Vec<String>,
    /// Measures of ratings that must not fall.
    pub measures: Vec<Measure>,
    /// Names of the sources it counts, `*` already written out.
    pub sources: Vec<String>,
    /// Labels whose values are watched one by one, beside the whole.
    pub by: Vec<String>,
    /// Length of a bucket.
    pub bucket: Width,
    /// Countries whose days off are like Sundays.
    pub holidays: Holidays,
    /// Budget of false alarms for the whole watch.
    pub false_alarms_per_year: f64,
    /// Budget of false slow rises for the whole watch.
    pub slow_rises_per_year: f64,
    /// What slow rises are measured against; without it the year before.
    pub reference: Option<Reference>,
    /// Fewer complaints than this in a window never alert.
    pub min_complaints: u32,
    /// Names of the targets that are told.
    pub notify: Vec<String>,
    /// Messages are told one by one instead of spikes.
    pub each: Option<AtMost>,
}

/// How many messages of a watch are told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtMost {
    /// How many.
    pub number: u32,
    /// In which time: an hour, a day or a week.
    pub per: TimeDelta,
}

/// A pinned period, in days of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub until: NaiveDate,
}

impl fmt::Display for Reference {
    /// `Jan-Mar 2026`, or the days where they are no whole months.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.until.pred_opt().unwrap_or(self.until);
        if self.from.day() != 1 || self.until.day() != 1 {
            return write!(f, "{} to {}", self.from.format("%-d %b %Y"), last.format("%-d %b %Y"));
        }
        match (self.from.year() == last.year(), self.from.month() == last.month()) {
            (true, true) => write!(f, "{}", last.format("%b %Y")),
            (true, false) => write!(f, "{}-{}", self.from.format("%b"), last.format("%b %Y")),
            _ => write!(f, "{}-{}", self.from.format("%b %Y"), last.format("%b %Y")),
        }
    }
}

/// `[[target]]`
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its channel with what the channel needs.
    pub channel: render::Settings,
    /// What it is told of; empty for all that its channel takes. A storm counts as what opened.
    pub kinds: Vec<Event>,
    /// Quiet hours.
    pub quiet: Option<Hours>,
    /// Name of the target that steps in.
    pub failover: Option<String>,
}

/// `[delivery]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Waits between the tries of one notice; the last one repeats. Never empty.
    pub retry: Vec<TimeDelta>,
    /// Whole time of one try.
    pub deadline: TimeDelta,
    /// Pause of a target that asks for one and does not say how long.
    pub throttled: TimeDelta,
    /// What opens this soon after a message to the same recipient goes in one; none: never.
    pub gather: Option<TimeDelta>,
    /// A notice that nobody took in this time is given up.
    pub give_up: TimeDelta,
    /// When people hear again of what still stands.
    pub remind: Remind,
    /// Looks in a row that must find it loud before people are told.
    pub confirm: u32,
}

/// `[templates]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// What mails are made with. `text` and `html` are there once their files are read.
    pub texts: Texts,
    /// File of the text part, as it is named; relative to the folder of the configuration.
    pub text_file: Option<PathBuf>,
    /// File of the HTML part.
    pub html_file: Option<PathBuf>,
}

/// `[heartbeat]`, where it has anything to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Heartbeat {
    /// Asked for as long as everything works.
    pub url: Option<Secret>,
    /// How often.
    pub every: TimeDelta,
    /// Names of the targets that are told now and then that all is well.
    pub well: Vec<String>,
    /// When.
    pub well_at: Schedule,
}
