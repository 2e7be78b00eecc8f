//! What is done to an item between its source and the store: tags, hashes, labels.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::config::settings;
use crate::domain::item::Item;
use crate::domain::ports::TaggedItem;
use crate::domain::voice::Likeness;
use crate::engine::plan::Plan;
use crate::tagging;
use crate::text::alike;
use crate::text::alike::Words;
use crate::text::hash;

/// Prepares the items of one source.
pub struct Intake<'a> {
    plan: &'a Plan,
    author_key: &'a [u8],
    source: &'a str,
    source_labels: &'a BTreeMap<String, String>,
}

impl<'a> Intake<'a> {
    /// For a source of this name with these labels.
    #[must_use]
    pub fn new(plan: &'a Plan, author_key: &'a [u8], source: &'a settings::Source) -> Self {
        Self { plan, author_key, source: &source.name, source_labels: &source.labels }
    }

    /// What rules see of an item.
    fn message<'i>(&'i self, item: &'i Item) -> tagging::Message<'i> {
        tagging::Message {
            title: &item.title,
            text: &item.text,
            lang: item.lang.as_deref(),
            stars: item.rating.map(|rating| rating.stars()),
            source: self.source,
        }
    }

    /// Tags an item and works out what the store has to know of it.
    #[must_use]
    pub fn prepare(&self, item: Item) -> TaggedItem {
        let message = tagging::message(&item.title, &item.text);
        let tags = if item.gone { Vec::new() } else { self.plan.rules.tag(&self.message(&item)) };
        let author_hash = item.author.as_deref().map(|author| hash::of_author(self.author_key, author));
        // "A Google user" is a thousand people.
        let somebody = author_hash.as_deref().filter(|_| item.author.as_deref().is_some_and(alike::names_somebody));
        let voice_key = Some(Words::of(&message).likeness(somebody)).filter(|likeness| *likeness != Likeness::default());
        let labels = labels(&self.plan.label_keys, self.source_labels, item.lang.as_deref(), &item.fields);
        TaggedItem { tags, voice_key, author_hash, labels, hash: content_hash(&item), item }
    }
}

/// The labels of a message. Its own word holds over the source's; the language has a field of its own.
pub(super) fn labels(
    keys: &BTreeSet<String>,
    of_source: &BTreeMap<String, String>,
    lang: Option<&str>,
    fields: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let language = lang.map(|lang| ("language".to_owned(), lang.to_owned()));
    let own = fields.iter().map(|(key, value)| (key.clone(), value.clone()));
    let mut labels = of_source.clone();
    labels.extend(language.into_iter().chain(own));
    labels.retain(|key, value| keys.contains(key) && !value.trim().is_empty());
    labels
}

/// Changes when something changes that people or counters would see.
fn content_hash(item: &Item) -> u64 {
    let rating = item.rating.map(|rating| format!("{}/{}", rating.value, rating.max)).unwrap_or_default();
    let fields = item.fields.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    hash::of_parts([item.title.as_str(), item.text.as_str(), rating.as_str()].into_iter().chain(fields))
}
