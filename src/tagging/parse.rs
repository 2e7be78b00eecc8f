//! Reads a rule: what binds to what, and what cannot stand where it stands.
//!
//! `!` binds closest, then `NEAR` and `BEFORE`, then `&`, then `|`.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::tagging::lex;
use crate::tagging::lex::Fault;
use crate::tagging::lex::Kind;
use crate::tagging::lex::Piece;
use crate::tagging::lex::Sign;
use crate::tagging::pattern;
use crate::tagging::pattern::Phrase;
use crate::tagging::pattern::Slot;
use crate::tagging::words::Vocabulary;

mod outline;

pub(super) use outline::Clause;
pub(super) use outline::outline;

/// A rule as understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// These words after each other.
    Phrase(Phrase),
    /// One of them.
    Any(Vec<Expression>),
    /// All of them, anywhere in the scope.
    All(Vec<Expression>),
    /// None of it in the scope.
    Not(Box<Expression>),
    /// Both, with at most so many words between.
    Near { left: Box<Expression>, right: Box<Expression>, most: u32, ordered: bool },
}

/// Brackets and exclamation marks within each other beyond this are a mistake, or an attack.
const DEEPEST: usize = 32;

/// Ways in which one phrase may be read, with its gaps and the words that may be left out.
const MOST_VARIANTS: usize = 64;

/// Words that a gap within a phrase may be.
const WIDEST_GAP: usize = 5;

/// Longer phrases are sentences, and no two people write the same one.
const LONGEST_PHRASE: usize = 12;

/// Reads an expression for `when` or `unless`.
pub(super) fn rule(text: &str, names: &Vocabulary) -> Result<Expression, Fault> {
    let read = expression(text, names)?;
    if is_positive(&read) {
        return Ok(read);
    }
    let why = "this would match texts for what they do not say";
    Err(Fault::new(place(text), why, "name at least one word that must be there, beside `!` and `*`, in every alternative"))
}

/// Reads a named choice: words and phrases, without operators.
pub(super) fn choice(text: &str, names: &Vocabulary) -> Result<Vec<Phrase>, Fault> {
    let mut phrases = Vec::new();
    let mut open = vec![expression(text, names)?];
    while let Some(next) = open.pop() {
        match next {
            Expression::Phrase(phrase) if is_told(&phrase) => phrases.push(phrase),
            Expression::Phrase(_) => {
                return Err(Fault::new(place(text), "`*` alone is every word", "name the words that this choice stands for"));
            }
            Expression::Any(parts) => open.extend(parts.into_iter().rev()),
            _ => {
                let why = "a named choice is a list of words and phrases";
                return Err(Fault::new(place(text), why, "keep only words, phrases and / between them; operators belong in a rule"));
            }
        }
    }
    Ok(phrases)
}

/// Reads an expression that stands somewhere, as the sides of `NEAR` do.
pub(super) fn placed(text: &str, names: &Vocabulary) -> Result<Expression, Fault> {
    let read = rule(text, names)?;
    if has_place(&read) {
        return Ok(read);
    }
    Err(Fault::new(place(text), "this has no place in the sentence", "write words and phrases, with NEAR and | between, without & and !"))
}

fn has_place(expression: &Expression) -> bool {
    match expression {
        Expression::Phrase(phrase) => is_told(phrase),
        Expression::Any(parts) => parts.iter().all(has_place),
        Expression::All(_) | Expression::Not(_) => false,
        Expression::Near { .. } => true,
    }
}

/// Whether it can only match where some word stands.
fn is_positive(expression: &Expression) -> bool {
    match expression {
        Expression::Phrase(phrase) => is_told(phrase),
        Expression::Any(parts) => parts.iter().all(is_positive),
        Expression::All(parts) => parts.iter().any(is_positive) && parts.iter().all(excludes_something),
        Expression::Not(_) => false,
        Expression::Near { left, right, .. } => is_positive(left) && is_positive(right),
    }
}

/// Whether no exclusion in it excludes everything, or nothing.
fn excludes_something(expression: &Expression) -> bool {
    match expression {
        Expression::Not(inner) => is_positive(inner),
        Expression::Any(parts) | Expression::All(parts) => parts.iter().all(excludes_something),
        Expression::Phrase(_) | Expression::Near { .. } => true,
    }
}

fn is_told(phrase: &Phrase) -> bool {
    phrase.iter().any(|slot| *slot != Slot::Any)
}

