//! Names of elements that feeds are made of, and the prefixes that their namespaces usually have.

/// Whether the strict parser is asked about a piece: what else there is, texts above all, is read
/// from the outline, and costs the strict parser more than all the rest.
pub(super) fn is_asked(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    matches!(
        local,
        "title"
            | "link"
            | "id"
            | "guid"
            | "author"
            | "creator"
            | "pubdate"
            | "date"
            | "published"
            | "updated"
            | "issued"
            | "modified"
            | "comments"
    ) && !name.starts_with("media:")
}

/// Whether an element belongs to the message in HTML that a server may write before the document.
pub(super) fn is_of_a_warning(name: &str) -> bool {
    ["b", "br", "p", "i", "a", "font", "pre", "span", "strong", "hr"].iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Elements of HTML that have no end.
pub(super) fn is_void(name: &str) -> bool {
    ["br", "img", "hr", "input", "meta", "link", "wbr", "area", "col", "embed", "source", "param"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// The usual prefix of a namespace; addresses are compared loosely, for feeds misspell them.
pub(super) fn prefix_of(namespace: &str) -> &'static str {
    let namespace = namespace.trim().to_ascii_lowercase();
    [
        ("purl.org/dc/elements", "dc"),
        ("purl.org/dc/terms", "dcterms"),
        ("modules/content", "content"),
        ("modules/syndication", "sy"),
        ("/atom", "atom"),
        ("itunes.apple.com/rss", "im"),
        ("podcast-1.0.dtd", "itunes"),
        ("search.yahoo.com/mrss", "media"),
        ("purl.org/net/rvw", "review"),
        ("purl.org/rss/1.0/modules", "?"),
        ("purl.org/rss/1.0", "rss"),
        ("netscape.com/rdf/simple", "rss"),
        ("backend.userland.com", "rss"),
        ("1999/xhtml", "xhtml"),
        ("schema.org", "schema"),
    ]
    .into_iter()
    .find(|(part, _)| namespace.contains(part))
    .map_or("?", |(_, prefix)| prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_known_by_what_they_contain() {
        assert_eq!(prefix_of(" HTTP://purl.org/DC/elements/1.1 "), "dc");
        assert_eq!(prefix_of("http://purl.org/rss/1.0/modules/syndication/"), "sy");
        assert_eq!(prefix_of("urn:mine"), "?");
    }

    #[test]
    fn texts_are_not_asked_of_the_strict_parser() {
        assert!(["title", "dc:date", "atom:link", "guid"].into_iter().all(is_asked));
        assert!(!["description", "content:encoded", "media:title", "image"].into_iter().any(is_asked));
    }
}
