//! What is remembered of a series between days: below 4 kB as JSON, and exact.
//!
//! Kept numbers have five digits, in arithmetic too, so a state that went through JSON is the same
//! state.

use serde::Deserialize;
use serde::Serialize;

use crate::detect::drift::Learns;
use crate::detect::drift::WINDOW;
use crate::detect::drift::habit::Habit;
use crate::detect::drift::reading::Reading;
use crate::domain::count::Part;

/// Sources with a share of their own; all that speak later share one.
const SOURCES: usize = 20;
/// The number under which those are kept.
const OTHERS: i64 = i64::MIN;
/// Dispersion of 28-day blocks over many simulated series, and the blocks that it weighs.
const SPREAD: (f64, f64) = (0.05, 24.0);
/// It is never taken for less.
const LEAST_SPREAD: f64 = 0.02;
/// What a block leaves of the older dispersion: half after a year.
const SPREAD_FADING: f64 = 0.948_2;

/// What is remembered of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Days since the first message.
    pub(super) age: u32,
    /// A rise stands: the reference learns nothing.
    pub(super) standing: bool,
    /// The last acceptance that was heeded, in seconds since 1970.
    pub(super) accepted: i64,
    /// The sources.
    pub(super) habits: Vec<Habit>,
    /// The newest days, newest first.
    days: Vec<Row>,
    /// Dispersion of blocks: excess and weight.
    spread: (f32, f32),
}

impl Default for State {
    fn default() -> Self {
        Self {
            age: 0,
            standing: false,
            accepted: 0,
            habits: Vec::new(),
            days: Vec::new(),
            spread: (short(SPREAD.0 * SPREAD.1), SPREAD.1 as f32),
        }
    }
}

impl State {
    /// A rise was found and is not over.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.standing
    }

    /// Days since the first message.
    #[must_use]
    pub fn learnt_days(&self) -> u32 {
        self.age
    }

    /// Dispersion of the window.
    pub(super) fn spread(&self) -> f64 {
        (f64::from(self.spread.0) / f64::from(self.spread.1)).max(LEAST_SPREAD)
    }

    /// The sums of the window.
    pub(super) fn window(&self) -> Sum {
        let mut sum = Sum::default();
        for day in &self.days {
            sum.hits += day.hits;
            sum.expected += day.expected;
            sum.doubt += day.doubt;
            sum.said += day.said;
            sum.total += day.total;
            sum.days += usize::from(day.expected > 0.0);
        }
        sum
    }

    pub(super) fn has_reference(&self) -> bool {
        self.habits.iter().any(|habit| habit.share().is_some())
    }

    /// Place of a source.
    pub(super) fn place_of(&self, source: i64) -> Option<usize> {
        let find = |number| self.habits.iter().position(|habit| habit.source == number);
        find(source).or_else(|| find(OTHERS))
    }

    /// Takes in sources that speak for the first time.
    pub(super) fn admit(&mut self, parts: &[Part]) {
        for part in parts {
            let silent = part.total.is_some_and(|total| total <= 0.0) && part.hits <= 0.0;
            if silent || self.place_of(part.source).is_some() {
                continue;
            }
            let (hits, total) = self.habits.iter().map(Habit::weight).fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            let others = (total > 0.0).then(|| hits / total);
            let source = if self.habits.len() < SOURCES { part.source } else { OTHERS };
            self.habits.push(Habit::newcomer(source, self.age, others));
        }
    }

    /// A day becomes one of the window.
    pub(super) fn keep(&mut self, row: Row) {
        if self.age == 0 && self.habits.is_empty() {
            return;
        }
        self.days.truncate(WINDOW - 1);
        self.days.insert(0, row);
    }

    /// Learns from a day.
    pub(super) fn learn(&mut self, reading: &Reading, learns: Learns) {
        for line in reading.lines() {
            self.habits[line.at].learn(line.hits, line.total);
            if learns == Learns::Pinned {
                self.habits[line.at].pin(line.hits, line.total);
            }
        }
        // Silence before the first message is no experience.
        if self.habits.is_empty() {
            return;
        }
        self.age = self.age.saturating_add(1);
        if self.age.is_multiple_of(WINDOW as u32) {
            if learns != Learns::Nothing || !self.standing {
                self.learn_spread();
            }
            for habit in &mut self.habits {
                habit.turn(self.age, learns == Learns::Year);
            }
        }
    }

    /// The window is a whole block: how far was it from what was expected, beyond chance?
    fn learn_spread(&mut self) {
        let sum = self.window();
        if sum.days < WINDOW / 2 || sum.expected <= 0.0 {
            return;
        }
        let chance = 1.0 / sum.expected.max(0.5) + sum.doubt / sum.expected;
        let deviation = (chance + self.spread()).sqrt();
        let off = (sum.hits / sum.expected - 1.0).clamp(-3.0 * deviation, 2.0 * deviation);
        // Where chance alone scatters widely, a block says little.
        let weight = self.spread() / (chance + self.spread());
        let old = 1.0 - SPREAD_FADING;
        let excess = SPREAD_FADING * f64::from(self.spread.0) + old * SPREAD.0 * SPREAD.1 + weight * (off * off - chance);
        let all = SPREAD_FADING * f64::from(self.spread.1) + old * SPREAD.1 + weight;
        self.spread = (short(excess.max(0.0)), short(all));
    }

    /// The reference has `times` the complaints from now on.
    pub(super) fn lift(&mut self, times: f64) {
        for habit in &mut self.habits {
            habit.lift(times);
        }
        for day in &mut self.days {
            *day = Row { expected: day.expected * times, doubt: day.doubt * times, ..*day }.as_stored();
        }
    }
}

