//! What a source does that something is wrong with: no state of the incidents that count it changes,
//! but it is shown beside them; and it is an incident of its own.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::NoData;
use crate::domain::incident::Numbers;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::notice::Event;
use crate::incident::outbox::incident_id;
use crate::incident::step::Audience;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::again;
use crate::incident::step::by;
use crate::incident::step::changed;
use crate::incident::step::over;
use crate::incident::step::told;
use crate::incident::step::unacked;

/// A source that comes and goes has to stay so long before it is said to be back once more.
const STAYS: TimeDelta = TimeDelta::hours(24);

/// Whether silence is shown beside an incident.
fn stands(incident: &Incident) -> bool {
    matches!(incident.state, State::Pending | State::Open | State::Acknowledged | State::Snoozed | State::Recovering)
}

/// A source of its watch falls silent, or is silent for another reason than before.
pub(super) fn silent(old: &Incident, no_data: &NoData, now: Timestamp) -> Option<Step> {
    let known = old.no_data.iter().find(|known| known.source == no_data.source);
    if !stands(old) || known.is_some_and(|known| known.trouble() == no_data.trouble()) {
        return None;
    }
    let mut new = old.clone();
    new.no_data.retain(|known| known.source != no_data.source);
    new.no_data.push(no_data.clone());
    by("clock", changed(old, new, &format!("no data from {}", no_data.source), None, now))
}

/// A source of its watch brings something again, or is counted no more.
pub(super) fn heard(old: &Incident, source: &str, now: Timestamp) -> Option<Step> {
    let mut new = old.clone();
    new.no_data.retain(|known| known.source != source);
    if !stands(old) {
        return None;
    }
    by("clock", changed(old, new, &format!("data from {source} again"), None, now))
}

/// The incident of the source itself.
pub(super) fn began(
    instance: &str,
    key: &SeriesKey,
    newest: Option<&Incident>,
    no_data: &NoData,
    policy: Policy,
    now: Timestamp,
) -> Option<Step> {
    let (why, level) = (no_data.trouble().says(), no_data.trouble().level());
    let step = match newest {
        Some(old) if old.state == State::Resolved => {
            // Whoever called it over while it was so is not contradicted by the same.
            if old.calm == 0 {
                return None;
            }
            let new = Incident { no_data: vec![no_data.clone()], level, ..again(old.clone(), now) };
            changed(old, told(new, policy, now), why, Some(Event::Reopened), now)
        }
        Some(old) if old.state == State::Recovering => {
            let new = Incident { state: old.before, level, no_data: vec![no_data.clone()], ..old.clone() };
            changed(old, new, "relapse", None, now)
        }
        Some(old) if old.state != State::Closed => other(old, no_data, policy, now),
        _ => {
            let incident = Incident {
                since: no_data.since,
                level,
                told_level: level,
                no_data: vec![no_data.clone()],
                revision: 0,
                ..Incident::new(incident_id(instance, key, now), key.clone(), now)
            };
            let incident = told(incident, policy, now);
            let numbers = Numbers::default();
            let (why, who) = (why.to_owned(), "clock".to_owned());
            let transition = Transition { at: now, from: None, to: State::Open, why, who, numbers, config: String::new() };
            Some(Step { incident, seen: None, transition, event: Some(Event::Opened), audience: Audience::Everybody })
        }
    };
    by("clock", step)
}

/// Something else is wrong with it than people were told. They hear of that where it is worse: a
/// source that could be read and now cannot.
fn other(old: &Incident, no_data: &NoData, policy: Policy, now: Timestamp) -> Option<Step> {
    let trouble = no_data.trouble();
    if old.no_data.first().is_some_and(|known| known.trouble() == trouble) {
        return None;
    }
    let new = Incident { no_data: vec![no_data.clone()], level: trouble.level(), ..old.clone() };
    if new.level <= old.told_level || !matches!(old.state, State::Open | State::Acknowledged) {
        return changed(old, new, trouble.says(), None, now);
    }
    changed(old, told(unacked(new, now), policy, now), trouble.says(), Some(Event::Worse), now)
}

/// The source is heard again.
pub(super) fn ended(old: &Incident, source: &str, _policy: Policy, now: Timestamp) -> Option<Step> {
    let mut new = Incident { no_data: Vec::new(), judged_to: now, ..old.clone() };
    let why = format!("data from {source} again");
    let step = match old.state {
        State::Open | State::Acknowledged | State::Snoozed if old.reopened == 0 => {
            new.calm = 1;
            changed(old, over(new, now), &why, Some(Event::Resolved), now)
        }
        State::Open | State::Acknowledged | State::Snoozed => {
            new.before = old.state;
            new.state = State::Recovering;
            changed(old, new, &why, None, now)
        }
        State::Resolved if old.calm == 0 => {
            new.calm = 1;
            changed(old, new, &why, None, now)
        }
        State::Pending | State::Recovering | State::Resolved | State::Closed => None,
    };
    by("clock", step)
}

/// A source that came and went has stayed.
pub(super) fn stayed(old: &Incident, now: Timestamp) -> Option<Step> {
    if now - old.judged_to < STAYS {
        return None;
    }
    let new = Incident { calm: 1, ..old.clone() };
    changed(old, over(new, now), "over", Some(Event::Resolved), now)
}
