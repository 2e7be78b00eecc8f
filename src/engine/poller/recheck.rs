//! Stored messages that are looked at again now and then, because their service does not tell when it
//! changes or deletes them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use tracing::debug;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::ports::Ingest;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::WantedIds;
use crate::engine::poller::PollError;
use crate::engine::poller::Poller;
use crate::engine::poller::is_final;
use crate::engine::poller::walk::Walk;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::sources::Recheck;

/// As often the same messages are asked for in vain before the others get their turn: where the service
/// refuses them ...
const FINAL_TRIES: u32 = 3;
/// ... and where it is out of order, or what it says is not believed.
const TRIES: u32 = 24;

/// How far the look at each source's messages has come. It goes over all of the source, whichever of its
/// streams goes on with it: a message does not say which one brought it. After a restart it begins anew.
#[derive(Debug, Default)]
pub(super) struct Rechecks {
    sources: Mutex<HashMap<String, Look>>,
}

/// A look over the messages of a source.
#[derive(Debug, Clone, Default)]
struct Look {
    /// The last id that was looked at, while the look is under way.
    after: Option<String>,
    /// Errors in a row at the same place.
    errors: u32,
    /// When the last one was whole.
    done: Option<Timestamp>,
}

impl Rechecks {
    fn look(&self, source: &str) -> Look {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned().unwrap_or_default()
    }

    fn has_come_to(&self, source: &str, id: String) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let look = sources.entry(source.to_owned()).or_default();
        (look.after, look.errors) = (Some(id), 0);
    }

    /// Notes an error; returns how many there were in a row.
    fn has_failed(&self, source: &str) -> u32 {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let look = sources.entry(source.to_owned()).or_default();
        look.errors += 1;
        look.errors
    }

    fn is_whole(&self, source: &str, now: Timestamp) {
        let look = Look { done: Some(now), ..Look::default() };
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned(), look);
    }
}

impl<S: Ingest> Poller<S> {
    /// Goes on with the look at stored messages, where it is time for one. A look that fails is made
    /// again at the next poll, and costs this one nothing.
    pub(super) async fn look_again(&self, walk: &mut Walk<'_>) {
        let Some(recheck) = walk.target.source.source.recheck().cloned() else { return };
        let look = self.rechecks.look(&walk.target.key.source);
        let is_under_way = look.after.is_some();
        let outcome = match walk.stream.standing.rechecked.max(look.done) {
            // What has just been read for the first time is as it stands there.
            None if !is_under_way => self.note_look(walk).await.map_err(PollError::from),
            Some(last) if !is_under_way && walk.started - last < recheck.every => return,
            _ => self.look_at_some(walk, &recheck).await,
        };
        if let Err(error) = outcome {
            let name = &walk.target.key.source;
            debug!(source = name, "source `{name}`: stored messages could not be looked at again yet: {error}");
        }
    }

    async fn look_at_some(&self, walk: &mut Walk<'_>, recheck: &Recheck) -> Result<(), PollError> {
        let key = &walk.target.key;
        let mut after = self.rechecks.look(&key.source).after.unwrap_or_default();
        for _ in 0..recheck.requests {
            let wanted = WantedIds {
                source: key.source.clone(),
                since: recheck.within.map(|within| walk.started - within),
                // What another service of this name had is not known to this one.
                seen_since: walk.stream.standing.begun,
                field: recheck.field.clone(),
                after: after.clone(),
                limit: recheck.batch,
                ..WantedIds::default()
            };
            let ids = self.store.stored_ids(wanted).await?;
            let Some(last) = ids.last().cloned() else {
                self.rechecks.is_whole(&key.source, walk.started);
                return Ok(self.note_look(walk).await?);
            };
            let request = walk.target.source.source.ask_again(&ids);
            let reading = match self.step(walk, &request, true).await {
                Ok(step) => step.reading,
                Err(error) if self.is_left_out(&key.source, &error) => {
                    let name = &key.source;
                    warn!(
                        source = name,
                        "source `{name}`: {} stored messages cannot be looked at again, the others are: {error}",
                        ids.len()
                    );
                    None
                }
                Err(error) => return Err(error),
            };
            if let Some(reading) = reading {
                self.commit(walk, reading.items, Progress::None).await?;
            }
            after = last;
            self.rechecks.has_come_to(&key.source, after.clone());
        }
        Ok(())
    }

    /// Whether messages that cannot be asked for again are left out this time, so that the ones behind them
    /// get their turn.
    fn is_left_out(&self, source: &str, error: &PollError) -> bool {
        let is_ours = matches!(error, PollError::Store(_) | PollError::Fetch(FetchError { kind: Kind::Held | Kind::Busy, .. }));
        let is_refused = matches!(error, PollError::Fetch(_)) && is_final(error, true);
        let most = if is_refused { FINAL_TRIES } else { TRIES };
        !is_ours && self.rechecks.has_failed(source) >= most
    }

    /// All stored messages were looked at.
    async fn note_look(&self, walk: &mut Walk<'_>) -> Result<(), StoreError> {
        let mut standing = walk.stream.standing.clone();
        standing.rechecked = Some(walk.started);
        let due = walk.stream.due.unwrap_or(walk.started);
        let note = PollNote { standing: Some(Box::new(standing.clone())), ..PollNote::unchanged(due, walk.started) };
        self.store.note_poll(&walk.target.key, note).await?;
        walk.stream.standing = standing;
        Ok(())
    }
}
