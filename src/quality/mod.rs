//! How good the tags are, by what people said of them.
//!
//! Pure. *Precision* is the share of a theme's tags that are right, *recall* the share of the messages
//! that are about it which have the tag. Not every label may enter every figure, or the way in which the
//! messages were chosen would be measured with the rules:
//!
//! | drawn | precision | recall, clean messages | rules that are wrong |
//! | --- | --- | --- | --- |
//! | at random | yes | yes | yes |
//! | at random among messages with a theme | of that theme | no: those it missed are not among them | yes |
//! | because the rules were unsure | no: there they are wrong more often | no | yes |
//! | from a file that does not say | yes | no | yes |

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::domain::review::Among;
use crate::domain::review::Drawn;

pub mod wilson;

/// Fewer than this say too little for a figure.
pub const TOO_FEW: u64 = 10;
/// Examples of a rule's wrong tags.
const EXAMPLES: usize = 2;

/// A message with what a person said of it and what is held against that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labelled {
    /// Its number.
    pub item: i64,
    /// The themes that were asked about, and whether they are true of it.
    pub truth: BTreeMap<String, bool>,
    /// The themes that it was given, each with its rule.
    pub tags: BTreeMap<String, String>,
    /// How it came before each person who reviewed it.
    pub draws: Vec<(Drawn, Among)>,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that count.
    pub hits: u64,
    /// All that were looked at.
    pub of: u64,
}

/// How good one theme is.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeQuality {
    /// Name of the theme.
    pub theme: String,
    /// Right tags among tags.
    pub precision: Share,
    /// Tagged messages among those that are about it.
    pub recall: Share,
    /// Messages that are about it, however they were drawn.
    pub positives: u64,
    /// Messages that somebody said something about the theme of, however they were drawn.
    pub labels: u64,
    /// Rules that gave wrong tags, the one with most of them first.
    pub faults: Vec<Fault>,
}

/// A rule that gave wrong tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub rule: String,
    /// Wrong tags among those of it that were looked at.
    pub wrong: Share,
    /// Numbers of messages that have one.
    pub examples: Vec<i64>,
}

/// What all labels come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    /// The themes, in the order in which they were asked for.
    pub themes: Vec<ThemeQuality>,
    /// Messages with any tag among those, drawn at random, that are about no theme.
    pub clean: Share,
}

impl Share {
    /// The share itself; `None` where nothing was counted.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Where the true share lies, 95 times in 100.
    #[must_use]
    pub fn interval(self) -> RangeInclusive<f64> {
        wilson::interval(self.hits, self.of)
    }

    /// Whether there is too little to say anything.
    #[must_use]
    pub fn is_too_small(self) -> bool {
        self.of < TOO_FEW
    }

    fn count(&mut self, is_hit: bool) {
        self.of += 1;
        self.hits += u64::from(is_hit);
    }
}

impl ThemeQuality {
    /// The harmonic mean of precision and recall; `None` where one of them is not known.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let (precision, recall) = (self.precision.value()?, self.recall.value()?);
        let both = precision + recall;
        Some(if both > 0.0 { 2.0 * precision * recall / both } else { 0.0 })
    }
}

/// Holds tags against labels, theme by theme.
#[must_use]
pub fn measure(messages: &[Labelled], themes: &[&str]) -> Quality {
    let mut clean = Share::default();
    for message in messages.iter().filter(|message| message.is_by_chance() && !message.truth.is_empty()) {
        if !message.truth.values().any(|is_true| *is_true) {
            clean.count(message.tags.keys().any(|theme| message.truth.contains_key(theme)));
        }
    }
    Quality { themes: themes.iter().map(|theme| of_theme(messages, theme)).collect(), clean }
}

impl Labelled {
    /// It may stand for all messages, tagged or not.
    #[must_use]
    pub fn is_by_chance(&self) -> bool {
        self.draws.iter().any(|(drawn, among)| *drawn == Drawn::Random && !matches!(among, Among::Theme(_)))
    }

