//! Reads sources when they are due: asks, reads, tags, commits page by page, and decides when to
//! come back.
//!
//! A poll can be cut between any two pages, or in the middle of one: what is stored of a page is
//! the whole of it with the walk's next step, so the next poll goes on there.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tracing::debug;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Validators;
use crate::domain::item::Cursor;
use crate::domain::item::Warning;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::TaggedItem;
use crate::domain::standing::Doubt;
use crate::domain::standing::Hints;
use crate::domain::standing::Standing;
use crate::domain::standing::Suspect;
use crate::engine::cores::cores;
use crate::engine::diary::Diary;
use crate::engine::intake::Intake;
use crate::engine::plan::Plan;
use crate::engine::poller::target::usual_delay;
use crate::engine::poller::walk::First;
use crate::engine::poller::walk::Reading;
use crate::engine::poller::walk::Step;
use crate::engine::poller::walk::Walk;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Fetcher;
use crate::fetch::Kind;
use crate::fetch::Manner;
use crate::fetch::Room;
use crate::host::clock::Clock;
use crate::polling::address;
use crate::polling::backoff;
use crate::polling::belief;
use crate::polling::belief::Belief;
use crate::polling::belief::Outline;
use crate::polling::pace;
use crate::polling::pages::Trail;
use crate::schedule::Schedule;
use crate::sources::ReadError;
use crate::text::hash;
use crate::text::redact::redact;
use crate::web::board;
use crate::web::board::Board;

mod target;
mod walk;

pub use crate::engine::poller::target::Target;

/// Pages of one walk over the network. Endless paging is a fault of the other side.
const MOST_REMOTE_PAGES: usize = 200;
/// Errors in a row after which a walk begins anew; what is known is dropped by id.
const WALK_TRIES: u32 = 3;

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
}

impl<S: Ingest> Poller<S> {
    /// A poller of a plan's sources.
    pub fn new(store: S, plan: Arc<Plan>, fetcher: Arc<Fetcher>, author_key: Arc<Vec<u8>>, clock: Clock, board: Board) -> Self {
        let reading = Semaphore::new(cores());
        Self { store, plan, fetcher, author_key, clock, board, diary: Diary::default(), reading }
    }

    /// Whether a stream is not to be polled: a person paused it, or it is gone for good. Who asks for a
    /// poll all the same gets one.
    #[must_use]
    pub fn is_stopped(target: &Target, stream: &Stream) -> bool {
        let standing = &stream.standing;
        let said_here = |url: &str| target.address().is_none_or(|configured| address::is_one_of(standing, configured, url));
        let gone = standing.gone.as_ref().is_some_and(|gone| gone.confirmed && said_here(&gone.url));
        stream.asked.is_none() && (gone || stream.paused.is_some())
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
            return Ok(Polled { committed: Committed::default(), due, error: None, stream });
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
        let error = match self.walk(&mut walk).await {
            Ok(()) => {
                self.succeeded(&walk, errors);
                None
            }
            Err(PollError::Fetch(error)) if is_short_pause(&error, target.interval(walk.started)) => {
                // Nothing failed here: the poll is put off. What is stored stays, the due time too.
                walk.stream = self.store.stream(&target.key).await?;
                walk.stream.due = Some(self.clock.now() + error.retry_after.unwrap_or_default());
                Some(error.to_string())
            }
            Err(error) => Some(self.failed(&mut walk, &error).await?),
        };
        let Walk { mut stream, committed, started, .. } = walk;
        if committed.new > 0 {
            // How late its messages come was learnt with them.
            stream = self.store.stream(&target.key).await?;
        }
        // As the store has it.
        stream.due = stream.due.map(whole_millis);
        let due = stream.due.unwrap_or(started);
        Ok(Polled { committed, due, error, stream })
    }

    fn succeeded(&self, walk: &Walk<'_>, errors: u32) {
        let source = walk.target.key.source.as_str();
        self.board.set(board::LAST_SUCCESS, &[("source", source)], walk.started.timestamp() as f64);
        let newest = if walk.committed.new > 0 { Some(walk.started) } else { walk.stream.last_new };
        self.board.raise(board::NEWEST_ITEM, &[("source", source)], newest.map_or(0.0, |newest| newest.timestamp() as f64));
        if errors > 0 {
            info!(source, "source `{source}` works again after {errors} errors");
        }
        self.diary.note(source, walk.committed);
    }

