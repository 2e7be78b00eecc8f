//! What services say of their limits beside `Retry-After`: how many calls are left, and until when.
//!
//! Every vendor has names of its own. A reset is in seconds from now, or, where the number is larger
//! than any wait, a time of the UNIX clock, or a time in words (Mastodon). Sources: draft-ietf-httpapi-ratelimit-headers
//! and the vendors' pages on limits. App Store Connect counts the calls of a rolling hour and names no time
//! (`X-Rate-Limit: user-hour-lim:3500;user-hour-rem:500;`); it refuses short bursts too, with plenty left.

use chrono::TimeDelta;
use reqwest::header::HeaderMap;

use crate::domain::Timestamp;
use crate::fetch::pace::LONGEST_HOLD;

/// A reset above this is a time and not a span, in seconds.
const LIKE_A_TIME: f64 = 1e9;
const RESETS: [&str; 4] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-requests-reset"];
/// The wait where only the calls of a rolling hour are told.
const IN_ROLLING_HOUR: TimeDelta = TimeDelta::seconds(60);
const LEFT: [&str; 3] = ["x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"];

/// In how long calls are allowed again; at most a day. `None` where no header says so.
pub(super) fn reset(headers: &HeaderMap, now: Timestamp) -> Option<TimeDelta> {
    let plain = RESETS.iter().find_map(|name| number(headers, name).or_else(|| moment(headers, name)));
    let Some(reset) = plain.or_else(|| in_list(headers, "ratelimit", "t")) else {
        return left_in_hour(headers).map(|_| IN_ROLLING_HOUR);
    };
    let seconds = if reset > LIKE_A_TIME { reset - now.timestamp_millis() as f64 / 1000.0 } else { reset };
    if !seconds.is_finite() || seconds <= 0.0 {
        return None;
    }
    let capped = seconds.min(LONGEST_HOLD.num_seconds() as f64);
    Some(TimeDelta::milliseconds((capped * 1000.0).ceil() as i64))
}

/// The wait that a good answer asks for: it was the last one that is allowed for a while.
pub(super) fn used_up(headers: &HeaderMap, now: Timestamp) -> Option<TimeDelta> {
    let plain = LEFT.iter().find_map(|name| number(headers, name));
    let left = plain.or_else(|| in_list(headers, "ratelimit", "r")).or_else(|| left_in_hour(headers))?;
    if left >= 1.0 { None } else { reset(headers, now) }
}

/// The wait that a refusal names in its body, where no header does: `{"extras":{"wait_seconds":12}}`, as Discourse has it.
pub(super) fn told(body: &[u8]) -> Option<TimeDelta> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let seconds = body.get("extras")?.get("wait_seconds")?.as_f64().filter(|seconds| *seconds > 0.0)?;
    let capped = seconds.min(LONGEST_HOLD.num_seconds() as f64);
    Some(TimeDelta::milliseconds((capped * 1000.0).ceil() as i64))
}

/// A time in words, as seconds of the UNIX clock.
fn moment(headers: &HeaderMap, name: &str) -> Option<f64> {
    let moment = chrono::DateTime::parse_from_rfc3339(headers.get(name)?.to_str().ok()?.trim()).ok()?;
    Some(moment.timestamp_millis() as f64 / 1000.0)
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// What is left of a rolling hour.
fn left_in_hour(headers: &HeaderMap) -> Option<f64> {
    let parts = headers.get("x-rate-limit")?.to_str().ok()?.split(';');
    let mut named = parts.filter_map(|part| part.trim().split_once(':'));
    named.find(|(name, _)| *name == "user-hour-rem")?.1.trim().parse().ok().filter(|left: &f64| left.is_finite())
}

/// A parameter of the first item of a list such as `"default";r=0;t=30`.
fn in_list(headers: &HeaderMap, name: &str, wanted: &str) -> Option<f64> {
    let first = headers.get(name)?.to_str().ok()?.split(',').next()?;
    let parameters = first.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    parameters
        .filter(|(name, _)| *name == wanted)
        .find_map(|(_, value)| value.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn said(headers: &[(&'static str, &'static str)]) -> (Option<i64>, Option<i64>) {
        let now = Timestamp::from_timestamp(1_790_000_000, 0).unwrap();
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        (reset(&headers, now).map(|wait| wait.num_seconds()), used_up(&headers, now).map(|wait| wait.num_seconds()))
    }

    #[test]
    fn limits_are_read_in_the_words_of_each_vendor() {
        for (name, headers, expected) in [
            ("nothing said", vec![], (None, None)),
            ("a time", vec![("x-ratelimit-reset", "1790000010"), ("x-ratelimit-remaining", "0")], (Some(10), Some(10))),
            ("seconds with a fraction", vec![("x-ratelimit-reset", "12"), ("x-ratelimit-remaining", "0.0")], (Some(12), Some(12))),
            (
                "a time in words",
                vec![("x-ratelimit-reset", "2026-09-21T14:13:50.500Z"), ("x-ratelimit-remaining", "0")],
                (Some(30), Some(30)),
            ),
            ("plenty left", vec![("x-ratelimit-reset", "12"), ("x-ratelimit-remaining", "99.0")], (Some(12), None)),
            ("the draft's list", vec![("ratelimit", "\"default\";r=0;t=30")], (Some(30), Some(30))),
            ("the draft's older headers", vec![("ratelimit-reset", "7"), ("ratelimit-remaining", "0")], (Some(7), Some(7))),
            ("a rolling hour, used up", vec![("x-rate-limit", "user-hour-lim:3500;user-hour-rem:0;")], (Some(60), Some(60))),
            ("a rolling hour with plenty left", vec![("x-rate-limit", "user-hour-lim:3500; user-hour-rem:499;")], (Some(60), None)),
            ("an account's limit", vec![("x-rate-limit", "700")], (None, None)),
            ("the past", vec![("x-ratelimit-reset", "1700000000"), ("x-ratelimit-remaining", "0")], (None, None)),
            ("no number", vec![("x-ratelimit-reset", "soon"), ("x-ratelimit-remaining", "NaN")], (None, None)),
            ("longer than a day", vec![("x-ratelimit-reset", "999999")], (Some(86_400), None)),
        ] {
            assert_eq!(said(&headers), expected, "{name}");
        }
    }

    #[test]
    fn a_wait_in_a_body_counts_as_well() {
        for (body, expected) in [
            (r#"{"errors":["slow"],"extras":{"wait_seconds":12.2}}"#, Some(12_200)),
            (r#"{"extras":{"wait_seconds":1e300}}"#, Some(86_400_000)),
            (r#"{"extras":{"wait_seconds":-3}}"#, None),
            (r#"{"extras":7}"#, None),
            ("slow", None),
        ] {
            assert_eq!(told(body.as_bytes()).map(|wait| wait.num_milliseconds()), expected, "{body}");
        }
    }
}
