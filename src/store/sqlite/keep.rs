//! Pruning: texts go by age and size; items, tags, counters and incidents stay.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;

/// Texts removed in one transaction, so that nobody waits long for the writer.
const STEP: i64 = 1_000;

/// Removes some of the texts that have to go; nothing is left to do when it removed none.
pub(super) fn prune(connection: &Connection, before: Timestamp, max_size: u64) -> Result<u64, StoreError> {
    let aged = "SELECT item FROM text CROSS JOIN item ON item.id = text.item WHERE item.at < ?1 LIMIT ?2";
    let gone = remove(connection, aged, params![millis(before), STEP])?;
    if gone > 0 || used_bytes(connection)? <= max_size {
        return Ok(gone);
    }
    remove(connection, "SELECT item FROM text JOIN item ON item.id = text.item ORDER BY item.at LIMIT ?1", params![STEP])
}

fn remove(connection: &Connection, which: &str, arguments: impl rusqlite::Params) -> Result<u64, StoreError> {
    let items: Vec<i64> = connection.prepare(which)?.query_map(arguments, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for item in &items {
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
    use super::*;
    use crate::store::sqlite::migrations;

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
        let steps: Vec<u64> = (0..3).map(|_| prune(&connection, before, u64::MAX).unwrap()).collect();
        assert_eq!(steps, [1_000, 1_000, 0]);
        assert_eq!(prune(&connection, before, 0).unwrap(), 500, "too large: the oldest go");
    }
}
