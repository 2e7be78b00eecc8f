//! A day of a help desk: an export that takes ten calls a minute, pages without anything, a cursor that is
//! forgotten, a deletion, a ticket that is imported late; and ratings that come days after they were asked
//! for.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

/// A change of a ticket, as the export tells it.
struct Change {
    at: DateTime<Utc>,
    id: u64,
    created: DateTime<Utc>,
    text: String,
    status: &'static str,
    channel: &'static str,
    submitter: u64,
}

#[derive(Default)]
struct Desk {
    calls: Vec<DateTime<Utc>>,
    asked: usize,
    /// Comments are asked for.
    with_comments: bool,
}

const AGENT: u64 = 9;
/// A ticket whose comments are never to be had, and one where they are so for less than an hour.
const REFUSED: u64 = 120;
const LOCKED: u64 = 132;

/// Number, when it was asked for, when it last changed, score and remark.
type Rating = (u64, DateTime<Utc>, DateTime<Utc>, &'static str, &'static str);

impl Desk {
    fn changes(now: DateTime<Utc>) -> Vec<Change> {
        let plain = |id: u64, at: DateTime<Utc>, text: String| Change {
            at,
            id,
            created: at,
            text,
            status: "open",
            channel: if id.is_multiple_of(2) { "chat" } else { "email" },
            submitter: id + 5000,
        };
        let mut all: Vec<Change> =
            (0..90).map(|n| plain(n, hour(-0.5 * f64::from(n as u32) - 0.5), format!("an old ticket, number {n}"))).collect();
        all.extend((1..46).map(|n| plain(100 + n, hour(0.5 * n as f64), format!("a ticket of today, number {n}"))));
        all.push(plain(110, hour(9.1), "a ticket of today, in other words".to_owned()));
        all.push(Change { status: "deleted", text: "SCRUBBED".to_owned(), ..plain(104, hour(13.0), String::new()) });
        all.push(Change { created: hour(-480.0), ..plain(300, hour(15.0), "moved here from another desk".to_owned()) });
        all.push(Change { submitter: AGENT, ..plain(301, hour(15.1), "customer rang".to_owned()) });
        all.push(Change { channel: "api", ..plain(302, hour(15.2), "a robot's ticket".to_owned()) });
        // What changed in the last minute is held back.
        all.retain(|change| change.at <= now - TimeDelta::seconds(60));
        all.sort_by_key(|change| change.at);
        all
    }

    fn ratings(now: DateTime<Utc>) -> Vec<Rating> {
        let mut all: Vec<_> = (0..12).map(|n| (n, hour(-3.0 * n as f64 - 1.0), hour(-3.0 * n as f64 - 1.0), "good", "all well")).collect();
        for (id, asked, answered, score, remark) in [
            (50, -60.0, 14.2, "bad", "nobody ever came back to me"),
            (51, 3.0, 4.0, "bad", ""),
            (52, 5.0, 17.0, "bad", "two weeks for one box"),
            (53, 6.0, 40.0, "good", "never seen today"),
        ] {
            let is_answered = now >= hour(answered);
            let changed = if is_answered { answered } else { asked };
            all.push((id, hour(asked), hour(changed), if is_answered { score } else { "offered" }, if is_answered { remark } else { "" }));
        }
        all.retain(|(_, asked, ..)| *asked <= now);
        all.sort_by_key(|(id, asked, ..)| (*asked, *id));
        all
    }

