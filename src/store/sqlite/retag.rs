//! Tags of stored messages under other rules, page by page, resumable.
//!
//! Each page is one transaction with its counters and the mark how far it went. Only what changes
//! is written; texts and the search index are not touched. What moves is history: see [`moved`].
//!
//! [`moved`]: crate::store::sqlite::moved

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::counting::CellKey;
use crate::counting::Tally;
use crate::counting::difference;
use crate::domain::Timestamp;
use crate::domain::item::Rating;
use crate::domain::ports::StoreError;
use crate::domain::ruleset::Moved;
use crate::domain::ruleset::NewTags;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessage;
use crate::domain::ruleset::StoredMessages;
use crate::domain::theme::Tag;
use crate::store::sqlite::counters;
use crate::store::sqlite::counters::names_of;
use crate::store::sqlite::incidents;
use crate::store::sqlite::ingest::add;
use crate::store::sqlite::ingest::members;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::values::moment;

const KEY: &str = "ruleset";

/// Which rules the tags are from, and how far a change of rules has come.
pub(super) fn ruleset(connection: &Connection) -> Result<Option<Ruleset>, StoreError> {
    let found: Option<String> =
        connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row(params![KEY], |row| row.get(0)).optional()?;
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
}

pub(super) fn keep(connection: &Connection, ruleset: &Ruleset) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")?
        .execute(params![KEY, serde_json::to_string(ruleset)?])?;
    Ok(())
}

/// Notes that messages are tagged with these rules from now on.
pub(super) fn begin(
    connection: &Connection,
    rules: &str,
    themes: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Ruleset, StoreError> {
    let known = ruleset(connection)?;
    let mut next = Ruleset::next(known.as_ref(), rules, themes, now);
    if known.as_ref().is_none_or(|known| known.rules != rules) {
        next.newest = connection.query_row("SELECT coalesce(max(id), 0) FROM item", [], |row| row.get(0))?;
        if next.newest == 0 {
            (next.finished, next.moving, next.stirred) = (true, BTreeSet::new(), BTreeMap::new());
        }
    }
    if known.as_ref() != Some(&next) {
        keep(connection, &next)?;
    }
    Ok(next)
}

/// Messages in the order in which they were stored. Not one snapshot: the revision tells of an edit.
pub(super) fn messages(connection: &Connection, after: i64, limit: u32, bytes: usize) -> Result<StoredMessages, StoreError> {
    let sources = names_of(connection, "source")?;
    let mut read = StoredMessages::default();
    let mut size = 0;
    let mut find = connection.prepare_cached(
        "SELECT id, rev, source, at, rating, rating_max, lang, title, body FROM item LEFT JOIN text ON text.item = item.id
         WHERE id > ?1 AND deleted_at IS NULL ORDER BY id LIMIT ?2",
    )?;
    let mut rows = find.query(params![after, limit])?;
    while let Some(row) = rows.next()? {
        read.last = Some(row.get(0)?);
        let message = message(row, &sources)?;
        if let Some(message) = message {
            size += message.title.len() + message.text.len();
            read.messages.push(message);
        } else {
            read.without_text += 1;
            read.pruned_to = read.pruned_to.max(Some(moment(row.get(3)?)));
        }
        if size > bytes {
            break;
        }
    }
    attach_tags(connection, after, &mut read)?;
    Ok(read)
}

/// `None` where the text was pruned.
fn message(row: &Row<'_>, sources: &BTreeMap<i64, String>) -> rusqlite::Result<Option<StoredMessage>> {
    let Some(text) = row.get(8)? else { return Ok(None) };
    Ok(Some(StoredMessage {
        item: row.get(0)?,
        rev: row.get(1)?,
        source: sources.get(&row.get(2)?).cloned().unwrap_or_default(),
        rating: row.get::<_, Option<f64>>(4)?.zip(row.get(5)?).map(|(value, max)| Rating { value, max }),
        lang: row.get(6)?,
        title: row.get(7)?,
        text,
        tags: Vec::new(),
    }))
}

fn attach_tags(connection: &Connection, after: i64, read: &mut StoredMessages) -> Result<(), StoreError> {
    let Some(last) = read.last else { return Ok(()) };
    let themes = names_of(connection, "theme")?;
    let mut find = connection.prepare_cached("SELECT item, theme, rule, spans FROM tag WHERE item > ?1 AND item <= ?2 ORDER BY item")?;
    let mut rows = find.query(params![after, last])?;
    let mut messages = read.messages.iter_mut().peekable();
    while let Some(row) = rows.next()? {
        let item: i64 = row.get(0)?;
        while messages.next_if(|message| message.item < item).is_some() {}
        let Some(message) = messages.peek_mut().filter(|message| message.item == item) else { continue };
        let theme = themes.get(&row.get(1)?).cloned().unwrap_or_default();
        // Spans that can't be read are other ones than those of any rule.
        let spans = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or_default()).unwrap_or_default();
        message.tags.push(Tag { theme, rule: row.get(2)?, spans });
    }
    Ok(())
}

