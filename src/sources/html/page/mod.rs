//! Reviews on web pages, for which somebody has given the permission.
//!
//! A page is read as JSON-LD, else as microdata, else by the selectors of the configuration. A page
//! that is a wall, a shell or another page than it was is refused with its reason, and nothing is
//! tried to get past it. Authors' names are kept apart from everything else: the engine hashes them.

use chrono_tz::Tz;
use scraper::Html;
use scraper::Selector;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::charset;
use crate::sources::file::DateOrder;
use crate::sources::html;
use crate::text::hash;

mod dates;
mod jsonld;
mod microdata;
mod pick;
mod rating;
mod selectors;
mod tree;
mod walls;

pub use crate::sources::html::page::pick::Wrong;
pub use crate::sources::html::page::pick::check as check_selector;
pub use crate::sources::html::page::selectors::Selectors;

/// Longest title and name of an author, in bytes.
const LONGEST_TITLE: usize = 1024;

/// How a page is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    /// JSON-LD and microdata are looked at first.
    pub structured: bool,
    /// What stands where on pages without.
    pub selectors: Option<Selectors>,
    /// Order of numeric dates.
    pub date_order: Option<DateOrder>,
    /// Zone of times that name none; UTC without it.
    pub time_zone: Option<Tz>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { structured: true, selectors: None, date_order: None, time_zone: None }
    }
}

/// A review as it stands on the page.
#[derive(Debug, Clone, Default)]
struct Found {
    /// `@id`, `itemid`, what the selector for ids gives.
    own: Option<String>,
    /// Its permalink, as written.
    url: Option<String>,
    title: String,
    text: String,
    author: Option<String>,
    /// As written.
    date: Option<String>,
    /// As written.
    updated: Option<String>,
    rating: Option<Rating>,
    /// A rating stands there that is none of its scale.
    unread_rating: bool,
    lang: Option<String>,
}

/// What was read of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its items and warnings.
    pub page: Page,
    /// The page that follows, on the same host.
    pub next: Option<String>,
}

/// Reads one page. `url` is where it came from, `now` when it was fetched.
///
/// # Errors
///
/// [`ReadError`] says why the page cannot be read: what it looks like instead of reviews.
pub fn document(body: &[u8], content_type: &str, url: Option<&str>, now: Timestamp, manner: &Manner) -> Result<Sheet, ReadError> {
    let declared = charset::of_content_type(content_type).or_else(|| declared_inside(body));
    let found = charset::find(body, declared, true);
    let text = charset::decode(body, &found);
    if text.trim().is_empty() {
        return Err(ReadError::new("an empty answer instead of a page", "check the address in a browser"));
    }
    let tree = tree::build(&text)?;
    if let Some(forbidden) = walls::forbidden(&tree) {
        return Err(forbidden);
    }
    let address = url.and_then(|url| Url::parse(url).ok());
    let base = base_of(&tree, address.as_ref());
    let mut warnings = Vec::new();
    let reviews = reviews(&tree, manner, &mut warnings)?;
    let items = Reader { manner, now, address: address.as_ref(), base: base.as_ref() }.items(reviews, &mut warnings)?;
    if items.is_empty() {
        warnings.push(Warning::new("no_records", "", "the page has a list of reviews, and it is empty"));
    }
    let next = next_of(&tree, manner, address.as_ref(), base.as_ref())?;
    let title = select(&tree, "title").next().map(tree::line_of).filter(|title| !title.is_empty());
    Ok(Sheet { page: Page { format: "html", title, link: url.map(str::to_owned), items, warnings, ..Page::default() }, next })
}

/// Whether a document is a page on which reviews stand that programs can read, or that says there are none.
#[must_use]
pub fn has_reviews(body: &[u8]) -> bool {
    let found = charset::find(body, declared_inside(body), true);
    let text = charset::decode(body, &found);
    let Ok(tree) = tree::build(&text) else { return false };
    let read = jsonld::read(&tree, &mut Vec::new());
    read.container || !read.found.is_empty() || !microdata::read(&tree).found.is_empty()
}

