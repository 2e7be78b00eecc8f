//! Reads sources when they are due: asks, reads, tags, commits page by page, and decides when to
//! come back.
//!
//! A poll can be cut between any two pages, or in the middle of one: what is stored of a page is
//! the whole of it with the walk's next step, so the next poll goes on there.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::debug;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Response;
use crate::domain::http::Validators;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::TaggedItem;
use crate::engine::diary::Diary;
use crate::engine::intake::Intake;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Fetcher;
use crate::fetch::Kind;
use crate::fetch::Manner;
use crate::host::clock::Clock;
use crate::schedule::Schedule;
use crate::sources::ReadError;
use crate::text::hash;
use crate::text::redact::redact;
use crate::web::board;
use crate::web::board::Board;

/// Pages of one walk over the network. Endless paging is a fault of the other side.
const MOST_REMOTE_PAGES: usize = 200;
/// An item is news although it comes so late: reviews are moderated, exports are made at night.
const USUAL_DELAY: TimeDelta = TimeDelta::hours(24);
/// Errors in a row after which a walk begins anew; what is known is dropped by id.
const WALK_TRIES: u32 = 3;
/// The longest wait after errors.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// Why a poll ended early.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// It could not be fetched.
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// It could not be stored.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A source's reader failed: its page is skipped, the daemon lives.
    #[error("the reader failed on this page; please report it")]
    Bug,
}

/// What a poll did.
#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    /// What was stored.
    pub committed: Committed,
    /// When to poll next.
    pub due: Timestamp,
    /// The error that ended it, if one did.
    pub error: Option<String>,
}

/// Polls one stream at a time; share it between tasks.
pub struct Poller<S> {
    store: S,
    plan: Arc<Plan>,
    fetcher: Arc<Fetcher>,
    author_key: Arc<Vec<u8>>,
    clock: Clock,
    board: Board,
    diary: Diary,
}

/// A stream with the source that reads it.
#[derive(Clone)]
pub struct Target {
    /// Which stream.
    pub key: StreamKey,
    /// What reads it.
    pub source: Arc<ReadySource>,
}

impl Target {
    /// Every stream of a plan.
    #[must_use]
    pub fn all(plan: &Plan) -> Vec<Self> {
        let of = |source: &Arc<ReadySource>| {
            let name = source.settings.name.clone();
            let shards: Vec<Shard> = source.source.shards();
            shards.into_iter().map(move |shard| StreamKey { source: name.clone(), shard })
        };
        plan.sources.iter().flat_map(|source| of(source).map(|key| Self { key, source: Arc::clone(source) })).collect()
    }

    /// Spreads streams that share an interval; the same after every restart.
    #[must_use]
    pub fn seed(&self) -> u64 {
        hash::of_parts([self.key.source.as_str(), self.key.shard.0.as_str()])
    }

    fn interval(&self, now: Timestamp) -> TimeDelta {
        match &self.source.settings.schedule {
            Schedule::Every(interval) => *interval,
            schedule @ Schedule::Cron(..) => schedule.next(Some(now), now, self.seed()) - now,
        }
    }
}

/// One poll under way.
struct Walk<'a> {
    target: &'a Target,
    stream: Stream,
    started: Timestamp,
    committed: Committed,
    pages: usize,
}

impl<S: Ingest> Poller<S> {
    /// A poller of a plan's sources.
    pub fn new(store: S, plan: Arc<Plan>, fetcher: Arc<Fetcher>, author_key: Arc<Vec<u8>>, clock: Clock, board: Board) -> Self {
        Self { store, plan, fetcher, author_key, clock, board, diary: Diary::default() }
    }

