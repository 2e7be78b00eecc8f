//! When a target is left alone because it takes nothing, and when it is tried again.
//!
//! Pure: what was known of a target and what became of a row in, what is known now out.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::notice::Outcome;
use crate::domain::ports::Health;

/// So many failures in a row, and a target is taken for broken.
const FAILURES: u32 = 5;
/// A broken target is tried after 1, 2, 4, 8 minutes and from then on every 15.
const LONGEST_PROBE: TimeDelta = TimeDelta::minutes(15);

/// What may be sent to a target now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Everything that is due.
    Open,
    /// One row, to find out: the oldest one.
    Probe,
    /// Nothing before then.
    Shut(Timestamp),
}

/// What may be sent.
#[must_use]
pub fn gate(health: &Health, now: Timestamp) -> Gate {
    if let Some(until) = health.hold_until.filter(|until| *until > now) {
        return Gate::Shut(until);
    }
    match (health.open_since, health.probe_at) {
        (Some(_), Some(at)) if at > now => Gate::Shut(at),
        (Some(_), _) => Gate::Probe,
        (None, _) => Gate::Open,
    }
}

/// What is known after a row was tried. A row that will never be taken speaks of itself alone: who
/// refuses it properly is there, and takes others.
#[must_use]
pub fn after(health: &Health, outcome: &Outcome, now: Timestamp) -> Health {
    let failed = |why: &str, at_once: bool| {
        let failures = health.failures.saturating_add(1);
        let mut next = Health { failures, why: why.to_owned(), ..health.clone() };
        if health.open_since.is_some() {
            next.probes = health.probes.saturating_add(1);
            next.probe_at = Some(now + pause(next.probes));
        } else if at_once || failures >= FAILURES {
            next.open_since = Some(now);
            next.probes = 0;
            next.probe_at = Some(now + pause(0));
        }
        next
    };
    match outcome {
        Outcome::Delivered { .. } | Outcome::Dead { .. } | Outcome::TooLong { .. } => {
            let hold_until = health.hold_until.filter(|until| *until > now);
            Health { target: health.target.clone(), hold_until, ..Health::default() }
        }
        // Whoever asks for a pause is there; the pause is kept, and no failure is counted.
        Outcome::Later { due, why, holds: true, .. } | Outcome::GivenUp { why, pause_until: Some(due) } => {
            Health { hold_until: health.hold_until.max(Some(*due)), why: why.clone(), ..health.clone() }
        }
        Outcome::Later { why, .. } | Outcome::GivenUp { why, .. } => failed(why, false),
        Outcome::Broken { why } => failed(why, true),
    }
}

fn pause(probes: u32) -> TimeDelta {
    TimeDelta::minutes(1 << probes.min(4)).min(LONGEST_PROBE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn later(seconds: i64, holds: bool) -> Outcome {
        Outcome::Later { due: at(seconds), why: "answered 503".to_owned(), counts: true, holds }
    }

    #[test]
    fn five_failures_in_a_row_shut_the_gate_and_fewer_do_not() {
        let mut health = Health::default();
        for n in 1..5 {
            health = after(&health, &later(0, false), at(n));
            assert_eq!(gate(&health, at(n)), Gate::Open, "{n}");
        }
        health = after(&health, &later(0, false), at(5));
        assert_eq!(gate(&health, at(5)), Gate::Shut(at(65)));
        assert_eq!((health.failures, health.open_since, health.why.as_str()), (5, Some(at(5)), "answered 503"));
    }

    #[test]
    fn probes_come_after_1_2_4_8_and_then_every_15_minutes() {
        let mut health = after(&Health::default(), &Outcome::Broken { why: "answered 404".to_owned() }, at(0));
        let mut waits = Vec::new();
        for _ in 0..7 {
            let probe = health.probe_at.unwrap();
            waits.push(probe);
            assert_eq!(gate(&health, probe), Gate::Probe);
            health = after(&health, &later(0, false), probe);
        }
        let minutes: Vec<i64> = std::iter::once(at(0)).chain(waits.clone()).zip(waits).map(|(a, b)| (b - a).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(health.open_since, Some(at(0)), "it is told since when");
    }

    #[test]
    fn a_success_forgets_everything_and_a_dead_row_blames_nobody() {
        let broken = after(&Health::default(), &Outcome::Broken { why: "x".to_owned() }, at(0));
        for outcome in [Outcome::Delivered { receipt: String::new() }, Outcome::Dead { why: "answered 400".to_owned() }] {
            assert_eq!(after(&broken, &outcome, at(60)), Health::default());
        }
    }

    #[test]
    fn a_row_that_is_given_up_is_one_failure_more() {
        let given_up = |pause_until| Outcome::GivenUp { why: "given up after 72 hours: answered 503".to_owned(), pause_until };
        let broken = after(&Health::default(), &Outcome::Broken { why: "x".to_owned() }, at(0));
        let probed = after(&broken, &given_up(None), at(60));
        assert_eq!((probed.open_since, probed.probes, gate(&probed, at(60))), (Some(at(0)), 1, Gate::Shut(at(180))));
        assert_eq!(after(&Health::default(), &given_up(None), at(0)).failures, 1);
        let held = after(&Health::default(), &given_up(Some(at(90))), at(0));
        assert_eq!((held.failures, gate(&held, at(0))), (0, Gate::Shut(at(90))), "it asks for a pause, so it is there");
    }

    #[test]
    fn a_pause_that_was_asked_for_holds_everything_and_is_no_failure() {
        let held = after(&Health::default(), &later(120, true), at(0));
        assert_eq!((gate(&held, at(119)), gate(&held, at(120))), (Gate::Shut(at(120)), Gate::Open));
        assert_eq!(held.failures, 0);
        let shorter = after(&held, &later(60, true), at(1));
        assert_eq!(shorter.hold_until, Some(at(120)), "the longer one is kept");
        let passed = after(&held, &Outcome::Delivered { receipt: String::new() }, at(10));
        assert_eq!(gate(&passed, at(10)), Gate::Shut(at(120)), "a test went through, the pause stands");
    }
}
