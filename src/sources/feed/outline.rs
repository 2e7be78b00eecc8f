//! The outline of an XML feed: its head and its items as named pieces of text, however broken.
//!
//! Two uses: texts, and what the strict parser drops (ratings, `rdf:about`, dates as written), are
//! taken from here; and [`repair`](super::repair) writes a document from it that the strict parser
//! reads. Linear, borrowed from the document wherever it can be.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;

use crate::domain::item::Cut;
use crate::sources::feed::names;
use crate::sources::markup::Oddities;
use crate::sources::markup::Token;
use crate::sources::markup::Tokens;
use crate::sources::markup::attributes;
use crate::sources::markup::resolve_noting;

/// What a feed consists of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outline<'a> {
    /// RSS in one of its forms, or Atom.
    pub family: Family,
    /// The `version` of the root, lower case; `rdf` for RSS 0.90 and 1.0.
    pub version: String,
    /// `xml:base` and `xml:lang` of the root.
    pub scope: Attributes<'a>,
    /// Pieces about the whole.
    pub head: Vec<Piece<'a>>,
    /// The items, at most [`MOST_ITEMS`].
    pub items: Vec<Entry<'a>>,
    /// How many items there are in all.
    pub found: usize,
    /// There is a channel, though it may hold nothing.
    pub channel: bool,
    /// Whether the document ends before its end. An item that it ends inside is none.
    pub cut: Cut,
    /// Parts of the document that the strict parser is not asked about, in order.
    pub aside: Vec<Range<usize>>,
    /// What is wrong with it.
    pub faults: Faults,
}

/// What was found to be wrong with a document while it was taken apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Odd references.
    pub references: Oddities,
    /// Elements that end because something else ends.
    pub unclosed: u32,
    /// Names with a prefix that nobody declared.
    pub prefixes: u32,
    /// Text or elements before the root.
    pub before: bool,
    /// Elements after the end of the root.
    pub after: bool,
}

/// Items that are read of one document.
pub(super) const MOST_ITEMS: usize = 10_000;

/// Pieces that are kept of one item, and of the head.
const MOST_PIECES: usize = 1_000;

/// Elements inside each other.
const DEEPEST: u32 = 256;

/// Attributes of one element.
const MOST_ATTRIBUTES: usize = 1_000;

/// Longest attribute, in bytes.
const LONGEST_ATTRIBUTE: usize = 256 * 1024;

/// Longest name of an element, in bytes.
const LONGEST_NAME: usize = 1024;

/// Which of the two kinds of XML feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Family {
    /// RSS 0.9x, 1.0, 2.0.
    #[default]
    Rss,
    /// Atom 0.3, 1.0.
    Atom,
}

/// Why a document is not taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its first element is no feed's.
    NoFeed,
    /// It has something that no feed has; in words.
    Excess(String),
}

/// Attributes that matter, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Attributes<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// An item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry<'a> {
    /// `rdf:about`, `xml:base`, `xml:lang`.
    pub scope: Attributes<'a>,
    /// What stands in it.
    pub pieces: Vec<Piece<'a>>,
}

/// An element with text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece<'a> {
    /// Lower case, with one of the known prefixes: `title`, `dc:date`, `im:rating`.
    pub name: Cow<'a, str>,
    /// Attributes.
    pub attributes: Attributes<'a>,
    /// What stands in it, references resolved; with elements in it, their markup as written.
    pub text: Cow<'a, str>,
    /// There are elements in it.
    pub markup: bool,
    /// It was packed as base64, so that it may be HTML.
    pub packed: bool,
}

impl Faults {
    /// Whether anything is wrong.
    pub(super) fn any(&self) -> bool {
        *self != Self::default()
    }
}

impl<'a> Attributes<'a> {
    /// Value of the attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_ref())
    }

    fn remove(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(at).1)
    }
}

impl<'a> Entry<'a> {
    /// Text of the first piece of that name that is not blank.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        text_in(&self.pieces, name)
    }

    /// The first piece of that name that is not blank.
    pub(super) fn piece(&self, name: &str) -> Option<&Piece<'a>> {
        self.pieces.iter().find(|piece| piece.name == name && !piece.text.trim().is_empty())
    }
}

