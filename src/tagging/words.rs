//! Named choices: `bot = "bot*/robot*/\"virtual assistant\""` in a file's `words`, `@bot` in rules.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::tagging::lex;
use crate::tagging::lex::Fault;
use crate::tagging::parse;
use crate::tagging::pattern::Pattern;
use crate::tagging::pattern::Phrase;
use crate::tagging::pattern::Slot;

/// The named choices that a theme's rules may use.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// `None` for a name whose choice could not be read: told already, so not told again by
    /// every rule that uses it.
    choices: BTreeMap<String, Option<Vec<Phrase>>>,
    /// Names that are not here are looked for there.
    below: Option<Arc<Vocabulary>>,
}

impl Vocabulary {
    /// Reads all choices, in whatever order they use each other, and says what is wrong with which.
    /// Where a name is given twice, the later one holds: a theme may replace a word of its file.
    pub(super) fn read(words: &[(String, String)], below: Option<Arc<Vocabulary>>) -> (Self, Vec<(String, Fault)>) {
        let mut open: BTreeMap<&str, &str> = words.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let mut vocabulary = Self { choices: BTreeMap::new(), below };
        let mut faults = Vec::new();
        // Each round reads those whose own names are all read; what is left in the end goes in circles.
        loop {
            let waits = |text: &str| names_in(text).any(|name| open.contains_key(&text[name]));
            let ready: Vec<&str> = open.iter().filter(|(_, text)| !waits(text)).map(|(name, _)| *name).collect();
            if ready.is_empty() {
                break;
            }
            for name in ready {
                let Some(text) = open.remove(name) else { continue };
                let read = parse::choice(text, &vocabulary);
                vocabulary.choices.insert(name.to_owned(), read.as_ref().ok().cloned());
                faults.extend(read.err().map(|fault| (name.to_owned(), fault)));
            }
        }
        for (name, text) in &open {
            let span = names_in(text).find(|name| open.contains_key(&text[name.clone()])).unwrap_or(0..text.len());
            let fault = Fault::new(span, format!("`{name}` is made of itself"), "write the words out in one of the choices");
            faults.push(((*name).to_owned(), fault));
            vocabulary.choices.insert((*name).to_owned(), None);
        }
        (vocabulary, faults)
    }

    /// One vocabulary of several: a name stands for what it stands for in each.
    pub(super) fn union<'a>(of: impl Iterator<Item = &'a Vocabulary>) -> Self {
        let mut all = Self::default();
        for vocabulary in of {
            for (name, choice) in &vocabulary.choices {
                let known = all.choices.entry(name.clone()).or_insert_with(|| Some(Vec::new()));
                match (known, choice) {
                    (Some(known), Some(choice)) => known.extend(choice.iter().cloned()),
                    (known, None) => *known = None,
                    (None, Some(_)) => {}
                }
            }
        }
        all
    }

    /// The words and phrases behind a name.
    pub(super) fn phrases(&self, text: &str, place: Range<usize>) -> Result<&[Phrase], Fault> {
        let name = &text[place.clone()];
        match self.choices.get(name) {
            Some(Some(phrases)) => Ok(phrases),
            // Told where the choice stands. Something must stand here for the rest to be read.
            Some(None) => Ok(std::slice::from_ref(unreadable())),
            None => match &self.below {
                Some(below) if below.choices.contains_key(name) => below.phrases(text, place),
                _ => Err(self.unknown(name, place)),
            },
        }
    }

    /// The single words behind a name, for use within a phrase.
    pub(super) fn patterns(&self, text: &str, place: Range<usize>) -> Result<BTreeSet<Pattern>, Fault> {
        let mut patterns = BTreeSet::new();
        for phrase in self.phrases(text, place.clone())? {
            let [Slot::OneOf(one_of)] = &phrase[..] else {
                let why = format!("@{} holds phrases, and within a phrase each position is one word", &text[place.clone()]);
                return Err(Fault::new(place, why, "put the phrases in a choice of their own and name that beside the phrase"));
            };
            patterns.extend(one_of.iter().cloned());
        }
        Ok(patterns)
    }

    fn unknown(&self, name: &str, place: Range<usize>) -> Fault {
        let names = || self.choices.keys().chain(self.below.iter().flat_map(|below| below.choices.keys()));
        let near = names().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        let cure = match near.filter(|near| strsim::jaro_winkler(near, name) > 0.8) {
            Some(near) => format!("did you mean @{near}?"),
            None => format!("add it to the words: {name} = \"first/second/third*\""),
        };
        Fault::new(place, format!("there is no choice named `{name}`"), cure)
    }
}

fn unreadable() -> &'static Phrase {
    static UNREADABLE: std::sync::LazyLock<Phrase> =
        std::sync::LazyLock::new(|| vec![Slot::OneOf([Pattern::Exact("unreadable".to_owned())].into())]);
    &UNREADABLE
}

/// Places of the names that a choice uses.
fn names_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('@').map(|(at, _)| at + 1..lex::name_end(text, at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[(&str, &str)]) -> (Vocabulary, Vec<String>) {
        let words: Vec<_> = words.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (vocabulary, faults) = Vocabulary::read(&words, None);
        let told = faults.into_iter().map(|(name, fault)| {
            format!("{name}: {}: {}", fault.why, &words.iter().find(|(known, _)| *known == name).unwrap().1[fault.span])
        });
        (vocabulary, told.collect())
    }

    #[test]
    fn choices_may_use_each_other_in_any_order() {
        let (vocabulary, faults) = read(&[("a", "@b/one"), ("b", "two | \"three four\"")]);
        assert_eq!(faults, [] as [String; 0]);
        assert_eq!(vocabulary.phrases("a", 0..1).unwrap().len(), 3);
    }

    #[test]
    fn a_choice_that_is_made_of_itself_is_told() {
        let (_, faults) = read(&[("a", "@b/one"), ("b", "two/@a"), ("c", "three")]);
        assert_eq!(faults, ["a: `a` is made of itself: b", "b: `b` is made of itself: a"]);
    }

    #[test]
    fn a_choice_holds_words_only() {
        let (vocabulary, faults) = read(&[("a", "one & two"), ("b", "*"), ("c", "@nowhere")]);
        assert_eq!(
            faults,
            [
                "a: a named choice is a list of words and phrases: one & two",
                "b: `*` alone is every word: *",
                "c: there is no choice named `nowhere`: nowhere",
            ]
        );
        assert!(vocabulary.phrases("a", 0..1).is_ok(), "told once is enough");
    }

    #[test]
    fn a_theme_may_replace_a_word_of_its_file() {
        let (vocabulary, _) = read(&[("a", "one/two"), ("a", "three")]);
        assert_eq!(vocabulary.phrases("a", 0..1).unwrap().len(), 1);
    }
}
