//! Notices that do not get out: those that another target steps in for, and those that are dead.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::store::sqlite::outbox::insert;
use crate::store::sqlite::outbox::insert_copy;
use crate::store::sqlite::outbox::load;
use crate::store::sqlite::values::millis;

/// Most rows that are looked at in one go.
const MOST: u32 = 500;

/// Rows of a target that say that something is loud, that were due before a moment, that something
/// went wrong with, and that `other`, which steps in, has nothing of yet: else those that it has would
/// be all that is ever looked at. What went into a storm comes one by one, so that each goes on by
/// itself; and behind what is over already comes its end. Rows that step in themselves are not among
/// them.
pub fn undelivered(connection: &Connection, target: &str, other: &str, before: Timestamp) -> Result<Vec<Row>, StoreError> {
    let mut find = connection.prepare_cached(
        "WITH late AS (SELECT id, event FROM outbox WHERE target = ?1 AND state IN ('queued', 'leased')
             AND event IN ('opened', 'worse', 'reopened', 'storm') AND created_at <= ?2 AND copy_of IS NULL
             AND (last_error IS NOT NULL OR due <= ?2 AND EXISTS (SELECT 1 FROM target WHERE name = ?1 AND open_since IS NOT NULL))),
         single AS (SELECT id FROM late WHERE event <> 'storm'
             UNION ALL SELECT folded.id FROM late CROSS JOIN outbox AS folded ON folded.folded_into = late.id
             WHERE late.event = 'storm' AND folded.state = 'folded' AND folded.target = ?1
               AND folded.event IN ('opened', 'worse', 'reopened') AND folded.copy_of IS NULL)
         SELECT row.id FROM single CROSS JOIN outbox AS row ON row.id = single.id
         WHERE NOT EXISTS (SELECT 1 FROM outbox AS told WHERE told.incident = row.incident AND told.target = ?4
           AND told.revision >= row.revision AND told.event <> 'acked')
         ORDER BY row.created_at, row.id LIMIT ?3",
    )?;
    let ids = find.query_map(params![target, millis(before), MOST, other], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut rows = Vec::new();
    for id in ids {
        let Ok(row) = load(connection, &id)? else { continue };
        let end = end_of(connection, &row)?;
        rows.push(row);
        rows.extend(end);
    }
    Ok(rows)
}

/// The end that waits behind a row, where it is the last word on its incident.
fn end_of(connection: &Connection, row: &Row) -> Result<Option<Row>, StoreError> {
    let newest: Option<(String, String)> = connection
        .prepare_cached(
            "SELECT id, event FROM outbox WHERE incident = ?1 AND target = ?2 AND recipient = ?3 AND state IN ('queued', 'leased')
             ORDER BY revision DESC LIMIT 1",
        )?
        .query_row(params![row.facts.incident, row.target, row.recipient], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, _)) = newest.filter(|(_, event)| event == Event::Resolved.word()) else { return Ok(None) };
    Ok(load(connection, &id)?.ok())
}

/// Puts in rows that step in for another one, whose id comes first; but for whoever is told the same
/// anyway. Returns how many are new.
pub fn step_in(connection: &Connection, rows: &[(String, NewRow)]) -> Result<usize, StoreError> {
    let mut new = 0;
    for (of, row) in rows {
        let told: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 OR incident = ?2 AND target = ?3 AND recipient = ?4
                   AND revision >= ?5 AND event <> 'acked')",
            )?
            .query_row(params![row.id, row.facts.incident, row.target, row.recipient, row.facts.revision], |found| found.get(0))?;
        if !told {
            insert_copy(connection, row, Some(of))?;
            new += 1;
        }
    }
    Ok(new)
}

/// Dead rows that nobody else was told of, but for tests: whoever tests hears it at once.
pub fn untold(connection: &Connection) -> Result<Vec<(Row, String)>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT id, coalesce(last_error, '') FROM outbox WHERE state = 'dead' AND told_dead IS NULL AND event <> 'test'
         ORDER BY created_at, id LIMIT ?1",
    )?;
    let dead = find.query_map(params![MOST], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<(String, String)>, _>>()?;
    let mut rows = Vec::new();
    for (id, why) in dead {
        rows.extend(load(connection, &id)?.ok().map(|row| (row, why)));
    }
    Ok(rows)
}

/// When dead rows were last told of.
pub fn last_told(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached("SELECT max(told_dead) FROM outbox WHERE state = 'dead'")?.query_row([], |row| row.get(0))?)
}

/// Puts in the rows that tell of dead ones, and notes that they are told.
pub fn tell(connection: &Connection, rows: &[NewRow], dead: &[String], now: Timestamp) -> Result<(), StoreError> {
    for row in rows {
        insert(connection, row)?;
    }
    for id in dead {
        connection.prepare_cached("UPDATE outbox SET told_dead = ?2 WHERE id = ?1")?.execute(params![id, millis(now)])?;
    }
    Ok(())
}
