//! Typeform: a response with the form's definition, in one payload. Answers are found by the reference of
//! their field.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::webhook;
use crate::sources::webhook::Settings;

/// Longest value that is kept as a label.
const LONGEST: usize = 200;

pub(super) fn read(value: &Value, settings: &Settings) -> Result<Page, ReadError> {
    let response = api::at(value, &["form_response"]);
    let response =
        response.ok_or_else(|| ReadError::new("JSON without `form_response`", "check `format` of the source against what is sent"))?;
    let token =
        api::id(response, &["token"]).ok_or_else(|| ReadError::new("a response of Typeform without its `token`", "check what is sent"))?;
    let nothing = Vec::new();
    let answers = api::at(response, &["answers"]).and_then(Value::as_array).unwrap_or(&nothing);
    let is = |answer: &Value, name: &str| ["ref", "id"].iter().any(|key| api::text(answer, &["field", key]).as_deref() == Some(name));
    let rating = match &settings.rating {
        Some(name) => answers.iter().find(|answer| is(answer, name)),
        None => answers.iter().find(|answer| best(answer).is_some()),
    };
    let text: Vec<String> = answers
        .iter()
        .filter(|answer| match settings.text.as_slice() {
            [] => api::text(answer, &["type"]).as_deref() == Some("text"),
            names => names.iter().any(|name| is(answer, name)),
        })
        .filter_map(said)
        .collect();
    let mut fields = BTreeMap::new();
    for name in &settings.fields {
        let hidden = api::at(response, &["hidden", name]).and_then(webhook::words);
        let value = hidden.or_else(|| answers.iter().find(|answer| is(answer, name)).and_then(said));
        fields.extend(value.filter(|value| value.len() <= LONGEST).map(|value| (name.clone(), value)));
    }
    let item = Item {
        id: webhook::short(&token),
        text: text.join("\n"),
        published: webhook::time(response, &["submitted_at"]),
        rating: rating.and_then(|answer| {
            let max = settings.rating_max.or_else(|| steps(response, answer)).or_else(|| best(answer)).unwrap_or(5.0);
            Some(Rating { value: number(answer)?, max })
        }),
        fields,
        ..Item::default()
    };
    let mut page = webhook::page_of("typeform", vec![item]);
    for (option, name) in settings.text.iter().map(|name| ("text", name)).chain(settings.rating.iter().map(|name| ("rating", name))) {
        if !answers.iter().any(|answer| is(answer, name)) && has_question(response, name) == Some(false) {
            let message = format!("the form has no question whose ref or id is `{name}`; check `{option}`");
            page.warnings.push(Warning::new("unknown_question", "", message));
        }
    }
    Ok(page)
}

/// Whether a form has a question, also inside a group of them; `None` where it does not say.
fn has_question(response: &Value, name: &str) -> Option<bool> {
    let fields = api::at(response, &["definition", "fields"])?.as_array()?;
    let of = |field: &Value| ["ref", "id"].iter().any(|key| api::text(field, &[key]).as_deref() == Some(name));
    let inside = |field: &Value| api::at(field, &["properties", "fields"]).and_then(Value::as_array).is_some_and(|all| all.iter().any(of));
    Some(fields.iter().any(|field| of(field) || inside(field)))
}

/// What an answer says. Addresses, telephone numbers and files are nobody's business.
fn said(answer: &Value) -> Option<String> {
    match api::text(answer, &["type"])?.as_str() {
        "text" => api::text(answer, &["text"]),
        "choice" => api::text(answer, &["choice", "label"]).or_else(|| api::text(answer, &["choice", "other"])),
        "choices" => {
            let labels = api::at(answer, &["choices", "labels"])?.as_array()?;
            Some(labels.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
        }
        "number" => api::at(answer, &["number"]).and_then(webhook::words),
        "boolean" => api::at(answer, &["boolean"]).and_then(webhook::words),
        _ => None,
    }
}

fn number(answer: &Value) -> Option<f64> {
    api::number(answer, &["number"])
}

/// The best value of a scale, as a form has it where nobody changed it; none where it is no scale.
fn best(answer: &Value) -> Option<f64> {
    match api::text(answer, &["field", "type"])?.as_str() {
        "rating" => Some(5.0),
        "opinion_scale" | "nps" => Some(10.0),
        _ => None,
    }
}

/// The best value of a scale, where the form's definition says how many steps it has. Ratings begin
/// with 1, scales of opinion with 0 unless they say so.
fn steps(response: &Value, answer: &Value) -> Option<f64> {
    let fields = api::at(response, &["definition", "fields"])?.as_array()?;
    let id = api::text(answer, &["field", "id"])?;
    let properties = api::at(fields.iter().find(|field| api::text(field, &["id"]).as_deref() == Some(&id))?, &["properties"])?;
    let steps = api::number(properties, &["steps"]).filter(|steps| *steps >= 2.0)?;
    let from_one = api::at(properties, &["start_at_one"]).and_then(Value::as_bool).unwrap_or(best(answer) == Some(5.0));
    Some(if from_one { steps } else { steps - 1.0 })
}
