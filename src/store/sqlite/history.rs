//! History as it was seen: every item once, in the order in which items were stored, with all that
//! became of it since.
//!
//! Tables that belong to an item lie in the order of items, so they are read side by side in one
//! pass and in the memory of one item, and in one snapshot of the database while a daemon writes.

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::Rows;
use rusqlite::Statement;

use crate::domain::Timestamp;
use crate::domain::ports::Ruleset;
use crate::domain::ports::StoreError;
use crate::store::sqlite::ingest::HISTORY;
use crate::store::sqlite::reports::Reader;
use crate::store::sqlite::retag;
use crate::store::sqlite::values::moment;

/// What is wanted of each item beside its times and themes. Whatever is not asked for is not read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Numbers of its segments.
    pub segments: bool,
    /// Everything else that the source gave, as JSON.
    pub fields: bool,
    /// Headline and words.
    pub text: bool,
}

/// How an item came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrived {
    /// In its time.
    #[default]
    News,
    /// Too late to alert.
    BackFill,
    /// With a first poll or an import: when it could have been seen first is not known.
    History,
}

/// An item and all that is known of it over time.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// Its number.
    pub id: i64,
    /// Number of its source.
    pub source: i64,
    /// When it is counted.
    pub at: Timestamp,
    /// When it was stored.
    pub first_seen: Timestamp,
    /// How it came.
    pub arrived: Arrived,
    /// Number of its voice.
    pub voice: i64,
    /// Other items have the same voice.
    pub shares_voice: bool,
    /// When the source took it back.
    pub gone_at: Option<Timestamp>,
    /// Numbers of its segments, the whole left out.
    pub segments: Vec<i64>,
    /// Numbers of its present themes.
    pub themes: Vec<i64>,
    /// What edits replaced, the oldest first: until when it held, and the names of its themes.
    pub earlier: Vec<(Timestamp, Vec<String>)>,
    /// Value and best value of its rating, as it is now.
    pub rating: Option<(f64, f64)>,
    /// Language.
    pub lang: Option<String>,
    /// Everything else the source gave, as JSON; empty where it was not asked for.
    pub fields: String,
    /// Headline and words; `None` where they were pruned or not asked for.
    pub text: Option<(String, String)>,
}

impl Reader<'_> {
    /// Calls `each` with every item that was ever stored, deleted ones included.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails, and what `each` gives.
    pub fn lives<E: From<StoreError>>(&self, wanted: Wanted, mut each: impl FnMut(&Life) -> Result<(), E>) -> Result<(), E> {
        // Dropping it ends it: nothing was written.
        let snapshot = self.connection().unchecked_transaction().map_err(StoreError::from)?;
        let statements = Statements::prepare(&snapshot, wanted).map_err(StoreError::from)?;
        walk(&snapshot, statements, &mut each)
    }

    /// How many items were ever stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn stored(&self) -> Result<u64, StoreError> {
        Ok(self.connection().query_row("SELECT coalesce(max(id), 0) FROM item", [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// Which rules the stored tags are from; `None` when nobody ever said.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn ruleset(&self) -> Result<Option<Ruleset>, StoreError> {
        retag::ruleset(self.connection())
    }
}

struct Statements<'a> {
    items: Statement<'a>,
    segments: Statement<'a>,
    themes: Statement<'a>,
    revisions: Statement<'a>,
    texts: Statement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(connection: &'a Connection, wanted: Wanted) -> rusqlite::Result<Self> {
        let fields = if wanted.fields { "fields" } else { "''" };
        let only = |wanted: bool| if wanted { "" } else { "LIMIT 0" };
        Ok(Self {
            items: connection.prepare(&format!(
                "SELECT id, source, at, first_seen, late, voice, deleted_at, lang, {fields}, rating, rating_max FROM item ORDER BY id"
            ))?,
            segments: connection.prepare(&format!("SELECT item, scope FROM item_label ORDER BY item, scope {}", only(wanted.segments)))?,
            themes: connection.prepare("SELECT item, theme FROM tag ORDER BY item, theme")?,
            revisions: connection.prepare("SELECT item, seen_at, themes FROM revision ORDER BY item, rev")?,
            texts: connection.prepare(&format!("SELECT item, title, body FROM text ORDER BY item {}", only(wanted.text)))?,
        })
    }
}

