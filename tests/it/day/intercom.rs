//! A day of a workspace: conversations that go on, ratings that come hours later, an index that lags, one
//! that is redacted and one that is deleted.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

#[derive(Default)]
struct Workspace {
    /// All that customers wrote is wanted.
    all: bool,
}

/// A conversation as it stands at a time.
struct Talk {
    id: u64,
    began: DateTime<Utc>,
    changed: DateTime<Utc>,
    first: String,
    more: &'static str,
    rating: Option<u8>,
    is_open: bool,
    is_deleted: bool,
}

/// A conversation that began at an hour, as it stands at another one. `None` before it began.
fn talk(id: u64, began: f64, now: DateTime<Utc>) -> Option<Talk> {
    let first = format!("my order {id} has not come");
    let is_open = matches!(id, 130 | 140);
    let mut talk = Talk { id, began: hour(began), changed: hour(began), first, more: "", rating: None, is_open, is_deleted: false };
    let mut touch = |at: f64, change: &dyn Fn(&mut Talk)| {
        if now >= hour(at) {
            talk.changed = hour(at);
            change(&mut talk);
        }
    };
    match id {
        50 => touch(8.0, &|talk| talk.more = "I ask again"),
        105 => touch(13.0, &|talk| talk.first.clear()),
        110 => touch(9.3, &|talk| talk.rating = Some(1)),
        120 => touch(11.5, &|talk| talk.more = "and now it came broken"),
        125 => touch(12.6, &|talk| talk.rating = Some(5)),
        130 => touch(16.0, &|talk| talk.is_deleted = true),
        140 => touch(20.5, &|talk| talk.rating = Some(2)),
        _ => {}
    }
    (talk.began <= now).then_some(talk)
}

fn talks(now: impl Fn(u64) -> DateTime<Utc>) -> Vec<Talk> {
    let old = (0..60).map(|n| (n, -0.7 * n as f64 - 0.1));
    let new = (101..147).map(|id| (id, 0.5 * (id - 100) as f64));
    old.chain(new).filter_map(|(id, began)| talk(id, began, now(id))).collect()
}

/// What the search knows: one change it finds half an hour late, and one never.
fn indexed(now: DateTime<Utc>) -> Vec<Talk> {
    talks(|id| match id {
        125 if now < hour(13.2) => now.min(hour(12.55)),
        140 => now.min(hour(20.4)),
        _ => now,
    })
}

/// One that is never to be had by itself, and one that is not for less than an hour.
const REFUSED: u64 = 117;
const LOCKED: u64 = 126;

fn began_by_bot(id: u64) -> bool {
    id.is_multiple_of(9)
}

fn shown(talk: &Talk, with_parts: bool) -> Value {
    let said = |kind: &str, text: &str| json!({"author": {"type": kind, "id": format!("c{}", talk.id)}, "body": format!("<p>{text}</p>"), "redacted": text.is_empty()});
    let (source, mut parts) = if began_by_bot(talk.id) {
        (said("bot", "How may we help?"), vec![said("lead", &talk.first)])
    } else {
        (said("lead", &talk.first), Vec::new())
    };
    parts.push(said("admin", "We look into it."));
    if !talk.more.is_empty() {
        parts.push(said("lead", talk.more));
    }
    let mut shown = json!({
        "id": talk.id.to_string(), "created_at": talk.began.timestamp(), "updated_at": talk.changed.timestamp(),
        "state": if talk.is_open { "open" } else { "closed" }, "source": source,
        "conversation_rating": talk.rating.map(|rating| json!({"rating": rating, "remark": null})),
    });
    if with_parts {
        shown["conversation_parts"] = json!({"conversation_parts": parts});
    }
    shown
}

