//! Apple's public customer-review feed.
//!
//! Reviews come newest first, fifty a page, ten pages at most, a feed of its own for each
//! storefront. The service is not documented any more and sometimes answers with an empty page for
//! an app that has reviews; so an empty page moves nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::http::Answer;
use crate::domain::http::Get;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Source;
use crate::sources::services::Saved;
use crate::sources::times;

/// Which reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Number of the app, as in its address in the store.
    pub app: u64,
    /// Storefronts, two letters each; every one is a shard and becomes the field `country`.
    pub countries: Vec<String>,
    /// Address of the service without a slash at its end, `https://itunes.apple.com`.
    pub base: String,
}

/// Reviews of a full page.
const PAGE_LENGTH: usize = 50;

/// Page 11 is answered with status 400 and a sentence about the depth.
const LAST_PAGE: u32 = 10;

/// The reviews of an app.
#[derive(Debug)]
pub struct AppStore {
    settings: Settings,
}

/// Where a walk is; stored with the request, so that it goes on after a crash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    /// Number of the page that is asked for; 0 is the address without a number, which sometimes
    /// answers when page 1 is empty.
    page: u32,
    /// Newest time seen on this walk.
    newest: Option<Timestamp>,
    /// Ids of its first page.
    first_ids: Vec<String>,
    /// The page before was full, so that an empty one after it may be one of the service's slips.
    #[serde(default)]
    full: bool,
}

/// What is known when a walk has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    newest: Option<Timestamp>,
    ids: BTreeSet<String>,
}

impl AppStore {
    /// A source for the reviews of an app.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn request(&self, shard: &Shard, walk: &Walk) -> Request {
        let Settings { app, base, .. } = &self.settings;
        let country = shard.0.to_ascii_lowercase();
        let page = if walk.page == 0 { String::new() } else { format!("page={}/", walk.page) };
        Request::Get(Get {
            url: format!("{base}/{country}/rss/customerreviews/{page}id={app}/sortby=mostrecent/json"),
            accept: "application/json".to_owned(),
            conditional: false,
            context: serde_json::to_string(walk).unwrap_or_default(),
        })
    }

    fn page(&self, shard: &Shard, mark: &Mark, answer: &Answer) -> Result<Page, ReadError> {
        let walk: Walk = serde_json::from_str(&answer.request.context).unwrap_or(Walk { page: 1, ..Walk::default() });
        let document: Value = serde_json::from_slice(&answer.body).map_err(|_| not_reviews(&answer.body))?;
        let feed = document.get("feed").filter(|feed| feed.is_object()).ok_or_else(|| not_reviews(&answer.body))?;
        let mut page = Page { format: "app_store", title: label(feed, "title"), ..Page::default() };
        for (at, entry) in entries(feed).iter().enumerate() {
            // The first entry of older replies is the app itself.
            if entry.get("im:rating").is_none() {
                continue;
            }
            match review(entry, shard) {
                Some(item) => page.items.push(item),
                None => page.warnings.push(Warning::new("bad_item", format!("page {} entry {}", walk.page, at + 1), "a review without id")),
            }
        }
        self.walk_on(shard, mark, walk, &mut page);
        Ok(page)
    }

    /// Decides whether the walk goes on, and what is known when it does not.
    fn walk_on(&self, shard: &Shard, mark: &Mark, mut walk: Walk, page: &mut Page) {
        if page.items.is_empty() && walk.page == 1 {
            page.next = Some(self.request(shard, &Walk { page: 0, ..walk }));
            return;
        }
        if page.items.is_empty() && walk.full {
            return;
        }
        walk.full = page.items.len() >= PAGE_LENGTH;
        let news = page.items.iter().any(|item| is_news(item, mark));
        walk.newest = walk.newest.max(page.items.iter().filter_map(|item| item.updated).max());
        if walk.page <= 1 {
            walk.first_ids = page.items.iter().map(|item| item.id.clone()).collect();
        }
        if news && walk.page < LAST_PAGE {
            walk.page = walk.page.max(1) + 1;
            page.next = Some(self.request(shard, &walk));
        } else if !walk.first_ids.is_empty() {
            let mark = Mark { newest: walk.newest.max(mark.newest), ids: walk.first_ids.into_iter().collect() };
            page.cursor = Some(Cursor(serde_json::to_string(&mark).ok()));
        }
    }
}

impl Source for AppStore {
    fn shards(&self) -> Vec<Shard> {
        self.settings.countries.iter().map(|country| Shard(country.clone())).collect()
    }

