//! Hashes that mean the same on every machine and after every restart.

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;

/// The first eight bytes of SHA-256 over length-prefixed parts: equal for equal parts only.
#[must_use]
pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut all = Parts::default();
    for part in parts {
        all.add(part);
    }
    all.hash()
}

/// The hash of [`of_parts`] over parts that come one after the other.
#[derive(Debug, Default)]
pub struct Parts(Sha256);

impl Parts {
    /// Takes the next part in.
    pub fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    /// The hash of all of them.
    #[must_use]
    pub fn hash(self) -> u64 {
        beginning(&self.0.finalize())
    }
}

/// The first eight bytes of SHA-256 over bytes.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> u64 {
    beginning(&Sha256::digest(bytes))
}

fn beginning(digest: &[u8]) -> u64 {
    digest.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// HMAC-SHA-256 of an author under the installation's key, as 32 hexadecimal digits. Nobody can
/// find the author without the key; the same author gets the same hash everywhere.
///
/// # Panics
///
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn of_author(key: &[u8], author: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(author.trim().to_lowercase().as_bytes());
    hex(&mac.finalize().into_bytes()[..16])
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string never fails");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(of_parts(["ab", "c"]), of_parts(["a", "bc"]));
        assert_eq!(of_parts(["ab", "c"]), of_parts(["ab", "c"]));
    }

    #[test]
    fn an_author_is_the_same_under_one_key_only() {
        assert_eq!(of_author(b"k", "Ann "), of_author(b"k", "ann"));
        assert_ne!(of_author(b"k", "ann"), of_author(b"other", "ann"));
    }
}
