//! Posts and comments of subreddits, and posts that a search finds, by Reddit's Data API.
//!
//! A listing comes newest first and holds a thousand things at most. It is read until a page holds
//! nothing that is not known, and once an hour deeper, for what moderators let through late stands further
//! down. A page is never asked for by what comes before a post: one that is deleted has nothing before it,
//! for ever. What people delete has to be deleted here too; that is looked up every day.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
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
use crate::sources::reddit::listing::Listing;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod listing;

const SERVICE: &str = "Reddit";
/// Where calls go.
const CALLS: &str = "https://oauth.reddit.com";
/// Where tokens come from.
const TOKENS: &str = "https://www.reddit.com";
/// Things on a page, and in a look at stored ones: the most that Reddit gives.
const PAGE: usize = 100;
/// A listing ends here.
const MOST: usize = 1000;
/// So often a listing is read down to its `depth`.
const DEEP: TimeDelta = TimeDelta::hours(1);

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Id of the app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The Reddit account of whoever runs the app, without `u/`; it goes into the user agent.
    pub contact: String,
    /// Names without `r/`.
    pub subreddits: Vec<String>,
    /// The words of a search of all of Reddit.
    pub search: Option<String>,
    /// Posts of the subreddits.
    pub posts: bool,
    /// Comments of the subreddits.
    pub comments: bool,
    /// So many of the newest are looked at once an hour.
    pub depth: usize,
    /// Time between two looks at a stored thing.
    pub recheck: TimeDelta,
    /// How far back the first poll reads.
    pub since: Since,
    /// One address for calls and tokens instead of Reddit's own, without a slash at its end.
    pub base: Option<String>,
}

/// What is known of a listing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    /// What is older than this was never asked for, in seconds.
    from: i64,
    /// Ids of the newest.
    ids: Vec<String>,
    /// When it was last read to its depth, in seconds.
    deep: i64,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    from: i64,
    /// It goes on behind this one.
    after: Option<String>,
    /// Where it went on before.
    #[serde(default)]
    been: Been,
    /// What it has seen.
    seen: Vec<String>,
    /// It reads down to the depth, whatever is known; the time it began, in seconds.
    deep: Option<i64>,
    /// It is no walk but a look at these.
    again: Vec<String>,
}

/// A source of posts and comments.
#[derive(Debug)]
pub struct Reddit {
    settings: Settings,
    login: Login,
    agent: String,
    recheck: Recheck,
    absence: Absence,
}

impl Reddit {
    /// A source for what the settings name.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let agent = format!("server:uproar:{} (by /u/{})", env!("CARGO_PKG_VERSION"), settings.contact);
        let tokens = settings.base.as_deref().unwrap_or(TOKENS);
        let url = format!("{tokens}/api/v1/access_token");
        let mut grant = Grant::client_credentials(url, &settings.client_id, &settings.client_secret);
        grant.headers.push(("User-Agent".to_owned(), agent.clone()));
        let login = Login::at(settings.base.as_deref().unwrap_or(CALLS)).with_token(Token::Granted(grant));
        // A thousand at every poll: what is new does not wait long, and a day is enough for very many.
        let recheck = Recheck { every: settings.recheck, batch: PAGE, requests: 10, within: None, field: None };
        Self { settings, login, agent, recheck, absence: Absence::default() }
    }

    fn call(&self, path: &str, query: &[(&str, &str)], walk: &Walk) -> Request {
        let base = self.settings.base.as_deref().unwrap_or(CALLS);
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        // Without it `&`, `<` and `>` come as entities.
        pairs.extend_pairs(query).append_pair("raw_json", "1");
        Request::Call(Call {
            url: format!("{base}/{path}?{}", pairs.finish()),
            headers: vec![api::accept(), ("User-Agent".to_owned(), self.agent.clone())],
            context: api::written(walk),
            ..Call::default()
        })
    }

    fn page(&self, shard: &Shard, walk: &Walk) -> Request {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(walk.after.as_deref().map(|after| ("after", after)));
        match (shard.0.as_str(), &self.settings.search) {
            (SEARCH, Some(search)) => {
                query.extend([("q", search.as_str()), ("sort", "new"), ("type", "link")]);
                self.call("search", &query, walk)
            }
            (path, _) => self.call(path, &query, walk),
        }
    }

    /// Decides whether the walk goes on, and what is known when it does not.
    fn walk_on(&self, shard: &Shard, mark: &Mark, mut walk: Walk, listing: Listing) -> Page {
        let mut page = Page { format: "reddit", ..Page::default() };
        let is_new = |id: &String| !mark.ids.contains(id);
        let goes_on = listing.ids.iter().any(|id| !walk.seen.contains(id));
        let in_time = listing.newest.is_some_and(|newest| newest >= walk.from);
        let brings = mark.ids.is_empty() || listing.ids.iter().any(is_new);
        walk.seen.extend(listing.ids);
        let deeper = walk.deep.is_some() && walk.seen.len() < self.settings.depth;
        let after = listing.after.filter(|_| in_time && (brings || deeper) && walk.seen.len() < MOST);
        page.items = listing.items;
        // What is gone loses its text, however old it is.
        page.items.retain(|item| item.gone || item.published.is_none_or(|published| published.timestamp() >= walk.from));
        page.warnings = listing.warnings;
        if let Some(after) = after {
            if walk.been.is_new(&after) && goes_on {
                walk.after = Some(after);
                page.next = Some(self.page(shard, &walk));
            } else {
                // What is older was not read: no mark says so.
                page.warnings.push(api::circle(SERVICE));
            }
        } else {
            let mut ids = walk.seen;
            ids.extend(mark.ids.iter().cloned());
            let mut known = std::collections::HashSet::new();
            ids.retain(|id| known.insert(id.clone()));
            ids.truncate(MOST);
            page.cursor = Some(api::cursor(&Mark { from: walk.from, ids, deep: walk.deep.unwrap_or(mark.deep) }));
        }
        page
    }
}

