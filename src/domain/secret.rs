//! Values that cannot print themselves.

use std::fmt;

use secrecy::ExposeSecret;
use secrecy::SecretString;

/// A password, token or key. Prints as `[secret]`; reading it out is [`Secret::reveal`], which is
/// easy to search for.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a value in.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }

    /// The value itself: for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An address fit for a log: scheme, host and port. Path and query often carry a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownUrl(String);

impl ShownUrl {
    /// Keeps what may be shown of `url`; anything unreadable shows as `[address]`.
    #[must_use]
    pub fn of(url: &str) -> Self {
        let shown = url::Url::parse(url).ok().and_then(|parsed| {
            let host = parsed.host_str()?.to_owned();
            let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{host}{port}", parsed.scheme()))
        });
        Self(shown.unwrap_or_else(|| "[address]".to_owned()))
    }
}

impl fmt::Display for ShownUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of a path this long is looked at more closely.
const LIKE_A_KEY: usize = 16;
/// A word this long is none.
const LONGEST_WORD: usize = 30;
/// Parameters that say what is wanted of a feed, and never who wants it.
const HARMLESS: [&str; 26] = [
    "amp", "board", "cat", "category", "count", "country", "f", "feed", "forum", "format", "hl", "lang", "language", "limit", "locale",
    "offset", "order", "p", "page", "section", "sort", "t", "tag", "topic", "type", "view",
];

/// Whether an address can be shown and handed on as it is: without a login, and with nothing in its
/// path or query that may be a key. Of what it does not know it thinks ill.
#[must_use]
pub fn opens_no_door(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let login = !url.username().is_empty() || url.password().is_some();
    let is_harmless = |name: &str| HARMLESS.contains(&name.to_ascii_lowercase().as_str());
    // Without a value the name is what is meant: `?rss`.
    let query =
        url.query_pairs().all(|(name, value)| if value.is_empty() { is_plain(&name) } else { is_harmless(&name) && is_plain(&value) });
    let path = url.path().split(['/', '.', ';', ',', '=', '&', '~', '@', ':']).all(|piece| !is_like_a_key(&decoded(piece)));
    !login && query && path && url.fragment().is_none_or(|fragment| !is_like_a_key(&decoded(fragment)))
}

/// Whether a piece of an address looks like a key rather than like words and numbers.
fn is_like_a_key(piece: &str) -> bool {
    let length = piece.chars().count();
    // A title in an address is made of words and numbers; in a key the two are mixed.
    length >= LIKE_A_KEY && !piece.split(['-', '_', '+', ' ']).all(is_word_or_number)
}

fn is_word_or_number(part: &str) -> bool {
    let length = part.chars().count();
    let number = length <= 8 && part.bytes().all(|byte| byte.is_ascii_digit());
    number || length <= LONGEST_WORD && part.chars().all(char::is_alphabetic)
}

/// A short value of words and numbers, or one too short to keep anybody out: `rss2`.
fn is_plain(value: &str) -> bool {
    if value.len() <= 4 {
        return true;
    }
    value.chars().count() < LIKE_A_KEY && value.split(['-', '_', '+', ' ', ',']).all(is_word_or_number)
}

/// A piece of an address as it reads to people.
fn decoded(piece: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(piece.len()), piece.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_key_is_taken_for_one() {
        for address in [
            "https://forum.example.com/latest.rss",
            "https://forum.example.com/c/phones?lang=en-GB&page=2&format=rss",
            "https://blog.example.com/?feed=rss2",
            "https://blog.example.com/2026-11-22-a-long-title-with-numbers-2026",
            "https://blog.example.com/kategorie/m%C3%B6bel-und-mehr-2026.xml",
            "https://shop.example.com/feed/3141592/reviews#latest",
        ] {
            assert!(opens_no_door(address), "{address}");
        }
        for address in [
            "https://ann@forum.example.com/f",
            "https://ann:pw@forum.example.com/f",
            "https://forum.example.com/f?api_key=7",
            "https://forum.example.com/f?u=hunter2abc",
            "https://forum.example.com/f?user=hunter",
            "https://forum.example.com/f?page=hunter2abc",
            "https://forum.example.com/f?hunter2abc",
            "https://forum.example.com/f?9f8a7b6c5d4e3f2a1b0c",
            "https://forum.example.com/f?x=9f8a7b6c5d4e3f2a1b0c",
            "https://forum.example.com/feeds/3f2504e0-4f89-11d3-9a0c-0305e82c3301.xml",
            "https://forum.example.com/private/9f8a7b6c5d4e3f2a1b0c.xml",
            "https://forum.example.com/private/%39f8a7b6c5d4e3f2a1b0c/rss",
            "https://forum.example.com/private/aB3-kL9_zz81QpT4/rss",
            "https://forum.example.com/feed/31415926535897932384626",
            "https://forum.example.com/feed/kjhgfdsaqwertyuiopmnbvcxzlkjhgfdsa",
            "https://forum.example.com/feed;k=9f8a7b6c5d4e3f2a1b0c",
            "https://forum.example.com/feed#9f8a7b6c5d4e3f2a1b0c",
            "no address",
        ] {
            assert!(!opens_no_door(address), "{address}");
        }
    }

    #[test]
    fn a_secret_prints_as_secret_only() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
    }

    #[test]
    fn an_address_shows_neither_path_nor_password() {
        let shown = ShownUrl::of("https://ann:pw@hooks.example.com:8443/services/T0/secret?k=1");
        assert_eq!(shown.to_string(), "https://hooks.example.com:8443");
        assert_eq!(ShownUrl::of("no address").to_string(), "[address]");
    }
}
