//! `uproar preview`
//!
//! Shows what the daemon would read, without storing anything: the same sources read the same
//! bytes; only the carrying of requests is done here.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::config::settings::Fetch;
use crate::config::units;
use crate::domain::Timestamp;
use crate::domain::http::Aside;
use crate::domain::http::Bytes;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Slice;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::engine::refusal;
use crate::fetch::Fetched;
use crate::fetch::Fetcher;
use crate::fetch::Files;
use crate::fetch::Manner;
use crate::host::clock::Clock;
use crate::sources;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::feed;
use crate::sources::file;
use crate::sources::file::DateOrder;
use crate::sources::services::Known;
use crate::sources::services::Saved;

mod json;
mod saved;
mod table;

/// Show what the daemon would read
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  printf 'id,date,stars,text\\n7,2026-01-05,2,No answer\\n' | uproar preview -")]
pub struct Args {
    /// Name of a configured source, a URL, a file, or `-` for standard input
    what: String,
    /// Read it as this, whatever it looks like
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    kind: Option<Kind>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Order of day, month and year in dates that can be read two ways
    #[arg(long, value_name = "ORDER")]
    date_order: Option<OrderName>,
    /// Where the document came from: the start of relative links
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Ask the host's `robots.txt` first, as a source with `robots = "obey"` does
    #[arg(long)]
    robots: bool,
    /// Read a saved reply as the configured source of this name would
    #[arg(long, value_name = "NAME", conflicts_with = "kind")]
    source: Option<String>,
    /// CSS selectors for a saved page, as in `[source.html.selectors]`: {"item": "li.review", "text": ".text"}
    #[arg(long, value_name = "JSON")]
    selectors: Option<String>,
    /// When it was fetched, such as 2026-01-05T08:00:00Z
    #[arg(long, value_name = "TIME")]
    fetched_at: Option<Timestamp>,
}

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// RSS, Atom, JSON Feed.
    Feed,
    /// Delimited text.
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// A list of JSON objects.
    Json,
    /// A reply of the service of this name.
    Service(&'static str),
}

/// Names of kinds with what they are.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    let documents = [("feed", Kind::Feed), ("csv", Kind::Csv), ("jsonl", Kind::Jsonl), ("json", Kind::Json)];
    let services = sources::Settings::SERVICES.iter().map(|service| (service.kind, Kind::Service(service.kind)));
    let all: Vec<(&str, Kind)> = documents.into_iter().chain(services).collect();
    PossibleValuesParser::new(all.iter().map(|(name, _)| *name).collect::<Vec<_>>())
        .map(move |word| all.iter().find(|(name, _)| *name == word).map_or(Kind::Feed, |(_, kind)| *kind))
}

/// What a service's messages have from where, in the words of columns.
fn mapped(known: &Known) -> Vec<(String, String)> {
    known.mapping.iter().map(|(field, from)| ((*from).to_owned(), (*field).to_owned())).collect()
}

/// The service of this name.
fn service(kind: &str) -> Option<&'static Known> {
    sources::Settings::SERVICES.iter().find(|service| service.kind == kind)
}

/// Orders as the option names them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OrderName {
    /// 31/12/2026
    Dmy,
    /// 12/31/2026
    Mdy,
    /// 26/12/31
    Ymd,
}

/// Standard input beyond this is refused, in bytes.
const MOST_INPUT: u64 = 256 * 1024 * 1024;

/// Takes the pages of a walk as they come.
trait Show {
    /// One page.
    fn page(&mut self, page: Page) -> Result<(), Failure>;
    /// What the columns of a file were found to be.
    fn columns(&mut self, _columns: Vec<(String, String)>) {}
    /// What an answer says beside, and what a poll would make of it.
    fn note(&mut self, _note: String) {}
    /// No page follows.
    fn finish(&mut self) -> Result<(), Failure>;
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let colours = console.colours;
    let source = wanted(args, console)?;
    let reads = saved::Configured::find(args, console)?;
    let mut show: Box<dyn Show + '_> =
        if args.json { Box::new(json::Json::new(&mut console.out)) } else { Box::new(table::Table::new(&mut console.out, colours)) };
    match &source {
        Wanted::Input => input(args, &reads, show.as_mut())?,
        Wanted::File(path) => local(args, path, &reads, show.as_mut())?,
        Wanted::Source(source, fetch) => remote(args, source, fetch, show.as_mut())?,
    }
    show.finish()?;
    Ok(Code::Done)
}

