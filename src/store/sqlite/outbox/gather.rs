//! One notice of many: what is over is told with its beginning, what comes soon after a message
//! waits, and what waited together goes together.
//!
//! All of it happens in the claim's own transaction, to rows that were never tried: a row that may
//! have arrived keeps its bytes.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::notice::Ending;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::ports::Claim;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::incident::fold;
use crate::incident::fold::Folded;
use crate::store::sqlite::outbox::FIRST_OF_THREAD;
use crate::store::sqlite::outbox::insert;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Most notices in one message; more wait for the next.
const MOST: u32 = 1_000;

/// Joins, delays and folds what is due for a target that people read.
pub(super) fn gather(connection: &Connection, ask: &Claim) -> Result<(), StoreError> {
    if !ask.people {
        return Ok(());
    }
    for recipient in recipients(connection, ask)? {
        join(connection, ask, &recipient)?;
        let Some(gap) = ask.gather else { continue };
        match last_told(connection, ask, &recipient)?.map(|last| last + gap).filter(|next| *next > ask.now) {
            Some(next) => delay(connection, ask, &recipient, next)?,
            None => fold(connection, ask, &recipient)?,
        }
    }
    Ok(())
}

/// Whoever has anything due but a test, or an edit that says that somebody is on it.
fn recipients(connection: &Connection, ask: &Claim) -> Result<Vec<String>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT DISTINCT recipient FROM outbox WHERE target = ?1 AND due <= ?2 AND state IN ('queued', 'leased') AND state = 'queued'
         AND event NOT IN ('test', 'acked') ORDER BY recipient",
    )?;
    Ok(find.query_map(params![ask.target, millis(ask.now)], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Openings that wait while the end of their incident waits behind them say both.
fn join(connection: &Connection, ask: &Claim, recipient: &str) -> Result<(), StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT row.id, row.facts, over.id, over.facts FROM outbox AS row CROSS JOIN outbox AS over ON over.incident = row.incident
           AND over.target = row.target AND over.recipient = row.recipient AND over.revision > row.revision
         WHERE row.target = ?1 AND row.recipient = ?2 AND row.state IN ('queued', 'leased') AND row.state = 'queued'
           AND row.event = 'opened' AND row.attempts = 0 AND over.event = 'resolved' AND over.state = 'queued' AND over.attempts = 0
           AND NOT EXISTS (SELECT 1 FROM outbox AS later WHERE later.incident = row.incident AND later.target = row.target
             AND later.recipient = row.recipient AND later.revision > over.revision)",
    )?;
    let pairs: Vec<(String, String, String, String)> = find
        .query_map(params![ask.target, recipient], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    for (opened, facts, over, ending) in pairs {
        // What cannot be read is left to the claim.
        let (Ok(mut facts), Ok(ending)) = (serde_json::from_str::<Facts>(&facts), serde_json::from_str::<Facts>(&ending)) else {
            continue;
        };
        facts.over = Some(Ending { at: ending.at, cause: ending.cause });
        connection
            .prepare_cached("UPDATE outbox SET facts = ?2 WHERE id = ?1")?
            .execute(params![opened, serde_json::to_string(&facts)?])?;
        connection.prepare_cached("UPDATE outbox SET state = 'folded', folded_into = ?2 WHERE id = ?1")?.execute(params![over, opened])?;
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'superseded', superseded_by = ?4 WHERE incident = ?1 AND target = ?2 AND recipient = ?3
                 AND state = 'queued' AND id <> ?4",
            )?
            .execute(params![facts.incident, ask.target, recipient, opened])?;
    }
    Ok(())
}

fn last_told(connection: &Connection, ask: &Claim, recipient: &str) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT delivered_at FROM outbox WHERE target = ?1 AND recipient = ?2 AND state = 'delivered' AND event NOT IN ('test', 'acked')
             ORDER BY delivered_at DESC LIMIT 1",
        )?
        .query_row(params![ask.target, recipient], |row| row.get(0))
        .optional()?;
    // A clock that was set back must not keep everything waiting.
    Ok(last.map(moment).filter(|last| *last <= ask.now))
}

fn delay(connection: &Connection, ask: &Claim, recipient: &str, until: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE outbox SET due = ?4 WHERE target = ?1 AND recipient = ?2 AND due <= ?3 AND state IN ('queued', 'leased')
             AND state = 'queued' AND event NOT IN ('test', 'acked')",
        )?
        .execute(params![ask.target, recipient, millis(ask.now), millis(until)])?;
    Ok(())
}

/// Two or more that wait become one.
fn fold(connection: &Connection, ask: &Claim, recipient: &str) -> Result<(), StoreError> {
    let mut find = connection.prepare_cached(&format!(
        "SELECT id, facts FROM outbox AS row WHERE target = ?1 AND recipient = ?2 AND due <= ?3 AND state IN ('queued', 'leased')
         AND state = 'queued' AND attempts = 0 AND event NOT IN ('test', 'acked', 'storm', 'digest') AND {FIRST_OF_THREAD}
         ORDER BY due, created_at, id LIMIT ?4"
    ))?;
    let waiting: Vec<(String, String)> = find
        .query_map(params![ask.target, recipient, millis(ask.now), MOST], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let folded: Vec<Folded> = waiting.into_iter().filter_map(|(id, facts)| Some((id, serde_json::from_str(&facts).ok()?))).collect();
    if folded.len() < 2 {
        return Ok(());
    }
    let members: Vec<String> = folded.iter().map(|(id, _)| id.clone()).collect();
    let Some((id, facts)) = fold::storm(folded) else { return Ok(()) };
    debug_assert_eq!(facts.event, Event::Storm);
    for member in members {
        connection.prepare_cached("UPDATE outbox SET state = 'folded', folded_into = ?2 WHERE id = ?1")?.execute(params![member, id])?;
    }
    insert(connection, &NewRow { id, target: ask.target.clone(), recipient: recipient.to_owned(), facts, due: ask.now, held: None })
}
