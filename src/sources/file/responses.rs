//! Answers as Typeform exports them in JSON: responses in a list inside an object, and in each the
//! answers as a list of values with a type.

use std::borrow::Cow;

use serde_json::Map;
use serde_json::Value;

use crate::sources::file::json::Record;

/// Bytes that are looked at to tell such an export from other JSON.
const LOOKED_AT: usize = 256 * 1024;

/// Keys under which the list of responses stands.
const LISTS: &[&str] = &["items", "responses"];

/// Whether a document is such an export.
pub(super) fn is(bytes: &[u8]) -> bool {
    list_start(bytes).is_some_and(|start| {
        let head = &bytes[start..bytes.len().min(start + LOOKED_AT)];
        head.windows(b"\"answers\"".len()).any(|window| window == b"\"answers\"")
    })
}

/// Where the list begins, at its bracket: the value of a key that stands in the outermost object.
pub(super) fn list_start(bytes: &[u8]) -> Option<usize> {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let (mut depth, mut at) = (0_usize, 0);
    let mut key: Option<&[u8]> = None;
    while let Some(byte) = head.get(at) {
        match byte {
            b'"' => {
                let end = string_end(head, at)?;
                key = (depth == 1).then(|| &head[at + 1..end - 1]);
                at = end;
                continue;
            }
            b'[' if depth == 1 && key.is_some_and(|key| LISTS.iter().any(|list| list.as_bytes() == key)) => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1).filter(|depth| *depth > 0)?,
            b',' => key = None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte after a string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A response as a row of cells: what it says of itself, its hidden fields, and its answers under
/// the names of their questions. Addresses and numbers of people are left out.
pub(super) fn flattened(response: &Value) -> Record<'static> {
    let mut cells: Vec<(Cow<'static, str>, Cow<'static, str>)> = Vec::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            cells.push((Cow::Owned(key.to_owned()), Cow::Owned(value)));
        }
    };
    let Value::Object(response) = response else { return Record(cells) };
    for (key, value) in response {
        // The same id three times over: the token is the one that other exports have too.
        if !matches!(key.as_str(), "landing_id" | "response_id") || !response.contains_key("token") {
            put(key, scalar(value));
        }
    }
    for (key, value) in response.get("hidden").and_then(Value::as_object).into_iter().flatten() {
        put(key, scalar(value));
    }
    for answer in response.get("answers").and_then(Value::as_array).into_iter().flatten() {
        if let Some(answer) = answer.as_object() {
            put(&question(answer), given(answer));
        }
    }
    Record(cells)
}

/// Name of the question: what the form's author called it, else its id.
fn question(answer: &Map<String, Value>) -> String {
    let field = answer.get("field").and_then(Value::as_object);
    let name = |key: &str| field.and_then(|field| field.get(key)).and_then(Value::as_str);
    name("title").or_else(|| name("ref")).or_else(|| name("id")).unwrap_or("answer").to_owned()
}

/// What was answered.
fn given(answer: &Map<String, Value>) -> Option<String> {
    let kind = answer.get("type").and_then(Value::as_str)?;
    let value = answer.get(kind);
    match kind {
        "email" | "phone_number" | "payment" | "contact_info" | "address" => None,
        "choice" => value.and_then(|choice| scalar(choice.get("label").or_else(|| choice.get("other"))?)),
        "choices" => {
            let labels = value.and_then(|choices| choices.get("labels")).and_then(Value::as_array)?;
            Some(labels.iter().filter_map(scalar).collect::<Vec<_>>().join(", "))
        }
        _ => value.and_then(scalar),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_cells_under_their_questions() {
        let response = serde_json::json!({
            "landing_id": "k1", "token": "k1", "submitted_at": "2026-02-03T10:00:00Z", "metadata": {"browser": "x"},
            "hidden": {"plan": "gold"},
            "answers": [
                {"field": {"ref": "stars"}, "type": "number", "number": 2},
                {"field": {"id": "q9"}, "type": "choices", "choices": {"labels": ["Slow", "Dear"]}},
                {"field": {"ref": "mail"}, "type": "email", "email": "kim@x.test"},
                {"field": {"ref": "why"}, "type": "text", "text": "The lid leaks"},
                {"type": "text"}, 7,
            ],
        });
        let cells = flattened(&response).0.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        assert_eq!(cells, ["token=k1", "submitted_at=2026-02-03T10:00:00Z", "plan=gold", "stars=2", "q9=Slow, Dear", "why=The lid leaks"]);
    }

    #[test]
    fn only_a_list_of_answers_in_an_object_is_such_an_export() {
        for (text, is_one) in [
            (r#"{"total_items": 1, "items": [{"answers": []}]}"#, true),
            (r#"{"a": {"items": [1]}, "responses": [{"token": "x", "answers": []}]}"#, true),
            (r#"{"id": 1, "items": [{"sku": 4}]}"#, false),
            (r#"{"id": 1, "text": "items"}"#, false),
            (r#"{"items""#, false),
            (r#"{"items": "answers"}"#, false),
        ] {
            assert_eq!(is(text.as_bytes()), is_one, "{text}");
        }
    }
}
