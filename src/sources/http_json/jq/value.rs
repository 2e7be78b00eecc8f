//! JSON values as programs see them: numbers exact, sizes known, every copy and every new value counted.
//!
//! A list and an object know how deep they are and how large they would be if they were written out, so
//! that lists that hold the same list twice, and that one twice again, are found out when they are made.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::sources::http_json::jq::meter;
use crate::sources::http_json::jq::meter::DEEPEST;
use crate::sources::http_json::jq::meter::Spent;

/// Memory of one value beside its text.
const CELL: u64 = 32;

/// Parts of a value as it would be written out, at most.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A JSON value.
#[derive(Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true` and `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Rc<str>),
    /// A list.
    List(Rc<List>),
    /// An object; its names are in order.
    Object(Rc<Object>),
}

/// A number; whole ones beyond 64 bits are kept as they were written.
#[derive(Debug, Clone)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// A whole number as written, that fits nowhere.
    Exact(Rc<str>),
    /// Any other.
    Float(f64),
}

/// What a list holds.
#[derive(Debug)]
pub struct List {
    pub(super) values: Vec<Value>,
    size: u64,
    depth: u32,
}

/// What an object holds.
#[derive(Debug)]
pub struct Object {
    pub(super) values: BTreeMap<Rc<str>, Value>,
    size: u64,
    depth: u32,
}

impl Clone for Value {
    fn clone(&self) -> Self {
        meter::step(1);
        match self {
            Self::Null => Self::Null,
            Self::Bool(is) => Self::Bool(*is),
            Self::Number(number) => Self::Number(number.clone()),
            Self::Text(text) => Self::Text(Rc::clone(text)),
            Self::List(list) => Self::List(Rc::clone(list)),
            Self::Object(object) => Self::Object(Rc::clone(object)),
        }
    }
}

impl Value {
    /// A text.
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        meter::make(CELL + text.len() as u64);
        Self::Text(Rc::from(text))
    }

    /// A list.
    pub(super) fn list(values: Vec<Self>) -> Self {
        meter::make(CELL + CELL * values.len() as u64);
        let (size, depth) = measured(values.iter());
        Self::List(Rc::new(List { values, size, depth }))
    }

    /// An object.
    pub(super) fn object(values: BTreeMap<Rc<str>, Self>) -> Self {
        meter::make(CELL + 3 * CELL * values.len() as u64);
        let names: u64 = values.keys().map(|name| name.len() as u64).sum();
        let (size, depth) = measured(values.values());
        Self::Object(Rc::new(Object { values, size: size + names, depth }))
    }

    /// The letters of a text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Neither `null` nor `false`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// A text as it is, a number as it was written, `true` and `false` by name; nothing else is a line.
    #[must_use]
    pub fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(is) => Some(is.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The number, or a text that is nothing but one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.float()),
            Self::Text(text) => text.trim().replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The values of a list, taken out where nobody else has it.
    ///
    /// # Errors
    ///
    /// The value itself where it is no list.
    pub fn into_values(self) -> Result<Vec<Self>, Self> {
        match self {
            Self::List(list) => {
                meter::step(list.values.len() as u64);
                Ok(Rc::try_unwrap(list).map_or_else(|list| list.values.clone(), |list| list.values))
            }
            other => Err(other),
        }
    }

    /// As JSON.
    pub(super) fn json(&self) -> String {
        // Asked before it is written.
        meter::make(self.size());
        let mut json = String::new();
        // Writing to a string cannot fail.
        let _ = write!(json, "{self}");
        meter::make(json.len() as u64);
        json
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Text(text) => 1 + text.len() as u64,
            Self::List(list) => list.size,
            Self::Object(object) => object.size,
            _ => 1,
        }
    }

    fn depth(&self) -> u32 {
        match self {
            Self::List(list) => list.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    /// Place of the kind in the order of all values.
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::List(_) => 4,
            Self::Object(_) => 5,
        }
    }
}

/// Size and depth of what holds these.
fn measured<'a>(values: impl Iterator<Item = &'a Value>) -> (u64, u32) {
    let (mut size, mut depth) = (1_u64, 0);
    for value in values {
        size = size.saturating_add(value.size());
        depth = depth.max(value.depth());
    }
    if size > LARGEST {
        meter::stop(Spent::Bytes);
    }
    if depth >= DEEPEST {
        meter::stop(Spent::Depth);
    }
    (size, depth + 1)
}

