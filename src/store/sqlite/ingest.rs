//! Stores a page: items, texts, tags, labels, counters and the stream's progress, together or not
//! at all.

use std::collections::BTreeMap;
use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::counting::CellKey;
use crate::counting::MOST_MEMBERS;
use crate::counting::Member;
use crate::counting::Tally;
use crate::counting::delay::Lesson;
use crate::counting::difference;
use crate::counting::ratings;
use crate::counting::ratings::Rated;
use crate::counting::ratings::RatedKey;
use crate::counting::ratings::Score;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::ports::Committed;
use crate::domain::ports::PageCommit;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::TaggedItem;
use crate::domain::ports::WantedIds;
use crate::domain::standing::LastPage;
use crate::domain::theme::Tag;
use crate::polling::event;
use crate::store::sqlite::counters;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::names::WHOLE;
use crate::store::sqlite::pushes;
use crate::store::sqlite::rated;
use crate::store::sqlite::renumbered::Renumbered;
use crate::store::sqlite::streams;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;
use crate::store::sqlite::voices;

/// Stored as `late` of what came with a first poll or an import. Back-fill has 1: a backtest shows
/// it when it came, and history when it was published.
pub(super) const HISTORY: i64 = 2;

/// Ids of stored messages that were not taken back, in order of their ids.
pub(super) fn stored_ids(connection: &Connection, wanted: &WantedIds) -> Result<Vec<String>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT external_id FROM item WHERE source = (SELECT id FROM source WHERE name = ?1) AND deleted_at IS NULL
         AND external_id > ?2 AND substr(external_id, 1, length(?3)) = ?3 AND (?4 IS NULL OR coalesce(published, first_seen) >= ?4)
         AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(item.fields) AS field WHERE field.key = ?5 AND field.value = ?6))
         AND (?8 IS NULL OR first_seen >= ?8) ORDER BY external_id LIMIT ?7",
    )?;
    let (name, value) = wanted.field.as_ref().map_or((None, ""), |(name, value)| (Some(name), value));
    let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
    let (source, after, prefix) = (&wanted.source, &wanted.after, &wanted.prefix);
    let (since, seen) = (wanted.since.map(millis), wanted.seen_since.map(millis));
    let rows = find.query_map(params![source, after, prefix, since, name, value, limit, seen], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// So many messages are not taken their words at once by their authors.
const MANY_EMPTIED: usize = 3;

/// How many stored messages would lose all their words with a page on which nothing has any.
fn emptied(connection: &Connection, source: i64, page: &PageCommit) -> Result<usize, StoreError> {
    let said = || page.items.iter().filter(|tagged| !tagged.item.gone);
    if said().count() < MANY_EMPTIED || said().any(|tagged| !tagged.item.text.is_empty() || !tagged.item.title.is_empty()) {
        return Ok(0);
    }
    let mut find = connection.prepare_cached(
        "SELECT 1 FROM item JOIN text ON text.item = item.id WHERE source = ?1 AND external_id = ?2 AND deleted_at IS NULL AND text.body <> ''",
    )?;
    let mut count = 0;
    for tagged in said() {
        count += usize::from(find.exists(params![source, tagged.item.id])?);
    }
    Ok(count)
}

/// What is stored of a known item.
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) rev: i64,
    pub(super) hash: i64,
    pub(super) voice: i64,
    pub(super) gone: bool,
}

/// A page on its way in.
struct Intake<'a> {
    connection: &'a Connection,
    names: &'a mut Names,
    source: i64,
    now: Timestamp,
    /// The last good poll before this one.
    polled_at: Option<Timestamp>,
    /// By how much each counter moves, for the whole page.
    moves: HashMap<CellKey, Tally>,
    /// The same for the counters of ratings.
    rated: HashMap<RatedKey, Rated>,
    /// Quarters that live items arrived in.
    judge_from: Option<Quarter>,
    /// What the page teaches about the source's delay.
    lesson: Lesson,
    done: Committed,
}

