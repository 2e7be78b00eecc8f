//! One document to a tree, with every mistake of syntax that the parser can get past.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::tree::Entry;
use crate::config::tree::Node;
use crate::config::tree::Place;
use crate::config::tree::Table;
use crate::config::tree::Value;

/// Reads document number `file`. What stands beside a mistake is in the tree nevertheless.
#[must_use]
pub fn read(file: usize, text: &str) -> (Table, Vec<Problem>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let problems = errors.iter().map(|error| problem(file, text, error)).collect();
    (table(file, root.get_ref()), problems)
}

/// The value that `text` writes; for the defaults, which are TOML themselves.
#[must_use]
pub fn value(text: &str) -> Option<Node> {
    DeValue::parse(text).ok().map(|value| node(0, &value))
}

fn problem(file: usize, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let (message, help) = if error.message() == "duplicate key" {
        let key = text.get(span.clone()).unwrap_or_default();
        (format!("`{key}` is set twice in one table"), "keep one of the two".to_owned())
    } else {
        (format!("not TOML: {}", error.message()), "texts stand in quotes, lists in brackets, one `key = value` a line".to_owned())
    };
    Problem::error(Code::Syntax, Place::new(file, span), message).label("here").help(help)
}

fn table(file: usize, table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry { key: key.get_ref().to_string(), key_at: Place::new(file, key.span()), node: node(file, value) })
        .collect();
    // The parser sorts by key; people read from top to bottom.
    entries.sort_by_key(|entry| entry.key_at.start);
    Table { entries }
}

fn node(file: usize, value: &Spanned<DeValue<'_>>) -> Node {
    let span: Range<usize> = value.span();
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(whole) => Value::Whole(i64::from_str_radix(whole.as_str(), whole.radix()).ok()),
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(array) => Value::List(array.iter().map(|value| node(file, value)).collect()),
        DeValue::Table(inner) => Value::Table(table(file, inner)),
    };
    Node { at: Place::new(file, span), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_of_the_file() {
        let (table, problems) = read(0, "b = 1\na = \"x\"\n[[c]]\n[[c]]\n");
        assert_eq!(problems, []);
        let keys: Vec<&str> = table.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "c"]);
        assert!(table.entry("c").unwrap().node.value.is_tables());
    }

    #[test]
    fn several_mistakes_of_syntax_are_found_at_once() {
        let (table, problems) = read(0, "a = \nb = 1\nc = tru\nb = 2\nd = \"x\"\n");
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        insta::assert_debug_snapshot!(messages, @r#"
        [
            "not TOML: string values must be quoted, expected literal string",
            "not TOML: invalid boolean, expected `true`",
            "`b` is set twice in one table",
        ]
        "#);
        assert!(table.entry("d").is_some());
    }
}
