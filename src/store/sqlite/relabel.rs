//! Labels that stored messages are given later, page by page, resumable: a watch that is split by
//! a label which nobody asked for before has a history all the same.
//!
//! Each page is one transaction with its counters and the mark how far it went. What moves is
//! history: it never alerts by itself.

use std::collections::BTreeSet;
use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::counting::difference;
use crate::counting::ratings;
use crate::counting::ratings::Rated;
use crate::counting::ratings::RatedKey;
use crate::domain::count::Quarter;
use crate::domain::ports::Labelled;
use crate::domain::ports::Labelling;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredFields;
use crate::store::sqlite::counters;
use crate::store::sqlite::ingest::add;
use crate::store::sqlite::ingest::members;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::rated;

const KEY: &str = "labelling";

/// Which labels stored messages have, and how far the building of new ones has come. A store that
/// nobody ever said it of has those that its segments are made of.
pub(super) fn labelling(connection: &Connection) -> Result<Option<Labelling>, StoreError> {
    let found: Option<String> =
        connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row(params![KEY], |row| row.get(0)).optional()?;
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keys of the labels that are being built.
pub(super) fn unfinished(connection: &Connection) -> Result<BTreeSet<String>, StoreError> {
    let building = labelling(connection)?.map(|labelling| labelling.building).unwrap_or_default();
    Ok(building.iter().map(|label| label.split('@').next().unwrap_or(label).to_owned()).collect())
}

/// What labels are made from, in the order in which the messages were stored.
pub(super) fn fields(connection: &Connection, after: i64, limit: u32) -> Result<Vec<StoredFields>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT item.id, name, lang, fields FROM item JOIN source ON source.id = item.source WHERE item.id > ?1 ORDER BY item.id LIMIT ?2",
    )?;
    let rows = find.query_map(params![after, limit], |row| {
        let fields: String = row.get(3)?;
        Ok(StoredFields {
            item: row.get(0)?,
            source: row.get(1)?,
            lang: row.get(2)?,
            fields: serde_json::from_str(&fields).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds the labels of a page.
pub(super) fn commit(connection: &Connection, names: &mut Names, page: &Labelled) -> Result<(), StoreError> {
    let mut moves = HashMap::new();
    let mut rated: HashMap<RatedKey, Rated> = HashMap::new();
    let mut first: HashMap<i64, Quarter> = HashMap::new();
    for (item, labels) in &page.items {
        let known: BTreeSet<String> = connection
            .prepare_cached("SELECT key FROM item_label JOIN scope ON scope.id = item_label.scope WHERE item = ?1")?
            .query_map(params![item], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut missing = labels.iter().filter(|(key, _)| !known.contains(*key)).peekable();
        let voice: Option<i64> =
            connection.prepare_cached("SELECT voice FROM item WHERE id = ?1")?.query_row(params![item], |row| row.get(0)).optional()?;
        let (Some(voice), Some(_)) = (voice, missing.peek()) else { continue };
        let before = members(connection, voice)?;
        for (key, value) in missing {
            let scope = names.scope(connection, key, value)?;
            connection.prepare_cached("INSERT OR IGNORE INTO item_label (item, scope) VALUES (?1, ?2)")?.execute(params![item, scope])?;
        }
        let after = members(connection, voice)?;
        for (key, more) in ratings::difference(&before, &after) {
            *rated.entry(key).or_default() += more;
        }
        let change = difference(&before, &after);
        // Of a label that nobody had before nothing was learnt that would have to be learnt anew.
        let learnt = labels.keys().any(|key| !page.labelling.building.contains(key) && !known.contains(key));
        for key in change.keys().filter(|_| learnt) {
            let quarter = first.entry(key.source).or_insert(key.quarter);
            *quarter = (*quarter).min(key.quarter);
        }
        add(&mut moves, change);
    }
    counters::apply(connection, &moves)?;
    rated::apply(connection, &rated)?;
    for (source, quarter) in first {
        counters::mark_touched(connection, source, Some(quarter), None)?;
    }
    note(connection, &page.labelling)
}

/// Notes which labels stored messages have.
pub(super) fn note(connection: &Connection, labelling: &Labelling) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")?
        .execute(params![KEY, serde_json::to_string(labelling)?])?;
    Ok(())
}
