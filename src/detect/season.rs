//! The shape of a day and a week: how busy each slot is, as a factor of the usual volume.

use serde::Deserialize;
use serde::Serialize;

/// Buckets of average busyness that every slot starts with: a slot has to earn its factor.
const PRIOR: f64 = 4.0;

/// Learnt volume of each slot against what was expected there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Season {
    /// Faded sums of volume over the usual volume.
    observed: Vec<f32>,
    /// Faded numbers of buckets.
    expected: Vec<f32>,
}

impl Season {
    pub fn new(slots: usize) -> Self {
        Self { observed: vec![0.0; slots], expected: vec![0.0; slots] }
    }

    /// Whether it was learnt with this number of slots.
    pub fn fits(&self, slots: usize) -> bool {
        self.observed.len() == slots && self.expected.len() == slots
    }

    /// Busyness of a slot; 1 is average.
    pub fn factor(&self, slot: usize) -> f64 {
        let at = |sums: &[f32]| f64::from(sums.get(slot).copied().unwrap_or(0.0));
        (at(&self.observed) + PRIOR) / (at(&self.expected) + PRIOR)
    }

    /// A bucket of this slot had `volume` where `usual` is the average; both in messages.
    pub fn learn(&mut self, slot: usize, volume: f64, usual: f64, weight: f64, fading: f64) {
        if let (Some(observed), Some(expected)) = (self.observed.get_mut(slot), self.expected.get_mut(slot)) {
            *observed = (fading * f64::from(*observed) + weight * volume / usual.max(0.1)) as f32;
            *expected = (fading * f64::from(*expected) + weight) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_slot_is_learnt_and_the_others_stay_average() {
        let mut season = Season::new(7);
        for _ in 0..40 {
            season.learn(0, 30.0, 10.0, 1.0, 0.95);
        }
        assert!((season.factor(0) - 3.0).abs() < 0.5, "{}", season.factor(0));
        assert!((season.factor(1) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_slot_that_does_not_exist_is_average_and_learns_nothing() {
        let mut season = Season::default();
        season.learn(3, 30.0, 10.0, 1.0, 0.95);
        assert!((season.factor(3) - 1.0).abs() < 1e-9);
    }
}
