//! A source under another name: what is stored of it becomes the new one's, all of it or nothing.
//!
//! Items, counters, streams and what detectors learnt know a source by its number, which stays. Its
//! name stands besides in the incident of its silence, in remarks and silences that people made
//! about that, and in the note of which labels were built. What was told to people stays as it was
//! told: a notice has the same bytes at every try.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::incident::Incident;
use crate::domain::matcher::Matcher;
use crate::domain::ports::StoreError;
use crate::domain::remark::Saying;
use crate::domain::standing::Standing;
use crate::store::sqlite::incidents::series_name;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::open_reader;
use crate::store::sqlite::relabel;

/// A source with a name that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// What it was called.
    pub was: String,
    /// What it is called now.
    pub now: String,
}

/// What is stored under two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing under either.
    Nothing,
    /// Something under the new one alone: what there was is moved.
    Done,
    /// Something under the old one alone: it is to be moved.
    Old,
    /// Messages under both: they are two sources by now, and are not joined.
    Both,
}

/// Why names cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    /// See [`Found::Both`].
    #[error("{}", both(.0))]
    Both(Rename),
    /// The database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl RenameError {
    /// What came back through a transaction that knows errors of the store only.
    pub(super) fn from_store(error: StoreError) -> Self {
        match error {
            StoreError::Broken(cause) => match cause.downcast::<Self>() {
                Ok(own) => *own,
                Err(cause) => Self::Store(StoreError::Broken(cause)),
            },
            other => Self::Store(other),
        }
    }
}

/// The sentence for messages under both names.
#[must_use]
pub fn both(Rename { was, now }: &Rename) -> String {
    format!(
        "messages are stored under `{was}` and under `{now}`: they are two sources by now, and are not joined; \
         take `{was}` out of `was` of source `{now}`"
    )
}

/// What is stored under former names, each with its own answer, without changing anything. `None` where
/// there is no store yet, or none that can be read here.
#[must_use]
pub fn found(path: &Path, renames: &[Rename]) -> Option<Vec<Found>> {
    let connection = open_reader(path).ok()?;
    renames.iter().map(|rename| look(&connection, rename).ok()).collect()
}

/// A configured source, as far as it may be a stored one under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its former names, as far as the configuration says.
    pub was: Vec<String>,
    /// Its address, as `polling::address::mark` gives it; `None` where it has none.
    pub address: Option<u64>,
}

/// Sources that were probably given another name without a word of it: something is stored under a name
/// that nobody has any more, and one source that has nothing yet stands at its address. What could be
/// one of several is left out. `None` as with [`found`].
#[must_use]
pub fn probable(path: &Path, configured: &[Named]) -> Option<Vec<Rename>> {
    guessed(&open_reader(path).ok()?, configured).ok()
}

fn guessed(connection: &Connection, configured: &[Named]) -> rusqlite::Result<Vec<Rename>> {
    let known: BTreeSet<&str> = configured.iter().flat_map(|named| named.was.iter().chain([&named.name])).map(String::as_str).collect();
    let mut find = connection.prepare("SELECT id, name FROM source")?;
    let stored = find.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut left: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (number, name) in stored {
        if !known.contains(name.as_str()) && has_items(connection, number)? {
            for address in addresses(connection, number)? {
                left.entry(address).or_default().push(name.clone());
            }
        }
    }
    let mut renames = Vec::new();
    for (address, names) in left {
        let mut there = configured.iter().filter(|named| named.address == Some(address));
        if let ([was], Some(named), None) = (names.as_slice(), there.next(), there.next())
            && !number(connection, &named.name)?.map_or(Ok(false), |number| has_items(connection, number))?
        {
            renames.push(Rename { was: was.clone(), now: named.name.clone() });
        }
    }
    Ok(renames)
}

