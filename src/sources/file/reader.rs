//! Reads a file piece by piece: whole records only, with what was found out at the start carried
//! along, so that a file of any size costs the memory of a piece and a crash goes on in the middle.

use std::borrow::Cow;

use encoding_rs::Encoding;
use encoding_rs::UTF_8;
use encoding_rs::UTF_16BE;
use encoding_rs::UTF_16LE;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::http::Bytes;
use crate::domain::item::Item;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::charset;
use crate::sources::file::Settings;
use crate::sources::file::columns::Columns;
use crate::sources::file::lines;
use crate::sources::file::records;
use crate::sources::file::rejects::Rejecting;
use crate::sources::file::responses;
use crate::sources::file::table::NO_DELIMITER;

/// A piece, in bytes.
pub(super) const PIECE: u64 = 4 * 1024 * 1024;

/// The largest piece: it doubles as long as it holds no whole record.
const LARGEST_PIECE: u64 = 32 * 1024 * 1024;

/// What is known of a file after its first piece.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Lines read so far.
    pub lines: u64,
    /// Items found so far.
    pub items: u64,
    /// `None` before the first piece.
    pub form: Option<Form>,
    /// Which of the tables in a packed file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// The encoding that somebody named; files do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(part: &u32) -> bool {
    *part == 0
}

/// The form of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Form {
    /// Name of the encoding.
    pub charset: String,
    /// Delimited or JSON.
    pub shape: Shape,
    /// What the columns are.
    pub columns: Columns,
}

impl Form {
    /// Columns, each with what it is for; those that are not kept come last.
    pub(super) fn explained(&self) -> Vec<(String, String)> {
        let named = || self.columns.names.iter().zip(&self.columns.roles).enumerate();
        let kept = named().filter_map(|(_, (name, role))| Some((name.clone(), role.explained()?)));
        let why = |at| if self.columns.personal.contains(&at) { "personal" } else { "not kept" };
        let dropped = named().filter(|(_, (name, role))| role.explained().is_none() && !name.is_empty());
        kept.chain(dropped.map(|(at, (name, _))| (name.clone(), why(at).to_owned()))).collect()
    }
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// Cells between delimiters.
    Table(u8),
    /// An object a line.
    Lines,
    /// Objects in one list.
    List,
    /// Objects in a list inside an object, with their answers in a list each.
    Responses,
}

/// What a piece gave.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub format: &'static str,
    pub items: Vec<Item>,
    pub warnings: Vec<Warning>,
    /// Records that could not be read, as they were written.
    pub rejects: Rejecting,
    /// The piece to read next; `None` at the end of the file.
    pub next: Option<Next>,
    /// What is known now, for the end of the file too.
    pub form: Option<Form>,
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Next {
    pub from: u64,
    pub limit: u64,
    pub state: State,
}

/// What a form's reader made of a text: how far it came, what it found.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Bytes of the text that are done with.
    pub consumed: usize,
    /// Lines in them.
    pub lines: u64,
    pub items: Vec<Item>,
    pub warnings: Vec<Warning>,
    pub rejects: Rejecting,
}

/// How a file is written, what its columns are, and what its first piece gave; `None` where that
/// piece holds too little to tell.
pub(super) type Begun = Option<(Shape, Columns, Taken)>;

/// Text of a piece: bytes in which delimiters, quotes and line ends are what they are in ASCII.
pub(super) struct Text<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Of the cells.
    pub encoding: &'static Encoding,
    /// Nothing follows.
    pub last: bool,
    /// Lines before it.
    pub lines: u64,
    /// What is certain of it beforehand.
    pub given: Given,
}

/// What is certain of a table before it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given {
    /// What stands between its cells.
    pub delimiter: Option<u8>,
    /// Its numbers of days count from 1904.
    pub since_1904: bool,
}

impl Text<'_> {
    /// A cell as text.
    pub(super) fn decode<'c>(&self, cell: &'c [u8]) -> Cow<'c, str> {
        if self.encoding == UTF_8 { String::from_utf8_lossy(cell) } else { self.encoding.decode_without_bom_handling(cell).0 }
    }
}