/// What the command line asks for.
enum Wanted {
    Input,
    File(PathBuf),
    Source(Box<Asked>, Box<Fetch>),
}

/// A source, and whether it asks for `robots.txt` first.
struct Asked {
    kind: sources::Settings,
    robots: bool,
}

fn wanted(args: &Args, console: &mut Console) -> Result<Wanted, Failure> {
    let path = PathBuf::from(&args.what);
    if args.what == "-" {
        return Ok(Wanted::Input);
    }
    if args.what.starts_with("http://") || args.what.starts_with("https://") {
        let kind = match args.kind {
            Some(Kind::Csv | Kind::Jsonl | Kind::Json) => {
                sources::Settings::File(Box::new(file::Settings { url: Some(args.what.clone()), ..file_settings(args) }))
            }
            Some(Kind::Service(kind)) => {
                let message = format!(
                    "an address alone does not say how `{kind}` is to be asked; name a configured source, or the file of a saved reply"
                );
                return Err(Failure::new(Code::Usage, message));
            }
            Some(Kind::Feed) | None => sources::Settings::Feed(feed::Settings::Url(args.what.clone())),
        };
        return Ok(Wanted::Source(Box::new(Asked { kind, robots: args.robots }), Box::new(fetch_for(&args.what, console))));
    }
    if path.is_file() {
        return Ok(Wanted::File(path));
    }
    if !console.config.exists() {
        let (what, config) = (table::harmless(&args.what), console.config.display());
        let message = format!(
            "`{what}` is no file and no address, and there is no configuration {config} that could have a source of that name; name one with `--config`"
        );
        return Err(Failure::new(Code::Usage, message));
    }
    let config = load::load_without_secrets(console)?;
    let Some(source) = config.sources.iter().find(|source| source.name == args.what) else {
        let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        let what = table::harmless(&args.what);
        let known = if names.is_empty() { "no source yet".to_owned() } else { names.join(", ") };
        return Err(Failure::new(Code::Usage, format!("`{what}` is no file, no address and no source; the configuration has {known}")));
    };
    let asked = Asked { kind: looked_at(source.kind.clone()), robots: source.robots || args.robots };
    Ok(Wanted::Source(Box::new(asked), Box::new(Fetch { settle: TimeDelta::zero(), ..config.fetch })))
}

/// A look changes nothing: files stay where they are.
fn looked_at(kind: sources::Settings) -> sources::Settings {
    match kind {
        sources::Settings::File(files) => {
            sources::Settings::File(Box::new(file::Settings { after: file::After::Keep, settle: Some(TimeDelta::zero()), ..*files }))
        }
        other => other,
    }
}

/// How to fetch an address that a person typed: as the configuration says, where there is one that
/// can be read. Whoever types an address in a private network means it.
fn fetch_for(url: &str, console: &Console) -> Fetch {
    let configured = load::read_without_secrets(&console.config).ok().and_then(|(_, loaded)| loaded.config).map(|config| config.fetch);
    let mut fetch = configured.unwrap_or_else(|| Fetch {
        contact: None,
        proxy: None,
        extra_ca: None,
        allow_private: Vec::new(),
        timeout: TimeDelta::seconds(30),
        max_body: 20_000_000,
        host_gap: TimeDelta::seconds(1),
        at_once: 1,
        settle: TimeDelta::zero(),
    });
    let typed = url::Url::parse(url).ok();
    fetch.allow_private.extend(typed.and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))));
    fetch
}

