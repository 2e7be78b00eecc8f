//! One message of one customer, as a source gave it, and a page of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Request;

/// A message as read from a source: nothing stored yet, nothing tagged, nothing redacted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Item {
    /// The vendor's own id, verbatim; where there is none, one derived from the content that is
    /// the same from poll to poll. Unique within a source.
    pub id: String,
    /// Headline, empty where the source has none.
    pub title: String,
    /// What the customer wrote, as plain text.
    pub text: String,
    /// The author as the source names them. Never stored: the engine keeps a keyed hash.
    pub author: Option<String>,
    /// Where a person can read the original.
    pub url: Option<String>,
    /// When it was published, if the source says so and the date can be believed.
    pub published: Option<Timestamp>,
    /// When the vendor says it was last changed.
    pub updated: Option<Timestamp>,
    /// Stars, NPS, CSAT; always with its scale.
    pub rating: Option<Rating>,
    /// Language tag (`de`, `pt-BR`) if the source gives one.
    pub lang: Option<String>,
    /// Everything else worth keeping: `country`, `version`, survey columns.
    pub fields: BTreeMap<String, String>,
    /// The id that it was given by its content, if it was read before its own was filled in. What is
    /// stored under that one is this message.
    #[serde(default, skip_serializing)]
    pub formerly: Option<String>,
    /// The source says that this message is gone. Its other fields may be empty.
    pub gone: bool,
}

impl Item {
    /// What says that a message is gone, and nothing else of it.
    #[must_use]
    pub fn gone(id: impl Into<String>) -> Self {
        Self { id: id.into(), gone: true, ..Self::default() }
    }
}

/// A rating and the best value of its scale: 2 of 5 stars, 9 of 10.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// What was given.
    pub value: f64,
    /// The best that could have been given.
    pub max: f64,
}

impl Rating {
    /// As stars of five: 0 of 10 is no star, 5 of 5 are five.
    #[must_use]
    pub fn stars(&self) -> f64 {
        if self.max > 0.0 { self.value / self.max * 5.0 } else { 0.0 }
    }
}

/// Where to resume reading a source. What stands in it is the source's own business.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub Option<String>);

/// A part of a source that has a cursor and a pace of its own: a country, a territory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub String);

impl Shard {
    /// The only shard of a source that has no parts.
    #[must_use]
    pub fn whole() -> Self {
        Self(String::new())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one response held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// What was understood as the format: `rss`, `atom`, `json_feed`, `csv`, `jsonl`, `app_store`.
    pub format: &'static str,
    /// The page's own title, if it has one.
    pub title: Option<String>,
    /// The page's own link, if it has one.
    pub link: Option<String>,
    /// Messages in the order of the document.
    pub items: Vec<Item>,
    /// What was odd but did not cost the page.
    pub warnings: Vec<Warning>,
    /// Records of a file that could not be read, for a file beside.
    pub rejects: Option<Box<Rejects>>,
    /// The page to ask for next; `None` ends the walk.
    pub next: Option<Request>,
    /// Where the next poll starts once this walk has ended; `None` keeps the stored one.
    pub cursor: Option<Cursor>,
    /// A source that knows when it will have something new says so (a replay does).
    pub due: Option<Timestamp>,
    /// Where older messages are. Asked for on the first poll only, and within limits.
    pub older: Option<Request>,
    /// How often the document says that it is worth asking for.
    pub rhythm: Rhythm,
    /// Whether its end is missing. What is whole of it stands in `items`.
    pub cut: Cut,
    /// How long to wait before `next` is asked for: an export is being made. The poll ends, and goes on
    /// from there.
    pub pause: Option<TimeDelta>,
    /// On the last page of a walk: what all of its pages together listed. What is stored of that and
    /// was on none of them is gone.
    pub listed: Option<Listed>,
    /// Messages were missed before the walk began, which the service does not list any more.
    pub gap: bool,
}

impl Page {
    /// A warning where none of several messages says anything at all: what is taken as their text is probably
    /// another field.
    #[must_use]
    pub fn wordless(&self) -> Option<Warning> {
        let said = self.items.iter().filter(|item| !item.gone);
        let is_empty = |item: &Item| item.text.is_empty() && item.title.is_empty() && item.rating.is_none();
        let (count, empty) = said.fold((0, 0), |(count, empty), item| (count + 1, empty + usize::from(is_empty(item))));
        let message = || format!("none of {count} messages has words or a rating: check which fields are taken as text and rating");
        (count >= SEVERAL && empty == count).then(|| Warning::new("no_words", "", message()))
    }
}

/// What so few messages have in common may be chance.
const SEVERAL: usize = 3;

/// What a walk, from its first page to its last, has listed without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Only messages published from then on; everything without it.
    pub since: Option<Timestamp>,
    /// Only messages whose ids begin so.
    pub prefix: String,
    /// The list cannot have shifted while it was read, so that a second walk need not confirm what is
    /// missing: one document, or an end that bears the number of all.
    pub certain: bool,
}

/// Whether the end of a document is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    /// It ends as it should, or nobody can tell.
    #[default]
    Whole,
    /// It ends between two items, and nothing says that it does.
    Unclosed,
    /// It ends inside an item.
    InItem,
}

/// How often a document says that it is worth asking for. A wish, never a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rhythm {
    /// Time between two polls (`ttl`, `sy:updatePeriod`).
    pub every: Option<TimeDelta>,
    /// Hours of the day in UTC, 0 to 23, in which nothing new comes.
    pub skip_hours: BTreeSet<u32>,
    /// Days of the week, 0 for Monday to 6, on which nothing new comes, in UTC.
    pub skip_days: BTreeSet<u32>,
}

/// Something odd in what was read. It is counted and shown, and costs at most one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word: `bad_line`, `timezone_assumed`, `no_id`.
    pub code: String,
    /// Where: `line 14`, `item 3`, a column's name. Empty means the whole page.
    #[serde(rename = "where")]
    pub place: String,
    /// A sentence for a person.
    pub message: String,
}

/// Records of a file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejects {
    /// Name of the file, without its folder; where others in the source may have the same, with what tells
    /// them apart.
    pub file: String,
    /// The file is read from its beginning: what was rejected of it before is rejected anew.
    pub begins: bool,
    /// The records in their order.
    pub rows: Vec<Reject>,
}

/// A record that could not be read. What it holds is shown by nothing but the file that it goes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// The table in a packed file; empty where there is one only.
    pub table: String,
    /// Its first line.
    pub line: u64,
    /// Why.
    pub why: String,
    /// What is written there, cut where it is very long. It is as the customer wrote it.
    pub raw: String,
}

impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.table, self.line, self.why)
    }
}

impl Warning {
    /// A warning from its three parts.
    pub fn new(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "{} [{}]", self.message, self.code)
        } else {
            write!(f, "{}: {} [{}]", self.place, self.message, self.code)
        }
    }
}
