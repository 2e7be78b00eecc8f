//! Reads JSON objects: one a line, or all in one list.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::sources::ReadError;
use crate::sources::file::Settings;
use crate::sources::file::columns::Columns;
use crate::sources::file::finder::Sample;
use crate::sources::file::json::Record;
use crate::sources::file::reader::Begun;
use crate::sources::file::reader::Shape;
use crate::sources::file::reader::Taken;
use crate::sources::file::reader::Text;
use crate::sources::file::rejects::Rejecting;
use crate::sources::file::responses;
use crate::sources::file::rows::Rows;
use crate::sources::file::table;
use crate::text::hash;

/// Columns that a file may have.
const MOST_COLUMNS: usize = 2_000;

/// Values of a column that are looked at.
const SAMPLED: usize = 500;

/// An object with the bytes it was read from, or why it could not be.
struct Found<'a> {
    line: u64,
    raw: &'a [u8],
    record: Result<Record<'a>, String>,
}

/// What a piece holds.
struct Split<'a> {
    found: Vec<Found<'a>>,
    consumed: usize,
    /// The last object is cut at the end of the file.
    cut: Option<u64>,
}

/// Finds the columns from all keys of the first piece and reads it.
pub(super) fn begin(text: &Text<'_>, shape: Shape, settings: &Settings) -> Result<Begun, ReadError> {
    let split = split(text, shape, true);
    if !split.found.iter().any(|found| found.record.is_ok()) {
        if !text.last {
            return Ok(None);
        }
        if shape != Shape::Lines && split.cut.is_none() && split.found.is_empty() {
            return Ok(Some((shape, none(), end(&split))));
        }
        return Err(ReadError::new(
            "not a table: JSON, but neither an object a line nor a list of objects",
            "export the answers as JSON lines or CSV",
        ));
    }
    let samples = samples(&split);
    let rows = split.found.iter().filter(|found| found.record.is_ok()).count().min(SAMPLED);
    let (columns, warnings) = Columns::find(&samples, rows, settings, false, false)?;
    let mut taken = take(text, &split, &columns, settings);
    taken.warnings.splice(0..0, warnings);
    Ok(Some((shape, columns, taken)))
}

/// Reads a piece that is not the first.
pub(super) fn more(text: &Text<'_>, shape: Shape, columns: &Columns, settings: &Settings) -> Taken {
    take(text, &split(text, shape, false), columns, settings)
}

fn none() -> Columns {
    Columns::default()
}

fn end(split: &Split<'_>) -> Taken {
    Taken { consumed: split.consumed, ..Taken::default() }
}

fn take(text: &Text<'_>, split: &Split<'_>, columns: &Columns, settings: &Settings) -> Taken {
    let mut rows = Rows::new(columns, settings);
    let mut rejects = Rejecting::default();
    let mut cells: Vec<&str> = Vec::new();
    for found in &split.found {
        match &found.record {
            Ok(record) => {
                cells.clear();
                cells.resize(columns.names.len(), "");
                for (at, (key, value)) in record.0.iter().enumerate() {
                    // Keys mostly come in the order of the first object.
                    let known = |name: &String| name.as_str() == key.as_ref();
                    let position = if columns.names.get(at).is_some_and(known) { Some(at) } else { columns.names.iter().position(known) };
                    if let Some(cell) = position.and_then(|position| cells.get_mut(position)) {
                        *cell = value;
                    }
                }
                let hash = |id_at: Option<usize>| match id_at {
                    // As if it had no id: it is the same record before and after somebody fills it in.
                    Some(id_at) => {
                        let filled =
                            columns.names.iter().zip(&cells).enumerate().filter(|(at, (_, cell))| *at != id_at && !cell.trim().is_empty());
                        hash::of_parts(filled.flat_map(|(_, (name, cell))| [name.as_str(), cell.trim()]))
                    }
                    None => hash::of_parts([String::from_utf8_lossy(found.raw).trim()]),
                };
                if let Some(why) = rows.take(found.line, |at| Cow::Borrowed(cells[at]), hash) {
                    rejects.add(found.line, why, found.raw);
                }
            }
            Err(why) => {
                rows.notes().add("bad_line", found.line, why);
                rejects.add(found.line, why, found.raw);
            }
        }
    }
    if let Some(line) = split.cut {
        rows.notes().add("incomplete_last_record", line, "the last record is still being written; it is read when the file has grown");
    }
    let lines = table::line_ends(&text.bytes[..split.consumed]);
    let (items, warnings) = rows.finish();
    Taken { consumed: split.consumed, lines, items, warnings, rejects }
}

