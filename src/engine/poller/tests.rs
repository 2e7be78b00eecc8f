//! The poller against a real server and a real store, with the time in hand.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;

use chrono::TimeDelta;

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
use crate::domain::ports::PollNote;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::domain::standing::Moved;
use crate::domain::standing::Standing;
use crate::engine::plan::ReadySource;
use crate::host::credentials::Credentials;
use crate::polling::state::state_of;
use crate::sources::Source;
use crate::store::sqlite::Sqlite;

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
        Ok(Page { older: older.map(Request::Get), ..page })
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
        let mut stored = self.stream().await;
        if stored.standing.base {
            // Whoever reads them drops those of the old address.
            (stored.validators, stored.walk) = (None, None);
        }
        assert_eq!(polled.stream, stored, "what a poll hands on is what it stored");
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

#[tokio::test]
async fn the_validators_of_a_304_replace_those_of_the_page() {
    let place = Place::new(|_, number| match number {
        1 => Says { headers: "ETag: \"1\"\r\n".to_owned(), ..said(page(0..6)) },
        _ => Says { status: "304 Not Modified", headers: format!("ETag: \"{number}\"\r\n"), body: String::new() },
    });
    place.poll(0.0).await;
    for number in 2..5_usize {
        let before = place.stream().await.standing;
        let polled = place.poll(number as f64).await;
        assert_eq!((polled.error, polled.committed.new), (None, 0));
        assert!(place.was_conditional());
        assert_eq!(place.stream().await.validators.unwrap().etag, Some(format!("\"{number}\"")));
        assert_eq!(place.stream().await.standing.ids_change, before.ids_change);
    }
    let before = place.stream().await.standing;
    place.poll(6.0).await;
    assert_eq!(place.stream().await.standing, before, "nothing of it is written with a further one");
}

#[tokio::test]
async fn validators_that_are_no_longer_given_are_forgotten_also_with_the_same_bytes() {
    let place = Place::new(|_, number| Says {
        headers: if number == 1 { "ETag: \"1\"\r\n".to_owned() } else { String::new() },
        ..said(page(0..6))
    });
    place.poll(0.0).await;
    place.poll(1.0).await;
    assert!(place.was_conditional());
    place.poll(2.0).await;
    assert!(!place.was_conditional());
    assert_eq!(place.stream().await.validators, None);
}

#[tokio::test]
async fn the_same_bytes_are_not_read_again() {
    let place = Place::new(|_, _| said(page(0..6)));
    assert_eq!(place.poll(0.0).await.committed.new, 6);
    let polled = place.poll(1.0).await;
    assert_eq!((polled.committed, polled.error), (Committed::default(), None));
    assert_eq!(polled.stream.complete_to, Some(at(1.0)), "it was a good poll");
    assert_eq!(place.poll(49.0).await.committed.known, 6, "now and then they are read all the same");
}

#[tokio::test]
async fn a_page_that_is_suddenly_empty_is_believed_at_the_third_sight() {
    let place = Place::new(|_, number| said(page(if (4..8).contains(&number) { 0..0 } else { 0..6 + number })));
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    for hour in 3..5_u32 {
        let polled = place.poll(f64::from(hour)).await;
        assert!(polled.error.unwrap().contains("is empty now"));
        assert_eq!(place.state().await, "suspect");
        assert_eq!(polled.stream.complete_to, Some(at(2.0)), "nobody may call that calm");
        assert!(polled.due < at(f64::from(hour) + 1.1), "asked again at its interval");
    }
    assert_eq!(place.poll(5.0).await.error, None);
    assert_eq!(place.state().await, "ok");
}

#[tokio::test]
async fn gone_twice_is_asked_no_more_until_a_person_says_so() {
    let place = Place::new(|_, number| if number == 1 { said(page(0..6)) } else { Says { status: "410 Gone", ..Says::default() } });
    place.poll(0.0).await;
    let polled = place.poll(1.0).await;
    assert!(polled.due < at(4.0) && polled.due > at(2.0), "asked once more");
    assert_eq!(place.state().await, "failing");
    assert!(place.poll(3.0).await.due > at(24.0 * 365.0));
    assert_eq!(place.state().await, "gone");
    place.poll(4.0).await;
    assert_eq!(place.requests().len(), 3);
    place.store.wish(&place.target().key, Wish::Resume, at(5.0)).await.unwrap();
    place.poll(5.0).await;
    assert_eq!((place.requests().len(), place.state().await), (4, "failing"));
}

