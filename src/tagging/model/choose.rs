//! Fits a model to texts: which words it knows, how strongly it is held back, from where on it says yes.
//!
//! Nothing here sees a text that is not handed to it: also the words and the threshold come from
//! the texts that a model is trained on.

use crate::tagging::model::corpus::Seen;
use crate::tagging::model::folds;
use crate::tagging::model::measure::Verdicts;
use crate::tagging::model::solve;
use crate::tagging::model::solve::solve;

/// A word that stands in fewer texts than this says more about them than about the theme. Copies are
/// one text: what one person sends three times is not what people share.
const LEAST_TEXTS: u32 = 3;
/// The most frequent words and pairs are enough.
const MOST_WORDS: usize = 20_000;
/// Strengths that are tried: how dear a mistake is against the square of the weights.
const COSTS: [f64; 5] = [0.1, 0.3, 1.0, 3.0, 10.0];
/// Folds within the texts of one training.
const FOLDS: usize = 4;

/// A fitted model by the numbers of a view.
#[derive(Debug)]
pub struct Fit {
    /// Features that it knows, ascending, with their weights.
    pub weights: Vec<(u32, f64)>,
    /// Weight of everything and nothing.
    pub bias: f64,
    /// By feature: one more than its place in `weights`, or 0.
    places: Vec<u32>,
    /// Words have numbers below this one, marks from it on.
    words: u32,
}

/// How a model is to be fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// How dear a mistake is.
    pub cost: f64,
    /// The least score of a text that gets the theme.
    pub threshold: f64,
}

impl Fit {
    /// Fits a model. `words` is how many words the view has, `width` how many features.
    #[must_use]
    pub fn new(rows: &[&Seen<'_>], words: usize, width: usize, cost: f64) -> Self {
        let known = known(rows, words, width);
        let mut fit = Self { weights: Vec::new(), bias: 0.0, places: vec![0; width], words: words as u32 };
        for (place, feature) in (1..).zip(&known) {
            fit.places[*feature as usize] = place;
        }
        let bias = known.len() as u32;
        let [dear, cheap] = balanced(rows).map(|factor| factor * cost);
        let row = |row: &&Seen<'_>| solve::Row {
            features: fit.values(row).chain([(bias, 1.0)]).collect(),
            positive: row.positive,
            cost: if row.positive { dear } else { cheap },
        };
        let mut weights = solve(&rows.iter().map(row).collect::<Vec<_>>(), known.len() + 1);
        fit.bias = weights.pop().unwrap_or(0.0);
        fit.weights = known.into_iter().zip(weights).collect();
        fit
    }

    /// What the model makes of a text; above the threshold it has the theme.
    #[must_use]
    pub fn score(&self, row: &Seen<'_>) -> f64 {
        self.values(row).map(|(place, value)| self.weights[place as usize].1 * value).sum::<f64>() + self.bias
    }

    /// The features of a text that the model knows. All words together have the length 1, each mark
    /// has it by itself: a long text has no more to say than a short one, and what the rules found is
    /// not lost among its words.
    fn values<'f>(&'f self, row: &'f Seen<'_>) -> impl Iterator<Item = (u32, f64)> + 'f {
        let place = |feature: &u32| self.places[*feature as usize].checked_sub(1);
        let length = row.words.iter().filter_map(place).count() as f64;
        let words = row.words.iter().filter_map(place).map(move |place| (place, 1.0 / length.sqrt()));
        words.chain(row.marks.iter().filter_map(place).map(|place| (place, 1.0)))
    }

    /// Whether a feature is a word or a pair.
    #[must_use]
    pub fn is_word(&self, feature: u32) -> bool {
        feature < self.words
    }
}

