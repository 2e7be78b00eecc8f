//! Posts of Bluesky that a search finds (`app.bsky.feed.searchPosts`).
//!
//! Newest first. With a login the search is followed by its cursor, which strangers are refused; without
//! one it goes on by time. Posts are not edited, and nobody tells of deletions: those that are stored are
//! looked up now and then.

use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Token;
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
use crate::sources::bluesky::post::Posts;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod post;

const SERVICE: &str = "Bluesky";
/// Where accounts log in; it hands calls on.
pub const HOME: &str = "https://bsky.social";
/// Where anybody may ask.
pub const OPEN: &str = "https://api.bsky.app";
/// Posts on a page.
const PAGE: usize = 100;
/// Posts that are looked up at once.
const BATCH: usize = 25;
/// What is younger is searched again at every poll: the search finds some posts late.
const OVERLAP: TimeDelta = TimeDelta::hours(2);
/// What is older is not looked up any more.
const WITHIN: TimeDelta = TimeDelta::days(30);
/// A session is good for two hours (`packages/pds/src/account-manager/helpers/auth.ts` of AT Protocol); it is
/// begun anew in good time. 300 a day are allowed.
const SESSION: TimeDelta = TimeDelta::minutes(90);

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The words, as one types them in the search of the app.
    pub query: String,
    /// Only posts that say that they are in this language.
    pub lang: Option<String>,
    /// Handle and app password of an account.
    pub account: Option<(String, Secret)>,
    /// Time between two looks at a stored post.
    pub recheck: TimeDelta,
    /// How far back the first poll reads.
    pub since: Since,
    /// Address without a slash at its end.
    pub base: String,
}

/// The newest time of what is known, in milliseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    newest: Option<i64>,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    /// It ends there, in milliseconds.
    from: i64,
    /// Newest time that it has seen.
    newest: Option<i64>,
    /// Where the search says that it goes on.
    cursor: Option<String>,
    /// Where it said so before.
    #[serde(default)]
    been: Been,
    /// It goes on before this time.
    until: Option<i64>,
    /// It is no walk but a look at these.
    again: Vec<String>,
}

/// A search.
#[derive(Debug)]
pub struct Bluesky {
    settings: Settings,
    login: Option<Login>,
    recheck: Recheck,
    absence: Absence,
}

impl Bluesky {
    /// A source for a search.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = settings.account.as_ref().map(|(handle, password)| {
            let url = format!("{}/xrpc/com.atproto.server.createSession", settings.base);
            let grant = Grant::form(url, &[("identifier", &Secret::new(handle.clone())), ("password", password)]);
            let grant = Grant { as_json: true, token_key: "accessJwt".to_owned(), good_for: SESSION, ..grant };
            Login::at(&settings.base).with_token(Token::Granted(grant))
        });
        let recheck = Recheck { every: settings.recheck, batch: BATCH, requests: 20, within: Some(WITHIN), field: None };
        Self { settings, login, recheck, absence: Absence::default() }
    }

    fn call(&self, method: &str, query: &[(&str, &str)], walk: &Walk) -> Request {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        Request::Call(api::call(format!("{}/xrpc/app.bsky.feed.{method}?{query}", self.settings.base), walk))
    }

    fn page(&self, walk: &Walk) -> Request {
        let (limit, since, until) = (PAGE.to_string(), time(Some(walk.from)), time(walk.until));
        let mut query = vec![("q", self.settings.query.as_str()), ("sort", "latest"), ("limit", &limit)];
        query.extend(since.as_deref().map(|since| ("since", since)));
        query.extend(until.as_deref().map(|until| ("until", until)));
        query.extend(self.settings.lang.as_deref().map(|lang| ("lang", lang)));
        query.extend(walk.cursor.as_deref().map(|cursor| ("cursor", cursor)));
        self.call("searchPosts", &query, walk)
    }

    /// The step after a page, where there is one; an error where it leads back.
    fn next(&self, mut walk: Walk, posts: &Posts) -> Result<Option<Request>, Warning> {
        let (Some(oldest), Some(newest)) = (posts.times.iter().min().copied(), posts.times.iter().max().copied()) else { return Ok(None) };
        if newest < walk.from {
            return Ok(None);
        }
        if self.login.is_some() {
            let Some(cursor) = posts.cursor.clone() else { return Ok(None) };
            if !walk.been.is_new(&cursor) {
                return Err(api::circle(SERVICE));
            }
            walk.cursor = Some(cursor);
            return Ok(Some(self.page(&walk)));
        }
        // The end is left out: a millisecond more keeps those that were written in the same one.
        let until = oldest + 1;
        walk.until = Some(walk.until.map_or(until, |last| until.min(last - 1)));
        Ok((walk.until >= Some(walk.from)).then(|| self.page(&walk)))
    }
}