#[tokio::test]
async fn what_is_gone_is_asked_at_another_address() {
    let mut place = Place::new(|path, _| if path == "/f" { Says { status: "410 Gone", ..Says::default() } } else { said(page(0..6)) });
    place.poll(0.0).await;
    place.poll(3.0).await;
    (place.plan, place.fetcher) = plan(place.port, "/g");
    assert!(!Poller::<Sqlite>::is_stopped(&place.target(), &place.stream().await));
    place.poll(4.0).await;
    assert_eq!((place.requests().len(), place.state().await), (3, "ok"));
}

#[tokio::test]
async fn a_redirect_for_ever_is_followed_for_a_day_and_then_left_out() {
    let place = Place::new(|path, number| {
        if path == "/f" {
            Says { status: "301 Moved Permanently", headers: "Location: /g\r\n".to_owned(), ..Says::default() }
        } else if number > 60 {
            Says { status: "404 Not Found", ..Says::default() }
        } else {
            said(page(0..6))
        }
    });
    for hour in 0..25_u32 {
        // A minute later than the hour, for the time passes by a hair while it is told.
        place.poll(f64::from(hour) * 61.0 / 60.0).await;
    }
    assert_eq!(place.requests().len(), 50);
    assert_eq!(place.state().await, "moved");
    for hour in 26..36_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert!(place.requests()[50..].iter().all(|path| path == "/g"));
    // The new place is gone: the configured one is asked again.
    for hour in 36..40_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.requests()[63..], ["/f", "/g"]);
    assert!(place.stream().await.standing.moved.is_some(), "and the new one is not forgotten");
}

#[tokio::test]
async fn a_new_place_that_was_away_for_hours_is_found_again_though_the_old_one_is_dead() {
    let place = Place::new(|path, number| match (path, number) {
        ("/f", ..=50) => Says { status: "301 Moved Permanently", headers: "Location: /g\r\n".to_owned(), ..Says::default() },
        ("/g", ..=50 | 58..) => said(page(0..6 + number)),
        _ => Says { status: "500 Internal Server Error", ..Says::default() },
    });
    for hour in 0..25_u32 {
        place.poll(f64::from(hour) * 61.0 / 60.0).await;
    }
    for hour in 26..34_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.requests()[50..], ["/g", "/g", "/g", "/f", "/g", "/f", "/g", "/f"]);
    assert_eq!(place.poll(35.0).await.error, None);
    assert_eq!(place.state().await, "moved");
}

#[tokio::test]
async fn another_configured_address_brings_history_first() {
    let mut place = Place::new(|path, number| said(page(if path == "/f" { 0..6 } else { 100..106 + number })));
    place.poll(0.0).await;
    let moved = Moved { from: "http://x.example/".to_owned(), to: "http://y.example/".to_owned(), since: at(0.0) };
    let stood = Standing { moved: Some(Box::new(moved)), ..place.stream().await.standing };
    place
        .store
        .note_poll(&place.target().key, PollNote { standing: Some(Box::new(stood)), ..PollNote::unchanged(at(1.0), at(0.0)) })
        .await
        .unwrap();
    (place.plan, place.fetcher) = plan(place.port, "/g");
    let polled = place.poll(1.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (8, 8));
    assert_eq!(polled.stream.standing.moved, None);
    assert_eq!(place.poll(2.0).await.committed.late, 0, "from then on it is news");
}

#[tokio::test]
async fn ids_that_change_at_every_poll_give_each_message_once_and_nothing_late() {
    for dated in [true, false] {
        let ids = move |first: usize, last: usize, number: usize| {
            (first..last).rev().map(move |n| (n, format!("{number}-{n}"), dated.then_some(n as f64 / 12.0 - 2.0))).collect::<Vec<_>>()
        };
        // Twelve messages at first, and one more with each poll.
        let place = Place::new(move |_, number| said(rss("Reviews", None, ids(number - 1, 11 + number, number))));
        let mut stored = 0;
        for number in 1..=10_usize {
            stored += place.poll(number as f64 / 12.0 - 1.0 / 12.0).await.committed.new;
        }
        assert_eq!(stored, 12 + 9, "dated: {dated}");
        assert_eq!(place.state().await, "ids_change");
        assert_eq!(place.counted().await, (21, 8), "the first page and the one that told are history");
        // A month later the page still holds old ones, under yet other ids.
        place.poll(24.0).await;
        place.poll(24.0 * 6.0).await;
        place.poll(24.0 * 12.0).await;
        place.poll(24.0 * 18.0).await;
        assert_eq!(place.counted().await.0, 25, "dated: {dated}");
    }
}

