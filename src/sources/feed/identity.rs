//! Ids of feed items: the feed's own where it has one, else one that is the same on every poll.

use unicode_normalization::UnicodeNormalization;

use crate::text::hash;

/// Longest id that is kept as it is; a longer one is replaced by its hash.
const LONGEST: usize = 4 * 1024;

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
    let Ok(mut url) = url::Url::parse(link) else {
        return link.to_owned();
    };
    let tracked = |name: &str| name.starts_with("utm_") || matches!(name, "fbclid" | "gclid" | "sid" | "session");
    if !url.query_pairs().any(|(name, _)| tracked(&name)) {
        // Verbatim: parsing would rewrite the address, and another version of a parser otherwise.
        return link.split('#').next().unwrap_or(link).to_owned();
    }
    url.set_fragment(None);
    let kept = url.query_pairs().filter(|(name, _)| !tracked(name)).map(|(name, value)| (name.into_owned(), value.into_owned()));
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
    fn an_endless_id_is_replaced_by_its_hash() {
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(of(&Marks { own: Some(&long), ..Marks::default() }).len(), 19);
    }
}
