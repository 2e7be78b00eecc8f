//! A listing of Reddit: things of a kind (`t3` a post, `t1` a comment) with their data.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::reddit::SERVICE;

/// What a page of a listing holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Messages, and what is gone.
    pub(super) items: Vec<Item>,
    /// Ids of all things on it.
    pub(super) ids: Vec<String>,
    /// Newest time on it, in seconds.
    pub(super) newest: Option<i64>,
    /// What the next page begins behind.
    pub(super) after: Option<String>,
    /// What could not be read.
    pub(super) warnings: Vec<Warning>,
}

/// Reads a listing. `as_entities` says that `&`, `<` and `>` are written as in HTML.
///
/// # Errors
///
/// [`ReadError`] when it is none, or one of subreddits: whoever asks for a name that nobody has is sent to those.
pub(super) fn read(body: &[u8], as_entities: bool) -> Result<Listing, ReadError> {
    let answer = api::json(body, SERVICE)?;
    let Some(data) = answer.get("data").filter(|data| data.is_object()) else {
        return Err(ReadError::new(format!("no answer of {SERVICE}: JSON without a listing"), "it is tried again later"));
    };
    let children = api::list(data, "children", SERVICE)?;
    if !children.is_empty() && children.iter().all(|child| kind(child) == "t5") {
        return Err(ReadError::new(format!("{SERVICE} knows no such subreddit and shows others"), "check `subreddits`"));
    }
    let mut listing = Listing { after: api::text(data, &["after"]), ..Listing::default() };
    for (at, child) in children.iter().enumerate() {
        let Some(thing) = thing(child, as_entities) else {
            let place = format!("thing {}", at + 1);
            listing.warnings.push(Warning::new("bad_item", place, "neither a post nor a comment, or without `name`"));
            continue;
        };
        let published = api::unix(child, &["data", "created_utc"]).map(|created| created.timestamp());
        listing.newest = listing.newest.max(published);
        listing.ids.push(thing.id.clone());
        if api::text(child, &["data", "author"]).as_deref() != Some("AutoModerator") {
            listing.items.push(thing);
        }
    }
    Ok(listing)
}

fn kind(child: &Value) -> &str {
    child.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn thing(child: &Value, as_entities: bool) -> Option<Item> {
    let (is_post, data) = (kind(child) == "t3", child.get("data")?);
    if !is_post && kind(child) != "t1" {
        return None;
    }
    let id = api::id(data, &["name"])?;
    if is_gone(data) {
        return Some(Item::gone(id));
    }
    let text = |key: &str| api::text(data, &[key]).map(|text| if as_entities { resolved(&text) } else { text }).unwrap_or_default();
    let mut item = Item {
        id,
        title: if is_post { text("title") } else { String::new() },
        text: if is_post { text("selftext") } else { text("body") },
        // Of an account that is deleted nothing may be kept.
        author: api::text(data, &["author"]).filter(|author| author != "[deleted]"),
        url: api::text(data, &["permalink"]).map(|path| format!("https://www.reddit.com{path}")),
        published: api::unix(data, &["created_utc"]),
        // `false` where nobody has edited it.
        updated: api::unix(data, &["edited"]),
        ..Item::default()
    };
    item.fields.insert("kind".to_owned(), if is_post { "post" } else { "comment" }.to_owned());
    item.fields.extend(api::text(data, &["subreddit"]).map(|name| ("subreddit".to_owned(), name)));
    Some(item)
}

/// Whether the author, a moderator or Reddit took it back.
fn is_gone(data: &Value) -> bool {
    let says = |key: &str| {
        let text = api::text(data, &[key]).unwrap_or_default();
        matches!(text.as_str(), "[removed]" | "[deleted]" | "[deleted by user]") || text.starts_with("[ Removed by Reddit")
    };
    api::text(data, &["removed_by_category"]).is_some() || ["selftext", "body", "title"].into_iter().any(says)
}

/// Only these three are ever written so.
fn resolved(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