#[tokio::test]
async fn another_feed_at_the_same_address_is_history_when_it_is_believed() {
    let place = Place::new(|_, number| {
        let first = if number < 4 { 0 } else { 500 };
        let title = if number < 4 { "Reviews" } else { "Sports" };
        said(rss(title, None, (first..first + 6 + number).map(|n| (n, format!("id-{n}"), None))))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    for hour in 3..5_u32 {
        assert_eq!(place.poll(f64::from(hour)).await.committed.new, 0);
        assert_eq!(place.state().await, "suspect");
    }
    let polled = place.poll(5.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (12, 12));
}

#[tokio::test]
async fn a_full_page_that_shares_nothing_with_the_one_before_is_a_gap() {
    let place = Place::new(|_, number| said(page(number * 100..number * 100 + 20)));
    place.poll(0.0).await;
    assert_eq!(place.poll(1.0).await.error, None);
    assert_eq!(place.state().await, "gap");
    assert_eq!(place.stream().await.complete_to, Some(at(1.0)));
}

#[tokio::test]
async fn undated_messages_below_known_ones_are_back_fill() {
    let ids = |numbers: Vec<usize>| rss("Reviews", None, numbers.into_iter().map(|n| (n, format!("id-{n}"), None)));
    let place = Place::new(move |_, number| {
        said(ids(match number {
            1 => vec![20, 19, 18, 17, 16],
            2 => vec![21, 20, 19, 18, 17, 16],
            3 => vec![22, 21, 20, 19, 18, 17, 16, 5, 4, 3],
            _ => (0..60).rev().collect(),
        }))
    });
    place.poll(0.0).await;
    let late = |polled: Polled| (polled.committed.new, polled.committed.late);
    assert_eq!(late(place.poll(1.0).await), (1, 0));
    assert_eq!(late(place.poll(2.0).await), (4, 3));
    let (new, late) = late(place.poll(3.0).await);
    assert_eq!((new, late), (50, 50), "never so many at once");
}

#[tokio::test]
async fn a_crash_between_two_pages_loses_none() {
    // The third page breaks off twice; every page has ten.
    let place = Place::new(|path, number| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        if index == 2 && number < 5 {
            return Says { status: "500 Internal Server Error", ..Says::default() };
        }
        let older = (index < 3).then(|| format!("/f?page={}", index + 1));
        let numbers = (100 - index * 10 - 10..100 - index * 10).rev();
        Says {
            headers: "ETag: \"1\"\r\n".to_owned(),
            ..said(rss("Reviews", older.as_deref(), numbers.map(|n| (n, format!("id-{n}"), None))))
        }
    });
    assert_eq!(place.poll(0.0).await.committed.new, 20);
    let cut = place.stream().await;
    assert!(cut.walk.is_some() && !cut.history_done && cut.validators.is_none());
    assert_eq!(place.poll(1.0).await.committed.new, 0);
    assert_eq!(place.poll(2.0).await.committed.new, 20);
    let ended = place.stream().await;
    assert!(ended.walk.is_none() && ended.history_done);
    assert_eq!(place.requests(), ["/f", "/f?page=1", "/f?page=2", "/f?page=2", "/f?page=2", "/f?page=3"]);
    assert_eq!(place.counted().await, (40, 0), "all of it is history");
    assert_eq!(place.poll(3.0).await.committed.new, 0, "older pages are for the first poll only");
    assert_eq!(place.requests().last().map(String::as_str), Some("/f"));
}

#[tokio::test]
async fn older_pages_without_end_end() {
    let place = Place::new(|path, _| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        let numbers = (index * 10..index * 10 + 10).map(|n| (n, format!("id-{n}"), None));
        said(rss("Reviews", Some(&format!("/f?page={}", index + 1)), numbers))
    });
    assert_eq!(place.poll(0.0).await.committed.new, 200);
    assert_eq!(place.requests().len(), 20);
    let same = Place::new(|_, number| said(rss("Reviews", Some(&format!("/f?page={number}")), [(1, "id".to_owned(), None)])));
    same.poll(0.0).await;
    assert_eq!(same.requests().len(), 2, "a page without anything new is the last");
    assert!(same.stream().await.history_done);
}

#[tokio::test]
async fn what_is_paused_is_left_alone_until_it_is_asked_for() {
    let place = Place::new(|_, _| said(page(0..6)));
    let key = place.target().key;
    place.store.wish(&key, Wish::Pause, at(0.0)).await.unwrap();
    place.poll(0.0).await;
    assert_eq!(place.requests().len(), 0);
    place.store.wish(&key, Wish::Poll, at(1.0)).await.unwrap();
    place.poll(1.0).await;
    place.poll(2.0).await;
    assert_eq!(place.requests().len(), 1, "once");
    assert_eq!(place.state().await, "paused");
}

