//! What readers of services have in common: calls for JSON, JSON taken apart without trust, addresses that
//! lead nowhere else, and notes that travel with a walk.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::text::hash;

/// A GET that wants JSON, with notes for reading its reply.
pub(super) fn call<T: Serialize>(url: String, notes: &T) -> Call {
    Call { url, headers: vec![accept()], context: written(notes), ..Call::default() }
}

/// The header that asks for JSON.
pub(super) fn accept() -> (String, String) {
    ("Accept".to_owned(), "application/json".to_owned())
}

/// An id as a part of a path. Whatever it holds, it leads nowhere else.
pub(super) fn in_path(id: &str) -> String {
    if id.bytes().all(|letter| letter == b'.') {
        // Two of them lead upwards, encoded or not.
        return "-".repeat(id.len().max(1));
    }
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Whether an address that a reply names stays at home: scheme, host and port are the same, and it has no
/// credentials of its own.
pub(super) fn stays(next: &Url, home: &Url) -> bool {
    next.origin() == home.origin() && next.username().is_empty() && next.password().is_none()
}

/// The places in a list that a walk has been at, to know one that leads back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Been(BTreeSet<u64>);

impl Been {
    /// Whether the walk has not been there; now it has.
    pub(super) fn is_new(&mut self, place: &str) -> bool {
        self.0.insert(hash::of_parts([place]))
    }
}

/// A walk ended because a page led back to one before it.
pub(super) fn circle(service: &str) -> Warning {
    Warning::new("repeated_cursor", "", format!("{service} names a page as the next one that was read already: the walk ends here"))
}

/// A reply, where one was asked for.
pub(super) fn reply(response: &Response) -> Result<&Reply, ReadError> {
    match response {
        Response::Call(reply) => Ok(reply),
        _ => Err(ReadError::misplaced()),
    }
}

/// The JSON of a reply.
///
/// # Errors
///
/// [`ReadError`] says what it looked like instead; a page for people means a login or a wall.
pub(super) fn json(body: &[u8], service: &str) -> Result<Value, ReadError> {
    serde_json::from_slice(body).map_err(|error| {
        let start = String::from_utf8_lossy(&body[..body.len().min(1024)]);
        let (looks, cure) = match start.trim_start().chars().next() {
            None => ("an empty answer", "it is tried again later"),
            Some('<') => ("a page for people, perhaps a login or a wall", "check the address and the login of the source"),
            Some('{' | '[') if error.is_eof() => ("JSON that is cut", "it is tried again later"),
            Some('{' | '[') => ("JSON with a mistake in it", "it is tried again later"),
            Some(_) => ("plain text", "check the address of the source"),
        };
        ReadError::new(format!("no answer of {service}: {looks}"), cure)
    })
}

/// The list that an answer has to hold.
pub(super) fn list<'a>(value: &'a Value, key: &str, service: &str) -> Result<&'a [Value], ReadError> {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| {
        ReadError::new(
            format!("no answer of {service}: JSON without the list `{key}`"),
            "check what the source asks for; it is tried again later",
        )
    })
}

/// What stands at the end of a path of keys.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(*key)).filter(|value| !value.is_null())
}

