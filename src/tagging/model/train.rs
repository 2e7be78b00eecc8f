//! Trains the model of a theme, and says whether it may join the rules.
//!
//! Texts are dealt into folds. Each fold in turn is held back: its texts, and copies of them, play no
//! part in choosing words, strength, weights and threshold, and then model and rules are both held
//! against what people said of them. A model is kept only where the whole 95 % interval of the
//! difference in F1 is above zero: to the rules, and to giving the theme to every text, which has a
//! high F1 where most labelled texts have the theme. Where people also looked at texts that were drawn
//! by chance, it must not be worse on those: the others are mostly ones of which the rules are unsure.
//! What is kept is trained in the same way from all texts.
//!
//! The rules were written by people who may have read these texts, the model has not: where that is
//! so, the comparison favours the rules.

use crate::tagging::model::choose::Choice;
use crate::tagging::model::choose::Fit;
use crate::tagging::model::choose::choose;
use crate::tagging::model::choose::fold_of_each;
use crate::tagging::model::corpus::Mark;
use crate::tagging::model::corpus::Seen;
use crate::tagging::model::corpus::View;
use crate::tagging::model::file::Model;
use crate::tagging::model::file::Weights;
use crate::tagging::model::measure::Gain;
use crate::tagging::model::measure::Verdicts;
use crate::tagging::model::measure::gain;
use crate::text::hash;

/// Labelled texts with a theme that a model needs, copies counted once.
pub const LEAST_WITH: usize = 200;
/// Labelled texts without it.
pub const LEAST_WITHOUT: usize = 100;
/// Folds that are held back one by one.
pub const FOLDS: usize = 5;

/// What came of training a theme's model.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The theme.
    pub theme: String,
    /// Labelled texts with the theme, copies counted once.
    pub with: usize,
    /// Labelled texts without it.
    pub without: usize,
    /// What the comparison said; nothing where there are too few texts for one.
    pub comparison: Option<Comparison>,
    /// The model, where it beats the rules.
    pub model: Option<Model>,
}

/// Rules and model on the same texts, none of which the model had seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Verdicts of the rules.
    pub rules: Verdicts,
    /// Verdicts of the model.
    pub model: Verdicts,
    /// The same of the texts that were drawn by chance: rules and model.
    pub by_chance: [Verdicts; 2],
    /// How much better the model is than the rules.
    pub gain: Gain,
    /// How much better it is than giving the theme to every text.
    pub over_yes: Gain,
}

/// Who decides, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The model.
    Kept,
    /// The rules: so many more texts with the theme are needed.
    TooFewWith(usize),
    /// The rules: so many more texts without the theme are needed.
    TooFewWithout(usize),
    /// The rules: the model's F1 is no higher, or by so little that it may be chance.
    NotBetter,
    /// The rules: to give the theme to every text would be about as good as the model.
    LikeYes,
    /// The rules: they are better on the texts that were drawn by chance.
    WorseByChance,
}

impl Outcome {
    /// Who decides.
    #[must_use]
    pub fn decision(&self) -> Decision {
        match &self.comparison {
            Some(comparison) => comparison.decision(),
            None if self.with < LEAST_WITH => Decision::TooFewWith(LEAST_WITH - self.with),
            None => Decision::TooFewWithout(LEAST_WITHOUT.saturating_sub(self.without)),
        }
    }
}

impl Comparison {
    /// Who decides.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let [rules, model] = self.by_chance;
        if self.gain.from <= 0.0 {
            Decision::NotBetter
        } else if self.over_yes.from <= 0.0 {
            Decision::LikeYes
        } else if model.f1() < rules.f1() {
            Decision::WorseByChance
        } else {
            Decision::Kept
        }
    }
}

/// Trains the model of a theme.
#[must_use]
pub fn train(view: &View<'_>) -> Outcome {
    train_from(view, LEAST_WITH, LEAST_WITHOUT)
}

fn train_from(view: &View<'_>, least_with: usize, least_without: usize) -> Outcome {
    let [with, without] = counted(view);
    let mut outcome = Outcome { theme: view.theme.clone(), with, without, comparison: None, model: None };
    if with < least_with || without < least_without {
        return outcome;
    }
    let comparison = compare(view);
    if comparison.decision() == Decision::Kept {
        let rows: Vec<&Seen<'_>> = view.rows.iter().collect();
        let (fit, choice) = fitted(view, &rows);
        outcome.model = Some(model(view, &fit, choice, comparison, with));
    }
    outcome.comparison = Some(comparison);
    outcome
}

/// Groups with and without the theme.
fn counted(view: &View<'_>) -> [usize; 2] {
    let mut kinds = vec![[false; 2]; view.groups];
    for row in &view.rows {
        kinds[row.group][usize::from(!row.positive)] = true;
    }
    [0, 1].map(|kind| kinds.iter().filter(|kinds| kinds[kind]).count())
}

