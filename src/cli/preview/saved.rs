//! Saved replies: pages with reviews, and replies that only a configured source can read.

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::preview::Args;
use crate::cli::preview::OrderName;
use crate::cli::preview::Show;
use crate::cli::preview::mapped;
use crate::cli::preview::service;
use crate::cli::preview::table;
use crate::cli::preview::unreadable;
use crate::domain::Timestamp;
use crate::domain::http::Answer;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::host::clock::Clock;
use crate::host::env;
use crate::sources;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::file;
use crate::sources::file::DateOrder;
use crate::sources::html::page;
use crate::sources::services::Saved;
use crate::sources::webhook;
use crate::sources::webhook::Brings;
use crate::sources::webhook::Format;
use crate::sources::webhook::Push;
use crate::sources::webhook::Webhook;

/// The configured source that `--source` names, if it is there.
pub(super) struct Configured(Option<sources::Settings>);

impl Configured {
    pub(super) fn find(args: &Args, console: &mut Console) -> Result<Self, Failure> {
        let Some(name) = &args.source else { return Ok(Self(None)) };
        let config = load::load_without_secrets(console)?;
        let Some(source) = config.sources.iter().find(|source| source.name == *name) else {
            let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
            let known = if names.is_empty() { "no source yet".to_owned() } else { names.join(", ") };
            let message = format!("`{}` is no source; the configuration has {known}", table::harmless(name));
            return Err(Failure::new(Code::Usage, message));
        };
        Ok(Self(Some(source.kind.clone())))
    }

    /// How a source reads its tables, for one that does.
    pub(super) fn tables(&self) -> Option<&file::Settings> {
        match &self.0 {
            Some(sources::Settings::File(tables)) => Some(tables),
            _ => None,
        }
    }

    /// What its messages have from where.
    pub(super) fn mapping(&self) -> Vec<(String, String)> {
        let Some(kind) = &self.0 else { return Vec::new() };
        service(kind.kind()).map(mapped).unwrap_or_default()
    }
}

/// Reads a reply as a source would: as the page that carries messages, whatever it has to ask for first.
pub(super) fn of_source(name: &str, args: &Args, body: &[u8], configured: &Configured, show: &mut dyn Show) -> Result<Page, Failure> {
    let Some(kind) = &configured.0 else { return Err(Failure::new(Code::Bug, "a source that was not looked for")) };
    let read = if let sources::Settings::Webhook(hook) = kind {
        pushed(hook, args, body)
    } else {
        let source = kind.build();
        let Some(requests) = requests(kind.kind(), source.as_ref(), args) else {
            let message = format!("`{}` asks nobody for replies; name the file alone", table::harmless(name));
            return Err(Failure::new(Code::Usage, message));
        };
        as_answer(source.as_ref(), &requests, args, body, show)
    };
    if read.as_ref().is_ok_and(|page| !page.items.is_empty()) {
        return read.map_err(|error| unreadable(&args.what, &error));
    }
    // What its settings leave out is worth a word: it looks as if nothing could be read.
    let content_type = content_type();
    let saved = Saved { body, url: args.url.as_deref(), content_type: &content_type, fetched_at: fetched_at(args) };
    let without = service(kind.kind()).and_then(|known| (known.saved)(&saved).ok()).filter(|page| !page.items.is_empty());
    match (read, without) {
        (Ok(page), Some(without)) => {
            show.note(format!(
                "of its {} messages `{}` takes none: they are older than its `since`, or its settings leave them out",
                without.items.len(),
                table::harmless(name)
            ));
            Ok(page)
        }
        (Err(_), Some(without)) if !matches!(kind, sources::Settings::Webhook(_)) => Ok(without),
        (read, _) => read.map_err(|error| unreadable(&args.what, &error)),
    }
}

