//! Pages of reviews in every shape that the store gives.

use super::*;
use crate::domain::http::Reply;

const PAGE_1: &[u8] = include_bytes!("../../../tests/fixtures/app_store/page1.json");
const PAGE_2: &[u8] = include_bytes!("../../../tests/fixtures/app_store/page2.json");
const EMPTY: &[u8] = include_bytes!("../../../tests/fixtures/app_store/empty.json");

fn document(body: &[u8]) -> Result<Page, ReadError> {
    saved(&Saved { body, ..Saved::default() })
}

fn source() -> AppStore {
    let (countries, base) = (vec!["se".to_owned(), "US".to_owned()], "http://store.test".to_owned());
    AppStore::new(Settings { app: 42, countries, base, ..specimen() })
}

fn call(request: &Request) -> Call {
    match request {
        Request::Call(call) => call.clone(),
        other => panic!("not a call: {other:?}"),
    }
}

/// Walks over pages as the engine does; returns the addresses asked, the items and the new cursor.
fn walk(cursor: &Cursor, pages: &dyn Fn(&str) -> &'static [u8]) -> (Vec<String>, Vec<Item>, Option<Cursor>) {
    let (source, shard, now) = (source(), Shard("se".to_owned()), Timestamp::default());
    let mut request = source.first(&shard, cursor, now);
    let (mut asked, mut items) = (Vec::new(), Vec::new());
    loop {
        let request_now = call(&request);
        asked.push(request_now.url.replace("http://store.test/se/rss/customerreviews/", ""));
        let body = pages(&request_now.url).to_vec();
        let reply = Reply { url: request_now.url.clone(), call: request_now, status: 200, body, ..Reply::default() };
        let page = source.read(&shard, cursor, &Response::Call(Box::new(reply)), now).unwrap();
        items.extend(page.items);
        match page.next {
            Some(next) => request = next,
            None => return (asked, items, page.cursor),
        }
    }
}

fn two_pages(url: &str) -> &'static [u8] {
    if url.contains("page=1/") {
        PAGE_1
    } else if url.contains("page=2/") {
        PAGE_2
    } else {
        EMPTY
    }
}

