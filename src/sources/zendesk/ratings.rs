//! Ratings of how tickets were dealt with, as customers gave them: good or bad, with a remark or without.
//!
//! The list goes by when a customer was asked, and the answer comes days later under that date: so thirty
//! days are read again and again, a day at every poll and all of them four times an hour. Only what was
//! answered is asked for, or the many who never answer would be read each time.
//! Source: developer.zendesk.com, "Satisfaction Ratings".

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::zendesk::SERVICE;
use crate::sources::zendesk::Settings;
use crate::sources::zendesk::link;
use crate::sources::zendesk::score;
use crate::sources::zendesk::tickets::desk;

/// So long a customer takes to answer.
const OVERLAP: TimeDelta = TimeDelta::days(30);
/// What polls in between read.
const SHORT: TimeDelta = TimeDelta::days(1);
/// The whole overlap is read so often.
const WHOLE_EVERY: TimeDelta = TimeDelta::minutes(15);

/// Pages of one walk. Endless paging is a fault of the other side.
const MOST_PAGES: u32 = 1000;
/// Times that a walk may find its place forgotten.
const MOST_FORGOTTEN: u8 = 3;

/// The newest change that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    newest: Option<i64>,
    /// What the first poll reached back to: older answers stay out.
    floor: Option<i64>,
    /// When the whole overlap was read last.
    whole_at: Option<i64>,
    /// Where a walk is that is not at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    /// Asked from then on.
    from: i64,
    is_whole: bool,
    after: Option<String>,
    /// Newest change that it has seen.
    newest: Option<i64>,
    #[serde(default)]
    pages: u32,
    /// How often it did not know its own place any more.
    #[serde(default)]
    forgotten: u8,
}

pub(super) fn first(settings: &Settings, cursor: &Cursor, now: Timestamp) -> Request {
    let mut mark: Mark = api::mark(cursor);
    let floor = mark.floor.unwrap_or_else(|| settings.since.from(now).timestamp());
    mark.floor = Some(floor);
    if mark.walk.is_none() {
        let is_whole = mark.whole_at.is_none_or(|at| now.timestamp() - at >= WHOLE_EVERY.num_seconds());
        let overlap = if is_whole { OVERLAP } else { SHORT };
        let from = mark.newest.unwrap_or(floor).max(floor) - overlap.num_seconds();
        mark.walk = Some(Walk { from, is_whole, ..Walk::default() });
    }
    request(settings, &mark)
}

fn request(settings: &Settings, mark: &Mark) -> Request {
    let walk = mark.walk.clone().unwrap_or_default();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("score", "received").append_pair("start_time", &walk.from.max(0).to_string()).append_pair("page[size]", "100");
    if let Some(after) = &walk.after {
        query.append_pair("page[after]", after);
    }
    Request::Call(Call {
        // A place in the list that is not known any more.
        takes: if walk.after.is_some() { vec![400, 422] } else { Vec::new() },
        ..api::call(format!("{}/api/v2/satisfaction_ratings.json?{}", settings.base, query.finish()), mark)
    })
}

pub(super) fn read(settings: &Settings, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut mark: Mark = api::notes(&reply.call.context);
    let mut walk = mark.walk.take().unwrap_or_default();
    if !(200..300).contains(&reply.status) {
        let forgotten = walk.forgotten.saturating_add(1);
        if forgotten >= MOST_FORGOTTEN {
            let what = format!("{SERVICE} knows no place in its list of ratings, not even one that it has just named");
            return Err(ReadError::new(what, "it is tried again later"));
        }
        mark.walk = Some(Walk { after: None, forgotten, ..walk });
        let (next, cursor) = (Some(request(settings, &mark)), Some(api::cursor(&mark)));
        return Ok(Page { format: "zendesk", next, cursor, ..Page::default() });
    }
    let answer = api::json(&reply.body, SERVICE)?;
    let (mut page, newest) = page(&answer, settings, mark.floor)?;
    // A change in the future would hide all others.
    walk.newest = walk.newest.max(newest.map(|newest| newest.min(now.timestamp())));
    walk.pages = walk.pages.saturating_add(1);
    let has_more = api::at(&answer, &["meta", "has_more"]).and_then(Value::as_bool) == Some(true);
    let after = api::text(&answer, &["meta", "after_cursor"]).filter(|_| has_more);
    let is_endless = after.is_some() && (walk.pages >= MOST_PAGES || walk.after == after);
    if is_endless {
        let why = format!("the list of ratings does not end after {} pages, or leads to itself; the rest is left", walk.pages);
        page.warnings.push(Warning::new("endless", "", why));
    }
    if after.is_some() && !is_endless {
        mark.walk = Some(Walk { after, ..walk });
        page.next = Some(request(settings, &mark));
    } else {
        mark.newest = mark.newest.max(walk.newest);
        mark.whole_at = if walk.is_whole { Some(now.timestamp()) } else { mark.whole_at };
    }
    page.cursor = Some(api::cursor(&mark));
    Ok(page)
}

/// The answered ratings of an answer from `floor` on, and the newest change.
pub(super) fn page(answer: &Value, settings: &Settings, floor: Option<i64>) -> Result<(Page, Option<i64>), ReadError> {
    let mut page = Page { format: "zendesk", ..Page::default() };
    let mut newest = None;
    for (at, rating) in api::list(answer, "satisfaction_ratings", SERVICE)?.iter().enumerate() {
        let Some(item) = item(rating, settings) else {
            page.warnings.push(Warning::new("bad_item", format!("rating {}", at + 1), "a rating without `id`"));
            continue;
        };
        let changed = item.updated.or(item.published).map(|changed| changed.timestamp());
        newest = newest.max(changed);
        let is_old = changed.is_some_and(|changed| floor.is_some_and(|floor| changed < floor));
        // One that was only asked for has nothing to say yet.
        if item.rating.is_some() && !is_old {
            page.items.push(item);
        }
    }
    Ok((page, newest))
}

fn item(rating: &Value, settings: &Settings) -> Option<Item> {
    let id = api::id(rating, &["id"])?;
    let ticket = api::id(rating, &["ticket_id"]);
    let mut item = Item {
        // Ratings and tickets are numbered alike.
        id: format!("satisfaction:{id}"),
        text: api::text(rating, &["comment"]).unwrap_or_default(),
        author: api::id(rating, &["requester_id"]),
        url: ticket.as_deref().map(|ticket| link(&desk(rating, settings), ticket)),
        published: api::moment(rating, &["created_at"]),
        updated: api::moment(rating, &["updated_at"]),
        rating: score(api::text(rating, &["score"]).as_deref()).map(|value| Rating { value, max: 1.0 }),
        ..Item::default()
    };
    item.fields.insert("kind".to_owned(), "satisfaction".to_owned());
    item.fields.extend(ticket.map(|ticket| ("ticket".to_owned(), ticket)));
    // Code 0 stands for no reason, in whatever language the desk says so.
    let reason = api::text(rating, &["reason"]).filter(|_| api::number(rating, &["reason_code"]).is_none_or(|code| code != 0.0));
    item.fields.extend(reason.map(|reason| ("reason".to_owned(), reason)));
    Some(item)
}
