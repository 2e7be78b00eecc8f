//! What a notice becomes for a recipient, after what that one was told before.
//!
//! While the beginning of a thread still waits for its time, because of quiet hours or of a
//! silence, whatever is newer is written into it: then the newest goes, not the pile.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// A notice of an incident, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Name of the target.
    pub target: String,
    /// Recipient within it.
    pub recipient: String,
    /// What it says.
    pub facts: Facts,
    /// `queued`, `leased`, `delivered`, `superseded`, `folded`, `suppressed`, `dead`, `dropped`.
    pub state: String,
    /// When it is sent, or was to be.
    pub due: Timestamp,
    /// When it was taken.
    pub delivered: Option<Timestamp>,
    /// Number of the silence that held it back.
    pub held_by: Option<String>,
}

/// Every notice of an incident, the oldest first.
pub(super) fn told(connection: &Connection, incident: &str) -> Result<Vec<Told>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT target, recipient, facts, state, due, delivered_at, held_by FROM outbox WHERE incident = ?1
         ORDER BY revision, target, recipient",
    )?;
    let rows = find.query_map(params![incident], |row| {
        let facts: String = row.get(2)?;
        let delivered: Option<i64> = row.get(5)?;
        let told = |facts| {
            Ok::<_, rusqlite::Error>(Told {
                target: row.get(0)?,
                recipient: row.get(1)?,
                facts,
                state: row.get(3)?,
                due: moment(row.get(4)?),
                delivered: delivered.map(moment),
                held_by: row.get(6)?,
            })
        };
        // What another release wrote and this one can't read is not told of.
        serde_json::from_str(&facts).ok().map(told).transpose()
    })?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

/// Whether a notice needs nothing before it.
pub(super) fn is_beginning(event: Event) -> bool {
    matches!(event, Event::Opened | Event::Test | Event::Storm | Event::Digest)
}

/// Whether a row is to be put in. Who never heard that an incident opened hears nothing of how it
/// goes on: engines send the opening with what may be the first notice of somebody.
pub(super) fn continues(connection: &Connection, row: &NewRow) -> Result<bool, StoreError> {
    if is_beginning(row.facts.event) {
        return Ok(true);
    }
    let stands = matches!(row.facts.event, Event::Worse | Event::Reminder | Event::Reopened);
    if stands && renew(connection, row)? {
        supersede(connection, row, "'queued', 'suppressed'")?;
        return Ok(false);
    }
    let told = heard(connection, row)?;
    if told && row.held.is_some() && row.facts.event == Event::Reminder && row.facts.escalated.is_none() {
        // That it still stands is nothing that somebody who asked for quiet has to hear later.
        return Ok(false);
    }
    if told && row.facts.event != Event::Acked {
        supersede(connection, row, "'suppressed'")?;
    }
    Ok(told)
}

/// Whether the recipient was told that the incident opened, or will be. What a silence holds back does
/// not count.
pub(super) fn heard(connection: &Connection, row: &NewRow) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE incident = ?1 AND target = ?2 AND recipient = ?3 AND event = 'opened'
                 AND state <> 'suppressed')",
        )?
        .query_row(params![row.facts.incident, row.target, row.recipient], |found| found.get(0))?)
}

/// Writes the newest into an opening that still waits. Whether there was one.
fn renew(connection: &Connection, row: &NewRow) -> Result<bool, StoreError> {
    let renewed = connection
        .prepare_cached(
            "UPDATE outbox SET facts = ?4, due = ?5, created_at = ?5, state = ?6, held_by = ?7
             WHERE incident = ?1 AND target = ?2 AND recipient = ?3 AND event = 'opened'
               AND (state = 'suppressed' OR state = 'queued' AND attempts = 0 AND due >= ?5)",
        )?
        .execute(params![
            row.facts.incident,
            row.target,
            row.recipient,
            serde_json::to_string(&row.facts.as_opening())?,
            millis(row.due),
            if row.held.is_some() { "suppressed" } else { "queued" },
            row.held.map(|silence| silence.to_string()),
        ])?;
    Ok(renewed > 0)
}

/// Takes back what says less than the row, and was not tried yet.
fn supersede(connection: &Connection, row: &NewRow, states: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(&format!(
            "UPDATE outbox SET state = 'superseded', superseded_by = ?4 WHERE incident = ?1 AND target = ?2 AND recipient = ?3
               AND event IN ('worse', 'reminder', 'resolved', 'reopened') AND state IN ({states}) AND attempts = 0"
        ))?
        .execute(params![row.facts.incident, row.target, row.recipient, row.id])?;
    Ok(())
}
