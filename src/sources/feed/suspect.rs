//! What an answer looked like when it is no feed, so that somebody can do something about it.

use url::Url;

use crate::sources::ReadError;
use crate::sources::html;
use crate::sources::markup;
use crate::sources::markup::Token;
use crate::sources::markup::Tokens;

/// Names what was read instead of a feed. `base` is where it came from, the start of relative
/// links.
pub(super) fn looks_like(text: &str, base: Option<&Url>) -> ReadError {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let start = markup::cut(text, 64 * 1024);
    let head = start.to_lowercase();
    if text.is_empty() {
        return ReadError::new("not a feed: an empty answer", "try again later, or check the address in a browser");
    }
    if head.contains("<html") || head.starts_with("<!doctype html") || head.starts_with("<head") || head.starts_with("<body") {
        return page(start, &head, base);
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
        return xml(start);
    }
    let start = plain(start, 40);
    ReadError::new(format!("not a feed: text that begins `{start}`"), "check the address in a browser")
}

fn xml(start: &str) -> ReadError {
    let root = Tokens::of(start).find_map(|token| match token {
        Token::Open { name, .. } => Some(plain(name, 40)),
        _ => None,
    });
    let root = root.unwrap_or_else(|| "?".to_owned());
    if root.eq_ignore_ascii_case("opml") {
        return ReadError::new(
            "not a feed: OPML, a list of feeds",
            "save it, and take the feeds in it over with `uproar source import FILE.opml`",
        );
    }
    ReadError::new(format!("not a feed: XML whose root is `{root}`"), "look for the address of the RSS or Atom feed on that site")
}

/// A page for people. `head` is its beginning in lower case.
fn page(start: &str, head: &str, base: Option<&Url>) -> ReadError {
    let has = |words: &[&str]| words.iter().any(|word| head.contains(word));
    let title = title(start);
    let titled = |what: &str| title.as_ref().map_or_else(|| what.to_owned(), |title| format!("{what} with the title `{title}`"));
    if has(&["captcha", "verify you are human", "checking your browser", "challenge-platform", "attention required"]) {
        return ReadError::new("not a feed: a captcha page", "ask those who run the site for an address that programs may read");
    }
    if has(&["type=\"password\"", "type='password'", "type=password"]) {
        return ReadError::new("not a feed: a login page", "use the feed's public address, or one with its access key in it");
    }
    if let Some(feed) = feed_of(start, base) {
        return ReadError::new(titled("not a feed: an HTML page"), format!("it names its feed, use that address: {feed}"));
    }
    let words = title.as_deref().unwrap_or_default().to_lowercase();
    if ["404", "not found", "error", "unavailable", "forbidden", "503", "500"].iter().any(|word| words.contains(word)) {
        return ReadError::new(
            titled("not a feed: an error page"),
            "check the address in a browser; the server says 200 and means an error",
        );
    }
    ReadError::new(titled("not a feed: an HTML page"), "look for the address of the RSS or Atom feed on that page")
}

/// The address of the feed that a page names, absolute where the page's own address is known. Only
/// a login in it is left out: the rest is what the page says.
fn feed_of(start: &str, base: Option<&Url>) -> Option<String> {
    let mut base = base.cloned();
    let mut hrefs = Vec::new();
    for token in Tokens::of(start) {
        let Token::Open { name, attributes, .. } = token else { continue };
        let value = |wanted: &str| {
            markup::attributes(attributes)
                .take(100)
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.trim().to_owned())
        };
        if name.eq_ignore_ascii_case("base") {
            base = value("href").and_then(|href| base.as_ref().map_or_else(|| Url::parse(&href), |base| base.join(&href)).ok()).or(base);
        }
        let alternate = || value("rel").is_some_and(|rel| rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("alternate")));
        let kind = || value("type").unwrap_or_default().to_ascii_lowercase();
        if name.eq_ignore_ascii_case("link")
            && alternate()
            && ["application/rss+xml", "application/atom+xml", "application/feed+json"].iter().any(|feed| kind().starts_with(feed))
        {
            hrefs.extend(value("href").filter(|href| !href.is_empty() && href.len() < 2048));
        }
    }
    hrefs.into_iter().find_map(|href| match (Url::parse(&href), &base) {
        (Ok(url), _) => public(url),
        (Err(_), Some(base)) => base.join(&href).ok().and_then(public),
        // Relative to an address that nobody told.
        (Err(_), None) => Some(plain(&href, 500)),
    })
}

