//! The XML inside workbooks, one event at a time and each within bounds.
//!
//! A cell holds at most 32,767 letters, in any program. A document with one text of two gigabytes
//! would otherwise be had whole in memory before anybody could say no.

use std::io;
use std::io::BufRead;
use std::io::Read;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::BytesRef;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

use crate::sources::file::unpack::UnpackError;
use crate::sources::file::unpack::budget::Budget;
use crate::sources::file::unpack::damaged;

/// Bytes of one event: a tag, a text between two tags.
const LARGEST_EVENT: usize = 2 * 1024 * 1024;

/// A source of events.
pub(super) struct Xml<'a, R> {
    reader: Reader<Bounded<'a, R>>,
    buffer: Vec<u8>,
}

impl<'a, R: BufRead> Xml<'a, R> {
    /// Reads `from`; what is read is taken out of the budget.
    pub(super) fn new(from: R, budget: &'a Budget) -> Self {
        let mut reader = Reader::from_reader(Bounded { from, budget, event: 0 });
        let config = reader.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event; [`Event::Eof`] at the end.
    pub(super) fn next(&mut self) -> Result<Event<'_>, UnpackError> {
        self.buffer.clear();
        self.reader.get_mut().event = 0;
        // What is kept of one large event would stay for the whole document.
        self.buffer.shrink_to(64 * 1024);
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => Ok(event),
            Err(error) => Err(self.reader.get_ref().budget.error().unwrap_or_else(|| damaged(&error.to_string()))),
        }
    }
}

/// A reader that gives only so much between two events.
struct Bounded<'a, R> {
    from: R,
    budget: &'a Budget,
    event: usize,
}

impl<R: BufRead> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.event > LARGEST_EVENT {
            return Err(io::Error::other("one cell of more than 2 MB"));
        }
        self.from.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.event += amount;
        if self.budget.take(amount as u64).is_err() {
            // Here nothing can be refused; the next piece is.
            self.event = usize::MAX / 2;
        }
        self.from.consume(amount);
    }
}

/// The name of an element without its prefix.
pub(super) fn local<'b>(start: &'b BytesStart<'_>) -> &'b str {
    local_of(start.name().into_inner())
}

/// A name without its prefix.
pub(super) fn local_of(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|attribute| local_of(attribute.key.into_inner()) == name)?;
    Some(quick_xml::escape::unescape(&found.value).unwrap_or_else(|_| found.value.as_ref().into()).into_owned())
}

/// What a text event or a reference adds to a cell.
pub(super) fn add(to: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(text) => to.push_str(text),
        Event::CData(text) => to.push_str(text),
        Event::GeneralRef(reference) => add_reference(to, reference),
        _ => {}
    }
}

fn add_reference(to: &mut String, reference: &BytesRef<'_>) {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        to.push(letter);
        return;
    }
    // Others would have to be declared, which no spreadsheet does.
    to.push_str(resolve_predefined_entity(reference).unwrap_or_default());
}
