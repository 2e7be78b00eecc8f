//! Posts of Discourse as `/posts.json` shows them.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::discourse::SERVICE;
use crate::sources::discourse::Settings;
use crate::sources::html;

/// What an answer holds.
#[derive(Debug, Default)]
pub(super) struct Posts {
    /// Messages, and what is gone.
    pub(super) items: Vec<Item>,
    /// Ids of all.
    pub(super) ids: Vec<i64>,
    /// Times of all, in seconds.
    pub(super) times: Vec<i64>,
    /// What could not be read.
    pub(super) warnings: Vec<Warning>,
}

/// A post that somebody wrote; others are notes of what was done with a topic, or whispers of the staff.
const REGULAR: f64 = 1.0;

/// Reads an answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub(super) fn list(body: &[u8], settings: &Settings) -> Result<Posts, ReadError> {
    let answer = api::json(body, SERVICE)?;
    let mut posts = Posts::default();
    for (at, post) in api::list(&answer, "latest_posts", SERVICE)?.iter().enumerate() {
        let Some(id) = post.get("id").and_then(Value::as_i64) else {
            posts.warnings.push(Warning::new("bad_item", format!("post {}", at + 1), "a post without `id`"));
            continue;
        };
        posts.ids.push(id);
        posts.times.extend(api::moment(post, &["created_at"]).map(|created| created.timestamp()));
        let says = |key: &str| post.get(key).and_then(Value::as_bool) == Some(true);
        let is_gone = says("hidden") || says("user_deleted") || says("deleted") || api::at(post, &["deleted_at"]).is_some();
        let is_staff = says("staff") || says("admin") || says("moderator");
        let category = post.get("category_id").and_then(Value::as_i64);
        let is_wanted = settings.categories.is_empty() || category.is_some_and(|category| settings.categories.contains(&category));
        if is_gone {
            posts.items.push(Item::gone(id.to_string()));
        } else if is_wanted && (settings.staff || !is_staff) && api::number(post, &["post_type"]).is_none_or(|kind| kind == REGULAR) {
            posts.items.push(item(post, id, category, &settings.base));
        }
    }
    Ok(posts)
}

fn item(post: &Value, id: i64, category: Option<i64>, base: &str) -> Item {
    let is_first = api::number(post, &["post_number"]) == Some(1.0);
    let raw = api::text(post, &["raw"]).map(|raw| without(&raw, "[quote", "[/quote]"));
    let cooked = || api::text(post, &["cooked"]).map(|cooked| html::to_text(&without(&cooked, "<aside class=\"quote", "</aside>")));
    let path = api::text(post, &["post_url"]).or_else(|| {
        let (topic, number) = (api::id(post, &["topic_id"])?, api::id(post, &["post_number"])?);
        Some(format!("/t/{}/{topic}/{number}", api::text(post, &["topic_slug"]).unwrap_or_else(|| "-".to_owned())))
    });
    let is_edited = api::number(post, &["version"]).is_some_and(|version| version > 1.0);
    let mut item = Item {
        id: id.to_string(),
        // Below the first post it is somebody else's.
        title: api::text(post, &["topic_title"]).filter(|_| is_first).unwrap_or_default(),
        text: raw.or_else(cooked).unwrap_or_default().trim().to_owned(),
        author: api::text(post, &["username"]),
        url: path.filter(|_| !base.is_empty()).map(|path| format!("{base}{path}")),
        published: api::moment(post, &["created_at"]),
        updated: api::moment(post, &["updated_at"]).filter(|_| is_edited),
        ..Item::default()
    };
    item.fields.insert("kind".to_owned(), if is_first { "topic" } else { "reply" }.to_owned());
    item.fields.extend(category.map(|category| ("category".to_owned(), category.to_string())));
    item
}

/// A text without what stands between marks, nested ones too; what is not closed stays.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut rest, mut depth) = (text, 0_usize);
    // Where the outermost one began that is still open, and the text before it ended.
    let mut began = (0, text);
    loop {
        let (opens, closes) = (rest.find(open), rest.find(close).filter(|_| depth > 0));
        match (opens, closes) {
            (Some(at), closes) if closes.is_none_or(|closes| at < closes) => {
                if depth == 0 {
                    kept.push_str(&rest[..at]);
                    began = (kept.len(), &rest[at..]);
                }
                depth += 1;
                rest = &rest[at + open.len()..];
            }
            (_, Some(at)) => {
                depth -= 1;
                rest = &rest[at + close.len()..];
            }
            _ if depth > 0 => {
                kept.truncate(began.0);
                kept.push_str(began.1);
                return kept;
            }
            _ => {
                kept.push_str(rest);
                return kept;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_left_out_and_what_never_ends_stays() {
        for (text, expected) in [
            ("[quote=\"ann, post:1\"]a [quote]b[/quote] c[/quote]\nMine.", "\nMine."),
            ("Mine [quote]never closed", "Mine [quote]never closed"),
            ("one [quote]x[/quote] two [quote]y", "one  two [quote]y"),
            ("[/quote] plain", "[/quote] plain"),
            ("", ""),
        ] {
            assert_eq!(without(text, "[quote", "[/quote]"), expected);
        }
    }
}
