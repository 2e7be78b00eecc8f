//! What a verdict does to the incident of its series: the same for the lookout and for a backtest.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::notice::Ending;
use crate::domain::notice::Event;
use crate::domain::ports::NewRow;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::step;
use crate::incident::storm::covers;

/// What is left to tell of the steps that one look took with one series, first to last: one notice
/// at most, of the last that is worth it. After an outage many buckets are judged at once. How it
/// ended is told with the beginning that nobody heard of.
pub fn one_notice(before: Option<&Incident>, steps: &mut [Step]) -> Option<Ending> {
    let last = |wanted: &[Event], steps: &[Step]| steps.iter().rposition(|step| step.event.is_some_and(|event| wanted.contains(&event)));
    let [.., end] = &*steps else { return None };
    if steps.iter().filter(|step| step.event.is_some()).count() < 2 {
        return None;
    }
    let told = before.filter(|before| before.id == end.incident.id && before.opened().is_some());
    let stood = told.is_some_and(|told| told.resolved_at.is_none());
    let over = end.incident.resolved_at;
    let (at, event) = match (stood, over) {
        (true, Some(_)) => (last(&[Event::Resolved], steps), Event::Resolved),
        (true, None) => (last(&[Event::Worse], steps), Event::Worse),
        (false, _) => {
            let event = if told.is_some() { Event::Reopened } else { Event::Opened };
            (last(&[Event::Opened, Event::Reopened, Event::Worse], steps), event)
        }
    };
    for (number, step) in steps.iter_mut().enumerate() {
        step.event = (Some(number) == at).then_some(event);
    }
    over.filter(|_| !stood).map(|at| Ending { at, cause: String::new() })
}

/// From when somebody knows that an incident stands, by the rows that may be the first they hear of
/// it: the end of the first quiet hours. `None` where there are none, and where silences hold all of
/// them back. `now` is that of the looks, `real` the time in which rows are due.
#[must_use]
pub fn known_from(rows: &[NewRow], now: Timestamp, real: Timestamp) -> Option<Timestamp> {
    let first = rows.iter().filter(|row| row.facts.event == Event::Opened && row.held.is_none()).map(|row| row.due).min()?;
    Some(now + (first - real).max(TimeDelta::zero()))
}

/// Nobody could acknowledge what nobody knew: where a step has just begun to wait for that, it
/// waits from then on. What was waited for `before` goes on as it is.
pub fn waits_from(before: Option<&Incident>, incident: &mut Incident, known: Timestamp) {
    if before.is_none_or(|before| before.unacked_since != incident.unacked_since) {
        incident.unacked_since = incident.unacked_since.map(|since| since.max(known));
    }
}

/// Moves the `newest` incident of a series at a look at `now`. `whole` is the newest incident of the
/// series that this one is a part of: while it stands or is pending, its parts open none.
#[must_use]
pub fn hear(
    instance: &str,
    key: &SeriesKey,
    newest: Option<&Incident>,
    whole: Option<&Incident>,
    verdict: &Verdict,
    policy: Policy,
    now: Timestamp,
) -> Option<Step> {
    // Missed buckets are judged with their own time.
    let at = if verdict.complete { verdict.until.min(now) } else { now };
    let pending = newest.is_some_and(|incident| incident.state == State::Pending);
    let silent = newest.is_none_or(|incident| incident.resolved_at.is_some()) || pending && matches!(verdict.call, Call::Firing(_));
    if silent && whole.is_some_and(|whole| covers(whole, at)) {
        return None;
    }
    let mut step = step(instance, key, newest, &Cause::Judged(Box::new(verdict.clone())), policy, at)?;
    if step.event.is_some() {
        // Nobody could acknowledge or forget what nobody was told.
        let incident = &mut step.incident;
        waits_from(newest, incident, now);
        incident.remind_at = incident.remind_at.map(|due| due + (now - at));
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Kind;
    use crate::domain::incident::Segment;
    use crate::domain::notice::Facts;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-22T{text}:00Z").parse().unwrap()
    }

    fn row(event: Event, due: &str, held: Option<i64>) -> NewRow {
        NewRow {
            id: "k".to_owned(),
            target: "desk".to_owned(),
            recipient: String::new(),
            facts: Facts::blank(event, "i-1", at("02:00")),
            due: at(due),
            held,
        }
    }

    #[test]
    fn nobody_is_late_before_the_quiet_hours_of_the_first_who_is_told_are_over() {
        let known = |rows: &[NewRow]| known_from(rows, at("02:00"), at("02:00"));
        let [desk, leads] = [row(Event::Opened, "07:00", None), row(Event::Opened, "08:00", None)];
        assert_eq!(known(&[leads, desk.clone()]), Some(at("07:00")));
        let told_before = row(Event::Reopened, "02:00", None);
        assert_eq!(known(&[told_before, desk]), Some(at("07:00")), "the outbox may refuse what is no beginning");
        assert_eq!(known(&[row(Event::Opened, "02:00", Some(1))]), None, "a silence holds it back");
        let replayed = known_from(&[row(Event::Opened, "07:00", None)], at("20:00"), at("06:00"));
        assert_eq!(replayed, Some(at("21:00")), "the looks may have a clock of their own");
    }

    #[test]
    fn what_was_waited_for_before_is_waited_for_no_longer() {
        let key = SeriesKey { watch: "evenings".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind: Kind::Spike };
        let opened = Incident::new("i-1".to_owned(), key, at("02:00"));
        let since = |before: Option<&Incident>| {
            let mut incident = opened.clone();
            waits_from(before, &mut incident, at("07:00"));
            incident.unacked_since
        };
        assert_eq!(since(None), Some(at("07:00")));
        assert_eq!(since(Some(&Incident { unacked_since: None, ..opened.clone() })), Some(at("07:00")), "as after a snooze");
        assert_eq!(since(Some(&opened)), Some(at("02:00")));
    }

    #[test]
    fn what_gets_worse_is_waited_for_no_longer_than_before() {
        use crate::domain::incident::Level;
        let key = SeriesKey { watch: "evenings".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind: Kind::Spike };
        let numbers = crate::domain::incident::Numbers { count: 9.0, window_seconds: 3600, ..Default::default() };
        let verdict = Verdict { bucket: at("02:00"), until: at("03:00"), complete: true, call: Call::Firing(Level::High), numbers };
        let opened = Incident::new("i-1".to_owned(), key.clone(), at("02:00"));
        let since = |newest| {
            let step = hear("here", &key, newest, None, &verdict, Policy::default(), at("04:00")).unwrap();
            (step.event, step.incident.unacked_since)
        };
        assert_eq!(since(None), (Some(Event::Opened), Some(at("04:00"))), "nobody was told at three");
        assert_eq!(since(Some(&opened)), (Some(Event::Worse), Some(at("02:00"))));
    }
}