impl Number {
    /// Reads a number as JSON writes it.
    pub(super) fn read(written: &str) -> Option<Self> {
        if let Ok(whole) = written.parse() {
            return Some(Self::Whole(whole));
        }
        let float: f64 = written.parse().ok()?;
        if !written.contains(['.', 'e', 'E', 'n', 'N', 'i', 'I']) {
            return Some(Self::Exact(Rc::from(written)));
        }
        Some(Self::Float(float))
    }

    /// As a float, the nearest one.
    #[must_use]
    pub fn float(&self) -> f64 {
        match self {
            Self::Whole(whole) => *whole as f64,
            Self::Exact(written) => written.parse().unwrap_or(f64::MAX),
            Self::Float(float) => *float,
        }
    }

    /// As a whole number, where it is one.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => Some(*float as i64),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Exact(written) => f.write_str(written),
            Self::Float(float) if !float.is_finite() => f.write_str("null"),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 1e17 => write!(f, "{float:.0}"),
            Self::Float(float) => write!(f, "{float}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(is) => write!(f, "{is}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => quoted(text, f),
            Self::List(list) => {
                f.write_char('[')?;
                for (at, value) in list.values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { "," } else { "" })?;
                }
                f.write_char(']')
            }
            Self::Object(object) => {
                f.write_char('{')?;
                for (at, (name, value)) in object.values.iter().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    quoted(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            letter if letter.is_control() => write!(f, "\\u{:04x}", u32::from(letter))?,
            letter => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        meter::step(1);
        match (self, other) {
            (Self::Bool(one), Self::Bool(two)) => one.cmp(two),
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => {
                meter::step(one.len().min(two.len()) as u64 / 32);
                one.cmp(two)
            }
            (Self::List(one), Self::List(two)) => one.values.cmp(&two.values),
            (Self::Object(one), Self::Object(two)) => {
                meter::step(one.values.len().min(two.values.len()) as u64);
                one.values.keys().cmp(two.values.keys()).then_with(|| one.values.values().cmp(two.values.values()))
            }
            (one, two) => one.rank().cmp(&two.rank()),
        }
    }
}

impl Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => one.cmp(two),
            (Self::Exact(one), Self::Exact(two)) if one == two => Ordering::Equal,
            (Self::Exact(one), Self::Exact(two)) => {
                // Whole numbers without zeros before them: more digits are more.
                let below = |text: &str| text.starts_with('-');
                let size = one.len().cmp(&two.len()).then_with(|| one.cmp(two));
                match (below(one), below(two)) {
                    (false, false) => size,
                    (true, true) => size.reverse(),
                    (minus, _) => {
                        if minus {
                            Ordering::Less
                        } else {
                            Ordering::Greater
                        }
                    }
                }
            }
            // What is no number is below all numbers, as jq has it.
            (one, two) => {
                let (one, two) = (one.float(), two.float());
                one.partial_cmp(&two).unwrap_or_else(|| if one.is_nan() { Ordering::Less } else { Ordering::Greater })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::http_json::jq::meter::Limits;
    use crate::sources::http_json::jq::meter::within;

    #[test]
    fn numbers_are_written_as_they_came() {
        for (written, shown) in [
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("4.50", "4.5"),
            ("1e3", "1000"),
            ("-7", "-7"),
            ("1767600000.5", "1767600000.5"),
        ] {
            assert_eq!(Number::read(written).unwrap().to_string(), shown, "{written}");
        }
        assert!(
            Value::Number(Number::read("123456789012345678901").unwrap()) < Value::Number(Number::read("123456789012345678902").unwrap())
        );
    }

    #[test]
    fn values_are_in_the_order_of_jq() {
        let list = |values: Vec<Value>| Value::list(values);
        let mut values = vec![
            Value::object(BTreeMap::new()),
            list(vec![]),
            Value::text("a"),
            Value::Number(Number::Whole(1)),
            Value::Number(Number::Float(0.5)),
            Value::Bool(true),
            Value::Bool(false),
            Value::Null,
        ];
        values.sort();
        let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["null", "false", "true", "0.5", "1", "\"a\"", "[]", "{}"]);
    }

    #[test]
    fn lists_that_hold_one_list_twice_are_found_out_when_they_are_made() {
        let doubled = |times: u32| {
            within(Limits::for_reply(0), || {
                let mut value = Value::list(vec![]);
                for _ in 0..times {
                    value = Value::list(vec![value.clone(), value]);
                }
            })
        };
        assert_eq!(doubled(20), Ok(()));
        assert_eq!(doubled(60), Err(Spent::Bytes));
        let nested = within(Limits::for_reply(0), || (0..300).fold(Value::Null, |value, _| Value::list(vec![value])).size());
        assert_eq!(nested, Err(Spent::Depth));
    }
}
