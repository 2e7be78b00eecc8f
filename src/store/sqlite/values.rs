//! How moments and sets of values stand in the tables.

use crate::domain::Timestamp;

/// A moment as milliseconds since 1970.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The moment that [`millis`] wrote.
pub(super) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(millis).unwrap_or_default()
}