/// Standard input: the whole of it, as if it had been fetched.
fn input(args: &Args, reads: &saved::Configured, show: &mut dyn Show) -> Result<(), Failure> {
    let mut body = Vec::new();
    std::io::stdin().lock().take(MOST_INPUT + 1).read_to_end(&mut body)?;
    if body.len() as u64 > MOST_INPUT {
        return Err(Failure::new(Code::Data, "standard input holds more than 256 MiB; name the file instead, it is read in pieces"));
    }
    document(args, "standard input", body, reads, show)
}

/// A file: documents are read whole, tables in pieces.
fn local(args: &Args, path: &Path, reads: &saved::Configured, show: &mut dyn Show) -> Result<(), Failure> {
    let files = Files::default();
    let head = slice(&files, &Slice { path: path.to_owned(), from: 0, limit: 64 * 1024, context: String::new(), packed: None })?;
    let kind = match reads.tables() {
        Some(_) => Kind::Csv,
        None if args.source.is_some() => Kind::Feed,
        None => args.kind.unwrap_or_else(|| looks_like(&head.body)),
    };
    match kind {
        Kind::Feed | Kind::Service(_) => {
            let bytes =
                slice(&files, &Slice { path: path.to_owned(), from: 0, limit: feed::LARGEST, context: String::new(), packed: None })?;
            if !bytes.at_end() {
                return Err(unreadable(&args.what, &ReadError::new("more than 32 MiB", "no feed may be so long")));
            }
            document(args, &args.what, bytes.body, reads, show)
        }
        Kind::Csv | Kind::Jsonl | Kind::Json => {
            let settings = reads.tables().cloned().unwrap_or_else(|| file_settings(args));
            let source = file::OneFile::new(path.to_owned(), settings.clone());
            walk(&source, args, &Bounds::NONE, show, &mut |request, show| {
                let response = carry(&files, request)?;
                if let Response::Slice(bytes) = &response
                    && bytes.from == 0
                {
                    show.columns(file::columns(bytes, &settings).unwrap_or_default());
                }
                Ok(response)
            })
        }
    }
}

/// A document that is in memory.
fn document(args: &Args, what: &str, body: Vec<u8>, reads: &saved::Configured, show: &mut dyn Show) -> Result<(), Failure> {
    if let Some(name) = &args.source {
        show.columns(reads.mapping());
        let page = saved::of_source(name, args, &body, reads, show)?;
        return show.page(page);
    }
    let kind = match args.kind.unwrap_or_else(|| looks_like(&body)) {
        // A page for people is one with reviews, or it may name a feed.
        Kind::Feed if args.kind.is_none() && saved::is_page_of_reviews(args, &body) => Kind::Service("html"),
        kind => kind,
    };
    let page = match kind {
        Kind::Service("html") => saved::page_of_reviews(args, &body)?,
        Kind::Feed => {
            let url = args.url.clone().or_else(|| crate::host::env::read("FEED_URL"));
            let content_type = crate::host::env::read("FEED_CONTENT_TYPE").unwrap_or_default();
            feed::document(&body, &content_type, url.as_deref())
        }
        Kind::Service(kind) => {
            let content_type = crate::host::env::read("FEED_CONTENT_TYPE").unwrap_or_default();
            let fetched_at = args.fetched_at.unwrap_or_else(|| Clock::real().now());
            let saved = Saved { body: &body, url: args.url.as_deref(), content_type: &content_type, fetched_at };
            let known = service(kind).ok_or_else(|| Failure::new(Code::Bug, "a service that is not known"))?;
            show.columns(mapped(known));
            (known.saved)(&saved)
        }
        Kind::Csv | Kind::Jsonl | Kind::Json => file::document(body, what, &file_settings(args)).map(|(page, columns)| {
            show.columns(columns);
            page
        }),
    };
    show.page(page.map_err(|error| unreadable(what, &error))?)
}

