//! What is a small language inside a text: programs of jq, CSS selectors; and headers.
//!
//! A mistake is shown at its place inside the text.

use serde_json::Value as Json;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::list::Map;
use crate::config::kind::list::MapEntry;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::literal;
use crate::config::mask;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;
use crate::config::tree::Place;
use crate::config::tree::Value;
use crate::sources::html::page;
use crate::sources::http_json::jq;

/// A program of jq; it may go over several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(pub String);

/// Programs of jq under names of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs(pub Map);

/// A CSS selector, perhaps with an attribute and an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick(pub String);

/// Headers of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

/// Headers that are others' business: logins, and what holds the connection together.
const NOT_THESE: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "user-agent",
    "accept-encoding",
];

/// Compiles a program; what is wrong with it goes to the reader.
fn compiles(code: &str, what: &str, at: &Place, reader: &mut Reader<'_>) -> bool {
    let Err(wrong) = jq::Program::compile(code) else { return true };
    let at = literal::place(at, wrong.span, reader.documents);
    let message = format!("`{what}` is no program of jq that can be run: {}", wrong.reason);
    reader.report(Problem::error(Code::BadProgram, at, message).label("here").help(wrong.cure));
    false
}

impl Kind for Program {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "minLength": 1, "maxLength": 4096}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let code = text::text(node, "a program of jq in quotes", reader)?;
        let what = reader.key().to_owned();
        compiles(code, &what, &node.at, reader).then(|| Self(code.to_owned()))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

impl Kind for Programs {
    const SHAPE: Shape = Map::SHAPE;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let map = Map::read(node, reader)?;
        let good = |entry: &MapEntry| compiles(&entry.text, &format!("fields.{}", entry.key), &entry.at, reader);
        let good: Vec<bool> = map.0.iter().map(good).collect();
        good.iter().all(|good| *good).then_some(Self(map))
    }

    fn shown(&self) -> Shown {
        self.0.shown()
    }
}

impl Kind for Pick {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "minLength": 1, "maxLength": 500}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = text::line(node, "a CSS selector in quotes", reader)?;
        match page::check_selector(written) {
            Ok(()) => Some(Self(written.to_owned())),
            Err(wrong) => {
                let message = format!("`{}` cannot be used: {}", reader.key(), wrong.reason);
                reader.report(Problem::error(Code::BadSelector, node.at.clone(), message).label("here").help(wrong.cure));
                None
            }
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

/// Warns of a header that is a login, and keeps its value out of every message.
fn readable(name: &str, text: &str, at: &Place, reader: &mut Reader<'_>) {
    if text.is_empty() || !mask::carries_secret(name) && mask::plain(text).is_empty() {
        return;
    }
    reader.hide(at);
    let cure = format!(
        "take it out, and name where it is kept: `auth = {{ header = {{ name = \"{name}\", value = {{ file = \"/etc/uproar/key\" }} }} }}`"
    );
    reader.report(
        Problem::warning(Code::ReadableSecret, at.clone(), format!("the header `{name}` looks like a secret, and stands in the file"))
            .label("for everybody who may read the file")
            .help(cure + "; `{ credential = \"...\" }` and `{ env = \"...\" }` do too"),
    );
}

fn headers_schema() -> Json {
    json!({"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^[A-Za-z0-9-]+$"}})
}

impl Kind for Headers {
    const SHAPE: Shape = Shape::Value(headers_schema);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return reader.wrong(node, "a table of headers") };
        let mut headers = Vec::new();
        for entry in &table.entries {
            let name = &entry.key;
            let refuse = |at: &Place, why: String, help: &str, reader: &mut Reader<'_>| {
                reader.report(Problem::error(Code::BadName, at.clone(), why).label("refused").help(help.to_owned()));
            };
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
                refuse(&entry.key_at, format!("`{name}` is no name of a header"), "use letters, digits and `-`", reader);
            } else if NOT_THESE.contains(&name.to_ascii_lowercase().as_str()) {
                // It may be a secret.
                reader.hide(&entry.node.at);
                refuse(
                    &entry.key_at,
                    format!("the header `{name}` is not set here"),
                    "a login belongs into `auth`, which names where it is kept: `auth = { bearer = { file = \"/etc/uproar/token\" } }`",
                    reader,
                );
            } else {
                match &entry.node.value {
                    Value::Text(text) if !text.chars().any(char::is_control) => {
                        readable(name, text, &entry.node.at, reader);
                        headers.push((name.clone(), text.clone()));
                    }
                    _ => refuse(
                        &entry.node.at,
                        format!("the header `{name}` must be a text on one line"),
                        "for example `headers = { Accept = \"application/json\" }`",
                        reader,
                    ),
                }
            }
        }
        Some(Self(headers))
    }

    fn shown(&self) -> Shown {
        if self.0.is_empty() {
            return Shown::Inline("{}".to_owned());
        }
        let texts: Vec<String> = self.0.iter().map(|(name, text)| format!("{} = {}", quoted(name), quoted(text))).collect();
        Shown::Inline(format!("{{ {} }}", texts.join(", ")))
    }
}
