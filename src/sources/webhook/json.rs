//! Any JSON, by places that the configuration names.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::webhook;
use crate::sources::webhook::paths::Path;

/// Messages of one push: they are stored in one transaction, within the patience of whoever sends.
const MOST: usize = 1_000;

/// Where things stand. What is not named is looked for under its own name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    /// A list of messages, or one; without it the whole is one, or a list of them.
    pub items: Option<Path>,
    /// Names of what a message is made of, each with its place: `id`, `text`, `rating` and so on.
    pub places: BTreeMap<&'static str, Path>,
    /// The best rating, where the message does not say.
    pub rating_max: Option<f64>,
    /// Further values that are kept, by the name of their label.
    pub fields: BTreeMap<String, Path>,
}

impl Map {
    fn find<'a>(&self, value: &'a Value, name: &str) -> Option<&'a Value> {
        match self.places.get(name) {
            Some(path) => path.of(value),
            None => value.get(name).filter(|value| !value.is_null()),
        }
    }

    fn text(&self, value: &Value, name: &str) -> Option<String> {
        self.find(value, name).and_then(webhook::words)
    }

    fn number(&self, value: &Value, name: &str) -> Option<f64> {
        self.text(value, name)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The best rating that a message can have, as far as anybody says.
    fn best(&self, value: &Value) -> Option<f64> {
        self.rating_max.or_else(|| self.number(value, "rating_max")).filter(|max| *max > 0.0)
    }

    fn item(&self, value: &Value) -> Option<Item> {
        let time = |name| webhook::time(self.find(value, name)?, &[]);
        Some(Item {
            id: webhook::short(&self.text(value, "id")?),
            title: self.text(value, "title").unwrap_or_default(),
            text: self.text(value, "text").unwrap_or_default(),
            author: self.text(value, "author"),
            url: self.text(value, "url"),
            published: time("published"),
            updated: time("updated"),
            rating: self.number(value, "rating").and_then(|given| Some(Rating { value: given, max: self.best(value)? })),
            lang: self.text(value, "lang"),
            fields: self.fields.iter().filter_map(|(name, path)| Some((name.clone(), webhook::words(path.of(value)?)?))).collect(),
            formerly: None,
            gone: self.text(value, "deleted").is_some_and(|word| matches!(word.as_str(), "true" | "1" | "yes" | "deleted")),
        })
    }
}

/// Ids of the messages whose text is there, and empty: they had words, and have none any more, while one without
/// any text may have it somewhere that the map does not name.
pub(super) fn emptied(value: &Value, map: &Map) -> BTreeSet<String> {
    let is_empty = |value: &&Value| map.find(value, "text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
    let all = all(value, map).unwrap_or_default();
    all.iter().filter(is_empty).filter_map(|value| Some(webhook::short(&map.text(value, "id")?))).collect()
}

/// Each message; `None` where they are not where they should be.
fn all<'a>(value: &'a Value, map: &Map) -> Option<&'a [Value]> {
    let found = map.items.as_ref().map_or(Some(value), |path| path.of(value))?;
    Some(if let Value::Array(all) = found { all.as_slice() } else { std::slice::from_ref(found) })
}

pub(super) fn read(value: &Value, map: &Map) -> Result<Page, ReadError> {
    let all = all(value, map).ok_or_else(|| ReadError::new("JSON without what `map.items` names", "check `items` of the source"))?;
    if all.len() > MOST {
        return Err(ReadError::new("more than 1,000 messages in one push", "send fewer at once, or several pushes"));
    }
    let mut page = webhook::page_of("webhook", Vec::new());
    for (number, value) in all.iter().enumerate() {
        if let Some(item) = map.item(value) {
            page.items.push(item);
        } else {
            let place = format!("item {}", number + 1);
            page.warnings.push(Warning::new("no_id", place, "it has no id and is left out; check `map.id`"));
        }
    }
    let without_best = all.iter().filter(|value| map.number(value, "rating").is_some() && map.best(value).is_none()).count();
    if without_best > 0 {
        let message = format!("{without_best} ratings are left out, for nobody says what the best one is; write `rating_max`");
        page.warnings.push(Warning::new("no_rating_max", "", message));
    }
    if page.items.is_empty() && !all.is_empty() {
        return Err(ReadError::new("JSON in which no message has an id", "check `map` of the source against what is sent"));
    }
    Ok(page)
}
