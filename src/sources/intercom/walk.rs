//! The walk over a search: page by page, and where a conversation's parts are wanted, one by one between
//! the pages.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::intercom::SERVICE;
use crate::sources::intercom::Settings;
use crate::sources::intercom::conversation;
use crate::sources::intercom::no_id;
use crate::sources::stuck;
use crate::sources::stuck::Fate;
use crate::sources::stuck::Stuck;

/// Conversations of a page; more are not allowed.
const PAGE: usize = 150;
/// Pages of one walk. Endless paging is a fault of the other side.
const MOST_PAGES: u32 = 2000;
/// Times that a walk may find its place forgotten.
const MOST_FORGOTTEN: u8 = 3;
/// What one of them is called.
const ONE: &str = "conversation";
/// Conversations of which it is remembered that their parts were read.
const MOST_KNOWN: usize = 2000;

/// The newest change that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    newest: Option<i64>,
    /// Conversations whose parts were read, with the change that they had: the overlap brings them again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    known: BTreeMap<String, i64>,
    /// Conversations that were refused by themselves.
    #[serde(default, skip_serializing_if = "Stuck::is_new")]
    stuck: Stuck,
    /// Where a walk is that is not at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    /// Changes from then on.
    from: i64,
    /// The first one of all: only conversations that began since then.
    is_first: bool,
    /// The page to ask for.
    after: Option<String>,
    /// Newest change that it has seen.
    newest: Option<i64>,
    /// Conversations that have to be asked for by themselves, with their changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<(String, i64)>,
    /// Conversations that were refused at polls before: behind all others they are asked for once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    again: Vec<String>,
    /// How often it did not know its own place any more.
    #[serde(default)]
    forgotten: u8,
    /// Behind them there is nothing.
    ended: bool,
    pages: u32,
}

/// What travels with a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Notes {
    mark: Mark,
    /// The conversation that is asked for.
    one: Option<String>,
    /// It is stored, and looked at again.
    again: bool,
}

impl Mark {
    /// Keeps of what is known what the next walk finds again: the search goes upwards, and every call carries it.
    fn remember(&mut self, oldest: Option<i64>) {
        self.known.retain(|_, changed| oldest.is_none_or(|oldest| *changed >= oldest));
        let surplus = self.known.len().saturating_sub(MOST_KNOWN);
        let mut by_age: Vec<(i64, String)> = Vec::new();
        if surplus > 0 {
            by_age.extend(self.known.iter().map(|(id, changed)| (*changed, id.clone())));
            by_age.sort_unstable();
        }
        for (_, id) in by_age.into_iter().take(surplus) {
            self.known.remove(&id);
        }
    }
}

pub(super) fn first(settings: &Settings, cursor: &Cursor, now: Timestamp) -> Request {
    let mut mark: Mark = api::mark(cursor);
    if mark.walk.is_none() {
        let is_first = mark.newest.is_none();
        let since = || settings.since.from(now).timestamp();
        let from = mark.newest.map_or_else(since, |newest| newest - settings.overlap.num_seconds());
        mark.walk = Some(Walk { from, is_first, again: mark.stuck.due(), ..Walk::default() });
    }
    request(settings, mark)
}

/// A stored conversation that is looked at again.
pub(super) fn again(settings: &Settings, id: &str) -> Request {
    one(settings, id, &Notes { one: Some(id.to_owned()), again: true, ..Notes::default() })
}

fn request(settings: &Settings, mark: Mark) -> Request {
    let walk = mark.walk.clone().unwrap_or_default();
    let again = || walk.again.first().filter(|_| walk.ended);
    if let Some(id) = walk.waiting.first().map(|(id, _)| id).or_else(again) {
        return one(settings, id, &Notes { one: Some(id.clone()), again: false, mark });
    }
    // "Greater than" is documented as "greater or equal" and found as either: with a second less it is
    // right in both cases, and what comes twice is known.
    let later = |field: &str| json!({"field": field, "operator": ">", "value": (walk.from - 1).max(0)});
    let mut filters = vec![later("updated_at")];
    if walk.is_first {
        filters.push(later("created_at"));
    }
    let mut pagination = json!({"per_page": PAGE});
    if let Some(after) = &walk.after {
        pagination["starting_after"] = Value::from(after.as_str());
    }
    let body = json!({
        "query": {"operator": "AND", "value": filters},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": pagination,
    });
    let mut headers = headers(settings);
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    Request::Call(Call {
        method: Method::Post,
        url: format!("{}/conversations/search", settings.base),
        headers,
        body: body.to_string(),
        // A page that is not known any more.
        takes: if walk.after.is_some() { vec![400, 422] } else { Vec::new() },
        context: api::written(&Notes { mark, ..Notes::default() }),
        ..Call::default()
    })
}

fn one(settings: &Settings, id: &str, notes: &Notes) -> Request {
    Request::Call(Call {
        url: format!("{}/conversations/{}", settings.base, api::in_path(id)),
        headers: headers(settings),
        takes: stuck::TAKES.to_vec(),
        context: api::written(notes),
        ..Call::default()
    })
}

fn headers(settings: &Settings) -> Vec<(String, String)> {
    vec![api::accept(), ("Intercom-Version".to_owned(), settings.version.clone())]
}