#[test]
fn a_first_poll_walks_until_a_page_is_empty() {
    let (asked, items, cursor) = walk(&Cursor::default(), &two_pages);
    assert_eq!(
        asked,
        ["page=1/id=42/sortby=mostrecent/json", "page=2/id=42/sortby=mostrecent/json", "page=3/id=42/sortby=mostrecent/json"]
    );
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["9003", "9002", "9001"], "the app itself is no review");
    let cursor = cursor.unwrap().0.unwrap();
    assert!(cursor.starts_with(r#"{"newest":"2026-10-03T19:30:00Z","ids":["9002","9003"],"known":["#), "{cursor}");
    let mark: Mark = serde_json::from_str(&cursor).unwrap();
    assert_eq!((mark.known.len(), mark.whole_at), (3, Some(Timestamp::default())));
}

#[test]
fn a_review_keeps_stars_country_and_version() {
    let (_, items, _) = walk(&Cursor::default(), &two_pages);
    insta::assert_snapshot!(serde_json::to_string_pretty(&items[0]).unwrap(), @r#"
    {
      "id": "9003",
      "title": "Stuck",
      "text": "The chat keeps asking for my number.",
      "author": "kim",
      "url": "https://store.test/review/9003",
      "published": "2026-10-03T19:30:00Z",
      "updated": "2026-10-03T19:30:00Z",
      "rating": {
        "value": 1.0,
        "max": 5.0
      },
      "lang": null,
      "fields": {
        "country": "se",
        "version": "4.1"
      },
      "gone": false
    }
    "#);
}

#[test]
fn a_later_poll_stops_at_the_first_page_without_news() {
    let (_, _, cursor) = walk(&Cursor::default(), &two_pages);
    let (asked, items, moved) = walk(&cursor.clone().unwrap(), &two_pages);
    assert_eq!((asked.len(), items.len()), (1, 2));
    assert_eq!(moved, cursor);
}

#[test]
fn an_empty_page_moves_nothing() {
    let (_, _, cursor) = walk(&Cursor::default(), &two_pages);
    let cursor = cursor.unwrap();
    let (asked, items, moved) = walk(&cursor, &|_| EMPTY);
    let both = ["page=1/id=42/sortby=mostrecent/json", "id=42/sortby=mostrecent/json"];
    assert_eq!(asked[..2], both, "the short form is tried");
    assert_eq!(items.len(), 0);
    let (mark, moved): (Mark, Mark) = (api::mark(&cursor), api::mark(&moved.unwrap()));
    assert_eq!((asked.len(), &moved), (2 * (PATIENCE.len() + 1), &Mark { emptied: true, ..mark }), "it is asked for three hours");
    let (asked, _, again) = walk(&api::cursor(&moved), &|_| EMPTY);
    assert_eq!((asked.len(), again), (2, None), "and is believed then");
    let (_, items, back) = walk(&api::cursor(&moved), &two_pages);
    assert_eq!((items.len(), api::mark::<Mark>(&back.unwrap()).emptied), (2, false));
}

#[test]
fn a_storefront_that_never_had_a_review_is_no_riddle() {
    let (asked, items, moved) = walk(&Cursor::default(), &|_| EMPTY);
    assert_eq!((asked.len(), items.len(), moved), (2, 0, None));
}

#[test]
fn a_storefront_that_is_empty_for_a_while_is_waited_for_and_nothing_fails() {
    let (_, _, cursor) = walk(&Cursor::default(), &two_pages);
    let (source, shard, cursor, now) = (source(), Shard("se".to_owned()), cursor.unwrap(), Timestamp::default());
    let mut asked = call(&source.first(&shard, &cursor, now));
    let mut pauses = Vec::new();
    let last = loop {
        let reply = Reply { url: asked.url.clone(), call: asked, status: 200, body: EMPTY.to_vec(), ..Reply::default() };
        let page = source.read(&shard, &cursor, &Response::Call(Box::new(reply)), now).unwrap();
        pauses.extend(page.pause.map(|pause| pause.num_minutes()));
        match page.next {
            Some(next) => asked = call(&next),
            None => break page,
        }
    };
    assert_eq!(pauses, [2, 5, 15, 30, 60, 60], "at once first");
    insta::assert_snapshot!(last.warnings[0].message, @"the App Store shows no review of the storefront `se` for hours, though there were some: they are kept");
    assert!(specimen().may_be_empty(), "nobody else has to doubt it");
}

#[test]
fn a_walk_ends_with_page_ten() {
    let (asked, ..) = walk(&Cursor::default(), &|_| PAGE_1);
    assert_eq!(asked.len(), 10);
}

#[test]
fn a_single_review_is_an_object() {
    assert_eq!(document(PAGE_2).unwrap().items.len(), 1);
}

#[test]
fn each_country_is_a_shard() {
    assert_eq!(source().shards(), [Shard("se".to_owned()), Shard("US".to_owned())]);
    assert!(call(&source().first(&Shard("US".to_owned()), &Cursor::default(), Timestamp::default())).url.contains("/us/rss/"));
}

#[test]
fn what_is_no_page_of_reviews_is_an_error() {
    for (body, what) in [
        ("", "not a page of app reviews: an empty answer"),
        ("<html>", "not a page of app reviews: an HTML or XML page"),
        ("{\"feed\":1}", "not a page of app reviews: JSON without `feed`, or JSON that is cut"),
        ("CustomerReviews RSS page depth", "not a page of app reviews: plain text"),
    ] {
        assert_eq!(document(body.as_bytes()).unwrap_err().what, what);
    }
}

proptest::proptest! {
    #[test]
    fn a_damaged_page_gives_a_value(cut in 0..PAGE_1.len(), at in 0..PAGE_1.len(), bit in 0_u8..8) {
        let _ = document(&PAGE_1[..cut]);
        let mut flipped = PAGE_1.to_vec();
        flipped[at] ^= 1 << bit;
        let _ = document(&flipped);
    }
}
