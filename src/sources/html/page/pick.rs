//! CSS selectors as the configuration writes them: `li.rv`, `a.perma@href`, `@data-id`,
//! `i.st@class | /s-(\d)/`.

use regex::Regex;
use regex::RegexBuilder;
use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;

use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::html::page::Found;
use crate::sources::html::page::Selectors;
use crate::sources::html::page::microdata;
use crate::sources::html::page::rating;
use crate::sources::html::page::tree;

/// Longest selector, in bytes.
const LONGEST: usize = 500;

/// Items of one page, at most.
const MOST_ITEMS: usize = 5_000;

/// Elements that are looked at for one page, each as often as it is.
const MOST_LOOKS: usize = 20_000_000;

/// What is wrong with a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Wrong {
    /// What it is.
    pub reason: String,
    /// What to write instead.
    pub cure: String,
}

/// One selector, with the attribute and the piece of it that are wanted.
#[derive(Debug)]
pub(super) struct Pick {
    /// None is the item itself.
    selector: Option<Selector>,
    attribute: Option<String>,
    piece: Option<Regex>,
}

impl Pick {
    /// Reads a selector.
    pub(super) fn parse(written: &str) -> Result<Self, Wrong> {
        if written.len() > LONGEST {
            return Err(wrong(format!("longer than {LONGEST} bytes"), "name a class or an id that is nearer to what is wanted"));
        }
        let (place, piece) = match written.rsplit_once(" | ") {
            Some((place, piece)) => (place.trim(), Some(expression(piece.trim())?)),
            None => (written.trim(), None),
        };
        // An at sign inside brackets or quotes belongs to the selector.
        let at = place.rfind('@').filter(|at| !place[*at..].contains([']', ')', '"', '\'']));
        let (css, attribute) = match at {
            Some(at) => (place[..at].trim(), Some(place[at + 1..].trim().to_ascii_lowercase())),
            None => (place, None),
        };
        if attribute.as_ref().is_some_and(|name| name.is_empty() || name.contains(char::is_whitespace)) {
            return Err(wrong("no name of an attribute behind `@`", "for example `a.permalink@href`"));
        }
        if css.is_empty() && attribute.is_none() {
            return Err(wrong("no selector", "for example `.review-text`, or `@data-id` for an attribute of the item itself"));
        }
        let selector = if css.is_empty() { None } else { Some(selector(css)?) };
        Ok(Self { selector, attribute, piece })
    }

    /// The first element that it means, in a budget of looks.
    fn first<'a>(&self, item: ElementRef<'a>, looks: &mut usize) -> Option<ElementRef<'a>> {
        let Some(selector) = &self.selector else { return Some(item) };
        let elements = item.descendants().filter_map(ElementRef::wrap).skip(1);
        for element in elements {
            *looks = looks.checked_sub(1)?;
            if selector.matches_with_scope(&element, Some(item)) {
                return Some(element);
            }
        }
        None
    }

    /// What it gives for an item: the attribute or what `text` makes of the element.
    fn value(&self, item: ElementRef<'_>, looks: &mut usize, text: fn(ElementRef<'_>) -> String) -> Option<String> {
        let element = self.first(item, looks)?;
        let value = match &self.attribute {
            Some(name) => element.attr(name)?.trim().to_owned(),
            None => text(element),
        };
        let value = match &self.piece {
            Some(piece) => {
                let found = piece.captures(&value)?;
                found.get(1).or_else(|| found.get(0))?.as_str().trim().to_owned()
            }
            None => value,
        };
        (!value.is_empty()).then_some(value)
    }
}

/// Whether a selector can be used.
///
/// # Errors
///
/// [`Wrong`] says why it cannot.
pub fn check(written: &str) -> Result<(), Wrong> {
    Pick::parse(written).map(|_| ())
}

fn wrong(reason: impl Into<String>, cure: impl Into<String>) -> Wrong {
    Wrong { reason: reason.into(), cure: cure.into() }
}

fn selector(css: &str) -> Result<Selector, Wrong> {
    // What looks at all siblings of all siblings takes minutes on a page that is made for it.
    let without_equals = css.replace("~=", "").to_ascii_lowercase();
    if without_equals.contains('~') || [":has(", ":nth-"].iter().any(|costly| without_equals.contains(costly)) {
        return Err(wrong(
            "`~`, `:has(…)` and `:nth-…` are not allowed: they cost too much on long pages",
            "name a class, an attribute, or a parent with `>`",
        ));
    }
    Selector::parse(css).map_err(|_| wrong(format!("`{css}` is no CSS selector"), "for example `.review .text` or `li[data-review]`"))
}

fn expression(piece: &str) -> Result<Regex, Wrong> {
    let inner = piece.strip_prefix('/').and_then(|piece| piece.strip_suffix('/'));
    let Some(inner) = inner else {
        return Err(wrong("what stands behind ` | ` is no `/…/`", "for example `i.stars@class | /stars-(\\d)/`"));
    };
    RegexBuilder::new(inner).size_limit(1 << 20).dfa_size_limit(1 << 20).nest_limit(50).build().map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        wrong(format!("`/{inner}/` is no regular expression: {last}"), "for example `/stars-(\\d)/`: the first group is taken")
    })
}

/// What selectors found on a page.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub found: Vec<Found>,
    /// The sign of an empty list is there.
    pub empty: bool,
}

