//! What a text is about, as terms that can be counted: its words and its pairs of neighbours.
//!
//! A term has a key that is the same for its inflected forms, and is shown as people write it. No
//! term holds a digit or a mark that stands for something redacted, so that numbers, orders and
//! names are never shown as "words".

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::btree_map::Entry;

use rust_stemmers::Algorithm;
use rust_stemmers::Stemmer;

use crate::text::normalise;
use crate::text::normalise::Cut;

/// Longest word in bytes of its plain form; what is longer is no word that people share.
const LONGEST: usize = 30;
/// Words of a text that are looked at.
const MOST: usize = 400;
/// Words whose keys are remembered.
const REMEMBERED: usize = 50_000;

/// The terms of one text by their keys, each once.
pub type Terms = BTreeMap<String, Written>;

/// How a term is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As it stands there, but for the capital of a sentence's beginning.
    pub shown: String,
    /// It stands there only at the beginning of sentences, so that nobody knows of its capital.
    pub opens: bool,
}

/// Finds terms; keeps the stemmers from text to text.
#[derive(Default)]
pub struct Finder {
    stemmers: BTreeMap<&'static str, Stemmer>,
    /// Keys of words met before, by language; people use few words.
    keys: HashMap<(String, String), Option<String>>,
    cut: Cut,
}

/// A word with its key.
struct Word {
    key: String,
    shown: String,
}

impl Finder {
    /// The terms of a redacted text. Words with a key in `without` are left out, and so are pairs
    /// with one of them.
    pub fn terms(&mut self, redacted: &str, lang: Option<&str>, without: &BTreeSet<String>) -> Terms {
        let mut terms = Terms::new();
        let mut places = std::mem::take(&mut self.cut);
        normalise::cut(redacted, &mut places);
        for sentence in &places.sentences {
            let mut before: Option<(Word, usize)> = None;
            for (at, place) in places.words[sentence.clone()].iter().enumerate() {
                if sentence.start + at >= MOST {
                    break;
                }
                let shown = &redacted[place.clone()];
                let written = if at == 0 { lowered(shown) } else { shown.to_owned() };
                let word = if is_marked(redacted, place.start) { None } else { self.word(written, lang) };
                let Some(word) = word.filter(|word| !without.contains(&word.key)) else {
                    before = None;
                    continue;
                };
                if let Some((first, end)) = &before
                    && redacted[*end..place.start].chars().all(|letter| letter.is_whitespace() || letter == '-')
                {
                    let joined = format!("{} {}", first.shown, word.shown);
                    note(&mut terms, format!("{} {}", first.key, word.key), Written { shown: joined, opens: at == 1 });
                }
                note(&mut terms, word.key.clone(), Written { shown: word.shown.clone(), opens: at == 0 });
                before = Some((word, place.end));
            }
        }
        self.cut = places;
        terms
    }

    /// Keys of the words of a piece of text: what made a tagger give a theme.
    pub fn keys(&mut self, piece: &str, lang: Option<&str>) -> BTreeSet<String> {
        let mut places = std::mem::take(&mut self.cut);
        normalise::cut(piece, &mut places);
        let keys = places.words.iter().filter_map(|place| Some(self.word(piece[place.clone()].to_owned(), lang)?.key)).collect();
        self.cut = places;
        keys
    }

    fn word(&mut self, shown: String, lang: Option<&str>) -> Option<Word> {
        let name = (lang.unwrap_or_default().to_owned(), shown);
        if let Some(known) = self.keys.get(&name) {
            return known.clone().map(|key| Word { key, shown: name.1 });
        }
        let key = self.key(&name.1, lang);
        if self.keys.len() < REMEMBERED {
            self.keys.insert(name.clone(), key.clone());
        }
        key.map(|key| Word { key, shown: name.1 })
    }

    fn key(&mut self, shown: &str, lang: Option<&str>) -> Option<String> {
        if shown.chars().any(char::is_numeric) {
            return None;
        }
        let mut plain = String::new();
        // The stem of the word as written: its accents tell the stemmer of what it is made.
        match lang.and_then(|lang| self.stemmer(lang)) {
            Some(stemmer) => normalise::fold(&stemmer.stem(&shown.to_lowercase()), &mut plain),
            None => normalise::fold(shown, &mut plain),
        }
        let letters = plain.chars().count();
        // A single letter says nothing, but in scripts that write a word with one.
        let fits = (letters > 1 || plain.chars().all(|letter| letter >= '\u{2e80}')) && plain.len() <= LONGEST && letters > 0;
        fits.then_some(plain)
    }

