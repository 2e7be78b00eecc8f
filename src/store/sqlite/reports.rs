//! Everything that is only read: evidence for notices, exports, status, history for a backtest.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Transition;
use crate::domain::matcher::Silence;
use crate::domain::ports::Ask;
use crate::domain::ports::Counters;
use crate::domain::ports::Evidence;
use crate::domain::ports::Health;
use crate::domain::ports::Snapshot;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::remark::Labels;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::store::sqlite::acts;
use crate::store::sqlite::census;
use crate::store::sqlite::counters;
use crate::store::sqlite::each;
use crate::store::sqlite::evidence;
use crate::store::sqlite::health;
use crate::store::sqlite::incidents;
use crate::store::sqlite::keep;
use crate::store::sqlite::outbox::shown;
use crate::store::sqlite::outbox::shown::Waiting;
use crate::store::sqlite::rated;
use crate::store::sqlite::relabel;
use crate::store::sqlite::silences;
use crate::store::sqlite::streams;
use crate::store::sqlite::threads;
use crate::store::sqlite::threads::Told;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Reads from one connection.
pub struct Reader<'a> {
    connection: &'a Connection,
}

/// What an export is about.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only items from this moment on.
    pub since: Option<Timestamp>,
    /// Only items before this moment.
    pub until: Option<Timestamp>,
    /// Only items of this source.
    pub source: Option<String>,
    /// Only items with this theme.
    pub theme: Option<String>,
    /// Only the item with this number or vendor's id.
    pub item: Option<String>,
    /// Only items with all of these words in title or text.
    pub words: Option<String>,
}

/// An item as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItem {
    /// Its number.
    pub id: i64,
    /// Name of its source.
    pub source: String,
    /// The vendor's id.
    pub external_id: String,
    /// Link to the original.
    pub url: Option<String>,
    /// As the source says.
    pub published: Option<Timestamp>,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// As the source says.
    pub updated: Option<Timestamp>,
    /// When it is counted.
    pub at: Timestamp,
    /// History: counts, but can't alert.
    pub late: bool,
    /// Value and best value.
    pub rating: Option<(f64, f64)>,
    /// Headline; empty where it was pruned.
    pub title: String,
    /// Words; empty where they were pruned.
    pub text: String,
    /// Language.
    pub lang: Option<String>,
    /// Names of its themes.
    pub labels: Vec<String>,
    /// Everything else the source gave.
    pub fields: BTreeMap<String, String>,
}

/// A row of the outbox as `status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxCount {
    /// Name of the target.
    pub target: String,
    /// `queued`, `leased`, `delivered`, `superseded`, `folded`, `suppressed`, `dead`, `dropped`.
    pub state: String,
    /// How many.
    pub rows: u64,
    /// The newest error among them.
    pub error: Option<String>,
    /// When the oldest of them was decided.
    pub oldest: Option<Timestamp>,
}

/// Where one row of the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowState {
    /// `queued`, `leased`, `delivered`, `superseded`, `folded`, `suppressed`, `dead`, `dropped`.
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// What went wrong last.
    pub error: Option<String>,
    /// What the other side called it.
    pub receipt: Option<String>,
}

