//! A signed JSON document, as the Standard Webhooks specification 1.0.0 has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Sha256;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::judge;
use crate::render::mail::token;
use crate::render::origin;
use crate::render::wording;

/// Largest body; the specification recommends less than 20 kB.
const LARGEST: usize = 19_000;
/// Most buckets of the chart and most marks.
const BARS: usize = 48;
const MARKS: usize = 10;

/// Where the document goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; often a secret itself.
    pub url: Secret,
    /// Signing keys, each `whsec_` and base64; two while one replaces the other.
    pub keys: Vec<Secret>,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn pack(&self, row: &Row, now: Timestamp) -> Parcel {
        let body = body(row);
        let id = format!("msg_{}", token(&row.id).replace('.', "_"));
        let time = now.timestamp().to_string();
        let signatures: Vec<String> = self.keys.iter().filter_map(|key| signature(key, &id, &time, &body)).collect();
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", concat!("uproar/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", time),
            ("idempotency-key", token(&row.id)),
            ("x-uproar-incident", token(&row.facts.incident)),
            ("x-uproar-event", row.facts.event.word().to_owned()),
        ];
        if !signatures.is_empty() {
            headers.push(("webhook-signature", signatures.join(" ")));
        }
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Parcel::Post { method: Method::Post, url: self.url.clone(), headers, body }
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}

/// The bytes of a key: base64 behind `whsec_`. `None` where it is not that.
#[must_use]
pub fn key_bytes(key: &Secret) -> Option<Vec<u8>> {
    STANDARD.decode(key.reveal().trim().trim_start_matches("whsec_")).ok().filter(|bytes| !bytes.is_empty())
}