/// Writes a page of new tags.
pub(super) fn commit(connection: &Connection, names: &mut Names, page: &Retagged) -> Result<(), StoreError> {
    let mut ruleset = ruleset(connection)?.ok_or(StoreError::Stale)?;
    if (&ruleset.rules, ruleset.done_to) != (&page.rules, page.after) || ruleset.finished {
        return Err(StoreError::Stale);
    }
    let mut moves = HashMap::new();
    for new in &page.items {
        replace(connection, names, new, &mut moves)?;
    }
    counters::apply(connection, &moves)?;
    stir(connection, &mut ruleset, &moves)?;
    (ruleset.done_to, ruleset.without_text) = (page.done_to, ruleset.without_text + page.without_text);
    ruleset.pruned_to = ruleset.pruned_to.max(page.pruned_to);
    if page.finished {
        finish(connection, &mut ruleset)?;
    }
    keep(connection, &ruleset)
}

/// Replaces the tags of one message. Nothing where it was edited or taken back since it was read.
fn replace(connection: &Connection, names: &mut Names, new: &NewTags, moves: &mut HashMap<CellKey, Tally>) -> Result<(), StoreError> {
    let mut find = connection.prepare_cached("SELECT voice FROM item WHERE id = ?1 AND rev = ?2 AND deleted_at IS NULL")?;
    let voice: Option<i64> = find.query_row(params![new.item, new.rev], |row| row.get(0)).optional()?;
    let Some(voice) = voice else { return Ok(()) };
    let before = members(connection, voice)?;
    let themes = store(connection, names, new)?;
    let mut after = before.clone();
    // A thousandth copy is not among them, and changes nothing that is counted.
    for member in after.iter_mut().filter(|member| member.id == new.item) {
        member.themes.clone_from(&themes);
    }
    add(moves, difference(&before, &after));
    Ok(())
}

/// Brings the tags of a message to what they should be, and returns the numbers of their themes.
fn store(connection: &Connection, names: &mut Names, new: &NewTags) -> Result<Vec<i64>, StoreError> {
    let mut write = connection.prepare_cached(
        "INSERT INTO tag (item, theme, rule, spans) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET rule = excluded.rule, spans = excluded.spans",
    )?;
    let mut themes: Vec<i64> = Vec::with_capacity(new.tags.len());
    for tag in &new.tags {
        let theme = names.theme(connection, &tag.theme)?;
        if !themes.contains(&theme) {
            write.execute(params![new.item, theme, tag.rule, serde_json::to_string(&tag.spans)?])?;
            themes.push(theme);
        }
    }
    let stored: Vec<i64> = connection
        .prepare_cached("SELECT theme FROM tag WHERE item = ?1")?
        .query_map(params![new.item], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for gone in stored.into_iter().filter(|theme| !themes.contains(theme)) {
        connection.prepare_cached("DELETE FROM tag WHERE item = ?1 AND theme = ?2")?.execute(params![new.item, gone])?;
    }
    Ok(themes)
}

/// Notes which themes moved and from which quarter on. One that nobody expected to move waits for
/// the end like the others.
fn stir(connection: &Connection, ruleset: &mut Ruleset, moves: &HashMap<CellKey, Tally>) -> Result<(), StoreError> {
    let mut first = BTreeMap::new();
    for (key, _) in moves.iter().filter(|(_, tally)| **tally != Tally::default()) {
        let Some(theme) = key.theme else { continue };
        first.entry(theme).and_modify(|first: &mut _| *first = key.quarter.min(*first)).or_insert(key.quarter);
    }
    if first.is_empty() {
        return Ok(());
    }
    let names = names_of(connection, "theme")?;
    for (theme, quarter) in first {
        let name = names.get(&theme).cloned().unwrap_or_default();
        let known = ruleset.stirred.entry(name.clone()).or_insert(quarter);
        *known = quarter.min(*known);
        ruleset.moving.insert(name);
    }
    Ok(())
}

/// History is whole again. What was learnt of the themes that moved is learnt anew.
fn finish(connection: &Connection, ruleset: &mut Ruleset) -> Result<(), StoreError> {
    let since = ruleset.pruned_to.filter(|_| ruleset.without_text > 0);
    for theme in std::mem::take(&mut ruleset.stirred).into_keys() {
        incidents::forget_states(connection, &theme)?;
        ruleset.moved.insert(theme, Moved { begun: ruleset.begun, newest: ruleset.newest, since });
    }
    ruleset.moving.clear();
    ruleset.finished = true;
    Ok(())
}
