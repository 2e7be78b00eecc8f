//! The servers of all places: they look at the world's time, answer over real sockets, and note who was
//! given what.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::DateTime;

use crate::polls::document::Page;
use crate::polls::faults;
use crate::polls::faults::Fault;
use crate::polls::world::HOUR;
use crate::polls::world::SOURCES;
use crate::polls::world::Source;
use crate::polls::world::Validator;
use crate::polls::world::Way;
use crate::polls::world::World;

/// Hosts: the last one is where redirects lead.
pub const HOSTS: usize = 11;
/// What a slow answer takes.
const SLOW: Duration = Duration::from_millis(700);

/// All servers; they end with this value.
pub struct Sites {
    world: Arc<World>,
    told: Arc<Mutex<Vec<Told>>>,
    addresses: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
    listeners: Vec<JoinHandle<()>>,
}

/// What one source has been told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Requests for its own address.
    pub asked: usize,
    /// Requests for the address that it redirects to.
    pub asked_there: usize,
    /// Whole pages.
    whole: usize,
    /// Faults since the last good answer.
    in_a_row: u32,
    /// Faults by name.
    pub faults: BTreeMap<String, usize>,
    /// The validators of good answers, and which page each stood for. Who was cut off before they were stored
    /// has an older one.
    given: BTreeMap<String, u64>,
    /// Good answers since the hour was over.
    pub calm: usize,
    /// Answers that nothing has changed.
    pub unchanged: usize,
    /// What was sent and had never been given.
    pub wrong: Vec<String>,
}

impl Sites {
    /// Serves a world.
    pub fn open(world: Arc<World>) -> Self {
        let told = Arc::new(Mutex::new(vec![Told::default(); SOURCES]));
        let stop = Arc::new(AtomicBool::new(false));
        let sockets: Vec<TcpListener> = (0..HOSTS).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<SocketAddr> = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        let elsewhere = addresses[HOSTS - 1];
        let listen = |socket: TcpListener| {
            let (world, told, stop) = (Arc::clone(&world), Arc::clone(&told), Arc::clone(&stop));
            thread::spawn(move || {
                for connection in socket.incoming().map_while(Result::ok) {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (world, told) = (Arc::clone(&world), Arc::clone(&told));
                    thread::spawn(move || speak(&connection, &world, &told, elsewhere));
                }
            })
        };
        let listeners = sockets.into_iter().map(listen).collect();
        Self { world, told, addresses, stop, listeners }
    }

    /// `127.0.0.1:PORT` of all hosts.
    pub fn hosts(&self) -> Vec<String> {
        self.addresses.iter().map(SocketAddr::to_string).collect()
    }

    /// The address of a source.
    pub fn url(&self, source: &Source) -> String {
        format!("http://{}/{}/feed", self.addresses[source.number % (HOSTS - 1)], source.number)
    }

    /// What each source has been told so far.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// Whether the hour is over and every source has been read twice since: what the first answer held
    /// is stored when the second is asked for.
    pub fn are_all_read(&self) -> bool {
        self.world.at() > HOUR && self.told.lock().unwrap().iter().all(|told| told.calm >= 2)
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            let _ = TcpStream::connect(address);
        }
        for listener in self.listeners.drain(..) {
            let _ = listener.join();
        }
    }
}

/// What was asked: of whom, which page, and what it should be compared with.
struct Question {
    source: usize,
    part: String,
    tag: Option<String>,
    modified: Option<String>,
}

/// One request, one answer, and the connection ends.
fn speak(mut connection: &TcpStream, world: &World, told: &Mutex<Vec<Told>>, elsewhere: SocketAddr) -> Option<()> {
    connection.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    // What lies unread when a socket is closed makes its end a reset.
    let mut first = [0; 256];
    let seen = connection.peek(&mut first).ok()?;
    let question = read(&first[..seen], connection, world, told)?;
    let (answer, slow) = answer(&question, world, told, elsewhere);
    if slow {
        thread::sleep(SLOW);
    }
    connection.write_all(&answer).ok()
}

/// Reads a request, unless it is to be reset.
fn read(first: &[u8], connection: &TcpStream, world: &World, told: &Mutex<Vec<Told>>) -> Option<Question> {
    let line = String::from_utf8_lossy(first);
    let path = line.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let (source, part) = path.split_once('/')?;
    let source: usize = source.parse().ok().filter(|source| *source < SOURCES)?;
    if part == "feed" && fault_now(source, world, told) == Some(Fault::Reset) {
        note(source, Fault::Reset, told);
        return None;
    }
    let mut question = Question { source, part: part.to_owned(), tag: None, modified: None };
    for line in BufReader::new(connection).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "if-none-match" => question.tag = Some(value.to_owned()),
                "if-modified-since" => question.modified = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    Some(question)
}