/// Verdicts on the texts of one group.
#[derive(Clone, Copy, Default)]
struct Tally {
    model: Verdicts,
    rules: Verdicts,
    /// Of whoever gives the theme to every text.
    yes: Verdicts,
    /// Rules and model on texts that were drawn by chance.
    by_chance: [Verdicts; 2],
}

impl Tally {
    fn add(&mut self, row: &Seen<'_>, said: bool) {
        let [rules, model, yes] = [row.by_rules, said, true].map(|said| Verdicts::of(said, row.positive));
        self.rules.add(rules);
        self.model.add(model);
        self.yes.add(yes);
        if row.by_chance {
            self.by_chance[0].add(rules);
            self.by_chance[1].add(model);
        }
    }
}

fn compare(view: &View<'_>) -> Comparison {
    let rows: Vec<&Seen<'_>> = view.rows.iter().collect();
    let folds = fold_of_each(&rows, view.groups, FOLDS);
    let mut by_group = vec![Tally::default(); view.groups];
    for fold in 0..FOLDS {
        let rest: Vec<&Seen<'_>> = rows.iter().zip(&folds).filter(|(_, of)| **of != fold).map(|(row, _)| *row).collect();
        let (fit, choice) = fitted(view, &rest);
        for (row, _) in rows.iter().zip(&folds).filter(|(_, of)| **of == fold) {
            by_group[row.group].add(row, fit.score(row) >= choice.threshold);
        }
    }
    let of = |which: fn(&Tally) -> Verdicts| -> Vec<Verdicts> { by_group.iter().map(which).collect() };
    let [model, rules, yes] = [of(|tally| tally.model), of(|tally| tally.rules), of(|tally| tally.yes)];
    let by_chance = [of(|tally| tally.by_chance[0]), of(|tally| tally.by_chance[1])];
    let seed = hash::of_parts([view.theme.as_str()]);
    Comparison {
        rules: rules.iter().copied().sum(),
        model: model.iter().copied().sum(),
        by_chance: by_chance.map(|verdicts| verdicts.into_iter().sum()),
        gain: gain(&model, &rules, seed),
        over_yes: gain(&model, &yes, seed),
    }
}

fn fitted(view: &View<'_>, rows: &[&Seen<'_>]) -> (Fit, Choice) {
    let choice = choose(rows, view.words.len(), view.width(), view.groups);
    (Fit::new(rows, view.words.len(), view.width(), choice.cost), choice)
}

