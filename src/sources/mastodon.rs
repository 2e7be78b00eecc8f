//! Posts of Mastodon with a tag, or that the search of an instance finds (docs.joinmastodon.org).
//!
//! A tag is read from its oldest unknown post on, page by page upwards, so that nothing is passed over.
//! Ids hold their time, and what comes late from another instance has an id of when it was written; so the last
//! hour is read again at every poll. A search comes newest first. Nobody tells of edits and deletions of older
//! posts: those that are stored are looked up now and then.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Refused;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Recheck;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::absence::Absence;
use crate::sources::api;
use crate::sources::api::Been;
use crate::sources::mastodon::missing::Missing;
use crate::sources::mastodon::status::Statuses;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod missing;
mod status;

const SERVICE: &str = "Mastodon";
/// Posts on a page: the most that an instance gives.
const PAGE: usize = 40;
/// Posts that are looked up by their ids at once: the most that an instance allows.
const BATCH: usize = 20;
/// What is younger is read again at every poll.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// A search goes no further than this.
const DEEPEST: usize = 4000;
/// What is older is not looked up any more.
const WITHIN: TimeDelta = TimeDelta::days(30);
/// Shard of the search; those of tags begin with `#`.
const SEARCH: &str = "search";

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address of the instance without a slash at its end.
    pub base: String,
    /// Tags without `#`.
    pub tags: Vec<String>,
    /// The words of a search.
    pub search: Option<String>,
    /// A token of an account there.
    pub token: Option<Secret>,
    /// Time between two looks at a stored post.
    pub recheck: TimeDelta,
    /// How far back the first poll reads.
    pub since: Since,
}

/// What is known of a tag or a search.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    /// The highest id of a tag.
    id: Option<String>,
    /// The newest time of a search, in seconds.
    newest: Option<i64>,
}

/// What was asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
enum Walk {
    /// The posts of a tag right above this id.
    Above(String),
    /// What a search finds behind its first so many, down to this time, in seconds.
    Found {
        offset: usize,
        from: i64,
        newest: Option<i64>,
        #[serde(default)]
        been: Been,
    },
    /// Stored posts, all at once.
    Again(Vec<String>),
    /// One stored post.
    One(String),
    /// Nothing that can be read any more.
    #[default]
    Unknown,
}

/// A source of posts.
#[derive(Debug)]
pub struct Mastodon {
    settings: Settings,
    login: Option<Login>,
    many: Recheck,
    one: Recheck,
    /// The instance is older than 4.3 and looks up one post at a time.
    one_by_one: AtomicBool,
    absence: Absence,
    missing: Mutex<Missing>,
}

