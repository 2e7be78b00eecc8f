//! Saved replies: pages with reviews, and replies that only a configured source can read.

use std::sync::Arc;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::preview::Args;
use crate::cli::preview::OrderName;
use crate::cli::preview::table;
use crate::cli::preview::unreadable;
use crate::domain::Timestamp;
use crate::domain::http::Answer;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::host::clock::Clock;
use crate::host::env;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::file::DateOrder;
use crate::sources::html::page;

/// The configured source that `--source` names, if it is there.
pub(super) struct Configured(Option<Arc<dyn Source>>);

impl Configured {
    pub(super) fn find(args: &Args, console: &mut Console) -> Result<Self, Failure> {
        let Some(name) = &args.source else { return Ok(Self(None)) };
        let config = load::load_without_secrets(console)?;
        let Some(source) = config.sources.iter().find(|source| source.name == *name) else {
            let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
            let message = format!("`{}` is no source; the configuration has {}", table::harmless(name), names.join(", "));
            return Err(Failure::new(Code::Usage, message));
        };
        Ok(Self(Some(source.kind.build())))
    }
}

/// Reads a reply as the answer to the first request of a source.
pub(super) fn of_source(name: &str, args: &Args, body: Vec<u8>, configured: &Configured) -> Result<Page, Failure> {
    let Some(source) = &configured.0 else { return Err(Failure::new(Code::Bug, "a source that was not looked for")) };
    let (now, cursor) = (fetched_at(args), Cursor::default());
    let shard = source.shards().into_iter().next().unwrap_or_else(crate::domain::item::Shard::whole);
    let from = |asked: &str| args.url.clone().unwrap_or_else(|| asked.to_owned());
    let response = match source.first(&shard, &cursor, now) {
        Request::Call(call) => Response::Call(Box::new(Reply {
            url: from(&call.url),
            call,
            status: 200,
            content_type: content_type(),
            body,
            link: String::new(),
        })),
        Request::Get(get) => Response::Http(Answer { url: from(&get.url), request: get, content_type: content_type(), body }),
        _ => {
            let message = format!("`{}` asks nobody for replies; name the file alone", table::harmless(name));
            return Err(Failure::new(Code::Usage, message));
        }
    };
    let mut page = source.read(&shard, &cursor, &response, now).map_err(|error| unreadable(&args.what, &error))?;
    page.next = None;
    Ok(page)
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
