//! A verdict about a series, an incident, and how it moves.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::trouble::Trouble;

/// What is judged: one theme of one watch, in all messages or in one segment of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesKey {
    /// Name of the watch.
    pub watch: String,
    /// Name of the theme.
    pub theme: String,
    /// Which part of the messages.
    pub segment: Segment,
    /// What is looked for in it.
    #[serde(default, skip_serializing_if = "Kind::is_spike")]
    pub kind: Kind,
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.watch, self.theme, self.segment)?;
        match self.kind {
            Kind::Spike => Ok(()),
            kind => write!(f, " / {kind}"),
        }
    }
}

/// What is looked for in a series. A spike and a slow rise of one theme are two troubles, each
/// with an incident of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Suddenly more complaints than usual.
    #[default]
    Spike,
    /// More complaints over weeks than in the reference.
    SlowRise,
    /// A measure got worse: fewer stars, more detractors. The series' theme is the measure's name.
    Drop,
    /// Something is wrong with a source. The series' watch is `source:NAME`, its theme `no_data`.
    NoData,
    /// One message that its watch tells of one by one. The series' segment is its number.
    Message,
}

impl Kind {
    /// The word in commands, notices and the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::SlowRise => "slow rise",
            Self::Drop => "drop",
            Self::NoData => "no_data",
            Self::Message => "message",
        }
    }

    /// Whether a detector judges it, bucket by bucket. What is not judged is not resolved by calm
    /// buckets either, nor because no watch names its series.
    #[must_use]
    pub fn is_judged(self) -> bool {
        !matches!(self, Self::NoData | Self::Message)
    }

    /// Whether it is the ordinary kind, which is nowhere spelt out.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn is_spike(&self) -> bool {
        *self == Self::Spike
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// All messages of a watch, or those whose label has one value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Segment {
    /// Every message.
    #[serde(rename = "all")]
    All,
    /// Those with this value of this label.
    #[serde(rename = "label")]
    Label {
        /// `country`
        key: String,
        /// `se`
        value: String,
    },
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Label { key, value } => write!(f, "{key}={value}"),
        }
    }
}

/// How loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Just above the limit.
    Low,
    /// Clearly above.
    Medium,
    /// Far above.
    High,
    /// Wake somebody up.
    Critical,
}

impl Level {
    /// The word that notices, filters and the database use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The numbers behind a verdict. A detector gives them for every bucket it judges, calm or not,
/// so that "why was there no alert" has an answer too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Numbers {
    /// How sure it is that an outbreak goes on: the common logarithm of its odds in thousandths, so
    /// that 3 is one to one and a point more is ten times surer; 0 when a condition failed.
    pub score: f64,
    /// The score that the false-alarm budget asks for.
    pub limit: f64,
    /// Minus the common logarithm of the chance of so many complaints in the window; 0 where nobody
    /// is told.
    #[serde(default)]
    pub surprise: f64,
    /// Complaints in the window that stands out most.
    pub count: f64,
    /// Complaints expected in it.
    pub expected: f64,
    /// Range that 90 % of usual windows fall into.
    pub usual: (f64, f64),
    /// Messages in the window; 0 where only complaints are counted.
    pub total: f64,
    /// Share of messages that usually have the theme, 0 to 1.
    pub usual_share: f64,
    /// Length of the window in seconds.
    pub window_seconds: i64,
    /// Dispersion `a` of the negative binomial with variance `m + a m^2`.
    pub dispersion: f64,
    /// What the raw count left of the newest bucket's evidence, 0 to 1: little where the share is
    /// raised but the number of complaints is nothing unusual.
    pub gate: f64,
    /// Why the score is 0 although complaints were there; empty otherwise.
    pub held_by: String,
    /// Buckets that the usual was learnt from.
    pub learnt_buckets: f64,
    /// Too little was learnt of this segment itself: its usual share is that of all messages.
    #[serde(default)]
    pub borrowed: bool,
    /// The judged bucket alone, whatever window scored highest: what a chart draws.
    #[serde(default)]
    pub newest: Newest,
    /// What a measure is about, where it is a mean: the counts above are points lost then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Mean>,
}

/// A mean of ratings beside what is usual for it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Mean {
    /// In the window: stars, or the NPS.
    pub value: f64,
    /// Usually, of the same sources in the same proportions.
    pub usual: f64,
    /// Range that 90 % of usual windows fall into.
    pub range: (f64, f64),
}

