//! Intervals: `last due + interval`, a little jitter, and never two polls to make up for one stall.

use chrono::TimeDelta;

use crate::domain::Timestamp;

/// The first poll of a source comes within this time: people who add one want to see it work.
const SOON_MS: i64 = 2_000;

/// Polls that were missed while the daemon was down are spread over at most this time.
pub(super) const LONGEST_SPREAD: TimeDelta = TimeDelta::minutes(10);

/// Shortest interval that is reckoned with; the configuration has longer ones of its own.
const SHORTEST_MS: i64 = 100;

/// Longest interval that is reckoned with: ten years, far from the ends of the calendar.
const LONGEST_MS: i64 = 10 * 365 * 86_400_000;

/// The first poll ever.
pub(super) fn first(now: Timestamp, seed: u64) -> Timestamp {
    now + spread(seed, TimeDelta::milliseconds(SOON_MS))
}

/// The poll after one that was due at `last`.
///
/// The next due time grows from the last *due* time, not from the end of the poll: slow polls
/// would drift. Slots that have passed are left out. A `last` in the future (the clock was set
/// back, or somebody asked for a poll early) counts as now, so that no source sleeps for years.
pub(super) fn next(interval: TimeDelta, last: Timestamp, now: Timestamp, seed: u64) -> Timestamp {
    let interval = interval.num_milliseconds().clamp(SHORTEST_MS, LONGEST_MS);
    let last = last.min(now);
    let passed = (now - last).num_milliseconds() / interval;
    let slot = |number: i64| {
        let due = last + TimeDelta::milliseconds(number * interval);
        due + jitter(interval, due, seed)
    };
    let due = slot(passed + 1);
    if due > now { due } else { slot(passed + 2) }
}

/// The first poll after a start.
pub(super) fn resume(interval: TimeDelta, due: Timestamp, now: Timestamp, seed: u64) -> Timestamp {
    let interval = bounded(interval);
    if due > now {
        // A shorter interval than before the stop, or a clock that was wrong, counts from now.
        return due.min(now + interval);
    }
    now + spread(seed, interval.min(LONGEST_SPREAD))
}

/// An interval as it is reckoned with.
pub(super) fn bounded(interval: TimeDelta) -> TimeDelta {
    interval.clamp(TimeDelta::milliseconds(SHORTEST_MS), TimeDelta::milliseconds(LONGEST_MS))
}

/// The longest time after which [`next`] can come: an interval, and the jitter of one that was left out.
pub(super) fn longest(interval: TimeDelta) -> TimeDelta {
    let interval = bounded(interval);
    interval + interval / 10 + TimeDelta::milliseconds(2)
}

/// From 0 to below 1, always the same for a seed.
pub(super) fn share(seed: u64) -> f64 {
    (mix(mix(seed)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A moment in `0..=over` that is always the same for a seed, and even over many seeds.
pub(super) fn spread(seed: u64, over: TimeDelta) -> TimeDelta {
    let over = over.num_milliseconds().max(0) as u64;
    TimeDelta::milliseconds((mix(seed) % (over + 1)) as i64)
}

/// Plus or minus 5 % of the interval, by source and slot.
fn jitter(interval: i64, due: Timestamp, seed: u64) -> TimeDelta {
    let reach = interval / 20;
    let slot = due.timestamp_millis() / interval;
    let drawn = mix(seed ^ mix(slot as u64)) % (2 * reach as u64 + 1);
    TimeDelta::milliseconds(drawn as i64 - reach)
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): neighbouring numbers come out unlike.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_poll_is_soon_and_sources_do_not_start_together() {
        let now = at("2026-03-02T09:00:00Z");
        let firsts = (0..100).map(|seed| first(now, seed)).collect::<std::collections::BTreeSet<_>>();
        assert!(firsts.len() > 90, "{} of 100", firsts.len());
        assert!(firsts.iter().all(|due| *due >= now && *due <= now + TimeDelta::seconds(2)));
    }

    #[test]
    fn a_stall_of_a_night_costs_one_poll() {
        let (due, woke) = (at("2026-03-02T22:00:00Z"), at("2026-03-03T07:30:00Z"));
        let next = next(HOUR, due, woke, 3);
        assert!(next > woke && next < woke + TimeDelta::minutes(34), "{next}");
    }

    #[test]
    fn many_polls_do_not_drift() {
        let start = at("2026-03-02T00:00:00Z");
        let mut due = start;
        for _ in 0..1000 {
            due = next(HOUR, due, due + TimeDelta::seconds(40), 3);
        }
        let drift = (due - start - HOUR * 1000).abs();
        // The jitter is a random walk with steps of at most 3 minutes; the 40 s of each poll would have made 11 hours.
        assert!(drift < TimeDelta::hours(4), "{drift}");
    }

    #[test]
    fn a_clock_that_was_wrong_by_a_year_is_forgotten() {
        let now = at("2026-03-02T09:00:00Z");
        let wrong = at("2027-03-02T09:00:00Z");
        assert!(next(HOUR, wrong, now, 3) <= now + TimeDelta::minutes(63));
        assert!(resume(HOUR, wrong, now, 3) <= now + HOUR);
    }

    #[test]
    fn a_restart_is_spread_over_ten_minutes() {
        let (due, now) = (at("2026-03-02T01:00:00Z"), at("2026-03-02T09:00:00Z"));
        let late = (0..1000).filter(|seed| resume(HOUR, due, now, *seed) > now + TimeDelta::minutes(5)).count();
        assert!((400..600).contains(&late), "{late} of 1000 in the second half");
        assert!((0..1000).all(|seed| resume(HOUR, due, now, seed) <= now + LONGEST_SPREAD));
    }

    proptest! {
        #[test]
        fn the_next_poll_is_after_now_within_an_interval_and_always_the_same(
            interval_ms in 1_i64..100_000_000_000,
            last in -4_000_000_000_i64..4_000_000_000,
            now in 0_i64..4_000_000_000,
            seed: u64,
        ) {
            let interval = TimeDelta::milliseconds(interval_ms);
            let (last, now) = (Timestamp::from_timestamp(last, 0).unwrap(), Timestamp::from_timestamp(now, 0).unwrap());
            let due = next(interval, last, now, seed);
            prop_assert!(due > now);
            let longest = interval.max(TimeDelta::milliseconds(SHORTEST_MS));
            prop_assert!(due <= now + longest + longest / 10 + TimeDelta::milliseconds(2), "{} after {now}", due - now);
            prop_assert_eq!(due, next(interval, last, now, seed));
        }

        #[test]
        fn an_undisturbed_poll_comes_within_5_percent_of_the_interval(minutes in 1_i64..2000, start in 0_i64..4_000_000_000, seed: u64) {
            let interval = TimeDelta::minutes(minutes);
            let last = Timestamp::from_timestamp(start, 0).unwrap();
            let waited = next(interval, last, last, seed) - last;
            prop_assert!((waited - interval).abs() <= interval / 20, "{waited} of {interval}");
        }
    }
}