/// What goes wrong with the next request for the address of a source.
fn fault_now(source: usize, world: &World, told: &Mutex<Vec<Told>>) -> Option<Fault> {
    let told = &told.lock().unwrap()[source];
    let fault = if world.at() > HOUR { None } else { faults::fault(source, told.asked, told.in_a_row) };
    // Empty is odd only where there was something, three times at least.
    fault.map(|fault| if fault == Fault::Empty && told.whole <= 3 { Fault::Login } else { fault })
}

fn note(source: usize, fault: Fault, told: &Mutex<Vec<Told>>) {
    let told = &mut told.lock().unwrap()[source];
    told.asked += 1;
    told.in_a_row += u32::from(!fault.is_harmless());
    *told.faults.entry(format!("{fault:?}")).or_default() += 1;
}

/// The answer, and whether it takes its time.
fn answer(question: &Question, world: &World, told: &Mutex<Vec<Told>>, elsewhere: SocketAddr) -> (Vec<u8>, bool) {
    let source = &world.sources[question.source];
    let at = world.at();
    if let Some(page) = question.part.strip_prefix("older-").and_then(|page| page.parse().ok()) {
        return (faults::good(&[], older(source, page).as_bytes()), false);
    }
    let there = question.part == "there";
    let fault = if there { None } else { fault_now(question.source, world, told) };
    if let Some(fault) = fault {
        note(question.source, fault, told);
        // Harmless ones are answered below, late.
        if !fault.is_harmless() {
            let (page, empty) =
                (page(source, at, 0), Page { posts: &[], form: source.form, identity: source.identity, turn: 0, next: None }.text());
            let headers = [format!("content-type: {}", page.0)];
            return (fault.instead(&headers, page.1.as_bytes(), empty.as_bytes()).unwrap_or_default(), false);
        }
    }
    if source.way != Way::Here && !there {
        told.lock().unwrap()[question.source].asked += usize::from(fault.is_none());
        let status = if source.way == Way::Permanent { "301 -" } else { "302 -" };
        return (faults::answer(status, &[format!("location: http://{elsewhere}/{}/there", source.number)], b"", 0), fault.is_some());
    }
    let told = &mut told.lock().unwrap()[question.source];
    if there {
        told.asked_there += 1;
    } else {
        told.asked += usize::from(fault.is_none());
    }
    told.in_a_row = 0;
    told.calm += usize::from(at > HOUR);
    (told.page(source, question, at), fault.is_some())
}

impl Told {
    /// The page of a source, or that it has not changed.
    fn page(&mut self, source: &Source, question: &Question, at: Duration) -> Vec<u8> {
        let turn = self.asked + self.asked_there;
        let (content_type, text) = page(source, at, turn);
        let version = hash(&source.page(at).iter().map(|post| &post.text).collect::<Vec<_>>());
        let sent = question.tag.as_ref().or(question.modified.as_ref());
        if let Some(sent) = sent
            && !self.given.contains_key(sent)
        {
            self.wrong.push(format!("{} sent {sent} and was given {:?}", source.name(), self.given.keys()));
        }
        let known = sent.and_then(|sent| self.given.get(sent)) == Some(&version);
        let validator = match source.validator {
            Validator::Tag => Some(("etag", format!("\"{version:x}\""))),
            Validator::Modified => Some(("last-modified", stamp(version))),
            Validator::Renewed => Some(("etag", format!("W/\"{version:x}.{turn}\""))),
            Validator::Restless => Some(("etag", format!("{turn}"))),
            Validator::None => None,
        };
        let mut headers: Vec<String> = validator.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        self.given.extend(validator.map(|(_, value)| (value, version)));
        if known && source.validator != Validator::Restless {
            self.unchanged += 1;
            return faults::answer("304 -", &headers, b"", 0);
        }
        self.whole += 1;
        headers.push(format!("content-type: {content_type}"));
        if source.number.is_multiple_of(4) {
            headers.push("content-encoding: gzip".to_owned());
            return faults::good(&headers, &faults::gzip(text.as_bytes()));
        }
        faults::good(&headers, text.as_bytes())
    }
}

/// Type and text of the first page.
fn page(source: &Source, at: Duration, turn: usize) -> (&'static str, String) {
    let next = (source.pages > 0).then(|| "older-2".to_owned());
    let posts = source.page(at);
    let page = Page { form: source.form, identity: source.identity, posts: &posts, turn, next };
    (page.content_type(), page.text())
}

fn older(source: &Source, page: usize) -> String {
    let next = (page <= source.pages).then(|| format!("older-{}", page + 1));
    let posts = source.older(page);
    Page { form: source.form, identity: source.identity, posts: &posts, turn: 0, next }.text()
}

fn hash(texts: &[&String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    hasher.finish()
}

/// A date that stands for a version.
fn stamp(version: u64) -> String {
    let moment = DateTime::from_timestamp((version % 1_700_000_000) as i64, 0).unwrap();
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
