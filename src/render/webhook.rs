//! A signed JSON document, as the Standard Webhooks specification 1.0.0 has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
use crate::domain::notice::Facts;
use crate::domain::notice::Member;
use crate::domain::notice::Row;
use crate::domain::notice::SilentSource;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::judge;
use crate::render::mail::token;
use crate::render::origin;
use crate::render::post;
use crate::render::post::time;
use crate::render::wording;

/// Largest body; the specification recommends less than 20 kB.
const LARGEST: usize = 19_000;
/// Most buckets of the chart and most marks.
const BARS: usize = 48;
const MARKS: usize = 10;
/// Most members of a storm, lines of a digest, and names of watches or silent sources.
const MEMBERS: usize = 50;
const LINES: usize = 50;
const NAMES: usize = 20;

/// Where the document goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; often a secret itself.
    pub url: Secret,
    /// Signing keys, each `whsec_` and base64; two while one replaces the other.
    pub keys: Vec<Secret>,
}

impl Channel for Settings {
    fn pack(&self, row: &Row, now: Timestamp) -> Parcel {
        let body = body(row);
        let id = format!("msg_{}", token(&row.id).replace('.', "_"));
        let time = now.timestamp().to_string();
        let signatures: Vec<String> = self.keys.iter().filter_map(|key| signature(key, &id, &time, &body)).collect();
        let mut headers = post::common(row);
        headers.push(("webhook-id".to_owned(), id));
        headers.push(("webhook-timestamp".to_owned(), time));
        if !signatures.is_empty() {
            headers.push(("webhook-signature".to_owned(), signatures.join(" ")));
        }
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

/// The bytes of [`whole`].
fn body(row: &Row) -> Vec<u8> {
    whole(row).to_string().into_bytes()
}

/// The document, with fewer and shorter quotes where it would be too large or was called so.
pub(super) fn whole(row: &Row) -> Value {
    let shapes = [(5, 600, 20, BARS), (3, 300, 20, BARS), (3, 200, 10, BARS), (1, 200, 5, 0), (0, 0, 0, 0)];
    let mut last = Value::Null;
    for &(quotes, length, shares, bars) in if row.short { &shapes[3..] } else { &shapes[..] } {
        last = document(row, quotes, length, shares, bars);
        if last.to_string().len() <= LARGEST {
            break;
        }
    }
    last
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
    if facts.event == Event::Digest {
        let lines: Vec<String> = facts.lines.iter().take(LINES).map(|line| wording::quote(line, 300)).collect();
        return json!({ "type": "uproar.digest", "timestamp": time(facts.at), "data": { "target": wording::name(&row.target), "lines": lines } });
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
                "message": quote.item,
                "link": quote_page(facts, quote.item, quote.ticket.as_deref()),
            })
        })
        .collect();
    let breakdown: Vec<Value> = facts.breakdown.iter().take(shares).map(origin::share).collect();
    let risen: Vec<Value> = facts.risen.iter().take(10).map(origin::word).collect();
    let mut data = json!({
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
        "link": post::page(facts),
    });
    for (name, value) in since(facts) {
        data[name] = value;
    }
    json!({ "type": format!("incident.{}", facts.event.word()), "timestamp": time(facts.at), "data": data })
}

/// What is told of some notices only.
fn since(facts: &Facts) -> Vec<(&'static str, Value)> {
    let mut told = Vec::new();
    let mut tell = |name: &'static str, value: Option<Value>| told.extend(value.map(|value| (name, value)));
    tell("told_at", facts.told_at.map(|at| json!(time(at))));
    tell("reminder", facts.reminder.map(|(number, of)| json!({ "number": number, "of": of })));
    tell("escalated", facts.escalated.as_deref().map(|why| json!(wording::name(why))));
    tell("acked_by", facts.acked_by.as_deref().map(|who| json!(wording::name(who))));
    tell("dropped_ack", facts.dropped_ack.as_deref().map(|who| json!(wording::name(who))));
    tell("over", facts.over.as_ref().map(|ending| json!({ "at": time(ending.at), "cause": wording::name(&ending.cause) })));
    tell("earlier_incident", facts.earlier.as_deref().map(|id| json!(token(id))));
    tell("instead_of", facts.instead_of.as_deref().map(|why| json!(wording::quote(why, 200))));
    tell("next_reminder", facts.next_reminder.map(|at| json!(time(at))));
    tell("more", (facts.more > 0).then(|| json!(facts.more)));
    let silent = facts
        .no_data
        .iter()
        .take(NAMES)
        .map(|source| json!({ "source": wording::name(&source.source), "since": time(source.since), "fails": source.fails, "trouble": source.trouble().word() }));
    tell("no_data", (!facts.no_data.is_empty()).then(|| silent.collect()));
    tell("silent", facts.silent.as_ref().map(silence));
    tell("members", (!facts.members.is_empty()).then(|| facts.members.iter().take(MEMBERS).map(member).collect()));
    told
}

