//! Numbers, sizes, and yes or no.

use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::config::units;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub i64);

/// A number above 0 and up to a million, with or without a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Positive(pub f64);

/// A size in bytes, from `MIN` up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size<const MIN: u64>(pub u64);

impl Kind for bool {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "boolean"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            Value::Flag(flag) => Some(flag),
            _ => reader.wrong(node, "true or false, without quotes"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(self.to_string())
    }
}

impl<const MIN: i64, const MAX: i64> Kind for Whole<MIN, MAX> {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "integer", "minimum": MIN, "maximum": MAX}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            Value::Whole(Some(number)) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            Value::Whole(_) => reader.refuse(Code::OutOfRange, node, &format!("must be from {MIN} to {MAX}")),
            _ => reader.wrong(node, "a whole number without quotes"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(self.0.to_string())
    }
}

impl Kind for Positive {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match node.value {
            Value::Whole(number) => number.map_or(f64::INFINITY, |number| number as f64),
            Value::Number(number) => number,
            _ => return reader.wrong(node, "a number without quotes"),
        };
        if number > 0.0 && number <= 1_000_000.0 {
            return Some(Self(number));
        }
        reader.refuse(Code::OutOfRange, node, "must be above 0 and not above a million")
    }

    fn shown(&self) -> Shown {
        Shown::Inline(self.0.to_string())
    }
}

impl<const MIN: u64> Kind for Size<MIN> {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": "^ *[0-9]+ *([kKmMgGtT][iI]?)?[bB] *$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::text(node, "a size in quotes", reader)?;
        match units::size(text) {
            Ok(bytes) if bytes >= MIN => Some(Self(bytes)),
            Ok(_) => reader.refuse(Code::OutOfRange, node, &format!("must be {} at least", units::write_size(MIN))),
            Err(why) => reader.refuse(Code::BadSize, node, &format!("is no size: {why}")),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&units::write_size(self.0)))
    }
}
