//! Ids of feed items: the feed's own where it has one, else one that is the same on every poll.
//!
//! The order: `guid`, `rdf:about`, `atom:id` or JSON `id`, trimmed and otherwise as written; else
//! the link, without fragment and without parameters that only say where a reader came from; else
//! `h1:` and a hash over title, author, date as written and text.

use unicode_normalization::UnicodeNormalization;

use crate::domain::item::Warning;
use crate::text::hash;

/// Longest id that is kept as it is; a longer one is replaced by its hash.
const LONGEST: usize = 4 * 1024;

/// Digits of a number of messages, at most.
const LONGEST_NUMBER: usize = 10;

/// What an id can be made of.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    /// `guid`, `atom:id`, `rdf:about`, JSON `id`.
    pub own: Option<&'a str>,
    /// Address of the item.
    pub link: Option<&'a str>,
    /// Headline.
    pub title: &'a str,
    /// Author as written.
    pub author: &'a str,
    /// Date as written.
    pub date: &'a str,
    /// Text.
    pub text: &'a str,
}

/// Gives the items of one document their ids.
#[derive(Debug, Default)]
pub(super) struct Ids {
    given: usize,
    /// Items that have neither an id nor a link.
    nameless: usize,
    /// Items whose own id holds a session or the like.
    moving: usize,
}

impl Ids {
    /// The id of the next item.
    pub(super) fn give(&mut self, marks: &Marks<'_>) -> String {
        let own = marks.own.map(str::trim).filter(|id| !id.is_empty());
        match (own, marks.link) {
            (Some(own), _) => self.moving += usize::from(own.contains("://") && has_parameter(own, is_session)),
            (None, Some(_)) => {}
            (None, None) => self.nameless += 1,
        }
        self.given += 1;
        of(marks)
    }

    /// Says what the ids of the document are like. Changes none: an id that hung on the other items
    /// of a page would be another one on the next page.
    pub(super) fn settle(self, warnings: &mut Vec<Warning>) {
        let all = self.given;
        if self.nameless > 0 {
            let message = format!(
                "{} of {all} items have neither id nor link: they are known by their content, and an edit looks like a new one",
                self.nameless
            );
            warnings.push(Warning::new("no_id", "", message));
        }
        if self.moving > 0 {
            let message = format!("the ids of {} of {all} items hold a session: they may be others at the next poll", self.moving);
            warnings.push(Warning::new("unstable_id", "", message));
        }
    }
}

/// The id: the feed's own, verbatim; else the link without what changes from visit to visit; else
/// a hash over what there is. Never a position and never the time of the poll.
pub(super) fn of(marks: &Marks<'_>) -> String {
    let own = marks.own.map(str::trim).filter(|id| !id.is_empty());
    let id = own.map(str::to_owned).or_else(|| marks.link.map(lasting));
    match id {
        Some(id) if id.len() <= LONGEST => id,
        Some(id) => format!("h1:{:016x}", hash::of_parts([id.as_str()])),
        None => of_content(marks),
    }
}

/// A hash over the content, for items that have nothing else, and to tell apart those that share
/// an id.
pub(super) fn of_content(marks: &Marks<'_>) -> String {
    let parts = [marks.title, marks.author, marks.date, marks.text].map(folded);
    format!("h1:{:016x}", hash::of_parts(parts.iter().map(String::as_str)))
}

/// An address without fragment and without parameters that only say where the reader came from.
fn lasting(link: &str) -> String {
    without(link, |name, value| is_tracking(name) || is_session(name, value))
}

fn is_tracking(name: &str) -> bool {
    name.starts_with("utm_") || matches!(name, "fbclid" | "gclid")
}

/// `sid` is the number of a message in some forums and a visitor's session in others: a short number
/// is the former.
fn is_session(name: &str, value: &str) -> bool {
    let number = !value.is_empty() && value.len() <= LONGEST_NUMBER && value.bytes().all(|byte| byte.is_ascii_digit());
    matches!(name, "session" | "PHPSESSID" | "jsessionid") || name == "sid" && !number
}

fn has_parameter(link: &str, unwanted: impl Fn(&str, &str) -> bool) -> bool {
    let query = link.split('#').next().and_then(|link| link.split_once('?')).map_or("", |(_, query)| query);
    !query.is_empty()
        && query.split('&').any(|pair| pair.split_once('=').map_or_else(|| unwanted(pair, ""), |(name, value)| unwanted(name, value)))
}

fn without(link: &str, unwanted: impl Fn(&str, &str) -> bool) -> String {
    if !has_parameter(link, &unwanted) {
        // Verbatim: parsing would rewrite the address, and another version of a parser otherwise.
        return link.split('#').next().unwrap_or(link).to_owned();
    }
    let Ok(mut url) = url::Url::parse(link) else {
        return link.to_owned();
    };
    url.set_fragment(None);
    let kept =
        url.query_pairs().filter(|(name, value)| !unwanted(name, value)).map(|(name, value)| (name.into_owned(), value.into_owned()));
    let kept = kept.collect::<Vec<_>>();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url.into()
}

fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.nfc());
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_id_wins_then_the_link_then_the_content() {
        let link = Some("http://x.test/a?b=1&utm_source=rss#top");
        assert_eq!(of(&Marks { own: Some(" p-1 "), link, ..Marks::default() }), "p-1");
        assert_eq!(of(&Marks { own: Some(" "), link, ..Marks::default() }), "http://x.test/a?b=1");
        assert_eq!(of(&Marks { link: Some("http://X.test/%7ea#f"), ..Marks::default() }), "http://X.test/%7ea");
        let hashed = of(&Marks { title: "caf\u{e9}", text: "a  b", ..Marks::default() });
        assert_eq!(hashed, of(&Marks { title: "cafe\u{301}", text: " a\nb ", ..Marks::default() }));
        assert!(hashed.starts_with("h1:"), "{hashed}");
    }

    #[test]
    fn a_number_of_a_message_is_no_session_whatever_else_is_on_the_page() {
        for (link, id) in [
            ("http://x.test/t?f=1&sid=7", "http://x.test/t?f=1&sid=7"),
            ("http://x.test/t?f=1&sid=8#new", "http://x.test/t?f=1&sid=8"),
            ("http://x.test/t?f=1&sid=3f2504e04f8911d3", "http://x.test/t?f=1"),
            ("http://x.test/t?f=1&sid=314159265358979", "http://x.test/t?f=1"),
            ("http://x.test/t?f=1&sid", "http://x.test/t?f=1"),
            ("http://x.test/t?f=1&PHPSESSID=7", "http://x.test/t?f=1"),
        ] {
            assert_eq!(of(&Marks { link: Some(link), ..Marks::default() }), id);
        }
    }

    #[test]
    fn what_one_document_shows_of_its_ids_is_said() {
        let (mut ids, mut warnings) = (Ids::default(), Vec::new());
        for own in [None, Some("http://x.test/?session=9&a=1"), Some("plain")] {
            ids.give(&Marks { own, ..Marks::default() });
        }
        ids.settle(&mut warnings);
        let codes = warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes, ["no_id", "unstable_id"]);
    }

    #[test]
    fn an_endless_id_is_replaced_by_its_hash() {
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(of(&Marks { own: Some(&long), ..Marks::default() }).len(), 19);
    }
}