fn public(mut url: Url) -> Option<String> {
    let web = matches!(url.scheme(), "http" | "https");
    // Neither fails where there is a host, as there is in every web address.
    let _ = (url.set_username(""), url.set_password(None));
    web.then(|| url.into())
}

fn title(start: &str) -> Option<String> {
    let at = start.to_ascii_lowercase().find("<title")?;
    let (_, inside) = start[at..].split_once('>')?;
    let title = html::to_text(inside.split("</").next().unwrap_or_default());
    Some(plain(&title, 80)).filter(|title| !title.is_empty())
}

/// So many letters of a text, on one line.
fn plain(text: &str, letters: usize) -> String {
    let shown: String =
        text.chars().map(|letter| if letter == '\n' { ' ' } else { letter }).filter(|letter| !letter.is_control()).take(letters).collect();
    shown.trim_end().to_owned()
}

fn json(value: &serde_json::Value) -> ReadError {
    let said = ["error", "message", "detail", "errors"].iter().find_map(|name| match value.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        other => other.get("message").and_then(|text| text.as_str()).map(str::to_owned),
    });
    if let Some(said) = said {
        let said = plain(&said, 120);
        return ReadError::new(format!("not a feed: a JSON error, `{said}`"), "check the address and whether it needs a key");
    }
    let version = value.get("version").and_then(serde_json::Value::as_str).unwrap_or_default();
    if version.contains("jsonfeed.org") {
        return ReadError::new("not a feed: a JSON Feed whose `items` is no list", "tell those who run the server");
    }
    ReadError::new("not a feed: JSON without the `version` of a JSON Feed", "check the address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_name() {
        for (text, what) in [
            ("", "not a feed: an empty answer"),
            ("<!DOCTYPE html><p>hi", "not a feed: an HTML page"),
            ("<html><title>Our\n shop</title>", "not a feed: an HTML page with the title `Our shop`"),
            ("<html><title>Page not found &ndash; Bags</title>", "not a feed: an error page with the title `Page not found – Bags`"),
            ("<html><form><input type=password></form>", "not a feed: a login page"),
            ("<html>Verify you are human", "not a feed: a captcha page"),
            ("{\"error\":{\"message\":\"no key\"}}", "not a feed: a JSON error, `no key`"),
            ("[1]", "not a feed: JSON without the `version` of a JSON Feed"),
            ("{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}}", "not a feed: a JSON Feed whose `items` is no list"),
            ("{\"a\":", "not a feed: JSON that ends or breaks at line 1, column 5"),
            ("<?xml version='1.0'?><opml><x/></opml>", "not a feed: OPML, a list of feeds"),
            ("<?xml version='1.0'?><!-- <x> --><sitemap/>", "not a feed: XML whose root is `sitemap`"),
            ("Not\u{1b} found", "not a feed: text that begins `Not found`"),
        ] {
            assert_eq!(looks_like(text, None).what, what, "{text}");
        }
    }

    #[test]
    fn the_feed_that_a_page_names_is_offered() {
        let page = Url::parse("https://bags.test/blog/").unwrap();
        let offered = |link: &str, base: Option<&Url>| looks_like(&format!("<html><head>{link}</head>"), base).cure;
        for (link, cure) in [
            ("<link rel=alternate type=application/rss+xml href=../rss?a=1&amp;b=2>", "https://bags.test/rss?a=1&b=2"),
            ("<LINK REL='x Alternate' TYPE='application/atom+xml; charset=utf-8' HREF='//cdn.test/f'>", "https://cdn.test/f"),
            ("<base href='/de/'><link rel=alternate type=application/feed+json href=f.json>", "https://bags.test/de/f.json"),
            ("<link rel=alternate type=application/rss+xml href='https://ann:pass@bags.test/f'>", "https://bags.test/f"),
            (
                "<link rel=alternate type=application/rss+xml href='javascript:x'><link rel=alternate type=application/rss+xml href=/2>",
                "https://bags.test/2",
            ),
        ] {
            assert_eq!(offered(link, Some(&page)), format!("it names its feed, use that address: {cure}"), "{link}");
        }
        assert!(offered("<link rel=alternate type=application/rss+xml href=/f>", None).ends_with(": /f"));
        assert!(!offered("<link rel=alternate hreflang=de href=/de>", Some(&page)).contains("names its feed"));
    }
}
