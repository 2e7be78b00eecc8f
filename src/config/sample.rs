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

"#;

const REST_ALONE: &str = r"
# ------------------------------------------------------------------------------------------------
# A start: sources stand in files of the folder `conf.d`; read the alerts in the folder `mails`.

";

/// What is done with messages, wherever they come from.
const REST: &str = r#"[[theme]]
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
    text + START + REST
}

/// The same for whoever adds sources of their own.
#[must_use]
pub fn starter_without_source() -> String {
    let mut text = String::new();
    write_table(&mut text, Top::DEFINITION, &Live { tables: true, values: &[("[store]", "path", "\"uproar.db\"")] });
    text + REST_ALONE + REST
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
    for group in table.groups {
        let how_many = if group.needed { "Exactly" } else { "At most" };
        push(text, &format!("# {how_many} one of: {}.", group.keys.join(", ")));
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
        None if option.such_as.is_empty() => push(text, &format!("#{} = {}", option.key, option.sample)),
        None => push(text, &format!("#{} = {}  # such as {}", option.key, option.sample, option.such_as)),
    }
}

fn push(text: &mut String, line: &str) {
    writeln!(text, "{}", line.trim_end_matches(' ')).expect("writing to a string never fails");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::Loaded;
    use crate::config::parse;
    use crate::config::print;
    use crate::config::problem::Code;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    fn read(text: String) -> (Loaded, String) {
        let secrets = |reference: &Reference| -> Result<String, Unreadable> {
            let name = reference.to_string();
            let secret = match () {
                () if name.contains("_url") => "https://chat.example.com/hook",
                () if name.contains("slack_token") => "xoxb-1-2-three",
                () if name.contains("pagerduty") => "0123456789abcdef0123456789abcdef",
                () => "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
            };
            Ok(secret.to_owned())
        };
        let documents = [Document { name: "uproar.toml".to_owned(), text }];
        let loaded = parse(&documents, &secrets);
        let shown = print::show(&loaded.problems, &documents, false);
        (loaded, shown)
    }

    #[test]
    fn the_file_in_the_repository_is_the_one_made_from_the_declarations() {
        let kept = include_str!("../../config/uproar.toml");
        assert!(kept == reference(), "config/uproar.toml is old: write what `uproar config sample` prints into it");
    }

    #[test]
    fn the_manual_as_it_stands_is_a_configuration() {
        let (loaded, shown) = read(reference());
        assert!(loaded.config.is_some(), "{shown}");
    }

    #[test]
    fn the_start_has_nothing_to_complain_about() {
        let (loaded, shown) = read(starter());
        assert_eq!(shown, "");
        let config = loaded.config.unwrap();
        assert_eq!(config.store.path.to_str(), Some("uproar.db"));
        assert_eq!((config.sources.len(), config.watches.len(), config.targets.len()), (1, 1, 1));
    }

    #[test]
    fn every_example_of_the_manual_is_right_when_its_mark_is_taken_away() {
        let text: String = reference()
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
            .collect();
        let (loaded, shown) = read(text);
        // All kinds at once, and names that only an example uses: nothing else may be wrong.
        let expected = [Code::NotOneOf, Code::UnknownName];
        let other = loaded.problems.iter().find(|problem| problem.is_error() && !expected.contains(&problem.code));
        assert_eq!(other, None, "{shown}");
    }
}