fn silence(silent: &SilentSource) -> Value {
    json!({
        "last_success": silent.last_success.map(time),
        "last_new": silent.last_new.map(time),
        "error": silent.error.as_deref().map(|error| wording::quote(error, 200)),
        "fails": silent.fails,
        "trouble": silent.trouble().word(),
        "came_late": silent.came_late,
        "watches": silent.watches.iter().take(NAMES).map(|watch| wording::name(watch)).collect::<Vec<_>>(),
    })
}

fn member(member: &Member) -> Value {
    json!({
        "incident_id": token(&member.incident),
        "event": member.event.word(),
        "title": wording::name(&member.title),
        "watch": wording::name(&member.watch),
        "segment": wording::name(&member.segment.to_string()),
        "level": member.level.word(),
        "count": member.count,
        "expected": member.expected,
        "since": time(member.since),
    })
}

/// Address of a message's page.
fn quote_page(facts: &Facts, item: Option<i64>, ticket: Option<&str>) -> Option<String> {
    Some(format!("{}/q/{}?k={}", facts.base_url.as_ref()?, item?, ticket?))
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

    #[test]
    fn what_some_notices_alone_tell_is_left_out_of_the_others() {
        let mut row = sample::opened();
        assert!(whole(&row)["data"].get("more").is_none() && whole(&row)["data"].get("reminder").is_none());
        row.facts.more = 2;
        row.facts.reminder = Some((1, 5));
        row.facts.acked_by = Some("anna".to_owned());
        let data = whole(&row)["data"].clone();
        assert_eq!((&data["more"], &data["acked_by"]), (&json!(2), &json!("anna")));
        assert_eq!(data["reminder"], json!({ "number": 1, "of": 5 }));
    }

    #[test]
    fn links_carry_what_lets_the_reader_act() {
        let mut row = sample::opened();
        row.facts.base_url = Some("https://uproar.example.com".to_owned());
        assert_eq!(whole(&row)["data"]["link"], "https://uproar.example.com/i/i-7f3k2");
        row.facts.ticket = Some("T1".to_owned());
        (row.facts.quotes[0].item, row.facts.quotes[0].ticket) = (Some(7), Some("T2".to_owned()));
        let data = whole(&row)["data"].clone();
        assert_eq!(data["link"], "https://uproar.example.com/i/i-7f3k2?k=T1");
        assert_eq!(data["quotes"][0]["link"], "https://uproar.example.com/q/7?k=T2");
    }

    #[test]
    fn a_digest_is_lines_of_no_incident() {
        let mut row = sample::opened();
        row.facts.event = Event::Digest;
        row.facts.lines = vec!["All is well.".to_owned()];
        let document = whole(&row);
        assert_eq!((&document["type"], &document["data"]["lines"][0]), (&json!("uproar.digest"), &json!("All is well.")));
        let (headers, _) = packed(&row, row.created);
        assert!(headers.iter().all(|header| header.0 != "x-uproar-incident"));
    }

    #[test]
    fn what_was_called_too_long_is_shorter() {
        let long = sample::charted();
        let short = Row { short: true, ..long.clone() };
        assert_eq!(whole(&short)["data"]["quotes"].as_array().unwrap().len(), 1);
        assert!(whole(&short).to_string().len() * 3 < whole(&long).to_string().len());
    }
}
