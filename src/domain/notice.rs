//! A notice: what people are told, frozen when it is decided, so that every try sends the same.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::NoData;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::remark::Calibration;
use crate::domain::trouble::Trouble;

/// The kind of a notice; the word is the header `X-Uproar-Event` and the webhook's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A new incident.
    Opened,
    /// Clearly worse than people were told.
    Worse,
    /// It still stands, as people were told.
    Reminder,
    /// It is over.
    Resolved,
    /// It came back.
    Reopened,
    /// Somebody is on it. Only for channels that show it where the rest of the thread is.
    Acked,
    /// Many things at once. It stands for the `opened` of each.
    Storm,
    /// Lines about Uproar itself, of no incident.
    Digest,
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
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Acked => "acked",
            Self::Storm => "storm",
            Self::Digest => "digest",
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
    /// Id of the row that told this recipient that the incident opened; the thread's root. Where
    /// [`Row::root`] is set, that one was on the wire.
    pub root: Option<String>,
    /// When people were last told, before this notice.
    #[serde(default)]
    pub told_at: Option<Timestamp>,
    /// When it was over, before this notice: of one that is back, how long it was away.
    #[serde(default)]
    pub resolved_at: Option<Timestamp>,
    /// The numbers that they were told then.
    #[serde(default)]
    pub told_numbers: Option<Numbers>,
    /// What drove it then, as `country se`.
    #[serde(default)]
    pub told_drivers: Vec<String>,
    /// Of a reminder: which one it is, and of how many.
    #[serde(default)]
    pub reminder: Option<(u32, u32)>,
    /// Why people are told who were not told before: `nobody acknowledged it within 15 min`.
    #[serde(default)]
    pub escalated: Option<String>,
    /// Who is on it.
    #[serde(default)]
    pub acked_by: Option<String>,
    /// Who was on it until it got worse.
    #[serde(default)]
    pub dropped_ack: Option<String>,
    /// How it ended, where it was over before this could be sent.
    #[serde(default)]
    pub over: Option<Ending>,
    /// Sources of the watch that are silent now.
    #[serde(default)]
    pub no_data: Vec<NoData>,
    /// The incident of the same series that was closed not long before.
    #[serde(default)]
    pub earlier: Option<String>,
    /// Of [`Kind::NoData`]: what is known of the source.
    #[serde(default)]
    pub silent: Option<SilentSource>,
    /// Of [`Kind::Message`]: further messages that nobody is told of one by one.
    #[serde(default)]
    pub more: u64,
    /// Of [`Event::Storm`]: what happened at once.
    #[serde(default)]
    pub members: Vec<Member>,
    /// Of [`Event::Digest`]: what there is to say, a sentence each.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Lets this recipient act behind the links to the incident, see `text::ticket`.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Whom it is sent to, for people: `anna@example.com`, `on-call`.
    #[serde(default)]
    pub sent_to: String,
    /// Why it comes to this target: `Slack #support unreachable since 14:02 (HTTP 503)`.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// When people hear of it again if nothing changes; `None`: they do not.
    #[serde(default)]
    pub next_reminder: Option<Timestamp>,
}

impl Facts {
    /// A notice that says nothing yet but what it is.
    #[must_use]
    pub fn blank(event: Event, incident: &str, at: Timestamp) -> Self {
        Self {
            event,
            incident: incident.to_owned(),
            revision: 1,
            watch: String::new(),
            theme: String::new(),
            theme_title: String::new(),
            segment: Segment::All,
            kind: Kind::Spike,
            reference: String::new(),
            level: Level::Low,
            told_level: None,
            told_count: None,
            at,
            since: at,
            opened_at: at,
            zone: "UTC".to_owned(),
            numbers: Numbers::default(),
            window: None,
            false_alarms_per_year: 0.0,
            min_complaints: 0,
            peak: 0.0,
            quotes: Vec::new(),
            quotes_of: 0,
            breakdown: Vec::new(),
            recent: Vec::new(),
            chart: Vec::new(),
            marks: Vec::new(),
            calibration: Calibration::default(),
            words: Vec::new(),
            risen: Vec::new(),
            holidays: Vec::new(),
            fresh_sources: (0, 0),
            cause: String::new(),
            base_url: None,
            root: None,
            told_at: None,
            resolved_at: None,
            told_numbers: None,
            told_drivers: Vec::new(),
            reminder: None,
            escalated: None,
            acked_by: None,
            dropped_ack: None,
            over: None,
            no_data: Vec::new(),
            earlier: None,
            silent: None,
            more: 0,
            members: Vec::new(),
            lines: Vec::new(),
            ticket: None,
            sent_to: String::new(),
            instead_of: None,
            next_reminder: None,
        }
    }

    /// The same for somebody who has not been told of the incident before: for them it opens.
    #[must_use]
    pub fn as_opening(&self) -> Self {
        Self {
            event: Event::Opened,
            root: None,
            told_level: None,
            told_count: None,
            told_at: None,
            resolved_at: None,
            told_numbers: None,
            told_drivers: Vec::new(),
            reminder: None,
            dropped_ack: None,
            ..self.clone()
        }
    }
}