/// Features that stand in enough texts that are no copies of each other, ascending.
fn known(rows: &[&Seen<'_>], words: usize, width: usize) -> Vec<u32> {
    let mut by_group = rows.to_vec();
    by_group.sort_by_key(|row| row.group);
    let (mut texts, mut last) = (vec![0_u32; width], vec![None; width]);
    for row in by_group {
        for feature in row.words.iter().chain(&row.marks).map(|feature| *feature as usize) {
            texts[feature] += u32::from(last[feature].replace(row.group) != Some(row.group));
        }
    }
    let mut known: Vec<u32> = (0..width as u32).filter(|feature| texts[*feature as usize] >= LEAST_TEXTS).collect();
    let of_words = known.partition_point(|feature| (*feature as usize) < words);
    if of_words > MOST_WORDS {
        let marks = known.split_off(of_words);
        known.sort_by_key(|feature| std::cmp::Reverse(texts[*feature as usize]));
        known.truncate(MOST_WORDS);
        known.sort_unstable();
        known.extend(marks);
    }
    known
}

/// What a mistake about a text with the theme costs, and about one without it: both kinds together
/// weigh the same, however rare the theme is.
fn balanced(rows: &[&Seen<'_>]) -> [f64; 2] {
    let positive = rows.iter().filter(|row| row.positive).count();
    [positive, rows.len() - positive].map(|count| 0.5 * rows.len() as f64 / count.max(1) as f64)
}

/// The cost and the threshold with the best F1 on folds of the texts; of equals the strictest.
#[must_use]
pub fn choose(rows: &[&Seen<'_>], words: usize, width: usize, groups: usize) -> Choice {
    let folds = fold_of_each(rows, groups, FOLDS);
    let mut best = (f64::NEG_INFINITY, Choice { cost: COSTS[0], threshold: 0.0 });
    for cost in COSTS {
        let mut scored = Vec::with_capacity(rows.len());
        for fold in 0..FOLDS {
            let [held, rest] = [true, false].map(|is| -> Vec<&Seen<'_>> {
                rows.iter().zip(&folds).filter(|(_, of)| (**of == fold) == is).map(|(row, _)| *row).collect()
            });
            let fit = Fit::new(&rest, words, width, cost);
            scored.extend(held.into_iter().map(|row| (fit.score(row), row.positive)));
        }
        let (f1, threshold) = threshold(scored);
        if f1 > best.0 {
            best = (f1, Choice { cost, threshold });
        }
    }
    best.1
}

/// The fold of each text, by its group, with about as many groups that have the theme in each.
#[must_use]
pub fn fold_of_each(rows: &[&Seen<'_>], groups: usize, folds: usize) -> Vec<usize> {
    let mut kinds: Vec<Option<bool>> = vec![None; groups];
    for row in rows {
        let kind = &mut kinds[row.group];
        *kind = Some(kind.unwrap_or(false) || row.positive);
    }
    // Groups of which no text is here must not take part, or folds would not be even.
    let present: Vec<usize> = (0..groups).filter(|group| kinds[*group].is_some()).collect();
    let dealt = folds::dealt(&present.iter().map(|group| kinds[*group] == Some(true)).collect::<Vec<_>>(), folds);
    let mut of_group = vec![0; groups];
    for (group, fold) in present.into_iter().zip(dealt) {
        of_group[group] = fold;
    }
    rows.iter().map(|row| of_group[row.group]).collect()
}

/// The best F1 that a threshold gives, and that threshold: between two scores.
fn threshold(mut scored: Vec<(f64, bool)>) -> (f64, f64) {
    scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let all = scored.iter().filter(|(_, positive)| *positive).count() as u32;
    let mut verdicts = Verdicts { missed: all, ..Verdicts::default() };
    let mut best = (0.0, scored.first().map_or(0.0, |(highest, _)| highest + 1.0));
    for (at, (score, positive)) in scored.iter().enumerate() {
        verdicts.right += u32::from(*positive);
        verdicts.missed -= u32::from(*positive);
        verdicts.wrong += u32::from(!*positive);
        let next = scored.get(at + 1).map_or(score - 1.0, |(next, _)| *next);
        if next < *score && verdicts.f1() > best.0 {
            best = (verdicts.f1(), f64::midpoint(*score, next));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_stands_between_two_scores_where_f1_is_best() {
        let scored = vec![(0.1, false), (2.0, true), (1.0, true), (0.5, false), (0.9, true), (-1.0, true)];
        let (f1, at) = threshold(scored);
        assert!((at - 0.7).abs() < 1e-12 && (f1 - 6.0 / 7.0).abs() < 1e-12, "{at} {f1}");
        assert_eq!(threshold(vec![]), (0.0, 0.0));
        assert_eq!(threshold(vec![(1.0, false)]), (0.0, 2.0), "nobody has it, so nobody gets it");
        let (_, at) = threshold(vec![(1.0, true), (1.0, false)]);
        assert!(at < 1.0, "equal scores stay together");
    }

    #[test]
    fn words_of_too_few_texts_are_not_known_and_rare_themes_weigh_as_much_as_the_rest() {
        let words: Vec<Vec<u32>> = (0..8).map(|at| if at < 3 { vec![0, 1] } else { vec![1, 2 + at % 2] }).collect();
        let rows: Vec<Seen<'_>> = words
            .iter()
            .enumerate()
            .map(|(at, words)| Seen { words, marks: vec![], positive: at < 2, by_rules: false, by_chance: false, group: at })
            .collect();
        let rows: Vec<&Seen<'_>> = rows.iter().collect();
        assert_eq!(known(&rows, 4, 4), [0, 1, 3]);
        let [with, without] = balanced(&rows);
        assert!((with - 2.0).abs() < 1e-12 && (without - 8.0 / 12.0).abs() < 1e-12);
        let fit = Fit::new(&rows, 4, 4, 1.0);
        assert!(fit.score(rows[0]) > fit.score(rows[7]));
    }

    #[test]
    fn copies_of_one_text_make_no_word_known() {
        let words: Vec<Vec<u32>> = (0..9).map(|at| if at % 3 == 0 { vec![0, 1] } else { vec![1] }).collect();
        let known_of = |groups: [usize; 9]| {
            let rows: Vec<Seen<'_>> = words
                .iter()
                .zip(groups)
                .map(|(words, group)| Seen { words, marks: vec![2], positive: false, by_rules: false, by_chance: false, group })
                .collect();
            known(&rows.iter().collect::<Vec<_>>(), 2, 3)
        };
        assert_eq!(known_of([7, 0, 1, 7, 2, 3, 7, 4, 5]), [1, 2], "one person said the first word, three times");
        assert_eq!(known_of([7, 7, 1, 8, 2, 3, 6, 4, 5]), [0, 1, 2]);
    }

    #[test]
    fn copies_stay_in_one_fold() {
        let rows: Vec<Seen<'_>> = (0..60)
            .map(|at| Seen { words: &[], marks: vec![], positive: at % 3 == 0, by_rules: false, by_chance: false, group: at / 2 })
            .collect();
        let rows: Vec<&Seen<'_>> = rows.iter().collect();
        let folds = fold_of_each(&rows, 40, 4);
        assert!((0..30).all(|group| folds[2 * group] == folds[2 * group + 1]));
        assert!((0..4).all(|fold| folds.iter().filter(|of| **of == fold).count() >= 12));
    }
}
