//! The outline of an XML feed: its head and its items as named pieces of text, however broken.
//!
//! Two uses: what the strict parser drops (ratings, `rdf:about`, dates as written) is taken from
//! here, and [`canonical`](super::repair) writes a document from it that the strict parser reads
//! when it can't read the original.

use std::collections::BTreeMap;

use base64::Engine as _;

use crate::sources::markup::Token;
use crate::sources::markup::Tokens;
use crate::sources::markup::attributes;
use crate::sources::markup::escape_into;
use crate::sources::markup::resolve;

/// What a feed consists of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outline {
    /// RSS in one of its forms, or Atom.
    pub family: Family,
    /// The `version` of the root, lower case; `rdf` for RSS 0.90 and 1.0.
    pub version: String,
    /// `xml:base` and `xml:lang` of the root.
    pub scope: Attributes,
    /// Pieces about the whole.
    pub head: Vec<Piece>,
    /// The items, at most [`MOST_ITEMS`].
    pub items: Vec<Entry>,
    /// How many items there are in all.
    pub found: usize,
    /// There is a channel, though it may hold nothing.
    pub channel: bool,
    /// The document ends inside an item.
    pub cut: bool,
}

/// Items that are read of one document.
pub(super) const MOST_ITEMS: usize = 10_000;

/// Which of the two kinds of XML feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Family {
    /// RSS 0.9x, 1.0, 2.0.
    #[default]
    Rss,
    /// Atom 0.3, 1.0.
    Atom,
}

/// Attributes that matter, by name.
pub(super) type Attributes = BTreeMap<String, String>;

/// An item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry {
    /// `rdf:about`, `xml:base`, `xml:lang`.
    pub scope: Attributes,
    /// What stands in it.
    pub pieces: Vec<Piece>,
}

/// An element with text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece {
    /// Lower case, with one of the known prefixes: `title`, `dc:date`, `im:rating`.
    pub name: String,
    /// Attributes.
    pub attributes: Attributes,
    /// What stands in it, references resolved; with elements in it, their markup as written.
    pub text: String,
    /// There are elements in it.
    pub markup: bool,
}

impl Entry {
    /// Text of the first piece of that name that is not blank.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.pieces.iter().filter(|piece| piece.name == name).map(|piece| piece.text.trim()).find(|text| !text.is_empty())
    }
}

impl Outline {
    /// Takes a document apart; `None` when its first element is no feed's.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut builder = Builder::default();
        let mut tokens = Tokens::of(text);
        let opened = |token| match token {
            Token::Open { name, attributes, .. } => Some((name, attributes)),
            _ => None,
        };
        let (name, root_attributes) = tokens.by_ref().filter_map(opened).take(50).find(|(name, _)| !is_of_a_warning(name))?;
        let root = local(name).to_ascii_lowercase();
        builder.outline.family = match root.as_str() {
            "rss" | "rdf" | "channel" | "redirect" => Family::Rss,
            "feed" => Family::Atom,
            // A document of a single entry.
            "entry" => {
                builder.item = Some(Entry { scope: builder.attributes_of(root_attributes), ..Entry::default() });
                Family::Atom
            }
            _ => return None,
        };
        builder.outline.scope = builder.attributes_of(root_attributes);
        builder.outline.channel = root != "rss";
        builder.outline.version = match root.as_str() {
            "rdf" => "rdf".to_owned(),
            _ => builder.outline.scope.remove("version").unwrap_or_default().trim().to_ascii_lowercase(),
        };
        for token in tokens {
            builder.take(token);
        }
        builder.outline.cut = builder.piece.is_some() || builder.item.is_some();
        builder.end_item();
        Some(builder.outline)
    }

    /// Text of the first piece of the head with that name that is not blank.
    pub(super) fn head(&self, name: &str) -> Option<&str> {
        self.head.iter().filter(|piece| piece.name == name).map(|piece| piece.text.trim()).find(|text| !text.is_empty())
    }
}

#[derive(Default)]
struct Builder {
    outline: Outline,
    prefixes: BTreeMap<String, &'static str>,
    item: Option<Entry>,
    piece: Option<Open>,
}

/// A piece that is being read.
struct Open {
    piece: Piece,
    /// Local name, to find its end.
    local: String,
    /// Elements of the same name inside it.
    nested: u32,
    /// References as written, verbatim parts escaped, elements as they are.
    raw: String,
}

