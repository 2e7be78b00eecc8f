//! Reads sources when they are due: asks, reads, tags, commits page by page, and decides when to
//! come back.
//!
//! A poll can be cut between any two pages, or in the middle of one: what is stored of a page is
//! the whole of it with the walk's next step, so the next poll goes on there.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Semaphore;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::standing::Suspect;
use crate::engine::cores::cores;
use crate::engine::diary::Diary;
use crate::engine::plan::Plan;
use crate::engine::poller::doubts::doubt;
use crate::engine::poller::listing::Listings;
use crate::engine::poller::listing::Proof;
use crate::engine::poller::recheck::Rechecks;
use crate::engine::poller::walk::First;
use crate::engine::poller::walk::Step;
use crate::engine::poller::walk::Walk;
use crate::fetch::FetchError;
use crate::fetch::Fetcher;
use crate::fetch::Kind;
use crate::host::clock::Clock;
use crate::polling::address;
use crate::polling::backoff;
use crate::polling::pages::Trail;
use crate::sources::ReadError;
use crate::web::board::Board;

mod doubts;
mod ending;
mod listing;
mod page;
mod recheck;
mod target;
mod walk;

pub use crate::engine::poller::target::Target;
pub(super) use crate::engine::poller::target::usual_delay;

/// Pages of one walk over the network. Endless paging is a fault of the other side.
const MOST_REMOTE_PAGES: usize = 200;
/// A walk that is longer goes on after this.
const BETWEEN_LONG_POLLS: TimeDelta = TimeDelta::minutes(1);
/// Errors in a row after which a walk begins anew; what is known is dropped by id.
const WALK_TRIES: u32 = 3;
/// The same for a service, whose place in a long backlog is not given up for an outage of some hours.
const CALL_TRIES: u32 = 12;

/// A wish to be left alone for so long is nothing out of the ordinary.
const BRIEF: TimeDelta = TimeDelta::minutes(5);
/// Unless nothing was read for so long.
const LATELY: TimeDelta = TimeDelta::hours(3);

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
    /// It was read, and is not believed yet.
    #[error("{}", doubt(.0))]
    Doubted(Suspect),
    /// It ends before its end; its whole items are stored.
    #[error("the document ends before its end: what is whole in it was stored, the rest is asked for again")]
    Cut,
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
    /// Why it was put off, if it was: its host wants to be left alone, and nothing failed.
    pub put_off: Option<String>,
    /// Where the stream stands now, as it is stored: the next poll may begin with it.
    pub stream: Stream,
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
    reading: Semaphore,
    listings: Listings,
    rechecks: Rechecks,
}

impl<S: Ingest> Poller<S> {
    /// A poller of a plan's sources.
    pub fn new(store: S, plan: Arc<Plan>, fetcher: Arc<Fetcher>, author_key: Arc<Vec<u8>>, clock: Clock, board: Board) -> Self {
        let reading = Semaphore::new(cores());
        Self {
            store,
            plan,
            fetcher,
            author_key,
            clock,
            board,
            diary: Diary::default(),
            reading,
            listings: Listings::default(),
            rechecks: Rechecks::default(),
        }
    }

    /// Whether a stream is not to be polled: a person paused it, or it is gone for good. Who asks for a
    /// poll all the same gets one.
    #[must_use]
    pub fn is_stopped(target: &Target, stream: &Stream) -> bool {
        let standing = &stream.standing;
        let said_here = |url: &str| target.address().is_none_or(|configured| address::is_one_of(standing, configured, url));
        let gone = standing.gone.as_ref().is_some_and(|gone| gone.confirmed && said_here(&gone.url));
        // What said so may be another service than the one that is configured now.
        let ours = standing.address == 0 || target.is_of(standing.address);
        stream.asked.is_none() && (gone && ours || stream.paused.is_some())
    }

    /// Polls a stream from where it stands in the store, unless it is stopped.
    ///
    /// # Errors
    ///
    /// As [`Poller::poll_from`].
    pub async fn poll(&self, target: &Target) -> Result<Polled, StoreError> {
        let stream = self.store.stream(&target.key).await?;
        if Self::is_stopped(target, &stream) {
            let due = self.clock.now() + backoff::NEVER;
            return Ok(Polled { committed: Committed::default(), due, error: None, put_off: None, stream });
        }
        self.poll_from(target, stream).await
    }