    /// It may stand for the messages that have the theme.
    fn stands_for_tagged(&self, theme: &str) -> bool {
        self.draws.iter().any(|(drawn, among)| match (drawn, among) {
            (Drawn::Random, Among::Theme(of)) => of == theme,
            (Drawn::Random | Drawn::Import, _) => true,
            (Drawn::Unsure, _) => false,
        })
    }
}

fn of_theme(messages: &[Labelled], theme: &str) -> ThemeQuality {
    let mut quality = ThemeQuality {
        theme: theme.to_owned(),
        precision: Share::default(),
        recall: Share::default(),
        positives: 0,
        labels: 0,
        faults: Vec::new(),
    };
    let mut rules: BTreeMap<&str, (Share, BTreeSet<i64>)> = BTreeMap::new();
    for message in messages {
        let Some(&is_true) = message.truth.get(theme) else { continue };
        let rule = message.tags.get(theme);
        quality.labels += 1;
        quality.positives += u64::from(is_true);
        if rule.is_some() && message.stands_for_tagged(theme) {
            quality.precision.count(is_true);
        }
        if is_true && message.is_by_chance() {
            quality.recall.count(rule.is_some());
        }
        if let Some(rule) = rule {
            let (wrong, examples) = rules.entry(rule).or_default();
            wrong.count(!is_true);
            examples.extend((!is_true).then_some(message.item));
        }
    }
    let faulty = rules.into_iter().filter(|(_, (wrong, _))| wrong.hits > 0);
    let fault = |(rule, (wrong, examples)): (&str, (Share, BTreeSet<i64>))| Fault {
        rule: rule.to_owned(),
        wrong,
        // The newest messages are the ones that people remember.
        examples: examples.into_iter().rev().take(EXAMPLES).collect(),
    };
    quality.faults = faulty.map(fault).collect();
    // Of two with as many wrong tags, the one with fewer right ones does less good.
    quality.faults.sort_by_key(|fault| (std::cmp::Reverse(fault.wrong.hits), fault.wrong.of));
    quality
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn message(item: i64, is_late: bool, rule: Option<&str>, drawn: Drawn, among: Among) -> Labelled {
        Labelled {
            item,
            truth: BTreeMap::from([("late".to_owned(), is_late)]),
            tags: rule.map(|rule| ("late".to_owned(), rule.to_owned())).into_iter().collect(),
            draws: vec![(drawn, among)],
        }
    }

    fn share(hits: u64, of: u64) -> Share {
        Share { hits, of }
    }

    #[test]
    fn what_was_chosen_for_a_reason_enters_only_the_figures_it_can_say_something_of() {
        use Among::All;
        use Among::Sources;
        use Among::Theme;
        let theme = |name: &str| Theme(name.to_owned());
        for (name, drawn, among, precision, recall, clean) in [
            ("by chance", Drawn::Random, All, share(1, 2), share(1, 2), share(1, 2)),
            ("by chance from one source", Drawn::Random, Sources, share(1, 2), share(1, 2), share(1, 2)),
            ("among those that have the theme", Drawn::Random, theme("late"), share(1, 2), share(0, 0), share(0, 0)),
            ("among those that have another", Drawn::Random, theme("rude"), share(0, 0), share(0, 0), share(0, 0)),
            ("unsure ones", Drawn::Unsure, All, share(0, 0), share(0, 0), share(0, 0)),
            ("nobody knows how", Drawn::Import, All, share(1, 2), share(0, 0), share(0, 0)),
        ] {
            let messages: Vec<Labelled> = [(true, Some("r")), (false, Some("r")), (true, None), (false, None)]
                .into_iter()
                .map(|(is_late, rule)| message(1, is_late, rule, drawn, among.clone()))
                .collect();
            let found = measure(&messages, &["late"]);
            let late = &found.themes[0];
            assert_eq!((late.precision, late.recall, found.clean), (precision, recall, clean), "{name}");
            assert_eq!((late.positives, late.labels, late.faults[0].wrong), (2, 4, share(1, 2)), "{name}");
        }
    }

    #[test]
    fn the_rule_with_most_wrong_tags_comes_first_with_its_newest_examples() {
        let tagged = |item, is_late, rule| message(item, is_late, Some(rule), Drawn::Unsure, Among::All);
        let messages = [
            tagged(1, false, "canned answers"),
            tagged(2, false, "canned answers"),
            tagged(3, false, "canned answers"),
            tagged(4, true, "canned answers"),
            tagged(5, false, "slow"),
            tagged(6, true, "good"),
        ];
        let faults = &measure(&messages, &["late"]).themes[0].faults;
        assert_eq!(faults.iter().map(|fault| fault.rule.as_str()).collect::<Vec<_>>(), ["canned answers", "slow"]);
        assert_eq!((faults[0].wrong, faults[0].examples.as_slice()), (share(3, 4), &[3, 2][..]));
    }

    #[test]
    fn a_theme_that_nobody_was_asked_about_has_no_figures() {
        let found = measure(&[message(1, true, Some("r"), Drawn::Random, Among::All)], &["rude"]);
        assert_eq!((found.themes[0].labels, found.themes[0].f1(), found.themes[0].precision.value()), (0, None, None));
    }

    #[test]
    fn one_draw_by_chance_is_enough() {
        let mut message = message(1, true, None, Drawn::Unsure, Among::All);
        assert!(!message.is_by_chance());
        message.draws.push((Drawn::Random, Among::Sources));
        assert_eq!(measure(&[message], &["late"]).themes[0].recall, share(0, 1));
    }

    #[test]
    fn f1_lies_between_the_two() {
        let of = |precision, recall| {
            let messages: Vec<Labelled> = Vec::new();
            ThemeQuality { precision, recall, ..measure(&messages, &["late"]).themes.remove(0) }.f1()
        };
        assert_eq!(of(share(1, 2), share(1, 2)), Some(0.5));
        assert_eq!(of(share(0, 2), share(0, 2)), Some(0.0));
        assert_eq!(of(share(1, 2), share(0, 0)), None);
        assert!(share(9, 9).is_too_small() && !share(0, 10).is_too_small());
    }

    proptest! {
        #[test]
        fn every_label_is_counted_at_most_once_in_each_figure(labels in vec((any::<bool>(), any::<bool>(), 0..3_usize), 0..60)) {
            let draws = [Drawn::Random, Drawn::Unsure, Drawn::Import];
            let messages: Vec<Labelled> = labels
                .iter()
                .zip(1..)
                .map(|((is_late, tagged, drawn), item)| message(item, *is_late, tagged.then_some("r"), draws[*drawn], Among::All))
                .collect();
            let found = measure(&messages, &["late"]);
            let late = &found.themes[0];
            let count = |wanted: &dyn Fn(bool, bool, usize) -> bool| {
                labels.iter().filter(|(is_late, tagged, drawn)| wanted(*is_late, *tagged, *drawn)).count() as u64
            };
            prop_assert_eq!(late.labels, labels.len() as u64);
            prop_assert_eq!(late.precision, share(count(&|l, t, d| l && t && d != 1), count(&|_, t, d| t && d != 1)));
            prop_assert_eq!(late.recall, share(count(&|l, t, d| l && t && d == 0), count(&|l, _, d| l && d == 0)));
            prop_assert_eq!(found.clean, share(count(&|l, t, d| !l && t && d == 0), count(&|l, _, d| !l && d == 0)));
            let wrong: u64 = late.faults.iter().map(|fault| fault.wrong.hits).sum();
            prop_assert_eq!(wrong, count(&|l, t, _| !l && t));
        }
    }
}
