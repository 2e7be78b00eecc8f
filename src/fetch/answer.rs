//! What a status line and its headers mean.

use chrono::NaiveDateTime;
use chrono::TimeDelta;
use reqwest::StatusCode;
use reqwest::header::ETAG;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::LAST_MODIFIED;
use reqwest::header::LOCATION;
use reqwest::header::RETRY_AFTER;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::http::Validators;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::error::shown;
use crate::fetch::limits;
use crate::fetch::pace::LONGEST_HOLD;

/// What to do with an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// 200: read the body.
    Read,
    /// Nothing has changed.
    Unchanged,
    /// Ask there.
    Moved {
        /// Where.
        to: Url,
        /// For good.
        permanent: bool,
    },
}

/// What an answer of `url` means; `sent_validators` tells whether "unchanged" was on offer.
pub(super) fn meaning(
    status: StatusCode,
    headers: &HeaderMap,
    url: &Url,
    sent_validators: bool,
    now: Timestamp,
) -> Result<Meaning, FetchError> {
    let failed = |kind, what: &str| Err(FetchError::new(kind, format!("{} answered {}: {what}", shown(url), status.as_u16())));
    match status.as_u16() {
        200 => Ok(Meaning::Read),
        304 if sent_validators => Ok(Meaning::Unchanged),
        code @ (301 | 302 | 303 | 307 | 308) => match target(headers, url) {
            Some(to) => Ok(Meaning::Moved { to, permanent: matches!(code, 301 | 308) }),
            None => failed(Kind::Status(status.as_u16()), "a redirect that leads nowhere; check the address of the source"),
        },
        401 | 407 => failed(Kind::Denied, "it wants a login; check the address and the credentials of the source"),
        403 | 451 | 999 => {
            failed(Kind::Denied, "it refuses access; check the address of the source, and whether it may be read by programs")
        }
        404 => failed(Kind::NotFound, "there is nothing at this address; check the address of the source"),
        410 => failed(Kind::Gone, "it is gone for good; remove the source or give it another address"),
        // Without a time, 503 mostly is a server that is down.
        503 if retry_after(headers, now).is_none() => failed(Kind::Status(503), "it is down or overloaded; it is tried again later"),
        429 | 503 => {
            let retry_after = retry_after(headers, now).or_else(|| limits::reset(headers, now));
            let until = retry_after.map(|wish| format!(" for {} s", wish.num_seconds())).unwrap_or_default();
            let message = format!("{} answered {}: it asks to be left alone{until}; a longer interval helps", shown(url), status.as_u16());
            Err(FetchError { retry_after, ..FetchError::new(Kind::Busy, message) })
        }
        code @ 500..=599 => failed(Kind::Status(code), "it is out of order; it is tried again later"),
        code => failed(Kind::Status(code), "an answer that cannot be used; check the address of the source"),
    }
}

/// Where a redirect leads.
pub(super) fn target(headers: &HeaderMap, url: &Url) -> Option<Url> {
    url.join(&text(headers, &LOCATION)?).ok()
}

/// How long the host asks to be left alone.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<TimeDelta> {
    wish(&text(headers, &RETRY_AFTER)?, now)
}

/// What the server wants to see again, byte for byte; `None` where it gave nothing.
pub(super) fn validators(headers: &HeaderMap, url: &Url) -> Option<Validators> {
    let (etag, last_modified) = (text(headers, &ETAG), text(headers, &LAST_MODIFIED));
    let any = etag.is_some() || last_modified.is_some();
    any.then(|| Validators { url: url.to_string(), etag, last_modified })
}

/// A header's value, if it is there and is text.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    std::str::from_utf8(value).ok().map(str::to_owned)
}

