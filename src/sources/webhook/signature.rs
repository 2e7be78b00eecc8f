//! Who sent it: signatures over the raw body, compared in constant time.
//!
//! Any of several secrets will do, and any of several signatures, for secrets are changed while messages
//! are on their way. Nothing here says to the sender what was wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use ring::hmac;

use crate::domain::Timestamp;
use crate::domain::secret::Secret;
use crate::sources::webhook::Format;
use crate::sources::webhook::Proof;
use crate::sources::webhook::Push;
use crate::sources::webhook::Settings;

/// Why something is not trusted: for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// There is no proof at all.
    #[error("it came without its signature or token")]
    Unsigned,
    /// The proof is wrong.
    #[error("its signature or token does not fit; check `secret`, and whether a proxy changes bodies")]
    Wrong,
    /// It is of another time.
    #[error("its time is too far from ours: an old copy, or one of the clocks is wrong")]
    Old,
}

/// Signatures that are tried of one push.
const MOST: usize = 16;

/// Whether a push is of somebody who knows a secret, and of now.
pub(super) fn check(settings: &Settings, push: &Push, now: Timestamp) -> Result<(), Untrusted> {
    let secrets = settings.secrets.iter().map(Secret::reveal);
    let plain = |algorithm| secrets.clone().map(|secret| hmac::Key::new(algorithm, secret.as_bytes())).collect::<Vec<_>>();
    match (&settings.proof, settings.format) {
        (Proof::Header(name), _) => {
            let given = push.header(&name.to_ascii_lowercase()).ok_or(Untrusted::Unsigned)?;
            let bare = given.strip_prefix("Bearer ").unwrap_or(given);
            any(secrets.map(|secret| same(secret, given) | same(secret, bare)))
        }
        (Proof::Basic(user), _) => {
            let given = push.header("authorization").ok_or(Untrusted::Unsigned)?;
            any(secrets.map(|secret| same(&format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))), given)))
        }
        (Proof::OfClient(client), _) => {
            let keys: Vec<_> = secrets
                .map(|secret| hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, format!("{client}&{secret}").as_bytes()))
                .collect();
            signed(&keys, &push.body, &[from_base64(push.header("sm-signature"))?])
        }
        (Proof::Signature, Format::Standard) => standard(settings, push, now),
        (Proof::Signature, Format::Typeform) => {
            let given = push.header("typeform-signature").ok_or(Untrusted::Unsigned)?;
            let given = given.strip_prefix("sha256=").ok_or(Untrusted::Wrong)?;
            signed(&plain(hmac::HMAC_SHA256), &push.body, &[from_base64(Some(given))?])
        }
        (Proof::Signature, Format::Delighted) => {
            let given = push.header("x-delighted-webhook-signature").ok_or(Untrusted::Unsigned)?;
            let given = given.strip_prefix("sha256=").and_then(from_hex).ok_or(Untrusted::Wrong)?;
            signed(&plain(hmac::HMAC_SHA256), &push.body, &[given])
        }
        (Proof::Signature, Format::Zendesk) => {
            let stamp = push.header("x-zendesk-webhook-signature-timestamp").ok_or(Untrusted::Unsigned)?;
            let given = from_base64(push.header("x-zendesk-webhook-signature"))?;
            // Its manual says time and body, in that order; the example in the same manual is signed the other
            // way round. Either binds the two.
            let given = [given];
            let orders = [[stamp.as_bytes(), &push.body].concat(), [push.body.as_slice(), stamp.as_bytes()].concat()];
            any(orders.iter().map(|order| signed(&plain(hmac::HMAC_SHA256), order, &given).is_ok()))?;
            let at = stamp.parse::<chrono::DateTime<chrono::FixedOffset>>().map_err(|_| Untrusted::Wrong)?;
            recent(at.to_utc(), now, settings.tolerance)
        }
        // Any JSON and SurveyMonkey have another proof; without it nobody is trusted.
        (Proof::Signature, Format::SurveyMonkey | Format::Json) => Err(Untrusted::Unsigned),
    }
}

/// Standard Webhooks 1.0.0: `v1,` and base64 over `id.timestamp.body`. Svix, where it began, has other names.
fn standard(settings: &Settings, push: &Push, now: Timestamp) -> Result<(), Untrusted> {
    let header = |name: &str| push.header(&format!("webhook-{name}")).or_else(|| push.header(&format!("svix-{name}")));
    let (id, stamp, given) = (header("id"), header("timestamp"), header("signature"));
    let (Some(id), Some(stamp), Some(given)) = (id.filter(|id| !id.is_empty()), stamp, given) else { return Err(Untrusted::Unsigned) };
    let tags: Vec<Vec<u8>> = given.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok()).take(MOST).collect();
    let keys: Vec<hmac::Key> =
        settings.secrets.iter().filter_map(|secret| Some(hmac::Key::new(hmac::HMAC_SHA256, &key(secret.reveal())?))).collect();
    signed(&keys, &[id.as_bytes(), b".", stamp.as_bytes(), b".", &push.body].concat(), &tags)?;
    let at = stamp.parse().ok().and_then(|seconds| Timestamp::from_timestamp(seconds, 0)).ok_or(Untrusted::Wrong)?;
    recent(at, now, settings.tolerance)
}

/// The key that a `whsec_` secret stands for.
#[must_use]
pub fn key(secret: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok().filter(|key| !key.is_empty())
}

/// Whether one of the tags is one of the keys'.
fn signed(keys: &[hmac::Key], message: &[u8], tags: &[Vec<u8>]) -> Result<(), Untrusted> {
    any(keys.iter().flat_map(|key| tags.iter().map(move |tag| hmac::verify(key, message, tag).is_ok())))
}

fn any(fits: impl Iterator<Item = bool>) -> Result<(), Untrusted> {
    // All of them are looked at, so that the time says nothing of which one fitted.
    if fits.fold(false, |fitted, fits| fitted | fits) { Ok(()) } else { Err(Untrusted::Wrong) }
}

/// Compares in a time that says nothing of where the two differ.
fn same(expected: &str, given: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compared by their hashes");
    hmac::verify(&key, given.as_bytes(), hmac::sign(&key, expected.as_bytes()).as_ref()).is_ok()
}

fn recent(at: Timestamp, now: Timestamp, tolerance: TimeDelta) -> Result<(), Untrusted> {
    let apart = now.signed_duration_since(at);
    if apart > tolerance || apart < -tolerance { Err(Untrusted::Old) } else { Ok(()) }
}

fn from_base64(given: Option<&str>) -> Result<Vec<u8>, Untrusted> {
    STANDARD.decode(given.ok_or(Untrusted::Unsigned)?.trim()).map_err(|_| Untrusted::Wrong)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.trim().chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
