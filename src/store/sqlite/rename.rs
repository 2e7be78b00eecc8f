//! A source under another name: what is stored of it becomes the new one's, all of it or nothing.
//!
//! Items, counters, streams and what detectors learnt know a source by its number, which stays. Its
//! name stands besides in the incident of its silence, in remarks and silences that people made
//! about that, and in the note of which labels were built. What was told to people stays as it was
//! told: a notice has the same bytes at every try.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::incident::Incident;
use crate::domain::matcher::Matcher;
use crate::domain::ports::StoreError;
use crate::domain::remark::Saying;
use crate::store::sqlite::incidents::series_name;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::relabel;

/// A source with a name that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// What it was called.
    pub was: String,
    /// What it is called now.
    pub now: String,
}

/// What is stored under two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing under the old one: it is done, or there never was anything.
    Nothing,
    /// Something under the old one alone: it is to be moved.
    Old,
    /// Messages under both: they are two sources by now, and are not joined.
    Both,
}

/// Why names cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    /// See [`Found::Both`].
    #[error("{}", both(.0))]
    Both(Rename),
    /// The database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl RenameError {
    /// What came back through a transaction that knows errors of the store only.
    pub(super) fn from_store(error: StoreError) -> Self {
        match error {
            StoreError::Broken(cause) => match cause.downcast::<Self>() {
                Ok(own) => *own,
                Err(cause) => Self::Store(StoreError::Broken(cause)),
            },
            other => Self::Store(other),
        }
    }
}

/// The sentence for messages under both names.
#[must_use]
pub fn both(Rename { was, now }: &Rename) -> String {
    format!(
        "messages are stored under `{was}` and under `{now}`: they are two sources by now, and are not joined; \
         take `{was}` out of `was` of source `{now}`"
    )
}

/// What is stored under the names of a source.
pub(super) fn look(connection: &Connection, rename: &Rename) -> Result<Found, StoreError> {
    let Some(old) = number(connection, &rename.was)? else { return Ok(Found::Nothing) };
    if !is_used(connection, old)? {
        return Ok(Found::Nothing);
    }
    let new = number(connection, &rename.now)?;
    let new = new.map(|new| has_items(connection, new)).transpose()?.unwrap_or(false);
    Ok(match (new, has_items(connection, old)?) {
        (true, true) => Found::Both,
        (true, false) => Found::Nothing,
        (false, _) => Found::Old,
    })
}

/// Moves what is stored under former names. Returns what was moved.
pub(super) fn apply(connection: &Connection, names: &mut Names, renames: &[Rename]) -> Result<Vec<Rename>, RenameError> {
    let mut moved = Vec::new();
    for rename in renames {
        match look(connection, rename)? {
            Found::Nothing => {}
            Found::Both => return Err(RenameError::Both(rename.clone())),
            Found::Old => {
                carry_over(connection, rename)?;
                moved.push(rename.clone());
            }
        }
    }
    if !moved.is_empty() {
        names.forget();
    }
    Ok(moved)
}

fn carry_over(connection: &Connection, rename: &Rename) -> Result<(), StoreError> {
    numbers(connection, rename)?;
    incidents(connection, rename)?;
    remarks(connection, rename)?;
    silences(connection, rename)?;
    labelling(connection, rename)
}

fn number(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM source WHERE name = ?1")?.query_row(params![name], |row| row.get(0)).optional()
}

fn has_items(connection: &Connection, source: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM item WHERE source = ?1)")?.query_row(params![source], |row| row.get(0))
}

fn is_used(connection: &Connection, source: i64) -> rusqlite::Result<bool> {
    let stream = "SELECT EXISTS (SELECT 1 FROM stream WHERE source = ?1)";
    Ok(has_items(connection, source)? || connection.prepare_cached(stream)?.query_row(params![source], |row| row.get(0))?)
}

