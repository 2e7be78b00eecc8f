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

mod ratings;

/// Items of a segment that are counted for the usual time; the rest is reckoned from them.
const SAMPLE: i64 = 8_000;
/// Earlier complaints, and other messages, whose words are compared.
const USUAL_TEXTS: u32 = 400;
const OTHER_TEXTS: u32 = 200;
/// Characters of a text that are compared.
const COMPARED: u32 = 1_000;

/// Quarters from ?1 to ?2, one seek each: a range over the table would read every theme and scope.
const QUARTERS: &str = "WITH RECURSIVE quarters (quarter) AS (SELECT ?1 UNION ALL SELECT quarter + 1 FROM quarters WHERE quarter + 1 < ?2)";

/// Columns of [`complaint`].
const COMPLAINT: &str =
    "item.id, coalesce(title, ''), coalesce(body, ''), source.name, item.url, item.rating, item.rating_max, item.fields,
    spot.at, tag.spans,
    (SELECT json_group_object(scope.key, scope.value) FROM item_label JOIN scope ON scope.id = item_label.scope
     WHERE item_label.item = item.id), item.lang, item.author_hash";

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
    if let Some(measure) = ask.measure {
        return ratings::gather(connection, ask, measure);
    }
    let Some(search) = Search::of(connection, ask)? else { return single(connection, ask) };
    Ok(Evidence {
        complaints: search.complaints()?,
        voices: search.voices()?,
        slices: search.slices()?,
        usual: search.usual()?,
        others: search.others()?,
        recent: search.recent()?,
    })
}

/// What an incident of a single message tells of. No message has a label `message`, unless its
/// source gives it one.
fn single(connection: &Connection, ask: &Ask) -> Result<Evidence, StoreError> {
    let item = match &ask.segment {
        Segment::Label { key, value } if key == "message" => value.parse::<i64>().ok(),
        _ => None,
    };
    let Some(item) = item else { return Ok(Evidence::default()) };
    let mut find = connection.prepare_cached(&format!(
        "SELECT {COMPLAINT} FROM item AS spot JOIN item ON item.id = spot.id
           JOIN theme ON theme.name = ?1 JOIN tag ON tag.item = spot.id AND tag.theme = theme.id {TEXT}
         WHERE spot.id = ?2 AND item.deleted_at IS NULL AND source.name IN (SELECT value FROM json_each(?3))"
    ))?;
    let sources = serde_json::to_string(&ask.sources)?;
    let complaints: Vec<Complaint> = find.query_map(params![ask.theme, item, sources], complaint)?.collect::<Result<_, _>>()?;
    Ok(Evidence { voices: complaints.len() as u64, complaints, ..Evidence::default() })
}