/// The addresses that a source was read from, each once.
fn addresses(connection: &Connection, source: i64) -> rusqlite::Result<BTreeSet<u64>> {
    let mut find = connection.prepare_cached("SELECT standing FROM stream WHERE source = ?1 AND standing IS NOT NULL")?;
    let standings = find.query_map(params![source], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    // What cannot be read is as if nothing was noted, as it is for the poller.
    let address = |text: &String| serde_json::from_str::<Standing>(text).ok().map(|standing| standing.address);
    Ok(standings.iter().filter_map(address).filter(|address| *address != 0).collect())
}

fn look(connection: &Connection, rename: &Rename) -> Result<Found, StoreError> {
    let holds = |name: &str| {
        let number = number(connection, name)?;
        let asked = |ask: fn(&Connection, i64) -> rusqlite::Result<bool>| number.map_or(Ok(false), |number| ask(connection, number));
        Ok::<_, rusqlite::Error>((asked(has_items)?, asked(is_read)?))
    };
    Ok(match (holds(&rename.was)?, holds(&rename.now)?) {
        ((true, _), (true, _)) => Found::Both,
        ((true, _), _) => Found::Old,
        (_, (true, _)) => Found::Done,
        ((_, true), _) => Found::Old,
        (_, (_, true)) => Found::Done,
        _ => Found::Nothing,
    })
}

/// Moves what is stored under former names. Returns what was moved. A [`RenameError`] of its own comes
/// wrapped, for the transaction around it, and is unwrapped behind that.
pub(super) fn apply(connection: &Connection, names: &mut Names, renames: &[Rename]) -> Result<Vec<Rename>, StoreError> {
    let mut moved = Vec::new();
    for rename in renames {
        match look(connection, rename)? {
            Found::Nothing | Found::Done => {}
            Found::Both => return Err(StoreError::Broken(Box::new(RenameError::Both(rename.clone())))),
            Found::Old => {
                carry_over(connection, rename)?;
                moved.push(rename.clone());
            }
        }
    }
    if !moved.is_empty() {
        names.forget();
    }
    Ok(moved)
}

fn carry_over(connection: &Connection, rename: &Rename) -> Result<(), StoreError> {
    numbers(connection, rename)?;
    incidents(connection, rename)?;
    remarks(connection, rename)?;
    silences(connection, rename)?;
    labelling(connection, rename)
}

fn number(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM source WHERE name = ?1")?.query_row(params![name], |row| row.get(0)).optional()
}

fn has_items(connection: &Connection, source: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM item WHERE source = ?1)")?.query_row(params![source], |row| row.get(0))
}

fn is_read(connection: &Connection, source: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM stream WHERE source = ?1)")?.query_row(params![source], |row| row.get(0))
}

/// The number takes the new name. One that was given to the new name in the meantime, by a first
/// poll that brought nothing or by a person's wish, takes the old name, for no number is given twice;
/// its wishes go over, the rest of it says nothing.
fn numbers(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let (Some(old), empty) = (number(connection, was)?, number(connection, now)?) else { return Ok(()) };
    if let Some(empty) = empty {
        connection.execute(
            "UPDATE stream SET paused = coalesce(newer.paused, stream.paused), asked = coalesce(newer.asked, stream.asked)
             FROM stream AS newer WHERE newer.source = ?2 AND newer.shard = stream.shard AND stream.source = ?1",
            params![old, empty],
        )?;
        for table in ["stream", "delay", "touched", "delivery", "event"] {
            connection.execute(&format!("DELETE FROM {table} WHERE source = ?1"), params![empty])?;
        }
        // Names are unique, so the two change places by way of a third that nobody can configure.
        connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![empty, format!("\u{1f}{was}")])?;
    }
    connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![old, now])?;
    if let Some(empty) = empty {
        connection.execute("UPDATE source SET name = ?2 WHERE id = ?1", params![empty, was])?;
    }
    Ok(())
}

fn series(name: &str) -> String {
    format!("source:{name}")
}

