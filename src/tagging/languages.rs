//! The languages that rules and messages may be in: their codes, their stemmers, and which one a
//! text is written in.
//!
//! A message whose source names its language is believed. Else the text is looked at, and only an
//! answer that the detector itself calls reliable counts: short texts keep the rules of every
//! language, since a missed complaint costs more than a word of another language that looks alike.

use std::fmt;
use std::sync::LazyLock;

use rust_stemmers::Algorithm;
use rust_stemmers::Stemmer;
use whatlang::Detector;
use whatlang::Lang;

/// A language, as its place in [`LANGUAGES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Language(usize);

/// Some of the languages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Languages(u64);

struct Known {
    code: &'static str,
    /// Other codes that mean it.
    also: &'static [&'static str],
    lang: Option<Lang>,
    stemmer: Option<Algorithm>,
}

const fn known(code: &'static str, also: &'static [&'static str], lang: Option<Lang>, stemmer: Option<Algorithm>) -> Known {
    Known { code, also, lang, stemmer }
}

const LANGUAGES: &[Known] = &[
    known("ar", &[], Some(Lang::Ara), Some(Algorithm::Arabic)),
    known("cs", &[], Some(Lang::Ces), None),
    known("da", &[], Some(Lang::Dan), Some(Algorithm::Danish)),
    known("de", &[], Some(Lang::Deu), Some(Algorithm::German)),
    known("el", &[], Some(Lang::Ell), Some(Algorithm::Greek)),
    known("en", &[], Some(Lang::Eng), Some(Algorithm::English)),
    known("es", &[], Some(Lang::Spa), Some(Algorithm::Spanish)),
    known("fi", &[], Some(Lang::Fin), Some(Algorithm::Finnish)),
    known("fr", &[], Some(Lang::Fra), Some(Algorithm::French)),
    known("hi", &[], Some(Lang::Hin), None),
    known("hu", &[], Some(Lang::Hun), Some(Algorithm::Hungarian)),
    known("id", &["in"], Some(Lang::Ind), None),
    known("it", &[], Some(Lang::Ita), Some(Algorithm::Italian)),
    known("ja", &[], Some(Lang::Jpn), None),
    known("ko", &[], Some(Lang::Kor), None),
    known("nl", &[], Some(Lang::Nld), Some(Algorithm::Dutch)),
    known("no", &["nb", "nn"], Some(Lang::Nob), Some(Algorithm::Norwegian)),
    known("pl", &[], Some(Lang::Pol), None),
    known("pt", &[], Some(Lang::Por), Some(Algorithm::Portuguese)),
    known("ro", &[], Some(Lang::Ron), Some(Algorithm::Romanian)),
    known("ru", &[], Some(Lang::Rus), Some(Algorithm::Russian)),
    known("sv", &[], Some(Lang::Swe), Some(Algorithm::Swedish)),
    known("ta", &[], Some(Lang::Tam), Some(Algorithm::Tamil)),
    known("tr", &[], Some(Lang::Tur), Some(Algorithm::Turkish)),
    known("uk", &[], Some(Lang::Ukr), None),
    known("zh", &[], Some(Lang::Cmn), None),
];

/// Looks at this much of a text: more would not change the answer, only its cost.
const MOST_LOOKED_AT: usize = 400;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::with_allowlist(LANGUAGES.iter().filter_map(|known| known.lang).collect()));

impl Language {
    /// The language of a tag such as `de` or `pt-BR`.
    pub(super) fn of(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?;
        let is = |known: &Known| known.code.eq_ignore_ascii_case(code) || known.also.iter().any(|also| also.eq_ignore_ascii_case(code));
        LANGUAGES.iter().position(is).map(Self)
    }

    /// Its stemmer, where there is one.
    pub(super) fn stemmer(self) -> Option<Stemmer> {
        LANGUAGES[self.0].stemmer.map(Stemmer::create)
    }

