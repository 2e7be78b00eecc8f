//! Tickets, by the incremental export with cursors: first from a time on, then for ever from where the
//! last answer ended.
//!
//! A ticket comes again whenever something about it changes, also where it is deleted. Its order is the
//! export's own, so that dates of tickets say nothing of how far it is. Where all comments of the customer
//! are wanted, tickets wait in the mark until their comments were asked for, one call each.
//! Source: developer.zendesk.com, "Incremental Exports" and "Ticket Comments".

use std::collections::HashMap;
use std::mem;

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
use crate::sources::zendesk::What;
use crate::sources::zendesk::Words;
use crate::sources::zendesk::link;
use crate::sources::zendesk::score;

/// Tickets of a page. A thousand are allowed, and would be megabytes.
const PAGE: usize = 500;
/// And where each costs a call more.
const SMALL_PAGE: usize = 100;
/// The export refuses to begin later than so long ago.
const YOUNGEST: TimeDelta = TimeDelta::minutes(5);
/// Where the export has forgotten a cursor, it is read again from so long before the newest it gave.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// Pages in a row that bring nothing and lead nowhere, after which a walk ends: it goes on at the next poll.
const STILL: u8 = 3;
/// What stands in place of the words of a ticket that was deleted for good.
const SCRUBBED: &str = "SCRUBBED";

/// How far the export is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// It goes on there.
    after: Option<String>,
    /// The newest time of the export's own that it gave.
    newest: Option<i64>,
    /// Tickets whose comments have to be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Item>,
    /// There is nothing behind them for now.
    #[serde(default)]
    ended: bool,
    /// Pages in a row that led nowhere.
    #[serde(default)]
    still: u8,
}

/// What the end of a page says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct End {
    after: Option<String>,
    newest: Option<i64>,
    ended: bool,
}

pub(super) fn first(settings: &Settings, cursor: &Cursor, now: Timestamp) -> Request {
    let mark = Mark { ended: false, still: 0, ..api::mark(cursor) };
    request(settings, &mark, now)
}

fn request(settings: &Settings, mark: &Mark, now: Timestamp) -> Request {
    let base = &settings.base;
    let (url, takes) = match (mark.waiting.first(), &mark.after) {
        // It may have been deleted since.
        (Some(ticket), _) => (format!("{base}/api/v2/tickets/{}/comments.json?page%5Bsize%5D=100", api::in_path(&ticket.id)), vec![404]),
        (None, after) => {
            let from = match (after, mark.newest) {
                (Some(after), _) => format!("cursor={}", query(after)),
                (None, Some(newest)) => format!("start_time={}", newest - OVERLAP.num_seconds()),
                (None, None) => format!("start_time={}", settings.since.from(now).min(now - YOUNGEST).timestamp()),
            };
            let size = if settings.text == Words::CustomerComments { SMALL_PAGE } else { PAGE };
            let users = if settings.skip_staff { "&include=users" } else { "" };
            let deleted = if settings.follow_deletions { "" } else { "&exclude_deleted=true" };
            let url = format!("{base}/api/v2/incremental/tickets/cursor.json?{from}&per_page={size}{users}{deleted}");
            // A cursor that is not known any more.
            (url, if after.is_some() { vec![400, 404, 422] } else { Vec::new() })
        }
    };
    Request::Call(Call { takes, ..api::call(url, mark) })
}

fn query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(super) fn read(settings: &Settings, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut mark: Mark = api::notes(&reply.call.context);
    let mut page = if mark.waiting.is_empty() {
        if !(200..300).contains(&reply.status) {
            return Ok(forgotten(settings, mark, now));
        }
        let (mut page, end) = page(&api::json(&reply.body, SERVICE)?, settings)?;
        let is_still = end.after.is_none() || end.after == mark.after;
        mark.still = if is_still { mark.still.saturating_add(1) } else { 0 };
        mark.ended = end.ended || end.after.is_none() && mark.after.is_none();
        mark.newest = mark.newest.max(end.newest);
        mark.after = end.after.or(mark.after);
        if settings.text == Words::CustomerComments {
            let (gone, waiting) = mem::take(&mut page.items).into_iter().partition(|item| item.gone);
            (page.items, mark.waiting) = (gone, waiting);
        }
        page
    } else {
        let mut ticket = mark.waiting.remove(0);
        if (200..300).contains(&reply.status) {
            with_comments(&mut ticket, &api::json(&reply.body, SERVICE)?)?;
        }
        Page { format: "zendesk", items: vec![ticket], ..Page::default() }
    };
    let gave_up = !mark.ended && mark.still >= STILL;
    if !mark.waiting.is_empty() || !mark.ended && !gave_up {
        page.next = Some(request(settings, &mark, now));
    } else if gave_up {
        page.due = Some(now + TimeDelta::minutes(1));
    }
    page.cursor = Some(api::cursor(&mark));
    Ok(page)
}

/// The export does not know its own cursor any more: it is read from the newest time on that it gave.
fn forgotten(settings: &Settings, mark: Mark, now: Timestamp) -> Page {
    let anew = Mark { after: None, still: 0, ..mark };
    let warning =
        Warning::new("cursor_forgotten", "", "Zendesk has forgotten how far its export was read; it is read again from an hour before");
    let (next, cursor) = (Some(request(settings, &anew, now)), Some(api::cursor(&anew)));
    Page { format: "zendesk", warnings: vec![warning], next, cursor, ..Page::default() }
}