impl<'a> Outline<'a> {
    /// Takes a document apart.
    ///
    /// # Errors
    ///
    /// [`Refused`] when it is no feed's, or holds what no feed holds.
    pub(super) fn of(text: &'a str) -> Result<Self, Refused> {
        let mut builder = Builder::default();
        let mut tokens = Tokens::of(text);
        let (name, root_attributes, is_empty) = builder.root(&mut tokens).ok_or(Refused::NoFeed)?;
        if builder.check(name, root_attributes) {
            return Err(Refused::Excess(builder.excess.unwrap_or_default()));
        }
        let root = local(name).to_ascii_lowercase();
        builder.outline.scope = builder.attributes_of(root_attributes);
        builder.outline.family = match root.as_str() {
            "rss" | "rdf" | "channel" | "redirect" => Family::Rss,
            "feed" => Family::Atom,
            // A document of a single entry.
            "entry" => {
                builder.item = Some(Entry { scope: builder.outline.scope.clone(), ..Entry::default() });
                Family::Atom
            }
            _ => return Err(Refused::NoFeed),
        };
        builder.outline.channel = root != "rss";
        builder.outline.version = match root.as_str() {
            "rdf" => "rdf".to_owned(),
            _ => builder.outline.scope.remove("version").unwrap_or_default().trim().to_ascii_lowercase(),
        };
        (builder.root, builder.closed) = (name, is_empty);
        let mut from = tokens.offset();
        while let Some(token) = tokens.next() {
            let to = tokens.offset();
            builder.take(token, text, from..to);
            from = to;
            if let Some(excess) = builder.excess.take() {
                return Err(Refused::Excess(excess));
            }
        }
        builder.outline.cut = match (builder.closed, builder.item.is_some()) {
            (true, _) => Cut::Whole,
            (false, true) => Cut::InItem,
            (false, false) => Cut::Unclosed,
        };
        if builder.closed {
            builder.end_item(text, text.len());
        } else {
            // Half of it would be another message than the whole that comes with the next poll.
            builder.item = None;
            builder.end_piece(text, text.len(), text.len());
        }
        Ok(builder.outline)
    }

    /// Text of the first piece of the head with that name that is not blank.
    pub(super) fn head(&self, name: &str) -> Option<&str> {
        text_in(&self.head, name)
    }
}

fn text_in<'p>(pieces: &'p [Piece<'_>], name: &str) -> Option<&'p str> {
    pieces.iter().filter(|piece| piece.name == name).map(|piece| piece.text.trim()).find(|text| !text.is_empty())
}

#[derive(Default)]
struct Builder<'a> {
    outline: Outline<'a>,
    prefixes: Vec<(&'a str, &'static str)>,
    item: Option<Entry<'a>>,
    piece: Option<Open<'a>>,
    root: &'a str,
    ended: bool,
    /// The end of the root was seen, or of the channel that holds the items, wherever it stood.
    closed: bool,
    excess: Option<String>,
}

/// A piece that is being read.
struct Open<'a> {
    piece: Piece<'a>,
    /// Local name, to find its end.
    local: &'a str,
    /// Elements of the same name inside it.
    nested: u32,
    /// Elements inside each other, as far as one can tell in a broken document.
    depth: u32,
    /// Where its tag begins.
    tag: usize,
    /// Where its text begins.
    start: usize,
}

impl<'a> Builder<'a> {
    /// The root: the first element that is none of a message in HTML that a server may write before
    /// the document.
    fn root(&mut self, tokens: &mut Tokens<'a>) -> Option<(&'a str, &'a str, bool)> {
        let mut tags = 0;
        while tags < 50 {
            match tokens.next()? {
                Token::Open { name, attributes, empty } if !names::is_of_a_warning(name) => return Some((name, attributes, empty)),
                Token::Open { .. } => {
                    tags += 1;
                    self.outline.faults.before = true;
                }
                Token::Text(text) if text.trim().is_empty() => {}
                _ => self.outline.faults.before = true,
            }
        }
        None
    }

    fn take(&mut self, token: Token<'a>, text: &'a str, at: Range<usize>) {
        match token {
            Token::Open { name, attributes, empty } => self.open(name, attributes, empty, text, at),
            Token::Close { name } => self.close(name, text, at),
            Token::Text(words) => {
                if let Some(open) = &mut self.piece
                    && !open.piece.markup
                {
                    add(&mut open.piece.text, resolve_noting(words, &mut self.outline.faults.references));
                }
            }
            Token::Verbatim(words) => {
                if let Some(open) = &mut self.piece
                    && !open.piece.markup
                {
                    add(&mut open.piece.text, Cow::Borrowed(words));
                }
            }
        }
    }