    fn first(&self, shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        self.request(shard, &Walk { page: 1, ..Walk::default() })
    }

    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let Response::Http(answer) = response else {
            return Err(ReadError::misplaced());
        };
        let mark = cursor.0.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        self.page(shard, &mark, answer)
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(15);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "app_store"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(AppStore::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(30)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        self.countries.iter().map(|country| format!("{} {} {country}", self.base, self.app)).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["country", "version", "language"])
    }

    fn may_be_empty(&self) -> bool {
        false
    }
}

/// Where a review has what from.
pub const MAPPING: Mapping = &[
    ("id", "id"),
    ("title", "title"),
    ("text", "content"),
    ("rating", "im:rating, of 5"),
    ("published", "updated, when first seen"),
    ("updated", "updated"),
    ("author", "author.name, hashed"),
    ("country", "the storefront"),
    ("version", "im:version"),
];

/// Reads one answer without knowing what was asked, for a look at a saved one.
///
/// # Errors
///
/// [`ReadError`] when it is no answer of this service.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let source = AppStore::new(Settings { app: 0, countries: Vec::new(), base: String::new() });
    let request = Get { url: String::new(), accept: String::new(), conditional: false, context: String::new() };
    let answer = Answer { request, url: String::new(), content_type: String::new(), body: saved.body.to_vec() };
    let page = source.page(&Shard(String::new()), &Mark::default(), &answer)?;
    Ok(Page { next: None, cursor: None, ..page })
}

/// Settings for tests that go through all services.
#[cfg(test)]
pub fn specimen() -> Settings {
    Settings { app: 1, countries: vec!["se".to_owned()], base: "https://x.test".to_owned() }
}

/// Whether a review is newer than all that is known. An edit is: it moves the time and comes to
/// the front. Old replies have no times; then an unknown id is news.
fn is_news(item: &Item, mark: &Mark) -> bool {
    match (item.updated, mark.newest) {
        (Some(updated), Some(newest)) => updated > newest,
        (Some(_), None) => true,
        (None, _) => !mark.ids.contains(&item.id),
    }
}

/// `entry` is missing with no review, an object with one, a list with more.
fn entries(feed: &Value) -> &[Value] {
    match feed.get("entry") {
        Some(Value::Array(entries)) => entries,
        Some(entry @ Value::Object(_)) => std::slice::from_ref(entry),
        _ => &[],
    }
}

fn review(entry: &Value, shard: &Shard) -> Option<Item> {
    let updated = label(entry, "updated").as_deref().and_then(times::of_feed);
    let mut item = Item {
        id: label(entry, "id")?,
        title: label(entry, "title").unwrap_or_default(),
        text: label(entry, "content").unwrap_or_default(),
        author: entry.get("author").and_then(|author| label(author, "name")),
        url: entry.get("link").and_then(link),
        // There is no time of creation: the first time seen counts as it, the engine keeps that.
        published: updated,
        updated,
        rating: label(entry, "im:rating")
            .and_then(|stars| stars.parse().ok())
            .filter(|stars| (1.0..=5.0).contains(stars))
            .map(|value| Rating { value, max: 5.0 }),
        ..Item::default()
    };
    if !shard.0.is_empty() {
        item.fields.insert("country".to_owned(), shard.0.to_ascii_lowercase());
    }
    if let Some(version) = label(entry, "im:version") {
        item.fields.insert("version".to_owned(), version);
    }
    Some(item)
}

/// Every value is an object with a `label`; older replies have plain strings here and there.
fn label(value: &Value, name: &str) -> Option<String> {
    let value = value.get(name)?;
    let text = value.get("label").unwrap_or(value).as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The address of a review: `link` is one object or a list of them.
fn link(value: &Value) -> Option<String> {
    let link = value.get(0).unwrap_or(value);
    let href = link.get("attributes")?.get("href")?.as_str()?.trim();
    (href.starts_with("https://") || href.starts_with("http://")).then(|| href.to_owned())
}

fn not_reviews(body: &[u8]) -> ReadError {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let kind = match text.trim_start().chars().next() {
        None => "an empty answer",
        Some('<') => "an HTML or XML page",
        Some('{' | '[') => "JSON without `feed`, or JSON that is cut",
        Some(_) => "plain text",
    };
    ReadError::new(
        format!("not a page of app reviews: {kind}"),
        "the service sometimes does this for a while; if it stays, check `app` and `countries`",
    )
}

#[cfg(test)]
mod tests;
