//! XLSX workbooks: the parts of ECMA-376 that say what stands in which cell.
//!
//! A sheet is streamed; only the texts that cells share are held in memory. Libraries for it hold
//! whole cells and sheets, however large a few bytes say they are.

use std::collections::HashMap;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;

use quick_xml::events::BytesStart;
use quick_xml::events::Event;
use zip::ZipArchive;

use crate::sources::ReadError;
use crate::sources::file::unpack::UnpackError;
use crate::sources::file::unpack::archive::broken;
use crate::sources::file::unpack::budget::Budget;
use crate::sources::file::unpack::sheet;
use crate::sources::file::unpack::sheet::Cell;
use crate::sources::file::unpack::sheet::Each;
use crate::sources::file::unpack::sheet::Listed;
use crate::sources::file::unpack::sheet::MOST_COLUMNS;
use crate::sources::file::unpack::sheet::MOST_ROWS;
use crate::sources::file::unpack::sheet::Workbook;
use crate::sources::file::unpack::xml;
use crate::sources::file::unpack::xml::Xml;

/// Different texts of a workbook, in bytes: they are held in memory.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// Sheets of a workbook, and styles of its cells.
const MOST_PARTS: usize = 65_536;

/// A workbook.
pub(super) struct Xlsx<R> {
    zip: ZipArchive<R>,
    sheets: Vec<Sheet>,
    since_1904: bool,
    /// By the number of a style: whether numbers in it are dates.
    dates: Vec<bool>,
    texts: Texts,
}

struct Sheet {
    listed: Listed,
    /// Name of its part in the archive.
    part: String,
}

/// Texts that cells share, one behind the other.
#[derive(Default)]
struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, at: usize) -> &str {
        let start = if at == 0 { Some(0) } else { self.ends.get(at - 1).copied() };
        start.zip(self.ends.get(at)).map_or("", |(start, end)| &self.all[start..*end])
    }
}

impl<R: Read + Seek> Xlsx<R> {
    /// Reads all but the sheets.
    pub(super) fn open(mut zip: ZipArchive<R>, budget: &Budget) -> Result<Self, UnpackError> {
        let targets = targets(&mut zip, budget)?;
        let (sheets, since_1904) = sheets(&mut zip, &targets, budget)?;
        let dates = if zip.index_for_name("xl/styles.xml").is_some() { styles(&mut zip, budget)? } else { Vec::new() };
        let texts = if zip.index_for_name("xl/sharedStrings.xml").is_some() { texts(&mut zip, budget)? } else { Texts::default() };
        Ok(Self { zip, sheets, since_1904, dates, texts })
    }
}

impl<R: Read + Seek> Workbook for Xlsx<R> {
    fn sheets(&self) -> Vec<Listed> {
        self.sheets.iter().map(|sheet| Listed { name: sheet.listed.name.clone(), is_hidden: sheet.listed.is_hidden }).collect()
    }

    fn is_since_1904(&self) -> bool {
        self.since_1904
    }

    fn rows(&mut self, sheet: usize, budget: &Budget, each: Each<'_>) -> Result<(), UnpackError> {
        let Self { zip, sheets, since_1904, dates, texts } = self;
        let file = zip.by_name(&sheets[sheet].part).map_err(|error| broken(&error))?;
        let mut xml = Xml::new(BufReader::new(file), budget);
        let mut row = Row { number: 0, cells: Vec::new(), bytes: 0 };
        let mut held = Held::default();
        // Texts count inside `v`, and inside `t` of an inline text, but not inside its pronunciation.
        let (mut reading, mut spoken) = (false, false);
        loop {
            match xml.next()? {
                Event::Start(start) => match xml::local(&start) {
                    "row" => row.begin(&start),
                    "c" => held = Held::new(&start, row.cells.len()),
                    "v" => reading = true,
                    "t" => reading = !spoken,
                    "rPh" => spoken = true,
                    _ => {}
                },
                Event::End(end) => match xml::local_of(end.name().into_inner()) {
                    "v" | "t" => reading = false,
                    "rPh" => spoken = false,
                    "c" => row.put(held.column, held.cell(texts, dates, *since_1904)),
                    "row" => {
                        if row.number > MOST_ROWS {
                            return Ok(());
                        }
                        each(row.number, &row.cells)?;
                    }
                    "sheetData" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Ok(()),
                event if reading && held.value.len() < sheet::MOST_CELL => xml::add(&mut held.value, &event),
                _ => {}
            }
        }
    }
}

/// A row under way.
struct Row {
    number: u32,
    cells: Vec<Cell>,
    /// What its texts take.
    bytes: usize,
}

impl Row {
    fn begin(&mut self, start: &BytesStart<'_>) {
        let said = xml::attribute(start, "r").and_then(|number| number.parse().ok());
        self.number = said.filter(|said| *said > self.number).unwrap_or(self.number.saturating_add(1));
        self.cells.clear();
        self.bytes = 0;
    }

