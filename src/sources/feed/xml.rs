//! RSS and Atom: the strict parser first, then once more with the document written anew.

use feed_rs::model;
use feed_rs::parser;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::feed::identity;
use crate::sources::feed::identity::Marks;
use crate::sources::feed::outline::Entry;
use crate::sources::feed::outline::Family;
use crate::sources::feed::outline::Outline;
use crate::sources::feed::repair;
use crate::sources::html;
use crate::sources::markup;
use crate::sources::times;

/// Reads a document; `None` when it is no feed.
pub(super) fn read(text: &str, address: Option<&url::Url>) -> Option<Page> {
    let outline = Outline::of(text)?;
    if !outline.channel && outline.head.is_empty() && outline.items.is_empty() {
        return None;
    }
    let strict = if strictly_known(&outline) { parse(text, &outline, address) } else { None };
    let repaired = strict.is_none();
    let feed = strict.or_else(|| parse(&repair::canonical(&outline), &outline, address))?;
    let base = base(&feed, &outline, address);
    let mut page = Page {
        format: if outline.family == Family::Rss { "rss" } else { "atom" },
        title: feed
            .title
            .as_ref()
            .map(|title| plain(title, outline.family))
            .filter(|title| !title.is_empty())
            .or_else(|| outline.head("title").map(html::to_text).filter(|title| !title.is_empty())),
        link: alternate(&feed.links, base.as_ref()),
        ..Page::default()
    };
    page.items = feed.entries.iter().zip(&outline.items).map(|(entry, more)| item(entry, more, &outline, base.as_ref())).collect();
    if repaired && !versions_only(&outline) {
        page.warnings.push(Warning::new(
            "repaired",
            "",
            "the document is not well-formed or not of a known version, and was read as far as it goes",
        ));
    }
    if outline.cut {
        page.warnings.push(Warning::new("document_cut", "", "the document ends inside an item: what there is of it was read"));
    }
    super::note_cut(outline.found, &mut page);
    Some(page)
}

/// Forms in which the strict parser is known to lose nothing.
fn strictly_known(outline: &Outline) -> bool {
    outline.found == outline.items.len()
        && match outline.family {
            Family::Rss => outline.version == "2.0",
            Family::Atom => outline.version.is_empty() || outline.version == "1.0",
        }
}

/// Nothing was wrong but that the form is an old one.
fn versions_only(outline: &Outline) -> bool {
    matches!(outline.version.as_str(), "rdf" | "0.3" | "0.90" | "0.91" | "0.92" | "0.93" | "0.94") && outline.found == outline.items.len()
}

/// The strict parser's reading, if it found all the items.
fn parse(text: &str, outline: &Outline, address: Option<&url::Url>) -> Option<model::Feed> {
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

fn item(entry: &model::Entry, more: &Entry, outline: &Outline, base: Option<&url::Url>) -> Item {
    let title = entry.title.as_ref().map(|title| plain(title, outline.family)).filter(|title| !title.is_empty() && !marked(more, "title"));
    let title = title.or_else(|| ["title", "dc:title"].iter().find_map(|name| more.text(name)).map(html::to_text)).unwrap_or_default();
    let text = body(entry, outline.family);
    let author = entry.authors.iter().find_map(|author| author.name.clone().or_else(|| author.email.clone()));
    let permalink =
        more.pieces.iter().find(|piece| piece.name == "guid" && piece.attributes.get("ispermalink").is_none_or(|flag| flag != "false"));
    let verbatim = more.text("link").filter(|link| url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    let url = verbatim
        .map(str::to_owned)
        .or_else(|| alternate(&entry.links, base))
        .or_else(|| permalink.map(|guid| guid.text.trim()).filter(|guid| guid.starts_with("http")).map(str::to_owned));
    let own = match outline.family {
        Family::Rss => more.text("guid").or_else(|| more.scope.get("about").map(String::as_str)).or_else(|| more.text("atom:id")),
        Family::Atom => more.text("id"),
    };
    let date = ["pubdate", "published", "issued", "dc:date", "updated", "modified"].iter().find_map(|name| more.text(name));
    let id = identity::of(&Marks {
        own,
        link: url.as_deref(),
        title: &title,
        author: author.as_deref().unwrap_or_default(),
        date: date.unwrap_or_default(),
        text: &text,
    });
    let mut item = Item { id, title, text, author, url, published: entry.published, updated: entry.updated, ..Item::default() };
    if item.updated == item.published && item.published.is_some() && outline.family == Family::Rss {
        // The strict parser copies one into the other.
        item.updated = None;
    }
    item.published = item.published.or_else(|| {
        let names = ["pubdate", "published", "issued", "dcterms:issued", "atom:published", "dc:date", "created", "dcterms:created"];
        names.iter().filter_map(|name| more.text(name)).find_map(times::of_feed)
    });
    item.published = item.published.or(item.updated);
    item.rating = rating(more);
    item.lang = more.scope.get("xml:lang").map(String::as_str).or_else(|| more.text("dc:language")).map(str::to_owned);
    if let Some(version) = more.text("im:version") {
        item.fields.insert("version".to_owned(), version.to_owned());
    }
    item
}

/// Whether a piece of an RSS item holds elements, which the strict parser drops with what follows.
fn marked(more: &Entry, name: &str) -> bool {
    more.pieces.iter().any(|piece| piece.name == name && piece.markup && !piece.attributes.contains_key("type"))
}

/// Content, else summary.
fn body(entry: &model::Entry, family: Family) -> String {
    let content = entry.content.as_ref().and_then(|content| {
        let body = content.body.as_deref()?;
        let kind = content.content_type.as_str();
        let text = if kind.contains("html") || kind.contains("xml") {
            html::to_text(body)
        } else if kind.starts_with("text/") {
            markup::cut(body.trim(), 256 * 1024).to_owned()
        } else {
            return None;
        };
        (!text.is_empty()).then_some(text)
    });
    content.or_else(|| entry.summary.as_ref().map(|summary| plain(summary, family))).unwrap_or_default()
}

/// RSS does not say whether a text is HTML, so it is taken for it; Atom says.
fn plain(text: &model::Text, family: Family) -> String {
    if family == Family::Atom && text.content_type.as_str() == "text/plain" {
        return markup::cut(text.content.trim(), 256 * 1024).to_owned();
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
fn base(feed: &model::Feed, outline: &Outline, address: Option<&url::Url>) -> Option<url::Url> {
    let channel = feed.links.iter().find_map(|link| url::Url::parse(link.href.trim()).ok());
    match outline.family {
        Family::Rss => channel.or_else(|| address.cloned()),
        Family::Atom => address.cloned().or(channel),
    }
}

/// Stars that some vendors add.
fn rating(more: &Entry) -> Option<Rating> {
    let piece = more.pieces.iter().find(|piece| {
        matches!(piece.name.as_str(), "im:rating" | "review:rating" | "schema:ratingvalue" | "ratingvalue" | "g:rating")
            && !piece.text.trim().is_empty()
    })?;
    let value: f64 = piece.text.trim().parse().ok()?;
    let max = ["maximum", "max", "best"].iter().find_map(|name| piece.attributes.get(*name)?.parse().ok()).unwrap_or(5.0);
    (value > 0.0 && value <= max).then_some(Rating { value, max })
}
