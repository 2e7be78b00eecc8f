//! From a budget of false alarms to the score that asks for it.

use crate::calendar::bucket::Width;

/// placeholder
#[must_use]
pub fn limit(width: Width, false_alarms_per_year: f64) -> f64 {
    let _ = false_alarms_per_year;
    match width {
        Width::Hour => 3.0,
        Width::Day => 1.55,
    }
}
