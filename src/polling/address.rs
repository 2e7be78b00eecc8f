//! Addresses that move for good: believed after a day of saying so, and taken back when the new one
//! does not answer.

use chrono::TimeDelta;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::standing::Moved;
use crate::domain::standing::Moving;
use crate::domain::standing::Standing;
use crate::text::hash;

/// Polls in a row that must have been sent to the same place.
const POLLS: u32 = 5;
/// Time over which they must have been.
const PROBATION: TimeDelta = TimeDelta::hours(24);
/// Errors in a row after which the configured address is asked too.
const TRIES: u32 = 3;

/// The address to ask for where `configured` is configured, after so many errors in a row. Where one
/// that has moved does not answer, the new and the old one are asked in turn: nobody knows which of
/// them comes back.
#[must_use]
pub fn to_ask<'a>(standing: &'a Standing, configured: &'a str, errors: u32) -> &'a str {
    let in_turn = errors >= TRIES && (errors - TRIES).is_multiple_of(2);
    moved(standing, configured).filter(|_| !in_turn).unwrap_or(configured)
}

/// Whether `url` is the configured address or the one that it has moved to.
#[must_use]
pub fn is_one_of(standing: &Standing, configured: &str, url: &str) -> bool {
    url == configured || moved(standing, configured) == Some(url)
}

fn moved<'a>(standing: &'a Standing, configured: &str) -> Option<&'a str> {
    standing.moved.as_ref().filter(|moved| moved.from == configured).map(|moved| moved.to.as_str())
}

/// By what a standing knows the configured address that it is of ([`Standing::address`]).
#[must_use]
pub fn mark(configured: &str) -> u64 {
    hash::of_parts([configured])
}

/// Makes a standing one of the configured address. Returns whether it was changed: what was noted of
/// another address is void, and what comes first from the new one is history.
pub fn settle(standing: &mut Standing, configured: &str) -> bool {
    let address = mark(configured);
    if standing.address == address {
        return false;
    }
    let is_other = standing.address != 0;
    *standing = if is_other { Standing { base: true, ..Standing::default() } } else { std::mem::take(standing) };
    standing.address = address;
    true
}

/// A good poll of `asked` was sent on to `moved_to` for good, or not at all. Returns whether
/// `standing` changed; where it has moved, `moved` is new.
pub fn answered(standing: &mut Standing, configured: &str, asked: &str, moved_to: Option<&str>, now: Timestamp) -> bool {
    if asked == configured && moved(standing, configured).is_some() {
        if moved(standing, configured) == moved_to {
            return false;
        }
        // It is back, or has moved to yet another place.
        standing.moved = None;
        note_moving(standing, configured, asked, moved_to, now);
        return true;
    }
    note_moving(standing, configured, asked, moved_to, now)
}

fn note_moving(standing: &mut Standing, configured: &str, asked: &str, moved_to: Option<&str>, now: Timestamp) -> bool {
    let Some(to) = moved_to.filter(|to| may_move(asked, to)) else { return standing.moving.take().is_some() };
    let (mut moving, is_known) = match standing.moving.take() {
        Some(moving) if moving.to == to => (moving, true),
        _ => (Box::new(Moving { to: to.to_owned(), polls: 0, since: now }), false),
    };
    let counted = moving.polls < POLLS;
    moving.polls += u32::from(counted);
    if moving.polls >= POLLS && now - moving.since >= PROBATION {
        let to = Some(moving.to).filter(|to| to != configured);
        standing.moved = to.map(|to| Box::new(Moved { from: configured.to_owned(), to, since: now }));
        return true;
    }
    standing.moving = Some(moving);
    // What waits for the day to end is not written anew with every poll.
    counted || !is_known
}

/// So many polls in a row failed. Returns whether the configured address is asked for the first time
/// instead of the one that it moved to.
#[must_use]
pub fn asks_again(standing: &Standing, errors: u32) -> bool {
    errors == TRIES && standing.moved.is_some()
}