impl Mastodon {
    /// A source for what the settings name.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = settings.token.as_ref().map(|token| Login::at(&settings.base).with_bearer(token));
        // 300 calls in five minutes are allowed, of which most are for what is new.
        let many = Recheck { every: settings.recheck, batch: BATCH, requests: 10, within: Some(WITHIN), field: None };
        let one = Recheck { batch: 1, requests: 30, ..many.clone() };
        Self { settings, login, many, one, one_by_one: AtomicBool::new(false), absence: Absence::default(), missing: Mutex::default() }
    }

    fn call(&self, path: &str, query: &[(&str, &str)], walk: &Walk) -> Call {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        api::call(format!("{}/api/{path}{mark}{query}", self.settings.base), walk)
    }

    fn page(&self, shard: &Shard, walk: &Walk) -> Request {
        let limit = PAGE.to_string();
        match walk {
            Walk::Found { offset, .. } => {
                let (words, offset) = (self.settings.search.as_deref().unwrap_or_default(), offset.to_string());
                let query = [("q", words), ("type", "statuses"), ("limit", &limit), ("offset", &offset)];
                Request::Call(self.call("v2/search", &query, walk))
            }
            Walk::Above(id) => {
                let tag = api::in_path(shard.0.trim_start_matches('#'));
                Request::Call(self.call(&format!("v1/timelines/tag/{tag}"), &[("limit", &limit), ("min_id", id)], walk))
            }
            Walk::Again(_) | Walk::One(_) | Walk::Unknown => Request::Nothing,
        }
    }

    fn tagged(&self, shard: &Shard, cursor: &Cursor, above: &str, body: &[u8], now: Timestamp) -> Result<Page, ReadError> {
        let posts = status::list(&api::json(body, SERVICE)?)?;
        let mark: Mark = api::mark(cursor);
        let highest = posts.ids.iter().max_by(|one, other| status::order(one, other)).cloned();
        let mut page = page_of(posts);
        // The end, or an instance that goes round in a circle.
        if highest.as_ref().is_some_and(|id| !status::order(id, above).is_gt()) {
            page.warnings.push(api::circle(SERVICE));
        }
        let up = highest.filter(|id| status::order(id, above).is_gt());
        let known = mark.id.into_iter().chain(up.clone()).max_by(|one, other| status::order(one, other));
        // An id of the future, which some server's wrong clock made, would hide all that comes until then.
        let known = known.map(|id| status::not_after(id, now));
        page.cursor = Some(api::cursor(&Mark { id: known, newest: None }));
        page.next = up.map(|id| self.page(shard, &Walk::Above(id)));
        Ok(page)
    }

    fn found(
        &self,
        shard: &Shard,
        cursor: &Cursor,
        (offset, from, newest, mut been): (usize, i64, Option<i64>, Been),
        body: &[u8],
        now: Timestamp,
    ) -> Result<Page, ReadError> {
        let mark: Mark = api::mark(cursor);
        let answer = api::json(body, SERVICE)?;
        let posts = status::list(answer.get("statuses").unwrap_or(&Value::Null))?;
        let newest = newest.max(posts.times.iter().max().map(|newest| (*newest).min(now.timestamp())));
        let (count, in_time) = (posts.count, posts.times.iter().any(|time| *time >= from));
        let is_new = been.is_new(&posts.ids.join(" "));
        let mut page = page_of(posts);
        page.items.retain(|item| item.published.is_none_or(|published| published.timestamp() >= from));
        if in_time && !is_new {
            // What is older was not read: no mark says so.
            page.warnings.push(api::circle(SERVICE));
        } else if in_time && offset + count < DEEPEST {
            page.next = Some(self.page(shard, &Walk::Found { offset: offset + count, from, newest, been }));
        } else {
            if in_time {
                let message = format!("the search goes no further than {DEEPEST} posts: older ones may be missing");
                page.warnings.push(Warning::new("gap_possible", "", message));
            }
            page.cursor = Some(api::cursor(&Mark { id: None, newest: newest.max(mark.newest) }));
        }
        Ok(page)
    }

    /// What became of stored posts. An instance that does not know the question, or none of the posts, is
    /// asked for one at a time from then on: that it has a post no more it says in so many words.
    fn again(&self, asked: &[String], reply: &Reply) -> Result<Page, ReadError> {
        let posts = if reply.status < 300 { Some(status::list(&api::json(&reply.body, SERVICE)?)?) } else { None };
        let Some(posts) = posts.filter(|posts| posts.count > 0 || asked.len() == 1) else {
            self.one_by_one.store(true, Ordering::Relaxed);
            let what = format!("{SERVICE} does not look up several posts at once");
            return Err(ReadError::new(what, "they are looked up one by one from now on"));
        };
        let gone = self.absence.gone(asked, &posts.items, SERVICE)?;
        let mut page = page_of(posts);
        page.items.extend(gone);
        Ok(page)
    }

    /// What became of one post.
    fn one(&self, id: &str, reply: &Reply) -> Result<Page, ReadError> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if reply.status >= 300 {
            return Ok(Page { format: "mastodon", items: missing.knows_no(id)?, ..Page::default() });
        }
        let mut posts = status::list(&Value::Array(vec![api::json(&reply.body, SERVICE)?]))?;
        if !posts.ids.iter().any(|other| other == id) {
            return Err(ReadError::new(format!("no answer of {SERVICE}: another post than the one asked for"), "it is tried again later"));
        }
        // It is there, and whoever wrote it may want no programs now.
        let closed = posts.items.is_empty().then(|| Item::gone(id));
        posts.items.extend(missing.knows(id).into_iter().chain(closed));
        Ok(page_of(posts))
    }
}

