//! What people's labels make of a budget of false alarms.
//!
//! The map from budget to score was measured on other people's series. A watch whose alerts are
//! called false more often than its budget allows needs a smaller budget to keep to it; one that
//! misses troubles can do with a larger one.
//!
//! *False alarms* are a Poisson count around the budget times an unknown factor. The factor has a
//! Gamma distribution with mean 1 and shape `TRUST` before anything is labelled; with `F` labels
//! where the budget allowed `A`, its mean is `(TRUST + F) / (TRUST + A)` (A. Gelman et al.,
//! Bayesian Data Analysis, 3rd ed., 2.6). The budget is divided by it. Most people never say that an
//! alert was false, so that few labels prove nothing: they never raise the budget.
//! *Missed* troubles are counted in the same way, beside as many that were found.
//!
//! Labels fade: what was said half a year ago weighs half, for the time in which it was said too.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::remark::Calibration;

/// How many labels the measured map is worth. With 3, nine of ten watches are taken to have between
/// a quarter and twice the false alarms that they were given as their budget.
const TRUST: f64 = 3.0;
/// The least and the most that labels make of a budget.
const BOUNDS: (f64, f64) = (0.25, 4.0);
/// After so many days a label weighs half.
const HALF_LIFE_DAYS: f64 = 182.6;
/// A label that weighs less is not spoken of any more. It is 20 months old.
const SPOKEN_OF: f64 = 0.1;
const YEAR_DAYS: f64 = 365.25;

/// What a person said of the alerts of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// An alert was false.
    FalseAlarm,
    /// An alert was missing.
    Missed,
}

/// A label with the moment that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// What was said.
    pub sign: Sign,
    /// Of when.
    pub at: Timestamp,
}

/// What the labels of a watch make of its budget of `false_alarms_per_year`, when it could give
/// alerts since `running_since`. The factor is in 0.25 to 4, and exactly 1 without labels.
#[must_use]
pub fn calibrate(labels: &[Label], false_alarms_per_year: f64, running_since: Option<Timestamp>, now: Timestamp) -> Calibration {
    let fading = |at: Timestamp| 0.5_f64.powf(days(now - at) / HALF_LIFE_DAYS);
    let of = |sign: Sign| labels.iter().filter(move |label| label.sign == sign).map(move |label| fading(label.at));
    let spoken_of = |sign: Sign| of(sign).filter(|weight| *weight >= SPOKEN_OF).count() as u32;
    if labels.is_empty() {
        return Calibration::default();
    }
    // The faded length of the time in which alerts were possible, in years.
    let years = running_since.map_or(0.0, |since| HALF_LIFE_DAYS / std::f64::consts::LN_2 / YEAR_DAYS * (1.0 - fading(since)));
    let allowed = false_alarms_per_year.max(0.0) * years;
    let (false_alarms, missed): (f64, f64) = (of(Sign::FalseAlarm).sum(), of(Sign::Missed).sum());
    let factor = (TRUST + allowed) / (TRUST + false_alarms.max(allowed)) * (TRUST + missed) / TRUST;
    let factor = if factor.is_nan() { 1.0 } else { factor.clamp(BOUNDS.0, BOUNDS.1) };
    Calibration { factor, false_alarms: spoken_of(Sign::FalseAlarm), missed: spoken_of(Sign::Missed) }
}

/// Days of a length of time; what lies ahead is now.
fn days(length: TimeDelta) -> f64 {
    length.num_seconds().max(0) as f64 / 86_400.0
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn ago(days: i64) -> Timestamp {
        now() - TimeDelta::days(days)
    }

    fn labels(false_alarms: &[i64], missed: &[i64]) -> Vec<Label> {
        let label = |sign| move |days: &i64| Label { sign, at: ago(*days) };
        false_alarms.iter().map(label(Sign::FalseAlarm)).chain(missed.iter().map(label(Sign::Missed))).collect()
    }

    fn factor(false_alarms: &[i64], missed: &[i64], running: i64) -> f64 {
        calibrate(&labels(false_alarms, missed), 4.0, Some(ago(running)), now()).factor
    }

    #[test]
    fn labels_move_the_budget_by_what_they_are_worth() {
        for (name, false_alarms, missed, running, want) in [
            ("two in the first month are too many", &[3, 20][..], &[][..], 30, 0.68),
            ("two in two years are within a budget of four", &[100, 500], &[], 730, 1.0),
            ("eight in half a year where two are allowed", &[10, 30, 50, 70, 90, 110, 130, 150], &[], 182, 0.49),
            ("a missed one asks for more", &[], &[2], 90, 1.33),
            ("a false one takes something of a missed one away", &[2], &[2], 90, 1.28),
            ("what was said two years ago is nearly forgotten", &[730, 731, 732], &[], 760, 1.0),
            ("a hundred false alarms reach the bound", &[1; 100], &[], 90, 0.25),
            ("a hundred missed ones too", &[], &[1; 100], 90, 4.0),
        ] {
            let got = factor(false_alarms, missed, running);
            assert!((got - want).abs() < 0.011, "{name}: {got}");
        }
    }

    #[test]
    fn only_what_still_weighs_something_is_spoken_of() {
        let calibration = calibrate(&labels(&[1, 500, 700], &[40]), 4.0, None, now());
        assert_eq!((calibration.false_alarms, calibration.missed), (2, 1));
    }

    #[test]
    fn no_label_changes_nothing_at_all() {
        assert_eq!(calibrate(&[], 4.0, Some(ago(400)), now()), Calibration::default());
    }

    fn days_ago() -> impl Strategy<Value = Vec<i64>> {
        vec(-10..2000_i64, 0..12)
    }

    proptest! {
        #[test]
        fn the_factor_stays_within_its_bounds(f in days_ago(), m in days_ago(), budget in prop::num::f64::ANY, running in proptest::option::of(-5..4000_i64)) {
            let found = calibrate(&labels(&f, &m), budget, running.map(ago), now());
            prop_assert!((0.25..=4.0).contains(&found.factor), "{found:?}");
        }

        #[test]
        fn a_false_alarm_never_raises_it_and_a_missed_one_never_lowers_it(f in days_ago(), m in days_ago(), more in 0..2000_i64, running in 0..4000_i64) {
            let before = factor(&f, &m, running);
            let (more_f, more_m) = ([&f[..], &[more]].concat(), [&m[..], &[more]].concat());
            prop_assert!(factor(&more_f, &m, running) <= before + 1e-12);
            prop_assert!(factor(&f, &more_m, running) >= before - 1e-12);
        }

        #[test]
        fn false_alarms_alone_only_lower_it_and_the_less_the_older_they_are(f in vec(0..1000_i64, 1..12), older in 0..1000_i64, running in 0..4000_i64) {
            let aged: Vec<i64> = f.iter().map(|days| days + older).collect();
            prop_assert!(factor(&f, &[], running) <= 1.0);
            prop_assert!(factor(&aged, &[], running) >= factor(&f, &[], running) - 1e-12);
        }

        #[test]
        fn a_watch_that_ran_longer_is_blamed_less(f in days_ago(), running in 0..3000_i64, longer in 0..1000_i64) {
            prop_assert!(factor(&f, &[], running + longer) >= factor(&f, &[], running) - 1e-12);
        }
    }
}
