//! Prometheus Alertmanager, by its API v2. It forgets: what stands is told to it every minute.

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
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

/// How long an alert lasts that nobody repeats: five repeats may be lost.
const LASTS: TimeDelta = TimeDelta::minutes(5);

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address of the server, without a slash at its end.
    pub url: Secret,
}

impl Channel for Settings {
    /// It knows of no acknowledgement, and lines about Uproar are no alert.
    fn takes(&self, event: Event) -> bool {
        !matches!(event, Event::Acked | Event::Digest)
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        self.alert(row, ends(&row.facts))
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }

    /// The same alert with a later end, under a key of the minute: a repeat is no notice.
    fn pulse(&self, row: &Row, now: Timestamp) -> Option<Parcel> {
        let over = matches!(row.facts.event, Event::Resolved | Event::Test) || row.facts.over.is_some();
        if over {
            return None;
        }
        let parcel = self.alert(&Row { id: format!("{}-{}", row.id, now.timestamp() / 60), ..row.clone() }, now + LASTS);
        let Parcel::Post { method, url, mut headers, body } = parcel else { return None };
        headers.iter_mut().filter(|(name, _)| name == "x-uproar-event").for_each(|(_, word)| "pulse".clone_into(word));
        Some(Parcel::Post { method, url, headers, body })
    }
}

impl Settings {
    fn alert(&self, row: &Row, ends: Timestamp) -> Parcel {
        let facts = &row.facts;
        let brief = brief(row, Size::steps(row)[0]);
        // Labels are what an alert is known by: nothing that changes may be among them.
        let labels = [
            ("alertname", "Uproar".to_owned()),
            ("watch", wording::name(&facts.watch)),
            ("theme", wording::name(&facts.theme)),
            ("segment", wording::name(&facts.segment.to_string())),
            ("incident", token(&facts.incident)),
        ];
        let annotations = [
            ("summary", brief.title),
            ("description", brief.summary),
            ("level", brief.level.word().to_owned()),
            ("event", brief.event.word().to_owned()),
            ("facts", brief.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")),
            ("quotes", brief.quotes.join("\n")),
            ("more", brief.more.unwrap_or_default()),
            ("why", brief.why),
            ("links", brief.links.iter().map(|(label, address)| format!("{label}: {address}")).collect::<Vec<_>>().join("\n")),
        ];
        let mut alert = json!({
            "labels": object(labels.into_iter()),
            "annotations": object(annotations.into_iter()),
            "startsAt": post::time(facts.since.min(ends)),
            "endsAt": post::time(ends),
        });
        if let Some(page) = post::page(facts).or_else(|| facts.base_url.clone()) {
            alert["generatorURL"] = json!(page);
        }
        let url = Secret::new(format!("{}/api/v2/alerts", self.url.reveal()));
        post::json(row, Method::Post, &url, &Value::Array(vec![alert]))
    }
}

/// What has no text is left out.
fn object<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Value {
    pairs.filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
}

/// From the facts and not from the present, so that every try sends the same; the repeats move it on.
fn ends(facts: &Facts) -> Timestamp {
    match (&facts.over, facts.event) {
        (Some(ending), _) => ending.at,
        (None, Event::Resolved) => facts.at,
        _ => facts.at + LASTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Ending;
    use crate::render::sample;

    fn settings() -> Settings {
        Settings { url: Secret::new("http://alertmanager.example.com:9093".to_owned()) }
    }

    fn alert(parcel: Parcel) -> (Value, Vec<(String, String)>) {
        let Parcel::Post { body, headers, url, .. } = parcel else { panic!("a post was expected") };
        assert!(url.reveal().ends_with(":9093/api/v2/alerts"));
        let body: Value = serde_json::from_slice(&body).unwrap();
        (body[0].clone(), headers)
    }

    fn packed(row: &Row) -> Value {
        alert(settings().pack(row, row.created)).0
    }

    #[test]
    fn what_changes_is_no_label() {
        let labels = [sample::opened(), sample::worse(), sample::resolved(), sample::reopened()].map(|row| packed(&row)["labels"].clone());
        assert_eq!(
            labels[0],
            json!({ "alertname": "Uproar", "watch": "app reviews", "theme": "login_fails", "segment": "all", "incident": "i-7f3k2" })
        );
        assert!(labels.iter().all(|other| *other == labels[0]), "{labels:?}");
    }

    #[test]
    fn an_alert_lasts_some_minutes_and_ends_when_it_is_over() {
        let times = |row: &Row| {
            let alert = packed(row);
            [&alert["startsAt"], &alert["endsAt"]].map(|at| at.as_str().unwrap().to_owned())
        };
        assert_eq!(times(&sample::opened()), ["2026-11-21T09:00:00Z", "2026-11-21T13:10:00Z"]);
        assert_eq!(times(&sample::resolved()), ["2026-11-21T09:00:00Z", "2026-11-21T22:20:00Z"]);
        let mut over = sample::opened();
        over.facts.over = Some(Ending { at: sample::at("2026-11-21T08:00:00Z"), cause: String::new() });
        assert_eq!(times(&over), ["2026-11-21T08:00:00Z"; 2], "an alert never ends before it begins");
    }

    #[test]
    fn what_stands_is_repeated_with_a_later_end_and_is_no_notice() {
        let now = sample::at("2026-11-21T16:00:30Z");
        let (first, _) = alert(settings().pack(&sample::opened(), now));
        let (pulse, headers) = alert(settings().pulse(&sample::opened(), now).unwrap());
        assert_eq!(pulse["endsAt"], "2026-11-21T16:05:30Z");
        assert_eq!((&pulse["labels"], &pulse["annotations"]), (&first["labels"], &first["annotations"]));
        let header = |name: &str| headers.iter().find(|header| header.0 == name).map(|header| header.1.clone()).unwrap();
        assert_eq!(header("x-uproar-event"), "pulse");
        assert_eq!(header("idempotency-key"), format!("k0q7v2m4hxopened-{}", now.timestamp() / 60));
        assert_eq!(settings().pulse(&sample::resolved(), now), None);
    }

    #[test]
    fn strangers_texts_are_texts() {
        let alert = packed(&sample::hostile());
        let named = |part: &str| alert[part].as_object().unwrap().clone();
        assert!(named("labels").values().chain(named("annotations").values()).all(Value::is_string));
        assert!(named("labels").values().all(|value| value.as_str().unwrap().chars().count() <= 200));
    }
}
