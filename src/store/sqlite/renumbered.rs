//! Finds stored items that a source calls by another id now: one whose ids are worth nothing, so that
//! its messages are known by their content, or one whose own ids are believed again. A message is
//! known once, whatever it was called before.

use std::collections::HashMap;
use std::collections::VecDeque;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::ports::StoreError;
use crate::domain::ports::TaggedItem;
use crate::polling::identity;
use crate::polling::identity::Apart;
use crate::store::sqlite::ingest::Known;
use crate::store::sqlite::values::millis;

/// Only among so many of the newest stored items is one looked for, of whatever source.
const NEWEST: i64 = 20_000;

/// What was stored of a source under other ids, for one page; read when it is first asked for.
pub(super) struct Renumbered<'a> {
    connection: &'a Connection,
    source: i64,
    stored: Option<Stored>,
    was_by_content: Option<bool>,
}

/// Items that have ids of their source's, in the order in which they came.
#[derive(Default)]
struct Stored {
    items: Vec<Option<Known>>,
    /// By what they say.
    hashes: HashMap<i64, VecDeque<usize>>,
    /// By the words alone, of the first of each voice.
    voices: HashMap<i64, VecDeque<usize>>,
    /// By what they say, when, and who: short words are written by many.
    exactly: HashMap<(i64, Option<i64>, Option<String>), VecDeque<usize>>,
}

impl<'a> Renumbered<'a> {
    pub(super) fn of(connection: &'a Connection, source: i64) -> Self {
        Self { connection, source, stored: None, was_by_content: None }
    }

    /// The stored item that is this one under another id; from now on it has this one's.
    pub(super) fn find(&mut self, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
        if let Some(known) = self.before_its_id(tagged)? {
            return Ok(Some(known));
        }
        if let Some(known) = self.by_former_id(tagged)? {
            // What it was called is remembered: the file without its own id may be read again.
            let rename = "UPDATE item SET formerly = external_id, external_id = ?2 WHERE id = ?1";
            self.connection.prepare_cached(rename)?.execute(params![known.id, tagged.item.id])?;
            return Ok(Some(known));
        }
        let found = if identity::is_of_content(&tagged.item.id) { self.by_words(tagged)? } else { self.by_content_id(tagged)? };
        if let Some(known) = &found {
            self.connection.prepare_cached("UPDATE item SET external_id = ?2 WHERE id = ?1")?.execute(params![known.id, tagged.item.id])?;
        }
        Ok(found)
    }

    /// The item as it was before its own id was filled in. It may have changed since, and what is older
    /// changes nothing.
    fn before_its_id(&self, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
        let mut find = self
            .connection
            .prepare_cached("SELECT id, rev, hash, voice, deleted_at IS NOT NULL FROM item WHERE source = ?1 AND formerly = ?2 LIMIT 1")?;
        let known = find.query_row(params![self.source, tagged.item.id], known).optional()?;
        Ok(known.map(|known| Known { hash: tagged.hash.cast_signed(), ..known }))
    }

    /// Among the newest that have ids of their source's.
    fn by_words(&mut self, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
        let stored = match &mut self.stored {
            Some(stored) => stored,
            none => none.insert(Stored::read(self.connection, self.source)?),
        };
        let hash = tagged.hash.cast_signed();
        if !identity::is_telling(&tagged.item) {
            let key = (hash, tagged.item.published.map(millis), tagged.author_hash.clone());
            return Ok(first_of(&mut stored.items, stored.exactly.get_mut(&key)));
        }
        let voice = tagged.voice_key.as_ref().and_then(|key| key.exact).map(u64::cast_signed);
        let same = first_of(&mut stored.items, stored.hashes.get_mut(&hash));
        Ok(same.or_else(|| first_of(&mut stored.items, stored.voices.get_mut(&voice?))))
    }

    /// Where its own id was blank when it was read before. Of short words nobody knows whose they were.
    fn by_former_id(&self, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
        let former = tagged.item.formerly.as_deref().filter(|_| identity::is_telling(&tagged.item));
        former.map_or(Ok(None), |former| self.by_id(former))
    }

    fn by_id(&self, id: &str) -> Result<Option<Known>, StoreError> {
        let mut find = self
            .connection
            .prepare_cached("SELECT id, rev, hash, voice, deleted_at IS NOT NULL FROM item WHERE source = ?1 AND external_id = ?2")?;
        Ok(find.query_row(params![self.source, id], known).optional()?)
    }

    /// Where the source's items had ids by their content before.
    fn by_content_id(&mut self, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
        let had = match self.was_by_content {
            Some(had) => had,
            None => *self.was_by_content.insert(self.has_content_ids()?),
        };
        if !had {
            return Ok(None);
        }
        for apart in [Apart::ByDate, Apart::Not] {
            if let Some(known) = self.by_id(&identity::of_content(&tagged.item, apart))? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    fn has_content_ids(&self) -> Result<bool, StoreError> {
        let (from, to) = identity::CONTENT_IDS;
        let mut find = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM item WHERE source = ?1 AND external_id >= ?2 AND external_id < ?3)")?;
        Ok(find.query_row(params![self.source, from, to], |row| row.get(0))?)
    }
}

impl Stored {
    fn read(connection: &Connection, source: i64) -> Result<Self, StoreError> {
        let mut stored = Self::default();
        // Without an index by hash: this is read once a page, of the few sources that need it.
        let mut find = connection.prepare_cached(
            "SELECT external_id, id, rev, hash, voice, deleted_at IS NOT NULL, voice_key, published, author_hash FROM item
             WHERE id > (SELECT max(id) FROM item) - ?2 AND +source = ?1 ORDER BY id",
        )?;
        let mut rows = find.query(params![source, NEWEST])?;
        while let Some(row) = rows.next()? {
            if identity::is_of_content(&row.get::<_, String>(0)?) {
                continue;
            }
            let known = Known { id: row.get(1)?, rev: row.get(2)?, hash: row.get(3)?, voice: row.get(4)?, gone: row.get(5)? };
            let (at, hash) = (stored.items.len(), known.hash);
            stored.items.push(Some(known));
            stored.hashes.entry(hash).or_default().push_back(at);
            stored.exactly.entry((hash, row.get(7)?, row.get(8)?)).or_default().push_back(at);
            if let Some(voice) = row.get::<_, Option<i64>>(6)? {
                stored.voices.entry(voice).or_default().push_back(at);
            }
        }
        Ok(stored)
    }
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known { id: row.get(0)?, rev: row.get(1)?, hash: row.get(2)?, voice: row.get(3)?, gone: row.get(4)? })
}

/// Takes the first that was not taken yet.
fn first_of(items: &mut [Option<Known>], places: Option<&mut VecDeque<usize>>) -> Option<Known> {
    let places = places?;
    while let Some(at) = places.pop_front() {
        if let Some(known) = items.get_mut(at).and_then(Option::take) {
            return Some(known);
        }
    }
    None
}