pub(super) fn commit_page(connection: &Connection, names: &mut Names, page: &PageCommit) -> Result<Committed, StoreError> {
    let source = names.source(connection, &page.stream.source)?;
    if let Progress::Pushed { delivery: Some(delivery) } = &page.progress
        && !pushes::is_new(connection, source, delivery, page.now)?
    {
        return Ok(Committed { known: page.items.len() as u64, ..Committed::default() });
    }
    let emptied = emptied(connection, source, page)?;
    if emptied >= MANY_EMPTIED {
        return Err(StoreError::Wordless(emptied));
    }
    // A first poll and an import say nothing of how late news come.
    let polled_at = if page.history { None } else { streams::polled_at(connection, source, &page.stream.shard)? };
    let mut intake = Intake {
        connection,
        names,
        source,
        now: page.now,
        polled_at,
        moves: HashMap::new(),
        rated: HashMap::new(),
        judge_from: None,
        lesson: Lesson::default(),
        done: Committed::default(),
    };
    let odd = Odd::of(&intake, page)?;
    let mut renumbered = Renumbered::of(connection, source);
    let mut below_known = false;
    let is_pushed = matches!(page.progress, Progress::Pushed { .. });
    for tagged in &page.items {
        if is_pushed && !pushes::is_newest(connection, source, &tagged.item, page.now)? {
            intake.done.known += 1;
            continue;
        }
        let mut known = intake.find(&tagged.item.id)?;
        if known.is_none() {
            known = renumbered.find(tagged)?;
        }
        below_known |= known.is_some();
        let gone = tagged.item.gone || is_pushed && pushes::is_emptied(&tagged.item);
        match known {
            None if gone => intake.done.known += 1,
            None => intake.insert(tagged, page, odd.is_back_fill(tagged, below_known))?,
            Some(known) if gone => intake.remove(&known)?,
            Some(known) if known.hash == tagged.hash.cast_signed() && !known.gone => intake.done.known += 1,
            Some(known) => intake.edit(&known, tagged)?,
        }
    }
    let Intake { moves, rated, judge_from, lesson, done, .. } = intake;
    counters::apply(connection, &moves)?;
    rated::apply(connection, &rated)?;
    // A copy may be counted where the first message of another source stands.
    let mut changed: BTreeMap<i64, Quarter> = BTreeMap::new();
    for (source, quarter) in moves.keys().map(|key| (key.source, key.quarter)).chain(rated.keys().map(|key| (key.source, key.quarter))) {
        changed.entry(source).and_modify(|first| *first = quarter.min(*first)).or_insert(quarter);
    }
    for (&moved, &from) in &changed {
        counters::mark_touched(connection, moved, Some(from), judge_from.filter(|_| moved == source))?;
    }
    streams::learn(connection, source, &page.stream.shard, &lesson, page.now)?;
    streams::advance(connection, source, &page.stream.shard, &page.progress, (done.new > 0).then_some(page.now))?;
    Ok(done)
}

/// What is remembered of the stream that matters to a page with odd items.
struct Odd {
    /// What its last page held, where some items of this one have no date.
    last: Option<LastPage>,
    /// New ones among those without a date.
    new_undated: u64,
}

impl Odd {
    fn of(intake: &Intake<'_>, page: &PageCommit) -> Result<Self, StoreError> {
        let undated = |tagged: &&TaggedItem| event::dated(tagged.item.published).is_none();
        let (mut last, mut new_undated) = (None, 0);
        if !page.history && page.items.iter().any(|tagged| undated(&tagged)) {
            last = streams::last_page(intake.connection, intake.source, &page.stream.shard)?;
        }
        if last.is_some() {
            for tagged in page.items.iter().filter(undated) {
                new_undated += u64::from(intake.find(&tagged.item.id)?.is_none());
            }
        }
        Ok(Self { last, new_undated })
    }

    fn is_back_fill(&self, tagged: &TaggedItem, below_known: bool) -> bool {
        event::dated(tagged.item.published).is_none() && event::is_back_fill(self.last.as_ref(), below_known, self.new_undated)
    }
}