    /// Polls a stream from where it stands, to the end of its walk. Errors of the source are recorded
    /// and returned in [`Polled`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] only when not even the error could be recorded; the stream is to be read anew
    /// then.
    pub async fn poll_from(&self, target: &Target, stream: Stream) -> Result<Polled, StoreError> {
        let errors = stream.errors;
        let mut walk = Walk::begin(target, stream, whole_millis(self.clock.now()));
        let (mut error, mut put_off) = (None, None);
        if let Some(start) = walk.start {
            self.begins_otherwise(&walk, start).await?;
        }
        match self.walk(&mut walk).await {
            Ok(()) => {
                self.succeeded(&walk, errors);
                self.look_again(&mut walk).await;
            }
            Err(PollError::Fetch(held)) if held.kind == Kind::Held || is_brief(&held, &walk) => {
                put_off = Some(self.put_off(&mut walk, held).await?);
            }
            Err(why) => error = Some(self.failed(&mut walk, &why).await?),
        }
        let Walk { mut stream, committed, started, .. } = walk;
        if committed.new > 0 {
            // How late its messages come was learnt with them.
            stream = self.store.stream(&target.key).await?;
        }
        // As the store has it.
        stream.due = stream.due.map(whole_millis);
        let due = stream.due.unwrap_or(started);
        Ok(Polled { committed, due, error, put_off, stream })
    }

    async fn walk(&self, walk: &mut Walk<'_>) -> Result<(), PollError> {
        // A step that fails again and again must not hide what is new on the first page.
        let tries = if matches!(walk.stream.walk.as_deref(), Some(Request::Call(_))) { CALL_TRIES } else { WALK_TRIES };
        let resumed = walk.stream.walk.clone().filter(|_| walk.stream.errors < tries);
        let mut walking = resumed.is_some();
        // Pages of a walk that begins anew are known, and what is behind them is not.
        let mut anew = walk.stream.walk.is_some() && !walking;
        let mut request = resumed.map_or_else(|| walk.first(), |step| *step);
        let mut first: Option<First> = None;
        loop {
            let trail = Trail::taken_from(&mut request);
            let lists = walk.target.source.settings.kind.service().is_some();
            if lists {
                self.listings.begin(&walk.target.key, &request, walking);
            }
            let Step { here, given, reading } = match self.step(walk, &request, walking).await {
                Ok(step) => step,
                Err(error) if walking && walk.pages == 0 && is_final(&error, trail.is_some()) => {
                    // The stored step is not answered any more: the walk begins anew, what is known is dropped by id.
                    (walking, anew) = (false, true);
                    request = walk.first();
                    continue;
                }
                Err(error) if trail.is_some() && walk.pages > 0 && gives_up(&error, walk.stream.errors) => {
                    return self.end_without_older(walk, first, &error).await;
                }
                Err(error) => return Err(error),
            };
            let Some(mut reading) = reading else {
                return Ok(self.unchanged(walk, given).await?);
            };
            walk.items += reading.items.len();
            let is_cut = walk.is_cut(&mut reading);
            if !(walking || is_cut && reading.items.is_empty()) {
                let gap = self.believe(walk, &mut reading)? || reading.page.gap;
                first = Some(First { validators: given, outline: reading.outline, gap });
            }
            let (mut page, mut items) = (reading.page, reading.items);
            if lists {
                self.listings.note(&walk.target.key, items.iter().map(|tagged| tagged.item.id.as_str()), page.next.as_ref());
            }
            if is_cut {
                if !items.is_empty() {
                    self.commit(walk, items, Progress::None).await?;
                }
                if trail.is_some() && walk.stream.errors >= WALK_TRIES {
                    return self.end_without_older(walk, first, &PollError::Cut).await;
                }
                return Err(PollError::Cut);
            }
            if let Some(listed) = page.listed.take().filter(|_| page.next.is_none()) {
                match self.proof(walk, &listed).await? {
                    Proof::None => {}
                    Proof::Gone(ids) => items.extend(self.gone(walk.target, ids)),
                    // The mark stays, so that the next poll walks the whole list once more.
                    Proof::Again => page.cursor = None,
                }
            } else if lists && page.next.is_none() {
                self.listings.forget(&walk.target.key);
            }
            let follows = page.next.is_none() && !walk.stream.history_done;
            let older = page.older.filter(|_| follows);
            let next = match (page.next, older) {
                (Some(next), _) if !walk.target.source.settings.kind.is_remote() || walk.pages < MOST_REMOTE_PAGES => Some(next),
                // A long backlog of a service: the walk goes on in a minute, and its source is not complete before.
                (Some(next), _) if lists => {
                    page.pause = Some(page.pause.unwrap_or_default().max(BETWEEN_LONG_POLLS));
                    Some(next)
                }
                (None, Some(older)) => trail.unwrap_or_else(|| Trail::from(walk.asked.as_deref().unwrap_or(&here))).follow(&older, &here),
                _ => None,
            };
            if next.is_none() {
                // Of a list the first page has said it already.
                let is_judged = walk.target.is_list() || !walk.target.source.settings.kind.is_remote();
                if walk.items == 0 && first.is_some() && !is_judged && !walk.target.source.settings.kind.may_be_empty() {
                    self.believe_nothing(walk)?;
                }
                return Ok(self.end(walk, items, page.cursor, first, page.due).await?);
            }
            let step = next.clone().map_or(Progress::None, |next| Progress::Walking { next });
            let committed = self.commit(walk, items, step).await?;
            walk.stream.walk = next.clone().map(Box::new);
            if matches!(next, Some(Request::Call(_))) {
                // It has got on: what fails next is the first error in a row.
                (walk.stream.errors, walk.stream.error) = (0, None);
            }
            let Some(next) = next.filter(|_| !follows || committed.new > 0 || anew) else {
                // Behind a page without anything new there is nothing new.
                return Ok(self.end(walk, Vec::new(), page.cursor, first, page.due).await?);
            };
            walk.pages += 1;
            if let Some(pause) = page.pause {
                return Err(paused(pause).into());
            }
            (request, walking) = (next, true);
        }
    }
}

