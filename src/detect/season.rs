//! The shape of a day and a week: how much busier, or fuller of complaints, each slot is than usual.

use serde::Deserialize;
use serde::Serialize;

/// What was observed in each slot against what was expected there. A slot has to earn its factor:
/// it starts with a number of average buckets or complaints, the prior.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Season {
    /// Faded sums of what was.
    observed: Vec<f32>,
    /// Faded sums of what the average would have been.
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

    /// Factor of a slot; 1 is average.
    pub fn factor(&self, slot: usize, prior: f64) -> f64 {
        let at = |sums: &[f32]| f64::from(sums.get(slot).copied().unwrap_or(0.0));
        (at(&self.observed) + prior) / (at(&self.expected) + prior)
    }

    /// A bucket of this slot had `observed` where the average would have been `expected`.
    pub fn learn(&mut self, slot: usize, observed: f64, expected: f64, fading: f64) {
        let learnt = (observed, expected);
        if let (Some(observed), Some(expected)) = (self.observed.get_mut(slot), self.expected.get_mut(slot)) {
            *observed = (fading * f64::from(*observed) + learnt.0) as f32;
            *expected = (fading * f64::from(*expected) + learnt.1) as f32;
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
            season.learn(0, 3.0, 1.0, 0.95);
        }
        assert!((season.factor(0, 4.0) - 3.0).abs() < 0.5, "{}", season.factor(0, 4.0));
        assert!((season.factor(1, 4.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_slot_that_does_not_exist_is_average_and_learns_nothing() {
        let mut season = Season::default();
        season.learn(3, 3.0, 1.0, 0.95);
        assert!((season.factor(3, 4.0) - 1.0).abs() < 1e-9);
    }
}
