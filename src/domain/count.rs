//! Counts by event time: quarters of an hour in, buckets of a watch out.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;

/// A quarter of an hour in UTC, numbered from 1970. Every counter is kept by quarter, for hours
/// and days of any time zone can be made from quarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quarter(pub i64);

impl Quarter {
    /// Length in seconds.
    pub const SECONDS: i64 = 900;

    /// The quarter that holds `at`.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.timestamp().div_euclid(Self::SECONDS))
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_timestamp(self.0 * Self::SECONDS, 0).unwrap_or_default()
    }
}

/// What one source added to one bucket of a series.
///
/// `late` is the part of `total` and `hits` that came as history: a first poll, an import,
/// back-fill. It teaches what is usual and never testifies to a spike.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Part {
    /// Number of the source; the same over the life of a series.
    pub source: i64,
    /// Messages in all. `None` where nobody counted them: then counts alone are judged.
    pub total: Option<f64>,
    /// Messages with the theme.
    pub hits: f64,
    /// History among `total`.
    pub late_total: f64,
    /// History among `hits`.
    pub late_hits: f64,
}

/// One bucket of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketCount {
    /// First moment.
    pub start: Timestamp,
    /// First moment of the next one.
    pub end: Timestamp,
    /// Hour of the day at its start in the watch's zone, 0 to 23.
    pub hour: u8,
    /// Day of the week at its start in the watch's zone, 0 is Monday.
    pub weekday: u8,
    /// A day off in the watch's countries: messages come as on a Sunday.
    pub holiday: bool,
    /// What each source added; a source without a message may be left out.
    pub parts: Vec<Part>,
}

impl BucketCount {
    /// Complaints of all sources, history included.
    #[must_use]
    pub fn hits(&self) -> f64 {
        self.parts.iter().map(|part| part.hits).sum()
    }

    /// Messages of all sources, history included.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts.iter().filter_map(|part| part.total).sum()
    }
}
