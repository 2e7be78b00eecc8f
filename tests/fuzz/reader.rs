//! Any bytes under any `Content-Type` are a page or an error, the same one each time; and a page
//! keeps what the store relies on: ids that are there, short and unique, text without NUL, web links.
//!
//! The first line of an input is the `Content-Type`, the rest is the document.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use uproar::domain::http::Answer;
use uproar::domain::http::Get;
use uproar::domain::http::Request;
use uproar::domain::http::Response;
use uproar::domain::item::Cursor;
use uproar::domain::item::Item;
use uproar::domain::item::Page;
use uproar::domain::item::Shard;
use uproar::sources::ReadError;
use uproar::sources::Source as _;
use uproar::sources::feed::Feed;
use uproar::sources::feed::Settings;

const HOME: &str = "https://shop.example/feeds/reviews.xml";
const LONGEST_ID: usize = 4 * 1024;
const LONGEST_TEXT: usize = 256 * 1024;
const LONGEST_TITLE: usize = 1024;
const MOST_ITEMS: usize = 10_000;

fuzz_target!(|input: &[u8]| {
    let split = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |at| at + 1);
    let (head, body) = input.split_at(split);
    let content_type = String::from_utf8_lossy(head);
    let page = read(body, content_type.trim());
    assert_eq!(page, read(body, content_type.trim()), "the same document reads differently");
    if let Ok(page) = page {
        hold(&page);
    }
});

fn read(body: &[u8], content_type: &str) -> Result<Page, ReadError> {
    let request = Get { url: HOME.to_owned(), accept: String::new(), conditional: true, context: String::new() };
    let answer = Answer { request, url: HOME.to_owned(), content_type: content_type.to_owned(), body: body.to_vec() };
    Feed::new(Settings::Url(HOME.to_owned())).read(
        &Shard::whole(),
        &Cursor::default(),
        &Response::Http(answer),
        chrono::DateTime::UNIX_EPOCH,
    )
}

fn hold(page: &Page) {
    assert!(page.items.len() <= MOST_ITEMS, "{} items", page.items.len());
    let ids: BTreeSet<&str> = page.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids.len(), page.items.len(), "an id comes twice");
    page.items.iter().for_each(hold_item);
    if let Some(Request::Get(get)) = &page.older {
        assert!(is_of_the_web(&get.url), "older items at {}", get.url);
    }
}

fn hold_item(item: &Item) {
    // What is told apart by its content has a hash behind its id.
    assert!(!item.id.trim().is_empty() && item.id.len() <= LONGEST_ID + 32, "an id of {} bytes", item.id.len());
    assert!(item.text.len() <= LONGEST_TEXT && item.title.len() <= LONGEST_TITLE, "{} and {} bytes", item.title.len(), item.text.len());
    for text in [&item.id, &item.title, &item.text].into_iter().chain(&item.author).chain(&item.lang) {
        assert!(!text.contains('\0'), "NUL in {text:?}");
    }
    assert!(item.url.as_deref().is_none_or(is_of_the_web), "a link to {:?}", item.url);
    for time in [item.published, item.updated].into_iter().flatten() {
        assert!((788_918_400..=7_289_654_400).contains(&time.timestamp()), "a time of {time}");
    }
    if let Some(rating) = item.rating {
        assert!(rating.max > 0.0 && (0.0..=rating.max).contains(&rating.value), "{rating:?}");
    }
}

fn is_of_the_web(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}
