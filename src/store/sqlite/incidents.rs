//! Incidents, their record, and what the detector learnt.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Transition;
use crate::domain::ports::Change;
use crate::domain::ports::Judged;
use crate::domain::ports::Snapshot;
use crate::domain::ports::StoreError;
use crate::store::sqlite::acts;
use crate::store::sqlite::counters;
use crate::store::sqlite::outbox;
use crate::store::sqlite::retag;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Snapshots of a series that are kept behind the newest one, each at least this far apart.
const SNAPSHOT_GAP_MS: i64 = 7 * 24 * 3600 * 1000;
/// How far back a change is replayed from a snapshot; an older one is replayed from the beginning.
const SNAPSHOTS_KEPT_MS: i64 = 60 * 24 * 3600 * 1000;

pub(super) fn apply(connection: &Connection, judged: &Judged) -> Result<(), StoreError> {
    for change in &judged.changes {
        write(connection, change)?;
    }
    let moved = if judged.states.is_empty() { BTreeMap::new() } else { retag::ruleset(connection)?.unwrap_or_default().moved };
    for (series, snapshot) in &judged.states {
        // The end of a change of rules forgets states; what a look still held of them must stay forgotten.
        let theme = theme_of(series);
        if moved.get(theme) == judged.moved.get(theme) {
            keep_state(connection, series, snapshot)?;
        }
    }
    for remark in &judged.remarks {
        acts::change(connection, remark)?;
    }
    counters::work_off(connection, &judged.done)
}

fn write(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let Change { incident, seen, transition, rows } = change;
    let data = serde_json::to_string(incident)?;
    let moved = match seen {
        // The unique index refuses a second standing incident of the series.
        None => connection
            .prepare_cached(
                "INSERT OR IGNORE INTO incident (id, series, watch, theme, segment, state, version, opened_at, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                incident.id,
                series_name(&incident.key),
                incident.key.watch,
                incident.key.theme,
                incident.key.segment.to_string(),
                incident.state.word(),
                incident.version.cast_signed(),
                millis(incident.opened_at),
                data,
            ])?,
        Some(seen) => connection
            .prepare_cached("UPDATE incident SET state = ?3, version = ?4, data = ?5, opened_at = ?6 WHERE id = ?1 AND version = ?2")?
            .execute(params![
                incident.id,
                seen.cast_signed(),
                incident.state.word(),
                incident.version.cast_signed(),
                data,
                millis(incident.opened_at)
            ])?,
    };
    if moved != 1 {
        return Err(StoreError::Stale);
    }
    // A change that moves only the bookkeeping of calm buckets leaves no record.
    if transition.from != Some(transition.to) || !rows.is_empty() || transition.who != "detector" {
        connection.prepare_cached("INSERT INTO incident_event (incident, at, data) VALUES (?1, ?2, ?3)")?.execute(params![
            incident.id,
            millis(transition.at),
            serde_json::to_string(transition)?
        ])?;
    }
    for row in rows {
        outbox::insert(connection, row)?;
    }
    Ok(())
}

/// The name of a series in the tables. That of a spike is older than the kinds and stays as it was.
#[must_use]
pub(super) fn series_name(key: &SeriesKey) -> String {
    let kind = if key.kind.is_spike() { String::new() } else { format!("\u{1f}{}", key.kind) };
    format!("{}\u{1f}{}\u{1f}{}{kind}", key.watch, key.theme, key.segment)
}

/// The theme in the name of a state: watch, theme and segment are held apart by a character that no name has.
fn theme_of(state: &str) -> &str {
    state.split('\u{1f}').nth(1).unwrap_or_default()
}

