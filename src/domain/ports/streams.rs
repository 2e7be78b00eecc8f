//! Where reading a stream stands, how a poll moves it, and what people want of it.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::http::Validators;
use crate::domain::item::Cursor;
use crate::domain::item::Shard;
use crate::domain::standing::Standing;

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
    /// Nothing moves: an import, an item that was looked at again.
    None,
    /// Nothing moves, for it was pushed to us: what comes again by its delivery stores nothing, and an
    /// older event never comes over a newer one of the same message.
    Pushed {
        /// The sender's name for the delivery; without one the messages alone say what is known.
        delivery: Option<String>,
    },
}

/// In what a poll differs from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Something else is read: mark, walk and validators belong to what was read before, and are forgotten.
    Anew,
    /// The same is read with other settings.
    Otherwise,
}

/// How a poll ended that brought no page.
#[derive(Debug, Clone, PartialEq)]
pub struct PollNote {
    /// Why it failed; `None` for "unchanged".
    pub error: Option<String>,
    /// Nothing was asked, so nothing but `due` moves; who asked for the poll goes on asking.
    pub put_off: bool,
    /// Nothing was asked yet, and what is remembered has changed before. Nothing moves but that, and what
    /// begins anew with it.
    pub start: Option<Start>,
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
        Self { error: None, put_off: false, start: None, validators: None, due, polled_at, standing: None }
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

    /// A poll begins in another way than the one before.
    #[must_use]
    pub fn start(start: Start, standing: Standing, now: Timestamp) -> Self {
        Self { start: Some(start), standing: Some(Box::new(standing)), ..Self::unchanged(now, now) }
    }
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
