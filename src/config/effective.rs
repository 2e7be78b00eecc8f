//! What every option is set to and where: `uproar config show`, and the fingerprint.

use std::fmt::Write as _;

use crate::config::Document;
use crate::config::kind::Kind as _;
use crate::config::kind::Shown;
use crate::config::print::line_of;
use crate::config::print::short_name;
use crate::config::shape::Row;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::domain::theme::ThemeText;
use crate::text::hash;

/// The effective settings, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    rows: Vec<Row>,
}

impl Effective {
    /// What a configuration is set to.
    #[must_use]
    pub fn of(top: &Top) -> Self {
        match top.shown() {
            Shown::Table(rows) => Self { rows },
            _ => Self { rows: Vec::new() },
        }
    }

    /// As TOML, each line with its origin: `# conf.d/20-shop.toml:14`, or `# default`.
    #[must_use]
    pub fn text(&self, documents: &[Document]) -> String {
        let mut text = String::new();
        write_rows(&mut text, "", &self.rows, documents);
        text
    }

    /// Sixteen hexadecimal digits that change when a setting or a theme does, and not when a
    /// setting moves to another file or a secret is replaced.
    #[must_use]
    pub fn fingerprint(&self, themes: &[ThemeText]) -> String {
        let mut parts = Vec::new();
        flatten(&mut parts, "", &self.rows);
        for theme in themes {
            parts.extend([format!("theme {}", theme.name), theme.title.clone()]);
            parts.extend(theme.words.iter().map(|(name, choice)| format!("@{name} {choice}")));
            parts.extend(
                theme
                    .rules
                    .iter()
                    .flat_map(|rule| [rule.name.clone(), rule.when.clone(), rule.unless.clone(), format!("{:?}", rule.scope)]),
            );
        }
        format!("{:016x}", hash::of_parts(parts.iter().map(String::as_str)))
    }
}

fn write_rows(text: &mut String, header: &str, rows: &[Row], documents: &[Document]) {
    for row in rows {
        let value = match &row.shown {
            Shown::Inline(value) => value.clone(),
            Shown::Secret(_) => "\"[secret]\"".to_owned(),
            Shown::Table(_) | Shown::Tables(_) => continue,
        };
        let mut comment = origin(row.at.as_ref(), documents);
        if let Shown::Secret(kept) = &row.shown {
            comment = format!("{comment}, {kept}");
        }
        writeln!(text, "{} = {value}  # {comment}", row.key).expect("writing to a string never fails");
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
    let found = at.and_then(|at| documents.get(at.file).map(|document| (at, document)));
    found.map_or_else(
        || "default".to_owned(),
        |(at, document)| format!("{}:{}", short_name(document, documents), line_of(&document.text, at.start)),
    )
}

fn flatten(parts: &mut Vec<String>, path: &str, rows: &[Row]) {
    for row in rows {
        let path = format!("{path}.{}", row.key);
        match &row.shown {
            Shown::Inline(value) => parts.push(format!("{path}={value}")),
            Shown::Secret(_) => parts.push(format!("{path}=[secret]")),
            Shown::Table(inner) => flatten(parts, &path, inner),
            Shown::Tables(tables) => {
                for table in tables {
                    if let Shown::Table(inner) = table {
                        parts.push(format!("{path}[]"));
                        flatten(parts, &path, inner);
                    }
                }
            }
        }
    }
}
