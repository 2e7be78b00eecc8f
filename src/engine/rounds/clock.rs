//! A clock that jumps: the machine slept, or somebody set it.

use chrono::TimeDelta;
use tokio::time::Instant;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::engine::rounds::Rounds;
use crate::host::clock::Clock;
use crate::schedule;

/// A clock that is ahead of the time that passed by so much: the machine slept, or it was set.
const SLEPT: TimeDelta = TimeDelta::seconds(30);
/// A clock that goes back by so much was set.
const SET_BACK: TimeDelta = TimeDelta::minutes(1);

impl Rounds<'_> {
    /// A clock that was ahead and is set right must not make the polls wait for the time it showed;
    /// and what was due while the machine slept must not be a burst.
    pub(super) fn mind_the_clock(&mut self, now: Timestamp) {
        let (before, real_before, since) = self.seen;
        let real = Clock::real().now();
        self.seen = (now, real, Instant::now());
        let back = before - now;
        if back > SET_BACK {
            warn!("the clock went back by {} s; polls go on at their intervals", back.num_seconds());
            self.rota.shift(-back);
        }
        let passed = TimeDelta::from_std(since.elapsed()).unwrap_or_default();
        if (real - real_before) - passed > SLEPT {
            self.spread_overdue(now);
        }
    }

    fn spread_overdue(&mut self, now: Timestamp) {
        let overdue = self.rota.overdue(now);
        info!("the machine slept, or its clock was set: {} overdue polls are spread", overdue.len());
        let known: Vec<schedule::Known<'_>> =
            overdue.iter().map(|stream| self.targets[*stream].known(Some(self.rota.due(*stream)), false)).collect();
        for (stream, due) in overdue.iter().zip(schedule::first_polls(&known, now)) {
            self.rota.put(*stream, due);
        }
    }
}
