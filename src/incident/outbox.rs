//! Ids of notices, and when to try again.

use chrono::TimeDelta;
use sha2::Digest;
use sha2::Sha256;

use crate::domain::Timestamp;
use crate::domain::incident::SeriesKey;
use crate::domain::notice::Event;
use crate::text::hash;

/// Waits between tries of one row, in minutes; the last one repeats.
const WAITS_MINUTES: [f64; 9] = [1.0 / 6.0, 1.0, 5.0, 15.0, 60.0, 180.0, 360.0, 720.0, 1440.0];
/// A row that was not taken in this time is given up, and `status` says so.
pub const GIVE_UP: TimeDelta = TimeDelta::hours(72);
/// The longest that another side may ask us to wait.
pub const LONGEST_ASKED: TimeDelta = TimeDelta::hours(1);

/// The id of a notice for one recipient: the same on every try and after every crash, so that a
/// repeat is known for one. `instance` keeps two installations apart that watch the same thing.
#[must_use]
pub fn row_id(instance: &str, incident: &str, event: Event, revision: u32, target: &str, recipient: &str) -> String {
    digest(&[instance, incident, event.word(), &revision.to_string(), target, recipient], 16)
}

/// The id of an incident, short enough to be typed.
#[must_use]
pub fn incident_id(instance: &str, key: &SeriesKey, opened_at: Timestamp) -> String {
    let (segment, moment) = (key.segment.to_string(), opened_at.timestamp_millis().to_string());
    let mut parts = vec![instance, &key.watch, &key.theme, &segment, &moment];
    // A spike has the id that it had before there were other kinds.
    parts.extend((!key.kind.is_spike()).then(|| key.kind.word()));
    format!("i-{}", digest(&parts, 4))
}

/// When to try a row again that was tried `attempts` times: 10 seconds, a minute, up to a day,
/// each a fifth longer or shorter so that many rows do not return together.
#[must_use]
pub fn next_try(row: &str, attempts: u32, now: Timestamp) -> Timestamp {
    let at = (attempts.max(1) as usize - 1).min(WAITS_MINUTES.len() - 1);
    let dice = hash::of_parts([row, &attempts.to_string()]) % 1000;
    let jitter = 0.8 + 0.4 * (dice as f64 / 999.0);
    now + TimeDelta::milliseconds((WAITS_MINUTES[at] * 60_000.0 * jitter) as i64)
}

fn digest(parts: &[&str], bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hash::hex(&hasher.finalize()[..bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_notice_for_the_same_recipient_has_the_same_id() {
        let id = row_id("here", "i-1", Event::Opened, 1, "leads", "a@example.com");
        assert_eq!(id, row_id("here", "i-1", Event::Opened, 1, "leads", "a@example.com"));
        assert_ne!(id, row_id("there", "i-1", Event::Opened, 1, "leads", "a@example.com"));
        assert_ne!(id, row_id("here", "i-1", Event::Worse, 1, "leads", "a@example.com"));
        assert_eq!(id.len(), 32);
    }

    #[test]
    fn tries_are_spaced_from_ten_seconds_to_a_day() {
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let wait = |attempts| (next_try("r", attempts, now) - now).num_seconds();
        assert!((8..=12).contains(&wait(1)), "{}", wait(1));
        assert!((48..=72).contains(&wait(2)), "{}", wait(2));
        assert!((69_120..=103_680).contains(&wait(99)), "{}", wait(99));
    }
}
