//! ODS workbooks: the tables of an OpenDocument `content.xml`, streamed.

use std::collections::HashSet;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;

use quick_xml::events::BytesStart;
use quick_xml::events::Event;
use zip::ZipArchive;

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

/// Sheets of a workbook, and its hidden styles.
const MOST_PARTS: usize = 10_000;

/// A workbook.
pub(super) struct Ods<R> {
    zip: ZipArchive<R>,
    sheets: Vec<(String, bool)>,
}

impl<R: Read + Seek> Ods<R> {
    /// Looks which sheets there are.
    pub(super) fn open(mut zip: ZipArchive<R>, budget: &Budget) -> Result<Self, UnpackError> {
        let mut sheets = Vec::new();
        let mut hidden: HashSet<String> = HashSet::new();
        let mut style = String::new();
        {
            let file = zip.by_name("content.xml").map_err(|error| broken(&error))?;
            let mut xml = Xml::new(BufReader::new(file), budget);
            loop {
                match xml.next()? {
                    Event::Start(start) => match xml::local(&start) {
                        "style" => style = xml::attribute(&start, "name").unwrap_or_default(),
                        "table-properties" if is(&start, "display", "false") && hidden.len() < MOST_PARTS => {
                            hidden.insert(style.clone());
                        }
                        "table" if sheets.len() < MOST_PARTS => {
                            let is_hidden = xml::attribute(&start, "style-name").is_some_and(|style| hidden.contains(&style));
                            sheets.push((xml::attribute(&start, "name").unwrap_or_default(), is_hidden));
                        }
                        _ => {}
                    },
                    Event::Eof => break,
                    _ => {}
                }
            }
        }
        Ok(Self { zip, sheets })
    }
}

impl<R: Read + Seek> Workbook for Ods<R> {
    fn sheets(&self) -> Vec<Listed> {
        self.sheets.iter().map(|(name, is_hidden)| Listed { name: name.clone(), is_hidden: *is_hidden }).collect()
    }

    /// Dates are written out.
    fn is_since_1904(&self) -> bool {
        false
    }

    fn rows(&mut self, sheet: usize, budget: &Budget, each: Each<'_>) -> Result<(), UnpackError> {
        let file = self.zip.by_name("content.xml").map_err(|error| broken(&error))?;
        let mut xml = Xml::new(BufReader::new(file), budget);
        let mut table = 0;
        let mut row = Row::default();
        loop {
            match xml.next()? {
                Event::Start(start) if xml::local(&start) == "table" => table += 1,
                Event::End(end) if xml::local_of(end.name().into_inner()) == "table" && table > sheet => return Ok(()),
                Event::Eof => return Ok(()),
                _ if table != sheet + 1 => {}
                Event::Start(start) => row.start(&start),
                Event::End(end) => {
                    let name = end.name().into_inner();
                    if xml::local_of(name) != "table-row" {
                        row.end(xml::local_of(name));
                        continue;
                    }
                    let blank = row.cells.iter().all(|cell| cell.text.is_empty());
                    // Blank rows are repeated down to the last one that there can be.
                    for _ in 0..if blank { 0 } else { row.repeated } {
                        row.number += 1;
                        if row.number > MOST_ROWS {
                            return Ok(());
                        }
                        each(row.number, &row.cells)?;
                    }
                    if blank {
                        row.number = row.number.saturating_add(row.repeated);
                    }
                }
                event => row.add(&event),
            }
        }
    }
}

/// A row under way.
#[derive(Default)]
struct Row {
    number: u32,
    repeated: u32,
    cells: Vec<Cell>,
    /// What their texts take.
    bytes: usize,
    /// Columns so far, blank ones at the end with them.
    width: usize,
    cell: Cell,
    cell_repeated: usize,
    /// The cell's value stands in an attribute: its paragraphs only show it.
    has_value: bool,
    paragraphs: usize,
    in_paragraph: bool,
    /// Depth inside a remark on the cell, which is no part of it.
    remark: usize,
}

impl Row {
    fn start(&mut self, start: &BytesStart<'_>) {
        let many = |name: &str| xml::attribute(start, name).and_then(|many| many.parse::<u32>().ok()).unwrap_or(1).max(1);
        match xml::local(start) {
            "annotation" => self.remark += 1,
            _ if self.remark > 0 => {}
            "table-row" => {
                self.cells.clear();
                (self.width, self.bytes) = (0, 0);
                self.repeated = many("number-rows-repeated").min(MOST_ROWS);
            }
            "table-cell" | "covered-table-cell" => {
                self.cell_repeated = many("number-columns-repeated") as usize;
                self.begin_cell(start);
            }
            "p" | "h" => {
                self.in_paragraph = true;
                self.paragraphs += 1;
                if self.paragraphs > 1 {
                    self.letter('\n', 1);
                }
            }
            "s" => self.letter(' ', (many("c") as usize).min(1_000)),
            "tab" => self.letter('\t', 1),
            "line-break" => self.letter('\n', 1),
            _ => {}
        }
    }

    fn begin_cell(&mut self, start: &BytesStart<'_>) {
        (self.paragraphs, self.in_paragraph) = (0, false);
        let value = |name: &str| xml::attribute(start, name);
        let written = match value("value-type").as_deref() {
            Some("float" | "percentage" | "currency") => value("value").map(|number| sheet::number(&number)),
            Some("date") => value("date-value"),
            Some("boolean") => value("boolean-value").map(|is| is.to_uppercase()),
            _ => None,
        };
        self.has_value = written.is_some();
        self.cell = Cell { text: written.unwrap_or_default(), is_text: !self.has_value };
    }

    fn letter(&mut self, letter: char, times: usize) {
        if !self.has_value && self.cell.text.len() < sheet::MOST_CELL {
            self.cell.text.extend(std::iter::repeat_n(letter, times));
        }
    }

    fn add(&mut self, event: &Event<'_>) {
        if self.in_paragraph && !self.has_value && self.remark == 0 && self.cell.text.len() < sheet::MOST_CELL {
            xml::add(&mut self.cell.text, event);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "annotation" => self.remark = self.remark.saturating_sub(1),
            _ if self.remark > 0 => {}
            "p" | "h" => self.in_paragraph = false,
            "table-cell" | "covered-table-cell" => {
                let mut cell = std::mem::take(&mut self.cell);
                cell.text.truncate(sheet::cut(&cell.text).len());
                let until = self.width.saturating_add(self.cell_repeated).min(MOST_COLUMNS);
                if !cell.text.is_empty() && self.width < until {
                    let room = (sheet::MOST_ROW - self.bytes) / cell.text.len();
                    let filled = until.min(self.width.saturating_add(room));
                    self.bytes += (filled - self.width) * cell.text.len();
                    self.cells.resize(self.width, Cell::default());
                    self.cells.resize(filled, cell);
                }
                self.width = until;
            }
            _ => {}
        }
    }
}

fn is(start: &BytesStart<'_>, name: &str, value: &str) -> bool {
    xml::attribute(start, name).is_some_and(|said| said == value)
}
