//! Addresses of sources as they may be shown and handed on: without logins and keys.

use url::Url;

use crate::config::mask;
use crate::domain::secret::ShownUrl;

/// A piece this long that is made of letters and digits alone is a key rather than a word.
const LIKE_A_KEY: usize = 20;

/// The address, if there is nothing in it that opens a door.
pub(super) fn open(address: &str) -> Option<&str> {
    let url = Url::parse(address).ok()?;
    let login = !url.username().is_empty() || url.password().is_some();
    let named = url.query_pairs().any(|(key, value)| !value.is_empty() && (mask::sounds_secret(&key) || is_like_a_key(&value)));
    let path = url.path_segments().into_iter().flatten().any(is_like_a_key);
    (!login && !named && !path).then_some(address)
}

/// The address, or its host alone where the rest of it is not for everybody.
pub(super) fn shown(address: &str) -> String {
    open(address).map_or_else(|| format!("{}/...", ShownUrl::of(address)), str::to_owned)
}

fn is_like_a_key(piece: &str) -> bool {
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    piece.len() >= LIKE_A_KEY && digits >= 3 && digits < piece.len() && piece.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_opens_no_door_is_handed_on() {
        for address in [
            "https://forum.example.com/latest.rss",
            "https://forum.example.com/c/phones?lang=en&page=2",
            "https://blog.example.com/2026-11-22-a-long-title-with-numbers-2026",
            "https://shop.example.com/feed/31415926535897932384626",
        ] {
            assert_eq!(shown(address), address);
        }
        for (address, host) in [
            ("https://ann:pw@forum.example.com/f", "https://forum.example.com/..."),
            ("https://forum.example.com/f?api_key=7", "https://forum.example.com/..."),
            ("https://forum.example.com:8443/f?x=9f8a7b6c5d4e3f2a1b0c", "https://forum.example.com:8443/..."),
            ("https://forum.example.com/private/9f8a7b6c5d4e3f2a1b0c/rss", "https://forum.example.com/..."),
        ] {
            assert_eq!(open(address), None, "{address}");
            assert_eq!(shown(address), host);
        }
    }
}
