//! The poll loop: starts polls when it is their turn, as many at a time as `at_once` says, and lays
//! streams to sleep again when their polls have ended.
//!
//! Whose turn it is, is the [`Rota`]'s business, when a stream is due next the schedule's.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::ports::Committed;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::engine::Parts;
use crate::engine::loops::Nudges;
use crate::engine::loops::ROUND;
use crate::engine::notebook::Notebook;
use crate::engine::notebook::Noting;
use crate::engine::plan::Plan;
use crate::engine::poller::Polled;
use crate::engine::poller::Poller;
use crate::engine::poller::Target;
use crate::engine::rota::Rota;
use crate::engine::rounds::asked::Asked;
use crate::engine::rounds::noticed::Noticed;
use crate::engine::rounds::start::first_polls;
use crate::engine::rounds::start::lanes;
use crate::host::beats::Loop;
use crate::host::clock::Clock;
use crate::web::board;

mod asked;
mod clock;
mod noticed;
mod start;

pub(super) use crate::engine::rounds::start::stored;

/// Polls that wait for nothing but their note, at most: as many as the writer's queue holds.
const NOTED_AT_ONCE: usize = 512;
/// Notes under way get this long at a stop.
const LAST_NOTES: Duration = Duration::from_secs(2);
/// Above so many streams a poll that brought nothing does not wake the lookout: its own period will do.
const MANY: usize = 1_000;
/// Polls whose lateness is remembered.
const REMEMBERED: usize = 1_024;

/// Starts polls when they are due, never two of one stream at once. On a stop polls are cut at
/// once, each page is stored whole or not at all; what is only being noted is awaited.
pub(super) async fn poll(plan: Arc<Plan>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    let (asked, noticed) = (Asked::default(), Noticed::default());
    let mut targets = Target::all(&plan);
    targets.sort_by(|left, right| left.key.cmp(&right.key));
    tokio::select! {
        () = asked.listen(&parts.store) => {}
        () = noticed.listen(&targets) => {}
        () = go_round(&plan, &targets, &parts, &nudges, (&asked, &noticed), &stop) => {}
    }
}

