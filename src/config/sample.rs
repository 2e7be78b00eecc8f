//! The configuration as a manual: every option with what it does and its default, commented out.

use std::fmt::Write as _;

use crate::config::shape::Definition;
use crate::config::shape::Need;
use crate::config::shape::Opt;
use crate::config::shape::Shape;
use crate::config::shape::top::Top;

/// A configuration that works where it is written: surveys in, mails into a folder.
const START: &str = r#"
# ------------------------------------------------------------------------------------------------
# A start: put survey exports into the folder `surveys`, and read the alerts in the folder `mails`.

[[source]]
name = "surveys"
every = "1m"
[source.file]
folder = "surveys"

[[theme]]
name = "late_delivery"
title = "late deliveries"
rules = ["(late | delayed) NEAR/3 (parcel* | order* | deliver*)"]
matches = ["my parcel is late again"]

[[watch]]
name = "complaints"
themes = ["*"]
notify = ["mails"]

[[target]]
name = "mails"
[target.file]
folder = "mails"
"#;

/// Every option with its manual and its default; a comment but for the headers of single tables.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    write_table(&mut text, Top::DEFINITION, &Live { tables: true, values: &[] });
    text
}

/// The same with the little that makes it work in an empty folder.
#[must_use]
pub fn starter() -> String {
    let mut text = String::new();
    write_table(&mut text, Top::DEFINITION, &Live { tables: true, values: &[("[store]", "path", "\"uproar.db\"")] });
    text + START
}

/// What is not a comment.
struct Live<'a> {
    /// Headers.
    tables: bool,
    /// Options with their values: header, key, TOML.
    values: &'a [(&'a str, &'a str, &'a str)],
}

fn write_table(text: &mut String, table: &Definition, live: &Live<'_>) {
    for line in table.manual {
        push(text, &format!("#{line}"));
    }
    for group in table.one_of {
        push(text, &format!("# Exactly one of: {}.", group.join(", ")));
    }
    if !table.header.is_empty() {
        push(text, &format!("{}{}", if live.tables { "" } else { "#" }, table.header));
    }
    let is_table = |option: &&Opt| matches!(option.shape, Shape::Table(_) | Shape::Tables(_));
    for option in table.options.iter().filter(|option| !is_table(option)) {
        if table.header.is_empty() {
            push(text, "");
        }
        write_option(text, table, option, live);
    }
    for option in table.options.iter().filter(is_table) {
        let (Shape::Table(inner) | Shape::Tables(inner)) = option.shape else { continue };
        push(text, if table.header.is_empty() { "\n" } else { "#" });
        write_table(text, inner, &Live { tables: live.tables && option.need == Need::table, values: live.values });
    }
}

fn write_option(text: &mut String, table: &Definition, option: &Opt, live: &Live<'_>) {
    for line in option.manual {
        push(text, &format!("#{line}"));
    }
    match option.need {
        Need::required => push(text, "# Required; for example:"),
        Need::optional => push(text, "# Not set by default; for example:"),
        Need::default | Need::table | Need::list => {}
    }
    let set = live.values.iter().find(|(header, key, _)| *header == table.header && *key == option.key);
    match set {
        Some((_, key, value)) => push(text, &format!("{key} = {value}")),
        None => push(text, &format!("#{} = {}", option.key, option.sample)),
    }
}

fn push(text: &mut String, line: &str) {
    writeln!(text, "{}", line.trim_end_matches(' ')).expect("writing to a string never fails");
}