fn expression(text: &str, names: &Vocabulary) -> Result<Expression, Fault> {
    let mut reader = Reader { text, names, signs: lex::signs(text)?, next: 0, depth: 0 };
    if reader.signs.is_empty() {
        return Err(Fault::new(0..text.len(), "there is nothing here", "write the words to look for: refund* NEAR/5 (never | not)"));
    }
    let read = reader.any()?;
    match reader.peek() {
        None => Ok(read),
        Some(Sign { kind: Kind::Close, span }) => {
            Err(Fault::new(span.clone(), "this closes nothing", "take it away, or open a bracket before"))
        }
        Some(Sign { span, .. }) => {
            let why = format!("nothing says how `{}` belongs to what stands before it", &text[span.clone()]);
            Err(Fault::new(span.clone(), why, "put words that follow each other in quotes, or write | or & between them"))
        }
    }
}

/// The text without the white space around it.
fn place(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

struct Reader<'a> {
    text: &'a str,
    names: &'a Vocabulary,
    signs: Vec<Sign>,
    next: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Sign> {
        self.signs.get(self.next)
    }

    fn takes(&mut self, kind: &Kind) -> bool {
        let found = self.peek().is_some_and(|sign| sign.kind == *kind);
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Expression, Fault> {
        let mut parts = vec![self.all()?];
        while self.takes(&Kind::Or) {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, Fault> {
        let mut parts = vec![self.near()?];
        while self.takes(&Kind::And) {
            parts.push(self.near()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn near(&mut self) -> Result<Expression, Fault> {
        let from = self.next;
        let mut steps = 0;
        let mut left = self.one()?;
        while let Some(&Kind::Near { most, ordered }) = self.peek().map(|sign| &sign.kind) {
            self.has_place(&left, from)?;
            steps += 1;
            if steps > DEEPEST {
                return Err(Fault::new(self.signs[self.next].span.clone(), "too many words in one chain", "split the rule in two"));
            }
            self.next += 1;
            let from = self.next;
            let right = self.one()?;
            self.has_place(&right, from)?;
            left = Expression::Near { left: Box::new(left), right: Box::new(right), most, ordered };
        }
        Ok(left)
    }

    /// What stands beside `NEAR` must stand somewhere: an exclusion does not, two words of which
    /// one is here and one is there do not either.
    fn has_place(&self, side: &Expression, from: usize) -> Result<(), Fault> {
        let span = self.signs[from].span.start..self.signs[self.next - 1].span.end;
        match side {
            Expression::All(_) | Expression::Not(_) => {
                let why = "NEAR and BEFORE measure between two places, and this has none";
                Err(Fault::new(span, why, "move & and ! out of the brackets: (a NEAR/5 b) & !c"))
            }
            Expression::Any(parts) => parts.iter().try_for_each(|part| self.has_place(part, from)),
            Expression::Phrase(phrase) if !is_told(phrase) => {
                Err(Fault::new(span, "`*` alone is every word", "name the words that must be near"))
            }
            Expression::Phrase(_) | Expression::Near { .. } => Ok(()),
        }
    }

    fn one(&mut self) -> Result<Expression, Fault> {
        let Some(sign) = self.peek().cloned() else {
            let last = self.signs[self.next - 1].span.clone();
            let why = format!("something is missing after `{}`", &self.text[last.clone()]);
            return Err(Fault::new(last, why, "write what should stand there, or take the sign away"));
        };
        self.next += 1;
        match sign.kind {
            Kind::Not => {
                self.descend(&sign.span)?;
                let inner = self.one()?;
                self.depth -= 1;
                Ok(Expression::Not(Box::new(inner)))
            }
            Kind::Open => {
                self.descend(&sign.span)?;
                let inner = self.any()?;
                self.depth -= 1;
                if !self.takes(&Kind::Close) {
                    let (span, why) = match self.peek() {
                        Some(next) => (next.span.clone(), format!("`{}` cannot stand here", &self.text[next.span.clone()])),
                        None => (sign.span, "this bracket is never closed".to_owned()),
                    };
                    return Err(Fault::new(span, why, "close the bracket, or write | or & between words"));
                }
                Ok(inner)
            }
            Kind::Item(pieces) => self.item(&pieces),
            Kind::Or | Kind::And | Kind::Near { .. } | Kind::Close => {
                let why = format!("something is missing before `{}`", &self.text[sign.span.clone()]);
                Err(Fault::new(sign.span, why, "write what should stand there, or take the sign away"))
            }
        }
    }

    fn descend(&mut self, span: &Range<usize>) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::new(span.clone(), "this is nested too deeply", "split the rule in two"));
        }
        Ok(())
    }

    fn item(&self, pieces: &[Piece]) -> Result<Expression, Fault> {
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Word(place) if &self.text[place.clone()] == "*" => parts.push(Expression::Phrase(vec![Slot::Any])),
                Piece::Word(place) => {
                    let slots = pattern::read(self.text, place.clone())?.into_iter().map(|pattern| Slot::OneOf([pattern].into()));
                    parts.push(Expression::Phrase(slots.collect()));
                }
                Piece::Phrase(place) => parts.push(self.phrase(place.clone())?),
                Piece::Name(place) => {
                    parts.extend(self.names.phrases(self.text, place.clone())?.iter().cloned().map(Expression::Phrase));
                }
            }
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    /// A phrase; several where it has words that may be left out, or gaps.
    fn phrase(&self, place: Range<usize>) -> Result<Expression, Fault> {
        let mut phrases = vec![Phrase::new()];
        for span in split(self.text, place.clone(), char::is_whitespace) {
            let word = &self.text[span.clone()];
            if let Some(most) = word.strip_prefix("..") {
                let most = gap(most, &span, &place)?;
                let gaps = |phrase: &Phrase| -> Vec<Phrase> {
                    (0..=most).map(|gap| phrase.iter().cloned().chain(std::iter::repeat_n(Slot::Any, gap)).collect()).collect()
                };
                phrases = phrases.iter().flat_map(gaps).collect();
            } else {
                let (needed, is_optional) = match word.strip_suffix('?') {
                    Some(bare) if !bare.is_empty() => (span.start..span.end - 1, true),
                    _ => (span.clone(), false),
                };
                let slots = self.slots(needed)?;
                let without = if is_optional { phrases.clone() } else { Vec::new() };
                for phrase in &mut phrases {
                    phrase.extend(slots.iter().cloned());
                }
                phrases.extend(without);
            }
            if phrases.len() > MOST_VARIANTS {
                return Err(Fault::new(place, "this phrase can be read in too many ways", "use fewer `?` and smaller gaps, or BEFORE/5"));
            }
        }
        if let Some(longest) = phrases.iter().map(Vec::len).max().filter(|longest| *longest > LONGEST_PHRASE) {
            let why = format!("a phrase of {longest} words; {LONGEST_PHRASE} are the most");
            return Err(Fault::new(place, why, "join shorter phrases with BEFORE/5"));
        }
        if phrases.iter().any(Vec::is_empty) {
            return Err(Fault::new(place, "this phrase is empty", "write the words between the quotes, or take the quotes away"));
        }
        Ok(if phrases.len() == 1 {
            Expression::Phrase(phrases.remove(0))
        } else {
            Expression::Any(phrases.into_iter().map(Expression::Phrase).collect())
        })
    }

    /// The positions of one word of a phrase, or of a choice.
    fn slots(&self, span: Range<usize>) -> Result<Phrase, Fault> {
        let word = &self.text[span.clone()];
        if word == "*" {
            return Ok(vec![Slot::Any]);
        }
        if word.contains(['/', '@']) {
            return self.position(span).map(|slot| vec![slot]);
        }
        Ok(pattern::read(self.text, span)?.into_iter().map(|pattern| Slot::OneOf([pattern].into())).collect())
    }

    /// A choice at one position of a phrase: `answer*/reply/@bot`.
    fn position(&self, span: Range<usize>) -> Result<Slot, Fault> {
        let mut one_of = BTreeSet::new();
        for choice in split(self.text, span.clone(), |c| c == '/') {
            let word = &self.text[choice.clone()];
            if word.starts_with('@') {
                one_of.extend(self.names.patterns(self.text, choice.start + 1..choice.end)?);
                continue;
            }
            let read = pattern::read(self.text, choice.clone())?;
            if read.len() > 1 {
                let why = format!("`{word}` is several words, and each choice within a phrase is one");
                return Err(Fault::new(choice, why, "write two phrases: \"a b\"/\"a c d\""));
            }
            one_of.extend(read);
        }
        if one_of.is_empty() {
            return Err(Fault::new(span, "`/` stands without a word", "write a word on both sides of it: \"no answer/reply\""));
        }
        Ok(Slot::OneOf(one_of))
    }
}

/// The most words that `..3` may stand for; it stands between words.
fn gap(most: &str, span: &Range<usize>, phrase: &Range<usize>) -> Result<usize, Fault> {
    let Some(most) = most.parse().ok().filter(|most| (1..=WIDEST_GAP).contains(most)) else {
        let why = format!("`..` says up to how many words may stand here, from 1 to {WIDEST_GAP}");
        return Err(Fault::new(span.clone(), why, "write \"took ..3 days\", or A BEFORE/8 B for more"));
    };
    if span.start == phrase.start || span.end == phrase.end {
        return Err(Fault::new(span.clone(), "a gap stands between words", "take it away, or write the word beyond it"));
    }
    Ok(most)
}

/// The non-empty parts of a span.
fn split(text: &str, span: Range<usize>, at: impl Fn(char) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let mut from = span.start;
    std::iter::from_fn(move || {
        let start = from + text[from..span.end].find(|c| !at(c))?;
        let end = text[start..span.end].find(at).map_or(span.end, |length| start + length);
        from = end;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = [("bot", "bot*/robot*"), ("reply", "answer/\"get back\"")];
        let words: Vec<_> = words.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        Vocabulary::read(&words, None).0
    }

    fn read(text: &str) -> Expression {
        rule(text, &vocabulary()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
    }

    #[test]
    fn not_binds_closest_then_near_then_and_then_or() {
        assert_eq!(read("a | b & c NEAR/2 d & !e"), read("a | (b & (c NEAR/2 d) & (!e))"));
        assert_eq!(read("a OR b AND NOT c"), read("a | b & !c"));
        assert_eq!(read("a NEAR/1 b BEFORE/2 c"), read("(a NEAR/1 b) BEFORE/2 c"));
    }

    #[test]
    fn words_are_folded_as_texts_are() {
        assert_eq!(read("DON'T/Ödeme*"), read("dont/odeme*"));
        assert_eq!(read("e-mail*"), read("\"e mail*\""));
        assert_eq!(read("@bot"), read("bot*/robot*"));
        assert_eq!(read("\"the @bot\""), read("\"the bot*/robot*\""));
        assert_eq!(read("refunding~en"), read("refunded~en"));
    }

    #[test]
    fn each_mistake_is_told_with_its_place_its_reason_and_its_cure() {
        for (text, at, why) in [
            ("", "", "there is nothing here"),
            ("on hold", "hold", "nothing says how `hold` belongs to what stands before it"),
            ("refund* NEAR/3", "NEAR/3", "something is missing after `NEAR/3`"),
            ("| a", "|", "something is missing before `|`"),
            ("a & (b | c", "(", "this bracket is never closed"),
            ("(a b)", "b", "`b` cannot stand here"),
            ("a) | b", ")", "this closes nothing"),
            ("a ~5 b", "~", "`~` means nothing here"),
            ("a >5 b", ">", "`>` means nothing here"),
            ("re*fund", "*", "`*` means nothing in a rule"),
            ("a, b", ",", "`,` means nothing in a rule"),
            ("a | €", "€", "there is no letter or digit in `€`"),
            ("refund~", "refund~", "the stem does not say of which language"),
            ("refund~xx", "refund~xx", "no stems are known for `xx`"),
            ("refund*~en", "refund*~en", "`~` takes one whole word before it"),
            ("  !a ", "!a", "this would match texts for what they do not say"),
            ("a | !b", "a | !b", "this would match texts for what they do not say"),
            ("a & !(b & !c) | *", "a & !(b & !c) | *", "this would match texts for what they do not say"),
            ("a NEAR/2 (b & c)", "(b & c)", "NEAR and BEFORE measure between two places, and this has none"),
            ("!a NEAR/2 b", "!a", "NEAR and BEFORE measure between two places, and this has none"),
            ("a NEAR/2 *", "*", "`*` alone is every word"),
            ("@bod", "bod", "there is no choice named `bod`"),
            ("\"no @reply\"", "reply", "@reply holds phrases, and within a phrase each position is one word"),
            ("\"an e-mail/letter\"", "e-mail", "`e-mail` is several words, and each choice within a phrase is one"),
            ("a | \"\"", "", "this phrase is empty"),
            ("\"no /\"", "/", "`/` stands without a word"),
        ] {
            let fault = rule(text, &vocabulary()).expect_err(text);
            assert_eq!((&text[fault.span.clone()], fault.why.as_str()), (at, why), "{text}");
            assert!(!fault.cure.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_slip_in_a_name_is_answered_with_the_name() {
        assert_eq!(rule("@bod", &vocabulary()).unwrap_err().cure, "did you mean @bot?");
    }

    #[test]
    fn depth_has_an_end() {
        for text in ["(".repeat(100_000), "!".repeat(100_000) + "a", "a".to_owned() + &" NEAR/1 a".repeat(100_000)] {
            rule(&text, &vocabulary()).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_place_within_it(
            text in r#"([a-c]|\PC|[ "/@*~!&|()ıé]|NEAR/2|BEFORE|near/3|@bot|~en|“){0,24}"#,
        ) {
            if let Err(fault) = rule(&text, &vocabulary()) {
                prop_assert!(text.get(fault.span.clone()).is_some(), "{:?}", fault);
                prop_assert!(!fault.why.is_empty() && !fault.cure.is_empty());
            }
        }
    }
}
