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
use crate::domain::measure::Measure;
use crate::render::kinds::dropped;
use crate::render::kinds::nouns;
use crate::render::wording::BORROWED;
use crate::render::wording::amount;
use crate::render::wording::chance;
use crate::render::wording::odds;
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
    /// The measure that the series is about; none for a theme.
    pub measure: Option<Measure>,
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
    let borrowed = verdict.numbers.borrowed.then(|| BORROWED.to_owned());
    let mut reasons = match (fires, stood, around.whole) {
        (true, Some(stood), _) => vec![stood],
        (true, None, Some(whole)) => {
            vec![format!("Incident {} of all messages stood: what it tells is not told again of its parts.", whole.incident.id)]
        }
        (true, None, None) => vec![
            "By what is known today this is loud, and yet there was no incident: the messages came after it was judged, the daemon did not run, or it ran with other settings."
                .to_owned(),
        ],
        (false, stood, _) => held(verdict, needed, around).into_iter().chain(stood).collect(),
    };
    reasons.extend(borrowed);
    reasons
}

fn stood(standing: &Standing, zone: Tz) -> String {
    let Standing { incident, step } = standing;
    let (id, at) = (&incident.id, times::local(step.at, zone));
    let told = format!("Incident {id} told of it on {}", times::local(incident.opened_at, zone));
    match step.to {
        State::Pending => format!("Incident {id} was seen and not yet sure enough for people to be told."),
        State::Open => format!("{told}, and was open."),
        State::Acknowledged => format!("{told}; {} acknowledged it on {at}, and nobody is told twice.", step.who),
        State::Snoozed => format!("{told}; {} had it {}, and only a critical level breaks that.", step.who, in_zone(&step.why, zone)),
        State::Recovering => format!("{told}, and was on its way to recovery."),
        State::Resolved | State::Closed if incident.stillborn => {
            format!("Incident {id} was seen, and was calm again at the next look: nobody was told.")
        }
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
    if let Some(days) = by.strip_prefix("still learning") {
        return vec![format!("It was still being learnt what is usual{days}: nothing is told before that.")];
    }
    if by.contains("history") {
        return vec![
            "Whatever came was history (a first poll, an import, back-fill): history teaches what is usual and cannot alert. `uproar backtest` shows what would have been told."
                .to_owned(),
        ];
    }
    if let Some(measure) = around.measure.filter(|measure| measure.is_mean()) {
        return held_mean(measure, verdict, around);
    }
    let least = around.watch.min_complaints;
    let (bad, any) = nouns(around.measure);
    let reason = if verdict.call == Call::Unknown && counts(by) {
        silent(verdict, any)
    } else if by.starts_with("fewer than") {
        let (count, window) = (plural(&amount(numbers.count), bad), window(numbers.window_seconds));
        format!("Only {count} in the last {window}; an alert takes at least {least} (`min_complaints`).")
    } else if by.contains("volume") {
        format!("{}s were a larger part of the {any}s than usual, but not more in number: other {any}s were missing.", capitalised(bad))
    } else if by.contains("usual") {
        format!("So many {bad}s are usual among so many {any}s.")
    } else if !by.is_empty() {
        format!("Held back by: {by}.")
    } else if numbers.count == 0.0 {
        format!("There was no {bad}.")
    } else {
        return budget(verdict, needed, around);
    };
    vec![reason]
}

/// Whether the reason is one of numbers, which mean little where no message came.
fn counts(by: &str) -> bool {
    by.is_empty() || by.starts_with("fewer than") || by.contains("usual")
}

fn silent(verdict: &Verdict, any: &str) -> String {
    match (any, verdict.complete) {
        (_, false) => format!("No {any} has come yet, where some are usual; the bucket is not over."),
        ("message", true) => "No message came at all, where some are usual: the sources were silent, so nothing can be told.".to_owned(),
        (_, true) => format!("No {any} came at all, where some are usual, so nothing can be told."),
    }
}

/// Of a mean, points lost are counted and the score is that of a chance.
fn held_mean(measure: Measure, verdict: &Verdict, around: &Circumstances<'_>) -> Vec<String> {
    let numbers = &verdict.numbers;
    let by = numbers.held_by.as_str();
    let (_, any) = nouns(Some(measure));
    let last = window(numbers.window_seconds);
    let reason = if !verdict.complete {
        "The bucket is not over: a mean is judged when it is.".to_owned()
    } else if numbers.newest.total <= 0.0 {
        format!("No {any} came, so there was nothing to judge.")
    } else if let Some(least) = by.strip_prefix("fewer than ") {
        let needed = least.strip_suffix(" answers").unwrap_or(least);
        format!("Only {} in the last {last}; an alert takes at least {needed}.", plural(&amount(numbers.total), any))
    } else if by.contains("usual") {
        format!("It was no worse than usual: {}.", dropped(measure, numbers, ""))
    } else if !by.is_empty() {
        format!("Held back by: {by}.")
    } else {
        let (score, limit) = (amount(numbers.score), amount(numbers.limit));
        let mut reasons = vec![
            format!("The last {last} stand out most: {}.", dropped(measure, numbers, "")),
            format!(
                "That is worse than usual, but not sure enough: the chance of it was {} (score {score}). An alert takes a score of {limit}, because of {}.",
                chance(numbers.score),
                shared(around)
            ),
        ];
        reasons.extend(around.calibration.map(str::to_owned));
        return reasons;
    };
    vec![reason]
}

/// `the budget of 4 false alarms a year, shared by the 3 series of the watch`
fn shared(around: &Circumstances<'_>) -> String {
    let shared = if around.series > 1 { format!(", shared by the {} series of the watch", around.series) } else { String::new() };
    format!("the budget of {} a year{shared}", plural(&amount(around.watch.false_alarms_per_year), "false alarm"))
}

/// Unusual, but not unusual enough.
fn budget(verdict: &Verdict, needed: Option<f64>, around: &Circumstances<'_>) -> Vec<String> {
    let numbers = &verdict.numbers;
    let (bad, _) = nouns(around.measure);
    let mut reasons = Vec::new();
    if numbers.window_seconds > (verdict.until - verdict.bucket).num_seconds() {
        let (window, count) = (window(numbers.window_seconds), plural(&amount(numbers.count), bad));
        reasons.push(format!("The last {window} stand out most: {count}, {} expected.", amount(numbers.expected)));
    }
    reasons.push(format!(
        "That is more than usual, but not sure enough: the odds of an outbreak were {}. An alert takes {}, because of {}.",
        odds(numbers.score),
        odds(numbers.limit),
        shared(around)
    ));
    reasons.extend(around.calibration.map(str::to_owned));
    if needed.is_none() {
        reasons.push(format!("No number of {bad}s would have been enough in this bucket."));
    }
    reasons
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;
    use crate::domain::incident::Level;
    use crate::domain::incident::Numbers;

    fn at(hour: u32) -> Timestamp {
        format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap()
    }

    fn verdict(call: Call, held_by: &str, window_hours: i64) -> Verdict {
        let numbers = Numbers {
            score: 2.5,
            limit: 3.7,
            count: 6.0,
            expected: 2.0,
            window_seconds: 3600 * window_hours,
            held_by: held_by.to_owned(),
            ..Numbers::default()
        };
        Verdict { bucket: at(12), until: at(13), complete: true, call, numbers }
    }

    fn watch() -> Watch {
        Watch {
            name: "support".to_owned(),
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

    fn said(verdict: &Verdict, own: Option<&Standing>, whole: Option<&Standing>) -> String {
        said_of(None, verdict, own, whole)
    }

    fn said_of(measure: Option<Measure>, verdict: &Verdict, own: Option<&Standing>, whole: Option<&Standing>) -> String {
        let watch = watch();
        let zone = chrono_tz::Europe::Stockholm;
        let around =
            Circumstances { watch: &watch, zone, measure, series: 3, calibration: Some("2 alerts were called false."), own, whole };
        reasons(verdict, Some(11.0), &around).join("\n")
    }

    #[test]
    fn each_thing_that_held_an_alert_back_has_its_sentence() {
        for (call, held_by, begins) in [
            (Call::Unknown, "still learning (3 of 7 days)", "It was still being learnt what is usual (3 of 7 days)"),
            (Call::Unknown, "", "No message came at all"),
            (Call::Unknown, "no more complaints than usual", "No message came at all"),
            (Call::Unknown, "nothing but history", "Whatever came was history"),
            (Call::Normal, "nothing but history", "Whatever came was history"),
            (Call::Uneasy, "fewer than 5 complaints", "Only 6 complaints in the last hour; an alert takes at least 5"),
            (Call::Normal, "volume as usual", "Complaints were a larger part"),
            (Call::Normal, "no more complaints than usual", "So many complaints are usual"),
            (Call::Normal, "a condition of a later release", "Held back by: a condition of a later release."),
        ] {
            let said = said(&verdict(call, held_by, 1), None, None);
            assert!(said.starts_with(begins) && !said.contains('\n'), "{held_by}: {said}");
        }
    }

    #[test]
    fn a_mean_is_explained_by_its_ratings_and_not_by_complaints() {
        let rated = |call, held_by: &str, total: f64| {
            let mut verdict = verdict(call, held_by, 24);
            (verdict.numbers.total, verdict.numbers.newest.total) = (48.0, total);
            verdict.numbers.mean = Some(crate::domain::incident::Mean { value: 2.9, usual: 4.2, range: (4.0, 4.4) });
            verdict
        };
        let open = Verdict { complete: false, ..rated(Call::Unknown, "the bucket is not over", 3.0) };
        for (verdict, begins) in [
            (open, "The bucket is not over: a mean is judged when it is."),
            (rated(Call::Unknown, "fewer than 10 answers", 0.0), "No rating came, so there was nothing to judge."),
            (rated(Call::Normal, "fewer than 10 answers", 3.0), "Only 48 ratings in the last 24 hours; an alert takes at least 10."),
            (rated(Call::Normal, "no worse than usual", 3.0), "It was no worse than usual: mean rating 2.9 over"),
            (rated(Call::Uneasy, "", 3.0), "The last 24 hours stand out most: mean rating 2.9 over"),
        ] {
            let said = said_of(Some(Measure::Rating), &verdict, None, None);
            assert!(said.starts_with(begins) && !said.contains("complaint") && !said.contains("odds"), "{said}");
        }
        let stars = said_of(Some(Measure::OneStar), &verdict(Call::Normal, "fewer than 5 bad ratings", 1), None, None);
        assert!(stars.starts_with("Only 6 1-star ratings in the last hour"), "{stars}");
    }

    #[test]
    fn unusual_but_not_enough_says_what_the_budget_asks_for() {
        insta::assert_snapshot!(said(&verdict(Call::Uneasy, "", 3), None, None), @r"
        The last 3 hours stand out most: 6 complaints, 2 expected.
        That is more than usual, but not sure enough: the odds of an outbreak were 1 to 3. An alert takes 5 to 1, because of the budget of 4 false alarms a year, shared by the 3 series of the watch.
        2 alerts were called false.
        ");
    }

    fn standing(to: State, why: &str, who: &str) -> Standing {
        let key = crate::domain::incident::SeriesKey {
            watch: "support".to_owned(),
            theme: "late".to_owned(),
            segment: crate::domain::incident::Segment::All,
            kind: crate::domain::incident::Kind::Spike,
        };
        let numbers = Numbers::default();
        let incident = Incident {
            state: to,
            version: 2,
            since: at(8),
            level: Level::High,
            told_level: Level::High,
            told_count: 9.0,
            peak: 9.0,
            hushed: why == "false-alarm",
            numbers: numbers.clone(),
            ..Incident::new("i-1".to_owned(), key, at(9))
        };
        let step = Transition {
            at: at(10),
            from: Some(State::Open),
            to,
            why: why.to_owned(),
            who: who.to_owned(),
            numbers,
            config: String::new(),
        };
        Standing { incident, step }
    }

    #[test]
    fn an_incident_that_stood_is_named_with_what_people_did() {
        let loud = verdict(Call::Firing(Level::High), "", 1);
        for (to, why, who, ends) in [
            (State::Open, "worse", "detector", "told of it on 2026-11-21 10:00 CET, and was open."),
            (State::Acknowledged, "acknowledged", "anna", "; anna acknowledged it on 2026-11-21 11:00 CET, and nobody is told twice."),
            (
                State::Snoozed,
                "snoozed until 2026-11-21T14:00:00Z",
                "bo",
                "; bo had it snoozed until 2026-11-21 15:00 CET, and only a critical level breaks that.",
            ),
            (
                State::Resolved,
                "false-alarm",
                "bo",
                "; bo resolved it on 2026-11-21 11:00 CET (false-alarm), and until it has been calm once it stays quiet.",
            ),
        ] {
            let said = said(&loud, Some(&standing(to, why, who)), None);
            assert!(said.starts_with("Incident i-1 told") && said.ends_with(ends), "{said}");
        }
        let part = said(&loud, None, Some(&standing(State::Open, "spike", "detector")));
        assert_eq!(part, "Incident i-1 of all messages stood: what it tells is not told again of its parts.");
        assert!(said(&loud, None, None).starts_with("By what is known today this is loud"));
    }

    #[test]
    fn an_incident_that_was_over_before_the_bucket_did_not_stand_unless_somebody_keeps_it_quiet() {
        let over = |why: &str| {
            let Standing { incident, step } = standing(State::Resolved, why, "bo");
            Standing::of(&incident, &[step], &verdict(Call::Normal, "", 1)).is_some()
        };
        assert!(!over("over"));
        assert!(over("false-alarm"));
        let Standing { incident, step } = standing(State::Open, "spike", "detector");
        assert!(Standing::of(&incident, &[Transition { at: at(13), ..step }], &verdict(Call::Normal, "", 1)).is_none());
    }
}
