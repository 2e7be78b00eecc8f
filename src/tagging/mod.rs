//! Which complaint themes a text has, and which words say so.
//!
//! Pure. `compile` turns themes as written into [`Rules`]; [`Rules::tag`] is then one call a
//! message. [`failed_examples`] holds
//! the themes' own examples against them.
//!
//! The language of rules is written down, with examples that the tests try, in
//! `config/themes/README.md`.
//!
//! # How it stays quick
//!
//! Every position of every rule is a numbered *choice* of words. A text is cut into words once, each
//! word gives the choices that it satisfies, of all rules together (`lexicon`, remembered from text to
//! text), and a rule is looked at only where the rarest choice that it cannot do without has occurred
//! (`plan`, `asking`). Which language a text is in is found out only once a rule of one language has matched.
//!
//! # Where what is
//!
//! `lex`, `parse`, `pattern` and `words` read a rule; `plan` and `compile` make it quick to ask;
//! `read`, `rules` and `search` ask; `hush` leaves out clauses that say that all is well; `slips` knows
//! what a mistyped word was meant to be; `examples` and `trial` tell writers of rules what happened.

use std::ops::Range;

use crate::domain::item::Rating;
use crate::domain::theme::ThemeText;
use crate::tagging::compile::Compiler;

mod asking;
mod common;
mod compile;
mod examples;
mod glance;
mod hush;
pub mod languages;
mod lex;
mod lexicon;
pub mod model;
mod parse;
mod pattern;
mod plan;
mod read;
mod rules;
mod search;
mod slips;
mod trial;
mod words;

pub use crate::tagging::examples::ExampleFailure;
pub use crate::tagging::examples::failed_examples;
pub use crate::tagging::read::Read;
pub use crate::tagging::rules::Rules;
pub use crate::tagging::rules::Scratch;
pub use crate::tagging::trial::Answer;

/// Compiles themes.
///
/// # Errors
///
/// Every mistake of every text, one for each text at most.
pub fn compile(themes: &[ThemeText]) -> Result<Rules, Vec<RuleError>> {
    let mut compiler = Compiler::new(themes);
    for theme in 0..themes.len() {
        compiler.theme(theme);
    }
    compiler.finish()
}

/// The mistakes of some of the themes, which may name any of them; quicker than compiling.
#[must_use]
pub fn mistakes(themes: &[ThemeText], of: impl Fn(usize) -> bool) -> Vec<RuleError> {
    let own = || (0..themes.len()).filter(|theme| of(*theme));
    if own().next().is_none() {
        return Vec::new();
    }
    let mut compiler = Compiler::new(themes);
    own().for_each(|theme| compiler.theme(theme));
    compiler.mistakes()
}

/// A message as rules see it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Message<'a> {
    /// Its title, where the source gives one.
    pub title: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Its language, where the source says it: `de`, `pt-BR`.
    pub lang: Option<&'a str>,
    /// Its rating, where it has one.
    pub rating: Option<Rating>,
    /// The name of its source.
    pub source: &'a str,
}

impl<'a> Message<'a> {
    /// A message of which no more is known than what it says.
    #[must_use]
    pub fn new(title: &'a str, text: &'a str) -> Self {
        Self { title, text, ..Self::default() }
    }

    /// Title and text together: spans of tags are bytes of it.
    #[must_use]
    pub fn whole(&self) -> String {
        message(self.title, self.text)
    }
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(text: &'a str) -> Self {
        Self::new("", text)
    }
}

/// Identifies the rules of one theme: another one once they are others.
#[must_use]
pub fn fingerprint_of(theme: &ThemeText) -> String {
    compile::fingerprint(std::slice::from_ref(theme))
}

/// The text of a message for tagging: its title, where it has one, is the first line. Spans of
/// tags are bytes of this text.
#[must_use]
pub fn message(title: &str, text: &str) -> String {
    if title.is_empty() { text.to_owned() } else { format!("{title}\n{text}") }
}

/// A mistake in a theme, with its place in the text that has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}; {cure}")]
pub struct RuleError {
    /// Number of the theme among those compiled.
    pub theme: usize,
    /// Number of the rule in the theme; `None` for a named choice.
    pub rule: Option<usize>,
    /// The text at fault.
    pub part: Part,
    /// Bytes of that text.
    pub span: Range<usize>,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub cure: String,
}

/// The texts that a theme is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A rule's `when`.
    When,
    /// A rule's `unless`.
    Unless,
    /// One of a rule's `all`, by number.
    All(usize),
    /// One of a rule's `any`, by number.
    Any(usize),
    /// One of a rule's `none`, by number.
    None(usize),
    /// One of the themes that a rule hangs on, by number.
    WhenThemes(usize),
    /// The choice of this name.
    Words(String),
    /// The choice of a language by its name.
    SharedWords(String, String),
    /// One of a language's ways to say that all is well, by number.
    Calm(String, usize),
    /// The words with which sentences of a language turn.
    Turn(String),
}

