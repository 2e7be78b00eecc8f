//! A day of a subreddit and of a search: tokens that last an hour, posts that are edited, taken back and let
//! through late, one of which was deleted far below what listings show.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

/// Something that people wrote.
struct Thing {
    id: String,
    written: DateTime<Utc>,
    /// From when on listings have it.
    shown: DateTime<Utc>,
    text: String,
    edited: Option<(DateTime<Utc>, String)>,
    /// When it was taken back, and whether its shell stays in listings.
    gone: Option<(DateTime<Utc>, bool)>,
}

fn thing(id: &str, written: f64, text: &str) -> Thing {
    Thing { id: id.to_owned(), written: hour(written), shown: hour(written), text: text.to_owned(), edited: None, gone: None }
}

fn things() -> Vec<Thing> {
    let mut all: Vec<Thing> =
        (0..230).map(|number| thing(&format!("t3_old{number}"), -0.1 * f64::from(number) - 0.05, "the depot was closed again")).collect();
    all.extend((1..90).map(|number| thing(&format!("t3_live{number}"), 0.25 * f64::from(number), "waited at the depot all day")));
    all.extend((1..40).map(|number| thing(&format!("t1_reply{number}"), 0.55 * f64::from(number), "same for me")));
    let of = |id: &str| all.iter().position(|thing| thing.id == id).unwrap();
    let (edited, shell, lost, deep, reply, late) =
        (of("t3_live10"), of("t3_live20"), of("t3_live30"), of("t3_old229"), of("t1_reply8"), of("t3_live40"));
    all[edited].edited = Some((hour(5.0), "waited all day, and then it came".to_owned()));
    all[shell].gone = Some((hour(8.0), true));
    // Two that no listing shows any more.
    all[lost].gone = Some((hour(9.0), false));
    all[deep].gone = Some((hour(4.0), false));
    all[reply].gone = Some((hour(15.0), true));
    all[late].shown = hour(14.3);
    all
}

struct Reddit {
    /// Tokens with their ends.
    tokens: Vec<(String, DateTime<Utc>)>,
}

impl Reddit {
    fn data(thing: &Thing, now: DateTime<Utc>) -> Value {
        let is_post = thing.id.starts_with("t3_");
        let edited = thing.edited.as_ref().filter(|(at, _)| *at <= now);
        let is_gone = thing.gone.is_some_and(|(at, _)| at <= now);
        let text = if is_gone { "[removed]" } else { edited.map_or(thing.text.as_str(), |(_, text)| text.as_str()) };
        let text_key = if is_post { "selftext" } else { "body" };
        json!({"kind": if is_post { "t3" } else { "t1" }, "data": {
            "name": thing.id, "title": "Depot", text_key: text, "author": if is_gone { "[deleted]" } else { "somebody" },
            "created_utc": thing.written.timestamp() as f64, "subreddit": "kestrelparcels",
            "edited": edited.map_or(json!(false), |(at, _)| json!(at.timestamp() as f64)),
        }})
    }

    fn listing(things: &[&Thing], asked: &Asked) -> Says {
        let limit: usize = asked.query["limit"].parse().unwrap();
        let begin = asked
            .query
            .get("after")
            .map_or(0, |after| things.iter().position(|thing| thing.id == *after).map_or(things.len(), |at| at + 1));
        let page: Vec<&&Thing> = things.iter().skip(begin).take(limit).collect();
        let after = page.last().filter(|_| begin + page.len() < things.len()).map(|thing| thing.id.clone());
        let children: Vec<Value> = page.iter().map(|thing| Self::data(thing, asked.now)).collect();
        Says::json(&json!({"kind": "Listing", "data": {"after": after, "before": null, "children": children}}))
    }
}

