//! What the clock alone does to an incident.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::State;
use crate::domain::notice::Event;
use crate::incident::step::Audience;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::by;
use crate::incident::step::changed;
use crate::incident::step::over;
use crate::incident::step::silent;
use crate::incident::step::stillborn;
use crate::incident::step::told;
use crate::incident::step::unacked;

/// What is pending for so long is never confirmed.
const DOUBT: TimeDelta = TimeDelta::hours(24);
/// A single message stands so long; nobody is told that it is over.
const MESSAGE: TimeDelta = TimeDelta::days(7);

pub(super) fn passed(old: &Incident, policy: Policy, now: Timestamp) -> Option<Step> {
    let mut new = old.clone();
    let step = match old.state {
        State::Pending if now - old.told_at > DOUBT => changed(old, stillborn(new, now), "not confirmed", None, now),
        State::Resolved if old.resolved_at.is_none_or(|at| now - at > policy.reopen_window) && (!old.hushed || old.calm > 0) => {
            new.state = State::Closed;
            changed(old, new, "window over", None, now)
        }
        State::Closed | State::Pending | State::Resolved => None,
        _ if old.key.kind == Kind::Message && now - old.stands_since > MESSAGE => long_over(old, now),
        _ if !matches!(old.key.kind, Kind::NoData | Kind::Message) && now - old.stands_since > policy.longest => {
            new = over(new, now);
            new.hushed = true;
            new.calm = 0;
            changed(old, new, "now the usual level", Some(Event::Resolved), now)
        }
        State::Snoozed if old.snoozed_until.is_some_and(|until| until <= now) => {
            new = told(unacked(new, now), policy, now);
            changed(old, new, "snooze ended", Some(Event::Reminder), now)
        }
        State::Open => escalated(old, policy, now).or_else(|| reminded(old, policy, now)),
        State::Acknowledged => reminded(old, policy, now),
        State::Recovering if old.key.kind == Kind::NoData => silent::stayed(old, now),
        State::Snoozed | State::Recovering => None,
    };
    by("clock", step)
}

fn long_over(old: &Incident, now: Timestamp) -> Option<Step> {
    let new = Incident { state: State::Closed, ..over(old.clone(), now) };
    changed(old, new, "a week old", None, now)
}

/// Nobody acknowledged it for so long that further targets are told. The others hear nothing.
fn escalated(old: &Incident, policy: Policy, now: Timestamp) -> Option<Step> {
    let since = old.unacked_since()?;
    let after = policy.escalations.get(old.escalated as usize).copied().flatten()?;
    if now - since < after {
        return None;
    }
    let new = Incident { escalated: old.escalated + 1, revision: old.revision + 1, ..old.clone() };
    let audience = Audience::Added(new.escalated);
    Some(Step { audience, ..changed(old, new, "escalated", Some(Event::Reminder), now)? })
}

fn reminded(old: &Incident, policy: Policy, now: Timestamp) -> Option<Step> {
    if old.state == State::Acknowledged && !policy.remind.acked {
        return None;
    }
    let due = match old.remind_at {
        Some(due) => due,
        // Of an older release, or since a reload that asks for more reminders.
        None => policy.next_reminder(old, old.told_at)?,
    };
    if now < due || old.reminders >= policy.remind.at_most {
        return None;
    }
    let new = Incident { reminders: old.reminders + 1, ..old.clone() };
    changed(old, told(new, policy, now), "reminder", Some(Event::Reminder), now)
}