impl RuleError {
    /// The text at fault, of which `span` is a part; empty when these are not the themes compiled.
    #[must_use]
    pub fn text<'t>(&self, themes: &'t [ThemeText]) -> &'t str {
        let theme = themes.get(self.theme);
        let rule = theme.zip(self.rule).and_then(|(theme, rule)| theme.rules.get(rule));
        let shared = |code: &str| themes.iter().flat_map(|theme| theme.shared.iter()).find(|language| language.code == code);
        let named = |words: &'t [(String, String)], name: &str| words.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text);
        let text = match &self.part {
            Part::When => rule.map(|rule| &rule.when),
            Part::Unless => rule.map(|rule| &rule.unless),
            Part::All(number) => rule.and_then(|rule| rule.all.get(*number)),
            Part::Any(number) => rule.and_then(|rule| rule.any.get(*number)),
            Part::None(number) => rule.and_then(|rule| rule.none.get(*number)),
            Part::WhenThemes(number) => rule.and_then(|rule| rule.when_themes.get(*number)),
            Part::Words(name) => theme.and_then(|theme| named(&theme.words, name)),
            Part::SharedWords(code, name) => shared(code).and_then(|language| named(&language.words, name)),
            Part::Calm(code, number) => shared(code).and_then(|language| language.calm.get(*number)),
            Part::Turn(code) => shared(code).map(|language| &language.turn),
        };
        text.map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::theme::RuleText;
    use crate::domain::theme::Scope;

    fn theme(name: &str, rules: &[RuleText]) -> ThemeText {
        ThemeText { name: name.into(), rules: rules.to_vec(), ..ThemeText::default() }
    }

    fn when(when: &str) -> RuleText {
        RuleText { when: when.into(), ..RuleText::default() }
    }

    fn check(rule: &RuleText, text: &str, expected: bool) {
        let rules = compile(&[theme("t", std::slice::from_ref(rule))]).unwrap();
        assert_eq!(!rules.tag(&text.into()).is_empty(), expected, "{rule:?} in {text:?}");
    }

    #[test]
    fn words_phrases_stems_nearness_and_exclusions() {
        for (rule, text, expected) in [
            ("(split | part) NEAR/3 pay*", "We wanted to split the payment.", true),
            ("(split | part) NEAR/3 pay*", "Paying was easy, and only then they told us to split.", false),
            ("\"on hold\"", "ON HOLD again", true),
            ("\"on hold\"", "hold on", false),
            ("*medi", "Hâlâ gelmedi!", true),
            ("*bot*", "Two chatbots.", true),
            ("refunding~en", "They refunded nothing.", true),
            ("rückzahlung~de", "Keine Ruckzahlungen", true),
            ("dont", "I DON’T know", true),
            ("refund & !quick*", "A refund, quickly.", false),
            ("refund & !quick*", "A refund. Quickly.", true),
            ("shop", "@shop https://shop.example", false),
        ] {
            check(&when(rule), text, expected);
        }
    }

    #[test]
    fn a_scope_is_a_sentence_a_pair_or_all() {
        let rule = |scope| RuleText { scope, unless: "solved".into(), ..when("called & nothing") };
        let text = |gap: &str| format!("I called them. {gap}Nothing came of it.");
        for (scope, near, far) in [(Scope::Sentence, false, false), (Scope::Pair, true, false), (Scope::Text, true, true)] {
            check(&rule(scope), &text(""), near);
            check(&rule(scope), &text("They were polite. "), far);
            check(&rule(scope), &text("Solved. "), false);
            check(&rule(scope), "Called. Called, nothing. Solved. Ok. Called, nothing.", scope != Scope::Text);
            check(&rule(scope), "I called, nothing", true);
        }
    }

    #[test]
    fn a_tag_names_the_first_rule_and_the_words_in_the_original() {
        let rules = [when("nirgends"), RuleText { name: "money".into(), ..when("geld NEAR/3 zuruck") }, when("geld")];
        let rules = compile(&[theme("a", &[when("nichts")]), theme("b", &rules)]).unwrap();
        let text = message("Ärger", "Ich möchte mein GELD endlich zurück.");
        let tags = rules.tag(&text.as_str().into());
        assert_eq!(tags.len(), 1);
        assert_eq!((tags[0].theme.as_str(), tags[0].rule.as_str()), ("b", "money"));
        let words: Vec<&str> = tags[0].spans.iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(words, ["GELD", "zurück"]);
    }

    #[test]
    fn a_rule_without_a_name_is_called_by_its_number() {
        let rules = compile(&[theme("t", &[when("a"), when("b")])]).unwrap();
        assert_eq!(rules.tag(&"b".into())[0].rule, "2");
        assert_eq!(rules.themes().collect::<Vec<_>>(), ["t"]);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut broken = theme("t", &[when("a ("), RuleText { unless: "!x".into(), ..when("a") }]);
        broken.words = vec![("w".into(), "a/".into())];
        let themes = [theme("fine", &[when("a")]), broken];
        let errors = compile(&themes).unwrap_err();
        let told: Vec<_> = errors.iter().map(|e| (e.theme, e.rule, &e.part, &e.text(&themes)[e.span.clone()])).collect();
        assert_eq!(told, [(1, None, &Part::Words("w".into()), "/"), (1, Some(0), &Part::When, "("), (1, Some(1), &Part::Unless, "!x"),]);
    }

    #[test]
    fn a_fingerprint_changes_with_what_is_found_and_with_nothing_else() {
        let print = |themes: &[ThemeText]| compile(themes).unwrap().fingerprint();
        let base = theme("t", &[when("a")]);
        assert_eq!(print(std::slice::from_ref(&base)), print(&[ThemeText { title: "things".into(), ..base.clone() }]));
        assert_ne!(print(std::slice::from_ref(&base)), print(&[theme("t", &[when("b")])]));
        assert_ne!(print(&[base]), print(&[theme("t", &[RuleText { scope: Scope::Pair, ..when("a") }])]));
    }

    #[test]
    fn a_rule_that_hangs_on_a_theme_in_vain_does_not_keep_the_next_from_trying() {
        let hangs = |on: &str| RuleText { when_themes: vec![on.into()], ..when("again") };
        let themes = [theme("a", &[when("one")]), theme("b", &[when("two")]), theme("c", &[hangs("a"), hangs("b")])];
        let rules = compile(&themes).unwrap();
        let found = |text: &str| rules.tag(&text.into()).into_iter().map(|tag| (tag.theme, tag.rule)).collect::<Vec<_>>();
        let c = |rule: &str| ("c".to_owned(), rule.to_owned());
        assert_eq!(found("two again"), [("b".to_owned(), "1".to_owned()), c("2")]);
        assert_eq!(found("one two again").pop(), Some(c("1")));
        assert_eq!(found("again"), []);
    }

    #[test]
    fn a_title_is_looked_at_as_a_whole_whatever_was_asked_before() {
        let title = RuleText { scope: Scope::Title, ..when("delta & late") };
        let rules = compile(&[theme("near", &[when("beta & delta")]), theme("title", &[title])]).unwrap();
        let found = |title: &str, text: &str| rules.tag(&Message::new(title, text)).into_iter().map(|tag| tag.theme).collect::<Vec<_>>();
        assert_eq!(found("Hi beta delta. The delta is late", "ok"), ["near", "title"]);
        assert_eq!(found("Hi alpha. The delta is late", "ok"), ["title"]);
        assert_eq!(found("Hi", "The delta is late"), [] as [&str; 0]);
    }

    #[test]
    fn a_sentence_counts_once_among_those_that_match() {
        for scope in [Scope::Sentence, Scope::Pair] {
            let rule = RuleText { times: 2, scope, ..when("gamma") };
            check(&rule, "All fine here. The gamma came. All fine there.", false);
            check(&rule, "The gamma came. All fine here. All fine there. The gamma came.", true);
        }
    }

    #[test]
    fn what_the_writer_did_not_write_is_no_complaint() {
        let rule = when("refund");
        check(&rule, "I want my refund.", true);
        check(&rule, "Thank you!\n\nOn Mon, 4 May 2026 at 10:12, Support <help@shop.example> wrote:\n> Your refund was refused.", false);
        check(&rule, "Where is my refund?\n\n-- \nAnna", true);
        check(&rule, "All good.\n\nResponse from the owner\nThe refund was sent.", false);
    }

    #[test]
    fn rules_are_shared_by_threads() {
        let rules = compile(&[theme("t", &[when("a* & !b")])]).unwrap();
        std::thread::scope(|scope| {
            for at in 0..4 {
                let rules = &rules;
                scope.spawn(move || {
                    for turn in 0..200 {
                        assert_eq!(rules.tag(&format!("a{at} c{turn}").as_str().into()).len(), 1);
                        assert_eq!(rules.tag(&format!("a{at} b").as_str().into()).len(), 0);
                    }
                });
            }
        });
    }

    #[test]
    fn no_themes_and_no_text_give_no_tags() {
        assert_eq!(compile(&[]).unwrap().tag(&"a".into()), []);
        assert_eq!(compile(&[theme("t", &[when("a")])]).unwrap().tag(&" \n".into()), []);
        assert_eq!(message("", "x"), "x");
    }
}