/// How large the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Items, deleted ones included.
    pub items: u64,
    /// Items whose text is still there.
    pub texts: u64,
    /// Bytes in use.
    pub bytes: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn of(connection: &'a Connection) -> Self {
        Self { connection }
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    /// Where every stream stands.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails, here and in every other verb.
    pub fn streams(&self) -> Result<Vec<(StreamKey, Stream)>, StoreError> {
        streams::all(self.connection)
    }

    /// Where one stream stands.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn stream(&self, key: &StreamKey) -> Result<Stream, StoreError> {
        streams::load(self.connection, key)
    }

    /// Labels of which segments are still being built from stored messages.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn unfinished_labels(&self) -> Result<BTreeSet<String>, StoreError> {
        relabel::unfinished(self.connection)
    }

    /// The delay within which nearly all messages of each source come after their publication, beyond
    /// the waiting for the next poll. Sources of which too little was seen are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn usual_delays(&self) -> Result<BTreeMap<String, chrono::TimeDelta>, StoreError> {
        streams::usual_delays(self.connection)
    }

    /// Incidents in the order of their opening; the ones that are not over, or all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn incidents(&self, all: bool) -> Result<Vec<Incident>, StoreError> {
        incidents::list(self.connection, all)
    }

    /// One incident.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn incident(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        incidents::find(self.connection, id)
    }

    /// The record of an incident, oldest step first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn record(&self, id: &str) -> Result<Vec<Transition>, StoreError> {
        incidents::record(self.connection, id)
    }

    /// What people said of a kind about moments of a range, in the order of these moments.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn acts(&self, kind: RemarkKind, range: std::ops::Range<Timestamp>) -> Result<Vec<Remark>, StoreError> {
        acts::list(self.connection, kind, &range)
    }

    /// Silences that are not over at a moment, or all there ever were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn silences(&self, now: Option<Timestamp>) -> Result<Vec<Silence>, StoreError> {
        silences::list(self.connection, now)
    }

    /// One silence.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn silence(&self, id: i64) -> Result<Option<Silence>, StoreError> {
        silences::find(self.connection, id)
    }

    /// Whom an incident was told to, and what became of it, in the order of its notices.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn told(&self, incident: &str) -> Result<Vec<Told>, StoreError> {
        threads::told(self.connection, incident)
    }

    /// Everything that calibrates watches.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn labels(&self) -> Result<Labels, StoreError> {
        acts::labels(self.connection)
    }

    /// For each series the newest snapshot that ends at or before a moment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn snapshots(&self, before: Timestamp) -> Result<BTreeMap<String, Snapshot>, StoreError> {
        incidents::snapshots(self.connection, before)
    }

    /// Counters of a range of quarters.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn counters(&self, range: std::ops::Range<Quarter>) -> Result<Counters, StoreError> {
        counters::load(self.connection, &range)
    }

    /// Goes through what sources brought in a range of quarters: source, quarter, messages.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn arrivals(&self, range: std::ops::Range<Quarter>, mut each: impl FnMut(&str, Quarter, i64)) -> Result<(), StoreError> {
        counters::arrivals(self.connection, &range, &mut each)
    }

    /// First counted quarter.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn first_quarter(&self) -> Result<Option<Quarter>, StoreError> {
        counters::first_quarter(self.connection)
    }

    /// Last counted quarter. After a replay it may be ahead of the machine's clock.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn last_quarter(&self) -> Result<Option<Quarter>, StoreError> {
        counters::last_quarter(self.connection)
    }

    /// Counters that do not hold what the items give.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn recount(&self) -> Result<Vec<census::Difference>, StoreError> {
        census::recount(self.connection)
    }

    /// Counters of ratings that do not hold what the messages give.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn recount_ratings(&self) -> Result<Vec<rated::Difference>, StoreError> {
        rated::recount(self.connection)
    }

    /// How far each watch has told its messages one by one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn each_marks(&self) -> Result<Vec<each::Mark>, StoreError> {
        each::marks(self.connection)
    }

    /// Number of the newest message; 0 where there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn newest_item(&self) -> Result<i64, StoreError> {
        each::newest(self.connection)
    }

    /// News with one of the themes, by number: later than `after`, up to `to`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn messages_between(&self, after: i64, to: i64, themes: &[String], sources: &[String]) -> Result<Vec<each::Found>, StoreError> {
        each::between(self.connection, after, to, themes, sources)
    }

    /// The newest of them up to `to` that a watch has not told.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn untold_message(&self, to: i64, themes: &[String], sources: &[String], watch: &str) -> Result<Option<each::Found>, StoreError> {
        each::untold(self.connection, to, themes, sources, watch)
    }

    /// Incidents of single messages that opened before a moment and are not over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn messages_standing_since(&self, before: Timestamp) -> Result<Vec<Incident>, StoreError> {
        each::standing_since(self.connection, before)
    }

    /// Notices that are not delivered, the oldest first; dead ones alone on demand.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn waiting(&self, dead: bool) -> Result<Vec<Waiting>, StoreError> {
        shown::list(self.connection, dead)
    }

    /// What is known of targets that do not take everything.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn health(&self) -> Result<Vec<Health>, StoreError> {
        health::list(self.connection)
    }

    /// The outbox by target and state, without tests that failed: nobody waits for those.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError> {
        let mut find = self.connection.prepare_cached(
            "SELECT target, state, count(*), max(last_error), min(created_at) FROM outbox
             WHERE NOT (state = 'dead' AND event = 'test') GROUP BY target, state ORDER BY target, state",
        )?;
        let rows = find.query_map([], |row| {
            Ok(OutboxCount {
                target: row.get(0)?,
                state: row.get(1)?,
                rows: row.get::<_, i64>(2)?.cast_unsigned(),
                error: row.get(3)?,
                oldest: row.get::<_, Option<i64>>(4)?.map(moment),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// State, tries and error of one row.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn row(&self, id: &str) -> Result<Option<RowState>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT state, attempts, last_error, receipt FROM outbox WHERE id = ?1")?
            .query_row(params![id], |row| {
                Ok(RowState { state: row.get(0)?, attempts: row.get(1)?, error: row.get(2)?, receipt: row.get(3)? })
            })
            .optional()?)
    }

    /// How large the database is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn size(&self) -> Result<Size, StoreError> {
        let count = |table: &str| -> rusqlite::Result<u64> {
            self.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))
        };
        Ok(Size { items: count("item")?, texts: count("text")?, bytes: keep::used_bytes(self.connection)? })
    }

    /// Calls `each` with every chosen item that still stands, in the order of event times.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails, and what `each` gives.
    pub fn export<E: From<StoreError>>(&self, choice: &Choice, mut each: impl FnMut(StoredItem) -> Result<(), E>) -> Result<(), E> {
        let broken = |error: rusqlite::Error| E::from(StoreError::from(error));
        let mut find = self
            .connection
            .prepare_cached(
                "SELECT item.id, source.name, external_id, url, published, first_seen, updated, at, late, rating, rating_max,
                   coalesce(title, ''), coalesce(body, ''), lang, fields,
                   (SELECT group_concat(theme.name, char(31)) FROM tag JOIN theme ON theme.id = tag.theme WHERE tag.item = item.id)
                 FROM item JOIN source ON source.id = item.source LEFT JOIN text ON text.item = item.id
                 WHERE deleted_at IS NULL AND at >= ?1 AND at < ?2 AND (?3 IS NULL OR source.name = ?3)
                   AND (?4 IS NULL OR EXISTS (SELECT 1 FROM tag JOIN theme ON theme.id = tag.theme WHERE tag.item = item.id AND theme.name = ?4))
                   AND (?5 IS NULL OR external_id = ?5 OR CAST(item.id AS TEXT) = ?5)
                   AND (?6 IS NULL OR item.id IN (SELECT rowid FROM search WHERE search MATCH ?6))
                 ORDER BY at, item.id",
            )
            .map_err(broken)?;
        let mut rows = find
            .query(params![
                choice.since.map_or(i64::MIN, millis),
                choice.until.map_or(i64::MAX, millis),
                choice.source,
                choice.theme,
                choice.item,
                choice.words.as_deref().and_then(all_of),
            ])
            .map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            each(stored_item(row).map_err(broken)?)?;
        }
        Ok(())
    }

    /// Themes of an item with rule and byte ranges.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn tags(&self, item: i64) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut find = self.connection.prepare_cached(
            "SELECT theme.name, rule, spans FROM tag JOIN theme ON theme.id = tag.theme WHERE item = ?1 ORDER BY theme.name",
        )?;
        let rows = find.query_map(params![item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What stands behind a series' count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn evidence(&self, ask: &Ask) -> Result<Evidence, StoreError> {
        evidence::gather(self.connection, ask)
    }
}

/// The words as a query of the search index: each as it stands, so that nothing in them is taken
/// for the index's own language. `None` when there is no word.
fn all_of(words: &str) -> Option<String> {
    let quoted: Vec<String> = words.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    (!quoted.is_empty()).then(|| quoted.join(" "))
}

fn stored_item(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredItem> {
    let time = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(moment));
    let fields: String = row.get(14)?;
    let labels: Option<String> = row.get(15)?;
    let mut labels: Vec<String> = labels.map(|names| names.split('\u{1f}').map(str::to_owned).collect()).unwrap_or_default();
    labels.sort_unstable();
    Ok(StoredItem {
        id: row.get(0)?,
        source: row.get(1)?,
        external_id: row.get(2)?,
        url: row.get(3)?,
        published: time(4)?,
        first_seen: moment(row.get(5)?),
        updated: time(6)?,
        at: moment(row.get(7)?),
        late: row.get(8)?,
        rating: row.get::<_, Option<f64>>(9)?.zip(row.get(10)?),
        title: row.get(11)?,
        text: row.get(12)?,
        lang: row.get(13)?,
        labels,
        fields: serde_json::from_str(&fields).unwrap_or_default(),
    })
}
