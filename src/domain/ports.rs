//! The verbs of the store as small traits: what the engine and the pages may ask of a database.
//!
//! They name no database. `store` implements them; the contract tests under `tests/it/contract`
//! say what every implementation promises.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::ops::Range;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::http::Request;
use crate::domain::http::Validators;
use crate::domain::incident::Incident;
use crate::domain::incident::Segment;
use crate::domain::incident::Transition;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Shard;
use crate::domain::matcher::Silence;
use crate::domain::measure::Measure;
use crate::domain::notice::Facts;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::remark::Labels;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkChange;
use crate::domain::remark::RemarkKind;
use crate::domain::review::Review;
use crate::domain::review::ReviewedItem;
use crate::domain::ruleset::Moved;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessages;
use crate::domain::standing::Standing;
use crate::domain::theme::Tag;
use crate::domain::voice::Likeness;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed it first: read again.
    #[error("changed by somebody else in the meantime")]
    Stale,
    /// Too busy for now.
    #[error("the database is busy; try again")]
    Busy,
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// The database itself failed.
    #[error("the database failed: {0}")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

/// One polled thing: a source's shard.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    /// Name of the source.
    pub source: String,
    /// Part of it.
    pub shard: Shard,
}

/// Where reading a stream stands, and how it fares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    /// Where the next poll starts.
    pub cursor: Cursor,
    /// The page to go on with, when a walk was cut.
    pub walk: Option<Box<Request>>,
    /// What the server wants to see again.
    pub validators: Option<Box<Validators>>,
    /// When to poll next.
    pub due: Option<Timestamp>,
    /// The first walk has ended: from here on, what is new is news.
    pub history_done: bool,
    /// Start of the last poll that went well to its end.
    pub complete_to: Option<Timestamp>,
    /// When something new last came.
    pub last_new: Option<Timestamp>,
    /// Errors in a row.
    pub errors: u32,
    /// The last error, until a poll goes well.
    pub error: Option<String>,
    /// Delay within which nearly all of its messages come, beyond the waiting for a poll; learnt.
    pub usual_delay: Option<TimeDelta>,
    /// Delay within which all but stragglers come.
    pub longest_delay: Option<TimeDelta>,
    /// Messages a day that were news, to weigh streams against each other.
    pub news_per_day: f64,
    /// The newest publication among its messages.
    pub newest: Option<Timestamp>,
    /// A person wants it left alone since then.
    pub paused: Option<Timestamp>,
    /// A person asked at this time that it be polled at once; until it was.
    pub asked: Option<Timestamp>,
    /// What else is remembered from poll to poll.
    pub standing: Standing,
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

/// How a stream moves on with a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// More pages follow: only the walk moves.
    Walking {
        /// The page to ask for next.
        next: Request,
    },
    /// The walk has ended: mark and validators move.
    Ended {
        /// New mark; `None` keeps the old one.
        cursor: Option<Cursor>,
        /// New validators; `None` forgets the old ones.
        validators: Option<Validators>,
        /// When to poll next.
        due: Timestamp,
        /// Start of the poll that ends here.
        polled_at: Timestamp,
        /// What is remembered from now on; `None` leaves it as it is.
        standing: Option<Box<Standing>>,
    },
    /// Nothing moves: an import, a pushed item.
    None,
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

/// Which labels the stored items have segments for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelling {
    /// Labels that all items have: a key, or `key@source=value` for one that a source gives to all
    /// of its messages.
    pub built: BTreeSet<String>,
    /// Labels that items are being given.
    pub building: BTreeSet<String>,
    /// Number of the last item that has them.
    pub done_to: i64,
}

/// What the labels of a stored item are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFields {
    /// Number of the item.
    pub item: i64,
    /// Name of its source.
    pub source: String,
    /// Language.
    pub lang: Option<String>,
    /// What else the source gave.
    pub fields: BTreeMap<String, String>,
}

