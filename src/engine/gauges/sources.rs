//! How sources fare, as metrics: a state each, errors, times, and the watches that have no data.
//!
//! A monitor bears some thousand lines. Beyond [`NAMED`] sources only those that are not fine are
//! named; that the others are fine is told by number.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
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

/// How the sources of a plan fare: taken in by some at a time, and shown when all are in.
pub(in crate::engine) struct Faring {
    /// The plan has too many sources for each to be named.
    few: bool,
    counts: BTreeMap<&'static str, u64>,
    named: Vec<Named>,
    /// Names of those whose watches have no data.
    blind: BTreeSet<String>,
}

/// A source that is named.
struct Named {
    name: String,
    state: &'static str,
    errors: u32,
    last_success: Option<Timestamp>,
    last_new: Option<Timestamp>,
}

impl Faring {
    /// Of a plan, before anything is known.
    pub(in crate::engine) fn of(plan: &Plan) -> Self {
        let counts = State::WORDS.into_iter().chain(["silent"]).map(|word| (word, 0)).collect();
        Self { few: plan.sources.len() > NAMED, counts, named: Vec::new(), blind: BTreeSet::new() }
    }

    /// Takes some sources in, with what ails any of them.
    pub(in crate::engine) fn add(
        &mut self,
        sources: &[Arc<ReadySource>],
        streams: &HashMap<StreamKey, Stream>,
        ailing: &[Ailing],
        now: Timestamp,
    ) {
        self.blind.extend(ailing.iter().filter(|found| found.blinds()).map(|found| found.no_data.source.clone()));
        let silent = ailing.iter().filter(|found| found.no_data.trouble() == Trouble::Silent);
        let silent: BTreeSet<&str> = silent.map(|found| found.no_data.source.as_str()).collect();
        for ready in sources {
            let (name, mine) = (ready.settings.name.as_str(), silence_of_source::of(ready, streams));
            let state = if silent.contains(name) { "silent" } else { silence_of_source::state_of_all(&mine, now).word() };
            *self.counts.entry(state).or_default() += 1;
            let fine = matches!(state, "ok" | "waiting" | "moved");
            if self.named.len() < NAMED && !(self.few && fine) {
                self.named.push(Named {
                    name: name.to_owned(),
                    state,
                    errors: mine.iter().map(|stream| stream.errors).max().unwrap_or(0),
                    last_success: mine.iter().filter_map(|stream| stream.complete_to).max(),
                    last_new: mine.iter().filter_map(|stream| stream.last_new).max(),
                });
            }
        }
    }

    /// Shows how they fare, and which watches have no data.
    pub(in crate::engine) fn show(self, board: &Board, watches: &[Watch]) {
        if self.few {
            board.name_only(self.named.iter().map(|source| source.name.clone()).collect());
        }
        for (state, sources) in self.counts {
            board.set(board::SOURCES, &[("state", state)], sources as f64);
        }
        board.clear(board::SOURCE_STATE);
        for Named { name, state, errors, last_success, last_new } in &self.named {
            board.set(board::SOURCE_STATE, &[("source", name), ("state", state)], 1.0);
            board.set(board::SOURCE_ERRORS, &[("source", name)], f64::from(*errors));
            for (metric, at) in [(board::LAST_SUCCESS, last_success), (board::NEWEST_ITEM, last_new)] {
                if let Some(at) = at {
                    board.raise(metric, &[("source", name)], at.timestamp() as f64);
                }
            }
        }
        for watch in watches {
            let no_data = watch.sources.iter().any(|source| self.blind.contains(source));
            board.set(board::WATCH_NO_DATA, &[("watch", &watch.name)], f64::from(u8::from(no_data)));
        }
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
            let wait = |ready: &Arc<ReadySource>| {
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
        let show = |streams: &HashMap<StreamKey, Stream>, ailing: &[Ailing]| {
            let mut faring = Faring::of(&plan);
            faring.add(&plan.sources, streams, ailing, now);
            faring.show(&board, &plan.config.watches);
        };
        show(&streams, &[Ailing { no_data, told: false }]);
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
        show(&HashMap::new(), &[]);
        let text = board.exposition();
        assert!(text.contains("uproar_source_state{source=\"a\",state=\"waiting\"} 1") && !text.contains("source=\"a\",state=\"failing\""));
        assert!(text.contains("uproar_watch_no_data{watch=\"both\"} 0"), "{text}");
    }
}
