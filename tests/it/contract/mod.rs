//! What the store's verbs promise, whatever database stands behind them.
//!
//! Each promise is a function over the traits of `domain::ports`; `on_every_store!` runs it on each
//! implementation. SQLite is the only one so far.

mod counts;
mod incidents;
mod outbox;
mod pushes;
mod retag;
mod reviews;
mod silences;
mod streams;

use std::collections::BTreeMap;

use uproar::domain::Timestamp;
use uproar::domain::item::Item;
use uproar::domain::item::Shard;
use uproar::domain::ports::PageCommit;
use uproar::domain::ports::Progress;
use uproar::domain::ports::StreamKey;
use uproar::domain::ports::TaggedItem;
use uproar::domain::theme::Tag;
use uproar::domain::voice::Likeness;
use uproar::store::sqlite::Sqlite;
use uproar::text::hash;

macro_rules! on_every_store {
    ($($promise:ident)*) => { $(
        #[tokio::test]
        async fn $promise() {
            let folder = tempfile::tempdir().unwrap();
            super::of_every_store::$promise(&crate::contract::sqlite(folder.path())).await;
        }
    )* };
}
pub(crate) use on_every_store;

/// An empty store in a file of its own.
fn sqlite(folder: &std::path::Path) -> Sqlite {
    Sqlite::open(&folder.join("uproar.db"), "boot".to_owned()).unwrap().0
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stream() -> StreamKey {
    StreamKey { source: "shop".to_owned(), shard: Shard::whole() }
}

/// A message with themes, from a country.
fn item(id: &str, text: &str, published: &str, themes: &[&str]) -> TaggedItem {
    let item = Item { id: id.to_owned(), text: text.to_owned(), published: Some(time(published)), ..Item::default() };
    let tags = themes.iter().map(|theme| Tag { theme: (*theme).to_owned(), rule: "rule".to_owned(), spans: Vec::new() }).collect();
    let labels = BTreeMap::from([("country".to_owned(), "se".to_owned())]);
    TaggedItem { hash: hash::of_parts([text]), item, tags, author_hash: None, voice_key: None, labels }
}

/// What messages with the same words have in common.
fn same_words(key: u64) -> Likeness {
    Likeness { exact: Some(key), ..Likeness::default() }
}

/// A page of news, read at `now`, that ends its walk.
fn page(items: Vec<TaggedItem>, now: &str) -> PageCommit {
    let now = time(now);
    let progress = Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None };
    PageCommit { stream: stream(), items, history: false, usual_delay: 24 * 3600, progress, now }
}
