//! The wait that a document asks for. It lengthens an interval that nobody configured, and never
//! shortens one.

use chrono::Datelike as _;
use chrono::DurationRound as _;
use chrono::TimeDelta;
use chrono::Timelike as _;

use crate::domain::Timestamp;
use crate::domain::item::Rhythm;
use crate::domain::standing::Hints;

/// No hint makes a poll wait longer.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What is remembered of a page's wishes.
#[must_use]
pub fn hints(rhythm: &Rhythm) -> Hints {
    let every = rhythm.every.map_or(0, |every| every.clamp(TimeDelta::zero(), LONGEST).num_seconds());
    Hints {
        every_seconds: u32::try_from(every).unwrap_or(0),
        skip_hours: rhythm.skip_hours.iter().copied().filter(|hour| *hour < 24).collect(),
        skip_days: rhythm.skip_days.iter().copied().filter(|day| *day < 7).collect(),
    }
}

/// The interval that hints make of one: the longest of all, a day at most.
#[must_use]
pub fn lengthened(interval: TimeDelta, fresh_for: Option<TimeDelta>, hints: &Hints) -> TimeDelta {
    let every = TimeDelta::seconds(i64::from(hints.every_seconds));
    interval.max(every.max(fresh_for.unwrap_or_default()).min(LONGEST))
}

/// The first moment from `due` on at which a document does not say that nothing comes, a day after
/// `now` at most. Lists that leave no hour, or no day, are not believed.
#[must_use]
pub fn outside(due: Timestamp, now: Timestamp, hints: &Hints) -> Timestamp {
    let hours = Some(&hints.skip_hours).filter(|hours| hours.len() < 24);
    let days = Some(&hints.skip_days).filter(|days| days.len() < 7);
    let is_skipped = |at: Timestamp| {
        hours.is_some_and(|hours| hours.contains(&at.hour()))
            || days.is_some_and(|days| days.contains(&at.weekday().num_days_from_monday()))
    };
    let last = due.max(now + LONGEST);
    let mut at = due;
    while is_skipped(at) && at < last {
        let hour = at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at);
        // The minutes stay: sources that skip the same hours would all come at once.
        at = hour + TimeDelta::hours(1) + (due - due.duration_trunc(TimeDelta::hours(1)).unwrap_or(due));
    }
    at.min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_hint_counts_and_none_shortens() {
        let minutes = TimeDelta::minutes;
        for (name, every, fresh_for, ttl, expected) in [
            ("no hint", 15, None, 0, 15),
            ("a cache's word", 15, Some(60), 0, 60),
            ("the document's word is longer", 15, Some(60), 120, 120),
            ("a shorter one counts for nothing", 60, Some(5), 1, 60),
            ("a negative one counts for nothing", 60, Some(-500), 0, 60),
            ("a day is the most", 15, Some(99_999), 0, 24 * 60),
            ("an interval above a day stays", 48 * 60, Some(60), 0, 48 * 60),
        ] {
            let hints = Hints { every_seconds: ttl * 60, ..Hints::default() };
            assert_eq!(lengthened(minutes(every), fresh_for.map(minutes), &hints), minutes(expected), "{name}");
        }
    }

    #[test]
    fn hours_and_days_in_which_nothing_comes_are_left_out_within_a_day() {
        // 22 November 2026 is a Sunday.
        let night: &[u32] = &[22, 23, 0, 1, 2];
        let all: Vec<u32> = (0..24).collect();
        let week: Vec<u32> = (0..7).collect();
        for (name, hours, days, due, expected) in [
            ("nothing is left out", &[][..], &[][..], "2026-11-22T22:10:00Z", "2026-11-22T22:10:00Z"),
            ("a night", night, &[], "2026-11-22T22:10:00Z", "2026-11-23T03:10:00Z"),
            ("not its hour", night, &[], "2026-11-22T21:59:00Z", "2026-11-22T21:59:00Z"),
            ("no hour is left", &all, &[], "2026-11-22T22:10:00Z", "2026-11-22T22:10:00Z"),
            ("a Sunday", &[], &[6], "2026-11-22T22:10:00Z", "2026-11-23T00:10:00Z"),
            ("a weekend is asked once a day", &[], &[5, 6], "2026-11-21T00:10:00Z", "2026-11-22T00:05:00Z"),
            ("no day is left", &[], &week, "2026-11-22T22:10:00Z", "2026-11-22T22:10:00Z"),
        ] {
            let hints = Hints { every_seconds: 0, skip_hours: hours.iter().copied().collect(), skip_days: days.iter().copied().collect() };
            let due = at(due);
            assert_eq!(outside(due, due - TimeDelta::minutes(5), &hints), at(expected), "{name}");
        }
    }
}
