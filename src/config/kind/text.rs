//! Texts, names and paths.

use std::path::PathBuf;

use serde_json::Value as Json;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::problem::Code;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;
use crate::config::tree::Value;

/// Any text, also over several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

/// A text on one line that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(pub String);

/// A name for people: on one line, without the characters that patterns and commands use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

/// A name that is stored and used in rules: small letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub String);

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A path. Relative ones start at the working directory of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

/// Longest name in characters: it stands in subjects of mails.
const LONGEST_NAME: usize = 80;

/// The text of a node; anything else is reported.
pub fn text<'n>(node: &'n Node, wanted: &str, reader: &mut Reader<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => reader.wrong(node, wanted),
    }
}

/// The text of a node that must be on one line and not empty.
pub fn line<'n>(node: &'n Node, wanted: &str, reader: &mut Reader<'_>) -> Option<&'n str> {
    let text = text(node, wanted, reader)?;
    if text.trim().is_empty() {
        return reader.refuse(Code::OutOfRange, node, "is empty");
    }
    if text.chars().any(char::is_control) {
        return reader.refuse(Code::OutOfRange, node, "has a line break or another control character in it");
    }
    Some(text)
}

fn any_text() -> Json {
    json!({"type": "string"})
}

fn one_line() -> Json {
    json!({"type": "string", "minLength": 1})
}

impl Kind for Text {
    const SHAPE: Shape = Shape::Value(any_text);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        text(node, "a text in quotes", reader).map(|text| Self(text.to_owned()))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

impl Kind for Line {
    const SHAPE: Shape = Shape::Value(one_line);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        line(node, "a text in quotes", reader).map(|text| Self(text.to_owned()))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

impl Kind for Name {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"^[^*?\[\]]+$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let name = line(node, "a name in quotes", reader)?;
        if name.trim() != name {
            return reader.refuse(Code::BadName, node, "begins or ends with a space");
        }
        if let Some(letter) = name.chars().find(|letter| "*?[]".contains(*letter)) {
            return reader.refuse(Code::BadName, node, &format!("has a `{letter}` in it, which patterns use"));
        }
        if name.chars().count() > LONGEST_NAME {
            return reader.refuse(Code::BadName, node, &format!("is longer than {LONGEST_NAME} letters"));
        }
        Some(Self(name.to_owned()))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

/// Whether a text is fit to be a [`Word`].
#[must_use]
pub fn is_word(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.len() <= LONGEST_NAME
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Kind for Word {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "maxLength": LONGEST_NAME, "pattern": "^[a-z][a-z0-9_]*$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let word = text(node, "a name in quotes", reader)?;
        if !is_word(word) {
            return reader.refuse(Code::BadName, node, "must begin with a small letter and have only small letters, digits and `_`");
        }
        Some(Self(word.to_owned()))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

impl Kind for FilePath {
    const SHAPE: Shape = Shape::Value(one_line);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        line(node, "a path in quotes", reader).map(|path| Self(PathBuf::from(path)))
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0.to_string_lossy()))
    }
}
