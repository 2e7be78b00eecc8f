//! What is usual in one source: its share in the reference, the months that will join it, and its
//! share of late, which says what a large ordinary day is.

use serde::Deserialize;
use serde::Serialize;

use crate::detect::drift::WINDOW;
use crate::detect::drift::state::short;

/// What a block of 28 days leaves of the older reference: half after 180 days.
const FADING: f64 = 0.898;
/// What a day leaves of the level of late: half after 60 days.
const LATE_FADING: f64 = 0.988_514;
/// Share that is assumed of a first source, and the messages that it weighs.
const FIRST: (f64, f64) = (0.1, 5.0);
/// Days of its first block that a source must have been there for to have a reference.
const HALF: u32 = WINDOW as u32 / 2;

/// Complaints and messages.
pub(super) type Pair = (f32, f32);

/// One source. Stored as a row of numbers, for there are several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(super) struct Habit {
    /// Number of the source.
    pub source: i64,
    /// Age of the series when it joined, in days.
    pub born: u32,
    reference: Pair,
    /// Blocks that wait to join the reference, the older one first.
    waiting: [Pair; 2],
    /// The block that goes on.
    block: Pair,
    /// Faded sums of late.
    late: Pair,
}

type Stored = (i64, u32, Pair, [Pair; 2], Pair, Pair);

impl From<Stored> for Habit {
    fn from((source, born, reference, waiting, block, late): Stored) -> Self {
        Self { source, born, reference, waiting, block, late }
    }
}

impl From<Habit> for Stored {
    fn from(of: Habit) -> Self {
        (of.source, of.born, of.reference, of.waiting, of.block, of.late)
    }
}

impl Habit {
    /// A source that speaks for the first time; of late it is taken to be like the others.
    pub fn newcomer(source: i64, born: u32, others: Option<f64>) -> Self {
        let share = others.unwrap_or(FIRST.0);
        let late = (short(share * FIRST.1), FIRST.1 as f32);
        Self { source, born, reference: (0.0, 0.0), waiting: [(0.0, 0.0); 2], block: (0.0, 0.0), late }
    }

    /// Share of complaints in the reference; `None` where it has none. Half a complaint more than
    /// were seen, after Jeffreys.
    pub fn share(&self) -> Option<f64> {
        let (hits, total) = pair(self.reference);
        (total > 0.0).then(|| (hits + 0.5) / total.max(1.0))
    }

    /// Relative variance of that share.
    pub fn unsure(&self) -> f64 {
        1.0 / (pair(self.reference).0 + 0.5)
    }

    /// Share of late.
    pub fn of_late(&self) -> f64 {
        let (hits, total) = pair(self.late);
        hits / total.max(1e-9)
    }

    /// Relative variance of the share of late.
    pub fn unsure_of_late(&self) -> f64 {
        1.0 / (pair(self.late).0 + 0.5)
    }

    /// Messages of late, for the pooled share.
    pub fn weight(&self) -> (f64, f64) {
        pair(self.late)
    }

    /// A day with this many believed complaints among this many messages.
    pub fn learn(&mut self, hits: f64, total: f64) {
        self.block = add(self.block, (hits, total), 1.0);
        self.late = add(self.late, (hits, total), LATE_FADING);
    }

    /// A day of the pinned reference.
    pub fn pin(&mut self, hits: f64, total: f64) {
        self.reference = add(self.reference, (hits, total), 1.0);
    }

    /// A block is over. `joins`: the oldest one that waited becomes a part of the reference.
    pub fn turn(&mut self, age: u32, joins: bool) {
        let [oldest, next] = self.waiting;
        if joins && oldest.1 > 0.0 {
            self.reference = add(self.reference, pair(oldest), FADING);
        }
        let mut block = std::mem::take(&mut self.block);
        // The oldest stretch known is better than none; it has joined then and joins no more.
        if joins && self.reference.1 <= 0.0 && block.1 > 0.0 && age.saturating_sub(self.born) >= HALF {
            self.reference = std::mem::take(&mut block);
        }
        self.waiting = [next, block];
    }

    /// The reference has `times` the complaints from now on.
    pub fn lift(&mut self, times: f64) {
        self.reference.0 = short(f64::from(self.reference.0) * times);
    }
}

fn pair((hits, total): Pair) -> (f64, f64) {
    (f64::from(hits), f64::from(total))
}

fn add(to: Pair, (hits, total): (f64, f64), fading: f64) -> Pair {
    let (old_hits, old_total) = pair(to);
    (short(fading * old_hits + hits), short(fading * old_total + total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_a_reference_after_its_first_block_and_months_join_it_late() {
        let mut habit = Habit::newcomer(1, 0, None);
        assert_eq!(habit.share(), None);
        habit.learn(10.0, 100.0);
        habit.turn(28, true);
        let first = habit.share().unwrap();
        for block in 2..4 {
            habit.learn(90.0, 100.0);
            habit.turn(28 * block, true);
            assert_eq!(habit.share(), Some(first), "block {block} waits");
        }
        habit.turn(28 * 4, true);
        assert!(habit.share().unwrap() > 4.0 * first);
    }

    #[test]
    fn nothing_joins_while_a_rise_stands() {
        let mut habit = Habit::newcomer(1, 0, None);
        habit.learn(10.0, 100.0);
        habit.turn(28, true);
        let first = habit.share();
        for block in 2..40 {
            habit.learn(90.0, 100.0);
            habit.turn(28 * block, false);
        }
        assert_eq!(habit.share(), first);
    }

    #[test]
    fn a_source_that_joined_last_week_waits_for_its_reference() {
        let mut habit = Habit::newcomer(1, 20, None);
        habit.learn(10.0, 100.0);
        habit.turn(28, true);
        assert_eq!(habit.share(), None);
        habit.learn(10.0, 100.0);
        habit.turn(56, true);
        assert!(habit.share().is_some());
    }
}
