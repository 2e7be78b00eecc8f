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

use crate::domain::http::*;
use crate::domain::item::*;
use crate::sources::ReadError;
use crate::sources::Source;
pub struct Replay {
    settings: Settings,
}
impl Replay {
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}
impl Source for Replay {
    fn first(&self, _s: &Shard, _c: &Cursor, _n: Timestamp) -> Request {
        Request::Folder(self.settings.file.clone())
    }
    fn read(&self, _s: &Shard, _c: &Cursor, _r: &Response, _n: Timestamp) -> Result<Page, ReadError> {
        Err(ReadError::misplaced())
    }
}
