//! Delighted: an event with the whole answer. The first one usually has no comment yet; the next one of
//! the same answer brings it.

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::webhook;

pub(super) fn read(value: &Value, fields: &[String]) -> Result<Page, ReadError> {
    let wrong = || ReadError::new("JSON without `event_type` and `event_data`", "check `format` of the source against what is sent");
    let (kind, data) = (api::text(value, &["event_type"]).ok_or_else(wrong)?, api::at(value, &["event_data"]).ok_or_else(wrong)?);
    let verb = kind.strip_prefix("survey_response.");
    let (Some(verb), Some(id)) = (verb, api::id(data, &["id"])) else {
        let mut page = webhook::page_of("delighted", Vec::new());
        let shown: String = kind.chars().take(60).collect();
        page.warnings.push(Warning::new("other_event", "", format!("`{shown}` brings no answer: nothing is stored")));
        return Ok(page);
    };
    let best = best(&api::text(data, &["survey_type"]).unwrap_or_default());
    let item = Item {
        id: webhook::short(&id),
        text: api::text(data, &["comment"]).unwrap_or_default(),
        author: api::id(data, &["person", "id"]),
        url: api::text(data, &["permalink"]),
        published: webhook::time(data, &["created_at"]),
        updated: webhook::time(data, &["updated_at"]),
        rating: api::number(data, &["score"]).map(|value| Rating { value, max: best }),
        fields: fields
            .iter()
            .filter_map(|name| Some((name.clone(), webhook::words(api::at(data, &["person_properties", name])?)?)))
            .collect(),
        gone: verb == "deleted",
        ..Item::default()
    };
    Ok(webhook::page_of("delighted", vec![item]))
}

/// The best score of a kind of survey.
fn best(kind: &str) -> f64 {
    match kind {
        "csat" | "ces" | "smileys" | "stars" => 5.0,
        "csat3" | "pmf" => 3.0,
        "ces7" => 7.0,
        "thumbs" => 1.0,
        _ => 10.0,
    }
}
