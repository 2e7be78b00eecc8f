//! How long an answer asks to be taken as fresh. Source: RFC 9111, sections 4.2 and 5.

use chrono::TimeDelta;
use reqwest::header::AGE;
use reqwest::header::CACHE_CONTROL;
use reqwest::header::DATE;
use reqwest::header::EXPIRES;
use reqwest::header::HeaderMap;

use crate::domain::Timestamp;
use crate::fetch::answer::date;
use crate::fetch::answer::text;

/// However long an answer calls itself fresh, the next day it is asked for again.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What is left of the time for which an answer calls itself fresh: `max-age`, or `Expires` less
/// `Date`, less `Age`. At most a day. `None` where it says nothing, nothing readable, or that it
/// wants to be asked each time. `s-maxage` is for caches that many share, which we are not, and
/// `must-revalidate` speaks of the time after that (section 5.2.2.2).
pub(super) fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<TimeDelta> {
    let mut max_age = None;
    for line in headers.get_all(CACHE_CONTROL) {
        for directive in line.to_str().unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let is = |wanted: &str| name.trim().eq_ignore_ascii_case(wanted);
            if is("no-store") || is("no-cache") {
                return None;
            }
            if is("max-age") {
                // Of two that differ neither is to be trusted.
                let age = seconds(value);
                max_age = Some(max_age.filter(|other| *other != age).map_or(age, |_| None));
            }
        }
    }
    let lifetime = match max_age {
        Some(age) => age?,
        None => date(&text(headers, &EXPIRES)?)? - text(headers, &DATE).and_then(|value| date(&value)).unwrap_or(now),
    };
    let age = text(headers, &AGE).and_then(|value| seconds(&value)).unwrap_or_default();
    let left = lifetime - age;
    (left > TimeDelta::zero()).then(|| left.min(LONGEST))
}

/// Whole seconds; a number that is too large for anything is a very long time, as the RFC has it.
fn seconds(value: &str) -> Option<TimeDelta> {
    let value = value.trim().trim_matches('"');
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| TimeDelta::seconds(value.parse().unwrap_or(i64::MAX).min(i64::from(i32::MAX))))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn fresh(headers: &[(&'static str, &str)]) -> Option<i64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        fresh_for(&map, "1994-11-06T08:49:37Z".parse().unwrap()).map(|time| time.num_seconds())
    }

    #[test]
    fn an_answer_is_fresh_for_as_long_as_it_says() {
        const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        const LATER: (&str, &str) = ("expires", "Sun, 06 Nov 1994 08:59:37 GMT");
        for (name, headers, wanted) in [
            ("max-age", vec![("cache-control", "max-age=600")], Some(600)),
            ("in capitals, quoted, among others", vec![("cache-control", "public, Max-Age=\"600\" , immutable")], Some(600)),
            ("on a second line", vec![("cache-control", "public"), ("cache-control", "max-age=600")], Some(600)),
            ("max-age goes before Expires", vec![("cache-control", "max-age=60"), LATER, DATE], Some(60)),
            ("a year", vec![("cache-control", "max-age=31536000")], Some(86_400)),
            ("beyond all numbers", vec![("cache-control", "max-age=99999999999999999999999")], Some(86_400)),
            ("for shared caches only", vec![("cache-control", "s-maxage=600")], None),
            ("zero", vec![("cache-control", "max-age=0")], None),
            ("negative", vec![("cache-control", "max-age=-5")], None),
            ("words", vec![("cache-control", "max-age=soon"), LATER, DATE], None),
            ("two that differ", vec![("cache-control", "max-age=600, max-age=60")], None),
            ("to be asked each time", vec![("cache-control", "max-age=600, no-cache")], None),
            ("to be asked each time once it is stale", vec![("cache-control", "max-age=600, must-revalidate")], Some(600)),
            ("not to be stored", vec![("cache-control", "no-store"), LATER, DATE], None),
            ("old already", vec![("cache-control", "max-age=600"), ("age", "200")], Some(400)),
            ("too old", vec![("cache-control", "max-age=600"), ("age", "600")], None),
            ("an age in words", vec![("cache-control", "max-age=600"), ("age", "old")], Some(600)),
            ("Expires", vec![LATER, DATE], Some(600)),
            ("Expires without Date", vec![LATER], Some(600)),
            (
                "Expires of a clock that is wrong",
                vec![("expires", "Mon, 07 Nov 2044 00:00:10 GMT"), ("date", "Mon, 07 Nov 2044 00:00:00 GMT")],
                Some(10),
            ),
            ("Expires: 0", vec![("expires", "0"), DATE], None),
            ("Expires before Date", vec![("expires", "Sun, 06 Nov 1994 08:40:00 GMT"), DATE], None),
            ("nothing", vec![], None),
        ] {
            assert_eq!(fresh(&headers), wanted, "{name}");
        }
    }
}
