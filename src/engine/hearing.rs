//! What a verdict does to the incident of its series: the same for the lookout and for a backtest.

use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::notice::Ending;
use crate::domain::notice::Event;
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
        incident.unacked_since = incident.unacked_since.map(|since| since.max(now));
        incident.remind_at = incident.remind_at.map(|due| due + (now - at));
    }
    Some(step)
}