/// A page of posts.
fn page_of(posts: Statuses) -> Page {
    Page { format: "mastodon", items: posts.items, warnings: posts.warnings, ..Page::default() }
}

impl Source for Mastodon {
    fn shards(&self) -> Vec<Shard> {
        let tags = self.settings.tags.iter().map(|tag| format!("#{tag}"));
        tags.chain(self.settings.search.iter().map(|_| SEARCH.to_owned())).map(Shard).collect()
    }

    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let (mark, since): (Mark, Timestamp) = (api::mark(cursor), self.settings.since.from(now));
        let walk = if shard.0 == SEARCH {
            let from = mark.newest.map_or(since.timestamp(), |newest| newest - OVERLAP.num_seconds());
            Walk::Found { offset: 0, from, newest: None, been: Been::default() }
        } else {
            Walk::Above(mark.id.map_or_else(|| status::id_at(since), |id| status::before(&id, OVERLAP)))
        };
        self.page(shard, &walk)
    }

    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        match api::notes(&reply.call.context) {
            Walk::Above(id) => self.tagged(shard, cursor, &id, &reply.body, now),
            Walk::Found { offset, from, newest, been } => self.found(shard, cursor, (offset, from, newest, been), &reply.body, now),
            Walk::Again(ids) => self.again(&ids, reply),
            Walk::One(id) => self.one(&id, reply),
            Walk::Unknown => Err(ReadError::misplaced()),
        }
    }

    fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        if matches!(refused.status, 401 | 422) && self.settings.token.is_none() {
            let words = format!(
                "this instance of {SERVICE} shows nothing without a login: `token` is missing, of an account there with `read:statuses`"
            );
            return Some(Refusal { meaning: Meaning::Denied, words });
        }
        let names = refusal::Names {
            service: SERVICE,
            login: "`token`",
            permission: "a `token` with `read:statuses` and `read:search`",
            thing: "`base_url` and `tags`",
        };
        refusal::usual(refused, &names)
    }

    fn recheck(&self) -> Option<&Recheck> {
        Some(if self.one_by_one.load(Ordering::Relaxed) { &self.one } else { &self.many })
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        if let [id] = ids {
            let call = self.call(&format!("v1/statuses/{}", api::in_path(id)), &[], &Walk::One(id.clone()));
            return Request::Call(Call { takes: vec![404, 410], ..call });
        }
        let query: Vec<(&str, &str)> = ids.iter().map(|id| ("id[]", id.as_str())).collect();
        let call = self.call("v1/statuses", &query, &Walk::Again(ids.to_vec()));
        Request::Call(Call { takes: vec![404, 405], ..call })
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(2);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "mastodon"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Mastodon::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(10)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn subject(&self, shard: &Shard) -> String {
        // A tag is a part of it.
        let search = self.search.as_deref().filter(|_| shard.0 == SEARCH);
        format!("mastodon {} {}", self.base, search.unwrap_or_default())
    }

    fn reads(&self) -> Vec<String> {
        let tags = self.tags.iter().map(|tag| format!("mastodon {} #{}", self.base, tag.to_lowercase()));
        tags.chain(self.search.iter().map(|search| format!("mastodon {} {search}", self.base))).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&[])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "id, of this instance"),
    ("title", "spoiler_text"),
    ("text", "content"),
    ("published", "created_at"),
    ("updated", "edited_at"),
    ("lang", "language"),
    ("author", "account.acct, hashed"),
    ("url", "url"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let answer = api::json(saved.body, SERVICE)?;
    status::list(answer.get("statuses").unwrap_or(&answer)).map(page_of)
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        base: "https://social.test".to_owned(),
        tags: vec!["kestrelparcels".to_owned()],
        search: Some("kestrel parcels".to_owned()),
        token: Some(Secret::new("hush".to_owned())),
        recheck: TimeDelta::hours(24),
        since: Since::default(),
    }
}

#[cfg(test)]
mod tests;