/// `v1,` and the HMAC-SHA-256 of `id.time.body` in base64.
fn signature(key: &Secret, id: &str, time: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key_bytes(key)?).ok()?;
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The document, with fewer and shorter quotes where it would be too large.
fn body(row: &Row) -> Vec<u8> {
    let shapes = [(5, 600, 20, BARS), (3, 300, 20, BARS), (3, 200, 10, BARS), (1, 200, 5, 0), (0, 0, 0, 0)];
    let bodies = shapes.iter().map(|&(quotes, length, shares, bars)| document(row, quotes, length, shares, bars).to_string().into_bytes());
    let mut last = Vec::new();
    for body in bodies {
        let fits = body.len() <= LARGEST;
        last = body;
        if fits {
            break;
        }
    }
    last
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One bucket of the chart.
fn bar(bar: &Bar) -> Value {
    json!({ "start": time(bar.start), "count": bar.count, "expected": bar.expected, "usual_low": bar.usual.0, "usual_high": bar.usual.1, "loud": bar.firing })
}

fn document(row: &Row, quotes: usize, length: usize, shares: usize, bars: usize) -> Value {
    let facts = &row.facts;
    if facts.event == Event::Test {
        let data = json!({ "incident_id": token(&facts.incident), "target": wording::name(&row.target), "test": true });
        return json!({ "type": "incident.test", "timestamp": time(facts.at), "data": data });
    }
    let numbers = &facts.numbers;
    let quotes: Vec<Value> = facts
        .quotes
        .iter()
        .take(quotes)
        .map(|quote| {
            json!({
                "text": wording::quote(&quote.text, length),
                "source": wording::name(&quote.source),
                "url": quote.url.as_deref().filter(|url| url.len() <= 500 && (url.starts_with("https://") || url.starts_with("http://"))),
                "rating": quote.rating.as_deref().map(wording::name),
                "at": time(quote.at),
            })
        })
        .collect();
    let breakdown: Vec<Value> = facts.breakdown.iter().take(shares).map(origin::share).collect();
    let risen: Vec<Value> = facts.risen.iter().take(10).map(origin::word).collect();
    let data = json!({
        "incident_id": token(&facts.incident),
        "revision": facts.revision,
        "watch": wording::name(&facts.watch),
        "theme": wording::name(&facts.theme),
        "theme_title": wording::name(&facts.theme_title),
        "kind": facts.kind.word(),
        "reference": wording::name(&facts.reference),
        "segment": wording::name(&facts.segment.to_string()),
        "level": facts.level.word(),
        "told_level": facts.told_level.map(Level::word),
        "since": time(facts.since),
        "opened_at": time(facts.opened_at),
        "count": numbers.count,
        "expected": numbers.expected,
        "usual_low": numbers.usual.0,
        "usual_high": numbers.usual.1,
        "total": numbers.total,
        "usual_share": numbers.usual_share,
        "mean": numbers.mean.map(|mean| json!({ "value": mean.value, "usual": mean.usual, "usual_low": mean.range.0, "usual_high": mean.range.1 })),
        "window_seconds": numbers.window_seconds,
        "score": numbers.score,
        "limit": numbers.limit,
        "surprise": numbers.surprise,
        "peak": facts.peak,
        "complaints": facts.quotes_of,
        "quotes": quotes,
        "breakdown": breakdown,
        "marks": facts.marks.iter().take(MARKS).map(|mark| json!({ "at": time(mark.at), "text": wording::name(&mark.text) })).collect::<Vec<_>>(),
        "chart": facts.chart.iter().rev().take(bars).rev().map(bar).collect::<Vec<_>>(),
        "recent": facts.recent.iter().take(12).collect::<Vec<_>>(),
        "words": facts.words.iter().take(10).map(|word| wording::quote(word, 30)).collect::<Vec<_>>(),
        "risen_words": risen,
        "holidays": facts.holidays.iter().take(3).map(|day| wording::name(day)).collect::<Vec<_>>(),
        "cause": wording::name(&facts.cause),
        "link": facts.base_url.as_ref().map(|base| format!("{base}/i/{}", token(&facts.incident))),
    });
    json!({ "type": format!("incident.{}", facts.event.word()), "timestamp": time(facts.at), "data": data })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::render::sample;

    /// Two keys of 27 and 28 bytes, made for this test.
    fn settings() -> Settings {
        let keys = ["whsec_YS1rZXktZm9yLXRlc3RzLW9mLXRoaXJ0eS1i", "whsec_YW5vdGhlci1rZXktdGhhdC1yZXBsYWNlcyBp"];
        Settings {
            url: Secret::new("https://hooks.example.com/x?key=y".to_owned()),
            keys: keys.map(|key| Secret::new(key.to_owned())).to_vec(),
        }
    }

    fn packed(row: &Row, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
        let Parcel::Post { headers, body, .. } = settings().pack(row, now) else { panic!("a post was expected") };
        (headers, body)
    }

    fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
        &headers.iter().find(|header| header.0 == name).unwrap().1
    }

    #[test]
    fn the_document_names_event_and_incident_in_body_and_headers() {
        let row = sample::opened();
        let (headers, body) = packed(&row, row.created);
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["type"], "incident.opened");
        assert_eq!(document["timestamp"], "2026-11-21T13:05:00Z");
        assert_eq!(document["data"]["incident_id"], "i-7f3k2");
        assert_eq!(document["data"]["count"], 47.0);
        assert_eq!(header(&headers, "webhook-id"), "msg_k0q7v2m4hxopened");
        assert_eq!(header(&headers, "idempotency-key"), "k0q7v2m4hxopened");
        assert_eq!(header(&headers, "x-uproar-event"), "opened");
    }

    #[test]
    fn the_document_says_where_it_comes_from_and_which_words_rose() {
        let row = sample::opened();
        let document: Value = serde_json::from_slice(&packed(&row, row.created).1).unwrap();
        let (from, word) = (&document["data"]["breakdown"][2], &document["data"]["risen_words"][0]);
        assert_eq!((&from["value"], &from["part_of_excess"], &from["same_as"]), (&json!("de"), &json!(0.73), &json!("source=Play")));
        assert_eq!(*word, json!({ "text": "white page", "now": 19, "usual": 0.4 }));
    }

    #[test]
    fn the_chart_and_what_was_marked_in_its_time_are_in_it() {
        let row = sample::charted();
        let document: Value = serde_json::from_slice(&packed(&row, row.created).1).unwrap();
        assert_eq!(document["data"]["marks"][1], json!({ "at": "2026-11-21T06:00:00Z", "text": "5.2 released" }));
        let last =
            json!({ "start": "2026-11-21T13:00:00Z", "count": 19.0, "expected": 1.0, "usual_low": 0.0, "usual_high": 3.0, "loud": true });
        assert_eq!(document["data"]["chart"][47], last);
    }

    #[test]
    fn each_key_signs_the_exact_bytes() {
        // Computed once with another implementation of HMAC over the same bytes.
        let key = &settings().keys[0];
        let signed = signature(key, "msg_1", "1700000000", b"{}").unwrap();
        assert_eq!(signed, "v1,vpr0ZlUA1EgI/gd6n1XxQ5Q8TRGAgAtMpq7cSQXuYFE=");
        let row = sample::opened();
        let (headers, body) = packed(&row, row.created);
        let time = header(&headers, "webhook-timestamp");
        let expected: Vec<_> = settings().keys.iter().map(|key| signature(key, "msg_k0q7v2m4hxopened", time, &body).unwrap()).collect();
        assert_eq!(header(&headers, "webhook-signature"), expected.join(" "));
    }

    #[test]
    fn a_second_try_sends_the_same_body_signed_anew() {
        let row = sample::worse();
        let (first, second) = (packed(&row, row.created), packed(&row, row.created + TimeDelta::minutes(5)));
        assert_eq!(first.1, second.1);
        assert_ne!(header(&first.0, "webhook-signature"), header(&second.0, "webhook-signature"));
    }

    #[test]
    fn a_key_that_is_none_signs_nothing() {
        assert_eq!(key_bytes(&Secret::new("whsec_???".to_owned())), None);
        let bare = Settings { keys: vec![Secret::new("???".to_owned())], ..settings() };
        let Parcel::Post { headers, .. } = bare.pack(&sample::opened(), sample::opened().created) else { panic!("a post was expected") };
        assert!(headers.iter().all(|header| header.0 != "webhook-signature"));
    }

    #[test]
    fn the_largest_document_is_below_twenty_kilobytes() {
        let (headers, body) = packed(&sample::hostile(), sample::opened().created);
        assert!(body.len() < 20_000, "{}", body.len());
        assert!(serde_json::from_slice::<Value>(&body).is_ok());
        assert!(headers.iter().all(|header| header.1.bytes().all(|byte| (0x20..0x7f).contains(&byte))));
    }
}
