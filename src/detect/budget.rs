//! From a budget of false alarms to the score that asks for it.
//!
//! The score is the logarithm of odds, and if the model were the world, the odds would tell the rate
//! of false alarms. It is not: shares drift, copies slip through, holidays come. So the way from
//! budget to score was measured: simulated series with outbreaks, surges, back-fill, copies, late
//! reports, holidays, level shifts and trends (2,400 daily series, 4,011 series-years; 1,600 hourly
//! ones, 434 series-years), all judged by this detector; a false alarm is a day of a series with an
//! alarm outside of every outbreak. In samples of 60 daily series (100 series-years) the measured
//! rate was 0.7 to 1.3 times a budget of 4 a year and 0.6 to 1.6 times one of 1; in samples of 40
//! hourly series (11 series-years) 0.65 to 1.4 and, with eleven alarms expected, 0.4 to 2.2 times.
//! Budgets under one alarm in ten years are extrapolated from few alarms: a rough guide.

use crate::calendar::bucket::Width;
use crate::detect::measured::between;

/// False alarms per series and year, and the score above which there were so many. Hours.
const HOURS: [(f64, f64); 12] = [
    (0.02, 5.27),
    (0.05, 4.75),
    (0.1, 4.29),
    (0.25, 3.83),
    (0.5, 3.58),
    (1.0, 3.25),
    (2.0, 2.87),
    (4.0, 2.55),
    (8.0, 2.25),
    (12.0, 2.08),
    (26.0, 1.77),
    (52.0, 1.45),
];

/// The same for days.
const DAYS: [(f64, f64); 12] = [
    (0.02, 4.03),
    (0.05, 3.56),
    (0.1, 3.25),
    (0.25, 2.85),
    (0.5, 2.60),
    (1.0, 2.36),
    (2.0, 2.14),
    (4.0, 1.93),
    (8.0, 1.71),
    (12.0, 1.55),
    (26.0, 1.24),
    (52.0, 0.89),
];

/// Odds are not kept beyond this, so a higher limit would be "never" for whatever grows slowly.
const HIGHEST: f64 = 8.9;

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
    between(measured, false_alarms_per_year).min(HIGHEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_measured_budgets_give_the_measured_scores() {
        assert!((limit(Width::Hour, 4.0) - 2.55).abs() < 1e-9);
        assert!((limit(Width::Day, 4.0) - 1.93).abs() < 1e-9);
        assert!((limit(Width::Day, 1.0) - 2.36).abs() < 1e-9);
    }

    #[test]
    fn between_and_beyond_them_the_score_is_linear_in_the_logarithm() {
        let halfway = limit(Width::Hour, 2.0_f64.sqrt());
        assert!((halfway - f64::midpoint(3.25, 2.87)).abs() < 1e-9, "{halfway}");
        let rare = limit(Width::Hour, 0.008);
        assert!((rare - (5.27 + 5.27 - 4.75)).abs() < 1e-9, "{rare}");
        assert!((limit(Width::Day, 1000.0) - 0.89).abs() < 1e-9);
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
