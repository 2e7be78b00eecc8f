//! Finds the weights: logistic regression with a penalty on their squares.
//!
//! By coordinate descent on the dual problem: H.-F. Yu, F.-L. Huang, C.-J. Lin, Dual coordinate
//! descent methods for logistic regression and maximum entropy models, Machine Learning 85 (2011),
//! algorithms 4 and 5. It needs no matrix and no step size, and a text costs as much as it has
//! words. The problem has one solution, so the order in which texts are visited only decides how
//! soon it is found.

use crate::tagging::model::random::Dice;

/// The greatest slope along a coordinate at which the weights are good enough. The paper stops at
/// 0.1; a hundredth of that moves no verdict any more.
const SLOPE: f64 = 1e-3;
/// Rounds over all texts at most. Some thirty are usual.
const MOST_ROUNDS: usize = 300;
/// Steps of Newton's method for one text in one round at most.
const MOST_STEPS: usize = 100;
/// How far a step that left the feasible range goes back (the paper's `xi`).
const BACK: f64 = 0.1;

/// One text: what it has, in any order, and whether it has the theme.
#[derive(Debug, Clone)]
pub struct Row {
    /// Numbers of features and their values.
    pub features: Vec<(u32, f64)>,
    /// Whether the text has the theme.
    pub positive: bool,
    /// How dear a mistake is, above zero.
    pub cost: f64,
}

/// The weights of `width` features. The last one, by custom, is the bias.
///
/// # Panics
///
/// When a row has a feature that is not below `width`.
#[must_use]
pub fn solve(rows: &[Row], width: usize) -> Vec<f64> {
    let mut weights = vec![0.0; width];
    let mut duals: Vec<Dual> = rows.iter().map(Dual::of).collect();
    for (row, dual) in rows.iter().zip(&duals) {
        add(&mut weights, row, row.sign() * dual.part);
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut dice = Dice::of(1);
    let mut enough = 1e-2;
    for _ in 0..MOST_ROUNDS {
        dice.shuffle(&mut order);
        let (mut steepest, mut steps) = (0.0_f64, 0);
        for &at in &order {
            let (row, dual) = (&rows[at], &mut duals[at]);
            let margin = row.sign() * dot(&weights, row);
            let turn = dual.improve(margin, row.cost, enough);
            if turn.steps > 0 {
                add(&mut weights, row, row.sign() * turn.change);
            }
            steepest = steepest.max(turn.slope);
            steps += turn.steps;
        }
        if steepest < SLOPE {
            break;
        }
        if steps <= rows.len() / 10 {
            enough = (0.1 * enough).max(1e-8);
        }
    }
    weights
}

impl Row {
    fn sign(&self) -> f64 {
        if self.positive { 1.0 } else { -1.0 }
    }
}

/// A text's coordinate in the dual problem, between zero and its cost.
struct Dual {
    /// The coordinate.
    part: f64,
    /// What it lacks to the cost; kept by itself, for near the ends a difference has no digits left.
    rest: f64,
    /// Square of the length of the text's row.
    square: f64,
}

/// What came of looking at one text.
struct Turn {
    change: f64,
    slope: f64,
    steps: usize,
}

impl Dual {
    fn of(row: &Row) -> Self {
        let part = (0.001 * row.cost).min(1e-8);
        Self { part, rest: row.cost - part, square: row.features.iter().map(|(_, value)| value * value).sum() }
    }

    /// Newton's method along the coordinate, from the end that is nearer to the minimum.
    fn improve(&mut self, margin: f64, cost: f64, enough: f64) -> Turn {
        let is_part = 0.5 * self.square * (self.rest - self.part) + margin >= 0.0;
        let (old, sign) = if is_part { (self.part, 1.0) } else { (self.rest, -1.0) };
        let mut z = if cost - old < 0.5 * cost { 0.1 * old } else { old };
        let slope_at = |z: f64| self.square * (z - old) + sign * margin + (z / (cost - z)).ln();
        let mut slope = slope_at(z);
        let first = slope.abs();
        let mut steps = 0;
        while slope.abs() >= enough && steps < MOST_STEPS {
            let curve = self.square + cost / (cost - z) / z;
            let next = z - slope / curve;
            z = if next <= 0.0 || next >= cost { z * BACK } else { next };
            slope = slope_at(z);
            steps += 1;
        }
        if steps > 0 {
            (self.part, self.rest) = if is_part { (z, cost - z) } else { (cost - z, z) };
        }
        Turn { change: sign * (z - old), slope: first, steps }
    }
}

fn dot(weights: &[f64], row: &Row) -> f64 {
    row.features.iter().map(|(feature, value)| weights[*feature as usize] * value).sum()
}

fn add(weights: &mut [f64], row: &Row, factor: f64) {
    for (feature, value) in &row.features {
        weights[*feature as usize] += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(features: &[(u32, f64)], positive: bool, cost: f64) -> Row {
        Row { features: features.to_vec(), positive, cost }
    }

    /// The slope of the penalised loss along each weight: zero at its minimum.
    fn slopes(rows: &[Row], weights: &[f64]) -> Vec<f64> {
        let mut slopes = weights.to_vec();
        for row in rows {
            let margin = row.sign() * dot(weights, row);
            add(&mut slopes, row, -row.sign() * row.cost / (1.0 + margin.exp()));
        }
        slopes
    }

    #[test]
    fn one_feature_has_the_weight_that_can_be_worked_out_by_hand() {
        // w = C / (1 + exp(w)) has its solution w = 0.4010581375... at C = 1.
        let weights = solve(&[row(&[(0, 1.0)], true, 1.0)], 1);
        assert!((weights[0] - 0.401_058).abs() < 1e-3, "{weights:?}");
    }

    #[test]
    fn texts_that_cost_nothing_to_tell_apart_get_weights_of_opposite_sign() {
        let rows = [row(&[(0, 1.0), (2, 1.0)], true, 10.0), row(&[(1, 1.0), (2, 1.0)], false, 10.0)];
        let weights = solve(&rows, 3);
        assert!(weights[0] > 1.0 && weights[1] < -1.0 && weights[2].abs() < 1e-3, "{weights:?}");
        assert_eq!(solve(&[], 2), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn what_comes_out_is_the_minimum_whatever_goes_in(
            rows in proptest::collection::vec(
                (proptest::collection::btree_map(0_u32..6, -3.0..3.0_f64, 0..6), any::<bool>(), 0.01..20.0_f64), 1..40)
        ) {
            let rows: Vec<Row> = rows
                .into_iter()
                .map(|(features, positive, cost)| Row { features: features.into_iter().collect(), positive, cost })
                .collect();
            let weights = solve(&rows, 6);
            let all: f64 = rows.iter().map(|row| row.cost).sum();
            for slope in slopes(&rows, &weights) {
                prop_assert!(slope.abs() < 0.01 * (1.0 + all), "{slope} of {all}");
            }
        }
    }
}
