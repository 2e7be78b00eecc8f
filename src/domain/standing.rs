//! What is remembered of a stream from poll to poll beside its cursor: addresses that move, answers
//! that are not believed yet, ids that change at every poll.
//!
//! Plain values. `polling` says how they move on with an answer; the store keeps them as they are.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;

/// What is remembered of a stream. What an older release did not write is as if nothing was seen.
///
/// There may be a hundred thousand of them in memory at once, so what few have stands elsewhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// A permanent redirect that was seen, and how often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving: Option<Box<Moving>>,
    /// The address that is asked instead of the configured one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Box<Moved>>,
    /// It answered that it is gone for good (410).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<Box<Gone>>,
    /// Answers that are not believed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Suspect>,
    /// Its ids change from poll to poll: items are known by their content since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_change: Option<Timestamp>,
    /// Their dates do so too: also what is short is known by its words and its author alone.
    #[serde(skip_serializing_if = "is_false")]
    pub dates_change: bool,
    /// When a poll last brought a full page that shares nothing with the one before: some messages
    /// were probably missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Timestamp>,
    /// What the last page that was believed held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Box<LastPage>>,
    /// When it was last asked without validators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_at: Option<Timestamp>,
    /// Since when polls fail, whatever for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Its host wants to be left alone, and was not asked; until then, or until it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_off: Option<Timestamp>,
    /// When a look at all stored messages that need one again was last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rechecked: Option<Timestamp>,
    /// How a service is read, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<Box<ReadAs>>,
    /// When what is read now was first read, where the source read something else before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
    /// Hash of what all of this is about, the configured address for one; 0 where none was noted.
    pub address: u64,
    /// What the next good poll brings is history: another address stands in the configuration.
    pub base: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The settings that a service is read with. Other ones may leave out what these listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAs {
    /// Their hash.
    pub settings: u64,
    /// The first poll with them, where there were others before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A permanent redirect on probation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Where it leads.
    pub to: String,
    /// Polls in a row that were sent there.
    pub polls: u32,
    /// The first of them.
    pub since: Timestamp,
}

/// An address that has moved for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The configured address; another one in the configuration makes this void.
    pub from: String,
    /// The one that is asked instead.
    pub to: String,
    /// Since when.
    pub since: Timestamp,
}

/// "Gone for good", said once or twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When it was said first.
    pub since: Timestamp,
    /// It was asked once more, and said so again: it is not asked any more until a person says so.
    pub confirmed: bool,
    /// The address that said so.
    pub url: String,
}

/// Answers that are not believed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// What is odd about them.
    pub why: Doubt,
    /// Polls in a row.
    pub polls: u32,
    /// The first of them.
    pub since: Timestamp,
}

/// Why an answer is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It holds nothing where there always was something.
    Empty,
    /// Nothing in it was known, and it has another title: another feed at the same address.
    AnotherFeed,
}

/// What the last page that was believed held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LastPage {
    /// Hash of the whole answer: the same one again needs no reading.
    pub body: u64,
    /// Its own title.
    pub title: String,
    /// How many items it held.
    pub items: u32,
    /// The most that a page ever held.
    pub most: u32,
    /// The most that were new at once between two polls.
    pub most_new: u32,
    /// Good pages in a row with something in them, as far as three.
    pub good: u32,
    /// Hashes of the ids of its first 64 items and of its last 64.
    pub ids: BTreeSet<u64>,
    /// Hashes of their contents.
    pub contents: BTreeSet<u64>,
    /// Where items are known by their content: the hashes of what the source calls them, by those
    /// of their ids here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<u64, u64>,
    /// Pages in a row in which the source called its items as before, as far as three.
    pub steady: u32,
    /// Nothing said that it ended: its end is always missing.
    pub unclosed: bool,
    /// Hash of the id of its first item.
    pub first: u64,
    /// Hash of the id of its last item.
    pub last: u64,
    /// Polls in a row that brought what is new below what was known, as far as three.
    pub appended: u32,
    /// How often it says that it is worth asking for.
    #[serde(skip_serializing_if = "Hints::is_nothing")]
    pub hints: Hints,
}

/// How often a document says that it is worth asking for, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// Time between two polls in seconds; 0 where it says nothing.
    pub every_seconds: u32,
    /// Hours of the day in UTC in which nothing new comes.
    pub skip_hours: BTreeSet<u32>,
    /// Days of the week, 0 for Monday, on which nothing new comes, in UTC.
    pub skip_days: BTreeSet<u32>,
}

impl Hints {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
