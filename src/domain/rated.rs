//! Ratings of a bucket as a mean is judged from them: how many points were lost against the best.

use crate::domain::Timestamp;

/// Answers with the points that they lost: five stars lose none, one star loses four.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Answers {
    /// How many.
    pub count: f64,
    /// Points lost by all.
    pub lost: f64,
    /// Sum of the squares of the points that each lost.
    pub square: f64,
}

/// What one source added to one bucket of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RatedPart {
    /// Number of the source.
    pub source: i64,
    /// What testifies.
    pub live: Answers,
    /// What came as history: it teaches only.
    pub late: Answers,
}

/// One bucket of a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketRatings {
    /// First moment.
    pub start: Timestamp,
    /// First moment of the next one.
    pub end: Timestamp,
    /// What each source added.
    pub parts: Vec<RatedPart>,
}