/// A source as the daemon would poll it for the first time: the first page with messages of each of its
/// parts, after whatever has to be looked up or waited for.
fn remote(args: &Args, source: &Asked, fetch: &Fetch, show: &mut dyn Show) -> Result<(), Failure> {
    let settings = &source.kind;
    let reader = settings.build();
    let manner = Manner { robots: source.robots, login: reader.login(), ..Manner::default() };
    if let Some(known) = service(settings.kind()) {
        show.columns(mapped(known));
    }
    let bounds = if settings.is_remote() { Bounds { since: settings.service().is_some(), ..Bounds::A_LOOK } } else { Bounds::NONE };
    if let sources::Settings::Webhook(_) = settings {
        show.note("a webhook asks nobody: `uproar preview FILE --source NAME` reads a body that was pushed, saved to a file".to_owned());
    }
    let fetcher = Fetcher::new(fetch, fetch.settle).map_err(|error| Failure::new(Code::Config, error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut carry = |request: &Request, show: &mut dyn Show| {
        let outcome = runtime.block_on(fetcher.fetch(request, manner, Clock::real().now()));
        let unavailable = if settings.is_remote() { Code::Unavailable } else { Code::Io };
        match outcome.map_err(|error| Failure::new(unavailable, refusal::worded(reader.as_ref(), error)))? {
            Fetched::New { response, aside, .. } => {
                for note in notes(&aside) {
                    show.note(note);
                }
                if let (Response::Http(answer), sources::Settings::File(table)) = (&response, settings) {
                    show.columns(file::explained(answer, table).unwrap_or_default());
                }
                Ok(response)
            }
            Fetched::Unchanged { .. } => {
                Err(Failure::new(Code::Unavailable, "the server says \"unchanged\" although it was asked for everything"))
            }
        }
    };
    walk(reader.as_ref(), args, &bounds, show, &mut carry)
}

/// What an answer says beside its body.
fn notes(aside: &Aside) -> Vec<String> {
    let moved = aside.moved_to.as_ref().map(|to| format!("it has moved for good to {to}: write that address as its `url`"));
    let fresh = aside.fresh_for.filter(|fresh| *fresh > TimeDelta::zero());
    moved
        .into_iter()
        .chain(fresh.map(|fresh| format!("the server asks not to be asked again for {}", units::write_duration(fresh))))
        .collect()
}

/// What a page says about polling it.
fn wishes(page: &Page) -> Vec<String> {
    let every = page.rhythm.every.map(|every| format!("it asks to be polled every {} at most", units::write_duration(every)));
    let hours = (!page.rhythm.skip_hours.is_empty()).then(|| {
        let hours: Vec<String> = page.rhythm.skip_hours.iter().map(ToString::to_string).collect();
        format!("it asks to be left alone in the hours {} (UTC)", hours.join(", "))
    });
    let days = (!page.rhythm.skip_days.is_empty()).then(|| {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> = page.rhythm.skip_days.iter().filter_map(|day| names.get(*day as usize).copied()).collect();
        format!("it asks to be left alone on {} (UTC)", days.join(", "))
    });
    let older = page.older.as_ref().map(|_| "older messages are on further pages, which the first poll reads".to_owned());
    [every, hours, days, older].into_iter().flatten().collect()
}

/// How far a look goes.
struct Bounds {
    /// Pages with messages of each part.
    pages: u32,
    /// Requests of each part: some look things up, or ask whether an export is made.
    requests: u32,
    /// Time that is waited between requests, because a page says so.
    patience: Duration,
    /// Nothing at all may mean that nothing is newer than `since`.
    since: bool,
    /// Waits.
    wait: fn(Duration),
}

impl Bounds {
    /// To the end.
    const NONE: Self = Self { pages: u32::MAX, requests: u32::MAX, patience: Duration::MAX, since: false, wait: std::thread::sleep };
    /// One page, and what it takes to get there.
    const A_LOOK: Self = Self { pages: 1, requests: 20, patience: Duration::from_mins(1), ..Self::NONE };
}

/// Reads a source from its beginning, within bounds.
fn walk(
    source: &dyn Source,
    args: &Args,
    bounds: &Bounds,
    show: &mut dyn Show,
    carry: &mut dyn FnMut(&Request, &mut dyn Show) -> Result<Response, Failure>,
) -> Result<(), Failure> {
    let now = args.fetched_at.unwrap_or_else(|| Clock::real().now());
    for shard in source.shards() {
        let cursor = Cursor::default();
        let mut request = Some(source.first(&shard, &cursor, now));
        let (mut pages, mut requests, mut waited, mut found) = (0, 0, Duration::ZERO, 0);
        while let Some(asked) = request.take() {
            let response = carry(&asked, show)?;
            let mut page = source.read(&shard, &cursor, &response, now).map_err(|error| unreadable(&args.what, &error))?;
            request = page.next.take();
            requests += 1;
            found += page.items.len();
            pages += u32::from(!page.items.is_empty());
            let pause = page.pause.and_then(|pause| pause.to_std().ok()).unwrap_or_default();
            for note in wishes(&page) {
                show.note(note);
            }
            show.page(page)?;
            if request.is_some() && (pages >= bounds.pages || requests >= bounds.requests || waited + pause > bounds.patience) {
                break;
            }
            if request.is_some() && !pause.is_zero() {
                waited += pause;
                (bounds.wait)(pause);
            }
        }
        if let Some(note) = ended(found, request.is_some(), bounds) {
            show.note(note);
        }
    }
    Ok(())
}

/// What is to be said of where a look ended.
fn ended(found: usize, follows: bool, bounds: &Bounds) -> Option<String> {
    match (found, follows) {
        (0, true) => Some("no message came yet, and there is more to ask for: the daemon goes on where this look ends".to_owned()),
        (_, true) => Some("more pages follow, which the first poll reads".to_owned()),
        (0, false) if bounds.since => Some("there is nothing newer than `since` of the source: a week, where it names none".to_owned()),
        _ => None,
    }
}

/// Carries out a request for a piece of a local file.
fn carry(files: &Files, request: &Request) -> Result<Response, Failure> {
    match request {
        Request::Slice(wanted) => Ok(Response::Slice(slice(files, wanted)?)),
        _ => Err(Failure::new(Code::Bug, "a file's reader asked for something else")),
    }
}

fn slice(files: &Files, wanted: &Slice) -> Result<Bytes, Failure> {
    files.read_slice(wanted).map_err(|error| Failure::new(Code::Io, error))
}

fn file_settings(args: &Args) -> file::Settings {
    let date_order = args.date_order.map(|order| match order {
        OrderName::Dmy => DateOrder::DayMonthYear,
        OrderName::Mdy => DateOrder::MonthDayYear,
        OrderName::Ymd => DateOrder::YearMonthDay,
    });
    file::Settings { date_order, ..file::Settings::default() }
}

fn unreadable(what: &str, error: &ReadError) -> Failure {
    Failure::new(Code::Data, format!("{}: {}", table::harmless(what), table::harmless(&error.to_string())))
}

/// What a document is by its first bytes.
fn looks_like(body: &[u8]) -> Kind {
    let start =
        body.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf | 0xfe | 0xff | 0)).unwrap_or(0);
    let head = &body[start..body.len().min(start + 64 * 1024)];
    let has = |words: &[u8]| head.windows(words.len()).any(|window| window == words);
    match head.first() {
        Some(b'<') => Kind::Feed,
        Some(b'{') if has(b"jsonfeed.org/version") => Kind::Feed,
        Some(b'{') if has(b"\"feed\"") && (has(b"im:rating") || has(b"\"label\"")) => Kind::Service("app_store"),
        Some(b'{') => Kind::Jsonl,
        Some(b'[') => Kind::Json,
        _ => Kind::Csv,
    }
}

#[cfg(test)]
mod tests;
