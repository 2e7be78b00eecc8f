//! Judging and incidents: one evaluation is written whole or not at all.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Transition;
use crate::domain::matcher::Silence;
use crate::domain::notice::Facts;
use crate::domain::ports::Ask;
use crate::domain::ports::Counters;
use crate::domain::ports::Evidence;
use crate::domain::ports::StoreError;
use crate::domain::ports::Touched;
use crate::domain::remark::Labels;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkChange;
use crate::domain::remark::RemarkKind;
use crate::domain::ruleset::Moved;

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

/// A learnt state of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Everything before this moment is learnt.
    pub as_of: Timestamp,
    /// The detector's state.
    pub blob: String,
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
