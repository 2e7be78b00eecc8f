//! PagerDuty, by its Events API v2: an incident here is one there.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::judge;
use crate::render::mail::token;
use crate::render::post;
use crate::render::wording;
use crate::text::excerpt;

/// Most characters of a summary and of a key.
const SUMMARY: usize = 1_024;
const KEY: usize = 255;
/// Most links; there is no limit but a screen.
const LINKS: usize = 6;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Integration key, 32 letters and digits.
    pub key: Secret,
    /// Address of the API.
    pub url: Secret,
}

impl Channel for Settings {
    /// A pager is for what somebody has to do: that all is well is not among it.
    fn takes(&self, event: Event) -> bool {
        event != Event::Digest
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let facts = &row.facts;
        let action = action(facts);
        let mut body = json!({
            "routing_key": self.key.reveal(),
            "event_action": action,
            "dedup_key": shortened(&token(&facts.incident), KEY),
        });
        if action == "trigger" {
            body["payload"] = payload(row);
            body["client"] = json!("Uproar");
            let links = brief(row, Size::STEPS[4]).links;
            let links: Vec<Value> = links.iter().take(LINKS).map(|(text, href)| json!({ "href": href, "text": text })).collect();
            if !links.is_empty() {
                body["links"] = Value::Array(links);
            }
            if let Some(page) = post::page(facts) {
                body["client_url"] = json!(page);
            }
        }
        post::json(row, Method::Post, &self.url, &body)
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::exactly(202, reply)
    }
}

/// What PagerDuty is to do. What was over before it could be told pages nobody.
fn action(facts: &Facts) -> &'static str {
    match facts.event {
        Event::Acked => "acknowledge",
        Event::Resolved => "resolve",
        _ if facts.over.is_some() => "resolve",
        _ => "trigger",
    }
}

fn payload(row: &Row) -> Value {
    let facts = &row.facts;
    let brief = brief(row, Size::steps(row)[0]);
    let summary = format!("{}: {}", brief.title, brief.summary);
    let mut details: Map<String, Value> = brief.facts.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    details.insert("event".to_owned(), json!(facts.event.word()));
    for (name, text) in [("What", brief.summary), ("More", brief.more.unwrap_or_default()), ("Why", brief.why)] {
        if !text.is_empty() {
            details.insert(name.to_owned(), json!(text));
        }
    }
    if !brief.quotes.is_empty() {
        details.insert("Customers say".to_owned(), json!(brief.quotes));
    }
    json!({
        "summary": shortened(&summary, SUMMARY),
        "source": Some(wording::name(&facts.watch)).filter(|name| !name.is_empty()).unwrap_or_else(|| "Uproar".to_owned()),
        "severity": severity(facts),
        "timestamp": post::time(facts.since),
        "component": wording::name(&facts.theme),
        "group": wording::name(&facts.segment.to_string()),
        "class": facts.kind.word(),
        "custom_details": details,
    })
}

fn severity(facts: &Facts) -> &'static str {
    match facts.level {
        _ if facts.event == Event::Test => "info",
        Level::Critical => "critical",
        Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "info",
    }
}

/// At most so many characters as programs count them, never cut within what people see as one.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut room = most;
    // A cluster may have many characters: fewer clusters until they fit.
    loop {
        let short = excerpt::shorten(text, room);
        if short.chars().count() <= most || room == 0 {
            return short;
        }
        room -= room.div_ceil(8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Ending;
    use crate::render::sample;

    fn settings() -> Settings {
        Settings {
            key: Secret::new("0123456789abcdef0123456789abcdef".to_owned()),
            url: Secret::new("https://events.pagerduty.com/v2/enqueue".to_owned()),
        }
    }

    fn body(row: &Row) -> Value {
        let Parcel::Post { body, .. } = settings().pack(row, row.created) else { panic!("a post was expected") };
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn an_incident_is_one_key_from_its_beginning_to_its_end() {
        let acked = Row { facts: Facts { event: Event::Acked, ..sample::opened().facts }, ..sample::opened() };
        for (row, action) in [
            (sample::opened(), "trigger"),
            (sample::worse(), "trigger"),
            (sample::reopened(), "trigger"),
            (acked, "acknowledge"),
            (sample::resolved(), "resolve"),
        ] {
            let body = body(&row);
            assert_eq!((&body["event_action"], &body["dedup_key"]), (&json!(action), &json!("i-7f3k2")));
            assert_eq!(body.get("payload").is_some(), action == "trigger");
        }
    }

    #[test]
    fn what_was_over_before_it_was_told_pages_nobody() {
        let mut row = sample::opened();
        row.facts.over = Some(Ending { at: row.facts.at, cause: String::new() });
        assert_eq!(body(&row)["event_action"], "resolve");
    }

    #[test]
    fn the_page_says_what_is_wrong_and_how_loud() {
        let opened = body(&sample::opened());
        let summary = opened["payload"]["summary"].as_str().unwrap();
        assert!(summary.contains("login fails") && summary.contains("47"), "{summary}");
        assert_eq!(opened["payload"]["severity"], "error");
        assert_eq!(opened["payload"]["timestamp"], "2026-11-21T09:00:00Z");
        assert_eq!(body(&sample::worse())["payload"]["severity"], "critical");
        assert_eq!(body(&sample::test())["payload"]["severity"], "info");
    }

    #[test]
    fn strangers_texts_stay_within_the_limits() {
        let body = body(&sample::hostile());
        assert!(body["payload"]["summary"].as_str().unwrap().chars().count() <= SUMMARY);
        assert!(body.to_string().len() < 100_000);
        let accents = shortened(&"e\u{301}".repeat(900), SUMMARY);
        assert!((900..=SUMMARY).contains(&accents.chars().count()) && accents.ends_with("e\u{301}…"), "{accents}");
    }

    #[test]
    fn only_its_own_word_counts_as_taken() {
        let judged = |status, body: &str| {
            settings().judge(&sample::opened(), &Reply::Http { status, retry_after: None, body: body.to_owned() }).is_ok()
        };
        assert!(judged(202, r#"{"status":"success"}"#));
        assert!(!judged(202, "<!doctype html>") && !judged(200, "{}"));
    }
}
