//! The payload that Standard Webhooks recommends: `type`, `timestamp`, `data`. The type's last word says
//! what happened.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::webhook;

pub(super) fn read(value: &Value, fields: &[String]) -> Result<Page, ReadError> {
    let wrong = || ReadError::new("JSON without `type` and `data`", "check `format` of the source against what is sent");
    let (kind, data) = (api::text(value, &["type"]).ok_or_else(wrong)?, api::at(value, &["data"]).ok_or_else(wrong)?);
    let verb = kind.rsplit('.').next().unwrap_or_default();
    let says_something = ["text", "rating", "title"].iter().any(|key| api::at(data, &[key]).is_some());
    let gone = matches!(verb, "deleted" | "removed" | "erased");
    let Some(id) = api::id(data, &["id"]).filter(|_| gone || says_something || matches!(verb, "created" | "updated")) else {
        let mut page = webhook::page_of("standard", Vec::new());
        let shown: String = kind.chars().take(60).collect();
        page.warnings.push(Warning::new("other_event", "", format!("`{shown}` brings no message: nothing is stored")));
        return Ok(page);
    };
    let (at, created) =
        (webhook::time(value, &["timestamp"]), api::at(data, &["created_at"]).and_then(|_| webhook::time(data, &["created_at"])));
    let rating = api::number(data, &["rating"])
        .map(|value| Rating { value, max: api::number(data, &["rating_max"]).filter(|max| *max > 0.0).unwrap_or(5.0) });
    let text = |key: &str| api::text(data, &[key]).unwrap_or_default();
    // Whoever takes their words back has taken the message back.
    let is_emptied = data.get("text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
    let gone = gone || verb == "updated" && is_emptied && rating.is_none() && text("title").is_empty();
    let item = Item {
        id: webhook::short(&id),
        title: text("title"),
        text: text("text"),
        author: api::id(data, &["author"]),
        url: api::text(data, &["url"]),
        published: created.or(at.filter(|_| verb == "created")),
        updated: at.filter(|_| verb != "created"),
        rating,
        lang: api::text(data, &["lang"]),
        fields: fields.iter().filter_map(|name| Some((name.clone(), webhook::words(data.get(name)?)?))).collect(),
        formerly: None,
        gone,
    };
    Ok(webhook::page_of("standard", vec![item]))
}