    fn export(&mut self, asked: &Asked) -> Says {
        self.calls.retain(|at| asked.now - *at < TimeDelta::seconds(60));
        if self.calls.len() >= 10 {
            let text = b"Number of allowed calls per minute exceeded".to_vec();
            return Says { status: 429, headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())], body: text }
                .with("Retry-After", "30");
        }
        self.calls.push(asked.now);
        let changes = Self::changes(asked.now);
        let begin = match (asked.query.get("cursor"), asked.query.get("start_time")) {
            (Some(cursor), None) => {
                let (made, at) = cursor.split_once('|').unwrap();
                // All cursors of the morning are forgotten at four in the afternoon.
                if asked.now >= hour(16.0) && made.parse::<i64>().unwrap() < hour(12.0).timestamp() {
                    return Says::json(&json!({"error": "InvalidValue", "description": "Invalid cursor"})).with_status(400);
                }
                at.parse::<usize>().unwrap()
            }
            (None, Some(start)) => {
                let start: i64 = start.parse().unwrap();
                assert!(start <= asked.now.timestamp() - 60, "too recent");
                changes.iter().position(|change| change.at.timestamp() >= start).unwrap_or(changes.len())
            }
            _ => panic!("{asked:?}"),
        };
        self.asked += 1;
        let most = if self.asked.is_multiple_of(5) { 0 } else { 4 };
        let end = (begin + most).min(changes.len());
        let tickets: Vec<Value> = changes[begin..end].iter().map(shown).collect();
        // Cursors are renewed now and then, so that only one that was kept for long is old.
        let made = if asked.now >= hour(11.0) && asked.now < hour(16.0) { hour(8.0) } else { asked.now };
        Says::json(&json!({
            "tickets": tickets, "users": [{"id": AGENT, "role": "agent"}],
            "after_cursor": format!("{}|{end}", made.timestamp()), "end_of_stream": most > 0 && end == changes.len(),
        }))
    }
}

fn shown(change: &Change) -> Value {
    json!({
        "id": change.id, "generated_timestamp": change.at.timestamp(), "created_at": change.created, "updated_at": change.at,
        "subject": "", "description": change.text, "status": change.status, "via": {"channel": change.channel},
        "requester_id": change.id + 5000, "submitter_id": change.submitter, "satisfaction_rating": {"score": "bad"},
    })
}

impl Vendor for Desk {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!(asked.headers["authorization"], "Basic b3BzQGtlc3RyZWwuZXhhbXBsZS90b2tlbjpodXNo");
        if asked.path == "/api/v2/incremental/tickets/cursor.json" {
            return self.export(asked);
        }
        if let Some(id) = asked.path.strip_prefix("/api/v2/tickets/").and_then(|rest| rest.strip_suffix("/comments.json")) {
            let id: u64 = id.parse().unwrap();
            match id {
                300 => return Says::json(&json!({"error": "RecordNotFound"})).with_status(404),
                REFUSED => return Says::json(&json!({"error": "InternalError"})).with_status(500),
                LOCKED if asked.now < hour(16.5) => return Says::json(&json!({"error": "Forbidden"})).with_status(403),
                _ => {}
            }
            let by = |author: u64, text: String| json!({"author_id": author, "public": true, "plain_body": text});
            let changes = Self::changes(asked.now);
            let first = changes.iter().rev().find(|change| change.id == id).unwrap().text.clone();
            let all = [by(id + 5000, first), by(AGENT, "We look into it.".to_owned()), by(id + 5000, format!("still {id}"))];
            let begin: usize = asked.query.get("page[after]").map_or(0, |after| after.parse().unwrap());
            let end = (begin + 2).min(all.len());
            let meta = json!({"has_more": end < all.len(), "after_cursor": end.to_string()});
            return Says::json(&json!({"comments": all[begin..end], "meta": meta}));
        }
        if asked.path == "/api/v2/tickets/show_many.json" {
            let changes = Self::changes(asked.now);
            let newest = |id: &str| changes.iter().rev().find(|change| change.id.to_string() == id && change.status != "deleted");
            let tickets: Vec<Value> = asked.query["ids"].split(',').filter_map(newest).map(shown).collect();
            return Says::json(&json!({"tickets": tickets}));
        }
        assert_eq!((asked.path.as_str(), asked.query["score"].as_str()), ("/api/v2/satisfaction_ratings.json", "received"));
        let start: i64 = asked.query["start_time"].parse().unwrap();
        let mut all = Self::ratings(asked.now);
        all.retain(|(_, created, _, score, _)| created.timestamp() >= start && *score != "offered");
        let begin: usize = asked.query.get("page[after]").map_or(0, |after| after.parse().unwrap());
        let end = (begin + 5).min(all.len());
        let list: Vec<Value> = all[begin.min(end)..end]
            .iter()
            .map(|(id, created, changed, score, comment)| {
                json!({"id": id, "ticket_id": id + 1, "score": score, "comment": comment, "created_at": created, "updated_at": changed})
            })
            .collect();
        Says::json(&json!({"satisfaction_ratings": list, "meta": {"has_more": end < all.len(), "after_cursor": end.to_string()}}))
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        let text = b"Number of allowed calls per minute exceeded".to_vec();
        Says { status: 429, headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())], body: text }.with("Retry-After", "2")
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let since = morning() - TimeDelta::days(1);
        let mut truth = BTreeMap::new();
        for change in Self::changes(now).into_iter().filter(|change| change.at >= since) {
            if change.status == "deleted" {
                truth.remove(&change.id.to_string());
            } else if change.channel != "api" && change.submitter != AGENT {
                let more = if self.with_comments && ![300, REFUSED].contains(&change.id) {
                    format!("\n\nstill {}", change.id)
                } else {
                    String::new()
                };
                let rating = self.with_comments.then_some(0.0);
                truth.insert(change.id.to_string(), (format!("{}{more}", change.text), rating));
            }
        }
        if !self.with_comments {
            for (id, _, changed, score, comment) in Self::ratings(now) {
                if changed >= since && score != "offered" {
                    truth.insert(format!("satisfaction:{id}"), (comment.to_owned(), Some(if score == "good" { 1.0 } else { 0.0 })));
                }
            }
        }
        truth
    }
}

