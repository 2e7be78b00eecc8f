//! A day of a forum: posts that are edited, taken back and deleted, and ids that nobody sees; in the way of forums of
//! today, and in that of old ones.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use super::*;

struct Forum {
    is_old: bool,
}

/// A post as it is at a time.
struct Post {
    id: i64,
    written: DateTime<Utc>,
    text: &'static str,
    version: u32,
    user_deleted: bool,
}

impl Forum {
    fn posts(now: DateTime<Utc>) -> Vec<Post> {
        // Every third id is a message between members.
        let ids = (100..900).filter(|id| id % 3 != 0);
        let posts =
            ids.map(|id| Post { id, written: hour(0.05 * (id - 500) as f64), text: "the hub is offline", version: 1, user_deleted: false });
        posts
            .filter(|post| post.written <= now)
            .filter_map(|mut post| {
                match post.id {
                    520 if now >= hour(1.5) => (post.text, post.version) = ("the hub is offline, and loud", 2),
                    490 if now >= hour(3.0) => (post.text, post.version) = ("the hub is offline since May", 2),
                    551 if now >= hour(4.0) => (post.text, post.user_deleted) = ("(post deleted by author)", true),
                    // Deleted by a moderator: not to be seen any more.
                    470 if now >= hour(4.0) => return None,
                    602 if now >= hour(9.0) => return None,
                    _ => {}
                }
                Some(post)
            })
            .collect()
    }

    fn shown(post: &Post) -> Value {
        json!({
            "id": post.id, "username": "greta", "created_at": post.written, "updated_at": post.written, "version": post.version,
            "post_type": 1, "post_number": 4, "topic_id": 3, "category_id": if post.id % 10 == 5 { 2 } else { 1 }, "raw": post.text,
            "hidden": false, "user_deleted": post.user_deleted, "deleted_at": null, "staff": post.id % 100 == 1,
        })
    }
}

impl Vendor for Forum {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!(
            (asked.path.as_str(), asked.headers["api-key"].as_str(), asked.headers["api-username"].as_str()),
            ("/posts.json", "hush", "system")
        );
        let posts = Self::posts(asked.now);
        let before = asked.query.get("before").map(|before| before.parse::<i64>().unwrap());
        let newest = posts.last().map_or(0, |post| post.id);
        let page: Vec<Value> = if self.is_old {
            let top = before.unwrap_or(newest);
            posts.iter().rev().filter(|post| post.id <= top && post.id > top - 50).map(Self::shown).collect()
        } else {
            posts.iter().rev().filter(|post| before.is_none_or(|before| post.id < before)).take(50).map(Self::shown).collect()
        };
        Says::json(&json!({ "latest_posts": page }))
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        let body = json!({"errors": ["You’ve performed this action too many times."], "error_type": "rate_limit", "extras": {"wait_seconds": 6, "time_left": "6 seconds"}});
        Says::json(&body).with_status(429)
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        let wanted = |post: &Post| !post.user_deleted && post.id % 10 != 5 && post.id % 100 != 1;
        Self::posts(now).into_iter().filter(wanted).map(|post| (post.id.to_string(), (post.text.to_owned(), None))).collect()
    }
}

fn day_of(forum: Forum) -> Told {
    live(
        "[[source]]\nname = \"forum\"\nevery = \"20m\"\nsince = \"1d\"\n[source.discourse]\nbase_url = \"BASE\"\nkey = { file = \"HERE/key\" }\n\
         categories = [1]\n",
        &[("key", "hush")],
        forum,
    )
}

#[test]
fn a_day_of_a_forum_is_stored_as_it_was() {
    let told = day_of(Forum { is_old: false });
    // Only before anything was read whole is a wish for patience an error.
    let patience = told.errors.iter().filter(|error| error.contains("patience")).count();
    assert!(patience < 5, "{:#?}", told.errors);
    assert!(told.heard.len() < 500, "{} requests on {} polls", told.heard.len(), told.polls);
}

#[test]
fn a_day_of_an_old_forum_is_stored_as_it_was() {
    day_of(Forum { is_old: true });
}
