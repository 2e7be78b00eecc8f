//! Sheets of a workbook: which one holds the answers, and its rows as delimited text.

use std::io;
use std::io::Write;

use chrono::DateTime;

use crate::domain::http::Packed;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::file::table::NO_DELIMITER;
use crate::sources::file::unpack::Store;
use crate::sources::file::unpack::Table;
use crate::sources::file::unpack::UnpackError;
use crate::sources::file::unpack::budget::Budget;
use crate::sources::file::unpack::budget::Counted;

/// Columns that are read. A spreadsheet has up to 16,384, a survey never.
pub(super) const MOST_COLUMNS: usize = 2_000;

/// Rows that a spreadsheet can have.
pub(super) const MOST_ROWS: u32 = 1_048_576;

/// Bytes of a cell. A spreadsheet holds 32,767 letters.
pub(super) const MOST_CELL: usize = 128 * 1024;

/// Bytes of a row: a few bytes of a workbook may claim that one text stands in each of its cells.
pub(super) const MOST_ROW: usize = 8 * 1024 * 1024;

/// Stands between cells: no text in XML may hold it.
const BETWEEN: u8 = NO_DELIMITER;

/// Days from the beginning of 1900, as spreadsheets count, to 1970.
const DAYS_1900: f64 = 25_569.0;

/// Days from the beginning of 1900 to that of 1904.
const DAYS_1904: f64 = 1_462.0;

/// A sheet's name, and whether a person sees it.
pub(super) struct Listed {
    pub name: String,
    pub is_hidden: bool,
}

/// A value in a row, as text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cell {
    pub text: String,
    /// It was written as a text, not as a number or a date.
    pub is_text: bool,
}

/// Takes a row: its number and its cells.
pub(super) type Each<'a> = &'a mut dyn FnMut(u32, &[Cell]) -> Result<(), UnpackError>;

/// The beginning of a text, as long as a cell may be.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_CELL)]
}

/// A workbook whose sheets are read one by one.
pub(super) trait Workbook {
    /// Its sheets in their order.
    fn sheets(&self) -> Vec<Listed>;
    /// Whether it counts days from 1904.
    fn is_since_1904(&self) -> bool;
    /// Goes through the rows of a sheet, whose numbers begin at 1 and rise.
    fn rows(&mut self, sheet: usize, budget: &Budget, row: Each<'_>) -> Result<(), UnpackError>;
}

/// Takes the sheet that the settings name, else the first visible one with a header; when none has
/// one, the first with anything in it.
pub(super) fn choose<W: Store>(
    workbook: &mut impl Workbook,
    name: &str,
    wish: &Packed,
    budget: &Budget,
    make: &mut dyn FnMut() -> io::Result<W>,
) -> Result<Table<W>, UnpackError> {
    let sheets = workbook.sheets();
    let named = wish.sheet.trim();
    let wanted = |sheet: &Listed| {
        if named.is_empty() { !sheet.is_hidden } else { sheet.name.trim().to_lowercase() == named.to_lowercase() }
    };
    let mut chosen: Option<(usize, W, u64)> = None;
    for at in (0..sheets.len()).filter(|at| wanted(&sheets[*at])) {
        let mut out = Out::new(make()?, budget);
        workbook.rows(at, budget, &mut |number, cells| out.row(number, cells))?;
        let has_header = out.has_header();
        let is_empty = out.filled == 0;
        let (body, size) = out.to.finish()?;
        if has_header || (!is_empty && chosen.is_none()) {
            chosen = Some((at, body, size));
        }
        if has_header {
            break;
        }
    }
    let Some((at, body, size)) = chosen else {
        let there = sheets.iter().map(|sheet| format!("`{}`", sheet.name)).take(30).collect::<Vec<_>>().join(", ");
        return Err(if named.is_empty() {
            ReadError::new(format!("a workbook without anything on its visible sheets; it has {there}"), "name the right one with `sheet`")
        } else {
            ReadError::new(
                format!("no sheet is called `{named}`, or nothing is on it; the workbook has {there}"),
                "correct `sheet` of the source",
            )
        }
        .into());
    };
    let others = sheets.iter().enumerate().filter(|(other, _)| *other != at);
    let ignored = |sheet: &Listed| {
        let message = format!("it was left alone: `{}` is read; `sheet` of the source says another", sheets[at].name);
        Warning::new("sheet_ignored", sheet.name.clone(), message)
    };
    Ok(Table {
        name: name.to_owned(),
        body,
        size,
        delimiter: Some(BETWEEN),
        since_1904: workbook.is_since_1904(),
        warnings: others.map(|(_, sheet)| ignored(sheet)).take(20).collect(),
    })
}

/// Rows as delimited text, a line each, so that a line's number is the row's as long as no cell
/// holds a line end.
struct Out<'a, W: Store> {
    to: Counted<'a, W>,
    line: u32,
    buffer: Vec<u8>,
    /// Rows with anything in them.
    filled: u32,
    /// How many texts stood in the row that looks most like a header, and rows below it.
    header: Option<usize>,
    below: u32,
}

impl<'a, W: Store> Out<'a, W> {
    fn new(to: W, budget: &'a Budget) -> Self {
        Self { to: Counted::new(to, budget), line: 0, buffer: Vec::new(), filled: 0, header: None, below: 0 }
    }

    fn row(&mut self, number: u32, cells: &[Cell]) -> Result<(), UnpackError> {
        let filled = cells.iter().filter(|cell| !cell.text.trim().is_empty());
        let count = filled.clone().count();
        if count == 0 {
            return Ok(());
        }
        self.filled += 1;
        match self.header {
            None if count >= 2 && filled.clone().all(|cell| cell.is_text) => self.header = Some(count),
            Some(_) => self.below += 1,
            None => {}
        }
        self.buffer.clear();
        while self.line + 1 < number {
            self.buffer.push(b'\n');
            self.line += 1;
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.buffer.push(BETWEEN);
            }
            quote(&cell.text, &mut self.buffer);
        }
        self.buffer.push(b'\n');
        self.line += 1;
        let written = self.to.write_all(&self.buffer);
        written.map_err(|error| self.to.why(error))
    }

    fn has_header(&self) -> bool {
        self.header.is_some() && self.below > 0
    }
}

/// A cell that delimiters and line ends in it do not cut.
fn quote(text: &str, to: &mut Vec<u8>) {
    if !text.bytes().any(|byte| matches!(byte, b'"' | b'\n' | b'\r' | BETWEEN)) {
        to.extend_from_slice(text.as_bytes());
        return;
    }
    to.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => to.extend_from_slice(b"\"\""),
            BETWEEN => {}
            byte => to.push(byte),
        }
    }
    to.push(b'"');
}

/// A number as people write it, without what binary fractions add to it.
pub(super) fn number(text: &str) -> String {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 => format!("{}", value as i64),
        Ok(value) if value.is_finite() => format!("{value}"),
        _ => text.trim().to_owned(),
    }
}

/// The time that a spreadsheet's number of days means, to the second.
pub(in crate::sources::file) fn of_days(days: f64, since_1904: bool) -> Option<String> {
    let days = if since_1904 { days + DAYS_1904 } else { days };
    // Before March 1900 the two ways to count differ; no answer is so old.
    if !(61.0..2_958_466.0).contains(&days) {
        return None;
    }
    let seconds = ((days - DAYS_1900) * 86_400.0).round();
    let at = DateTime::from_timestamp(seconds as i64, 0)?;
    Some(at.format("%Y-%m-%d %H:%M:%S").to_string())
}
