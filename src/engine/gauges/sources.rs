//! How sources fare, as metrics: a state each, errors, times, and the watches that have no data.
//!
//! A monitor bears some thousand lines. Beyond [`NAMED`] sources only those that are not fine are
//! named; that the others are fine is told by number.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::silence_of_source;
use crate::engine::silence_of_source::Ailing;
use crate::polling::state::State;
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
