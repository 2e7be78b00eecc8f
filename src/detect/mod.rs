//! Turns counts into verdicts: is this theme louder than it should be?
//!
//! Pure. Counts and the time come in, a verdict with its numbers goes out; the caller stores it.
//! A detector never sees an item's text, so a verdict can be replayed from counts.
//!
//! Start reading at [`share::ShareDetector`]. To add a detector, write a file with a state and an
//! implementation of [`Detector`], and a series of counts with the verdict expected for each.
//! [`drivers`] and [`words`] say afterwards where an excess comes from.

use crate::calendar::bucket::Width;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::incident::Verdict;

pub mod budget;
pub mod budget_of_drift;
pub mod calibration;
pub mod drift;
pub mod drivers;
pub mod measure;
pub mod share;
pub mod state;
pub mod tail;
pub mod words;

mod dispersion;
mod evidence;
mod measured;
#[cfg(test)]
mod often;
mod reading;
mod rhythm;
mod season;
mod sources;
#[cfg(test)]
mod stories;
mod verdict;
mod windows;

/// A way to judge a series of buckets.
pub trait Detector: Send + Sync {
    /// What it remembers of a series: a few kB, stored as JSON, never a re-read of history.
    type State: Clone + Default + serde::Serialize + serde::de::DeserializeOwned;

    /// Judges a complete bucket and learns from it. Buckets come in order, without gaps.
    fn advance(&self, state: &mut Self::State, bucket: &BucketCount) -> Verdict;

    /// Judges a bucket that is still open, by comparing its count so far with what the whole
    /// bucket is expected to hold; learns nothing.
    fn peek(&self, state: &Self::State, open: &BucketCount, now: Timestamp) -> Verdict;
}

/// What a watch asks of a detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Length of the buckets.
    pub width: Width,
    /// False alarms a year that this one series may give.
    pub false_alarms_per_year: f64,
    /// Fewer complaints than this in a window never fire.
    pub min_complaints: u32,
}