/// Whether a document is a wall in front of a page: then it is no feed either.
#[must_use]
pub fn is_wall(body: &[u8]) -> bool {
    let found = charset::find(body, declared_inside(body), true);
    tree::build(&charset::decode(body, &found)).is_ok_and(|tree| walls::reason(&tree).is_some())
}

/// The reviews of the page in the order in which it has them, from the first of the ways that finds any.
fn reviews(tree: &Html, manner: &Manner, warnings: &mut Vec<Warning>) -> Result<Vec<Found>, ReadError> {
    let (mut container, mut subject, mut counted) = (false, false, 0);
    if manner.structured {
        let read = jsonld::read(tree, warnings);
        if !read.found.is_empty() {
            return Ok(read.found);
        }
        (container, subject, counted) = (read.container, read.subject, read.counted);
        let read = microdata::read(tree);
        if !read.found.is_empty() {
            return Ok(read.found);
        }
        counted = counted.max(read.counted);
    }
    if let Some(selectors) = &manner.selectors {
        let read = pick::read(tree, selectors, warnings)?;
        if !read.found.is_empty() || read.empty {
            return Ok(read.found);
        }
    }
    if container && counted == 0 {
        return Ok(Vec::new());
    }
    if let Some(reason) = walls::reason(tree) {
        return Err(reason);
    }
    if counted > 0 {
        return Err(ReadError::new(
            format!(
                "needs_scripts: the page speaks of {counted} reviews and holds none: scripts bring them later, and scripts are not run"
            ),
            "look for a feed, an export or an API of the site, and use `feed`, `file` or `http_json`",
        ));
    }
    if subject && manner.selectors.is_none() {
        return Ok(Vec::new());
    }
    Err(layout_changed(manner))
}

fn layout_changed(manner: &Manner) -> ReadError {
    let (what, cure) = match &manner.selectors {
        Some(selectors) if selectors.empty.is_some() => (
            format!("layout_changed: nothing on the page matches `{}`, and the sign of an empty list is not there either", selectors.item),
            "look at the page in a browser and write its selectors anew",
        ),
        Some(selectors) => (
            format!("layout_changed: nothing on the page matches `{}`", selectors.item),
            "write the selectors anew; if the list is just empty, name in `empty` what shows that",
        ),
        None => (
            "layout_changed: no reviews in JSON-LD or microdata, and no list of them that is empty".to_owned(),
            "look at the page in a browser, and write `[source.html.selectors]` for it",
        ),
    };
    ReadError::new(what, cure)
}

/// Makes items of what was found.
struct Reader<'a> {
    manner: &'a Manner,
    now: Timestamp,
    address: Option<&'a Url>,
    base: Option<&'a Url>,
}

