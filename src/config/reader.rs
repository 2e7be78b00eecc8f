//! Walks a tree with the tables of [`shape`](crate::config::shape) and collects what is wrong.
//!
//! Nothing stops at the first mistake: what cannot be read is left out or falls back to its
//! default, and the walk goes on.

use crate::config::Document;
use crate::config::kind::Kind;
use crate::config::mask;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::secrets::Secrets;
use crate::config::shape::Definition;
use crate::config::shape::Group;
use crate::config::shape::Opt;
use crate::config::shape::Shape;
use crate::config::suggest;
use crate::config::syntax;
use crate::config::tree::Entry;
use crate::config::tree::Node;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::config::tree::Table;
use crate::config::tree::Value;

/// What was found so far, and what is being read.
pub struct Reader<'a> {
    /// The mistakes.
    pub problems: Vec<Problem>,
    /// Secrets that stand in the file, so that no message shows them.
    pub hidden: Vec<Place>,
    /// The texts that the places are of.
    pub documents: &'a [Document],
    /// Who fetches secrets.
    pub secrets: &'a dyn Secrets,
    /// A document has mistakes of syntax: then a missing key says nothing.
    torn: bool,
    /// Keys that stand somewhere but could not be read, or were misspelt: that such a key is
    /// missing is no further mistake.
    spoilt: Vec<&'static str>,
    /// The option that is being read.
    option: Option<&'static Opt>,
    /// The table that is being read is not there: it has only defaults.
    absent: bool,
}

/// Tables of which a message names all.
const FEW: usize = 4;

/// The first key of a group as people would write it, where it is a value.
fn such_as(definition: &'static Definition, group: &Group) -> String {
    let first = definition.options.iter().find(|option| group.keys.first().is_some_and(|key| *key == option.key));
    let value = first.filter(|option| matches!(option.shape, Shape::Value(_) | Shape::Secret(_)) && !option.sample.is_empty());
    value.map_or_else(String::new, |option| format!(", such as `{} = {}`", option.key, option.sample))
}

/// A table whose name an unknown key begins with: `zendesk_tickets`.
fn longer(definition: &'static Definition, key: &str, free: &[&'static str]) -> Option<&'static str> {
    let tables = definition.options.iter().filter(|option| matches!(option.shape, Shape::Table(_)) && free.contains(&option.key));
    tables.map(|option| option.key).find(|table| key.strip_prefix(table).is_some_and(|rest| rest.starts_with(['_', '-'])))
}

impl<'a> Reader<'a> {
    /// A reader that found nothing yet.
    #[must_use]
    pub fn new(documents: &'a [Document], secrets: &'a dyn Secrets, torn: bool) -> Self {
        Self { problems: Vec::new(), hidden: Vec::new(), documents, secrets, torn, spoilt: Vec::new(), option: None, absent: false }
    }

    /// Takes a mistake in.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Keeps a value out of every message.
    pub fn hide(&mut self, at: &Place) {
        self.hidden.push(at.clone());
    }

    /// Whether a key stands somewhere and could not be read, or was misspelt.
    #[must_use]
    pub fn is_spoilt(&self, key: &str) -> bool {
        self.spoilt.contains(&key)
    }

