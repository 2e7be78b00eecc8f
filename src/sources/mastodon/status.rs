//! Posts of Mastodon as its interface shows them, and what their ids say.

use std::cmp::Ordering;

use chrono::TimeDelta;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::html;
use crate::sources::mastodon::SERVICE;

/// What a list of posts holds.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    /// Those that may be read.
    pub(super) items: Vec<Item>,
    /// Ids of all.
    pub(super) ids: Vec<String>,
    /// Times of all, in seconds.
    pub(super) times: Vec<i64>,
    /// How many there are.
    pub(super) count: usize,
    /// What could not be read.
    pub(super) warnings: Vec<Warning>,
}

/// Reads a list.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub(super) fn list(list: &Value) -> Result<Statuses, ReadError> {
    let Value::Array(list) = list else {
        return Err(ReadError::new(
            format!("no answer of {SERVICE}: JSON without a list of posts"),
            "check `base_url`; it is tried again later",
        ));
    };
    let mut posts = Statuses { count: list.len(), ..Statuses::default() };
    for (at, status) in list.iter().enumerate() {
        let Some(id) = api::id(status, &["id"]) else {
            posts.warnings.push(Warning::new("bad_item", format!("post {}", at + 1), "a post without `id`"));
            continue;
        };
        posts.times.extend(api::moment(status, &["created_at"]).map(|created| created.timestamp()));
        posts.ids.push(id.clone());
        if is_open(status) {
            posts.items.push(item(status, id));
        }
    }
    Ok(posts)
}

/// Whether it was written for everybody, by a person who does not ask programs to stay away. What is passed
/// on is somebody else's.
fn is_open(status: &Value) -> bool {
    let visibility = api::text(status, &["visibility"]);
    let is_public = visibility.is_none_or(|visibility| matches!(visibility.as_str(), "public" | "unlisted"));
    let says = |key: &str| api::at(status, &["account", key]).and_then(Value::as_bool) == Some(true);
    let note = api::text(status, &["account", "note"]).map(|note| html::to_text(&note).to_lowercase()).unwrap_or_default();
    let stays_away = note.contains("#nobot") || note.contains("#noindex");
    is_public && api::at(status, &["reblog"]).is_none() && !says("noindex") && !says("bot") && !stays_away
}

fn item(status: &Value, id: String) -> Item {
    Item {
        id,
        title: api::text(status, &["spoiler_text"]).unwrap_or_default(),
        text: api::text(status, &["content"]).map(|content| html::to_text(&content)).unwrap_or_default(),
        author: api::text(status, &["account", "acct"]),
        url: api::text(status, &["url"]).or_else(|| api::text(status, &["uri"])),
        published: api::moment(status, &["created_at"]),
        updated: api::moment(status, &["edited_at"]),
        lang: api::text(status, &["language"]),
        ..Item::default()
    }
}

/// Order of ids: as numbers where they are some; a longer one is higher elsewhere too.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// The lowest id of a time. Source: Mastodon, `lib/mastodon/snowflake.rb`: milliseconds, then 16 bits.
pub(super) fn id_at(moment: Timestamp) -> String {
    (u64::try_from(moment.timestamp_millis()).unwrap_or(0) << 16).to_string()
}

/// An id, or that of a time where it is of a later one; itself where it holds no time.
pub(super) fn not_after(id: String, moment: Timestamp) -> String {
    let latest = id_at(moment);
    if id.parse::<u64>().is_ok() && order(&id, &latest).is_gt() { latest } else { id }
}

/// An id so long before this one; itself where it holds no time.
pub(super) fn before(id: &str, span: TimeDelta) -> String {
    let Ok(number) = id.parse::<u64>() else { return id.to_owned() };
    let span = u64::try_from(span.num_milliseconds()).unwrap_or(0) << 16;
    number.saturating_sub(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_their_time_and_have_an_order() {
        let moment = "2026-10-03T06:00:00Z".parse().unwrap();
        assert_eq!(before(&id_at(moment), TimeDelta::hours(1)), id_at(moment - TimeDelta::hours(1)));
        assert_eq!(before("01HZZZ", TimeDelta::hours(1)), "01HZZZ");
        assert_eq!(before("7", TimeDelta::hours(1)), "0");
        assert_eq!(not_after(id_at(moment + TimeDelta::days(9)), moment), id_at(moment));
        assert_eq!(["7", "01HZZZZZZZZZZZZZZZZZZZZZZZ"].map(|id| not_after(id.to_owned(), moment)), ["7", "01HZZZZZZZZZZZZZZZZZZZZZZZ"]);
        assert_eq!((order("99", "100"), order("b", "a")), (Ordering::Less, Ordering::Greater));
    }
}
