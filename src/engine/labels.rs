//! What people's labels make of each watch's budget.

use std::collections::BTreeMap;

use crate::config::settings::Watch;
use crate::detect::calibration::Label;
use crate::detect::calibration::Sign;
use crate::detect::calibration::calibrate;
use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::remark::Calibration;
use crate::domain::remark::Labels;
use crate::domain::remark::Saying;

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
            let sign = match &remark.saying {
                // Slow rises have a budget of their own.
                Saying::FalseAlarm { key, .. } if key.kind == Kind::SlowRise => return None,
                Saying::FalseAlarm { .. } => Sign::FalseAlarm,
                Saying::Missed { .. } => Sign::Missed,
                Saying::Annotation { .. } => return None,
            };
            Some(Label { sign, at: remark.at })
        })
        .collect();
    calibrate(&signs, watch.false_alarms_per_year, labels.running_since, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;
    use crate::domain::incident::Segment;
    use crate::domain::incident::SeriesKey;
    use crate::domain::remark::Remark;

    fn watch(name: &str) -> Watch {
        Watch {
            name: name.to_owned(),
            themes: vec!["late".to_owned()],
            measures: Vec::new(),
            sources: vec!["shop".to_owned()],
            by: Vec::new(),
            bucket: Width::Hour,
            holidays: crate::calendar::holidays::Holidays::default(),
            false_alarms_per_year: 4.0,
            slow_rises_per_year: 1.0,
            reference: None,
            min_complaints: 5,
            notify: Vec::new(),
            each: None,
        }
    }

    #[test]
    fn a_label_moves_the_budget_of_its_own_watch_and_a_mark_moves_none() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let remark = |saying| Remark { id: 1, at: now, who: "anna".to_owned(), saying };
        let missed = Saying::Missed { watch: "one".to_owned(), theme: None, until: now };
        let remarks = vec![remark(missed), remark(Saying::Annotation { text: "5.2".to_owned(), watch: None })];
        let labels = Labels { remarks, running_since: Some(now) };
        let found = Calibrations::of([&watch("one"), &watch("two")], &labels, now);
        assert!((found.watch("one").factor - 4.0 / 3.0).abs() < 1e-9 && found.watch("one").missed == 1);
        assert_eq!(found.watch("two"), Calibration::default());
    }

    #[test]
    fn a_slow_rise_that_was_none_says_nothing_of_spikes() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let factor = |kind: Kind| {
            let key = SeriesKey { watch: "one".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind };
            let saying = Saying::FalseAlarm { incident: "i-1".to_owned(), key };
            let labels = Labels { remarks: vec![Remark { id: 1, at: now, who: "bo".to_owned(), saying }], running_since: None };
            of_watch(&watch("one"), &labels, now).factor
        };
        assert!(factor(Kind::Spike) < 0.8 && factor(Kind::Drop) < 0.8);
        assert!((factor(Kind::SlowRise) - 1.0).abs() < 1e-9);
    }
}
