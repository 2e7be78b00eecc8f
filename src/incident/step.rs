//! The state machine of an incident.
//!
//! ```text
//!            spike              calm bucket            enough calm            window over
//!  (nothing) ─────▶ Open ◀───────────────▶ Recovering ───────────▶ Resolved ─────────▶ Closed
//!                   │ ▲  acknowledge / snooze   ▲  relapse             │
//!                   ▼ │                         │                      │ spike: Reopened
//!            Acknowledged, Snoozed ─────────────┘              Open ◀──┘
//! ```
//!
//! Pure. The caller feeds verdicts in the order of their buckets. A verdict that tells nothing
//! new gives no step, so that looking every minute writes nothing.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::NoData;
use crate::domain::incident::Reason;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::incident::Verdict;
use crate::domain::notice::Event;
use crate::incident::outbox::incident_id;

/// Most steps of escalation.
pub const ESCALATIONS: usize = 6;

/// How patient incidents are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Calm complete buckets in a row that resolve.
    pub resolve_after: u32,
    /// A spike this soon after the end is the same incident.
    pub reopen_window: TimeDelta,
    /// Least time between two notices of one incident, unless it turns critical.
    pub notice_gap: TimeDelta,
    /// An incident that stands this long is the new usual.
    pub longest: TimeDelta,
    /// Evaluations in a row that fire before people are told; what is critical is told at once.
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
    /// The same for what is critical.
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
    /// never taken for the usual by its age.
    #[must_use]
    fn of(self, kind: Kind) -> Self {
        match kind {
            Kind::Spike | Kind::Drop | Kind::NoData | Kind::Message => self,
            Kind::SlowRise => Self {
                resolve_after: 7,
                reopen_window: TimeDelta::days(28),
                notice_gap: TimeDelta::days(7),
                longest: TimeDelta::days(365_000),
                ..self
            },
        }
    }

    /// Calm buckets in a row that resolve an incident which came back so many times: twice as many
    /// each time, up to eight times. Whatever comes and goes is one trouble, not many.
    fn patience(&self, reopened: u32) -> u32 {
        self.resolve_after << reopened.min(3)
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
        (None, Cause::Judged(verdict)) => opened(instance, key, verdict, now),
        (None, _) | (_, Cause::Silent(_) | Cause::Heard(_)) => None,
        (Some(incident), Cause::Judged(verdict)) if incident.state == State::Closed => {
            (verdict.until > incident.judged_to).then(|| opened(instance, key, verdict, now)).flatten()
        }
        (Some(incident), Cause::Judged(verdict)) => judged(incident, verdict, policy, now),
        (Some(incident), Cause::Person(act, who)) => acted(incident, act, who, now),
        (Some(incident), Cause::Clock) => passed(incident, policy, now),
    }
}

fn opened(instance: &str, key: &SeriesKey, verdict: &Verdict, now: Timestamp) -> Option<Step> {
    let Call::Firing(level) = verdict.call else { return None };
    let numbers = verdict.numbers.clone();
    let since = (verdict.until - TimeDelta::seconds(numbers.window_seconds)).min(verdict.bucket);
    let incident = Incident {
        since,
        level,
        told_level: level,
        told_count: numbers.count,
        peak: numbers.count,
        judged_to: if verdict.complete { verdict.until } else { verdict.bucket },
        numbers: numbers.clone(),
        counted_to: Some(verdict.until),
        confirmed: 1,
        ..Incident::new(incident_id(instance, key, now), key.clone(), now)
    };
    let why = key.kind.word().to_owned();
    let transition = Transition { at: now, from: None, to: State::Open, why, who: "detector".to_owned(), numbers, config: String::new() };
    Some(Step { incident, seen: None, transition, event: Some(Event::Opened), audience: Audience::Everybody })
}

