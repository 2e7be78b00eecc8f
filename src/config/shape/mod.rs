//! The tables of the configuration, one file each.
//!
//! An option is declared once: its manual, key, kind and default stand together, and the reader,
//! the list of keys, the JSON Schema, the commented sample and `config show` are made from that.

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::tree::Place;
use crate::config::tree::Placed;

/// What an option looks like from outside.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A value, with its JSON Schema.
    Value(fn() -> serde_json::Value),
    /// A secret or something that may be one, with its JSON Schema.
    Secret(fn() -> serde_json::Value),
    /// A table.
    Table(&'static Definition),
    /// A list of tables.
    Tables(&'static Definition),
}

/// Whether an option may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "the words that the declarations use")]
pub enum Need {
    /// It has a default.
    default,
    /// It may be left out, and then there is none.
    optional,
    /// It must be there.
    required,
    /// A table whose options all may be left out.
    table,
    /// A table that may be there many times.
    list,
}

/// One option.
#[derive(Debug)]
pub struct Opt {
    /// Its key.
    pub key: &'static str,
    /// Its manual, a line each.
    pub manual: &'static [&'static str],
    /// Whether it may be left out.
    pub need: Need,
    /// The default, or an example where there is none; TOML.
    pub sample: &'static str,
    /// An example where the default is none; may be empty.
    pub such_as: &'static str,
    /// What it looks like.
    pub shape: Shape,
}

/// Options of which one table has one at most.
#[derive(Debug)]
pub struct Group {
    /// Their keys.
    pub keys: &'static [&'static str],
    /// One of them must be there.
    pub needed: bool,
}

/// One table.
#[derive(Debug)]
pub struct Definition {
    /// `[[source]]`; empty for the top.
    pub header: &'static str,
    /// Its manual, a line each.
    pub manual: &'static [&'static str],
    /// Keys of which exactly one must be there.
    pub groups: &'static [Group],
    /// Its options.
    pub options: &'static [Opt],
}

impl Definition {
    /// What to call the table in a sentence.
    #[must_use]
    pub fn called(&self) -> String {
        if self.header.is_empty() { "the top of the file".to_owned() } else { format!("`{}`", self.header) }
    }

    /// Whether one of its options is a secret.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.options.iter().any(|option| matches!(option.shape, Shape::Secret(_)))
    }

    /// Whether it is about secrets: one of its options is one, and so are its tables of options.
    #[must_use]
    pub fn keeps_secrets(&self) -> bool {
        let inside = |option: &Opt| matches!(option.shape, Shape::Table(inner) if inner.keeps_secrets());
        self.has_secrets() || self.options.iter().any(inside)
    }

    /// The table further up that knows a key: what stands below a header belongs to it, which is
    /// easily forgotten.
    #[must_use]
    pub fn above(&self, key: &str) -> Option<&'static Self> {
        top::Top::DEFINITION.next_towards(self).filter(|table| table.header != self.header)?.nearest(self, key)
    }

    /// The table on the way down to `target`, from this one to just above it, that knows a key;
    /// the nearest to `target` where several do.
    fn nearest(&'static self, target: &Self, key: &str) -> Option<&'static Self> {
        let next = self.next_towards(target).filter(|table| table.header != target.header);
        let below = next.and_then(|table| table.nearest(target, key));
        below.or_else(|| self.options.iter().any(|option| option.key == key).then_some(self))
    }

    /// The table directly in this one that is `target` or holds it.
    fn next_towards(&self, target: &Self) -> Option<&'static Self> {
        let path = |table: &Self| table.header.trim_matches(['[', ']']).to_owned() + ".";
        let tables = self.options.iter().filter_map(|option| match option.shape {
            Shape::Table(table) | Shape::Tables(table) => Some(table),
            Shape::Value(_) | Shape::Secret(_) => None,
        });
        tables.into_iter().find(|table| path(target).starts_with(&path(table)))
    }

    /// A key as people would write it: `every`, or `[source.feed]`.
    #[must_use]
    pub fn named(&self, key: &str) -> String {
        let shape = self.options.iter().find(|option| option.key == key).map(|option| option.shape);
        match shape {
            Some(Shape::Table(inner) | Shape::Tables(inner)) => format!("`{}`", inner.header),
            _ => format!("`{key}`"),
        }
    }
}

/// One line of the effective settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The key.
    pub key: &'static str,
    /// What it is set to.
    pub shown: Shown,
    /// Where it is set; a default has no place.
    pub at: Option<Place>,
}

