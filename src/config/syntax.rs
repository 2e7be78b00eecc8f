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

/// A document above this many bytes is read in pieces: the parser takes fifty times a piece's size.
const LARGE: usize = 256 * 1024;
/// Bytes of a piece, about.
const PIECE: usize = 64 * 1024;
/// The list of tables of which there may be a hundred thousand, and the line that begins one.
pub const MANY: (&str, &str) = ("source", "[[source]]");

/// A document that was read.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// What it holds, but for `later`.
    pub table: Table,
    /// Where more tables of [`MANY`] stand, which are no mistake: [`tables`] reads them when they are
    /// wanted, or a hundred thousand of them would be in the tree at once.
    pub later: Vec<Place>,
    /// Its mistakes.
    pub problems: Vec<Problem>,
}

/// Reads document number `file`. What stands beside a mistake is in the tree nevertheless.
#[must_use]
pub fn read(file: usize, text: &str) -> Read {
    if text.len() > LARGE
        && let Some(read) = in_pieces(file, text, PIECE)
    {
        return read;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    let problems = errors.iter().map(|error| problem(file, text, error)).collect();
    Read { table: table(Origin { file, from: 0 }, root.get_ref()), later: Vec::new(), problems }
}

/// The tables of [`MANY`] that stand at a place of [`Read::later`] in `text`.
#[must_use]
pub fn tables(at: &Place, text: &str) -> Vec<Node> {
    let (root, _) = DeTable::parse_recoverable(text.get(at.span()).unwrap_or_default());
    let table = table(Origin { file: at.file(), from: at.start() }, root.get_ref());
    let lists = table.entries.into_iter().filter(|entry| entry.key == MANY.0).map(|entry| entry.node.value);
    lists.flat_map(|value| if let Value::List(nodes) = value { nodes } else { Vec::new() }).collect()
}

/// The same, piece by piece. `None` for everything that might come out otherwise than as a whole:
/// mistakes, which end in another piece than they begin, and tables that stand in two pieces.
fn in_pieces(file: usize, text: &str, size: usize) -> Option<Read> {
    let (mut all, mut later) = (Table::default(), Vec::new());
    let (mut from, mut first) = (0, true);
    while from < text.len() || first {
        let until = (from + size).min(text.len());
        let until = (until..text.len()).find(|at| text.as_bytes()[*at] == b'\n' && text[at + 1..].starts_with(MANY.1));
        let until = until.map_or(text.len(), |line| line + 1);
        let (root, errors) = DeTable::parse_recoverable(&text[from..until]);
        if !errors.is_empty() {
            return None;
        }
        let table = table(Origin { file, from }, root.get_ref());
        // Of the list there is a beginning in the tree, so that it is known for one.
        let begun = all.entry(MANY.0).is_some_and(|known| matches!(&known.node.value, Value::List(known) if starts_list(text, known)));
        if begun && table.entries.iter().all(|entry| entry.key == MANY.0) {
            later.push(Place::new(file, from..until));
            from = until;
            continue;
        }
        for entry in table.entries {
            let known = all.entries.iter_mut().find(|known| known.key == entry.key);
            match (known.map(|known| &mut known.node.value), entry.node.value) {
                // A piece that is not the first begins with the line of a list, so it is one there;
                // in the first it may be written in brackets, which must not be added to.
                (Some(Value::List(known)), Value::List(more)) if entry.key == MANY.0 && starts_list(text, &known[..]) => known.extend(more),
                (None, value) => all.entries.push(Entry { node: Node { at: entry.node.at, value }, ..entry }),
                (Some(_), _) => return None,
            }
        }
        (from, first) = (until, false);
    }
    Some(Read { table: all, later, problems: Vec::new() })
}

/// Whether a list was begun with the line of one.
fn starts_list(text: &str, known: &[Node]) -> bool {
    known.first().is_some_and(|node| text[node.at.start()..].starts_with(MANY.1))
}

/// The value that `text` writes; for the defaults, which are TOML themselves.
#[must_use]
pub fn value(text: &str) -> Option<Node> {
    DeValue::parse(text).ok().map(|value| node(Origin { file: 0, from: 0 }, &value))
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

/// Where the text that is read begins.
#[derive(Debug, Clone, Copy)]
struct Origin {
    file: usize,
    from: usize,
}

impl Origin {
    fn place(self, span: &Range<usize>) -> Place {
        Place::new(self.file, self.from + span.start..self.from + span.end)
    }
}

fn table(origin: Origin, table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry { key: key.get_ref().to_string(), key_at: origin.place(&key.span()), node: node(origin, value) })
        .collect();
    // The parser sorts by key; people read from top to bottom.
    entries.sort_by_key(|entry| entry.key_at.start());
    Table { entries }
}

fn node(origin: Origin, value: &Spanned<DeValue<'_>>) -> Node {
    let at = origin.place(&value.span());
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(whole) => Value::Whole(i64::from_str_radix(whole.as_str(), whole.radix()).ok()),
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(array) => Value::List(array.iter().map(|value| node(origin, value)).collect()),
        DeValue::Table(inner) => Value::Table(table(origin, inner)),
    };
    Node { at, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_of_the_file() {
        let Read { table, problems, .. } = read(0, "b = 1\na = \"x\"\n[[c]]\n[[c]]\n");
        assert_eq!(problems, []);
        let keys: Vec<&str> = table.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "c"]);
        assert!(table.entry("c").unwrap().node.value.is_tables());
    }

    #[test]
    fn several_mistakes_of_syntax_are_found_at_once() {
        let Read { table, problems, .. } = read(0, "a = \nb = 1\nc = tru\nb = 2\nd = \"x\"\n");
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

    #[test]
    fn a_document_in_pieces_is_the_same_as_in_one() {
        let mut seen = 0;
        for (name, text) in [
            ("a plain one", "a = 1\n[[source]]\nn = 1\n[source.feed]\nurl = \"x\"\n\n[[source]]\nn = 2\n[[source]]\nn = 3\n[end]\nz = 1\n"),
            ("sources from the first line", "[[source]]\nn = 1\n[[source]]\nn = 2\n"),
            ("nothing", ""),
            ("no source", "a = 1\nb = 2\n[c]\n"),
            ("a watch between", "[[source]]\nn = 1\n[[watch]]\nw = 1\n[[source]]\nn = 2\n"),
        ] {
            let whole = read(0, text).table;
            assert_eq!(in_pieces(0, text, 1000).unwrap().table, whole, "{name}");
            let Read { mut table, later, .. } = in_pieces(0, text, 4).unwrap();
            if let Some(Value::List(nodes)) =
                table.entries.iter_mut().find(|entry| entry.key == "source").map(|entry| &mut entry.node.value)
            {
                nodes.extend(later.iter().flat_map(|at| tables(at, text)));
                nodes.sort_by_key(|node| node.at.start());
            }
            assert_eq!(table, whole, "{name}");
            seen += later.len();
        }
        assert_eq!(seen, 3, "sources are left for later where nothing else stands beside them");
    }

    #[test]
    fn what_might_come_out_otherwise_is_not_read_in_pieces() {
        for (name, text) in [
            ("a mistake", "[[source]]\nn = \n[[source]]\nn = 2\n"),
            ("a header in a text", "[[source]]\nn = \"\"\"\n[[source]]\nn = 2\n\"\"\"\n"),
            ("a table twice", "[t]\na = 1\n[[source]]\nn = 1\n[t]\n[[source]]\nn = 2\n"),
            ("a list in brackets", "source = [{ n = 1 }]\n[[source]]\nn = 2\n"),
            ("a table and a list", "[source]\nn = 1\n[[source]]\nn = 2\n"),
        ] {
            assert_eq!(in_pieces(0, text, 1), None, "{name}");
        }
    }
}
