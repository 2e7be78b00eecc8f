//! What every option is set to and where: `uproar config show`, and the fingerprint.

use std::fmt::Write as _;

use crate::config::Document;
use crate::config::kind::Kind as _;
use crate::config::kind::Shown;
use crate::config::mask;
use crate::config::print::line_of;
use crate::config::print::short_name;
use crate::config::shape::Row;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::domain::theme::ThemeText;
use crate::text::hash;

/// The effective settings, without secrets.
#[derive(Debug)]
pub struct Effective {
    top: Top,
}

impl Effective {
    /// What a configuration is set to.
    #[must_use]
    pub fn of(top: Top) -> Self {
        Self { top }
    }

    /// As TOML, each line with its origin: `# conf.d/20-shop.toml:14`, or `# default`.
    #[must_use]
    pub fn text(&self, documents: &[Document]) -> String {
        let mut text = String::new();
        if let Shown::Table(rows) = self.top.shown() {
            write_rows(&mut text, "", &rows, documents);
        }
        text
    }
}

/// Sixteen hexadecimal digits that change when a setting or a theme does, and not when a setting moves to
/// another file or a secret is replaced.
#[must_use]
pub fn fingerprint(top: &Top, themes: &[ThemeText]) -> String {
    let mut parts = hash::Parts::default();
    // Row by row: of a hundred thousand sources, all that can be shown at once would be much.
    top.each_row(&mut |row| flatten(&mut parts, "", &row));
    for theme in themes {
        parts.add(&format!("theme {}", theme.name));
        parts.add(&theme.title);
        for (name, choice) in &theme.words {
            parts.add(&format!("@{name} {choice}"));
        }
        for rule in &theme.rules {
            for part in [&rule.name, &rule.when, &rule.unless, &format!("{:?}", rule.scope)] {
                parts.add(part);
            }
        }
    }
    format!("{:016x}", parts.hash())
}

fn write_rows(text: &mut String, header: &str, rows: &[Row], documents: &[Document]) {
    for row in rows {
        let value = match &row.shown {
            Shown::Inline(value) => value.clone(),
            Shown::Secret(_) => mask::cover("\"").to_owned(),
            Shown::Table(_) | Shown::Tables(_) => continue,
        };
        let mut comment = origin(row.at.as_ref(), documents);
        if let Shown::Secret(kept) = &row.shown {
            comment = format!("{comment}, {kept}");
        }
        let line = mask::covered(&format!("{} = {value}", row.key));
        writeln!(text, "{line}  # {comment}").expect("writing to a string never fails");
    }
    for row in rows {
        let name = if header.is_empty() { row.key.to_owned() } else { format!("{header}.{}", row.key) };
        match &row.shown {
            Shown::Table(inner) => write_table(text, &name, ["[", "]"], inner, documents),
            Shown::Tables(tables) => {
                for table in tables {
                    if let Shown::Table(inner) = table {
                        write_table(text, &name, ["[[", "]]"], inner, documents);
                    }
                }
            }
            Shown::Inline(_) | Shown::Secret(_) => {}
        }
    }
}

fn write_table(text: &mut String, name: &str, [open, close]: [&str; 2], rows: &[Row], documents: &[Document]) {
    if !rows.is_empty() {
        writeln!(text, "\n{open}{name}{close}").expect("writing to a string never fails");
        write_rows(text, name, rows, documents);
    }
}

fn origin(at: Option<&Place>, documents: &[Document]) -> String {
    let found = at.and_then(|at| documents.get(at.file()).map(|document| (at, document)));
    found.map_or_else(
        || "default".to_owned(),
        |(at, document)| format!("{}:{}", short_name(document, documents), line_of(&document.text, at.start())),
    )
}

fn flatten(parts: &mut hash::Parts, path: &str, row: &Row) {
    let path = format!("{path}.{}", row.key);
    match &row.shown {
        Shown::Inline(value) => parts.add(&format!("{path}={value}")),
        Shown::Secret(_) => parts.add(&format!("{path}=[secret]")),
        Shown::Table(inner) => {
            for row in inner {
                flatten(parts, &path, row);
            }
        }
        Shown::Tables(tables) => {
            for table in tables {
                if let Shown::Table(inner) = table {
                    parts.add(&format!("{path}[]"));
                    for row in inner {
                        flatten(parts, &path, row);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    #[test]
    fn secrets_that_stand_in_texts_are_not_printed() {
        let text = "[[source]]\nname = \"a\"\nlabels = { token = \"hunter2\" }\n[source.http_json]\n\
                    url = \"https://a.example/f?api_key=hunter2&x=1\"\nheaders = { Accept = \"a/b\", X-Api-Key = \"hunter2\" }\n\
                    body = '{\"password\": \"hunter2\"}'\n[source.http_json.map]\nid = \".id\"\n";
        let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
        let none = |_: &Reference| Err::<String, _>(Unreadable { why: String::new(), cure: String::new(), tolerated: true });
        let shown = parse(&documents, &none).effective.text(&documents);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("url = \"https://a.example/f?api_key=[secret]&x=1\"  # uproar.toml:5"), "{shown}");
        assert!(shown.contains("headers = { \"Accept\" = \"a/b\", \"X-Api-Key\" = \"[secret]\" }"), "{shown}");
    }
}
