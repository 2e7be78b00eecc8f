//! What a backtest of a year costs: a million messages of three sources, two watches split by
//! country and product, two late arrivals in a hundred, edits, deletions and copies.
//!
//! `cargo bench --bench backtest`. The history is made once and kept below `target`; making it takes
//! some minutes. With `UPROAR_BENCH_MESSAGES` it is shorter or longer.

#![allow(clippy::unwrap_used, reason = "what is stored here was made here")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;
use divan::Bencher;
use divan::counter::ItemsCount;
use uproar::config;
use uproar::domain::Timestamp;
use uproar::domain::item::Item;
use uproar::domain::item::Shard;
use uproar::domain::ports::PageCommit;
use uproar::domain::ports::Progress;
use uproar::domain::ports::StreamKey;
use uproar::domain::ports::TaggedItem;
use uproar::domain::theme::Tag;
use uproar::engine::backtest::Play;
use uproar::engine::backtest::Report;
use uproar::engine::backtest::Stage;
use uproar::engine::backtest::World;
use uproar::engine::backtest::play;
use uproar::engine::labels::Calibrations;
use uproar::engine::plan::Plan;
use uproar::host::credentials::Credentials;
use uproar::store::sqlite::Direct;

const CONFIG: &str = r#"
    builtin_themes = false
    source = [
        { name = "store", every = "2h", file = { folder = "a" } },
        { name = "forum", every = "2h", file = { folder = "b" } },
        { name = "survey", every = "2h", file = { folder = "c" } },
    ]
    theme = [
        { name = "parcel", rules = ["parcel NEAR/5 (late | lost)"] },
        { name = "login", rules = ["login NEAR/5 fail*"] },
    ]
    [[watch]]
    name = "parcels"
    themes = ["parcel"]
    by = ["country", "product"]
    [[watch]]
    name = "logins by day"
    themes = ["login"]
    bucket = "1d"
    by = ["country"]
"#;

const SOURCES: [&str; 3] = ["store", "forum", "survey"];
const COUNTRIES: [&str; 5] = ["se", "no", "dk", "fi", "de"];
const PRODUCTS: [&str; 3] = ["app", "shop", "card"];
/// Two hours: from poll to poll.
const POLL: i64 = 7_200;
const POLLS: i64 = 365 * 12;

fn main() {
    divan::main();
}

fn messages() -> usize {
    std::env::var_os("UPROAR_BENCH_MESSAGES").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(1_000_000)
}

fn begin() -> Timestamp {
    "2025-06-01T00:00:00Z".parse().unwrap()
}

fn until() -> Timestamp {
    begin() + TimeDelta::days(365)
}

fn plan(text: &str) -> Plan {
    let documents = [config::Document { name: "bench".to_owned(), text: text.to_owned() }];
    Plan::build(config::parse(&documents, &Credentials::of_this_process()).config.unwrap(), &[7; 32]).unwrap()
}

/// Xorshift: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % many) as i64
    }
}

/// The history, made where it is not there yet.
fn history() -> Direct {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("backtest-{}.db", messages()));
    if !path.exists() {
        let part = folder.join("backtest-part.db");
        for ending in ["", "-wal", "-shm", ".author-key"] {
            let _ = std::fs::remove_file(folder.join(format!("backtest-part.db{ending}")));
        }
        make(&mut Direct::open(&part).unwrap());
        std::fs::rename(&part, &path).unwrap();
    }
    Direct::open(&path).unwrap()
}

