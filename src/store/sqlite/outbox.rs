//! Notices on their way out. Nothing is sent that was not first a row.

use chrono::TimeDelta;
use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Claim;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::store::sqlite::threads;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// No earlier row of the same thread waits. One that waits for another is due with it, not before.
const FIRST_OF_THREAD: &str = "NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.incident = row.incident
    AND earlier.target = row.target AND earlier.recipient = row.recipient AND earlier.revision < row.revision
    AND earlier.state IN ('queued', 'leased'))";

/// A row of a broken target is tried again this soon.
const PROBE: TimeDelta = TimeDelta::minutes(5);

/// How the boot of a process begins that works beside the daemon, as `target test` does.
pub const GUEST: &str = "guest-";

/// Puts a row in. Who never heard that an incident opened does not hear that it is over; an
/// undelivered "worse" gives way to what is newer.
pub(super) fn insert(connection: &Connection, row: &NewRow) -> Result<(), StoreError> {
    if !threads::continues(connection, row)? {
        return Ok(());
    }
    let facts = &row.facts;
    let thread = params![facts.incident, row.target, row.recipient];
    if !matches!(facts.event, Event::Opened | Event::Test | Event::Storm | Event::Digest) {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'superseded' WHERE incident = ?1 AND target = ?2 AND recipient = ?3 AND event = 'worse'
                 AND state = 'queued'",
            )?
            .execute(thread)?;
    }
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO outbox (id, incident, event, revision, target, recipient, facts, state, due, created_at, held_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?10, ?8, ?9, ?11)",
        )?
        .execute(params![
            row.id,
            facts.incident,
            facts.event.word(),
            facts.revision,
            row.target,
            row.recipient,
            serde_json::to_string(facts)?,
            millis(row.due),
            millis(row.due),
            if row.held.is_some() { "suppressed" } else { "queued" },
            row.held.map(|silence| silence.to_string()),
        ])?;
    Ok(())
}

/// Takes due rows and holds them. A row waits for the earlier ones of its thread. A lease of
/// another daemon is free at once, for there is one at a time and that one is gone; but a guest
/// may be at work beside the daemon, so neither takes what the other holds.
pub(super) fn claim(connection: &Connection, ask: &Claim, boot: &str) -> Result<Vec<Row>, StoreError> {
    let Claim { target, limit, now, hold_until, .. } = ask;
    let (now, hold_until) = (*now, *hold_until);
    let mut find = connection.prepare_cached(&due_rows())?;
    let rows = find
        .query_map(params![millis(now), boot, limit, target, boot.starts_with(GUEST)], |row| {
            let facts: String = row.get(3)?;
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, facts, row.get(4)?, row.get(5)?, row.get(6)?))
        })?
        .collect::<Result<Vec<(String, String, String, String, u32, i64, bool)>, _>>()?;
    let mut claimed = Vec::with_capacity(rows.len());
    for (id, target, recipient, facts, attempts, created, short) in rows {
        // One that another release wrote and this one can't read must not hold up those behind it.
        let facts = match serde_json::from_str(&facts) {
            Ok(facts) => facts,
            Err(error) => {
                settle(connection, &id, &Outcome::Dead { why: format!("its stored facts cannot be read: {error}") }, now)?;
                continue;
            }
        };
        connection
            .prepare_cached("UPDATE outbox SET state = 'leased', lease_until = ?2, lease_boot = ?3 WHERE id = ?1")?
            .execute(params![id, millis(hold_until), boot])?;
        claimed.push(Row { id, target, recipient, facts, attempts, created: moment(created), short, root: None, thread: None });
    }
    Ok(claimed)
}

/// Rows that may be claimed. The first line about states is the index's own condition, word for
/// word: without it every claim would read the whole outbox, delivered rows and all.
fn due_rows() -> String {
    format!(
        "SELECT id, target, recipient, facts, attempts, created_at, short FROM outbox AS row
         WHERE target = ?4 AND due <= ?1 AND state IN ('queued', 'leased')
           AND (state = 'queued' OR lease_until <= ?1
               OR lease_boot <> ?2 AND NOT ?5 AND substr(lease_boot, 1, {length}) <> '{GUEST}')
           AND {FIRST_OF_THREAD} ORDER BY due, id LIMIT ?3",
        length = GUEST.len()
    )
}

pub(super) fn settle(connection: &Connection, id: &str, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
    match outcome {
        Outcome::Delivered { receipt } => connection
            .prepare_cached(
                "UPDATE outbox SET state = 'delivered', attempts = attempts + 1, receipt = ?2, delivered_at = ?3, last_error = NULL
                 WHERE id = ?1",
            )?
            .execute(params![id, receipt, millis(now)])?,
        Outcome::Later { due, why, counts, .. } => connection
            .prepare_cached("UPDATE outbox SET state = 'queued', due = ?2, last_error = ?3, attempts = attempts + ?4 WHERE id = ?1")?
            .execute(params![id, millis(*due), why, i64::from(*counts)])?,
        Outcome::TooLong { why } => connection
            .prepare_cached(
                "UPDATE outbox SET state = CASE short WHEN 0 THEN 'queued' ELSE 'dead' END, short = 1, due = ?2, last_error = ?3,
                 attempts = attempts + 1 WHERE id = ?1",
            )?
            .execute(params![id, millis(now), why])?,
        Outcome::Broken { why } => connection
            .prepare_cached(
                "UPDATE outbox SET state = CASE event WHEN 'test' THEN 'dead' ELSE 'queued' END, due = ?2, last_error = ?3 WHERE id = ?1",
            )?
            .execute(params![id, millis(now + PROBE), why])?,
        Outcome::Dead { why } => connection
            .prepare_cached("UPDATE outbox SET state = 'dead', attempts = attempts + 1, last_error = ?2 WHERE id = ?1")?
            .execute(params![id, why])?,
    };
    Ok(())
}

pub(super) fn next_due(connection: &Connection, target: &str) -> Result<Option<Timestamp>, StoreError> {
    let due: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT min(CASE state WHEN 'queued' THEN due ELSE lease_until END) FROM outbox AS row
             WHERE target = ?1 AND state IN ('queued', 'leased') AND {FIRST_OF_THREAD}"
        ))?
        .query_row(params![target], |row| row.get(0))?;
    Ok(due.map(moment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrations;

    #[test]
    fn a_claim_reads_only_what_waits() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection, std::path::Path::new("u.db")).unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", due_rows())).unwrap();
        let steps = explain.query_map(params![0, "boot", 1, "desk", false], |row| row.get::<_, String>(3)).unwrap();
        let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("; ");
        assert!(plan.contains("outbox_due") && !plan.contains("SCAN row"), "{plan}");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_dead_and_holds_up_nobody() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection, std::path::Path::new("u.db")).unwrap();
        let now: Timestamp = "2026-05-06T12:00:00Z".parse().unwrap();
        connection
            .execute(
                "INSERT INTO outbox (id, incident, event, revision, target, recipient, facts, state, due, created_at)
                 VALUES ('a', 'i-1', 'opened', 1, 'desk', '', '{\"of\":\"another release\"}', 'queued', 0, 0)",
                [],
            )
            .unwrap();
        assert_eq!(claim(&connection, &Claim::next("desk", now, now), "boot").unwrap(), []);
        let (state, why): (String, String) =
            connection.query_row("SELECT state, last_error FROM outbox", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(state, "dead");
        assert!(why.starts_with("its stored facts cannot be read"), "{why}");
    }
}
