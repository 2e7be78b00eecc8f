//! Any bytes as a page with reviews are a page or an error, the same one each time; and a page keeps what
//! the store relies on.
//!
//! The first line of an input is the selector for reviews, empty for none; the rest is the page.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use uproar::sources::html::page;
use uproar::sources::html::page::Manner;
use uproar::sources::html::page::Selectors;
use uproar::sources::html::page::Sheet;

const HOME: &str = "https://shop.example/tents/reviews?page=2";

fuzz_target!(|input: &[u8]| {
    let split = input.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (head, body) = input.split_at(split);
    let item = String::from_utf8_lossy(head).trim().to_owned();
    let some = |selector: &str| Some(selector.to_owned());
    let selectors = Selectors {
        date: some("em"),
        rating: some("i"),
        next: some("a@href"),
        empty: some(".none"),
        item: item.clone(),
        ..Selectors::default()
    };
    let manner = Manner { selectors: (!item.is_empty()).then_some(selectors), ..Manner::default() };
    let now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let read = || page::document(body, "text/html", Some(HOME), now, &manner);
    let sheet = read();
    assert_eq!(sheet, read(), "the same page reads differently");
    let _ = (page::has_reviews(body), page::is_wall(body));
    if let Ok(sheet) = sheet {
        hold(&sheet);
    }
});

fn hold(sheet: &Sheet) {
    let ids: BTreeSet<&str> = sheet.page.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids.len(), sheet.page.items.len(), "an id comes twice");
    for item in &sheet.page.items {
        assert!(!item.id.trim().is_empty() && item.id.len() <= 4096 + 32, "an id of {} bytes", item.id.len());
        assert!(item.text.len() <= 256 * 1024 && item.title.len() <= 1024);
        assert!(item.url.as_deref().is_none_or(|url| url.starts_with("http")), "a link to {:?}", item.url);
        assert!(item.rating.is_none_or(|rating| rating.max > 0.0 && (0.0..=rating.max).contains(&rating.value)), "{:?}", item.rating);
    }
    assert!(sheet.next.as_deref().is_none_or(|next| next.starts_with("https://shop.example/")), "{:?} follows", sheet.next);
}
