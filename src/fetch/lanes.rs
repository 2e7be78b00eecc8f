//! One lane a host: whoever wants to ask it waits for the one before.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Mutex as Turns;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::domain::Timestamp;
use crate::fetch::pace::Pace;

/// Above so many hosts, those with nothing to remember are forgotten.
const REMEMBERED: usize = 4_096;

/// The lanes of all hosts.
#[derive(Debug)]
pub(super) struct Lanes {
    gap: TimeDelta,
    lanes: Mutex<HashMap<String, Arc<Turns<Pace>>>>,
}

/// The right to send one request to a host. Dropping it ends the request, also when the poll was cut.
#[derive(Debug)]
pub(super) struct Turn {
    pace: OwnedMutexGuard<Pace>,
    watch: Watch,
}

/// The caller's time, kept going while the caller waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    called: Timestamp,
    since: Instant,
}

impl Watch {
    /// A watch that shows `now`.
    pub(super) fn start(now: Timestamp) -> Self {
        Self { called: now, since: Instant::now() }
    }

    /// What it shows.
    pub(super) fn time(&self) -> Timestamp {
        self.called + TimeDelta::from_std(self.since.elapsed()).unwrap_or_default()
    }
}

impl Lanes {
    /// Lanes with `gap` between two requests of one.
    pub(super) fn new(gap: TimeDelta) -> Self {
        Self { gap, lanes: Mutex::default() }
    }

    /// Waits until `host` may be asked. Where it wants to be left alone, says for how long, at once.
    pub(super) async fn turn(&self, host: &str, watch: Watch) -> Result<Turn, TimeDelta> {
        let pace = self.lane(host, watch.time()).lock_owned().await;
        let now = watch.time();
        if let Some(left) = pace.held(now) {
            return Err(left);
        }
        let wait = (pace.ready_at(now, self.gap) - now).to_std().unwrap_or(Duration::ZERO);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(Turn { pace, watch })
    }

    fn lane(&self, host: &str, now: Timestamp) -> Arc<Turns<Pace>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= REMEMBERED && !lanes.contains_key(host) {
            // A lane in use cannot be locked, or is held by somebody who waits for it.
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.try_lock().is_ok_and(|pace| pace.is_idle(now, self.gap)));
        }
        Arc::clone(lanes.entry(host.to_owned()).or_default())
    }
}

impl Turn {
    /// The host asked to be left alone.
    pub(super) fn hold(&mut self, wish: TimeDelta) {
        let now = self.watch.time();
        self.pace.hold(wish, now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.watch.time();
        self.pace.end(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        Watch::start(Timestamp::from_timestamp(1_700_000_000, 0).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_is_asked_by_one_at_a_time_with_a_gap() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        let watch = watch();
        let first = lanes.turn("a", watch).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_mins(1), lanes.turn("a", watch)).await.is_err(), "still in use");
        assert!(lanes.turn("b", watch).await.is_ok(), "another host is free");
        drop(first);
        let before = watch.time();
        lanes.turn("a", watch).await.unwrap();
        assert!(watch.time() - before >= TimeDelta::milliseconds(999), "{}", watch.time() - before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_host_says_so_at_once() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        lanes.turn("a", watch()).await.unwrap().hold(TimeDelta::seconds(90));
        assert_eq!(lanes.turn("a", watch()).await.unwrap_err().num_seconds(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_are_forgotten_but_not_those_that_want_peace() {
        let lanes = Lanes::new(TimeDelta::zero());
        lanes.turn("held", watch()).await.unwrap().hold(TimeDelta::hours(1));
        for host in 0..REMEMBERED + 10 {
            drop(lanes.turn(&host.to_string(), watch()).await);
        }
        assert!(lanes.lanes.lock().unwrap().len() <= 20);
        assert!(lanes.turn("held", watch()).await.is_err());
    }
}
