//! Ids made of contents, for sources whose own ids change from poll to poll.

use crate::domain::item::Item;
use crate::domain::ports::TaggedItem;
use crate::text::alike::Words;
use crate::text::hash;

/// What ids made of contents begin with; whatever changes them takes another number.
const PREFIX: &str = "c1:";
/// All such ids stand between these two, the second of them is none.
pub const CONTENT_IDS: (&str, &str) = ("c1:", "c1;");

/// How far items are told apart that say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Short ones by their dates.
    ByDate,
    /// Not at all: their dates change as well.
    Not,
}

/// The id of an item by what it says: the same from poll to poll, and in any order.
///
/// Words that two people do not write by chance need no date, which may change with the ids. Short
/// ones ("Great!") are told apart by it.
#[must_use]
pub fn of_content(item: &Item, apart: Apart) -> String {
    let author = item.author.as_deref().unwrap_or_default();
    let date = item.published.filter(|_| apart == Apart::ByDate && !is_telling(item)).map(|at| at.to_rfc3339()).unwrap_or_default();
    let hash = hash::of_parts([item.title.trim(), item.text.trim(), author.trim(), date.as_str()]);
    format!("{PREFIX}{hash:016x}")
}

/// Whether it says what two people do not write by chance.
#[must_use]
pub fn is_telling(item: &Item) -> bool {
    Words::of(&item.title).is_telling() || Words::of(&item.text).is_telling()
}

/// Gives items ids by what they say.
pub fn by_content(items: &mut [TaggedItem], apart: Apart) {
    for tagged in items {
        tagged.item.id = of_content(&tagged.item, apart);
    }
}

/// Whether an id was made here.
#[must_use]
pub fn is_of_content(id: &str) -> bool {
    id.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, author: &str, published: &str) -> Item {
        let published = published.parse().ok();
        Item { id: "x".to_owned(), text: text.to_owned(), author: Some(author.to_owned()), published, ..Item::default() }
    }

    #[test]
    fn a_long_text_is_known_without_its_date_and_a_short_one_with_it() {
        let long = "The second act made my grandmother laugh out loud and the tram home was on time";
        let (monday, tuesday) = ("2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z");
        for (name, one, other, same) in [
            ("dates that change", item(long, "ann", monday), item(long, "ann", tuesday), true),
            ("ids that change", item(long, "ann", monday), Item { id: "y".to_owned(), ..item(long, "ann", monday) }, true),
            ("two people", item(long, "ann", monday), item(long, "bo", monday), false),
            ("a short text again", item("Great", "ann", monday), item("Great", "ann", tuesday), false),
            ("a short text", item("Great", "ann", monday), item("Great", "ann", monday), true),
        ] {
            assert_eq!(of_content(&one, Apart::ByDate) == of_content(&other, Apart::ByDate), same, "{name}");
            assert!(is_of_content(&of_content(&one, Apart::ByDate)));
            assert_eq!(of_content(&one, Apart::Not) == of_content(&other, Apart::Not), one.author == other.author, "{name}");
        }
        assert!(!is_of_content("c1:mine") && !is_of_content("tag:example,2026:1"));
    }
}