impl<'a> Search<'a> {
    fn of(connection: &'a Connection, ask: &'a Ask) -> Result<Option<Self>, StoreError> {
        let theme: Option<i64> = connection
            .prepare_cached("SELECT id FROM theme WHERE name = ?1")?
            .query_row(params![ask.theme], |row| row.get(0))
            .optional()?
            // A measure has no number.
            .or_else(|| ask.measure.map(|_| 0));
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
        let mut find =
            self.connection.prepare_cached(&complaints_of(COMPLAINT, TEXT, &format!("ORDER BY spot.at DESC LIMIT {}", self.ask.limit)))?;
        let rows = find.query_map(self.between(self.ask.from, self.ask.until), complaint)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn usual(&self) -> Result<Vec<Wording>, StoreError> {
        let mut find = self.connection.prepare_cached(&complaints_of(
            &format!("coalesce(title, ''), substr(coalesce(body, ''), 1, {COMPARED}), item.lang, tag.spans"),
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
        "2026-11-21T13:00:00Z".parse().unwrap()
    }

    /// A message of some hours ago; every one is of a version, and some complain.
    fn item(id: usize, hours: i64, country: &str, complains: bool) -> TaggedItem {
        let published = Some(now() - TimeDelta::hours(hours));
        let text = if complains { format!("the bot again, number {id}") } else { format!("all is well, number {id}") };
        let tag = Tag { theme: "bot".to_owned(), rule: "1".to_owned(), spans: std::iter::once(4..7).collect() };
        TaggedItem {
            item: Item { id: id.to_string(), text, published, lang: Some("en".to_owned()), ..Item::default() },
            tags: if complains { vec![tag] } else { Vec::new() },
            author_hash: Some(format!("author {id}")),
            voice_key: None,
            labels: [("country", country), ("version", ["1", "2"][id % 2])].map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            hash: id as u64,
        }
    }

    /// A store of two sources: ten messages a day for ten days, and twelve complaints in the last
    /// three hours, ten of them from Sweden. One of them was taken back.
    fn store(folder: &std::path::Path) -> Direct {
        let mut store = Direct::open(&folder.join("uproar.db")).unwrap();
        let calm = (0..100).map(|at| item(at, 240 - 2 * at as i64 + 20, ["se", "de"][at % 2], at % 10 == 0));
        let loud = (100..112).map(|at| item(at, 1 + at as i64 % 3, if at < 110 { "se" } else { "de" }, true));
        let gone = TaggedItem { item: Item { gone: true, id: "111".to_owned(), ..Item::default() }, ..item(111, 1, "de", false) };
        for (source, items) in [("shop", calm.chain(loud).collect()), ("forum", vec![item(5, 2, "se", true)]), ("shop", vec![gone])] {
            let page = PageCommit {
                stream: StreamKey { source: source.to_owned(), shard: Shard::whole() },
                items,
                history: false,
                usual_delay: 1_000_000,
                progress: Progress::None,
                now: now(),
            };
            store.commit_page(&page).unwrap();
        }
        store
    }

    fn ask(segment: Segment) -> Ask {
        Ask {
            measure: None,
            theme: "bot".to_owned(),
            segment,
            sources: vec!["shop".to_owned(), "forum".to_owned()],
            from: now() - TimeDelta::hours(4),
            until: now(),
            usual_from: now() - TimeDelta::days(28),
            by: vec!["country".to_owned(), "version".to_owned()],
            limit: 5,
        }
    }

    fn sweden() -> Segment {
        Segment::Label { key: "country".to_owned(), value: "se".to_owned() }
    }

    fn lines(evidence: &Evidence) -> String {
        let tally = |tally: Tally| format!("{}/{}", tally.complaints, tally.messages);
        let line =
            |slice: &Slice| format!("{} {} {}: {} was {}", slice.source, slice.key, slice.value, tally(slice.now), tally(slice.usual));
        evidence.slices.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_whole_is_broken_down_by_source_and_label() {
        let folder = tempfile::tempdir().unwrap();
        let found = store(folder.path()).reader().evidence(&ask(Segment::All)).unwrap();
        assert_eq!((found.voices, found.complaints.len(), found.usual.len(), found.others.len()), (12, 5, 10, 90));
        insta::assert_snapshot!(lines(&found), @"
        shop  : 11/11 was 10/100
        forum  : 1/1 was 0/0
        shop country se: 10/10 was 10/50
        forum country se: 1/1 was 0/0
        shop version 1: 6/6 was 10/50
        shop country de: 1/1 was 0/50
        shop version 2: 5/5 was 0/50
        forum version 2: 1/1 was 0/0
        ");
        let newest = &found.complaints[0];
        assert!(newest.at > now() - TimeDelta::hours(2) && newest.labels["country"] == "se", "{newest:?}");
        assert_eq!((newest.lang.as_deref(), newest.spans.len()), (Some("en"), 1));
        assert!(found.usual[0].message.starts_with("the bot again") && found.others[0].spans.is_empty());
        assert_eq!(found.recent.len(), 12);
    }

    #[test]
    fn a_segment_has_its_own_and_never_itself() {
        let folder = tempfile::tempdir().unwrap();
        let found = store(folder.path()).reader().evidence(&ask(sweden())).unwrap();
        assert_eq!((found.voices, found.usual.len(), found.others.len()), (11, 10, 40));
        insta::assert_snapshot!(lines(&found), @"
        shop  : 10/10 was 10/50
        forum  : 1/1 was 0/0
        shop version 1: 5/5 was 10/50
        shop version 2: 5/5 was 0/0
        forum version 2: 1/1 was 0/0
        ");
    }

    #[test]
    fn a_single_message_is_found_by_its_number_unless_it_was_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let of = |item: &str| Ask { segment: Segment::Label { key: "message".to_owned(), value: item.to_owned() }, ..ask(Segment::All) };
        let found = store.reader().evidence(&of("101")).unwrap();
        assert_eq!((found.voices, found.complaints.len(), found.complaints[0].item), (1, 1, 101));
        assert_eq!(found.complaints[0].text, "the bot again, number 100");
        for other in ["112", "2", "9999", "x"] {
            assert_eq!(store.reader().evidence(&of(other)).unwrap(), Evidence::default(), "{other}");
        }
    }

    #[test]
    fn of_what_nobody_ever_wrote_nothing_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let nowhere = Segment::Label { key: "country".to_owned(), value: "fi".to_owned() };
        for ask in [Ask { theme: "parcel".to_owned(), ..ask(Segment::All) }, ask(nowhere)] {
            assert_eq!(store.reader().evidence(&ask).unwrap(), Evidence::default());
        }
        let elsewhere = Ask { sources: vec!["forum".to_owned()], ..ask(Segment::All) };
        assert_eq!(store.reader().evidence(&elsewhere).unwrap().voices, 1);
    }
}
