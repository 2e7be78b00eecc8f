//! The walk over a window of reviews, newest first, by numbers of pages.
//!
//! It ends with an empty page, or with a review from before the window, and then it has listed all that
//! was written since: what is stored of that and was not on it is gone, if a second walk says so too.
//! Numbers shift while reviews come and go. A walk that goes on after a pause goes back one page first.

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Listed;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::trustpilot::Business;
use crate::sources::trustpilot::SERVICE;
use crate::sources::trustpilot::Settings;
use crate::sources::trustpilot::reviews;
use crate::text::hash;

/// Reviews of a page; more are not allowed.
const PAGE: usize = 100;
/// Pages of one walk. Endless paging is a fault of the other side.
const MOST_PAGES: u32 = 1000;
/// The same page so often in a row is one that does not heed its number.
const MOST_SAME: u32 = 10;
/// What polls in between read.
const SHORT: TimeDelta = TimeDelta::days(2);
/// The window is read so often, a little early rather than a poll late.
const WINDOW_EVERY: TimeDelta = TimeDelta::minutes(59);
/// And the full one so often.
const FULL_EVERY: TimeDelta = TimeDelta::minutes(7 * 24 * 60 - 1);
/// A page that was asked for so long ago was asked for before a pause.
const PAUSE: TimeDelta = TimeDelta::seconds(60);

/// What is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// The business unit that was found.
    unit: Option<Unit>,
    /// When the newest review was written.
    newest: Option<i64>,
    /// What the first poll reached back to: older reviews stay out.
    floor: Option<i64>,
    /// When the window was read last.
    window_at: Option<i64>,
    /// When the full one was.
    full_at: Option<i64>,
    /// Where a walk is that is not at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
}

/// A business unit that was looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Unit {
    domain: String,
    id: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    scope: Scope,
    /// It ends there.
    from: i64,
    page: u32,
    /// Newest review that it has seen.
    newest: Option<i64>,
    /// A page of it was not seen by this process, or not understood: it proves nothing.
    is_rest: bool,
    /// The business was looked up on the way.
    looked_up: bool,
    /// When the page was asked for.
    asked_at: i64,
    /// The highest page that it went back from.
    back_from: u32,
    /// Reviews on its first page.
    #[serde(default)]
    first_len: usize,
    /// The page before.
    #[serde(default)]
    before: Before,
}

/// What is remembered of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    len: usize,
    /// Hash of its ids.
    ids: u64,
    /// How often it came in a row, whatever number was asked for.
    same: u32,
}

/// How much a walk reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    #[default]
    Short,
    Window,
    Full,
}

pub(super) fn first(settings: &Settings, cursor: &Cursor, now: Timestamp) -> Request {
    let mut mark: Mark = api::mark(cursor);
    let floor = mark.floor.unwrap_or_else(|| settings.since.from(now).timestamp());
    mark.floor = Some(floor);
    if let Some(walk) = &mut mark.walk {
        (walk.is_rest, walk.page) = (true, walk.page.saturating_sub(1).max(1));
    } else {
        let is_due = |last: Option<i64>, every: TimeDelta| last.is_none_or(|last| now.timestamp() - last >= every.num_seconds());
        let (scope, span) = if is_due(mark.full_at, FULL_EVERY) {
            (Scope::Full, settings.full_window)
        } else if is_due(mark.window_at, WINDOW_EVERY) {
            (Scope::Window, settings.overlap)
        } else {
            (Scope::Short, SHORT.min(settings.overlap))
        };
        let from = (mark.newest.unwrap_or(floor).saturating_sub(span.num_seconds())).max(floor);
        mark.walk = Some(Walk { scope, from, page: 1, ..Walk::default() });
    }
    request(settings, mark, now)
}

fn request(settings: &Settings, mut mark: Mark, now: Timestamp) -> Request {
    let walk = mark.walk.get_or_insert_default();
    walk.asked_at = now.timestamp();
    let walk = walk.clone();
    let base = &settings.base;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut takes = Vec::new();
    let path = match (&settings.business, &mark.unit) {
        (Business::Domain(domain), unit) if unit.as_ref().is_none_or(|unit| unit.domain != *domain) => {
            query.append_pair("name", domain);
            "/v1/business-units/find".to_owned()
        }
        (business, unit) => {
            let id = match (business, unit) {
                (Business::Domain(_), Some(unit)) => {
                    // It may have got another id since it was looked up.
                    takes = if walk.looked_up { Vec::new() } else { vec![404] };
                    &unit.id
                }
                (Business::Id(id) | Business::Domain(id), _) => id,
            };
            query.append_pair("page", &walk.page.max(1).to_string()).append_pair("perPage", &PAGE.to_string());
            query.append_pair("orderBy", "createdat.desc");
            if settings.secret.is_some() {
                // The public list has no such parameter; there the walk ends by the date.
                let from = Timestamp::from_timestamp(walk.from, 0).unwrap_or_default();
                query.append_pair("startDateTime", &api::stamp(from));
            }
            if !settings.stars.is_empty() {
                let stars: Vec<String> = settings.stars.iter().map(u8::to_string).collect();
                query.append_pair("stars", &stars.join(","));
            }
            if let [language] = settings.languages.as_slice() {
                query.append_pair("language", language);
            }
            let private = if settings.secret.is_some() { "private/" } else { "" };
            format!("/v1/{private}business-units/{}/reviews", api::in_path(id))
        }
    };
    Request::Call(Call { takes, ..api::call(format!("{base}{path}?{}", query.finish()), &mark) })
}