impl Reader<'_> {
    fn items(&self, reviews: Vec<Found>, warnings: &mut Vec<Warning>) -> Result<Vec<Item>, ReadError> {
        let dates = dates::Manner { now: self.now, zone: self.manner.time_zone.unwrap_or(Tz::UTC), order: self.manner.date_order };
        let order = order_of(&reviews, dates);
        let dates = dates::Manner { order: dates.order.or(order), ..dates };
        let mut tally = Tally::default();
        let mut items: Vec<Item> = Vec::with_capacity(reviews.len());
        let links = shared_links(&reviews);
        for (at, found) in reviews.into_iter().enumerate() {
            if found.text.trim().is_empty() && found.title.trim().is_empty() && found.rating.is_none() {
                tally.empty += 1;
                continue;
            }
            let said = found.date.as_deref().map_or(dates::Said::Nothing, |date| dates.read(date));
            let published = match said {
                dates::Said::At(moment) => Some(moment),
                dates::Said::About(moment) => {
                    tally.about += 1;
                    Some(moment)
                }
                dates::Said::Open(_) => return Err(ambiguous(found.date.as_deref().unwrap_or_default())),
                dates::Said::Nothing => None,
            };
            tally.undated += usize::from(published.is_none() && found.date.is_some());
            tally.unrated += usize::from(found.unread_rating);
            let updated = found.updated.as_deref().and_then(|date| match dates.read(date) {
                dates::Said::At(moment) => Some(moment),
                _ => None,
            });
            let (id, made) = self.id(&found, matches!(said, dates::Said::About(_)), &links);
            tally.nameless += usize::from(made);
            let item = Item {
                id,
                title: shortened(found.title, LONGEST_TITLE),
                text: shortened(found.text, html::LONGEST),
                author: found.author.map(|author| shortened(author, LONGEST_TITLE)),
                url: found.url.as_deref().and_then(|url| self.absolute(url)),
                published,
                updated: updated.filter(|updated| published.is_none_or(|published| *updated > published)),
                rating: found.rating,
                lang: found.lang.filter(|lang| lang.len() < 36 && !lang.is_empty()),
                ..Item::default()
            };
            settle(item, &mut items, at, warnings);
        }
        tally.tell(warnings);
        Ok(items)
    }

    /// The id: its own, made absolute where it is an address; else its permalink; else a hash over author,
    /// date and text. A date that counts from the time of the poll is no part of it.
    fn id(&self, found: &Found, moving: bool, shared: &[String]) -> (String, bool) {
        if let Some(own) = found.own.as_deref().map(str::trim).filter(|own| !own.is_empty()) {
            let id = match self.address {
                // A page of a list is no part of an id that only names a place on it.
                Some(address) if own.starts_with('#') => {
                    let mut address = address.clone();
                    address.set_query(None);
                    address.join(own).map_or_else(|_| own.to_owned(), String::from)
                }
                _ => own.to_owned(),
            };
            return (bounded(id), false);
        }
        let link = found.url.as_ref().filter(|url| !shared.contains(url)).and_then(|url| self.absolute(url));
        let is_page = |link: &String| self.address.is_some_and(|address| same_page(link, address));
        if let Some(link) = link.filter(|link| !is_page(link)) {
            return (bounded(link), false);
        }
        let date = if moving { "" } else { found.date.as_deref().unwrap_or_default() };
        let parts = [found.author.as_deref().unwrap_or_default(), date, found.title.as_str(), found.text.as_str()];
        (format!("h1:{:016x}", hash::of_parts(parts)), true)
    }

    fn absolute(&self, link: &str) -> Option<String> {
        let url = match Url::parse(link.trim()) {
            Ok(url) => url,
            Err(_) => self.base?.join(link.trim()).ok()?,
        };
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    }
}

/// What of a page is told once for all of it.
#[derive(Debug, Default)]
struct Tally {
    empty: usize,
    about: usize,
    undated: usize,
    unrated: usize,
    nameless: usize,
}

impl Tally {
    fn tell(self, warnings: &mut Vec<Warning>) {
        let lines = [
            (self.empty, "empty_record", "without text and rating left out"),
            (self.about, "approximate_date", "with a date that is only known as a time gone by, counted back from the fetch"),
            (self.undated, "unread_date", "with a date that cannot be read: what is new counts from when it is first seen"),
            (self.unrated, "unread_rating", "with a rating that is none of its scale"),
            (self.nameless, "no_id", "with neither id nor permalink: known by author, date and text, and an edit looks like a new one"),
        ];
        for (count, code, what) in lines {
            if count > 0 {
                let reviews = if count == 1 { "1 review".to_owned() } else { format!("{count} reviews") };
                warnings.push(Warning::new(code, "", format!("{reviews} {what}")));
            }
        }
    }
}

/// Adds an item. One that is there already is dropped; another one with the same id is told apart by
/// its content.
fn settle(mut item: Item, items: &mut Vec<Item>, at: usize, warnings: &mut Vec<Warning>) {
    let content = |item: &Item| hash::of_parts([item.title.as_str(), item.text.as_str(), item.author.as_deref().unwrap_or_default()]);
    let twin = items.iter().any(|other| other.id == item.id && content(other) == content(&item));
    if twin {
        return;
    }
    if items.iter().any(|other| other.id == item.id) {
        let message = "it has the id of another review, and is told apart by its content";
        warnings.push(Warning::new("duplicate_id", format!("review {}", at + 1), message));
        item.id = format!("{}#{:016x}", item.id, content(&item));
    }
    items.push(item);
}