/// A text without outer blanks, if there is one.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    let text = at(value, path)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An id: a text, or a whole number as it is written.
pub(super) fn id(value: &Value, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A number, also where it is written as a text.
pub(super) fn number(value: &Value, path: &[&str]) -> Option<f64> {
    let value = at(value, path)?;
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

/// A time in seconds since 1970, whole or not, also where it is written as a text.
pub(super) fn unix(value: &Value, path: &[&str]) -> Option<Timestamp> {
    let seconds = number(value, path)?;
    // Beyond these there is no date.
    (seconds.abs() < 8.0e12).then(|| Timestamp::from_timestamp_millis((seconds * 1000.0).round() as i64)).flatten()
}

/// A time as RFC 3339 writes it.
pub(super) fn moment(value: &Value, path: &[&str]) -> Option<Timestamp> {
    at(value, path)?.as_str()?.trim().parse::<chrono::DateTime<chrono::FixedOffset>>().ok().map(|moment| moment.to_utc())
}

/// What a cursor or a walk's notes hold; what cannot be read is as if there was nothing.
pub(super) fn notes<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// The mark that a cursor holds.
pub(super) fn mark<T: DeserializeOwned + Default>(cursor: &Cursor) -> T {
    cursor.0.as_deref().map(notes).unwrap_or_default()
}

/// Notes as they are kept.
pub(super) fn written<T: Serialize>(notes: &T) -> String {
    serde_json::to_string(notes).unwrap_or_default()
}

/// A cursor that holds a mark.
pub(super) fn cursor<T: Serialize>(mark: &T) -> Cursor {
    Cursor(serde_json::to_string(mark).ok())
}

/// A time as most interfaces want it: `2026-01-05T08:00:00Z`.
pub(super) fn stamp(moment: Timestamp) -> String {
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_taken_as_they_are_written() {
        let value = json!({"a": {"id": 12_345_678_901_234_567_u64, "t": "1790000000", "f": 1_790_000_000.5, "w": "2026-01-05T09:00:00+01:00", "n": null, "e": " "}});
        assert_eq!(id(&value, &["a", "id"]).as_deref(), Some("12345678901234567"));
        assert_eq!(unix(&value, &["a", "t"]).unwrap().timestamp(), 1_790_000_000);
        assert_eq!(unix(&value, &["a", "f"]).unwrap().timestamp_millis(), 1_790_000_000_500);
        assert_eq!(stamp(moment(&value, &["a", "w"]).unwrap()), "2026-01-05T08:00:00Z");
        assert_eq!((text(&value, &["a", "n"]), text(&value, &["a", "e"]), id(&value, &["a", "f"])), (None, None, None));
        assert_eq!(unix(&json!(1e300), &[]), None);
        assert_eq!(unix(&json!("NaN"), &[]), None);
    }

    #[test]
    fn no_id_leads_elsewhere() {
        for (id, part) in [
            ("5f-2_a", "5f-2_a"),
            ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
            ("a b", "a%20b"),
            ("..", "--"),
            ("", "-"),
            ("%2e%2e", "%252e%252e"),
        ] {
            assert_eq!(in_path(id), part, "{id}");
            let address = Url::parse(&format!("https://x.test/v1/{}/posts", in_path(id))).unwrap();
            assert_eq!(address.path_segments().unwrap().count(), 3, "{id}");
        }
    }

    #[test]
    fn an_address_stays_at_home_or_does_not() {
        let home = Url::parse("https://x.test/v1?a=1").unwrap();
        for (next, stayed) in [
            ("https://x.test/other", true),
            ("https://x.test:443/", true),
            ("http://x.test/v1", false),
            ("https://x.test:8443/v1", false),
            ("https://y.test/v1", false),
            ("https://me@x.test/v1", false),
            ("https://:pw@x.test/v1", false),
        ] {
            assert_eq!(stays(&Url::parse(next).unwrap(), &home), stayed, "{next}");
        }
    }

    #[test]
    fn a_walk_knows_where_it_has_been() {
        let mut been = Been::default();
        assert!(been.is_new("a") && been.is_new("b") && !been.is_new("a"));
        let mut again: Been = notes(&written(&been));
        assert!(!again.is_new("b") && again.is_new("c"));
    }

    #[test]
    fn what_is_no_json_is_told_by_its_looks() {
        insta::assert_snapshot!(json(b" <html>", "Desk").unwrap_err(), @"no answer of Desk: a page for people, perhaps a login or a wall; check the address and the login of the source");
        insta::assert_snapshot!(json(b"{\"a\":[1,", "Desk").unwrap_err(), @"no answer of Desk: JSON that is cut; it is tried again later");
        assert!(list(&json!({"a": 1}), "a", "Desk").is_err());
    }
}
