//! All that a customer wrote in a ticket: asked for ticket by ticket, page by page.
//!
//! Between the calls only ids are stored. What was read of a ticket so far waits in memory, for a text
//! may be stored by the intake alone, which redacts it; after a restart tickets are asked for anew.
//! Source: developer.zendesk.com, "Ticket Comments" and "Show Multiple Tickets".

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::http::Reply;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::stuck;
use crate::sources::stuck::Fate;
use crate::sources::zendesk::SERVICE;
use crate::sources::zendesk::Settings;
use crate::sources::zendesk::tickets;
use crate::sources::zendesk::tickets::Mark;

/// What one of them is called.
const ONE: &str = "ticket";
/// Tickets that are asked for in one call; more are not allowed.
const TICKETS: usize = 100;
/// Pages of comments of a ticket, of a hundred each.
const MOST_PAGES: u32 = 20;
/// And so many bytes of them.
const MOST_BYTES: usize = 1024 * 1024;

/// Tickets whose comments are asked for. Only memory.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Tickets>);

#[derive(Debug, Default)]
struct Tickets {
    known: HashMap<String, Item>,
    words: Option<Words>,
}

/// What was read of one ticket.
#[derive(Debug, Clone, Default)]
struct Words {
    ticket: String,
    /// The page that follows.
    after: String,
    texts: Vec<String>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, Tickets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A walk begins.
    pub(super) fn clear(&self) {
        *self.lock() = Tickets::default();
    }

    pub(super) fn keep(&self, tickets: impl IntoIterator<Item = Item>) {
        self.lock().known.extend(tickets.into_iter().map(|ticket| (ticket.id.clone(), ticket)));
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.lock().known.contains_key(id)
    }

    /// A ticket and what was read of it before this page. `None` where that is not known any more.
    fn ticket(&self, id: &str, after: Option<&str>) -> Option<(Item, Vec<String>)> {
        let held = self.lock();
        let ticket = held.known.get(id)?.clone();
        let Some(after) = after else { return Some((ticket, Vec::new())) };
        let words = held.words.as_ref().filter(|words| words.ticket == id && words.after == after)?;
        Some((ticket, words.texts.clone()))
    }

    fn note(&self, ticket: &str, after: &str, texts: Vec<String>) {
        self.lock().words = Some(Words { ticket: ticket.to_owned(), after: after.to_owned(), texts });
    }

    fn drop(&self, id: &str) {
        let mut held = self.lock();
        held.known.remove(id);
        held.words = None;
    }
}

/// Where some tickets are, by their ids.
pub(super) fn of_tickets(ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().take(TICKETS).map(|id| path(id)).collect();
    format!("/api/v2/tickets/show_many.json?ids={}", ids.join(","))
}

/// Where a page of comments of a ticket is.
pub(super) fn of_comments(id: &str, after: Option<&str>) -> String {
    let after = after.map(|after| format!("&page%5Bafter%5D={}", tickets::query(after))).unwrap_or_default();
    format!("/api/v2/tickets/{}/comments.json?page%5Bsize%5D=100{after}", path(id))
}