/// Addresses that more than one review gives as its own: those of the product, mostly.
fn shared_links(reviews: &[Found]) -> Vec<String> {
    let mut links: Vec<&String> = reviews.iter().filter_map(|found| found.url.as_ref()).collect();
    links.sort_unstable();
    let mut shared: Vec<String> = links.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    shared.dedup();
    shared
}

/// The order that dates of the page decide: one day above twelve speaks for all.
fn order_of(reviews: &[Found], dates: dates::Manner) -> Option<DateOrder> {
    let slashed = reviews.iter().filter_map(|found| dates::numbers(found.date.as_deref()?));
    let (mut day, mut month) = (false, false);
    for date in slashed {
        day |= date.first > 12;
        month |= date.second > 12;
    }
    match (dates.order, day, month) {
        (None, true, false) => Some(DateOrder::DayMonthYear),
        (None, false, true) => Some(DateOrder::MonthDayYear),
        _ => None,
    }
}

fn ambiguous(date: &str) -> ReadError {
    let date: String = date.chars().take(40).collect();
    ReadError::new(
        format!("ambiguous_date: `{date}` can be read in two ways, and no date of the page tells in which"),
        "write `date_order = \"dmy\"` or `\"mdy\"`",
    )
}

/// The address of the following page, if it is on the same host.
fn next_of(tree: &Html, manner: &Manner, address: Option<&Url>, base: Option<&Url>) -> Result<Option<String>, ReadError> {
    let written = if let Some(selector) = manner.selectors.as_ref().and_then(|selectors| selectors.next.as_deref()) {
        pick::next(tree, selector)?
    } else {
        let relation = |element: &scraper::ElementRef<'_>| {
            element.attr("rel").is_some_and(|rel| rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("next")))
        };
        select(tree, "link[rel][href], a[rel][href]").find(relation).and_then(|element| element.attr("href")).map(str::to_owned)
    };
    let (Some(written), Some(base), Some(address)) = (written, base, address) else { return Ok(None) };
    let Ok(mut next) = base.join(written.trim()) else { return Ok(None) };
    next.set_fragment(None);
    let leads_on = api::stays(&next, address) && next.as_str() != address.as_str();
    Ok(leads_on.then(|| next.into()))
}

fn base_of(tree: &Html, address: Option<&Url>) -> Option<Url> {
    let written = select(tree, "base[href]").next().and_then(|base| base.attr("href"));
    match (written, address) {
        (Some(written), Some(address)) => address.join(written.trim()).ok().or_else(|| Some(address.clone())),
        (Some(written), None) => Url::parse(written.trim()).ok(),
        (None, address) => address.cloned(),
    }
}

fn select<'a>(tree: &'a Html, selector: &str) -> impl Iterator<Item = scraper::ElementRef<'a>> {
    // The selectors of this file are fixed, and parse.
    let selector = Selector::parse(selector).ok();
    tree.tree
        .nodes()
        .filter_map(scraper::ElementRef::wrap)
        .filter(move |element| selector.as_ref().is_some_and(|selector| selector.matches(element)))
}

/// Whether a link leads to the page itself.
fn same_page(link: &str, address: &Url) -> bool {
    let Ok(mut link) = Url::parse(link) else { return false };
    if link.fragment().is_some_and(|fragment| !fragment.is_empty()) {
        return false;
    }
    let mut address = address.clone();
    link.set_query(None);
    address.set_query(None);
    address.set_fragment(None);
    link.set_fragment(None);
    link == address
}

fn bounded(id: String) -> String {
    if id.len() > 4096 { format!("h1:{:016x}", hash::of_parts([id.as_str()])) } else { id }
}

fn shortened(mut text: String, longest: usize) -> String {
    text.truncate(text.floor_char_boundary(longest));
    text
}

/// The `charset` that a page names in its head.
fn declared_inside(body: &[u8]) -> Option<&str> {
    let head = &body[..body.len().min(2048)];
    let at = head.windows(8).position(|window| window.eq_ignore_ascii_case(b"charset="))? + 8;
    let rest = &head[at..];
    let start = usize::from(rest.first().is_some_and(|byte| matches!(byte, b'"' | b'\'')));
    let length = rest[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    std::str::from_utf8(&rest[start..start + length]).ok().filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests;
