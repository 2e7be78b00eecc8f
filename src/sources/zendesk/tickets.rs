//! Tickets, by the incremental export with cursors: first from a time on, then for ever from where the
//! last answer ended.
//!
//! A ticket comes again whenever something about it changes, also where it is deleted. Its order is the
//! export's own, so that dates of tickets say nothing of how far it is. Where all comments of the customer
//! are wanted, ids of tickets wait in the mark until their comments were asked for.
//! Source: developer.zendesk.com, "Incremental Exports".

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
use crate::sources::stuck;
use crate::sources::stuck::Stuck;
use crate::sources::zendesk::SERVICE;
use crate::sources::zendesk::Settings;
use crate::sources::zendesk::What;
use crate::sources::zendesk::Words;
use crate::sources::zendesk::comments;
use crate::sources::zendesk::comments::Held;
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
/// And pages in a row without anything newer, wherever they lead.
const MOST_IDLE: u32 = 500;
/// Times that a walk may find its place forgotten.
const MOST_FORGOTTEN: u8 = 3;
/// What stands in place of the words of a ticket that was deleted for good.
const SCRUBBED: &str = "SCRUBBED";

/// How far the export is read. It is stored, so that it holds ids and no words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// It goes on there.
    after: Option<String>,
    /// The newest time of the export's own that it gave.
    newest: Option<i64>,
    /// Tickets whose comments have to be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<String>,
    /// There is nothing behind them for now.
    #[serde(default)]
    ended: bool,
    /// Pages in a row that led nowhere.
    #[serde(default)]
    still: u8,
    /// Tickets whose comments were refused.
    #[serde(default, skip_serializing_if = "Stuck::is_new")]
    pub(super) stuck: Stuck,
    /// What is known of one walk alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trip: Option<Trip>,
}

/// One walk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trip {
    asks: Asks,
    /// Tickets that were refused at polls before: behind all others they are asked for once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    again: Vec<String>,
    /// The page of comments to ask for, and how many there were before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comments: Option<String>,
    #[serde(default)]
    pub(super) pages: u32,
    /// Pages of the export in a row without anything newer.
    #[serde(default)]
    idle: u32,
    /// How often it did not know its own place any more.
    #[serde(default)]
    forgotten: u8,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asks {
    #[default]
    Export,
    Tickets,
    Comments,
}

impl Mark {
    /// The tickets whose turn it is.
    pub(super) fn left(&self) -> &[String] {
        match &self.trip {
            _ if !self.waiting.is_empty() => &self.waiting,
            Some(trip) if self.ended || self.gives_up() => &trip.again,
            _ => &[],
        }
    }

    /// Nothing more is asked about a ticket.
    pub(super) fn is_done_with(&mut self, id: &str) {
        self.waiting.retain(|waiting| waiting != id);
        if let Some(trip) = &mut self.trip {
            trip.again.retain(|again| again != id);
        }
    }

    /// The export leads nowhere.
    fn gives_up(&self) -> bool {
        !self.ended && (self.still >= STILL || self.trip.as_ref().is_some_and(|trip| trip.idle >= MOST_IDLE))
    }

    fn trip(&mut self) -> &mut Trip {
        self.trip.get_or_insert_default()
    }
}

/// What the end of a page says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct End {
    after: Option<String>,
    newest: Option<i64>,
    ended: bool,
}

pub(super) fn first(settings: &Settings, held: &Held, cursor: &Cursor, now: Timestamp) -> Request {
    let mut mark = Mark { ended: false, still: 0, trip: None, ..api::mark(cursor) };
    if settings.text != Words::CustomerComments {
        (mark.waiting, mark.stuck) = (Vec::new(), Stuck::default());
    }
    mark.trip().again = mark.stuck.due();
    held.clear();
    next(settings, held, &mut mark, now).unwrap_or_else(|| export(settings, &mut mark, now))
}

/// What is asked for next, if anything is.
fn next(settings: &Settings, held: &Held, mark: &mut Mark, now: Timestamp) -> Option<Request> {
    let (asks, path) = match mark.left() {
        [] if mark.ended || mark.gives_up() => return None,
        [] => return Some(export(settings, mark, now)),
        [id, ..] if held.has(id) => {
            let after = mark.trip.as_ref().and_then(|trip| trip.comments.as_deref());
            (Asks::Comments, comments::of_comments(id, after))
        }
        ids => (Asks::Tickets, comments::of_tickets(ids)),
    };
    mark.trip().asks = asks;
    Some(call(format!("{}{path}", settings.base), stuck::TAKES.to_vec(), mark))
}