/// The number takes the new name. One that was given to the new name in the meantime, by a first
/// poll that brought nothing or by a person's wish, takes the old name, for no number is given twice;
/// its wishes go over, the rest of it says nothing.
fn numbers(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let (Some(old), empty) = (number(connection, was)?, number(connection, now)?) else { return Ok(()) };
    if let Some(empty) = empty {
        connection.execute(
            "UPDATE stream SET paused = coalesce(newer.paused, stream.paused), asked = coalesce(newer.asked, stream.asked)
             FROM stream AS newer WHERE newer.source = ?2 AND newer.shard = stream.shard AND stream.source = ?1",
            params![old, empty],
        )?;
        for table in ["stream", "delay", "touched"] {
            connection.execute(&format!("DELETE FROM {table} WHERE source = ?1"), params![empty])?;
        }
        // Names are unique, so the two change places by way of a third that nobody can configure.
        connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![empty, format!("\u{1f}{was}")])?;
    }
    connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![old, now])?;
    if let Some(empty) = empty {
        connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![empty, was])?;
    }
    Ok(())
}

fn series(name: &str) -> String {
    format!("source:{name}")
}

/// Incidents of its silence, and what others say of that and of what drives them. Their version stays:
/// nobody else works on them while names move, and links that were sent stay good.
fn incidents(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, data FROM incident WHERE instr(data, ?1) > 0")?;
    let quoted = serde_json::to_string(was)?;
    let found: Vec<(String, String)> =
        find.query_map(params![quoted.trim_matches('"')], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, data) in found {
        let Ok(mut incident) = serde_json::from_str::<Incident>(&data) else { continue };
        if incident.key.watch == series(was) {
            incident.key.watch = series(now);
        }
        incident.no_data.iter_mut().filter(|silent| silent.source == *was).for_each(|silent| silent.source.clone_from(now));
        let driver = |name: &str| format!("source {name}");
        incident.told_drivers.iter_mut().filter(|told| **told == driver(was)).for_each(|told| *told = driver(now));
        // The new name may have an incident of its own that stands; then this one keeps its name, and ends.
        connection.execute(
            "UPDATE OR IGNORE incident SET series = ?2, watch = ?3, data = ?4 WHERE id = ?1",
            params![id, series_name(&incident.key), incident.key.watch, serde_json::to_string(&incident)?],
        )?;
    }
    Ok(())
}

/// Remarks about alerts of its silence.
fn remarks(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, subject, data FROM act WHERE instr(data, ?1) > 0")?;
    let quoted = serde_json::to_string(&series(was))?;
    let found: Vec<(i64, String, String)> =
        find.query_map(params![quoted], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    for (id, subject, data) in found {
        let Ok(mut saying) = serde_json::from_str::<Saying>(&data) else { continue };
        let watch = match &mut saying {
            Saying::Annotation { watch, .. } => watch.as_mut(),
            Saying::Missed { watch, .. } => Some(watch),
            Saying::FalseAlarm { key, .. } => Some(&mut key.watch),
        };
        watch.into_iter().filter(|watch| **watch == series(was)).for_each(|watch| *watch = series(now));
        let subject = if subject == series(was) { series(now) } else { subject };
        let data = serde_json::to_string(&saying)?;
        connection.execute("UPDATE act SET subject = ?2, data = ?3 WHERE id = ?1", params![id, subject, data])?;
    }
    Ok(())
}

/// Quiet that somebody asked for. A pattern may mean others too, and stays.
fn silences(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, matcher FROM silence")?;
    let found: Vec<(i64, String)> = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, text) in found {
        let Ok(mut matcher) = serde_json::from_str::<Matcher>(&text) else { continue };
        matcher.sources.iter_mut().filter(|name| **name == *was).for_each(|name| name.clone_from(now));
        matcher.watches.iter_mut().filter(|name| **name == series(was)).for_each(|name| *name = series(now));
        let changed = serde_json::to_string(&matcher)?;
        if changed != text {
            connection.execute("UPDATE silence SET matcher = ?2 WHERE id = ?1", params![id, changed])?;
        }
    }
    Ok(())
}

/// Labels that all of its messages have already: `key@source=value`.
fn labelling(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let Some(mut labelling) = relabel::labelling(connection)? else { return Ok(()) };
    let renamed = |label: String| match label.split_once('@') {
        // A value may hold anything, a name no `=` before it: what stands before the value is the name.
        Some((key, rest)) => match rest.strip_prefix(was.as_str()).and_then(|rest| rest.strip_prefix('=')) {
            Some(value) => format!("{key}@{now}={value}"),
            None => label,
        },
        None => label,
    };
    let all = |labels: &mut BTreeSet<String>| *labels = std::mem::take(labels).into_iter().map(renamed).collect();
    all(&mut labelling.built);
    all(&mut labelling.building);
    relabel::note(connection, &labelling)
}
