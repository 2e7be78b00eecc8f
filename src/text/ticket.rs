//! Tickets: what lets whoever holds a link see or act, without a login, for some days.
//!
//! A ticket names nobody and is stored nowhere. It is an end, a tag of whom it was sent to, and a
//! keyed hash over both and over what it is for; whoever has the key can tell it from a forged one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest as _;
use sha2::Sha256;

use crate::domain::Timestamp;

/// How long a ticket is good for, counted from the time of the change that its notice tells: a
/// repeat of the notice must have the same bytes.
pub const GOOD_FOR: TimeDelta = TimeDelta::days(7);

/// Bytes of the end in whole hours since 1970, of the tag, and of the hash.
const HOURS: usize = 4;
const TAG: usize = 6;
const HASH: usize = 16;

/// Why a ticket opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It did once; the tag says whom it was sent to.
    #[error("the link is too old")]
    Expired([u8; TAG]),
    /// It is forged, mutilated, or for something else.
    #[error("the link is wrong")]
    Wrong,
}

/// The tag of a recipient of a target: it tells recipients apart and says nothing about them.
#[must_use]
pub fn tag(target: &str, recipient: &str) -> [u8; TAG] {
    let mut hasher = Sha256::new();
    for part in [target, recipient] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    std::array::from_fn(|at| digest[at])
}

/// A ticket of 35 letters, digits, `-` and `_`. `subject` says what it is for: `i:` and the id of an
/// incident, `q:` and the number of a message. It is good until `expires`, which is cut to the hour.
#[must_use]
pub fn sign(key: &[u8], subject: &str, sent_to: [u8; TAG], expires: Timestamp) -> String {
    let hours = u32::try_from(expires.timestamp().max(0) / 3600).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HOURS + TAG + HASH);
    bytes.extend_from_slice(&hours.to_be_bytes());
    bytes.extend_from_slice(&sent_to);
    let hash = keyed(key, subject, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&hash[..HASH]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The tag of whom a ticket was sent to. Each of the keys is good; all are tried in any case, so
/// that the time it takes says nothing.
///
/// # Errors
///
/// [`Refused`] when it opens nothing.
pub fn open(keys: &[Vec<u8>], subject: &str, ticket: &str, now: Timestamp) -> Result<[u8; TAG], Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(ticket).ok().filter(|bytes| bytes.len() == HOURS + TAG + HASH);
    // Nonsense takes as long as a forgery.
    let decoded = bytes.is_some();
    let bytes = bytes.unwrap_or_else(|| vec![0; HOURS + TAG + HASH]);
    let (said, hash) = bytes.split_at(HOURS + TAG);
    let genuine = keys.iter().fold(false, |found, key| keyed(key, subject, said).verify_truncated_left(hash).is_ok() | found);
    if !(genuine && decoded) {
        return Err(Refused::Wrong);
    }
    let sent_to = std::array::from_fn(|at| said[HOURS + at]);
    let hours = u32::from_be_bytes(std::array::from_fn(|at| said[at]));
    if now.timestamp() >= i64::from(hours) * 3600 { Err(Refused::Expired(sent_to)) } else { Ok(sent_to) }
}

/// When a ticket ends, as it says itself; believe it only of one that [`open`] opens.
#[must_use]
pub fn ends(ticket: &str) -> Option<Timestamp> {
    let bytes = URL_SAFE_NO_PAD.decode(ticket).ok().filter(|bytes| bytes.len() == HOURS + TAG + HASH)?;
    Timestamp::from_timestamp(i64::from(u32::from_be_bytes(std::array::from_fn(|at| bytes[at]))) * 3600, 0)
}

/// The hash, not yet taken. The subject's length keeps it apart from what follows.
fn keyed(key: &[u8], subject: &str, said: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&(subject.len() as u64).to_le_bytes());
    mac.update(subject.as_bytes());
    mac.update(said);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_ticket_opens_what_it_is_for_until_it_is_too_old() {
        let to = tag("leads", "anna@example.com");
        let ticket = sign(b"key", "i:i-7f3k2", to, now() + GOOD_FOR);
        let keys = [b"newer".to_vec(), b"key".to_vec()];
        assert_eq!(ticket.len(), 35);
        assert_eq!(open(&keys, "i:i-7f3k2", &ticket, now()), Ok(to));
        assert_eq!(open(&keys, "i:i-7f3k2", &ticket, now() + GOOD_FOR), Err(Refused::Expired(to)));
        assert_eq!(open(&keys, "i:i-7f3k3", &ticket, now()), Err(Refused::Wrong));
        assert_eq!(open(&keys[..1], "i:i-7f3k2", &ticket, now()), Err(Refused::Wrong), "a key that is used no more");
        assert_eq!(open(&[], "i:i-7f3k2", &ticket, now()), Err(Refused::Wrong));
    }

    #[test]
    fn a_ticket_says_when_it_ends() {
        let end = now() + GOOD_FOR;
        assert_eq!(ends(&sign(b"key", "q:9", [1; 6], end)), Some(end), "noon is a whole hour");
        assert_eq!(ends("nonsense"), None);
    }

    #[test]
    fn recipients_are_told_apart() {
        assert_eq!(tag("leads", "a@example.com"), tag("leads", "a@example.com"));
        assert_ne!(tag("leads", "a@example.com"), tag("leadsa", "@example.com"));
    }

    #[test]
    fn the_same_notice_has_the_same_ticket() {
        let ticket = || sign(b"key", "q:91", [1; 6], now() + GOOD_FOR);
        assert_eq!(ticket(), ticket());
    }

    proptest! {
        #[test]
        fn a_changed_ticket_opens_nothing(at in 0usize..35, letter in "[A-Za-z0-9_-]") {
            let ticket = sign(b"key", "i:i-1", [7; 6], now() + GOOD_FOR);
            let mut changed = ticket.clone();
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != ticket);
            prop_assert_eq!(open(&[b"key".to_vec()], "i:i-1", &changed, now()), Err(Refused::Wrong));
        }

        #[test]
        fn nonsense_opens_nothing(ticket in ".{0,80}", subject in ".{0,20}") {
            prop_assert_eq!(open(&[b"key".to_vec()], &subject, &ticket, now()), Err(Refused::Wrong));
        }
    }
}