fn make(store: &mut Direct) {
    let mut dice = Dice(88_172_645_463_325_252);
    let mut last: Vec<TaggedItem> = Vec::new();
    for poll in 1..=POLLS {
        for (place, source) in SOURCES.iter().enumerate() {
            let share = messages() as i64 / POLLS / SOURCES.len() as i64;
            let many = share + dice.below(2) * i64::from(share % 2 == 0);
            let mut items: Vec<TaggedItem> = (0..many).map(|number| item(&mut dice, poll, place as i64 * 10_000 + number)).collect();
            // Something that was seen before is edited, and something is taken back.
            if let Some(earlier) = last.pop().filter(|_| place == 0) {
                let gone = dice.below(3) == 0;
                items.push(TaggedItem { item: Item { gone, ..earlier.item }, tags: Vec::new(), hash: 1, ..earlier });
            }
            if place == 0 {
                last = items.first().cloned().into_iter().collect();
            }
            let now = begin() + TimeDelta::seconds(poll * POLL);
            store
                .commit_page(&PageCommit {
                    stream: StreamKey { source: (*source).to_owned(), shard: Shard::whole() },
                    items,
                    history: false,
                    usual_delay: 86_400,
                    progress: Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None },
                    now,
                })
                .unwrap();
        }
    }
}

fn item(dice: &mut Dice, poll: i64, number: i64) -> TaggedItem {
    // Two in a hundred come up to three days late.
    let late = if dice.below(50) == 0 { dice.below(3 * 86_400) } else { 0 };
    let seconds = (poll * POLL - dice.below(POLL as u64) - late).max(0);
    let loud = poll % 307 < 2;
    let parcel = dice.below(if loud { 6 } else { 20 }) == 0;
    let login = dice.below(if poll % 800 < 12 { 8 } else { 25 }) == 0;
    let mut words = Vec::new();
    words.extend(parcel.then_some("my parcel is late"));
    words.extend(login.then_some("the login fails"));
    let text = format!("number {poll} {number} {}", if words.is_empty() { "all is well".to_owned() } else { words.join(" and ") });
    let tag = |theme: &str| Tag { theme: theme.to_owned(), rule: "1".to_owned(), spans: vec![1..9, 12..17] };
    let mut tags = Vec::new();
    tags.extend(parcel.then(|| tag("parcel")));
    tags.extend(login.then(|| tag("login")));
    let country = COUNTRIES[dice.below(COUNTRIES.len() as u64) as usize].to_owned();
    let product = PRODUCTS[dice.below(PRODUCTS.len() as u64) as usize].to_owned();
    TaggedItem {
        hash: dice.0,
        tags,
        author_hash: None,
        voice_key: None,
        labels: BTreeMap::from([("country".to_owned(), country), ("product".to_owned(), product)]),
        item: Item { id: format!("{poll}-{number}"), text, published: Some(begin() + TimeDelta::seconds(seconds)), ..Item::default() },
    }
}

fn read(store: &Direct, plan: &Plan, stored_by: Option<&Plan>) -> World {
    let stage = Stage { plan, watches: plan.config.watches.iter().collect(), until: until(), stored_by };
    World::read(&store.reader(), &stage, &mut |_, _| {}).unwrap()
}

fn played(world: &World, plan: &Plan) -> Report {
    let calibrations = Calibrations::default();
    let how = Play { plan, calibrations: &calibrations, watches: &plan.config.watches, since: None, known: &[], with_courses: true };
    play(world, &how, &mut |_, _| {})
}

/// All of it, tags as stored.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_year(bencher: Bencher<'_, '_>) {
    let (store, plan) = (history(), plan(CONFIG));
    bencher.counter(ItemsCount::new(messages())).bench_local(|| played(&read(&store, &plan, None), &plan));
}

/// The part of it that reads.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn reading_it(bencher: Bencher<'_, '_>) {
    let (store, plan) = (history(), plan(CONFIG));
    bencher.counter(ItemsCount::new(messages())).bench_local(|| read(&store, &plan, None));
}

/// With a changed theme: every text is tagged again.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn with_another_theme(bencher: Bencher<'_, '_>) {
    let (store, ours) = (history(), plan(CONFIG));
    let theirs = plan(&CONFIG.replace("(late | lost)", "(late | lost | broken)"));
    bencher.counter(ItemsCount::new(messages())).bench_local(|| played(&read(&store, &theirs, Some(&ours)), &theirs));
}
