//! Notices on their way out. Nothing is sent that was not first a row.
//!
//! `gather` makes one notice of many, `stuck` finds those that do not get out, and [`shown`] is
//! what people see of them and do about them.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Claim;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::incident::breaker;
use crate::incident::breaker::Gate;
use crate::store::sqlite::health;
use crate::store::sqlite::threads;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

mod gather;
pub mod shown;
pub(super) mod stuck;

/// No earlier row of the same thread waits. One that waits for another is due with it, not before.
const FIRST_OF_THREAD: &str = "NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.incident = row.incident
    AND earlier.target = row.target AND earlier.recipient = row.recipient AND earlier.revision < row.revision
    AND earlier.state IN ('queued', 'leased'))";

/// How the boot of a process begins that works beside the daemon, as `target test` does.
pub const GUEST: &str = "guest-";

/// Puts a row in, where the thread of its recipient goes on with it; what is undelivered gives way to
/// what is newer, but for the opening itself.
pub(super) fn insert(connection: &Connection, row: &NewRow) -> Result<(), StoreError> {
    if threads::continues(connection, row)? {
        put(connection, row, &row.facts, None)?;
    }
    Ok(())
}

/// The same for a row that steps in for another one. Whoever was not told that the incident opened
/// hears of it as of its opening.
pub(super) fn insert_copy(connection: &Connection, row: &NewRow, copy_of: Option<&str>) -> Result<(), StoreError> {
    if threads::is_beginning(row.facts.event) || threads::heard(connection, row)? {
        return put(connection, row, &row.facts, copy_of);
    }
    if matches!(row.facts.event, Event::Resolved | Event::Acked) {
        return Ok(());
    }
    put(connection, row, &row.facts.as_opening(), copy_of)
}

fn put(connection: &Connection, row: &NewRow, facts: &Facts, copy_of: Option<&str>) -> Result<(), StoreError> {
    if !threads::is_beginning(facts.event) {
        supersede(connection, row)?;
    }
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO outbox (id, incident, event, revision, target, recipient, facts, state, due, created_at, held_by, copy_of)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)",
        )?
        .execute(params![
            row.id,
            facts.incident,
            facts.event.word(),
            facts.revision,
            row.target,
            row.recipient,
            serde_json::to_string(facts)?,
            if row.held.is_some() { "suppressed" } else { "queued" },
            millis(row.due),
            row.held.map(|silence| silence.to_string()),
            copy_of,
        ])?;
    Ok(())
}

/// What waits of the thread and says less than this one. That somebody is on it says nothing of how
/// loud it is, and what is held back itself replaces nothing.
fn supersede(connection: &Connection, row: &NewRow) -> Result<(), StoreError> {
    if row.held.is_some() {
        return Ok(());
    }
    let only_acked = row.facts.event == Event::Acked;
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'superseded', superseded_by = ?4 WHERE incident = ?1 AND target = ?2 AND recipient = ?3
             AND (event = 'acked' OR event IN ('worse', 'reminder') AND NOT ?5) AND state = 'queued' AND id <> ?4",
        )?
        .execute(params![row.facts.incident, row.target, row.recipient, row.id, only_acked])?;
    Ok(())
}

/// Takes due rows and holds them. A row waits for the earlier ones of its thread, and all rows of a
/// target for the end of a pause or of what is broken. A lease of another daemon is free at once,
/// for there is one at a time and that one is gone; but a guest may be at work beside the daemon, so
/// neither takes what the other holds.
pub(super) fn claim(connection: &Connection, ask: &Claim, boot: &str) -> Result<Vec<Row>, StoreError> {
    let gate = if ask.through { Gate::Open } else { breaker::gate(&health::of(connection, &ask.target)?, ask.now) };
    let limit = match gate {
        Gate::Shut(_) => return Ok(Vec::new()),
        Gate::Probe => 1,
        Gate::Open => ask.limit,
    };
    let pick = match (&ask.only, gate) {
        (Some(_), _) => Pick::Only,
        (None, Gate::Probe) => Pick::Probe,
        (None, _) => Pick::Due,
    };
    if pick == Pick::Due {
        gather::gather(connection, ask)?;
    }
    let mut find = connection.prepare_cached(&claimable(pick))?;
    let now = millis(ask.now);
    let ids = find
        .query_map(params![now, boot, limit, ask.target, boot.starts_with(GUEST), ask.only], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        // One that another release wrote and this one can't read must not hold up those behind it.
        let row = match load(connection, &id)? {
            Ok(row) => row,
            Err(error) => {
                // Its target was not asked, so nothing is known of that.
                let dead = Outcome::Dead { why: format!("its stored facts cannot be read: {error}") };
                record(connection, &id, &dead, false, ask.now)?;
                continue;
            }
        };
        connection
            .prepare_cached("UPDATE outbox SET state = 'leased', lease_until = ?2, lease_boot = ?3 WHERE id = ?1")?
            .execute(params![id, millis(ask.hold_until), boot])?;
        claimed.push(row);
    }
    Ok(claimed)
}

