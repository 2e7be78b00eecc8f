//! Counters of ratings by event time.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

use rusqlite::Connection;
use rusqlite::params;

use crate::counting::ratings::Rated;
use crate::counting::ratings::RatedKey;
use crate::counting::ratings::contribution;
use crate::domain::count::Quarter;
use crate::domain::ports::RatedCell;
use crate::domain::ports::StoreError;
use crate::store::sqlite::ingest::members;

const COLUMNS: &str = "quarter, scope, source, scale, late, n, sum, square, low, top";

/// A counter of ratings that does not hold what the items give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which counter.
    pub key: RatedKey,
    /// What it holds.
    pub stored: Rated,
    /// What the items give.
    pub counted: Rated,
}

/// Moves counters. One that falls to nothing is removed.
pub(super) fn apply(connection: &Connection, moves: &HashMap<RatedKey, Rated>) -> Result<(), StoreError> {
    let mut sorted: Vec<_> = moves.iter().filter(|(_, rated)| **rated != Rated::default()).collect();
    sorted.sort_unstable_by_key(|(key, _)| **key);
    let mut add = connection.prepare_cached(
        "INSERT INTO rated (quarter, scope, source, scale, late, n, sum, square, low, top) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET n = n + excluded.n, sum = sum + excluded.sum, square = square + excluded.square,
         low = low + excluded.low, top = top + excluded.top",
    )?;
    let mut remove = connection
        .prepare_cached("DELETE FROM rated WHERE quarter = ?1 AND scope = ?2 AND source = ?3 AND scale = ?4 AND late = ?5 AND n = 0")?;
    for (key, of) in sorted {
        let RatedKey { quarter, scope, source, scale, late } = *key;
        add.execute(params![quarter.0, scope, source, scale, late, of.count, of.sum, of.square, of.low, of.top])?;
        if of.count < 0 {
            remove.execute(params![quarter.0, scope, source, scale, late])?;
        }
    }
    Ok(())
}

/// Counters of a range of quarters, in order of the quarters.
pub(super) fn load(connection: &Connection, range: &Range<Quarter>) -> Result<Vec<RatedCell>, StoreError> {
    let mut find =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM rated WHERE quarter >= ?1 AND quarter < ?2 ORDER BY quarter"))?;
    let rows = find.query_map(params![range.start.0, range.end.0], |row| {
        let (key, of) = of_row(row)?;
        Ok(RatedCell {
            quarter: key.quarter,
            segment: key.scope,
            source: key.source,
            scale: key.scale,
            late: key.late,
            count: of.count,
            sum: of.sum,
            square: of.square,
            low: of.low,
            top: of.top,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Compares every counter of ratings with the items. Empty when all agree.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub(super) fn recount(connection: &Connection) -> Result<Vec<Difference>, StoreError> {
    let mut counted: BTreeMap<RatedKey, Rated> = BTreeMap::new();
    let mut voices = connection.prepare("SELECT id FROM item WHERE voice = id ORDER BY id")?;
    let mut rows = voices.query([])?;
    while let Some(row) = rows.next()? {
        for (key, rated) in contribution(&members(connection, row.get(0)?)?) {
            *counted.entry(key).or_default() += rated;
        }
    }
    let mut find = connection.prepare(&format!("SELECT {COLUMNS} FROM rated"))?;
    let stored: BTreeMap<RatedKey, Rated> = find.query_map([], of_row)?.collect::<Result<_, _>>()?;
    let keys = stored.keys().chain(counted.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    let held = |of: &BTreeMap<RatedKey, Rated>, key| of.get(key).copied().unwrap_or_default();
    let differences = keys.iter().map(|key| Difference { key: *key, stored: held(&stored, key), counted: held(&counted, key) });
    Ok(differences.filter(|difference| difference.stored != difference.counted).collect())
}

fn of_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(RatedKey, Rated)> {
    let key = RatedKey { quarter: Quarter(row.get(0)?), scope: row.get(1)?, source: row.get(2)?, scale: row.get(3)?, late: row.get(4)? };
    Ok((key, Rated { count: row.get(5)?, sum: row.get(6)?, square: row.get(7)?, low: row.get(8)?, top: row.get(9)? }))
}
