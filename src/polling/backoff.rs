//! The wait after an error: longer with each, a day at most; and what says that it is gone for good.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::standing::Gone;
use crate::domain::standing::Standing;
use crate::text::hash;

/// The longest wait after errors.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What was put off comes so much later than it might, at most.
const MOST_LATER: TimeDelta = TimeDelta::minutes(1);

/// What is asked no more is due so late: a hundred years, which every store can hold.
pub const NEVER: TimeDelta = TimeDelta::days(36_525);

/// How long to wait after so many errors in a row: twice as long with each, up to a day, a tenth more
/// or less by `seed`; what the other side asked for holds if it is longer.
#[must_use]
pub fn wait(interval: TimeDelta, errors: u32, asked: Option<TimeDelta>, seed: u64) -> TimeDelta {
    let doubled = interval.num_milliseconds().max(1).saturating_mul(1 << errors.min(20));
    let wait = doubled.min(LONGEST.num_milliseconds().max(interval.num_milliseconds()));
    let drawn = hash::of_parts([seed.to_string().as_str(), errors.to_string().as_str()]) % 2001;
    // From 900 to 1100 thousandths.
    let jittered = wait as f64 * (0.9 + drawn as f64 / 10_000.0);
    TimeDelta::milliseconds(jittered as i64).max(asked.unwrap_or_default())
}

/// How long to wait where the host wants to be left alone for so long: a tenth longer at most, and at
/// most a minute, by `seed`, so that not all of its sources come back at once.
#[must_use]
pub fn put_off(left: TimeDelta, seed: u64) -> TimeDelta {
    let reach = (left / 10).clamp(TimeDelta::zero(), MOST_LATER);
    left + reach * (hash::of_parts([seed.to_string().as_str()]) % 1001) as i32 / 1000
}

/// "Gone for good" was said by `url`. The first time it is asked once more, after an interval; said
/// again, it is confirmed: by the same address, or, of one that has moved, by the other of the two.
pub fn said_gone(standing: &mut Standing, url: &str, now: Timestamp) -> Gone {
    let gone = match standing.gone.take().map(|gone| *gone) {
        Some(gone) if (gone.url == url) == standing.moved.is_none() => Gone { confirmed: true, url: url.to_owned(), ..gone },
        Some(gone) if standing.moved.is_some() => gone,
        _ => Gone { since: now, confirmed: false, url: url.to_owned() },
    };
    standing.gone = Some(Box::new(gone.clone()));
    gone
}

/// A poll failed. Returns whether that is news to `standing`.
pub fn failed(standing: &mut Standing, now: Timestamp) -> bool {
    let news = standing.failing_since.is_none() | standing.put_off.take().is_some();
    standing.failing_since.get_or_insert(now);
    news
}

/// A poll went well: nothing of an error or a pause is left. Returns whether anything was.
pub fn went_well(standing: &mut Standing) -> bool {
    let failed = standing.failing_since.take().is_some() | standing.put_off.take().is_some();
    standing.gone.take().is_some() || failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::standing::Moved;

    #[test]
    fn each_error_doubles_the_wait_up_to_a_day() {
        let quarter = TimeDelta::minutes(15);
        for (errors, asked, minutes) in [
            (1, None, 30),
            (2, None, 60),
            (5, None, 480),
            (7, None, 24 * 60),
            (u32::MAX, None, 24 * 60),
            (1, Some(90), 90),
            (3, Some(1), 120),
        ] {
            for seed in 0..50 {
                let wait = wait(quarter, errors, asked.map(TimeDelta::minutes), seed);
                let expected = TimeDelta::minutes(minutes);
                assert!(wait >= expected * 9 / 10 && wait <= expected * 11 / 10, "{errors} errors: {wait}");
            }
        }
    }

    #[test]
    fn sources_that_fail_together_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<_> = (0..20).map(|seed| wait(TimeDelta::hours(1), 3, None, seed)).collect();
        assert!(waits.len() > 15);
    }

    #[test]
    fn what_is_put_off_comes_after_the_pause_and_not_all_at_once() {
        for (left, most) in [(TimeDelta::seconds(75), 7_500), (TimeDelta::days(1), 60_000), (TimeDelta::zero(), 0)] {
            let later: std::collections::BTreeSet<_> = (0..20).map(|seed| (put_off(left, seed) - left).num_milliseconds()).collect();
            assert!(later.iter().all(|later| (0..=most).contains(later)), "{later:?}");
            assert!(later.len() > 15 || most == 0);
        }
    }

    #[test]
    fn gone_has_to_be_said_twice_by_the_same_address() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let mut standing = Standing::default();
        assert!(!said_gone(&mut standing, "https://a.example/", now).confirmed);
        assert!(!said_gone(&mut standing, "https://b.example/", now).confirmed, "another address has said nothing yet");
        let later = now + TimeDelta::hours(1);
        let gone = said_gone(&mut standing, "https://b.example/", later);
        assert_eq!((gone.confirmed, gone.since), (true, now));
        assert!(went_well(&mut standing) && standing == Standing::default());
    }

    #[test]
    fn what_has_moved_is_gone_when_both_addresses_say_so() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let (old, new) = ("https://a.example/", "https://b.example/");
        let moved = Some(Box::new(Moved { from: old.to_owned(), to: new.to_owned(), since: now }));
        let mut standing = Standing { moved, ..Standing::default() };
        let said: Vec<bool> = [new, new, new, old].iter().map(|url| said_gone(&mut standing, url, now).confirmed).collect();
        assert_eq!(said, [false, false, false, true]);
    }

    #[test]
    fn failing_begins_with_the_first_error() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let mut standing = Standing::default();
        assert!(failed(&mut standing, now));
        assert!(!failed(&mut standing, now + TimeDelta::hours(1)));
        assert_eq!(standing.failing_since, Some(now));
        assert!(went_well(&mut standing) && !went_well(&mut standing));
    }
}