/// Which rows a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    /// What is due.
    Due,
    /// The oldest row that was due once, also when its next try is far away.
    Probe,
    /// The one that is named, due or not: whoever tests does not wait.
    Only,
}

/// Rows that may be claimed. The line about states is the condition of an index, word for
/// word: without it every claim would read the whole outbox, delivered rows and all.
fn claimable(pick: Pick) -> String {
    let (which, first) = match pick {
        Pick::Due => ("due <= ?1", "due, created_at"),
        Pick::Probe => ("(due <= ?1 OR attempts > 0)", "created_at"),
        Pick::Only => ("id = ?6", "id"),
    };
    format!(
        "SELECT id FROM outbox AS row
         WHERE target = ?4 AND {which} AND state IN ('queued', 'leased')
           AND (state = 'queued' OR lease_until <= ?1
               OR lease_boot <> ?2 AND NOT ?5 AND substr(lease_boot, 1, {length}) <> '{GUEST}')
           AND (?6 IS NULL OR id = ?6) AND {FIRST_OF_THREAD} ORDER BY {first}, id LIMIT ?3",
        length = GUEST.len()
    )
}

/// A row as its channel needs it; the error within is that of facts that cannot be read.
fn load(connection: &Connection, id: &str) -> Result<Result<Row, serde_json::Error>, StoreError> {
    let (target, recipient, facts, attempts, created, short) = connection
        .prepare_cached("SELECT target, recipient, facts, attempts, created_at, short FROM outbox WHERE id = ?1")?
        .query_row(params![id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?, moment(row.get(4)?), row.get(5)?))
        })?;
    let facts: Facts = match serde_json::from_str(&facts) {
        Ok(facts) => facts,
        Err(error) => return Ok(Err(error)),
    };
    let mut row = Row { id: id.to_owned(), target, recipient, facts, attempts, created, short, root: None, thread: None };
    if !matches!(row.facts.event, Event::Opened | Event::Test | Event::Storm | Event::Digest) {
        (row.root, row.thread) = thread(connection, &row)?;
    }
    Ok(Ok(row))
}