    /// The key that is being read, for messages.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.option.map_or("", |option| option.key)
    }

    /// The present option as an example.
    #[must_use]
    pub fn example(&self) -> String {
        let Some(option) = self.option else { return String::new() };
        if let Shape::Table(definition) = option.shape {
            return format!("write `{}` on a line of its own and its options below", definition.header);
        }
        let sample = if option.such_as.is_empty() { option.sample } else { option.such_as };
        format!("for example `{} = {sample}`", option.key)
    }

    /// Reports a value of the wrong kind.
    pub fn wrong<T>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        let found = node.value.called();
        let message = format!("`{}` must be {wanted}, not {found}", self.key());
        self.report(Problem::error(Code::WrongKind, node.at.clone(), message).label(format!("this is {found}")).help(self.example()));
        None
    }

    /// Reports a value of the right kind that will not do.
    pub fn refuse<T>(&mut self, code: Code, node: &Node, why: &str) -> Option<T> {
        let message = format!("`{}` {why}", self.key());
        self.report(Problem::error(code, node.at.clone(), message).label("refused").help(self.example()));
        None
    }

    /// Looks at a table as a whole: keys that nobody knows, and choices not made or made twice.
    /// Gives the keys that were probably meant by the unknown ones.
    pub fn open(&mut self, definition: &'static Definition, table: &Table, at: &Place) -> Vec<&'static str> {
        let free: Vec<&str> = definition.options.iter().map(|option| option.key).filter(|key| table.entry(key).is_none()).collect();
        let unknown = table.entries.iter().filter(|entry| !definition.options.iter().any(|option| option.key == entry.key));
        let meant: Vec<&'static str> = unknown.filter_map(|entry| self.unknown(definition, entry, &free)).collect();
        self.spoilt.extend(&meant);
        for group in definition.groups {
            self.choose(definition, group, table, at, &meant);
        }
        meant
    }

    /// Reports a key that nobody knows; gives the one of those not there that was probably meant.
    fn unknown(&mut self, definition: &'static Definition, entry: &Entry, free: &[&'static str]) -> Option<&'static str> {
        let near = suggest::nearest(&entry.key, free.iter().copied()).or_else(|| longer(definition, &entry.key, free));
        // `type = "zendesk"`: other programs name the kind of a thing so.
        let kind = match &entry.node.value {
            Value::Text(text) => definition.options.iter().find(|option| option.key == text && matches!(option.shape, Shape::Table(_))),
            _ => None,
        };
        let help = match (definition.above(&entry.key), near) {
            _ if kind.is_some() => {
                let key = kind.map_or("", |option| option.key);
                format!("the kind is a table of its own: write {} on a line below, and its options under it", definition.named(key))
            }
            (Some(above), _) => format!("it belongs under `{}`: put it above `{}`", above.header, definition.header),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => suggest::list(definition.options.iter().map(|option| option.key)).replacen("there is", "there may be", 1),
        };
        if definition.has_secrets() || mask::sounds_secret(&entry.key) {
            self.hide(&entry.node.at);
        }
        let message = format!("unknown key `{}`", entry.key);
        let label = format!("no such key in {}", definition.called());
        self.report(Problem::error(Code::UnknownKey, entry.key_at.clone(), message).label(label).help(help));
        near.or(kind.map(|option| option.key))
    }

    fn choose(&mut self, definition: &'static Definition, group: &Group, table: &Table, at: &Place, meant: &[&str]) {
        let given: Vec<_> = table.entries.iter().filter(|entry| group.keys.contains(&entry.key.as_str())).collect();
        let named = |keys: &[&'static str]| keys.iter().map(|key| definition.named(key)).collect::<Vec<_>>().join(", ");
        let all = named(group.keys);
        let called = definition.called();
        match given.as_slice() {
            [_] => {}
            [] if !group.needed || self.torn || group.keys.iter().any(|key| meant.contains(key)) => {}
            // Of many the first few say what is meant.
            [] if group.keys.len() > FEW => {
                let some = named(&group.keys[..FEW]);
                self.report(
                    Problem::error(Code::NotOneOf, at.clone(), format!("{called} needs one of {some} or another kind"))
                        .label("none of them is here")
                        .help("add exactly one of them; `uproar config sample` shows them all"),
                );
            }
            [] => self.report(
                Problem::error(Code::NotOneOf, at.clone(), format!("{called} needs one of {all}"))
                    .label("none of them is here")
                    .help(format!("add exactly one of them{}", such_as(definition, group))),
            ),
            [first, others @ ..] => {
                for other in others {
                    self.report(
                        Problem::error(Code::NotOneOf, other.key_at.clone(), format!("{called} takes only one of {all}"))
                            .label("a second one")
                            .also(first.key_at.clone(), "the first one")
                            .help("keep one of them"),
                    );
                }
            }
        }
    }

    /// Reads an option that is given; `None` when it is not, or cannot be read.
    pub fn optional<T: Kind>(&mut self, option: &'static Opt, table: &Table) -> Option<Placed<T>> {
        let entry = table.entry(option.key)?;
        let problems = self.problems.len();
        let read = self.read(option, &entry.node).map(|value| Placed { value, at: Some(entry.node.at.clone()) });
        if self.problems.len() > problems {
            self.spoilt.push(option.key);
        }
        read
    }

    /// Reads an option that falls back to its default.
    ///
    /// # Panics
    ///
    /// When a declaration has a default of another kind: a test reads each.
    pub fn default<T: Kind>(&mut self, option: &'static Opt, table: &Table) -> Placed<T> {
        self.optional(option, table).unwrap_or_else(|| {
            let node = syntax::value(option.sample).expect("defaults are TOML; a test reads each");
            let value = self.read(option, &node).expect("defaults are of their own kind; a test reads each");
            Placed { value, at: None }
        })
    }

    /// Reads an option that must be there.
    pub fn required<T: Kind>(
        &mut self,
        definition: &'static Definition,
        option: &'static Opt,
        table: &Table,
        at: &Place,
        meant: &[&str],
    ) -> Option<Placed<T>> {
        if table.entry(option.key).is_none() && !self.torn && !meant.contains(&option.key) {
            let message = format!("`{}` is missing in {}", option.key, definition.called());
            let under = if self.absent { format!(" under {}", definition.called()) } else { String::new() };
            let help = format!("add it{under}: `{} = {}`", option.key, option.sample);
            self.report(Problem::error(Code::Missing, at.clone(), message).label(format!("`{}` is missing", option.key)).help(help));
        }
        self.optional(option, table)
    }

    /// Reads a table that has only defaults when it is not there.
    ///
    /// # Panics
    ///
    /// When such a table has a required key: a test reads each.
    pub fn table<T: Kind>(&mut self, option: &'static Opt, table: &Table, at: &Place) -> T {
        self.optional(option, table).map(|placed| placed.value).unwrap_or_else(|| {
            // What is missing in it is missing in the table around it.
            let node = Node { at: at.clone(), value: Value::Table(Table::default()) };
            let was_absent = std::mem::replace(&mut self.absent, true);
            let read = self.read(option, &node).expect("a table that is not there has only defaults; a test reads each");
            self.absent = was_absent;
            read
        })
    }

    /// Reads a list of tables.
    pub fn list<T: Kind>(&mut self, option: &'static Opt, table: &Table) -> Vec<T> {
        let Some(entry) = table.entry(option.key) else { return Vec::new() };
        let nodes = match &entry.node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        if let Value::Table(_) = entry.node.value
            && let Shape::Tables(definition) | Shape::Table(definition) = option.shape
        {
            let message = format!("there can be several of `{}`, so it is written {}", option.key, definition.header);
            let help = format!("write {} with two brackets on each side", definition.header);
            self.report(Problem::error(Code::WrongKind, entry.node.at.clone(), message).label("a single table").help(help));
        }
        nodes.iter().filter_map(|node| self.read(option, node)).collect()
    }

    /// Reads further tables of the list `key` of `definition`.
    pub fn each<T: Kind>(&mut self, definition: &'static Definition, key: &str, nodes: &[Node]) -> Vec<T> {
        let Some(option) = definition.options.iter().find(|option| option.key == key) else { return Vec::new() };
        nodes.iter().filter_map(|node| self.read(option, node)).collect()
    }

    fn read<T: Kind>(&mut self, option: &'static Opt, node: &Node) -> Option<T> {
        let before = self.option.replace(option);
        let value = T::read(node, self);
        self.option = before;
        value
    }
}
