//! The examples that themes bring along, held against the rules.

use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::tagging::Rules;

/// An example that its theme or rule does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleFailure {
    /// Number of the theme.
    pub theme: usize,
    /// Number of the rule within the theme; `None` for an example of the theme as a whole.
    pub rule: Option<usize>,
    /// The example.
    pub text: String,
    /// Whether it should have matched.
    pub should_match: bool,
    /// What matched of this theme, a tag for each rule; empty when nothing did.
    pub matched: Vec<Tag>,
}

/// The examples that fail. `themes` are those that `rules` were compiled from.
#[must_use]
pub fn failed_examples(rules: &Rules, themes: &[ThemeText]) -> Vec<ExampleFailure> {
    let mut failures = Vec::new();
    for (number, theme) in themes.iter().enumerate() {
        let mut check = |rule: Option<usize>, texts: &[String], should_match: bool| {
            for text in texts {
                let of_theme = || rules.every_match(text).into_iter().filter(|(of, ..)| *of == number);
                let does_match = of_theme().any(|(_, of, _)| rule.is_none_or(|rule| rule == of));
                if does_match != should_match {
                    let matched = of_theme().map(|(.., tag)| tag).collect();
                    failures.push(ExampleFailure { theme: number, rule, text: text.clone(), should_match, matched });
                }
            }
        };
        check(None, &theme.matches, true);
        check(None, &theme.matches_not, false);
        for (at, rule) in theme.rules.iter().enumerate() {
            check(Some(at), &rule.matches, true);
            check(Some(at), &rule.matches_not, false);
        }
    }
    failures
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