/// A page of items that are given labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Numbers of items with the labels they should have. What one has already stays as it is.
    pub items: Vec<(i64, BTreeMap<String, String>)>,
    /// How far it has come with them.
    pub labelling: Labelling,
}

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

    /// Replaces tags and moves the counters, together or not at all. It is history: in [`Counters`]
    /// what moved lately does not testify. [`StoreError::Stale`] where it does not go on from
    /// where the last page ended, under the same rules.
    fn commit_retagged(&self, page: Retagged) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Which labels stored items have; `None` when nobody ever said.
    fn labelling(&self) -> impl Future<Output = Result<Option<Labelling>, StoreError>> + Send;

    /// What labels are made from, of the items after `item`.
    fn fields_after(&self, item: i64, limit: u32) -> impl Future<Output = Result<Vec<StoredFields>, StoreError>> + Send;

    /// Adds labels and moves the counters, together or not at all. It is history: it never alerts.
    /// Segments of labels that are being built are not shown in [`Counters`].
    fn commit_labelled(&self, page: Labelled) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A poll ended without a page.
    fn note_poll(&self, key: &StreamKey, note: PollNote) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What a person wants of a stream. It need not have been read yet.
    fn wish(&self, key: &StreamKey, wish: Wish, now: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The streams of which people want something.
    fn wishes(&self) -> impl Future<Output = Result<BTreeMap<StreamKey, Wishes>, StoreError>> + Send;
}

/// What a person wants of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Leave it alone until somebody resumes it.
    Pause,
    /// Go on, also with what said that it is gone for good; at once.
    Resume,
    /// Poll it at once, once, also while it is paused.
    Poll,
}

/// What people want of a stream now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Left alone since.
    pub paused: Option<Timestamp>,
    /// To be polled at once, asked for at this time.
    pub asked: Option<Timestamp>,
}

/// How a poll ended that brought no page.
#[derive(Debug, Clone, PartialEq)]
pub struct PollNote {
    /// Why it failed; `None` for "unchanged".
    pub error: Option<String>,
    /// Nothing was asked, so nothing but `due` moves; who asked for the poll goes on asking.
    pub put_off: bool,
    /// Validators that replace the stored ones; `None` keeps those.
    pub validators: Option<Validators>,
    /// When to poll next.
    pub due: Timestamp,
    /// Start of the poll.
    pub polled_at: Timestamp,
    /// What is remembered from now on; `None` leaves it as it is.
    pub standing: Option<Box<Standing>>,
}

impl PollNote {
    /// Nothing has changed since the last poll.
    #[must_use]
    pub fn unchanged(due: Timestamp, polled_at: Timestamp) -> Self {
        Self { error: None, put_off: false, validators: None, due, polled_at, standing: None }
    }

    /// The poll failed.
    pub fn failed(why: impl Into<String>, due: Timestamp, polled_at: Timestamp) -> Self {
        Self { error: Some(why.into()), ..Self::unchanged(due, polled_at) }
    }

    /// The poll was not made, for its host wants to be left alone until then.
    #[must_use]
    pub fn put_off(due: Timestamp, polled_at: Timestamp) -> Self {
        Self { put_off: true, ..Self::unchanged(due, polled_at) }
    }
}

/// One counter of a quarter. Segments, sources and themes are numbers that [`Counters`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// When.
    pub quarter: Quarter,
    /// Number of the segment.
    pub segment: i64,
    /// Number of the source.
    pub source: i64,
    /// Number of the theme; 0 counts all messages.
    pub theme: i64,
    /// Voices.
    pub voices: i64,
    /// History among them.
    pub late: i64,
}

/// One counter of ratings of a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatedCell {
    /// When.
    pub quarter: Quarter,
    /// Number of the segment.
    pub segment: i64,
    /// Number of the source.
    pub source: i64,
    /// Best value of the scale: 5, 10, or 1 for good and bad.
    pub scale: i64,
    /// They came as history.
    pub late: bool,
    /// Ratings, one a voice.
    pub count: i64,
    /// Their sum in hundredths.
    pub sum: i64,
    /// Sum of their squares in ten-thousandths.
    pub square: i64,
    /// Those at the low end: one star, detractors.
    pub low: i64,
    /// Those at the high end: the two best steps, promoters.
    pub top: i64,
}

/// Counters of a range of quarters.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Every segment there is, but for those that are still being built.
    pub segments: BTreeMap<i64, Segment>,
    /// Every source there is.
    pub sources: BTreeMap<i64, String>,
    /// Every theme there is.
    pub themes: BTreeMap<i64, String>,
    /// The counters, in order of their quarters.
    pub cells: Vec<Cell>,
    /// The counters of ratings, in order of their quarters.
    pub rated: Vec<RatedCell>,
    /// Themes of which history has moved by a change of rules. Their complaints of the weeks before
    /// are shown as history in `cells`: nothing alarms by itself because a rule has changed.
    pub moved: BTreeMap<i64, Moved>,
}

/// What changed in a source's counters since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Name of the source.
    pub source: String,
    /// First changed quarter.
    pub from: Quarter,
    /// First quarter in which something arrived that may alert.
    pub judge_from: Option<Quarter>,
    /// Handed back when it was worked off; a later change has a higher one and stays.
    pub version: i64,
}