async fn go_round(
    plan: &Arc<Plan>,
    targets: &[Target],
    parts: &Parts,
    nudges: &Nudges,
    (asked, noticed): (&Asked, &Noticed),
    stop: &CancellationToken,
) {
    let noting = Arc::new(Noting::default());
    let store = Notebook::new(parts.store.clone(), Arc::clone(&noting), stop.clone());
    let author_key = Arc::new(parts.store.author_key().to_vec());
    let poller = Poller::new(store, Arc::clone(plan), Arc::clone(&parts.fetcher), author_key, parts.clock, parts.board.clone());
    let Some(mut rounds) = Rounds::begin(plan, parts, targets, stop).await else { return };
    let mut running = FuturesUnordered::new();
    loop {
        parts.beats.beat(Loop::Poll);
        let now = parts.clock.now();
        rounds.mind_the_clock(now);
        while rounds.has_room(running.len())
            && let Some(stream) = rounds.next(parts.clock.now())
        {
            let (poller, noting, target) = (&poller, &noting, &targets[stream]);
            running.push(async move {
                let cut = async {
                    stop.cancelled().await;
                    if noting.is_under_way(&target.key) {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    biased;
                    outcome = poller.poll(target) => Some((stream, outcome)),
                    () = cut => None,
                }
            });
        }
        let wait = rounds.wait(running.len());
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            wishes = asked.news() => rounds.hear(&wishes),
            streams = noticed.news() => rounds.notice(&streams),
            left = noting.left() => {
                for key in left {
                    rounds.leave(&key);
                }
            }
            Some(Some((stream, outcome))) = running.next(), if !running.is_empty() => {
                match after_poll(&targets[stream], outcome, parts, nudges, targets.len()) {
                    Next { due, wanted: true } => rounds.put_off(stream, due),
                    Next { due, .. } => rounds.ended(stream, due),
                }
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
    let last = async { while running.next().await.is_some() {} };
    if tokio::time::timeout(LAST_NOTES, last).await.is_err() {
        warn!("what the last polls found out could not be noted in time; they are made again after the start");
    }
}

/// When a stream comes next.
struct Next {
    due: Timestamp,
    /// Somebody still waits for the poll that was put off.
    wanted: bool,
}

fn after_poll(target: &Target, polled: Result<Polled, StoreError>, parts: &Parts, nudges: &Nudges, streams: usize) -> Next {
    match polled {
        Ok(polled) => {
            let stored = polled.committed != Committed::default();
            // Also without a new item: the poll may have completed a bucket. Where there are many
            // streams there is always one that does, and the lookout comes by itself.
            if stored || streams <= MANY {
                nudges.look_now();
            }
            Next { due: polled.due, wanted: polled.put_off.is_some() && polled.stream.asked.is_some() }
        }
        Err(error) => {
            error!(source = target.key.source, "source `{}`: {error}; next try in a minute", target.key.source);
            Next { due: parts.clock.after(Duration::from_mins(1)), wanted: false }
        }
    }
}

/// The state of the loop.
struct Rounds<'a> {
    parts: &'a Parts,
    targets: &'a [Target],
    rota: Rota,
    /// Places for polls that may be taken.
    free: usize,
    /// Streams that hold one.
    holding: HashSet<usize>,
    /// When the polls under way began.
    began: HashMap<usize, Timestamp>,
    paused: Vec<usize>,
    /// Wishes that were followed, so that none is followed twice while its poll is being noted.
    followed: HashMap<usize, Timestamp>,
    /// Streams in whose folders something happened while they were polled.
    noticed: HashSet<usize>,
    /// The clock of the plan, the machine's and the time that passes even if somebody sets it, when
    /// they were looked at last.
    seen: (Timestamp, Timestamp, Instant),
    /// How late polls began, in seconds.
    late: Vec<f64>,
    shown: Option<Instant>,
}

impl<'a> Rounds<'a> {
    /// Reads where all streams stand. `None` when the daemon is stopped meanwhile.
    async fn begin(plan: &Plan, parts: &'a Parts, targets: &'a [Target], stop: &CancellationToken) -> Option<Self> {
        let dues = loop {
            match parts.store.dues().await {
                Ok(dues) => break dues,
                Err(error) => error!("where sources stand could not be read: {error}; next try in {} s", ROUND.as_secs()),
            }
            parts.beats.beat(Loop::Poll);
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(ROUND) => {}
            }
        };
        let now = parts.clock.now();
        let mut rota = Rota::new(&lanes(targets, now), plan.config.fetch.host_gap);
        for (stream, due) in first_polls(targets, &dues, now).into_iter().enumerate() {
            rota.put(stream, due);
        }
        Some(Self {
            parts,
            targets,
            rota,
            free: plan.config.fetch.at_once.max(1),
            holding: HashSet::new(),
            began: HashMap::new(),
            paused: Vec::new(),
            followed: HashMap::new(),
            noticed: HashSet::new(),
            seen: (now, Clock::real().now(), Instant::now()),
            late: Vec::new(),
            shown: None,
        })
    }

    fn has_room(&self, running: usize) -> bool {
        self.free > 0 && running < self.holding.len() + NOTED_AT_ONCE
    }

    /// The next stream, which takes a place.
    fn next(&mut self, now: Timestamp) -> Option<usize> {
        let turn = self.rota.next(now)?;
        self.free -= 1;
        self.holding.insert(turn.stream);
        self.began.insert(turn.stream, now);
        self.note_lateness((now - turn.due).as_seconds_f64().max(0.0));
        Some(turn.stream)
    }

    /// A poll asks nothing more: its place is free, and its host.
    fn leave(&mut self, key: &StreamKey) {
        if let Ok(stream) = self.targets.binary_search_by(|target| target.key.cmp(key)) {
            self.release(stream);
        }
    }

    fn release(&mut self, stream: usize) {
        if self.holding.remove(&stream) {
            self.free += 1;
            self.rota.leave(stream, self.parts.clock.now());
        }
    }

    fn ended(&mut self, stream: usize, due: Timestamp) {
        self.release(stream);
        self.began.remove(&stream);
        let due = if self.noticed.remove(&stream) { due.min(self.parts.clock.now()) } else { due };
        self.rota.put(stream, due);
    }

    /// A poll that somebody asked for was not made yet.
    fn put_off(&mut self, stream: usize, due: Timestamp) {
        self.release(stream);
        self.began.remove(&stream);
        self.rota.put_off(stream, due);
    }

    /// How long nothing has to be done.
    fn wait(&mut self, running: usize) -> Duration {
        if !self.has_room(running) {
            return ROUND;
        }
        self.rota.next_due().map_or(ROUND, |due| self.parts.clock.until(due).min(ROUND))
    }

    fn note_lateness(&mut self, seconds: f64) {
        self.late.push(seconds);
        if self.late.len() < REMEMBERED && self.shown.is_some_and(|shown| shown.elapsed() < ROUND) {
            return;
        }
        self.late.sort_by(f64::total_cmp);
        for (name, share) in [("0.5", 0.5), ("0.99", 0.99), ("1", 1.0)] {
            let at = ((self.late.len() - 1) as f64 * share) as usize;
            self.parts.board.set(board::LATENESS, &[("quantile", name)], self.late[at]);
        }
        self.late.clear();
        self.shown = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests;