/// Reads one piece.
///
/// # Errors
///
/// It is no table and no JSON, its dates can be read two ways, or it was refused before.
pub(super) fn read(bytes: &Bytes, state: State, settings: &Settings) -> Result<Piece, ReadError> {
    let Some(part) = bytes.part.as_deref() else { return read_table(bytes, state, settings) };
    if let Some((what, cure)) = &part.refused {
        return Err(ReadError::new(what.clone(), cure.clone()));
    }
    let number = state.part;
    let in_part = |error: ReadError| match part.name.as_str() {
        "" => error,
        name => ReadError::new(format!("`{name}` in it: {}", error.what), error.cure),
    };
    let begins = state.form.is_none() && bytes.from == 0;
    let mut piece = read_table(bytes, state, settings).map_err(in_part)?;
    if !part.name.is_empty() {
        for warning in &mut piece.warnings {
            let blank = if warning.place.is_empty() { "" } else { " " };
            warning.place = format!("{}{blank}{}", part.name, warning.place);
        }
        for reject in &mut piece.rejects.rows {
            reject.table.clone_from(&part.name);
        }
    }
    if begins {
        piece.warnings.splice(0..0, part.warnings.iter().cloned());
    }
    match &mut piece.next {
        Some(next) => next.state.part = number,
        None if part.follows => {
            piece.next = Some(Next { from: 0, limit: PIECE, state: State { part: number + 1, ..State::default() } });
        }
        None => {}
    }
    Ok(piece)
}

fn read_table(bytes: &Bytes, state: State, settings: &Settings) -> Result<Piece, ReadError> {
    let mut piece = Piece::default();
    let given = given(bytes, settings);
    let first = state.form.is_none();
    let mark = if first { refuse_what_is_no_table(bytes)? } else { 0 };
    let encoding = state.form.as_ref().and_then(|form| Encoding::for_label(form.charset.as_bytes()));
    let named = settings.encoding.as_deref().and_then(|name| Encoding::for_label(name.as_bytes()));
    let encoding = encoding.or(named).unwrap_or_else(|| {
        let found = charset::find(&bytes.body, state.declared.as_deref(), bytes.at_end());
        if found.guessed {
            let name = found.encoding.name();
            piece.warnings.push(Warning::new("encoding_guessed", "", format!("it is not UTF-8 and was read as {name}")));
        }
        found.encoding
    });
    let text = Text { given, ..ascii_compatible(&bytes.body[mark..], encoding, bytes.at_end(), state.lines) };
    let (form, mut taken) = match state.form {
        Some(form) => {
            let taken = match form.shape {
                Shape::Table(delimiter) => records::more(&text, delimiter, &form.columns, settings),
                Shape::Lines | Shape::List | Shape::Responses => lines::more(&text, form.shape, &form.columns, settings),
            };
            (Some(form), taken)
        }
        None => begin(&text, encoding, settings)?,
    };
    if first && text.bytes.contains(&0) {
        piece.warnings.push(Warning::new("nul_removed", "", "zero bytes were dropped"));
    }
    piece.format = form.as_ref().map_or("csv", |form| match form.shape {
        Shape::Table(_) => "csv",
        Shape::Lines => "jsonl",
        Shape::List | Shape::Responses => "json",
    });
    piece.items = std::mem::take(&mut taken.items);
    piece.rejects = std::mem::take(&mut taken.rejects);
    piece.warnings.append(&mut taken.warnings);
    let items = state.items + piece.items.len() as u64;
    if bytes.at_end() {
        if items == 0 {
            piece.warnings.push(Warning::new("no_records", "", "there is no answer in it"));
        }
    } else {
        let next =
            go_on(bytes, mark, &text, &taken, State { lines: state.lines, items, form: form.clone(), ..State::default() }, &mut piece);
        piece.next = Some(next);
    }
    piece.form = form;
    Ok(piece)
}

