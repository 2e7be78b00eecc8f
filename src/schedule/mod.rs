//! When to poll: an interval with jitter, or a cron line of a time zone.
//!
//! Pure: the last time and the present come in, the next time goes out.

use chrono::TimeDelta;
use chrono_tz::Tz;

pub mod cron;
mod every;
mod field;
mod local;
mod start;

pub use start::Known;
pub use start::awaited;
pub use start::first_polls;

use crate::domain::Timestamp;

/// A missed run of a cron line is made up within this time of a start: not at the very second at
/// which every other source of the house is made up too.
const CATCH_UP_SECONDS: i64 = 60;

/// When a source is polled.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Every so often.
    Every(TimeDelta),
    /// At the local times that a cron line names.
    Cron(cron::Line, Tz),
}

impl Schedule {
    /// When to poll next, after a poll that was due at `last_due`. Later than `now`, but for the
    /// first poll ever of an interval (`last_due` is `None`), which comes within two seconds.
    ///
    /// After a stall this is one poll, however many were missed. `seed` is a hash of the source's
    /// name: it spreads sources that have the same interval, and a source keeps its place.
    #[must_use]
    pub fn next(&self, last_due: Option<Timestamp>, now: Timestamp, seed: u64) -> Timestamp {
        match (self, last_due) {
            (Self::Every(_), None) => every::first(now, seed),
            (Self::Every(interval), Some(last)) => every::next(*interval, last, now, seed),
            (Self::Cron(line, zone), _) => line.after(now, *zone).unwrap_or(now + NEVER),
        }
    }

    /// Whether it never comes again: the years that its line names are over.
    #[must_use]
    pub fn has_passed(&self, now: Timestamp) -> bool {
        matches!(self, Self::Cron(line, zone) if line.after(now, *zone).is_none())
    }

    /// When to poll after a start of the daemon, where `due` is what was stored before it stopped.
    ///
    /// What is not yet due stays. What was missed is made up once, spread by `seed` so that a
    /// restart is no burst: an interval over itself or ten minutes, a cron line over a minute.
    #[must_use]
    pub fn resume(&self, due: Option<Timestamp>, now: Timestamp, seed: u64) -> Timestamp {
        let Some(due) = due else { return self.next(None, now, seed) };
        match self {
            Self::Every(interval) => every::resume(*interval, due, now, seed),
            Self::Cron(line, zone) => {
                let next = line.after(now, *zone).unwrap_or(now + NEVER);
                if due > now {
                    // The line may have been changed while the daemon was down.
                    return next.min(due);
                }
                next.min(now + every::spread(seed, TimeDelta::seconds(CATCH_UP_SECONDS)))
            }
        }
    }
}

/// What never comes is due so late, as where a cron line's years have all passed: a hundred years, which
/// every store can hold.
pub const NEVER: TimeDelta = TimeDelta::days(36_525);

/// Whether a time that was reckoned not after `now` stands for never: nobody schedules half of [`NEVER`].
#[must_use]
pub fn is_never(at: Timestamp, now: Timestamp) -> bool {
    at - now > NEVER / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cron(line: &str) -> Schedule {
        Schedule::Cron(cron::Line::parse(line).unwrap(), chrono_tz::Europe::Stockholm)
    }

    #[test]
    fn a_cron_line_waits_for_its_time_even_on_the_first_poll() {
        assert_eq!(cron("0 6 * * *").next(None, at("2026-03-02T12:00:00Z"), 7), at("2026-03-03T05:00:00Z"));
    }

    #[test]
    fn a_missed_cron_run_is_made_up_once_after_a_start() {
        let schedule = cron("0 6 * * *");
        let now = at("2026-03-05T12:00:00Z");
        let made_up = schedule.resume(Some(at("2026-03-03T05:00:00Z")), now, 7);
        assert!(now < made_up && made_up <= now + TimeDelta::seconds(60), "{made_up}");
        assert_eq!(schedule.next(Some(made_up), made_up, 7), at("2026-03-06T05:00:00Z"));
    }

    #[test]
    fn a_line_whose_years_have_passed_is_never_due() {
        let now = at("2026-03-05T12:00:00Z");
        let past = cron("0 0 6 * * * 2020");
        assert!(past.has_passed(now) && is_never(past.next(None, now, 7), now));
        assert!(!cron("0 0 6 * * * 2027").has_passed(now));
    }

    #[test]
    fn a_start_before_the_stored_time_keeps_it() {
        let (now, due) = (at("2026-03-05T12:00:00Z"), at("2026-03-05T12:20:00Z"));
        assert_eq!(Schedule::Every(TimeDelta::minutes(30)).resume(Some(due), now, 7), due);
        assert_eq!(cron("*/5 * * * *").resume(Some(due), now, 7), at("2026-03-05T12:05:00Z"));
    }
}
