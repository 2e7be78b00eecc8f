//! What is remembered of each series between two looks, and how it is taken to the present.
//!
//! The store keeps snapshots of it, each under a name with a stamp that stands for everything but
//! rules that it depends on.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::Judged;
use crate::domain::ports::Snapshot;
use crate::domain::ports::StoreError;
use crate::domain::ruleset::Ruleset;
use crate::engine::judge::Memory;
use crate::engine::judge::Series;
use crate::engine::lookout::Look;
use crate::engine::lookout::Lookout;
use crate::text::hash;
use crate::web::board;

/// A replay leaves a snapshot this often, so that the next one need not begin so far back.
const STRIDE: TimeDelta = TimeDelta::days(7);
/// Snapshots of a replay that are older than this are not kept.
const REMEMBERED: TimeDelta = TimeDelta::days(60);

/// What is remembered of a series between two looks.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) memory: Memory,
    pub(super) as_of: Timestamp,
    /// Buckets before this moment were judged in their time, or were history when the series began.
    pub(super) judged_to: Timestamp,
    /// When its history had moved last.
    pub(super) moved: Option<Timestamp>,
}

impl<S: Ingest + Incidents> Lookout<S> {
    /// Makes sure that each series is remembered up to a moment before everything that changed.
    pub(super) async fn recall(&mut self, looks: &[Look<'_>], first: Quarter, now: Timestamp) -> Result<(), StoreError> {
        for look in looks {
            // What was judged in the future was judged by a wrong clock.
            let behind = |known: &Known| known.as_of > now || look.changed.is_some_and(|changed| changed < known.as_of);
            let missing: Vec<&Series> = look.series.iter().filter(|series| self.known.get(&series.key).is_none_or(behind)).collect();
            if missing.is_empty() {
                continue;
            }
            let limit = look.changed.unwrap_or(Timestamp::MAX_UTC).min(look.complete);
            let stored = self.store.snapshots(Timestamp::MAX_UTC).await?;
            let before = self.store.snapshots(limit).await?;
            for series in missing {
                let name = look.state_name(&series.key);
                let (start, closed) = (look.judge.buckets_of(series.key.kind).start(first.start()), look.closed(series.key.kind));
                let judged_to = self.known.get(&series.key).map(|known| known.judged_to);
                let judged_to = judged_to.or_else(|| judged_before(&stored, &series.key)).unwrap_or(closed);
                let judged_to = if judged_to > now { closed } else { judged_to };
                let snapshot = before.get(&name).and_then(|snapshot| Some((snapshot.as_of, serde_json::from_str(&snapshot.blob).ok()?)));
                let (as_of, memory) = snapshot.unwrap_or((start, Memory::default()));
                let moved = series.moved.map(|moved| moved.begun);
                self.known.insert(series.key.clone(), Known { memory, as_of, judged_to, moved });
            }
        }
        Ok(())
    }

    /// Takes a series to the present. What comes back may move its incident, in order.
    pub(super) fn advance(
        &mut self,
        look: &Look<'_>,
        series: &Series,
        grid: &Grid<'_>,
        now: Timestamp,
        judged: &mut Judged,
    ) -> Vec<Verdict> {
        let known = self.known.get_mut(&series.key).expect("`recall` has made sure of every series");
        let mut verdicts = Vec::new();
        let from = known.as_of;
        let (judged_to, news, closed) = (known.judged_to, look.news, look.closed(series.key.kind));
        // What was learnt behind the beginning of a replay is wrong now. The snapshot it begins
        // with, written again, takes all later ones away.
        if from < judged_to {
            judged.states.extend(snapshot(look.state_name(&series.key), known));
        }
        loop {
            let until = (known.as_of + STRIDE).min(closed);
            let reached = look.judge.advance(&mut known.memory, series, grid, known.as_of, until, |verdict| {
                let in_time = verdict.bucket >= judged_to;
                let brings_news = news.is_some_and(|news| verdict.until > news);
                if (in_time || brings_news) && !is_silenced(series, &verdict) {
                    verdicts.push(verdict);
                }
            });
            if reached <= known.as_of {
                break;
            }
            known.as_of = reached;
            if until >= closed || closed - reached < REMEMBERED {
                judged.states.extend(snapshot(look.state_name(&series.key), known));
            }
        }
        known.judged_to = known.judged_to.max(known.as_of);
        let mut memory = known.memory.clone();
        let mut start = known.as_of;
        // A bucket may be over and still wait for a source; what is behind it is looked at too.
        loop {
            let open = look.judge.peek(&memory, series, grid, start, now);
            let until = open.until;
            if until > now && series.key.segment == Segment::All && series.key.kind != Kind::SlowRise {
                self.show(&series.key, &open);
            }
            verdicts.push(open);
            if until > now || until <= start {
                break;
            }
            start = look.judge.advance(&mut memory, series, grid, start, until, |_| {});
        }
        verdicts
    }

    fn show(&self, key: &SeriesKey, verdict: &Verdict) {
        let labels = [("watch", key.watch.as_str()), ("theme", key.theme.as_str())];
        self.board.set(board::COUNT, &labels, verdict.numbers.count);
        self.board.set(board::EXPECTED, &labels, verdict.numbers.expected);
        self.board.set(board::SCORE, &labels, verdict.numbers.score);
    }
}

/// The name under which the store keeps what a series remembers.
#[must_use]
pub fn state_name(key: &SeriesKey, stamp: &str) -> String {
    let kind = if key.kind.is_spike() { String::new() } else { format!("\u{1f}{}", key.kind) };
    format!("{}\u{1f}{}\u{1f}{}\u{1f}{stamp}{kind}", key.watch, key.theme, key.segment)
}

/// Another one for other sources, buckets, days, days off or another reference.
#[must_use]
pub fn stamp(watch: &Watch, zone: &str) -> String {
    let mut sources: Vec<&str> = watch.sources.iter().map(String::as_str).collect();
    sources.sort_unstable();
    let width = match watch.bucket {
        Width::Hour => "hour",
        Width::Day => "day",
    };
    let reference = watch.reference.map(|reference| format!("{} {}", reference.from, reference.until));
    let mut parts = vec![width, zone];
    parts.extend(sources);
    for country in watch.holidays.countries() {
        parts.push(country.code());
    }
    parts.extend(reference.as_deref());
    format!("{:016x}", hash::of_parts(parts))
}

/// Whether a series was learnt before its history moved.
pub(super) fn is_outdated(key: &SeriesKey, known: &Known, ruleset: &Ruleset) -> bool {
    key.kind != Kind::Drop && ruleset.moved.get(&key.theme).map(|moved| moved.begun) > known.moved
}

/// Of a bucket in which history moved only complaints that came later speak: that there are few of
/// them is no calm.
fn is_silenced(series: &Series, verdict: &Verdict) -> bool {
    let moved = series.moved.is_some_and(|moved| verdict.bucket <= moved.begun);
    moved && !matches!(verdict.call, Call::Firing(_))
}

/// What a series remembers, as the store keeps it.
fn snapshot(name: String, known: &Known) -> Option<(String, Snapshot)> {
    let blob = serde_json::to_string(&known.memory).ok()?;
    Some((name, Snapshot { as_of: known.as_of, blob }))
}

/// Up to when a series was judged, also while the watch had other sources or days: what happened
/// since then under those was heard then.
pub(super) fn judged_before(stored: &BTreeMap<String, Snapshot>, key: &SeriesKey) -> Option<Timestamp> {
    // Only the stamp tells the names of one series apart.
    let (before, after) = (state_name(key, ""), if key.kind.is_spike() { String::new() } else { format!("\u{1f}{}", key.kind) });
    let before = before.strip_suffix(&after).unwrap_or(&before).to_owned();
    let stamp = |name: &str| name.strip_prefix(&before)?.strip_suffix(&after).map(|stamp| !stamp.contains('\u{1f}'));
    let mine = stored.range(before.clone()..).take_while(|(name, _)| name.starts_with(&before));
    mine.filter(|(name, _)| stamp(name) == Some(true)).map(|(_, snapshot)| snapshot.as_of).max()
}
