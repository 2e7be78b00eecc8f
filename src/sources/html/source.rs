//! Pages with reviews as a source: one request every few seconds, `robots.txt` obeyed, from the first page
//! to one that holds something known.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::html::page;
use crate::sources::html::page::Manner;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;
use crate::text::hash;

/// Pages of one site.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Their addresses, all on one host. Each is a list of its own.
    pub urls: Vec<String>,
    /// Who allowed it. For people: it is only asked that it is there.
    pub permission: String,
    /// Pages after the first that are read where nothing on a page is known.
    pub follow_next: u32,
    /// Least time between two requests, in seconds.
    pub pause: u32,
    /// How they are read.
    pub manner: Manner,
}

/// What the first page held when a walk has ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    ids: BTreeSet<u64>,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    /// Pages before this one.
    pages: u32,
    /// Ids of its first page.
    ids: BTreeSet<u64>,
    /// Addresses that were asked.
    asked: BTreeSet<u64>,
}

/// Pages with reviews.
#[derive(Debug)]
pub struct Html {
    settings: Settings,
}

impl Html {
    /// A source for pages.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn request(&self, url: &str, mut walk: Walk) -> Request {
        walk.asked.insert(hash::of_parts([url]));
        Request::Call(Call {
            url: url.to_owned(),
            headers: vec![("Accept".to_owned(), "text/html, application/xhtml+xml;q=0.9".to_owned())],
            gap: self.settings.pause,
            context: api::written(&walk),
            ..Call::default()
        })
    }
}

impl Source for Html {
    fn shards(&self) -> Vec<Shard> {
        match self.settings.urls.as_slice() {
            [_] => vec![Shard::whole()],
            urls => urls.iter().cloned().map(Shard).collect(),
        }
    }

    fn first(&self, shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        let url = if shard.0.is_empty() { self.settings.urls.first().map_or("", String::as_str) } else { &shard.0 };
        self.request(url, Walk::default())
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let sheet = page::document(&reply.body, &reply.content_type, Some(&reply.url), now, &self.settings.manner)?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        let (mut page, next) = (sheet.page, sheet.next);
        let ids: BTreeSet<u64> = page.items.iter().map(|item| hash::of_parts([item.id.as_str()])).collect();
        let is_known = |id: &&u64| mark.ids.contains(id);
        let count = ids.iter().filter(is_known).count();
        // One that is known at the top of a page may be pinned there.
        let last = page.items.last().map(|item| hash::of_parts([item.id.as_str()]));
        let known = ids.is_empty() || count * 2 >= ids.len() || last.as_ref().is_some_and(|last| is_known(&last));
        if walk.pages == 0 {
            walk.ids = ids;
        }
        let next = next.filter(|next| !known && !walk.asked.contains(&hash::of_parts([next.as_str()])));
        match next {
            Some(next) if walk.pages < self.settings.follow_next => {
                walk.pages += 1;
                page.next = Some(self.request(&next, walk));
            }
            left => {
                if left.is_some() && !mark.ids.is_empty() && count == 0 {
                    let message = "nothing on the last page was known: there may be more than `follow_next` lets be read";
                    page.warnings.push(Warning::new("gap_possible", "", message));
                }
                page.cursor = Some(api::cursor(&Mark { ids: walk.ids }));
            }
        }
        Ok(page)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        if matches!(refused.status, 401..=403 | 406 | 451) {
            let words = format!(
                "the site refuses the page ({}), and that is not worked around: ask those who gave the `permission`, or read another page",
                refused.status
            );
            return Some(Refusal { meaning: refusal::Meaning::Denied, words });
        }
        let names = refusal::Names { service: "the site", login: "`urls`", permission: "leave", thing: "`urls`" };
        refusal::usual(refused, &names)
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_hours(1);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "html"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Html::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        self.urls.first().map(String::as_str)
    }

    fn every(&self) -> Duration {
        Duration::from_hours(6)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn subject(&self, shard: &Shard) -> String {
        // Where there are several, an address is a part of it.
        let only = self.urls.first().filter(|_| shard.0.is_empty());
        format!("html {}", only.map_or("", String::as_str))
    }

    fn reads(&self) -> Vec<String> {
        self.urls.clone()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&[])
    }

    fn may_be_empty(&self) -> bool {
        false
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "@id or itemid, else url, else the selector for `id`, else author, date and text"),
    ("title", "name or headline"),
    ("text", "reviewBody or description"),
    ("rating", "reviewRating, of bestRating or 5"),
    ("published", "datePublished, or a date in words"),
    ("author", "author, hashed"),
    ("url", "url"),
];

