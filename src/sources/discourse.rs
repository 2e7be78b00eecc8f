//! Posts of a forum that runs Discourse: the newest of all topics (`/posts.json`), by itself or with a key.
//!
//! Newest first, by ids. What is asked to stand before an id stands below it in newer forums and is it or stands below it,
//! fifty ids at most, in older ones; so an empty answer is not the end of an old forum, and ids that come
//! twice are no harm. What stands below very many hidden posts of one is read a piece at each poll. Four times a day the last days are read whole: there edits show, and what is missing
//! was deleted.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Listed;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::discourse::post::Posts;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod post;

const SERVICE: &str = "Discourse";
/// Ids that an old forum looks through for one answer.
const WINDOW: i64 = 50;
/// After so many windows in a row without a post, which an old forum hides, a walk is over; what stands below
/// them is for the next polls.
const MOST_EMPTY: u32 = 10;
/// What is younger is read again at every poll.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// So often the last days are read whole.
const DEEP: TimeDelta = TimeDelta::hours(6);

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address of the forum without a slash at its end.
    pub base: String,
    /// A key, and the user whom it is used for.
    pub key: Option<(Secret, String)>,
    /// Numbers of categories; all where there are none.
    pub categories: Vec<i64>,
    /// Posts of administrators and moderators too.
    pub staff: bool,
    /// What is younger is looked at again for edits and deletions.
    pub overlap: TimeDelta,
    /// How far back the first poll reads.
    pub since: Since,
}

/// What is known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    /// What is older than this was never asked for, in seconds.
    from: i64,
    /// The newest time.
    newest: Option<i64>,
    /// When the last days were read whole.
    deep: i64,
    /// What was not read because too many posts above it are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owed: Option<Owed>,
}

/// A part of a forum that is to be read yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Owed {
    /// Below this id.
    before: i64,
    /// Down to this time, in seconds.
    from: i64,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    /// It ends there, in seconds.
    from: i64,
    /// What is older was never asked for.
    bottom: i64,
    newest: Option<i64>,
    /// Oldest time that it has seen.
    #[serde(default)]
    oldest: Option<i64>,
    /// It goes on below this id.
    before: Option<i64>,
    /// The forum is an old one: what was asked to stand before a post began with that post.
    #[serde(default)]
    old: bool,
    /// Windows in a row that held nothing.
    empty: u32,
    /// It reads the last days whole; the time it began.
    deep: Option<i64>,
    /// It has read them so from this time on, in seconds.
    #[serde(default)]
    whole: Option<i64>,
    /// It reads what earlier walks did not come to.
    #[serde(default)]
    owing: bool,
}

/// What comes after a page.
enum Step {
    /// Another one.
    On(Walk),
    /// All that was wanted is read.
    End,
    /// Too many posts in a row are hidden; where the walk has come to.
    Hole(Walk),
}

/// The posts of a forum.
#[derive(Debug)]
pub struct Discourse {
    settings: Settings,
    login: Option<Login>,
}

impl Discourse {
    /// A source for a forum.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = settings.key.as_ref().map(|(key, user)| {
            let login = Login::at(&settings.base).with_header("Api-Key", key.clone());
            login.with_header("Api-Username", Secret::new(user.clone()))
        });
        Self { settings, login }
    }

    fn request(&self, walk: &Walk) -> Request {
        let before = walk.before.map(|before| format!("?before={before}")).unwrap_or_default();
        Request::Call(api::call(format!("{}/posts.json{before}", self.settings.base), walk))
    }

    /// The end of a walk, or what it goes on with: what earlier ones did not come to.
    fn end(&self, mut walk: Walk, hole: Option<i64>, (mark, posts): (&Mark, &Posts), page: &mut Page) {
        let is_unread = walk.owing || walk.oldest > mark.newest;
        match (hole, &mark.owed) {
            (None, Some(owed)) if !walk.owing => {
                walk = Walk { whole: walk.deep.map(|_| walk.from), from: owed.from, before: Some(owed.before), old: true, ..walk };
                page.next = Some(self.request(&Walk { empty: 0, owing: true, ..walk }));
                return;
            }
            (None, _) => {
                let since = if walk.owing { walk.whole } else { walk.deep.map(|_| walk.from) };
                let since = since.and_then(|since| Timestamp::from_timestamp(since, 0));
                // Pages begin below an id and not behind so many posts: nothing shifts while they are read. A
                // forum that says by an empty page that it ends may as well have failed.
                let certain = walk.owing || walk.old || !posts.ids.is_empty();
                page.listed = since.map(|since| Listed { since: Some(since), certain, ..Listed::default() });
            }
            (Some(_), _) => page.warnings.push(hidden(is_unread)),
        }
        let owed = match (hole, &mark.owed) {
            (None, _) => None,
            (Some(before), _) if walk.owing => Some(Owed { before, from: walk.from }),
            (Some(before), owed) if is_unread => {
                Some(Owed { before, from: owed.as_ref().map_or(walk.from, |owed| owed.from.min(walk.from)) })
            }
            (_, owed) => owed.clone(),
        };
        let newest = walk.newest.max(mark.newest);
        page.cursor = Some(api::cursor(&Mark { from: walk.bottom, newest, deep: walk.deep.unwrap_or(mark.deep), owed }));
    }
}

