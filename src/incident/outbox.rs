//! Ids of notices, and when to try again.

use chrono::TimeDelta;
use sha2::Digest;
use sha2::Sha256;

use crate::domain::Timestamp;
use crate::domain::incident::SeriesKey;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::text::hash;

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

/// The id of the notice that stands for others, of their ids.
#[must_use]
pub fn storm_id(members: &[&str]) -> String {
    let mut members = members.to_vec();
    members.sort_unstable();
    members.insert(0, "storm");
    digest(&members, 16)
}

/// The id of a notice that steps in for one of another target, whoever its recipients were there.
#[must_use]
pub fn copy_id(facts: &Facts, from: &str, to: &str, recipient: &str) -> String {
    digest(&["instead", &facts.incident, facts.event.word(), &facts.revision.to_string(), from, to, recipient], 16)
}

/// The id of a notice about Uproar itself, for one recipient.
#[must_use]
pub fn digest_id(instance: &str, what: &str, target: &str, recipient: &str) -> String {
    digest(&[instance, "digest", what, target, recipient], 16)
}

/// When to try a row again that was tried `attempts` times: after the wait of that number, the last
/// of which repeats, a fifth longer or shorter so that many rows do not return together.
#[must_use]
pub fn next_try(row: &str, attempts: u32, waits: &[TimeDelta], now: Timestamp) -> Timestamp {
    let at = attempts.max(1) as usize - 1;
    let wait = waits.get(at).or(waits.last()).copied().unwrap_or(TimeDelta::minutes(1));
    now + stretched(wait, 0.8 + 0.4 * dice(row, attempts))
}

/// When to go on with a target that asked for a pause and did not say how long: never before it.
#[must_use]
pub fn after_throttling(row: &str, attempts: u32, pause: TimeDelta, now: Timestamp) -> Timestamp {
    now + stretched(pause, 1.0 + 0.2 * dice(row, attempts))
}

fn stretched(wait: TimeDelta, factor: f64) -> TimeDelta {
    TimeDelta::milliseconds((wait.num_milliseconds() as f64 * factor) as i64)
}

/// From 0 to 1, and for one try of one row always the same.
fn dice(row: &str, attempts: u32) -> f64 {
    (hash::of_parts([row, &attempts.to_string()]) % 1000) as f64 / 999.0
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
    fn tries_are_spaced_as_configured_and_the_last_wait_repeats() {
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let waits = [TimeDelta::seconds(10), TimeDelta::minutes(1), TimeDelta::days(1)];
        let wait = |attempts| (next_try("r", attempts, &waits, now) - now).num_seconds();
        assert!((8..=12).contains(&wait(1)), "{}", wait(1));
        assert!((48..=72).contains(&wait(2)), "{}", wait(2));
        assert!((69_120..=103_680).contains(&wait(99)), "{}", wait(99));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_never_shortened() {
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        for attempts in 1..50 {
            let waited = after_throttling("r", attempts, TimeDelta::seconds(60), now) - now;
            assert!((60..=72).contains(&waited.num_seconds()), "{waited}");
        }
    }

    #[test]
    fn ids_of_notices_that_stand_for_others_do_not_hang_on_their_order() {
        assert_eq!(storm_id(&["a", "b"]), storm_id(&["b", "a"]));
        assert_ne!(storm_id(&["a", "b"]), storm_id(&["a", "c"]));
        let facts = Facts::blank(Event::Opened, "i-1", "2026-11-22T00:00:00Z".parse().unwrap());
        assert_ne!(copy_id(&facts, "chat", "mail", "a"), copy_id(&facts, "chat", "mail", "b"));
    }
}
