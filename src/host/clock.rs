//! The clock. A replay at a higher speed makes it run faster; nothing else may know.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::Timestamp;

/// What time it is, and how long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Real moment from which the clock runs at its own speed.
    from: Timestamp,
    /// What the clock showed at `from`.
    showed: Timestamp,
    /// Seconds of the clock in a real second.
    speed: f64,
    /// What it shows, in milliseconds since 1970, where somebody turns it by hand.
    hand: Option<&'static AtomicI64>,
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn real() -> Self {
        let now = machine();
        Self { from: now, showed: now, speed: 1.0, hand: None }
    }

    /// A clock that shows `showed` now and runs `speed` times as fast as the machine's.
    #[must_use]
    pub fn at_speed(showed: Timestamp, speed: f64) -> Self {
        Self { from: machine(), showed, speed, hand: None }
    }

    /// A clock that stands still until somebody turns it, in milliseconds since 1970: for stories of days
    /// that are told in seconds.
    #[must_use]
    pub fn by_hand(hand: &'static AtomicI64) -> Self {
        Self { hand: Some(hand), ..Self::real() }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if let Some(hand) = self.hand {
            return Timestamp::from_timestamp_millis(hand.load(Ordering::SeqCst)).unwrap_or_default();
        }
        let now = machine();
        if (self.speed - 1.0).abs() < f64::EPSILON {
            return now;
        }
        let passed = (now - self.from).to_std().unwrap_or_default().mul_f64(self.speed);
        self.showed + TimeDelta::from_std(passed).unwrap_or_default()
    }

    /// What the clock shows when so much real time has passed.
    #[must_use]
    pub fn after(&self, real: Duration) -> Timestamp {
        self.now() + TimeDelta::from_std(real.mul_f64(self.speed)).unwrap_or_default()
    }

    /// How long to really wait until the clock shows `due`.
    #[must_use]
    pub fn until(&self, due: Timestamp) -> Duration {
        (due - self.now()).to_std().unwrap_or_default().div_f64(self.speed)
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that asks the machine's clock")]
fn machine() -> Timestamp {
    chrono::Utc::now()
}