impl Builder {
    fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Open { name, attributes, empty } => self.open(name, attributes, empty),
            Token::Close { name } => self.close(name),
            Token::Text(text) => {
                if let Some(open) = &mut self.piece {
                    open.raw.push_str(text);
                }
            }
            Token::Verbatim(text) => {
                if let Some(open) = &mut self.piece {
                    escape_into(&mut open.raw, text);
                }
            }
        }
    }

    fn open(&mut self, name: &str, written: &str, empty: bool) {
        let found = local(name).to_ascii_lowercase();
        let starts_item = found == self.item_name() && !name.contains("media:");
        if starts_item {
            self.end_item();
            self.item = Some(Entry { scope: self.attributes_of(written), ..Entry::default() });
            if empty {
                self.end_item();
            }
            return;
        }
        if let Some(open) = &mut self.piece {
            open.piece.markup = true;
            if found == open.local && !empty {
                open.nested += 1;
            }
            open.raw.push('<');
            open.raw.push_str(name);
            open.raw.push_str(written);
            open.raw.push_str(if empty { "/>" } else { ">" });
            return;
        }
        if found == "channel" && self.outline.family == Family::Rss {
            self.attributes_of(written);
            self.outline.channel = true;
            return;
        }
        let attributes = self.attributes_of(written);
        let piece = Piece { name: self.known_name(name), attributes, ..Piece::default() };
        self.piece = Some(Open { piece, local: found, nested: 0, raw: String::new() });
        if empty {
            self.end_piece();
        }
    }

    fn close(&mut self, name: &str) {
        let found = local(name).to_ascii_lowercase();
        if found == self.item_name() {
            self.end_item();
            return;
        }
        if let Some(open) = &mut self.piece {
            if found == open.local {
                if open.nested == 0 {
                    self.end_piece();
                    return;
                }
                open.nested -= 1;
            }
            open.raw.push_str("</");
            open.raw.push_str(name);
            open.raw.push('>');
        }
    }

    fn item_name(&self) -> &'static str {
        match self.outline.family {
            Family::Rss => "item",
            Family::Atom => "entry",
        }
    }

    fn end_piece(&mut self) {
        let Some(Open { mut piece, raw, .. }) = self.piece.take() else {
            return;
        };
        piece.text = if piece.markup { raw } else { resolve(&raw).into_owned() };
        if piece.attributes.get("mode").is_some_and(|mode| mode == "base64") {
            let packed = piece.text.split_whitespace().collect::<String>();
            let plain = base64::engine::general_purpose::STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            piece.text = plain.unwrap_or_default();
        }
        match &mut self.item {
            Some(item) => item.pieces.push(piece),
            None => self.outline.head.push(piece),
        }
    }

    fn end_item(&mut self) {
        self.end_piece();
        if let Some(item) = self.item.take() {
            self.outline.found += 1;
            if self.outline.items.len() < MOST_ITEMS {
                self.outline.items.push(item);
            }
        }
    }

    /// Reads attributes and remembers the prefixes that they declare.
    fn attributes_of(&mut self, written: &str) -> Attributes {
        let mut kept = Attributes::new();
        for (name, value) in attributes(written) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.prefixes.insert(prefix.to_owned(), prefix_of(&value));
            } else if !name.starts_with("xmlns") {
                let name = if name.ends_with("about") { "about".to_owned() } else { name.to_ascii_lowercase() };
                kept.insert(name, value.into_owned());
            }
        }
        kept
    }

    /// `name` under the prefix that its namespace usually has; none for the feed's own namespace.
    fn known_name(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let Some((prefix, local)) = lower.split_once(':') else {
            return lower;
        };
        let known = self.prefixes.get(name.split(':').next().unwrap_or_default()).copied().unwrap_or("?");
        match (known, self.outline.family) {
            ("rss", Family::Rss) | ("atom", Family::Atom) => local.to_owned(),
            ("?", _) => match prefix {
                "rss" if self.outline.family == Family::Rss => local.to_owned(),
                "atom" if self.outline.family == Family::Atom => local.to_owned(),
                _ => lower.clone(),
            },
            (known, _) => format!("{known}:{local}"),
        }
    }
}

/// Whether an element belongs to the message in HTML that a server may write before the document.
fn is_of_a_warning(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "b" | "br" | "p" | "i" | "a" | "font" | "pre" | "span" | "strong" | "hr")
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The usual prefix of a namespace; addresses are compared loosely, for feeds misspell them.
fn prefix_of(namespace: &str) -> &'static str {
    let namespace = namespace.trim().to_ascii_lowercase();
    [
        ("purl.org/dc/elements", "dc"),
        ("purl.org/dc/terms", "dcterms"),
        ("modules/content", "content"),
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

    fn pieces(entry: &Entry) -> Vec<(&str, &str)> {
        entry.pieces.iter().map(|piece| (piece.name.as_str(), piece.text.as_str())).collect()
    }

    #[test]
    fn items_are_found_wherever_they_stand() {
        for text in [
            "<rss><channel><title>t</title><item><title>a</title></item></channel></rss>",
            "<rss><channel><title>t</title></channel><item><title>a</title></item></rss>",
            "<RDF:rdf><channel><title>t</title></channel><item about='x'><title>a</title></item>",
            "<br /><b>Warning</b>: x<rss><channel><title>t</title><item><title>a</title></item></channel></rss>",
            "junk <rss><channel><title>t<item><title>a",
        ] {
            let outline = Outline::of(text).unwrap();
            assert_eq!((outline.head("title"), outline.items.len()), (Some("t"), 1), "{text}");
            assert_eq!(pieces(&outline.items[0]), [("title", "a")], "{text}");
        }
        assert_eq!(Outline::of("<html><item/></html>"), None);
        assert_eq!(Outline::of("no markup"), None);
    }

    #[test]
    fn prefixes_are_known_by_their_namespace() {
        let outline = Outline::of(
            "<rss xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:i='http://itunes.apple.com/rss'><channel>\
             <item><d:date>x</d:date><i:rating>1</i:rating><dc:creator>y</dc:creator></item></channel></rss>",
        )
        .unwrap();
        assert_eq!(pieces(&outline.items[0]), [("dc:date", "x"), ("im:rating", "1"), ("dc:creator", "y")]);
    }

    #[test]
    fn markup_in_a_piece_stays_markup_and_unclosed_elements_end_with_it() {
        let outline = Outline::of("<rss><item><description>a <b>bold &amp; x</description><link>l</link></item></rss>").unwrap();
        assert_eq!(pieces(&outline.items[0]), [("description", "a <b>bold &amp; x"), ("link", "l")]);
        assert!(outline.items[0].pieces[0].markup);
    }

    #[test]
    fn a_feed_of_a_million_items_gives_the_first_ten_thousand() {
        let text = format!("<rss>{}</rss>", "<item><guid>1</guid></item>".repeat(MOST_ITEMS + 5));
        let outline = Outline::of(&text).unwrap();
        assert_eq!((outline.items.len(), outline.found), (MOST_ITEMS, MOST_ITEMS + 5));
    }
}
