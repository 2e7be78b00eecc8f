//! A day of a tag and of a search on an instance of Mastodon: posts that are edited and deleted, one that another
//! instance hands over late, one by somebody who wants no programs.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

/// A post: number, when it was written, when it came here, its text, and when it was deleted.
struct Post {
    number: u32,
    written: DateTime<Utc>,
    came: DateTime<Utc>,
    text: String,
    gone: Option<DateTime<Utc>>,
}

struct Instance {
    /// It looks several posts up at once.
    is_new: bool,
}

impl Instance {
    fn posts(now: DateTime<Utc>) -> Vec<Post> {
        let post = |number: u32, at: f64, text: &str| Post { number, written: hour(at), came: hour(at), text: text.to_owned(), gone: None };
        let mut all: Vec<Post> = (0..110).map(|number| post(number, -0.3 * f64::from(number) - 0.1, "card in the box again")).collect();
        all.extend((200..330).map(|number| post(number, 0.18 * f64::from(number - 200) + 0.01, "parcel at a neighbour")));
        for post in &mut all {
            match post.number {
                // Edited within the hour, and long after.
                210 if now >= hour(2.2) => "parcel at a neighbour whom I do not know".clone_into(&mut post.text),
                20 if now >= hour(3.0) => "card in the box again, I was at home".clone_into(&mut post.text),
                // Half an hour late.
                250 => post.came = post.written + TimeDelta::minutes(30),
                30 => post.gone = Some(hour(4.0)),
                230 => post.gone = Some(hour(8.0)),
                _ => {}
            }
        }
        all.retain(|post| post.came <= now && post.gone.is_none_or(|gone| gone > now));
        all.sort_by_key(|post| std::cmp::Reverse(Self::id(post)));
        all
    }

    fn id(post: &Post) -> u64 {
        (u64::try_from(post.written.timestamp_millis()).unwrap() << 16) + u64::from(post.number)
    }

    fn shown(post: &Post) -> Value {
        json!({
            "id": Self::id(post).to_string(), "created_at": post.written.to_rfc3339(), "visibility": "public", "spoiler_text": "",
            "content": format!("<p>{}</p>", post.text), "language": "en", "url": format!("https://tern.example/@ida/{}", post.number),
            "account": {"acct": "ida", "note": if post.number == 220 { "<p>#nobots please</p>" } else { "" }, "bot": false},
        })
    }

    /// A tag holds what has an even number, a search finds what has not.
    fn has_tag(post: &Post) -> bool {
        post.number.is_multiple_of(2)
    }
}

impl Vendor for Instance {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!(asked.headers["authorization"], "Bearer hush");
        let posts = Self::posts(asked.now);
        let number = |key: &str| asked.query.get(key).map(|value| value.parse::<u64>().unwrap());
        let limit = usize::try_from(number("limit").unwrap_or(20)).unwrap();
        assert!(limit <= 40);
        let says = match asked.path.as_str() {
            "/api/v1/timelines/tag/parcels" => {
                let above = number("min_id").unwrap();
                // Right above, and still newest first.
                let mut page: Vec<&Post> =
                    posts.iter().rev().filter(|post| Self::has_tag(post) && Self::id(post) > above).take(limit).collect();
                page.reverse();
                Says::json(&page.into_iter().map(Self::shown).collect())
            }
            "/api/v2/search" => {
                assert_eq!(asked.query["type"], "statuses");
                let skip = usize::try_from(number("offset").unwrap_or(0)).unwrap();
                let page: Vec<Value> = posts.iter().filter(|post| !Self::has_tag(post)).skip(skip).take(limit).map(Self::shown).collect();
                Says::json(&json!({"accounts": [], "hashtags": [], "statuses": page}))
            }
            "/api/v1/statuses" if self.is_new => {
                let ids: Vec<&str> = asked.ids.iter().map(String::as_str).collect();
                assert!(ids.len() <= 20, "{ids:?}");
                Says::json(&posts.iter().filter(|post| ids.contains(&Self::id(post).to_string().as_str())).map(Self::shown).collect())
            }
            path => match posts.iter().find(|post| path.strip_prefix("/api/v1/statuses/") == Some(&Self::id(post).to_string())) {
                Some(post) => Says::json(&Self::shown(post)),
                None => Says::json(&json!({"error": "Record not found"})).with_status(404),
            },
        };
        says.with("X-RateLimit-Limit", "300").with("X-RateLimit-Remaining", "250").with("X-RateLimit-Reset", &reset(asked))
    }

    fn busy(&mut self, asked: &Asked) -> Says {
        Says::json(&json!({"error": "Throttled"}))
            .with_status(429)
            .with("X-RateLimit-Remaining", "0")
            .with("X-RateLimit-Reset", &reset(asked))
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let wanted = |post: &Post| post.number != 220;
        Self::posts(now).into_iter().filter(wanted).map(|post| (Self::id(&post).to_string(), (post.text, None))).collect()
    }
}

/// As Mastodon writes it.
fn reset(asked: &Asked) -> String {
    (asked.now + TimeDelta::seconds(4)).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

const CONFIG: &str = "[[source]]\nname = \"tags\"\nevery = \"20m\"\nsince = \"2d\"\n[source.mastodon]\nbase_url = \"BASE\"\ntags = [\"#parcels\"]\n\
                      search = \"neighbour\"\ntoken = { file = \"HERE/token\" }\nrecheck = \"5h\"\n";

#[test]
fn a_day_of_a_tag_and_a_search_is_stored_as_it_was() {
    let told = live(CONFIG, &[("token", "hush")], Instance { is_new: true });
    // Only before anything was read whole is a wish for patience an error.
    let patience = told.errors.iter().filter(|error| error.contains("patience")).count();
    assert!(patience < 5, "{:#?}", told.errors);
    assert!(told.heard.len() < 500, "{} requests on {} polls", told.heard.len(), told.polls);
}

#[test]
fn an_old_instance_is_asked_for_stored_posts_one_by_one() {
    let told = live(CONFIG, &[("token", "hush")], Instance { is_new: false });
    assert!(told.heard.iter().any(|asked| asked.path.starts_with("/api/v1/statuses/")));
}
