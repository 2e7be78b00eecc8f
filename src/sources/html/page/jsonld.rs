//! Reviews in JSON-LD: alone, in lists, in `@graph`, as `review` of a product.

use scraper::Html;
use scraper::Selector;
use serde_json::Map;
use serde_json::Value;

use crate::domain::item::Warning;
use crate::sources::html;
use crate::sources::html::page::Found;
use crate::sources::html::page::rating;

/// What the JSON-LD of a page holds.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub found: Vec<Found>,
    /// A list of reviews is there, though it may be empty, or it is said that there are none.
    pub container: bool,
    /// Something that can be reviewed is described.
    pub subject: bool,
    /// So many reviews there are, as the page says.
    pub counted: u64,
}

/// Reads all blocks of a page.
pub(super) fn read(page: &Html, warnings: &mut Vec<Warning>) -> Read {
    let mut read = Read::default();
    // A fixed selector: it parses.
    let Ok(scripts) = Selector::parse("script[type]") else { return read };
    let blocks = page.select(&scripts).filter(|script| {
        let kind = script.attr("type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/ld+json")
    });
    for (at, script) in blocks.enumerate() {
        let text: String = script.text().collect();
        match parse(&text) {
            Ok(value) => walk(&value, &mut read),
            Err(why) => {
                let message = format!("a block of JSON-LD that cannot be read was left out: {why}");
                warnings.push(Warning::new("broken_jsonld", format!("JSON-LD block {}", at + 1), message));
            }
        }
    }
    read
}

/// Parses a block; what old pages put around it is left out, and control characters inside texts,
/// which JSON forbids and pages have all the same, become blanks.
fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut inner = text.trim();
    for around in ["<!--", "-->", "//<![CDATA[", "<![CDATA[", "//]]>", "]]>"] {
        inner = inner.strip_prefix(around).unwrap_or(inner).trim();
        inner = inner.strip_suffix(around).unwrap_or(inner).trim();
    }
    let inner = inner.strip_suffix(';').unwrap_or(inner);
    if inner.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(inner).or_else(|error| {
        let cleaned: String = inner.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        serde_json::from_str(&cleaned).map_err(|_| error)
    })
}

/// Looks for reviews at any depth; serde_json has bounded that.
fn walk(value: &Value, read: &mut Read) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, read)),
        Value::Object(map) if is_a(map, &["Review", "UserReview", "CriticReview", "EmployerReview"]) => read.found.push(review(map)),
        Value::Object(map) if is_a(map, &["AggregateRating"]) => aggregate(map, read),
        Value::Object(map) => {
            read.subject |= is_a(
                map,
                &[
                    "Product",
                    "LocalBusiness",
                    "SoftwareApplication",
                    "MobileApplication",
                    "Book",
                    "Movie",
                    "Hotel",
                    "Restaurant",
                    "Course",
                    "Event",
                ],
            );
            for (name, value) in map {
                if matches!(name.as_str(), "review" | "reviews") {
                    read.container = true;
                    // What stands here is a review even where it does not say so.
                    one_or_many(value)
                        .filter_map(Value::as_object)
                        .filter(|map| !map.contains_key("@type"))
                        .for_each(|map| read.found.push(review(map)));
                }
                if name == "aggregateRating"
                    && let Some(rating) = value.as_object()
                {
                    aggregate(rating, read);
                } else {
                    walk(value, read);
                }
            }
        }
        _ => {}
    }
}

fn aggregate(map: &Map<String, Value>, read: &mut Read) {
    let count = ["reviewCount", "ratingCount"].iter().find_map(|name| number(map.get(*name)?));
    read.counted = read.counted.max(count.unwrap_or(0.0) as u64);
    read.container |= count == Some(0.0);
}

fn is_a(map: &Map<String, Value>, kinds: &[&str]) -> bool {
    map.get("@type").is_some_and(|kind| one_or_many(kind).filter_map(Value::as_str).any(|kind| kinds.contains(&last_part(kind))))
}

/// `Review` of `https://schema.org/Review` and of `schema:Review`.
pub(super) fn last_part(kind: &str) -> &str {
    kind.trim().rsplit(['/', ':', '#']).next().unwrap_or_default()
}

fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(values) => values.iter(),
        other => std::slice::from_ref(other).iter(),
    }
}

