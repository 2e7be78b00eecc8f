//! A day of a search of Hacker News: a comment that is edited, one that the search finds late, one that is
//! deleted, and more on the first page than a page holds.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

struct Search;

impl Search {
    /// Comments that the search finds at a time: id, when it was written, text.
    fn found(now: DateTime<Utc>) -> Vec<(u32, DateTime<Utc>, String)> {
        let edited = if now >= hour(9.5) { "my parcel is lost, and the bot says hello" } else { "my parcel is lost" };
        let mut all: Vec<(u32, DateTime<Utc>, String)> =
            (0..450).map(|number| (number, hour(-0.2 * f64::from(number) - 0.1), format!("comment {number} about parcels"))).collect();
        all.extend((1..48).map(|number| (1000 + number, hour(0.5 * f64::from(number)), format!("live comment {number}"))));
        all.push((2000, hour(9.0), edited.to_owned()));
        // Indexed half an hour after it was written.
        if now >= hour(12.5) {
            all.push((2001, hour(12.0), "found late".to_owned()));
        }
        all.retain(|(_, written, _)| *written <= now);
        all.sort_by_key(|(id, written, _)| std::cmp::Reverse((*written, *id)));
        all
    }
}

impl Vendor for Search {
    fn answer(&mut self, asked: &Asked) -> Says {
        if let Some(id) = asked.path.strip_prefix("/v0/item/").and_then(|path| path.strip_suffix(".json")) {
            let is_gone = id == "100" && asked.now >= hour(3.0);
            return Says::json(&if is_gone { json!({"id": 100, "deleted": true}) } else { json!({"id": id, "type": "comment"}) });
        }
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/api/v1/search_by_date"));
        assert_eq!(asked.query["query"], "kestrel parcels");
        let (mut from, mut until) = (0, i64::MAX);
        for filter in asked.query["numericFilters"].split(',') {
            if let Some(time) = filter.strip_prefix("created_at_i>=") {
                from = time.parse().unwrap();
            } else if let Some(time) = filter.strip_prefix("created_at_i<=") {
                until = time.parse().unwrap();
            }
        }
        let most: usize = asked.query["hitsPerPage"].parse().unwrap();
        let hits: Vec<Value> = Self::found(asked.now)
            .into_iter()
            .filter(|(_, written, _)| (from..=until).contains(&written.timestamp()))
            .take(most)
            .map(|(id, written, text)| {
                json!({"objectID": id.to_string(), "author": "someone", "comment_text": text, "created_at_i": written.timestamp()})
            })
            .collect();
        Says::json(&json!({"nbHits": hits.len(), "hits": hits}))
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let since = morning() - TimeDelta::days(2);
        Self::found(now)
            .into_iter()
            .filter(|(id, written, _)| *written >= since && *id != 100)
            .map(|(id, _, text)| (id.to_string(), (text, None)))
            .collect()
    }
}

#[test]
fn a_day_of_a_search_is_stored_as_it_was() {
    let told = live(
        "[[source]]\nname = \"hn\"\nevery = \"15m\"\nsince = \"2d\"\nhacker_news = { query = \"kestrel parcels\", recheck = \"6h\", base_url = \"BASE\" }\n",
        &[],
        Search,
    );
    // Every seventh request is refused, and that is no error; what breaks off and the hour of errors are.
    assert!(told.errors.iter().all(|error| !error.contains("patience")), "{:#?}", told.errors);
    assert!(told.errors.iter().any(|error| error.contains("out of order")), "{:#?}", told.errors);
    let searches = told.heard.iter().filter(|asked| asked.path.ends_with("search_by_date")).count();
    assert!(searches < 200, "{searches} searches on {} polls", told.polls);
    assert!(told.items.iter().any(|item| item["external_id"] == "2001"));
}
