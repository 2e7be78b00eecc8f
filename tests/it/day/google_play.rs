//! A day of reviews in Google Play: a token by a signed assertion that ends after an hour, a week that
//! moves on, an edit, an answer of the developer, and a review that comes late.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;
use url::form_urlencoded;

use super::*;

/// A key for this test alone.
const RSA_KEY: &str = include_str!("../../fixtures/google_play/key.pem");

#[derive(Default)]
struct Play {
    /// Tokens with their ends.
    tokens: BTreeMap<String, DateTime<Utc>>,
}

impl Play {
    /// All reviews at a time, the last change first: id, when it was changed, text, stars.
    fn reviews(now: DateTime<Utc>) -> Vec<(u32, DateTime<Utc>, String, u32)> {
        let mut all: Vec<(u32, DateTime<Utc>, String, u32)> = (0..250)
            .map(|number| (number, hour(-0.5 * f64::from(number) - 0.2), format!("the lock {number} jams"), 1 + number % 5))
            .collect();
        all.extend((1..48).map(|number| (1000 + number, hour(0.5 * f64::from(number)), format!("lock today {number}"), 2)));
        if now >= hour(9.3) {
            (all[30].1, all[30].2) = (hour(9.3), "the new version opens at once".to_owned());
        }
        if now >= hour(12.6) {
            all.push((2000, hour(11.0), "shown an hour late".to_owned(), 1));
        }
        all.retain(|(_, changed, ..)| *changed <= now);
        all.sort_by_key(|(id, changed, ..)| std::cmp::Reverse((*changed, *id)));
        all
    }

    fn token(&mut self, asked: &Asked) -> Says {
        let form: BTreeMap<String, String> = form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let parts: Vec<&str> = form["assertion"].split('.').collect();
        let part = |at: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap() };
        let (head, claims) = (part(0), part(1));
        assert_eq!((head["alg"].as_str(), head["kid"].as_str()), (Some("RS256"), Some("k1")));
        assert_eq!(claims["scope"], "https://www.googleapis.com/auth/androidpublisher");
        assert_eq!(
            (claims["iss"].as_str(), claims["aud"].as_str()),
            (Some("reader@play.test"), Some(format!("{}/token", asked.base).as_str()))
        );
        assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 3600);
        assert!((claims["iat"].as_i64().unwrap() - asked.now.timestamp()).abs() < 60);
        let token = format!("t{}", self.tokens.len());
        self.tokens.insert(token.clone(), asked.now + TimeDelta::minutes(40));
        Says::json(&json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"}))
    }
}

impl Vendor for Play {
    fn answer(&mut self, asked: &Asked) -> Says {
        if asked.path == "/token" {
            return self.token(asked);
        }
        assert_eq!(asked.path, "/androidpublisher/v3/applications/test.lock/reviews");
        // Tokens end before their time.
        let token = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if self.tokens.get(token).is_none_or(|until| *until < asked.now) {
            return Says::json(&json!({"error": {"code": 401, "message": "Invalid token"}})).with_status(401);
        }
        let most: usize = asked.query["maxResults"].parse().unwrap();
        let start: usize = asked.query.get("token").map_or(0, |token| token.parse().unwrap());
        let week = asked.now - TimeDelta::days(7);
        let all: Vec<_> = Self::reviews(asked.now).into_iter().filter(|(_, changed, ..)| *changed >= week).collect();
        let reviews: Vec<Value> = all
            .iter()
            .skip(start)
            .take(most)
            .map(|(id, changed, text, stars)| {
                let seconds = |at: &DateTime<Utc>| json!({"seconds": at.timestamp().to_string(), "nanos": 5_000_000});
                json!({"reviewId": id.to_string(), "comments": [
                    {"userComment": {"text": format!("\t{text}"), "lastModified": seconds(changed), "starRating": stars, "reviewerLanguage": "en"}},
                    {"developerComment": {"text": "Thank you for telling us.", "lastModified": seconds(changed)}}]})
            })
            .collect();
        let mut answer = json!({"pageInfo": {"totalResults": all.len()}});
        if !reviews.is_empty() {
            answer["reviews"] = Value::from(reviews);
        }
        if start + most < all.len() {
            answer["tokenPagination"] = json!({"nextPageToken": (start + most).to_string()});
        }
        Says::json(&answer)
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        Says::json(&json!({"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}})).with_status(429)
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        Self::reviews(now).into_iter().map(|(id, _, text, stars)| (id.to_string(), (text, Some(f64::from(stars))))).collect()
    }
}

#[test]
fn a_day_of_google_play_is_stored_as_it_was() {
    let file = json!({"type": "service_account", "private_key_id": "k1", "private_key": RSA_KEY, "client_email": "reader@play.test",
                      "token_uri": "BASE/token"});
    let told = live(
        "[[source]]\nname = \"play\"\nevery = \"15m\"\n[source.google_play]\npackage = \"test.lock\"\nbase_url = \"BASE\"\n\
         service_account = { file = \"HERE/play.json\" }\n",
        &[("play.json", &file.to_string())],
        Play::default(),
    );
    assert!(
        told.errors.iter().all(|error| !error.contains("patience") && !error.contains("does not take the login")),
        "{:#?}",
        told.errors
    );
    let edited = told.items.iter().find(|item| item["external_id"] == "30").unwrap();
    assert!(edited["published"].as_str().unwrap() < "2026-10-05", "as first seen: {edited}");
    // 200 calls an hour.
    for hours in 0..24 {
        let calls = told.heard.iter().filter(|asked| asked.now >= hour(f64::from(hours)) && asked.now < hour(f64::from(hours + 1)));
        assert!(calls.count() < 100);
    }
}
