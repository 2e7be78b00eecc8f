//! What was remembered of a series before each bucket: all of the newest, fewer of the older, so
//! that a change in any bucket is replayed from a step not far before it.

use std::collections::BTreeMap;

/// Of this many newest buckets each has a step.
const EVERY: usize = 32;
/// Then every day of hours for so many buckets, and every week for ever.
const DAY: usize = 24;
const DAYS: usize = 15 * DAY;
const WEEK: usize = 7 * DAY;

/// Memories by the bucket they stand before.
#[derive(Debug)]
pub(super) struct Ladder<M> {
    steps: BTreeMap<usize, M>,
}

impl<M: Clone> Ladder<M> {
    pub fn new() -> Self {
        Self { steps: BTreeMap::new() }
    }

    /// Remembers what was known before a bucket. Steps of later buckets are wrong from now on.
    pub fn keep(&mut self, bucket: usize, memory: &M) {
        while self.steps.last_key_value().is_some_and(|(last, _)| *last >= bucket) {
            self.steps.pop_last();
        }
        self.steps.insert(bucket, memory.clone());
        for (age, stride) in [(EVERY, DAY), (DAYS, WEEK)] {
            let old = bucket.wrapping_sub(age);
            if old < bucket && !old.is_multiple_of(stride) {
                self.steps.remove(&old);
            }
        }
    }

    /// The newest step that does not stand behind a bucket.
    pub fn before(&self, bucket: usize) -> Option<(usize, M)> {
        self.steps.range(..=bucket).next_back().map(|(at, memory)| (*at, memory.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_replayed_from_near_and_few_steps_are_kept() {
        let mut ladder = Ladder::new();
        for bucket in 0..9_000 {
            ladder.keep(bucket, &bucket);
        }
        assert!(ladder.steps.len() < 120, "{}", ladder.steps.len());
        for (asked, found) in [(8_999, 8_999), (8_970, 8_970), (8_800, 8_784), (5_000, 4_872), (100, 0)] {
            assert_eq!(ladder.before(asked), Some((found, found)), "{asked}");
        }
        ladder.keep(8_800, &0);
        assert_eq!(ladder.before(9_000), Some((8_800, 0)), "what is behind a replay is forgotten");
    }
}