pub(super) fn read(settings: &Settings, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let Notes { mut mark, one, again } = api::notes(&reply.call.context);
    let mut page = Page { format: "intercom", ..Page::default() };
    match one {
        Some(id) if again => {
            match alone(settings, &id, reply) {
                Ok(item) => page.items.push(item),
                // The others are looked at all the same, and this one the next time.
                Err(why) => {
                    page.warnings.push(Warning::new("not_seen", format!("{ONE} {id}"), format!("it cannot be looked at again: {why}")));
                }
            }
            return Ok(page);
        }
        Some(id) => one_more(settings, &id, reply, &mut mark, &mut page, now)?,
        None => {
            let mut walk = mark.walk.take().unwrap_or_default();
            if (200..300).contains(&reply.status) {
                found(settings, &api::json(&reply.body, SERVICE)?, &mark, &mut walk, &mut page, now)?;
            } else {
                (walk.after, walk.forgotten) = (None, walk.forgotten.saturating_add(1));
                if walk.forgotten >= MOST_FORGOTTEN {
                    let what = format!("{SERVICE} knows no place in its search, not even one that it has just named");
                    return Err(ReadError::new(what, "it is tried again later"));
                }
            }
            mark.walk = Some(walk);
        }
    }
    go_on(settings, mark, &mut page);
    Ok(page)
}

/// A conversation that the walk asked for by itself.
fn one_more(settings: &Settings, id: &str, reply: &Reply, mark: &mut Mark, page: &mut Page, now: Timestamp) -> Result<(), ReadError> {
    let waiting = mark.walk.as_ref().map(|walk| walk.waiting.as_slice()).unwrap_or_default();
    let mut changed = waiting.iter().filter(|(waiting, _)| waiting == id).map(|(_, changed)| *changed).max();
    match alone(settings, id, reply) {
        Ok(item) => {
            mark.stuck.answered(id);
            changed = changed.or(item.updated.map(|updated| updated.timestamp()));
            page.items.extend(Some(item).filter(|item| item.gone || conversation::is_wanted(item, settings)));
        }
        Err(why) => match mark.stuck.refused(ONE, id, &why, now)? {
            // As long as it is not known, the search brings it again too.
            Fate::Later => changed = None,
            Fate::Skipped(warning) => page.warnings.push(warning),
        },
    }
    mark.known.extend(changed.map(|changed| (id.to_owned(), changed)));
    if let Some(walk) = &mut mark.walk {
        walk.waiting.retain(|(waiting, _)| waiting != id);
        walk.again.retain(|again| again != id);
    }
    Ok(())
}

/// Asks for the next page or conversation, or ends the walk.
fn go_on(settings: &Settings, mut mark: Mark, page: &mut Page) {
    let walk = mark.walk.take().unwrap_or_default();
    let newest = mark.newest.max(walk.newest);
    mark.remember(newest.map(|newest| newest - settings.overlap.num_seconds()));
    if !walk.waiting.is_empty() || !walk.ended || !walk.again.is_empty() {
        mark.walk = Some(walk);
        page.cursor = Some(api::cursor(&mark));
        page.next = Some(request(settings, mark));
        return;
    }
    // Where nothing was found, the next walk begins where this one did.
    mark.newest = newest.or(Some(walk.from));
    page.cursor = Some(api::cursor(&mark));
}

/// One page of what was found.
fn found(settings: &Settings, answer: &Value, mark: &Mark, walk: &mut Walk, page: &mut Page, now: Timestamp) -> Result<(), ReadError> {
    for (at, found) in api::list(answer, "conversations", SERVICE)?.iter().enumerate() {
        let changed = api::unix(found, &["updated_at"]).map(|changed| changed.timestamp());
        // A change in the future would hide all others.
        walk.newest = walk.newest.max(changed.map(|changed| changed.min(now.timestamp())));
        let Some(item) = conversation::item(found, settings) else {
            page.warnings.push(no_id(at));
            continue;
        };
        if !conversation::is_wanted(&item, settings) {
            continue;
        }
        if !conversation::needs_parts(found, settings) {
            page.items.push(item);
        } else if changed.is_none() || mark.known.get(&item.id).copied() != changed {
            walk.waiting.push((item.id, changed.unwrap_or_default()));
        }
    }
    let after = api::id(answer, &["pages", "next", "starting_after"]);
    walk.pages = walk.pages.saturating_add(1);
    let is_endless = after.is_some() && (walk.pages >= MOST_PAGES || walk.after == after);
    if is_endless {
        let why = format!("what was found does not end after {} pages, or leads to itself; the rest is left", walk.pages);
        page.warnings.push(Warning::new("endless", "", why));
    }
    walk.ended = after.is_none() || is_endless;
    walk.after = after;
    Ok(())
}

/// A conversation that was asked for by itself, or why it is not to be had.
fn alone(settings: &Settings, id: &str, reply: &Reply) -> Result<Item, String> {
    match reply.status {
        404 | 410 => return Ok(Item::gone(id)),
        200..300 => {}
        _ => return Err(stuck::why(reply)),
    }
    let answer = api::json(&reply.body, SERVICE).map_err(|error| error.what)?;
    conversation::item(&answer, settings)
        .filter(|item| item.id == id)
        .ok_or_else(|| "the answer is not the conversation that was asked for".to_owned())
}
