//! Apple's App Store: the public feed of reviews, or App Store Connect for one's own app (`connect`).
//!
//! In the public feed reviews come newest first, fifty a page, ten pages at most, a feed of its own for
//! each storefront. The service is not documented any more and sometimes answers with an empty page for
//! an app that has reviews; so an empty page moves nothing, and is asked for again and again before it is
//! believed. Its pages come out of caches of different
//! ages, so that a walk goes on until a page holds nothing that is not known word for word, and once a
//! day to the last page.

use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Refused;
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
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::app_store::connect::Connect;
use crate::sources::app_store::connect::OwnApp;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;
use crate::sources::times;
use crate::text::hash;

pub mod connect;

/// Which reviews.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Number of the app, as in its address in the store.
    pub app: u64,
    /// Storefronts, two letters each; every one is a shard and becomes the field `country`.
    pub countries: Vec<String>,
    /// Pages of each that are read, [`LAST_PAGE`] at most.
    pub pages: u32,
    /// Read by App Store Connect instead.
    pub connect: Option<Connect>,
    /// How far back the first poll of App Store Connect reads. The public feed is read whole.
    pub since: Since,
    /// Address of the service without a slash at its end, `https://itunes.apple.com`.
    pub base: String,
}

/// Where the public feed is.
pub const BASE: &str = "https://itunes.apple.com";

/// Reviews of a full page.
const PAGE_LENGTH: usize = 50;

/// Page 11 is answered with status 400 and a sentence about the depth.
pub const LAST_PAGE: u32 = 10;

/// Every page is read so often, whatever is known of the first ones.
const WHOLE_WALK: TimeDelta = TimeDelta::hours(24);

/// Where there is none of the reviews that there were, the store is asked again after so many minutes each:
/// often a second call brings them, and one that has much to do shows none for a while. All of it takes three hours.
const PATIENCE: [u32; 7] = [0, 2, 5, 15, 30, 60, 60];

/// Reviews that are remembered as they were: all that there are, and some that have just gone.
const MOST_KNOWN: usize = 600;

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
    /// It goes on to the last page.
    #[serde(default)]
    whole: bool,
    /// How often it found nothing and began anew.
    #[serde(default)]
    empty: usize,
    /// Hashes of the reviews on its pages so far.
    #[serde(default)]
    known: Vec<u32>,
}

/// What is known when a walk has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    newest: Option<Timestamp>,
    ids: BTreeSet<String>,
    /// Hashes of reviews as they were, the newest first. None in marks of former releases.
    #[serde(default)]
    known: Vec<u32>,
    /// When every page was read.
    #[serde(default)]
    whole_at: Option<Timestamp>,
    /// There is none of them any more, as one has to believe by now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    emptied: bool,
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
        Request::Call(Call {
            // There is no such page any more: the list has become shorter than it was, or may be.
            takes: if walk.page > 1 { vec![400] } else { Vec::new() },
            ..api::call(format!("{base}/{country}/rss/customerreviews/{page}id={app}/sortby=mostrecent/json"), walk)
        })
    }

    /// Reads what was answered to a request with this context.
    fn page(&self, shard: &Shard, mark: &Mark, status: u16, context: &str, body: &[u8], now: Timestamp) -> Result<Page, ReadError> {
        let walk: Walk = serde_json::from_str(context).unwrap_or(Walk { page: 1, ..Walk::default() });
        if status == 400 {
            let mut page = Page { format: "app_store", ..Page::default() };
            self.walk_on(shard, mark, Walk { full: false, ..walk }, &mut page, now);
            return Ok(page);
        }
        let document: Value = serde_json::from_slice(body).map_err(|_| not_reviews(body))?;
        let feed = document.get("feed").filter(|feed| feed.is_object()).ok_or_else(|| not_reviews(body))?;
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
        self.walk_on(shard, mark, walk, &mut page, now);
        Ok(page)
    }

    /// There is no review where there were some: the walk begins anew, at last it is believed.
    fn wait(&self, shard: &Shard, mark: &Mark, walk: Walk, page: &mut Page) {
        if let Some(minutes) = PATIENCE.get(walk.empty) {
            page.next = Some(self.request(shard, &Walk { page: 1, empty: walk.empty + 1, ..walk }));
            page.pause = Some(TimeDelta::minutes(i64::from(*minutes))).filter(|pause| !pause.is_zero());
            return;
        }
        let message = format!("the App Store shows no review of the storefront `{shard}` for hours, though there were some: they are kept");
        page.warnings.push(Warning::new("empty_now", "", message));
        page.cursor = Some(api::cursor(&Mark { emptied: true, ..mark.clone() }));
    }

    /// Decides whether the walk goes on, and what is known when it does not.
    fn walk_on(&self, shard: &Shard, mark: &Mark, mut walk: Walk, page: &mut Page, now: Timestamp) {
        if page.items.is_empty() && walk.page == 1 {
            page.next = Some(self.request(shard, &Walk { page: 0, ..walk }));
            return;
        }
        if page.items.is_empty() && walk.full {
            return;
        }
        if page.items.is_empty() && walk.page == 0 && !mark.ids.is_empty() && !mark.emptied {
            self.wait(shard, mark, walk, page);
            return;
        }
        walk.full = page.items.len() >= PAGE_LENGTH;
        let known: HashSet<u32> = mark.known.iter().copied().collect();
        let news = page.items.iter().any(|item| is_news(item, mark, &known));
        walk.newest = walk.newest.max(page.items.iter().filter_map(|item| item.updated).max());
        walk.known.extend(page.items.iter().map(as_it_is));
        if walk.page <= 1 {
            walk.first_ids = page.items.iter().map(|item| item.id.clone()).collect();
        }
        let goes_on = news || walk.whole && !page.items.is_empty();
        if goes_on && walk.page < self.settings.pages.min(LAST_PAGE) {
            walk.page = walk.page.max(1) + 1;
            page.next = Some(self.request(shard, &walk));
        } else if !walk.first_ids.is_empty() {
            let whole_at = if walk.whole { Some(now) } else { mark.whole_at };
            let seen: HashSet<u32> = walk.known.iter().copied().collect();
            let mut known = walk.known;
            known.extend(mark.known.iter().filter(|hash| !seen.contains(hash)));
            known.truncate(MOST_KNOWN);
            let mark =
                Mark { newest: walk.newest.max(mark.newest), ids: walk.first_ids.into_iter().collect(), known, whole_at, emptied: false };
            page.cursor = Some(api::cursor(&mark));
        }
    }
}