    fn open(&mut self, name: &'a str, written: &'a str, empty: bool, text: &'a str, at: Range<usize>) {
        if self.check(name, written) {
            return;
        }
        let found = local(name);
        if found.eq_ignore_ascii_case(self.item_name()) && !name.contains("media:") {
            self.outline.faults.unclosed += u32::from(self.item.is_some());
            self.end_item(text, at.start);
            self.item = Some(Entry { scope: self.attributes_of(written), ..Entry::default() });
            if empty {
                self.end_item(text, at.end);
            }
            return;
        }
        if let Some(open) = &mut self.piece {
            open.piece.markup = true;
            if !empty && !names::is_void(name) {
                open.nested += u32::from(found.eq_ignore_ascii_case(open.local));
                open.depth += 1;
                if open.depth > DEEPEST {
                    self.excess = Some(format!("elements inside each other, more than {DEEPEST} deep"));
                }
            }
            return;
        }
        if found.eq_ignore_ascii_case("channel") && self.outline.family == Family::Rss {
            self.attributes_of(written);
            self.outline.channel = true;
            return;
        }
        self.outline.faults.after |= self.ended;
        let attributes = self.attributes_of(written);
        let piece = Piece { name: self.known_name(name), attributes, ..Piece::default() };
        self.piece = Some(Open { piece, local: found, nested: 0, depth: 0, tag: at.start, start: at.end });
        if empty {
            self.end_piece(text, at.end, at.end);
        }
    }

    fn close(&mut self, name: &'a str, text: &'a str, at: Range<usize>) {
        let found = local(name);
        let holds_items = self.outline.family == Family::Rss && self.outline.version != "rdf" && found.eq_ignore_ascii_case("channel");
        self.closed |= name.eq_ignore_ascii_case(self.root) || holds_items;
        if found.eq_ignore_ascii_case(self.item_name()) {
            self.outline.faults.unclosed += u32::from(self.piece.is_some());
            self.end_item(text, at.start);
            return;
        }
        if let Some(open) = &mut self.piece {
            if found.eq_ignore_ascii_case(open.local) {
                if open.nested == 0 {
                    self.outline.faults.unclosed += open.depth.min(1);
                    self.end_piece(text, at.start, at.end);
                    return;
                }
                open.nested -= 1;
            }
            open.depth = open.depth.saturating_sub(1);
        } else if name == self.root {
            self.ended = true;
        }
    }

    fn item_name(&self) -> &'static str {
        match self.outline.family {
            Family::Rss => "item",
            Family::Atom => "entry",
        }
    }

    /// Ends the open piece: its text ends at `end`, its closing tag at `after`.
    fn end_piece(&mut self, text: &'a str, end: usize, after: usize) {
        let Some(Open { mut piece, tag, start, .. }) = self.piece.take() else {
            return;
        };
        if piece.markup {
            piece.text = Cow::Borrowed(&text[start.min(end)..end]);
        }
        unpack(&mut piece, self.outline.family);
        if !names::is_asked(&piece.name) && self.outline.found < MOST_ITEMS {
            self.outline.aside.push(tag..after);
        }
        let pieces = self.item.as_mut().map_or(&mut self.outline.head, |item| &mut item.pieces);
        if pieces.len() < MOST_PIECES {
            pieces.push(piece);
        }
    }

    fn end_item(&mut self, text: &'a str, end: usize) {
        self.end_piece(text, end, end);
        if let Some(item) = self.item.take() {
            self.outline.found += 1;
            if self.outline.items.len() < MOST_ITEMS {
                self.outline.items.push(item);
            }
        }
    }

    /// Refuses what no feed has and what only serves to wear a reader out.
    fn check(&mut self, name: &str, written: &str) -> bool {
        if name.len() > LONGEST_NAME {
            self.excess = Some(format!("the name of an element is longer than {LONGEST_NAME} bytes"));
        }
        if written.len() > LONGEST_ATTRIBUTE && attributes(written).any(|(_, value)| value.len() > LONGEST_ATTRIBUTE) {
            self.excess = Some("an attribute is longer than 256 KiB".to_owned());
        }
        if written.len() > MOST_ATTRIBUTES && attributes(written).nth(MOST_ATTRIBUTES).is_some() {
            self.excess = Some(format!("an element has more than {MOST_ATTRIBUTES} attributes"));
        }
        self.excess.is_some()
    }

    /// Reads attributes and remembers the prefixes that they declare.
    fn attributes_of(&mut self, written: &'a str) -> Attributes<'a> {
        let mut kept = Attributes::default();
        if written.is_empty() {
            return kept;
        }
        for (name, value) in attributes(written) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.prefixes.retain(|(other, _)| *other != prefix);
                if self.prefixes.len() < MOST_ATTRIBUTES {
                    self.prefixes.push((prefix, names::prefix_of(&value)));
                }
            } else if !name.starts_with("xmlns") {
                let name = if name.ends_with("about") { Cow::Borrowed("about") } else { lower(name) };
                kept.0.retain(|(other, _)| *other != name);
                kept.0.push((name, value));
            }
        }
        kept
    }

    /// `name` under the prefix that its namespace usually has; none for the feed's own namespace.
    fn known_name(&mut self, name: &'a str) -> Cow<'a, str> {
        let Some((prefix, local)) = name.split_once(':') else {
            return lower(name);
        };
        let known = self.prefixes.iter().find(|(other, _)| *other == prefix).map(|(_, known)| *known);
        self.outline.faults.prefixes += u32::from(known.is_none() && prefix != "xml");
        match (known.unwrap_or("?"), self.outline.family) {
            ("rss", Family::Rss) | ("atom", Family::Atom) => lower(local),
            ("?", family) => match family {
                Family::Rss if prefix.eq_ignore_ascii_case("rss") => lower(local),
                Family::Atom if prefix.eq_ignore_ascii_case("atom") => lower(local),
                _ => lower(name),
            },
            (known, _) if known == prefix => lower(name),
            (known, _) => Cow::Owned(format!("{known}:{}", lower(local))),
        }
    }
}

