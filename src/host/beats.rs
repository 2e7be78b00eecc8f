//! Signs of life of the daemon's loops. The watchdog is fed only while each of them is fresh.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// The loops that must go round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// Reads sources.
    Poll,
    /// Judges series.
    Judge,
    /// Sends notices.
    Deliver,
}

impl Loop {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Poll, Self::Judge, Self::Deliver];

    /// The word in metrics and in `/healthz`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Judge => "judge",
            Self::Deliver => "deliver",
        }
    }
}

/// A loop that has not passed its check point for so long is stuck. Loops wake up at least every
/// ten seconds, and all their waiting for others has deadlines below a minute.
pub const LIMIT: Duration = Duration::from_secs(90);

/// When each loop last passed its check point. Each courier has one of its own, so that one that is
/// stuck does not hide behind the others.
#[derive(Debug, Clone)]
pub struct Beats {
    started: Instant,
    last_ms: Arc<[AtomicU64; 2]>,
    couriers_ms: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Beats {
    /// All fresh now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the watchdog measures real time, also while the daemon's clock runs faster")]
    pub fn start() -> Self {
        Self { started: Instant::now(), last_ms: Arc::default(), couriers_ms: Arc::default() }
    }

    /// The loop passes its check point. Couriers have [`Beats::beat_of_courier`].
    pub fn beat(&self, of: Loop) {
        if let Some(last) = self.last_ms.get(of as usize) {
            last.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// These are the couriers from now on, all fresh.
    pub fn expect_couriers<'a>(&self, targets: impl Iterator<Item = &'a str>) {
        let now = self.now_ms();
        *self.couriers() = targets.map(|target| (target.to_owned(), now)).collect();
    }

    /// The courier of a target passes its check point.
    pub fn beat_of_courier(&self, target: &str) {
        let now = self.now_ms();
        if let Some(last) = self.couriers().get_mut(target) {
            *last = now;
        }
    }

    /// How long ago each loop passed its check point; of the couriers the one that is the longest ago.
    #[must_use]
    pub fn ages(&self) -> [(Loop, Duration); 3] {
        let now = self.now_ms();
        let stalest = self.couriers().values().min().copied().unwrap_or(now);
        Loop::ALL.map(|of| {
            let last = self.last_ms.get(of as usize).map_or(stalest, |last| last.load(Ordering::Relaxed));
            (of, Duration::from_millis(now.saturating_sub(last)))
        })
    }

    /// Whether all go round.
    #[must_use]
    pub fn all_fresh(&self) -> bool {
        self.ages().iter().all(|(_, age)| *age < LIMIT)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn couriers(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.couriers_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_couriers_are_as_fresh_as_the_one_that_is_stuck() {
        let mut beats = Beats::start();
        beats.expect_couriers(["chat", "mail"].into_iter());
        beats.started = beats.started.checked_sub(Duration::from_secs(100)).unwrap();
        let deliver = |beats: &Beats| beats.ages().into_iter().find(|(of, _)| *of == Loop::Deliver).unwrap().1;
        beats.beat_of_courier("mail");
        beats.beat_of_courier("a target that is gone");
        assert!(deliver(&beats) >= LIMIT, "the chat's courier is stuck");
        beats.beat_of_courier("chat");
        assert!(deliver(&beats) < LIMIT);
        beats.expect_couriers(std::iter::empty());
        assert_eq!(deliver(&beats), Duration::ZERO, "where nobody is told, nobody can be stuck");
    }
}