#[tokio::test]
async fn a_long_outage_is_followed_by_history_and_a_short_one_by_news() {
    let place = Place::new(|_, number| said(page(0..6 + number)));
    place.poll(0.0).await;
    assert_eq!(place.poll(24.0 * 6.0).await.committed.late, 0);
    let polled = place.poll(24.0 * 14.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (1, 1));
}

#[tokio::test]
async fn a_pause_of_the_host_however_long_puts_a_poll_off_and_is_no_error() {
    for seconds in [1_800_u32, 80_000] {
        let place = Place::new(move |_, number| match number {
            2 => Says { status: "429 Slow Down", headers: format!("Retry-After: {seconds}\r\n"), ..Says::default() },
            _ => said(page(0..6)),
        });
        place.poll(0.0).await;
        let (before, neighbour) = (place.stream().await, place.neighbour());
        assert!(place.poll_of(&neighbour, 0.5).await.error.is_some());
        let end = at(0.5) + TimeDelta::seconds(i64::from(seconds));
        for hour in [0.6, 0.7] {
            let polled = place.poll(hour).await;
            assert_eq!(polled.error, None, "nothing was asked, so nothing failed");
            assert!(polled.put_off.is_some_and(|why| why.contains("asked to be left alone")));
            assert!(polled.due >= end - TimeDelta::seconds(1) && polled.due <= end + TimeDelta::seconds(62), "{}", polled.due - end);
            let mut after = place.stream().await;
            assert_eq!((after.due, after.standing.put_off.take()), (Some(polled.due), Some(polled.due)));
            assert_eq!(Stream { due: before.due, ..after }, before, "all else is as it was");
        }
        assert_eq!((place.state().await, place.requests().len()), ("ok", 2));
        // The one that was told so has one error, however often somebody asks for it.
        for hour in [0.6, 0.7] {
            assert_eq!(place.poll_of(&neighbour, hour).await.error, None);
        }
        let told = place.store.stream(&neighbour.key).await.unwrap();
        assert!((told.errors, told.standing.failing_since) == (1, Some(at(0.5))) && told.error.unwrap().contains("answered 429"));
        let polled = place.poll(24.0).await;
        assert_eq!((polled.error, polled.put_off, polled.stream.standing.put_off), (None, None, None));
    }
}

#[tokio::test]
async fn a_wish_for_a_poll_outlives_the_pause_of_the_host() {
    let place = Place::new(|_, number| match number {
        1 => Says { status: "503 Busy", headers: "Retry-After: 600\r\n".to_owned(), ..Says::default() },
        _ => said(page(0..6)),
    });
    place.poll_of(&place.neighbour(), 0.0).await;
    let key = place.target().key;
    place.store.wish(&key, Wish::Pause, at(0.0)).await.unwrap();
    place.store.wish(&key, Wish::Poll, at(0.05)).await.unwrap();
    assert_eq!(place.poll(0.1).await.stream.asked, Some(at(0.05)));
    assert_eq!(place.poll(0.5).await.stream.asked, None);
    assert_eq!((place.requests().len(), place.state().await), (2, "paused"));
}

#[tokio::test]
async fn a_first_poll_ends_though_its_older_pages_cannot_be_read() {
    for (status, polls) in [("404 Not Found", 1), ("403 Forbidden", 1), ("200 OK", 1), ("500 Internal Server Error", 4)] {
        // There is something new with every poll, and behind the first page nothing is ever answered.
        let place = Place::new(move |path, number| {
            if path != "/f" {
                return Says { status, ..said("<html><body>Please sign in</body></html>".to_owned()) };
            }
            let numbers = (0..10 + number).rev().map(|n| (n, format!("id-{n}"), None));
            said(rss("Reviews", Some("/f?page=1"), numbers))
        });
        for hour in 0..polls {
            place.poll(f64::from(hour)).await;
        }
        assert!(place.stream().await.history_done, "{status}");
        assert_eq!(place.state().await, "ok", "{status}");
        let polled = place.poll(f64::from(polls)).await;
        assert!(polled.committed.new > 0 && polled.committed.late == 0, "{status}: what comes now is news: {polled:?}");
    }
}