/// One bucket beside what is usual for it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Newest {
    /// Complaints in it.
    pub count: f64,
    /// Complaints expected in it.
    pub expected: f64,
    /// Range that 90 % of usual buckets fall into.
    pub usual: (f64, f64),
    /// Messages in it; 0 where only complaints are counted.
    pub total: f64,
}

/// What a detector says of one bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// First moment of the judged bucket.
    pub bucket: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// The bucket was complete. Only then can it calm an incident down.
    pub complete: bool,
    /// Loud, calm, or not to be told.
    pub call: Call,
    /// The numbers.
    pub numbers: Numbers,
}

/// The three things that can be said of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Above the limit.
    Firing(Level),
    /// Below the limit but not yet calm: neither opens nor ends anything.
    Uneasy,
    /// As usual.
    Normal,
    /// A source is silent or nothing was learnt yet: moves nothing.
    Unknown,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Seen, and not sure enough yet for people to be told.
    Pending,
    /// People were told.
    Open,
    /// Somebody said that they are on it.
    Acknowledged,
    /// Somebody asked for quiet until a time.
    Snoozed,
    /// Calm buckets have begun.
    Recovering,
    /// Over; may reopen for a while.
    Resolved,
    /// Over for good.
    Closed,
}

impl State {
    /// The word in the database and in `incident list --json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Recovering => "recovering",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One trouble over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// `i-` and some letters and digits; in commands, headers and links.
    pub id: String,
    /// What it is about.
    pub key: SeriesKey,
    /// Where it stands.
    pub state: State,
    /// Where it stood before it began to recover, so that a relapse finds the way back.
    pub before: State,
    /// Grows with every change; a person's act carries the version it saw.
    pub version: u64,
    /// Grows with every notice.
    pub revision: u32,
    /// First bucket of the spike.
    pub since: Timestamp,
    /// When people were first told.
    pub opened_at: Timestamp,
    /// When it was opened or, if that is later, reopened.
    pub stands_since: Timestamp,
    /// When it was last resolved.
    pub resolved_at: Option<Timestamp>,
    /// Present level.
    pub level: Level,
    /// Highest level that people were told of.
    pub told_level: Level,
    /// Count that people were last told of.
    pub told_count: f64,
    /// When people were last told.
    pub told_at: Timestamp,
    /// Highest count of a window so far.
    pub peak: f64,
    /// Calm complete buckets in a row.
    pub calm: u32,
    /// The last complete bucket that was taken into account, so that none counts twice.
    pub judged_to: Timestamp,
    /// Quiet until then.
    pub snoozed_until: Option<Timestamp>,
    /// Over by somebody's word or by its age, not by calm: stays quiet until it was calm once.
    pub hushed: bool,
    /// Times it was reopened.
    pub reopened: u32,
    /// The newest numbers.
    pub numbers: Numbers,
    /// End of the window that they tell of. A weekly export speaks of days that are long over.
    #[serde(default)]
    pub counted_to: Option<Timestamp>,
    /// Evaluations in a row that fired, while pending.
    #[serde(default)]
    pub confirmed: u32,
    /// Closed without ever having opened: nobody heard of it.
    #[serde(default)]
    pub stillborn: bool,
    /// From when nobody has acknowledged it, which escalation counts from; `None` while somebody
    /// has, and in what older releases wrote: `stands_since` then.
    #[serde(default)]
    pub unacked_since: Option<Timestamp>,
    /// Steps of escalation that were taken since then.
    #[serde(default)]
    pub escalated: u32,
    /// Reminders that were sent since it opened or reopened.
    #[serde(default)]
    pub reminders: u32,
    /// When the next reminder is due.
    #[serde(default)]
    pub remind_at: Option<Timestamp>,
    /// Who is on it.
    #[serde(default)]
    pub acked_by: Option<String>,
    /// Its level when somebody asked for quiet.
    #[serde(default)]
    pub snoozed_level: Option<Level>,
    /// Sources of its watch that are silent now. Silence moves no state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_data: Vec<NoData>,
    /// The incident of the same series that was closed not long before.
    #[serde(default)]
    pub earlier: Option<String>,
    /// The numbers that people were last told.
    #[serde(default)]
    pub told_numbers: Option<Numbers>,
    /// What drove it when people were last told, as `country se`.
    #[serde(default)]
    pub told_drivers: Vec<String>,
}