/// The step after a page.
fn step(mut walk: Walk, posts: &Posts) -> Step {
    let lowest = posts.ids.iter().min().copied().filter(|lowest| walk.before.is_none_or(|before| *lowest < before));
    walk.old |= walk.before.is_some_and(|before| posts.ids.contains(&before));
    match (lowest, walk.before) {
        // All of it is older than what is wanted.
        (Some(_), _) if posts.times.iter().all(|time| *time < walk.from) => return Step::End,
        (Some(lowest), _) => (walk.before, walk.empty) = (Some(lowest), 0),
        (None, Some(before)) if walk.old => (walk.before, walk.empty) = (Some(before - WINDOW + 1), walk.empty + 1),
        // Nothing stands below the last post of a newer forum.
        (None, _) => return Step::End,
    }
    match walk.before {
        Some(before) if before > 1 && walk.empty <= MOST_EMPTY => Step::On(walk),
        Some(before) if before > 1 => Step::Hole(walk),
        _ => Step::End,
    }
}

/// A walk ended above posts that it has not seen.
fn hidden(is_unread: bool) -> Warning {
    let ids = i64::from(MOST_EMPTY + 1) * (WINDOW - 1);
    let below = if is_unread {
        "what stands below them is read at the next polls, a piece each"
    } else {
        "what stands below them was read before, and is not looked at again for edits and deletions"
    };
    Warning::new("posts_hidden", "", format!("the forum shows none of {ids} posts in a row, which may be for members only: {below}"))
}

impl Source for Discourse {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let (mark, now_s): (Mark, i64) = (api::mark(cursor), now.timestamp());
        let Some(newest) = mark.newest else {
            let from = if cursor.0.is_some() { mark.from } else { self.settings.since.from(now).timestamp() };
            return self.request(&Walk { from, bottom: from, deep: Some(now_s), ..Walk::default() });
        };
        let deep = Some(now_s).filter(|now| now - mark.deep >= DEEP.num_seconds());
        let back = if deep.is_some() { self.settings.overlap } else { OVERLAP };
        let start = if deep.is_some() { newest.min(now_s) } else { newest };
        let from = (start - back.num_seconds()).max(mark.from);
        self.request(&Walk { from, bottom: mark.from, deep, ..Walk::default() })
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        let mut posts = post::list(&reply.body, &self.settings)?;
        let mut page = Page { format: "discourse", warnings: std::mem::take(&mut posts.warnings), ..Page::default() };
        // A date in the future, which staff may give a topic, is no mark.
        walk.newest = walk.newest.max(posts.times.iter().max().copied().map(|newest| newest.min(now.timestamp())));
        walk.oldest = posts.times.iter().min().copied().into_iter().chain(walk.oldest).min();
        page.items = std::mem::take(&mut posts.items);
        page.items.retain(|item| item.gone || item.published.is_none_or(|published| published.timestamp() >= walk.bottom));
        match step(walk.clone(), &posts) {
            Step::On(walk) => page.next = Some(self.request(&walk)),
            Step::End => self.end(walk, None, (&mark, &posts), &mut page),
            Step::Hole(walk) => self.end(walk.clone(), walk.before, (&mark, &posts), &mut page),
        }
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        if matches!(refused.status, 401 | 403) && self.login.is_none() {
            let words =
                format!("this forum shows its posts to members only: set `key` and `user`, or check `base_url` ({SERVICE} refuses access)");
            return Some(Refusal { meaning: Meaning::Denied, words });
        }
        let names = refusal::Names {
            service: SERVICE,
            login: "`key` and `user`",
            permission: "a `key` that may read posts (`posts: list`), for a `user` who sees them",
            thing: "`base_url`",
        };
        refusal::usual(refused, &names)
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(2);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "discourse"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Discourse::new(self.clone()))
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
        if self.categories.is_empty() {
            return vec![format!("discourse {}", self.base)];
        }
        self.categories.iter().map(|category| format!("discourse {} {category}", self.base)).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["category", "kind"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "id"),
    ("title", "topic_title, of the first post of a topic"),
    ("text", "raw without quotations, else cooked"),
    ("published", "created_at"),
    ("updated", "updated_at, where version is above 1"),
    ("author", "username, hashed"),
    ("url", "post_url"),
    ("category", "category_id"),
    ("kind", "topic or reply"),
    ("deleted", "hidden, user_deleted, deleted_at"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let url = saved.url.and_then(|url| url.split_once("/posts")).map_or("", |(base, _)| base);
    let settings = Settings {
        base: url.to_owned(),
        key: None,
        categories: Vec::new(),
        staff: true,
        overlap: TimeDelta::zero(),
        since: Since::default(),
    };
    let posts = post::list(saved.body, &settings)?;
    Ok(Page { format: "discourse", items: posts.items, warnings: posts.warnings, ..Page::default() })
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        base: "https://forum.test".to_owned(),
        key: Some((Secret::new("hush".to_owned()), "system".to_owned())),
        categories: Vec::new(),
        staff: false,
        overlap: TimeDelta::days(3),
        since: Since::default(),
    }
}

#[cfg(test)]
mod tests;
