//! Cron lines, right over clock changes.

/// A cron line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(String);