/// Whether older pages are done without, after so many errors before this one. Those that were not asked
/// for are asked for yet.
fn gives_up(error: &PollError, errors: u32) -> bool {
    let held = matches!(error, PollError::Fetch(FetchError { kind: Kind::Held, .. }));
    !held && (errors >= WALK_TRIES || is_final(error, true))
}

/// Whether asking for the same page again is no use. Of an older page, which a reader can do without,
/// more is.
fn is_final(error: &PollError, is_older: bool) -> bool {
    match error {
        PollError::Fetch(error) => match error.kind {
            Kind::NotFound | Kind::Gone | Kind::Anew => true,
            // A place in a list that a service has forgotten.
            Kind::Status(400 | 422) if error.refused.is_some() => true,
            Kind::Denied | Kind::Robots | Kind::Refused | Kind::TooLarge | Kind::Status(400..=499) => is_older,
            _ => false,
        },
        PollError::Read(_) | PollError::Bug => is_older,
        _ => false,
    }
}

/// Whether a refusal is only a short wish of the other side, as services with a limit a minute have it
/// all the time: nothing failed, and the poll goes on after it, or, where it names no time, an interval
/// later and five minutes at most. One that is always busy has failed.
fn is_brief(error: &FetchError, walk: &Walk<'_>) -> bool {
    let short = error.retry_after.is_none_or(|wish| wish <= BRIEF);
    let is_call = error.refused.is_some();
    let lately = walk.stream.complete_to.is_some_and(|read| walk.started - read < LATELY) || walk.pages > 0;
    error.kind == Kind::Busy && is_call && short && lately
}

/// Nothing was refused: the service wants time before it is asked on.
fn paused(pause: TimeDelta) -> FetchError {
    FetchError::waiting("what was asked for is being made", pause)
}

fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