/// A field of a table that can say what it is set to.
pub trait Field {
    /// Its line, or one for each of its tables; none when it is not set.
    fn rows(&self, key: &'static str, each: &mut dyn FnMut(Row));
}

impl<T: Kind> Field for Placed<T> {
    fn rows(&self, key: &'static str, each: &mut dyn FnMut(Row)) {
        each(Row { key, shown: self.value.shown(), at: self.at.clone() });
    }
}

impl<T: Kind> Field for Option<Placed<T>> {
    fn rows(&self, key: &'static str, each: &mut dyn FnMut(Row)) {
        if let Some(placed) = self {
            placed.rows(key, each);
        }
    }
}

/// A field that is a table which is always there.
impl<T: Kind> Field for Inner<T> {
    fn rows(&self, key: &'static str, each: &mut dyn FnMut(Row)) {
        each(Row { key, shown: self.0.shown(), at: None });
    }
}

impl<T: Kind> Field for Vec<T> {
    fn rows(&self, key: &'static str, each: &mut dyn FnMut(Row)) {
        for table in self {
            each(Row { key, shown: Shown::Tables(vec![table.shown()]), at: None });
        }
    }
}

/// A table that is always there.
#[derive(Debug)]
pub struct Inner<T>(pub T);

impl<T> std::ops::Deref for Inner<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Declares a table. `one_of` names keys of which exactly one must be there; `default`, `required`
/// and the rest say whether a key may be left out, and what stands after them is the default or,
/// where there is none, an example; `such_as` is an example beside an empty default.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $name:ident $header:literal $(at_most_one_of($($option:ident)+))* $(one_of($($choice:ident)+))* {
            $($(#[doc = $doc:literal])+ $key:ident: $kind:ty, $need:ident = $sample:tt $(, such_as = $such_as:tt)?;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub struct $name {
            /// The header of the table.
            pub at: $crate::config::tree::Place,
            $($(#[doc = $doc])+ pub $key: table!(@field $need $kind),)+
        }

        impl $name {
            /// What the table looks like from outside.
            pub const DEFINITION: &'static $crate::config::shape::Definition = &$crate::config::shape::Definition {
                header: $header,
                manual: &[$($about),+],
                groups: &[
                    $($crate::config::shape::Group { keys: &[$(stringify!($option)),+], needed: false },)*
                    $($crate::config::shape::Group { keys: &[$(stringify!($choice)),+], needed: true },)*
                ],
                options: &[$($crate::config::shape::Opt {
                    key: stringify!($key),
                    manual: &[$($doc),+],
                    need: $crate::config::shape::Need::$need,
                    sample: stringify!($sample),
                    such_as: concat!($(stringify!($such_as))?),
                    shape: table!(@shape $need $kind),
                }),+],
            };

            #[allow(unused_variables, reason = "only a table with required keys asks what an unknown one probably meant")]
            /// Reads the table; what is wrong with it is in the reader afterwards.
            pub fn read_table(
                table: &$crate::config::tree::Table,
                at: &$crate::config::tree::Place,
                reader: &mut $crate::config::reader::Reader<'_>,
            ) -> Self {
                let meant = reader.open(Self::DEFINITION, table, at);
                let mut options = Self::DEFINITION.options.iter();
                let mut next = || options.next().expect("the definition has as many options as the struct");
                $(let $key = table!(@read $need reader next table at meant);)+
                Self { at: at.clone(), $($key,)+ }
            }

            /// Goes through what is set, one table of a list after the other.
            pub fn each_row(&self, each: &mut dyn FnMut($crate::config::shape::Row)) {
                use $crate::config::shape::Field as _;
                $(self.$key.rows(stringify!($key), each);)+
            }
        }

        impl $crate::config::kind::Kind for $name {
            const SHAPE: $crate::config::shape::Shape = $crate::config::shape::Shape::Table(Self::DEFINITION);

            fn read(node: &$crate::config::tree::Node, reader: &mut $crate::config::reader::Reader<'_>) -> Option<Self> {
                match &node.value {
                    $crate::config::tree::Value::Table(table) => Some(Self::read_table(table, &node.at, reader)),
                    _ => {
                        // A text where the login belongs is the secret.
                        if Self::DEFINITION.keeps_secrets() {
                            reader.hide(&node.at);
                        }
                        reader.wrong(node, concat!("a table, `", $header, "`"))
                    }
                }
            }

            fn shown(&self) -> $crate::config::kind::Shown {
                let mut rows = Vec::new();
                self.each_row(&mut |row| rows.push(row));
                $crate::config::kind::Shown::Table(rows)
            }
        }
    };
    (@field default $kind:ty) => { $crate::config::tree::Placed<$kind> };
    (@field optional $kind:ty) => { Option<$crate::config::tree::Placed<$kind>> };
    (@field required $kind:ty) => { Option<$crate::config::tree::Placed<$kind>> };
    (@field table $kind:ty) => { $crate::config::shape::Inner<$kind> };
    (@field list $kind:ty) => { Vec<$kind> };
    (@shape list $kind:ty) => { $crate::config::shape::Shape::Tables(<$kind>::DEFINITION) };
    (@shape $need:ident $kind:ty) => { <$kind as $crate::config::kind::Kind>::SHAPE };
    (@read default $reader:ident $next:ident $table:ident $at:ident $meant:ident) => { $reader.default($next(), $table) };
    (@read optional $reader:ident $next:ident $table:ident $at:ident $meant:ident) => { $reader.optional($next(), $table) };
    (@read required $reader:ident $next:ident $table:ident $at:ident $meant:ident) => {
        $reader.required(Self::DEFINITION, $next(), $table, $at, &$meant)
    };
    (@read table $reader:ident $next:ident $table:ident $at:ident $meant:ident) => {
        $crate::config::shape::Inner($reader.table($next(), $table, $at))
    };
    (@read list $reader:ident $next:ident $table:ident $at:ident $meant:ident) => { $reader.list($next(), $table) };
}

pub mod delivery;
pub mod fetch;
pub mod heartbeat;
pub mod hours;
pub mod listen;
pub mod route;
pub mod source;
pub mod source_file;
pub mod store;
pub mod tagging;
pub mod target;
pub mod target_chat;
pub mod target_machine;
pub mod templates;
pub mod theme;
pub mod top;
pub mod watch;
