//! Stored messages that are looked at again now and then, because their service does not tell when it
//! changes or deletes them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use tracing::debug;

use crate::domain::ports::Ingest;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::domain::ports::WantedIds;
use crate::engine::poller::PollError;
use crate::engine::poller::Poller;
use crate::engine::poller::walk::Walk;
use crate::sources::Recheck;

/// How far the look at each stream's messages has come. After a restart it begins anew.
#[derive(Debug, Default)]
pub(super) struct Rechecks {
    after: Mutex<HashMap<StreamKey, String>>,
}

impl Rechecks {
    fn after(&self, key: &StreamKey) -> Option<String> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn set(&self, key: &StreamKey, after: Option<String>) {
        let mut all = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        match after {
            Some(after) => all.insert(key.clone(), after),
            None => all.remove(key),
        };
    }
}

impl<S: Ingest> Poller<S> {
    /// Goes on with the look at stored messages, where it is time for one. A look that fails is made
    /// again at the next poll, and costs this one nothing.
    pub(super) async fn look_again(&self, walk: &mut Walk<'_>) {
        let Some(recheck) = walk.target.source.source.recheck().cloned() else { return };
        let is_under_way = self.rechecks.after(&walk.target.key).is_some();
        let outcome = match walk.stream.standing.rechecked {
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
        let mut after = self.rechecks.after(key).unwrap_or_default();
        for _ in 0..recheck.requests {
            let wanted = WantedIds {
                source: key.source.clone(),
                since: recheck.within.map(|within| walk.started - within),
                field: recheck.field.clone(),
                after: after.clone(),
                limit: recheck.batch,
                ..WantedIds::default()
            };
            let ids = self.store.stored_ids(wanted).await?;
            let Some(last) = ids.last().cloned() else {
                self.rechecks.set(key, None);
                return Ok(self.note_look(walk).await?);
            };
            let request = walk.target.source.source.ask_again(&ids);
            let reading = self.step(walk, &request, true).await?.reading;
            if let Some(reading) = reading {
                self.commit(walk, reading.items, Progress::None).await?;
            }
            after = last;
            self.rechecks.set(key, Some(after.clone()));
        }
        Ok(())
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
