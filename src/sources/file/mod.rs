//! Survey exports and other tables dropped into a folder.

use std::path::PathBuf;

use chrono_tz::Tz;

/// Which folder, and what cannot be seen from the files alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Watched folder.
    pub folder: PathBuf,
    /// Only files whose names match this (`*` and `?`); empty means all that look like tables.
    pub pattern: String,
    /// Zone of times that name none; UTC with a warning otherwise.
    pub time_zone: Option<Tz>,
    /// Order of day, month and year in dates that could be read two ways.
    pub date_order: Option<DateOrder>,
    /// Names of columns, where they are not found by themselves.
    pub columns: Columns,
}

/// Order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2026
    DayMonthYear,
    /// 12/31/2026
    MonthDayYear,
    /// 2026/12/31
    YearMonthDay,
}

/// Which column holds what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// The record's own id.
    pub id: Option<String>,
    /// Open answers, joined by a blank line in this order.
    pub text: Vec<String>,
    /// When it was given.
    pub date: Option<String>,
    /// The rating.
    pub rating: Option<String>,
    /// Best value of the rating.
    pub rating_max: Option<u32>,
    /// Columns that are kept as fields, and so can be segments.
    pub fields: Vec<String>,
}

use crate::domain::Timestamp;
use crate::domain::http::*;
use crate::domain::item::*;
use crate::sources::ReadError;
use crate::sources::Source;
pub struct Folder { settings: Settings }
impl Folder { pub fn new(settings: Settings) -> Self { Self { settings } } }
impl Source for Folder {
    fn first(&self, _s: &Shard, _c: &Cursor, _n: Timestamp) -> Request { Request::Folder(self.settings.folder.clone()) }
    fn read(&self, _s: &Shard, _c: &Cursor, _r: &Response, _n: Timestamp) -> Result<Page, ReadError> { Err(ReadError::misplaced()) }
}