const TABLE: &str = "subdomain = \"kestrel\"\nemail = \"ops@kestrel.example\"\ntoken = { file = \"HERE/token\" }\nchannels = [\"chat\", \"email\"]\nbase_url = \"BASE\"\n";

#[test]
fn a_day_of_a_desk_is_stored_as_it_was() {
    let told = live(
        &format!(
            "[[source]]\nname = \"desk\"\nevery = \"2m\"\nsince = \"1d\"\n[source.zendesk]\nwhat = [\"tickets\", \"satisfaction\"]\n{TABLE}"
        ),
        &[("token", "hush")],
        Desk::default(),
    );
    // While nothing was ever read to its end, a wish for patience counts as an error.
    assert!(told.errors.iter().filter(|error| error.contains("patience")).count() < 4, "{:#?}", told.errors);
    assert!(told.errors.iter().any(|error| error.contains("out of order")), "{:#?}", told.errors);
    let begun = told.heard.iter().filter(|asked| asked.query.contains_key("start_time") && asked.path.contains("incremental")).count();
    assert!(
        (2..12).contains(&begun),
        "the export was begun {begun} times: first, where its first answer was lost, and where its cursor was"
    );
}

#[test]
fn a_day_of_a_desk_with_all_that_customers_wrote() {
    let told = live(
        &format!("[[source]]\nname = \"desk\"\nevery = \"5m\"\nsince = \"1d\"\n[source.zendesk]\ntext = \"customer_comments\"\n{TABLE}"),
        &[("token", "hush")],
        Desk { with_comments: true, ..Desk::default() },
    );
    let comments = told.heard.iter().filter(|asked| asked.path.ends_with("/comments.json")).count();
    assert!(comments < 600, "{comments} calls for comments");
    let refused = told.heard.iter().filter(|asked| asked.path == format!("/api/v2/tickets/{REFUSED}/comments.json")).count();
    assert!((3..30).contains(&refused), "{refused} calls for one that is never to be had");
}