/// A learnt state of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Everything before this moment is learnt.
    pub as_of: Timestamp,
    /// The detector's state.
    pub blob: String,
}

/// One change of an incident with what it makes people hear.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The incident after the change.
    pub incident: Incident,
    /// The version it had before; `None` for a new one.
    pub seen: Option<u64>,
    /// For the record.
    pub transition: Transition,
    /// Notices for recipients.
    pub rows: Vec<NewRow>,
}

/// A row to put into the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// Deterministic: the same notice for the same recipient has the same id.
    pub id: String,
    /// Name of the target.
    pub target: String,
    /// Recipient within it.
    pub recipient: String,
    /// What to say.
    pub facts: Facts,
    /// When to send it, in real time: other people's servers do not live at a replay's speed.
    pub due: Timestamp,
    /// Number of the silence that holds it back: it is written, and not sent.
    pub held: Option<i64>,
}

/// A notice that a silence holds back.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// Name of the target.
    pub target: String,
    /// What it says.
    pub facts: Facts,
}

/// What to look up about the complaints of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Name of the theme.
    pub theme: String,
    /// The measure, where it is no theme: then the complaints are bad ratings.
    pub measure: Option<Measure>,
    /// Which part of the messages.
    pub segment: Segment,
    /// Names of the sources.
    pub sources: Vec<String>,
    /// First moment of the window that is explained.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// First moment of the time that tells what is usual.
    pub usual_from: Timestamp,
    /// Label keys to break the complaints down by, beside the source.
    pub by: Vec<String>,
    /// At most this many complaints with their texts.
    pub limit: u32,
}

/// A complaint as stored: neither shortened nor redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    /// Number of the item.
    pub item: i64,
    /// Headline.
    pub title: String,
    /// What the customer wrote; empty where it was pruned.
    pub text: String,
    /// Name of the source.
    pub source: String,
    /// Link to the original.
    pub url: Option<String>,
    /// Value and best value.
    pub rating: Option<(f64, f64)>,
    /// Labels and fields.
    pub fields: BTreeMap<String, String>,
    /// Event time.
    pub at: Timestamp,
    /// Byte ranges that made the tagger give the theme, into the tagged message.
    pub spans: Vec<Range<usize>>,
    /// Label keys and values, those of its source included.
    pub labels: BTreeMap<String, String>,
    /// Language, where the source knows it.
    pub lang: Option<String>,
    /// Keyed hash of who wrote it.
    pub author: Option<String>,
}

/// Messages, and complaints among them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Voices; between whole numbers where a part was counted and the rest reckoned from it.
    pub messages: f64,
    /// Voices with the theme.
    pub complaints: f64,
}

/// What one source brought with one value of one label, now and in the usual time before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slice {
    /// Label key; empty for everything that the source brought.
    pub key: String,
    /// Label value; empty for everything.
    pub value: String,
    /// Name of the source.
    pub source: String,
    /// In the window.
    pub now: Tally,
    /// In the usual time.
    pub usual: Tally,
}

/// A text as stored, to compare words with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wording {
    /// The tagged message: title and words.
    pub message: String,
    /// Language, where the source knows it.
    pub lang: Option<String>,
    /// Byte ranges that made the tagger give the theme; none where it did not.
    pub spans: Vec<Range<usize>>,
}

/// Who complains, how many, from where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Complaints in the window, the newest first.
    pub complaints: Vec<Complaint>,
    /// How many voices there are in the window.
    pub voices: u64,
    /// Where they come from: every source, and every label value with a complaint in the window.
    pub slices: Vec<Slice>,
    /// Complaints of the usual time, the newest first.
    pub usual: Vec<Wording>,
    /// Messages of the usual time without the theme, the newest first.
    pub others: Vec<Wording>,
    /// Event times of voices in the last 24 hours before `until`.
    pub recent: Vec<Timestamp>,
}

/// Judging and incidents.
pub trait Incidents: Send + Sync {
    /// What changed since the last look.
    fn touched(&self) -> impl Future<Output = Result<Vec<Touched>, StoreError>> + Send;

    /// Counters of a range of quarters.
    fn counters(&self, range: Range<Quarter>) -> impl Future<Output = Result<Counters, StoreError>> + Send;

    /// First counted quarter.
    fn first_quarter(&self) -> impl Future<Output = Result<Option<Quarter>, StoreError>> + Send;

    /// For each series the newest snapshot that ends at or before a moment.
    fn snapshots(&self, before: Timestamp) -> impl Future<Output = Result<BTreeMap<String, Snapshot>, StoreError>> + Send;