pub(super) fn read(settings: &Settings, reply: &Reply, now: Timestamp) -> Result<Page, ReadError> {
    let mut mark: Mark = api::notes(&reply.call.context);
    let mut walk = mark.walk.take().unwrap_or_default();
    let mut page = Page { format: "trustpilot", ..Page::default() };
    let domain = match &settings.business {
        Business::Domain(domain) if mark.unit.as_ref().is_none_or(|unit| unit.domain != *domain) => Some(domain),
        _ => None,
    };
    let is_over = if let Some(domain) = domain {
        mark.unit = Some(Unit { domain: domain.clone(), id: found(&reply.body)? });
        (walk.looked_up, walk.page) = (true, 1);
        false
    } else if reply.status == 404 {
        mark.unit = None;
        false
    } else {
        page = reviews(&api::json(&reply.body, SERVICE)?)?;
        turn_over(settings, &mut walk, &mut page, now)
    };
    if is_over {
        mark.newest = mark.newest.max(walk.newest);
        let now = Some(now.timestamp());
        mark.full_at = if walk.scope == Scope::Full { now } else { mark.full_at };
        mark.window_at = if walk.scope == Scope::Short { mark.window_at } else { now };
        let proves = !walk.is_rest;
        let since = Timestamp::from_timestamp(walk.from, 0);
        page.listed = Some(Listed { since, ..Listed::default() }).filter(|_| proves && since.is_some());
        page.cursor = Some(api::cursor(&mark));
        return Ok(page);
    }
    mark.walk = Some(walk);
    page.cursor = Some(api::cursor(&mark));
    page.next = Some(request(settings, mark, now));
    Ok(page)
}

impl Walk {
    /// Remembers a page. Returns whether it has come too often in a row.
    fn is_same_again(&mut self, page: &Page) -> bool {
        let (len, ids) = (page.items.len() + page.warnings.len(), hash::of_parts(page.items.iter().map(|item| item.id.as_str())));
        let same = if len > 0 && self.before.ids == ids { self.before.same.saturating_add(1) } else { 1 };
        self.before = Before { len, ids, same };
        if self.page <= 1 {
            self.first_len = len;
        }
        same >= MOST_SAME
    }
}

/// Goes from a page to the next, or to the one before. Returns whether the walk is at its end.
fn turn_over(settings: &Settings, walk: &mut Walk, page: &mut Page, now: Timestamp) -> bool {
    let written = |item: &Item| item.published.map(|written| written.timestamp());
    // A date in the future would hide all others.
    walk.newest = walk.newest.max(page.items.iter().filter_map(written).max().map(|newest| newest.min(now.timestamp())));
    let from = walk.from;
    let is_old = |item: &Item| written(item).is_some_and(|written| written < from);
    let reaches_back = page.items.last().is_some_and(is_old);
    let is_in_order = !page.items.iter().skip_while(|item| !is_old(item)).any(|item| !is_old(item));
    let is_empty = page.items.is_empty() && page.warnings.is_empty();
    // What cannot be read might be any review. Behind a full page there would be more: nothing there may be a
    // fault of the service. Neither proves anything.
    let was_full = walk.before.len >= PAGE || walk.page > 2 && walk.before.len >= walk.first_len;
    walk.is_rest |= !page.warnings.is_empty() || !is_in_order || is_empty && was_full;
    let is_same = walk.is_same_again(page);
    page.items.retain(|item| !is_old(item) && is_wanted(item, settings));
    // Pages are not shorter than asked for by rule: only an empty one is the last for sure.
    let is_late = now.timestamp() - walk.asked_at > PAUSE.num_seconds();
    if is_late && walk.page > 1 && walk.page > walk.back_from {
        (walk.back_from, walk.page) = (walk.page, walk.page - 1);
        return false;
    }
    if is_same || walk.page >= MOST_PAGES {
        walk.is_rest = true;
        let why = format!("the list does not end after {} pages, or is the same on each of them; the rest is left", walk.page);
        page.warnings.push(Warning::new("endless", "", why));
        return true;
    }
    if is_empty || reaches_back {
        return true;
    }
    walk.page = walk.page.max(1) + 1;
    false
}

/// Whether a filter leaves it. What is gone passes.
fn is_wanted(item: &Item, settings: &Settings) -> bool {
    let stars = item.rating.map(|rating| rating.value);
    let has_stars = settings.stars.is_empty() || settings.stars.iter().any(|wanted| stars == Some(f64::from(*wanted)));
    let has_language = settings.languages.is_empty() || item.lang.as_ref().is_some_and(|lang| settings.languages.contains(lang));
    item.gone || has_stars && has_language
}

/// The id of a business that was looked up.
fn found(body: &[u8]) -> Result<String, ReadError> {
    api::id(&api::json(body, SERVICE)?, &["id"]).ok_or_else(|| {
        ReadError::new(format!("no answer of {SERVICE}: a business without `id`"), "check `business`, or give its `business_unit_id`")
    })
}