/// A time as the search wants it.
fn time(millis: Option<i64>) -> Option<String> {
    Some(Timestamp::from_timestamp_millis(millis?)?.to_rfc3339_opts(SecondsFormat::Millis, true))
}

impl Source for Bluesky {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let since = || self.settings.since.from(now).timestamp_millis();
        let from = mark.newest.map_or_else(since, |newest| newest.min(now.timestamp_millis()) - OVERLAP.num_milliseconds());
        self.page(&Walk { from, ..Walk::default() })
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        let mut posts = post::list(&reply.body, self.login.is_some())?;
        let mut page = Page { format: "bluesky", warnings: std::mem::take(&mut posts.warnings), ..Page::default() };
        if walk.again.is_empty() {
            // A clock of somebody's that is ahead moves no mark into the future.
            walk.newest = walk.newest.max(posts.times.iter().max().map(|newest| (*newest).min(now.timestamp_millis())));
            let newest = walk.newest.max(mark.newest);
            match self.next(walk, &posts) {
                Ok(Some(next)) => page.next = Some(next),
                Ok(None) => page.cursor = Some(api::cursor(&Mark { newest })),
                // What is older was not read: no mark says so.
                Err(circle) => page.warnings.push(circle),
            }
            page.items = posts.items;
        } else {
            let gone = self.absence.gone(&walk.again, &posts.items, SERVICE)?;
            page.items = posts.items.into_iter().chain(gone).collect();
        }
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        if matches!(refused.status, 401 | 403) && self.login.is_none() {
            let words = format!("{SERVICE} answers searches of strangers only at times: set `handle` and `app_password`");
            return Some(Refusal { meaning: Meaning::Denied, words });
        }
        let names = refusal::Names {
            service: SERVICE,
            login: "`handle` and `app_password`",
            permission: "an account that is not suspended",
            thing: "`query`",
        };
        refusal::usual(refused, &names)
    }

    fn recheck(&self) -> Option<&Recheck> {
        Some(&self.recheck)
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        let query: Vec<(&str, &str)> = ids.iter().map(|id| ("uris", id.as_str())).collect();
        self.call("getPosts", &query, &Walk { again: ids.to_vec(), ..Walk::default() })
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(2);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "bluesky"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Bluesky::new(self.clone()))
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

    fn reads(&self) -> Vec<String> {
        vec![format!("bluesky {} {}", self.query, self.lang.as_deref().unwrap_or_default())]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&[])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "uri"),
    ("text", "record.text"),
    ("published", "record.createdAt, or indexedAt where that is earlier"),
    ("lang", "record.langs"),
    ("author", "author.did, hashed"),
    ("url", "the page of the post"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let posts = post::list(saved.body, true)?;
    Ok(Page { format: "bluesky", items: posts.items, warnings: posts.warnings, ..Page::default() })
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        query: "kestrel parcels".to_owned(),
        lang: None,
        account: Some(("ops.example.com".to_owned(), Secret::new("hush".to_owned()))),
        recheck: TimeDelta::hours(24),
        since: Since::default(),
        base: HOME.to_owned(),
    }
}

#[cfg(test)]
mod tests;
