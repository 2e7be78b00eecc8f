//! Now and then a page is asked for without validators, for some caches say "unchanged" for ever.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::standing::Standing;

/// A whole answer at least this often.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// Or about every so many polls.
const POLLS: i32 = 50;

/// Whether this poll asks for the whole page. Only polls that do are noted, so that no counter is
/// written with each; what is asked once a day or less gets its "unchanged" every other time.
#[must_use]
pub fn is_whole(standing: &Standing, interval: TimeDelta, now: Timestamp) -> bool {
    let period = (interval * POLLS).min(LONGEST).max(interval * 3 / 2);
    standing.whole_at.is_none_or(|at| now - at >= period || now < at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pages_are_asked_for_every_day_or_fifty_polls() {
        for (name, every_minutes, polls, expected) in [
            ("each minute", 1, 500, 10),
            ("each quarter of an hour", 15, 4 * 48, 4),
            ("each hour", 60, 48, 2),
            ("once a day", 24 * 60, 10, 5),
        ] {
            let (mut standing, mut whole) = (Standing::default(), 0);
            let interval = TimeDelta::minutes(every_minutes);
            let mut now = Timestamp::from_timestamp(1_790_000_000, 0).unwrap();
            for _ in 0..polls {
                if is_whole(&standing, interval, now) {
                    standing.whole_at = Some(now);
                    whole += 1;
                }
                now += interval;
            }
            assert_eq!(whole, expected, "{name}");
        }
    }
}
