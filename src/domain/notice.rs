//! A notice: what people are told, frozen when it is decided, so that every try sends the same.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::remark::Calibration;

/// The kind of a notice; the word is the header `X-Uproar-Event` and the webhook's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A new incident.
    Opened,
    /// Clearly worse than people were told.
    Worse,
    /// It is over.
    Resolved,
    /// It came back.
    Reopened,
    /// `uproar target test`.
    Test,
}

impl Event {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Worse => "worse",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Everything a notice says. Customers' words in it are redacted already; nobody's name is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// What is told.
    pub event: Event,
    /// Id of the incident, `i-7f3k2`.
    pub incident: String,
    /// Number of this notice within the incident, from 1.
    pub revision: u32,
    /// Name of the watch.
    pub watch: String,
    /// Name of the theme.
    pub theme: String,
    /// The theme for people: "bots going in circles".
    pub theme_title: String,
    /// All messages, or a part of them.
    pub segment: Segment,
    /// A spike, a slow rise, or a measure that got worse.
    #[serde(default)]
    pub kind: Kind,
    /// What a slow rise is measured against, for people: `Jan-Mar 2026`.
    #[serde(default)]
    pub reference: String,
    /// How loud now.
    pub level: Level,
    /// How loud people were told it was, before this notice.
    pub told_level: Option<Level>,
    /// Complaints that people were told of before this notice.
    pub told_count: Option<f64>,
    /// When the state changed, or when that was found out. The mail's `Date`.
    pub at: Timestamp,
    /// When the spike began.
    pub since: Timestamp,
    /// When people were first told of the incident.
    pub opened_at: Timestamp,
    /// Name of the zone to write times in, `Europe/Stockholm`.
    pub zone: String,
    /// The numbers behind it.
    pub numbers: Numbers,
    /// The window that they tell of, where it was over long before people are told; else it ends now.
    #[serde(default)]
    pub window: Option<(Timestamp, Timestamp)>,
    /// False alarms a year that the watch was given as its budget.
    pub false_alarms_per_year: f64,
    /// Least number of complaints for an alert.
    pub min_complaints: u32,
    /// Highest count of a window so far.
    pub peak: f64,
    /// What customers wrote, the most typical first, redacted.
    pub quotes: Vec<Quote>,
    /// Complaints since the spike began, of which `quotes` are a choice.
    pub quotes_of: u64,
    /// Where the complaints come from, loudest first: sources, countries, versions.
    pub breakdown: Vec<Share>,
    /// Complaints in the last 24 hours, in twelve steps of two hours, oldest first.
    pub recent: Vec<u32>,
    /// The series with what was expected of it, oldest bucket first; rows of older releases have none.
    #[serde(default)]
    pub chart: Vec<Bar>,
    /// What people marked within the chart's time.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// What people's labels make of the budget.
    #[serde(default)]
    pub calibration: Calibration,
    /// Words that made the tagger give the theme, most frequent first.
    pub words: Vec<String>,
    /// Words and pairs that these complaints use more than earlier ones, the strongest first.
    #[serde(default)]
    pub risen: Vec<RisenWord>,
    /// Days off within the window, for people: `Fri 6 Jun is a day off in Sweden (National Day)`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Sources that were read in time, and all that the watch counts.
    pub fresh_sources: (u32, u32),
    /// Who or what caused it, for people: empty, or `by anna: fixed`.
    pub cause: String,
    /// Address of the pages, without a slash at its end.
    pub base_url: Option<String>,
    /// Id of the row that told this recipient that the incident opened; the thread's root.
    pub root: Option<String>,
}

/// A customer's words, shortened and redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The words.
    pub text: String,
    /// Name of the source.
    pub source: String,
    /// Link to the original.
    pub url: Option<String>,
    /// "1 star", "3 of 10".
    pub rating: Option<String>,
    /// Country, version and the like, for the bracket behind the words.
    pub details: Vec<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// One line of "where it comes from".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Label's key: `source`, `country`.
    pub key: String,
    /// Label's value.
    pub value: String,
    /// Complaints in the window.
    pub now: u64,
    /// Complaints that its usual share of its messages now would bring.
    pub usual: f64,
    /// Messages in the window.
    #[serde(default)]
    pub messages: Option<u64>,
    /// Its part of the whole excess, 0 to 1; `None` where nothing is in excess.
    #[serde(default)]
    pub part: Option<f64>,
    /// What it has to do with the excess.
    #[serde(default)]
    pub role: Role,
}

/// What a source or a label value has to do with the excess.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nothing that would stand out.
    #[default]
    Ordinary,
    /// More than its part: the trouble is here.
    Driver,
    /// The same, and hardly anybody wrote with it in the usual time.
    NewDriver,
    /// Most of the excess has it and hardly anybody had it before, but those who have it complain no
    /// more than others.
    New,
    /// The same people as those of a stronger driver.
    SameAs {
        /// Label's key of the stronger one.
        key: String,
        /// Label's value of the stronger one.
        value: String,
    },
}

/// A word, or two that stand together, that complaints use more than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RisenWord {
    /// As most people write it.
    pub text: String,
    /// Complaints with it, among those that were read.
    pub now: u64,
    /// Complaints with it among as many usual ones.
    pub usual: f64,
}

/// A row of the outbox: one notice for one recipient of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The same for every try and after every crash: Message-ID, `webhook-id`.
    pub id: String,
    /// Name of the target.
    pub target: String,
    /// The recipient within the target, an address for mail; empty where a target has only one.
    pub recipient: String,
    /// What to say.
    pub facts: Facts,
    /// Tries so far.
    pub attempts: u32,
    /// When it was decided.
    pub created: Timestamp,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Delivered {
        /// What the other side calls it.
        receipt: String,
    },
    /// Try again then.
    Later {
        /// When.
        due: Timestamp,
        /// What went wrong.
        why: String,
        /// Whether the try counts as one of the row's.
        counts: bool,
    },
    /// This row will never be taken.
    Dead {
        /// What went wrong.
        why: String,
    },
}
