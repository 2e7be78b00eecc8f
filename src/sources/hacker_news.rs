//! Stories and comments of Hacker News that a search finds, by the interface of Algolia that its site
//! names (hn.algolia.com/api).
//!
//! Newest first; a query gives a thousand hits at most, so that the walk goes on by time and not by
//! page. What people write can be edited for two hours, and those are read again at every poll. What was
//! deleted or killed later says the site's own interface alone (github.com/HackerNews/API), one message at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Recheck;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::html;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

const SERVICE: &str = "Hacker News";
/// Where is searched.
pub const BASE: &str = "https://hn.algolia.com";
/// Where the site tells of single messages.
pub const ITEMS: &str = "https://hacker-news.firebaseio.com";
/// Hits of a page.
const PAGE: usize = 200;
/// So long an author may edit.
const OVERLAP: TimeDelta = TimeDelta::hours(2);
/// What is older is not looked up any more: hardly anything is deleted then.
const WITHIN: TimeDelta = TimeDelta::days(14);

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The words, as one types them in the search of the site.
    pub query: String,
    /// Comments too, not only stories.
    pub comments: bool,
    /// How far back the first poll reads.
    pub since: Since,
    /// Time between two looks at a stored message.
    pub recheck: TimeDelta,
    /// Address of the search without a slash at its end.
    pub base: String,
    /// Address of the site's own interface without a slash at its end.
    pub items: String,
}

/// The newest time of what is known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    newest: Option<i64>,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    /// It ends there.
    from: i64,
    /// Newest time that it has seen.
    newest: Option<i64>,
    /// It has come down to this time.
    until: Option<i64>,
    /// It is no walk but a look at this message.
    #[serde(default)]
    again: Option<String>,
}

/// A search.
#[derive(Debug)]
pub struct HackerNews {
    settings: Settings,
    recheck: Recheck,
}

impl HackerNews {
    /// A source for a search.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let recheck = Recheck { every: settings.recheck, batch: 1, requests: 20, within: Some(WITHIN), field: None };
        Self { settings, recheck }
    }

    fn request(&self, walk: &Walk) -> Request {
        let until = walk.until.map(|until| format!(",created_at_i<={until}")).unwrap_or_default();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("query", &self.settings.query);
        query.append_pair("tags", if self.settings.comments { "(story,comment)" } else { "story" });
        query.append_pair("numericFilters", &format!("created_at_i>={}{until}", walk.from));
        query.append_pair("hitsPerPage", &PAGE.to_string());
        Request::Call(api::call(format!("{}/api/v1/search_by_date?{}", self.settings.base, query.finish()), walk))
    }
}

impl Source for HackerNews {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let from = mark.newest.map_or_else(|| self.settings.since.from(now).timestamp(), |newest| newest - OVERLAP.num_seconds());
        self.request(&Walk { from, ..Walk::default() })
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        if let Some(id) = walk.again {
            return again(id, &reply.body);
        }
        let (mut page, times, count) = hits(&reply.body)?;
        walk.newest = walk.newest.max(times.iter().max().map(|newest| (*newest).min(now.timestamp())));
        let oldest = times.iter().min().copied();
        let is_full = count >= PAGE;
        if let Some(oldest) = oldest.filter(|_| is_full) {
            // A whole page of one second: nobody can get behind it but by going on before it.
            let until = walk.until.map_or(oldest, |until| oldest.min(until - 1));
            if until >= walk.from {
                walk.until = Some(until);
                page.next = Some(self.request(&walk));
                return Ok(page);
            }
        }
        page.cursor = Some(api::cursor(&Mark { newest: walk.newest.max(mark.newest) }));
        Ok(page)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names =
            refusal::Names { service: SERVICE, login: "`base_url`", permission: "nothing but a usual address", thing: "`base_url`" };
        refusal::usual(refused, &names)
    }

    fn recheck(&self) -> Option<&Recheck> {
        Some(&self.recheck)
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        let Some(id) = ids.first() else { return Request::Nothing };
        let url = format!("{}/v0/item/{}.json", self.settings.items, api::in_path(id));
        Request::Call(api::call(url, &Walk { again: Some(id.clone()), ..Walk::default() }))
    }
}