/// Incidents of its silence, and what others say of that and of what drives them. Their version stays:
/// nobody else works on them while names move, and links that were sent stay good.
fn incidents(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, data FROM incident WHERE instr(data, ?1) > 0")?;
    let quoted = serde_json::to_string(was)?;
    let found: Vec<(String, String)> =
        find.query_map(params![quoted.trim_matches('"')], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, data) in found {
        let Ok(mut incident) = serde_json::from_str::<Incident>(&data) else { continue };
        if incident.key.watch == series(was) {
            incident.key.watch = series(now);
        }
        incident.no_data.iter_mut().filter(|silent| silent.source == *was).for_each(|silent| silent.source.clone_from(now));
        let driver = |name: &str| format!("source {name}");
        incident.told_drivers.iter_mut().filter(|told| **told == driver(was)).for_each(|told| *told = driver(now));
        // The new name may have an incident of its own that stands; then this one keeps its name, and ends.
        connection.execute(
            "UPDATE OR IGNORE incident SET series = ?2, watch = ?3, data = ?4 WHERE id = ?1",
            params![id, series_name(&incident.key), incident.key.watch, serde_json::to_string(&incident)?],
        )?;
    }
    Ok(())
}

/// Remarks about alerts of its silence.
fn remarks(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, subject, data FROM act WHERE instr(data, ?1) > 0")?;
    let quoted = serde_json::to_string(&series(was))?;
    let found: Vec<(i64, String, String)> =
        find.query_map(params![quoted], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    for (id, subject, data) in found {
        let Ok(mut saying) = serde_json::from_str::<Saying>(&data) else { continue };
        let watch = match &mut saying {
            Saying::Annotation { watch, .. } => watch.as_mut(),
            Saying::Missed { watch, .. } => Some(watch),
            Saying::FalseAlarm { key, .. } => Some(&mut key.watch),
        };
        watch.into_iter().filter(|watch| **watch == series(was)).for_each(|watch| *watch = series(now));
        let subject = if subject == series(was) { series(now) } else { subject };
        let data = serde_json::to_string(&saying)?;
        connection.execute("UPDATE act SET subject = ?2, data = ?3 WHERE id = ?1", params![id, subject, data])?;
    }
    Ok(())
}

/// Quiet that somebody asked for. A pattern may mean others too, and stays.
fn silences(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let mut find = connection.prepare("SELECT id, matcher FROM silence")?;
    let found: Vec<(i64, String)> = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, text) in found {
        let Ok(mut matcher) = serde_json::from_str::<Matcher>(&text) else { continue };
        matcher.sources.iter_mut().filter(|name| **name == *was).for_each(|name| name.clone_from(now));
        matcher.watches.iter_mut().filter(|name| **name == series(was)).for_each(|name| *name = series(now));
        let changed = serde_json::to_string(&matcher)?;
        if changed != text {
            connection.execute("UPDATE silence SET matcher = ?2 WHERE id = ?1", params![id, changed])?;
        }
    }
    Ok(())
}

