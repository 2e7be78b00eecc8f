//! What the detector's word does to an incident.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Level;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::incident::Verdict;
use crate::domain::notice::Event;
use crate::incident::outbox::incident_id;
use crate::incident::step::Audience;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::again;
use crate::incident::step::changed;
use crate::incident::step::over;
use crate::incident::step::stillborn;
use crate::incident::step::told;
use crate::incident::step::unacked;

/// How long ago an earlier incident may have ended that is named in the next one of its series.
const EARLIER: TimeDelta = TimeDelta::days(90);

/// A series without an incident is loud: one is pending, or opens where there is no doubt.
pub(super) fn began(
    instance: &str,
    key: &SeriesKey,
    closed: Option<&Incident>,
    verdict: &Verdict,
    policy: Policy,
    now: Timestamp,
) -> Option<Step> {
    let Call::Firing(level) = verdict.call else { return None };
    let numbers = verdict.numbers.clone();
    let since = (verdict.until - TimeDelta::seconds(numbers.window_seconds)).min(verdict.bucket);
    let sure = is_sure(verdict, level, 1, policy);
    let incident = Incident {
        state: if sure { State::Open } else { State::Pending },
        since,
        level,
        told_level: level,
        told_count: numbers.count,
        peak: numbers.count,
        judged_to: if verdict.complete { verdict.until } else { verdict.bucket },
        numbers: numbers.clone(),
        counted_to: Some(verdict.until),
        confirmed: 1,
        earlier: closed.and_then(|closed| earlier(closed, now)),
        ..Incident::new(incident_id(instance, key, now), key.clone(), now)
    };
    let incident = if sure { first_told(incident, policy, now) } else { incident };
    let why = key.kind.word().to_owned();
    let transition =
        Transition { at: now, from: None, to: incident.state, why, who: "detector".to_owned(), numbers, config: String::new() };
    Some(Step { incident, seen: None, transition, event: sure.then_some(Event::Opened), audience: Audience::Everybody })
}

/// The incident before this one that people heard of, unless it is long ago.
fn earlier(closed: &Incident, now: Timestamp) -> Option<String> {
    if closed.stillborn {
        return closed.earlier.clone();
    }
    closed.resolved_at.filter(|at| now - *at <= EARLIER).map(|_| closed.id.clone())
}

/// Whether people are told: a complete bucket counts no less later, and the worst does not wait.
fn is_sure(verdict: &Verdict, level: Level, looks: u32, policy: Policy) -> bool {
    verdict.complete || level == Level::Critical || looks >= policy.confirm
}

/// The first notice keeps the revision that the incident began with: it names the thread.
fn first_told(incident: Incident, policy: Policy, now: Timestamp) -> Incident {
    let opened_at = now.max(incident.opened_at);
    let incident = Incident { opened_at, stands_since: opened_at, revision: 0, ..unacked(incident, now) };
    told(incident, policy, now)
}

pub(super) fn judged(old: &Incident, verdict: &Verdict, policy: Policy, now: Timestamp) -> Option<Step> {
    // A bucket that was taken into account before has had its say, whatever came in late.
    if verdict.until <= old.judged_to {
        return None;
    }
    let mut new = old.clone();
    if verdict.complete {
        new.judged_to = verdict.until;
    }
    if old.state == State::Pending {
        return doubted(old, new, verdict, policy, now);
    }
    match verdict.call {
        Call::Firing(level) => fired(old, new, verdict, level, policy, now),
        Call::Uneasy if verdict.complete => {
            new.calm = if old.state == State::Resolved { old.calm.max(1) } else { 0 };
            changed(old, new, "uneasy", None, now)
        }
        Call::Normal if verdict.complete => calmed(old, new, verdict, policy, now),
        Call::Uneasy | Call::Normal | Call::Unknown => None,
    }
}