/// How long `Retry-After` asks for: seconds or a date, at most a day. What has passed or cannot
/// be read is no wish. Source: RFC 9110, sections 10.2.3 and 5.6.7.
#[must_use]
pub fn wish(value: &str, now: Timestamp) -> Option<TimeDelta> {
    let value = value.trim();
    let wish = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        TimeDelta::seconds(value.parse().unwrap_or(i64::MAX).min(LONGEST_HOLD.num_seconds()))
    } else {
        date(value)? - now
    };
    (wish > TimeDelta::zero()).then(|| wish.min(LONGEST_HOLD))
}

/// A date in the three forms of HTTP.
pub(super) fn date(value: &str) -> Option<Timestamp> {
    let modern = chrono::DateTime::parse_from_rfc2822(value).ok().map(|date| date.to_utc());
    let older =
        || ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok());
    modern.or_else(|| Some(older()?.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "1994-11-06T08:49:00Z".parse().unwrap()
    }

    fn judged(status: u16, headers: &[(&'static str, &'static str)], sent: bool) -> Result<Meaning, FetchError> {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        let url = Url::parse("https://reviews.example/secret/feed?key=1").unwrap();
        meaning(StatusCode::from_u16(status).unwrap(), &headers, &url, sent, now())
    }

    #[test]
    fn each_status_has_one_meaning() {
        let to = |text, permanent| Ok(Meaning::Moved { to: Url::parse(text).unwrap(), permanent });
        for (name, status, headers, sent, wanted) in [
            ("good", 200, vec![], false, Ok(Meaning::Read)),
            ("unchanged", 304, vec![], true, Ok(Meaning::Unchanged)),
            ("down", 503, vec![], false, Err(Kind::Status(503))),
            ("unchanged unasked", 304, vec![], false, Err(Kind::Status(304))),
            ("a relative redirect", 301, vec![("location", "/b?c")], false, to("https://reviews.example/b?c", true)),
            ("a redirect elsewhere", 307, vec![("location", "//x.example/b")], false, to("https://x.example/b", false)),
            ("a redirect to nowhere", 302, vec![], false, Err(Kind::Status(302))),
            ("a choice", 300, vec![("location", "/b")], false, Err(Kind::Status(300))),
            ("no content", 204, vec![], false, Err(Kind::Status(204))),
            ("a part", 206, vec![], false, Err(Kind::Status(206))),
            ("a login", 401, vec![], false, Err(Kind::Denied)),
            ("a bot wall", 999, vec![], false, Err(Kind::Denied)),
            ("absent", 404, vec![], false, Err(Kind::NotFound)),
            ("gone", 410, vec![], false, Err(Kind::Gone)),
            ("busy", 429, vec![], false, Err(Kind::Busy)),
            ("broken", 500, vec![], false, Err(Kind::Status(500))),
            ("a teapot", 418, vec![], false, Err(Kind::Status(418))),
        ] {
            assert_eq!(judged(status, &headers, sent).map_err(|error| error.kind), wanted, "{name}");
        }
    }

    #[test]
    fn a_busy_host_names_its_wish_and_no_message_the_path() {
        let error = judged(503, &[("retry-after", "120")], false).unwrap_err();
        assert_eq!(error.retry_after, Some(TimeDelta::seconds(120)));
        insta::assert_snapshot!(error, @"https://reviews.example answered 503: it asks to be left alone for 120 s; a longer interval helps");
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        for (value, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(86_400)),
        ] {
            assert_eq!(wish(value, now()).map(|wish| wish.num_seconds()), seconds, "{value}");
        }
    }

    #[test]
    fn validators_are_kept_as_they_came() {
        let headers =
            [(ETAG, "W/\"a b\\\"".parse().unwrap()), (LAST_MODIFIED, "yesterday, about noon".parse().unwrap())].into_iter().collect();
        let kept = validators(&headers, &Url::parse("https://reviews.example/f").unwrap()).unwrap();
        assert_eq!(kept.etag.as_deref(), Some("W/\"a b\\\""));
        assert_eq!(kept.last_modified.as_deref(), Some("yesterday, about noon"));
        assert_eq!(validators(&HeaderMap::new(), &Url::parse("https://reviews.example/f").unwrap()), None);
    }
}
