//! One conversation as a message: what the customer wrote, without HTML, and the rating.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::sources::api;
use crate::sources::html;
use crate::sources::intercom::Settings;
use crate::sources::intercom::Words;

/// Reads a conversation, with its parts where it came with them. `None` where it has no id.
pub(super) fn item(conversation: &Value, settings: &Settings) -> Option<Item> {
    let id = api::id(conversation, &["id"])?;
    let source = api::at(conversation, &["source"]).unwrap_or(&Value::Null);
    let rating = api::number(conversation, &["conversation_rating", "rating"]).filter(|stars| (1.0..=5.0).contains(stars));
    let workspace = settings.workspace.as_deref().unwrap_or("_");
    let customer = api::id(source, &["author", "id"]).filter(|_| is_customers(source));
    let contact = || api::id(api::at(conversation, &["contacts", "contacts"])?.get(0)?, &["id"]);
    let mut item = Item {
        title: words(source, "subject").filter(|_| is_customers(source)).unwrap_or_default(),
        text: text(conversation, source, settings),
        author: customer.or_else(contact),
        url: Some(format!("{}/a/apps/{workspace}/conversations/{id}", settings.region.app())),
        published: api::unix(conversation, &["created_at"]),
        updated: api::unix(conversation, &["updated_at"]),
        rating: rating.map(|value| Rating { value, max: 5.0 }),
        id,
        ..Item::default()
    };
    for (field, path) in [
        ("channel", ["source", "type"].as_slice()),
        ("state", &["state"]),
        ("remark", &["conversation_rating", "remark"]),
        ("bot_outcome", &["ai_agent", "resolution_state"]),
    ] {
        item.fields.extend(api::text(conversation, path).map(|value| (field.to_owned(), value)));
    }
    if api::at(conversation, &["ai_agent_participated"]).and_then(Value::as_bool) == Some(true) {
        item.fields.insert("bot".to_owned(), "true".to_owned());
    }
    Some(item)
}

/// Whether the settings want it.
pub(super) fn is_wanted(item: &Item, settings: &Settings) -> bool {
    !settings.only_bot || item.fields.contains_key("bot")
}

/// Whether what is wanted of it stands in its parts, which a search does not give: all that the customer
/// wrote, or the first of it where a bot, a campaign or the team began.
pub(super) fn needs_parts(conversation: &Value, settings: &Settings) -> bool {
    let began = api::at(conversation, &["source"]).is_none_or(is_customers);
    settings.text == Words::CustomerMessages || !began
}

fn text(conversation: &Value, source: &Value, settings: &Settings) -> String {
    let parts = api::at(conversation, &["conversation_parts", "conversation_parts"]).and_then(Value::as_array);
    let parts = parts.map(Vec::as_slice).unwrap_or_default();
    let mut all = std::iter::once(source).chain(parts).filter(|part| is_customers(part));
    match settings.text {
        Words::CustomerMessages => all.filter_map(|part| words(part, "body")).collect::<Vec<_>>().join("\n\n"),
        // An empty one is a picture, and what comes after it answers somebody.
        Words::FirstMessage if is_customers(source) => words(source, "body").unwrap_or_default(),
        Words::FirstMessage => all.find_map(|part| words(part, "body")).unwrap_or_default(),
    }
}

/// Whether a customer wrote a message: no admin, no bot, no team.
fn is_customers(part: &Value) -> bool {
    api::text(part, &["author", "type"]).is_none_or(|kind| matches!(kind.as_str(), "user" | "lead" | "contact"))
}

/// The words of a message. What was redacted there has none.
fn words(part: &Value, key: &str) -> Option<String> {
    let is_redacted = api::at(part, &["redacted"]).and_then(Value::as_bool) == Some(true);
    let words = html::to_text(&api::text(part, &[key]).filter(|_| !is_redacted)?);
    (!words.is_empty()).then_some(words)
}
