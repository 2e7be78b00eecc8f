//! Writes an outline as a well-formed feed in the form that the strict parser knows best: RSS 2.0
//! for every RSS, Atom 1.0 for every Atom. Without texts, which are read from the outline anyway.

use crate::domain::item::Warning;
use crate::sources::feed::outline::Attributes;
use crate::sources::feed::outline::Entry;
use crate::sources::feed::outline::Family;
use crate::sources::feed::outline::Outline;
use crate::sources::feed::outline::Piece;
use crate::sources::markup::escape_into;

/// A well-formed document with the same items.
pub(super) fn canonical(outline: &Outline<'_>) -> String {
    let mut out = String::new();
    match outline.family {
        Family::Rss => rss(outline, &mut out),
        Family::Atom => atom(outline, &mut out),
    }
    out
}

/// What was wrong, each with its name. Where nothing is found that has one, there is still a
/// sentence.
pub(super) fn named(outline: &Outline<'_>) -> Vec<Warning> {
    let faults = outline.faults;
    let plural = |count: u32, one: &str, more: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {more}") };
    let mut found = Vec::new();
    let mut note = |there: bool, code: &str, message: String| {
        if there {
            found.push(Warning::new(code, "", message));
        }
    };
    note(faults.before, "text_before", "what stands before the document was left out".to_owned());
    note(faults.after, "text_after", "what stands after the end of the document was left out".to_owned());
    let bare = faults.references.bare;
    note(bare > 0, "bare_ampersand", plural(bare, "`&` begins no reference and stays", "signs `&` begin no reference and stay"));
    let html = faults.references.named;
    note(
        html > 0,
        "html_entity",
        plural(html, "entity of HTML", "entities of HTML") + " that XML does not know became the letters they mean",
    );
    let forbidden = faults.references.forbidden;
    note(forbidden > 0, "forbidden_character", plural(forbidden, "reference", "references") + " to characters that XML forbids left out");
    let prefixes = faults.prefixes;
    note(prefixes > 0, "undeclared_prefix", plural(prefixes, "name has a prefix", "names have prefixes") + " that nobody declares");
    note(
        faults.unclosed > 0,
        "unclosed_element",
        plural(faults.unclosed, "element was", "elements were") + " never closed, and ended with the item",
    );
    if !known(outline) {
        let version = outline.version.chars().filter(|letter| !letter.is_control()).take(20).collect::<String>();
        let said = if version.is_empty() { "no version".to_owned() } else { format!("the version `{version}`, which is none") };
        note(true, "unknown_version", format!("the document names {said}: read by what is in it"));
    }
    if found.is_empty() {
        found.push(Warning::new("repaired", "", "the document is not well-formed, and was read as far as it goes"));
    }
    found
}

fn known(outline: &Outline<'_>) -> bool {
    match outline.family {
        Family::Rss => matches!(outline.version.as_str(), "2.0" | "rdf" | "0.90" | "0.91" | "0.92" | "0.93" | "0.94"),
        Family::Atom => matches!(outline.version.as_str(), "" | "0.3" | "1.0"),
    }
}

fn rss(outline: &Outline<'_>, out: &mut String) {
    out.push_str("<rss version=\"2.0\"><channel>");
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

fn atom(outline: &Outline<'_>, out: &mut String) {
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\"");
    scope(&outline.scope, out);
    out.push('>');
    for piece in &outline.head {
        if matches!(piece.name.as_ref(), "title" | "link") {
            write_piece(piece.name.as_ref(), piece, out);
        }
    }
    for entry in &outline.items {
        atom_entry(entry, out);
    }
    out.push_str("</feed>");
}

fn atom_entry(entry: &Entry<'_>, out: &mut String) {
    out.push_str("<entry");
    scope(&entry.scope, out);
    out.push('>');
    for piece in &entry.pieces {
        match piece.name.as_ref() {
            name @ ("id" | "title" | "link" | "updated" | "published") => write_piece(name, piece, out),
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

fn write_piece(name: &str, piece: &Piece<'_>, out: &mut String) {
    let written = |name: &str| piece.attributes.get(name).unwrap_or_default().trim();
    if name == "link" {
        let rel = if written("rel").is_empty() { "alternate" } else { written("rel") };
        let mut kept = vec![("href", written("href")), ("rel", rel)];
        kept.extend(piece.attributes.get("xml:base").map(|base| ("xml:base", base)));
        if !written("href").is_empty() {
            element("link", &kept, "", out);
        }
        return;
    }
    if piece.text.trim().is_empty() {
        return;
    }
    let kind = written("type").to_ascii_lowercase();
    let kind = if piece.markup || kind.contains("html") || piece.packed || written("mode") == "escaped" { "html" } else { "text" };
    let typed: &[(&str, &str)] = if name == "title" { &[("type", kind)] } else { &[] };
    element(name, typed, &piece.text, out);
}

fn scope(attributes: &Attributes<'_>, out: &mut String) {
    for (name, value) in attributes.0.iter().filter(|(name, _)| matches!(name.as_ref(), "xml:base" | "xml:lang")) {
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
            @r#"<rss version="2.0"><channel><title>T &amp; co</title><item><link>http://x.test/?a=1&amp;b=2</link><pubDate>d</pubDate></item></channel></rss>"#
        );
    }

    #[test]
    fn atom_of_any_kind_becomes_atom_1() {
        insta::assert_snapshot!(
            repaired("<feed version='0.3'><entry><id>1</id><author><name>Ann</name></author><title mode='escaped' type='text/html'>a &amp;amp; b</title><link href='/x'/><issued>2026</issued><content type='odd/kind'>c</content></entry></feed>"),
            @r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><author><name>Ann</name></author><title type="html">a &amp;amp; b</title><link href="/x" rel="alternate"></link><published>2026</published></entry></feed>"#
        );
    }
}
