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
use crate::domain::ports::StoreError;
use crate::domain::ruleset::Ruleset;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::domain::theme::Tag;
    use crate::store::sqlite::Direct;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + n * 3600, 0).unwrap()
    }

    /// Stores an item of an hour at another one.
    fn commit(store: &mut Direct, id: &str, published: i64, now: i64, theme: &str, history: bool, gone: bool) {
        let tags = Some(theme).filter(|theme| !theme.is_empty()).into_iter();
        let item = TaggedItem {
            item: Item { id: id.to_owned(), text: format!("{id} {theme}"), published: Some(hour(published)), gone, ..Item::default() },
            tags: tags.map(|theme| Tag { theme: theme.to_owned(), rule: String::new(), spans: Vec::new() }).collect(),
            author_hash: None,
            voice_key: None,
            labels: BTreeMap::from([("country".to_owned(), "se".to_owned())]),
            hash: theme.len() as u64,
        };
        let page = PageCommit {
            stream: StreamKey { source: "s".to_owned(), shard: Shard::whole() },
            items: vec![item],
            history,
            usual_delay: 24 * 3600,
            progress: Progress::None,
            now: hour(now),
        };
        store.commit_page(&page).unwrap();
    }

    fn lives(store: &Direct, wanted: Wanted) -> Vec<Life> {
        let mut found = Vec::new();
        let each = |life: &Life| {
            found.push(life.clone());
            Ok::<_, StoreError>(())
        };
        store.reader().lives(wanted, each).unwrap();
        found
    }

    #[test]
    fn every_item_comes_once_with_all_that_became_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        commit(&mut store, "first poll", 0, 100, "late", true, false);
        commit(&mut store, "news", 99, 101, "late", false, false);
        commit(&mut store, "back-fill", 1, 102, "", false, false);
        commit(&mut store, "news", 99, 103, "lost one", false, false);
        commit(&mut store, "news", 99, 104, "", false, false);
        commit(&mut store, "first poll", 0, 105, "", false, true);
        commit(&mut store, "an import", 2, 106, "late", true, false);
        let found = lives(&store, Wanted { segments: true, fields: true, text: true });
        let arrived: Vec<Arrived> = found.iter().map(|life| life.arrived).collect();
        assert_eq!(arrived, [Arrived::History, Arrived::News, Arrived::BackFill, Arrived::History]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(found[1].earlier, [(hour(103), names(&["late"])), (hour(104), names(&["lost one"]))]);
        assert_eq!((found[1].at, found[1].first_seen, found[1].themes.len()), (hour(99), hour(101), 0));
        assert_eq!((found[0].gone_at, &found[0].text), (Some(hour(105)), &None), "its text is gone too");
        assert_eq!(found[3].text.as_ref().unwrap().1, "an import late");
        assert!(found.iter().all(|life| life.segments.len() == 1 && !life.shares_voice));
        assert_eq!((store.reader().stored().unwrap(), found[2].fields.as_str()), (4, "{}"));
    }

    #[test]
    fn what_nobody_wants_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        commit(&mut store, "news", 99, 101, "late", false, false);
        let found = lives(&store, Wanted::default());
        assert_eq!((found[0].segments.len(), found[0].fields.as_str(), &found[0].text, found[0].themes.len()), (0, "", &None, 1));
    }

    #[test]
    fn what_an_older_release_stored_as_late_is_history_until_something_came_live() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        commit(&mut store, "1", 0, 100, "", true, false);
        commit(&mut store, "2", 99, 101, "", false, false);
        commit(&mut store, "3", 0, 102, "", false, false);
        store.connection.execute("UPDATE item SET late = 1 WHERE late > 0", []).unwrap();
        let arrived: Vec<Arrived> = lives(&store, Wanted::default()).iter().map(|life| life.arrived).collect();
        assert_eq!(arrived, [Arrived::History, Arrived::News, Arrived::BackFill]);
    }
}
