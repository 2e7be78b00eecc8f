//! Writes an outline as a well-formed feed in the form that the strict parser knows best: RSS 2.0
//! for every RSS, Atom 1.0 for every Atom.

use crate::sources::feed::outline::Attributes;
use crate::sources::feed::outline::Entry;
use crate::sources::feed::outline::Family;
use crate::sources::feed::outline::Outline;
use crate::sources::feed::outline::Piece;
use crate::sources::markup::escape_into;

/// A well-formed document with the same items.
pub(super) fn canonical(outline: &Outline) -> String {
    let mut out = String::new();
    match outline.family {
        Family::Rss => rss(outline, &mut out),
        Family::Atom => atom(outline, &mut out),
    }
    out
}

fn rss(outline: &Outline, out: &mut String) {
    out.push_str("<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>");
    for name in ["title", "link"] {
        if let Some(text) = outline.head(name) {
            element(name, &[], text, out);
        }
    }
    for item in &outline.items {
        out.push_str("<item>");
        for (name, names) in [
            ("title", &["title", "dc:title"][..]),
            ("link", &["link", "url"]),
            ("guid", &["guid"]),
            ("description", &["description", "summary", "dc:description", "itunes:summary"]),
            ("content:encoded", &["content:encoded", "xhtml:body", "body", "fullitem"]),
            ("author", &["author", "dc:creator", "atom:author"]),
            ("pubDate", &["pubdate", "dc:date", "date", "published", "atom:published", "dcterms:issued", "dcterms:created"]),
            ("updated", &["atom:updated", "updated", "lastbuilddate", "dcterms:modified"]),
        ] {
            if let Some(text) = names.iter().find_map(|name| item.text(name)) {
                element(name, &[], text, out);
            }
        }
        out.push_str("</item>");
    }
    out.push_str("</channel></rss>");
}

fn atom(outline: &Outline, out: &mut String) {
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\"");
    scope(&outline.scope, out);
    out.push('>');
    for piece in &outline.head {
        if matches!(piece.name.as_str(), "title" | "link") {
            write_piece(piece.name.as_str(), piece, out);
        }
    }
    for entry in &outline.items {
        atom_entry(entry, out);
    }
    out.push_str("</feed>");
}

fn atom_entry(entry: &Entry, out: &mut String) {
    out.push_str("<entry");
    scope(&entry.scope, out);
    out.push('>');
    for piece in &entry.pieces {
        match piece.name.as_str() {
            name @ ("id" | "title" | "link" | "summary" | "content" | "updated" | "published") => write_piece(name, piece, out),
            "author" => {
                out.push_str("<author>");
                element("name", &[], &person(&piece.text), out);
                out.push_str("</author>");
            }
            _ => {}
        }
    }
    // Atom 0.3 calls its times differently; `created` is the weakest of them.
    for (name, names) in
        [("published", &["published", "issued", "created", "pubdate", "dc:date"][..]), ("updated", &["updated", "modified"])]
    {
        if !entry.pieces.iter().any(|piece| piece.name == name)
            && let Some(text) = names.iter().find_map(|name| entry.text(name))
        {
            element(name, &[], text, out);
        }
    }
    out.push_str("</entry>");
}

fn write_piece(name: &str, piece: &Piece, out: &mut String) {
    let written = |name: &str| piece.attributes.get(name).map_or("", |value| value.trim());
    if name == "link" {
        let rel = if written("rel").is_empty() { "alternate" } else { written("rel") };
        let mut kept = vec![("href", written("href")), ("rel", rel)];
        kept.extend(piece.attributes.get("xml:base").map(|base| ("xml:base", base.as_str())));
        if !written("href").is_empty() {
            element("link", &kept, "", out);
        }
        return;
    }
    if piece.text.trim().is_empty() {
        return;
    }
    let kind = written("type").to_ascii_lowercase();
    let kind = if piece.markup || kind.contains("html") || matches!(written("mode"), "escaped" | "base64") { "html" } else { "text" };
    let typed: &[(&str, &str)] = if matches!(name, "title" | "summary" | "content") { &[("type", kind)] } else { &[] };
    element(name, typed, &piece.text, out);
}

fn scope(attributes: &Attributes, out: &mut String) {
    for (name, value) in attributes.iter().filter(|(name, _)| matches!(name.as_str(), "xml:base" | "xml:lang")) {
        attribute(name, value, out);
    }
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_into(out, value);
    out.push('"');
}

fn element(name: &str, attributes: &[(&str, &str)], text: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    for (name, value) in attributes {
        attribute(name, value, out);
    }
    out.push('>');
    escape_into(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// The name in an Atom person.
fn person(markup: &str) -> String {
    let after = markup.split_once("name>").map_or(markup, |(_, after)| after);
    let name = after.split('<').next().unwrap_or_default();
    crate::sources::markup::resolve(name.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> String {
        canonical(&Outline::of(text).unwrap())
    }

    #[test]
    fn rss_of_any_kind_becomes_rss_2() {
        insta::assert_snapshot!(
            repaired("<RSS><channel><TITLE>T & co</TITLE><item><link>http://x.test/?a=1&b=2</link><pubDate>d</pubDate><description>a <b>b</description></item></channel>"),
            @r#"<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T &amp; co</title><item><link>http://x.test/?a=1&amp;b=2</link><description>a &lt;b&gt;b</description><pubDate>d</pubDate></item></channel></rss>"#
        );
    }

    #[test]
    fn atom_of_any_kind_becomes_atom_1() {
        insta::assert_snapshot!(
            repaired("<feed version='0.3'><entry><id>1</id><author><name>Ann</name></author><title mode='escaped' type='text/html'>a &amp;amp; b</title><link href='/x'/><issued>2026</issued><content type='odd/kind'>c</content></entry></feed>"),
            @r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><author><name>Ann</name></author><title type="html">a &amp;amp; b</title><link href="/x" rel="alternate"></link><content type="text">c</content><published>2026</published></entry></feed>"#
        );
    }
}