/// The id of the row on the wire that the thread hangs on, and its receipt. Where the opening never
/// arrived, a row hangs on itself: it begins a thread of its own.
fn thread(connection: &Connection, row: &Row) -> Result<(Option<String>, Option<String>), StoreError> {
    let opened: Option<(String, Option<String>)> = connection
        .prepare_cached(
            "SELECT id, folded_into FROM outbox WHERE incident = ?1 AND target = ?2 AND recipient = ?3 AND event = 'opened'
             ORDER BY state IN ('delivered', 'folded') DESC, revision LIMIT 1",
        )?
        .query_row(params![row.facts.incident, row.target, row.recipient], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((opened, folded_into)) = opened else { return Ok((None, None)) };
    let carrier = folded_into.unwrap_or(opened);
    let receipt: Option<Option<String>> = connection
        .prepare_cached("SELECT receipt FROM outbox WHERE id = ?1 AND state = 'delivered'")?
        .query_row(params![carrier], |row| row.get(0))
        .optional()?;
    Ok(match receipt {
        Some(receipt) => (Some(carrier), receipt),
        None => (Some(row.id.clone()), None),
    })
}

/// Records what became of a row, and what that says of its target.
pub(super) fn settle(connection: &Connection, id: &str, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
    let known: Option<String> =
        connection.prepare_cached("SELECT target FROM outbox WHERE id = ?1")?.query_row(params![id], |row| row.get(0)).optional()?;
    let Some(target) = known else { return Ok(()) };
    let before = health::of(connection, &target)?;
    let after = breaker::after(&before, outcome, now);
    record(connection, id, outcome, before.open_since.is_some(), now)?;
    if before.open_since.is_some() && after.open_since.is_none() {
        // Those that failed meanwhile have waited long enough.
        connection
            .prepare_cached(
                "UPDATE outbox SET due = ?2 WHERE target = ?1 AND due > ?2 AND attempts > 0 AND state IN ('queued', 'leased')
                 AND state = 'queued'",
            )?
            .execute(params![target, millis(now)])?;
    }
    health::keep(connection, &after)
}

fn record(connection: &Connection, id: &str, outcome: &Outcome, probed: bool, now: Timestamp) -> Result<(), StoreError> {
    match outcome {
        Outcome::Delivered { receipt } => connection
            .prepare_cached(
                "UPDATE outbox SET state = 'delivered', attempts = attempts + 1, receipt = ?2, delivered_at = ?3, last_error = NULL
                 WHERE id = ?1",
            )?
            .execute(params![id, receipt, millis(now)])?,
        // What only finds out whether a broken target is mended does not wear a row out.
        Outcome::Later { due, why, counts, .. } => connection
            .prepare_cached("UPDATE outbox SET state = 'queued', due = ?2, last_error = ?3, attempts = attempts + ?4 WHERE id = ?1")?
            .execute(params![id, millis(*due), why, i64::from(*counts && !probed)])?,
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
            .execute(params![id, millis(now), why])?,
        Outcome::Dead { why } | Outcome::GivenUp { why, .. } => connection
            .prepare_cached("UPDATE outbox SET state = 'dead', attempts = attempts + 1, last_error = ?2 WHERE id = ?1")?
            .execute(params![id, why])?,
    };
    Ok(())
}

/// When there is something to do for a target: its next row, but not before its gate opens.
pub(super) fn next_due(connection: &Connection, target: &str) -> Result<Option<Timestamp>, StoreError> {
    let health = health::of(connection, target)?;
    let tried = if health.open_since.is_some() { "WHEN attempts > 0 THEN 0" } else { "" };
    let due: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT min(CASE WHEN state = 'leased' THEN lease_until {tried} ELSE due END) FROM outbox AS row
             WHERE target = ?1 AND state IN ('queued', 'leased') AND {FIRST_OF_THREAD}"
        ))?
        .query_row(params![target], |row| row.get(0))?;
    let gate = health.hold_until.max(health.open_since.and(health.probe_at));
    Ok(due.map(moment).map(|due| gate.map_or(due, |gate| due.max(gate))))
}

/// The last delivered notice of each incident that stands.
pub(super) fn standing(connection: &Connection, target: &str) -> Result<Vec<Row>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT row.id FROM incident CROSS JOIN outbox AS row ON row.incident = incident.id
         WHERE incident.state IN ('open', 'acknowledged', 'snoozed', 'recovering') AND incident.state NOT IN ('closed')
           AND row.target = ?1 AND row.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM outbox AS later
             WHERE later.incident = row.incident AND later.target = row.target AND later.recipient = row.recipient
               AND later.state = 'delivered' AND later.revision > row.revision)
         ORDER BY row.id",
    )?;
    let ids = find.query_map(params![target], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    // What cannot be read is not repeated, and keeps nothing from being repeated.
    Ok(ids.iter().map(|id| load(connection, id)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ports::Health;
    use crate::store::sqlite::migrations;

    #[test]
    fn a_claim_reads_only_what_waits() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection, std::path::Path::new("u.db")).unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", claimable(Pick::Due))).unwrap();
        let steps = explain.query_map(params![0, "boot", 1, "desk", false, None::<String>], |row| row.get::<_, String>(3)).unwrap();
        let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("; ");
        let by_state = plan.contains("outbox_due") || plan.contains("outbox_state (state=? AND target=?)");
        assert!(by_state && !plan.contains("SCAN row"), "{plan}");
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

    #[test]
    fn a_row_that_cannot_be_read_says_nothing_of_its_target() {
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
        let fine = Health { target: "desk".to_owned(), ..Health::default() };
        let broken = breaker::after(&fine, &Outcome::Broken { why: "answered 404".to_owned() }, now);
        health::keep(&connection, &broken).unwrap();
        let probe = Claim::next("desk", broken.probe_at.unwrap(), now);
        assert_eq!(claim(&connection, &probe, "boot").unwrap(), []);
        assert_eq!(health::of(&connection, "desk").unwrap(), broken);
    }
}
