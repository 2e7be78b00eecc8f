//! JSON Feed 1.0 and 1.1, read leniently: ids may be numbers, a title may be missing.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::feed::identity::Ids;
use crate::sources::feed::identity::Marks;
use crate::sources::feed::outline::MOST_ITEMS;
use crate::sources::feed::wishes;
use crate::sources::html;
use crate::sources::markup;
use crate::sources::times;

/// Reads a document; `None` when it is JSON but no JSON Feed, or no JSON.
pub(super) fn read(text: &str, base: Option<&url::Url>) -> Option<Page> {
    let value: Value = serde_json::from_str(text).ok()?;
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    if !version.contains("jsonfeed.org") {
        return None;
    }
    let rows = match value.get("items") {
        Some(Value::Array(rows)) => rows.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => return None,
    };
    let mut page = Page {
        format: "json_feed",
        title: string(&value, "title").map(|title| html::to_text(&title)),
        link: string(&value, "home_page_url").and_then(|link| super::absolute(&link, base)),
        older: string(&value, "next_url").and_then(|link| wishes::older_at(&link, base)),
        ..Page::default()
    };
    let (mut ids, mut undated) = (Ids::default(), super::Undated::default());
    for (at, row) in rows.iter().take(MOST_ITEMS).enumerate() {
        if row.is_object() {
            let item = item(row, base, &mut ids);
            undated.note(&item, string(row, "date_published").as_deref());
            page.items.push(item);
        } else {
            page.warnings.push(Warning::new("bad_item", format!("item {}", at + 1), "not an object"));
        }
    }
    ids.settle(&mut page.warnings);
    undated.tell(&mut page.warnings);
    super::note_cut(rows.len(), &mut page);
    Some(page)
}

fn item(row: &Value, base: Option<&url::Url>, ids: &mut Ids) -> Item {
    let title = string(row, "title").unwrap_or_default();
    let text = string(row, "content_text")
        .or_else(|| string(row, "content_html").map(|text| html::to_text(&text)))
        .or_else(|| string(row, "summary"))
        .unwrap_or_default();
    let author = row.get("authors").and_then(|authors| authors.get(0)).or_else(|| row.get("author"));
    let author = author.and_then(|author| string(author, "name"));
    let written = string(row, "date_published");
    let url = ["url", "external_url"].iter().find_map(|name| super::absolute(&string(row, name)?, base));
    let own = string(row, "id");
    let id = ids.give(&Marks {
        own: own.as_deref(),
        link: url.as_deref(),
        title: &title,
        author: author.as_deref().unwrap_or_default(),
        date: written.as_deref().unwrap_or_default(),
        text: &text,
    });
    Item {
        id,
        title,
        text: text.trim().to_owned(),
        author,
        url,
        published: written.as_deref().and_then(times::of_feed),
        updated: string(row, "date_modified").as_deref().and_then(times::of_feed),
        lang: string(row, "language"),
        ..Item::default()
    }
}

/// A value as text: numbers too, blank ones not, and nothing that XML would forbid either.
fn string(value: &Value, name: &str) -> Option<String> {
    let text = match value.get(name)? {
        Value::String(text) if !text.chars().all(markup::allowed) => text.replace(|letter| !markup::allowed(letter), "").trim().to_owned(),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