/// How an incident ended before people could hear that it had begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Who or what ended it, for people; may be empty.
    pub cause: String,
}

/// One of the many things of a storm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Id of its incident.
    pub incident: String,
    /// What would have been told of it alone: that it opened, most often.
    pub event: Event,
    /// What it is about, for people.
    pub title: String,
    /// Name of its watch.
    pub watch: String,
    /// All messages, or a part of them.
    pub segment: Segment,
    /// How loud.
    pub level: Level,
    /// Complaints.
    pub count: f64,
    /// Usual ones.
    pub expected: f64,
    /// When it began.
    pub since: Timestamp,
    /// The most typical words.
    pub quote: Option<String>,
    /// Lets this recipient act behind the links to its incident.
    pub ticket: Option<String>,
}

/// A source that something is wrong with, or was, and what that means.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SilentSource {
    /// When it could last be read.
    pub last_success: Option<Timestamp>,
    /// When it last brought something new.
    pub last_new: Option<Timestamp>,
    /// What the last poll said.
    pub error: Option<String>,
    /// It cannot be read; otherwise it can, and brings nothing new.
    pub fails: bool,
    /// Names of the watches that count it: what is not watched as long.
    pub watches: Vec<String>,
    /// What is wrong with it; older releases did not say.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// Of what is over: messages of that time that came after it.
    #[serde(default)]
    pub came_late: u64,
    /// New messages a day that it usually brings; 0 where that is not known.
    #[serde(default)]
    pub per_day: f64,
}

impl SilentSource {
    /// What is wrong with the source.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.trouble.unwrap_or(if self.fails { Trouble::Unreachable } else { Trouble::Silent })
    }
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
    /// Number of the message, for a link to its page.
    #[serde(default)]
    pub item: Option<i64>,
    /// Lets this recipient see that page.
    #[serde(default)]
    pub ticket: Option<String>,
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
    /// The other side called it too long once.
    pub short: bool,
    /// Id of the row that carried `opened` on the wire, the storm's where it was folded; wins over
    /// [`Facts::root`].
    pub root: Option<String>,
    /// That row's receipt, where the channel gives one that a thread can hang on:
    /// `C024BE91L/1700000000.123456`.
    pub thread: Option<String>,
}

impl Row {
    /// The row that its thread hangs on; `None` for one that begins a thread.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.root.as_deref().or(self.facts.root.as_deref()).filter(|root| *root != self.id)
    }
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
        /// Whether no row of the target is tried before then: the other side asked for a pause.
        holds: bool,
    },
    /// Too long for the other side. Once it is tried again with less to say; the second time it is
    /// dead.
    TooLong {
        /// What the other side said.
        why: String,
    },
    /// Nothing of this target will be taken until somebody mends it. The row waits and the try does
    /// not count; a test is dead, for somebody is waiting to hear it.
    Broken {
        /// What went wrong.
        why: String,
    },
    /// It was tried for too long. That says of the target what a try says that failed.
    GivenUp {
        /// What went wrong.
        why: String,
        /// Until when the other side asked for a pause.
        pause_until: Option<Timestamp>,
    },
    /// This row will never be taken.
    Dead {
        /// What went wrong.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_an_older_release_is_still_read() {
        let facts = Facts::blank(Event::Opened, "i-1", "2026-11-22T12:00:00Z".parse().unwrap());
        let mut stored = serde_json::to_value(&facts).unwrap();
        let since = [
            "told_at",
            "resolved_at",
            "told_numbers",
            "told_drivers",
            "reminder",
            "escalated",
            "acked_by",
            "dropped_ack",
            "over",
            "no_data",
        ];
        let since = since.into_iter().chain(["earlier", "silent", "more", "members", "lines", "ticket", "sent_to", "instead_of"]);
        for key in since.chain(["next_reminder", "kind", "reference", "window", "chart", "marks", "calibration", "risen", "holidays"]) {
            stored.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(serde_json::from_value::<Facts>(stored).unwrap(), facts);
        let quote = r#"{"text":"x","source":"s","url":null,"rating":null,"details":[],"at":"2026-11-22T12:00:00Z"}"#;
        assert_eq!(serde_json::from_str::<Quote>(quote).unwrap().item, None);
    }

    #[test]
    fn a_row_hangs_on_the_one_that_was_on_the_wire_and_never_on_itself() {
        let mut facts = Facts::blank(Event::Worse, "i-1", "2026-11-22T12:00:00Z".parse().unwrap());
        facts.root = Some("first".to_owned());
        let mut row = Row {
            id: "second".to_owned(),
            target: "desk".to_owned(),
            recipient: String::new(),
            attempts: 0,
            created: facts.at,
            short: false,
            root: None,
            thread: None,
            facts,
        };
        assert_eq!(row.root(), Some("first"));
        row.root = Some("storm".to_owned());
        assert_eq!(row.root(), Some("storm"));
        row.root = Some("second".to_owned());
        assert_eq!(row.root(), None);
    }
}
