//! A day of an API that a configuration maps: a token that ends every hour, pages by cursor, records that
//! are edited, deleted with a tombstone, and that arrive late.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use crate::day::Asked;
use crate::day::Says;
use crate::day::Vendor;
use crate::day::hour;
use crate::day::live;
use crate::day::morning;

/// Records of a page.
const PAGE: usize = 25;
/// So long a token is good.
const GOOD: i64 = 3600;

#[derive(Default)]
struct Desk {
    /// Tokens with the time at which they were given.
    tokens: Vec<(String, DateTime<Utc>)>,
}

/// A record as it stands: its id beyond what a float holds, when it was written and changed, words.
#[derive(Clone)]
struct Record {
    id: u64,
    written: DateTime<Utc>,
    changed: DateTime<Utc>,
    words: String,
    gone: bool,
}

impl Desk {
    fn records(now: DateTime<Utc>) -> Vec<Record> {
        let record = |number: u32, written: DateTime<Utc>| Record {
            id: 9_007_199_254_740_993 + 2 * u64::from(number),
            written,
            changed: written,
            words: format!("The form {number} loses what I typed"),
            gone: false,
        };
        let mut all: Vec<Record> = (1..=90).map(|number| record(number, hour(-0.5 * f64::from(number)))).collect();
        all.extend((100..=190).map(|number| record(number, hour(0.25 * f64::from(number - 99)))));
        for record in &mut all {
            // One in ten is edited two hours later, one in ten is deleted after three.
            let later = |hours: i64| record.written + TimeDelta::hours(hours);
            if record.id % 20 == 1 && later(2) <= now {
                (record.changed, record.words) = (later(2), format!("{}, still", record.words));
            }
            if record.id % 20 == 3 && later(3) <= now {
                (record.changed, record.gone) = (later(3), true);
            }
        }
        // Sent from a train: written at ten, there half an hour later with its old time of change.
        if now >= hour(10.5) {
            all.push(Record { id: 77, written: hour(10.0), changed: hour(10.0), words: "sent without a network".to_owned(), gone: false });
        }
        all.retain(|record| record.written <= now);
        all.sort_by_key(|record| (record.changed, record.id));
        all
    }

    fn shown(record: &Record) -> Value {
        if record.gone {
            return json!({"uid": record.id, "removed": true, "changed": record.changed.timestamp_millis()});
        }
        json!({"uid": record.id, "body": {"words": record.words, "stars": "2/5"}, "written": record.written.timestamp_millis(),
               "changed": record.changed.timestamp_millis(), "by": "private@example.net"})
    }
}

impl Vendor for Desk {
    fn answer(&mut self, asked: &Asked) -> Says {
        if asked.path == "/token" {
            assert_eq!((asked.method.as_str(), asked.headers["authorization"].as_str()), ("POST", "Basic dXByb2FyOmh1c2g="));
            assert!(asked.body.contains("grant_type=client_credentials") && asked.body.contains("scope=read"), "{}", asked.body);
            let token = format!("t{}", self.tokens.len());
            self.tokens.push((token.clone(), asked.now));
            return Says::json(&json!({"access_token": token, "token_type": "bearer", "expires_in": GOOD}));
        }
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v1/feedback"));
        let given = asked.headers.get("authorization").cloned().unwrap_or_default();
        let end = |given_at: DateTime<Utc>| given_at + TimeDelta::seconds(GOOD);
        // At noon all tokens are taken back.
        let lasts = |given_at: DateTime<Utc>| asked.now < end(given_at) && (asked.now < hour(12.1) || given_at >= hour(12.1));
        if !self.tokens.iter().any(|(token, given_at)| given == format!("Bearer {token}") && lasts(*given_at)) {
            return Says::json(&json!({"title": "Unauthorized"})).with_status(401);
        }
        if asked.now >= hour(18.0) && asked.now < hour(18.4) {
            return Says::json(&json!({"fine": false, "error": {"message": "the index is being built"}}));
        }
        let since: DateTime<Utc> = asked.query["since"].parse().unwrap();
        let from: usize = asked.query.get("cursor").map_or(0, |cursor| cursor.trim_start_matches('c').parse().unwrap());
        let found: Vec<Record> = Self::records(asked.now).into_iter().filter(|record| record.changed >= since).collect();
        let rows: Vec<Value> = found.iter().skip(from).take(PAGE).map(Self::shown).collect();
        let next = (found.len() > from + PAGE).then(|| format!("c{}", from + PAGE));
        Says::json(&json!({"fine": true, "rows": rows, "next": next}))
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let since = morning() - TimeDelta::days(1);
        // What ended before the last poll is there as it stood then.
        let there = Self::records(now).into_iter().filter(|record| !record.gone && record.changed >= since && record.written < now);
        there.map(|record| (record.id.to_string(), (record.words, Some(2.0)))).collect()
    }
}

const CONFIG: &str = r#"[[source]]
name = "desk"
every = "5m"
since = "1d"
[source.http_json]
url = "BASE/v1/feedback?since={since}"
auth = { oauth = { token_url = "BASE/token", client_id = "uproar", client_secret = { file = "HERE/secret" }, scope = "read" } }
ok = ".fine"
items = ".rows[]"
next = { cursor = ".next", param = "cursor" }
overlap = "1h"
[source.http_json.map]
id = ".uid"
text = ".body.words // \"\""
rating = ".body.stars // empty | split(\"/\")[0] | tonumber"
rating_max = "5"
published = ".written // empty"
updated = ".changed / 1000 | todate"
author = ".by"
deleted = ".removed // false"
"#;

#[test]
fn a_day_of_a_mapped_api_is_stored_as_it_was() {
    let told = live(CONFIG, &[("secret", "hush")], Desk::default());
    assert!(told.errors.iter().any(|error| error.contains("the index is being built")), "{:#?}", told.errors);
    assert!(told.errors.iter().all(|error| !error.contains("hush") && !error.contains("Bearer")), "{:#?}", told.errors);
    assert!(told.items.iter().any(|item| item["external_id"] == "77"), "what arrived late");
    assert!(told.heard.iter().filter(|asked| asked.path == "/token").count() < 60);
}