/// Opens base64: Atom 0.3 says so by `mode`, Atom 1.0 by a type that is no text.
fn unpack(piece: &mut Piece<'_>, family: Family) {
    if family != Family::Atom || piece.attributes.0.is_empty() || piece.markup {
        return;
    }
    let said = piece.attributes.get("mode").is_some_and(|mode| mode == "base64");
    let kind = piece.attributes.get("type").unwrap_or_default().trim().to_ascii_lowercase();
    let meant = kind.contains('/') && !kind.starts_with("text/") && !kind.contains("html") && !kind.contains("xml");
    let packs = matches!(piece.name.as_ref(), "title" | "summary" | "content" | "tagline" | "subtitle");
    if !packs || !(said || meant) {
        return;
    }
    let packed = piece.text.split_whitespace().collect::<String>();
    match base64::engine::general_purpose::STANDARD.decode(packed) {
        Ok(bytes) => {
            piece.text = String::from_utf8(bytes).unwrap_or_default().into();
            piece.packed = true;
        }
        // Some say `application/octet-stream` of plain text.
        Err(_) if !said => {}
        Err(_) => piece.text = Cow::Borrowed(""),
    }
}

/// Appends without copying where there was nothing.
fn add<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces<'a>(entry: &'a Entry<'_>) -> Vec<(&'a str, &'a str)> {
        entry.pieces.iter().map(|piece| (piece.name.as_ref(), piece.text.as_ref())).collect()
    }

    #[test]
    fn items_are_found_wherever_they_stand() {
        for text in [
            "<rss><channel><title>t</title><item><title>a</title></item></channel></rss>",
            "<rss><channel><title>t</title></channel><item><title>a</title></item></rss>",
            "<RDF:rdf><channel><title>t</title></channel><item about='x'><title>a</title></item>",
            "<br /><b>Warning</b>: x<rss><channel><title>t</title><item><title>a</title></item></channel></rss>",
            "junk <rss><channel><title>t<item><title>a</channel>",
        ] {
            let outline = Outline::of(text).unwrap();
            assert_eq!((outline.head("title"), outline.items.len()), (Some("t"), 1), "{text}");
            assert_eq!(pieces(&outline.items[0]), [("title", "a")], "{text}");
        }
        assert_eq!(Outline::of("<html><item/></html>"), Err(Refused::NoFeed));
        assert_eq!(Outline::of("no markup"), Err(Refused::NoFeed));
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
    fn the_end_of_a_document_is_missed_and_half_an_item_is_none() {
        for (text, cut, items) in [
            ("<rss><channel><item><guid>1</guid></item></channel></rss>", Cut::Whole, 1),
            ("<rss><channel><item><guid>1</guid></item></channel>", Cut::Whole, 1),
            ("<rss><channel><item><guid>1</channel></rss>", Cut::Whole, 1),
            ("<rss/>", Cut::Whole, 0),
            ("<rss><channel><item><guid>1</guid></item>", Cut::Unclosed, 1),
            ("<rss><channel><item><guid>1</guid></item><item><guid>2</guid>", Cut::InItem, 1),
            ("<rss><channel><item><guid>1</guid></item><item><gu", Cut::InItem, 1),
            ("<rdf:RDF><channel></channel><item><title>1</title></item>", Cut::Unclosed, 1),
            ("<feed><entry><id>1</id></entry><entry><id>2", Cut::InItem, 1),
            ("<entry><id>1</id></entry>", Cut::Whole, 1),
        ] {
            let outline = Outline::of(text).unwrap();
            assert_eq!((outline.cut, outline.items.len()), (cut, items), "{text}");
        }
    }

    #[test]
    fn a_feed_of_a_million_items_gives_the_first_ten_thousand() {
        let text = format!("<rss>{}</rss>", "<item><guid>1</guid></item>".repeat(MOST_ITEMS + 5));
        let outline = Outline::of(&text).unwrap();
        assert_eq!((outline.items.len(), outline.found), (MOST_ITEMS, MOST_ITEMS + 5));
    }
}
