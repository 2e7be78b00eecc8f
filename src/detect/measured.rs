//! Reads a measured map from budgets of false alarms to scores.

/// Scores end at 30, so a higher limit would be "never".
const HIGHEST: f64 = 29.0;

/// The score for a budget. Between the measured budgets, which grow, it is linear in the budget's
/// logarithm; below the smallest the line goes on as steep, and above the largest it stays. A budget
/// of zero or less, or none that is a number, asks for the highest score there is.
pub(super) fn between(measured: &[(f64, f64)], budget: f64) -> f64 {
    let [.., before, last] = measured else { return HIGHEST };
    if budget >= last.0 {
        return last.1;
    }
    if budget.is_nan() || budget <= 0.0 {
        return HIGHEST;
    }
    let at = measured.windows(2).position(|pair| pair[1].0 > budget);
    let (low, high) = at.map_or((before, last), |at| (&measured[at], &measured[at + 1]));
    let part = (budget / low.0).ln() / (high.0 / low.0).ln();
    (low.1 + part * (high.1 - low.1)).min(HIGHEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAP: [(f64, f64); 3] = [(0.1, 5.0), (1.0, 3.0), (4.0, 2.0)];

    #[test]
    fn measured_budgets_give_measured_scores_and_the_line_goes_on_below() {
        for (budget, score) in [(0.1, 5.0), (1.0, 3.0), (4.0, 2.0), (99.0, 2.0), (0.01, 7.0), (2.0, 2.5), (0.0, 29.0), (f64::NAN, 29.0)] {
            assert!((between(&MAP, budget) - score).abs() < 1e-9, "{budget}: {}", between(&MAP, budget));
        }
    }

    proptest! {
        #[test]
        fn a_smaller_budget_never_asks_for_less(one in 1e-6..1e3_f64, two in 1e-6..1e3_f64) {
            prop_assert!(between(&MAP, one.min(two)) >= between(&MAP, one.max(two)));
        }
    }
}
