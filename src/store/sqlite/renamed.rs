//! Finds stored items that a source gave ids which were worth nothing, and gives them the ids that they
//! have by their content: a message is known once, whatever it was called before.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::ports::StoreError;
use crate::domain::ports::TaggedItem;
use crate::polling::identity;
use crate::store::sqlite::ingest::Known;

/// Only among so many of the newest stored items is one looked for, of whatever source.
const NEWEST: i64 = 20_000;

/// The stored item that says the same as this one under an id of its source's; from now on it has
/// this one's.
pub(super) fn find(connection: &Connection, source: i64, tagged: &TaggedItem) -> Result<Option<Known>, StoreError> {
    if !identity::is_of_content(&tagged.item.id) {
        return Ok(None);
    }
    let exact = tagged.voice_key.as_ref().and_then(|key| key.exact).map(u64::cast_signed);
    // Without an index by hash: this is asked for what is new of the few sources that need it.
    let mut find = connection.prepare_cached(
        "SELECT id, external_id, rev, hash, voice, deleted_at IS NOT NULL FROM item
         WHERE id > (SELECT max(id) FROM item) - ?4 AND +source = ?1 AND (hash = ?2 OR voice_key = ?3) ORDER BY hash = ?2 DESC, id",
    )?;
    let mut rows = find.query(params![source, tagged.hash.cast_signed(), exact, NEWEST])?;
    while let Some(row) = rows.next()? {
        if identity::is_of_content(&row.get::<_, String>(1)?) {
            continue;
        }
        let known = Known { id: row.get(0)?, rev: row.get(2)?, hash: row.get(3)?, voice: row.get(4)?, gone: row.get(5)? };
        connection.prepare_cached("UPDATE item SET external_id = ?2 WHERE id = ?1")?.execute(params![known.id, tagged.item.id])?;
        return Ok(Some(known));
    }
    Ok(None)
}
