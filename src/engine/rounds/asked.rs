//! What people want of streams: to leave one alone, to go on with it, to poll it at once.
//!
//! It is looked at every second, and read only when somebody else has written.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::error;

use crate::domain::ports::Ingest as _;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wishes;
use crate::engine::rounds::Rounds;
use crate::store::sqlite::Sqlite;

/// People who ask for a poll see it begin within this time.
const WISHES: Duration = Duration::from_secs(1);

/// What people want, read beside the polls.
#[derive(Default)]
pub(super) struct Asked {
    news: Mutex<Option<BTreeMap<StreamKey, Wishes>>>,
    woken: Notify,
}

impl Asked {
    /// Reads what people want, once and then whenever somebody else has written. Never ends.
    pub(super) async fn listen(&self, store: &Sqlite) {
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

    pub(super) async fn news(&self) -> BTreeMap<StreamKey, Wishes> {
        loop {
            let woken = self.woken.notified();
            if let Some(news) = self.news.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return news;
            }
            woken.await;
        }
    }
}

impl Rounds<'_> {
    pub(super) fn hear(&mut self, wishes: &BTreeMap<StreamKey, Wishes>) {
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
}
