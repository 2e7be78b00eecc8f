//! RSS, Atom and JSON Feed.
//!
//! A document is decoded first, then read by what it is and not by what its `Content-Type` says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use crate::domain::Timestamp;
use crate::domain::http::Get;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::http::Slice;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::Source;
use crate::sources::charset;
use crate::sources::html;
use crate::text::hash;

mod identity;
mod json;
mod mend;
mod names;
mod outline;
mod repair;
mod suspect;
mod wishes;
mod xml;

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// On the web.
    Url(String),
    /// In a file.
    File(PathBuf),
}

/// Largest document that is read from a file, in bytes.
pub const LARGEST: u64 = 32 * 1024 * 1024;

/// Longest title and name of an author, in bytes.
const LONGEST_TITLE: usize = 1024;

/// A feed.
#[derive(Debug)]
pub struct Feed {
    settings: Settings,
}

impl Feed {
    /// A feed at an address or in a file.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Source for Feed {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        match &self.settings {
            Settings::Url(url) => {
                Request::Get(Get { url: url.clone(), accept: wishes::ACCEPT.to_owned(), conditional: true, context: String::new() })
            }
            Settings::File(path) => {
                Request::Slice(Slice { path: path.clone(), from: 0, limit: LARGEST, context: String::new(), packed: None })
            }
        }
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let read = match response {
            Response::Http(answer) => document(&answer.body, &answer.content_type, Some(&answer.url)),
            Response::Slice(bytes) if !bytes.at_end() => Err(ReadError::new(
                format!("a file of {} bytes, more than the {LARGEST} that a feed may have", bytes.size),
                "split the feed",
            )),
            Response::Slice(bytes) => document(&bytes.body, "", None),
            _ => Err(ReadError::misplaced()),
        };
        read.map(tell_apart)
    }
}

/// Reads one document as it is: ids are the feed's own, even where two items share one. `url` is
/// where it came from, the start of relative links.
///
/// # Errors
///
/// [`ReadError`] says what it looked like when it is no feed.
pub fn document(body: &[u8], content_type: &str, url: Option<&str>) -> Result<Page, ReadError> {
    let declared = charset::of_content_type(content_type).or_else(|| declared_inside(body));
    let found = charset::find(body, declared, true);
    let text = charset::decode(body, &found);
    let base = url.and_then(|url| Url::parse(url).ok());
    let mut warnings = encoding_warnings(&found, &text);
    let text = mend::mended(text.trim_start_matches('\u{feff}'), &mut warnings);
    let mut page = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => json::read(text.trim_start(), base.as_ref()).ok_or_else(|| suspect::looks_like(&text, base.as_ref())),
        _ => xml::read(&text, base.as_ref()).map_err(|refused| match refused {
            outline::Refused::NoFeed => suspect::looks_like(&text, base.as_ref()),
            outline::Refused::Excess(what) => {
                ReadError::new(format!("a feed that no reader should have to bear: {what}"), "tell those who run the server")
            }
        }),
    }?;
    page.items.iter_mut().for_each(within_limits);
    warnings.append(&mut page.warnings);
    page.warnings = warnings;
    let mut ids = page.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>();
    ids.sort_unstable();
    let shared = ids.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if shared > 0 {
        let message = format!("{shared} items have the id of another one: the daemon tells them apart by their content");
        page.warnings.push(Warning::new("duplicate_id", "", message));
    }
    Ok(page)
}

/// Items of a page that name a date which cannot be read.
#[derive(Debug, Default)]
struct Undated {
    count: usize,
    first: String,
}

impl Undated {
    /// Takes an item in, with its date as written.
    fn note(&mut self, item: &Item, written: Option<&str>) {
        let Some(written) = written.map(str::trim).filter(|written| !written.is_empty() && item.published.is_none()) else { return };
        if self.count == 0 {
            self.first = written.chars().take(40).collect();
        }
        self.count += 1;
    }

    fn tell(self, warnings: &mut Vec<Warning>) {
        if self.count > 0 {
            let (count, first) = (self.count, self.first);
            let items = if count == 1 { "1 item has".to_owned() } else { format!("{count} items have") };
            let message = format!("{items} a date that cannot be used, such as `{first}`: what is new counts from when it is first seen");
            warnings.push(Warning::new("unread_date", "", message));
        }
    }
}

/// What the encoding gives reason to say.
fn encoding_warnings(found: &charset::Found, text: &str) -> Vec<Warning> {
    let name = found.encoding.name();
    let mut warnings = Vec::new();
    if let Some(declared) = found.overruled {
        let message = format!("declared as {}, but it is {name}: read as that", declared.name());
        warnings.push(Warning::new("encoding_overruled", "", message));
    }
    if text.contains('\u{fffd}') {
        warnings.push(Warning::new("bad_character", "", format!("some bytes are no {name} and show as U+FFFD")));
    } else if found.guessed {
        warnings.push(Warning::new("encoding_guessed", "", format!("no encoding is declared that fits: read as {name}")));
    }
    warnings
}

/// Cuts what is too long for anybody to read.
fn within_limits(item: &mut Item) {
    for (text, longest) in [(&mut item.title, LONGEST_TITLE), (&mut item.text, html::LONGEST)] {
        let end = text.floor_char_boundary(longest);
        text.truncate(end);
    }
    if let Some(author) = &mut item.author {
        author.truncate(author.floor_char_boundary(LONGEST_TITLE));
    }
}

/// The encoding that an XML declaration names.
fn declared_inside(body: &[u8]) -> Option<&str> {
    let head = &body[..body.len().min(256)];
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split(quote).next()
}

/// An id that comes twice: the same content is one item, other content is told apart.
fn tell_apart(mut page: Page) -> Page {
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    page.items.retain_mut(|item| {
        let content = hash::of_parts([item.title.as_str(), item.text.as_str(), item.url.as_deref().unwrap_or_default()]);
        let known = seen.entry(item.id.clone()).or_default();
        if known.contains(&content) {
            return false;
        }
        if !known.is_empty() {
            item.id = format!("{}#{content:016x}", item.id);
        }
        known.push(content);
        true
    });
    page
}

fn note_cut(found: usize, page: &mut Page) {
    if found > page.items.len() && found > outline::MOST_ITEMS {
        let kept = outline::MOST_ITEMS;
        page.warnings.push(Warning::new("too_many_items", "", format!("{found} items in one document, the first {kept} were read")));
    }
}

/// A web address, made absolute; anything else is none.
fn absolute(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    if link.is_empty() {
        return None;
    }
    let web = |url: &Url| matches!(url.scheme(), "http" | "https");
    match Url::parse(link) {
        // Line breaks and tabs within are no part of an address, though every parser accepts them.
        Ok(url) if link.contains(|letter: char| letter.is_ascii_control()) => web(&url).then(|| url.into()),
        Ok(url) => web(&url).then(|| link.to_owned()),
        Err(_) => base?.join(link).ok().filter(web).map(String::from),
    }
}

#[cfg(test)]
mod tests;
