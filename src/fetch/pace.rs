//! How often one host may be asked. Pure: times come in, times go out.

use chrono::TimeDelta;

use crate::domain::Timestamp;

/// A host's wish to be left alone counts for at most a day.
pub(super) const LONGEST_HOLD: TimeDelta = TimeDelta::hours(24);

/// `Crawl-delay` counts for at most a minute.
const LONGEST_DELAY: TimeDelta = TimeDelta::seconds(60);

/// How long a connection that is not in use is kept: long enough for the next step of a poll, and
/// too short for many hosts to use up what files may be open.
pub(super) const KEPT_FOR: TimeDelta = TimeDelta::seconds(4);

/// The pace of one host: a gap after each request, and the pause that it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pace {
    ended: Option<Timestamp>,
    held_until: Option<Timestamp>,
    /// A gap that the host wants, of its own.
    delay: TimeDelta,
    /// Whether the last request left a connection that may serve once more.
    kept: bool,
}

impl Pace {
    /// When the next request may start, with `gap` between two. Never later than `now + gap`: a
    /// clock that was set back does not silence a host.
    pub(super) fn ready_at(&self, now: Timestamp, gap: TimeDelta) -> Timestamp {
        let gap = gap.max(self.delay).max(TimeDelta::zero());
        self.ended.map_or(now, |ended| (ended + gap).clamp(now, now + gap))
    }

    /// How much longer the host wants to be left alone. More than it can have been granted is left
    /// only where the clock was set back, and then nobody knows: no hold.
    pub(super) fn held(&self, now: Timestamp) -> Option<TimeDelta> {
        let left = self.held_until? - now;
        (left > TimeDelta::zero() && left <= LONGEST_HOLD).then_some(left)
    }

    /// A request has ended, and with it its connection unless that is `kept`.
    pub(super) fn end(&mut self, now: Timestamp, kept: bool) {
        self.ended = Some(now);
        self.kept = kept;
    }

    /// Whether there is likely a connection that was used before.
    pub(super) fn is_kept(&self, now: Timestamp) -> bool {
        self.kept && self.ended.is_some_and(|ended| now - ended <= KEPT_FOR)
    }

    /// The host wants this gap between two requests, at most a minute.
    pub(super) fn slow_down(&mut self, delay: TimeDelta) {
        self.delay = delay.clamp(TimeDelta::zero(), LONGEST_DELAY);
    }

    /// The host asked to be left alone for `wish`, which counts for all its sources.
    pub(super) fn hold(&mut self, wish: TimeDelta, now: Timestamp) {
        self.held_until = Some(now + wish.min(LONGEST_HOLD));
    }

    /// Whether there is nothing left to remember.
    pub(super) fn is_idle(&self, now: Timestamp, gap: TimeDelta) -> bool {
        self.held(now).is_none() && self.ready_at(now, gap) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: TimeDelta = TimeDelta::seconds(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_gap_runs_from_the_end_of_a_request() {
        let mut pace = Pace::default();
        assert_eq!(pace.ready_at(at(0), GAP), at(0));
        pace.end(at(30), false);
        assert_eq!(pace.ready_at(at(30), GAP), at(31));
        assert_eq!(pace.ready_at(at(40), GAP), at(40));
        assert_eq!(pace.ready_at(at(30), TimeDelta::zero()), at(30));
        assert_eq!(pace.ready_at(at(-5000), GAP), at(-4999), "the clock was set back");
    }

    #[test]
    fn a_gap_of_the_host_counts_if_it_is_longer_and_for_a_minute_at_most() {
        let mut pace = Pace::default();
        pace.end(at(0), false);
        for (delay, ready) in [(5, 5), (0, 1), (-7, 1), (100_000, 60)] {
            pace.slow_down(TimeDelta::seconds(delay));
            assert_eq!(pace.ready_at(at(0), GAP), at(ready), "{delay}");
        }
    }

    #[test]
    fn a_connection_is_thought_of_as_kept_for_a_moment() {
        let mut pace = Pace::default();
        assert!(!pace.is_kept(at(0)));
        pace.end(at(0), true);
        assert!(pace.is_kept(at(4)) && !pace.is_kept(at(5)));
        pace.end(at(1), false);
        assert!(!pace.is_kept(at(1)));
    }

    #[test]
    fn a_wish_to_be_left_alone_lasts_a_day_at_most() {
        let mut pace = Pace::default();
        pace.hold(TimeDelta::days(400), at(0));
        assert_eq!(pace.held(at(0)), Some(LONGEST_HOLD));
        assert_eq!(pace.held(at(86_399)), Some(TimeDelta::seconds(1)));
        assert_eq!(pace.held(at(86_400)), None);
        assert_eq!(pace.held(at(-365 * 86_400)), None, "the clock was set back");
        assert!(!pace.is_idle(at(5), GAP) && pace.is_idle(at(86_400), GAP));
    }
}
