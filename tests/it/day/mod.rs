//! A day of a source, told in a second: the poller and the store as the daemon has them, a clock that
//! is turned by hand from one poll to the next, and a service that lives through a bad day.
//!
//! Each service has a file here that plays its interface as its vendor documents it: logins, pages,
//! limits. What goes wrong on top (too many requests, an hour of errors, answers that are cut, a poll
//! that is killed between two requests) goes wrong in the same way for all, here.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::thread;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use uproar::config::Document;
use uproar::config::parse;
use uproar::engine::plan::Plan;
use uproar::engine::poller::Poller;
use uproar::engine::poller::Target;
use uproar::fetch::Fetcher;
use uproar::host::clock::Clock;
use uproar::host::credentials::Credentials;
use uproar::store::sqlite::Sqlite;
use uproar::web::board::Board;

use crate::house::House;

mod app_store;
mod app_store_connect;
mod bluesky;
mod discourse;
mod google_play;
mod hacker_news;
mod html;
mod http_json;
mod intercom;
mod mastodon;
mod qualtrics;
mod reddit;
mod trustpilot;
mod zendesk;

/// A request as a service sees it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub method: String,
    /// Without its query.
    pub path: String,
    /// Decoded.
    pub query: BTreeMap<String, String>,
    /// All values of `id[]` and `uris`, of which a query may have many.
    pub ids: Vec<String>,
    /// Names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// `http://127.0.0.1:PORT`, for addresses in answers.
    pub base: String,
    pub now: DateTime<Utc>,
}

/// What a service answers.
#[derive(Debug, Clone)]
pub struct Says {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Says {
    /// JSON with the status 200.
    pub fn json(value: &Value) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: value.to_string().into_bytes(),
        }
    }

    /// The same with another status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A service with what stands in it at any time of the day.
pub trait Vendor: Send + 'static {
    /// Answers a request as the vendor documents it. The time is in the request.
    fn answer(&mut self, asked: &Asked) -> Says;

    /// Its answer to one request too many.
    fn busy(&mut self, _asked: &Asked) -> Says {
        Says::json(&serde_json::json!({"error": "slow down"})).with_status(429).with("Retry-After", "2")
    }

    /// Its answer when it is out of order.
    fn broken(&mut self, _asked: &Asked) -> Says {
        Says { status: 502, headers: vec![("Content-Type".to_owned(), "text/html".to_owned())], body: b"<h1>Bad gateway</h1>".to_vec() }
    }

    /// What must be stored at the end of the day, by id: text, and stars where there are any. What was
    /// deleted at the service, and can be known to be, is not in it.
    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)>;
}

/// When the day begins.
pub fn morning() -> DateTime<Utc> {
    "2026-10-05T00:00:00Z".parse().unwrap()
}

/// So many hours of the day.
pub fn hour(hours: f64) -> DateTime<Utc> {
    morning() + TimeDelta::milliseconds((hours * 3_600_000.0) as i64)
}

/// What became of a day.
pub struct Told {
    /// Items as `export` shows them.
    pub items: Vec<Value>,
    /// Requests in order: `GET /path?query`.
    pub heard: Vec<Asked>,
    /// Errors that polls ended with, in order.
    pub errors: Vec<String>,
    pub polls: usize,
}

