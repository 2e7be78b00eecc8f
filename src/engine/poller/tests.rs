//! The poller against a real server and a real store, with the time in hand.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;

use super::*;
use crate::config::Document;
use crate::config::parse;
use crate::domain::count::Quarter;
use crate::domain::http::Get;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::incident::Segment;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::ports::Incidents as _;
use crate::domain::ports::StreamKey;
use crate::engine::plan::ReadySource;
use crate::host::credentials::Credentials;
use crate::polling::state::state_of;
use crate::sources::Source;
use crate::store::sqlite::Sqlite;

mod addresses;
mod belief;
mod ids;
mod older;
mod quiet;
mod services;

/// What the server says: a status line's rest, headers, a body.
#[derive(Clone, Default)]
struct Says {
    status: &'static str,
    headers: String,
    body: String,
}

/// A feed that names its older pages, whatever the reader of feeds makes of such names.
struct Paged(Arc<dyn Source>);

impl Source for Paged {
    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        self.0.first(shard, cursor, now)
    }

    fn read(&self, shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let page = self.0.read(shard, cursor, response, now)?;
        let Response::Http(answer) = response else { return Ok(page) };
        let body = String::from_utf8_lossy(&answer.body);
        let path = body.split_once("rel=\"next\" href=\"").and_then(|(_, rest)| rest.split('"').next());
        let origin = answer.url.rsplit_once("/f").map_or("", |(origin, _)| origin);
        let older = path.map(|path| Get { url: format!("{origin}{path}"), conditional: false, ..answer.request.clone() });
        // A service that knows that something is missing says so.
        let gap = body.contains("<!-- something is missing -->");
        Ok(Page { older: older.map(Request::Get), gap, ..page })
    }
}

/// A server, a store and a source `s` that reads `/f` of the server each hour.
struct Place {
    _folder: tempfile::TempDir,
    store: Sqlite,
    plan: Arc<Plan>,
    fetcher: Arc<Fetcher>,
    heard: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl Place {
    /// Answers each request by its path and its number from 1 on.
    fn new(says: impl Fn(&str, usize) -> Says + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = head_of(&mut stream) else { continue };
                let number = {
                    let mut requests = requests.lock().unwrap();
                    requests.push(request.clone());
                    requests.len()
                };
                let Says { status, headers, body } = says(request.split(' ').nth(1).unwrap_or_default(), number);
                let status = if status.is_empty() { "200 OK" } else { status };
                let length = body.len();
                let reply = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                let _ = stream.write_all(reply.as_bytes());
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let (plan, fetcher) = plan(port, "/f");
        Self { _folder: folder, store, plan, fetcher, heard, port }
    }

    fn target(&self) -> Target {
        let target = Target::all(&self.plan).remove(0);
        let ReadySource { settings, source } = &*target.source;
        let source = Arc::new(ReadySource { settings: settings.clone(), source: Arc::new(Paged(Arc::clone(source))) });
        Target { source, ..target }
    }

    /// Polls so many hours after the beginning.
    async fn poll(&self, hours: f64) -> Polled {
        let polled = self.poll_of(&self.target(), hours).await;
        assert_eq!(polled.stream, self.stream().await, "what a poll hands on is what it stored");
        polled
    }

    /// Another source of the same host.
    fn neighbour(&self) -> Target {
        let target = self.target();
        Target { key: StreamKey { source: "neighbour".to_owned(), ..target.key }, ..target }
    }

    async fn poll_of(&self, target: &Target, hours: f64) -> Polled {
        // The clock stands still, or nearly so.
        let clock = Clock::at_speed(at(hours), 1e-6);
        let author_key = Arc::new(vec![7; 32]);
        let (plan, fetcher) = (Arc::clone(&self.plan), Arc::clone(&self.fetcher));
        Poller::new(self.store.clone(), plan, fetcher, author_key, clock, Board::default()).poll(target).await.unwrap()
    }

    async fn stream(&self) -> Stream {
        self.store.stream(&self.target().key).await.unwrap()
    }

    async fn state(&self) -> &'static str {
        state_of(&self.stream().await).word()
    }

    fn requests(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
    }

    /// Whether the last request carried validators.
    fn was_conditional(&self) -> bool {
        self.heard.lock().unwrap().last().unwrap().to_lowercase().contains("if-none-match")
    }

    /// Voices that count, all in all, and those among them that may alert.
    async fn counted(&self) -> (i64, i64) {
        let counters = self.store.counters(Quarter(0)..Quarter::of(at(24.0 * 400.0))).await.unwrap();
        let whole = |segment: i64| counters.segments.get(&segment) == Some(&Segment::All);
        let cells = counters.cells.iter().filter(|cell| cell.theme == 0 && whole(cell.segment));
        cells.fold((0, 0), |(all, news), cell| (all + cell.voices, news + cell.voices - cell.late))
    }
}

fn plan(port: u16, path: &str) -> (Arc<Plan>, Arc<Fetcher>) {
    let text = format!(
        r#"
        [fetch]
        contact = "ops@theatre.example"
        allow_private = ["127.0.0.1:{port}"]
        host_gap = "0s"
        [[source]]
        name = "s"
        every = "1h"
        feed = {{ url = "http://127.0.0.1:{port}{path}" }}
        [[watch]]
        name = "w"
        themes = ["late"]
        [[theme]]
        name = "late"
        rules = ["late"]
        "#
    );
    let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
    let plan = Arc::new(Plan::build(config, &[7; 32]).unwrap());
    let fetcher = Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).unwrap());
    (plan, fetcher)
}

fn head_of(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn at(hours: f64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000 + (hours * 3600.0) as i64, 0).unwrap()
}

/// A page of messages; each is its number, the name of its id, and an hour if it has a date.
fn rss(title: &str, older: Option<&str>, items: impl IntoIterator<Item = (usize, String, Option<f64>)>) -> String {
    let older = older.map(|url| format!("<atom:link rel=\"next\" href=\"{url}\"/>")).unwrap_or_default();
    let item = |(number, id, hour): (usize, String, Option<f64>)| {
        let date = hour.map(|hour| format!("<pubDate>{}</pubDate>", at(hour).to_rfc2822())).unwrap_or_default();
        let words = format!("visitor {number} of row {} found the dragon of act {} rather charming and stayed", number * 7, number % 5);
        format!("<item><guid>{id}</guid><title>Visit {number}</title><description>{words}</description>{date}</item>")
    };
    let items: String = items.into_iter().map(item).collect();
    format!("<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>{title}</title>{older}{items}</channel></rss>")
}

/// Messages of these numbers, the newest first, with ids of their own and without dates.
fn page(numbers: std::ops::Range<usize>) -> String {
    rss("Reviews", None, numbers.rev().map(|number| (number, format!("id-{number}"), None)))
}

fn said(body: String) -> Says {
    Says { body, ..Says::default() }
}