    /// The language that a text is certainly written in.
    pub(super) fn detected(text: &str) -> Option<Self> {
        let end = if text.len() > MOST_LOOKED_AT { text.floor_char_boundary(MOST_LOOKED_AT) } else { text.len() };
        let found = DETECTOR.detect(&text[..end]).filter(whatlang::Info::is_reliable)?;
        LANGUAGES.iter().position(|known| known.lang == Some(found.lang())).map(Self)
    }
}

impl Languages {
    /// Every language, and those that nobody knows.
    pub(super) const ALL: Self = Self(u64::MAX);

    /// No language.
    pub(super) const NONE: Self = Self(0);

    /// The languages of these tags; [`Languages::ALL`] where there are none.
    pub(super) fn of(tags: &[String]) -> Self {
        if tags.is_empty() {
            return Self::ALL;
        }
        tags.iter().filter_map(|tag| Language::of(tag)).fold(Self::NONE, |all, language| Self(all.0 | Self::from(language).0))
    }

    /// All of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have one in common.
    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl From<Language> for Languages {
    fn from(language: Language) -> Self {
        Self(1 << language.0)
    }
}

impl fmt::Debug for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = LANGUAGES.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0).map(|(_, known)| known.code);
        f.debug_set().entries(codes).finish()
    }
}

/// Whether rules can be for this language.
#[must_use]
pub fn is_known(code: &str) -> bool {
    LANGUAGES.iter().any(|known| known.code == code)
}

/// Every code, for messages.
#[must_use]
pub fn codes() -> String {
    LANGUAGES.iter().map(|known| known.code).collect::<Vec<_>>().join(", ")
}

/// The codes that have stems, for messages.
pub(super) fn codes_with_stems() -> String {
    LANGUAGES.iter().filter(|known| known.stemmer.is_some()).map(|known| known.code).collect::<Vec<_>>().join(", ")
}

/// The code of the language that a text is certainly written in.
#[must_use]
pub fn detected(text: &str) -> Option<&'static str> {
    Language::detected(text).map(|language| LANGUAGES[language.0].code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_has_its_own_code() {
        let codes: BTreeSet<_> = LANGUAGES.iter().flat_map(|known| known.also.iter().chain([&known.code])).collect();
        assert_eq!(codes.len(), LANGUAGES.iter().map(|known| 1 + known.also.len()).sum::<usize>());
        assert!(LANGUAGES.len() < 64);
        assert_eq!(Language::of("xx"), None);
    }

    #[test]
    fn a_tag_may_name_a_country_and_a_dialect() {
        for (tag, code) in [("pt-BR", "pt"), ("DE_at", "de"), ("nb-NO", "no"), ("en", "en")] {
            assert_eq!(Language::of(tag), Language::of(code), "{tag}");
        }
        assert!(Languages::of(&[]).meet(Languages::from(Language::of("fi").unwrap())));
        assert!(!Languages::of(&["sv".to_owned()]).meet(Languages::of(&["da".to_owned(), "no".to_owned()])));
    }

    #[test]
    fn a_text_tells_its_language_and_a_word_does_not() {
        for (text, expected) in [
            (
                "I have been waiting for an answer since last week and nobody from the support team has called me back about the order.",
                Some("en"),
            ),
            ("Seit drei Wochen warte ich auf mein Geld und niemand meldet sich bei mir.", Some("de")),
            ("Jag har väntat i flera veckor på mina pengar och ingen svarar på mina mejl.", Some("sv")),
            ("Olen odottanut rahojani jo kolme viikkoa eikä kukaan vastaa sähköposteihini.", Some("fi")),
            ("Czekam na zwrot pieniędzy od trzech tygodni i nikt nie odpowiada na moje wiadomości.", Some("pl")),
            ("Üç haftadır paramı bekliyorum ve kimse mesajlarıma cevap vermiyor.", Some("tr")),
            ("ok", None),
            ("", None),
        ] {
            assert_eq!(detected(text), expected, "{text}");
        }
    }
}
