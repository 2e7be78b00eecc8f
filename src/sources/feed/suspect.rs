//! What an answer looked like when it is no feed, so that somebody can do something about it.

use crate::sources::ReadError;
use crate::sources::markup;

/// Names what was read instead of a feed.
pub(super) fn looks_like(text: &str, _base: Option<&url::Url>) -> ReadError {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let head = markup::cut(text, 64 * 1024).to_lowercase();
    if text.is_empty() {
        return ReadError::new("not a feed: an empty answer", "try again later, or check the address in a browser");
    }
    if head.contains("<html") || head.starts_with("<!doctype html") || head.starts_with("<head") || head.starts_with("<body") {
        return page(&head);
    }
    if text.starts_with(['{', '[']) {
        return match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => json(&value),
            Err(error) => ReadError::new(
                format!("not a feed: JSON that ends or breaks at line {}, column {}", error.line(), error.column()),
                "try again later; if it stays, tell those who run the server",
            ),
        };
    }
    if text.starts_with('<') {
        let root = text.split('<').map(|part| part.split([' ', '>', '\n', '/']).next().unwrap_or_default());
        let root = root.into_iter().find(|name| name.starts_with(char::is_alphabetic)).unwrap_or("?");
        let root = markup::cut(root, 40);
        return ReadError::new(
            format!("not a feed: XML whose root is `{root}`"),
            "look for the address of the RSS or Atom feed on that site",
        );
    }
    let start: String = text.chars().filter(|letter| !letter.is_control()).take(40).collect();
    ReadError::new(format!("not a feed: text that begins `{start}`"), "check the address in a browser")
}

fn page(head: &str) -> ReadError {
    let has = |words: &[&str]| words.iter().any(|word| head.contains(word));
    if has(&["captcha", "verify you are human", "checking your browser", "challenge-platform", "attention required"]) {
        return ReadError::new("not a feed: a captcha page", "ask those who run the site for an address that programs may read");
    }
    if has(&["type=\"password\"", "type='password'", "type=password"]) {
        return ReadError::new("not a feed: a login page", "use the feed's public address, or one with its access key in it");
    }
    if head.contains("application/rss+xml") || head.contains("application/atom+xml") {
        return ReadError::new("not a feed: an HTML page", "it names its feed in a `<link rel=\"alternate\">`: use that address");
    }
    ReadError::new("not a feed: an HTML page", "look for the address of the RSS or Atom feed on that page")
}

fn json(value: &serde_json::Value) -> ReadError {
    let said = ["error", "message", "detail", "errors"].iter().find_map(|name| match value.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        other => other.get("message").and_then(|text| text.as_str()).map(str::to_owned),
    });
    match said {
        Some(said) => {
            let said: String = said.chars().filter(|letter| !letter.is_control()).take(120).collect();
            ReadError::new(format!("not a feed: a JSON error, `{said}`"), "check the address and whether it needs a key")
        }
        None => ReadError::new("not a feed: JSON without the `version` of a JSON Feed", "check the address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_name() {
        for (text, what) in [
            ("", "not a feed: an empty answer"),
            ("<!DOCTYPE html><p>hi", "not a feed: an HTML page"),
            ("<html><form><input type=password></form>", "not a feed: a login page"),
            ("<html>Verify you are human", "not a feed: a captcha page"),
            ("{\"error\":{\"message\":\"no key\"}}", "not a feed: a JSON error, `no key`"),
            ("[1]", "not a feed: JSON without the `version` of a JSON Feed"),
            ("{\"a\":", "not a feed: JSON that ends or breaks at line 1, column 5"),
            ("<?xml version='1.0'?><opml><x/></opml>", "not a feed: XML whose root is `opml`"),
            ("Not\u{1b} found", "not a feed: text that begins `Not found`"),
        ] {
            assert_eq!(looks_like(text, None).what, what, "{text}");
        }
    }
}
