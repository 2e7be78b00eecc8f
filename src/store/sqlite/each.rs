//! Messages that are told one by one: how far each watch has told them, and which come next.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// How far a watch has told its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Name of the watch.
    pub watch: String,
    /// Messages up to this number were looked at.
    pub item: i64,
    /// When the present time of the throttle began.
    pub window_from: Timestamp,
    /// Messages told since then.
    pub told: u32,
    /// Messages since then that nobody was told of yet.
    pub more: u64,
}

/// A message with a theme of the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub item: i64,
    /// The first of the watch's themes that it has.
    pub theme: String,
    /// When it was written.
    pub at: Timestamp,
}

/// A series of single messages ends so in the incident's column.
const OF_MESSAGES: &str = "series LIKE '%' || char(31) || 'message'";

pub(super) fn marks(connection: &Connection) -> Result<Vec<Mark>, StoreError> {
    let mut find = connection.prepare_cached("SELECT watch, item, window_from, told, more FROM each_mark ORDER BY watch")?;
    let rows = find.query_map([], |row| {
        let (told, more): (i64, i64) = (row.get(3)?, row.get(4)?);
        Ok(Mark {
            watch: row.get(0)?,
            item: row.get(1)?,
            window_from: moment(row.get(2)?),
            told: u32::try_from(told).unwrap_or(u32::MAX),
            more: u64::try_from(more).unwrap_or(0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn put_mark(connection: &Connection, mark: &Mark) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO each_mark (watch, item, window_from, told, more) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![mark.watch, mark.item, millis(mark.window_from), mark.told, mark.more.cast_signed()])?;
    Ok(())
}

pub(super) fn drop_mark(connection: &Connection, watch: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM each_mark WHERE watch = ?1")?.execute(params![watch])?;
    Ok(())
}

/// Number of the newest message; 0 where there is none.
pub(super) fn newest(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.prepare_cached("SELECT coalesce(max(id), 0) FROM item")?.query_row([], |row| row.get(0))?)
}

/// Messages of a range of numbers, later than the first and up to the second, with one of the themes
/// (the order of the themes decides which). What came late or as history, what was taken back and
/// what repeats an earlier message is not among them.
pub(super) fn between(
    connection: &Connection,
    after: i64,
    to: i64,
    themes: &[String],
    sources: &[String],
) -> Result<Vec<Found>, StoreError> {
    let mut find = connection.prepare_cached(&found("item.id > ?3 AND item.id <= ?4", "ORDER BY item.id"))?;
    let rows = find.query_map(params![json(themes)?, json(sources)?, after, to], of_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest such message up to a number that has no incident of the watch.
pub(super) fn untold(
    connection: &Connection,
    to: i64,
    themes: &[String],
    sources: &[String],
    watch: &str,
) -> Result<Option<Found>, StoreError> {
    let condition = "item.id <= ?3 AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.watch = ?4
        AND incident.segment = 'message=' || item.id)";
    let mut find = connection.prepare_cached(&found(condition, "ORDER BY item.id DESC LIMIT 1"))?;
    Ok(find.query_row(params![json(themes)?, json(sources)?, to, watch], of_row).optional()?)
}

/// Arguments: themes ?1 and sources ?2 as JSON.
fn found(condition: &str, order: &str) -> String {
    format!(
        "SELECT item.id, item.at,
           (SELECT theme.name FROM json_each(?1) AS wanted JOIN theme ON theme.name = wanted.value
              JOIN tag ON tag.theme = theme.id AND tag.item = item.id ORDER BY wanted.key LIMIT 1) AS first_theme
         FROM item JOIN source ON source.id = item.source
         WHERE {condition} AND item.late = 0 AND item.deleted_at IS NULL AND item.voice = item.id
           AND source.name IN (SELECT value FROM json_each(?2)) AND first_theme IS NOT NULL {order}"
    )
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found { item: row.get(0)?, at: moment(row.get(1)?), theme: row.get(2)? })
}

/// Incidents of single messages that opened before a moment and are not over.
pub(super) fn standing_since(connection: &Connection, before: Timestamp) -> Result<Vec<Incident>, StoreError> {
    let mut find = connection.prepare_cached(&format!(
        "SELECT data FROM incident WHERE opened_at < ?1 AND state NOT IN ('resolved', 'closed') AND {OF_MESSAGES} ORDER BY id"
    ))?;
    let rows = find.query_map(params![millis(before)], |row| row.get::<_, String>(0))?;
    rows.map(|data| Ok(serde_json::from_str(&data?)?)).collect()
}

fn json(names: &[String]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(names)?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::domain::theme::Tag;
    use crate::store::sqlite::Direct;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn item(id: &str, themes: &[&str], hours: i64) -> TaggedItem {
        let tag = |theme: &&str| Tag { theme: (*theme).to_owned(), rule: "1".to_owned(), spans: Vec::new() };
        TaggedItem {
            item: Item {
                id: id.to_owned(),
                text: format!("text {id}"),
                published: Some(now() - TimeDelta::hours(hours)),
                ..Item::default()
            },
            tags: themes.iter().map(tag).collect(),
            author_hash: None,
            voice_key: None,
            labels: std::collections::BTreeMap::new(),
            hash: 1,
        }
    }

    fn page(source: &str, items: Vec<TaggedItem>, history: bool) -> PageCommit {
        let stream = StreamKey { source: source.to_owned(), shard: Shard::whole() };
        PageCommit { stream, items, history, usual_delay: 6 * 3600, progress: Progress::None, now: now() }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn news_with_a_theme_are_found_and_history_never() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        store.commit_page(&page("shop", vec![item("old", &["legal"], 1)], true)).unwrap();
        let news = vec![
            item("a", &["legal", "late"], 0),
            item("b", &["cold"], 0),
            item("c", &["late"], 0),
            item("stale", &["legal"], 48),
            item("gone", &["legal"], 0),
        ];
        store.commit_page(&page("shop", news, false)).unwrap();
        store.commit_page(&page("forum", vec![item("elsewhere", &["legal"], 0)], false)).unwrap();
        let gone = TaggedItem { item: Item { id: "gone".to_owned(), gone: true, ..Item::default() }, ..item("gone", &[], 0) };
        store.commit_page(&page("shop", vec![gone], false)).unwrap();

        let connection = &store.connection;
        let (themes, sources) = (names(&["late", "legal"]), names(&["shop"]));
        let told = |after, to| -> Vec<(i64, String)> {
            between(connection, after, to, &themes, &sources).unwrap().into_iter().map(|found| (found.item, found.theme)).collect()
        };
        assert_eq!(newest(connection).unwrap(), 7);
        assert_eq!(told(0, 7), [(2, "late".to_owned()), (4, "late".to_owned())]);
        assert_eq!(told(2, 7), [(4, "late".to_owned())]);
        assert_eq!(told(2, 3), []);
        assert_eq!(untold(connection, 7, &themes, &sources, "threats").unwrap().map(|found| found.item), Some(4));
        assert_eq!(untold(connection, 7, &names(&["nothing"]), &sources, "threats").unwrap(), None);
    }

    #[test]
    fn a_mark_comes_back_and_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Direct::open(&folder.path().join("u.db")).unwrap();
        let mark = Mark { watch: "threats".to_owned(), item: 7, window_from: now(), told: 10, more: 2 };
        put_mark(&store.connection, &Mark { more: 0, ..mark.clone() }).unwrap();
        put_mark(&store.connection, &mark).unwrap();
        assert_eq!(marks(&store.connection).unwrap(), [mark]);
        drop_mark(&store.connection, "threats").unwrap();
        assert_eq!(marks(&store.connection).unwrap(), []);
    }
}