    fn put(&mut self, column: usize, cell: Cell) {
        if column >= MOST_COLUMNS || cell.text.is_empty() || self.bytes + cell.text.len() > sheet::MOST_ROW {
            return;
        }
        self.bytes += cell.text.len();
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::default());
        }
        self.cells[column] = cell;
    }
}

/// A cell under way.
#[derive(Default)]
struct Held {
    column: usize,
    kind: Kind,
    style: usize,
    value: String,
}

#[derive(Debug, Clone, Copy, Default)]
enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Bool,
    Error,
    Date,
}

impl Held {
    fn new(start: &BytesStart<'_>, next: usize) -> Self {
        let kind = match xml::attribute(start, "t").as_deref() {
            Some("s") => Kind::Shared,
            Some("str" | "inlineStr") => Kind::Text,
            Some("b") => Kind::Bool,
            Some("e") => Kind::Error,
            Some("d") => Kind::Date,
            _ => Kind::Number,
        };
        let column = xml::attribute(start, "r").and_then(|place| column(&place)).unwrap_or(next);
        let style = xml::attribute(start, "s").and_then(|style| style.parse().ok()).unwrap_or(0);
        Self { column, kind, style, value: String::new() }
    }

    fn cell(&self, texts: &Texts, dates: &[bool], since_1904: bool) -> Cell {
        let value = self.value.as_str();
        let text = |text: &str| Cell { text: unescaped(sheet::cut(text)), is_text: true };
        let plain = |text: String| Cell { text, is_text: false };
        match self.kind {
            Kind::Shared => text(value.trim().parse().map_or("", |at| texts.get(at))),
            Kind::Text => text(value),
            Kind::Bool => plain(if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
            Kind::Error => Cell::default(),
            Kind::Date => plain(value.trim().to_owned()),
            Kind::Number => {
                let date = dates.get(self.style).is_some_and(|is| *is).then(|| value.trim().parse().ok()).flatten();
                plain(date.and_then(|days| sheet::of_days(days, since_1904)).unwrap_or_else(|| sheet::number(value)))
            }
        }
    }
}

/// Index of the column in `AB12`.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(4).fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

/// `_x000D_` stands for a character that XML does not allow, or changes.
fn unescaped(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 7).filter(|code| code.ends_with('_')).and_then(|code| u32::from_str_radix(&code[..4], 16).ok());
        let (letter, length) = code.and_then(char::from_u32).map_or((None, 2), |letter| (Some(letter), 7));
        read.push_str(&rest[..at]);
        match letter {
            Some(letter) => read.push(letter),
            None => read.push_str("_x"),
        }
        rest = &rest[at + length..];
    }
    read.push_str(rest);
    read
}

/// Where the sheets lie, by the ids of their relations.
fn targets<R: Read + Seek>(zip: &mut ZipArchive<R>, budget: &Budget) -> Result<HashMap<String, String>, UnpackError> {
    let mut targets = HashMap::new();
    each_start(zip, "xl/_rels/workbook.xml.rels", budget, |start| {
        let of_sheet = xml::attribute(start, "Type").is_some_and(|kind| kind.ends_with("/worksheet"));
        if let ("Relationship", true, Some(id), Some(target)) =
            (xml::local(start), of_sheet, xml::attribute(start, "Id"), xml::attribute(start, "Target"))
        {
            let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            targets.insert(id, part);
        }
        targets.len() < MOST_PARTS
    })?;
    Ok(targets)
}

