//! A day of the public feed of an app in two storefronts: pages out of caches, a page that is empty for
//! no reason, an hour in which all are, an edit, and a review that comes late.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

struct Storefronts {
    asked: usize,
}

/// Reviews of a full page.
const PAGE: usize = 50;

impl Storefronts {
    /// Reviews of a storefront at a time, the last change first: id, when it was changed, text, stars.
    fn reviews(country: &str, now: DateTime<Utc>) -> Vec<(u32, DateTime<Utc>, String, u32)> {
        let (first, many) = if country == "se" { (1000, 130) } else { (5000, 0) };
        let mut all: Vec<(u32, DateTime<Utc>, String, u32)> = (0..many)
            .map(|number| (first + number, hour(-1.0 - f64::from(number)), format!("ferry {number} was late"), 1 + number % 5))
            .collect();
        all.extend((1..45).map(|number| (first + 500 + number, hour(0.5 * f64::from(number)), format!("new {country} {number}"), 3)));
        if country == "se" && now >= hour(9.0) {
            all.retain(|(id, ..)| *id != 1010);
            all.push((1010, hour(9.0), "the ferry was early, I take it back".to_owned(), 5));
        }
        // Held back by somebody who looks at reviews: it comes with its old date, far down.
        if country == "se" && now >= hour(15.0) {
            all.push((1900, hour(14.0), "held back for an hour".to_owned(), 2));
        }
        all.retain(|(_, changed, ..)| *changed <= now);
        all.sort_by_key(|(id, changed, ..)| std::cmp::Reverse((*changed, *id)));
        all
    }
}

fn label(value: impl std::fmt::Display) -> Value {
    json!({"label": value.to_string()})
}

impl Vendor for Storefronts {
    fn answer(&mut self, asked: &Asked) -> Says {
        self.asked += 1;
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        assert_eq!((asked.method.as_str(), &parts[1..3]), ("GET", &["rss", "customerreviews"][..]));
        assert!(asked.path.ends_with("id=77/sortby=mostrecent/json"), "{}", asked.path);
        let page: usize = parts[3].strip_prefix("page=").map_or(1, |page| page.parse().unwrap());
        assert!(page <= 10, "page {page} was asked for");
        // Now and then a live app has no reviews.
        let is_throttled = parts[0] == "se" && asked.now >= hour(11.0) && asked.now < hour(12.0);
        if is_throttled || self.asked.is_multiple_of(23) {
            return Says::json(&json!({"feed": {"title": label("reviews")}}));
        }
        // Later pages come out of an older cache.
        let age = if page > 1 { TimeDelta::minutes(20) } else { TimeDelta::zero() };
        let entries: Vec<Value> = Self::reviews(parts[0], asked.now - age)
            .into_iter()
            .skip((page - 1) * PAGE)
            .take(PAGE)
            .map(|(id, changed, text, stars)| {
                let changed = changed.with_timezone(&chrono::FixedOffset::west_opt(7 * 3600).unwrap()).to_rfc3339();
                json!({"id": label(id), "title": label("Ferry"), "content": label(text), "im:rating": label(stars),
                       "updated": label(changed), "author": {"name": label("someone")}})
            })
            .collect();
        match entries.len() {
            0 => Says::json(&json!({"feed": {"title": label("reviews")}})),
            1 => Says::json(&json!({"feed": {"title": label("reviews"), "entry": entries[0]}})),
            _ => Says::json(&json!({"feed": {"title": label("reviews"), "entry": entries}})),
        }
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        Says { status: 403, headers: vec![("Content-Type".to_owned(), "text/html".to_owned())], body: b"<h1>Forbidden</h1>".to_vec() }
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        ["se", "no"]
            .iter()
            .flat_map(|country| Self::reviews(country, now))
            .map(|(id, _, text, stars)| (id.to_string(), (text, Some(f64::from(stars)))))
            .collect()
    }
}

#[test]
fn a_day_of_the_public_feed_is_stored_as_it_was() {
    let told = live(
        "[[source]]\nname = \"store\"\nevery = \"30m\"\napp_store = { app = 77, countries = [\"se\", \"no\"], base_url = \"BASE\" }\n",
        &[],
        Storefronts { asked: 0 },
    );
    assert!(told.errors.iter().all(|error| !error.contains("much to do")), "it is waited for: {:#?}", told.errors);
    assert!(told.errors.iter().all(|error| !error.contains("suspect")), "so is a storefront without reviews: {:#?}", told.errors);
    assert!(told.items.iter().all(|item| item["fields"]["country"] == "se" || item["fields"]["country"] == "no"));
    let edited = told.items.iter().find(|item| item["external_id"] == "1010").unwrap();
    assert_eq!(edited["published"], hour(-11.0).to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "as first seen");
    assert!(told.heard.len() < 300, "{} requests on {} polls", told.heard.len(), told.polls);
}