impl Vendor for Reddit {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert!(asked.headers["user-agent"].ends_with("(by /u/example_ops)"), "{}", asked.headers["user-agent"]);
        if asked.path == "/api/v1/access_token" {
            // app:hush
            assert_eq!(
                (asked.headers["authorization"].as_str(), asked.body.as_str()),
                ("Basic YXBwOmh1c2g=", "grant_type=client_credentials")
            );
            let token = format!("token{}", self.tokens.len());
            self.tokens.push((token.clone(), asked.now + TimeDelta::hours(1)));
            return Says::json(&json!({"access_token": token, "token_type": "bearer", "expires_in": 3600, "scope": "read"}));
        }
        let shown = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if !self.tokens.iter().any(|(token, end)| token == shown && *end > asked.now) {
            return Says::json(&json!({"message": "Unauthorized", "error": 401})).with_status(401);
        }
        assert_eq!(asked.query["raw_json"], "1");
        assert!(!asked.query.contains_key("before"));
        let mut all = things();
        all.sort_by_key(|thing| std::cmp::Reverse((thing.written, thing.id.clone())));
        let is_gone = |thing: &Thing, shells: bool| thing.gone.is_some_and(|(at, shell)| at <= asked.now && !(shells && shell));
        let listed =
            |prefix: &'static str| move |thing: &&Thing| thing.id.starts_with(prefix) && thing.shown <= asked.now && !is_gone(thing, true);
        let says = match asked.path.as_str() {
            "/r/kestrelparcels/new" => Self::listing(&all.iter().filter(listed("t3_")).collect::<Vec<_>>(), asked),
            "/r/kestrelparcels/comments" => Self::listing(&all.iter().filter(listed("t1_")).collect::<Vec<_>>(), asked),
            "/search" => {
                let found = |thing: &&Thing| listed("t3_")(thing) && !is_gone(thing, false) && thing.text.contains("closed");
                Self::listing(&all.iter().filter(found).collect::<Vec<_>>(), asked)
            }
            "/api/info" => {
                let ids: Vec<&str> = asked.query["id"].split(',').collect();
                assert!(ids.len() <= 100);
                let children: Vec<Value> = all
                    .iter()
                    .filter(|thing| ids.contains(&thing.id.as_str()) && !is_gone(thing, true))
                    .map(|thing| Self::data(thing, asked.now))
                    .collect();
                Says::json(&json!({"kind": "Listing", "data": {"children": children}}))
            }
            other => panic!("{other}"),
        };
        says.with("x-ratelimit-remaining", "88.0").with("x-ratelimit-used", "12").with("x-ratelimit-reset", "344")
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        Says::json(&json!({"message": "Too Many Requests", "error": 429}))
            .with_status(429)
            .with("x-ratelimit-remaining", "0.0")
            .with("x-ratelimit-reset", "3")
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let stands = |thing: &Thing| {
            thing.shown <= now && thing.written >= morning() - TimeDelta::days(7) && thing.gone.is_none_or(|(at, _)| at > now)
        };
        let text = |thing: Thing| thing.edited.filter(|(at, _)| *at <= now).map_or(thing.text, |(_, text)| text);
        things().into_iter().filter(stands).map(|thing| (thing.id.clone(), (text(thing), None))).collect()
    }
}

#[test]
fn a_day_of_a_subreddit_is_stored_as_it_was_and_what_people_deleted_is_deleted() {
    let told = live(
        "[[source]]\nname = \"reddit\"\nevery = \"10m\"\n[source.reddit]\nclient_id = \"app\"\nclient_secret = { file = \"HERE/secret\" }\n\
         user_agent_contact = \"u/example_ops\"\nsubreddits = [\"kestrelparcels\"]\nsearch = \"closed\"\nrecheck_deleted = \"6h\"\nbase_url = \"BASE\"\n",
        &[("secret", "hush")],
        Reddit { tokens: Vec::new() },
    );
    // Only before anything was read whole is a wish for patience an error.
    let patience = told.errors.iter().filter(|error| error.contains("patience")).count();
    assert!(patience < 5 && told.errors.iter().all(|error| !error.contains("login")), "{:#?}", told.errors);
    let tokens = told.heard.iter().filter(|asked| asked.path.ends_with("access_token")).count();
    assert!((24..40).contains(&tokens), "{tokens} tokens");
    let looks = told.heard.iter().filter(|asked| asked.path == "/api/info").count();
    assert!((8..40).contains(&looks), "{looks} looks at {} stored things", told.items.len());
}
