//! Folders in which something happened: their streams are polled at once, not at their next time.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::Notify;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::http::Watched;
use crate::domain::item::Cursor;
use crate::engine::poller::Target;
use crate::engine::rounds::Rounds;
use crate::fetch::watch;

/// What the kernel told, heard beside the polls.
#[derive(Default)]
pub(super) struct Noticed {
    streams: Mutex<BTreeSet<usize>>,
    woken: Notify,
}

impl Noticed {
    /// Listens for what happens in the folders of streams. Never ends.
    pub(super) async fn listen(&self, targets: &[Target]) {
        let folders: Vec<(usize, Watched)> = targets.iter().enumerate().filter_map(|(at, target)| Some((at, folder(target)?))).collect();
        if !folders.is_empty() {
            let ended = watch::changes(&folders, |changed| {
                self.streams.lock().unwrap_or_else(PoisonError::into_inner).extend(changed);
                self.woken.notify_one();
            });
            if let Err(error) = ended.await {
                warn!("the kernel does not tell what happens in folders ({error}); they are looked through at their times only");
            }
        }
        std::future::pending::<()>().await;
    }

    pub(super) async fn news(&self) -> BTreeSet<usize> {
        loop {
            let woken = self.woken.notified();
            let streams = std::mem::take(&mut *self.streams.lock().unwrap_or_else(PoisonError::into_inner));
            if !streams.is_empty() {
                return streams;
            }
            woken.await;
        }
    }
}

/// The folder that a stream looks through, if it does.
fn folder(target: &Target) -> Option<Watched> {
    if target.source.settings.kind.is_remote() {
        return None;
    }
    let first = target.source.source.first(&target.key.shard, &Cursor::default(), Timestamp::default());
    if let Request::Folder(watched) = first { Some(watched) } else { None }
}

impl Rounds<'_> {
    /// Polls streams at once in whose folders something happened; those that are being polled once more
    /// when that has ended, for they may have looked before.
    pub(super) fn notice(&mut self, streams: &BTreeSet<usize>) {
        let now = self.parts.clock.now();
        for stream in streams {
            if self.began.contains_key(stream) {
                self.noticed.insert(*stream);
            } else {
                self.rota.hurry(*stream, now);
            }
        }
    }
}