/// Reads a saved page as one without selectors.
///
/// # Errors
///
/// [`ReadError`] says what it is instead.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    page::document(saved.body, saved.content_type, saved.url, saved.fetched_at, &Manner::default()).map(|sheet| sheet.page)
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        urls: vec!["https://x.test/reviews".to_owned()],
        permission: "own site".to_owned(),
        follow_next: 2,
        pause: 5,
        manner: Manner::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::http::Reply;

    fn page(ids: &[u32], next: Option<&str>) -> String {
        let review =
            |id: &u32| format!("<p itemscope itemtype=https://schema.org/Review itemid={id}><b itemprop=reviewBody>No {id}</b></p>");
        let next = next.map(|next| format!("<a rel=next href='{next}'>more</a>")).unwrap_or_default();
        ids.iter().map(review).collect::<String>() + &next
    }

    /// Walks over pages as a site has them; gives the addresses and the cursor of the end.
    fn walk(source: &Html, cursor: &Cursor, site: &[(&str, String)]) -> (Vec<String>, Cursor, Vec<Warning>) {
        let now = Timestamp::default();
        let (shard, mut asked, mut warnings) = (Shard::whole(), Vec::new(), Vec::new());
        let mut request = Some(source.first(&shard, cursor, now));
        let mut end = cursor.clone();
        while let Some(Request::Call(call)) = request {
            assert_eq!(call.gap, 5);
            asked.push(call.url.clone());
            let body = site.iter().find(|(url, _)| *url == call.url).unwrap().1.clone().into_bytes();
            let reply = Reply { url: call.url.clone(), call, status: 200, body, ..Reply::default() };
            let page = source.read(&shard, cursor, &Response::Call(Box::new(reply)), now).unwrap();
            warnings.extend(page.warnings);
            end = page.cursor.unwrap_or(end);
            request = page.next;
        }
        (asked, end, warnings)
    }

    #[test]
    fn a_walk_ends_at_what_is_known_or_where_it_is_told_to() {
        let source = Html::new(specimen());
        let (one, two, three, four) = ("https://x.test/reviews", "https://x.test/2", "https://x.test/3", "https://x.test/4");
        let site =
            [(one, page(&[9, 8], Some("/2"))), (two, page(&[7, 6], Some("/3"))), (three, page(&[5], Some("/4"))), (four, page(&[4], None))];
        let (asked, cursor, _) = walk(&source, &Cursor::default(), &site);
        assert_eq!(asked, [one, two, three], "two pages after the first");
        assert_eq!(walk(&source, &cursor, &site).0, [one], "all is known");
        let grown = [(one, page(&[12, 11], Some("/2"))), (two, page(&[10, 9], Some("/3")))];
        let (asked, cursor, warnings) = walk(&source, &cursor, &grown);
        assert_eq!((asked, warnings), (vec![one.to_owned(), two.to_owned()], vec![]));
        let flooded = [(one, page(&[22], Some("/2"))), (two, page(&[21], Some("/3"))), (three, page(&[20], Some("/4")))];
        assert_eq!(walk(&source, &cursor, &flooded).2[0].code, "gap_possible");
    }

    #[test]
    fn a_review_that_is_pinned_to_the_top_does_not_hide_the_second_page() {
        let source = Html::new(specimen());
        let (one, two, three) = ("https://x.test/reviews", "https://x.test/2", "https://x.test/3");
        let (_, cursor, _) = walk(&source, &Cursor::default(), &[(one, page(&[1, 9, 8, 7], None))]);
        let busy = [(one, page(&[1, 14, 13, 12], Some("/2"))), (two, page(&[11, 10, 9, 8], Some("/3"))), (three, page(&[7], None))];
        let (asked, cursor, warnings) = walk(&source, &cursor, &busy);
        assert_eq!((asked, warnings), (vec![one.to_owned(), two.to_owned()], vec![]));
        // Some are deleted, and what stands below comes up: that is no reason to read on.
        let shorter = [(one, page(&[1, 14, 6, 5], Some("/2"))), (two, page(&[4], None))];
        assert_eq!(walk(&source, &cursor, &shorter).0, [one]);
    }

    #[test]
    fn pages_that_lead_to_one_another_are_no_walk_without_end() {
        let source = Html::new(Settings { follow_next: 50, ..specimen() });
        let site = [("https://x.test/reviews", page(&[1], Some("/2"))), ("https://x.test/2", page(&[2], Some("/reviews")))];
        assert_eq!(walk(&source, &Cursor::default(), &site).0.len(), 2);
    }

    #[test]
    fn each_address_is_a_list_of_its_own() {
        let two = Settings { urls: vec!["https://x.test/a".to_owned(), "https://x.test/b".to_owned()], ..specimen() };
        let shards = Html::new(two.clone()).shards();
        let Request::Call(call) = Html::new(two).first(&shards[1], &Cursor::default(), Timestamp::default()) else { panic!() };
        assert_eq!((shards.len(), call.url.as_str()), (2, "https://x.test/b"));
    }

    #[test]
    fn a_refusal_is_no_riddle() {
        let refused = Refused { status: 403, ..Refused::default() };
        let refusal = Html::new(specimen()).refused(&refused).unwrap();
        insta::assert_snapshot!(refusal.words, @"the site refuses the page (403), and that is not worked around: ask those who gave the `permission`, or read another page");
    }
}
