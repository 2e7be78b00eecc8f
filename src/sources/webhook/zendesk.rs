//! Zendesk: ticket events as Zendesk writes them, or what a trigger sends, which the operator writes.

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::webhook;
use crate::sources::webhook::Settings;
use crate::sources::webhook::json;

pub(super) fn read(value: &Value, settings: &Settings, now: Timestamp) -> Result<Page, ReadError> {
    let Some(kind) = api::text(value, &["type"]).filter(|_| api::at(value, &["detail"]).is_some()) else {
        return json::read(value, &settings.map);
    };
    let verb = kind.strip_prefix("zen:event-type:ticket.");
    let detail = api::at(value, &["detail"]).unwrap_or(&Value::Null);
    let (Some(verb), Some(id)) = (verb, api::id(detail, &["id"])) else { return Ok(nothing(&kind)) };
    let gone = matches!(verb, "soft_deleted" | "permanently_deleted" | "marked_as_spam");
    let text = api::text(detail, &["description"]);
    if !gone && text.is_none() {
        return Ok(nothing(&kind));
    }
    let field = |name: &String| {
        let path: &[&str] = if name == "channel" { &["via", "channel"] } else { &[name.as_str()] };
        Some((name.clone(), webhook::words(api::at(detail, path)?)?))
    };
    let item = Item {
        id: webhook::short(&id),
        title: api::text(detail, &["subject"]).unwrap_or_default(),
        text: text.unwrap_or_default(),
        author: api::id(detail, &["requester_id"]),
        published: webhook::time(detail, &["created_at"]),
        updated: webhook::time(value, &["time"]).or(Some(now).filter(|_| gone)),
        fields: settings.fields.iter().filter_map(field).collect(),
        gone,
        ..Item::default()
    };
    Ok(webhook::page_of("zendesk", vec![item]))
}

fn nothing(kind: &str) -> Page {
    let shown: String = kind.chars().take(80).collect();
    let warning = Warning::new("other_event", "", format!("`{shown}` brings no words of a customer: nothing is stored"));
    Page { warnings: vec![warning], ..webhook::page_of("zendesk", Vec::new()) }
}
