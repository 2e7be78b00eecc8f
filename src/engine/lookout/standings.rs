//! Where the streams of a plan stand, and which of them each watch counts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::engine::complete::Awaited;
use crate::engine::gauges::Faring;
use crate::engine::lookout::Lookout;
use crate::engine::lookout::stamp;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
use crate::engine::silence_of_source;
use crate::engine::silence_of_source::Ailing;

/// Above so many streams they are not read anew at every look.
const MANY_STREAMS: usize = 5_000;
/// They are read again after so many times the time that it took.
const SELDOM: u32 = 50;
/// So many sources are read at once: of a hundred thousand, all at once would be fifty megabytes.
const SOURCES_AT_ONCE: usize = 4_096;

/// What a watch counts.
#[derive(Debug)]
pub(super) struct Counted {
    /// Places of its sources in the plan.
    pub(super) sources: Vec<usize>,
    /// Their names.
    pub(super) names: HashSet<String>,
    /// See [`Look::stamp`](crate::engine::lookout::Look::stamp).
    pub(super) stamp: String,
}

impl Counted {
    pub(super) fn of(watch: &Watch, plan: &Plan) -> Self {
        let names: HashSet<String> = watch.sources.iter().cloned().collect();
        let mine = plan.sources.iter().enumerate().filter(|(_, source)| names.contains(&source.settings.name));
        Self { sources: mine.map(|(at, _)| at).collect(), names, stamp: stamp(watch, plan.config.time_zone.name()) }
    }
}

/// Where the streams of each source of the plan stand.
#[derive(Debug, Default)]
pub(super) struct Standings {
    pub(super) sources: Vec<Vec<Standing>>,
    /// When they are to be read again; none: at the next look.
    pub(super) next: Option<Instant>,
}

impl Standings {
    #[allow(clippy::disallowed_methods, reason = "it measures work in real time, also while the daemon's clock runs faster")]
    pub(super) fn are_old(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }
}

/// Where a stream stands.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// Never read to its end.
    Unread,
    /// Never read, for it fails or is paused.
    Fails,
    /// Read, and whether the last poll went well.
    Read(Awaited, bool),
}

impl Standing {
    fn of(source: &ReadySource, stream: Option<&Stream>, now: Timestamp) -> Self {
        match stream {
            Some(stream) if stream.history_done => Self::Read(Awaited::of(&source.settings, stream, now), stream.errors == 0),
            // What a person wants left alone is not waited for either.
            Some(stream) if stream.errors > 0 || stream.paused.is_some() => Self::Fails,
            _ => Self::Unread,
        }
    }
}

impl<S: Ingest + Incidents> Lookout<S> {
    /// Reads where all streams stand, some sources at a time, and keeps what is needed until they are read
    /// again. Shows how the sources fare, and gives those that something is wrong with.
    #[allow(clippy::disallowed_methods, reason = "it measures work in real time, also while the daemon's clock runs faster")]
    pub(super) async fn read_streams(&mut self, now: Timestamp) -> Result<Vec<Ailing>, StoreError> {
        let (began, plan) = (Instant::now(), Arc::clone(&self.plan));
        let (mut standings, mut ailing, mut faring) = (Vec::with_capacity(plan.sources.len()), Vec::new(), Faring::of(&plan));
        let mut number = 0;
        for some in plan.sources.chunks(SOURCES_AT_ONCE) {
            let streams = self.store.streams_in_brief(some.iter().map(|source| source.settings.name.clone()).collect()).await?;
            let of = |source: &Arc<ReadySource>| {
                let key = |shard| StreamKey { source: source.settings.name.clone(), shard };
                source.source.shards().into_iter().map(|shard| Standing::of(source, streams.get(&key(shard)), now)).collect()
            };
            standings.extend(some.iter().map(of));
            let found = silence_of_source::ailing(&self.store, some, &streams, now).await?;
            faring.add(some, &streams, &found, now);
            ailing.extend(found);
            number += streams.len();
        }
        faring.show(&self.board, &plan.config.watches);
        let next = (number > MANY_STREAMS).then(|| began + began.elapsed() * SELDOM);
        self.standings = Standings { sources: standings, next };
        Ok(ailing)
    }
}
