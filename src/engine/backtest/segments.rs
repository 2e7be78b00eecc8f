//! Which watched segments a stored message belongs to.
//!
//! Labels that were stored with a message are taken as they are. A label that nobody has stored yet,
//! because the watch that splits by it is new, is worked out from what the source gave.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::domain::incident::Segment;
use crate::domain::ports::Counters;
use crate::engine::backtest::world::Stage;
use crate::store::sqlite::history::Life;

/// The segment of all messages.
const WHOLE: i64 = 1;
/// Values of one label that get a segment of their own, as in the store; later ones share `other`.
const MOST_VALUES: usize = 200;

/// Finds the segments of messages.
pub(super) struct Segments {
    /// Numbers of stored segments that are watched.
    watched: HashSet<i64>,
    /// Keys that are watched and were never stored, with the numbers of their values.
    unknown: BTreeMap<String, HashMap<String, i64>>,
    /// Labels of all messages of a source, by its number.
    labels: HashMap<i64, BTreeMap<String, String>>,
}

impl Segments {
    /// For the watches of a stage.
    pub fn new(stage: &Stage<'_>, names: &Counters) -> Self {
        let asked: BTreeSet<&str> = stage.watches.iter().flat_map(|watch| watch.by.iter().map(String::as_str)).collect();
        let key_of = |segment: &Segment| match segment {
            Segment::All => None,
            Segment::Label { key, .. } => Some(key.clone()),
        };
        let stored: BTreeSet<String> = names.segments.values().filter_map(key_of).collect();
        let watched = |segment: &Segment| key_of(segment).is_some_and(|key| asked.contains(key.as_str()));
        let sources = stage.plan.config.sources.iter();
        let labels: HashMap<&str, &BTreeMap<String, String>> = sources.map(|source| (source.name.as_str(), &source.labels)).collect();
        Self {
            watched: names.segments.iter().filter(|(_, segment)| watched(segment)).map(|(number, _)| *number).collect(),
            unknown: asked.iter().filter(|key| !stored.contains(**key)).map(|key| ((*key).to_owned(), HashMap::new())).collect(),
            labels: names.sources.iter().filter_map(|(number, name)| Some((*number, (*labels.get(name.as_str())?).clone()))).collect(),
        }
    }

    /// Whether any stored segment is watched.
    pub fn are_wanted(&self) -> bool {
        !self.watched.is_empty()
    }

    /// Whether labels have to be worked out from the messages' fields.
    pub fn need_fields(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The whole, and the watched segments of a message. A new one gets a number and a name.
    pub fn of(&mut self, life: &Life, names: &mut Counters) -> Vec<i64> {
        let mut found = vec![WHOLE];
        found.extend(life.segments.iter().filter(|segment| self.watched.contains(segment)));
        if self.unknown.is_empty() {
            return found;
        }
        let fields: BTreeMap<String, String> = serde_json::from_str(&life.fields).unwrap_or_default();
        for (key, values) in &mut self.unknown {
            // The item's own word holds over the source's, as when it is stored.
            let own = fields.get(key).or(life.lang.as_ref().filter(|_| key == "language"));
            let value = own.or_else(|| self.labels.get(&life.source)?.get(key)).filter(|value| !value.trim().is_empty());
            let Some(value) = value else { continue };
            let value = if values.contains_key(value) || values.len() < MOST_VALUES { value.as_str() } else { "other" };
            let next = names.segments.keys().next_back().map_or(WHOLE, |last| *last) + 1;
            let number = *values.entry(value.to_owned()).or_insert(next);
            names.segments.entry(number).or_insert_with(|| Segment::Label { key: key.clone(), value: value.to_owned() });
            found.push(number);
        }
        found
    }
}
