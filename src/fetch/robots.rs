//! What `robots.txt` says of an address. Source: RFC 9309.
//!
//! The file of an origin is asked for once a day and kept in memory; after a restart it is asked
//! for again. While it cannot be read, nothing is asked for: see [`Copy`].

use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::StatusCode;
use robotxt::Robots;
use tokio::sync::Mutex;
use url::Position;
use url::Url;

use crate::domain::Timestamp;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::error::shown;
use crate::fetch::shelf::Shelf;

/// Our name in `robots.txt`; `*` counts where it is not there.
const TOKEN: &str = "Uproar";
/// So much of the file counts.
pub(super) const MOST_BYTES: usize = robotxt::BYTE_LIMIT;
/// A file that is so many redirects away is taken as absent.
pub(super) const MOST_REDIRECTS: usize = 5;
/// From then on the file is asked for anew, an hour before the copy ends: a host that stumbles
/// just then costs no poll.
const FRESH_FOR: TimeDelta = TimeDelta::hours(23);
/// No copy serves longer, even if there is no newer one.
const SERVES_FOR: TimeDelta = TimeDelta::hours(24);

/// The copies of all origins.
#[derive(Debug, Default)]
pub(super) struct Files {
    copies: Shelf<Slot>,
}

/// Whoever holds it asks; the others wait and then read.
pub(super) type Slot = Mutex<Option<Copy>>;

/// What an origin said, and when.
#[derive(Debug)]
pub(super) struct Copy {
    rules: Robots,
    read_at: Timestamp,
}

/// What the answer to a request for the file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Read it.
    Read,
    /// It is elsewhere.
    Moved,
    /// There is none: all is allowed.
    Absent,
    /// It may be there: nothing is allowed until it is known.
    Unknown,
}

/// What a status means. That a host asks for patience says nothing of what it allows.
pub(super) fn meaning(status: StatusCode) -> Meaning {
    match status.as_u16() {
        301 | 302 | 303 | 307 | 308 => Meaning::Moved,
        429 => Meaning::Unknown,
        200..=299 => Meaning::Read,
        400..=499 => Meaning::Absent,
        _ => Meaning::Unknown,
    }
}

impl Files {
    /// Where the copy of an origin is kept.
    pub(super) fn slot(&self, origin: &str, now: Timestamp) -> Arc<Slot> {
        self.copies.of(origin, |slot| slot.try_lock().is_ok_and(|copy| !copy.as_ref().is_some_and(|copy| copy.serves(now))))
    }
}

impl Copy {
    /// What the text of a file says.
    pub(super) fn of(text: &[u8], now: Timestamp) -> Self {
        Self { rules: Robots::parse(text, TOKEN), read_at: now }
    }

    /// There is no file.
    pub(super) fn absent(now: Timestamp) -> Self {
        Self { rules: Robots::allow_all(), read_at: now }
    }

    /// Need not be asked for anew. A clock that was set back makes no copy last for ever.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        (now - self.read_at).abs() < FRESH_FOR
    }

    /// May still be used if there is no newer one.
    pub(super) fn serves(&self, now: Timestamp) -> bool {
        (now - self.read_at).abs() < SERVES_FOR
    }

    /// Whether `url` may be asked, and with what gap to the next request.
    pub(super) fn allow(&self, url: &Url) -> Result<TimeDelta, FetchError> {
        // In an address both are themselves; in a rule only when written so (section 2.2.3).
        let path = url[Position::BeforePath..Position::AfterQuery].replace('*', "%2A").replace('$', "%24");
        if !self.rules.is_allowed(&path) {
            let host = shown(url);
            let message = format!(
                "{host} was not asked: its robots.txt asks programs not to read this address; \
                 ask its owner to allow `{TOKEN}`, or write `robots = \"ignore\"` if the site is yours"
            );
            return Err(FetchError::new(Kind::Robots, message));
        }
        Ok(self.rules.crawl_delay().and_then(|delay| TimeDelta::from_std(delay).ok()).unwrap_or_default())
    }
}

