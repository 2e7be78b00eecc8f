//! Messages that cannot be had by themselves, though their service answers else: each is asked for a few
//! times more, at polls to come, and then done without, so that none of them keeps others from being read.
//!
//! What is remembered are ids, never words.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Reply;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::refusal;

/// Statuses that may be about one message alone. What says that nobody is let in (401), or asks for
/// patience (429, 503), is about all of them.
pub(super) const TAKES: [u16; 12] = [400, 403, 404, 410, 413, 422, 423, 451, 500, 501, 502, 504];

/// A message is asked for so often at least before it is done without.
const TRIES: u32 = 3;
/// And for so long, or an hour of errors would cost what falls into it.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// So many are asked for again in one poll.
const AT_ONCE: usize = 30;
/// So many wait at once. More are done without.
const MOST: usize = 500;
/// Where the service never gave a single one, so many refusals in a row are no matter of messages.
const MANY: u32 = 10;
/// Nor are so many, whatever it gave before, where it does not say that the request is to blame.
const OUTAGE: u32 = 30;
/// Nor so many for whatever reason: as many as may wait.
const REVOKED: u32 = MOST as u32;
/// How a reason begins that is a status.
const ANSWERED: &str = "the answer was ";

/// Messages that could not be had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stuck {
    /// At least one was had by itself, ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    answered: bool,
    /// Refused in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_a_row: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    left: BTreeMap<String, Tried>,
}

/// How a message was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Tried {
    times: u32,
    since: i64,
    last: i64,
}

/// What becomes of a message that was refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fate {
    /// It is asked for again.
    Later,
    /// It is done without, which a person should know.
    Skipped(Warning),
}

impl Stuck {
    /// Nothing is known.
    pub(super) fn is_new(&self) -> bool {
        *self == Self::default()
    }

    /// Those to ask for again in a poll, those first that were not asked for longest.
    pub(super) fn due(&self) -> Vec<String> {
        let mut left: Vec<(&String, &Tried)> = self.left.iter().collect();
        left.sort_by_key(|(_, tried)| tried.last);
        left.into_iter().take(AT_ONCE).map(|(id, _)| id.clone()).collect()
    }

    /// The message was had.
    pub(super) fn answered(&mut self, id: &str) {
        (self.answered, self.in_a_row) = (true, None);
        self.forget(id);
    }

    /// The message is gone, or comes another way.
    pub(super) fn forget(&mut self, id: &str) {
        self.left.remove(id);
    }

    /// The message was refused, for a reason as [`why`] gives it. `what` it is reads `ticket`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where this is no matter of single messages.
    pub(super) fn refused(&mut self, what: &str, id: &str, why: &str, now: Timestamp) -> Result<Fate, ReadError> {
        if !self.left.contains_key(id) {
            self.count(what, why, true)?;
        }
        Ok(self.note(what, id, why, now))
    }

    /// Messages that were asked for in one call were refused with it, which counts once.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where this is no matter of single messages.
    pub(super) fn refused_together(&mut self, what: &str, ids: &[String], why: &str, now: Timestamp) -> Result<Vec<Fate>, ReadError> {
        let more = ids.iter().filter(|id| !self.left.contains_key(*id)).count();
        if more > 0 {
            self.count(what, why, self.left.len() + more <= MOST)?;
        }
        Ok(ids.iter().map(|id| self.note(what, id, why, now)).collect())
    }

    /// One more call that was refused; whether there is room for what it asked for to wait.
    fn count(&mut self, what: &str, why: &str, has_room: bool) -> Result<(), ReadError> {
        let in_a_row = self.in_a_row.unwrap_or_default().saturating_add(1);
        // 400 to 499 may be what each of many messages deserves.
        let is_theirs = !why.strip_prefix(ANSWERED).is_some_and(|status| status.starts_with('4'));
        let most = match (self.answered, is_theirs) {
            (false, _) => MANY,
            (true, true) => OUTAGE,
            (true, false) => REVOKED,
        };
        if in_a_row >= most || (is_theirs && !has_room) {
            let told = format!("{in_a_row} of {in_a_row} calls for a single {what} were refused: {why}");
            let cure = if self.answered && is_theirs {
                "nothing is skipped: it is tried again later"
            } else {
                "check what the login may read, or choose another `text`"
            };
            return Err(ReadError::new(told, cure));
        }
        self.in_a_row = Some(in_a_row);
        Ok(())
    }

    fn note(&mut self, what: &str, id: &str, why: &str, now: Timestamp) -> Fate {
        let now = now.timestamp();
        let room = self.left.len() < MOST || self.left.contains_key(id);
        let tried = self.left.entry(id.to_owned()).or_insert(Tried { since: now, ..Tried::default() });
        (tried.times, tried.last) = (tried.times.saturating_add(1), now);
        if room && (tried.times < TRIES || now - tried.since < LONGEST.num_seconds()) {
            return Fate::Later;
        }
        let times = tried.times;
        self.forget(id);
        Fate::Skipped(skipped(what, id, &format!("asked for {times} times, {why}")))
    }
}

