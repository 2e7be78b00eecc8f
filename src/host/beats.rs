//! Signs of life of the daemon's loops. The watchdog is fed only while each of them is fresh.

use std::sync::Arc;
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

/// When each loop last passed its check point.
#[derive(Debug, Clone)]
pub struct Beats {
    started: Instant,
    last_ms: Arc<[AtomicU64; 3]>,
}

impl Beats {
    /// All fresh now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the watchdog measures real time, also while the daemon's clock runs faster")]
    pub fn start() -> Self {
        Self { started: Instant::now(), last_ms: Arc::default() }
    }

    /// The loop passes its check point.
    pub fn beat(&self, of: Loop) {
        self.last_ms[of as usize].store(self.started.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// How long ago each loop passed its check point.
    #[must_use]
    pub fn ages(&self) -> [(Loop, Duration); 3] {
        let now = self.started.elapsed();
        Loop::ALL.map(|of| (of, now.saturating_sub(Duration::from_millis(self.last_ms[of as usize].load(Ordering::Relaxed)))))
    }

    /// Whether all go round.
    #[must_use]
    pub fn all_fresh(&self) -> bool {
        self.ages().iter().all(|(_, age)| *age < LIMIT)
    }
}
