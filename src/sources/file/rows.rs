//! Rows into items.
//!
//! A row without an id gets one from its content, also where the others of its file have their own, so that the same export under another name, or a
//! longer one with the same rows, counts once. Rows that are alike in everything are told apart by
//! counting them, from the start of the piece they are read in: two equal rows of one file are two
//! answers, and stay the same two when the file is read again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::file::Settings;
use crate::sources::file::columns::Columns;
use crate::sources::file::columns::Role;
use crate::sources::file::dates;
use crate::sources::file::finder;
use crate::sources::file::ratings;
use crate::sources::file::ratings::Scale;
use crate::sources::times;
use crate::sources::times::Named;
use crate::sources::times::Zone;

/// Warnings of one kind that are given one by one; of the rest only the number is.
const FIRST: usize = 20;

/// Why a row is rejected that is nothing but a rating, and no rating of its column's scale.
const ONLY_OFF_SCALE: &str = "a rating outside its scale and no text: the row was left out";

/// Collects the items of a piece.
pub(super) struct Rows<'a> {
    columns: &'a Columns,
    zone: Zone,
    items: Vec<Item>,
    by_id: HashMap<String, usize>,
    alike: HashMap<u64, u32>,
    /// The column of ids.
    id_at: Option<usize>,
    /// Rows that have none there.
    blank_ids: usize,
    /// Columns that say of a row that it is no answer, with what stands there then.
    dropped: Vec<(usize, &'a str)>,
    rating_words: &'a [(String, f64)],
    notes: Notes,
}

/// Warnings, of each kind only so many.
#[derive(Default)]
pub(super) struct Notes {
    warnings: Vec<Warning>,
    counts: HashMap<&'static str, usize>,
}

impl Notes {
    pub(super) fn add(&mut self, code: &'static str, line: u64, message: &str) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= FIRST {
            self.warnings.push(Warning::new(code, format!("line {line}"), message));
        }
    }

    pub(super) fn finish(self) -> Vec<Warning> {
        let mut warnings = self.warnings;
        let mut more = self.counts.into_iter().filter(|(_, count)| *count > FIRST).collect::<Vec<_>>();
        more.sort_unstable();
        warnings.extend(more.into_iter().map(|(code, count)| Warning::new(code, "", format!("and {} more", count - FIRST))));
        warnings
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(columns: &'a Columns, settings: &'a Settings) -> Self {
        let named = columns.zone.as_deref().and_then(Zone::named);
        let zone = named.or_else(|| settings.time_zone.map(Zone::Place)).unwrap_or_else(Zone::utc);
        let at = |name: &str| columns.names.iter().position(|column| finder::is_called(column, name));
        let dropped = settings.columns.drop_rows.iter().filter_map(|(name, value)| Some((at(name)?, value.trim())));
        Self {
            columns,
            zone,
            items: Vec::new(),
            by_id: HashMap::new(),
            alike: HashMap::new(),
            id_at: columns.position(&Role::Id),
            blank_ids: 0,
            dropped: dropped.collect(),
            rating_words: &settings.columns.rating_words,
            notes: Notes::default(),
        }
    }

    pub(super) fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    pub(super) fn finish(mut self) -> (Vec<Item>, Vec<Warning>) {
        let mut warnings = self.notes.finish();
        if self.blank_ids > 0 {
            let rows = if self.blank_ids == 1 { "1 row has".to_owned() } else { format!("{} rows have", self.blank_ids) };
            warnings.push(Warning::new("no_id", "", format!("{rows} no id and stand for themselves by what is written in them")));
            // Who stands beside a row without an id is not that row.
            let blank: HashSet<String> = self.alike.keys().map(|hash| content_id(*hash)).collect();
            for item in &mut self.items {
                item.formerly.take_if(|former| blank.contains(former));
            }
        }
        (self.items, warnings)
    }

    /// Takes a row: its line, its cells by column, a hash over all of it but the cell of its id. Says
    /// why it cannot, where what it holds would be lost.
    pub(super) fn take<'c>(
        &mut self,
        line: u64,
        cell: impl Fn(usize) -> Cow<'c, str>,
        hash: impl FnOnce(Option<usize>) -> u64,
    ) -> Option<&'static str> {
        if self.dropped.iter().any(|(at, value)| cell(*at).trim() == *value) {
            return None;
        }
        let mut item = Item::default();
        let mut row = Row::new(self.zone);
        for (at, role) in self.columns.roles.iter().enumerate() {
            if *role != Role::Dropped {
                let value = cell(at);
                row.put(role, value.trim(), self.columns.decimal_comma, self.rating_words, &mut item);
            }
        }
        if row.is_test {
            self.notes.add("test_response", line, "a test answer was left out");
            return None;
        }
        if !row.rate(self.columns, &mut item) {
            if item.text.is_empty() && item.title.is_empty() {
                self.notes.add("rating_off_scale", line, ONLY_OFF_SCALE);
                return Some(ONLY_OFF_SCALE);
            }
            self.notes.add("rating_off_scale", line, "a rating outside its scale was left out, and the answer kept without it");
        }
        if item.text.is_empty() && item.title.is_empty() && item.rating.is_none() {
            self.notes.add("empty_record", line, "an answer without text and rating was left out");
            return None;
        }
        self.date(&row, line, &mut item);
        let hash = hash(self.id_at);
        if item.id.is_empty() {
            let count = self.alike.entry(hash).or_default();
            *count += 1;
            item.id = if *count == 1 { content_id(hash) } else { format!("{}-{count}", content_id(hash)) };
            self.blank_ids += usize::from(self.id_at.is_some());
        } else {
            item.formerly = Some(content_id(hash));
        }
        self.push(item, line);
        None
    }

    /// Of two rows with one id the later change wins.
    fn push(&mut self, item: Item, line: u64) {
        let next = self.items.len();
        let at = *self.by_id.entry(item.id.clone()).or_insert(next);
        if at == next {
            self.items.push(item);
            return;
        }
        self.notes.add("duplicate_id", line, "an id that came before: the later change wins");
        let changed = |item: &Item| item.updated.max(item.published);
        if changed(&item) >= changed(&self.items[at]) {
            self.items[at] = item;
        }
    }

    fn date(&mut self, row: &Row, line: u64, item: &mut Item) {
        let order = self.columns.order;
        let read = |text: &str| -> Option<Timestamp> {
            let written = dates::read(text, order).filter(|written| written.zone != Named::Unknown)?;
            Some(written.moment(row.zone)).filter(|moment| times::believable(*moment))
        };
        item.published = read(&row.date);
        item.updated = read(&row.updated);
        if item.published.is_none() && !row.date.is_empty() {
            self.notes.add("bad_date", line, "a date that cannot be read: the answer counts from when it is first seen");
        }
    }
}

