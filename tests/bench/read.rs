//! How fast exports, recordings and feeds are read: rows a second on one core.
//!
//! `cargo bench --bench read`; `cargo bench --bench read -- feeds` for feeds alone. Beside ours stand the strict parser alone, which
//! reads broken documents not at all, and feedparser where a Python with it is called `FEEDPARSER`.

#![allow(clippy::unwrap_used, reason = "what is read here was written here")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "figures of another program, which the environment names")]

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

/// The same 1,000 messages in the forms that are common, well-formed and not.
mod feeds {
    use std::io::Write as _;
    use std::process::Command;
    use std::process::Stdio;

    use divan::Bencher;
    use divan::counter::BytesCount;
    use divan::counter::ItemsCount;
    use uproar::sources::feed;

    const ITEMS: usize = 1_000;
    const FORMS: &[&str] = &["rss", "rss_broken", "atom", "json"];

    #[divan::bench(args = FORMS)]
    fn ours(bencher: Bencher<'_, '_>, form: &str) {
        let text = document(form);
        let read = || feed::document(text.as_bytes(), "", Some("https://x.test/feed")).unwrap();
        assert_eq!(read().items.len(), ITEMS);
        bencher.counter(ItemsCount::new(ITEMS)).counter(BytesCount::of_str(&text)).bench(read);
    }

    #[divan::bench(args = FORMS)]
    fn strict_parser_alone(bencher: Bencher<'_, '_>, form: &str) {
        let text = document(form);
        let read = || feed_rs::parser::parse(text.as_bytes());
        bencher.counter(ItemsCount::new(ITEMS)).counter(BytesCount::of_str(&text)).bench(read);
    }

    #[divan::bench(args = ["rss", "rss_broken", "atom"], sample_count = 1, sample_size = 1)]
    fn feedparser(bencher: Bencher<'_, '_>, form: &str) {
        let Ok(python) = std::env::var("FEEDPARSER") else { return };
        let text = document(form);
        let run = || {
            let code = "import sys,time,feedparser\nd=sys.stdin.buffer.read()\nt=time.time()\nfeedparser.parse(d)\nprint(time.time()-t)";
            let mut child = Command::new(&python).args(["-c", code]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap_or(f64::NAN)
        };
        // Its start is not its reading; the figure is its own.
        let seconds = run();
        println!("  feedparser, {form}: {:.0} items/s, {:.2} MB/s", ITEMS as f64 / seconds, text.len() as f64 / 1e6 / seconds);
        bencher.counter(ItemsCount::new(ITEMS)).bench(run);
    }

    fn document(form: &str) -> String {
        let items = (0..ITEMS).map(|n| item(form, n)).collect::<Vec<_>>();
        match form {
            "atom" => format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><id>u</id>{}</feed>",
                items.concat()
            ),
            "json" => format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[{}]}}", items.join(",")),
            _ => format!(
                "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>t</title>\
                 <link>https://x.test/</link>{}</channel></rss>",
                items.concat()
            ),
        }
    }

    fn item(form: &str, n: usize) -> String {
        let (date, said) = (super::date(n), super::sentence(n));
        let markup = format!("<p>{said}</p><p>{said}<br/>Grüße, <a href=\"https://x.test/u/{n}\">Mika</a></p>");
        let escaped = markup.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let sign = if form == "rss_broken" { "&" } else { "&amp;" };
        match form {
            "atom" => format!(
                "<entry><id>tag:x.test,2026:{n}</id><title>Late {sign} closed {n}</title><link href=\"/t/{n}\"/><published>{date}</published>\
                 <updated>{date}</updated><author><name>Mika {n}</name></author><summary>{said}</summary><content type=\"html\">{escaped}</content></entry>"
            ),
            "json" => format!(
                "{{\"id\":\"{n}\",\"url\":\"https://x.test/t/{n}\",\"title\":\"Late {n}\",\"content_html\":{markup:?},\"date_published\":\"{date}\"}}"
            ),
            _ => format!(
                "<item><title>Late {sign} closed {n}</title><link>https://x.test/t/{n}</link><guid isPermaLink=\"false\">t-{n}</guid>\
                 <pubDate>Mon, 05 Oct 2026 09:30:00 +0200</pubDate><author>m@x.test (Mika {n})</author><description>{said}</description>\
                 <content:encoded><![CDATA[{markup}]]></content:encoded></item>\n"
            ),
        }
    }
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
        let bytes = Bytes { request, from, body, size: file.len() as u64, modified: now, part: None };
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