impl Intake<'_> {
    fn find(&self, external_id: &str) -> Result<Option<Known>, StoreError> {
        let mut find = self
            .connection
            .prepare_cached("SELECT id, rev, hash, voice, deleted_at IS NOT NULL FROM item WHERE source = ?1 AND external_id = ?2")?;
        Ok(find
            .query_row(params![self.source, external_id], |row| {
                Ok(Known { id: row.get(0)?, rev: row.get(1)?, hash: row.get(2)?, voice: row.get(3)?, gone: row.get(4)? })
            })
            .optional()?)
    }

    fn insert(&mut self, tagged: &TaggedItem, page: &PageCommit, back_fill: bool) -> Result<(), StoreError> {
        let item = &tagged.item;
        let at = event::event_time(item.published, self.now);
        let late = page.history || back_fill || (self.now - at).num_seconds() > page.usual_delay;
        let id = self.connection.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM item")?.query_row([], |row| row.get(0))?;
        let copied = voices::find(self.connection, tagged, at)?;
        let voice = copied.unwrap_or(id);
        // A thousandth copy changes nothing that is counted.
        let full = voice != id && voices::is_full(self.connection, voice)?;
        let before = if voice == id || full { Vec::new() } else { members(self.connection, voice)? };
        self.connection
            .prepare_cached(
                "INSERT INTO item (id, source, external_id, rev, hash, published, updated, first_seen, at, late, author_hash, voice,
                 voice_key, url, lang, rating, rating_max, fields)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?
            .execute(params![
                id,
                self.source,
                item.id,
                tagged.hash.cast_signed(),
                item.published.map(millis),
                item.updated.map(millis),
                millis(self.now),
                millis(at),
                if page.history { HISTORY } else { i64::from(late) },
                tagged.author_hash,
                voice,
                // A copy is found by the first of its voice.
                tagged.voice_key.as_ref().filter(|_| voice == id).and_then(|key| key.exact).map(u64::cast_signed),
                item.url,
                item.lang,
                item.rating.map(|rating| rating.value),
                item.rating.map(|rating| rating.max),
                serde_json::to_string(&item.fields)?,
            ])?;
        let (scopes, themes) = self.attach(id, tagged)?;
        if voice == id {
            voices::index(self.connection, id, tagged, at)?;
        }
        let rating = item.rating.and_then(|rating| Score::of(rating.value, rating.max));
        if !full {
            let mut after = before.clone();
            after.push(Member { id, source: self.source, quarter: Quarter::of(at), late, gone: false, scopes, themes, rating });
            self.count(&before, &after);
        }
        self.lesson.note(event::dated(item.published), self.polled_at, self.now);
        self.done.new += 1;
        if late {
            self.done.late += 1;
        } else {
            let quarter = Quarter::of(at);
            self.judge_from = Some(self.judge_from.map_or(quarter, |from| from.min(quarter)));
        }
        Ok(())
    }

    fn edit(&mut self, known: &Known, tagged: &TaggedItem) -> Result<(), StoreError> {
        let item = &tagged.item;
        let before = members(self.connection, known.voice)?;
        let themes: String = self
            .connection
            .prepare_cached("SELECT coalesce(json_group_array(name), '[]') FROM tag JOIN theme ON theme.id = tag.theme WHERE item = ?1")?
            .query_row(params![known.id], |row| row.get(0))?;
        self.connection
            .prepare_cached("INSERT INTO revision (item, rev, seen_at, hash, themes) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![known.id, known.rev, millis(self.now), known.hash, themes])?;
        self.connection
            .prepare_cached(
                "UPDATE item SET rev = rev + 1, hash = ?2, updated = ?3, url = ?4, lang = ?5, rating = ?6, rating_max = ?7, fields = ?8,
                 deleted_at = NULL WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                tagged.hash.cast_signed(),
                item.updated.map(millis),
                item.url,
                item.lang,
                item.rating.map(|rating| rating.value),
                item.rating.map(|rating| rating.max),
                serde_json::to_string(&item.fields)?,
            ])?;
        self.detach(known.id)?;
        self.attach(known.id, tagged)?;
        let after = members(self.connection, known.voice)?;
        self.count(&before, &after);
        self.done.edited += 1;
        Ok(())
    }

    fn remove(&mut self, known: &Known) -> Result<(), StoreError> {
        if known.gone {
            self.done.known += 1;
            return Ok(());
        }
        let before = members(self.connection, known.voice)?;
        self.connection.prepare_cached("UPDATE item SET deleted_at = ?2 WHERE id = ?1")?.execute(params![known.id, millis(self.now)])?;
        // Text that the source took back must not lie about here either.
        self.connection.prepare_cached("DELETE FROM text WHERE item = ?1")?.execute(params![known.id])?;
        self.connection.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute(params![known.id])?;
        let after = members(self.connection, known.voice)?;
        self.count(&before, &after);
        self.done.gone += 1;
        Ok(())
    }

    /// Stores text, labels and tags, and returns the numbers of its segments and themes.
    fn attach(&mut self, id: i64, tagged: &TaggedItem) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
        let connection = self.connection;
        let item = &tagged.item;
        connection
            .prepare_cached("INSERT INTO text (item, title, body) VALUES (?1, ?2, ?3)")?
            .execute(params![id, item.title, item.text])?;
        connection
            .prepare_cached("INSERT INTO search (rowid, title, body) VALUES (?1, ?2, ?3)")?
            .execute(params![id, item.title, item.text])?;
        let mut scopes = vec![WHOLE];
        for (key, value) in &tagged.labels {
            let scope = self.names.scope(connection, key, value)?;
            connection.prepare_cached("INSERT OR IGNORE INTO item_label (item, scope) VALUES (?1, ?2)")?.execute(params![id, scope])?;
            scopes.push(scope);
        }
        let themes = store_tags(connection, self.names, id, &tagged.tags)?;
        Ok((scopes, themes))
    }

    fn detach(&self, id: i64) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM text WHERE item = ?1",
            "DELETE FROM search WHERE rowid = ?1",
            "DELETE FROM item_label WHERE item = ?1",
            "DELETE FROM tag WHERE item = ?1",
        ] {
            self.connection.prepare_cached(statement)?.execute(params![id])?;
        }
        Ok(())
    }

    fn count(&mut self, before: &[Member], after: &[Member]) {
        add(&mut self.moves, difference(before, after));
        for (key, rated) in ratings::difference(before, after) {
            *self.rated.entry(key).or_default() += rated;
        }
    }
}

