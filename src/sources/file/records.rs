//! Reads the records of delimited text.

use std::borrow::Cow;

use crate::sources::ReadError;
use crate::sources::file::Settings;
use crate::sources::file::columns::Columns;
use crate::sources::file::finder::Sample;
use crate::sources::file::reader::Begun;
use crate::sources::file::reader::Shape;
use crate::sources::file::reader::Taken;
use crate::sources::file::reader::Text;
use crate::sources::file::rejects::Rejecting;
use crate::sources::file::rows::Rows;
use crate::sources::file::table;
use crate::sources::file::table::Header;
use crate::sources::file::table::Raw;
use crate::text::hash;

/// Values of a column that are looked at to find what it is. Dates are looked at all.
const SAMPLED: usize = 500;

/// Finds delimiter, header and columns, and reads the rest of the first piece.
pub(super) fn begin(text: &Text<'_>, settings: &Settings) -> Result<Begun, ReadError> {
    let (skip, delimiter) =
        text.given.delimiter.map_or_else(|| table::delimiter(&text.bytes), |given| (table::instruction(&text.bytes), given));
    let raws = table::records(&text.bytes[skip..], delimiter).collect::<Vec<_>>();
    let whole = whole(&text.bytes[skip..], &raws, delimiter, text.last, usize::MAX);
    let decode = |cell: &[u8]| text.decode(cell).into_owned();
    let Some(header) = table::header(&raws[..whole.max(1).min(raws.len())], settings.header_row, &decode) else {
        if text.last {
            return Err(ReadError::new(
                "no row that names the columns",
                "put the columns' names in the first row, or check that this is a table",
            ));
        }
        return Ok(None);
    };
    if whole <= header.at + header.rows && !text.last {
        return Ok(None);
    }
    let body = &raws[(header.at + header.rows).min(raws.len())..];
    let samples = samples(text, &header, body);
    let filled = body.iter().filter(|raw| raw.cells.iter().any(|cell| !table::is_blank(cell))).count().min(SAMPLED);
    let cells = body.iter().take(200).flat_map(|raw| raw.cells.iter().map(|cell| text.decode(cell)));
    let comma = settings.decimal_comma.unwrap_or_else(|| table::has_decimal_comma(cells, delimiter));
    let zone = header.zone.clone();
    let (mut columns, warnings) = Columns::find(&samples, filled, settings, comma, text.given.since_1904)?;
    if zone.is_some() {
        columns.zone = zone;
    }
    let start = body.first().map_or(text.bytes.len() - skip, |raw| raw.start);
    let mut taken = take(text, skip, start, body, delimiter, &columns, settings);
    let assumed = |warning: &crate::domain::item::Warning| warning.code == "timezone_assumed";
    taken.warnings.splice(0..0, warnings.into_iter().filter(|warning| columns.zone.is_none() || !assumed(warning)));
    Ok(Some((Shape::Table(delimiter), columns, taken)))
}

/// Reads a piece that is not the first.
pub(super) fn more(text: &Text<'_>, delimiter: u8, columns: &Columns, settings: &Settings) -> Taken {
    let raws = table::records(&text.bytes, delimiter).collect::<Vec<_>>();
    take(text, 0, 0, &raws, delimiter, columns, settings)
}

/// How many of the records may be taken: all but a last one that is still being written or goes
/// on in the next piece.
fn whole(bytes: &[u8], raws: &[Raw], delimiter: u8, last: bool, width: usize) -> usize {
    let Some(end) = raws.last() else {
        return 0;
    };
    let raw = &bytes[end.start..end.end];
    let complete = table::is_whole(raw, delimiter)
        || (last
            && !table::open_quote(raw, delimiter)
            && (width == usize::MAX || end.cells.len() >= width || end.cells.iter().all(table::is_blank)));
    if complete { raws.len() } else { raws.len() - 1 }
}

/// Turns records into items. `skip` bytes lie before the text that the records count from, and
/// `start` is where the first of them begins.
fn take(text: &Text<'_>, skip: usize, start: usize, raws: &[Raw], delimiter: u8, columns: &Columns, settings: &Settings) -> Taken {
    let bytes = &text.bytes[skip..];
    let width = columns.names.len();
    let whole = whole(bytes, raws, delimiter, text.last, width);
    let mut taking = Rows::new(columns, settings);
    let mut rejects = Rejecting::default();
    for record in &raws[..whole] {
        row(text, bytes, record, width, &mut taking, &mut rejects);
    }
    if let Some(held) = raws.get(whole).filter(|_| text.last) {
        let line = text.lines + held.line + 1;
        taking.notes().add("incomplete_last_record", line, "the last record is still being written; it is read when the file has grown");
    }
    let consumed = match (raws.get(whole), raws.last()) {
        (Some(held), _) => held.start,
        (None, Some(end)) => end.end,
        (None, None) => start.max(bytes.len()),
    };
    let lines = table::line_ends(&bytes[..consumed]);
    let (items, warnings) = taking.finish();
    Taken { consumed: skip + consumed, lines, items, warnings, rejects }
}

fn row(text: &Text<'_>, bytes: &[u8], raw: &Raw, width: usize, rows: &mut Rows<'_>, rejects: &mut Rejecting) {
    if raw.cells.iter().all(table::is_blank) {
        return;
    }
    let line = text.lines + raw.line + 1;
    if raw.cells.len() > width && raw.cells.iter().skip(width).any(|cell| !table::is_blank(cell)) {
        let why = "more cells than columns: the row was left out";
        rows.notes().add("ragged_row", line, why);
        rejects.add(line, why, text.decode(&bytes[raw.start..raw.end]).as_bytes());
        return;
    }
    // A sheet has no blank cells at the end of its rows.
    let is_sheet = text.given.delimiter == Some(table::NO_DELIMITER);
    if raw.cells.len() < width && !is_sheet {
        rows.notes().add("ragged_row", line, "fewer cells than columns: the rest is taken as blank");
    }
    let hash = |id_at: Option<usize>| {
        // As if it had no id: the row is the same before and after somebody fills it in.
        let cells = raw.cells.iter().enumerate().map(|(at, cell)| if Some(at) == id_at { b"".as_slice() } else { cell });
        let mut cells = cells.map(|cell| text.decode(cell)).collect::<Vec<_>>();
        let filled = cells.iter().rposition(|cell| !table::is_blank(cell.as_bytes())).map_or(0, |at| at + 1);
        cells.truncate(filled);
        hash::of_parts(cells.iter().map(|cell| cell.trim()))
    };
    let rejected = rows.take(line, |at| raw.cells.get(at).map_or(Cow::Borrowed(""), |cell| text.decode(cell)), hash);
    if let Some(why) = rejected {
        rejects.add(line, why, text.decode(&bytes[raw.start..raw.end]).as_bytes());
    }
}

fn samples<'a>(text: &Text<'_>, header: &Header, body: &'a [Raw]) -> Vec<Sample<'a>> {
    let named = header.names.iter().zip(&header.described).enumerate();
    named
        .map(|(at, (name, described))| {
            let filled =
                body.iter().filter_map(|raw| Some((text.lines + raw.line + 1, raw.cells.get(at).filter(|cell| !table::is_blank(cell))?)));
            let decoded = filled.enumerate().map_while(|(count, (line, cell))| {
                let value = text.decode(cell);
                // Beyond the sample only what may be a date is of interest.
                let dated = value.len() < 40 && value.starts_with(|letter: char| letter.is_ascii_digit());
                (count < SAMPLED || dated).then_some((line, value))
            });
            Sample { described: described.clone(), name: name.clone(), values: decoded.collect() }
        })
        .collect()
}