impl Vendor for Workspace {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!((asked.headers["authorization"].as_str(), asked.headers["intercom-version"].as_str()), ("Bearer hush", "2.14"));
        if let Some(id) = asked.path.strip_prefix("/conversations/").filter(|id| *id != "search") {
            let refused = || Says::json(&json!({"type": "error.list", "errors": [{"code": "server_error"}]}));
            match id.parse() {
                Ok(REFUSED) => return refused().with_status(500),
                Ok(LOCKED) if asked.now < hour(13.5) => return refused().with_status(403),
                _ => {}
            }
            let found = talks(|_| asked.now).into_iter().find(|talk| talk.id.to_string() == id && !talk.is_deleted);
            let gone = || Says::json(&json!({"type": "error.list", "errors": [{"code": "not_found"}]})).with_status(404);
            return found.map_or_else(gone, |talk| Says::json(&shown(&talk, true)));
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let mut found = indexed(asked.now);
        found.retain(|talk| !talk.is_deleted);
        for filter in body["query"]["value"].as_array().unwrap() {
            assert_eq!(filter["operator"], ">");
            let least = filter["value"].as_i64().unwrap();
            let is_update = filter["field"] == "updated_at";
            found.retain(|talk| if is_update { talk.changed } else { talk.began }.timestamp() > least);
        }
        assert_eq!(body["sort"], json!({"field": "updated_at", "order": "ascending"}));
        found.sort_by_key(|talk| (talk.changed, talk.id));
        if let Some(after) = body["pagination"]["starting_after"].as_str() {
            let (changed, id) = after.split_once(' ').unwrap();
            let after: (i64, u64) = (changed.parse().unwrap(), id.parse().unwrap());
            found.retain(|talk| (talk.changed.timestamp(), talk.id) > after);
        }
        let more = found.len() > 7;
        found.truncate(7);
        let next = found.last().filter(|_| more).map(|last| json!({"starting_after": format!("{} {}", last.changed.timestamp(), last.id)}));
        let list: Vec<Value> = found.iter().map(|talk| shown(talk, false)).collect();
        Says::json(&json!({"conversations": list, "pages": {"next": next}})).with("X-RateLimit-Remaining", "900")
    }

    fn busy(&mut self, asked: &Asked) -> Says {
        let errors = json!({"type": "error.list", "errors": [{"code": "rate_limit_exceeded", "message": "Exceeded"}]});
        Says::json(&errors).with_status(429).with("X-RateLimit-Reset", &(asked.now.timestamp() + 3).to_string())
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let since = morning() - TimeDelta::days(1);
        let mut talks = talks(|_| now);
        // What began before the first poll reached back to is found when it goes on.
        talks.retain(|talk| !talk.is_deleted && talk.changed >= since && talk.id != REFUSED);
        let text = |talk: &Talk| if self.all { format!("{}\n\n{}", talk.first, talk.more).trim().to_owned() } else { talk.first.clone() };
        talks.iter().map(|talk| (talk.id.to_string(), (text(talk), talk.rating.map(f64::from)))).collect()
    }
}

fn config(text: &str) -> String {
    format!(
        "[[source]]\nname = \"talks\"\nevery = \"5m\"\nsince = \"1d\"\n[source.intercom]\ntoken = {{ file = \"HERE/token\" }}\nrecheck_open = \"1h\"\ntext = \"{text}\"\nbase_url = \"BASE\"\n"
    )
}

#[test]
fn a_day_of_a_workspace_is_stored_as_it_was() {
    let told = live(&config("first_message"), &[("token", "hush")], Workspace::default());
    assert!(told.errors.iter().any(|error| error.contains("out of order")), "{:#?}", told.errors);
    let looks = told.heard.iter().filter(|asked| asked.method == "GET").count();
    assert!(looks < 180, "{looks} conversations were asked for by themselves");
    let refused = told.heard.iter().filter(|asked| asked.path == format!("/conversations/{REFUSED}")).count();
    assert!((3..30).contains(&refused), "{refused} calls for one that is never to be had");
}

#[test]
fn a_day_of_a_workspace_with_all_that_customers_wrote() {
    let told = live(&config("customer_messages"), &[("token", "hush")], Workspace { all: true });
    let looks = told.heard.iter().filter(|asked| asked.method == "GET").count();
    assert!(looks < 400, "{looks} conversations were asked for by themselves");
}