/// Ids are digits; whatever else came must not lead elsewhere.
fn path(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Tickets that were asked for because a restart forgot them, or because they were refused before.
pub(super) fn read_tickets(settings: &Settings, held: &Held, mark: &mut Mark, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut page = Page { format: "zendesk", ..Page::default() };
    let asked: Vec<String> = mark.left().iter().take(TICKETS).cloned().collect();
    let found = answer(reply).and_then(|answer| {
        let list = api::list(&answer, "tickets", SERVICE).map_err(|error| error.what)?;
        Ok(list.iter().filter_map(|ticket| tickets::item(ticket, settings)).map(|item| (item.id.clone(), item)).collect())
    });
    let mut found: HashMap<String, Item> = match found {
        Ok(found) => found,
        Err(why) => {
            for (id, fate) in asked.iter().zip(mark.stuck.refused_together(ONE, &asked, &why, now)?) {
                if let Fate::Skipped(warning) = fate {
                    page.warnings.push(warning);
                }
                mark.is_done_with(id);
            }
            return Ok(page);
        }
    };
    for id in &asked {
        match found.remove(id) {
            Some(ticket) if !ticket.gone => {
                held.keep([ticket]);
                continue;
            }
            Some(gone) => page.items.extend(Some(gone).filter(|_| settings.follow_deletions)),
            // Whether it was deleted says the export.
            None => page.warnings.push(stuck::skipped(ONE, id, "it is not to be had any more")),
        }
        mark.stuck.forget(id);
        mark.is_done_with(id);
    }
    Ok(page)
}

/// A page of comments of the ticket whose turn it is.
pub(super) fn read_comments(held: &Held, mark: &mut Mark, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut page = Page { format: "zendesk", ..Page::default() };
    let (after, pages) = mark.trip.as_mut().map(|trip| (trip.comments.take(), std::mem::take(&mut trip.pages))).unwrap_or_default();
    let pages = pages.saturating_add(1);
    let Some(id) = mark.left().first().cloned() else { return Ok(page) };
    // After a restart it is begun anew.
    let Some((mut ticket, mut texts)) = held.ticket(&id, after.as_deref()) else { return Ok(page) };
    let mut is_had = true;
    match answer(reply).and_then(|answer| theirs(&answer, &ticket)) {
        Ok((more, next)) => {
            texts.extend(more);
            let is_small = texts.iter().map(String::len).sum::<usize>() < MOST_BYTES;
            if let Some(next) = next {
                if is_small && pages < MOST_PAGES && after.as_ref() != Some(&next) {
                    held.note(&id, &next, texts);
                    let trip = mark.trip.get_or_insert_default();
                    (trip.comments, trip.pages) = (Some(next), pages);
                    return Ok(page);
                }
                let why = format!("of its comments only the first {pages} pages are read (id {id})");
                page.warnings.push(Warning::new("comments_cut", format!("{ONE} {id}"), why));
            }
            mark.stuck.answered(&id);
        }
        // The export says whether it was deleted.
        Err(why) if matches!(reply.status, 404 | 410) => {
            mark.stuck.forget(&id);
            page.warnings.push(stuck::skipped(ONE, &id, &format!("its comments are not to be had, {why}")));
        }
        Err(why) => match mark.stuck.refused(ONE, &id, &why, now)? {
            Fate::Later => is_had = false,
            Fate::Skipped(warning) => page.warnings.push(warning),
        },
    }
    if !texts.is_empty() {
        ticket.text = texts.join("\n\n");
    }
    page.items.extend(Some(ticket).filter(|_| is_had));
    mark.is_done_with(&id);
    held.drop(&id);
    Ok(page)
}

/// What was answered, or why it is of no use.
fn answer(reply: &Reply) -> Result<Value, String> {
    if (200..300).contains(&reply.status) { api::json(&reply.body, SERVICE).map_err(|error| error.what) } else { Err(stuck::why(reply)) }
}

/// What the customer wrote on a page of comments, and the page that follows.
fn theirs(answer: &Value, ticket: &Item) -> Result<(Vec<String>, Option<String>), String> {
    let is_theirs = |comment: &&Value| {
        api::id(comment, &["author_id"]) == ticket.author
            && api::at(comment, &["public"]).is_none_or(|public| public.as_bool() != Some(false))
    };
    let comments = api::list(answer, "comments", SERVICE).map_err(|error| error.what)?.iter().filter(is_theirs);
    let words = comments.filter_map(|comment| api::text(comment, &["plain_body"]).or_else(|| api::text(comment, &["body"])));
    let has_more = api::at(answer, &["meta", "has_more"]).and_then(Value::as_bool) == Some(true);
    Ok((words.collect(), api::text(answer, &["meta", "after_cursor"]).filter(|_| has_more)))
}
