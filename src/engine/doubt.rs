//! Which messages the rules are unsure about: the ones from which a label teaches most.

use crate::domain::theme::RuleText;
use crate::domain::theme::ThemeText;
use crate::tagging;
use crate::tagging::Message;
use crate::tagging::RuleError;
use crate::tagging::Rules;
use crate::tagging::Scratch;

/// A rating up to this part of the best one is a bad one: two of five stars.
const BAD: f64 = 0.4;

/// Why a message is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A rule would have given a theme, but for its `unless`.
    HeldBack,
    /// A theme hangs on a single rule.
    OneRule,
    /// A bad rating, and no theme.
    Unexplained,
}

/// The rules taken apart: each alone, with and without its `unless`.
///
/// They stand for the configured themes as if each rule were a theme of its own, so that every rule
/// that matches is told and not only the first one of a theme.
pub struct Doubts {
    apart: Rules,
    scratch: Scratch,
}

impl Doubts {
    /// Of some of the configured themes.
    ///
    /// # Errors
    ///
    /// What [`tagging::compile`] says; themes that compile together also do apart.
    pub fn of<'a>(themes: impl IntoIterator<Item = &'a ThemeText>) -> Result<Self, Vec<RuleError>> {
        let apart: Vec<ThemeText> = themes.into_iter().flat_map(take_apart).collect();
        Ok(Self { apart: tagging::compile(&apart)?, scratch: Scratch::default() })
    }

    /// Why a message is in doubt, if it is; the reason that says most. `is_tagged` says that it has any
    /// theme at all.
    pub fn about(&mut self, message: &Message<'_>, is_tagged: bool) -> Option<Doubt> {
        let found = self.apart.tag_with(&mut self.scratch, message);
        // `theme`, number of the rule, and whether its `unless` was asked.
        let mut matched: Vec<(&str, bool)> = Vec::new();
        for tag in &found {
            let mut parts = tag.theme.splitn(3, '\u{1f}');
            if let (Some(asked), Some(_), Some(theme)) = (parts.next(), parts.next(), parts.next()) {
                matched.push((theme, asked == ASKED));
            }
        }
        let rules = |theme: &str, asked: bool| matched.iter().filter(|found| **found == (theme, asked)).count();
        if matched.iter().any(|(theme, _)| rules(theme, true) == 0) {
            return Some(Doubt::HeldBack);
        }
        if matched.iter().any(|(theme, _)| rules(theme, true) == 1) {
            return Some(Doubt::OneRule);
        }
        let is_bad = message.rating.is_some_and(|rating| rating.max > 0.0 && rating.value <= BAD * rating.max);
        (is_bad && !is_tagged).then_some(Doubt::Unexplained)
    }
}

const ASKED: &str = "as it stands";
const NOT_ASKED: &str = "without unless";

/// Each rule as a theme of its own; a rule with an `unless` once more without it.
fn take_apart(theme: &ThemeText) -> Vec<ThemeText> {
    let alone = |kind: &str, number: usize, rule: &RuleText| ThemeText {
        name: format!("{kind}\u{1f}{number}\u{1f}{}", theme.name),
        rules: vec![RuleText { matches: Vec::new(), matches_not: Vec::new(), ..rule.clone() }],
        matches: Vec::new(),
        matches_not: Vec::new(),
        ..theme.clone()
    };
    let mut apart = Vec::new();
    for (number, rule) in theme.rules.iter().enumerate() {
        let is_by_words = !rule.when.is_empty() || !rule.all.is_empty() || !rule.any.is_empty();
        if !is_by_words {
            continue;
        }
        // Alone, a rule has no other themes to hang on.
        let rule = RuleText { when_themes: Vec::new(), ..rule.clone() };
        if !rule.unless.is_empty() || !rule.none.is_empty() {
            apart.push(alone(NOT_ASKED, number, &RuleText { unless: String::new(), none: Vec::new(), ..rule.clone() }));
        }
        apart.push(alone(ASKED, number, &rule));
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Rating;

    fn rule(when: &str, unless: &str) -> RuleText {
        RuleText { when: when.to_owned(), unless: unless.to_owned(), ..RuleText::default() }
    }

    fn late() -> ThemeText {
        let rules = vec![rule("late", ""), rule("late & parcel", "solved"), rule("slow", "but")];
        ThemeText { name: "late".to_owned(), rules, ..ThemeText::default() }
    }

    #[test]
    fn a_message_is_in_doubt_for_the_reason_that_says_most() {
        let stars = |value: f64| Some(Rating { value, max: 5.0 });
        let mut doubts = Doubts::of([&late()]).unwrap();
        for (text, rating, is_tagged, doubt) in [
            ("a late parcel", stars(1.0), true, None),
            ("late", stars(5.0), true, Some(Doubt::OneRule)),
            ("a late parcel, solved", None, true, Some(Doubt::OneRule)),
            ("slow, but fine", stars(1.0), false, Some(Doubt::HeldBack)),
            ("hm", stars(2.0), false, Some(Doubt::Unexplained)),
            ("hm", stars(2.5), false, None),
            ("hm", stars(1.0), true, None),
            ("hm", None, false, None),
        ] {
            assert_eq!(doubts.about(&Message { rating, ..Message::from(text) }, is_tagged), doubt, "{text} {rating:?}");
        }
        assert_eq!(doubts.about(&Message::new("Late", "hm"), true), Some(Doubt::OneRule), "the title counts");
    }

    #[test]
    fn themes_are_in_doubt_each_by_itself() {
        let rude = ThemeText { name: "rude".to_owned(), rules: vec![rule("rude", ""), rule("rude | late", "")], ..ThemeText::default() };
        let mut doubts = Doubts::of([&late(), &rude]).unwrap();
        assert_eq!(doubts.about(&"rude and late, a parcel".into(), true), None, "two rules each");
        assert_eq!(doubts.about(&"late parcel".into(), true), Some(Doubt::OneRule), "of the other theme");
    }

    #[test]
    fn the_built_in_themes_can_be_taken_apart() {
        assert!(Doubts::of(&crate::config::themes::built_in()).is_ok());
    }
}
