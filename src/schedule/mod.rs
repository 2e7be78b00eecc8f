//! When to poll: an interval with jitter, or a cron line of a time zone.
//!
//! Pure: the last time and the present come in, the next time goes out.

use chrono::TimeDelta;
use chrono_tz::Tz;

pub mod cron;

use crate::domain::Timestamp;

/// When a source is polled.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Every so often.
    Every(TimeDelta),
    /// At the local times that a cron line names.
    Cron(cron::Line, Tz),
}
