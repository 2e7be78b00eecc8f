//! Delimited text: which delimiter, where records begin and end, which row names the columns.

use std::borrow::Cow;

use csv::ByteRecord;
use csv::ReaderBuilder;

use crate::sources::file::ratings;
use crate::sources::times;

/// Stands for "one column only".
pub(super) const NO_DELIMITER: u8 = 0x1f;

/// Rows that are looked at to find delimiter and header.
const LOOKED_AT: usize = 100;

/// A record and where it lies.
pub(super) struct Raw {
    /// First byte.
    pub start: usize,
    /// First byte after it and its line end.
    pub end: usize,
    /// Lines before it in this piece.
    pub line: u64,
    /// Its cells.
    pub cells: ByteRecord,
}

/// The rows that name the columns.
pub(super) struct Header {
    /// Index of the first of them.
    pub at: usize,
    /// How many they are.
    pub rows: usize,
    /// Names as written.
    pub names: Vec<String>,
    /// Names with everything that explains them.
    pub described: Vec<String>,
    /// Time zone that the header names for all dates.
    pub zone: Option<String>,
}

/// Length of an Excel instruction `sep=;` at the start, and the delimiter.
pub(super) fn delimiter(bytes: &[u8]) -> (usize, u8) {
    let skip = instruction(bytes);
    if skip > 0 {
        return (skip, bytes[4]);
    }
    let head = &bytes[..bytes.len().min(256 * 1024)];
    let scored = [b',', b';', b'\t', b'|'].into_iter().filter_map(|delimiter| {
        let mut widths = records(head, delimiter).take(LOOKED_AT).map(|raw| raw.cells.len()).collect::<Vec<_>>();
        if head.len() < bytes.len() {
            widths.pop();
        }
        widths.sort_unstable();
        let runs = widths.chunk_by(|one, other| one == other).filter(|run| run[0] > 1);
        let most = runs.max_by_key(|run| (run.len(), run[0]))?;
        Some((most.len(), most[0], delimiter))
    });
    (0, scored.max_by_key(|(rows, width, _)| (*rows, *width)).map_or(NO_DELIMITER, |(_, _, delimiter)| delimiter))
}

/// Length of an Excel instruction `sep=;` at the start; 0 without one.
pub(super) fn instruction(bytes: &[u8]) -> usize {
    let first = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_one = first.len() > 4 && first[..4].eq_ignore_ascii_case(b"sep=") && matches!(first[4], b',' | b';' | b'\t' | b'|');
    if is_one { first.len() } else { 0 }
}

/// The records of a piece; the last one may be cut.
pub(super) fn records(bytes: &[u8], delimiter: u8) -> impl Iterator<Item = Raw> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut cells = ByteRecord::new();
    std::iter::from_fn(move || {
        // Reading bytes that are in memory with any number of cells a row does not fail.
        reader.read_byte_record(&mut cells).ok()?.then_some(())?;
        let place = cells.position();
        let (start, line) = place.map_or((0, 0), |place| (place.byte() as usize, place.line() - 1));
        // Blank lines before a record count as its own.
        let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        let line = line + blank.filter(|byte| **byte == b'\n').count() as u64;
        Some(Raw { start, end: reader.position().byte() as usize, line, cells: cells.clone() })
    })
}

/// Whether a record is whole: ends with its line and not inside quotes.
pub(super) fn is_whole(raw: &[u8], delimiter: u8) -> bool {
    matches!(raw.last(), Some(b'\n' | b'\r')) && !open_quote(raw, delimiter)
}

/// Whether the bytes of a record end inside quotes.
pub(super) fn open_quote(raw: &[u8], delimiter: u8) -> bool {
    let (mut quoted, mut fresh, mut closed) = (false, true, false);
    for byte in raw {
        match byte {
            b'"' if quoted => (quoted, closed) = (false, true),
            // Two quotes in a quoted cell are one: the second opens it again.
            b'"' if fresh || closed => (quoted, closed, fresh) = (true, false, false),
            byte if !quoted && (*byte == delimiter || matches!(byte, b'\n' | b'\r')) => (fresh, closed) = (true, false),
            _ => (fresh, closed) = (false, false),
        }
    }
    quoted
}

/// How many lines end in the bytes.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Finds the header: the first row whose filled cells are all text and as many as most rows below
/// have. Two vendors add rows that explain it. `line` says which it is, from 1, where somebody knows.
pub(super) fn header(raws: &[Raw], line: Option<u64>, text: &dyn Fn(&[u8]) -> String) -> Option<Header> {
    let looked_at = &raws[..raws.len().min(LOOKED_AT)];
    let filled = looked_at.iter().map(|raw| raw.cells.iter().filter(|cell| !is_blank(cell)).count()).collect::<Vec<_>>();
    let is_given = |at: &usize| line.is_some_and(|line| looked_at[*at].line + 1 >= line);
    let found = || {
        (0..looked_at.len()).find(|at| {
            let below = filled[at + 1..].iter().filter(|count| **count > 0);
            let enough = below.clone().filter(|count| **count <= filled[*at]).count() * 10 >= below.count() * 6;
            filled[*at] > 0 && enough && looked_at[*at].cells.iter().all(|cell| is_blank(cell) || is_text(&text(cell)))
        })
    };
    let at = if line.is_some() { (0..looked_at.len()).find(is_given) } else { found() }?;
    let row = |index: usize| raws.get(index).map(|raw| raw.cells.iter().map(|cell| text(cell).trim().to_owned()).collect::<Vec<_>>());
    let mut names = row(at)?;
    while names.last().is_some_and(String::is_empty) && raws.iter().skip(at + 1).take(LOOKED_AT).all(|raw| raw.cells.len() < names.len()) {
        names.pop();
    }
    let mut found = Header { at, rows: 1, described: names.clone(), names, zone: None };
    qualtrics(&mut found, row(at + 1), row(at + 2));
    survey_monkey(&mut found, row(at + 1));
    Some(found)
}

