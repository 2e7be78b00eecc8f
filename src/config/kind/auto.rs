//! Values that are found out where nobody says them, and what columns of exports may be told by.

use serde_json::Value as Json;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;
use crate::config::tree::Value;

/// A value, or `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auto<T>(pub Option<T>);

const WORD: &str = "auto";

fn schema<T: Kind>() -> Json {
    match T::SHAPE {
        Shape::Value(schema) | Shape::Secret(schema) => json!({"anyOf": [{"const": WORD}, schema()]}),
        Shape::Table(_) | Shape::Tables(_) => json!({"const": WORD}),
    }
}

impl<T: Kind> Kind for Auto<T> {
    const SHAPE: Shape = Shape::Value(schema::<T>);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == WORD => Some(Self(None)),
            _ => T::read(node, reader).map(|value| Self(Some(value))),
        }
    }

    fn shown(&self) -> Shown {
        self.0.as_ref().map_or_else(|| Shown::Inline(quoted(WORD)), Kind::shown)
    }
}

/// Numbers under words of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers(pub Vec<(String, f64)>);

impl Kind for Numbers {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Table(table) = &node.value else { return reader.wrong(node, "a table of numbers") };
        let mut numbers = Vec::new();
        for entry in &table.entries {
            let number = match entry.node.value {
                Value::Whole(Some(number)) => number as f64,
                Value::Number(number) => number,
                _ => f64::NAN,
            };
            if (0.0..=1_000_000.0).contains(&number) {
                numbers.push((entry.key.clone(), number));
                continue;
            }
            let message = format!("`{}` in `{}` must be a number from 0 up, without quotes", entry.key, reader.key());
            let problem = Problem::error(Code::WrongKind, entry.node.at.clone(), message);
            reader.report(problem.label("refused").help(reader.example()));
        }
        Some(Self(numbers))
    }

    fn shown(&self) -> Shown {
        if self.0.is_empty() {
            return Shown::Inline("{}".to_owned());
        }
        let numbers: Vec<String> = self.0.iter().map(|(word, number)| format!("{} = {number}", quoted(word))).collect();
        Shown::Inline(format!("{{ {} }}", numbers.join(", ")))
    }
}

/// What a cell holds: a column and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equals {
    /// The column.
    pub column: String,
    /// What stands in it.
    pub equals: String,
}

impl Kind for Equals {
    const SHAPE: Shape = Shape::Value(|| {
        json!({
            "type": "object",
            "properties": {"column": {"type": "string"}, "equals": {"type": "string"}},
            "required": ["column", "equals"],
            "additionalProperties": false,
        })
    });

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a table with the texts `column` and `equals`";
        let Value::Table(table) = &node.value else { return reader.wrong(node, wanted) };
        let text = |key: &str| match &table.entry(key)?.node.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        match (text("column"), text("equals"), table.entries.len()) {
            (Some(column), Some(equals), 2) => Some(Self { column, equals }),
            _ => reader.refuse(Code::WrongKind, node, "needs the texts `column` and `equals`, and nothing else"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(format!("{{ column = {}, equals = {} }}", quoted(&self.column), quoted(&self.equals)))
    }
}