/// Reads the items of a page.
///
/// # Errors
///
/// [`ReadError`] where a selector cannot be used, or the page is made to choke it.
pub(super) fn read(page: &Html, selectors: &Selectors, warnings: &mut Vec<Warning>) -> Result<Read, ReadError> {
    let pick = |written: &Option<String>, name: &str| match written {
        Some(written) => {
            Pick::parse(written).map(Some).map_err(|wrong| ReadError::new(format!("`{name}` cannot be used: {wrong}"), wrong.cure))
        }
        None => Ok(None),
    };
    let item = pick(&Some(selectors.item.clone()), "item")?;
    let empty = pick(&selectors.empty, "empty")?;
    let [id, text, title, rating, date, url, author] = [
        pick(&selectors.id, "id")?,
        pick(&selectors.text, "text")?,
        pick(&selectors.title, "title")?,
        pick(&selectors.rating, "rating")?,
        pick(&selectors.date, "date")?,
        pick(&selectors.url, "url")?,
        pick(&selectors.author, "author")?,
    ];
    let root = page.root_element();
    let mut looks = MOST_LOOKS;
    let Some(items) = item.as_ref().and_then(|item| item.selector.as_ref()) else {
        return Err(ReadError::new("`item` names no elements", "write a CSS selector, for example `li.review`"));
    };
    let mut read = Read { empty: empty.is_some_and(|empty| empty.first(root, &mut looks).is_some()), ..Read::default() };
    for element in page.select(items).take(MOST_ITEMS + 1) {
        if read.found.len() == MOST_ITEMS {
            warnings.push(Warning::new("too_many_items", "", format!("more than {MOST_ITEMS} items on one page, the first were read")));
            break;
        }
        let mut value =
            |pick: &Option<Pick>, text: fn(ElementRef<'_>) -> String| pick.as_ref().and_then(|pick| pick.value(element, &mut looks, text));
        let given = value(&rating, microdata::value);
        let read_rating = given.as_deref().and_then(|given| rating::read(given, selectors.rating_max));
        read.found.push(Found {
            own: value(&id, tree::line_of),
            url: value(&url, link_of),
            title: value(&title, tree::line_of).unwrap_or_default(),
            text: if text.is_some() { value(&text, tree::text_of).unwrap_or_default() } else { tree::text_of(element) },
            author: value(&author, tree::line_of),
            date: value(&date, date_of),
            updated: None,
            rating: read_rating,
            unread_rating: read_rating.is_none() && given.is_some(),
            lang: element.attr("lang").map(str::to_owned),
        });
        if looks == 0 {
            return Err(ReadError::new(
                "a page whose items lie inside one another thousands of times",
                "write a selector for `item` that means single reviews",
            ));
        }
    }
    Ok(read)
}

/// The address that leads to the next page, as written.
///
/// # Errors
///
/// [`ReadError`] where the selector cannot be used.
pub(super) fn next(page: &Html, written: &str) -> Result<Option<String>, ReadError> {
    let pick = Pick::parse(written).map_err(|wrong| ReadError::new(format!("`next` cannot be used: {wrong}"), wrong.cure))?;
    let mut looks = MOST_LOOKS;
    Ok(pick.value(page.root_element(), &mut looks, link_of))
}

/// What a program can read of a date, also where it stands one element further inside.
fn date_of(element: ElementRef<'_>) -> String {
    let inside = element.child_elements().chain(std::iter::once(element));
    let machine = inside.filter_map(|element| element.attr("datetime")).find(|text| !text.trim().is_empty());
    machine.map_or_else(|| microdata::value(element), |text| text.trim().to_owned())
}

fn link_of(element: ElementRef<'_>) -> String {
    element.attr("href").map_or_else(|| tree::line_of(element), |href| href.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(html: &str, written: &str) -> Option<String> {
        let page = tree::build(html).unwrap();
        Pick::parse(written).unwrap().value(page.root_element(), &mut 1000, tree::line_of)
    }

    #[test]
    fn a_pick_is_an_element_an_attribute_or_a_piece_of_it() {
        let page = "<div class='rv x' data-id=7><p class=t>One <b>two</b></p><a href='/r/7?x=@y'>link</a><i class='st s-4'></i></div>";
        for (written, expected) in [
            (".t", Some("One two")),
            (".rv > .t", Some("One two")),
            ("a@href", Some("/r/7?x=@y")),
            ("a[href*='@y']", Some("link")),
            ("a[href*='@y']@HREF", Some("/r/7?x=@y")),
            (r"i.st@class | /s-(\d)/", Some("4")),
            (r".t | /\w+$/", Some("two")),
            (".rv@data-id", Some("7")),
            (".none", None),
            ("a@title", None),
            (r"i@class | /z-(\d)/", None),
        ] {
            assert_eq!(value(page, written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_with_an_example() {
        for (written, reason) in [
            ("", "no selector"),
            ("a@", "no name of an attribute behind `@`"),
            ("li..x", "`li..x` is no CSS selector"),
            ("a | s-(\\d)", "is no `/…/`"),
            ("a | /s-(/", "is no regular expression"),
            ("a | /((a{1000}){1000}){1000}/", "is no regular expression"),
            ("a ~ b", "cost too much"),
            ("a:has(b)", "cost too much"),
        ] {
            let wrong = check(written).unwrap_err();
            assert!(wrong.reason.contains(reason), "{written}: {wrong}");
            assert!(!wrong.cure.is_empty());
        }
        assert!(check(&"a".repeat(LONGEST + 1)).is_err());
        assert!(check("a[rel~=next]@href").is_ok());
        assert!(check(&format!("{}a{}", ":not(".repeat(60), ")".repeat(60))).is_ok());
    }

    #[test]
    fn items_inside_one_another_do_not_multiply_the_work() {
        let page = tree::build(&"<div>".repeat(400).repeat(1)).unwrap();
        let selectors = Selectors { item: "div".to_owned(), text: Some(".none".to_owned()), ..Selectors::default() };
        assert_eq!(read(&page, &selectors, &mut Vec::new()).unwrap().found.len(), 400);
    }
}
