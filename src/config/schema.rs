//! The configuration as a JSON Schema, for editors that complete and check as one types.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::config::shape::Definition;
use crate::config::shape::Need;
use crate::config::shape::Opt;
use crate::config::shape::Shape;
use crate::config::shape::top::Top;
use crate::config::syntax;
use crate::config::tree::Value;

/// JSON Schema, draft 2020-12.
#[must_use]
pub fn schema() -> Json {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("The configuration of Uproar"));
    schema.extend(table(Top::DEFINITION));
    Json::Object(schema)
}

fn table(definition: &Definition) -> Map<String, Json> {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), json!(prose(definition.manual)));
    schema.insert("type".to_owned(), json!("object"));
    let options = definition.options.iter().map(|option| (option.key.to_owned(), Json::Object(one(option)))).collect();
    schema.insert("properties".to_owned(), Json::Object(options));
    schema.insert("additionalProperties".to_owned(), json!(false));
    let required: Vec<&str> = definition.options.iter().filter(|option| option.need == Need::required).map(|option| option.key).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    let choices: Vec<Json> = definition
        .groups
        .iter()
        .map(|group| {
            if group.needed {
                json!({"oneOf": group.keys.iter().map(|key| json!({"required": [key]})).collect::<Vec<_>>()})
            } else {
                json!({"not": {"required": group.keys}})
            }
        })
        .collect();
    if !choices.is_empty() {
        schema.insert("allOf".to_owned(), json!(choices));
    }
    schema
}

fn one(option: &Opt) -> Map<String, Json> {
    let mut schema = match option.shape {
        Shape::Value(value) | Shape::Secret(value) => value().as_object().cloned().unwrap_or_default(),
        Shape::Table(definition) => table(definition),
        Shape::Tables(definition) => {
            let items = Json::Object(table(definition));
            Map::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), items)])
        }
    };
    schema.entry("description").or_insert_with(|| json!(prose(option.manual)));
    if option.need == Need::default {
        let default = syntax::value(option.sample).map(|node| to_json(&node.value));
        schema.insert("default".to_owned(), default.unwrap_or_default());
    }
    schema
}

/// The lines of a manual as one.
fn prose(manual: &[&str]) -> String {
    manual.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Text(text) | Value::Moment(text) => json!(text),
        Value::Whole(number) => json!(number),
        Value::Number(number) => json!(number),
        Value::Flag(flag) => json!(flag),
        Value::List(nodes) => nodes.iter().map(|node| to_json(&node.value)).collect(),
        Value::Table(table) => Json::Object(table.entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.node.value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Settings;

    #[test]
    fn an_option_has_its_manual_and_its_default() {
        let schema = schema();
        let keep = &schema["properties"]["store"]["properties"]["keep_text"];
        assert_eq!(keep["default"], "400d");
        assert_eq!(keep["type"], "string");
        assert!(keep["description"].as_str().unwrap().starts_with("Texts older than this"));
        let watch = &schema["properties"]["watch"]["items"];
        assert_eq!(watch["required"], json!(["name"]));
        assert_eq!(watch["properties"]["bucket"]["enum"], json!(["1h", "1d"]));
        assert_eq!(watch["additionalProperties"], json!(false));
    }

    #[test]
    fn exactly_one_kind_and_at_most_one_schedule_are_asked_for() {
        let schema = schema();
        let source = &schema["properties"]["source"]["items"]["allOf"];
        assert_eq!(source[0], json!({"not": {"required": ["every", "cron"]}}));
        let kinds = ["feed", "file", "replay"].into_iter().chain(Settings::SERVICES.iter().map(|service| service.kind));
        let kinds: Vec<_> = kinds.map(|kind| json!({"required": [kind]})).collect();
        assert_eq!(source[1], json!({"oneOf": kinds}));
    }

    #[test]
    fn a_secret_is_a_place_and_never_a_text() {
        let schema = schema();
        let email = &schema["properties"]["target"]["items"]["properties"]["email"]["properties"];
        let kinds = email["password"]["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), 3);
        assert!(kinds.iter().all(|kind| kind["type"] == "object"));
    }
}
