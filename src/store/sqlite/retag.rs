//! Tags of stored messages under other rules, page by page, resumable.
//!
//! Each page is one transaction with its counters and the mark how far it went. What moves is
//! history: it never alerts by itself.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::counting::difference;
use crate::domain::count::Quarter;
use crate::domain::ports::Retagged;
use crate::domain::ports::Ruleset;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredText;
use crate::store::sqlite::counters;
use crate::store::sqlite::ingest::add;
use crate::store::sqlite::ingest::members;
use crate::store::sqlite::ingest::store_tags;
use crate::store::sqlite::names::Names;

const KEY: &str = "ruleset";

/// Which rules the tags are from, and how far a change of rules has come.
pub(super) fn ruleset(connection: &Connection) -> Result<Option<Ruleset>, StoreError> {
    let found: Option<String> =
        connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row(params![KEY], |row| row.get(0)).optional()?;
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Texts in the order in which they were stored.
pub(super) fn texts(connection: &Connection, after: i64, limit: u32) -> Result<Vec<StoredText>, StoreError> {
    let mut find = connection.prepare_cached("SELECT item, title, body FROM text WHERE item > ?1 ORDER BY item LIMIT ?2")?;
    let rows = find.query_map(params![after, limit], |row| Ok(StoredText { item: row.get(0)?, title: row.get(1)?, text: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a page of new tags.
pub(super) fn commit(connection: &Connection, names: &mut Names, page: &Retagged) -> Result<(), StoreError> {
    let mut moves = HashMap::new();
    let mut first: HashMap<i64, Quarter> = HashMap::new();
    for (item, tags) in &page.items {
        let voice: Option<i64> =
            connection.prepare_cached("SELECT voice FROM item WHERE id = ?1")?.query_row(params![item], |row| row.get(0)).optional()?;
        let Some(voice) = voice else { continue };
        let before = members(connection, voice)?;
        connection.prepare_cached("DELETE FROM tag WHERE item = ?1")?.execute(params![item])?;
        store_tags(connection, names, *item, tags)?;
        let after = members(connection, voice)?;
        let change = difference(&before, &after);
        for key in change.keys() {
            let quarter = first.entry(key.source).or_insert(key.quarter);
            *quarter = (*quarter).min(key.quarter);
        }
        add(&mut moves, change);
    }
    counters::apply(connection, &moves)?;
    for (source, quarter) in first {
        counters::mark_touched(connection, source, Some(quarter), None)?;
    }
    connection
        .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")?
        .execute(params![KEY, serde_json::to_string(&page.ruleset)?])?;
    Ok(())
}
