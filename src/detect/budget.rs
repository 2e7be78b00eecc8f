//! From a budget of false alarms to the score that asks for it.
//!
//! A score of 3 says that one usual window in a thousand looks like this, if the model were the
//! world. It is not: shares drift, copies slip through, holidays come. So the way from budget to
//! score was measured: simulated series with outbreaks, surges, back-fill, copies, late reports,
//! holidays, level shifts and trends (1,200 daily series, 2,005 series-years; 1,600 hourly ones,
//! 434 series-years), all judged by this detector; a false alarm is a day of a series with an alarm
//! outside of every outbreak. From sample to sample the score for 4 a year varied by 0.05 (days)
//! and 0.09 (hours), that for one in ten years by 0.2 and 0.9, so the rare end is a rough guide.

use crate::calendar::bucket::Width;

/// False alarms per series and year, and the score above which there were so many. Hours.
const HOURS: [(f64, f64); 11] = [
    (0.05, 6.8),
    (0.1, 5.86),
    (0.25, 4.76),
    (0.5, 4.17),
    (1.0, 3.69),
    (2.0, 3.26),
    (4.0, 2.92),
    (8.0, 2.58),
    (12.0, 2.39),
    (25.0, 2.06),
    (50.0, 1.72),
];

/// The same for days. More than 19 false alarms a year can't be had: no more days score at all.
const DAYS: [(f64, f64); 11] = [
    (0.05, 3.74),
    (0.1, 3.33),
    (0.25, 2.81),
    (0.5, 2.47),
    (1.0, 2.15),
    (2.0, 1.87),
    (4.0, 1.56),
    (8.0, 1.25),
    (12.0, 1.02),
    (16.0, 0.79),
    (19.0, 0.55),
];

/// Scores end at 30, so a higher limit would be "never".
const HIGHEST: f64 = 29.0;

/// The score from which on a series fires, so that it gives about this many false alarms a year.
///
/// Between the measured budgets the score is linear in the budget's logarithm; below the smallest
/// one the line goes on as steep as it was, and above the largest one it stays. A budget of zero
/// or less, or none that is a number, asks for the highest score there is.
#[must_use]
pub fn limit(width: Width, false_alarms_per_year: f64) -> f64 {
    let measured: &[(f64, f64)] = match width {
        Width::Hour => &HOURS,
        Width::Day => &DAYS,
    };
    let last = measured[measured.len() - 1];
    if false_alarms_per_year >= last.0 {
        return last.1;
    }
    if false_alarms_per_year.is_nan() || false_alarms_per_year <= 0.0 {
        return HIGHEST;
    }
    let above = measured.iter().position(|(budget, _)| *budget > false_alarms_per_year).unwrap_or(1).max(1);
    let ((low, low_score), (high, high_score)) = (measured[above - 1], measured[above]);
    let part = (false_alarms_per_year / low).ln() / (high / low).ln();
    (low_score + part * (high_score - low_score)).min(HIGHEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_measured_budgets_give_the_measured_scores() {
        assert!((limit(Width::Hour, 4.0) - 2.92).abs() < 1e-9);
        assert!((limit(Width::Day, 4.0) - 1.56).abs() < 1e-9);
        assert!((limit(Width::Day, 1.0) - 2.15).abs() < 1e-9);
    }

    #[test]
    fn between_and_beyond_them_the_score_is_linear_in_the_logarithm() {
        let halfway = limit(Width::Hour, 2.0_f64.sqrt());
        assert!((halfway - f64::midpoint(3.69, 3.26)).abs() < 1e-9, "{halfway}");
        let rare = limit(Width::Hour, 0.025);
        assert!((rare - (6.8 + 6.8 - 5.86)).abs() < 1e-9, "{rare}");
        assert!((limit(Width::Day, 1000.0) - 0.55).abs() < 1e-9);
    }

    #[test]
    fn no_budget_asks_for_the_highest_score() {
        for nothing in [0.0, -1.0, f64::NAN, 1e-300] {
            assert!((limit(Width::Hour, nothing) - HIGHEST).abs() < 1e-9, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn a_smaller_budget_never_asks_for_less(one in 1e-6..1e3_f64, two in 1e-6..1e3_f64) {
            for width in [Width::Hour, Width::Day] {
                prop_assert!(limit(width, one.min(two)) >= limit(width, one.max(two)));
            }
        }
    }
}
