//! A day of a search of Bluesky: sessions that end, posts that are deleted and one that the search finds late.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

struct Network {
    /// Whoever asks has to have a session.
    closed: bool,
    sessions: Vec<DateTime<Utc>>,
}

impl Network {
    /// Posts that there are at a time: uri, when it was written, text.
    fn posts(now: DateTime<Utc>) -> Vec<(String, DateTime<Utc>, String)> {
        let uri = |number: u32| format!("at://did:plc:writer{}/app.bsky.feed.post/3k{number}", number % 7);
        let mut all: Vec<(u32, DateTime<Utc>, &str)> =
            (0..230).map(|number| (number, hour(-0.1 * f64::from(number) - 0.1), "the lamp stood in the rain")).collect();
        all.extend((300..480).map(|number| (number, hour(0.13 * f64::from(number - 300) + 0.02), "nobody rang, again")));
        let is_there = |number: u32| match number {
            40 => now < hour(5.0),
            341 => now < hour(13.0),
            _ => true,
        };
        all.retain(|(number, written, _)| *written <= now && is_there(*number));
        all.sort_by_key(|(_, written, _)| std::cmp::Reverse(*written));
        all.into_iter().map(|(number, written, text)| (uri(number), written, format!("{text} ({number})"))).collect()
    }

    /// Found an hour after it was written.
    fn is_found(uri: &str, written: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        !uri.ends_with("3k360") || now >= written + TimeDelta::hours(1)
    }

    fn shown((uri, written, text): &(String, DateTime<Utc>, String)) -> Value {
        json!({"uri": uri, "indexedAt": written, "author": {"did": "did:plc:writer"}, "record": {"createdAt": written, "text": text, "langs": ["en"]}})
    }
}

impl Vendor for Network {
    fn answer(&mut self, asked: &Asked) -> Says {
        if asked.path == "/xrpc/com.atproto.server.createSession" {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(body, json!({"identifier": "ops.example.com", "password": "abcd-efgh"}));
            // This one ends sooner than documented.
            self.sessions.push(asked.now + TimeDelta::minutes(50));
            let token = format!("session{}", self.sessions.len() - 1);
            return Says::json(&json!({"accessJwt": token, "refreshJwt": "later", "did": "did:plc:ops", "handle": "ops.example.com"}));
        }
        let shown = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer session"));
        let end = shown.and_then(|number| self.sessions.get(number.parse::<usize>().ok()?));
        if self.closed && end.is_none_or(|end| *end <= asked.now) {
            return Says::json(&json!({"error": "ExpiredToken", "message": "Token has expired"})).with_status(400);
        }
        let posts = Self::posts(asked.now);
        match asked.path.as_str() {
            "/xrpc/app.bsky.feed.searchPosts" => {
                let time = |key: &str| asked.query.get(key).map(|time| time.parse::<DateTime<Utc>>().unwrap());
                let (since, until) = (time("since").unwrap(), time("until"));
                let limit: usize = asked.query["limit"].parse().unwrap();
                let skip: usize = asked.query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
                if skip > 0 && !self.closed {
                    return Says { status: 403, headers: Vec::new(), body: b"Request forbidden by administrative rules.".to_vec() };
                }
                let found: Vec<_> = posts
                    .iter()
                    .filter(|(uri, written, _)| {
                        Self::is_found(uri, *written, asked.now) && *written >= since && until.is_none_or(|until| *written < until)
                    })
                    .collect();
                let page: Vec<Value> = found.iter().skip(skip).take(limit).map(|post| Self::shown(post)).collect();
                let mut answer = json!({"posts": page});
                if skip + limit < found.len() {
                    answer["cursor"] = json!((skip + limit).to_string());
                }
                Says::json(&answer)
            }
            "/xrpc/app.bsky.feed.getPosts" => {
                assert!((1..=25).contains(&asked.ids.len()));
                let page: Vec<Value> = posts.iter().filter(|(uri, ..)| asked.ids.contains(uri)).map(Self::shown).collect();
                Says::json(&json!({"posts": page}))
            }
            other => panic!("{other}"),
        }
    }

    fn busy(&mut self, asked: &Asked) -> Says {
        let reset = (asked.now + TimeDelta::seconds(5)).timestamp().to_string();
        Says::json(&json!({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}))
            .with_status(429)
            .with("ratelimit-remaining", "0")
            .with("ratelimit-reset", &reset)
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        Self::posts(now).into_iter().map(|(uri, _, text)| (uri, (text, None))).collect()
    }
}

#[test]
fn a_day_of_a_search_with_an_account_is_stored_as_it_was() {
    let told = live(
        "[[source]]\nname = \"sky\"\nevery = \"15m\"\nsince = \"1d\"\n[source.bluesky]\nquery = \"lamp\"\nhandle = \"@ops.example.com\"\n\
         app_password = { file = \"HERE/password\" }\nrecheck = \"6h\"\nbase_url = \"BASE\"\n",
        &[("password", "abcd-efgh")],
        Network { closed: true, sessions: Vec::new() },
    );
    // Only before anything was read whole is a wish for patience an error.
    let patience = told.errors.iter().filter(|error| error.contains("patience")).count();
    assert!(patience < 5 && told.errors.iter().all(|error| !error.contains("token")), "{:#?}", told.errors);
    assert!(told.items.iter().any(|item| item["external_id"].as_str().unwrap().ends_with("3k360")));
}

#[test]
fn a_day_of_a_search_without_an_account_goes_by_time() {
    let told = live(
        "[[source]]\nname = \"sky\"\nevery = \"15m\"\nsince = \"1d\"\n[source.bluesky]\nquery = \"lamp\"\nrecheck = \"6h\"\nbase_url = \"BASE\"\n",
        &[],
        Network { closed: false, sessions: Vec::new() },
    );
    assert!(told.heard.iter().all(|asked| !asked.query.contains_key("cursor") && !asked.headers.contains_key("authorization")));
}