/// The shard of the search.
const SEARCH: &str = "search";

impl Source for Reddit {
    fn shards(&self) -> Vec<Shard> {
        let Settings { subreddits, posts, comments, search, .. } = &self.settings;
        let listings = [("new", *posts), ("comments", *comments)];
        let wanted = listings.into_iter().filter(|(_, wanted)| *wanted);
        let paths = subreddits.iter().flat_map(|name| wanted.clone().map(move |(listing, _)| format!("r/{name}/{listing}")));
        paths.chain(search.iter().map(|_| SEARCH.to_owned())).map(Shard).collect()
    }

    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let from = if cursor.0.is_some() { mark.from } else { self.settings.since.from(now).timestamp() };
        let deep = Some(now.timestamp()).filter(|now| now - mark.deep >= DEEP.num_seconds());
        self.page(shard, &Walk { from, deep, ..Walk::default() })
    }

    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let walk: Walk = api::notes(&reply.call.context);
        let listing = listing::read(&reply.body, false)?;
        if walk.again.is_empty() {
            return Ok(self.walk_on(shard, &api::mark(cursor), walk, listing));
        }
        let gone = self.absence.gone(&walk.again, &listing.items, SERVICE)?;
        let items = listing.items.into_iter().chain(gone).collect();
        Ok(Page { format: "reddit", items, warnings: listing.warnings, ..Page::default() })
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names = refusal::Names {
            service: SERVICE,
            login: "`client_id` and `client_secret`",
            permission: "a subreddit that is public, and an app that Reddit has approved",
            thing: "`subreddits`",
        };
        refusal::usual(refused, &names)
    }

    fn recheck(&self) -> Option<&Recheck> {
        Some(&self.recheck)
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        self.call("api/info", &[("id", &ids.join(","))], &Walk { again: ids.to_vec(), ..Walk::default() })
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(2);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "reddit"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Reddit::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(self.base.as_deref().unwrap_or(CALLS))
    }

    fn every(&self) -> Duration {
        Duration::from_mins(5)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn subject(&self, shard: &Shard) -> String {
        // A subreddit is a part of it.
        let search = self.search.as_deref().filter(|_| shard.0 == SEARCH);
        format!("reddit {}", search.unwrap_or_default())
    }

    fn reads(&self) -> Vec<String> {
        let names = self.subreddits.iter().map(|name| format!("reddit r/{}", name.to_lowercase()));
        names.chain(self.search.iter().map(|search| format!("reddit {search}"))).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["kind", "subreddit"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "name: t3_ of a post, t1_ of a comment"),
    ("title", "title, of a post"),
    ("text", "selftext, or body of a comment"),
    ("published", "created_utc"),
    ("updated", "edited"),
    ("author", "author, hashed"),
    ("url", "permalink"),
    ("kind", "post or comment"),
    ("subreddit", "subreddit"),
    ("deleted", "removed_by_category, [removed], [deleted]"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let as_entities = !saved.url.is_some_and(|url| url.contains("raw_json=1"));
    let listing = listing::read(saved.body, as_entities)?;
    Ok(Page { format: "reddit", items: listing.items, warnings: listing.warnings, ..Page::default() })
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        client_id: "app".to_owned(),
        client_secret: Secret::new("hush".to_owned()),
        contact: "example_ops".to_owned(),
        subreddits: vec!["kestrelparcels".to_owned()],
        search: Some("kestrel parcels".to_owned()),
        posts: true,
        comments: true,
        depth: 200,
        recheck: TimeDelta::hours(24),
        since: Since::default(),
        base: None,
    }
}

#[cfg(test)]
mod tests;
