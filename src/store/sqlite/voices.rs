//! Finds the voice that a new message joins: the first message of which it is a copy.
//!
//! Only the first message of a voice is looked for, so a voice neither drifts from copy to copy nor
//! makes more work the more it is copied. The look-up goes by keys within two weeks of the message's
//! own time, whenever it arrives; an import of years is treated like the years themselves.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::counting::MOST_MEMBERS;
use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::domain::ports::TaggedItem;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;
use crate::tagging;
use crate::text::alike::Words;

/// Copies lie no further apart from the first one. Whoever complains again later is heard again.
const WINDOW_HOURS: i64 = 14 * 24;
/// A person who insists does it within this time.
const INSISTING_HOURS: i64 = 24;
/// Hours of a period. Keys of a period lie side by side: an import in the order of time works on a
/// small part of the table, and what is old goes in one piece.
const PERIOD_HOURS: i64 = 8 * 7 * 24;
/// A run of words that so many voices share is a phrase of the trade and tells nothing.
const COMMON: usize = 8;
/// An author's messages that are compared.
const OF_AUTHOR: usize = 16;
/// Messages with the very same words that are looked at.
const OF_WORDS: usize = 32;
/// Keys that are forgotten in one step.
const FORGOTTEN_AT_ONCE: i64 = 5000;

/// A message that may be the first of the voice.
struct Candidate {
    id: i64,
    hour: i64,
}

/// The voice that a message joins; `None` when it is the first of its own.
pub(super) fn find(connection: &Connection, tagged: &TaggedItem, at: Timestamp) -> Result<Option<i64>, StoreError> {
    let Some(likeness) = &tagged.voice_key else { return Ok(None) };
    let hour = hour_of(at);
    if let Some(exact) = likeness.exact
        && let Some(voice) = the_same(connection, exact, hour)?
    {
        return Ok(Some(voice));
    }
    let mut of_words = BTreeSet::new();
    for key in &likeness.words {
        let found = near(connection, *key, hour, COMMON + 1)?;
        if found.len() <= COMMON {
            of_words.extend(found.into_iter().map(|candidate| candidate.id));
        }
    }
    let of_author = likeness.author.map_or_else(|| Ok(Vec::new()), |key| near(connection, key, hour, OF_AUTHOR))?;
    if of_words.is_empty() && of_author.is_empty() {
        return Ok(None);
    }
    let words = Words::of(&tagging::message(&tagged.item.title, &tagged.item.text));
    for id in of_words {
        if text_of(connection, id)?.is_some_and(|other| words.copies(&other)) {
            return Ok(Some(id));
        }
    }
    for Candidate { id, hour: then } in of_author {
        let Some(other) = text_of(connection, id)? else { continue };
        let insists = || {
            Ok::<_, StoreError>((hour - then).abs() <= INSISTING_HOURS && words.insists(&other) && shares_theme(connection, id, tagged)?)
        };
        if words.repeats(&other) || insists()? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether a voice has as many messages as are looked at.
pub(super) fn is_full(connection: &Connection, voice: i64) -> Result<bool, StoreError> {
    let mut find = connection.prepare_cached("SELECT 1 FROM item WHERE voice = ?1 AND voice <> id")?;
    let mut others = find.query(params![voice])?;
    for _ in 1..MOST_MEMBERS {
        if others.next()?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the first message of a voice known to its copies.
pub(super) fn index(connection: &Connection, id: i64, tagged: &TaggedItem, at: Timestamp) -> Result<(), StoreError> {
    let Some(likeness) = &tagged.voice_key else { return Ok(()) };
    let hour = hour_of(at);
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO alike (period, key, hour, item) VALUES (?1, ?2, ?3, ?4)")?;
    for key in likeness.words.iter().chain(&likeness.author) {
        insert.execute(params![hour.div_euclid(PERIOD_HOURS), key.cast_signed(), hour, id])?;
    }
    Ok(())
}

/// Forgets some of what is too old to be copied: of periods that end before `before`. Returns
/// whether there may be more; a year of keys at once would keep everybody else waiting.
pub(super) fn forget(connection: &Connection, before: Timestamp) -> Result<bool, StoreError> {
    let period = (hour_of(before) - WINDOW_HOURS).div_euclid(PERIOD_HOURS);
    let forgotten = connection
        .prepare_cached(
            "DELETE FROM alike WHERE (period, key, hour, item) IN
               (SELECT period, key, hour, item FROM alike WHERE period < ?1 LIMIT ?2)",
        )?
        .execute(params![period, FORGOTTEN_AT_ONCE])?;
    Ok(forgotten == FORGOTTEN_AT_ONCE as usize)
}

/// The voice of the newest message with the same words.
fn the_same(connection: &Connection, exact: u64, hour: i64) -> Result<Option<i64>, StoreError> {
    let mut find = connection.prepare_cached("SELECT voice, at FROM item WHERE voice_key = ?1 ORDER BY id DESC")?;
    let mut rows = find.query(params![exact.cast_signed()])?;
    for _ in 0..OF_WORDS {
        let Some(row) = rows.next()? else { break };
        if (hour_of(moment(row.get(1)?)) - hour).abs() <= WINDOW_HOURS {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

/// First messages with a key around a time, the newest first.
fn near(connection: &Connection, key: u64, hour: i64, limit: usize) -> Result<Vec<Candidate>, StoreError> {
    let (from, until) = (hour - WINDOW_HOURS, hour + WINDOW_HOURS);
    let mut find = connection.prepare_cached(
        "SELECT item, hour FROM alike WHERE period = ?1 AND key = ?2 AND hour BETWEEN ?3 AND ?4 ORDER BY hour DESC, item DESC",
    )?;
    let mut found = Vec::new();
    for period in (from.div_euclid(PERIOD_HOURS)..=until.div_euclid(PERIOD_HOURS)).rev() {
        let mut rows = find.query(params![period, key.cast_signed(), from, until])?;
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            found.push(Candidate { id: row.get(0)?, hour: row.get(1)? });
        }
    }
    Ok(found)
}

/// The words of a stored message; nothing where they were removed.
fn text_of(connection: &Connection, id: i64) -> Result<Option<Words>, StoreError> {
    let mut find = connection.prepare_cached("SELECT title, body FROM text WHERE item = ?1")?;
    let words = find.query_row(params![id], |row| Ok(Words::of(&tagging::message(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?))));
    Ok(words.optional()?)
}

fn shares_theme(connection: &Connection, id: i64, tagged: &TaggedItem) -> Result<bool, StoreError> {
    let mut find = connection.prepare_cached("SELECT name FROM tag JOIN theme ON theme.id = tag.theme WHERE item = ?1")?;
    let themes = find.query_map(params![id], |row| row.get::<_, String>(0))?.collect::<Result<BTreeSet<_>, _>>()?;
    Ok(tagged.tags.iter().any(|tag| themes.contains(&tag.theme)))
}

fn hour_of(at: Timestamp) -> i64 {
    millis(at).div_euclid(3_600_000)
}
