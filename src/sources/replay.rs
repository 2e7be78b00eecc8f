//! Plays a recorded JSON-lines file back in time.
//!
//! The recording is split at a moment: what lies before is history and is moved so that it ends
//! when the first poll begins; what lies after arrives live, each record when its moved time has
//! come. Lines are released in the order of the file, never twice and never early.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Bytes;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Slice;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::file::recording;

/// What to play.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The recording: JSON lines in the order of their times.
    pub file: PathBuf,
    /// Which part arrives live; everything before it is history, which ends now.
    pub live: Live,
    /// Seconds of the recording in a second of the daemon. The engine's clock runs at this speed,
    /// so the source itself need not care.
    pub speed: f64,
}

/// Which part of a recording arrives live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// The last so much of it.
    Last(TimeDelta),
    /// Everything from a recorded time on.
    From(Timestamp),
}

/// Bytes of the end of the file in which the last record's time is looked for.
const TAIL: u64 = 64 * 1024;

/// Bytes of a piece while there is much to release.
const PIECE: u64 = 1024 * 1024;

/// Bytes of the first piece of a poll, when little is due.
const FIRST_PIECE: u64 = 64 * 1024;

/// The largest piece: it doubles as long as it holds no whole line.
const LARGEST_PIECE: u64 = 32 * 1024 * 1024;

/// A recording that is played back.
#[derive(Debug)]
pub struct Replay {
    settings: Settings,
}

/// How far it has been played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Played {
    /// Bytes that are released.
    offset: u64,
    /// What is added to recorded times, in milliseconds.
    shift_ms: i64,
    /// First recorded moment that arrives live.
    split: Timestamp,
}

/// What travels with a request for a piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// The end of the file, for the time of its last record.
    Tail,
    /// A piece to release up to a moment.
    Play {
        /// As far as it was when the piece was asked for.
        played: Played,
        /// The moment, which stays the same over a poll, or a long one would run into what is live.
        until: Timestamp,
        /// Bytes asked for.
        limit: u64,
        /// Recorded time of the last record before.
        last: Option<Timestamp>,
    },
}

impl Replay {
    /// A source that plays a recording.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn ask(&self, from: i64, limit: u64, step: &Step) -> Request {
        let context = serde_json::to_string(step).unwrap_or_default();
        Request::Slice(Slice { path: self.settings.file.clone(), from, limit, context, packed: None })
    }

    fn play(&self, played: Played, until: Timestamp, limit: u64, last: Option<Timestamp>) -> Request {
        self.ask(played.offset as i64, limit, &Step::Play { played, until, limit, last })
    }

    /// Finds the split from the time of the last record, then starts at the beginning.
    fn tail(&self, bytes: &Bytes, now: Timestamp) -> Result<Page, ReadError> {
        let Live::Last(length) = self.settings.live else {
            return Err(ReadError::misplaced());
        };
        let lines = bytes.body.split(|byte| *byte == b'\n').skip(usize::from(bytes.from > 0));
        let last = lines.filter_map(|line| recording::read(line).ok()?.published).max();
        let last = last.ok_or_else(|| {
            ReadError::new(
                format!("{}: no record with a time at its end", self.settings.file.display()),
                "a recording is JSON lines with `id`, `ts` and `text`",
            )
        })?;
        let split = last.checked_sub_signed(length).unwrap_or(last);
        let next = self.play(begun(split, now), now, PIECE, None);
        Ok(Page { format: "jsonl", next: Some(next), ..Page::default() })
    }

    /// Releases the lines of a piece whose time has come.
    fn release(&self, bytes: &Bytes, mut played: Played, until: Timestamp, limit: u64, last: Option<Timestamp>) -> Page {
        let shift = TimeDelta::milliseconds(played.shift_ms);
        let mut page = Page { format: "jsonl", ..Page::default() };
        let mut notes = Notes { last, ..Notes::default() };
        let before = played.offset;
        let mut rest = bytes.body.as_slice();
        let mut waits = false;
        while let Some((line, after)) = next_line(rest, bytes.at_end()) {
            match recording::read(line) {
                Ok(item) => {
                    let due = item.published.and_then(|at| at.checked_add_signed(shift));
                    if let Some(due) = due.filter(|due| *due > until) {
                        page.due = Some(due);
                        waits = true;
                        break;
                    }
                    notes.note_order(item.published, played.offset);
                    page.items.push(moved(item, shift));
                }
                // The last line is still being written.
                Err(_) if after.is_empty() && !rest.ends_with(b"\n") => break,
                Err(Some(why)) => notes.bad(played.offset, &why),
                Err(None) => {}
            }
            played.offset += (rest.len() - after.len()) as u64;
            rest = after;
        }
        page.warnings = notes.warnings;
        if !waits && !bytes.at_end() {
            let more = if played.offset > before { PIECE } else { (limit * 2).min(LARGEST_PIECE) };
            if played.offset == before && limit >= LARGEST_PIECE {
                // A line without end is no record; what comes after it may be.
                page.warnings.push(Warning::new("bad_line", format!("byte {before}"), "more than 32 MiB without a line end were left out"));
                played.offset += bytes.body.len() as u64;
            }
            page.next = Some(self.play(played, until, more, notes.last));
        } else {
            page.cursor = Some(Cursor(serde_json::to_string(&played).ok()));
        }
        page
    }
}