    /// The newest incident of each series.
    fn newest(&self) -> impl Future<Output = Result<Vec<Incident>, StoreError>> + Send;

    /// What people said of a kind about moments of a range, in the order of these moments.
    fn acts(&self, kind: RemarkKind, range: Range<Timestamp>) -> impl Future<Output = Result<Vec<Remark>, StoreError>> + Send;

    /// Everything that calibrates watches.
    fn labels(&self) -> impl Future<Output = Result<Labels, StoreError>> + Send;

    /// Silences that are not over at a moment.
    fn silences(&self, now: Timestamp) -> impl Future<Output = Result<Vec<Silence>, StoreError>> + Send;

    /// Notices of open incidents that silences hold back, the newest for each recipient.
    fn held(&self) -> impl Future<Output = Result<Vec<Held>, StoreError>> + Send;

    /// Sends notices that were held back: their ids, each with the time from which it is due.
    fn release(&self, rows: Vec<(String, Timestamp)>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What stands behind a series' count.
    fn evidence(&self, ask: Ask) -> impl Future<Output = Result<Evidence, StoreError>> + Send;

    /// Writes all changes of one evaluation with their outbox rows and the learnt states, and takes
    /// back the touched marks that were read. All or nothing. A state also removes the later
    /// snapshots of its series.
    fn apply(&self, judged: Judged) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What people say about the themes of messages. Nothing of it moves tags or counters.
pub trait Reviews: Send + Sync {
    /// Writes reviews. One takes the place of an older one of the same message by the same person; a
    /// newer one stays. Returns how many changed something.
    fn put_reviews(&self, reviews: Vec<Review>) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every review, by message, the newest of a message last.
    fn reviews(&self) -> impl Future<Output = Result<Vec<Review>, StoreError>> + Send;

    /// Every message that was reviewed, still has its text, and was not edited since, once.
    fn reviewed(&self) -> impl Future<Output = Result<Vec<ReviewedItem>, StoreError>> + Send;
}

/// What one evaluation writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// Incidents that moved.
    pub changes: Vec<Change>,
    /// Learnt states by series.
    pub states: Vec<(String, Snapshot)>,
    /// Themes of which history had moved when they were learnt. The states of a theme that has moved
    /// since are not kept: they were learnt from what is no more.
    pub moved: BTreeMap<String, Moved>,
    /// Marks that were worked off.
    pub done: Vec<Touched>,
    /// Labels that people gave or took back with it.
    pub remarks: Vec<RemarkChange>,
}

/// Which rows a courier asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Name of the target.
    pub target: String,
    /// At most this many.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
    /// Until when they are held for whoever claims them.
    pub hold_until: Timestamp,
    /// Also where the target is broken or asked for a pause: a test, which finds out.
    pub through: bool,
    /// People read it: what began and ended before it could be sent is told at once, and what is
    /// gathered goes in one message. A machine wants every notice by itself.
    pub people: bool,
    /// How long after a delivery the next one to the same recipient waits, so that what happens
    /// meanwhile goes in one message; `None`: not at all.
    pub gather: Option<TimeDelta>,
    /// Id of the one row that may be claimed.
    pub only: Option<String>,
}

impl Claim {
    /// The next due row of a target.
    #[must_use]
    pub fn next(target: &str, now: Timestamp, hold_until: Timestamp) -> Self {
        Self { target: target.to_owned(), limit: 1, now, hold_until, through: false, people: false, gather: None, only: None }
    }
}

/// What is known of whether a target takes anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Name of the target.
    pub target: String,
    /// Failures in a row.
    pub failures: u32,
    /// Since when nothing is sent because nothing is taken.
    pub open_since: Option<Timestamp>,
    /// When it is tried again.
    pub probe_at: Option<Timestamp>,
    /// How often that was tried.
    pub probes: u32,
    /// The other side asked for a pause until then.
    pub hold_until: Option<Timestamp>,
    /// What it said last.
    pub why: String,
}

/// Delivering.
pub trait Outbox: Send + Sync {
    /// Takes due rows of a target and holds them.
    fn claim(&self, ask: Claim) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Records what became of a row, and what that says of its target.
    fn settle(&self, row: String, outcome: Outcome, now: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// When the next row of a target is due.
    fn next_due(&self, target: String) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// The last notice that was delivered to a target of each incident that stands.
    fn standing(&self, target: String) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Every target that anything is known of.
    fn health(&self) -> impl Future<Output = Result<Vec<Health>, StoreError>> + Send;
}