pub(super) fn add(moves: &mut HashMap<CellKey, Tally>, more: BTreeMap<CellKey, Tally>) {
    for (key, tally) in more {
        let cell = moves.entry(key).or_default();
        cell.voices += tally.voices;
        cell.late += tally.late;
    }
}

/// Stores the tags of an item and returns the numbers of their themes.
pub(super) fn store_tags(connection: &Connection, names: &mut Names, id: i64, tags: &[Tag]) -> Result<Vec<i64>, StoreError> {
    let mut themes = Vec::with_capacity(tags.len());
    for tag in tags {
        let theme = names.theme(connection, &tag.theme)?;
        connection.prepare_cached("INSERT OR IGNORE INTO tag (item, theme, rule, spans) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            id,
            theme,
            tag.rule,
            serde_json::to_string(&tag.spans)?
        ])?;
        themes.push(theme);
    }
    Ok(themes)
}

/// The messages of a voice as counting sees them: as many as count, the first ones.
pub(super) fn members(connection: &Connection, voice: i64) -> Result<Vec<Member>, StoreError> {
    // The first one carries the voice's number as its own; the partial index has the others, by number.
    let mut find = connection.prepare_cached(
        "SELECT id, source, at, late, deleted_at IS NOT NULL, rating, rating_max FROM item WHERE id = ?1
         UNION ALL SELECT id, source, at, late, deleted_at IS NOT NULL, rating, rating_max FROM item
           WHERE voice = ?1 AND voice <> id ORDER BY 1",
    )?;
    let rows = find.query_map(params![voice], |row| {
        Ok(Member {
            id: row.get(0)?,
            source: row.get(1)?,
            quarter: Quarter::of(moment(row.get(2)?)),
            late: row.get(3)?,
            gone: row.get(4)?,
            scopes: vec![WHOLE],
            themes: Vec::new(),
            rating: row.get::<_, Option<f64>>(5)?.zip(row.get(6)?).and_then(|(value, max)| Score::of(value, max)),
        })
    })?;
    let mut members = rows.take(MOST_MEMBERS).collect::<Result<Vec<_>, _>>()?;
    for member in &mut members {
        let mut labels = connection.prepare_cached("SELECT scope FROM item_label WHERE item = ?1")?;
        for scope in labels.query_map(params![member.id], |row| row.get(0))? {
            member.scopes.push(scope?);
        }
        let mut tags = connection.prepare_cached("SELECT theme FROM tag WHERE item = ?1")?;
        member.themes = tags.query_map(params![member.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    }
    Ok(members)
}
