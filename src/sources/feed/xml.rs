//! RSS and Atom: the strict parser first, then once more with the document written anew.
//!
//! The strict parser says what the document is, its items, links, dates and people. Texts are read
//! from the outline: the strict parser drops some, and is slow with all of them.

use feed_rs::model;
use feed_rs::parser;

use crate::domain::Timestamp;
use crate::domain::item::Cut;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::feed::identity::Ids;
use crate::sources::feed::identity::Marks;
use crate::sources::feed::outline::Entry;
use crate::sources::feed::outline::Family;
use crate::sources::feed::outline::Outline;
use crate::sources::feed::outline::Piece;
use crate::sources::feed::outline::Refused;
use crate::sources::feed::repair;
use crate::sources::feed::wishes;
use crate::sources::html;
use crate::sources::markup;
use crate::sources::times;

/// Reads a document.
///
/// # Errors
///
/// [`Refused`] when it is no feed, or one that no reader should have to bear.
pub(super) fn read(text: &str, address: Option<&url::Url>) -> Result<Page, Refused> {
    let outline = Outline::of(text)?;
    if !outline.channel && outline.head.is_empty() && outline.items.is_empty() {
        return Err(Refused::NoFeed);
    }
    let strict = if strictly_known(&outline) { parse(&without_texts(text, &outline), &outline, address) } else { None };
    let repaired = strict.is_none();
    let feed = strict.or_else(|| parse(&repair::canonical(&outline), &outline, address)).ok_or(Refused::NoFeed)?;
    let base = base(&feed, &outline, address);
    let title = feed.title.as_ref().map(|title| plain(title, outline.family)).filter(|title| !title.is_empty());
    let mut page = Page {
        format: if outline.family == Family::Rss { "rss" } else { "atom" },
        title: title.filter(|_| !marked(&outline.head, "title")).or_else(|| headline(&outline.head)),
        link: alternate(&feed.links, base.as_ref()),
        rhythm: wishes::rhythm(&outline.head),
        older: wishes::older(&outline.head, address),
        ..Page::default()
    };
    let (mut ids, mut undated) = (Ids::default(), super::Undated::default());
    for (entry, more) in feed.entries.iter().zip(&outline.items) {
        let item = item(entry, more, &outline, base.as_ref(), &mut ids);
        undated.note(&item, written_date(more));
        page.items.push(item);
    }
    if outline.faults.any() || repaired && !versions_only(&outline) {
        page.warnings.extend(repair::named(&outline));
    }
    page.cut = outline.cut;
    match outline.cut {
        Cut::Whole => {}
        Cut::Unclosed => page.warnings.push(Warning::new("document_cut", "", "the end of the document is missing")),
        Cut::InItem => page.warnings.push(Warning::new("document_cut", "", "the document ends inside an item, which is left out")),
    }
    super::note_cut(outline.found, &mut page);
    ids.settle(&mut page.warnings);
    undated.tell(&mut page.warnings);
    Ok(page)
}

