//! What of a poll is stored: that it begins otherwise, and how it ends: well, with nothing new, or with an error; what is stored of it, and when the next
//! one is due.

use tracing::debug;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Validators;
use crate::domain::item::Cursor;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::Start;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::TaggedItem;
use crate::domain::standing::Hints;
use crate::domain::standing::Standing;
use crate::engine::poller::BRIEF;
use crate::engine::poller::PollError;
use crate::engine::poller::Poller;
use crate::engine::poller::target::usual_delay;
use crate::engine::poller::walk::First;
use crate::engine::poller::walk::Walk;
use crate::engine::poller::whole_millis;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::polling::address;
use crate::polling::backoff;
use crate::polling::belief;
use crate::polling::pace;
use crate::schedule;
use crate::schedule::Schedule;
use crate::web::board;

impl<S: Ingest> Poller<S> {
    /// Stores at once, before anything is asked, that a poll begins in another way than the one before.
    pub(super) async fn begins_otherwise(&self, walk: &Walk<'_>, start: Start) -> Result<(), StoreError> {
        let name = &walk.target.key.source;
        if start == Start::Anew && walk.target.source.settings.kind.service().is_some() {
            warn!(
                source = name,
                "source `{name}` reads something else than before: it is read from its start, as history, and messages with the same ids are \
                 taken for the same ones; where it is another desk or app, another `name` keeps the two apart"
            );
        }
        self.store.note_poll(&walk.target.key, PollNote::start(start, walk.stream.standing.clone(), walk.started)).await
    }

    /// Stores the last page of a walk: mark, validators and what is remembered move with it.
    pub(super) async fn end(
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

    /// Ends a walk whose older pages cannot be had, as one that the limit of pages ends: what they hold
    /// is history, and must not keep people from what is new.
    pub(super) async fn end_without_older(&self, walk: &mut Walk<'_>, first: Option<First>, error: &PollError) -> Result<(), PollError> {
        let name = &walk.target.key.source;
        warn!(source = name, "source `{name}`: its older messages cannot be read, the newer ones are: {error}");
        Ok(self.end(walk, Vec::new(), None, first, None).await?)
    }

    pub(super) async fn commit(&self, walk: &mut Walk<'_>, items: Vec<TaggedItem>, progress: Progress) -> Result<Committed, StoreError> {
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
    pub(super) async fn unchanged(&self, walk: &mut Walk<'_>, validators: Option<Validators>) -> Result<(), StoreError> {
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

    pub(super) fn succeeded(&self, walk: &Walk<'_>, errors: u32) {
        let source = walk.target.key.source.as_str();
        self.board.set(board::LAST_SUCCESS, &[("source", source)], walk.started.timestamp() as f64);
        let newest = if walk.committed.new > 0 { Some(walk.started) } else { walk.stream.last_new };
        self.board.raise(board::NEWEST_ITEM, &[("source", source)], newest.map_or(0.0, |newest| newest.timestamp() as f64));
        if errors > 0 {
            info!(source, "source `{source}` works again after {errors} errors");
        }
        self.diary.note(source, walk.committed);
    }

    /// Records an error and when to try again; returns it in words.
    pub(super) async fn failed(&self, walk: &mut Walk<'_>, error: &PollError) -> Result<String, StoreError> {
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
        let never = schedule::is_never(due, now);
        if (errors - 1).is_multiple_of(10) || never {
            let next = if never { String::new() } else { format!("; next try at {}", due.format("%F %T UTC")) };
            warn!(source = name, errors, "source `{name}`: {why}{next}");
        } else {
            debug!(source = name, errors, "source `{name}`: {why}");
        }
        let stream = &mut walk.stream;
        (stream.errors, stream.error, stream.due, stream.asked) = (errors, Some(why.clone()), Some(due), None);
        Ok(why)
    }

    /// Nothing was asked, for the host wants to be left alone: nothing failed, and what is stored of the
    /// stream stays but for when it is due. Returns why, in words.
    pub(super) async fn put_off(&self, walk: &mut Walk<'_>, held: FetchError) -> Result<String, StoreError> {
        let (key, why) = (&walk.target.key, held.message);
        let now = self.clock.now();
        let left = held.retry_after.unwrap_or_else(|| walk.target.interval(now).min(BRIEF));
        let due = whole_millis(now + backoff::put_off(left, walk.target.seed()));
        self.store.note_poll(key, PollNote::put_off(due, walk.started)).await?;
        debug!(source = key.source, "source `{}` is put off: {why}", key.source);
        walk.stream = self.store.stream(key).await?;
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

/// A stream after a good poll, as the store has it.
fn well(stream: &mut Stream, due: Timestamp, started: Timestamp) {
    (stream.due, stream.complete_to, stream.history_done) = (Some(due), stream.complete_to.max(Some(started)), true);
    (stream.errors, stream.error, stream.asked) = (0, None, None);
}
