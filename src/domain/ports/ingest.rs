//! Storing what was read, with its tags and labels.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::future::Future;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::ports::Labelled;
use crate::domain::ports::Labelling;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredFields;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::domain::ports::Wishes;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessages;
use crate::domain::theme::Tag;
use crate::domain::voice::Likeness;

/// Storing what was read.
pub trait Ingest: Send + Sync {
    /// Where a stream stands; a default one when it was never read.
    fn stream(&self, key: &StreamKey) -> impl Future<Output = Result<Stream, StoreError>> + Send;

    /// Where every stream stands that was ever read.
    fn streams(&self) -> impl Future<Output = Result<Vec<(StreamKey, Stream)>, StoreError>> + Send;

    /// The same of some sources, without what only the next poll needs: cursors, walks, validators and
    /// pages.
    fn streams_in_brief(&self, sources: Vec<String>) -> impl Future<Output = Result<HashMap<StreamKey, Stream>, StoreError>> + Send;

    /// Stores items, tags, counters and the stream's progress together or not at all.
    fn commit_page(&self, page: PageCommit) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Ids of stored messages that were not taken back, in order of their ids.
    fn stored_ids(&self, wanted: WantedIds) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Which rules the stored tags are from; `None` when nobody ever said.
    fn ruleset(&self) -> impl Future<Output = Result<Option<Ruleset>, StoreError>> + Send;

    /// Notes that messages are tagged with these rules from now on, so that nothing is said of a
    /// theme while its history is half old and half new. `themes` are the fingerprints of each.
    fn begin_rules(
        &self,
        rules: String,
        themes: BTreeMap<String, String>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Ruleset, StoreError>> + Send;

    /// Stored messages from the one after `item` on: at most `limit`, and no further one after
    /// `bytes` of text. Those that the source took back are left out.
    fn messages_after(&self, item: i64, limit: u32, bytes: usize) -> impl Future<Output = Result<StoredMessages, StoreError>> + Send;

    /// Replaces tags and moves the counters, together or not at all. It is history: in [`Counters`](crate::domain::ports::Counters)
    /// what moved lately does not testify. [`StoreError::Stale`] where it does not go on from
    /// where the last page ended, under the same rules.
    fn commit_retagged(&self, page: Retagged) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Which labels stored items have; `None` when nobody ever said.
    fn labelling(&self) -> impl Future<Output = Result<Option<Labelling>, StoreError>> + Send;

    /// What labels are made from, of the items after `item`.
    fn fields_after(&self, item: i64, limit: u32) -> impl Future<Output = Result<Vec<StoredFields>, StoreError>> + Send;

    /// Adds labels and moves the counters, together or not at all. It is history: it never alerts.
    /// Segments of labels that are being built are not shown in [`Counters`](crate::domain::ports::Counters).
    fn commit_labelled(&self, page: Labelled) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A poll ended without a page.
    fn note_poll(&self, key: &StreamKey, note: PollNote) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What a person wants of a stream. It need not have been read yet.
    fn wish(&self, key: &StreamKey, wish: Wish, now: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The streams of which people want something.
    fn wishes(&self) -> impl Future<Output = Result<BTreeMap<StreamKey, Wishes>, StoreError>> + Send;
}

/// Which ids are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedIds {
    /// Of this source.
    pub source: String,
    /// Of messages published from then on; where that is not known, first seen.
    pub since: Option<Timestamp>,
    /// Only of messages that were first seen from then on.
    pub seen_since: Option<Timestamp>,
    /// Only those that begin so.
    pub prefix: String,
    /// Only of messages with this field at this value.
    pub field: Option<(String, String)>,
    /// Only those after this one.
    pub after: String,
    /// At most so many.
    pub limit: usize,
}

/// A page to commit: everything in it, or nothing.
#[derive(Debug, Clone)]
pub struct PageCommit {
    /// Whose page.
    pub stream: StreamKey,
    /// Its items.
    pub items: Vec<TaggedItem>,
    /// History builds what is usual and never alerts.
    pub history: bool,
    /// Items that come later than this after their publication are history too, in seconds.
    pub usual_delay: i64,
    /// How the stream moves on.
    pub progress: Progress,
    /// When the page was read.
    pub now: Timestamp,
}

/// An item with all that is needed to store and count it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaggedItem {
    /// As read.
    pub item: Item,
    /// Its themes.
    pub tags: Vec<Tag>,
    /// Keyed hash of the author.
    pub author_hash: Option<String>,
    /// What finds the messages that it may be a copy of; `None` makes it a voice of its own.
    pub voice_key: Option<Likeness>,
    /// Labels that segments are made of.
    pub labels: BTreeMap<String, String>,
    /// Hash of what was read: another one for the same id is an edit.
    pub hash: u64,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Items never seen before.
    pub new: u64,
    /// Known items with other content.
    pub edited: u64,
    /// Known items, unchanged.
    pub known: u64,
    /// Items that the source took back.
    pub gone: u64,
    /// Among `new`: history that can't alert.
    pub late: u64,
}

impl std::ops::AddAssign for Committed {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.edited += other.edited;
        self.known += other.known;
        self.gone += other.gone;
        self.late += other.late;
    }
}
