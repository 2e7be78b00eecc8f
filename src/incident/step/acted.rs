//! What a person's act does to an incident.

use chrono::SecondsFormat;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Reason;
use crate::domain::incident::State;
use crate::domain::notice::Event;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::again;
use crate::incident::step::by;
use crate::incident::step::changed;
use crate::incident::step::over;
use crate::incident::step::stillborn;
use crate::incident::step::told;
use crate::incident::step::unacked;

pub(super) fn acted(old: &Incident, act: &Act, who: &str, policy: Policy, now: Timestamp) -> Option<Step> {
    let step = match (old.state, act) {
        (State::Pending, Act::Resolve(reason)) => changed(old, stillborn(old.clone(), now), reason.word(), None, now),
        (State::Pending | State::Closed, _)
        | (State::Resolved, Act::Acknowledge | Act::Snooze(_) | Act::Resolve(_))
        | (State::Acknowledged, Act::Acknowledge)
        | (State::Open | State::Recovering, Act::Reopen) => None,
        (_, Act::Acknowledge) => acknowledged(old, who, policy, now),
        (_, Act::Snooze(until)) => snoozed(old, *until, who, now),
        (_, Act::Resolve(reason)) => resolved(old, *reason, now),
        (State::Resolved, Act::Reopen) => changed(old, told(again(old.clone(), now), policy, now), "reopened", Some(Event::Reopened), now),
        // An undo: whoever was told of the act sees it end, and nobody is told anew.
        (_, Act::Reopen) => {
            let mut new = unacked(old.clone(), now);
            new.remind_at = policy.next_reminder(&new, now);
            changed(old, new, "taken back", None, now)
        }
    };
    by(who, step)
}

fn acknowledged(old: &Incident, who: &str, policy: Policy, now: Timestamp) -> Option<Step> {
    let mut new = quiet(old, State::Acknowledged, who);
    new.remind_at = policy.next_reminder(&new, now);
    changed(old, new, "acknowledged", Some(Event::Acked), now)
}

fn snoozed(old: &Incident, until: Timestamp, who: &str, now: Timestamp) -> Option<Step> {
    let mut new = quiet(old, State::Snoozed, who);
    new.snoozed_until = Some(until);
    new.snoozed_level = Some(old.level);
    let why = format!("snoozed until {}", until.to_rfc3339_opts(SecondsFormat::Secs, true));
    changed(old, new, &why, Some(Event::Acked), now)
}

/// Somebody is on it: nobody is reminded, and nobody further is told.
fn quiet(old: &Incident, state: State, who: &str) -> Incident {
    Incident {
        state,
        acked_by: Some(who.to_owned()),
        snoozed_until: None,
        snoozed_level: None,
        unacked_since: None,
        escalated: 0,
        remind_at: None,
        revision: old.revision + 1,
        ..old.clone()
    }
}

fn resolved(old: &Incident, reason: Reason, now: Timestamp) -> Option<Step> {
    let mut new = over(old.clone(), now);
    // A false alarm is no alarm tomorrow either. What is said to be mended and is not may speak again.
    new.hushed = !matches!(reason, Reason::Fixed | Reason::Unwatched);
    new.calm = 0;
    if reason == Reason::Unwatched {
        // Nobody looks whether it comes back.
        new.state = State::Closed;
    }
    changed(old, new, reason.word(), Some(Event::Resolved), now)
}