/// Why a message could not be had: what the service answered.
pub(super) fn why(reply: &Reply) -> String {
    let said = refusal::said(&String::from_utf8_lossy(&reply.body[..reply.body.len().min(16 * 1024)]));
    let said = said.map(|said| format!(" (\u{201c}{said}\u{201d})")).unwrap_or_default();
    format!("{ANSWERED}{}{said}", reply.status)
}

/// That a message is done without.
pub(super) fn skipped(what: &str, id: &str, why: &str) -> Warning {
    // With the id in its words too, or it would be told of the first one only.
    Warning::new("skipped", format!("{what} {id}"), format!("it is skipped until it changes: {why} (id {id})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_message_is_asked_for_for_an_hour_and_then_done_without() {
        let mut stuck = Stuck::default();
        stuck.answered("6");
        for minutes in (0..60).step_by(20) {
            assert_eq!(stuck.refused("ticket", "7", "no", at(minutes)), Ok(Fate::Later));
            assert_eq!(stuck.due(), ["7"]);
        }
        let Ok(Fate::Skipped(warning)) = stuck.refused("ticket", "7", "the answer was 500", at(60)) else { panic!() };
        insta::assert_snapshot!(warning, @"ticket 7: it is skipped until it changes: asked for 4 times, the answer was 500 (id 7) [skipped]");
        assert_eq!(stuck.due(), [""; 0]);
        // After a long pause it is asked for again first.
        assert_eq!(stuck.refused("ticket", "7", "no", at(0)), Ok(Fate::Later));
        assert_eq!(stuck.refused("ticket", "7", "no", at(900)), Ok(Fate::Later));
        assert!(matches!(stuck.refused("ticket", "7", "no", at(901)), Ok(Fate::Skipped(_))));
        stuck.refused("ticket", "8", "no", at(0)).unwrap();
        stuck.answered("8");
        assert_eq!(stuck.due(), [""; 0]);
    }

    #[test]
    fn where_not_one_was_ever_had_it_is_no_matter_of_messages() {
        let mut stuck = Stuck::default();
        assert!((1..MANY).all(|id| stuck.refused("ticket", &id.to_string(), "no", at(0)).is_ok()));
        assert!(stuck.refused("ticket", "1", "no", at(1)).is_ok(), "the same once more");
        let error = stuck.refused("ticket", "99", "the answer was 403", at(0)).unwrap_err();
        insta::assert_snapshot!(error, @"10 of 10 calls for a single ticket were refused: the answer was 403; check what the login may read, or choose another `text`");
        stuck.answered("1");
        for id in 0..1000 {
            assert!(stuck.refused("ticket", &id.to_string(), "no", at(0)).is_ok());
            if id % 20 == 0 {
                stuck.answered("one of the others");
            }
        }
        assert_eq!((stuck.left.len(), stuck.due().len()), (MOST, AT_ONCE));
    }

    #[test]
    fn while_the_service_gives_none_of_many_it_is_waited_for_and_nothing_is_skipped() {
        for (why, most) in [("the answer was 502", OUTAGE), ("no JSON", OUTAGE), ("the answer was 403 (\u{201c}No\u{201d})", REVOKED)] {
            let mut stuck = Stuck::default();
            stuck.answered("a");
            for id in 1..most {
                assert_eq!(stuck.refused("ticket", &id.to_string(), why, at(0)), Ok(Fate::Later), "{why} {id}");
            }
            for minutes in [0, 90] {
                let error = stuck.refused("ticket", "one more", why, at(minutes)).unwrap_err();
                assert!(error.what.starts_with(&format!("{most} of {most} calls for a single ticket were refused: {why}")), "{error}");
            }
            // It is well again: what waits is asked for, and had.
            stuck.answered("one more");
            assert_eq!(stuck.due().len(), AT_ONCE.min(most as usize - 1));
            stuck.answered("1");
            assert_eq!(stuck.refused("ticket", "another", why, at(91)), Ok(Fate::Later));
            // A call for many of them is one.
            let ids: Vec<String> = (1000..1100).map(|id| id.to_string()).collect();
            assert!(stuck.refused_together("ticket", &ids, why, at(92)).is_ok(), "{why}");
            assert_eq!(stuck.in_a_row, Some(2));
            // As long as the service gives none, as many are asked for as may wait.
            let ids: Vec<String> = (2000..2000 + MOST).map(|id| id.to_string()).collect();
            assert_eq!(stuck.refused_together("ticket", &ids, why, at(92)).is_err(), most == OUTAGE, "{why}");
        }
    }
}