/// The file could not be read, `why` is told without the cure for a page.
pub(super) fn unread(url: &Url, why: &str) -> FetchError {
    let host = shown(url);
    let message = format!(
        "{host} was not asked: its robots.txt could not be read ({why}), and until it can nothing is allowed; \
         it is tried again at the next poll; write `robots = \"ignore\"` if the site is yours"
    );
    FetchError::new(Kind::Robots, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn allows(text: &str, path: &str) -> bool {
        Copy::of(text.as_bytes(), now()).allow(&Url::parse(&format!("https://reviews.example{path}")).unwrap()).is_ok()
    }

    #[test]
    fn the_examples_of_the_rfc_hold() {
        // RFC 9309, section 5.1, with our name in the place of one of its.
        let simple = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                      User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
                      User-Agent: barbot\nUser-Agent: uproar\nDisallow: /example/page.html\n\n\
                      User-Agent: quxbot\n\nEOF\n";
        for (path, wanted) in [("/example/page.html", false), ("/example/page.gif", true), ("/x.gif", true), ("/", true)] {
            assert_eq!(allows(simple, path), wanted, "{path}");
        }
        // Section 5.2: the longest match.
        let longest = "User-Agent: uproar\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
        assert!(allows(longest, "/example/page/") && !allows(longest, "/example/page/disallowed.gif"));
        // Section 2.2.3: special characters.
        for (rule, path, matches) in [
            ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", true),
            ("/path/foo-%24", "/path/foo-$", true),
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", true),
            ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", false),
            ("/foo/bar/\u{30c4}", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
            ("/*.php$", "/a.php", true),
            ("/*.php$", "/a.php?b", false),
            ("/fish*.php", "/fishheads/catfish.php?x", true),
        ] {
            assert_eq!(!allows(&format!("User-agent: *\nDisallow: {rule}"), path), matches, "{rule} {path}");
        }
    }

    #[test]
    fn our_name_goes_before_the_star_and_its_groups_are_one() {
        let text = "user-agent: *\ndisallow: /\n\nuser-agent: UPROAR\ndisallow: /a\n\nuser-agent: other\ndisallow: /b\n\nuser-agent: uproar\ndisallow: /c";
        for (path, wanted) in [("/a", false), ("/b", true), ("/c", false), ("/robots.txt", true)] {
            assert_eq!(allows(text, path), wanted, "{path}");
        }
        assert!(!allows("user-agent: *\ndisallow: /", "/any"));
        assert!(allows("user-agent: *\ndisallow:", "/any") && allows("", "/any") && allows("<html>disallow: /</html>", "/any"));
        assert!(allows("user-agent: *\nallow: /p\ndisallow: /p", "/p"), "of two as long as each other the one that allows");
    }

    #[test]
    fn what_stands_behind_the_first_500_kib_does_not_count() {
        let mut text = "user-agent: *\ndisallow: /a\n".to_owned();
        text.push_str(&"# a comment of no matter\n".repeat(MOST_BYTES / 24));
        text.push_str("disallow: /b\n");
        assert!(!allows(&text, "/a") && allows(&text, "/b"));
    }

    #[test]
    fn a_gap_is_read_in_whole_and_broken_seconds() {
        for (value, seconds) in [("5", 5_000), ("0.5", 500), ("-1", 0), ("soon", 0), ("1e400", 0)] {
            let copy = Copy::of(format!("user-agent: *\ncrawl-delay: {value}").as_bytes(), now());
            let gap = copy.allow(&Url::parse("https://reviews.example/").unwrap()).unwrap();
            assert_eq!(gap.num_milliseconds(), seconds, "{value}");
        }
    }

    #[test]
    fn a_copy_is_asked_for_again_within_the_day_and_serves_no_longer() {
        let copy = Copy::absent(now());
        for (hours, fresh, serves) in
            [(0, true, true), (22, true, true), (23, false, true), (24, false, false), (-1, true, true), (-30, false, false)]
        {
            let then = now() + TimeDelta::hours(hours);
            assert_eq!((copy.is_fresh(then), copy.serves(then)), (fresh, serves), "{hours}");
        }
    }

    #[test]
    fn each_status_has_one_meaning() {
        for (status, wanted) in [
            (200, Meaning::Read),
            (204, Meaning::Read),
            (301, Meaning::Moved),
            (304, Meaning::Unknown),
            (401, Meaning::Absent),
            (404, Meaning::Absent),
            (410, Meaning::Absent),
            (429, Meaning::Unknown),
            (500, Meaning::Unknown),
            (503, Meaning::Unknown),
            (999, Meaning::Unknown),
        ] {
            assert_eq!(meaning(StatusCode::from_u16(status).unwrap()), wanted, "{status}");
        }
    }

    #[test]
    fn what_is_not_allowed_names_the_file_and_the_cure() {
        let error =
            Copy::of(b"user-agent: *\ndisallow: /", now()).allow(&Url::parse("https://reviews.example/secret?k=1").unwrap()).unwrap_err();
        insta::assert_snapshot!(error, @r#"https://reviews.example was not asked: its robots.txt asks programs not to read this address; ask its owner to allow `Uproar`, or write `robots = "ignore"` if the site is yours"#);
        insta::assert_snapshot!(unread(&Url::parse("https://reviews.example/secret").unwrap(), "it answered 500"), @r#"https://reviews.example was not asked: its robots.txt could not be read (it answered 500), and until it can nothing is allowed; it is tried again at the next poll; write `robots = "ignore"` if the site is yours"#);
    }
}