impl Source for Replay {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let played = cursor.0.as_deref().and_then(|text| serde_json::from_str::<Played>(text).ok());
        match (played, self.settings.live) {
            (Some(played), _) => self.play(played, now, FIRST_PIECE, None),
            (None, Live::From(split)) => self.play(begun(split, now), now, PIECE, None),
            (None, Live::Last(_)) => self.ask(-(TAIL as i64), TAIL, &Step::Tail),
        }
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let Response::Slice(bytes) = response else {
            return Err(ReadError::misplaced());
        };
        match serde_json::from_str(&bytes.request.context) {
            Ok(Step::Tail) => self.tail(bytes, now),
            Ok(Step::Play { played, until, limit, last }) => Ok(self.release(bytes, played, until, limit, last)),
            Err(_) => Err(ReadError::misplaced()),
        }
    }
}

/// History ends now: the split is moved to this moment.
fn begun(split: Timestamp, now: Timestamp) -> Played {
    Played { offset: 0, shift_ms: now.signed_duration_since(split).num_milliseconds(), split }
}

/// The first line and what follows it; a last line without an end counts only where the file ends.
fn next_line(rest: &[u8], at_end: bool) -> Option<(&[u8], &[u8])> {
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some((&rest[..end], &rest[end + 1..])),
        None if at_end && !rest.is_empty() => Some((rest, &[])),
        None => None,
    }
}

fn moved(mut item: Item, shift: TimeDelta) -> Item {
    let later = |at: Timestamp| at.checked_add_signed(shift);
    item.published = item.published.and_then(later);
    item.updated = item.updated.and_then(later);
    item
}

/// Warnings of a piece: the first of each kind.
#[derive(Default)]
struct Notes {
    warnings: Vec<Warning>,
    last: Option<Timestamp>,
}

impl Notes {
    fn note_order(&mut self, at: Option<Timestamp>, offset: u64) {
        if at < self.last && at.is_some() {
            self.add("out_of_order", offset, "a record older than the one before it: released in the order of the file");
        }
        self.last = at.max(self.last);
    }

    fn bad(&mut self, offset: u64, why: &str) {
        self.add("bad_line", offset, why);
    }

    fn add(&mut self, code: &str, offset: u64, message: &str) {
        if self.warnings.iter().filter(|warning| warning.code == code).count() < 20 {
            self.warnings.push(Warning::new(code, format!("byte {offset}"), message));
        }
    }
}

#[cfg(test)]
mod tests;
