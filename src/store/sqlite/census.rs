//! The recount: what the counters should hold, worked out from the items alone.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::counting::CellKey;
use crate::counting::Tally;
use crate::counting::contribution;
use crate::domain::count::Quarter;
use crate::domain::ports::StoreError;
use crate::store::sqlite::ingest::members;

/// A counter that does not hold what the items give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which counter.
    pub key: CellKey,
    /// What it holds.
    pub stored: Tally,
    /// What the items give.
    pub counted: Tally,
}

/// Compares every counter with the items. Empty when all agree.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub(super) fn recount(connection: &Connection) -> Result<Vec<Difference>, StoreError> {
    let mut counted: BTreeMap<CellKey, Tally> = BTreeMap::new();
    let mut voices = connection.prepare("SELECT id FROM item WHERE voice = id ORDER BY id")?;
    let mut rows = voices.query([])?;
    while let Some(row) = rows.next()? {
        for (key, tally) in contribution(&members(connection, row.get(0)?)?) {
            let cell = counted.entry(key).or_default();
            cell.voices += tally.voices;
            cell.late += tally.late;
        }
    }
    let stored = stored(connection)?;
    let keys = stored.keys().chain(counted.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    Ok(keys
        .into_iter()
        .map(|key| Difference {
            key,
            stored: stored.get(&key).copied().unwrap_or_default(),
            counted: counted.get(&key).copied().unwrap_or_default(),
        })
        .filter(|difference| difference.stored != difference.counted)
        .collect())
}

fn stored(connection: &Connection) -> Result<BTreeMap<CellKey, Tally>, StoreError> {
    let mut find = connection.prepare(
        "SELECT quarter, scope, source, NULL, voices, late FROM volume UNION ALL SELECT quarter, scope, source, theme, voices, late FROM hits",
    )?;
    let rows = find.query_map([], |row| {
        let key = CellKey { quarter: Quarter(row.get(0)?), scope: row.get(1)?, source: row.get(2)?, theme: row.get(3)? };
        Ok((key, Tally { voices: row.get(4)?, late: row.get(5)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
