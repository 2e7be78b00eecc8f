//! The store as polls see it: whoever has nothing more to ask frees its place before it is noted.
//!
//! "Unchanged" and errors are small writes, each of which would wait for the disk. They are handed
//! to the store together, a few times a second, so that one sync serves all of them; and a poll that
//! only waits for that holds neither a slot nor its host.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::Timestamp;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest;
use crate::domain::ports::Labelled;
use crate::domain::ports::Labelling;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredFields;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::WantedIds;
use crate::domain::ports::Wish;
use crate::domain::ports::Wishes;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessages;

/// Notes wait for each other at most so long.
const GATHER: Duration = Duration::from_millis(50);

/// Which polls have nothing more to ask and are being noted.
#[derive(Debug, Default)]
pub(super) struct Noting {
    /// Not yet taken by [`Noting::left`].
    left: Mutex<Vec<StreamKey>>,
    under_way: Mutex<HashSet<StreamKey>>,
    woken: Notify,
}

impl Noting {
    /// Waits until polls have nothing more to ask, and names them once.
    pub(super) async fn left(&self) -> Vec<StreamKey> {
        loop {
            let woken = self.woken.notified();
            let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
            if !left.is_empty() {
                return left;
            }
            woken.await;
        }
    }

    /// Whether the poll of a stream is being noted.
    pub(super) fn is_under_way(&self, key: &StreamKey) -> bool {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn begin(&self, key: &StreamKey) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
        self.woken.notify_one();
    }

    fn end(&self, key: &StreamKey) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// A store whose notes of polls go together.
#[derive(Clone)]
pub(super) struct Notebook<S> {
    store: S,
    noting: Arc<Noting>,
    began: Instant,
    stop: CancellationToken,
}

impl<S> Notebook<S> {
    /// A notebook before a store. When `stop` is cancelled nothing waits for others any more.
    pub(super) fn new(store: S, noting: Arc<Noting>, stop: CancellationToken) -> Self {
        Self { store, noting, began: Instant::now(), stop }
    }

    /// Until the next moment at which notes are handed on.
    async fn gather(&self) {
        let over = Duration::from_millis((self.began.elapsed().as_millis() % GATHER.as_millis()) as u64);
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(GATHER.saturating_sub(over)) => {}
        }
    }
}

impl<S: Ingest + Sync> Ingest for Notebook<S> {
    async fn note_poll(&self, key: &StreamKey, note: PollNote) -> Result<(), StoreError> {
        self.noting.begin(key);
        self.gather().await;
        let noted = self.store.note_poll(key, note).await;
        self.noting.end(key);
        noted
    }

    async fn stream(&self, key: &StreamKey) -> Result<Stream, StoreError> {
        self.store.stream(key).await
    }

    async fn streams(&self) -> Result<Vec<(StreamKey, Stream)>, StoreError> {
        self.store.streams().await
    }

    async fn streams_in_brief(&self, sources: Vec<String>) -> Result<HashMap<StreamKey, Stream>, StoreError> {
        self.store.streams_in_brief(sources).await
    }

    async fn commit_page(&self, page: PageCommit) -> Result<Committed, StoreError> {
        self.store.commit_page(page).await
    }

    async fn stored_ids(&self, wanted: WantedIds) -> Result<Vec<String>, StoreError> {
        self.store.stored_ids(wanted).await
    }

    async fn ruleset(&self) -> Result<Option<Ruleset>, StoreError> {
        self.store.ruleset().await
    }

    async fn begin_rules(&self, rules: String, themes: BTreeMap<String, String>, now: Timestamp) -> Result<Ruleset, StoreError> {
        self.store.begin_rules(rules, themes, now).await
    }

    async fn messages_after(&self, item: i64, limit: u32, bytes: usize) -> Result<StoredMessages, StoreError> {
        self.store.messages_after(item, limit, bytes).await
    }

    async fn commit_retagged(&self, page: Retagged) -> Result<(), StoreError> {
        self.store.commit_retagged(page).await
    }

    async fn labelling(&self) -> Result<Option<Labelling>, StoreError> {
        self.store.labelling().await
    }

    async fn fields_after(&self, item: i64, limit: u32) -> Result<Vec<StoredFields>, StoreError> {
        self.store.fields_after(item, limit).await
    }

    async fn commit_labelled(&self, page: Labelled) -> Result<(), StoreError> {
        self.store.commit_labelled(page).await
    }

    async fn wish(&self, key: &StreamKey, wish: Wish, now: Timestamp) -> Result<(), StoreError> {
        self.store.wish(key, wish, now).await
    }

    async fn wishes(&self) -> Result<BTreeMap<StreamKey, Wishes>, StoreError> {
        self.store.wishes().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Shard;
    use crate::store::sqlite::Sqlite;

    #[tokio::test]
    async fn a_poll_that_is_being_noted_says_so_and_on_a_stop_it_waits_for_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let (noting, stop) = (Arc::new(Noting::default()), CancellationToken::new());
        let book = Notebook::new(store.clone(), Arc::clone(&noting), stop.clone());
        let key = StreamKey { source: "a".to_owned(), shard: Shard::whole() };
        let at = Timestamp::from_timestamp(1_790_000_000, 0).unwrap();
        let note = book.note_poll(&key, PollNote::unchanged(at, at));
        let watch = async {
            assert_eq!(noting.left().await, std::slice::from_ref(&key));
            assert!(noting.is_under_way(&key));
            assert_eq!(store.stream(&key).await.unwrap().due, None);
            stop.cancel();
        };
        let (noted, ()) = tokio::join!(note, watch);
        noted.unwrap();
        assert!(!noting.is_under_way(&key));
        assert_eq!(store.stream(&key).await.unwrap().due, Some(at));
    }
}
