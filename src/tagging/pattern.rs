//! What one word of a rule may stand for, and the languages whose stems rules may name.

use std::collections::BTreeSet;
use std::ops::Range;

use rust_stemmers::Stemmer;

use crate::tagging::languages;
use crate::tagging::languages::Language;
use crate::tagging::lex::Fault;
use crate::text::normalise;
use crate::text::normalise::Cut;

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
    /// `#`: a number.
    Number,
    /// `=US`: the word as written, with its case and its accents.
    Raw(String),
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

/// What a word of a rule stands for: one pattern, or several for `e-mail`, which is two words in
/// every text.
pub(super) fn read(text: &str, span: Range<usize>) -> Result<Vec<Pattern>, Fault> {
    let word = &text[span.clone()];
    if let Some((bare, code)) = word.rsplit_once('~') {
        return stem(bare, code, span).map(|pattern| vec![pattern]);
    }
    if let Some(raw) = word.strip_prefix('=') {
        return self::raw(raw, span).map(|pattern| vec![pattern]);
    }
    if word == "#" {
        return Ok(vec![Pattern::Number]);
    }
    let bare = word.trim_start_matches('*');
    let open_start = bare.len() < word.len();
    let open_end = bare.ends_with('*');
    let bare = bare.trim_end_matches('*');
    if let Some((at, odd)) = bare.char_indices().find(|(_, c)| is_odd(*c)) {
        let start = span.start + word.find(bare).unwrap_or(0) + at;
        let cure = match odd {
            '*' => "a star stands at the beginning or the end of a word",
            ',' | ';' | '+' | '\\' => "write / or | between alternatives, & between words that must all be there",
            '_' => "write `*` for any one word",
            '?' => "within a phrase, `the?` is a word that may be left out: \"on the? hold\"",
            '=' => "`=` stands before a word that must be written like this: =US",
            _ => "words are letters and digits",
        };
        return Err(Fault::new(start..start + odd.len_utf8(), format!("`{odd}` means nothing in a rule"), cure));
    }
    let mut cut = Cut::default();
    normalise::cut(bare, &mut cut);
    let plain = |place: Range<usize>| {
        let mut plain = String::new();
        normalise::fold(&bare[place], &mut plain);
        plain
    };
    let plain: Vec<String> = cut.words.into_iter().map(plain).collect();
    let Some(last) = plain.len().checked_sub(1) else {
        return Err(Fault::new(
            span,
            format!("there is no letter or digit in `{word}`"),
            "texts are compared by their words only; name one",
        ));
    };
    let shape = |(at, word): (usize, String)| match (open_start && at == 0, open_end && at == last) {
        (false, false) => Pattern::Exact(word),
        (false, true) => Pattern::Prefix(word),
        (true, false) => Pattern::Suffix(word),
        (true, true) => Pattern::Within(word),
    };
    Ok(plain.into_iter().enumerate().map(shape).collect())
}

/// Signs that are neither part of a word nor found between the halves of one.
fn is_odd(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '-' | '.' | '\'' | '`' | '’' | '´' | '‘' | '£' | '$' | '€') && (c.is_ascii() || c.is_whitespace())
}

fn stem(bare: &str, code: &str, span: Range<usize>) -> Result<Pattern, Fault> {
    let language = Language::of(code);
    let Some((language, stemmer)) = language.and_then(|language| Some((language, language.stemmer()?))) else {
        let why =
            if code.is_empty() { "the stem does not say of which language".to_owned() } else { format!("no stems are known for `{code}`") };
        return Err(Fault::new(span, why, format!("write one of these after `~`: {}", languages::codes_with_stems())));
    };
    if bare.is_empty() || !bare.chars().all(|c| c.is_alphanumeric() || c == '\'' || c == '’') {
        return Err(Fault::new(span, "`~` takes one whole word before it", "write refund~en, without stars"));
    }
    let [stem, _] = stems(&stemmer, bare);
    Ok(Pattern::Stem(language, stem))
}

fn raw(word: &str, span: Range<usize>) -> Result<Pattern, Fault> {
    let mut cut = Cut::default();
    normalise::cut(word, &mut cut);
    if cut.words.len() != 1 || cut.words[0] != (0..word.len()) {
        return Err(Fault::new(span, "`=` takes one whole word after it", "write =US, without stars; a phrase has it before each word"));
    }
    Ok(Pattern::Raw(word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_the_same_with_and_without_accents() {
        let german = Language::of("de").unwrap().stemmer().unwrap();
        assert_eq!(stems(&german, "Rückzahlungen")[0], stems(&german, "ruckzahlung")[1]);
        let english = Language::of("en").unwrap().stemmer().unwrap();
        assert_eq!(stems(&english, "REFUNDED"), ["refund", "refund"]);
    }
}
