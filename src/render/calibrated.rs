//! What people's labels make of a budget, in words: the same in mails and on the command line.

use crate::domain::remark::Calibration;
use crate::render::wording;

/// `2 alerts were called false alarms: the budget of 4 false alarms a year is used as 2.6.` `None`
/// when nobody labelled anything.
#[must_use]
pub fn sentence(calibration: &Calibration, false_alarms_per_year: f64) -> Option<String> {
    let Calibration { factor, false_alarms, missed } = *calibration;
    let called = match false_alarms {
        0 => None,
        1 => Some("1 alert was called a false alarm".to_owned()),
        more => Some(format!("{more} alerts were called false alarms")),
    };
    let missing = match missed {
        0 => None,
        1 => Some("1 trouble was reported as missed".to_owned()),
        more => Some(format!("{more} troubles were reported as missed")),
    };
    let said: Vec<String> = called.into_iter().chain(missing).collect();
    if said.is_empty() {
        return None;
    }
    let budget = wording::plural(&wording::amount(false_alarms_per_year), "false alarm");
    let used = if calibration.is_even() {
        format!("the budget of {budget} a year is used as it is")
    } else {
        format!("the budget of {budget} a year is used as {}", wording::amount(false_alarms_per_year * factor))
    };
    Some(format!("{}: {used}.", said.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_what_they_do_are_one_sentence() {
        for (factor, false_alarms, missed, words) in [
            (1.0, 0, 0, None),
            (0.65, 2, 0, Some("2 alerts were called false alarms: the budget of 4 false alarms a year is used as 2.6.")),
            (1.0, 1, 0, Some("1 alert was called a false alarm: the budget of 4 false alarms a year is used as it is.")),
            (1.33, 0, 1, Some("1 trouble was reported as missed: the budget of 4 false alarms a year is used as 5.3.")),
            (
                1.2,
                1,
                2,
                Some(
                    "1 alert was called a false alarm and 2 troubles were reported as missed: the budget of 4 false alarms a year is used as 4.8.",
                ),
            ),
        ] {
            assert_eq!(sentence(&Calibration { factor, false_alarms, missed }, 4.0).as_deref(), words);
        }
    }
}
