//! How fast pages are stored with labels, counters and the search index, and how fast a series is
//! read back.
//!
//! `cargo bench --bench store`

#![allow(clippy::unwrap_used, reason = "what is stored here was made here")]

use std::collections::BTreeMap;

use chrono::TimeDelta;
use divan::Bencher;
use divan::counter::ItemsCount;
use uproar::domain::Timestamp;
use uproar::domain::count::Quarter;
use uproar::domain::item::Item;
use uproar::domain::item::Shard;
use uproar::domain::ports::PageCommit;
use uproar::domain::ports::Progress;
use uproar::domain::ports::StreamKey;
use uproar::domain::ports::TaggedItem;
use uproar::domain::theme::Tag;
use uproar::store::sqlite::Direct;
use uproar::text::alike::Words;
use uproar::text::hash;

/// Items of a page; as many as an import stores at once.
const PAGE: usize = 2_000;
const WORDS: [&str; 12] = ["the", "bot", "asks", "again", "for", "my", "order", "number", "and", "nobody", "answers", "today"];

fn main() {
    divan::main();
}

/// Text of about 250 bytes, different for each number.
fn text(number: usize) -> String {
    let words: Vec<&str> = (0..45).map(|at| WORDS[(number.wrapping_mul(31) + at * at) % WORDS.len()]).collect();
    format!("{number} {}", words.join(" "))
}

fn page(from: usize) -> PageCommit {
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let items = (from..from + PAGE)
        .map(|number| {
            let text = text(number);
            let tags = if number % 8 == 0 {
                vec![Tag { theme: "looping_bot".to_owned(), rule: "round and round".to_owned(), spans: vec![2..5, 6..10] }]
            } else {
                Vec::new()
            };
            let published = Some(begin + TimeDelta::seconds(number as i64 * 60));
            let country = ["se", "de", "us"][number % 3].to_owned();
            TaggedItem {
                hash: hash::of_parts([text.as_str()]),
                voice_key: Some(Words::of(&text).likeness(None)),
                author_hash: None,
                labels: BTreeMap::from([("country".to_owned(), country), ("language".to_owned(), "en".to_owned())]),
                item: Item { id: number.to_string(), text, published, ..Item::default() },
                tags,
            }
        })
        .collect();
    PageCommit {
        stream: StreamKey { source: "shop".to_owned(), shard: Shard::whole() },
        items,
        history: true,
        usual_delay: 0,
        progress: Progress::None,
        now: begin + TimeDelta::days(365),
    }
}

#[divan::bench(sample_count = 20)]
fn commit_a_page(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Direct::open(&folder.path().join("uproar.db")).unwrap();
    let mut next = 0;
    bencher
        .counter(ItemsCount::new(PAGE))
        .with_inputs(|| {
            next += PAGE;
            page(next)
        })
        .bench_local_values(|page| store.commit_page(&page).unwrap());
}

#[divan::bench(sample_count = 20)]
fn see_a_known_page_again(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Direct::open(&folder.path().join("uproar.db")).unwrap();
    let known = page(0);
    store.commit_page(&known).unwrap();
    bencher.counter(ItemsCount::new(PAGE)).bench_local(|| store.commit_page(&known).unwrap());
}

#[divan::bench(sample_count = 20)]
fn read_a_week_of_counters(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Direct::open(&folder.path().join("uproar.db")).unwrap();
    for from in (0..20_000).step_by(PAGE) {
        store.commit_page(&page(from)).unwrap();
    }
    let first = store.reader().first_quarter().unwrap().unwrap();
    let range = first..Quarter(first.0 + 7 * 96);
    bencher.bench_local(|| store.reader().counters(range.clone()).unwrap());
}
