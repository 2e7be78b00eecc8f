//! The verbs of the store as small traits: what the engine and the pages may ask of a database.
//!
//! They name no database. `store` implements them; the contract tests under `tests/it/contract`
//! say what every implementation promises.

use std::error::Error;

mod counters;
mod evidence;
mod incidents;
mod ingest;
mod labelling;
mod outbox;
mod reviews;
mod streams;

pub use crate::domain::ports::counters::Cell;
pub use crate::domain::ports::counters::Counters;
pub use crate::domain::ports::counters::RatedCell;
pub use crate::domain::ports::counters::Touched;
pub use crate::domain::ports::evidence::Ask;
pub use crate::domain::ports::evidence::Complaint;
pub use crate::domain::ports::evidence::Evidence;
pub use crate::domain::ports::evidence::Slice;
pub use crate::domain::ports::evidence::Tally;
pub use crate::domain::ports::evidence::Wording;
pub use crate::domain::ports::incidents::Change;
pub use crate::domain::ports::incidents::Held;
pub use crate::domain::ports::incidents::Incidents;
pub use crate::domain::ports::incidents::Judged;
pub use crate::domain::ports::incidents::NewRow;
pub use crate::domain::ports::incidents::Snapshot;
pub use crate::domain::ports::ingest::Committed;
pub use crate::domain::ports::ingest::Ingest;
pub use crate::domain::ports::ingest::PageCommit;
pub use crate::domain::ports::ingest::TaggedItem;
pub use crate::domain::ports::ingest::WantedIds;
pub use crate::domain::ports::labelling::Labelled;
pub use crate::domain::ports::labelling::Labelling;
pub use crate::domain::ports::labelling::StoredFields;
pub use crate::domain::ports::outbox::Claim;
pub use crate::domain::ports::outbox::Health;
pub use crate::domain::ports::outbox::Outbox;
pub use crate::domain::ports::reviews::Reviews;
pub use crate::domain::ports::streams::PollNote;
pub use crate::domain::ports::streams::Progress;
pub use crate::domain::ports::streams::Start;
pub use crate::domain::ports::streams::Stream;
pub use crate::domain::ports::streams::StreamKey;
pub use crate::domain::ports::streams::Wish;
pub use crate::domain::ports::streams::Wishes;

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
    /// So many stored messages would lose all their words at once: nothing of the page was stored.
    #[error(
        "{0} stored messages would lose all their words at once, and nothing else on the page has any, so nothing of it was stored; check what is \
         taken as their text, or, where it is right, give the source another `name`"
    )]
    Wordless(usize),
    /// The database itself failed.
    #[error("the database failed: {0}")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}
