//! What held an alert back, in words that need no statistics.

use chrono_tz::Tz;

use crate::cli::times;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::incident::Verdict;
use crate::render::wording::amount;
use crate::render::wording::chance;
use crate::render::wording::plural;
use crate::render::wording::window;

/// An incident as it stood at the moment in question.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// As it is today.
    pub incident: Incident,
    /// The last step before the end of the bucket.
    pub step: Transition,
}

impl Standing {
    /// How an incident stood during a bucket; `None` when it had not opened by its end, or was over
    /// for good before it began.
    pub fn of(incident: &Incident, record: &[Transition], bucket: &Verdict) -> Option<Self> {
        let step = record.iter().rfind(|step| step.at < bucket.until)?;
        let over = matches!(step.to, State::Resolved | State::Closed);
        // The bucket in which it ended belongs to it; behind that only a person's word keeps it quiet.
        let hushed = incident.hushed && step.to == State::Resolved;
        (!over || step.at > bucket.bucket || hushed).then(|| Self { incident: incident.clone(), step: step.clone() })
    }
}

/// What surrounds a verdict.
pub(super) struct Circumstances<'a> {
    /// Whose series.
    pub watch: &'a Watch,
    /// Zone of the times.
    pub zone: Tz,
    /// Series that share the budget.
    pub series: usize,
    /// What people's labels make of the budget.
    pub calibration: Option<&'a str>,
    /// The series' own incident.
    pub own: Option<&'a Standing>,
    /// That of the whole, for a part.
    pub whole: Option<&'a Standing>,
}

/// Why there was an alert or none, the weightiest reason first.
pub(super) fn reasons(verdict: &Verdict, needed: Option<f64>, around: &Circumstances<'_>) -> Vec<String> {
    let fires = matches!(verdict.call, Call::Firing(_));
    let stood = around.own.map(|own| stood(own, around.zone));
    match (fires, stood, around.whole) {
        (true, Some(stood), _) => vec![stood],
        (true, None, Some(whole)) => {
            vec![format!("Incident {} of all messages stood: what it tells is not told again of its parts.", whole.incident.id)]
        }
        (true, None, None) => vec![
            "By what is known today this is loud, and yet there was no incident: the messages came after it was judged, the daemon did not run, or it ran with other settings."
                .to_owned(),
        ],
        (false, stood, _) => held(verdict, needed, around).into_iter().chain(stood).collect(),
    }
}

fn stood(standing: &Standing, zone: Tz) -> String {
    let Standing { incident, step } = standing;
    let (id, at) = (&incident.id, times::local(step.at, zone));
    let told = format!("Incident {id} told of it on {}", times::local(incident.opened_at, zone));
    match step.to {
        State::Open => format!("{told}, and was open."),
        State::Acknowledged => format!("{told}; {} acknowledged it on {at}, and nobody is told twice.", step.who),
        State::Snoozed => format!("{told}; {} had it {}, and only a critical level breaks that.", step.who, in_zone(&step.why, zone)),
        State::Recovering => format!("{told}, and was on its way to recovery."),
        State::Resolved | State::Closed if incident.hushed => {
            format!("{told}; {} resolved it on {at} ({}), and until it has been calm once it stays quiet.", step.who, step.why)
        }
        State::Resolved | State::Closed => format!("{told}, and was over on {at}."),
    }
}

/// The record has times in UTC: `snoozed until 2026-11-21T15:00:00Z`.
fn in_zone(why: &str, zone: Tz) -> String {
    let Some((words, time)) = why.rsplit_once(' ') else { return why.to_owned() };
    time.parse::<Timestamp>().map_or_else(|_| why.to_owned(), |at| format!("{words} {}", times::local(at, zone)))
}

/// The words of the detector are stable; one that is not known here is shown as it is.
fn held(verdict: &Verdict, needed: Option<f64>, around: &Circumstances<'_>) -> Vec<String> {
    let numbers = &verdict.numbers;
    let by = numbers.held_by.as_str();
    let least = around.watch.min_complaints;
    let reason = if let Some(days) = by.strip_prefix("still learning") {
        format!("It was still being learnt what is usual{days}: nothing is told before that.")
    } else if verdict.call == Call::Unknown {
        "No message came at all, where some are usual: the sources were silent, so nothing can be told.".to_owned()
    } else if by.contains("history") {
        "Whatever came was history (a first poll, an import, back-fill): it teaches and never alerts.".to_owned()
    } else if by.starts_with("fewer than") {
        format!("There were {by}; an alert takes at least {least} (`min_complaints`).")
    } else if by.contains("volume") {
        "Complaints were a larger part of the messages than usual, but not more in number: other messages were missing.".to_owned()
    } else if by.contains("calm") {
        "It had been loud before, but this bucket was calm again.".to_owned()
    } else if by.contains("usual") {
        "So many complaints are usual among so many messages.".to_owned()
    } else if !by.is_empty() {
        format!("Held back by: {by}.")
    } else if numbers.count == 0.0 {
        "There was no complaint.".to_owned()
    } else {
        return budget(verdict, needed, around);
    };
    vec![reason]
}

/// Unusual, but not unusual enough.
fn budget(verdict: &Verdict, needed: Option<f64>, around: &Circumstances<'_>) -> Vec<String> {
    let numbers = &verdict.numbers;
    let mut reasons = Vec::new();
    if numbers.window_seconds > (verdict.until - verdict.bucket).num_seconds() {
        let (window, count) = (window(numbers.window_seconds), amount(numbers.count));
        reasons.push(format!("The last {window} were the most unusual: {count} complaints, {} expected.", amount(numbers.expected)));
    }
    let shared = if around.series > 1 { format!(", shared by the {} series of the watch", around.series) } else { String::new() };
    let budget = plural(&amount(around.watch.false_alarms_per_year), "false alarm");
    reasons.push(format!(
        "By chance that happens {}. An alert takes {}, because of the budget of {budget} a year{shared}.",
        chance(numbers.score),
        chance(numbers.limit)
    ));
    reasons.extend(around.calibration.map(str::to_owned));
    if needed.is_none() {
        reasons.push("No number of complaints would have been enough in this bucket.".to_owned());
    }
    reasons
}