/// The model with names in place of numbers.
fn model(view: &View<'_>, fit: &Fit, choice: Choice, comparison: Comparison, with: usize) -> Model {
    let (mut words, mut rules, mut themes) = (Weights::default(), Weights::default(), Weights::default());
    for &(feature, weight) in &fit.weights {
        if fit.is_word(feature) {
            words.insert(view.words[feature as usize].clone(), weight);
            continue;
        }
        match &view.marks[feature as usize - view.words.len()] {
            Mark::Rule(rule) => rules.insert(rule.clone(), weight),
            Mark::Theme(theme) => themes.insert(theme.clone(), weight),
        }
    }
    Model::new(&view.theme, with, choice.cost, comparison, (fit.bias, choice.threshold), [words, rules, themes])
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tagging::model::corpus::Corpus;
    use crate::tagging::model::corpus::Labelled;
    use crate::tagging::model::corpus::tests::labelled;
    use crate::tagging::model::corpus::tests::rules;
    use crate::tagging::model::random::Dice;

    const FILLERS: [&str; 24] = [
        "parcel", "monday", "shoes", "invoice", "colour", "friend", "branch", "letter", "summer", "window", "counter", "screen", "order",
        "number", "phone", "clerk", "street", "coffee", "jacket", "ticket", "garden", "price", "label", "morning",
    ];

    /// Texts of which a third has a theme. The rule knows one way to say so and is fooled now and
    /// then; the other ways are words that no rule has.
    pub fn told_by_words(count: usize) -> Vec<Labelled> {
        let mut dice = Dice::of(5);
        (0..count)
            .map(|_| {
                let is = dice.below(3) == 0;
                let mut words: Vec<&str> = (0..12).map(|_| FILLERS[dice.below(FILLERS.len())]).collect();
                let telling: &[&str] = match (is, dice.below(10)) {
                    (true, 0..4) => &["circles"],
                    (true, 4..7) => &["treadmill"],
                    (true, _) => &["same", "sentence"],
                    (false, 0) => &["circles", "curtain"],
                    (false, 1..3) => &["same"],
                    (false, _) => &[],
                };
                let at = dice.below(words.len());
                words.splice(at..at, telling.iter().copied());
                labelled(&words.join(" "), if is { &["loop"] } else { &[] })
            })
            .collect()
    }

    fn outcome(labelled: Vec<Labelled>, least: usize) -> Outcome {
        let rules = rules(&[("loop", &["circles"]), ("late", &["late"])]);
        let corpus = Corpus::new(&rules, labelled);
        train_from(&corpus.view("loop"), least, least)
    }

    #[test]
    fn words_that_no_rule_has_are_learnt_and_the_rule_joins_in() {
        let outcome = outcome(told_by_words(700), 200);
        let comparison = outcome.comparison.unwrap();
        assert!(comparison.rules.f1() < 0.6 && comparison.model.f1() > 0.85, "{comparison:?}");
        assert!(outcome.decision() == Decision::Kept && comparison.gain.from > 0.2);
        let model = outcome.model.unwrap();
        let of = |word: &str| model.words.of(word).unwrap();
        assert!(of("treadmill") > 1.0 && of("same sentence") > 1.0 && of("curtain") < -0.5, "{model:?}");
        assert!(model.rules.of("says circles").unwrap() > 0.2);
        assert!((model.model_held_out.f1 - comparison.model.f1()).abs() < 1e-4);
    }

    #[test]
    fn labels_at_random_are_not_learnt() {
        for seed in 0..2 {
            let mut dice = Dice::of(seed);
            let mut texts = told_by_words(600);
            for text in &mut texts {
                text.themes = if dice.below(2) == 0 { BTreeSet::from(["loop".to_owned()]) } else { BTreeSet::new() };
                // The rule is as good as a coin, and says yes as often: what a model has to beat.
                text.text.push_str(if dice.below(2) == 0 { " circles" } else { "" });
            }
            let outcome = outcome(texts, 200);
            let comparison = outcome.comparison.unwrap();
            assert!((comparison.model.precision() - 0.5).abs() < 0.1, "{comparison:?}");
            // Whoever gives the theme to all has two thirds, which is more than a coin has.
            assert!(outcome.decision() == Decision::LikeYes && outcome.model.is_none(), "{comparison:?}");
        }
    }

    #[test]
    fn rules_that_are_right_stay() {
        let texts: Vec<Labelled> = told_by_words(700)
            .into_iter()
            .map(|mut text| {
                let is = text.text.contains("circles");
                text.themes = if is { BTreeSet::from(["loop".to_owned()]) } else { BTreeSet::new() };
                text
            })
            .collect();
        let outcome = outcome(texts, 100);
        let comparison = outcome.comparison.unwrap();
        assert_eq!((comparison.rules.f1(), outcome.model), (1.0, None));
        assert_eq!(comparison.decision(), Decision::NotBetter);
    }

    #[test]
    fn a_model_joins_only_where_nothing_speaks_against_it() {
        let decision = |gain: f64, over_yes: f64, by_chance: [u32; 2]| {
            let of = |from: f64| Gain { f1: from + 0.01, from, to: from + 0.02 };
            let by_chance = by_chance.map(|right| Verdicts { right, wrong: 10, missed: 10 });
            let (rules, model) = (Verdicts::default(), Verdicts::default());
            Comparison { rules, model, by_chance, gain: of(gain), over_yes: of(over_yes) }.decision()
        };
        assert_eq!(decision(0.01, 0.01, [40, 50]), Decision::Kept);
        assert_eq!(decision(0.01, 0.01, [0, 0]), Decision::Kept, "nothing was drawn by chance");
        assert_eq!(decision(0.0, 0.01, [40, 50]), Decision::NotBetter);
        assert_eq!(decision(0.01, -0.01, [40, 50]), Decision::LikeYes);
        assert_eq!(decision(0.01, 0.01, [50, 40]), Decision::WorseByChance);
    }

    #[test]
    fn texts_that_were_drawn_by_chance_are_counted_apart() {
        let mut texts = told_by_words(400);
        let by_chance = texts.len() / 4;
        texts[..by_chance].iter_mut().for_each(|text| text.by_chance = true);
        let [rules, model] = outcome(texts.clone(), 50).comparison.unwrap().by_chance;
        let with = texts[..by_chance].iter().filter(|text| !text.themes.is_empty()).count() as u32;
        assert_eq!((rules.right + rules.missed, model.right + model.missed), (with, with));
    }

    #[test]
    fn too_few_texts_are_not_compared_and_copies_do_not_make_them_more() {
        let texts = told_by_words(300);
        let few = outcome(texts.clone(), 200);
        assert!(few.comparison.is_none() && few.model.is_none() && few.with < 200 && few.with > 60);
        assert_eq!(few.decision(), Decision::TooFewWith(200 - few.with));
        let copied = outcome(texts.iter().cycle().take(1200).cloned().collect(), 200);
        assert_eq!((copied.with, copied.without), (few.with, few.without));
    }

    #[test]
    fn the_order_of_lines_does_not_matter_and_a_second_run_gives_the_same() {
        let texts = told_by_words(400);
        let first = outcome(texts.clone(), 50);
        let mut shuffled = texts;
        Dice::of(9).shuffle(&mut shuffled);
        assert_eq!(outcome(shuffled, 50), first);
        assert!(first.model.is_some());
    }
}
