//! Names: each once, and those that are used must be there.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::config::kind::list::List;
use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::suggest;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::domain::matcher::fits;

/// The names of one kind of thing.
pub struct Names<'a> {
    /// `source`
    pub what: &'static str,
    /// The names.
    pub all: Vec<&'a str>,
    /// Every table of the kind has a name that could be read; otherwise an unknown name may well
    /// be the one that could not.
    pub complete: bool,
}

/// Reports names that are given twice, with both places.
pub fn unique<'a>(what: &str, names: impl IntoIterator<Item = (&'a str, Option<Place>)>, reader: &mut Reader<'_>) {
    let mut seen: HashMap<&str, Place> = HashMap::new();
    for (name, at) in names {
        let at = at.unwrap_or_default();
        match seen.get(name) {
            Some(first) => reader.report(
                Problem::error(Code::NameTwice, at, format!("there are two of `[[{what}]]` with the name `{name}`"))
                    .label("the second one")
                    .also(first.clone(), "the first one")
                    .help("rename one of them, or take it out"),
            ),
            None => drop(seen.insert(name, at)),
        }
    }
}

/// Names that a list names, patterns written out; what is unknown or matches nothing is reported.
pub fn resolve(key: &str, list: &Placed<List<Line>>, names: &Names<'_>, reader: &mut Reader<'_>) -> Vec<String> {
    // A watch of everything has a hundred thousand sources where there are so many.
    let mut found: Vec<String> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    let all: HashSet<&str> = if list.value.0.len() > 1 { names.all.iter().copied().collect() } else { HashSet::new() };
    for item in list.value.iter() {
        // A default is at no place of its own; the watch's header is near enough.
        let at = item.at.clone().filter(|_| list.at.is_some()).unwrap_or_default();
        let text = item.value.0.as_str();
        let pattern = text.contains(['*', '?']);
        let matching: Vec<&str> = match all.get(text) {
            Some(name) if !pattern => vec![*name],
            None if !pattern && !all.is_empty() => Vec::new(),
            _ => names.all.iter().copied().filter(|name| if pattern { fits(text, name) } else { *name == text }).collect(),
        };
        if matching.is_empty() && names.complete {
            reader.report(unknown(key, text, pattern, at, names));
        }
        for name in matching {
            if known.insert(name) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

fn unknown(key: &str, text: &str, pattern: bool, at: Place, names: &Names<'_>) -> Problem {
    let what = names.what;
    if pattern {
        let help = suggest::question("", names.all.iter().copied());
        let help = if names.all.is_empty() { format!("there is no `[[{what}]]`") } else { help };
        return Problem::error(Code::MatchesNothing, at, format!("`{text}` in `{key}` matches no {what}"))
            .label("matches nothing")
            .help(help);
    }
    Problem::error(Code::UnknownName, at, format!("there is no {what} `{text}`"))
        .label("unknown")
        .help(suggest::question(text, names.all.iter().copied()))
}
