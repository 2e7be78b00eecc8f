//! Kinds of values: how each is read, what its JSON Schema is, and how it is shown.

use crate::config::reader::Reader;
use crate::config::shape::Row;
use crate::config::shape::Shape;
use crate::config::tree::Node;

pub mod address;
pub mod auto;
pub mod choice;
pub mod country;
pub mod hours;
pub mod list;
pub mod mailbox;
pub mod number;
pub mod program;
pub mod rate;
pub mod secret;
pub mod text;
pub mod time;

/// A kind of value.
pub trait Kind: Sized {
    /// What it looks like from outside.
    const SHAPE: Shape;

    /// Reads it; what is wrong with it goes to the reader.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// How `config show` prints it.
    fn shown(&self) -> Shown;
}

/// A table that few have stands elsewhere, so that the many that lack it are small.
impl<T: Kind> Kind for Box<T> {
    const SHAPE: Shape = T::SHAPE;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn shown(&self) -> Shown {
        (**self).shown()
    }
}

/// A value as `config show` prints it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// TOML on one line.
    Inline(String),
    /// Not to be printed; where it is kept.
    Secret(String),
    /// A table.
    Table(Vec<Row>),
    /// A list of tables.
    Tables(Vec<Shown>),
}

/// A text as TOML.
#[must_use]
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