/// The tickets of an answer, each once, and what its end says.
pub(super) fn page(answer: &Value, settings: &Settings) -> Result<(Page, End), ReadError> {
    let mut page = Page { format: "zendesk", ..Page::default() };
    let mut end = End { after: api::text(answer, &["after_cursor"]), ..End::default() };
    end.ended = api::at(answer, &["end_of_stream"]).is_none_or(|value| value.as_bool() != Some(false));
    let team = roles(answer);
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, ticket) in api::list(answer, "tickets", SERVICE)?.iter().enumerate() {
        end.newest = end.newest.max(api::unix(ticket, &["generated_timestamp"]).map(|time| time.timestamp()));
        let Some(item) = item(ticket, settings) else {
            page.warnings.push(Warning::new("bad_item", format!("ticket {}", at + 1), "a ticket without `id`"));
            continue;
        };
        if !is_wanted(ticket, &item, settings, &team) {
            continue;
        }
        // The same ticket twice: what came last is newest.
        if let Some(place) = places.get(&item.id) {
            page.items[*place] = item;
        } else {
            places.insert(item.id.clone(), page.items.len());
            page.items.push(item);
        }
    }
    Ok((page, end))
}

/// Roles of people that came along, by their ids.
fn roles(answer: &Value) -> HashMap<String, &str> {
    let users = answer.get("users").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    users.iter().filter_map(|user| Some((api::id(user, &["id"])?, user.get("role")?.as_str()?))).collect()
}

fn is_wanted(ticket: &Value, item: &Item, settings: &Settings, team: &HashMap<String, &str>) -> bool {
    if item.gone {
        return settings.follow_deletions;
    }
    let is_one_of =
        |wanted: &[String], field: &str| wanted.is_empty() || item.fields.get(field).is_some_and(|value| wanted.contains(value));
    let is_staff = || {
        let Some(writer) = api::id(ticket, &["submitter_id"]) else { return false };
        // Who opens a ticket for somebody else wrote it down in words of their own.
        team.get(&writer).map_or_else(|| item.author.as_ref().is_some_and(|customer| *customer != writer), |role| *role != "end-user")
    };
    is_one_of(&settings.channels, "channel") && is_one_of(&settings.brands, "brand") && !(settings.skip_staff && is_staff())
}

fn item(ticket: &Value, settings: &Settings) -> Option<Item> {
    let id = api::id(ticket, &["id"])?;
    let (subject, description) =
        (api::text(ticket, &["subject"]).unwrap_or_default(), api::text(ticket, &["description"]).unwrap_or_default());
    let is_scrubbed = description == SCRUBBED && (subject.is_empty() || subject == SCRUBBED);
    if is_scrubbed || api::text(ticket, &["status"]).is_some_and(|status| status == "deleted") {
        return Some(Item::gone(id));
    }
    let (title, text) = match settings.text {
        // The subject stands in the text then, and once is enough.
        Words::SubjectAndComment if !subject.is_empty() => (String::new(), format!("{subject}\n\n{description}").trim().to_owned()),
        _ => (subject, description),
    };
    let mut item = Item {
        title,
        text,
        author: api::id(ticket, &["requester_id"]),
        url: Some(link(&desk(ticket, settings), &id)),
        published: api::moment(ticket, &["created_at"]),
        updated: api::moment(ticket, &["updated_at"]),
        id,
        ..Item::default()
    };
    item.fields.insert("kind".to_owned(), "ticket".to_owned());
    for (field, path) in
        [("channel", ["via", "channel"].as_slice()), ("brand", &["brand_id"]), ("priority", &["priority"]), ("type", &["type"])]
    {
        item.fields.extend(api::id(ticket, path).map(|value| (field.to_owned(), value)));
    }
    // Where ratings are read too, the answer is a message of its own, and counts there.
    if !settings.what.contains(&What::Satisfaction) {
        let word = api::text(ticket, &["satisfaction_rating", "score"]);
        item.rating = score(word.as_deref()).map(|value| Rating { value, max: 1.0 });
        let remark = api::text(ticket, &["satisfaction_rating", "comment"]);
        item.fields.extend(remark.map(|remark| ("remark".to_owned(), remark)));
    }
    Some(item)
}

/// Name of the desk; of a saved answer what stands in the ticket's own address.
pub(super) fn desk(record: &Value, settings: &Settings) -> String {
    if !settings.subdomain.is_empty() {
        return settings.subdomain.clone();
    }
    let host = api::text(record, &["url"]).and_then(|url| url::Url::parse(&url).ok()?.host_str().map(str::to_owned)).unwrap_or_default();
    host.split('.').next().unwrap_or_default().to_owned()
}

/// Puts what the customer wrote in place of the first comment alone.
fn with_comments(ticket: &mut Item, answer: &Value) -> Result<(), ReadError> {
    let is_theirs = |comment: &&Value| {
        api::id(comment, &["author_id"]) == ticket.author
            && api::at(comment, &["public"]).is_none_or(|public| public.as_bool() != Some(false))
    };
    let comments = api::list(answer, "comments", SERVICE)?.iter().filter(is_theirs);
    let words: Vec<String> =
        comments.filter_map(|comment| api::text(comment, &["plain_body"]).or_else(|| api::text(comment, &["body"]))).collect();
    if !words.is_empty() {
        ticket.text = words.join("\n\n");
    }
    Ok(())
}
