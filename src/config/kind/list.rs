//! Lists of values, and tables with keys of the user's own.

use serde_json::Value as Json;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text::is_word;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::config::tree::Value;

/// A list of values of one kind; those that cannot be read are reported and left out.
#[derive(Debug, Clone, PartialEq)]
pub struct List<T>(pub Vec<Placed<T>>);

impl<T> List<T> {
    /// The values with their places.
    pub fn iter(&self) -> impl Iterator<Item = &Placed<T>> {
        self.0.iter()
    }
}

fn of<T: Kind>() -> Json {
    match T::SHAPE {
        Shape::Value(schema) | Shape::Secret(schema) => json!({"type": "array", "items": schema()}),
        Shape::Table(_) | Shape::Tables(_) => json!({"type": "array", "items": {"type": "object"}}),
    }
}

impl<T: Kind> Kind for List<T> {
    const SHAPE: Shape = match T::SHAPE {
        Shape::Secret(_) => Shape::Secret(of::<T>),
        _ => Shape::Value(of::<T>),
    };

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::List(nodes) = &node.value else {
            if matches!(T::SHAPE, Shape::Secret(_)) {
                reader.hide(&node.at);
            }
            return reader.wrong(node, "a list in brackets");
        };
        let read = nodes.iter().filter_map(|node| T::read(node, reader).map(|value| Placed { value, at: Some(node.at.clone()) }));
        Some(Self(read.collect()))
    }

    fn shown(&self) -> Shown {
        let mut texts = Vec::new();
        for item in &self.0 {
            match item.value.shown() {
                Shown::Inline(text) => texts.push(text),
                Shown::Secret(note) => return Shown::Secret(note),
                Shown::Table(_) | Shown::Tables(_) => {}
            }
        }
        Shown::Inline(format!("[{}]", texts.join(", ")))
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOrMany<T>(pub Vec<Placed<T>>);

impl<T> OneOrMany<T> {
    /// The values with their places.
    pub fn iter(&self) -> impl Iterator<Item = &Placed<T>> {
        self.0.iter()
    }
}

fn one_or_many<T: Kind>() -> Json {
    match T::SHAPE {
        Shape::Value(schema) | Shape::Secret(schema) => json!({"anyOf": [schema(), of::<T>()]}),
        Shape::Table(_) | Shape::Tables(_) => of::<T>(),
    }
}

impl<T: Kind> Kind for OneOrMany<T> {
    const SHAPE: Shape = Shape::Value(one_or_many::<T>);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Value::List(_) = node.value {
            return List::read(node, reader).map(|list| Self(list.0));
        }
        T::read(node, reader).map(|value| Self(vec![Placed { value, at: Some(node.at.clone()) }]))
    }

    fn shown(&self) -> Shown {
        let mut texts: Vec<String> = Vec::new();
        for item in &self.0 {
            match item.value.shown() {
                Shown::Inline(text) => texts.push(text),
                other => return other,
            }
        }
        Shown::Inline(if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) })
    }
}

/// Texts under keys of the user's own, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map(pub Vec<MapEntry>);

/// One text of a [`Map`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapEntry {
    /// Its key: small letters, digits and `_`.
    pub key: String,
    /// The text.
    pub text: String,
    /// Where the text stands.
    pub at: Place,
}

impl Kind for Map {
    const SHAPE: Shape = Shape::Value(
        || json!({"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}}),
    );

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return reader.wrong(node, "a table of texts") };
        let mut entries = Vec::new();
        for entry in &table.entries {
            if !is_word(&entry.key) {
                let message = format!("`{}` is no name for one of `{}`", entry.key, reader.key());
                reader.report(
                    Problem::error(Code::BadName, entry.key_at.clone(), message)
                        .label("refused")
                        .help("begin with a small letter and use only small letters, digits and `_`"),
                );
                continue;
            }
            match &entry.node.value {
                Value::Text(text) if !text.trim().is_empty() => {
                    entries.push(MapEntry { key: entry.key.clone(), text: text.clone(), at: entry.node.at.clone() });
                }
                Value::Text(_) => {
                    let message = format!("`{}` in `{}` is empty", entry.key, reader.key());
                    reader.report(
                        Problem::error(Code::OutOfRange, entry.node.at.clone(), message)
                            .label("empty")
                            .help("give it a text, or leave the key out"),
                    );
                }
                other => {
                    let found = other.called();
                    let message = format!("`{}` in `{}` must be a text in quotes, not {found}", entry.key, reader.key());
                    reader.report(
                        Problem::error(Code::WrongKind, entry.node.at.clone(), message)
                            .label(format!("this is {found}"))
                            .help(reader.example()),
                    );
                }
            }
        }
        Some(Self(entries))
    }

    fn shown(&self) -> Shown {
        if self.0.is_empty() {
            return Shown::Inline("{}".to_owned());
        }
        let texts: Vec<String> = self.0.iter().map(|entry| format!("{} = {}", entry.key, quoted(&entry.text))).collect();
        Shown::Inline(format!("{{ {} }}", texts.join(", ")))
    }
}
