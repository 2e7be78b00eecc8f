//! The service manager: ready, reloading, stopping, and the watchdog.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::host::beats::Beats;

/// Says that the daemon works, with one line for people.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that a reload has begun; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Says that the daemon is on its way out.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog while every loop goes round. Ends at once where there is no watchdog.
pub async fn feed_watchdog(beats: Beats) {
    let Some(period) = sd_notify::watchdog_enabled() else { return };
    let step = (period / 3).max(Duration::from_millis(100));
    loop {
        if beats.all_fresh() {
            tell(&[NotifyState::Watchdog]);
        }
        tokio::time::sleep(step).await;
    }
}

/// Without a service manager there is nobody to tell, and that is no fault.
fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
