//! Posts of Bluesky as its interface shows them.

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::bluesky::SERVICE;

/// What an answer holds.
#[derive(Debug, Default)]
pub(super) struct Posts {
    /// Those that may be read.
    pub(super) items: Vec<Item>,
    /// Times of all, in milliseconds.
    pub(super) times: Vec<i64>,
    /// Where the search goes on.
    pub(super) cursor: Option<String>,
    /// What could not be read.
    pub(super) warnings: Vec<Warning>,
}

/// Labels of what no reader should come upon: bodies, violence, what moderators took away. Source: the list of
/// labels in AT Protocol, `packages/api/src/moderation/const/labels.ts`.
const KEPT_AWAY: [&str; 11] =
    ["porn", "sexual", "nudity", "graphic-media", "gore", "sexual-figurative", "nsfl", "corpse", "!hide", "!takedown", "!suspend"];
/// An author who does not want to be shown to strangers.
const NOT_FOR_STRANGERS: &str = "!no-unauthenticated";

/// Reads an answer; `known` says that whoever asked has logged in.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub(super) fn list(body: &[u8], known: bool) -> Result<Posts, ReadError> {
    let answer = api::json(body, SERVICE)?;
    let mut posts = Posts { cursor: api::text(&answer, &["cursor"]), ..Posts::default() };
    for (at, post) in api::list(&answer, "posts", SERVICE)?.iter().enumerate() {
        let published = published(post);
        posts.times.extend(published.map(|published| published.timestamp_millis()));
        let Some(uri) = api::text(post, &["uri"]).filter(|uri| uri.starts_with("at://")) else {
            posts.warnings.push(Warning::new("bad_item", format!("post {}", at + 1), "a post without `uri`"));
            continue;
        };
        if is_open(post, known) {
            posts.items.push(item(post, uri, published));
        }
    }
    Ok(posts)
}

/// What the author says, unless that lies after the moment when it was seen first.
fn published(post: &Value) -> Option<Timestamp> {
    let (created, indexed) = (api::moment(post, &["record", "createdAt"]), api::moment(post, &["indexedAt"]));
    match (created, indexed) {
        (Some(created), Some(indexed)) => Some(created.min(indexed)),
        (created, indexed) => created.or(indexed),
    }
}

fn is_open(post: &Value, known: bool) -> bool {
    let labels = |value: &Value, key: &str| -> Vec<String> {
        let list = value.get(key).map(|labels| labels.get("values").unwrap_or(labels));
        let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // One that was taken back again bears `neg`.
        list.iter().filter(|label| label.get("neg") != Some(&Value::Bool(true))).filter_map(|label| api::text(label, &["val"])).collect()
    };
    let nothing = Value::Null;
    let (author, record) = (post.get("author").unwrap_or(&nothing), post.get("record").unwrap_or(&nothing));
    let of_author = labels(author, "labels");
    let mut all = labels(post, "labels").into_iter().chain(labels(record, "labels")).chain(of_author.iter().cloned());
    let is_kept_away = all.any(|label| KEPT_AWAY.contains(&label.as_str()));
    !is_kept_away && (known || !of_author.iter().any(|label| label == NOT_FOR_STRANGERS))
}

fn item(post: &Value, uri: String, published: Option<Timestamp>) -> Item {
    // at://did:plc:abc/app.bsky.feed.post/3kabc
    let mut parts = uri.trim_start_matches("at://").split('/');
    let (author, name) = (parts.next().unwrap_or_default().to_owned(), parts.next_back().unwrap_or_default().to_owned());
    let languages = api::at(post, &["record", "langs"]).and_then(Value::as_array);
    Item {
        text: api::text(post, &["record", "text"]).unwrap_or_default(),
        // Not the handle, which people change as they like.
        author: api::text(post, &["author", "did"]).or_else(|| Some(author.clone())),
        url: Some(format!("https://bsky.app/profile/{author}/post/{name}")),
        published,
        // One who writes in several says nothing of this post.
        lang: languages.filter(|languages| languages.len() == 1).and_then(|languages| languages[0].as_str()).map(str::to_owned),
        id: uri,
        ..Item::default()
    }
}