fn judged(old: &Incident, verdict: &Verdict, policy: Policy, now: Timestamp) -> Option<Step> {
    // A bucket that was taken into account before has had its say, whatever came in late.
    if verdict.until <= old.judged_to {
        return None;
    }
    let mut new = old.clone();
    if verdict.complete {
        new.judged_to = verdict.until;
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
        new.state = State::Open;
        new.resolved_at = None;
        new.stands_since = now;
        new.hushed = false;
        new.reopened += 1;
        new.calm = 0;
        let why = format!("{} again", old.key.kind);
        return changed(old, told(new, level, now), &why, Some(Event::Reopened), now);
    }
    new.calm = 0;
    let relapse = old.state == State::Recovering;
    if relapse {
        new.state = old.before;
    }
    let rose = level > old.told_level;
    let doubled = verdict.numbers.count >= 2.0 * old.told_count;
    let spoken_lately = now - old.told_at < policy.notice_gap && level < Level::Critical;
    let worse = match new.state {
        State::Open => (rose || doubled) && !spoken_lately,
        State::Acknowledged => rose && !spoken_lately,
        State::Snoozed => rose && level == Level::Critical,
        State::Pending | State::Recovering | State::Resolved | State::Closed => false,
    };
    if worse {
        new.state = State::Open;
        return changed(old, told(new, level, now), "worse", Some(Event::Worse), now);
    }
    changed(old, new, if relapse { "relapse" } else { "still loud" }, None, now)
}

fn told(mut incident: Incident, level: Level, now: Timestamp) -> Incident {
    incident.told_level = incident.told_level.max(level);
    incident.told_count = incident.numbers.count;
    incident.told_at = now;
    incident.revision += 1;
    incident
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
        State::Recovering if new.calm >= policy.patience(old.reopened) => {
            new.state = State::Resolved;
            new.resolved_at = Some(now);
            new.revision += 1;
            changed(old, new, "over", Some(Event::Resolved), now)
        }
        State::Recovering => changed(old, new, "calm", None, now),
        // One calm bucket is remembered; counting on would write for ever.
        State::Resolved if old.calm == 0 => changed(old, new, "calm", None, now),
        State::Pending | State::Resolved | State::Closed => None,
    }
}

fn acted(old: &Incident, act: &Act, who: &str, now: Timestamp) -> Option<Step> {
    let mut new = old.clone();
    let over = matches!(old.state, State::Resolved | State::Closed);
    let (why, event) = match act {
        Act::Acknowledge if !over && old.state != State::Acknowledged => {
            new.state = State::Acknowledged;
            new.snoozed_until = None;
            ("acknowledged".to_owned(), None)
        }
        Act::Snooze(until) if !over => {
            new.state = State::Snoozed;
            new.snoozed_until = Some(*until);
            (format!("snoozed until {}", until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)), None)
        }
        Act::Resolve(reason) if !over => {
            // A false alarm is no alarm tomorrow either. What is said to be mended and is not may speak again.
            new.hushed = !matches!(reason, Reason::Fixed | Reason::Unwatched);
            new.state = State::Resolved;
            new.resolved_at = Some(now);
            new.snoozed_until = None;
            new.calm = 0;
            new.revision += 1;
            (reason.word().to_owned(), Some(Event::Resolved))
        }
        // Nobody was told of the act that is taken back.
        Act::Reopen if matches!(old.state, State::Acknowledged | State::Snoozed) => {
            new.state = State::Open;
            new.snoozed_until = None;
            ("taken back".to_owned(), None)
        }
        Act::Reopen if old.state == State::Resolved => {
            new.state = State::Open;
            new.resolved_at = None;
            new.stands_since = now;
            new.hushed = false;
            new.reopened += 1;
            new = told(new, old.level, now);
            ("reopened".to_owned(), Some(Event::Reopened))
        }
        _ => return None,
    };
    let mut step = changed(old, new, &why, event, now)?;
    who.clone_into(&mut step.transition.who);
    Some(step)
}

