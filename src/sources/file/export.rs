//! An export behind an address: asked for like a feed, read like a dropped file.
//!
//! It comes whole, each time it has changed; which of its records are new their ids say, so an export
//! that grows adds only what it has grown by, whatever it is called.

use std::collections::BTreeSet;
use std::io;

use crate::domain::Timestamp;
use crate::domain::http::Answer;
use crate::domain::http::Bytes;
use crate::domain::http::Get;
use crate::domain::http::Part;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Slice;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Rejects;
use crate::domain::item::Shard;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::charset;
use crate::sources::file::Settings;
use crate::sources::file::ids;
use crate::sources::file::packed;
use crate::sources::file::reader;
use crate::sources::file::reader::Form;
use crate::sources::file::reader::Piece;
use crate::sources::file::reader::State;
use crate::sources::file::unpack;
use crate::sources::file::unpack::Table;
use crate::sources::file::unpack::UnpackError;

const ACCEPT: &str = "text/csv, text/tab-separated-values, application/x-ndjson, application/json;q=0.9, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;q=0.9, application/zip;q=0.8, text/plain;q=0.8, */*;q=0.5";

/// An answer from the web is unpacked in memory, and no further than to this.
const MOST_IN_MEMORY: u64 = 128 * 1024 * 1024;

/// Bytes of a page that are looked at to say what it is.
const LOOKED_AT: usize = 64 * 1024;

/// An export behind an address.
#[derive(Debug)]
pub struct Export {
    url: String,
    settings: Settings,
}

impl Export {
    /// A source for the table at an address; `folder` and `pattern` of the settings do not matter.
    #[must_use]
    pub fn new(url: String, settings: Settings) -> Self {
        Self { url, settings }
    }
}

impl Source for Export {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        Request::Get(Get { url: self.url.clone(), accept: ACCEPT.to_owned(), conditional: true, context: String::new() })
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let Response::Http(answer) = response else {
            return Err(ReadError::misplaced());
        };
        let before: BTreeSet<String> = cursor.0.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let piece = piece(answer, &ids::with(&self.settings, &before))?;
        let mut known = before.clone();
        ids::remember(&mut known, piece.form.as_ref());
        let cursor = (known != before).then(|| Cursor(serde_json::to_string(&known).ok()));
        let rejects = Some(Box::new(Rejects { file: "export".to_owned(), begins: true, rows: piece.rejects.rows }));
        Ok(Page { format: piece.format, items: piece.items, warnings: piece.warnings, rejects, cursor, ..Page::default() })
    }
}

/// What the columns of an answer were found to be for, as [`columns`](super::columns) says of a file's.
///
/// # Errors
///
/// As reading the answer would have.
pub fn explained(answer: &Answer, settings: &Settings) -> Result<Vec<(String, String)>, ReadError> {
    Ok(piece(answer, settings)?.form.as_ref().map(Form::explained).unwrap_or_default())
}

fn piece(answer: &Answer, settings: &Settings) -> Result<Piece, ReadError> {
    if let Some(error) = no_export(&answer.body) {
        return Err(error);
    }
    let declared = charset::of_content_type(&answer.content_type).map(str::to_owned);
    whole(answer.body.clone(), declared.as_deref(), settings)
}

/// Reads a file that is in memory: its page, and what its columns were found to be for.
///
/// # Errors
///
/// As reading it from a folder would have.
pub fn document(body: Vec<u8>, name: &str, settings: &Settings) -> Result<(Page, Vec<(String, String)>), ReadError> {
    let piece = whole(body, None, settings)?;
    let columns = piece.form.as_ref().map(Form::explained).unwrap_or_default();
    let rejects = Rejects { file: name.to_owned(), begins: true, rows: piece.rejects.rows };
    let page =
        Page { format: piece.format, items: piece.items, warnings: piece.warnings, rejects: Some(Box::new(rejects)), ..Page::default() };
    Ok((page, columns))
}