/// Labels that all of its messages have already: `key@source=value`.
fn labelling(connection: &Connection, Rename { was, now }: &Rename) -> Result<(), StoreError> {
    let Some(mut labelling) = relabel::labelling(connection)? else { return Ok(()) };
    let renamed = |label: String| match label.split_once('@') {
        // A value may hold anything, a name no `=` before it: what stands before the value is the name.
        Some((key, rest)) => match rest.strip_prefix(was.as_str()).and_then(|rest| rest.strip_prefix('=')) {
            Some(value) => format!("{key}@{now}={value}"),
            None => label,
        },
        None => label,
    };
    let all = |labels: &mut BTreeSet<String>| *labels = std::mem::take(labels).into_iter().map(renamed).collect();
    all(&mut labelling.built);
    all(&mut labelling.building);
    relabel::note(connection, &labelling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::Labelling;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::domain::ports::Wish;
    use crate::domain::theme::Tag;
    use crate::store::sqlite::Direct;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn key(source: &str) -> StreamKey {
        StreamKey { source: source.to_owned(), shard: Shard::whole() }
    }

    fn rename(was: &str, now: &str) -> Rename {
        Rename { was: was.to_owned(), now: now.to_owned() }
    }

    /// One complaint of a source, with a label.
    fn store(direct: &mut Direct, source: &str, id: &str) {
        let item = Item { id: id.to_owned(), text: "late".to_owned(), published: Some(now()), ..Item::default() };
        let tags = vec![Tag { theme: "late".to_owned(), rule: "r".to_owned(), spans: Vec::new() }];
        let labels = BTreeMap::from([("product".to_owned(), "app".to_owned())]);
        let item = TaggedItem { item, tags, author_hash: None, voice_key: None, labels, hash: 1 };
        let progress = Progress::Ended { cursor: None, validators: None, due: now(), polled_at: now(), standing: None };
        direct
            .commit_page(&PageCommit { stream: key(source), items: vec![item], history: false, usual_delay: 0, progress, now: now() })
            .unwrap();
    }

    fn opened() -> (tempfile::TempDir, Direct) {
        let folder = tempfile::tempdir().unwrap();
        let direct = Direct::open(&folder.path().join("u.db")).unwrap();
        (folder, direct)
    }

    /// Counters and items by the names of their sources.
    fn contents(direct: &Direct) -> Vec<(String, String)> {
        let text = |sql: &str| -> Vec<(String, String)> {
            let mut find = direct.connection.prepare(sql).unwrap();
            find.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
        };
        let mut all = text("SELECT name, external_id FROM item JOIN source ON source.id = item.source ORDER BY 1, 2");
        all.extend(text(
            "SELECT name, 'volume ' || sum(voices) FROM volume JOIN source ON source.id = volume.source GROUP BY 1 ORDER BY 1",
        ));
        all.extend(text("SELECT name, 'hits ' || sum(voices) FROM hits JOIN source ON source.id = hits.source GROUP BY 1 ORDER BY 1"));
        all
    }

    #[test]
    fn everything_that_is_stored_is_the_new_ones() {
        let (_folder, mut direct) = opened();
        store(&mut direct, "old", "1");
        store(&mut direct, "other", "2");
        let before = contents(&direct);
        let labelling = Labelling {
            built: ["product@old=a=b", "product@older=c", "country"].map(str::to_owned).into(),
            building: ["version@old=5".to_owned()].into(),
            done_to: 1,
        };
        relabel::note(&direct.connection, &labelling).unwrap();
        let moved = direct.rename_sources(&[rename("old", "new"), rename("never", "other")]).unwrap();
        assert_eq!(moved, [rename("old", "new")]);
        let renamed = |(name, what): (String, String)| (name.replace("old", "new"), what);
        let mut expected: Vec<_> = before.into_iter().map(renamed).collect();
        expected[..2].sort();
        assert_eq!(contents(&direct), expected);
        assert_eq!(direct.reader().recount().unwrap(), []);
        assert!(direct.reader().stream(&key("new")).unwrap().history_done);
        let labelling = relabel::labelling(&direct.connection).unwrap().unwrap();
        assert_eq!(labelling.built.into_iter().collect::<Vec<_>>(), ["country", "product@new=a=b", "product@older=c"]);
        assert_eq!(labelling.building.into_iter().collect::<Vec<_>>(), ["version@new=5"]);
        // The same line at the next start finds nothing to do, and what comes joins what is there.
        assert_eq!(direct.rename_sources(&[rename("old", "new")]).unwrap(), []);
        store(&mut direct, "new", "1");
        assert_eq!(direct.reader().size().unwrap().items, 2);
    }

    #[test]
    fn messages_under_both_names_are_not_joined_and_nothing_moves() {
        let (folder, mut direct) = opened();
        for (source, id) in [("a", "1"), ("old", "1"), ("new", "1")] {
            store(&mut direct, source, id);
        }
        let before = contents(&direct);
        let wanted = [rename("a", "b"), rename("old", "new")];
        let refused = direct.rename_sources(&wanted).unwrap_err();
        insta::assert_snapshot!(refused, @"messages are stored under `old` and under `new`: they are two sources by now, and are not joined; take `old` out of `was` of source `new`");
        assert_eq!(contents(&direct), before, "also what could have been moved stays");
        assert_eq!(found(&folder.path().join("u.db"), &wanted), Some(vec![Found::Old, Found::Both]));
        assert_eq!(found(&folder.path().join("none.db"), &wanted), None);
    }

    #[test]
    fn a_wish_for_the_new_name_does_not_stand_in_the_way() {
        let (_folder, mut direct) = opened();
        store(&mut direct, "old", "1");
        direct.wish(&[key("new")], Wish::Pause, now()).unwrap();
        assert_eq!(direct.rename_sources(&[rename("old", "new")]).unwrap().len(), 1);
        let stream = direct.reader().stream(&key("new")).unwrap();
        assert_eq!((stream.paused, stream.history_done), (Some(now()), true));
        assert_eq!(direct.reader().stream(&key("old")).unwrap(), crate::domain::ports::Stream::default());
        store(&mut direct, "old", "9");
        assert_eq!(direct.reader().recount().unwrap(), [], "a source that takes the free name later is another one");
    }

    #[test]
    fn the_incident_of_a_silence_and_what_people_said_of_it_go_along() {
        use crate::domain::incident::Kind;
        use crate::domain::incident::NoData;
        use crate::domain::incident::Segment;
        use crate::domain::incident::SeriesKey;

        let (_folder, mut direct) = opened();
        store(&mut direct, "old", "1");
        let key = |watch: &str, kind| SeriesKey { watch: watch.to_owned(), theme: "no_data".to_owned(), segment: Segment::All, kind };
        let mut others = Incident::new("i-2".to_owned(), key("w", Kind::Spike), now());
        others.no_data = vec![NoData { source: "old".to_owned(), since: now(), fails: true, error: None, trouble: None }];
        others.told_drivers = vec!["source old".to_owned(), "country old".to_owned()];
        for incident in [Incident::new("i-1".to_owned(), key("source:old", Kind::NoData), now()), others] {
            direct
                .connection
                .execute(
                    "INSERT INTO incident (id, series, watch, theme, segment, state, version, opened_at, data)
                     VALUES (?1, ?2, ?3, 'no_data', 'all', 'open', 1, 0, ?4)",
                    params![incident.id, series_name(&incident.key), incident.key.watch, serde_json::to_string(&incident).unwrap()],
                )
                .unwrap();
        }
        let said = Saying::Annotation { text: "moved".to_owned(), watch: Some("source:old".to_owned()) };
        let remark = crate::domain::remark::Remark { id: 0, at: now(), who: "ann".to_owned(), saying: said };
        direct.add_act(&remark).unwrap();
        let matcher =
            Matcher { sources: vec!["old".to_owned(), "old*".to_owned()], watches: vec!["source:old".to_owned()], ..Matcher::default() };
        let until = now() + chrono::TimeDelta::hours(1);
        let quiet = crate::domain::matcher::Silence {
            id: 0,
            matcher,
            from: now(),
            until,
            who: "ann".to_owned(),
            comment: "c".to_owned(),
            ended: None,
        };
        direct.add_silence(&quiet, now()).unwrap();

        direct.rename_sources(&[rename("old", "new")]).unwrap();
        let incidents = direct.reader().incidents(true).unwrap();
        let by_id = |id: &str| incidents.iter().find(|incident| incident.id == id).unwrap();
        assert_eq!(by_id("i-1").key.watch, "source:new");
        assert_eq!(by_id("i-2").no_data[0].source, "new");
        assert_eq!(by_id("i-2").told_drivers, ["source new", "country old"]);
        let series: String = direct.connection.query_row("SELECT series FROM incident WHERE id = 'i-1'", [], |row| row.get(0)).unwrap();
        assert_eq!(series, series_name(&by_id("i-1").key));
        let silences = direct.reader().silences(None).unwrap();
        assert_eq!(silences[0].matcher.sources, ["new", "old*"]);
        assert_eq!(silences[0].matcher.watches, ["source:new"]);
        let (subject, data): (String, String) =
            direct.connection.query_row("SELECT subject, data FROM act", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(subject, "source:new");
        assert!(data.contains("source:new"), "{data}");
    }
}