/// Length of the byte order mark of what may be a table.
fn refuse_what_is_no_table(bytes: &Bytes) -> Result<usize, ReadError> {
    let body = &bytes.body;
    if body.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) && bytes.at_end() {
        return Err(ReadError::new("an empty file", "wait until it is written, or export it again"));
    }
    let what = match body.as_slice() {
        [0x1f, 0x8b, ..] => Some(("a gzip archive", "unpack it")),
        [b'P', b'K', 3, 4, ..] => Some(("a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV UTF-8")),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            Some(("an old Excel workbook, or one that is locked with a password", "save it as XLSX or CSV UTF-8"))
        }
        body if body.get(257..262) == Some(b"ustar") => Some(("a tar archive", "drop the tables themselves, or pack them as zip")),
        [b'%', b'P', b'D', b'F', ..] => Some(("a PDF", "export the answers as CSV")),
        _ => None,
    };
    if let Some((what, cure)) = what {
        return Err(ReadError::new(format!("not a table: {what}"), cure));
    }
    Ok(Encoding::for_bom(body).map_or(0, |(_, mark)| mark))
}

/// What the settings and the unpacking say of a table.
fn given(bytes: &Bytes, settings: &Settings) -> Given {
    let part = bytes.part.as_deref();
    Given { delimiter: part.and_then(|part| part.delimiter).or(settings.delimiter), since_1904: part.is_some_and(|part| part.since_1904) }
}

fn begin(text: &Text<'_>, encoding: &'static Encoding, settings: &Settings) -> Result<(Option<Form>, Taken), ReadError> {
    let sheet = text.given.delimiter == Some(NO_DELIMITER);
    let begun = match text.bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        _ if sheet => records::begin(text, settings)?,
        Some(b'{') if responses::is(&text.bytes) => lines::begin(text, Shape::Responses, settings)?,
        Some(b'{') => lines::begin(text, Shape::Lines, settings)?,
        Some(b'[') => lines::begin(text, Shape::List, settings)?,
        Some(b'<') => {
            return Err(ReadError::new("not a table: an HTML or XML document", "export the answers as CSV, or sign in before downloading"));
        }
        _ => records::begin(text, settings)?,
    };
    // Nothing whole in it yet: a larger piece will tell.
    let Some((shape, columns, taken)) = begun else {
        return Ok((None, Taken::default()));
    };
    Ok((Some(Form { charset: encoding.name().to_owned(), shape, columns }), taken))
}

/// UTF-16 becomes UTF-8; everything else that is read keeps ASCII where it is.
fn ascii_compatible<'a>(body: &'a [u8], encoding: &'static Encoding, last: bool, lines: u64) -> Text<'a> {
    if encoding != UTF_16LE && encoding != UTF_16BE {
        return Text { bytes: Cow::Borrowed(body), encoding, last, lines, given: Given::default() };
    }
    let mut end = body.len() & !1;
    let unit = |at: usize| {
        if encoding == UTF_16LE { u16::from_le_bytes([body[at], body[at + 1]]) } else { u16::from_be_bytes([body[at], body[at + 1]]) }
    };
    if !last && end >= 2 && (0xD800..0xDC00).contains(&unit(end - 2)) {
        end -= 2;
    }
    let decoded = encoding.decode_without_bom_handling(&body[..end]).0.into_owned();
    Text { bytes: Cow::Owned(decoded.into_bytes()), encoding: UTF_8, last, lines, given: Given::default() }
}

/// Where the next piece begins. A piece without a whole record is asked for again, larger; one that
/// is as large as can be is given up to its first line end.
fn go_on(bytes: &Bytes, mark: usize, text: &Text<'_>, taken: &Taken, mut state: State, piece: &mut Piece) -> Next {
    let mut consumed = taken.consumed;
    state.lines += taken.lines;
    if consumed == 0 {
        if bytes.request.limit < LARGEST_PIECE {
            return Next { from: bytes.from, limit: bytes.request.limit.max(PIECE) * 2, state };
        }
        consumed = text.bytes.iter().position(|byte| *byte == b'\n').map_or(text.bytes.len(), |at| at + 1);
        piece.warnings.push(Warning::new("bad_line", format!("line {}", state.lines + 1), "a record longer than 32 MiB was left out"));
        piece.rejects.cut = true;
        state.lines += 1;
    }
    let wide = matches!(text.bytes, Cow::Owned(_));
    let read = if wide { String::from_utf8_lossy(&text.bytes[..consumed]).encode_utf16().count() * 2 } else { consumed };
    Next { from: bytes.from + (mark + read) as u64, limit: PIECE, state }
}