/// All tables of a file that is in memory, and stays there unpacked.
fn whole(body: Vec<u8>, declared: Option<&str>, settings: &Settings) -> Result<Piece, ReadError> {
    let tables = if unpack::is_packed(&body) { unpacked(&body, settings)? } else { vec![(body, None)] };
    let mut all: Option<Piece> = None;
    for (body, part) in tables {
        let size = body.len() as u64;
        let request = Slice { path: settings.folder.clone(), from: 0, limit: size, context: String::new(), packed: None };
        let bytes = Bytes { request, from: 0, body, size, modified: Timestamp::default(), part };
        let piece = reader::read(&bytes, State { declared: declared.map(str::to_owned), ..State::default() }, settings)?;
        match &mut all {
            None => all = Some(piece),
            Some(all) => {
                all.items.extend(piece.items);
                all.warnings.extend(piece.warnings);
                all.rejects.extend(piece.rejects);
            }
        }
    }
    all.ok_or_else(ReadError::misplaced)
}

type InMemory = (Vec<u8>, Option<Box<Part>>);

fn unpacked(body: &[u8], settings: &Settings) -> Result<Vec<InMemory>, ReadError> {
    let mut wish = packed(settings, 0);
    (wish.max_file, wish.max_unpacked) = (u64::MAX, wish.max_unpacked.min(MOST_IN_MEMORY));
    let tables = unpack::unpack(io::Cursor::new(body), &wish, || Ok(io::Cursor::new(Vec::new())));
    let tables = tables.map_err(|error| match error {
        UnpackError::Content(error) => error,
        UnpackError::Disk(error) => ReadError::new(format!("it cannot be unpacked: {error}"), "drop it into a folder instead"),
    })?;
    let many = tables.len();
    let part = |at: usize, table: Table<io::Cursor<Vec<u8>>>| {
        let Table { name, body, delimiter, since_1904, warnings, .. } = table;
        let part = Part { name, follows: at + 1 < many, delimiter, since_1904, warnings, refused: None };
        (body.into_inner(), Some(Box::new(part)))
    };
    Ok(tables.into_iter().enumerate().map(|(at, table)| part(at, table)).collect())
}

/// What a page looked like that stands in the place of the export.
fn no_export(body: &[u8]) -> Option<ReadError> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf))?;
    let head = String::from_utf8_lossy(&body[start..body.len().min(start + LOOKED_AT)]).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| head.contains(word));
    if head.starts_with('{') && head.len() < LOOKED_AT && is_error(&body[start..]) {
        return Some(ReadError::new("not an export: a JSON error", "check the address and whether it needs a key"));
    }
    if !head.starts_with('<') {
        return None;
    }
    Some(if has(&["captcha", "verify you are human", "checking your browser", "challenge-platform"]) {
        ReadError::new("not an export: a captcha page", "ask those who run the site for an address that programs may read")
    } else if has(&["type=\"password\"", "type='password'", "type=password"]) {
        ReadError::new("not an export: a login page", "use an address that needs no login, or let the tool drop its files into a folder")
    } else {
        ReadError::new("not an export: an HTML or XML document", "use the address of the CSV or JSON file itself")
    })
}

