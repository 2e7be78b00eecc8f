//! Trains the model of a theme, and says whether it may join the rules.
//!
//! Texts are dealt into folds. Each fold in turn is held back: its texts, and copies of them, play no
//! part in choosing words, strength, weights and threshold, and then model and rules are both held
//! against what people said of them. A model is kept only where the whole 95 % interval of the
//! difference in F1 is above zero: to the rules, and to giving the theme to every text, which has a
//! high F1 where most labelled texts have the theme. What is kept is trained in the same way from all
//! texts.
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
    /// How much better the model is than the rules.
    pub gain: Gain,
    /// How much better it is than giving the theme to every text.
    pub over_yes: Gain,
}

impl Comparison {
    /// Whether the model is better than both by more than chance.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.gain.from > 0.0 && self.over_yes.from > 0.0
    }
}

/// Trains the model of a theme. `tick` hears of each of the [`FOLDS`]` + 1` steps.
#[must_use]
pub fn train(view: &View<'_>, tick: &mut dyn FnMut()) -> Outcome {
    train_from(view, LEAST_WITH, LEAST_WITHOUT, tick)
}

fn train_from(view: &View<'_>, least_with: usize, least_without: usize, tick: &mut dyn FnMut()) -> Outcome {
    let [with, without] = counted(view);
    let mut outcome = Outcome { theme: view.theme.clone(), with, without, comparison: None, model: None };
    if with < least_with || without < least_without {
        (0..=FOLDS).for_each(|_| tick());
        return outcome;
    }
    let comparison = compare(view, tick);
    if comparison.is_won() {
        let rows: Vec<&Seen<'_>> = view.rows.iter().collect();
        let (fit, choice) = fitted(view, &rows);
        outcome.model = Some(model(view, &fit, choice, comparison, with));
    }
    tick();
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

fn compare(view: &View<'_>, tick: &mut dyn FnMut()) -> Comparison {
    let rows: Vec<&Seen<'_>> = view.rows.iter().collect();
    let folds = fold_of_each(&rows, view.groups, FOLDS);
    let mut by_group = vec![[Verdicts::default(); 3]; view.groups];
    for fold in 0..FOLDS {
        let rest: Vec<&Seen<'_>> = rows.iter().zip(&folds).filter(|(_, of)| **of != fold).map(|(row, _)| *row).collect();
        let (fit, choice) = fitted(view, &rest);
        for (row, _) in rows.iter().zip(&folds).filter(|(_, of)| **of == fold) {
            let [model, rules, yes] = &mut by_group[row.group];
            model.add(Verdicts::of(fit.score(row) >= choice.threshold, row.positive));
            rules.add(Verdicts::of(row.by_rules, row.positive));
            yes.add(Verdicts::of(true, row.positive));
        }
        tick();
    }
    let [model, rules, yes] = [0, 1, 2].map(|which: usize| by_group.iter().map(|all| all[which]).collect::<Vec<_>>());
    let total = |verdicts: &[Verdicts]| {
        let mut total = Verdicts::default();
        verdicts.iter().for_each(|verdict| total.add(*verdict));
        total
    };
    let seed = hash::of_parts([view.theme.as_str()]);
    let [gain, over_yes] = [&rules, &yes].map(|other| gain(&model, other, seed));
    Comparison { rules: total(&rules), model: total(&model), gain, over_yes }
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
        train_from(&corpus.view("loop"), least, least, &mut || {})
    }

    #[test]
    fn words_that_no_rule_has_are_learnt_and_the_rule_joins_in() {
        let outcome = outcome(told_by_words(700), 200);
        let comparison = outcome.comparison.unwrap();
        assert!(comparison.rules.f1() < 0.6 && comparison.model.f1() > 0.85, "{comparison:?}");
        assert!(comparison.is_won() && comparison.gain.from > 0.2);
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
            assert!(comparison.gain.from > 0.0 && !comparison.is_won() && outcome.model.is_none(), "{comparison:?}");
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
        assert!(!comparison.is_won());
    }

    #[test]
    fn too_few_texts_are_not_compared_and_copies_do_not_make_them_more() {
        let texts = told_by_words(300);
        let few = outcome(texts.clone(), 200);
        assert!(few.comparison.is_none() && few.model.is_none() && few.with < 200 && few.with > 60);
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