fn keep_state(connection: &Connection, series: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
    let as_of = millis(snapshot.as_of);
    connection.prepare_cached("DELETE FROM state WHERE series = ?1 AND as_of >= ?2")?.execute(params![series, as_of])?;
    // The newest one is replaced unless it is far enough from the one before it.
    let mut find = connection.prepare_cached("SELECT as_of FROM state WHERE series = ?1 ORDER BY as_of DESC LIMIT 2")?;
    let older: Vec<i64> = find.query_map(params![series], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if let [newest, before] = older[..]
        && newest - before < SNAPSHOT_GAP_MS
    {
        connection.prepare_cached("DELETE FROM state WHERE series = ?1 AND as_of = ?2")?.execute(params![series, newest])?;
    }
    connection.prepare_cached("DELETE FROM state WHERE series = ?1 AND as_of < ?2")?.execute(params![series, as_of - SNAPSHOTS_KEPT_MS])?;
    connection.prepare_cached("INSERT INTO state (series, as_of, blob) VALUES (?1, ?2, ?3)")?.execute(params![
        series,
        as_of,
        snapshot.blob
    ])?;
    Ok(())
}

/// Forgets what was learnt of a theme's series. Their buckets up to the present have had their say.
pub(super) fn forget_states(connection: &Connection, theme: &str) -> Result<(), StoreError> {
    // Watch, theme and segment of a name are held apart by a character that no name has.
    connection.prepare_cached("DELETE FROM state WHERE instr(series, char(31) || ?1 || char(31)) > 0")?.execute(params![theme])?;
    Ok(())
}

pub(super) fn snapshots(connection: &Connection, before: Timestamp) -> Result<BTreeMap<String, Snapshot>, StoreError> {
    let mut find = connection.prepare_cached("SELECT series, max(as_of), blob FROM state WHERE as_of <= ?1 GROUP BY series")?;
    let rows =
        find.query_map(params![millis(before)], |row| Ok((row.get(0)?, Snapshot { as_of: moment(row.get(1)?), blob: row.get(2)? })))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest incident of each series. Single messages that are over are left out: each is a series
/// of its own, and nothing will ever come of it.
pub(super) fn newest(connection: &Connection) -> Result<Vec<Incident>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT data, max(opened_at) FROM incident WHERE state <> 'closed' OR series NOT LIKE '%' || char(31) || 'message'
         GROUP BY series",
    )?;
    parse_all(find.query_map([], |row| row.get::<_, String>(0))?)
}

/// Incidents in the order of their opening; the standing ones only, or all.
pub(super) fn list(connection: &Connection, all: bool) -> Result<Vec<Incident>, StoreError> {
    let mut find =
        connection.prepare_cached("SELECT data FROM incident WHERE ?1 OR state NOT IN ('resolved', 'closed') ORDER BY opened_at, id")?;
    parse_all(find.query_map(params![all], |row| row.get::<_, String>(0))?)
}

pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<Incident>, StoreError> {
    let found: Option<String> =
        connection.prepare_cached("SELECT data FROM incident WHERE id = ?1")?.query_row(params![id], |row| row.get(0)).optional()?;
    Ok(found.map(|data| serde_json::from_str(&data)).transpose()?)
}

/// The record of an incident, oldest step first.
pub(super) fn record(connection: &Connection, id: &str) -> Result<Vec<Transition>, StoreError> {
    let mut find = connection.prepare_cached("SELECT data FROM incident_event WHERE incident = ?1 ORDER BY id")?;
    let rows = find.query_map(params![id], |row| row.get::<_, String>(0))?;
    rows.map(|data| Ok(serde_json::from_str(&data?)?)).collect()
}

fn parse_all(rows: impl Iterator<Item = rusqlite::Result<String>>) -> Result<Vec<Incident>, StoreError> {
    rows.map(|data| Ok(serde_json::from_str(&data?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ruleset::Moved;
    use crate::domain::ruleset::Ruleset;
    use crate::store::sqlite::Direct;

    #[test]
    fn what_was_learnt_before_a_theme_moved_is_not_written_back_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        let moved = BTreeMap::from([("late".to_owned(), Moved { newest: 7, ..Moved::default() })]);
        let ruleset = Ruleset { moved: moved.clone(), ..Ruleset::default() };
        store.write(|connection, _| retag::keep(connection, &ruleset)).unwrap();

        let learnt = Snapshot { as_of: Timestamp::UNIX_EPOCH, blob: String::new() };
        let names = ["w\u{1f}cold\u{1f}all\u{1f}stamp", "w\u{1f}late\u{1f}all\u{1f}stamp"];
        let states: Vec<_> = names.iter().map(|name| ((*name).to_owned(), learnt.clone())).collect();
        let mut kept_of = |judged: &Judged| -> Vec<String> {
            store.write(|connection, _| apply(connection, judged)).unwrap();
            snapshots(&store.connection, Timestamp::MAX_UTC).unwrap().into_keys().collect()
        };
        assert_eq!(kept_of(&Judged { states: states.clone(), ..Judged::default() }), &names[..1], "the look did not know of it");
        assert_eq!(kept_of(&Judged { states, moved, ..Judged::default() }), names);
    }
}
