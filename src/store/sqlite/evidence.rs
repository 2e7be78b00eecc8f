//! What stands behind a series' count: who complains, from where, in which words.
//!
//! A notice waits for this, so it must not grow with the years in the store. For all messages of a
//! watch the breakdown is read from the counters. For a segment no counter knows both the segment
//! and another label; there the usual time is counted from a sample of the items. Texts are read
//! from the newest on, up to a limit.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Ask;
use crate::domain::ports::Complaint;
use crate::domain::ports::Evidence;
use crate::domain::ports::Slice;
use crate::domain::ports::StoreError;
use crate::domain::ports::Tally;
use crate::domain::ports::Wording;
use crate::store::sqlite::names::WHOLE;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Items of a segment that are counted for the usual time; the rest is reckoned from them.
const SAMPLE: i64 = 8_000;
/// Earlier complaints, and other messages, whose words are compared.
const USUAL_TEXTS: u32 = 600;
const OTHER_TEXTS: u32 = 400;
/// Characters of a text that are compared.
const COMPARED: u32 = 1_500;

/// Quarters from ?1 to ?2, one seek each: a range over the table would read every theme and scope.
const QUARTERS: &str = "WITH RECURSIVE quarters (quarter) AS (SELECT ?1 UNION ALL SELECT quarter + 1 FROM quarters WHERE quarter + 1 < ?2)";

const TEXT: &str = "JOIN source ON source.id = item.source LEFT JOIN text ON text.item = item.id";

/// An ask with its names as numbers.
struct Search<'a> {
    connection: &'a Connection,
    ask: &'a Ask,
    theme: i64,
    scope: i64,
    /// Numbers of the sources, as JSON.
    sources: String,
}

/// Looks everything up. Nothing is found of a theme or a segment that no message ever had.
pub(super) fn gather(connection: &Connection, ask: &Ask) -> Result<Evidence, StoreError> {
    let Some(search) = Search::of(connection, ask)? else { return Ok(Evidence::default()) };
    Ok(Evidence {
        complaints: search.complaints()?,
        voices: search.voices()?,
        slices: search.slices()?,
        usual: search.usual()?,
        others: search.others()?,
        recent: search.recent()?,
    })
}

impl<'a> Search<'a> {
    fn of(connection: &'a Connection, ask: &'a Ask) -> Result<Option<Self>, StoreError> {
        let theme: Option<i64> = connection
            .prepare_cached("SELECT id FROM theme WHERE name = ?1")?
            .query_row(params![ask.theme], |row| row.get(0))
            .optional()?;
        let scope: Option<i64> = match &ask.segment {
            Segment::All => Some(WHOLE),
            Segment::Label { key, value } => connection
                .prepare_cached("SELECT id FROM scope WHERE key = ?1 AND value = ?2")?
                .query_row(params![key, value], |row| row.get(0))
                .optional()?,
        };
        let sources: String = connection
            .prepare_cached("SELECT json_group_array(id) FROM source WHERE name IN (SELECT value FROM json_each(?1))")?
            .query_row(params![serde_json::to_string(&ask.sources)?], |row| row.get(0))?;
        Ok(theme.zip(scope).map(|(theme, scope)| Self { connection, ask, theme, scope, sources }))
    }

    /// Quarters of the usual time, of the window, and the first one after it.
    fn quarters(&self) -> [i64; 3] {
        let after = Quarter::of(self.ask.until).0 + 1;
        [Quarter::of(self.ask.usual_from).0, Quarter::of(self.ask.from).0, after]
    }

    fn voices(&self) -> Result<u64, StoreError> {
        let [_, from, until] = self.quarters();
        let mut find = self.connection.prepare_cached(&format!(
            "{QUARTERS} SELECT coalesce(sum(voices), 0) FROM quarters CROSS JOIN hits USING (quarter)
             WHERE theme = ?3 AND scope = ?4 AND source IN (SELECT value FROM json_each(?5))"
        ))?;
        let voices: i64 = find.query_row(params![from, until, self.theme, self.scope, self.sources], |row| row.get(0))?;
        Ok(u64::try_from(voices).unwrap_or(0))
    }