/// Never to another scheme than these, never out of https.
fn may_move(from: &str, to: &str) -> bool {
    let (Ok(from), Ok(to)) = (Url::parse(from), Url::parse(to)) else { return false };
    from != to && (to.scheme() == "https" || to.scheme() == "http" && from.scheme() == "http")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "https://a.example/f";
    const NEW: &str = "https://b.example/f";

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + hour * 3600, 0).unwrap()
    }

    /// Polls at these hours, each sent to that place; the hour of the poll with which it moved.
    fn moves_at(polls: &[(i64, Option<&str>)]) -> Option<i64> {
        let mut standing = Standing::default();
        polls.iter().find_map(|(at, to)| {
            answered(&mut standing, OLD, OLD, *to, hour(*at));
            standing.moved.is_some().then_some(*at)
        })
    }

    #[test]
    fn an_address_moves_after_five_polls_in_a_row_over_a_day() {
        let hourly: Vec<_> = (0..30).map(|at| (at, Some(NEW))).collect();
        let seldom: Vec<_> = (0..10).map(|at| (at * 20, Some(NEW))).collect();
        let torn: Vec<_> = (0..30).map(|at| (at, Some(NEW).filter(|_| at != 10))).collect();
        let two: Vec<_> = (0..60).map(|at| (at, Some(if at % 2 == 0 { NEW } else { "https://c.example/" }))).collect();
        let plain: Vec<_> = (0..60).map(|at| (at, Some("http://b.example/f"))).collect();
        let file: Vec<_> = (0..60).map(|at| (at, Some("file:///etc/passwd"))).collect();
        for (name, polls, expected) in [
            ("every hour", hourly, Some(24)),
            ("seldom", seldom, Some(80)),
            ("once without begins anew", torn, None),
            ("two places are none", two, None),
            ("never out of https", plain, None),
            ("never to a file", file, None),
        ] {
            assert_eq!(moves_at(&polls), expected, "{name}");
        }
    }

    #[test]
    fn while_the_day_passes_nothing_is_written() {
        let mut standing = Standing::default();
        let written = (0..24).filter(|at| answered(&mut standing, OLD, OLD, Some(NEW), hour(*at))).count();
        assert_eq!(written, 5);
    }

    #[test]
    fn a_moved_address_is_void_under_another_configured_one_and_asked_in_turn_after_three_errors() {
        let moved = Some(Box::new(Moved { from: OLD.to_owned(), to: NEW.to_owned(), since: hour(0) }));
        let standing = Standing { moved, ..Standing::default() };
        let asked: Vec<&str> = (0..7).map(|errors| to_ask(&standing, OLD, errors)).collect();
        assert_eq!(asked, [NEW, NEW, NEW, OLD, NEW, OLD, NEW]);
        assert_eq!(to_ask(&standing, "https://x.example/", 0), "https://x.example/");
        assert_eq!([2, 3, 4].map(|errors| asks_again(&standing, errors)), [false, true, false]);
        assert!(is_one_of(&standing, OLD, NEW) && is_one_of(&standing, OLD, OLD) && !is_one_of(&standing, OLD, "https://x.example/"));
    }

    #[test]
    fn a_move_is_taken_back_only_where_the_configured_address_answers_itself() {
        const THIRD: &str = "https://c.example/f";
        for (name, asked, sent_to, stays) in [
            ("the new place answers", NEW, None, true),
            ("the old one still sends there", OLD, Some(NEW), true),
            ("the old one is back", OLD, None, false),
            ("the old one sends elsewhere", OLD, Some(THIRD), false),
        ] {
            let moved = Some(Box::new(Moved { from: OLD.to_owned(), to: NEW.to_owned(), since: hour(0) }));
            let mut standing = Standing { moved, ..Standing::default() };
            assert_eq!(answered(&mut standing, OLD, asked, sent_to, hour(1)), !stays, "{name}");
            assert_eq!(standing.moved.is_some(), stays, "{name}");
        }
    }

    #[test]
    fn another_configured_address_begins_anew_and_brings_history_first() {
        let mut standing = Standing { ids_change: Some(hour(0)), ..Standing::default() };
        assert!(settle(&mut standing, OLD), "noted for the first time");
        assert_eq!((standing.ids_change, standing.base), (Some(hour(0)), false), "an older release noted no address");
        assert!(!settle(&mut standing, OLD));
        assert!(settle(&mut standing, NEW));
        assert_eq!((standing.ids_change, standing.base), (None, true));
        assert!(!settle(&mut standing, NEW) && standing.base, "until a good poll");
    }
}
