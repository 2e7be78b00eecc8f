//! Counters by event time, and the marks that say which of them changed.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

use rusqlite::Connection;
use rusqlite::params;

use crate::counting::CellKey;
use crate::counting::Tally;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Cell;
use crate::domain::ports::Counters;
use crate::domain::ports::StoreError;
use crate::domain::ports::Touched;
use crate::store::sqlite::moved;
use crate::store::sqlite::rated;
use crate::store::sqlite::relabel;

/// Moves counters. One that falls to nothing is removed, so that the tables hold what a recount gives.
pub(super) fn apply(connection: &Connection, moves: &HashMap<CellKey, Tally>) -> Result<(), StoreError> {
    let mut volume = connection.prepare_cached(
        "INSERT INTO volume (quarter, scope, source, voices, late) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET voices = voices + excluded.voices, late = late + excluded.late",
    )?;
    let mut hits = connection.prepare_cached(
        "INSERT INTO hits (quarter, theme, scope, source, voices, late) VALUES (?1, ?6, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET voices = voices + excluded.voices, late = late + excluded.late",
    )?;
    let mut sorted: Vec<_> = moves.iter().filter(|(_, tally)| **tally != Tally::default()).collect();
    sorted.sort_unstable_by_key(|(key, _)| (key.theme, key.quarter, key.scope, key.source));
    for (key, tally) in sorted {
        let CellKey { quarter, scope, source, theme } = *key;
        match theme {
            None => volume.execute(params![quarter.0, scope, source, tally.voices, tally.late])?,
            Some(theme) => hits.execute(params![quarter.0, scope, source, tally.voices, tally.late, theme])?,
        };
        if tally.voices < 0 {
            connection
                .prepare_cached("DELETE FROM volume WHERE quarter = ?1 AND scope = ?2 AND source = ?3 AND voices = 0 AND late = 0")?
                .execute(params![quarter.0, scope, source])?;
            connection
                .prepare_cached(
                    "DELETE FROM hits WHERE quarter = ?1 AND theme = ?2 AND scope = ?3 AND source = ?4 AND voices = 0 AND late = 0",
                )?
                .execute(params![quarter.0, theme.unwrap_or(0), scope, source])?;
        }
    }
    Ok(())
}

/// Says which quarters of a source changed. `judge_from` is the first in which news arrived.
pub(super) fn mark_touched(
    connection: &Connection,
    source: i64,
    from: Option<Quarter>,
    judge_from: Option<Quarter>,
) -> Result<(), StoreError> {
    let Some(from) = from else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO touched (source, from_quarter, judge_from, version) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET from_quarter = min(from_quarter, excluded.from_quarter),
             judge_from = CASE WHEN judge_from IS NULL THEN excluded.judge_from WHEN excluded.judge_from IS NULL THEN judge_from
                          ELSE min(judge_from, excluded.judge_from) END,
             version = version + 1",
        )?
        .execute(params![source, from.0, judge_from.map(|quarter| quarter.0)])?;
    Ok(())
}

pub(super) fn touched(connection: &Connection) -> rusqlite::Result<Vec<Touched>> {
    let mut find = connection.prepare_cached(
        "SELECT name, from_quarter, judge_from, version FROM touched JOIN source ON source.id = touched.source ORDER BY name",
    )?;
    find.query_map([], |row| {
        Ok(Touched {
            source: row.get(0)?,
            from: Quarter(row.get(1)?),
            judge_from: row.get::<_, Option<i64>>(2)?.map(Quarter),
            version: row.get(3)?,
        })
    })?
    .collect()
}

/// Takes marks back that nobody raised since they were read.
pub(super) fn work_off(connection: &Connection, done: &[Touched]) -> Result<(), StoreError> {
    for mark in done {
        connection
            .prepare_cached("DELETE FROM touched WHERE source = (SELECT id FROM source WHERE name = ?1) AND version = ?2")?
            .execute(params![mark.source, mark.version])?;
    }
    Ok(())
}

/// Names of a table of names by their numbers.
pub(super) fn names_of(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<i64, String>> {
    let mut find = connection.prepare_cached(&format!("SELECT id, name FROM {table}"))?;
    find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Counters of a range of quarters with the names of their numbers.
pub(super) fn load(connection: &Connection, range: &Range<Quarter>) -> Result<Counters, StoreError> {
    let mut cells = Vec::new();
    let mut find = connection.prepare_cached(
        "SELECT quarter, scope, source, 0, voices, late FROM volume WHERE quarter >= ?1 AND quarter < ?2
         UNION ALL SELECT quarter, scope, source, theme, voices, late FROM hits WHERE quarter >= ?1 AND quarter < ?2",
    )?;
    let rows = find.query_map(params![range.start.0, range.end.0], |row| {
        Ok(Cell {
            quarter: Quarter(row.get(0)?),
            segment: row.get(1)?,
            source: row.get(2)?,
            theme: row.get(3)?,
            voices: row.get(4)?,
            late: row.get(5)?,
        })
    })?;
    for cell in rows {
        cells.push(cell?);
    }
    let (sources, themes) = (names_of(connection, "source")?, names_of(connection, "theme")?);
    let rated = rated::load(connection, range)?;
    let mut counters = Counters { segments: segments(connection)?, sources, themes, cells, rated, moved: BTreeMap::new() };
    moved::hush(connection, &mut counters, range)?;
    Ok(counters)
}

/// Goes through what sources brought in all, in the order of quarters.
pub(super) fn arrivals(
    connection: &Connection,
    range: &Range<Quarter>,
    each: &mut impl FnMut(&str, Quarter, i64),
) -> Result<(), StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT source.name, quarter, voices FROM volume JOIN source ON source.id = volume.source
         JOIN scope ON scope.id = volume.scope AND scope.key = '' WHERE quarter >= ?1 AND quarter < ?2 ORDER BY quarter",
    )?;
    let mut rows = find.query(params![range.start.0, range.end.0])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        each(name, Quarter(row.get(1)?), row.get(2)?);
    }
    Ok(())
}

/// Every segment there is, but for those of labels that stored items are still being given: half a
/// history would look like a spike.
pub(super) fn segments(connection: &Connection) -> Result<BTreeMap<i64, Segment>, StoreError> {
    let hidden = relabel::unfinished(connection)?;
    let mut find = connection.prepare_cached("SELECT id, key, value FROM scope")?;
    let rows = find.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
    let mut segments = BTreeMap::new();
    for row in rows {
        let (id, key, value) = row?;
        if !hidden.contains(&key) {
            segments.insert(id, if key.is_empty() { Segment::All } else { Segment::Label { key, value } });
        }
    }
    Ok(segments)
}

pub(super) fn last_quarter(connection: &Connection) -> Result<Option<Quarter>, StoreError> {
    let last: Option<i64> = connection.prepare_cached("SELECT max(quarter) FROM volume")?.query_row([], |row| row.get(0))?;
    Ok(last.map(Quarter))
}

pub(super) fn first_quarter(connection: &Connection) -> Result<Option<Quarter>, StoreError> {
    let first: Option<i64> = connection.prepare_cached("SELECT min(quarter) FROM volume")?.query_row([], |row| row.get(0))?;
    Ok(first.map(Quarter))
}