/// One object that says what went wrong, and holds no answer of a customer.
fn is_error(body: &[u8]) -> bool {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(body) else { return false };
    object.len() <= 4 && ["error", "errors"].iter().any(|key| object.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "Response ID,Recorded Date,CSAT,Comment\nr1,2026-01-05,2,Parcel came late\nr2,2026-01-06,4,Fine\n";

    fn read(body: &[u8], content_type: &str) -> Result<Page, ReadError> {
        read_after(&Cursor::default(), body, content_type)
    }

    fn read_after(cursor: &Cursor, body: &[u8], content_type: &str) -> Result<Page, ReadError> {
        let source = Export::new("https://x.test/a.csv".to_owned(), Settings::default());
        let (shard, now) = (Shard::whole(), Timestamp::default());
        let Request::Get(request) = source.first(&shard, cursor, now) else { panic!("a GET") };
        assert!(request.conditional);
        let url = request.url.clone();
        let answer = Answer { request, url, content_type: content_type.to_owned(), body: body.to_vec() };
        source.read(&shard, cursor, &Response::Http(answer), now)
    }

    fn texts(page: &Page) -> Vec<(&str, &str)> {
        page.items.iter().map(|item| (item.id.as_str(), item.text.as_str())).collect()
    }

    #[test]
    fn a_table_is_read_by_what_it_is() {
        let semicolons = ROWS.replace(',', ";");
        let tabs: Vec<u8> = [0xff, 0xfe].into_iter().chain(ROWS.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let list = r#"[{"id":"r1","ts":"2026-01-05","text":"Parcel came late"},{"id":"r2","ts":"2026-01-06","text":"Fine"}]"#;
        let lines = list.trim_matches(['[', ']']).replace("},{", "}\n{");
        for (body, kind, format) in [
            (ROWS.as_bytes(), "text/html", "csv"),
            (semicolons.as_bytes(), "text/csv", "csv"),
            (&tabs, "application/octet-stream", "csv"),
            (list.as_bytes(), "application/json", "json"),
            (lines.as_bytes(), "", "jsonl"),
        ] {
            let page = read(body, kind).unwrap();
            assert_eq!((page.format, texts(&page)), (format, vec![("r1", "Parcel came late"), ("r2", "Fine")]));
            assert_eq!(page.next, None);
        }
    }

    #[test]
    fn the_encoding_that_the_server_names_is_believed_where_bytes_leave_it_open() {
        let greek = encoding_rs::ISO_8859_7.encode("Response ID,Date,Comment\nr1,2026-01-05,Αργεί πολύ\n").0.into_owned();
        let page = read(&greek, "text/csv; charset=iso-8859-7").unwrap();
        assert_eq!(texts(&page), [("r1", "Αργεί πολύ")]);
        assert!(page.warnings.iter().all(|warning| warning.code != "encoding_guessed"), "{:?}", page.warnings);
    }

    #[test]
    fn an_export_that_grows_keeps_the_ids_of_its_records() {
        let without_ids = ROWS.replace("Response ID,", "").replace("r1,", "").replace("r2,", "");
        let before = read(without_ids.as_bytes(), "").unwrap();
        let after = read(format!("{without_ids}2026-01-07,1,Late again\n").as_bytes(), "").unwrap();
        assert_eq!(texts(&after)[..2], texts(&before)[..]);
        assert_eq!(after.items.len(), 3);
    }

    #[test]
    fn a_column_that_was_taken_for_ids_stays_so_while_the_export_grows() {
        let rows = |from: usize, to: usize| (from..to).map(|n| format!("{n},2026-01-05,guest {n}\n")).collect::<Vec<_>>().concat();
        let short = format!("Order ID,Date,Comment\n{}", rows(0, 12));
        let long = format!("{short}{}{}", rows(12, 16), ",2026-01-06,somebody\n".repeat(4));
        let before = read(short.as_bytes(), "").unwrap();
        let cursor = before.cursor.clone().unwrap();
        let after = read_after(&cursor, long.as_bytes(), "").unwrap();
        assert_eq!(texts(&after)[..12], texts(&before)[..]);
        assert_eq!((before.items[0].id.as_str(), after.items.len(), after.cursor), ("0", 20, None));
        assert!(read(long.as_bytes(), "").unwrap().items[0].id.starts_with("h1:"), "it alone has too few");
    }

    #[test]
    fn a_header_alone_is_an_export_without_answers() {
        let page = read(ROWS.lines().next().unwrap().as_bytes(), "text/csv").unwrap();
        assert!(page.items.is_empty());
    }

    #[test]
    fn what_is_no_export_is_named() {
        for (body, what) in [
            ("<!doctype html><form><input type=\"password\"></form>", "not an export: a login page"),
            ("\u{feff}<html>Please verify you are human", "not an export: a captcha page"),
            ("<html><h1>Hello", "not an export: an HTML or XML document"),
            ("{\"error\":\"no such survey\"}", "not an export: a JSON error"),
            ("", "an empty file"),
            ("PK\u{3}\u{4}zip", "a damaged archive or workbook (invalid Zip archive: Could not find EOCD)"),
        ] {
            assert_eq!(read(body.as_bytes(), "text/csv").unwrap_err().what, what, "{body}");
        }
    }
}