/// Sums over the window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    /// Believed complaints.
    pub hits: f64,
    /// Complaints that the reference expects.
    pub expected: f64,
    /// Expected ones times the relative variance of the share that expects them.
    pub doubt: f64,
    /// Complaints.
    pub said: f64,
    /// Messages.
    pub total: f64,
    /// Days that can be compared.
    pub days: usize,
}

/// What the window remembers of a day; history aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(super) struct Row {
    pub hits: f64,
    pub expected: f64,
    pub doubt: f64,
    pub said: f64,
    pub total: f64,
}

type Stored = (f32, f32, f32, f32, f32);

impl From<Stored> for Row {
    fn from(row: Stored) -> Self {
        let [hits, expected, doubt, said, total] = [row.0, row.1, row.2, row.3, row.4].map(f64::from);
        Self { hits, expected, doubt, said, total }
    }
}

impl From<Row> for Stored {
    fn from(of: Row) -> Self {
        (short(of.hits), short(of.expected), short(of.doubt), short(of.said), short(of.total))
    }
}

impl Row {
    /// As it will be after a restart.
    pub fn as_stored(self) -> Self {
        Self::from(Stored::from(self))
    }
}

/// A number with five digits, which JSON keeps as they are.
pub(super) fn short(number: f64) -> f32 {
    if number.is_nan() || number.abs() < 1e-30 {
        return 0.0;
    }
    let number = number.clamp(-1e30, 1e30);
    let scale = 10_f64.powi(4 - number.abs().log10().floor() as i32);
    ((number * scale).round() / scale) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_digits_are_kept() {
        for (number, kept) in [(0.123_456_789, "0.12346"), (123_456.0, "123460.0"), (7.0, "7.0"), (0.0, "0.0"), (f64::NAN, "0.0")] {
            assert_eq!(serde_json::to_string(&short(number)).unwrap(), kept);
        }
    }

    #[test]
    fn sources_beyond_the_twentieth_share_one_place() {
        let mut state = State::default();
        for source in 0..1000 {
            state.admit(&[Part { source, total: Some(3.0), ..Part::default() }]);
        }
        assert_eq!(state.habits.len(), SOURCES + 1);
        assert_eq!(state.place_of(500), state.place_of(900));
        assert_ne!(state.place_of(5), state.place_of(9));
    }
}