/// The sheets in their order, and whether days are counted from 1904.
fn sheets<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    targets: &HashMap<String, String>,
    budget: &Budget,
) -> Result<(Vec<Sheet>, bool), UnpackError> {
    let (mut sheets, mut since_1904) = (Vec::new(), false);
    each_start(zip, "xl/workbook.xml", budget, |start| {
        match xml::local(start) {
            "workbookPr" => since_1904 = xml::attribute(start, "date1904").is_some_and(|is| is == "1" || is == "true"),
            "sheet" => {
                let part = xml::attribute(start, "id").and_then(|id| targets.get(&id).cloned());
                let is_hidden = xml::attribute(start, "state").is_some_and(|state| state != "visible");
                let name = xml::attribute(start, "name").unwrap_or_default();
                sheets.extend(part.map(|part| Sheet { listed: Listed { name, is_hidden }, part }));
            }
            _ => {}
        }
        sheets.len() < MOST_PARTS
    })?;
    Ok((sheets, since_1904))
}

/// Which styles of cells are dates.
fn styles<R: Read + Seek>(zip: &mut ZipArchive<R>, budget: &Budget) -> Result<Vec<bool>, UnpackError> {
    let mut formats: HashMap<u32, bool> = HashMap::new();
    let mut dates = Vec::new();
    let mut inside = false;
    each_start(zip, "xl/styles.xml", budget, |start| {
        let id = || xml::attribute(start, "numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or(0);
        match xml::local(start) {
            "numFmt" => {
                formats.insert(id(), xml::attribute(start, "formatCode").is_some_and(|code| is_date_format(&code)));
            }
            "cellXfs" => inside = true,
            "cellStyles" | "dxfs" => inside = false,
            "xf" if inside => {
                let id = id();
                let builtin = matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58);
                dates.push(formats.get(&id).copied().unwrap_or(builtin));
            }
            _ => {}
        }
        formats.len() < MOST_PARTS && dates.len() < MOST_PARTS
    })?;
    Ok(dates)
}

/// Whether a format shows a number as a date: it has letters of days, years or hours outside of
/// quotes, brackets and escapes.
fn is_date_format(code: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    for letter in code.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            // `General` and `0.0E+0` have letters too, but none of these.
            'd' | 'D' | 'y' | 'Y' | 'h' | 'H' | 'm' | 'M' | 's' | 'S' => return true,
            _ => {}
        }
    }
    false
}

/// The texts that cells share.
fn texts<R: Read + Seek>(zip: &mut ZipArchive<R>, budget: &Budget) -> Result<Texts, UnpackError> {
    let file = zip.by_name("xl/sharedStrings.xml").map_err(|error| broken(&error))?;
    let mut xml = Xml::new(BufReader::new(file), budget);
    let mut texts = Texts::default();
    let (mut reading, mut spoken) = (false, false);
    loop {
        match xml.next()? {
            Event::Start(start) => match xml::local(&start) {
                "t" => reading = !spoken,
                "rPh" => spoken = true,
                _ => {}
            },
            Event::End(end) => match xml::local_of(end.name().into_inner()) {
                "t" => reading = false,
                "rPh" => spoken = false,
                "si" => texts.ends.push(texts.all.len()),
                _ => {}
            },
            Event::Eof => return Ok(texts),
            event if reading => xml::add(&mut texts.all, &event),
            _ => {}
        }
        if texts.all.len() + texts.ends.len() * 8 > MOST_TEXT {
            return Err(
                ReadError::new("a workbook with more than 64 MB of different texts", "save the sheet as CSV UTF-8, or split it").into()
            );
        }
    }
}

/// Goes through the opening tags of a part until the caller has enough.
fn each_start<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    part: &str,
    budget: &Budget,
    mut each: impl FnMut(&BytesStart<'_>) -> bool,
) -> Result<(), UnpackError> {
    let file: zip::read::ZipFile<'_, R> = zip.by_name(part).map_err(|error| broken(&error))?;
    let mut xml = Xml::new(BufReader::new(file), budget);
    loop {
        match xml.next()? {
            Event::Start(start) if !each(&start) => return Ok(()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}
