//! How fast pages are stored with labels, counters and the search index, how fast a series is read
//! back, and how fast history follows when rules change.
//!
//! `cargo bench --bench store`

#![allow(clippy::unwrap_used, reason = "what is stored here was made here")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use divan::Bencher;
use divan::counter::ItemsCount;
use tokio_util::sync::CancellationToken;
use uproar::config::Document;
use uproar::config::parse;
use uproar::domain::Timestamp;
use uproar::domain::count::Quarter;
use uproar::domain::incident::Segment;
use uproar::domain::item::Item;
use uproar::domain::item::Shard;
use uproar::domain::ports::Ask;
use uproar::domain::ports::PageCommit;
use uproar::domain::ports::Progress;
use uproar::domain::ports::StreamKey;
use uproar::domain::ports::TaggedItem;
use uproar::domain::theme::Tag;
use uproar::engine::drivers;
use uproar::engine::plan::Plan;
use uproar::engine::retag;
use uproar::host::credentials::Credentials;
use uproar::store::sqlite::Direct;
use uproar::store::sqlite::Sqlite;
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

/// Messages that are tagged again.
const HISTORY: usize = 20_000;

/// The built-in themes and one more, with this rule.
fn plan(rule: &str) -> Arc<Plan> {
    let text = format!(
        "[[source]]\nname = \"shop\"\nevery = \"1h\"\nfile = {{ folder = \"a\" }}\n[[theme]]\nname = \"silence\"\nrules = [\"{rule}\"]\n"
    );
    let loaded = parse(&[Document { name: "uproar.toml".to_owned(), text }], &Credentials::of_this_process());
    Arc::new(Plan::build(loaded.config.unwrap(), &[7; 32]).unwrap())
}

/// History under other rules: one theme in a twelfth of the messages, or in none.
#[divan::bench(sample_count = 10)]
fn tag_history_again(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uproar.db");
    let mut direct = Direct::open(&path).unwrap();
    for from in (0..HISTORY).step_by(PAGE) {
        direct.commit_page(&page(from)).unwrap();
    }
    drop(direct);
    let (store, _) = Sqlite::open(&path, "bench".to_owned()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let plans = [plan("nobody NEAR/3 answers"), plan("nothing")];
    let mut turn = 0;
    bencher.counter(ItemsCount::new(HISTORY)).bench_local(|| {
        turn += 1;
        let plan = &plans[turn % 2];
        runtime.block_on(async {
            retag::begin(&store, plan, page(0).now).await.unwrap();
            retag::finish(&store, plan, &CancellationToken::new()).await.unwrap();
        });
    });
}

/// As many items as a store holds that gets a million a year; six weeks of them. With
/// `UPROAR_BENCH_ITEMS=1000000` the whole year is stored, which takes minutes.
#[expect(clippy::disallowed_methods, reason = "a bench is told its size by the environment")]
fn busy_store(folder: &std::path::Path) -> (Direct, Timestamp) {
    let items = std::env::var("UPROAR_BENCH_ITEMS").ok().and_then(|number| number.parse().ok()).unwrap_or(115_000);
    let mut store = Direct::open(&folder.join("uproar.db")).unwrap();
    for from in (0..items).step_by(PAGE) {
        let mut page = page(from);
        page.now += TimeDelta::days(365);
        for (at, tagged) in page.items.iter_mut().enumerate() {
            let number = from + at;
            tagged.item.published = Some(page.now - TimeDelta::milliseconds((items - number) as i64 * 31_557));
            tagged.voice_key = None;
            tagged.labels.insert("version".to_owned(), format!("5.{}", number / 20_000));
            tagged.labels.insert("product".to_owned(), ["app", "shop", "card"][number / 7 % 3].to_owned());
            tagged.labels.insert("country".to_owned(), format!("c{}", number * 31 % 17));
            if number % 700 == 1 {
                tagged.tags.push(Tag { theme: "rare".to_owned(), rule: "seldom".to_owned(), spans: std::iter::once(2..5).collect() });
            }
        }
        store.commit_page(&page).unwrap();
    }
    (store, page(0).now + TimeDelta::days(365))
}

const ASKED: [&str; 4] = ["looping_bot", "rare", "looping_bot in c3", "rare in c3"];

/// The busy store, made once, and what is asked of it: a theme, in all messages or in one country.
fn asked(what: &str) -> (std::sync::MutexGuard<'static, (Direct, Timestamp)>, Ask) {
    static BUSY: std::sync::LazyLock<(tempfile::TempDir, std::sync::Mutex<(Direct, Timestamp)>)> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let store = busy_store(folder.path());
        (folder, std::sync::Mutex::new(store))
    });
    let busy = BUSY.1.lock().unwrap();
    let (theme, country) = what.split_once(" in ").map_or((what, None), |(theme, country)| (theme, Some(country)));
    let segment = |value: &str| Segment::Label { key: "country".to_owned(), value: value.to_owned() };
    let (until, day) = (busy.1, TimeDelta::days(1));
    let ask = Ask {
        measure: None,
        theme: theme.to_owned(),
        segment: country.map_or(Segment::All, segment),
        sources: vec!["shop".to_owned()],
        from: until - day,
        until,
        usual_from: until - day * 29,
        by: ["country", "version", "product", "language"].map(str::to_owned).to_vec(),
        limit: 200,
    };
    (busy, ask)
}

/// What a notice waits for.
#[divan::bench(sample_count = 10, args = ASKED)]
fn gather_evidence(bencher: Bencher<'_, '_>, what: &str) {
    let (busy, ask) = asked(what);
    bencher.bench_local(|| busy.0.reader().evidence(&ask).unwrap());
}

/// What is made of it.
#[divan::bench(sample_count = 10, args = ASKED)]
fn find_drivers(bencher: Bencher<'_, '_>, what: &str) {
    let (busy, ask) = asked(what);
    let evidence = busy.0.reader().evidence(&ask).unwrap();
    let label_keys = ask.by.iter().cloned().collect();
    bencher.bench_local(|| drivers::of(&ask, &evidence, &label_keys));
}
