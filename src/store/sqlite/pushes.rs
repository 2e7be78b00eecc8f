//! What is remembered of messages that were pushed to us: which deliveries were taken, and how new the
//! newest event of each message is. Whoever sends sends again, and in any order.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;

/// Rows removed in one transaction, so that nobody waits long for the writer.
const STEP: u32 = 1_000;

/// How far ahead of ours a vendor's clock is believed, in milliseconds: whoever writes local time as if it were
/// UTC is up to 14 hours ahead, and their order is one all the same.
const AHEAD: i64 = 26 * 60 * 60 * 1_000;

/// Notes a delivery; whether it is a new one.
pub(super) fn is_new(connection: &Connection, source: i64, delivery: &str, now: Timestamp) -> Result<bool, StoreError> {
    let noted = connection
        .prepare_cached("INSERT OR IGNORE INTO delivery (source, id, taken_at) VALUES (?1, ?2, ?3)")?
        .execute(params![source, delivery, millis(now)])?;
    Ok(noted > 0)
}

/// Notes an event of a message by the vendor's time; whether it is none that an event before it has
/// overtaken. One without a time is taken for the newest, unless the message is gone.
pub(super) fn is_newest(connection: &Connection, source: i64, item: &Item, now: Timestamp) -> Result<bool, StoreError> {
    let known: Option<(i64, bool)> = connection
        .prepare_cached("SELECT at, gone FROM event WHERE source = ?1 AND external_id = ?2")?
        .query_row(params![source, item.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // A clock that is years ahead must not hold back whatever comes after it.
    let said = item.updated.or(item.published).map(millis).map(|at| if at > millis(now) + AHEAD { millis(now) } else { at });
    let overtaken = match (known, said) {
        (None, _) => false,
        (Some((_, gone)), None) => gone && !item.gone,
        // Of one moment the deletion is the later one.
        (Some((at, gone)), Some(said)) => said < at || said == at && gone && !item.gone,
    };
    let at = said.or_else(|| item.gone.then(|| millis(now)));
    if let Some(at) = at.filter(|_| !overtaken) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO event (source, external_id, at, gone, taken_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![source, item.id, at, item.gone, millis(now)])?;
    }
    Ok(!overtaken)
}

/// Whether a message has been emptied: it stands no more, and may come back with words, which a deleted one does not.
pub(super) fn is_emptied(item: &Item) -> bool {
    item.rating.is_none() && item.text.trim().is_empty() && item.title.trim().is_empty()
}

/// Forgets some of what is older; whether more may be left.
pub(super) fn forget(connection: &Connection, deliveries: Timestamp, events: Timestamp) -> Result<bool, StoreError> {
    let mut gone = 0;
    for (statement, before) in [
        ("DELETE FROM delivery WHERE (source, id) IN (SELECT source, id FROM delivery WHERE taken_at < ?1 LIMIT ?2)", deliveries),
        ("DELETE FROM event WHERE (source, external_id) IN (SELECT source, external_id FROM event WHERE taken_at < ?1 LIMIT ?2)", events),
    ] {
        gone += connection.prepare_cached(statement)?.execute(params![millis(before), STEP])?;
    }
    Ok(gone >= STEP as usize)
}
