//! How often a watch was right, by what people said of its alerts.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::remark::Labels;
use crate::domain::remark::RemarkKind;
use crate::render::wording;

/// How far back alerts are counted.
pub const DAYS: i64 = 365;

/// Alerts of a watch in the last [`DAYS`] days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Precision {
    /// Incidents that people were told of.
    pub told: u32,
    /// Those of them that were called false alarms.
    pub called_false: u32,
}

impl Precision {
    /// The share that nobody called false; none before the first alert. What nobody said anything of
    /// counts as right, so that it is an upper bound.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.told > 0).then(|| 1.0 - f64::from(self.called_false) / f64::from(self.told))
    }

    /// `In the last 365 days: 12 alerts, 2 of them called false.`
    #[must_use]
    pub fn sentence(self) -> String {
        let told = wording::plural(&self.told.to_string(), "alert");
        match (self.told, self.called_false) {
            (0, _) => format!("No alert in the last {DAYS} days."),
            (_, 0) => format!("In the last {DAYS} days: {told}, none called false."),
            (1, _) => format!("In the last {DAYS} days: 1 alert, called false."),
            (_, called) => format!("In the last {DAYS} days: {told}, {called} of them called false."),
        }
    }
}

/// That of a watch. Silent sources and single messages are no judgements.
#[must_use]
pub fn of_watch(watch: &str, incidents: &[Incident], labels: &Labels, now: Timestamp) -> Precision {
    let from = now - TimeDelta::days(DAYS);
    let called = |incident: &Incident| {
        labels.remarks.iter().any(|remark| remark.kind() == RemarkKind::FalseAlarm && remark.subject() == incident.id)
    };
    let told = incidents
        .iter()
        .filter(|incident| incident.key.watch == watch && incident.key.kind.is_judged() && incident.opened().is_some_and(|at| at >= from));
    told.fold(Precision::default(), |so_far, incident| Precision {
        told: so_far.told + 1,
        called_false: so_far.called_false + u32::from(called(incident)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Kind;
    use crate::domain::incident::Segment;
    use crate::domain::incident::SeriesKey;
    use crate::domain::incident::State;
    use crate::domain::remark::Remark;
    use crate::domain::remark::Saying;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn incident(id: &str, watch: &str, kind: Kind, days_ago: i64) -> Incident {
        let key = SeriesKey { watch: watch.to_owned(), theme: "t".to_owned(), segment: Segment::All, kind };
        Incident::new(id.to_owned(), key, now() - TimeDelta::days(days_ago))
    }

    #[test]
    fn alerts_that_were_told_are_counted_and_those_that_were_called_false() {
        let incidents = [
            incident("i-1", "w", Kind::Spike, 1),
            incident("i-2", "w", Kind::Drop, 300),
            incident("i-3", "w", Kind::Spike, 400),
            incident("i-4", "other", Kind::Spike, 1),
            incident("i-5", "w", Kind::Message, 1),
            Incident { state: State::Pending, ..incident("i-6", "w", Kind::Spike, 0) },
            Incident { state: State::Closed, stillborn: true, ..incident("i-7", "w", Kind::Spike, 2) },
        ];
        let label = |id: &str, at: usize| {
            let saying = Saying::FalseAlarm { incident: id.to_owned(), key: incidents[at].key.clone() };
            Remark { id: 0, at: now(), who: "anna".to_owned(), saying }
        };
        let labels = Labels { remarks: vec![label("i-1", 0), label("i-3", 2), label("i-4", 3)], running_since: None };
        let precision = of_watch("w", &incidents, &labels, now());
        assert_eq!(precision, Precision { told: 2, called_false: 1 });
        assert_eq!(precision.share(), Some(0.5));
        assert_eq!(precision.sentence(), "In the last 365 days: 2 alerts, 1 of them called false.");
        assert_eq!(of_watch("nobody", &incidents, &labels, now()).share(), None);
    }
}