fn samples<'a>(split: &'a Split<'_>) -> Vec<Sample<'a>> {
    let mut samples: Vec<Sample<'a>> = Vec::new();
    for found in &split.found {
        let Ok(record) = &found.record else {
            continue;
        };
        for (at, (key, value)) in record.0.iter().enumerate() {
            let known = |sample: &Sample<'_>| sample.name.as_str() == key.as_ref();
            let position = if samples.get(at).is_some_and(known) { Some(at) } else { samples.iter().position(known) };
            let position = match position {
                Some(position) => position,
                None if samples.len() < MOST_COLUMNS => {
                    samples.push(Sample { described: key.to_string(), name: key.to_string(), values: Vec::new() });
                    samples.len() - 1
                }
                None => continue,
            };
            let sample = &mut samples[position];
            let dated = value.len() < 40 && value.starts_with(|letter: char| letter.is_ascii_digit());
            if !value.trim().is_empty() && (sample.values.len() < SAMPLED || dated) {
                sample.values.push((found.line, Cow::Borrowed(value.as_ref())));
            }
        }
    }
    samples
}

fn split<'a>(text: &'a Text<'_>, shape: Shape, begins: bool) -> Split<'a> {
    match shape {
        Shape::Responses => {
            let start = if begins { responses::list_start(&text.bytes).unwrap_or(0) } else { 0 };
            split_list(text, start, |raw| serde_json::from_slice(raw).map(|value| responses::flattened(&value)))
        }
        Shape::List => split_list(text, 0, serde_json::from_slice),
        Shape::Lines | Shape::Table(_) => split_lines(text),
    }
}

fn split_lines<'a>(text: &'a Text<'_>) -> Split<'a> {
    let mut split = Split { found: Vec::new(), consumed: 0, cut: None };
    let mut line = text.lines;
    for raw in text.bytes.split_inclusive(|byte| *byte == b'\n') {
        line += 1;
        let ended = raw.ends_with(b"\n");
        if !ended && !text.last {
            break;
        }
        if raw.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            split.consumed += raw.len();
            continue;
        }
        let record = serde_json::from_slice::<Record<'a>>(raw);
        if !ended && record.as_ref().is_err_and(serde_json::Error::is_eof) {
            split.cut = Some(line);
            break;
        }
        split.consumed += raw.len();
        let record = record.map_err(|error| format!("left out: {}", plain(&error)));
        split.found.push(Found { line, raw, record });
    }
    split
}

/// The objects of a list that begins at `start`, each read by `read`.
fn split_list<'a>(text: &'a Text<'_>, start: usize, read: impl Fn(&'a [u8]) -> serde_json::Result<Record<'a>>) -> Split<'a> {
    let bytes: &'a [u8] = &text.bytes;
    let mut split = Split { found: Vec::new(), consumed: start, cut: None };
    let mut line = text.lines + 1 + table::line_ends(&bytes[..start]);
    loop {
        let rest = &bytes[split.consumed..];
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b',')).count();
        line += table::line_ends(&rest[..blank]);
        let start = split.consumed + blank;
        let Some(first) = bytes.get(start) else {
            split.consumed = start;
            return split;
        };
        if *first == b']' {
            split.consumed = bytes.len();
            return split;
        }
        let mut values = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<IgnoredAny>();
        let next = values.next();
        let raw = &bytes[start..start + values.byte_offset()];
        match next.map(|next| next.and_then(|_| read(raw))) {
            Some(Ok(record)) => {
                split.consumed = start + raw.len();
                split.found.push(Found { line, raw, record: Ok(record) });
                line += table::line_ends(raw);
            }
            Some(Err(error)) if error.is_eof() && !text.last => return split,
            Some(Err(error)) if error.is_eof() => {
                split.cut = Some(line);
                return split;
            }
            Some(Err(error)) => {
                // What follows a broken object in a list cannot be told from what is in it.
                split.found.push(Found { line, raw: &bytes[start..], record: Err(format!("the list is left here: {}", plain(&error))) });
                split.consumed = bytes.len();
                return split;
            }
            None => return split,
        }
    }
}

/// What is wrong, without the place: the line is told with the warning.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