fn export(settings: &Settings, mark: &mut Mark, now: Timestamp) -> Request {
    mark.trip().asks = Asks::Export;
    let from = match (&mark.after, mark.newest) {
        (Some(after), _) => format!("cursor={}", query(after)),
        (None, Some(newest)) => format!("start_time={}", newest.saturating_sub(OVERLAP.num_seconds())),
        (None, None) => format!("start_time={}", settings.since.from(now).min(now - YOUNGEST).timestamp()),
    };
    let size = if settings.text == Words::CustomerComments { SMALL_PAGE } else { PAGE };
    let users = if settings.skip_staff { "&include=users" } else { "" };
    let deleted = if settings.follow_deletions { "" } else { "&exclude_deleted=true" };
    let url = format!("{}/api/v2/incremental/tickets/cursor.json?{from}&per_page={size}{users}{deleted}", settings.base);
    // A cursor that is not known any more.
    call(url, if mark.after.is_some() { vec![400, 404, 422] } else { Vec::new() }, mark)
}

fn call(url: String, takes: Vec<u16>, mark: &Mark) -> Request {
    Request::Call(Call { takes, ..api::call(url, mark) })
}

pub(super) fn query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(super) fn read(settings: &Settings, held: &Held, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut mark: Mark = api::notes(&reply.call.context);
    let mut page = match mark.trip().asks {
        Asks::Tickets => comments::read_tickets(settings, held, &mut mark, reply, now)?,
        Asks::Comments => comments::read_comments(held, &mut mark, reply, now)?,
        Asks::Export if (200..300).contains(&reply.status) => exported(settings, held, &mut mark, reply, now)?,
        Asks::Export => forgotten(&mut mark)?,
    };
    page.next = next(settings, held, &mut mark, now);
    if page.next.is_none() && mark.gives_up() {
        page.due = Some(now + TimeDelta::minutes(1));
    }
    page.cursor = Some(api::cursor(&Mark { trip: None, ..mark }));
    Ok(page)
}

/// A page of the export.
fn exported(settings: &Settings, held: &Held, mark: &mut Mark, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let (mut page, end) = page(&api::json(&reply.body, SERVICE)?, settings)?;
    let is_still = end.after.is_none() || end.after == mark.after;
    mark.still = if is_still { mark.still.saturating_add(1) } else { 0 };
    mark.ended = end.ended || end.after.is_none() && mark.after.is_none();
    let newest = mark.newest.max(end.newest.map(|newest| newest.min(now.timestamp())));
    mark.trip().idle = if newest > mark.newest { 0 } else { mark.trip().idle.saturating_add(1) };
    (mark.newest, mark.after) = (newest, end.after.or(mark.after.take()));
    if mark.gives_up() {
        let why = "the export leads from page to page to nothing new; it is asked for again in a minute";
        page.warnings.push(Warning::new("no_progress", "", why));
    }
    if settings.text == Words::CustomerComments {
        let (gone, waiting): (Vec<Item>, Vec<Item>) = mem::take(&mut page.items).into_iter().partition(|item| item.gone);
        for item in &gone {
            mark.stuck.forget(&item.id);
        }
        mark.waiting = waiting.iter().map(|item| item.id.clone()).collect();
        held.keep(waiting);
        page.items = gone;
    }
    Ok(page)
}

/// The export does not know its own cursor any more: it is read from the newest time on that it gave.
fn forgotten(mark: &mut Mark) -> Result<Page, ReadError> {
    let trip = mark.trip();
    trip.forgotten = trip.forgotten.saturating_add(1);
    if trip.forgotten >= MOST_FORGOTTEN {
        return Err(ReadError::new(
            format!("{SERVICE} knows no place in its export, not even one that it has just named"),
            "it is tried again later",
        ));
    }
    (mark.after, mark.still) = (None, 0);
    let warning =
        Warning::new("cursor_forgotten", "", "Zendesk has forgotten how far its export was read; it is read again from an hour before");
    Ok(Page { format: "zendesk", warnings: vec![warning], ..Page::default() })
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

pub(super) fn item(ticket: &Value, settings: &Settings) -> Option<Item> {
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