/// The next word on an incident of which nobody was told yet.
fn doubted(old: &Incident, mut new: Incident, verdict: &Verdict, policy: Policy, now: Timestamp) -> Option<Step> {
    match verdict.call {
        Call::Firing(level) => {
            // While it is pending, `told_at` is the last look that counted. Another bucket at the
            // same look is no second one.
            let looks = old.confirmed + u32::from(now > old.told_at);
            let sure = is_sure(verdict, level, looks, policy);
            if !sure && looks == old.confirmed {
                return None;
            }
            new.confirmed = looks;
            new.told_at = now;
            new.level = level;
            new.numbers = verdict.numbers.clone();
            new.counted_to = Some(verdict.until);
            new.peak = old.peak.max(verdict.numbers.count);
            if !sure {
                return changed(old, new, "still loud", None, now);
            }
            new.told_level = level;
            changed(old, first_told(new, policy, now), "confirmed", Some(Event::Opened), now)
        }
        // Of a later bucket it says nothing of the one that was loud.
        Call::Uneasy | Call::Normal if verdict.complete || old.counted_to.is_none_or(|to| verdict.bucket < to) => {
            new.numbers = verdict.numbers.clone();
            changed(old, stillborn(new, now), "not confirmed", None, now)
        }
        Call::Uneasy | Call::Normal | Call::Unknown => None,
    }
}

fn fired(old: &Incident, mut new: Incident, verdict: &Verdict, level: Level, policy: Policy, now: Timestamp) -> Option<Step> {
    new.numbers = verdict.numbers.clone();
    new.counted_to = Some(verdict.until);
    new.level = level;
    new.peak = old.peak.max(verdict.numbers.count);
    if old.state == State::Resolved {
        // Whoever resolved it by hand is not contradicted by the same spike: it must have been
        // calm for a bucket before.
        if old.calm == 0 || old.resolved_at.is_some_and(|at| now - at > policy.reopen_window) {
            return None;
        }
        let why = format!("{} again", old.key.kind);
        return changed(old, told(again(new, now), policy, now), &why, Some(Event::Reopened), now);
    }
    new.calm = 0;
    let relapse = old.state == State::Recovering;
    if relapse {
        new.state = old.before;
        // People are reminded of what stands all the time, not of what comes and goes.
        new.remind_at = policy.next_reminder(&new, now);
    }
    let rose = level > old.told_level;
    let doubled = verdict.numbers.count >= 2.0 * old.told_count;
    let turned = level == Level::Critical && old.snoozed_level.unwrap_or(old.told_level) < level;
    let spoken_lately = now - old.told_at < policy.notice_gap && !turned;
    let worse = match new.state {
        State::Open => (rose || doubled) && !spoken_lately,
        State::Acknowledged => rose && !spoken_lately,
        State::Snoozed => turned,
        State::Pending | State::Recovering | State::Resolved | State::Closed => false,
    };
    if !worse {
        return changed(old, new, if relapse { "relapse" } else { "still loud" }, None, now);
    }
    let why = match (new.state, &old.acked_by) {
        (State::Acknowledged, Some(who)) => format!("worse; the word of {who} is dropped, for its level rose"),
        (State::Snoozed, _) => "worse; it turned critical".to_owned(),
        _ => "worse".to_owned(),
    };
    let new = if new.state == State::Open { new } else { unacked(new, now) };
    changed(old, told(new, policy, now), &why, Some(Event::Worse), now)
}

fn calmed(old: &Incident, mut new: Incident, verdict: &Verdict, policy: Policy, now: Timestamp) -> Option<Step> {
    new.calm = old.calm + 1;
    new.numbers = verdict.numbers.clone();
    new.counted_to = Some(verdict.until);
    match old.state {
        State::Open | State::Acknowledged | State::Snoozed => {
            new.before = old.state;
            new.state = State::Recovering;
            changed(old, new, "calm", None, now)
        }
        // What a silent source would have brought is not known to be calm.
        State::Recovering if new.calm >= policy.patience(old.reopened) && old.no_data.is_empty() => {
            changed(old, over(new, now), "over", Some(Event::Resolved), now)
        }
        State::Recovering => changed(old, new, "calm", None, now),
        // One calm bucket is remembered; counting on would write for ever.
        State::Resolved if old.calm == 0 => changed(old, new, "calm", None, now),
        State::Pending | State::Resolved | State::Closed => None,
    }
}
