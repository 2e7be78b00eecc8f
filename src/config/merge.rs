//! Several documents to one: tables merge, later values win, lists of tables grow.

use std::collections::HashMap;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::tree::Entry;
use crate::config::tree::Place;
use crate::config::tree::Table;
use crate::config::tree::Value;

/// Merges `later` into `earlier`.
pub fn merge(earlier: &mut Table, later: Table, problems: &mut Vec<Problem>) {
    let known: HashMap<String, usize> = earlier.entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
    for entry in later.entries {
        match known.get(&entry.key) {
            Some(at) => merge_entry(&mut earlier.entries[*at], entry, problems),
            None => earlier.entries.push(entry),
        }
    }
}

fn merge_entry(old: &mut Entry, new: Entry, problems: &mut Vec<Problem>) {
    let tables = (old.node.value.is_tables(), new.node.value.is_tables());
    match (&mut old.node.value, new.node.value) {
        (Value::Table(earlier), Value::Table(later)) => merge(earlier, later, problems),
        (Value::List(earlier), Value::List(later)) if tables == (true, true) => earlier.extend(later),
        (Value::List(_), Value::Table(_)) if tables.0 => problems.push(mixed(old, &new.key_at, &new.key)),
        (Value::Table(_), Value::List(_)) if tables.1 => problems.push(mixed(old, &new.key_at, &new.key)),
        (_, value) => {
            old.key_at = new.key_at;
            old.node.at = new.node.at;
            old.node.value = value;
        }
    }
}

fn mixed(old: &Entry, at: &Place, key: &str) -> Problem {
    Problem::error(Code::MixedTables, at.clone(), format!("`{key}` is a table in one file and a list of tables in another"))
        .label("one kind here")
        .also(old.key_at.clone(), "another kind here")
        .help(format!("write `[{key}]` in both, or `[[{key}]]` in both"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::syntax;

    fn merged(texts: &[&str]) -> (Table, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut all = Table::default();
        for (file, text) in texts.iter().enumerate() {
            let syntax::Read { table, problems: faults, .. } = syntax::read(file, text);
            assert_eq!(faults, []);
            merge(&mut all, table, &mut problems);
        }
        (all, problems)
    }

    #[test]
    fn later_values_win_and_say_where_they_come_from() {
        let (all, problems) = merged(&["a = 1\n[t]\nx = 1\ny = [1]\n", "a = 2\n[t]\ny = [2, 3]\n"]);
        assert_eq!(problems, []);
        assert_eq!(all.entry("a").unwrap().node.value, Value::Whole(Some(2)));
        assert_eq!(all.entry("a").unwrap().node.at.file(), 1);
        let Value::Table(inner) = &all.entry("t").unwrap().node.value else { panic!("no table") };
        assert_eq!(inner.entry("x").unwrap().node.at.file(), 0);
        assert!(matches!(&inner.entry("y").unwrap().node.value, Value::List(items) if items.len() == 2));
    }

    #[test]
    fn lists_of_tables_grow() {
        let (all, problems) = merged(&["[[s]]\nn = 1\n", "[[s]]\nn = 2\n"]);
        assert_eq!(problems, []);
        assert!(matches!(&all.entry("s").unwrap().node.value, Value::List(items) if items.len() == 2));
    }

    #[test]
    fn a_table_in_one_file_and_a_list_in_another_is_a_mistake() {
        let (_, problems) = merged(&["[[s]]\n", "[s]\n"]);
        assert_eq!(problems[0].code, Code::MixedTables);
        assert_eq!((problems[0].file, problems[0].also[0].0.file()), (1, 0));
    }
}
