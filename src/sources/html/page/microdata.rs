//! Reviews in microdata: `itemscope`, `itemtype`, `itemprop`.

use scraper::ElementRef;
use scraper::Html;
use scraper::Node;

use crate::sources::html::page::Found;
use crate::sources::html::page::jsonld::last_part;
use crate::sources::html::page::rating;
use crate::sources::html::page::tree;

/// What the microdata of a page holds.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub found: Vec<Found>,
    /// So many reviews there are, as the page says.
    pub counted: u64,
}

/// Reads all reviews of a page.
pub(super) fn read(page: &Html) -> Read {
    let mut read = Read::default();
    for element in page.tree.nodes().filter_map(ElementRef::wrap) {
        if is_a(element, "Review") {
            read.found.push(review(element));
        } else if element.attr("itemprop").is_some_and(|name| name.trim() == "reviewCount") {
            read.counted = read.counted.max(rating::plain(&value(element)).unwrap_or(0.0) as u64);
        }
    }
    read
}

fn is_a(element: ElementRef<'_>, kind: &str) -> bool {
    element.attr("itemscope").is_some()
        && element.attr("itemtype").is_some_and(|kinds| kinds.split_whitespace().any(|named| last_part(named) == kind))
}

fn review(scope: ElementRef<'_>) -> Found {
    let mut found = Found { own: scope.attr("itemid").map(|id| id.trim().to_owned()), ..Found::default() };
    let (mut given, mut best) = (None, None);
    for (name, element, scoped) in properties(scope) {
        match name {
            "name" | "headline" if found.title.is_empty() => found.title = text(element).replace('\n', " "),
            "reviewBody" | "description" if found.text.is_empty() => found.text = text(element),
            "datePublished" | "dateCreated" if found.date.is_none() => found.date = Some(value(element)),
            "dateModified" => found.updated = Some(value(element)),
            "inLanguage" => found.lang = Some(value(element)),
            "url" if found.url.is_none() => found.url = Some(value(element)),
            "author" | "creator" if found.author.is_none() && scoped => {
                let named = properties(element).into_iter().find(|(name, ..)| *name == "name");
                found.author = named.map(|(_, element, _)| value(element));
            }
            "author" | "creator" if found.author.is_none() => found.author = Some(value(element)),
            "reviewRating" if scoped => {
                for (name, element, _) in properties(element) {
                    match name {
                        "ratingValue" => given = Some(value(element)),
                        "bestRating" => best = rating::plain(&value(element)),
                        _ => {}
                    }
                }
            }
            // Without a scope of its own, as older pages have it.
            "reviewRating" | "ratingValue" | "rating" if given.is_none() => given = Some(value(element)),
            "bestRating" => best = rating::plain(&value(element)),
            _ => {}
        }
    }
    found.rating = given.as_deref().and_then(|given| rating::read(given, best));
    found.unread_rating = found.rating.is_none() && given.is_some();
    found
}

/// The properties of a scope, without those of the scopes inside it; and whether each is a scope itself.
fn properties(scope: ElementRef<'_>) -> Vec<(&str, ElementRef<'_>, bool)> {
    let mut properties = Vec::new();
    let mut waiting: Vec<ElementRef<'_>> = scope.child_elements().collect();
    waiting.reverse();
    while let Some(element) = waiting.pop() {
        let scoped = element.attr("itemscope").is_some();
        properties.extend(element.attr("itemprop").unwrap_or_default().split_whitespace().map(|name| (name, element, scoped)));
        if !scoped {
            let at = waiting.len();
            waiting.extend(element.child_elements());
            waiting[at..].reverse();
        }
    }
    properties
}

/// The value of a property for programs: what an attribute says, else its text on one line.
pub(super) fn value(element: ElementRef<'_>) -> String {
    let attribute = match element.value().name() {
        "meta" => element.attr("content"),
        "time" => element.attr("datetime").or_else(|| element.attr("content")),
        "a" | "link" | "area" => element.attr("content").or_else(|| element.attr("href")),
        "data" | "meter" => element.attr("value"),
        _ => element.attr("content"),
    };
    attribute.map_or_else(|| tree::line_of(element), |value| value.trim().to_owned())
}

/// The value of a property for people.
fn text(element: ElementRef<'_>) -> String {
    match element.attr("content").filter(|_| !element.children().any(|child| matches!(child.value(), Node::Text(_)))) {
        Some(content) => content.trim().to_owned(),
        None => tree::text_of(element),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Rating;

    #[test]
    fn a_review_has_its_own_properties_and_not_those_of_scopes_inside() {
        let page = tree::build(
            "<div itemscope itemtype=http://schema.org/Product><b itemprop=name>Tent</b>
             <i itemprop=aggregateRating itemscope itemtype=http://schema.org/AggregateRating><u itemprop=ratingValue>3</u><u itemprop=reviewCount>9</u></i>
             <article itemprop=review itemscope itemtype='http://schema.org/Review' itemid='#t1'>
               <i itemprop=author itemscope itemtype=http://schema.org/Person><b itemprop=name>Olga</b></i>
               <h4 itemprop=name>Leaks</h4><a itemprop=url href=/r/1>#</a>
               <p itemprop=reviewBody>Wet<br>again.</p><time itemprop=datePublished datetime=2026-04-05>in spring</time>
               <i itemprop=reviewRating itemscope itemtype=http://schema.org/Rating><meta itemprop=bestRating content=10><meta itemprop=ratingValue content='1,5'></i>
             </article></div>",
        )
        .unwrap();
        let read = read(&page);
        assert_eq!((read.found.len(), read.counted), (1, 9));
        let found = &read.found[0];
        assert_eq!((found.own.as_deref(), found.url.as_deref(), found.author.as_deref()), (Some("#t1"), Some("/r/1"), Some("Olga")));
        assert_eq!((found.title.as_str(), found.text.as_str(), found.date.as_deref()), ("Leaks", "Wet\nagain.", Some("2026-04-05")));
        assert_eq!(found.rating, Some(Rating { value: 1.5, max: 10.0 }));
    }

    #[test]
    fn a_rating_may_stand_without_a_scope_of_its_own() {
        let page = tree::build("<div itemscope itemtype=schema.org/Review><span itemprop=reviewRating>4</span><meta itemprop=description content='fine'></div>").unwrap();
        let found = &read(&page).found[0];
        assert_eq!((found.rating, found.text.as_str()), (Some(Rating { value: 4.0, max: 5.0 }), "fine"));
    }
}