fn passed(old: &Incident, policy: Policy, now: Timestamp) -> Option<Step> {
    let mut new = old.clone();
    let by_clock = |new: Incident, why: &str, event| {
        let mut step = changed(old, new, why, event, now)?;
        "clock".clone_into(&mut step.transition.who);
        Some(step)
    };
    match old.state {
        State::Snoozed if old.snoozed_until.is_some_and(|until| until <= now) => {
            new.state = State::Open;
            new.snoozed_until = None;
            by_clock(new, "snooze ended", None)
        }
        State::Resolved if old.resolved_at.is_none_or(|at| now - at > policy.reopen_window) && (!old.hushed || old.calm > 0) => {
            new.state = State::Closed;
            by_clock(new, "window over", None)
        }
        State::Open | State::Acknowledged | State::Recovering if now - old.stands_since > policy.longest => {
            new.state = State::Resolved;
            new.hushed = true;
            new.resolved_at = Some(now);
            new.calm = 0;
            new.revision += 1;
            by_clock(new, "now the usual level", Some(Event::Resolved))
        }
        _ => None,
    }
}

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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::incident::Numbers;
    use crate::domain::incident::Segment;

    fn key() -> SeriesKey {
        SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike }
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + n * 3600, 0).unwrap()
    }

    fn verdict(n: i64, call: Call, count: f64) -> Verdict {
        Verdict {
            bucket: hour(n),
            until: hour(n + 1),
            complete: true,
            call,
            numbers: Numbers { count, window_seconds: 3600, ..Numbers::default() },
        }
    }

    /// Plays causes one an hour and returns the state and the events heard.
    fn play(causes: &[Cause]) -> (Option<Incident>, Vec<Event>) {
        let mut newest = None;
        let mut heard = Vec::new();
        for (n, cause) in causes.iter().enumerate() {
            if let Some(step) = step("here", &key(), newest.as_ref(), cause, Policy::default(), hour(n as i64 + 1)) {
                heard.extend(step.event);
                newest = Some(step.incident);
            }
        }
        (newest, heard)
    }

    fn at(n: i64, call: Call) -> Cause {
        Cause::Judged(Box::new(verdict(n, call, 10.0)))
    }

    const LOUD: Call = Call::Firing(Level::Medium);

    #[test]
    fn an_incident_opens_recovers_and_resolves_with_two_notices() {
        let (incident, heard) = play(&[at(0, LOUD), at(1, LOUD), at(2, Call::Normal), at(3, Call::Normal), at(4, Call::Normal)]);
        assert_eq!(heard, [Event::Opened, Event::Resolved]);
        assert_eq!(incident.unwrap().state, State::Resolved);
    }

    #[test]
    fn a_relapse_is_silent_and_the_calm_is_counted_anew() {
        let (incident, heard) =
            play(&[at(0, LOUD), at(1, Call::Normal), at(2, Call::Normal), at(3, LOUD), at(4, Call::Normal), at(5, Call::Normal)]);
        assert_eq!(heard, [Event::Opened]);
        assert_eq!(incident.unwrap().state, State::Recovering);
    }

    #[test]
    fn unknown_moves_nothing() {
        let (incident, heard) = play(&[at(0, LOUD), at(1, Call::Normal), at(2, Call::Unknown), at(3, Call::Unknown), at(4, Call::Normal)]);
        assert_eq!(heard, [Event::Opened]);
        assert_eq!(incident.unwrap().calm, 2);
    }

    #[test]
    fn worse_is_told_when_the_level_rises_or_the_count_doubles() {
        let (_, heard) = play(&[at(0, LOUD), at(1, Call::Firing(Level::High)), at(2, Call::Firing(Level::High))]);
        assert_eq!(heard, [Event::Opened, Event::Worse]);
        let (_, heard) =
            play(&[at(0, LOUD), Cause::Judged(Box::new(verdict(1, LOUD, 20.0))), Cause::Judged(Box::new(verdict(2, LOUD, 39.0)))]);
        assert_eq!(heard, [Event::Opened, Event::Worse]);
    }

    #[test]
    fn an_acknowledged_incident_speaks_again_only_when_the_level_rises() {
        let ack = Cause::Person(Act::Acknowledge, "anna".to_owned());
        let (incident, heard) = play(&[at(0, LOUD), ack.clone(), Cause::Judged(Box::new(verdict(2, LOUD, 99.0)))]);
        assert_eq!(heard, [Event::Opened]);
        assert_eq!(incident.unwrap().state, State::Acknowledged);
        let (incident, heard) = play(&[at(0, LOUD), ack, at(2, Call::Firing(Level::High))]);
        assert_eq!(heard, [Event::Opened, Event::Worse]);
        assert_eq!(incident.unwrap().state, State::Open);
    }

    #[test]
    fn a_spike_soon_after_the_end_is_the_same_incident() {
        let calm: Vec<Cause> = (1..4).map(|n| at(n, Call::Normal)).collect();
        let (incident, heard) = play(&[&[at(0, LOUD)], &calm[..], &[at(4, LOUD)]].concat());
        assert_eq!(heard, [Event::Opened, Event::Resolved, Event::Reopened]);
        assert_eq!(incident.unwrap().reopened, 1);
    }

    #[test]
    fn what_a_person_resolved_stays_so_until_it_was_calm_once() {
        let resolve = Cause::Person(Act::Resolve(Reason::FalseAlarm), "anna".to_owned());
        let (incident, heard) = play(&[at(0, LOUD), resolve.clone(), at(2, LOUD), at(3, LOUD)]);
        assert_eq!(heard, [Event::Opened, Event::Resolved]);
        assert_eq!(incident.unwrap().state, State::Resolved);
        let (_, heard) = play(&[at(0, LOUD), resolve, at(2, Call::Normal), at(3, LOUD)]);
        assert_eq!(heard, [Event::Opened, Event::Resolved, Event::Reopened]);
    }

    #[test]
    fn a_bucket_that_had_its_say_cannot_open_a_second_incident() {
        let mut causes = vec![at(0, LOUD)];
        causes.extend((1..4).map(|n| at(n, Call::Normal)));
        causes.extend((0..30).map(|_| Cause::Clock));
        causes.push(at(2, LOUD));
        let (incident, heard) = play(&causes);
        assert_eq!(heard, [Event::Opened, Event::Resolved]);
        assert_eq!(incident.unwrap().state, State::Closed);
    }

    #[test]
    fn a_false_alarm_stays_quiet_while_the_spike_goes_on_and_a_mended_trouble_speaks_after_a_day() {
        for (reason, heard_again) in [(Reason::FalseAlarm, 2), (Reason::Fixed, 3), (Reason::Unwatched, 3)] {
            let resolve = Cause::Person(Act::Resolve(reason), "anna".to_owned());
            let later = (2..60).flat_map(|n| [(n, Cause::Clock), (n, at(n, LOUD))]);
            let mut newest = None;
            let mut heard = Vec::new();
            for (n, cause) in [(0, at(0, LOUD)), (1, resolve)].into_iter().chain(later) {
                if let Some(step) = step("here", &key(), newest.as_ref(), &cause, Policy::default(), hour(n + 1)) {
                    heard.extend(step.event);
                    newest = Some(step.incident);
                }
            }
            assert_eq!(heard.len(), heard_again, "{reason:?}: {heard:?}");
        }
    }

    #[test]
    fn a_spike_after_the_end_for_good_is_a_new_incident() {
        let mut causes = vec![at(0, LOUD)];
        causes.extend((1..4).map(|n| at(n, Call::Normal)));
        causes.extend((0..30).map(|_| Cause::Clock));
        let (closed, _) = play(&causes);
        let closed = closed.unwrap();
        let again = step("here", &key(), Some(&closed), &at(40, LOUD), Policy::default(), hour(41)).unwrap();
        assert_ne!(again.incident.id, closed.id);
        assert_eq!((again.seen, again.incident.version, again.event), (None, 1, Some(Event::Opened)));
    }

    #[test]
    fn what_comes_and_goes_each_day_is_told_a_few_times_only() {
        let day = |n: i64| (0..24).map(move |hour| at(n * 24 + hour, if hour < 8 { LOUD } else { Call::Normal }));
        let (_, heard) = play(&(0..30).flat_map(day).collect::<Vec<_>>());
        assert!(heard.len() <= 10, "{heard:?}");
    }

    #[test]
    fn a_snooze_ends_by_the_clock() {
        let snooze = Cause::Person(Act::Snooze(hour(3)), "anna".to_owned());
        let (incident, _) = play(&[at(0, LOUD), snooze, Cause::Clock, Cause::Clock]);
        assert_eq!(incident.unwrap().state, State::Open);
    }

    #[test]
    fn what_is_resolved_is_not_snoozed_any_more() {
        let by_anna = |act| Cause::Person(act, "anna".to_owned());
        let (incident, _) = play(&[at(0, LOUD), by_anna(Act::Snooze(hour(30))), by_anna(Act::Resolve(Reason::Fixed))]);
        let incident = incident.unwrap();
        assert_eq!((incident.state, incident.snoozed_until), (State::Resolved, None));
    }

    /// Days of a slow rise with the clock beside them, and what was heard.
    fn slowly(causes: &[Cause]) -> (Incident, Vec<Event>) {
        let key = SeriesKey { kind: Kind::SlowRise, ..key() };
        let (mut newest, mut heard) = (None, Vec::new());
        for (day, cause) in causes.iter().enumerate() {
            let now = hour(24 * (day as i64 + 1));
            let cause = match cause {
                Cause::Judged(verdict) => {
                    let (bucket, until) = (now - TimeDelta::hours(24), now);
                    Cause::Judged(Box::new(Verdict { bucket, until, ..Verdict::clone(verdict) }))
                }
                other => other.clone(),
            };
            for cause in [Cause::Clock, cause] {
                if let Some(step) = step("here", &key, newest.as_ref(), &cause, Policy::default(), now) {
                    heard.extend(step.event);
                    newest = Some(step.incident);
                }
            }
        }
        (newest.unwrap(), heard)
    }

    #[test]
    fn a_slow_rise_stands_for_years_and_is_over_after_a_calm_week() {
        let mut days = vec![at(0, LOUD); 1000];
        let (incident, heard) = slowly(&days);
        assert_eq!((incident.state, &heard[..]), (State::Open, &[Event::Opened][..]));
        days.extend(vec![at(0, Call::Normal); 6]);
        assert_eq!(slowly(&days).0.state, State::Recovering);
        days.push(at(0, Call::Normal));
        let (incident, heard) = slowly(&days);
        assert_eq!((incident.state, &heard[..]), (State::Resolved, &[Event::Opened, Event::Resolved][..]));
    }

    #[test]
    fn a_slow_rise_that_a_person_accepted_stays_quiet_while_it_lasts() {
        let mut days = vec![at(0, LOUD); 5];
        days.push(Cause::Person(Act::Resolve(Reason::Other), "anna".to_owned()));
        days.extend(vec![at(0, LOUD); 300]);
        let (incident, heard) = slowly(&days);
        assert_eq!(heard, [Event::Opened, Event::Resolved]);
        assert!(incident.hushed);
    }

    fn any_cause() -> impl Strategy<Value = Option<Call>> {
        prop_oneof![
            Just(Some(LOUD)),
            Just(Some(Call::Firing(Level::Critical))),
            Just(Some(Call::Uneasy)),
            Just(Some(Call::Normal)),
            Just(Some(Call::Unknown)),
            Just(None),
        ]
    }

    proptest! {
        #[test]
        fn each_end_has_a_beginning(calls in vec(any_cause(), 0..120)) {
            let causes: Vec<Cause> =
                calls.iter().enumerate().map(|(n, call)| call.map_or(Cause::Clock, |call| at(n as i64, call))).collect();
            let (_, heard) = play(&causes);
            let mut standing = false;
            for event in heard {
                match event {
                    Event::Opened | Event::Reopened => { prop_assert!(!standing); standing = true; }
                    Event::Worse => prop_assert!(standing),
                    Event::Resolved => { prop_assert!(standing); standing = false; }
                    other => prop_assert!(false, "{other}"),
                }
            }
        }
    }
}