/// What a source asks for until messages come: its first request, and those that follow from what its
/// service says before. `None` where it asks nobody.
fn requests(kind: &str, source: &dyn Source, args: &Args) -> Option<Vec<Request>> {
    let steps: &[&str] = match kind {
        // The business is looked up by its domain.
        "trustpilot" => &[r#"{"id":"000000000000000000000000"}"#],
        // An export is started, and asked after until it is complete.
        "qualtrics" => &[r#"{"result":{"progressId":"ES_1","status":"inProgress"}}"#, r#"{"result":{"fileId":"1","status":"complete"}}"#],
        _ => &[],
    };
    let (now, cursor, shard) = (fetched_at(args), Cursor::default(), shard(source));
    let mut requests = vec![source.first(&shard, &cursor, now)];
    for step in steps {
        let answer = response(requests.last()?, args, step.as_bytes().to_vec())?;
        match source.read(&shard, &cursor, &answer, now).ok().and_then(|page| page.next) {
            Some(next) => requests.push(next),
            None => break,
        }
    }
    matches!(requests.first()?, Request::Call(_) | Request::Get(_)).then_some(requests)
}

/// Reads a reply as the answer to the last of these requests, or to one before it.
fn as_answer(source: &dyn Source, requests: &[Request], args: &Args, body: &[u8], show: &mut dyn Show) -> Result<Page, ReadError> {
    let (now, cursor, shard) = (fetched_at(args), Cursor::default(), shard(source));
    let mut outcome = Err(ReadError::new("an answer to a question that was not asked", "this is a bug: please report it"));
    for (number, request) in requests.iter().rev().enumerate() {
        let Some(answer) = response(request, args, body.to_vec()) else { continue };
        let read = source.read(&shard, &cursor, &answer, now).map(|page| Page { next: None, ..page });
        match read {
            Ok(page) => {
                if number > 0 {
                    show.note("it answers a step before the messages come: save what comes after it, and look at that".to_owned());
                }
                return Ok(page);
            }
            // Why it is no page of messages says more than why it is none of the steps before that.
            Err(error) if number == 0 => outcome = Err(error),
            Err(_) => {}
        }
    }
    outcome
}

/// A body as the answer to a request; `None` where a request is none to anybody.
fn response(request: &Request, args: &Args, body: Vec<u8>) -> Option<Response> {
    let from = |asked: &str| args.url.clone().unwrap_or_else(|| asked.to_owned());
    match request.clone() {
        Request::Call(call) => {
            let (url, content_type) = (from(&call.url), content_type());
            Some(Response::Call(Box::new(Reply { url, call, status: 200, content_type, body, link: String::new() })))
        }
        Request::Get(get) => Some(Response::Http(Answer { url: from(&get.url), request: get, content_type: content_type(), body })),
        _ => None,
    }
}

/// Reads the body of a push as whoever listens would, without asking for its signature.
fn pushed(hook: &webhook::Settings, args: &Args, body: &[u8]) -> Result<Page, ReadError> {
    let push = Push { headers: Vec::new(), body: body.to_vec() };
    let source = Webhook::new(hook.clone());
    let asked = match source.open(&push, fetched_at(args)) {
        Ok(pushed) => match pushed.brings {
            Brings::Page(page) => return Ok(*page),
            Brings::Asked(request) => Ok(request),
        },
        Err(error) => Err(error),
    };
    // Where events bring ids alone, the file may be what is asked for then.
    if hook.format == Format::SurveyMonkey {
        let request = asked.as_ref().map_or_else(|_| Request::Call(Call::default()), |request| (**request).clone());
        let read = response(&request, args, body.to_vec())
            .map(|answer| source.read(&shard(&source), &Cursor::default(), &answer, fetched_at(args)));
        if let Some(Ok(page)) = read {
            return Ok(page);
        }
    }
    asked.and_then(|_| Err(ReadError::new("an event that brings an id alone", "save the answer that its id leads to, and look at that")))
}

fn shard(source: &dyn Source) -> Shard {
    source.shards().into_iter().next().unwrap_or_else(Shard::whole)
}

/// Whether a document is to be read as a page with reviews although nobody said so.
pub(super) fn is_page_of_reviews(args: &Args, body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_lowercase();
    let html = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag));
    html && (args.selectors.is_some() || page::has_reviews(body) || page::is_wall(body))
}

/// Reads a page with reviews.
pub(super) fn page_of_reviews(args: &Args, body: &[u8]) -> Result<Result<Page, ReadError>, Failure> {
    let mut manner = page::Manner::default();
    if let Some(json) = &args.selectors {
        let (selectors, order) = page::Selectors::of_json(json).map_err(|why| Failure::new(Code::Usage, format!("--selectors: {why}")))?;
        (manner.selectors, manner.date_order) = (Some(selectors), order);
    }
    let asked = args.date_order.map(|order| match order {
        OrderName::Dmy => DateOrder::DayMonthYear,
        OrderName::Mdy => DateOrder::MonthDayYear,
        OrderName::Ymd => DateOrder::YearMonthDay,
    });
    manner.date_order = asked.or(manner.date_order);
    let read = page::document(body, &content_type(), args.url.as_deref(), fetched_at(args), &manner);
    Ok(read.map(|sheet| sheet.page))
}

fn fetched_at(args: &Args) -> Timestamp {
    args.fetched_at.unwrap_or_else(|| Clock::real().now())
}

fn content_type() -> String {
    env::read("FEED_CONTENT_TYPE").unwrap_or_default()
}
