//! Where messages come from: one module a kind, none of which opens anything.
//!
//! A source says what it wants as a [`Request`] and reads what came back as a [`Page`]. Who
//! carries the request out, when, and what is stored, is others' business.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;

pub mod app_store;
pub mod feed;
pub mod file;
pub mod replay;

/// A kind of source.
pub trait Source: Send + Sync {
    /// Its parts, each with a cursor and a pace of its own.
    fn shards(&self) -> Vec<Shard> {
        vec![Shard::whole()]
    }

    /// What to ask for at the start of a poll.
    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request;

    /// Reads an answer to [`Source::first`] or to a page's `next`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the answer cannot be trusted as a whole; nothing of it is stored then and
    /// the cursor stays.
    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError>;
}

/// An answer that is not what the source reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}; {cure}")]
pub struct ReadError {
    /// What it looked like instead: `not a feed: a login page`.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}

/// A kind with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    /// RSS, Atom, JSON Feed.
    Feed(feed::Settings),
    /// A folder of exports.
    File(file::Settings),
    /// Apple's public reviews.
    AppStore(app_store::Settings),
    /// A recording.
    Replay(replay::Settings),
}
