//! What one word of a rule may stand for, and the languages whose stems rules may name.

use std::collections::BTreeSet;

use rust_stemmers::Algorithm;
use rust_stemmers::Stemmer;

use crate::text::normalise;

/// What a word of a text must look like. All parts are in plain form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pattern {
    /// `refund`
    Exact(String),
    /// `refund*`
    Prefix(String),
    /// `*madi`
    Suffix(String),
    /// `*bot*`
    Within(String),
    /// `refunding~en`: any word with this stem in this language.
    Stem(Language, String),
}

/// One position of a phrase.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// `*`: whichever word.
    Any,
    /// One of these.
    OneOf(BTreeSet<Pattern>),
}

/// Words that must follow each other; a single word is a phrase of one.
pub(super) type Phrase = Vec<Slot>;

/// A language with a stemmer, as its place in [`LANGUAGES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Language(usize);

const LANGUAGES: &[(&str, Algorithm)] = &[
    ("ar", Algorithm::Arabic),
    ("da", Algorithm::Danish),
    ("de", Algorithm::German),
    ("el", Algorithm::Greek),
    ("en", Algorithm::English),
    ("es", Algorithm::Spanish),
    ("fi", Algorithm::Finnish),
    ("fr", Algorithm::French),
    ("hu", Algorithm::Hungarian),
    ("it", Algorithm::Italian),
    ("nl", Algorithm::Dutch),
    ("no", Algorithm::Norwegian),
    ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian),
    ("ru", Algorithm::Russian),
    ("sv", Algorithm::Swedish),
    ("ta", Algorithm::Tamil),
    ("tr", Algorithm::Turkish),
];

impl Language {
    /// The language of a two-letter code.
    pub(super) fn of(code: &str) -> Option<Self> {
        LANGUAGES.iter().position(|(known, _)| *known == code).map(Self)
    }

    /// Every code, for messages.
    pub(super) fn codes() -> String {
        LANGUAGES.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ")
    }

    /// Its stemmer.
    pub(super) fn stemmer(self) -> Stemmer {
        Stemmer::create(LANGUAGES[self.0].1)
    }
}

/// The stems of a word in plain form: of the word as written, whose accents tell the stemmer of
/// endings, and of its plain form, for people who leave accents out. Often both are the same.
pub(super) fn stems(stemmer: &Stemmer, word: &str) -> [String; 2] {
    let plain = |word: &str| {
        let mut plain = String::with_capacity(word.len());
        normalise::fold(word, &mut plain);
        plain
    };
    [plain(&stemmer.stem(&word.to_lowercase())), plain(&stemmer.stem(&plain(word)))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_the_same_with_and_without_accents() {
        let german = Language::of("de").unwrap().stemmer();
        assert_eq!(stems(&german, "Rückzahlungen")[0], stems(&german, "ruckzahlung")[1]);
        let english = Language::of("en").unwrap().stemmer();
        assert_eq!(stems(&english, "REFUNDED"), ["refund", "refund"]);
    }

    #[test]
    fn every_language_has_its_own_code() {
        let codes: BTreeSet<_> = LANGUAGES.iter().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), LANGUAGES.len());
        assert_eq!(Language::of("xx"), None);
    }
}
