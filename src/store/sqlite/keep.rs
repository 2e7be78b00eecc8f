//! Pruning: texts go by age and size, then what was told and what is long over; items, tags and
//! counters stay.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;

/// Texts removed in one transaction, so that nobody waits long for the writer.
const STEP: u32 = 1_000;
/// A byte of text takes about so many in the file: itself, and its words in the search index.
const BYTES_OF_A_BYTE: u64 = 2;

/// Texts that have to go, a step at a time: the aged ones, then the oldest while the file is too large.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pruning {
    before: Timestamp,
    max_size: u64,
    /// Bytes that still have to go. Reckoned from the texts, not measured again: the search index
    /// gives its space back later, and measuring would go on until every text is gone.
    excess: Option<u64>,
}

impl Pruning {
    /// Of texts older than `before`, and of what is above `max_size` bytes.
    pub(super) fn new(before: Timestamp, max_size: u64) -> Self {
        Self { before, max_size, excess: None }
    }

    /// Removes some; none when nothing is left to do.
    pub(super) fn step(&mut self, connection: &Connection) -> Result<u64, StoreError> {
        let aged: Vec<i64> = connection
            .prepare("SELECT item FROM text CROSS JOIN item ON item.id = text.item WHERE item.at < ?1 LIMIT ?2")?
            .query_map(params![millis(self.before), STEP], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if !aged.is_empty() {
            return remove(connection, &aged);
        }
        let excess = match self.excess {
            Some(excess) => excess,
            None => used_bytes(connection)?.saturating_sub(self.max_size),
        };
        let (oldest, bytes) = oldest(connection, excess)?;
        self.excess = Some(excess.saturating_sub(bytes));
        remove(connection, &oldest)
    }
}

/// The oldest texts that take up so many bytes, a step of them at most, and what they take up.
fn oldest(connection: &Connection, bytes: u64) -> Result<(Vec<i64>, u64), StoreError> {
    let (mut items, mut found) = (Vec::new(), 0);
    if bytes == 0 {
        return Ok((items, found));
    }
    let mut find = connection.prepare(
        "SELECT text.item, octet_length(title) + octet_length(body) FROM item INDEXED BY item_at
         CROSS JOIN text ON text.item = item.id ORDER BY item.at LIMIT ?1",
    )?;
    let mut rows = find.query(params![STEP])?;
    while found < bytes
        && let Some(row) = rows.next()?
    {
        items.push(row.get(0)?);
        found += BYTES_OF_A_BYTE * row.get::<_, i64>(1)?.cast_unsigned();
    }
    Ok((items, found))
}

/// Removes some of the rows of before `rows` that were told or need not be, and some of the incidents
/// with their records that opened before `incidents` and are over for good; none when nothing is left
/// to do. What belongs to an incident that may still speak stays, and so does what is dead.
pub(super) fn prune_told(connection: &Connection, rows: Timestamp, incidents: Timestamp) -> Result<u64, StoreError> {
    let gone = connection
        .prepare(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox AS row WHERE created_at < ?1
               AND state IN ('delivered', 'superseded', 'folded', 'dropped', 'suppressed')
               AND NOT EXISTS (SELECT 1 FROM incident WHERE id = row.incident AND state <> 'closed') LIMIT ?2)",
        )?
        .execute(params![millis(rows), STEP])?;
    let over: Vec<String> = connection
        .prepare("SELECT id FROM incident WHERE opened_at < ?1 AND state = 'closed' LIMIT ?2")?
        .query_map(params![millis(incidents), STEP], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &over {
        connection.prepare_cached("DELETE FROM incident_event WHERE incident = ?1")?.execute(params![id])?;
        connection.prepare_cached("DELETE FROM incident WHERE id = ?1")?.execute(params![id])?;
    }
    Ok((gone + over.len()) as u64)
}

fn remove(connection: &Connection, items: &[i64]) -> Result<u64, StoreError> {
    for item in items {
        connection.prepare_cached("DELETE FROM text WHERE item = ?1")?.execute(params![item])?;
        connection.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute(params![item])?;
    }
    Ok(items.len() as u64)
}

/// Bytes that hold something. Pages that a deletion freed are used again before the file grows.
pub(super) fn used_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (pages, free, size) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
    Ok(((pages - free) * size).max(0) as u64)
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
    use crate::store::sqlite::Direct;
    use crate::store::sqlite::migrations;
    use crate::store::sqlite::reports::Choice;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + n * 86_400, 0).unwrap()
    }

    /// A store with a message of 10,000 bytes on each of ten days.
    fn ten_days(folder: &std::path::Path) -> Direct {
        let mut store = Direct::open(&folder.join("u.db")).unwrap();
        let items = (0..10).map(|n| TaggedItem {
            item: Item { id: n.to_string(), text: format!("day{n} {}", "word ".repeat(2_000)), published: Some(day(n)), ..Item::default() },
            tags: Vec::new(),
            author_hash: None,
            voice_key: None,
            labels: BTreeMap::new(),
            hash: n.cast_unsigned(),
        });
        let page = PageCommit {
            stream: StreamKey { source: "s".to_owned(), shard: Shard::whole() },
            items: items.collect(),
            history: true,
            usual_delay: 0,
            progress: Progress::None,
            now: day(10),
        };
        store.commit_page(&page).unwrap();
        store
    }

    fn with_text(store: &Direct) -> Vec<String> {
        let mut left = Vec::new();
        let each = |item: crate::store::sqlite::reports::StoredItem| {
            left.extend((!item.text.is_empty()).then_some(item.external_id));
            Ok::<_, StoreError>(())
        };
        store.reader().export(&Choice::default(), each).unwrap();
        left
    }

    #[test]
    fn old_texts_go_and_their_items_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ten_days(folder.path());
        assert_eq!(store.prune(day(7), u64::MAX).unwrap(), 7);
        assert_eq!(with_text(&store), ["7", "8", "9"]);
        assert_eq!(store.reader().size().unwrap().items, 10);
        assert_eq!(store.reader().recount().unwrap(), []);
    }

    #[test]
    fn a_large_file_loses_its_oldest_texts_and_not_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ten_days(folder.path());
        let size = store.reader().size().unwrap().bytes;
        let gone = store.prune(day(0), size - 50_000).unwrap();
        assert!((2..=4).contains(&gone), "{gone} of 10 texts");
        assert_eq!(with_text(&store)[0], gone.to_string());
    }

    #[test]
    fn words_find_messages_also_in_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let store = ten_days(folder.path());
        let find = |words: &str| {
            let mut found = 0;
            let choice = Choice { words: Some(words.to_owned()), ..Choice::default() };
            store
                .reader()
                .export(&choice, |_| {
                    found += 1;
                    Ok::<_, StoreError>(())
                })
                .unwrap();
            found
        };
        assert_eq!((find("DAY3 word"), find("nothing"), find("\"day3 OR ("), find("  ")), (1, 0, 0, 10));
    }

    #[test]
    fn what_is_told_and_over_goes_and_what_stands_or_is_dead_stays() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection, std::path::Path::new("u.db")).unwrap();
        connection
            .execute_batch(
                "INSERT INTO incident (id, series, watch, theme, segment, state, version, opened_at, data) VALUES
                   ('over', 'a', 'w', 't', 'all', 'closed', 1, 10, '{}'), ('stands', 'b', 'w', 't', 'all', 'open', 1, 10, '{}'),
                   ('young', 'c', 'w', 't', 'all', 'closed', 1, 900, '{}');
                 INSERT INTO incident_event (incident, at, data) VALUES ('over', 10, '{}'), ('stands', 10, '{}');
                 INSERT INTO outbox (id, incident, event, revision, target, recipient, facts, state, due, created_at) VALUES
                   ('1', 'over', 'opened', 1, 'd', '', '{}', 'delivered', 10, 10), ('2', 'stands', 'opened', 1, 'd', '', '{}', 'delivered', 10, 10),
                   ('3', 'over', 'worse', 2, 'd', '', '{}', 'dead', 10, 10), ('4', 'over', 'worse', 3, 'd', '', '{}', 'folded', 900, 900),
                   ('5', 'test-1', 'test', 1, 'd', '', '{}', 'delivered', 10, 10), ('6', 'over', 'worse', 4, 'd', '', '{}', 'queued', 10, 10)",
            )
            .unwrap();
        let at = |ms| Timestamp::from_timestamp_millis(ms).unwrap();
        assert_eq!(prune_told(&connection, at(500), at(500)).unwrap(), 3);
        assert_eq!(prune_told(&connection, at(500), at(500)).unwrap(), 0);
        let left = |of: &str| -> String { connection.query_row(of, [], |row| row.get(0)).unwrap() };
        assert_eq!(left("SELECT group_concat(id, ' ' ORDER BY id) FROM outbox"), "2 3 4 6");
        assert_eq!(left("SELECT group_concat(id, ' ' ORDER BY id) FROM incident"), "stands young");
        assert_eq!(left("SELECT group_concat(incident, ' ') FROM incident_event"), "stands");
    }

    #[test]
    fn pruning_never_holds_the_writer_for_long() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection, std::path::Path::new("u.db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = OFF;
                 WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 2500)
                 INSERT INTO item (id, source, external_id, rev, hash, first_seen, at, late, voice, fields)
                 SELECT id, 1, id, 1, 1, 1, id, 0, id, '{}' FROM n;
                 INSERT INTO text SELECT id, '', '' FROM item",
            )
            .unwrap();
        let before = Timestamp::from_timestamp_millis(2_001).unwrap();
        let mut pruning = Pruning::new(before, u64::MAX);
        let steps: Vec<u64> = (0..3).map(|_| pruning.step(&connection).unwrap()).collect();
        assert_eq!(steps, [1_000, 1_000, 0]);
        let mut pruning = Pruning::new(before, 0);
        assert_eq!(pruning.step(&connection).unwrap(), 500, "too large: the oldest go");
        assert_eq!(pruning.step(&connection).unwrap(), 0);
    }
}
