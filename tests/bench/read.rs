//! How fast exports, recordings and feeds are read: rows a second on one core.
//!
//! `cargo bench --bench read`

#![allow(clippy::unwrap_used, reason = "what is read here was written here")]

use std::fmt::Write as _;
use std::path::PathBuf;

use divan::Bencher;
use divan::counter::ItemsCount;
use uproar::domain::Timestamp;
use uproar::domain::http::Bytes;
use uproar::domain::http::Request;
use uproar::domain::http::Response;
use uproar::domain::item::Cursor;
use uproar::domain::item::Shard;
use uproar::sources::Source;
use uproar::sources::feed;
use uproar::sources::file;
use uproar::sources::replay;

const ROWS: usize = 50_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn csv(bencher: Bencher<'_, '_>) {
    let mut text = "id,date,rating (1-5),comment,reference\n".to_owned();
    for n in 0..ROWS {
        writeln!(text, "L{n:07},{},{},\"{}\",order {n}", date(n), n % 5 + 1, sentence(n)).unwrap();
    }
    file(bencher, &text);
}

#[divan::bench]
fn csv_without_ids(bencher: Bencher<'_, '_>) {
    let mut text = "date,rating (1-5),comment\n".to_owned();
    for n in 0..ROWS {
        writeln!(text, "{},{},\"{}\"", date(n), n % 5 + 1, sentence(n)).unwrap();
    }
    file(bencher, &text);
}

#[divan::bench]
fn json_lines(bencher: Bencher<'_, '_>) {
    file(bencher, &recording());
}

#[divan::bench]
fn replay(bencher: Bencher<'_, '_>) {
    let live = replay::Live::From(Timestamp::from_timestamp(4_000_000_000, 0).unwrap());
    let source = replay::Replay::new(replay::Settings { file: PathBuf::from("a"), live, speed: 1.0 });
    let text = recording();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| assert_eq!(read(&source, text.as_bytes()), ROWS));
}

#[divan::bench]
fn rss(bencher: Bencher<'_, '_>) {
    let mut text = "<rss version=\"2.0\"><channel><title>t</title><link>https://x.test/</link>".to_owned();
    for n in 0..1_000 {
        write!(
            text,
            "<item><guid>{n}</guid><link>/t/{n}</link><title>Title {n}</title><description>&lt;p&gt;{}&lt;/p&gt;</description></item>",
            sentence(n)
        )
        .unwrap();
    }
    text += "</channel></rss>";
    bencher
        .counter(ItemsCount::new(1_000_usize))
        .bench(|| assert_eq!(feed::document(text.as_bytes(), "", None).unwrap().items.len(), 1_000));
}

fn file(bencher: Bencher<'_, '_>, text: &str) {
    let source = file::OneFile::new(PathBuf::from("a"), file::Settings::default());
    bencher.counter(ItemsCount::new(ROWS)).bench(|| assert_eq!(read(&source, text.as_bytes()), ROWS));
}

/// Reads to the end, as the engine does; returns the number of items.
fn read(source: &dyn Source, file: &[u8]) -> usize {
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let mut next = Some(source.first(&shard, &cursor, now));
    let mut items = 0;
    while let Some(Request::Slice(request)) = next {
        let from = request.from as u64;
        let end = (from + request.limit).min(file.len() as u64);
        let body = file[from as usize..end as usize].to_vec();
        let bytes = Bytes { request, from, body, size: file.len() as u64, modified: now };
        let page = source.read(&shard, &cursor, &Response::Slice(bytes), now).unwrap();
        items += page.items.len();
        next = page.next;
    }
    items
}

fn recording() -> String {
    let line = |n: usize| {
        format!(
            "{{\"id\":\"L{n}\",\"ts\":\"{}\",\"source\":\"forum\",\"title\":\"T\",\"text\":\"{}\",\"rating\":{}.0,\"lang\":\"en\"}}\n",
            date(n),
            sentence(n),
            n % 5 + 1
        )
    };
    (0..ROWS).map(line).collect::<Vec<_>>().concat()
}

fn date(n: usize) -> String {
    Timestamp::from_timestamp(1_700_000_000 + n as i64 * 60, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn sentence(n: usize) -> String {
    format!("Order {n} came late, the chat kept asking me the same three questions and then closed my case without a word. ").repeat(2)
}