impl Incident {
    /// An incident that opens at a moment, with nothing known of it but what it is about.
    #[must_use]
    pub fn new(id: String, key: SeriesKey, at: Timestamp) -> Self {
        Self {
            id,
            key,
            state: State::Open,
            before: State::Open,
            version: 1,
            revision: 1,
            since: at,
            opened_at: at,
            stands_since: at,
            resolved_at: None,
            level: Level::Low,
            told_level: Level::Low,
            told_count: 0.0,
            told_at: at,
            peak: 0.0,
            calm: 0,
            judged_to: at,
            snoozed_until: None,
            hushed: false,
            reopened: 0,
            numbers: Numbers::default(),
            counted_to: None,
            confirmed: 0,
            stillborn: false,
            unacked_since: Some(at),
            escalated: 0,
            reminders: 0,
            remind_at: None,
            acked_by: None,
            snoozed_level: None,
            no_data: Vec::new(),
            earlier: None,
            told_numbers: None,
            told_drivers: Vec::new(),
        }
    }

    /// When people were first told; `None` while it is pending and when it died as such.
    #[must_use]
    pub fn opened(&self) -> Option<Timestamp> {
        (self.state != State::Pending && !self.stillborn).then_some(self.opened_at)
    }

    /// From when nobody has acknowledged it; `None` while somebody has, or it does not stand.
    #[must_use]
    pub fn unacked_since(&self) -> Option<Timestamp> {
        matches!(self.state, State::Open | State::Recovering).then(|| self.unacked_since.unwrap_or(self.stands_since))
    }
}

/// A source that is silent while an incident stands: what it counts is not all there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoData {
    /// Name of the source.
    pub source: String,
    /// Since when nothing new came.
    pub since: Timestamp,
    /// It cannot be read; otherwise it can, and brings nothing new.
    pub fails: bool,
    /// What the last poll said.
    pub error: Option<String>,
    /// What is wrong with it; older releases did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

impl NoData {
    /// What is wrong with the source.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.trouble.unwrap_or(if self.fails { Trouble::Unreachable } else { Trouble::Silent })
    }
}

/// What a person can do about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// "I am on it."
    Acknowledge,
    /// "Not before then."
    Snooze(Timestamp),
    /// "It is over", with the reason.
    Resolve(Reason),
    /// "It is not over."
    Reopen,
}

/// Why a person resolved an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The cause was mended.
    Fixed,
    /// There was no trouble.
    FalseAlarm,
    /// Anything else.
    Other,
    /// The configuration watches it no more; nobody said anything about the trouble.
    Unwatched,
}

impl Reason {
    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::FalseAlarm => "false-alarm",
            Self::Other => "other",
            Self::Unwatched => "unwatched",
        }
    }
}

/// One step of an incident, kept for the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// From which state; `None` for a new incident.
    pub from: Option<State>,
    /// To which state.
    pub to: State,
    /// Why, as a stable word: `spike`, `worse`, `calm`, `relapse`, `over`, `acknowledged` ...
    pub why: String,
    /// `detector`, `clock`, or a person.
    pub who: String,
    /// The numbers at that moment.
    pub numbers: Numbers,
    /// Fingerprint of the configuration that decided it; empty where an older release did. Whoever
    /// writes the step puts it in.
    #[serde(default)]
    pub config: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_of_an_older_release_is_still_read() {
        let key = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike };
        let incident = Incident::new("i-1".to_owned(), key, "2026-11-22T12:00:00Z".parse().unwrap());
        let mut stored = serde_json::to_value(&incident).unwrap();
        let since = ["confirmed", "stillborn", "unacked_since", "escalated", "reminders", "remind_at", "acked_by", "snoozed_level"];
        for key in since.into_iter().chain(["no_data", "earlier", "told_numbers", "told_drivers"]) {
            stored.as_object_mut().unwrap().remove(key);
        }
        let read: Incident = serde_json::from_value(stored).unwrap();
        assert_eq!(read.unacked_since(), Some(incident.stands_since), "what nobody has acknowledged counts from its beginning");
        assert_eq!(read.opened(), Some(incident.opened_at));
        assert_eq!(Incident { unacked_since: incident.unacked_since, ..read }, incident);
        assert_eq!(Incident { state: State::Pending, ..incident.clone() }.opened(), None);
        assert_eq!(Incident { state: State::Closed, stillborn: true, ..incident }.opened(), None);
    }

    #[test]
    fn a_spike_is_named_as_ever_and_the_other_kinds_beside_it() {
        let mut key = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike };
        assert_eq!(key.to_string(), "w / t / all");
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(stored, r#"{"watch":"w","theme":"t","segment":"all"}"#);
        assert_eq!(serde_json::from_str::<SeriesKey>(&stored).unwrap(), key);
        key.kind = Kind::SlowRise;
        assert_eq!(key.to_string(), "w / t / all / slow rise");
        assert_eq!(serde_json::from_str::<SeriesKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
    }
}