    async fn walk(&self, walk: &mut Walk<'_>) -> Result<(), PollError> {
        // A step that fails again and again must not hide what is new on the first page.
        let resumed = walk.stream.walk.clone().filter(|_| walk.stream.errors < WALK_TRIES);
        let mut walking = resumed.is_some();
        // Pages of a walk that begins anew are known, and what is behind them is not.
        let mut anew = walk.stream.walk.is_some() && !walking;
        let mut request = resumed.map_or_else(|| walk.first(), |step| *step);
        let mut first: Option<First> = None;
        loop {
            let trail = Trail::taken_from(&mut request);
            let Step { here, given, reading } = match self.step(walk, &request, walking).await {
                Ok(step) => step,
                Err(error) if walking && walk.pages == 0 && is_final(&error, trail.is_some()) => {
                    // The stored step is not answered any more: the walk begins anew, what is known is dropped by id.
                    (walking, anew) = (false, true);
                    request = walk.first();
                    continue;
                }
                Err(error) if trail.is_some() && walk.pages > 0 && (walk.stream.errors >= WALK_TRIES || is_final(&error, true)) => {
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
                let gap = self.believe(walk, &mut reading)?;
                first = Some(First { validators: given, outline: reading.outline, gap });
            }
            let (page, items) = (reading.page, reading.items);
            if is_cut {
                if !items.is_empty() {
                    self.commit(walk, items, Progress::None).await?;
                }
                if trail.is_some() && walk.stream.errors >= WALK_TRIES {
                    return self.end_without_older(walk, first, &PollError::Cut).await;
                }
                return Err(PollError::Cut);
            }
            let follows = page.next.is_none() && !walk.stream.history_done;
            let older = page.older.filter(|_| follows);
            let next = match (page.next, older) {
                (Some(next), _) if !walk.target.source.settings.kind.is_remote() || walk.pages < MOST_REMOTE_PAGES => Some(next),
                (None, Some(older)) => trail.unwrap_or_else(|| Trail::from(walk.asked.as_deref().unwrap_or(&here))).follow(&older, &here),
                _ => None,
            };
            if next.is_none() {
                if walk.items == 0 && first.is_some() && walk.target.source.settings.kind.is_remote() {
                    self.believe_nothing(walk)?;
                }
                return Ok(self.end(walk, items, page.cursor, first, page.due).await?);
            }
            let step = next.clone().map_or(Progress::None, |next| Progress::Walking { next });
            let committed = self.commit(walk, items, step).await?;
            walk.stream.walk = next.clone().map(Box::new);
            let Some(next) = next.filter(|_| !follows || committed.new > 0 || anew) else {
                // Behind a page without anything new there is nothing new.
                return Ok(self.end(walk, Vec::new(), page.cursor, first, page.due).await?);
            };
            walk.pages += 1;
            (request, walking) = (next, true);
        }
    }

    /// Asks for a page and reads it.
    async fn step(&self, walk: &mut Walk<'_>, request: &Request, walking: bool) -> Result<Step, PollError> {
        let validators = walk.stream.validators.as_deref().filter(|_| !walking && !walk.whole);
        let manner = Manner { validators, robots: walk.target.source.settings.robots };
        let (response, given, room) = match self.fetcher.fetch(request, manner, self.clock.now()).await? {
            Fetched::New { response, validators, aside, room } => {
                if !walking {
                    walk.aside = aside;
                }
                (response, validators, room)
            }
            Fetched::Unchanged { validators, aside } => {
                walk.aside = aside;
                return Ok(Step { here: String::new(), given: Some(validators), reading: None });
            }
        };
        let known_body = if walking { None } else { walk.known_body(given.as_ref()) };
        let here = if let Response::Http(answer) = &response { answer.url.clone() } else { String::new() };
        let reading = self.read(walk, response, room, known_body).await?;
        Ok(Step { here, given, reading })
    }

    /// Ends a walk whose older pages cannot be had, as one that the limit of pages ends: what they hold
    /// is history, and must not keep people from what is new.
    async fn end_without_older(&self, walk: &mut Walk<'_>, first: Option<First>, error: &PollError) -> Result<(), PollError> {
        let name = &walk.target.key.source;
        warn!(source = name, "source `{name}`: its older messages cannot be read, the newer ones are: {error}");
        Ok(self.end(walk, Vec::new(), None, first, None).await?)
    }

    /// Reads and tags a page away from the other tasks: it may be megabytes. `None` where its bytes
    /// are known.
    async fn read(&self, walk: &Walk<'_>, response: Response, room: Room, known_body: Option<u64>) -> Result<Option<Reading>, PollError> {
        let (source, key, cursor) = (Arc::clone(&walk.target.source), walk.target.key.clone(), walk.stream.cursor.clone());
        let (plan, author_key, now) = (Arc::clone(&self.plan), Arc::clone(&self.author_key), self.clock.now());
        let (by_content, is_remembered) = (walk.by_content, walk.target.source.settings.kind.is_remote() || walk.target.is_list());
        let read = move || {
            let body = match &response {
                Response::Http(answer) if is_remembered => hash::of_bytes(&answer.body),
                Response::Slice(bytes) if is_remembered => hash::of_bytes(&bytes.body),
                _ => 0,
            };
            if known_body.is_some_and(|known| known == body) {
                return Ok(None);
            }
            let mut page = source.source.read(&key.shard, &cursor, &response, now)?;
            let intake = Intake::new(&plan, &author_key, &source.settings);
            let mut items: Vec<TaggedItem> = std::mem::take(&mut page.items).into_iter().map(|item| intake.prepare(item)).collect();
            let (title, hints) = (page.title.as_deref(), pace::hints(&page.rhythm));
            let outline =
                if by_content { Outline::by_content(body, title, &mut items, hints) } else { Outline::of(body, title, &items, hints) };
            Ok::<_, ReadError>(Some(Reading { page, items, outline, _room: room }))
        };
        // The semaphore is never closed. More at once than there are cores would only take more memory.
        let _turn = self.reading.acquire().await;
        let reading = tokio::task::spawn_blocking(read).await.map_err(|_| PollError::Bug)??;
        if let Some(reading) = &reading {
            self.tell_warnings(&walk.target.key.source, &reading.page.warnings);
        }
        Ok(reading)
    }

    fn tell_warnings(&self, name: &str, warnings: &[Warning]) {
        for warning in warnings.iter().take(5) {
            // A message may repeat a value from outside.
            let warning = Warning { message: redact(&warning.message), ..warning.clone() };
            warn!(source = name, code = warning.code, "source `{name}`: {warning}");
        }
        if warnings.len() > 5 {
            warn!(source = name, "source `{name}`: {} more warnings; see `uproar preview {name}`", warnings.len() - 5);
        }
        self.board.add(board::ITEMS, &[("source", name), ("kind", "rejected")], warnings.len() as f64);
    }

    /// Whether the first page is what it always was; returns whether messages were missed before it.
    fn believe(&self, walk: &mut Walk<'_>, reading: &mut Reading) -> Result<bool, PollError> {
        if !walk.target.is_list() {
            return Ok(false);
        }
        let name = &walk.target.key.source;
        match belief::judge(&walk.stream.standing, &reading.outline, self.clock.now()) {
            Belief::Good => Ok(false),
            Belief::Emptied => {
                tell_emptied(name);
                Ok(false)
            }
            Belief::Gap => {
                warn!(
                    source = name,
                    "source `{name}`: nothing of the last poll is left on its page: messages were probably missed; a shorter `every` helps"
                );
                Ok(true)
            }
            Belief::IdsChange => {
                warn!(
                    source = name,
                    "source `{name}` gives its messages other ids with every poll; they are known by their words from now on"
                );
                (walk.by_content, walk.base) = (true, true);
                let Outline { body, hints, unclosed, .. } = std::mem::take(&mut reading.outline);
                let outline = Outline::by_content(body, reading.page.title.as_deref(), &mut reading.items, hints);
                reading.outline = Outline { unclosed, ..outline };
                Ok(false)
            }
            Belief::Another => {
                warn!(source = name, "source `{name}` is another feed now; what it brings first is taken as history");
                walk.base = true;
                Ok(false)
            }
            Belief::Doubted(suspect) => Err(PollError::Doubted(suspect)),
        }
    }

    /// Whether nothing on any page is what it always was.
    fn believe_nothing(&self, walk: &Walk<'_>) -> Result<(), PollError> {
        match belief::judge(&walk.stream.standing, &Outline::default(), self.clock.now()) {
            Belief::Doubted(suspect) => Err(PollError::Doubted(suspect)),
            Belief::Emptied => {
                tell_emptied(&walk.target.key.source);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Stores the last page of a walk: mark, validators and what is remembered move with it.
    async fn end(
        &self,
        walk: &mut Walk<'_>,
        items: Vec<TaggedItem>,
        cursor: Option<Cursor>,
        first: Option<First>,
        hinted: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let validators = first.as_ref().and_then(|first| first.validators.clone());
        let standing = walk.standing_at_end(first, cursor.is_some(), self.clock.now());
        let due = self.due(walk, &standing, hinted);
        let changed = walk.changed || standing != walk.stream.standing;
        let progress = Progress::Ended {
            cursor: cursor.clone(),
            validators: validators.clone(),
            due,
            polled_at: walk.started,
            standing: changed.then(|| Box::new(standing.clone())),
        };
        self.commit(walk, items, progress).await?;
        self.board.add(board::POLLS, &[("source", &walk.target.key.source), ("result", "ok")], 1.0);
        let started = walk.started;
        let stream = &mut walk.stream;
        (stream.walk, stream.validators, stream.standing) = (None, validators.map(Box::new), standing);
        stream.cursor = cursor.filter(|cursor| cursor.0.is_some()).unwrap_or_else(|| std::mem::take(&mut stream.cursor));
        well(stream, due, started);
        Ok(())
    }

    async fn commit(&self, walk: &mut Walk<'_>, items: Vec<TaggedItem>, progress: Progress) -> Result<Committed, StoreError> {
        let commit = PageCommit {
            stream: walk.target.key.clone(),
            items,
            history: walk.base,
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
        Ok(committed)
    }

    /// The other side says that nothing has changed, or sent the same bytes again.
    async fn unchanged(&self, walk: &mut Walk<'_>, validators: Option<Validators>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut standing = std::mem::take(&mut walk.stream.standing);
        let mut changed = walk.note_address(&mut standing, now);
        changed |= backoff::went_well(&mut standing) | belief::unchanged(&mut standing, now) | std::mem::take(&mut standing.base);
        let due = self.due(walk, &standing, None);
        walk.stream.standing = standing;
        changed |= walk.changed;
        let validators = validators.filter(|new| walk.stream.validators.as_deref() != Some(new));
        let standing = changed.then(|| Box::new(walk.stream.standing.clone()));
        let note = PollNote { validators: validators.clone(), standing, ..PollNote::unchanged(due, walk.started) };
        self.store.note_poll(&walk.target.key, note).await?;
        self.board.add(board::POLLS, &[("source", &walk.target.key.source), ("result", "not_modified")], 1.0);
        walk.stream.validators = validators.map(Box::new).or_else(|| walk.stream.validators.take());
        well(&mut walk.stream, due, walk.started);
        Ok(())
    }

    /// Records an error and when to try again; returns it in words.
    async fn failed(&self, walk: &mut Walk<'_>, error: &PollError) -> Result<String, StoreError> {
        let (now, target) = (self.clock.now(), walk.target);
        let errors = walk.stream.errors.saturating_add(1);
        let retry_after = if let PollError::Fetch(error) = error { error.retry_after } else { None };
        let wait = backoff::wait(target.interval(now), errors, retry_after, target.seed());
        let mut due = now + wait;
        let mut standing = std::mem::take(&mut walk.stream.standing);
        let mut changed = walk.changed | backoff::failed(&mut standing, walk.started);
        let (mut why, name) = (error.to_string(), &target.key.source);
        match error {
            PollError::Doubted(suspect) => {
                standing.suspect = Some(suspect.clone());
                changed = true;
                due = self.due(walk, &standing, None);
            }
            // The host answers, and what it shows next may be whole.
            PollError::Cut => due = self.due(walk, &standing, None),
            PollError::Fetch(FetchError { kind: Kind::Gone, .. }) if walk.pages == 0 => {
                let gone = backoff::said_gone(&mut standing, walk.asked.as_deref().unwrap_or_default(), now);
                changed = true;
                if gone.confirmed {
                    due = now + backoff::NEVER;
                    why.push_str("; it is not asked any more until `uproar source resume` says so or it has another address");
                }
            }
            _ => {}
        }
        if address::asks_again(&standing, errors) {
            warn!(source = name, "source `{name}` does not answer where it has moved to; its configured address is asked in turn with it");
        }
        walk.stream.standing = standing;
        self.board.add(board::POLLS, &[("source", name), ("result", "error")], 1.0);
        let standing = changed.then(|| Box::new(walk.stream.standing.clone()));
        let note = PollNote { standing, ..PollNote::failed(why.clone(), due, walk.started) };
        self.store.note_poll(&target.key, note).await?;
        // The first error and every tenth are told, and the last of all; `status` has the newest.
        if (errors - 1).is_multiple_of(10) || due - now >= backoff::NEVER {
            warn!(source = name, errors, "source `{name}`: {why}; next try at {}", due.format("%F %T UTC"));
        } else {
            debug!(source = name, errors, "source `{name}`: {why}");
        }
        let stream = &mut walk.stream;
        (stream.errors, stream.error, stream.due, stream.asked) = (errors, Some(why.clone()), Some(due), None);
        Ok(why)
    }

    /// When to poll next after a good poll. It grows from when this one was due, so that slow polls do
    /// not drift; one that came much too late begins anew.
    fn due(&self, walk: &Walk<'_>, standing: &Standing, hinted: Option<Timestamp>) -> Timestamp {
        let (now, settings) = (self.clock.now(), &walk.target.source.settings);
        let slack = walk.target.interval(now) / 2;
        let last = walk.stream.due.filter(|due| *due <= walk.started && walk.started - *due < slack).unwrap_or(walk.started);
        let due = match &settings.schedule {
            Schedule::Every(interval) if !settings.own_pace && settings.kind.is_remote() => {
                let nothing = Hints::default();
                let hints = standing.page.as_ref().map_or(&nothing, |page| &page.hints);
                let every = Schedule::Every(pace::lengthened(*interval, walk.aside.fresh_for, hints));
                pace::outside(every.next(Some(last), now, walk.target.seed()), now, hints)
            }
            schedule => schedule.next(Some(last), now, walk.target.seed()),
        };
        hinted.map_or(due, |hinted| due.min(hinted.max(now)))
    }
}

/// Whether a host is only left alone for what another of its sources was told, and not for long.
fn is_short_pause(error: &FetchError, interval: TimeDelta) -> bool {
    error.kind == Kind::Held && error.retry_after.is_some_and(|left| left < interval)
}

/// Whether asking for the same page again is no use. Of an older page, which a reader can do without,
/// more is.
fn is_final(error: &PollError, is_older: bool) -> bool {
    match error {
        PollError::Fetch(error) => match error.kind {
            Kind::NotFound | Kind::Gone => true,
            Kind::Denied | Kind::Robots | Kind::Refused | Kind::TooLarge | Kind::Status(400..=499) => is_older,
            _ => false,
        },
        PollError::Read(_) | PollError::Bug => is_older,
        _ => false,
    }
}

fn tell_emptied(name: &str) {
    warn!(source = name, "source `{name}` used to have messages and is empty again and again; that is believed now");
}

/// A stream after a good poll, as the store has it.
fn well(stream: &mut Stream, due: Timestamp, started: Timestamp) {
    (stream.due, stream.complete_to, stream.history_done) = (Some(due), stream.complete_to.max(Some(started)), true);
    (stream.errors, stream.error, stream.asked) = (0, None, None);
}

fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

/// Why an answer is not believed, for people.
fn doubt(suspect: &Suspect) -> &'static str {
    match suspect.why {
        Doubt::Empty => "suspect: it used to have messages and is empty now; that is believed after three polls in a row or a day",
        Doubt::AnotherFeed => {
            "suspect: everything in it is new and its title is another, as if another feed stood at its address; that is believed \
             after three polls in a row or a day"
        }
    }
}

#[cfg(test)]
mod tests;