fn walk<E: From<StoreError>>(
    connection: &Connection,
    mut statements: Statements<'_>,
    each: &mut impl FnMut(&Life) -> Result<(), E>,
) -> Result<(), E> {
    let broken = |error: rusqlite::Error| E::from(StoreError::from(error));
    let shared = shared_voices(connection).map_err(broken)?;
    let mut lived = HashSet::new();
    let mut items = statements.items.query([]).map_err(broken)?;
    let mut segments = Beside::of(&mut statements.segments, |row| row.get(1)).map_err(broken)?;
    let mut themes = Beside::of(&mut statements.themes, |row| row.get(1)).map_err(broken)?;
    let mut revisions = Beside::of(&mut statements.revisions, replaced).map_err(broken)?;
    let mut texts = Beside::of(&mut statements.texts, |row| Ok((row.get(1)?, row.get(2)?))).map_err(broken)?;
    let mut life = Life::default();
    while let Some(row) = items.next().map_err(broken)? {
        read(row, &mut life, &mut lived).map_err(broken)?;
        life.shares_voice = life.voice != life.id || shared.contains(&life.id);
        segments.collect(life.id, &mut life.segments).map_err(broken)?;
        themes.collect(life.id, &mut life.themes).map_err(broken)?;
        revisions.collect(life.id, &mut life.earlier).map_err(broken)?;
        life.text = texts.last(life.id).map_err(broken)?;
        each(&life)?;
    }
    Ok(())
}

fn replaced(row: &Row<'_>) -> rusqlite::Result<(Timestamp, Vec<String>)> {
    let names: String = row.get(2)?;
    // Names that can't be read are none: the edit itself is still known.
    Ok((moment(row.get(1)?), serde_json::from_str(&names).unwrap_or_default()))
}

/// `lived` are sources that have been read live before.
fn read(row: &Row<'_>, life: &mut Life, lived: &mut HashSet<i64>) -> rusqlite::Result<()> {
    life.id = row.get(0)?;
    life.source = row.get(1)?;
    life.at = moment(row.get(2)?);
    life.first_seen = moment(row.get(3)?);
    life.arrived = match row.get::<_, i64>(4)? {
        0 => {
            lived.insert(life.source);
            Arrived::News
        }
        HISTORY => Arrived::History,
        // An older release wrote the same number for both.
        _ if lived.contains(&life.source) => Arrived::BackFill,
        _ => Arrived::History,
    };
    life.voice = row.get(5)?;
    life.gone_at = row.get::<_, Option<i64>>(6)?.map(moment);
    life.lang = row.get(7)?;
    life.fields = row.get(8)?;
    life.rating = row.get::<_, Option<f64>>(9)?.zip(row.get(10)?);
    Ok(())
}

fn shared_voices(connection: &Connection) -> rusqlite::Result<HashSet<i64>> {
    let mut find = connection.prepare("SELECT DISTINCT voice FROM item WHERE voice <> id")?;
    find.query_map([], |row| row.get(0))?.collect()
}

/// Rows of a table in the order of their items, read beside the items.
struct Beside<'a, T> {
    rows: Rows<'a>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    /// The row that waits for its item, and the number of this item.
    waits: Option<(i64, T)>,
}

impl<'a, T> Beside<'a, T> {
    fn of(statement: &'a mut Statement<'_>, read: fn(&Row<'_>) -> rusqlite::Result<T>) -> rusqlite::Result<Self> {
        let mut beside = Self { rows: statement.query([])?, read, waits: None };
        beside.step()?;
        Ok(beside)
    }

    /// Puts the rows of an item into `found`, in place of what is there.
    fn collect(&mut self, item: i64, found: &mut Vec<T>) -> rusqlite::Result<()> {
        found.clear();
        while let Some(row) = self.take(item)? {
            found.push(row);
        }
        Ok(())
    }

    /// The last row of an item.
    fn last(&mut self, item: i64) -> rusqlite::Result<Option<T>> {
        let mut last = None;
        while let Some(row) = self.take(item)? {
            last = Some(row);
        }
        Ok(last)
    }

    /// The next row of an item. Rows of items that are gone from their table are passed over.
    fn take(&mut self, item: i64) -> rusqlite::Result<Option<T>> {
        loop {
            match self.waits.take() {
                Some((of, row)) if of == item => {
                    self.step()?;
                    return Ok(Some(row));
                }
                Some((of, _)) if of < item => self.step()?,
                later => {
                    self.waits = later;
                    return Ok(None);
                }
            }
        }
    }

    fn step(&mut self) -> rusqlite::Result<()> {
        self.waits = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, (self.read)(row)?)),
            None => None,
        };
        Ok(())
    }
}
