//! The poll loop: starts polls when it is their turn, as many at a time as `at_once` says, and lays
//! streams to sleep again when their polls have ended.
//!
//! Whose turn it is, is the [`Rota`]'s business, when a stream is due next the schedule's. What
//! people want of streams is looked at every second, and read only when somebody else has written.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest as _;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wishes;
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
use crate::fetch;
use crate::host::beats::Loop;
use crate::host::clock::Clock;
use crate::polling::backoff;
use crate::schedule;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::dues::Due;
use crate::text::hash;
use crate::web::board;

/// People who ask for a poll see it begin within this time.
const WISHES: Duration = Duration::from_secs(1);
/// A clock that is ahead of the time that passed by so much: the machine slept, or it was set.
const SLEPT: TimeDelta = TimeDelta::seconds(30);
/// A clock that goes back by so much was set.
const SET_BACK: TimeDelta = TimeDelta::minutes(1);
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
    let asked = Asked::default();
    tokio::select! {
        () = asked.listen(&parts.store) => {}
        () = go_round(&plan, &parts, &nudges, &asked, &stop) => {}
    }
}

async fn go_round(plan: &Arc<Plan>, parts: &Parts, nudges: &Nudges, asked: &Asked, stop: &CancellationToken) {
    let noting = Arc::new(Noting::default());
    let store = Notebook::new(parts.store.clone(), Arc::clone(&noting), stop.clone());
    let author_key = Arc::new(parts.store.author_key().to_vec());
    let poller = Poller::new(store, Arc::clone(plan), Arc::clone(&parts.fetcher), author_key, parts.clock, parts.board.clone());
    let mut targets = Target::all(plan);
    targets.sort_by(|left, right| left.key.cmp(&right.key));
    let Some(mut rounds) = Rounds::begin(plan, parts, &targets, stop).await else { return };
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
            left = noting.left() => {
                for key in left {
                    rounds.leave(&key);
                }
            }
            Some(Some((stream, outcome))) = running.next(), if !running.is_empty() => {
                let due = after_poll(&targets[stream], outcome, parts, nudges, targets.len());
                rounds.ended(stream, due);
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
    let last = async { while running.next().await.is_some() {} };
    if tokio::time::timeout(LAST_NOTES, last).await.is_err() {
        warn!("what the last polls found out could not be noted in time; they are made again after the start");
    }
}

fn after_poll(target: &Target, polled: Result<Polled, StoreError>, parts: &Parts, nudges: &Nudges, streams: usize) -> Timestamp {
    match polled {
        Ok(polled) => {
            let stored = polled.committed != Committed::default();
            // Also without a new item: the poll may have completed a bucket. Where there are many
            // streams there is always one that does, and the lookout comes by itself.
            if stored || streams <= MANY {
                nudges.look_now();
            }
            polled.due
        }
        Err(error) => {
            error!(source = target.key.source, "source `{}`: {error}; next try in a minute", target.key.source);
            parts.clock.after(Duration::from_mins(1))
        }
    }
}

/// What people want, read beside the polls.
#[derive(Default)]
struct Asked {
    news: Mutex<Option<BTreeMap<StreamKey, Wishes>>>,
    woken: Notify,
}

impl Asked {
    /// Reads what people want, once and then whenever somebody else has written. Never ends.
    async fn listen(&self, store: &Sqlite) {
        let mut seen = None;
        loop {
            let version = store.writings_of_others().await.ok();
            if version.is_some() && version != seen {
                match store.wishes().await {
                    Ok(wishes) => {
                        seen = version;
                        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = Some(wishes);
                        self.woken.notify_one();
                    }
                    Err(error) => error!("what people want of sources could not be read: {error}; next try in a second"),
                }
            }
            tokio::time::sleep(WISHES).await;
        }
    }

    async fn news(&self) -> BTreeMap<StreamKey, Wishes> {
        loop {
            let woken = self.woken.notified();
            if let Some(news) = self.news.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return news;
            }
            woken.await;
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
        self.rota.put(stream, due);
    }

    /// How long nothing has to be done.
    fn wait(&mut self, running: usize) -> Duration {
        if !self.has_room(running) {
            return ROUND;
        }
        self.rota.next_due().map_or(ROUND, |due| self.parts.clock.until(due).min(ROUND))
    }

    fn hear(&mut self, wishes: &BTreeMap<StreamKey, Wishes>) {
        let mut paused = Vec::new();
        for (key, wishes) in wishes {
            let Ok(stream) = self.targets.binary_search_by(|target| target.key.cmp(key)) else { continue };
            paused.extend(wishes.paused.map(|_| stream));
            if let Some(asked) = wishes.asked
                && self.followed.insert(stream, asked) != Some(asked)
            {
                // What a poll under way cannot know of, it is no answer to.
                match self.began.get(&stream) {
                    Some(began) if asked > *began => self.rota.ask_again(stream),
                    _ => self.rota.ask(stream),
                }
            }
        }
        for stream in self.paused.iter().filter(|stream| !paused.contains(stream)) {
            self.rota.resume(*stream);
        }
        for stream in &paused {
            self.rota.pause(*stream);
        }
        self.paused = paused;
    }

    /// A clock that was ahead and is set right must not make the polls wait for the time it showed;
    /// and what was due while the machine slept must not be a burst.
    fn mind_the_clock(&mut self, now: Timestamp) {
        let (before, real_before, since) = self.seen;
        let real = Clock::real().now();
        self.seen = (now, real, Instant::now());
        let back = before - now;
        if back > SET_BACK {
            warn!("the clock went back by {} s; polls go on at their intervals", back.num_seconds());
            self.rota.shift(-back);
        }
        let passed = TimeDelta::from_std(since.elapsed()).unwrap_or_default();
        if (real - real_before) - passed > SLEPT {
            self.spread_overdue(now);
        }
    }

    fn spread_overdue(&mut self, now: Timestamp) {
        let overdue = self.rota.overdue(now);
        info!("the machine slept, or its clock was set: {} overdue polls are spread", overdue.len());
        let known: Vec<schedule::Known<'_>> =
            overdue.iter().map(|stream| known(&self.targets[*stream], Some(self.rota.due(*stream)), false)).collect();
        for (stream, due) in overdue.iter().zip(schedule::first_polls(&known, now)) {
            self.rota.put(*stream, due);
        }
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

fn known(target: &Target, due: Option<Timestamp>, failing: bool) -> schedule::Known<'_> {
    let settings = &target.source.settings;
    let hinted = !settings.own_pace && settings.kind.is_remote();
    schedule::Known { schedule: &settings.schedule, due, failing, hinted, seed: target.seed() }
}

/// What is stored of a target among dues in order of their keys. None where it is of another address
/// than the configured one: how that fared says nothing of this one.
pub(super) fn stored<'a>(target: &Target, dues: &'a [Due]) -> Option<&'a Due> {
    let due = dues.binary_search_by(|due| due.key.cmp(&target.key)).ok().map(|at| &dues[at])?;
    let configured = target.source.settings.kind.address().map(|address| hash::of_parts([address]));
    Some(due).filter(|due| due.address.is_none() || configured.is_none() || due.address == configured)
}