#[tokio::test]
async fn a_walk_that_begins_anew_goes_on_behind_the_pages_that_are_known() {
    let place = Place::new(|path, number| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        if index == 2 && number < 6 {
            return Says { status: "500 Internal Server Error", ..Says::default() };
        }
        let older = (index < 3).then(|| format!("/f?page={}", index + 1));
        let numbers = (100 - index * 10 - 10..100 - index * 10).rev();
        said(rss("Reviews", older.as_deref(), numbers.map(|n| (n, format!("id-{n}"), None))))
    });
    for hour in 0..4_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.counted().await, (40, 0));
    assert!(place.stream().await.history_done);
}

#[tokio::test]
async fn a_walk_of_the_old_address_does_not_go_on_under_the_new_one() {
    let mut place = Place::new(|path, number| match (path, number) {
        ("/f", _) => said(rss("Reviews", Some("/f?page=1"), (0..10).map(|n| (n, format!("id-{n}"), None)))),
        ("/g", 4..) => said(page(500..520)),
        _ => Says { status: "500 Internal Server Error", ..Says::default() },
    });
    place.poll(0.0).await;
    assert!(place.stream().await.walk.is_some());
    (place.plan, place.fetcher) = plan(place.port, "/g");
    place.poll(1.0).await;
    let polled = place.poll(2.0).await;
    assert_eq!(place.requests(), ["/f", "/f?page=1", "/g", "/g"]);
    assert_eq!((polled.committed.new, polled.committed.late), (20, 20));
}

#[tokio::test]
async fn of_a_document_that_is_cut_whole_items_count_and_the_rest_is_asked_for_again() {
    for inside in [true, false] {
        let place = Place::new(move |_, number| {
            let whole = page(0..number * 10);
            let half = if inside { whole.find("<title>Visit 3<").unwrap() } else { whole.find("<item><guid>id-3<").unwrap() };
            let body = if number == 2 { whole[..half].to_owned() } else { page(0..20.min(number * 10)) };
            Says { headers: format!("ETag: \"{}\"\r\n", number.min(2)), ..said(body) }
        });
        place.poll(0.0).await;
        let before = place.stream().await;
        let polled = place.poll(1.0).await;
        assert!(polled.error.is_some_and(|error| error.contains("ends before its end")));
        assert_eq!((polled.committed.new, polled.committed.late), (10, 0), "what is whole counts");
        let after = place.stream().await;
        assert_eq!(
            (&after.validators, &after.standing.page, after.complete_to),
            (&before.validators, &before.standing.page, before.complete_to)
        );
        let polled = place.poll(2.0).await;
        assert_eq!((polled.error, polled.committed.new), (None, 0));
        assert_eq!(place.counted().await.0, 20, "each once");
    }
}

#[tokio::test]
async fn a_document_that_never_says_that_it_ends_is_read_all_the_same() {
    let place = Place::new(|_, number| said(page(0..10 + number).replace("</channel></rss>", "")));
    for hour in 0..3_u32 {
        assert!(place.poll(f64::from(hour)).await.error.is_some());
    }
    for hour in 3..6_u32 {
        assert_eq!(place.poll(f64::from(hour)).await.error, None);
    }
    assert_eq!((place.state().await, place.counted().await.0), ("ok", 16));
}

#[tokio::test]
async fn ids_that_changed_once_are_believed_again_and_each_message_counts_once() {
    let place = Place::new(|_, number| {
        let scheme = if number < 3 { "http" } else { "https" };
        said(rss("Reviews", None, (0..20 + number).rev().map(|n| (n, format!("{scheme}://s.example/{n}"), None))))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.state().await, "ids_change");
    for hour in 3..9_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!((place.state().await, place.counted().await.0), ("ok", 29));
}

#[tokio::test]
async fn short_new_complaints_are_not_taken_for_old_ones_that_say_the_same() {
    let place = Place::new(|_, number| {
        let item = |n: usize, says: &str| {
            let date = at(n as f64 / 4.0 - 20.0).to_rfc2822();
            format!("<item><guid>{number}-{n}</guid><description>{says}</description><author>a{n}</author><pubDate>{date}</pubDate></item>")
        };
        let old = (0..40).map(|n| item(n, if n % 2 == 0 { "Does not work" } else { ["Good", "Fine", "Nice"][n % 3] }));
        let new = (80..110).take(if number == 4 { 30 } else { 0 }).map(|n| item(n, "Does not work"));
        let items: String = new.chain(old).collect();
        said(format!("<rss version=\"2.0\"><channel><title>Reviews</title>{items}</channel></rss>"))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.state().await, "ids_change");
    assert_eq!(place.poll(7.5).await.committed.new, 30);
}
