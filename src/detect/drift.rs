//! The slow rise: the last 28 days against a reference that does not follow them.
//!
//! Trouble that grows a little each week is never sudden, and a detector that learns takes it for
//! the usual. So complaints of the newest [`WINDOW`] days are compared with those that the shares of
//! a *reference* expect among the same messages, source by source: a trend of the volume and a source
//! that joins are no rise. The reference is a pinned period, or else the past year, newer months
//! weighing more, that ended eight to twelve weeks ago. While a rise stands nothing joins it: it is
//! never learnt away, only accepted by a person.
//!
//! Each day counts up to what is usual for it (a large ordinary day of the level of the last weeks),
//! so an outbreak of a few days is no slow rise. The count is tested with the mid-p tail of a
//! negative binomial. Its dispersion is that of whole blocks of 28 days, for shares wander over
//! months by themselves: learnt over many simulated series, and a little from the series' own.
//!
//! Relatives: the comparison of a window with a delayed baseline is that of EARS (L. Hutwagner et
//! al., Journal of Urban Health 80 (2003)) at the scale of months, winsorised as in P. J. Huber,
//! Robust Statistics (1981).

use crate::detect::budget_of_drift;
use crate::detect::drift::reading::Reading;
use crate::detect::drift::state::Row;
use crate::detect::tail;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::incident::Call;
use crate::domain::incident::Level;
use crate::domain::incident::Newest;
use crate::domain::incident::Numbers;
use crate::domain::incident::Verdict;

mod habit;
mod reading;
mod state;
#[cfg(test)]
mod stories;

pub use state::State;

/// Days that are compared with the reference, and days of a block.
pub const WINDOW: usize = 28;
/// Days before anything is said.
pub const WARM_UP: u32 = 56;
/// Days of the window that must have a reference and something said in them.
const LEAST_DAYS: usize = 14;
/// Share of the limit below which a rise is over.
const CALM: f64 = 0.5;
/// Dispersion of a single day: for the cap of a day, and for what is told of it.
const OF_A_DAY: f64 = 0.1;
/// Fewer complaints than this in the window never score.
const LEAST: f64 = 5.0;

/// What is asked of the detector for one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// False alarms a year that this one series may give.
    pub slow_rises_per_year: f64,
    /// Fewer complaints than this in 28 days never fire.
    pub min_complaints: u32,
    /// The pinned reference; without it the past year is.
    pub reference: Option<Period>,
    /// When a person said that the level of then is the usual from now on.
    pub accepted: Option<Timestamp>,
}

/// From one moment up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

/// Judges one series of days.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftDetector {
    settings: Settings,
    limit: f64,
}

