//! TOML as a tree in which every value knows its place, free of the parser's own types.
//!
//! A value that can say where it stands is what lets an error point at it after several files
//! were merged.

use std::ops::Range;

/// A stretch of one of the documents. There may be a million of them, so they are small.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    file: u32,
    start: u32,
    end: u32,
}

impl Place {
    /// The bytes `span` of document `file`.
    #[must_use]
    pub fn new(file: usize, span: Range<usize>) -> Self {
        // Documents are bounded far below four gigabytes; what is behind that is shown at its edge.
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { file: small(file), start: small(span.start), end: small(span.end) }
    }

    /// Number of the document.
    #[must_use]
    pub fn file(&self) -> usize {
        self.file as usize
    }

    /// First byte.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// First byte after it.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// The bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start()..self.end()
    }
}

/// A value with its origin; a default has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Option<Place>,
}

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands; for a table with a header, the header.
    pub at: Place,
    /// What it is.
    pub value: Value,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// In quotes.
    Text(String),
    /// Without a fraction; `None` when it is too large for anything.
    Whole(Option<i64>),
    /// With a fraction.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A date, a time or both, as written.
    Moment(String),
    /// In brackets.
    List(Vec<Node>),
    /// In braces or under a header.
    Table(Table),
}

impl Value {
    /// What to call it in a sentence.
    #[must_use]
    pub fn called(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) => "a whole number",
            Self::Number(_) => "a number with a fraction",
            Self::Flag(_) => "true or false",
            Self::Moment(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// Whether it was written as `[[name]]`, or could have been.
    #[must_use]
    pub fn is_tables(&self) -> bool {
        matches!(self, Self::List(nodes) if !nodes.is_empty() && nodes.iter().all(|node| matches!(node.value, Value::Table(_))))
    }
}

/// Keys and values in the order in which they stand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Each key once.
    pub entries: Vec<Entry>,
}

/// One key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_at: Place,
    /// Its value.
    pub node: Node,
}

impl Table {
    /// The entry of a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}