/// The document without what the strict parser is not asked about.
fn without_texts(text: &str, outline: &Outline<'_>) -> String {
    let mut kept = String::with_capacity(text.len() / 2);
    let mut from = 0;
    for part in &outline.aside {
        kept.push_str(text.get(from..part.start).unwrap_or_default());
        from = part.end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// Forms in which the strict parser is known to lose nothing.
fn strictly_known(outline: &Outline<'_>) -> bool {
    outline.found == outline.items.len()
        && match outline.family {
            Family::Rss => outline.version == "2.0",
            Family::Atom => outline.version.is_empty() || outline.version == "1.0",
        }
}

/// Nothing was wrong but that the form is an old one.
fn versions_only(outline: &Outline<'_>) -> bool {
    let old = matches!(outline.version.as_str(), "rdf" | "0.3" | "0.90" | "0.91" | "0.92" | "0.93" | "0.94");
    old && outline.found == outline.items.len() && !outline.faults.any()
}

/// The strict parser's reading, if it found all the items.
fn parse(text: &str, outline: &Outline<'_>, address: Option<&url::Url>) -> Option<model::Feed> {
    // The text is UTF-8 by now, whatever its declaration says; and an id that the parser makes up
    // (some at random) must be recognisable as missing.
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let text = if text.starts_with("<?xml") { text.split_once("?>").map_or(text, |(_, rest)| rest) } else { text };
    let base = if outline.family == Family::Atom { address.map(url::Url::as_str) } else { None };
    // A second declaration with another encoding makes the parser panic.
    if text.contains("<?xml ") {
        return None;
    }
    let parser = parser::Builder::new()
        .base_uri(base)
        .id_generator(|_, _, _| String::new())
        .sanitize_content(false)
        .timestamp_parser(times::of_feed)
        .build();
    parser.parse(text.as_bytes()).ok().filter(|feed| feed.entries.len() == outline.items.len())
}

/// The date of an item as written.
fn written_date<'a>(more: &'a Entry<'_>) -> Option<&'a str> {
    ["pubdate", "published", "issued", "dc:date", "updated", "modified"].iter().find_map(|name| more.text(name))
}

fn item(entry: &model::Entry, more: &Entry<'_>, outline: &Outline<'_>, base: Option<&url::Url>, ids: &mut Ids) -> Item {
    let title = entry.title.as_ref().map(|title| plain(title, outline.family)).filter(|title| !title.is_empty());
    let title = title.filter(|_| !marked(&more.pieces, "title")).or_else(|| headline(&more.pieces)).unwrap_or_default();
    let text = body(more, outline.family);
    let author = entry.authors.iter().find_map(|author| author.name.clone().or_else(|| author.email.clone()));
    let url = address(entry, more, base);
    let own = match outline.family {
        Family::Rss => more.text("guid").or_else(|| more.scope.get("about")).or_else(|| more.text("atom:id")),
        Family::Atom => more.text("id"),
    };
    let date = written_date(more);
    let id = ids.give(&Marks {
        own,
        link: url.as_deref(),
        title: &title,
        author: author.as_deref().unwrap_or_default(),
        date: date.unwrap_or_default(),
        text: &text,
    });
    let (published, updated) = dates(entry, more, outline.family);
    let mut item = Item { id, title, text, author, url, published, updated, rating: rating(more), ..Item::default() };
    item.lang = more.scope.get("xml:lang").or_else(|| more.text("dc:language")).map(str::to_owned);
    if let Some(version) = more.text("im:version") {
        item.fields.insert("version".to_owned(), version.to_owned());
    }
    item
}

/// Where a person can read it: the link as written where it is whole, else as the strict parser
/// resolved it, else a `guid` that says it is one.
fn address(entry: &model::Entry, more: &Entry<'_>, base: Option<&url::Url>) -> Option<String> {
    let own = |piece: &&Piece<'_>| piece.name == "link" && matches!(piece.attributes.get("rel"), None | Some("alternate"));
    let verbatim = more.pieces.iter().filter(own).map(|piece| piece.text.trim());
    let verbatim = verbatim.clone().find(|link| !link.is_empty() && super::absolute(link, None).is_some());
    let permalink = || {
        let guid = more.pieces.iter().find(|piece| piece.name == "guid")?;
        let meant = guid.attributes.get("ispermalink").is_none_or(|flag| flag != "false");
        super::absolute(&guid.text, None).filter(|_| meant)
    };
    verbatim.map(str::to_owned).or_else(|| alternate(&entry.links, base)).or_else(permalink)
}

/// Published and updated. A `pubDate` of RSS beats other dates of the same item.
fn dates(entry: &model::Entry, more: &Entry<'_>, family: Family) -> (Option<Timestamp>, Option<Timestamp>) {
    let (mut published, mut updated) = (entry.published, entry.updated);
    if family == Family::Rss {
        // The strict parser copies one into the other, and takes the last of several.
        updated = updated.filter(|updated| Some(*updated) != published);
        let written = |name| more.pieces.iter().filter(move |piece| piece.name == name);
        if written("pubdate").count() + written("dc:date").count() > 1 {
            published = written("pubdate").chain(written("dc:date")).find_map(|piece| times::of_feed(&piece.text)).or(published);
        }
    }
    let others = || {
        let names = ["pubdate", "published", "issued", "dcterms:issued", "atom:published", "dc:date", "created", "dcterms:created"];
        names.iter().filter_map(|name| more.text(name)).find_map(times::of_feed)
    };
    (published.or_else(others).or(updated), updated)
}

/// Whether the strict parser's reading of a text is not to be trusted: it drops elements in a text
/// with what follows them, and does not open base64.
fn marked(pieces: &[Piece<'_>], name: &str) -> bool {
    pieces.iter().find(|piece| piece.name == name).is_some_and(|piece| piece.markup || piece.packed)
}

/// The title as the outline has it.
fn headline(pieces: &[Piece<'_>]) -> Option<String> {
    let titles = ["title", "dc:title", "media:title"];
    let found = titles.iter().find_map(|name| pieces.iter().find(|piece| piece.name == *name && !piece.text.trim().is_empty()))?;
    Some(html::to_text(&found.text)).filter(|title| !title.is_empty())
}

/// Content, else summary.
fn body(more: &Entry<'_>, family: Family) -> String {
    let names: &[&str] = match family {
        Family::Rss => &[
            "content:encoded",
            "xhtml:body",
            "body",
            "fullitem",
            "description",
            "dc:description",
            "summary",
            "itunes:summary",
            "content",
            "atom:content",
            "atom:summary",
            "media:description",
        ],
        Family::Atom => &["content", "summary", "media:description", "dc:description"],
    };
    let texts = names.iter().filter_map(|name| more.piece(name)).map(|piece| words_of(piece, family));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// RSS does not say whether a text is HTML, so it is taken for it; Atom says.
fn words_of(piece: &Piece<'_>, family: Family) -> String {
    let kind = piece.attributes.get("type").unwrap_or_default();
    let has = |part: &str| kind.len() >= part.len() && kind.to_ascii_lowercase().contains(part);
    let escaped = piece.attributes.get("mode") == Some("escaped");
    if family == Family::Rss || piece.markup || piece.packed || escaped || has("html") || has("xml") {
        return html::to_text(&piece.text);
    }
    markup::cut(piece.text.trim(), html::LONGEST).to_owned()
}

fn plain(text: &model::Text, family: Family) -> String {
    if family == Family::Atom && text.content_type.as_str() == "text/plain" {
        return markup::cut(text.content.trim(), html::LONGEST).to_owned();
    }
    html::to_text(&text.content)
}

fn alternate(links: &[model::Link], base: Option<&url::Url>) -> Option<String> {
    let comments = |link: &model::Link| link.target.is_some();
    let main = |link: &&model::Link| matches!(link.rel.as_deref(), None | Some("alternate")) && !comments(link);
    let page = |link: &&model::Link| main(link) && link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let usable = |link: &model::Link| super::absolute(&link.href, base);
    links
        .iter()
        .filter(page)
        .find_map(usable)
        .or_else(|| links.iter().filter(main).find_map(usable))
        .or_else(|| links.iter().filter(|link| link.rel.as_deref() == Some("related") && !comments(link)).find_map(usable))
}

/// Relative links of RSS start at the channel's own link, those of Atom at the document.
fn base(feed: &model::Feed, outline: &Outline<'_>, address: Option<&url::Url>) -> Option<url::Url> {
    let channel = || feed.links.iter().find_map(|link| url::Url::parse(link.href.trim()).ok());
    match outline.family {
        Family::Rss => channel().or_else(|| address.cloned()),
        Family::Atom => address.cloned().or_else(channel),
    }
}

/// Stars that some vendors add.
fn rating(more: &Entry<'_>) -> Option<Rating> {
    let piece = more.pieces.iter().find(|piece| {
        matches!(piece.name.as_ref(), "im:rating" | "review:rating" | "schema:ratingvalue" | "ratingvalue" | "g:rating")
            && !piece.text.trim().is_empty()
    })?;
    let value: f64 = piece.text.trim().parse().ok()?;
    let max = ["maximum", "max", "best"].iter().find_map(|name| piece.attributes.get(name)?.parse().ok()).unwrap_or(5.0);
    (value > 0.0 && value <= max).then_some(Rating { value, max })
}
