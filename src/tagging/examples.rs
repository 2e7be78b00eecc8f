//! The examples that themes bring along, held against the rules.

use crate::domain::theme::Scope;
use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::tagging::Answer;
use crate::tagging::Message;
use crate::tagging::Rules;
use crate::tagging::trial::trial;

/// An example that its theme or rule does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleFailure {
    /// Number of the theme.
    pub theme: usize,
    /// Number of the rule within the theme; `None` for an example of the theme as a whole.
    pub rule: Option<usize>,
    /// Number of the example among those that should match, or among those that should not.
    pub number: usize,
    /// The example.
    pub text: String,
    /// Whether it should have matched.
    pub should_match: bool,
    /// What matched of this theme, a tag for each rule; empty when nothing did.
    pub matched: Vec<Tag>,
    /// Where it should have matched: the rule, or of the theme's rules the one that comes nearest,
    pub nearest: Option<usize>,
    /// and what became of each of its parts.
    pub parts: Vec<Answer>,
}

/// The examples that fail. `themes` are those that `rules` were compiled from. What a rule asks of
/// the source and the rating is taken as given, and so is its language.
#[must_use]
pub fn failed_examples(rules: &Rules, themes: &[ThemeText]) -> Vec<ExampleFailure> {
    let mut failures = Vec::new();
    for (theme, text) in themes.iter().enumerate() {
        let kinds = [(true, &text.matches), (false, &text.matches_not)];
        failures.extend(kinds.iter().flat_map(|(should, texts)| failed(rules, themes, (theme, None), *should, texts)));
        for (at, rule) in text.rules.iter().enumerate() {
            let kinds = [(true, &rule.matches), (false, &rule.matches_not)];
            failures.extend(kinds.iter().flat_map(|(should, texts)| failed(rules, themes, (theme, Some(at)), *should, texts)));
        }
    }
    failures
}

fn failed(
    rules: &Rules,
    themes: &[ThemeText],
    (theme, rule): (usize, Option<usize>),
    should_match: bool,
    texts: &[String],
) -> Vec<ExampleFailure> {
    let written = rule.map(|rule| &themes[theme].rules[rule]);
    let mut failures = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut message = Message::from(text.as_str());
        message.lang = written.and_then(|rule| rule.lang.first()).map(String::as_str);
        if written.is_some_and(|rule| rule.scope == Scope::Title) {
            (message.title, message.text) = (text, "");
        }
        let found = rules.every_match(&message);
        let of_theme = || found.iter().filter(|(of, ..)| *of == theme);
        let does_match = of_theme().any(|(_, of, _)| rule.is_none_or(|rule| rule == *of));
        if does_match != should_match {
            let tried = should_match.then(|| nearest(&themes[theme], rule, &message)).flatten();
            let (nearest, parts) = tried.map_or((None, Vec::new()), |(nearest, parts)| (Some(nearest), parts));
            let matched = of_theme().map(|(.., tag)| tag.clone()).collect();
            failures.push(ExampleFailure { theme, rule, number, text: text.clone(), should_match, matched, nearest, parts });
        }
    }
    failures
}

/// Rules of a theme that are tried for one example.
const MOST_TRIED: usize = 50;

/// The rule that comes nearest to a match, of one or of all, with its parts.
fn nearest(theme: &ThemeText, rule: Option<usize>, message: &Message<'_>) -> Option<(usize, Vec<Answer>)> {
    let rules = theme.rules.iter().enumerate().filter(|(number, _)| rule.is_none_or(|rule| rule == *number));
    let tried = rules.take(MOST_TRIED).map(|(number, rule)| (number, trial(theme, rule, message)));
    let wrong = |parts: &[Answer]| parts.iter().filter(|part| !part.is_right).count();
    // Of two that lack as much, the one of which more is there.
    tried.filter(|(_, parts)| !parts.is_empty()).min_by_key(|(_, parts)| (wrong(parts), std::cmp::Reverse(parts.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::theme::RuleText;
    use crate::tagging;

    #[test]
    fn a_rules_example_is_held_against_that_rule_alone() {
        let rule = |when: &str, matches: &str, matches_not: &str| RuleText {
            when: when.into(),
            matches: vec![matches.into()],
            matches_not: vec![matches_not.into()],
            ..RuleText::default()
        };
        let themes = [ThemeText {
            name: "bills".into(),
            rules: vec![rule("invoice*", "two invoices", "no bill"), rule("bill", "an invoice", "a bill came")],
            matches: vec!["the bill".into(), "nothing of it".into()],
            matches_not: vec!["an invoice".into()],
            ..ThemeText::default()
        }];
        let rules = tagging::compile(&themes).unwrap();
        let failures = failed_examples(&rules, &themes);
        let told: Vec<_> =
            failures.iter().map(|failure| (failure.rule, failure.text.as_str(), failure.should_match, failure.matched.len())).collect();
        assert_eq!(
            told,
            [
                (None, "nothing of it", true, 0),
                (None, "an invoice", false, 1),
                (Some(1), "an invoice", true, 1),
                (Some(1), "a bill came", false, 1),
            ]
        );
        assert_eq!(failures[1].matched[0].spans.first(), Some(&(3..10)));
    }
}