/// Lives through a day with a source. `config` is the text of its `[[source]]` tables, of which the first is
/// polled; `BASE` in it is the address of the service. Secrets stand in the environment
/// of no process: name files with `HERE/name`, which `files` has with their texts.
///
/// # Panics
///
/// When what is stored at the end is not what the service held.
pub fn live(config: &str, files: &[(&str, &str)], vendor: impl Vendor) -> Told {
    let clock: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(morning().timestamp_millis())));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let killed = Arc::new(AtomicBool::new(false));
    let vendor = Arc::new(Mutex::new(vendor));
    serve(listener, base.clone(), clock, Arc::clone(&heard), Arc::clone(&killed), Arc::clone(&vendor));
    let pair = base.trim_start_matches("http://");
    let top = format!(
        "[store]\npath = \"HERE/u.db\"\n[fetch]\ncontact = \"ops@example.com\"\nallow_private = [\"{pair}\"]\nhost_gap = \"0s\"\ntimeout = \"5s\"\n{}",
        config.replace("BASE", &base)
    );
    let house = House::new(&top);
    for (name, text) in files {
        house.write(name, &text.replace("BASE", &base), 0o600);
    }
    let text = std::fs::read_to_string(house.path("uproar.toml")).unwrap();
    let documents = [Document { name: "uproar.toml".to_owned(), text }];
    let outcome = parse(&documents, &Credentials::of_this_process());
    let config = outcome.config.unwrap_or_else(|| panic!("{}", uproar::config::print::show(&outcome.problems, &documents, false)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (errors, polls) = runtime.block_on(day(config, &house, clock, &killed));
    let now = clock_now(clock);
    let items = house.items();
    let stored: BTreeMap<String, (String, Option<f64>)> = items
        .iter()
        .map(|item| {
            let id = item["external_id"].as_str().unwrap().to_owned();
            (id, (item["text"].as_str().unwrap_or_default().to_owned(), item["rating"].as_f64()))
        })
        .collect();
    assert_eq!(items.len(), stored.len(), "something is stored twice");
    let heard = heard.lock().unwrap().clone();
    let truth = vendor.lock().unwrap().truth(now);
    let lost: Vec<_> = truth.iter().filter(|(id, held)| stored.get(*id) != Some(held)).collect();
    let strange: Vec<_> = stored.iter().filter(|(id, held)| truth.get(*id) != Some(held)).collect();
    assert!(lost.is_empty() && strange.is_empty(), "the service has {lost:#?}, stored is {strange:#?}; errors: {errors:#?}");
    Told { items, heard, errors, polls }
}

/// Polls when it is time, from midnight to midnight, and three times the poll is killed in its middle. What
/// was put off before midnight comes after it, and what is missing from a list has to be missing from the next
/// one too: the story ends when each stream was read well twice more.
async fn day(
    config: uproar::config::settings::Config,
    house: &House,
    clock: &'static AtomicI64,
    killed: &AtomicBool,
) -> (Vec<String>, usize) {
    let (store, _) = Sqlite::open(&house.path("u.db"), "day".to_owned()).unwrap();
    let plan = Arc::new(Plan::build(config, store.author_key()).unwrap());
    let fetcher = Arc::new(Fetcher::new(&plan.config.fetch, TimeDelta::zero()).unwrap());
    let author_key = Arc::new(store.author_key().to_vec());
    let made = || {
        let (store, plan, fetcher, key) = (store.clone(), Arc::clone(&plan), Arc::clone(&fetcher), Arc::clone(&author_key));
        Poller::new(store, plan, fetcher, key, Clock::by_hand(clock), Board::default())
    };
    let mut poller = made();
    let targets = Target::all(&plan);
    let mut dues: Vec<DateTime<Utc>> = targets.iter().map(|_| morning()).collect();
    let mut reads: Vec<u32> = targets.iter().map(|_| 0).collect();
    let (mut errors, mut polls) = (Vec::new(), 0);
    loop {
        let (next, due) = dues.iter().copied().enumerate().min_by_key(|(_, due)| *due).unwrap();
        if due >= hour(30.0) || reads.iter().all(|reads| *reads >= 2) {
            return (errors, polls);
        }
        clock.store(due.timestamp_millis().max(clock_now(clock).timestamp_millis()), Ordering::SeqCst);
        polls += 1;
        assert!(polls < 20_000, "too many polls: {errors:#?}");
        let kill = async {
            while !killed.swap(false, Ordering::SeqCst) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = kill => {
                // The process is gone, with all that it only had in memory.
                poller = made();
                dues[next] = clock_now(clock) + TimeDelta::seconds(10);
            }
            outcome = poller.poll(&targets[next]) => {
                let outcome = outcome.unwrap();
                reads[next] += u32::from(due >= hour(24.0) && outcome.error.is_none() && outcome.put_off.is_none());
                errors.extend(outcome.error);
                dues[next] = outcome.due.max(clock_now(clock) + TimeDelta::milliseconds(1));
            }
        }
    }
}

fn clock_now(clock: &AtomicI64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(clock.load(Ordering::SeqCst)).unwrap()
}

/// Requests at these numbers never get an answer: the poll that waits for one is killed.
const KILLS: [usize; 3] = [3, 40, 90];

fn serve(
    listener: TcpListener,
    base: String,
    clock: &'static AtomicI64,
    heard: Arc<Mutex<Vec<Asked>>>,
    killed: Arc<AtomicBool>,
    vendor: Arc<Mutex<impl Vendor>>,
) {
    thread::spawn(move || {
        let mut last_was_refused = false;
        // Kept open: a poll that is to be killed must hang in its request, not see it end.
        let mut hanging = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(mut asked) = read(&mut stream) else { continue };
            (asked.base, asked.now) = (base.clone(), clock_now(clock));
            let number = {
                let mut heard = heard.lock().unwrap();
                heard.push(asked.clone());
                heard.len()
            };
            if KILLS.contains(&number) {
                killed.store(true, Ordering::SeqCst);
                hanging.push(stream);
                continue;
            }
            let broken = asked.now >= hour(6.0) && asked.now < hour(7.0);
            let mut vendor = vendor.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let refuse = number.is_multiple_of(7) && !last_was_refused;
            last_was_refused = refuse;
            let says = match (broken, refuse) {
                (true, _) => vendor.broken(&asked),
                (_, true) => vendor.busy(&asked),
                _ => vendor.answer(&asked),
            };
            drop(vendor);
            // Every 31st answer breaks off in its middle.
            let sent = if number.is_multiple_of(31) { says.body.len() / 2 } else { says.body.len() };
            let lines: Vec<String> = says.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let lines = lines.concat();
            let top = format!("HTTP/1.1 {} X\r\n{lines}Content-Length: {}\r\nConnection: close\r\n\r\n", says.status, says.body.len());
            let _ = stream.write_all(top.as_bytes()).and_then(|()| stream.write_all(&says.body[..sent]));
        }
    });
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
    let url = url::Url::parse(&format!("http://x{target}")).ok()?;
    Some(Asked {
        method,
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        ids: url.query_pairs().filter(|(name, _)| matches!(name.as_ref(), "id[]" | "uris")).map(|(_, id)| id.into_owned()).collect(),
        headers,
        body: String::from_utf8_lossy(&bytes[head..head + length]).into_owned(),
        ..Asked::default()
    })
}
