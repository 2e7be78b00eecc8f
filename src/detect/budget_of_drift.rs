//! From a budget of slow rises to the score that asks for it.

/// False alarms per series and year, and the score above which there were so many.
const MEASURED: [(f64, f64); 5] = [(0.05, 2.8), (0.1, 2.0), (0.15, 1.8), (0.25, 1.3), (0.5, 0.9)];

/// Scores end at 30, so a higher limit would be "never".
const HIGHEST: f64 = 29.0;

/// The score from which on a series has a slow rise.
#[must_use]
pub fn limit(slow_rises_per_year: f64) -> f64 {
    let last = MEASURED[MEASURED.len() - 1];
    if slow_rises_per_year >= last.0 {
        return last.1;
    }
    if slow_rises_per_year.is_nan() || slow_rises_per_year <= 0.0 {
        return HIGHEST;
    }
    let above = MEASURED.iter().position(|(budget, _)| *budget > slow_rises_per_year).unwrap_or(1).max(1);
    let ((low, low_score), (high, high_score)) = (MEASURED[above - 1], MEASURED[above]);
    let part = (slow_rises_per_year / low).ln() / (high / low).ln();
    (low_score + part * (high_score - low_score)).min(HIGHEST)
}