/// Three rows: short names, questions, and JSON with ids and the time zone.
fn qualtrics(header: &mut Header, questions: Option<Vec<String>>, ids: Option<Vec<String>>) {
    let (Some(questions), Some(ids)) = (questions, ids) else {
        return;
    };
    if !ids.first().is_some_and(|cell| cell.starts_with("{\"ImportId\"")) {
        return;
    }
    header.rows = 3;
    explain(header, &questions);
    header.zone = ids.iter().find_map(|cell| {
        let value: serde_json::Value = serde_json::from_str(cell).ok()?;
        Some(value.get("timeZone")?.as_str()?.to_owned())
    });
}

/// Two rows: questions, which cover the columns up to the next, and sub-questions.
fn survey_monkey(header: &mut Header, second: Option<Vec<String>>) {
    let Some(second) = second.filter(|_| header.names.first().is_some_and(|name| name == "Respondent ID")) else {
        return;
    };
    if second.first().is_some_and(|cell| !cell.is_empty()) {
        return;
    }
    header.rows = 2;
    let mut question = String::new();
    for (at, part) in second.iter().enumerate().take(header.names.len()) {
        if header.names[at].is_empty() {
            header.names[at] = format!("{question} / {part}");
            // The question is not repeated: what is asked in it is not what this column holds.
            header.described[at].clone_from(part);
        } else {
            question.clone_from(&header.names[at]);
            header.described[at].clone_from(&question);
            // A question with tick boxes: its first box stands under the question itself.
            if !part.is_empty()
                && !matches!(part.as_str(), "Open-Ended Response" | "Response")
                && second.get(at + 1).is_some_and(|next| !next.is_empty())
            {
                header.described[at].clone_from(part);
            }
        }
    }
}

fn explain(header: &mut Header, more: &[String]) {
    for (described, more) in header.described.iter_mut().zip(more) {
        *described = format!("{described} {more}");
    }
}

/// Whether numbers of a file have a decimal comma.
pub(super) fn has_decimal_comma<'a>(cells: impl Iterator<Item = Cow<'a, str>>, delimiter: u8) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    cells.into_iter().any(|cell| {
        let Some((whole, fraction)) = cell.trim().split_once(',') else {
            return false;
        };
        let thousands = whole.contains('.') && whole.split('.').all(digits) && digits(fraction);
        thousands || (delimiter == b';' && digits(whole) && digits(fraction))
    })
}

/// Nothing in it but blanks and the zero bytes of a file that was made larger in advance.
pub(super) fn is_blank(cell: &[u8]) -> bool {
    cell.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

fn is_text(cell: &str) -> bool {
    let cell = cell.trim();
    ratings::number(cell, true).is_none()
        && ratings::number(cell, false).is_none()
        && times::certain(cell).is_none()
        && times::slashed(cell).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (char, Vec<String>) {
        let (skip, delimiter) = delimiter(text.as_bytes());
        let raws = records(&text.as_bytes()[skip..], delimiter).collect::<Vec<_>>();
        let header = header(&raws, None, &|cell| String::from_utf8_lossy(cell).into_owned());
        (delimiter as char, header.map(|header| header.names).unwrap_or_default())
    }

    #[test]
    fn delimiter_and_header_are_found() {
        for (text, delimiter, names) in [
            ("id,text\n1,\"a; b; c\"\n2,d\n", ',', &["id", "text"][..]),
            ("id;text\n1;a, b, c\n2;d\n", ';', &["id", "text"]),
            ("sep=;\nid;a,b\n1;2,3\n", ';', &["id", "a,b"]),
            ("Report:\tall\n\nid\ttext\tscore\n1\ta\t3\n2\tb\t4\n", '\t', &["id", "text", "score"]),
            ("a|b\n1|2\n", '|', &["a", "b"]),
            ("text\nhello\nyou\n", NO_DELIMITER as char, &["text"]),
            ("1,2\n3,4\n", ',', &[]),
        ] {
            assert_eq!(shown(text), (delimiter, names.iter().map(|name| (*name).to_owned()).collect()), "{text}");
        }
    }

    #[test]
    fn a_record_is_whole_outside_quotes_only() {
        for (raw, whole) in [
            ("a,b\n", true),
            ("a,b", false),
            ("a,\"b\n", false),
            ("a,\"b\n\"\n", true),
            ("5\" screen,b\n", true),
            ("\"a \"\"b\"\"\"\n", true),
            ("\"a \"\"b\n", false),
        ] {
            assert_eq!(is_whole(raw.as_bytes(), b','), whole, "{raw}");
        }
    }
}