/// When each stream is polled first. Targets and dues are in order of their keys.
fn first_polls(targets: &[Target], dues: &[Due], now: Timestamp) -> Vec<Timestamp> {
    let of = |target| {
        let due = stored(target, dues);
        known(target, due.and_then(|due| due.at), due.is_some_and(|due| due.failing))
    };
    let all: Vec<schedule::Known<'_>> = targets.iter().map(of).collect();
    let mut first = schedule::first_polls(&all, now);
    for (first, target) in first.iter_mut().zip(targets) {
        if stored(target, dues).is_some_and(|due| due.gone) {
            *first = now + backoff::NEVER;
        }
    }
    first
}

/// The number of each target's lane. What is not on the web has a lane of its own.
fn lanes(targets: &[Target], now: Timestamp) -> Vec<u32> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    let mut number = |target: &Target| {
        let request = target.source.source.first(&target.key.shard, &Cursor::default(), now);
        let name = if let Request::Get(get) = &request { fetch::lane_of(&get.url) } else { None };
        let next = name.map_or(last, |name| *known.entry(name).or_insert(last));
        last += u32::from(next == last);
        next
    };
    targets.iter().map(&mut number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::deliver::Carrier;
    use crate::deliver::Options;
    use crate::domain::item::Shard;
    use crate::domain::ports::PollNote;
    use crate::domain::ports::Wish;
    use crate::domain::standing::Gone;
    use crate::domain::standing::Standing;
    use crate::fetch::Fetcher;
    use crate::host::beats::Beats;
    use crate::host::credentials::Credentials;
    use crate::web::board::Board;

    /// A daemon's parts over sources that are files, so that nothing is asked.
    fn parts(folder: &std::path::Path, sources: usize) -> (Arc<Plan>, Parts) {
        let table = |n| format!("[[source]]\nname = \"s{n}\"\nevery = \"1h\"\nfeed = {{ file = \"{n}.xml\" }}\n");
        let text: String = (0..sources).map(table).collect();
        let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
        let plan = Arc::new(Plan::build(config, &[7; 32]).unwrap());
        let (store, _) = Sqlite::open(&folder.join("u.db"), "boot".to_owned()).unwrap();
        let parts = Parts {
            store,
            clock: Clock::real(),
            fetcher: Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).unwrap()),
            carrier: Arc::new(Carrier::new(&Options::default()).unwrap()),
            beats: Beats::start(),
            board: Board::default(),
            ready: Arc::default(),
        };
        (plan, parts)
    }

    fn key(source: &str) -> StreamKey {
        StreamKey { source: source.to_owned(), shard: Shard::whole() }
    }

    async fn begun<'a>(plan: &Plan, parts: &'a Parts, targets: &'a [Target]) -> Rounds<'a> {
        Rounds::begin(plan, parts, targets, &CancellationToken::new()).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_gone_for_good_is_not_polled_after_a_start_and_what_is_overdue_is_spread() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 3);
        let now = parts.clock.now();
        let past = now - TimeDelta::hours(9);
        let gone = Gone { since: past, confirmed: true, url: String::new() };
        let standing = Some(Box::new(Standing { gone: Some(Box::new(gone)), ..Standing::default() }));
        parts.store.note_poll(&key("s0"), PollNote { standing, ..PollNote::failed("gone", past, past) }).await.unwrap();
        parts.store.note_poll(&key("s1"), PollNote::unchanged(past, past)).await.unwrap();
        let targets = Target::all(&plan);
        let rounds = begun(&plan, &parts, &targets).await;
        let wait = |stream| rounds.rota.due(stream) - now;
        assert!(wait(0) > TimeDelta::days(30_000));
        assert!(wait(1) >= TimeDelta::zero() && wait(1) <= TimeDelta::minutes(11), "{}", wait(1));
        assert!(wait(2) <= TimeDelta::seconds(4), "new: {}", wait(2));
    }

    /// Feeds at these addresses.
    fn plan_of(addresses: &[&str]) -> Arc<Plan> {
        let table = |(n, url): (usize, &&str)| format!("[[source]]\nname = \"s{n}\"\nfeed = {{ url = \"{url}\" }}\n");
        let sources: String = addresses.iter().enumerate().map(table).collect();
        let text = format!("[fetch]\ncontact = \"ops@example.com\"\n{sources}");
        let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
        Arc::new(Plan::build(config, &[7; 32]).unwrap())
    }

    /// All streams failed at `url`, which said that it is gone for good.
    async fn note_gone(parts: &Parts, streams: usize, url: &str) {
        let now = parts.clock.now();
        for n in 0..streams {
            let gone = Some(Box::new(Gone { since: now, confirmed: true, url: url.to_owned() }));
            let standing = Some(Box::new(Standing { gone, address: hash::of_parts([url]), ..Standing::default() }));
            let note = PollNote { standing, ..PollNote::failed("gone", now + TimeDelta::hours(20), now) };
            parts.store.note_poll(&key(&format!("s{n}")), note).await.unwrap();
        }
    }

    #[tokio::test]
    async fn another_address_is_asked_soon_whatever_the_old_one_said() {
        let folder = tempfile::tempdir().unwrap();
        let (_, parts) = parts(folder.path(), 1);
        let (old, new) = ("https://old.example/f", "https://new.example/f");
        note_gone(&parts, 2, old).await;
        let plan = plan_of(&[old, new]);
        let targets = Target::all(&plan);
        let rounds = begun(&plan, &parts, &targets).await;
        let wait = |stream| rounds.rota.due(stream) - parts.clock.now();
        assert!(wait(0) > TimeDelta::days(30_000));
        assert!(wait(1) <= TimeDelta::seconds(2), "{}", wait(1));
        let left_in = crate::engine::left_in(targets, &parts.store, parts.clock.now()).await.unwrap();
        assert_eq!(left_in.iter().map(|target| target.key.source.as_str()).collect::<Vec<_>>(), ["s1"]);
    }

    #[tokio::test]
    async fn a_single_round_leaves_a_failing_host_alone_until_it_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let (_, parts) = parts(folder.path(), 1);
        let now = parts.clock.now();
        let later = now + TimeDelta::hours(1);
        for (name, note) in [("s0", PollNote::failed("busy", later, now)), ("s2", PollNote::unchanged(later, now))] {
            parts.store.note_poll(&key(name), note).await.unwrap();
        }
        parts.store.note_poll(&key("s3"), PollNote::failed("busy", later, now)).await.unwrap();
        parts.store.wish(&key("s3"), Wish::Poll, now + TimeDelta::seconds(1)).await.unwrap();
        let plan = plan_of(&["https://a.example/f", "https://b.example/f", "https://c.example/f", "https://d.example/f"]);
        let names = async |now| {
            let left_in = crate::engine::left_in(Target::all(&plan), &parts.store, now).await.unwrap();
            left_in.into_iter().map(|target| target.key.source).collect::<Vec<_>>()
        };
        assert_eq!(names(now).await, ["s1", "s2", "s3"]);
        assert_eq!(names(later).await, ["s0", "s1", "s2", "s3"]);
        // A clock that was wrong by a year keeps nobody waiting.
        assert_eq!(names(now - TimeDelta::days(365)).await, ["s0", "s1", "s2", "s3"]);
    }

    #[tokio::test]
    async fn who_asks_while_a_poll_is_under_way_gets_one_of_his_own() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 1);
        let targets = Target::all(&plan);
        let mut rounds = begun(&plan, &parts, &targets).await;
        let now = parts.clock.now() + TimeDelta::minutes(5);
        let wish = |asked| BTreeMap::from([(key("s0"), Wishes { paused: None, asked: Some(asked) })]);
        assert_eq!(rounds.next(now), Some(0));
        rounds.hear(&wish(now - TimeDelta::seconds(1)));
        rounds.ended(0, now + TimeDelta::hours(1));
        assert_eq!(rounds.next(now), None, "that poll was the answer");
        let later = now + TimeDelta::hours(1);
        assert_eq!(rounds.next(later), Some(0));
        rounds.hear(&wish(later + TimeDelta::seconds(1)));
        rounds.ended(0, later + backoff::NEVER);
        assert_eq!(rounds.next(later + TimeDelta::minutes(1)), Some(0), "it was asked for later than it began");
    }

    #[tokio::test]
    async fn people_pause_ask_and_resume_and_are_heard_once() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 2);
        let targets = Target::all(&plan);
        let mut rounds = begun(&plan, &parts, &targets).await;
        let now = parts.clock.now();
        let later = now + TimeDelta::minutes(5);
        parts.store.wish(&key("s0"), Wish::Pause, now).await.unwrap();
        rounds.hear(&parts.store.wishes().await.unwrap());
        assert_eq!((rounds.next(later), rounds.next(later)), (Some(1), None), "the other one is paused");
        parts.store.wish(&key("s0"), Wish::Poll, now).await.unwrap();
        let wishes = parts.store.wishes().await.unwrap();
        rounds.hear(&wishes);
        assert_eq!(rounds.next(now), Some(0), "asked for, though paused");
        rounds.ended(0, now + TimeDelta::hours(1));
        rounds.hear(&wishes);
        assert_eq!(rounds.next(later), None, "the same wish is followed once");
        parts.store.wish(&key("s0"), Wish::Resume, later).await.unwrap();
        rounds.hear(&parts.store.wishes().await.unwrap());
        assert_eq!(rounds.next(later), Some(0), "resumed ones go on at once");
    }

    #[tokio::test]
    async fn a_night_asleep_is_no_burst_in_the_morning() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 40);
        let targets = Target::all(&plan);
        let mut rounds = begun(&plan, &parts, &targets).await;
        let now = parts.clock.now();
        let morning = now + TimeDelta::hours(8);
        // The clock says that eight hours passed, of which the process saw none.
        rounds.seen.1 -= TimeDelta::hours(8);
        rounds.mind_the_clock(morning);
        assert_eq!(rounds.next(morning), None);
        let dues: Vec<Timestamp> = (0..40).map(|stream| rounds.rota.due(stream)).collect();
        assert!(dues.iter().all(|due| *due >= morning && *due <= morning + TimeDelta::minutes(10)));
        let soon = dues.iter().filter(|due| **due <= morning + TimeDelta::minutes(1)).count();
        assert!(soon <= 5, "{soon} of 40 in the first minute");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_right_does_not_stop_the_polls() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 1);
        let targets = Target::all(&plan);
        let mut rounds = begun(&plan, &parts, &targets).await;
        let now = parts.clock.now();
        rounds.seen.0 = now + TimeDelta::days(365);
        rounds.rota.put(0, now + TimeDelta::days(365) + TimeDelta::minutes(10));
        rounds.mind_the_clock(now);
        assert_eq!(rounds.rota.due(0), now + TimeDelta::minutes(10));
    }

    #[tokio::test]
    async fn a_place_is_free_when_a_poll_asks_nothing_more_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, parts) = parts(folder.path(), 2);
        let targets = Target::all(&plan);
        let mut rounds = begun(&plan, &parts, &targets).await;
        let (free, later) = (rounds.free, parts.clock.now() + TimeDelta::minutes(1));
        let stream = rounds.next(later).unwrap();
        assert_eq!(rounds.free, free - 1);
        rounds.leave(&targets[stream].key);
        rounds.ended(stream, later + TimeDelta::hours(1));
        assert_eq!(rounds.free, free);
    }
}
