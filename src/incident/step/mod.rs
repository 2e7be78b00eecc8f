//! The state machine of an incident.
//!
//! ```text
//!            spike              sure                 calm bucket            enough calm            window over
//!  (nothing) ─────▶ Pending ─────────▶ Open ◀───────────────▶ Recovering ───────────▶ Resolved ─────────▶ Closed
//!                   │ calm: Closed,    │ ▲  acknowledge / snooze   ▲  relapse             │
//!                   ▼ told to nobody   ▼ │                         │                      │ spike: Reopened
//!                               Acknowledged, Snoozed ─────────────┘              Open ◀──┘
//! ```
//!
//! A complete bucket makes sure by itself, an open one has to be loud at two looks. Whatever
//! changes a state or is worth telling is a [`Step`]; a verdict that tells nothing new gives none,
//! so that looking every minute writes nothing.
//!
//! Pure. The caller feeds verdicts in the order of their buckets. What each cause does has a file
//! of its own: `judged` the detector's word, `acted` a person's, `passed` the clock's,
//! `silent` that of a source which brings nothing.

mod acted;
mod judged;
mod passed;
mod silent;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::NoData;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::incident::Verdict;
use crate::domain::notice::Event;

/// Most steps of escalation.
pub const ESCALATIONS: usize = 6;

/// How patient incidents are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Calm complete buckets in a row that resolve.
    pub resolve_after: u32,
    /// The same for what came back: a day of them at least, so that whatever comes and goes is one
    /// trouble and not many.
    pub resolve_returned: u32,
    /// A spike this soon after the end is the same incident.
    pub reopen_window: TimeDelta,
    /// Least time between two notices of one incident, unless it turns critical.
    pub notice_gap: TimeDelta,
    /// An incident that stands this long is the new usual.
    pub longest: TimeDelta,
    /// Looks in a row at which an open bucket is loud before people are told; of a complete bucket
    /// and of what is critical they are told at once.
    pub confirm: u32,
    /// When people are reminded of what still stands.
    pub remind: Remind,
    /// How long nobody may have acknowledged it before further targets are told, shortest first.
    pub escalations: [Option<TimeDelta>; ESCALATIONS],
}

/// When people are reminded of what still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remind {
    /// First gap; each further one is half as long again.
    pub every: TimeDelta,
    /// The same for what is critical and has not come back.
    pub critical: TimeDelta,
    /// At most so many times.
    pub at_most: u32,
    /// Also of what somebody has acknowledged.
    pub acked: bool,
}

impl Default for Remind {
    fn default() -> Self {
        Self { every: TimeDelta::hours(24), critical: TimeDelta::hours(4), at_most: 5, acked: false }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            resolve_after: 3,
            resolve_returned: 24,
            reopen_window: TimeDelta::hours(24),
            notice_gap: TimeDelta::minutes(30),
            longest: TimeDelta::days(14),
            confirm: 2,
            remind: Remind::default(),
            escalations: [None; ESCALATIONS],
        }
    }
}

impl Policy {
    /// The same for a kind of series. A slow rise is judged once a day, moves over months and is
    /// never taken for the usual by its age. Of a message nobody is reminded; that somebody answers for
    /// it is waited for as with everything else.
    #[must_use]
    fn of(self, kind: Kind) -> Self {
        match kind {
            Kind::Spike | Kind::Drop | Kind::NoData => self,
            Kind::Message => Self { remind: Remind { at_most: 0, ..self.remind }, ..self },
            Kind::SlowRise => Self {
                resolve_after: 7,
                resolve_returned: 28,
                reopen_window: TimeDelta::days(28),
                notice_gap: TimeDelta::days(7),
                longest: TimeDelta::days(365_000),
                remind: Remind { every: self.remind.every * 7, critical: self.remind.critical * 7, ..self.remind },
                ..self
            },
        }
    }

    /// Calm buckets in a row that resolve an incident which came back so many times.
    fn patience(&self, reopened: u32) -> u32 {
        if reopened == 0 { self.resolve_after } else { self.resolve_returned.max(self.resolve_after) }
    }

    /// When to remind of an incident of which people hear now, or which goes on from now.
    fn next_reminder(&self, incident: &Incident, now: Timestamp) -> Option<Timestamp> {
        let Remind { every, critical, at_most, acked } = self.remind;
        let wanted = match incident.state {
            State::Open => true,
            State::Acknowledged => acked,
            State::Pending | State::Snoozed | State::Recovering | State::Resolved | State::Closed => false,
        };
        if !wanted || incident.reminders >= at_most {
            return None;
        }
        // What comes and goes is not what the short gap is for.
        let first = if incident.level == Level::Critical && incident.reopened == 0 { critical } else { every };
        let gap = (0..incident.reminders.min(20)).fold(first, |gap, _| gap * 3 / 2);
        now.checked_add_signed(gap)
    }
}

