//! `was`: former names lead to one source each, and are nobody's present name.

use std::collections::HashMap;

use crate::config::former::Pair;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::top::Top;
use crate::config::tree::Place;

/// Reports former names that cannot be ones. What is stored moves only once, so a name that is still
/// somebody's, or that two claim, would mean one thing at the first start and another at the next.
pub(super) fn check(top: &Top, reader: &mut Reader<'_>) {
    let named = top.source.iter().filter_map(|source| source.name.as_ref());
    let present: HashMap<&str, Place> = named.map(|name| (name.value.0.as_str(), name.at.clone().unwrap_or_default())).collect();
    let mut claimed: HashMap<&str, Place> = HashMap::new();
    for source in &top.source {
        let own = source.name.as_ref().map(|name| name.value.0.as_str());
        for former in source.was.value.iter() {
            let (name, at) = (former.value.0.as_str(), former.at.clone().unwrap_or_default());
            let wrong = |message: String| Problem::error(Code::FormerName, at.clone(), message);
            if own == Some(name) {
                reader.report(wrong(format!("`was` names the source itself: `{name}`")).label("its present name").help("take it out"));
            } else if let Some(other) = present.get(name) {
                reader.report(
                    wrong(format!("`was` names a source that is still there: `{name}`"))
                        .label("nobody's former name")
                        .also(other.clone(), "it has a table of its own")
                        .help("take that table out; where names are passed on, start once in between, one step at a time"),
                );
            } else if let Some(first) = claimed.get(name) {
                reader.report(
                    wrong(format!("`{name}` is named as a former name twice"))
                        .label("the second time")
                        .also(first.clone(), "the first time")
                        .help("keep it in the source that its messages belong to"),
                );
            } else {
                claimed.insert(name, at);
            }
        }
    }
}

/// All former names with their places.
#[must_use]
pub fn pairs(top: &Top) -> Vec<(Place, Pair)> {
    let of = |source: &crate::config::shape::source::Source| {
        let now = source.name.as_ref().map(|name| name.value.0.clone());
        let pair = |was: &crate::config::tree::Placed<crate::config::kind::text::Name>| {
            Some((was.at.clone().unwrap_or_default(), Pair { was: was.value.0.clone(), now: now.clone()? }))
        };
        source.was.value.iter().filter_map(pair).collect::<Vec<_>>()
    };
    top.source.iter().flat_map(of).collect()
}

/// All present names with their places.
#[must_use]
pub fn named(top: &Top) -> Vec<(Place, String)> {
    let names = top.source.iter().filter_map(|source| source.name.as_ref());
    names.map(|name| (name.at.clone().unwrap_or_default(), name.value.0.clone())).collect()
}
