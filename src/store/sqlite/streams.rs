//! Where reading each source stands.

use std::collections::BTreeMap;
use std::collections::HashMap;

use chrono::TimeDelta;
use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::counting::delay::Delays;
use crate::counting::delay::Lesson;
use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::item::Shard;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::Start;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::domain::ports::Wishes;
use crate::domain::standing::LastPage;
use crate::domain::standing::Standing;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

const COLUMNS: &str = "cursor, walk, validators, due, history_done, complete_to, last_new, errors, error, paused, asked, standing,
    (SELECT histogram FROM delay WHERE delay.source = stream.source AND delay.shard = stream.shard)";

pub(super) fn load(connection: &Connection, key: &StreamKey) -> Result<Stream, StoreError> {
    let mut find = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM stream WHERE source = (SELECT id FROM source WHERE name = ?1) AND shard = ?2"))?;
    Ok(find.query_row(params![key.source, key.shard.0], |row| of_row(row, 0)).optional()?.unwrap_or_default())
}

/// All streams with their names, for `status`.
pub(super) fn all(connection: &Connection) -> Result<Vec<(StreamKey, Stream)>, StoreError> {
    let mut find = connection.prepare_cached(&format!(
        "SELECT name, shard, {COLUMNS} FROM stream JOIN source ON source.id = stream.source ORDER BY name, shard"
    ))?;
    let rows = find.query_map([], |row| Ok((StreamKey { source: row.get(0)?, shard: Shard(row.get(1)?) }, of_row(row, 2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The streams of some sources without what only the next poll needs, which is most of them.
pub(super) fn in_brief(connection: &Connection, sources: &[String]) -> Result<HashMap<StreamKey, Stream>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT name, shard, NULL, NULL, NULL, due, history_done, complete_to, last_new, errors, error, paused, asked,
         CASE WHEN json_valid(standing) THEN json_remove(standing, '$.page') END,
         (SELECT histogram FROM delay WHERE delay.source = stream.source AND delay.shard = stream.shard)
         FROM json_each(?1) AS wanted JOIN source ON source.name = wanted.value JOIN stream ON stream.source = source.id",
    )?;
    let mut found = HashMap::with_capacity(sources.len());
    let mut rows = find.query([serde_json::to_string(sources)?])?;
    while let Some(row) = rows.next()? {
        found.insert(StreamKey { source: row.get(0)?, shard: Shard(row.get(1)?) }, of_row(row, 2)?);
    }
    Ok(found)
}

fn of_row(row: &rusqlite::Row<'_>, from: usize) -> rusqlite::Result<Stream> {
    let time = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(from + at)?.map(moment));
    // A walk or validators that an older release wrote and this one can't read are worth one full
    // poll, not a stop.
    let json = |at: usize| row.get::<_, Option<String>>(from + at);
    let delays: Delays = json(12)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(Stream {
        cursor: Cursor(row.get(from)?),
        walk: json(1)?.and_then(|text| serde_json::from_str(&text).ok()),
        validators: json(2)?.and_then(|text| serde_json::from_str(&text).ok()),
        due: time(3)?,
        history_done: row.get(from + 4)?,
        complete_to: time(5)?,
        last_new: time(6)?,
        errors: row.get(from + 7)?,
        error: row.get(from + 8)?,
        usual_delay: delays.usual(),
        longest_delay: delays.longest(),
        news_per_day: delays.per_day(),
        newest: delays.newest(),
        paused: time(9)?,
        asked: time(10)?,
        standing: json(11)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

/// Moves a stream on with a page that is stored in the same transaction.
pub(super) fn advance(
    connection: &Connection,
    source: i64,
    shard: &Shard,
    progress: &Progress,
    news: Option<Timestamp>,
) -> Result<(), StoreError> {
    touch(connection, source, shard)?;
    match progress {
        Progress::None | Progress::Pushed { .. } => {}
        Progress::Walking { next } => {
            // A walk over a service's pages that has got on has no errors in a row, however long it is. Of the older
            // pages of a document they are counted on, for those are done without in the end.
            let is_call = matches!(next, Request::Call(_));
            connection
                .prepare_cached(
                    "UPDATE stream SET walk = ?3, errors = CASE WHEN ?4 THEN 0 ELSE errors END, error = CASE WHEN ?4 THEN NULL ELSE error END
                     WHERE source = ?1 AND shard = ?2",
                )?
                .execute(params![source, shard.0, serde_json::to_string(next)?, is_call])?;
        }
        Progress::Ended { cursor, validators, due, polled_at, standing } => {
            let validators = validators.as_ref().map(serde_json::to_string).transpose()?;
            connection
                .prepare_cached(
                    "UPDATE stream SET walk = NULL, cursor = coalesce(?3, cursor), validators = ?4, due = ?5, history_done = 1,
                     complete_to = max(coalesce(complete_to, 0), ?6), errors = 0, error = NULL,
                     asked = CASE WHEN asked > ?6 THEN asked END, standing = coalesce(?7, standing) WHERE source = ?1 AND shard = ?2",
                )?
                .execute(params![
                    source,
                    shard.0,
                    cursor.as_ref().and_then(|cursor| cursor.0.as_deref()),
                    validators,
                    millis(*due),
                    millis(*polled_at),
                    standing.as_ref().map(serde_json::to_string).transpose()?
                ])?;
        }
    }
    if let Some(at) = news {
        connection.prepare_cached("UPDATE stream SET last_new = ?3 WHERE source = ?1 AND shard = ?2")?.execute(params![
            source,
            shard.0,
            millis(at)
        ])?;
    }
    Ok(())
}

/// A poll that brought no page: "unchanged", an error, one that was put off, or the start of one that begins anew.
pub(super) fn note(connection: &Connection, source: i64, shard: &Shard, note: &PollNote) -> Result<(), StoreError> {
    touch(connection, source, shard)?;
    if note.put_off {
        connection
            .prepare_cached(
                "UPDATE stream SET due = ?3, standing = json_set(CASE WHEN json_valid(standing) THEN standing ELSE '{}' END, '$.put_off', ?4)
                 WHERE source = ?1 AND shard = ?2",
            )?
            .execute(params![source, shard.0, millis(note.due), note.due.to_rfc3339()])?;
        return Ok(());
    }
    if let Some(start) = note.start {
        let standing = note.standing.as_ref().map(serde_json::to_string).transpose()?;
        let statement = match start {
            Start::Anew => {
                "UPDATE stream SET cursor = NULL, walk = NULL, validators = NULL, standing = ?3 WHERE source = ?1 AND shard = ?2"
            }
            Start::Otherwise => "UPDATE stream SET standing = ?3 WHERE source = ?1 AND shard = ?2",
        };
        connection.prepare_cached(statement)?.execute(params![source, shard.0, standing])?;
        return Ok(());
    }
    // Who asked while the poll ran has had no answer yet; and who resumed what was gone is not told
    // by that poll that it is.
    let statement = if note.error.is_some() {
        "UPDATE stream SET due = ?3, errors = errors + 1, error = ?5, validators = coalesce(?6, validators),
         standing = CASE WHEN ?7 IS NULL THEN standing
             WHEN asked > ?4 AND (CASE WHEN json_valid(standing) THEN json_type(standing, '$.gone') END) IS NULL
             THEN json_remove(?7, '$.gone') ELSE ?7 END,
         asked = CASE WHEN asked > ?4 THEN asked END WHERE source = ?1 AND shard = ?2"
    } else {
        "UPDATE stream SET due = ?3, complete_to = max(coalesce(complete_to, 0), ?4), history_done = 1, errors = 0, error = ?5,
         asked = CASE WHEN asked > ?4 THEN asked END, validators = coalesce(?6, validators), standing = coalesce(?7, standing)
         WHERE source = ?1 AND shard = ?2"
    };
    connection.prepare_cached(statement)?.execute(params![
        source,
        shard.0,
        millis(note.due),
        millis(note.polled_at),
        note.error,
        note.validators.as_ref().map(serde_json::to_string).transpose()?,
        note.standing.as_ref().map(serde_json::to_string).transpose()?
    ])?;
    Ok(())
}

/// Notes what a person wants.
pub(super) fn wish(connection: &Connection, source: i64, shard: &Shard, wish: Wish, now: Timestamp) -> Result<(), StoreError> {
    touch(connection, source, shard)?;
    let statement = match wish {
        Wish::Pause => "UPDATE stream SET paused = coalesce(paused, ?3) WHERE source = ?1 AND shard = ?2",
        Wish::Resume => {
            "UPDATE stream SET paused = NULL, asked = ?3, standing = json_remove(standing, '$.gone') WHERE source = ?1 AND shard = ?2"
        }
        Wish::Poll => "UPDATE stream SET asked = ?3 WHERE source = ?1 AND shard = ?2",
    };
    connection.prepare_cached(statement)?.execute(params![source, shard.0, millis(now)])?;
    Ok(())
}

/// The streams of which people want something.
pub(super) fn wishes(connection: &Connection) -> Result<BTreeMap<StreamKey, Wishes>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT name, shard, paused, asked FROM stream JOIN source ON source.id = stream.source
         WHERE paused IS NOT NULL OR asked IS NOT NULL",
    )?;
    let rows = find.query_map([], |row| {
        let time = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(moment));
        Ok((StreamKey { source: row.get(0)?, shard: Shard(row.get(1)?) }, Wishes { paused: time(2)?, asked: time(3)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Start of the last good poll of a stream.
pub(super) fn polled_at(connection: &Connection, source: i64, shard: &Shard) -> Result<Option<Timestamp>, StoreError> {
    let mut find = connection.prepare_cached("SELECT complete_to FROM stream WHERE source = ?1 AND shard = ?2")?;
    let found: Option<Option<i64>> = find.query_row(params![source, shard.0], |row| row.get(0)).optional()?;
    Ok(found.flatten().map(moment))
}

/// What the last believed page of a stream held.
pub(super) fn last_page(connection: &Connection, source: i64, shard: &Shard) -> Result<Option<LastPage>, StoreError> {
    let mut find = connection.prepare_cached("SELECT standing FROM stream WHERE source = ?1 AND shard = ?2")?;
    let found: Option<Option<String>> = find.query_row(params![source, shard.0], |row| row.get(0)).optional()?;
    Ok(found.flatten().and_then(|text| serde_json::from_str::<Standing>(&text).ok()).and_then(|standing| standing.page).map(|page| *page))
}

/// Learns how late a stream's messages come.
pub(super) fn learn(connection: &Connection, source: i64, shard: &Shard, lesson: &Lesson, now: Timestamp) -> Result<(), StoreError> {
    if *lesson == Lesson::default() {
        return Ok(());
    }
    let mut find = connection.prepare_cached("SELECT histogram FROM delay WHERE source = ?1 AND shard = ?2")?;
    let known: Option<String> = find.query_row(params![source, shard.0], |row| row.get(0)).optional()?;
    let mut delays: Delays = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    delays.learn(lesson, now);
    connection
        .prepare_cached(
            "INSERT INTO delay (source, shard, histogram) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET histogram = excluded.histogram",
        )?
        .execute(params![source, shard.0, serde_json::to_string(&delays)?])?;
    Ok(())
}

/// The delay within which nearly all messages of each source come, as learnt; of its parts the longest.
pub(super) fn usual_delays(connection: &Connection) -> Result<BTreeMap<String, TimeDelta>, StoreError> {
    let mut delays = BTreeMap::new();
    for (key, stream) in all(connection)? {
        if let Some(usual) = stream.usual_delay {
            let longest = delays.entry(key.source).or_insert(usual);
            *longest = usual.max(*longest);
        }
    }
    Ok(delays)
}

fn touch(connection: &Connection, source: i64, shard: &Shard) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT OR IGNORE INTO stream (source, shard) VALUES (?1, ?2)")?.execute(params![source, shard.0])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ports::Ingest as _;
    use crate::domain::ports::PageCommit;
    use crate::domain::standing::Gone;
    use crate::store::sqlite::Sqlite;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn gone(confirmed: bool) -> Standing {
        let gone = Gone { since: at(0), confirmed, url: "https://a.example/".to_owned() };
        Standing { gone: Some(Box::new(gone)), ..Standing::default() }
    }

    #[tokio::test]
    async fn who_asks_while_a_poll_runs_is_still_asking_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let key = StreamKey { source: "a".to_owned(), shard: Shard::whole() };
        let said_gone =
            |confirmed, started| PollNote { standing: Some(Box::new(gone(confirmed))), ..PollNote::failed("410", at(9_000), started) };
        let ended = |started| PageCommit {
            stream: key.clone(),
            items: Vec::new(),
            history: false,
            usual_delay: 0,
            progress: Progress::Ended { cursor: None, validators: None, due: at(9_000), polled_at: started, standing: None },
            now: started,
        };

        store.note_poll(&key, said_gone(false, at(0))).await.unwrap();
        store.wish(&key, Wish::Resume, at(70)).await.unwrap();
        store.note_poll(&key, said_gone(true, at(60))).await.unwrap();
        let resumed = store.stream(&key).await.unwrap();
        assert_eq!((resumed.asked, resumed.standing.gone, resumed.errors), (Some(at(70)), None, 2));

        store.note_poll(&key, PollNote::unchanged(at(9_000), at(65))).await.unwrap();
        store.commit_page(ended(at(66))).await.unwrap();
        assert_eq!(store.stream(&key).await.unwrap().asked, Some(at(70)));
        store.commit_page(ended(at(80))).await.unwrap();
        assert_eq!(store.stream(&key).await.unwrap().asked, None, "a poll that began later is the answer");

        // Who asks for a poll does not doubt that it is gone.
        store.note_poll(&key, said_gone(false, at(90))).await.unwrap();
        store.wish(&key, Wish::Poll, at(110)).await.unwrap();
        store.note_poll(&key, said_gone(true, at(100))).await.unwrap();
        let stream = store.stream(&key).await.unwrap();
        assert!(stream.asked == Some(at(110)) && stream.standing.gone.as_ref().is_some_and(|gone| gone.confirmed), "{stream:?}");
    }
}
