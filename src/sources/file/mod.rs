//! Survey exports and other tables dropped into a folder, behind an address, or one such file.
//!
//! A file is read in pieces of some megabytes, in whole records; what was found out about it at the
//! start travels with the request for the next piece. Files are told apart by path, size and time
//! of change, rows by their id or content: an export that is dropped twice, or again and longer,
//! counts each row once.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::domain::Timestamp;
use crate::domain::http::Bytes;
use crate::domain::http::Packed;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Slice;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::file::reader::Form;
use crate::sources::file::reader::State;

pub use crate::sources::file::export::Export;
pub use crate::sources::file::export::document;
pub use crate::sources::file::export::explained;

mod columns;
mod dates;
mod export;
mod finder;
mod ids;
mod json;
mod lines;
mod ratings;
mod reader;
pub(in crate::sources) mod recording;
mod records;
mod rejects;
mod responses;
mod rows;
mod table;
pub mod unpack;
mod walk;
mod words;

/// Which folder, and what cannot be seen from the files alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Watched folder.
    pub folder: PathBuf,
    /// Address of an export on the web, instead of a folder.
    pub url: Option<String>,
    /// Only files whose names match one of these (`*` and `?`); empty means all that look like tables.
    pub pattern: Vec<String>,
    /// Folders in the folder are looked into as well.
    pub recursive: bool,
    /// How long a dropped file must rest before it is read; the daemon's own time without it.
    pub settle: Option<TimeDelta>,
    /// What becomes of a file that was read.
    pub after: After,
    /// What is too large.
    pub limits: Limits,
    /// Encoding of the files, by its name; found out without it.
    pub encoding: Option<String>,
    /// What stands between cells; found out without it.
    pub delimiter: Option<u8>,
    /// Whether numbers have a decimal comma; found out without it.
    pub decimal_comma: Option<bool>,
    /// Line that names the columns, from 1; found out without it.
    pub header_row: Option<u64>,
    /// Sheet of a workbook; empty takes the first visible one with a header.
    pub sheet: String,
    /// Folder for rows that cannot be read, of all sources; beside the database without it.
    pub rejects: Option<PathBuf>,
    /// Name of the source, under which they stand there.
    pub source: String,
    /// Zone of times that name none; UTC with a warning otherwise.
    pub time_zone: Option<Tz>,
    /// Order of day, month and year in dates that could be read two ways.
    pub date_order: Option<DateOrder>,
    /// Names of columns, where they are not found by themselves.
    pub columns: Columns,
    /// Columns that were taken for ids in what was read before. Found out, never set.
    pub known_ids: BTreeSet<String>,
}

/// What becomes of a file that was read and stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum After {
    /// It stays.
    #[default]
    Keep,
    /// It goes to another folder.
    Move(PathBuf),
    /// It is deleted.
    Delete,
}

/// What is too large, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a file as it lies there.
    pub file: u64,
    /// Of what comes out of it.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 500_000_000, unpacked: 2_000_000_000 }
    }
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
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// Words that stand for ratings, each with its value.
    pub rating_words: Vec<(String, f64)>,
    /// Address of the original.
    pub url: Option<String>,
    /// Language of the answer.
    pub lang: Option<String>,
    /// Columns that are kept as fields, and so can be segments.
    pub fields: Vec<String>,
    /// Rows that are no answers: a column and what stands in it then.
    pub drop_rows: Vec<(String, String)>,
}

/// A watched folder.
#[derive(Debug)]
pub struct Folder {
    settings: Settings,
}

impl Folder {
    /// A source for the tables in a folder.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Source for Folder {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        Request::Folder(walk::place(&self.settings))
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        match response {
            Response::Folder(entries) => Ok(walk::begin(&self.settings, cursor, entries, now)),
            Response::Slice(bytes) => Ok(walk::go_on(&self.settings, cursor, bytes, now)),
            Response::Retired(retired, still_there) => Ok(walk::retired(&self.settings, cursor, retired, still_there.as_deref(), now)),
            _ => Err(ReadError::misplaced()),
        }
    }
}

/// One file, for an import or a look at it.
#[derive(Debug)]
pub struct OneFile {
    path: PathBuf,
    settings: Settings,
}

impl OneFile {
    /// A source for one file; `folder` and `pattern` of the settings do not matter.
    #[must_use]
    pub fn new(path: PathBuf, settings: Settings) -> Self {
        Self { path, settings }
    }
}

impl Source for OneFile {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        Request::Slice(slice(&self.settings, &self.path, 0, reader::PIECE, 0, String::new()))
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let Response::Slice(bytes) = response else {
            return Err(ReadError::misplaced());
        };
        let state: State = serde_json::from_str(&bytes.request.context).unwrap_or_default();
        let piece = reader::read(bytes, state, &self.settings)?;
        let next = piece.next.map(|next| {
            let context = serde_json::to_string(&next.state).unwrap_or_default();
            Request::Slice(slice(&self.settings, &self.path, next.from, next.limit, next.state.part, context))
        });
        let rejects = rejects::of_piece(&self.settings, &self.path, bytes, piece.rejects.rows);
        Ok(Page { format: piece.format, items: piece.items, warnings: piece.warnings, rejects, next, ..Page::default() })
    }
}

/// Files of a watched folder that could not be read, each with why and what to do, from what is
/// stored of its polls.
#[must_use]
pub fn refused(cursor: &Cursor) -> Vec<(PathBuf, String)> {
    walk::refused(cursor)
}

/// What the columns of a file were found to be for, from its first piece: pairs of a column's name
/// and what is made of it: `published`, `text`; `personal` and `not kept` for what is dropped.
///
/// # Errors
///
/// As reading that piece would have.
pub fn columns(bytes: &Bytes, settings: &Settings) -> Result<Vec<(String, String)>, ReadError> {
    let piece = reader::read(bytes, State::default(), settings)?;
    Ok(piece.form.as_ref().map(Form::explained).unwrap_or_default())
}

/// A request for a piece of one of the tables in a file.
fn slice(settings: &Settings, path: &Path, from: u64, limit: u64, part: u32, context: String) -> Slice {
    Slice { path: path.to_owned(), from: from as i64, limit, context, packed: Some(Box::new(packed(settings, part))) }
}

fn packed(settings: &Settings, part: u32) -> Packed {
    let Limits { file, unpacked } = settings.limits;
    Packed { part, max_file: file, max_unpacked: unpacked, sheet: settings.sheet.clone() }
}

#[cfg(test)]
mod tests;
