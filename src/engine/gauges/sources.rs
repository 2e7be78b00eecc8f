//! How sources fare, as metrics: a state each, errors, times, and the watches that have no data.
//!
//! A monitor bears some thousand lines. Beyond [`NAMED`] sources only those that are not fine are
//! named; that the others are fine is told by number.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::silence_of_source;
use crate::engine::silence_of_source::Ailing;
use crate::engine::silence_of_source::rhythm::Rhythm;
use crate::engine::silence_of_source::rhythm::WEEKS;
use crate::polling::state::State;
use crate::store::sqlite::Sqlite;
use crate::web::board;
use crate::web::board::Board;

/// Most sources that are named whether they are fine or not, and most of those that are not fine.
const NAMED: usize = 1_000;

/// Keeps a plan of too many sources from having each of them on the board, before anything is.
pub fn name_few(plan: &Plan, board: &Board) {
    if plan.sources.len() > NAMED {
        board.name_only(BTreeSet::new());
    }
}

/// Shows how the sources of a plan fare, and which watches have no data.
pub(in crate::engine) fn show_sources(board: &Board, plan: &Plan, streams: &HashMap<StreamKey, Stream>, ailing: &[Ailing], now: Timestamp) {
    let silent: BTreeSet<&str> =
        ailing.iter().filter(|found| found.no_data.trouble() == Trouble::Silent).map(|found| found.no_data.source.as_str()).collect();
    let mut faring: Vec<(&str, &'static str, Vec<&Stream>)> = Vec::with_capacity(plan.sources.len().min(NAMED));
    let mut counts: BTreeMap<&'static str, u64> = State::WORDS.into_iter().chain(["silent"]).map(|word| (word, 0)).collect();
    for ready in &plan.sources {
        let (name, mine) = (ready.settings.name.as_str(), silence_of_source::of(ready, streams));
        let state = if silent.contains(name) { "silent" } else { silence_of_source::state_of_all(&mine, now).word() };
        *counts.entry(state).or_default() += 1;
        let fine = matches!(state, "ok" | "waiting" | "moved");
        if faring.len() < NAMED && (plan.sources.len() <= NAMED || !fine) {
            faring.push((name, state, mine));
        }
    }
    if plan.sources.len() > NAMED {
        board.name_only(faring.iter().map(|(name, ..)| (*name).to_owned()).collect());
    }
    for (state, sources) in counts {
        board.set(board::SOURCES, &[("state", state)], sources as f64);
    }
    board.clear(board::SOURCE_STATE);
    for (name, state, mine) in faring {
        board.set(board::SOURCE_STATE, &[("source", name), ("state", state)], 1.0);
        let errors = mine.iter().map(|stream| stream.errors).max().unwrap_or(0);
        board.set(board::SOURCE_ERRORS, &[("source", name)], f64::from(errors));
        let times = [
            (board::LAST_SUCCESS, mine.iter().filter_map(|stream| stream.complete_to).max()),
            (board::NEWEST_ITEM, mine.iter().filter_map(|stream| stream.last_new).max()),
        ];
        for (metric, at) in times {
            if let Some(at) = at {
                board.raise(metric, &[("source", name)], at.timestamp() as f64);
            }
        }
    }
    let blind: BTreeSet<&str> = ailing.iter().filter(|found| found.blinds()).map(|found| found.no_data.source.as_str()).collect();
    for watch in &plan.config.watches {
        let no_data = watch.sources.iter().any(|source| blind.contains(source.as_str()));
        board.set(board::WATCH_NO_DATA, &[("watch", &watch.name)], f64::from(u8::from(no_data)));
    }
}

/// Shows after how long without anything new each source would be a wonder; of too many sources for
/// none, for those that are named are not fine already.
pub(super) async fn show_rhythm(store: &Sqlite, plan: &Arc<Plan>, board: &Board, now: Timestamp) -> Result<(), StoreError> {
    if plan.sources.len() > NAMED {
        return Ok(());
    }
    let asked = Arc::clone(plan);
    let waits = store
        .read(move |reader| {
            let mut rhythms: HashMap<String, Rhythm> = HashMap::new();
            let range = Quarter::of(now - TimeDelta::days(7) * (WEEKS + 1))..Quarter(Quarter::of(now).0 + 1);
            reader.arrivals(range, |source, quarter, messages| {
                if let Some(rhythm) = rhythms.get_mut(source) {
                    rhythm.add(quarter, messages);
                } else {
                    rhythms.entry(source.to_owned()).or_default().add(quarter, messages);
                }
            })?;
            let streams: HashMap<StreamKey, Stream> = reader.streams()?.into_iter().collect();
            let wait = |ready: &Arc<crate::engine::plan::ReadySource>| {
                let rhythm = rhythms.get(&ready.settings.name)?;
                let wait = silence_of_source::expected_silence(ready, &silence_of_source::of(ready, &streams), rhythm, now)?;
                Some((ready.settings.name.clone(), wait))
            };
            Ok::<_, StoreError>(asked.sources.iter().filter_map(wait).collect::<Vec<_>>())
        })
        .await?;
    board.clear(board::EXPECTED_SILENCE);
    for (source, wait) in waits {
        board.set(board::EXPECTED_SILENCE, &[("source", &source)], wait.num_seconds() as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::domain::incident::NoData;
    use crate::domain::item::Shard;
    use crate::host::credentials::Credentials;

    const CONFIG: &str = r#"
        [[source]]
        name = "a"
        every = "1h"
        file = { folder = "a" }
        [[source]]
        name = "b"
        every = "1h"
        file = { folder = "b" }
        [[watch]]
        name = "both"
        themes = ["late"]
        notify = ["box"]
        [[theme]]
        name = "late"
        rules = ["late"]
        [[target]]
        name = "box"
        file = { folder = "mails" }
    "#;

    #[test]
    fn a_source_has_one_state_and_its_watches_say_that_they_have_no_data() {
        let documents = [Document { name: "uproar.toml".to_owned(), text: CONFIG.to_owned() }];
        let plan = Plan::build(parse(&documents, &Credentials::of_this_process()).config.unwrap(), &[7; 32]).unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let key = |source: &str| StreamKey { source: source.to_owned(), shard: Shard::whole() };
        let failing = Stream { errors: 3, error: Some("no answer".to_owned()), complete_to: Some(now), ..Stream::default() };
        let streams = HashMap::from([(key("a"), failing), (key("b"), Stream { complete_to: Some(now), ..Stream::default() })]);
        let no_data = NoData { source: "a".to_owned(), since: now, fails: true, error: None, trouble: Some(Trouble::Unreachable) };
        let board = Board::default();
        show_sources(&board, &plan, &streams, &[Ailing { no_data, told: false }], now);
        let text = board.exposition();
        for line in [
            "uproar_sources{state=\"failing\"} 1",
            "uproar_source_state{source=\"a\",state=\"failing\"} 1",
            "uproar_source_state{source=\"b\",state=\"ok\"} 1",
            "uproar_source_errors{source=\"a\"} 3",
            "uproar_watch_no_data{watch=\"both\"} 1",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is not in\n{text}");
        }
        show_sources(&board, &plan, &HashMap::new(), &[], now);
        let text = board.exposition();
        assert!(text.contains("uproar_source_state{source=\"a\",state=\"waiting\"} 1") && !text.contains("source=\"a\",state=\"failing\""));
        assert!(text.contains("uproar_watch_no_data{watch=\"both\"} 0"), "{text}");
    }
}