/// What may move an incident.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The detector judged a bucket.
    Judged(Box<Verdict>),
    /// A person did something.
    Person(Act, String),
    /// Time passed.
    Clock,
    /// A source of it brings nothing.
    Silent(NoData),
    /// That source, by its name, brings something again.
    Heard(String),
}

/// Who hears of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Everybody that the watch and the routes name.
    #[default]
    Everybody,
    /// Only those whom this step of [`Policy::escalations`] adds, from 1.
    Added(u32),
}

/// A change, and what people hear of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The incident after the change.
    pub incident: Incident,
    /// The version it had before; `None` for a new one.
    pub seen: Option<u64>,
    /// For the record.
    pub transition: Transition,
    /// What to tell, if anything.
    pub event: Option<Event>,
    /// Whom.
    pub audience: Audience,
}

/// Moves the newest incident of a series. `None` when nothing changes.
#[must_use]
pub fn step(instance: &str, key: &SeriesKey, newest: Option<&Incident>, cause: &Cause, policy: Policy, now: Timestamp) -> Option<Step> {
    let policy = policy.of(key.kind);
    match (newest, cause) {
        (None, Cause::Judged(verdict)) => judged::began(instance, key, None, verdict, policy, now),
        (Some(closed), Cause::Judged(verdict)) if closed.state == State::Closed => {
            (verdict.until > closed.judged_to).then(|| judged::began(instance, key, Some(closed), verdict, policy, now)).flatten()
        }
        (Some(incident), Cause::Judged(verdict)) => judged::judged(incident, verdict, policy, now),
        (Some(incident), Cause::Person(act, who)) => acted::acted(incident, act, who, policy, now),
        (Some(incident), Cause::Clock) => passed::passed(incident, policy, now),
        (Some(incident), Cause::Silent(no_data)) if key.kind != Kind::NoData => silent::silent(incident, no_data, now),
        (Some(incident), Cause::Heard(source)) if key.kind != Kind::NoData => silent::heard(incident, source, now),
        (newest, Cause::Silent(no_data)) => silent::began(instance, key, newest, no_data, policy, now),
        (Some(incident), Cause::Heard(source)) => silent::ended(incident, source, policy, now),
        (None, Cause::Person(..) | Cause::Clock | Cause::Heard(_)) => None,
    }
}

/// People hear of it now, all of them.
fn told(mut incident: Incident, policy: Policy, now: Timestamp) -> Incident {
    incident.told_level = incident.told_level.max(incident.level);
    incident.told_count = incident.numbers.count;
    incident.told_numbers = Some(incident.numbers.clone());
    incident.told_at = now;
    incident.revision += 1;
    incident.remind_at = policy.next_reminder(&incident, now);
    incident
}

/// It stands and nobody is on it.
fn unacked(mut incident: Incident, now: Timestamp) -> Incident {
    incident.state = State::Open;
    incident.acked_by = None;
    incident.snoozed_until = None;
    incident.snoozed_level = None;
    incident.unacked_since = Some(now);
    incident.escalated = 0;
    incident
}

/// It is over now.
fn over(mut incident: Incident, now: Timestamp) -> Incident {
    incident.state = State::Resolved;
    incident.resolved_at = Some(now);
    incident.snoozed_until = None;
    incident.remind_at = None;
    incident.revision += 1;
    incident
}

/// It stands again.
fn again(mut incident: Incident, now: Timestamp) -> Incident {
    incident.resolved_at = None;
    incident.stands_since = now;
    incident.hushed = false;
    incident.reopened += 1;
    incident.reminders = 0;
    incident.calm = 0;
    unacked(incident, now)
}

/// Over before anybody was told.
fn stillborn(mut incident: Incident, now: Timestamp) -> Incident {
    incident.state = State::Closed;
    incident.stillborn = true;
    incident.resolved_at = Some(now);
    incident
}

/// A step of an incident that is there already; none where nothing changes.
fn changed(old: &Incident, mut new: Incident, why: &str, event: Option<Event>, now: Timestamp) -> Option<Step> {
    if new == *old {
        return None;
    }
    new.version = old.version + 1;
    let transition = Transition {
        at: now,
        from: Some(old.state),
        to: new.state,
        why: why.to_owned(),
        who: "detector".to_owned(),
        numbers: new.numbers.clone(),
        config: String::new(),
    };
    Some(Step { incident: new, seen: Some(old.version), transition, event, audience: Audience::Everybody })
}

/// The same, by somebody else than the detector.
fn by(who: &str, step: Option<Step>) -> Option<Step> {
    let mut step = step?;
    who.clone_into(&mut step.transition.who);
    Some(step)
}
