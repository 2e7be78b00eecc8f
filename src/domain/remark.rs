//! What people say beside the messages: marks on charts, and labels on alerts that were wrong or
//! missing.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::incident::SeriesKey;

/// Something a person said about a moment. Kept in the table `act`.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// The moment it is about: when a release came out, when a trouble began.
    pub at: Timestamp,
    /// Who said so.
    pub who: String,
    /// What was said.
    pub saying: Saying,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Saying {
    /// Something happened that charts and alerts show: a release, a change of policy.
    Annotation {
        /// What happened.
        text: String,
        /// The watch that it concerns; all of them without one.
        watch: Option<String>,
    },
    /// There was a trouble that no alert told.
    Missed {
        /// Name of the watch.
        watch: String,
        /// Name of the theme, if one is to blame.
        theme: Option<String>,
        /// When it ended.
        until: Timestamp,
    },
    /// An alert told of a trouble that was none.
    FalseAlarm {
        /// Id of the incident.
        incident: String,
        /// What it was about.
        key: SeriesKey,
    },
}

/// The kinds of remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemarkKind {
    /// [`Saying::Annotation`]
    Annotation,
    /// [`Saying::Missed`]
    Missed,
    /// [`Saying::FalseAlarm`]
    FalseAlarm,
}

impl RemarkKind {
    /// The word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Missed => "missed",
            Self::FalseAlarm => "false_alarm",
        }
    }
}

impl Remark {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> RemarkKind {
        match self.saying {
            Saying::Annotation { .. } => RemarkKind::Annotation,
            Saying::Missed { .. } => RemarkKind::Missed,
            Saying::FalseAlarm { .. } => RemarkKind::FalseAlarm,
        }
    }

    /// What it is about: a watch, an incident, or nothing in particular.
    #[must_use]
    pub fn subject(&self) -> &str {
        match &self.saying {
            Saying::Annotation { watch, .. } => watch.as_deref().unwrap_or(""),
            Saying::Missed { watch, .. } => watch,
            Saying::FalseAlarm { incident, .. } => incident,
        }
    }

    /// Whether charts and labels of a watch have it.
    #[must_use]
    pub fn concerns(&self, name: &str) -> bool {
        match &self.saying {
            Saying::Annotation { watch, .. } => watch.as_deref().is_none_or(|watch| watch == name),
            Saying::Missed { watch, .. } => watch == name,
            Saying::FalseAlarm { key, .. } => key.watch == name,
        }
    }
}

/// A remark to be written or taken back together with what an evaluation decided.
#[derive(Debug, Clone, PartialEq)]
pub enum RemarkChange {
    /// Writes it, in place of those of its kind on the same subject.
    Put(Remark),
    /// Takes those back.
    TakeBack(RemarkKind, String),
}

/// All labels that calibrate watches, and since when alerts could be given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// Missed troubles and false alarms.
    pub remarks: Vec<Remark>,
    /// When the first message was stored; nothing was without it.
    pub running_since: Option<Timestamp>,
}

/// What people's labels make of a watch's budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What the budget of false alarms is multiplied with.
    pub factor: f64,
    /// Alerts that were called false alarms and still count for something.
    pub false_alarms: u32,
    /// Troubles that were said to be missed and still count for something.
    pub missed: u32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { factor: 1.0, false_alarms: 0, missed: 0 }
    }
}

impl Calibration {
    /// Whether the budget is used as it was asked for, but for what nobody would notice.
    #[must_use]
    pub fn is_even(&self) -> bool {
        (self.factor - 1.0).abs() < 0.02
    }
}
