//! What the poll loop needs to know of all streams at a start, and whether anybody else has written
//! since: both are asked of a hundred thousand streams without reading more than that.

use rusqlite::Connection;

use crate::domain::Timestamp;
use crate::domain::item::Shard;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::values::moment;

/// When a stream is due, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which stream.
    pub key: StreamKey,
    /// When; `None` where it was never polled to an end.
    pub at: Option<Timestamp>,
    /// Its last polls failed, or the next one is put off because its host wants to be left alone.
    pub held: bool,
    /// It said twice that it is gone for good.
    pub gone: bool,
    /// Hash of the configured address that all of this is about; none where none was noted.
    pub address: Option<u64>,
}

impl Sqlite {
    /// When each stream is due, in order of their keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn dues(&self) -> Result<Vec<Due>, StoreError> {
        self.read(|reader| all(reader.connection())).await
    }

    /// A number that is another one when somebody else has written to the file in between.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails, or when somebody else writes for too long.
    pub async fn writings_of_others(&self) -> Result<i64, StoreError> {
        // Only the connection that writes does not count its own writings.
        self.writing(|connection| Ok(connection.query_row("PRAGMA data_version", [], |row| row.get(0))?)).await
    }
}

fn all(connection: &Connection) -> Result<Vec<Due>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT name, shard, due,
         errors > 0 OR (CASE WHEN json_valid(standing) THEN standing ->> '$.put_off' END) IS NOT NULL,
         CASE WHEN json_valid(standing) THEN coalesce(json_extract(standing, '$.gone.confirmed'), 0) ELSE 0 END,
         CASE WHEN json_valid(standing) THEN standing -> '$.address' END
         FROM stream JOIN source ON source.id = stream.source ORDER BY name, shard",
    )?;
    let rows = find.query_map([], |row| {
        let key = StreamKey { source: row.get(0)?, shard: Shard(row.get(1)?) };
        // As text: it may be larger than any number of SQLite's.
        let address = row.get::<_, Option<String>>(5)?.and_then(|text| text.parse().ok()).filter(|address| *address != 0);
        Ok(Due { key, at: row.get::<_, Option<i64>>(2)?.map(moment), held: row.get(3)?, gone: row.get(4)?, address })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ports::Ingest as _;
    use crate::domain::ports::PollNote;
    use crate::domain::ports::Wish;
    use crate::domain::standing::Gone;
    use crate::domain::standing::Standing;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn key(source: &str) -> StreamKey {
        StreamKey { source: source.to_owned(), shard: Shard::whole() }
    }

    #[tokio::test]
    async fn what_is_due_what_fails_is_put_off_and_is_gone_is_known_at_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        store.note_poll(&key("b"), PollNote::unchanged(at(60), at(0))).await.unwrap();
        let gone = Gone { since: at(0), confirmed: true, url: "https://gone.example/".to_owned() };
        let standing = Some(Box::new(Standing { gone: Some(Box::new(gone)), address: u64::MAX - 1, ..Standing::default() }));
        store.note_poll(&key("a"), PollNote { standing, ..PollNote::failed("gone", at(90), at(0)) }).await.unwrap();
        store.wish(&key("c"), Wish::Pause, at(0)).await.unwrap();
        store.note_poll(&key("d"), PollNote::put_off(at(70), at(0))).await.unwrap();
        let due = |source: &str, at, held| Due { key: key(source), at, held, gone: false, address: None };
        let gone = Due { gone: true, address: Some(u64::MAX - 1), ..due("a", Some(at(90)), true) };
        let wanted = [gone, due("b", Some(at(60)), false), due("c", None, false), due("d", Some(at(70)), true)];
        assert_eq!(store.dues().await.unwrap(), wanted);
    }

    #[tokio::test]
    async fn only_the_writings_of_others_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        let (store, _) = Sqlite::open(&path, "boot".to_owned()).unwrap();
        let before = store.writings_of_others().await.unwrap();
        store.note_poll(&key("a"), PollNote::unchanged(at(60), at(0))).await.unwrap();
        assert_eq!(store.writings_of_others().await.unwrap(), before);
        let (other, _) = Sqlite::open(&path, "guest".to_owned()).unwrap();
        other.wish(&key("a"), Wish::Pause, at(0)).await.unwrap();
        assert_ne!(store.writings_of_others().await.unwrap(), before);
    }
}
