//! Delivering: the rows of the outbox, and whether targets take them.

use std::future::Future;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::StoreError;

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