/// What of a row needs a second look once all of it is known.
struct Row {
    date: String,
    updated: String,
    zone: Zone,
    rating: Option<ratings::Given>,
    /// Something stands there that is meant as a rating and is none.
    is_off: bool,
    max: Option<f64>,
    is_test: bool,
}

impl Row {
    fn new(zone: Zone) -> Self {
        Self { date: String::new(), updated: String::new(), zone, rating: None, is_off: false, max: None, is_test: false }
    }

    fn put(&mut self, role: &Role, value: &str, decimal_comma: bool, words: &[(String, f64)], item: &mut Item) {
        if value.is_empty() {
            return;
        }
        match role {
            Role::Id => item.id = clean(value).into_owned(),
            Role::Text if item.text.is_empty() => item.text = clean(value).into_owned(),
            Role::Text => {
                item.text.push_str("\n\n");
                item.text.push_str(&clean(value));
            }
            Role::Title => item.title = clean(value).into_owned(),
            Role::Date => value.clone_into(&mut self.date),
            Role::Updated => value.clone_into(&mut self.updated),
            Role::Rating => {
                self.rating = ratings::read_with(value, decimal_comma, words);
                self.is_off = self.rating.is_none() && ratings::is_meant(value);
            }
            Role::RatingMax => self.max = ratings::number(value, decimal_comma).filter(|max| *max > 0.0),
            Role::Language => item.lang = Some(clean(value).into_owned()),
            Role::Author => item.author = Some(clean(value).into_owned()),
            Role::Link => item.url = Some(clean(value).into_owned()),
            Role::Zone => self.zone = Zone::named(value).unwrap_or(self.zone),
            Role::Status => self.is_test = matches!(value.to_lowercase().as_str(), "survey preview" | "survey test" | "spam"),
            Role::Field(name) => {
                item.fields.insert(name.clone(), clean(value).into_owned());
            }
            Role::Dropped => {}
        }
    }

    /// Gives the item its rating; `false` where what stands there is on no scale.
    fn rate(&self, columns: &Columns, item: &mut Item) -> bool {
        let Some(given) = self.rating else { return !self.is_off };
        let own = given.max.or(self.max).map(|best| Scale { least: 0.0, best });
        let scale = own.or_else(|| Some(Scale { least: columns.rating_min, best: columns.rating_max? }));
        item.rating = scale.filter(|scale| scale.holds(given.value)).map(|scale| Rating { value: given.value, max: scale.best });
        item.rating.is_some()
    }
}

fn content_id(hash: u64) -> String {
    format!("h1:{hash:016x}")
}

/// Line ends as `\n`, no zero bytes.
fn clean(value: &str) -> Cow<'_, str> {
    if value.contains(['\r', '\0']) {
        Cow::Owned(value.replace("\r\n", "\n").replace('\r', "\n").replace('\0', ""))
    } else {
        Cow::Borrowed(value)
    }
}
