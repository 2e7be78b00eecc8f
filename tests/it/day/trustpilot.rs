//! A day of a business: reviews that are edited under their old date, that were held back, taken down or
//! deleted; tokens that end, and numbers of pages that shift.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

#[derive(Default)]
struct Reviews {
    is_public: bool,
    /// Tokens with the time when each ends.
    tokens: Vec<(String, DateTime<Utc>)>,
}

struct Review {
    id: u32,
    written: DateTime<Utc>,
    text: String,
    stars: u8,
    is_active: bool,
}

impl Reviews {
    fn listed(now: DateTime<Utc>) -> Vec<Review> {
        let plain = |id: u32, at: f64| Review {
            id,
            written: hour(at),
            text: format!("review number {id}"),
            stars: 1 + (id % 5) as u8,
            is_active: true,
        };
        let mut all: Vec<Review> = (0..120).map(|n| plain(n, -1.9 * f64::from(n) - 0.3)).collect();
        all.extend((1..40).map(|n| plain(200 + n, 0.6 * f64::from(n))));
        for review in &mut all {
            match review.id {
                7 if now >= hour(8.2) => (review.text, review.stars) = ("update: still nothing".to_owned(), 1),
                60 if now >= hour(10.4) => "edited after five days".clone_into(&mut review.text),
                205 if now >= hour(11.0) => review.is_active = false,
                _ => {}
            }
        }
        // Deleted: one of today, and one of days ago.
        all.retain(|review| !(review.id == 208 && now >= hour(9.1) || review.id == 55 && now >= hour(14.6)));
        if now >= hour(15.5) {
            all.push(Review { text: "held back for two days".to_owned(), ..plain(300, -30.0) });
        }
        all.retain(|review| review.written <= now);
        all.sort_by_key(|review| std::cmp::Reverse((review.written, review.id)));
        all
    }

    fn denied() -> Says {
        Says::json(&json!({"fault": {"faultstring": "Invalid Access Token"}})).with_status(401)
    }
}

impl Vendor for Reviews {
    fn answer(&mut self, asked: &Asked) -> Says {
        if asked.path == "/v1/oauth/oauth-business-users-for-applications/accesstoken" {
            assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", "grant_type=client_credentials"));
            assert_eq!(asked.headers["authorization"], "Basic a2V5OmhhdXNo");
            let token = format!("token-{}", self.tokens.len());
            self.tokens.push((token.clone(), asked.now + TimeDelta::hours(2)));
            return Says::json(&json!({"access_token": token, "expires_in": "7200"}));
        }
        assert_eq!(asked.headers["apikey"], "key");
        if asked.path == "/v1/business-units/find" {
            assert_eq!(asked.query["name"], "kestrel.example");
            return Says::json(&json!({"id": "507f191e", "displayName": "Kestrel"}));
        }
        let private = asked.path == "/v1/private/business-units/507f191e/reviews";
        assert!(private != self.is_public && asked.path.ends_with("business-units/507f191e/reviews"), "{}", asked.path);
        if private {
            let good = |(token, until): &(String, DateTime<Utc>)| {
                asked.headers.get("authorization").is_some_and(|given| *given == format!("Bearer {token}")) && asked.now < *until
            };
            // At noon all tokens of the morning are taken back.
            if asked.now >= hour(12.0) {
                self.tokens.iter_mut().filter(|(_, until)| *until < hour(14.0)).for_each(|(_, until)| *until = (*until).min(hour(12.0)));
            }
            if !self.tokens.iter().any(good) {
                return Self::denied();
            }
        }
        let mut found = Self::listed(asked.now);
        if let Some(start) = asked.query.get("startDateTime") {
            assert!(private);
            let start: DateTime<Utc> = start.parse().unwrap();
            found.retain(|review| review.written >= start);
        }
        let page: usize = asked.query["page"].parse().unwrap();
        let list: Vec<Value> = found
            .iter()
            .skip((page - 1) * 20)
            .take(20)
            .map(|review| {
                json!({"id": format!("r{}", review.id), "createdAt": review.written, "updatedAt": null, "stars": review.stars, "title": "",
                    "text": review.text, "language": "en", "status": if review.is_active { "active" } else { "reported" },
                    "referralEmail": "p@example.net", "consumer": {"id": format!("c{}", review.id), "displayName": "P."}})
            })
            .collect();
        Says::json(&json!({"links": [], "reviews": list}))
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let since = morning() - TimeDelta::days(6);
        let mut found = Self::listed(now);
        found.retain(|review| review.is_active && review.written >= since);
        found.into_iter().map(|review| (format!("r{}", review.id), (review.text, Some(f64::from(review.stars))))).collect()
    }
}

fn config(secret: &str) -> String {
    format!(
        "[[source]]\nname = \"tp\"\nevery = \"10m\"\nsince = \"6d\"\n[source.trustpilot]\nbusiness = \"kestrel.example\"\nkey = {{ file = \"HERE/key\" }}\n{secret}base_url = \"BASE\"\n"
    )
}

#[test]
fn a_day_of_a_business_is_stored_as_it_was() {
    let files = [("key", "key"), ("secret", "haush")];
    let told = live(&config("secret = { file = \"HERE/secret\" }\n"), &files, Reviews::default());
    assert!(told.errors.iter().all(|error| !error.contains("login")), "{:#?}", told.errors);
    let tokens = told.heard.iter().filter(|asked| asked.path.ends_with("accesstoken")).count();
    assert!((10..40).contains(&tokens), "{tokens} tokens");
    let looked_up = told.heard.iter().filter(|asked| asked.path.ends_with("find")).count();
    assert!(looked_up < 6, "the business was looked up {looked_up} times");
}

#[test]
fn a_day_of_a_business_as_everybody_sees_it() {
    let told = live(&config(""), &[("key", "key")], Reviews { is_public: true, ..Reviews::default() });
    assert!(told.heard.iter().all(|asked| !asked.path.contains("oauth") && !asked.headers.contains_key("authorization")));
}