    /// Polls a stream to the end of its walk. Errors of the source are recorded and returned in
    /// [`Polled`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] only when not even the error could be recorded.
    pub async fn poll(&self, target: &Target) -> Result<Polled, StoreError> {
        let started = self.clock.now();
        let stream = self.store.stream(&target.key).await?;
        let (errors, last_new) = (stream.errors, stream.last_new);
        let mut walk = Walk { target, stream, started, committed: Committed::default(), pages: 0 };
        let outcome = self.walk(&mut walk).await;
        let committed = walk.committed;
        let source = target.key.source.as_str();
        match outcome {
            Ok(due) => {
                self.board.set(board::LAST_SUCCESS, &[("source", source)], started.timestamp() as f64);
                let newest = if committed.new > 0 { Some(started) } else { last_new };
                self.board.raise(board::NEWEST_ITEM, &[("source", source)], newest.map_or(0.0, |newest| newest.timestamp() as f64));
                if errors > 0 {
                    info!(source, "source `{source}` works again after {errors} errors");
                }
                self.diary.note(source, committed);
                Ok(Polled { committed, due, error: None })
            }
            Err(error) => {
                let due = self.due_after(target, &error, errors + 1);
                let why = error.to_string();
                self.board.add(board::POLLS, &[("source", source), ("result", "error")], 1.0);
                self.store.note_poll(&target.key, PollNote::failed(why.clone(), due, started)).await?;
                // The first error and every tenth are told; `status` has the newest.
                if errors.is_multiple_of(10) {
                    warn!(source, errors = errors + 1, "source `{source}`: {why}; next try at {}", due.format("%F %T UTC"));
                } else {
                    debug!(source, errors = errors + 1, "source `{source}`: {why}");
                }
                Ok(Polled { committed, due, error: Some(why) })
            }
        }
    }

