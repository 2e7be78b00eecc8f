//! How exact and how fast the daemon polls: its whole loop with a store on the disk, against many
//! quiet feeds of a small server in this process.
//!
//! `cargo bench --bench poll`. First at a calm pace, for lateness; then with more due than can be
//! done, for the rate. With `UPROAR_BENCH_FEEDS` there are more or fewer feeds. The server takes a part
//! of the machine: with two cores the rate is about what a daemon alone has on one.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what is asked here is answered here")]
#![allow(clippy::disallowed_methods, reason = "it measures real time, and reads how long it should")]

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use uproar::config;
use uproar::deliver::Carrier;
use uproar::deliver::Options;
use uproar::engine::Doors;
use uproar::engine::Parts;
use uproar::engine::plan::Plan;
use uproar::fetch::Fetcher;
use uproar::host::beats::Beats;
use uproar::host::clock::Clock;
use uproar::host::credentials::Credentials;
use uproar::store::sqlite::Sqlite;
use uproar::web::board::Board;

/// Addresses of this machine that the feeds are spread over.
const HOSTS: usize = 50;

/// When each feed was asked, and whether the answers count.
struct Log {
    asked: Mutex<Vec<Vec<Instant>>>,
    counts: AtomicBool,
}

fn main() {
    let feeds = std::env::var("UPROAR_BENCH_FEEDS").ok().and_then(|number| number.parse().ok()).unwrap_or(5_000);
    let log = Arc::new(Log { asked: Mutex::new(vec![Vec::new(); feeds]), counts: AtomicBool::new(false) });
    let listeners: Vec<TcpListener> = (0..HOSTS).map(|host| TcpListener::bind((format!("127.0.1.{}", host + 1), 0)).unwrap()).collect();
    let listening: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
    for listener in listeners {
        let log = Arc::clone(&log);
        thread::spawn(move || serve(&listener, &log));
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let seconds = 20;
    // Each is read for the first time, then twice at least.
    let calm = feeds as u64 / 280 + 1;
    report("calm", &log, Some(calm), || run(&listening, feeds, calm, 70 + 2 * calm, seconds, &log, folder.path()));
    report("at full speed", &log, None, || run(&listening, feeds, 1, 3, seconds, &log, folder.path()));
}

/// Runs the daemon; what is asked in the last `seconds` counts.
fn run(listening: &[u16], feeds: usize, every: u64, warm: u64, seconds: u64, log: &Arc<Log>, folder: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    let text = configuration(listening, feeds, every);
    let document = config::Document { name: "bench".to_owned(), text };
    let config = config::parse(&[document], &Credentials::of_this_process()).config.unwrap();
    let (store, writer) = Sqlite::open(&folder.join("u.db"), "bench".to_owned()).unwrap();
    let plan = Arc::new(Plan::build(config, store.author_key()).unwrap());
    let parts = Parts {
        store,
        clock: Clock::real(),
        fetcher: Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).unwrap()),
        carrier: Arc::new(Carrier::new(&Options::default()).unwrap()),
        beats: Beats::start(),
        board: Board::default(),
        ready: Arc::default(),
    };
    let stop = CancellationToken::new();
    let watch = {
        let (log, stop) = (Arc::clone(log), stop.clone());
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(warm));
            log.counts.store(true, Ordering::Relaxed);
            thread::sleep(Duration::from_secs(seconds));
            log.counts.store(false, Ordering::Relaxed);
            stop.cancel();
        })
    };
    runtime.block_on(uproar::engine::serve(plan, parts, Doors::default(), stop)).unwrap();
    watch.join().unwrap();
    drop(runtime);
    writer.join().unwrap();
}

fn configuration(listening: &[u16], feeds: usize, every: u64) -> String {
    let host = |feed: usize| format!("127.0.1.{}:{}", feed % HOSTS + 1, listening[feed % HOSTS]);
    let allowed: Vec<String> = (0..HOSTS).map(|feed| format!("\"{}\"", host(feed))).collect();
    let allowed = allowed.join(", ");
    let mut text =
        format!("builtin_themes = false\n[fetch]\ncontact = \"bench@example.com\"\nhost_gap = \"0s\"\nallow_private = [{allowed}]\n");
    for feed in 0..feeds {
        let at = host(feed);
        write!(text, "[[source]]\nname = \"{feed}\"\nevery = \"{every}s\"\nfeed = {{ url = \"http://{at}/{feed}\" }}\n").unwrap();
    }
    text
}

fn report(name: &str, log: &Log, every: Option<u64>, work: impl FnOnce()) {
    log.asked.lock().unwrap().iter_mut().for_each(Vec::clear);
    work();
    let asked = log.asked.lock().unwrap();
    let all: Vec<Instant> = asked.iter().flatten().copied().collect();
    let Some((first, last)) = all.iter().min().zip(all.iter().max()) else { return println!("{name}: nothing was asked") };
    let rate = all.len() as f64 / (*last - *first).as_secs_f64();
    println!("{name}: {rate:.0} polls/s");
    let Some(every) = every else { return };
    // Against the interval with its jitter of 5 %, which is no lateness.
    let mut late: Vec<f64> =
        asked.iter().flat_map(|times| times.windows(2)).map(|pair| (pair[1] - pair[0]).as_secs_f64() - every as f64 * 1.05).collect();
    late.sort_by(f64::total_cmp);
    let quantile = |share: f64| late.get((late.len().max(1) as f64 * share) as usize).copied().unwrap_or(0.0).max(0.0);
    println!("{name}: later than the jitter by p50 {:.3} s, p99 {:.3} s", quantile(0.5), quantile(0.99));
}

/// One thread for each connection, of which the daemon has one a host.
fn serve(listener: &TcpListener, log: &Arc<Log>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let log = Arc::clone(log);
        thread::spawn(move || answer_all(stream, &log));
    }
}

fn answer_all(stream: TcpStream, log: &Log) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    let mut out = stream;
    loop {
        let (mut first, mut known) = (String::new(), false);
        lines.read_line(&mut first).ok().filter(|read| *read > 0)?;
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).ok()?;
            known |= line.to_ascii_lowercase().starts_with("if-none-match:");
            if line.trim().is_empty() {
                break;
            }
        }
        let feed: usize = first.split([' ', '/']).nth(2)?.parse().ok()?;
        if log.counts.load(Ordering::Relaxed) {
            log.asked.lock().ok()?[feed].push(Instant::now());
        }
        let answer = if known {
            "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n".to_owned()
        } else {
            let body = format!(
                "<rss version=\"2.0\"><channel><title>{feed}</title><item><guid>{feed}</guid><title>Calm</title></item></channel></rss>"
            );
            format!("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        out.write_all(answer.as_bytes()).ok()?;
    }
}
