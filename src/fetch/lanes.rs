//! One lane a host: whoever wants to ask it waits for the one before.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Mutex as Turns;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::domain::Timestamp;
use crate::fetch::pace::Pace;
use crate::fetch::shelf::Shelf;

/// The lanes of all hosts.
#[derive(Debug)]
pub(super) struct Lanes {
    gap: TimeDelta,
    lanes: Shelf<Turns<Pace>>,
}

/// The right to send one request to a host. Dropping it ends the request, also when the poll was cut.
#[derive(Debug)]
pub(super) struct Turn {
    pace: OwnedMutexGuard<Pace>,
    watch: Watch,
    /// Whether the connection may serve once more.
    good: bool,
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

/// Who wants to wait longer than this, and longer than the others of its host, does so elsewhere.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(10);

/// How long to wait after the last request, beyond what holds for all hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Gap {
    /// What the host wants of everybody, if that is known.
    pub(super) of_host: Option<TimeDelta>,
    /// What this request wants.
    pub(super) own: TimeDelta,
}

impl Lanes {
    /// Lanes with `gap` between two requests of one.
    pub(super) fn new(gap: TimeDelta) -> Self {
        Self { gap, lanes: Shelf::default() }
    }

    /// Waits until `host` may be asked, whose `robots.txt` may want a `delay` longer than the usual
    /// gap, and of which this request may keep a longer one than others do. Where it wants to be left
    /// alone, says for how long, at once.
    pub(super) async fn turn(&self, host: &str, gap: Gap, watch: Watch) -> Result<Turn, TimeDelta> {
        let mut pace = self.lane(host, watch.time()).lock_owned().await;
        if let Some(delay) = gap.of_host {
            pace.slow_down(delay);
        }
        let now = watch.time();
        if let Some(left) = pace.held(now) {
            return Err(left);
        }
        let wait = pace.ready_at(now, self.gap.max(gap.own)) - now;
        if wait > LONGEST_WAIT && pace.ready_at(now, self.gap) - now <= LONGEST_WAIT {
            return Err(wait);
        }
        let wait = wait.to_std().unwrap_or(Duration::ZERO);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(Turn { pace, watch, good: false })
    }

    fn lane(&self, host: &str, now: Timestamp) -> Arc<Turns<Pace>> {
        // A lane in use cannot be locked.
        self.lanes.of(host, |lane| lane.try_lock().is_ok_and(|pace| pace.is_idle(now, self.gap)))
    }
}

impl Turn {
    /// Whether the host keeps a connection open that was used not long ago.
    pub(super) fn is_kept(&self) -> bool {
        self.pace.is_kept(self.watch.time())
    }

    /// The answer was read to its end, and the host means to keep the connection or not.
    pub(super) fn is_good(&mut self, kept: bool) {
        self.good = kept;
    }

    /// The host asked to be left alone.
    pub(super) fn hold(&mut self, wish: TimeDelta) {
        let now = self.watch.time();
        self.pace.hold(wish, now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.watch.time();
        self.pace.end(now, self.good);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::shelf;

    fn of_host(seconds: Option<i64>) -> Gap {
        Gap { of_host: seconds.map(TimeDelta::seconds), ..Gap::default() }
    }

    fn watch() -> Watch {
        Watch::start(Timestamp::from_timestamp(1_700_000_000, 0).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_is_asked_by_one_at_a_time_with_a_gap() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        let watch = watch();
        let first = lanes.turn("a", Gap::default(), watch).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_mins(1), lanes.turn("a", Gap::default(), watch)).await.is_err(), "still in use");
        assert!(lanes.turn("b", Gap::default(), watch).await.is_ok(), "another host is free");
        drop(first);
        let before = watch.time();
        lanes.turn("a", Gap::default(), watch).await.unwrap();
        assert!(watch.time() - before >= TimeDelta::milliseconds(999), "{}", watch.time() - before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_host_says_so_at_once() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        lanes.turn("a", Gap::default(), watch()).await.unwrap().hold(TimeDelta::seconds(90));
        assert_eq!(lanes.turn("a", Gap::default(), watch()).await.unwrap_err().num_seconds(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_wants_longer_gaps_gets_them_for_all_its_sources() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        let watch = watch();
        for (delay, waits) in [(Some(20), 0), (None, 20), (Some(3600), 60), (Some(2), 2), (Some(0), 1)] {
            let before = watch.time();
            drop(lanes.turn("a", of_host(delay), watch).await.unwrap());
            let waited = watch.time() - before;
            assert!((waited - TimeDelta::seconds(waits)).abs() <= TimeDelta::milliseconds(2), "{delay:?}: {waited}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_gap_of_one_source_is_not_that_of_its_neighbours() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        let watch = watch();
        let own = |seconds: i64| Gap { own: TimeDelta::seconds(seconds), ..Gap::default() };
        for (gap, waits) in [(own(5), 0), (own(5), 5), (own(0), 1), (own(5), 5)] {
            let before = watch.time();
            drop(lanes.turn("a", gap, watch).await.unwrap());
            let waited = watch.time() - before;
            assert!((waited - TimeDelta::seconds(waits)).abs() <= TimeDelta::milliseconds(2), "{gap:?}: {waited}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_gap_of_one_source_is_waited_for_elsewhere() {
        let lanes = Lanes::new(TimeDelta::seconds(1));
        let watch = watch();
        let slow = Gap { own: TimeDelta::minutes(10), ..Gap::default() };
        drop(lanes.turn("a", slow, watch).await.unwrap());
        assert_eq!(lanes.turn("a", slow, watch).await.unwrap_err().num_seconds(), 600);
        assert!(lanes.turn("a", Gap::default(), watch).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_are_forgotten_but_not_those_that_want_peace() {
        let lanes = Lanes::new(TimeDelta::zero());
        lanes.turn("held", Gap::default(), watch()).await.unwrap().hold(TimeDelta::hours(1));
        for host in 0..shelf::REMEMBERED + 10 {
            drop(lanes.turn(&host.to_string(), Gap::default(), watch()).await);
        }
        assert!(lanes.lanes.len() <= 20);
        assert!(lanes.turn("held", Gap::default(), watch()).await.is_err());
    }
}