    async fn walk(&self, walk: &mut Walk<'_>) -> Result<Timestamp, PollError> {
        let Target { key, source } = walk.target;
        // A step that fails again and again must not hide what is new on the first page.
        let resumed = walk.stream.walk.clone().filter(|_| walk.stream.errors < WALK_TRIES);
        let mut walking = resumed.is_some();
        let first = || source.source.first(&key.shard, &walk.stream.cursor, walk.started);
        let mut request = resumed.unwrap_or_else(first);
        let mut newest: Option<Validators> = None;
        loop {
            let validators = if walking { None } else { walk.stream.validators.as_ref() };
            let (response, given) =
                match self.fetcher.fetch(&request, Manner { validators, robots: source.settings.robots }, self.clock.now()).await {
                    Ok(Fetched::New { response, validators, .. }) => (response, validators),
                    Ok(Fetched::Unchanged { validators, .. }) => return self.unchanged(walk, validators).await,
                    Err(error) if walking && walk.pages == 0 && matches!(error.kind, Kind::NotFound | Kind::Gone) => {
                        // The stored step is not answered any more: the walk begins anew, what is known is dropped by id.
                        walking = false;
                        request = source.source.first(&key.shard, &walk.stream.cursor, walk.started);
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
            if walk.pages == 0 && !walking {
                newest = given;
            }
            let (page, items) = self.read(walk, response).await?;
            let last = page.next.is_none() || (source.settings.kind.is_remote() && walk.pages >= MOST_REMOTE_PAGES);
            let due = self.due(walk.target, page.due);
            let progress = match page.next {
                Some(next) if !last => Progress::Walking { next },
                _ => Progress::Ended { cursor: page.cursor, validators: newest.take(), due, polled_at: walk.started, standing: None },
            };
            let next = if let Progress::Walking { next } = &progress { Some(next.clone()) } else { None };
            self.commit(walk, items, progress).await?;
            walk.pages += 1;
            let Some(next) = next else { return Ok(due) };
            request = next;
            walking = true;
        }
    }

    /// Reads and tags a page away from the other tasks: it may be megabytes.
    async fn read(&self, walk: &Walk<'_>, response: Response) -> Result<(Page, Vec<TaggedItem>), PollError> {
        let (source, key, cursor) = (Arc::clone(&walk.target.source), walk.target.key.clone(), walk.stream.cursor.clone());
        let (plan, author_key, now) = (Arc::clone(&self.plan), Arc::clone(&self.author_key), self.clock.now());
        let read = move || {
            let mut page = source.source.read(&key.shard, &cursor, &response, now)?;
            let intake = Intake::new(&plan, &author_key, &source.settings);
            let items = std::mem::take(&mut page.items).into_iter().map(|item| intake.prepare(item)).collect();
            Ok::<_, ReadError>((page, items))
        };
        let (page, items): (Page, Vec<TaggedItem>) = tokio::task::spawn_blocking(read).await.map_err(|_| PollError::Bug)??;
        let name = walk.target.key.source.as_str();
        for warning in page.warnings.iter().take(5) {
            // A message may repeat a value from outside.
            let warning = Warning { message: redact(&warning.message), ..warning.clone() };
            warn!(source = name, code = warning.code, "source `{name}`: {warning}");
        }
        if page.warnings.len() > 5 {
            warn!(source = name, "source `{name}`: {} more warnings; see `uproar preview {name}`", page.warnings.len() - 5);
        }
        self.board.add(board::ITEMS, &[("source", name), ("kind", "rejected")], page.warnings.len() as f64);
        Ok((page, items))
    }

    async fn commit(&self, walk: &mut Walk<'_>, items: Vec<TaggedItem>, progress: Progress) -> Result<(), StoreError> {
        let ended = matches!(progress, Progress::Ended { .. });
        let commit = PageCommit {
            stream: walk.target.key.clone(),
            items,
            history: !walk.stream.history_done,
            usual_delay: usual_delay(walk.target, &walk.stream, walk.started).num_seconds(),
            progress,
            now: self.clock.now(),
        };
        let committed = self.store.commit_page(commit).await?;
        walk.committed += committed;
        let source = walk.target.key.source.as_str();
        for (kind, count) in [
            ("new", committed.new),
            ("edited", committed.edited),
            ("duplicate", committed.known),
            ("late", committed.late),
            ("gone", committed.gone),
        ] {
            self.board.add(board::ITEMS, &[("source", source), ("kind", kind)], count as f64);
        }
        if ended {
            self.board.add(board::POLLS, &[("source", source), ("result", "ok")], 1.0);
        }
        Ok(())
    }

    async fn unchanged(&self, walk: &Walk<'_>, validators: Validators) -> Result<Timestamp, PollError> {
        let due = self.due(walk.target, None);
        self.board.add(board::POLLS, &[("source", &walk.target.key.source), ("result", "not_modified")], 1.0);
        let validators = Some(validators).filter(|new| walk.stream.validators.as_ref() != Some(new));
        let note = PollNote { validators, ..PollNote::unchanged(due, walk.started) };
        self.store.note_poll(&walk.target.key, note).await?;
        Ok(due)
    }

    fn due(&self, target: &Target, hinted: Option<Timestamp>) -> Timestamp {
        let now = self.clock.now();
        let due = target.source.settings.schedule.next(Some(now), now, target.seed());
        hinted.map_or(due, |hinted| due.min(hinted.max(now)))
    }

    /// Twice the wait after each error, up to a day; what the server asked for holds if it is longer.
    fn due_after(&self, target: &Target, error: &PollError, errors: u32) -> Timestamp {
        let now = self.clock.now();
        let wait = (target.interval(now) * 2_i32.saturating_pow(errors.saturating_sub(1).min(16))).min(LONGEST_WAIT);
        let asked = match error {
            PollError::Fetch(error) => error.retry_after,
            _ => None,
        };
        let seed = hash::of_parts([target.key.source.as_str(), target.key.shard.0.as_str(), &errors.to_string()]);
        let jitter = 0.9 + 0.2 * ((seed % 1000) as f64 / 999.0);
        now + TimeDelta::milliseconds((wait.num_milliseconds() as f64 * jitter) as i64).max(asked.unwrap_or_default())
    }
}

/// How late an item may come and still be news: as late as it usually does, as learnt, and a day at
/// least, for in a crisis moderators are slower than ever. Whatever happened since the last good poll
/// is news too, however long that was: a night without network, a weekly survey export.
pub(super) fn usual_delay(target: &Target, stream: &Stream, now: Timestamp) -> TimeDelta {
    if let Some(configured) = target.source.settings.max_delay {
        return configured;
    }
    let last = match &target.source.settings.kind {
        crate::sources::Settings::File(_) => stream.last_new,
        _ => stream.complete_to,
    };
    let gap = last.map_or(TimeDelta::zero(), |last| now - last + TimeDelta::hours(1));
    let interval = target.interval(now);
    let learnt = stream.longest_delay.unwrap_or_default() + interval;
    USUAL_DELAY.max(interval * 2).max(gap).max(learnt)
}