    fn stemmer(&mut self, lang: &str) -> Option<&Stemmer> {
        let (code, algorithm) = algorithm(lang)?;
        Some(self.stemmers.entry(code).or_insert_with(|| Stemmer::create(algorithm)))
    }
}

/// Keeps how a term is written; from within a sentence is better than from its beginning.
fn note(terms: &mut Terms, key: String, written: Written) {
    match terms.entry(key) {
        Entry::Occupied(mut known) if known.get().opens && !written.opens => *known.get_mut() = written,
        Entry::Occupied(_) => {}
        Entry::Vacant(free) => drop(free.insert(written)),
    }
}

/// The stemmer of a language tag such as `de-AT`.
fn algorithm(lang: &str) -> Option<(&'static str, Algorithm)> {
    let code = lang.split(['-', '_']).next()?.to_ascii_lowercase();
    Some(match code.as_str() {
        "da" => ("da", Algorithm::Danish),
        "de" => ("de", Algorithm::German),
        "en" => ("en", Algorithm::English),
        "es" => ("es", Algorithm::Spanish),
        "fi" => ("fi", Algorithm::Finnish),
        "fr" => ("fr", Algorithm::French),
        "hu" => ("hu", Algorithm::Hungarian),
        "it" => ("it", Algorithm::Italian),
        "nl" => ("nl", Algorithm::Dutch),
        "no" | "nb" | "nn" => ("no", Algorithm::Norwegian),
        "pt" => ("pt", Algorithm::Portuguese),
        "ro" => ("ro", Algorithm::Romanian),
        "ru" => ("ru", Algorithm::Russian),
        "sv" => ("sv", Algorithm::Swedish),
        "tr" => ("tr", Algorithm::Turkish),
        _ => return None,
    })
}

/// A mark that stands for something redacted, `[name]`; the dot of `booking[.]com` is none.
fn is_marked(text: &str, at: usize) -> bool {
    text[..at].ends_with('[')
}

/// A word without the capital of a sentence's beginning; one in capitals throughout keeps them.
fn lowered(word: &str) -> String {
    let shouted = word.chars().filter(|letter| letter.is_alphabetic()).all(char::is_uppercase) && word.chars().count() > 1;
    if shouted { word.to_owned() } else { word.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::redact::redact;

    fn check(text: &str, lang: Option<&str>, expected: &str) {
        let terms = Finder::default().terms(&redact(text), lang, &BTreeSet::new());
        assert_eq!(terms.into_values().map(|written| written.shown).collect::<Vec<_>>().join(", "), expected, "{text}");
    }

    #[test]
    fn words_and_neighbours_within_a_sentence_are_terms() {
        check("White page after login.", None, "after, after login, login, page, page after, white, white page");
        check("The app. Crashed, badly!", None, "app, badly, crashed, the, the app");
    }

    #[test]
    fn numbers_and_what_was_redacted_are_no_terms() {
        check("order 12345 of Anna, 5.2.0 iOS17", None, "Anna, of, of Anna, order");
        check("my name is Anna Svensson", None, "is, my, my name, name, name is");
        check("mail anna@example.com now", None, "mail, now");
    }

    #[test]
    fn inflected_forms_are_one_term_where_the_language_is_known() {
        let mut finder = Finder::default();
        let keys = |finder: &mut Finder, text: &str, lang| finder.keys(text, Some(lang)).into_iter().collect::<Vec<_>>();
        assert_eq!(keys(&mut finder, "refund refunds refunded", "en"), ["refund"]);
        assert_eq!(keys(&mut finder, "Rückzahlung Rückzahlungen", "de-AT"), ["ruckzahl"]);
        assert_eq!(keys(&mut finder, "refund refunds", "xx"), ["refund", "refunds"]);
    }

    #[test]
    fn a_name_keeps_its_capital_and_the_first_word_of_a_sentence_does_not() {
        check("Klarna? I paid by Klarna", None, "by, by Klarna, Klarna, paid, paid by");
        check("App is slow", None, "app, app is, is, is slow, slow");
    }

    #[test]
    fn what_is_left_out_breaks_pairs_too() {
        let without: BTreeSet<String> = ["login".to_owned()].into();
        let terms = Finder::default().terms("new login page", None, &without);
        assert_eq!(terms.into_keys().collect::<Vec<_>>(), ["new", "page"]);
    }

    proptest! {
        #[test]
        fn no_term_has_a_digit_and_any_text_has_few(text in "\\PC{0,200}") {
            let terms = Finder::default().terms(&redact(&text), Some("en"), &BTreeSet::new());
            prop_assert!(terms.len() <= 400);
            prop_assert!(terms.iter().all(|(key, written)| !key.is_empty() && !written.shown.chars().any(char::is_numeric)));
        }
    }
}
