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
/// Errors in a row after which the configured address is asked again.
const TRIES: u32 = 3;

/// The address to ask for where `configured` is configured.
#[must_use]
pub fn to_ask<'a>(standing: &'a Standing, configured: &'a str) -> &'a str {
    standing.moved.as_ref().filter(|moved| moved.from == configured).map_or(configured, |moved| &moved.to)
}

/// Makes a standing one of the configured address. Returns whether it was changed: what was noted of
/// another address is void, and what comes first from the new one is history.
pub fn settle(standing: &mut Standing, configured: &str) -> bool {
    let address = hash::of_parts([configured]);
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
    let Some(to) = moved_to.filter(|to| may_move(asked, to)) else { return standing.moving.take().is_some() };
    let (mut moving, is_known) = match standing.moving.take() {
        Some(moving) if moving.to == to => (moving, true),
        _ => (Moving { to: to.to_owned(), polls: 0, since: now }, false),
    };
    let counted = moving.polls < POLLS;
    moving.polls += u32::from(counted);
    if moving.polls >= POLLS && now - moving.since >= PROBATION {
        let to = Some(moving.to).filter(|to| to != configured);
        standing.moved = to.map(|to| Moved { from: configured.to_owned(), to, since: now });
        return true;
    }
    standing.moving = Some(moving);
    // What waits for the day to end is not written anew with every poll.
    counted || !is_known
}

/// So many polls in a row failed. Returns whether the configured address is asked from now on.
pub fn failed(standing: &mut Standing, errors: u32) -> bool {
    errors >= TRIES && standing.moved.take().is_some()
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
    fn a_moved_address_is_void_under_another_configured_one_and_after_three_errors() {
        let moved = Some(Moved { from: OLD.to_owned(), to: NEW.to_owned(), since: hour(0) });
        let mut standing = Standing { moved, ..Standing::default() };
        assert_eq!((to_ask(&standing, OLD), to_ask(&standing, "https://x.example/")), (NEW, "https://x.example/"));
        assert!(!failed(&mut standing, 2));
        assert!(failed(&mut standing, 3));
        assert_eq!(to_ask(&standing, OLD), OLD);
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
