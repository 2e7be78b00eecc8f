//! Which sources are silent: those that cannot be read, and those that can and bring nothing new
//! where they used to.
//!
//! How long nothing may come is learnt by the hour of the week: a source is silent when in each of
//! the four weeks before the same stretch of the week brought so many messages that none would be
//! a wonder. A stretch of the usual gaps' 99th percentile brings 4.6 messages on average; three of
//! these have to pass.

use std::collections::HashMap;
use std::ops::Range;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Kind;
use crate::domain::incident::NoData;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::notice::SilentSource;
use crate::domain::ports::Incidents;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
use crate::sources;

/// Intervals that have to pass.
const INTERVALS: i32 = 3;
/// So many messages would have come in that time.
const MISSED: f64 = 4.6 * INTERVALS as f64;
/// A source that fails is silent after so long, however few messages it brings: no watch waits for
/// it any longer.
const FAILED: TimeDelta = TimeDelta::hours(24);
/// Weeks that the usual is taken from.
const WEEKS: i32 = 4;
/// The theme of the incident, which no theme file may name so.
const THEME: &str = "no_data";

/// A source that is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// What is shown beside the incidents of its watches.
    pub no_data: NoData,
}

impl Silent {
    /// The series of its own incident.
    #[must_use]
    pub fn key(&self) -> SeriesKey {
        SeriesKey { watch: format!("source:{}", self.no_data.source), theme: THEME.to_owned(), segment: Segment::All, kind: Kind::NoData }
    }
}

/// The name of the source whose silence a series is about.
#[must_use]
pub fn source_of(key: &SeriesKey) -> Option<&str> {
    key.watch.strip_prefix("source:").filter(|_| key.kind == Kind::NoData)
}

/// The sources of a plan that are silent now.
///
/// # Errors
///
/// [`StoreError`] when the usual cannot be read.
#[allow(clippy::implicit_hasher, reason = "the lookout has these")]
pub async fn silent<S: Incidents>(
    store: &S,
    plan: &Plan,
    streams: &HashMap<StreamKey, Stream>,
    now: Timestamp,
) -> Result<Vec<Silent>, StoreError> {
    let mut found = Vec::new();
    for source in &plan.sources {
        // A recording ends; nobody waits for more of it.
        if matches!(source.settings.kind, sources::Settings::Replay(_)) {
            continue;
        }
        let Some(quiet) = Quiet::of(source, streams, now) else { continue };
        if quiet.is_long(missed(store, &quiet).await?) {
            let Quiet { since, fails, error, .. } = quiet;
            found.push(Silent { no_data: NoData { source: source.settings.name.clone(), since, fails, error } });
        }
    }
    Ok(found)
}

/// What is known of a source, for a notice. None where it is configured no more.
#[must_use]
#[allow(clippy::implicit_hasher, reason = "the lookout has these")]
pub fn state_of(plan: &Plan, source: &str, streams: &HashMap<StreamKey, Stream>) -> Option<SilentSource> {
    let ready = plan.sources.iter().find(|ready| ready.settings.name == source)?;
    let mine = of(ready, streams);
    let watches = plan.config.watches.iter().filter(|watch| watch.sources.iter().any(|name| name == source));
    Some(SilentSource {
        last_success: mine.iter().filter_map(|stream| stream.complete_to).max(),
        last_new: mine.iter().filter_map(|stream| stream.last_new).max(),
        error: mine.iter().find_map(|stream| stream.error.clone()),
        fails: !mine.is_empty() && mine.iter().all(|stream| stream.errors > 0),
        watches: watches.map(|watch| watch.name.clone()).collect(),
    })
}

fn of<'a>(source: &ReadySource, streams: &'a HashMap<StreamKey, Stream>) -> Vec<&'a Stream> {
    let key = |shard| StreamKey { source: source.settings.name.clone(), shard };
    source.source.shards().into_iter().filter_map(|shard| streams.get(&key(shard))).collect()
}

/// A source that has brought nothing for a while, long or not.
#[derive(Debug, Clone, PartialEq)]
struct Quiet {
    source: String,
    since: Timestamp,
    fails: bool,
    error: Option<String>,
    /// The time in which messages would have been published that could be here now.
    stretch: Range<Timestamp>,
    /// So many by the mean of all hours.
    by_the_mean: f64,
    /// It was read or tried often enough.
    tried: bool,
    /// How long it has not been read; zero when it is.
    unread: TimeDelta,
}

impl Quiet {
    /// None for a source that was never read to its end.
    fn of(source: &ReadySource, streams: &HashMap<StreamKey, Stream>, now: Timestamp) -> Option<Self> {
        let mine = of(source, streams);
        let read_to = mine.iter().filter(|stream| stream.history_done).filter_map(|stream| stream.complete_to).max()?;
        let fails = mine.iter().all(|stream| stream.errors >= INTERVALS.unsigned_abs());
        let last_new = mine.iter().filter_map(|stream| stream.last_new).max();
        let since = if fails { read_to } else { last_new? };
        let late = |stream: &&Stream| stream.usual_delay.max(stream.longest_delay).unwrap_or_default();
        let delay = mine.iter().map(late).max().unwrap_or_default();
        let until = if fails { now } else { read_to } - delay;
        let next = |at| source.settings.schedule.next(Some(at), at, 0);
        let poll = next(next(now)) - next(now);
        let per_day: f64 = mine.iter().map(|stream| stream.news_per_day).sum();
        let stretch = since..until.max(since);
        Some(Self {
            source: source.settings.name.clone(),
            since,
            fails,
            error: mine.iter().find_map(|stream| stream.error.clone()).filter(|_| fails),
            by_the_mean: per_day * (stretch.end - stretch.start).as_seconds_f64() / 86_400.0,
            tried: until - since >= poll * INTERVALS,
            unread: if fails { now - read_to } else { TimeDelta::zero() },
            stretch,
        })
    }

    fn is_long(&self, missed: f64) -> bool {
        self.unread >= FAILED || self.tried && missed >= MISSED
    }
}

/// Messages that the stretch would have brought: as many as it did in the poorest of the weeks
/// before. Nothing is read where even the mean makes it no wonder.
async fn missed<S: Incidents>(store: &S, quiet: &Quiet) -> Result<f64, StoreError> {
    if !quiet.tried || quiet.by_the_mean < MISSED / 2.0 {
        return Ok(0.0);
    }
    if quiet.stretch.end - quiet.stretch.start > TimeDelta::days(7) {
        return Ok(quiet.by_the_mean);
    }
    let mut least = f64::MAX;
    for week in 1..=WEEKS {
        let back = TimeDelta::days(7) * week;
        let range = Quarter::of(quiet.stretch.start - back)..Quarter::of(quiet.stretch.end - back);
        let counters = store.counters(range).await?;
        let mine = |source: i64| counters.sources.get(&source).is_some_and(|name| *name == quiet.source);
        let whole = |segment: i64| counters.segments.get(&segment) == Some(&Segment::All);
        let count: i64 =
            counters.cells.iter().filter(|cell| cell.theme == 0 && mine(cell.source) && whole(cell.segment)).map(|cell| cell.voices).sum();
        least = least.min(count as f64);
    }
    Ok(least)
}
