//! Plays a recorded JSON-lines file back in time.

use std::path::PathBuf;

use chrono::TimeDelta;

use crate::domain::Timestamp;

/// What to play.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The recording: JSON lines in the order of their times.
    pub file: PathBuf,
    /// Which part arrives live; everything before it is history, which ends now.
    pub live: Live,
    /// Seconds of the recording in a second of the daemon. The engine's clock runs at this speed,
    /// so the source itself need not care.
    pub speed: f64,
}

/// Which part of a recording arrives live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// The last so much of it.
    Last(TimeDelta),
    /// Everything from a recorded time on.
    From(Timestamp),
}