impl DriftDetector {
    /// A detector for a series with these settings. A watch's budget is to be split before.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, limit: budget_of_drift::limit(settings.slow_rises_per_year) }
    }

    /// The score from which on it fires.
    #[must_use]
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// Judges a day that is over and learns from it. Days come in order, without gaps.
    pub fn advance(&self, state: &mut State, day: &BucketCount) -> Verdict {
        self.accept(state, day);
        state.admit(&day.parts);
        let reading = Reading::of(state, &day.parts);
        state.keep(reading.row());
        let verdict = self.judge(state, &reading, day);
        let learns = self.learns(state, day);
        state.learn(&reading, learns);
        verdict
    }

    /// What the last days look like beside the reference, without a new day: 28 days for `status`.
    #[must_use]
    pub fn present(&self, state: &State) -> Numbers {
        self.numbers(state, &Row::default())
    }

    /// A person's word makes the level of the window the reference, once.
    fn accept(&self, state: &mut State, day: &BucketCount) {
        let Some(accepted) = self.settings.accepted.map(|at| at.timestamp()) else { return };
        if accepted > state.accepted && accepted < day.end.timestamp() {
            let sum = state.window();
            if sum.expected > 0.0 {
                state.lift(sum.hits / sum.expected);
            }
            state.accepted = accepted;
            state.standing = false;
        }
    }

    fn learns(&self, state: &State, day: &BucketCount) -> Learns {
        match self.settings.reference {
            Some(period) if period.from <= day.start && day.start < period.until => Learns::Pinned,
            Some(_) => Learns::Nothing,
            None if state.standing => Learns::Nothing,
            None => Learns::Year,
        }
    }

    fn judge(&self, state: &mut State, reading: &Reading, day: &BucketCount) -> Verdict {
        let mut numbers = self.numbers(state, &reading.row());
        if self.is_ahead(day) {
            (numbers.score, numbers.surprise) = (0.0, 0.0);
        }
        numbers.held_by = self.held_by(state, &numbers, day);
        let enough = numbers.count >= f64::from(self.settings.min_complaints);
        let call = if !numbers.held_by.is_empty() && numbers.score <= 0.0 {
            Call::Unknown
        } else if numbers.score >= self.limit && enough {
            Call::Firing(level(&numbers))
        } else if numbers.score >= CALM * self.limit {
            Call::Uneasy
        } else {
            Call::Normal
        };
        match call {
            Call::Firing(_) => state.standing = true,
            Call::Normal => state.standing = false,
            Call::Uneasy | Call::Unknown => {}
        }
        Verdict { bucket: day.start, until: day.end, complete: true, call, numbers }
    }

    fn numbers(&self, state: &State, newest: &Row) -> Numbers {
        let sum = state.window();
        let spread = state.spread() + if sum.expected > 0.0 { sum.doubt / sum.expected } else { 0.0 };
        let judged = state.age >= WARM_UP && sum.days >= LEAST_DAYS && sum.hits >= LEAST;
        let score = if judged { -tail::mid_p(sum.hits, sum.expected, spread).log10() } else { 0.0 };
        Numbers {
            score,
            limit: self.limit,
            surprise: score,
            count: sum.said,
            expected: sum.expected,
            usual: tail::usual_range(sum.expected, spread),
            total: sum.total,
            usual_share: if sum.total > 0.0 { sum.expected / sum.total } else { 0.0 },
            window_seconds: WINDOW as i64 * 86_400,
            dispersion: spread,
            gate: 1.0,
            held_by: String::new(),
            borrowed: false,
            learnt_buckets: f64::from(state.age),
            newest: Newest {
                count: newest.said,
                expected: newest.expected,
                usual: tail::usual_range(newest.expected, OF_A_DAY),
                total: newest.total,
            },
            mean: None,
        }
    }

    /// The pinned reference is not over yet.
    fn is_ahead(&self, day: &BucketCount) -> bool {
        self.settings.reference.is_some_and(|period| day.start < period.until)
    }

    /// Why nothing can be said of the window, or why it does not fire; empty where it may.
    fn held_by(&self, state: &State, numbers: &Numbers, day: &BucketCount) -> String {
        if let Some(period) = self.settings.reference.filter(|_| self.is_ahead(day)) {
            return format!("the reference is not over before {}", period.until.format("%Y-%m-%d"));
        }
        if state.age < WARM_UP {
            return format!("still learning ({} of {WARM_UP} days)", state.age);
        }
        if !state.has_reference() {
            return "no message of these sources is in the reference".to_owned();
        }
        let days = state.window().days;
        if days < LEAST_DAYS {
            return format!("only {days} of the last {WINDOW} days can be compared");
        }
        let least = f64::from(self.settings.min_complaints);
        if numbers.score >= self.limit && numbers.count < least {
            return format!("fewer than {least} complaints");
        }
        String::new()
    }
}

/// Which part of the reference a day joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learns {
    /// The pinned period is on.
    Pinned,
    /// The past year goes on.
    Year,
    /// Neither: a rise stands, or the pinned period is not on.
    Nothing,
}

/// By the ratio, for the score says how sure it is and not how bad. A slow rise wakes nobody up.
fn level(numbers: &Numbers) -> Level {
    match numbers.count / numbers.expected.max(1e-9) {
        times if times >= 3.0 => Level::High,
        times if times >= 2.0 => Level::Medium,
        _ => Level::Low,
    }
}