impl Source for AppStore {
    fn shards(&self) -> Vec<Shard> {
        self.settings.countries.iter().map(|country| Shard(country.clone())).collect()
    }

    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let whole = mark.whole_at.is_none_or(|at| now - at >= WHOLE_WALK || at > now);
        self.request(shard, &Walk { page: 1, whole, ..Walk::default() })
    }

    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        self.page(shard, &api::mark(cursor), reply.status, &reply.call.context, &reply.body, now)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        if matches!(refused.status, 403 | 502 | 503) {
            let words = format!(
                "the App Store has much to do and refuses ({}); it is asked again later, and a longer `every` or fewer `countries` help",
                refused.status
            );
            return Some(Refusal { meaning: Meaning::Busy, words });
        }
        let names = refusal::Names {
            service: "the App Store",
            login: "`base_url`: the public feed wants no login",
            permission: "nothing but a usual address",
            thing: "`app` and `countries`",
        };
        refusal::usual(refused, &names)
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(15);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "app_store"
    }

    fn source(&self) -> Arc<dyn Source> {
        match &self.connect {
            Some(connect) => {
                let (app, connect, since, base) = (self.app, connect.clone(), self.since, self.base.clone());
                Arc::new(OwnApp::new(connect::Settings { app, connect, since, base }))
            }
            None => Arc::new(AppStore::new(self.clone())),
        }
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(if self.connect.is_some() { 15 } else { 30 })
    }

    fn least_every(&self) -> Duration {
        if self.connect.is_some() { Duration::from_mins(5) } else { LEAST }
    }

    fn subject(&self, _shard: &Shard) -> String {
        // A country is a part of it.
        let territories = self.connect.as_ref().map(|connect| connect.territories.join(" "));
        format!("app_store {} {} {}", self.base, self.app, territories.unwrap_or_default())
    }

    fn reads(&self) -> Vec<String> {
        if let Some(connect) = &self.connect {
            return vec![format!("{} {} {}", self.base, self.app, connect.territories.join(" "))];
        }
        self.countries.iter().map(|country| format!("{} {} {country}", self.base, self.app)).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(if self.connect.is_some() { &["territory", "language"] } else { &["country", "version", "language"] })
    }
}

/// Where a review has what from.
pub const MAPPING: Mapping = &[
    ("id", "id"),
    ("title", "title"),
    ("text", "content; of App Store Connect body"),
    ("rating", "im:rating, of 5; of App Store Connect rating"),
    ("published", "updated, when first seen; of App Store Connect createdDate"),
    ("updated", "updated"),
    ("author", "author.name or reviewerNickname, hashed"),
    ("country", "the storefront"),
    ("territory", "territory, of App Store Connect"),
    ("version", "im:version"),
];

/// Reads one answer without knowing what was asked, for a look at a saved one.
///
/// # Errors
///
/// [`ReadError`] when it is no answer of this service.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    if let Ok(answer) = serde_json::from_slice::<Value>(saved.body)
        && answer.get("data").is_some()
    {
        return connect::reviews(&answer);
    }
    let settings =
        Settings { app: 0, countries: Vec::new(), pages: LAST_PAGE, connect: None, since: Since::default(), base: String::new() };
    let page = AppStore::new(settings).page(&Shard(String::new()), &Mark::default(), 200, "", saved.body, saved.fetched_at)?;
    Ok(Page { next: None, cursor: None, ..page })
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    let base = "https://x.test".to_owned();
    Settings { app: 1, countries: vec!["se".to_owned()], pages: LAST_PAGE, connect: None, since: Since::default(), base }
}

/// Whether a review is not known as it is now. Where only the newest time is known, one is that is newer;
/// an edit is, for it moves the time and comes to the front. Old replies have no times; then an unknown
/// id is news.
fn is_news(item: &Item, mark: &Mark, known: &HashSet<u32>) -> bool {
    if !known.is_empty() {
        return !known.contains(&as_it_is(item));
    }
    match (item.updated, mark.newest) {
        (Some(updated), Some(newest)) => updated > newest,
        (Some(_), None) => true,
        (None, _) => !mark.ids.contains(&item.id),
    }
}

/// A hash of all that a review says. Only when a walk ends hangs on it, so that it may be short.
fn as_it_is(item: &Item) -> u32 {
    let updated = item.updated.map(|updated| updated.timestamp().to_string()).unwrap_or_default();
    let stars = item.rating.map(|rating| rating.value.to_string()).unwrap_or_default();
    hash::of_parts([item.id.as_str(), &item.title, &item.text, &updated, &stars]) as u32
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