/// What became of a message. Its words are those that the search knows.
fn again(id: String, body: &[u8]) -> Result<Page, ReadError> {
    let answer = api::json(body, SERVICE)?;
    let is = |key: &str| answer.get(key).and_then(Value::as_bool) == Some(true);
    let items = if is("deleted") || is("dead") { vec![Item::gone(id)] } else { Vec::new() };
    Ok(Page { format: "hacker_news", items, ..Page::default() })
}

/// The hits of an answer, the times of those that have one, and how many hits there are.
fn hits(body: &[u8]) -> Result<(Page, Vec<i64>, usize), ReadError> {
    let answer = api::json(body, SERVICE)?;
    let mut page = Page { format: "hacker_news", ..Page::default() };
    let mut times = Vec::new();
    let hits = api::list(&answer, "hits", SERVICE)?;
    for (at, hit) in hits.iter().enumerate() {
        times.extend(api::unix(hit, &["created_at_i"]).map(|created| created.timestamp()));
        match item(hit) {
            Some(item) => page.items.push(item),
            None => page.warnings.push(Warning::new("bad_item", format!("hit {}", at + 1), "a hit without `objectID`")),
        }
    }
    Ok((page, times, hits.len()))
}

fn item(hit: &Value) -> Option<Item> {
    let id = api::id(hit, &["objectID"])?;
    let comment = api::text(hit, &["comment_text"]);
    let kind = if comment.is_some() { "comment" } else { "story" };
    let mut item = Item {
        url: Some(format!("https://news.ycombinator.com/item?id={id}")),
        title: api::text(hit, &["title"]).map(|title| html::to_text(&title)).unwrap_or_default(),
        text: comment.or_else(|| api::text(hit, &["story_text"])).map(|text| html::to_text(&text)).unwrap_or_default(),
        author: api::text(hit, &["author"]),
        published: api::unix(hit, &["created_at_i"]),
        id,
        ..Item::default()
    };
    item.fields.insert("kind".to_owned(), kind.to_owned());
    Some(item)
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(5);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "hacker_news"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(HackerNews::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(15)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        vec![format!("hacker_news {}", self.query)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["kind"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "objectID"),
    ("title", "title, of a story"),
    ("text", "comment_text, or story_text"),
    ("published", "created_at_i"),
    ("author", "author, hashed"),
    ("url", "the page of the message"),
    ("kind", "story or comment"),
    ("deleted", "deleted or dead, in the site's own interface"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    hits(saved.body).map(|(page, ..)| page)
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        query: "kestrel".to_owned(),
        comments: true,
        since: Since::default(),
        recheck: TimeDelta::hours(24),
        base: "https://x.test".to_owned(),
        items: "https://items.test".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = include_bytes!("../../tests/fixtures/hacker_news/page.json");

    #[test]
    fn a_story_and_a_comment_are_read() {
        let page = saved(&Saved { body: PAGE, ..Saved::default() }).unwrap();
        let lines: Vec<String> =
            page.items.iter().map(|item| format!("{} | {} | {} | {}", item.id, item.title, item.text, item.fields["kind"])).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        41000002 |  | Their chat bot asked for the parcel number & forgot it. | comment
        41000001 | Kestrel Parcels closes its phone line |  | story
        ");
        assert_eq!(page.items[0].published.unwrap().timestamp(), 1_791_000_600);
        assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    }

    #[test]
    fn a_walk_goes_down_in_time_and_ends() {
        let source = HackerNews::new(specimen());
        let now = Timestamp::from_timestamp(1_791_000_000, 0).unwrap();
        let (shard, mut cursor) = (Shard::whole(), Cursor::default());
        let mut request = source.first(&shard, &cursor, now);
        let mut asked = Vec::new();
        // Three full pages, of which the third is all of one second, and one that is not full.
        for (from, step, hits) in [(1000, 1, 200), (801, 1, 200), (602, 0, 200), (602, 0, 200), (600, 1, 2)] {
            let Request::Call(call) = request.clone() else { panic!("{request:?}") };
            asked.push(
                call.url
                    .rsplit_once("numericFilters=")
                    .unwrap()
                    .1
                    .split('&')
                    .next()
                    .unwrap()
                    .replace("%3E%3D", ">=")
                    .replace("%3C%3D", "<=")
                    .replace("%2C", ","),
            );
            let hits: Vec<Value> = (0..hits)
                .map(|hit| serde_json::json!({"objectID": hit.to_string(), "created_at_i": 1_790_999_000 + from - hit * step}))
                .collect();
            let body = serde_json::json!({ "hits": hits }).to_string().into_bytes();
            let reply = crate::domain::http::Reply { call, body, status: 200, ..Default::default() };
            let page = source.read(&shard, &cursor, &Response::Call(Box::new(reply)), now).unwrap();
            match page.next {
                Some(next) => request = next,
                None => cursor = page.cursor.unwrap(),
            }
        }
        insta::assert_snapshot!(asked.join("\n"), @"
        created_at_i>=1790395200
        created_at_i>=1790395200,created_at_i<=1790999801
        created_at_i>=1790395200,created_at_i<=1790999602
        created_at_i>=1790395200,created_at_i<=1790999601
        created_at_i>=1790395200,created_at_i<=1790999600
        ");
        assert_eq!(cursor.0.as_deref(), Some(r#"{"newest":1791000000}"#));
    }

    #[test]
    fn a_page_is_full_by_its_hits_and_not_by_their_times() {
        let source = HackerNews::new(specimen());
        let now = Timestamp::from_timestamp(1_791_000_000, 0).unwrap();
        let Request::Call(call) = source.first(&Shard::whole(), &Cursor::default(), now) else { panic!() };
        // One of them has no time.
        let hits: Vec<Value> = (0..200)
            .map(|hit| serde_json::json!({"objectID": hit.to_string(), "created_at_i": (hit != 7).then_some(1_790_999_000 - hit)}))
            .collect();
        let body = serde_json::json!({ "hits": hits }).to_string().into_bytes();
        let reply = crate::domain::http::Reply { call, body, status: 200, ..Default::default() };
        let page = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now).unwrap();
        assert!(page.next.is_some() && page.cursor.is_none());
    }

    #[test]
    fn a_time_of_the_future_is_no_mark() {
        let source = HackerNews::new(specimen());
        let now = Timestamp::from_timestamp(1_791_000_000, 0).unwrap();
        let Request::Call(call) = source.first(&Shard::whole(), &Cursor::default(), now) else { panic!() };
        let body = br#"{"hits":[{"objectID":"1","created_at_i":1799000000}]}"#.to_vec();
        let reply = crate::domain::http::Reply { call, body, status: 200, ..Default::default() };
        let page = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now).unwrap();
        assert_eq!(page.cursor.unwrap().0.as_deref(), Some(r#"{"newest":1791000000}"#));
    }

    #[test]
    fn what_was_deleted_or_killed_is_gone_and_what_the_site_does_not_know_stays() {
        let source = HackerNews::new(specimen());
        let Request::Call(call) = source.ask_again(&["41000002".to_owned()]) else { panic!() };
        assert_eq!(call.url, "https://items.test/v0/item/41000002.json");
        for (body, gone) in [
            (r#"{"id":41000002,"type":"comment","deleted":true,"time":1791000600}"#, true),
            (r#"{"id":41000002,"type":"comment","dead":true,"by":"x","text":"y"}"#, true),
            (r#"{"id":41000002,"type":"comment","by":"x","text":"y"}"#, false),
            ("null", false),
        ] {
            let reply = crate::domain::http::Reply { call: call.clone(), body: body.into(), status: 200, ..Default::default() };
            let page = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), Timestamp::default()).unwrap();
            assert_eq!(
                page.items.iter().map(|item| (item.id.as_str(), item.gone)).collect::<Vec<_>>(),
                if gone { vec![("41000002", true)] } else { vec![] },
                "{body}"
            );
            assert!(page.cursor.is_none() && page.next.is_none());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_damage_to_a_reply_is_more_than_an_error(cut in 0..PAGE.len(), at in 0..PAGE.len(), bit in 0..8_u32) {
            let _ = saved(&Saved { body: &PAGE[..cut], ..Saved::default() });
            let mut flipped = PAGE.to_vec();
            flipped[at] ^= 1 << bit;
            let source = HackerNews::new(specimen());
            let Request::Call(call) = source.first(&Shard::whole(), &Cursor::default(), Timestamp::default()) else { panic!() };
            let reply = crate::domain::http::Reply { call, body: flipped, status: 200, ..Default::default() };
            let _ = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), Timestamp::default());
        }
    }
}