    fn recent(&self) -> Result<Vec<Timestamp>, StoreError> {
        let from = self.ask.until - chrono::TimeDelta::hours(24);
        let mut find = self.connection.prepare_cached(&complaints_of("spot.at", "", "ORDER BY spot.at"))?;
        let rows = find.query_map(self.between(from, self.ask.until), |row| Ok(moment(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Arguments of [`complaints_of`].
    fn between(&self, from: Timestamp, until: Timestamp) -> impl rusqlite::Params + '_ {
        (self.theme, self.sources.as_str(), millis(from), millis(until), self.scope)
    }

    fn complaints(&self) -> Result<Vec<Complaint>, StoreError> {
        let mut find = self.connection.prepare_cached(&complaints_of(
            "item.id, coalesce(title, ''), coalesce(body, ''), source.name, url, rating, rating_max, fields, spot.at, tag.spans,
             (SELECT json_group_object(scope.key, scope.value) FROM item_label JOIN scope ON scope.id = item_label.scope
              WHERE item_label.item = item.id), lang, author_hash",
            TEXT,
            &format!("ORDER BY spot.at DESC LIMIT {}", self.ask.limit),
        ))?;
        let rows = find.query_map(self.between(self.ask.from, self.ask.until), complaint)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn usual(&self) -> Result<Vec<Wording>, StoreError> {
        let mut find = self.connection.prepare_cached(&complaints_of(
            &format!("coalesce(title, ''), substr(coalesce(body, ''), 1, {COMPARED}), lang, tag.spans"),
            TEXT,
            &format!("AND body <> '' ORDER BY spot.at DESC LIMIT {USUAL_TEXTS}"),
        ))?;
        let rows = find.query_map(self.between(self.ask.usual_from, self.ask.from), wording)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn others(&self) -> Result<Vec<Wording>, StoreError> {
        let mut find = self.connection.prepare_cached(&format!(
            "SELECT title, substr(body, 1, {COMPARED}), lang, '[]' FROM item INDEXED BY item_at
               JOIN text ON text.item = item.id
             WHERE at >= ?3 AND at < ?4 AND source IN (SELECT value FROM json_each(?2)) AND voice = id AND deleted_at IS NULL AND body <> ''
               AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.item = item.id AND tag.theme = ?1)
               AND (?5 = {WHOLE} OR EXISTS (SELECT 1 FROM item_label WHERE item_label.item = item.id AND item_label.scope = ?5))
             ORDER BY at DESC LIMIT {OTHER_TEXTS}"
        ))?;
        let rows = find.query_map(self.between(self.ask.usual_from, self.ask.from), wording)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn slices(&self) -> Result<Vec<Slice>, StoreError> {
        let mut cells: Cells = BTreeMap::new();
        if self.scope == WHOLE {
            self.count_by_counters(&mut cells)?;
        } else {
            self.count_by_items(&mut cells)?;
        }
        self.named(cells)
    }

    fn count_by_counters(&self, cells: &mut Cells) -> Result<(), StoreError> {
        let [usual, from, until] = self.quarters();
        let mut find = self.connection.prepare_cached(&format!(
            "{QUARTERS} SELECT scope, source, quarter >= ?4, sum(voices) FROM quarters CROSS JOIN hits USING (quarter)
             WHERE theme = ?3 GROUP BY 1, 2, 3"
        ))?;
        let mut rows = find.query(params![usual, until, self.theme, from])?;
        while let Some(row) = rows.next()? {
            tally(cells, row)?.complaints += row.get::<_, i64>(3)? as f64;
        }
        let scopes: Vec<i64> = cells.iter().filter(|(_, times)| times[1].complaints > 0.0).map(|(cell, _)| cell.0).collect();
        let mut find = self.connection.prepare_cached(
            "SELECT scope, source, quarter >= ?3, sum(voices) FROM volume WHERE quarter >= ?1 AND quarter < ?2
               AND scope IN (SELECT value FROM json_each(?4)) GROUP BY 1, 2, 3",
        )?;
        let mut rows = find.query(params![usual, until, from, serde_json::to_string(&scopes)?])?;
        while let Some(row) = rows.next()? {
            tally(cells, row)?.messages += row.get::<_, i64>(3)? as f64;
        }
        Ok(())
    }

    /// The complaints of the window are counted one by one; all messages, and the usual time, from
    /// a sample where they are many.
    fn count_by_items(&self, cells: &mut Cells) -> Result<(), StoreError> {
        let (usual, from, until) = (self.ask.usual_from, self.ask.from, self.ask.until);
        for (begin, end, with_complaints) in [(usual, from, true), (from, until, false)] {
            let one_in = (self.volume(begin, end)? / SAMPLE).max(0) + 1;
            let mut find = self.connection.prepare_cached(
                "SELECT part.scope, item.source, ?7, count(*), count(tag.theme) FROM item INDEXED BY item_at
                   CROSS JOIN item_label AS has ON has.item = item.id AND has.scope = ?5
                   CROSS JOIN item_label AS part ON part.item = item.id
                   LEFT JOIN tag ON tag.item = item.id AND tag.theme = ?1
                 WHERE item.at >= ?3 AND item.at < ?4 AND (item.id * 2654435761 >> 12) % ?6 = 0
                   AND item.source IN (SELECT value FROM json_each(?2)) AND item.voice = item.id AND item.deleted_at IS NULL
                 GROUP BY 1, 2",
            )?;
            let now = !with_complaints;
            let mut rows = find.query(params![self.theme, self.sources, millis(begin), millis(end), self.scope, one_in, now])?;
            while let Some(row) = rows.next()? {
                let found = tally(cells, row)?;
                found.messages += row.get::<_, i64>(3)? as f64 * one_in as f64;
                if with_complaints {
                    found.complaints += row.get::<_, i64>(4)? as f64 * one_in as f64;
                }
            }
        }
        let columns = "part.scope, item.source, 1, count(*)";
        let labels = "CROSS JOIN item_label AS part ON part.item = item.id";
        let mut find = self.connection.prepare_cached(&complaints_of(columns, labels, "GROUP BY 1, 2"))?;
        let mut rows = find.query(self.between(from, until))?;
        while let Some(row) = rows.next()? {
            tally(cells, row)?.complaints += row.get::<_, i64>(3)? as f64;
        }
        Ok(())
    }

    /// Messages of the segment, by the counters.
    fn volume(&self, from: Timestamp, until: Timestamp) -> Result<i64, StoreError> {
        let mut find = self.connection.prepare_cached(&format!(
            "{QUARTERS} SELECT coalesce(sum(voices), 0) FROM quarters CROSS JOIN volume USING (quarter) WHERE scope = ?3"
        ))?;
        Ok(find.query_row(params![Quarter::of(from).0, Quarter::of(until).0 + 1, self.scope], |row| row.get(0))?)
    }

    /// Cells with their names: everything that each source brought, and what has a label asked for.
    fn named(&self, cells: Cells) -> Result<Vec<Slice>, StoreError> {
        let mut sources: BTreeMap<i64, String> = BTreeMap::new();
        let mut find = self.connection.prepare_cached("SELECT id, name FROM source WHERE id IN (SELECT value FROM json_each(?1))")?;
        let mut rows = find.query(params![self.sources])?;
        while let Some(row) = rows.next()? {
            sources.insert(row.get(0)?, row.get(1)?);
        }
        let mut find = self.connection.prepare_cached("SELECT key, value FROM scope WHERE id = ?1")?;
        let mut slices = Vec::new();
        for ((scope, source), [usual, now]) in cells {
            let Some(source) = sources.get(&source) else { continue };
            let (key, value) = if scope == self.scope {
                (String::new(), String::new())
            } else {
                find.query_row(params![scope], |row| Ok((row.get(0)?, row.get(1)?)))?
            };
            if key.is_empty() || self.ask.by.contains(&key) {
                slices.push(Slice { key, value, source: source.clone(), now, usual });
            }
        }
        Ok(slices)
    }
}

/// Usual time and window, by numbers of scope and source.
type Cells = BTreeMap<(i64, i64), [Tally; 2]>;

/// The tally of a row that begins with scope, source, and whether it is of the window.
fn tally<'c>(cells: &'c mut Cells, row: &rusqlite::Row<'_>) -> rusqlite::Result<&'c mut Tally> {
    let now: bool = row.get(2)?;
    Ok(&mut cells.entry((row.get(0)?, row.get(1)?)).or_default()[usize::from(now)])
}

/// A query over the complaints of a series, by their time: a theme may have years of them. Only
/// the index over times is read until a message has the theme. Its arguments: theme ?1, sources
/// ?2, from ?3, until ?4, scope ?5.
fn complaints_of(columns: &str, joins: &str, rest: &str) -> String {
    format!(
        "SELECT {columns} FROM item AS spot INDEXED BY item_at
           CROSS JOIN tag ON tag.item = spot.id AND tag.theme = ?1
           CROSS JOIN item ON item.id = spot.id
           {joins}
         WHERE spot.at >= ?3 AND spot.at < ?4 AND item.source IN (SELECT value FROM json_each(?2))
           AND item.voice = item.id AND item.deleted_at IS NULL
           AND (?5 = {WHOLE} OR EXISTS (SELECT 1 FROM item_label AS has WHERE has.item = item.id AND has.scope = ?5))
         {rest}"
    )
}

fn complaint(row: &rusqlite::Row<'_>) -> rusqlite::Result<Complaint> {
    let json = |at: usize| row.get::<_, String>(at);
    Ok(Complaint {
        item: row.get(0)?,
        title: row.get(1)?,
        text: row.get(2)?,
        source: row.get(3)?,
        url: row.get(4)?,
        rating: row.get::<_, Option<f64>>(5)?.zip(row.get(6)?),
        fields: serde_json::from_str(&json(7)?).unwrap_or_default(),
        at: moment(row.get(8)?),
        spans: serde_json::from_str(&json(9)?).unwrap_or_default(),
        labels: serde_json::from_str(&json(10)?).unwrap_or_default(),
        lang: row.get(11)?,
        author: row.get(12)?,
    })
}

fn wording(row: &rusqlite::Row<'_>) -> rusqlite::Result<Wording> {
    let (title, body, spans): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
    let message = crate::tagging::message(&title, &body);
    Ok(Wording { message, lang: row.get(2)?, spans: serde_json::from_str(&spans).unwrap_or_default() })
}
