//! What every notice that goes by HTTP has in common.

use chrono::SecondsFormat;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::mail::token;

/// JSON for an address, with the headers by which a repeat is known and by which people filter.
pub(super) fn json(row: &Row, method: Method, url: &Secret, body: &Value) -> Parcel {
    with(row, method, url, Vec::new(), body)
}

/// The same with further headers, which come first.
pub(super) fn with(row: &Row, method: Method, url: &Secret, further: Vec<(String, String)>, body: &Value) -> Parcel {
    let mut headers = further;
    headers.extend(common(row));
    Parcel::Post { method, url: url.clone(), headers, body: body.to_string().into_bytes() }
}

/// Those headers. A storm and a digest are of no one incident.
pub(super) fn common(row: &Row) -> Vec<(String, String)> {
    let incident = token(&row.facts.incident);
    let mut headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("user-agent", concat!("uproar/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("idempotency-key", token(&row.id)),
        ("x-uproar-event", row.facts.event.word().to_owned()),
    ];
    if !matches!(row.facts.event, Event::Storm | Event::Digest) && !incident.is_empty() {
        headers.push(("x-uproar-incident", incident));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A moment as programs read it.
pub(super) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Address of the incident's page, where there are pages and an incident.
pub(super) fn page(facts: &Facts) -> Option<String> {
    if matches!(facts.event, Event::Storm | Event::Digest | Event::Test) {
        return None;
    }
    let page = format!("{}/i/{}", facts.base_url.as_ref()?, token(&facts.incident));
    Some(facts.ticket.as_ref().map_or_else(|| page.clone(), |ticket| format!("{page}?k={ticket}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_repeat_is_known_by_its_headers() {
        let url = Secret::new("https://chat.example.com/hook".to_owned());
        let again = Row { attempts: 7, ..sample::opened() };
        let [first, second] = [sample::opened(), again].map(|row| json(&row, Method::Post, &url, &serde_json::json!({ "text": "x" })));
        assert_eq!(first, second);
        let Parcel::Post { headers, .. } = first else { panic!("a post was expected") };
        assert!(headers.contains(&("idempotency-key".to_owned(), "k0q7v2m4hxopened".to_owned())), "{headers:?}");
        assert!(headers.contains(&("x-uproar-incident".to_owned(), "i-7f3k2".to_owned())), "{headers:?}");
    }

    #[test]
    fn a_storm_is_of_no_one_incident() {
        let mut row = sample::opened();
        row.facts.event = Event::Storm;
        assert!(common(&row).iter().all(|(name, _)| name != "x-uproar-incident"));
    }
}
