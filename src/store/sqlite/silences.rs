//! Silences: quiet that people asked for, and the notices that it holds back.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::matcher::Matcher;
use crate::domain::matcher::Silence;
use crate::domain::ports::Held;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

const COLUMNS: &str = "id, matcher, from_at, until_at, who, comment, ended_at, ended_by";

/// Writes a silence and returns its number.
pub(super) fn add(connection: &Connection, silence: &Silence, now: Timestamp) -> Result<i64, StoreError> {
    connection
        .prepare_cached("INSERT INTO silence (matcher, from_at, until_at, who, comment, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
        serde_json::to_string(&silence.matcher)?,
        millis(silence.from),
        millis(silence.until),
        silence.who,
        silence.comment,
        millis(now),
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Ends a silence early. Whether there was one that was not over.
pub(super) fn end(connection: &Connection, id: i64, who: &str, now: Timestamp) -> Result<bool, StoreError> {
    let ended = connection
        .prepare_cached("UPDATE silence SET ended_at = ?2, ended_by = ?3 WHERE id = ?1 AND ended_at IS NULL AND until_at > ?2")?
        .execute(params![id, millis(now), who])?;
    Ok(ended > 0)
}

/// Silences that are not over at a moment, those that have not begun included; or all there ever were.
pub(super) fn list(connection: &Connection, now: Option<Timestamp>) -> Result<Vec<Silence>, StoreError> {
    let mut find = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM silence WHERE ?1 IS NULL OR ended_at IS NULL AND until_at > ?1 ORDER BY from_at, id"
    ))?;
    let rows = find.query_map(params![now.map(millis)], |row| Ok(of_row(row)))?;
    rows.map(|row| row?).collect()
}

/// One silence.
pub(super) fn find(connection: &Connection, id: i64) -> Result<Option<Silence>, StoreError> {
    let mut find = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM silence WHERE id = ?1"))?;
    find.query_row(params![id], |row| Ok(of_row(row))).optional()?.transpose()
}

fn of_row(row: &Row<'_>) -> Result<Silence, StoreError> {
    let matcher: Matcher = serde_json::from_str(&row.get::<_, String>(1)?)?;
    let ended: Option<i64> = row.get(6)?;
    let by: Option<String> = row.get(7)?;
    Ok(Silence {
        id: row.get(0)?,
        matcher,
        from: moment(row.get(2)?),
        until: moment(row.get(3)?),
        who: row.get(4)?,
        comment: row.get(5)?,
        ended: ended.map(|at| (moment(at), by.unwrap_or_default())),
    })
}

/// Notices of open incidents that are held back, the newest for each recipient. Whoever was on an
/// incident in the meantime, or asked for quiet about it, has taken it over from the silence.
pub(super) fn held(connection: &Connection) -> Result<Vec<Held>, StoreError> {
    // Most installations never have a silence, and this is asked at every look.
    let any: bool = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM silence)")?.query_row([], |row| row.get(0))?;
    if !any {
        return Ok(Vec::new());
    }
    let mut find = connection.prepare_cached(
        "SELECT row.id, row.target, row.facts FROM incident JOIN outbox AS row ON row.incident = incident.id
         WHERE incident.state NOT IN ('closed') AND incident.state = 'open' AND row.state = 'suppressed'
           AND row.event IN ('opened', 'worse', 'reopened')
           AND NOT EXISTS (SELECT 1 FROM outbox AS later WHERE later.incident = row.incident AND later.target = row.target
               AND later.recipient = row.recipient AND later.revision > row.revision AND later.state <> 'superseded')
         ORDER BY row.id",
    )?;
    let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
    let mut all = Vec::new();
    for row in rows {
        let (id, target, facts) = row?;
        // One that another release wrote and this one can't read stays where it is, for people to see.
        if let Ok(facts) = serde_json::from_str(&facts) {
            all.push(Held { id, target, facts });
        }
    }
    Ok(all)
}

/// Sends what was held back. It is given up so long after this, not after it was decided.
pub(super) fn release(connection: &Connection, rows: &[(String, Timestamp)]) -> Result<(), StoreError> {
    for (id, due) in rows {
        connection
            .prepare_cached("UPDATE outbox SET state = 'queued', due = ?2, created_at = ?2 WHERE id = ?1 AND state = 'suppressed'")?
            .execute(params![id, millis(*due)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::Direct;

    fn at(hour: u32) -> Timestamp {
        format!("2026-11-22T{hour:02}:00:00Z").parse().unwrap()
    }

    fn silence(from: u32, until: u32) -> Silence {
        let matcher = Matcher { watches: vec!["bots*".to_owned()], ..Matcher::default() };
        Silence { id: 0, matcher, from: at(from), until: at(until), who: "anna".to_owned(), comment: "move".to_owned(), ended: None }
    }

    #[test]
    fn a_silence_comes_back_as_it_was_asked_for_until_it_is_over_or_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        let first = store.add_silence(&silence(8, 12), at(7)).unwrap();
        let second = store.add_silence(&silence(10, 20), at(7)).unwrap();
        let standing = |store: &Direct, hour| {
            let all = store.reader().silences(Some(at(hour))).unwrap();
            all.into_iter().map(|silence| silence.id).collect::<Vec<_>>()
        };
        assert_eq!([7, 12, 20].map(|hour| standing(&store, hour)), [vec![first, second], vec![second], vec![]]);
        assert_eq!(store.reader().silence(first).unwrap(), Some(Silence { id: first, ..silence(8, 12) }));

        assert!(store.end_silence(second, "bert", at(11)).unwrap());
        assert!(!store.end_silence(second, "bert", at(11)).unwrap(), "it is over already");
        assert!(!store.end_silence(first, "bert", at(13)).unwrap(), "it was over by itself");
        assert!(!store.end_silence(99, "bert", at(11)).unwrap());
        assert_eq!(standing(&store, 11), [first]);
        let all = store.reader().silences(None).unwrap();
        assert_eq!(all[1].ended, Some((at(11), "bert".to_owned())));
        assert_eq!(store.reader().silence(99).unwrap(), None);
    }
}
