//! What people's labels make of each watch's budget.

use std::collections::BTreeMap;

use crate::config::settings::Watch;
use crate::detect::calibration::Label;
use crate::detect::calibration::Sign;
use crate::detect::calibration::calibrate;
use crate::domain::Timestamp;
use crate::domain::remark::Calibration;
use crate::domain::remark::Labels;
use crate::domain::remark::RemarkKind;

/// The calibration of every watch that has one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibrations(BTreeMap<String, Calibration>);

impl Calibrations {
    /// Works it out for all watches.
    pub fn of<'a>(watches: impl IntoIterator<Item = &'a Watch>, labels: &Labels, now: Timestamp) -> Self {
        let of = |watch: &Watch| (watch.name.clone(), of_watch(watch, labels, now));
        Self(watches.into_iter().map(of).filter(|(_, calibration)| *calibration != Calibration::default()).collect())
    }

    /// That of a watch.
    #[must_use]
    pub fn watch(&self, name: &str) -> Calibration {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// The calibration of one watch.
#[must_use]
pub fn of_watch(watch: &Watch, labels: &Labels, now: Timestamp) -> Calibration {
    let mine = labels.remarks.iter().filter(|remark| remark.concerns(&watch.name));
    let signs: Vec<Label> = mine
        .filter_map(|remark| {
            let sign = match remark.kind() {
                RemarkKind::FalseAlarm => Sign::FalseAlarm,
                RemarkKind::Missed => Sign::Missed,
                RemarkKind::Annotation => return None,
            };
            Some(Label { sign, at: remark.at })
        })
        .collect();
    calibrate(&signs, watch.false_alarms_per_year, labels.running_since, now)
}
