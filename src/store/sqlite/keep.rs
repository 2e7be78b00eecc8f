//! Pruning: texts go by age and size; items, tags, counters and incidents stay.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;

/// Texts removed in one step when the file is too large.
const STEP: u32 = 1_000;

pub(super) fn prune(connection: &Connection, before: Timestamp, max_size: u64) -> Result<u64, StoreError> {
    let mut gone = remove(connection, "SELECT item FROM text JOIN item ON item.id = text.item WHERE item.at < ?1", millis(before))?;
    while used_bytes(connection)? > max_size {
        let step = remove(connection, "SELECT item FROM text JOIN item ON item.id = text.item ORDER BY item.at LIMIT ?1", i64::from(STEP))?;
        if step == 0 {
            break;
        }
        gone += step;
    }
    Ok(gone)
}

fn remove(connection: &Connection, which: &str, argument: i64) -> Result<u64, StoreError> {
    let items: Vec<i64> = connection.prepare(which)?.query_map(params![argument], |row| row.get(0))?.collect::<Result<_, _>>()?;
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