fn review(map: &Map<String, Value>) -> Found {
    let text = |names: &[&str]| names.iter().find_map(|name| words(map.get(*name)?)).unwrap_or_default();
    let given = map.get("reviewRating").and_then(|given| one_or_many(given).next());
    let rating = given.and_then(|given| match given {
        Value::Object(rating) => {
            let best = rating.get("bestRating").and_then(number);
            rating::read(&scalar(rating.get("ratingValue")?)?, Some(best.unwrap_or(5.0)))
        }
        other => rating::read(&scalar(other)?, None),
    });
    let plain = |name: &str| map.get(name).and_then(scalar).filter(|text| !text.trim().is_empty());
    Found {
        own: plain("@id").or_else(|| map.get("identifier").and_then(scalar)),
        url: plain("url"),
        title: text(&["name", "headline"]),
        text: text(&["reviewBody", "description", "text"]),
        author: map.get("author").and_then(|author| one_or_many(author).next()).and_then(name_of),
        date: plain("datePublished").or_else(|| plain("dateCreated")),
        updated: plain("dateModified"),
        rating,
        unread_rating: rating.is_none() && given.is_some(),
        lang: map.get("inLanguage").and_then(|lang| scalar(lang).or_else(|| scalar(lang.get("alternateName")?))),
    }
}

/// A text for people, in which pages leave entities and tags.
fn words(value: &Value) -> Option<String> {
    let text = scalar(one_or_many(value).next()?)?;
    Some(html::to_text(&text)).filter(|text| !text.is_empty())
}

fn name_of(author: &Value) -> Option<String> {
    scalar(author).or_else(|| scalar(author.get("name")?)).filter(|name| !name.trim().is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(map) => map.get("@value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    rating::plain(&scalar(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Rating;
    use crate::sources::html::page::tree;

    fn of(json: &str) -> (Read, Vec<Warning>) {
        let mut warnings = Vec::new();
        let page = tree::build(&format!("<script type='application/ld+json; charset=utf-8'>{json}</script>")).unwrap();
        (read(&page, &mut warnings), warnings)
    }

    fn texts(json: &str) -> Vec<String> {
        of(json).0.found.into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn reviews_are_found_wherever_they_stand() {
        for json in [
            r#"{"@type":"Review","reviewBody":"a"}"#,
            r#"[{"@type":"https://schema.org/Review","reviewBody":"a"}]"#,
            r#"{"@graph":[{"@type":"WebPage"},{"@type":["Product","Thing"],"review":{"@type":"Review","description":"a"}}]}"#,
            r#"{"@type":"Product","reviews":[{"reviewBody":"a"}]}"#,
            r#"{"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":{"@type":"UserReview","reviewBody":"a"}}]}"#,
            "<!-- {\"@type\":\"Review\",\"reviewBody\":\"a\"} -->",
        ] {
            assert_eq!(texts(json), ["a"], "{json}");
        }
        assert_eq!(texts(r#"{"@type":"Review","itemReviewed":{"review":{"@type":"Review","reviewBody":"b"}},"reviewBody":"a"}"#), ["a"]);
    }

    #[test]
    fn every_field_is_read_and_texts_lose_their_markup_once() {
        let (read, _) = of(
            r##"{"@type":"Review","@id":"#7","url":"/r/7","name":"Oh &amp; no","reviewBody":"one<br>two &amp;lt;","author":{"@type":"Person","name":"Vera L"},
            "datePublished":"2026-02-03","dateModified":"2026-02-04","inLanguage":{"alternateName":"de"},"reviewRating":{"ratingValue":"7,5","bestRating":"10"}}"##,
        );
        let found = &read.found[0];
        assert_eq!((found.own.as_deref(), found.url.as_deref(), found.lang.as_deref()), (Some("#7"), Some("/r/7"), Some("de")));
        assert_eq!((found.title.as_str(), found.text.as_str()), ("Oh & no", "one\ntwo &lt;"));
        assert_eq!((found.date.as_deref(), found.updated.as_deref()), (Some("2026-02-03"), Some("2026-02-04")));
        assert_eq!((found.author.as_deref(), found.rating), (Some("Vera L"), Some(Rating { value: 7.5, max: 10.0 })));
    }

    #[test]
    fn an_aggregate_is_no_review_but_tells_how_many_there_are() {
        let (read, _) = of(r#"{"@type":"Product","aggregateRating":{"@type":"AggregateRating","ratingValue":"3.1","reviewCount":"54"}}"#);
        assert_eq!((read.found.len(), read.counted, read.container, read.subject), (0, 54, false, true));
        let (read, _) = of(r#"{"@type":"Product","review":[]}"#);
        assert_eq!((read.found.len(), read.container), (0, true));
    }

    #[test]
    fn a_broken_block_is_a_warning_and_a_line_end_inside_a_text_is_mended() {
        let (read, warnings) = of("{\"@type\":\"Review\",\"reviewBody\":");
        assert_eq!((read.found.len(), warnings[0].code.as_str(), warnings[0].place.as_str()), (0, "broken_jsonld", "JSON-LD block 1"));
        assert_eq!(texts("{\"@type\":\"Review\",\"reviewBody\":\"one\ntwo\"}"), ["one two"]);
        let (read, warnings) = of(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
        assert_eq!((read.found.len(), warnings.len()), (0, 1));
    }
}
