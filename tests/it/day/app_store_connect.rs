//! A day of App Store Connect: tokens that are signed here and end, an edit that keeps its date, two
//! deletions, and reviews that come late.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use chrono::Utc;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED;
use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use ring::signature::UnparsedPublicKey;
use serde_json::Value;
use serde_json::json;

use super::*;

struct Connect {
    public: Vec<u8>,
}

impl Connect {
    /// Reviews at a time, the newest first: id, when it was written, text, stars.
    fn reviews(now: DateTime<Utc>) -> Vec<(u32, DateTime<Utc>, String, u32)> {
        let mut all: Vec<(u32, DateTime<Utc>, String, u32)> = (0..500)
            .map(|number| (number, hour(-0.5 - f64::from(number)), format!("the tram {number} skipped my stop"), 1 + number % 5))
            .collect();
        all.extend((1..48).map(|number| (1000 + number, hour(0.5 * f64::from(number)), format!("tram today {number}"), 2)));
        if now >= hour(8.3) {
            all[40].2 = "they called, all is well".to_owned();
        }
        if now >= hour(13.2) {
            all.push((2000, hour(-30.0), "late by a day".to_owned(), 1));
        }
        all.retain(|(id, written, ..)| *written <= now && !(now >= hour(10.1) && *id == 7 || now >= hour(16.4) && *id == 300));
        all.sort_by_key(|(id, written, ..)| std::cmp::Reverse((*written, *id)));
        all
    }

    /// Whether a token is signed by the key, and good now.
    fn is_good(&self, asked: &Asked) -> bool {
        let Some(token) = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")) else { return false };
        let parts: Vec<&str> = token.split('.').collect();
        let part = |at: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap() };
        let (head, claims) = (part(0), part(1));
        assert_eq!((head["alg"].as_str(), head["kid"].as_str()), (Some("ES256"), Some("KEY7")));
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("issuer-7"), Some("appstoreconnect-v1")));
        let (from, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert!(until - from <= 1200, "twenty minutes at most");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public);
        key.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
        (from - 60..until).contains(&asked.now.timestamp())
    }
}

impl Vendor for Connect {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v1/apps/77/customerReviews"));
        if !self.is_good(asked) {
            return Says::json(&json!({"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "title": "No."}]})).with_status(401);
        }
        assert_eq!(asked.query["sort"], "-createdDate");
        let most: usize = asked.query["limit"].parse().unwrap();
        let start: usize = asked.query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let all = Self::reviews(asked.now);
        let data: Vec<Value> = all
            .iter()
            .skip(start)
            .take(most)
            .map(|(id, written, text, stars)| {
                json!({"type": "customerReviews", "id": id.to_string(), "attributes": {"rating": stars, "title": "Tram", "body": text,
                       "reviewerNickname": "someone", "createdDate": written.to_rfc3339(), "territory": "SWE"}})
            })
            .collect();
        let mut links = json!({});
        if start + most < all.len() {
            links["next"] =
                Value::from(format!("{}/v1/apps/77/customerReviews?sort=-createdDate&limit={most}&cursor={}", asked.base, start + most));
        }
        Says::json(&json!({"data": data, "links": links, "meta": {"paging": {"total": all.len(), "limit": most}}}))
            .with("X-Rate-Limit", "user-hour-lim:3500;user-hour-rem:3000;")
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        Says::json(&json!({"errors": [{"status": "429", "code": "RATE_LIMIT_EXCEEDED", "detail": "Too many requests."}]}))
            .with_status(429)
            .with("X-Rate-Limit", "user-hour-lim:3500;user-hour-rem:2999;")
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        Self::reviews(now)
            .into_iter()
            .filter(|(_, written, ..)| *written >= hour(-20.0 * 24.0))
            .map(|(id, _, text, stars)| (id.to_string(), (text, Some(f64::from(stars)))))
            .collect()
    }
}

#[test]
fn a_day_of_app_store_connect_is_stored_as_it_was() {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &SystemRandom::new()).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    let told = live(
        "[[source]]\nname = \"store\"\nevery = \"15m\"\nsince = \"20d\"\n[source.app_store]\napp = 77\nbase_url = \"BASE\"\nfull_walk = \"2h\"\n\
         connect = { key_id = \"KEY7\", issuer = \"issuer-7\", key = { file = \"HERE/asc.p8\" } }\n",
        &[("asc.p8", &pem)],
        Connect { public: pair.public_key().as_ref().to_vec() },
    );
    assert!(told.errors.iter().all(|error| !error.contains("patience") && !error.contains("login")), "{:#?}", told.errors);
    // After a refusal there is a minute of silence.
    let refused: Vec<usize> = (0..told.heard.len()).filter(|at| (at + 1).is_multiple_of(7)).collect();
    for at in refused {
        if let Some(next) = told.heard.get(at + 1).filter(|_| told.heard[at].now < hour(6.0)) {
            assert!((next.now - told.heard[at].now).num_seconds() >= 60, "request {at}");
        }
    }
    assert!(told.heard.len() < 500, "{} requests on {} polls", told.heard.len(), told.polls);
}
