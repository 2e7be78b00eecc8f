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
use crate::text::redact;

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
        tagging::Message { title: &item.title, text: &item.text, lang: item.lang.as_deref(), rating: item.rating, source: self.source }
    }

    /// Tags an item and works out what the store has to know of it.
    #[must_use]
    pub fn prepare(&self, item: Item) -> TaggedItem {
        let tagged = self.tagged(item);
        if self.plan.config.store.redact { redacted(tagged, &self.plan.label_keys) } else { tagged }
    }

    fn tagged(&self, item: Item) -> TaggedItem {
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

/// The item as it is stored where the configuration wants texts redacted. Everything that was worked
/// out from the original stays; the spans of its tags move with their words. Fields that become
/// segments stay, for a product's or a version's name must be the same in all messages.
fn redacted(mut tagged: TaggedItem, label_keys: &BTreeSet<String>) -> TaggedItem {
    let item = &mut tagged.item;
    let (title, text) = (redact::redacted(&item.title), redact::redacted(&item.text));
    // Spans are bytes of title, line end and text put together, as `tagging::message` has them.
    let border = if item.title.is_empty() { 0 } else { item.title.len() + 1 };
    let moved_border = if title.text.is_empty() { 0 } else { title.text.len() + 1 };
    for span in tagged.tags.iter_mut().flat_map(|tag| &mut tag.spans) {
        *span = if span.start < border {
            title.place(span.start..span.end.min(item.title.len()))
        } else {
            let place = text.place(span.start - border..span.end - border);
            place.start + moved_border..place.end + moved_border
        };
    }
    item.title = title.text;
    item.text = text.text;
    for (key, value) in &mut item.fields {
        if !label_keys.contains(key) {
            *value = redact::redact(value);
        }
    }
    tagged
}

/// The labels of a message. Its own word holds over the source's; the language has a field of its own.
pub(super) fn labels(
    keys: &BTreeSet<String>,
    of_source: &BTreeMap<String, String>,
    lang: Option<&str>,
    fields: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let language = lang.map(|lang| ("language".to_owned(), lang.to_owned()));
    let own = fields.iter().map(|(key, value)| (label_of(key), value.clone()));
    let mut labels = of_source.clone();
    labels.extend(language.into_iter().chain(own));
    labels.retain(|key, value| keys.contains(key) && !value.trim().is_empty());
    labels
}

/// The label that a field becomes: columns have names like `Country` and `Store no.`, labels are words
/// of small letters, as watches name them.
fn label_of(field: &str) -> String {
    let mut label = String::with_capacity(field.len());
    for letter in field.chars().flat_map(char::to_lowercase) {
        match letter {
            letter if letter.is_ascii_alphanumeric() => label.push(letter),
            _ if label.ends_with('_') || label.is_empty() => {}
            _ => label.push('_'),
        }
    }
    label.truncate(label.trim_end_matches('_').len());
    label
}

/// Changes when something changes that people or counters would see.
fn content_hash(item: &Item) -> u64 {
    let rating = item.rating.map(|rating| format!("{}/{}", rating.value, rating.max)).unwrap_or_default();
    let fields = item.fields.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    hash::of_parts([item.title.as_str(), item.text.as_str(), rating.as_str()].into_iter().chain(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::theme::Tag;

    fn tagged(title: &str, text: &str, words: &[&str]) -> TaggedItem {
        let message = tagging::message(title, text);
        let span = |word: &&str| message.find(*word).map(|at| at..at + word.len()).unwrap();
        let tag = Tag { theme: "refund_failed".to_owned(), rule: "1".to_owned(), spans: words.iter().map(span).collect() };
        let fields = [("version", "20240611"), ("contact", "anna@example.com")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let item = Item { title: title.to_owned(), text: text.to_owned(), fields: fields.into(), ..Item::default() };
        TaggedItem { tags: vec![tag], voice_key: None, author_hash: None, labels: BTreeMap::new(), hash: content_hash(&item), item }
    }

    fn check(title: &str, text: &str, words: &[&str], stored: &str, shown: &[&str]) {
        let before = tagged(title, text, words);
        let hash = before.hash;
        let after = redacted(before, &BTreeSet::from(["version".to_owned()]));
        let message = tagging::message(&after.item.title, &after.item.text);
        assert_eq!(message, stored);
        assert_eq!(after.tags[0].spans.iter().map(|span| &message[span.clone()]).collect::<Vec<_>>(), shown);
        assert_eq!(after.hash, hash, "an edit is told by the original");
        assert_eq!(after.item.fields["version"], "20240611", "segments keep their names");
        assert_eq!(after.item.fields["contact"], "[email]");
    }

    #[test]
    fn spans_of_tags_follow_their_words_into_the_redacted_text() {
        check(
            "Order 778899: no refund",
            "Hej Åsa, mail me at anna@example.com about my money!",
            &["no", "refund", "money"],
            "Order [number]: no refund\nHej [name], mail me at [email] about my money!",
            &["no", "refund", "money"],
        );
        check("", "order 778899 never came", &["order 778899", "came"], "order [number] never came", &["order [number]", "came"]);
    }
}
