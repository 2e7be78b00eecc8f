//! Stories of one incident, and what holds for all of them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::incident::Call;
use crate::domain::incident::Numbers;
use crate::domain::incident::Reason;
use crate::domain::incident::Segment;
use crate::domain::trouble::Trouble;

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
fn what_turned_critical_is_told_at_once_and_what_is_critical_already_waits_for_the_gap() {
    let mut newest = None;
    let mut heard = Vec::new();
    for (minutes, level, count) in
        [(0, Level::High, 8.0), (1, Level::High, 8.0), (10, Level::Critical, 9.0), (20, Level::Critical, 40.0), (41, Level::Critical, 41.0)]
    {
        let now = hour(1) + TimeDelta::minutes(minutes);
        let numbers = Numbers { count, window_seconds: 3600, ..Numbers::default() };
        let verdict = Verdict { bucket: hour(0), until: now, complete: false, call: Call::Firing(level), numbers };
        if let Some(step) = step("here", &key(), newest.as_ref(), &Cause::Judged(Box::new(verdict)), Policy::default(), now) {
            heard.extend(step.event.map(|event| (minutes, event)));
            newest = Some(step.incident);
        }
    }
    assert_eq!(heard, [(1, Event::Opened), (10, Event::Worse), (41, Event::Worse)]);
}

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
    let (_, heard) = play(&[at(0, LOUD), Cause::Judged(Box::new(verdict(1, LOUD, 20.0))), Cause::Judged(Box::new(verdict(2, LOUD, 39.0)))]);
    assert_eq!(heard, [Event::Opened, Event::Worse]);
}

#[test]
fn an_acknowledged_incident_speaks_again_only_when_the_level_rises() {
    let ack = Cause::Person(Act::Acknowledge, "anna".to_owned());
    let (incident, heard) = play(&[at(0, LOUD), ack.clone(), Cause::Judged(Box::new(verdict(2, LOUD, 99.0)))]);
    assert_eq!(heard, [Event::Opened, Event::Acked]);
    assert_eq!(incident.unwrap().state, State::Acknowledged);
    let (incident, heard) = play(&[at(0, LOUD), ack, at(2, Call::Firing(Level::High))]);
    assert_eq!(heard, [Event::Opened, Event::Acked, Event::Worse]);
    let incident = incident.unwrap();
    assert_eq!((incident.state, incident.acked_by), (State::Open, None));
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
        heard.retain(|event| *event != Event::Reminder);
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
    assert_eq!(
        (incident.state, heard.first(), heard.len()),
        (State::Open, Some(&Event::Opened), 6),
        "five reminders, and peace: {heard:?}"
    );
    days.extend(vec![at(0, Call::Normal); 6]);
    assert_eq!(slowly(&days).0.state, State::Recovering);
    days.push(at(0, Call::Normal));
    let (incident, heard) = slowly(&days);
    assert_eq!((incident.state, heard.last(), heard.len()), (State::Resolved, Some(&Event::Resolved), 7));
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

/// An open bucket that was loud or calm so far.
fn peek(n: i64, call: Call) -> Cause {
    Cause::Judged(Box::new(Verdict { complete: false, ..verdict(n, call, 10.0) }))
}

fn minute(n: i64) -> Timestamp {
    hour(0) + TimeDelta::minutes(n)
}

/// One life of an incident, step by step.
struct Life {
    policy: Policy,
    newest: Option<Incident>,
    step: Option<Step>,
}

impl Life {
    fn new() -> Self {
        Self { policy: Policy::default(), newest: None, step: None }
    }

    fn open() -> Self {
        Self::new().then(0, &at(0, LOUD))
    }

    /// A cause at an hour of this life.
    fn then(mut self, now: i64, cause: &Cause) -> Self {
        self.step = step("here", &key(), self.newest.as_ref(), cause, self.policy, hour(now + 1));
        self.newest = self.step.as_ref().map(|step| step.incident.clone()).or(self.newest);
        self
    }

    fn by_anna(self, now: i64, act: Act) -> Self {
        self.then(now, &Cause::Person(act, "anna".to_owned()))
    }

    fn calm(self, hours: std::ops::Range<i64>) -> Self {
        hours.fold(self, |life, n| life.then(n, &at(n, Call::Normal)))
    }

    /// From, to, what is told and why, of the last step.
    fn last(&self) -> (Option<State>, State, Option<Event>, &str) {
        let step = self.step.as_ref().expect("the last cause was a step");
        (step.transition.from, step.transition.to, step.event, step.transition.why.as_str())
    }

    fn incident(&self) -> &Incident {
        self.newest.as_ref().expect("there is one")
    }
}

#[test]
fn the_rules_of_the_life_of_an_incident_hold_one_by_one() {
    use State::*;
    let high = Call::Firing(Level::High);
    let critical = Call::Firing(Level::Critical);
    let snooze = || Act::Snooze(hour(9));
    let resolve = |reason| Act::Resolve(reason);
    let recovering = || Life::open().calm(1..2);
    let resolved = || Life::open().calm(1..4);
    let closed = || resolved().then(40, &Cause::Clock);
    let unwatched = || resolve(Reason::Unwatched);
    let silent = || NoData { source: "app".to_owned(), since: hour(0), fails: false, error: None, trouble: None };
    let opened = Some(Event::Opened);
    let rules = vec![
        ("1", Life::new().then(0, &peek(0, LOUD)), (None, Pending, None, "spike")),
        ("2", Life::new().then(0, &peek(0, LOUD)).then(1, &peek(0, LOUD)), (Some(Pending), Open, opened, "confirmed")),
        ("2, at once", Life::new().then(0, &peek(0, critical)), (None, Open, opened, "spike")),
        ("2, by a complete bucket", Life::new().then(0, &peek(0, LOUD)).then(0, &at(0, LOUD)), (Some(Pending), Open, opened, "confirmed")),
        ("3", Life::new().then(0, &peek(0, LOUD)).then(1, &peek(0, Call::Normal)), (Some(Pending), Closed, None, "not confirmed")),
        ("4", Life::open().then(1, &at(1, high)), (Some(Open), Open, Some(Event::Worse), "worse")),
        ("5", Life::open().then(24, &Cause::Clock), (Some(Open), Open, Some(Event::Reminder), "reminder")),
        ("7", Life::open().by_anna(1, Act::Acknowledge), (Some(Open), Acknowledged, Some(Event::Acked), "acknowledged")),
        (
            "8",
            Life::open().by_anna(1, Act::Acknowledge).then(2, &at(2, high)),
            (Some(Acknowledged), Open, Some(Event::Worse), "worse; the word of anna is dropped, for its level rose"),
        ),
        ("9", Life::open().by_anna(1, snooze()), (Some(Open), Snoozed, Some(Event::Acked), "snoozed until 2027-01-15T17:00:00Z")),
        ("10", Life::open().by_anna(1, snooze()).then(9, &Cause::Clock), (Some(Snoozed), Open, Some(Event::Reminder), "snooze ended")),
        (
            "11",
            Life::open().by_anna(1, snooze()).then(2, &at(2, critical)),
            (Some(Snoozed), Open, Some(Event::Worse), "worse; it turned critical"),
        ),
        ("12", recovering(), (Some(Open), Recovering, None, "calm")),
        ("13", recovering().then(2, &at(2, LOUD)), (Some(Recovering), Open, None, "relapse")),
        (
            "13, where from",
            Life::open().by_anna(1, Act::Acknowledge).calm(2..3).then(3, &at(3, LOUD)),
            (Some(Recovering), Acknowledged, None, "relapse"),
        ),
        ("14", resolved(), (Some(Recovering), Resolved, Some(Event::Resolved), "over")),
        ("15", recovering().then(2, &Cause::Silent(silent())).calm(2..9), (Some(Recovering), Recovering, None, "calm")),
        (
            "15, at its end",
            recovering().then(2, &Cause::Silent(silent())).calm(2..9).then(9, &Cause::Heard("app".to_owned())).calm(9..10),
            (Some(Recovering), Resolved, Some(Event::Resolved), "over"),
        ),
        ("16", resolved().then(4, &at(4, LOUD)), (Some(Resolved), Open, Some(Event::Reopened), "spike again")),
        ("17", closed(), (Some(Resolved), Closed, None, "window over")),
        ("18", Life::open().by_anna(1, resolve(Reason::Fixed)), (Some(Open), Resolved, Some(Event::Resolved), "fixed")),
        ("19", Life::open().by_anna(1, unwatched()), (Some(Open), Closed, Some(Event::Resolved), "unwatched")),
        ("20", Life::open().then(14 * 24 + 1, &Cause::Clock), (Some(Open), Resolved, Some(Event::Resolved), "now the usual level")),
        ("21", closed().then(41, &peek(41, LOUD)), (None, Pending, None, "spike")),
        ("an undo", Life::open().by_anna(1, snooze()).by_anna(1, Act::Reopen), (Some(Snoozed), Open, None, "taken back")),
    ];
    for (rule, life, wanted) in &rules {
        assert_eq!(life.last(), *wanted, "rule {rule}");
    }
}

#[test]
fn what_is_told_of_a_new_incident_names_the_one_before() {
    let life = Life::open().calm(1..4).then(40, &Cause::Clock);
    let first = life.incident().id.clone();
    let life = life.then(41, &peek(41, LOUD));
    assert_eq!(life.incident().earlier, Some(first.clone()));
    let again = life.then(42, &peek(41, Call::Normal)).then(43, &at(43, LOUD));
    assert_eq!(again.incident().earlier, Some(first), "one that nobody heard of stands between");
}

#[test]
fn what_is_pending_has_not_opened_and_what_died_so_never_did() {
    let life = Life::new().then(0, &peek(0, LOUD));
    assert_eq!(life.incident().opened(), None);
    let again = Life::new().then(0, &peek(0, LOUD)).then(0, &peek(1, LOUD));
    assert!(again.step.is_none(), "two buckets of one look are one look");
    let later = Life::new().then(0, &peek(0, LOUD)).then(1, &peek(1, Call::Normal));
    assert!(later.step.is_none(), "a later bucket says nothing of the one that was loud");
    let life = life.then(1, &peek(0, LOUD));
    assert_eq!((life.incident().opened(), life.incident().revision), (Some(hour(2)), 1));
    let dead = Life::new().then(0, &peek(0, LOUD)).then(1, &at(0, Call::Normal));
    assert_eq!((dead.incident().opened(), dead.incident().stillborn), (None, true));
    let waits = Life::new().then(0, &peek(0, LOUD)).then(30, &Cause::Clock);
    assert_eq!(waits.last(), (Some(State::Pending), State::Closed, None, "not confirmed"));
}

#[test]
fn people_are_reminded_five_times_and_ever_more_seldom() {
    let mut life = Life::open();
    let mut told = Vec::new();
    for now in 0..14 * 24 {
        life = life.then(now, &Cause::Clock);
        told.extend(life.step.as_ref().and_then(|step| step.event).map(|_| now));
    }
    assert_eq!(told, [24, 60, 114, 195, 317]);
    let acked = Life::open().by_anna(1, Act::Acknowledge);
    assert_eq!(acked.incident().remind_at, None);
    assert!((2..300).fold(acked, |life, now| life.then(now, &Cause::Clock)).step.is_none());
    let critical = Life::new().then(0, &at(0, Call::Firing(Level::Critical)));
    assert_eq!(critical.incident().remind_at, Some(hour(5)));
}

#[test]
fn further_targets_are_told_until_somebody_acknowledges_and_again_from_the_first_when_that_is_dropped() {
    let mut policy = Policy::default();
    (policy.escalations[0], policy.escalations[1]) = (Some(TimeDelta::hours(1)), Some(TimeDelta::hours(2)));
    let open = || Life { policy, ..Life::new() }.then(0, &at(0, LOUD));
    let audience = |life: &Life| life.step.as_ref().map(|step| (step.audience, step.event));
    let added = |number| Some((Audience::Added(number), Some(Event::Reminder)));
    let life = open().then(1, &Cause::Clock);
    assert_eq!(audience(&life), added(1));
    let life = life.then(1, &Cause::Clock);
    assert_eq!(audience(&life), None, "the second step is not due");
    let life = life.then(2, &Cause::Clock);
    assert_eq!(audience(&life), added(2));
    let acked = open().by_anna(0, Act::Acknowledge).then(5, &Cause::Clock);
    assert_eq!(audience(&acked), None);
    let dropped = life.by_anna(3, Act::Acknowledge).then(4, &at(4, Call::Firing(Level::High))).then(4, &Cause::Clock);
    assert_eq!(audience(&dropped), None);
    assert_eq!(audience(&dropped.then(5, &Cause::Clock)), added(1));
}

#[test]
fn a_message_comes_back_when_its_snooze_ends_and_further_targets_are_told_of_it_but_nobody_is_reminded() {
    let mut policy = Policy::default();
    policy.escalations[0] = Some(TimeDelta::hours(1));
    let message = SeriesKey { kind: Kind::Message, ..key() };
    let after = |incident: &Incident, cause: &Cause, hours| step("here", &message, Some(incident), cause, policy, hour(hours));
    let opened = Incident::new("i-1".to_owned(), message.clone(), hour(0));
    let escalated = after(&opened, &Cause::Clock, 1).unwrap();
    assert_eq!((escalated.audience, escalated.event), (Audience::Added(1), Some(Event::Reminder)));
    let stands = escalated.incident;
    assert!((2..24 * 7).all(|hours| after(&stands, &Cause::Clock, hours).is_none()), "nobody is reminded");
    let snoozed = after(&opened, &Cause::Person(Act::Snooze(hour(5)), "anna".to_owned()), 1).unwrap().incident;
    assert!(after(&snoozed, &Cause::Clock, 4).is_none());
    let back = after(&snoozed, &Cause::Clock, 5).unwrap();
    assert_eq!((back.incident.state, back.event, back.audience), (State::Open, Some(Event::Reminder), Audience::Everybody));
    let over = after(&snoozed, &Cause::Clock, 24 * 7 + 1).unwrap();
    assert_eq!((over.incident.state, over.event), (State::Closed, None));
}

#[test]
fn silence_moves_no_state_and_is_kept_with_its_beginning_and_end() {
    let silent = |fails| Cause::Silent(NoData { source: "app".to_owned(), since: hour(0), fails, error: None, trouble: None });
    let life = Life::open().then(1, &silent(false));
    assert_eq!(life.last(), (Some(State::Open), State::Open, None, "no data from app"));
    assert!(Life::open().then(1, &silent(false)).then(2, &silent(false)).step.is_none());
    assert_eq!(life.then(2, &Cause::Heard("app".to_owned())).last().3, "data from app again");
    let over = Life::open().calm(1..4).then(5, &silent(true));
    assert!(over.step.is_none(), "what is over is not shown as blind");
}

#[test]
fn a_silent_source_is_an_incident_and_one_that_comes_and_goes_is_told_three_times_a_day() {
    let key = SeriesKey { watch: "source:app".to_owned(), theme: "no_data".to_owned(), segment: Segment::All, kind: Kind::NoData };
    let silent =
        Cause::Silent(NoData { source: "app".to_owned(), since: hour(0), fails: true, error: Some("HTTP 503".to_owned()), trouble: None });
    let heard = Cause::Heard("app".to_owned());
    let (mut newest, mut events) = (None, Vec::new());
    for look in 0..24 * 12 {
        for cause in [if look % 2 == 0 { &silent } else { &heard }, &Cause::Clock] {
            if let Some(step) = step("here", &key, newest.as_ref(), cause, Policy::default(), minute(5 * look)) {
                events.extend(step.event);
                newest = Some(step.incident);
            }
        }
    }
    assert_eq!(events, [Event::Opened, Event::Resolved, Event::Reopened]);
    let standing = newest.unwrap();
    let back = step("here", &key, Some(&standing), &heard, Policy::default(), minute(24 * 60));
    let standing = back.map_or(standing, |step| step.incident);
    let over = step("here", &key, Some(&standing), &Cause::Clock, Policy::default(), minute(49 * 60)).unwrap();
    assert_eq!((over.event, over.incident.state), (Some(Event::Resolved), State::Resolved));
}

/// Looks every five minutes, each loud or calm; what is told, with the minute.
fn flaps(level: Level, is_loud: impl Fn(i64) -> bool, looks: i64) -> Vec<(i64, Event)> {
    let mut newest: Option<Incident> = None;
    let mut told = Vec::new();
    for look in 0..looks {
        let (now, hour) = (minute(5 * look), look / 12);
        let call = |look| if is_loud(look) { Call::Firing(level) } else { Call::Normal };
        let mut causes = Vec::new();
        if look % 12 == 0 && look > 0 {
            causes.push(at(hour - 1, call(look - 1)));
        }
        causes.extend([peek(hour, call(look)), Cause::Clock]);
        for cause in causes {
            if let Some(step) = step("here", &key(), newest.as_ref(), &cause, Policy::default(), now) {
                told.extend(step.event.map(|event| (5 * look, event)));
                newest = Some(step.incident);
            }
        }
    }
    told
}

#[test]
fn the_worst_day_of_flapping_brings_three_notices() {
    // Loud just long enough to open, calm just long enough to be over, and so on.
    for calm in 1..80 {
        for loud in 1..40 {
            let told = flaps(Level::High, |look| look % (loud + calm) < loud, 24 * 12);
            assert!(told.len() <= 3, "{loud} loud, {calm} calm: {told:?}");
        }
    }
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

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Acknowledge),
        Just(Act::Snooze(hour(40))),
        Just(Act::Resolve(Reason::Fixed)),
        Just(Act::Resolve(Reason::FalseAlarm)),
        Just(Act::Resolve(Reason::Unwatched)),
        Just(Act::Reopen),
    ]
}

proptest! {
    #[test]
    fn a_day_of_flapping_brings_three_notices_at_most(runs in vec(1_i64..37, 1..290)) {
        let mut loud = Vec::new();
        for (number, run) in runs.iter().enumerate() {
            loud.extend(std::iter::repeat_n(number % 2 == 0, *run as usize));
        }
        let is_loud = |look: i64| loud.get(look as usize).copied().unwrap_or(false);
        for level in [Level::Medium, Level::High] {
            let told = flaps(level, is_loud, 24 * 12);
            prop_assert!(told.len() <= 3, "{:?}", told);
        }
        // What is critical all the time but for minutes is to be reminded of after four hours.
        let told = flaps(Level::Critical, is_loud, 24 * 12);
        let news = told.iter().filter(|(_, event)| *event != Event::Reminder).count();
        prop_assert!(news <= 3 && told.len() <= 6, "{:?}", told);
    }

    #[test]
    fn each_end_has_a_beginning(
        causes in vec((any_cause(), any::<bool>(), any_act(), 0..6), 0..120)
    ) {
        let mut newest: Option<Incident> = None;
        let mut told: Vec<Event> = Vec::new();
        for (n, (call, complete, act, who)) in causes.into_iter().enumerate() {
            let n = n as i64;
            let cause = match (call, complete) {
                _ if who == 0 => Cause::Person(act, "anna".to_owned()),
                (Some(call), true) => at(n, call),
                (Some(call), false) => peek(n, call),
                (None, _) => Cause::Clock,
            };
            let Some(step) = step("here", &key(), newest.as_ref(), &cause, Policy::default(), hour(n + 1)) else { continue };
            let before = newest.as_ref().filter(|before| before.id == step.incident.id);
            if newest.is_some() && before.is_none() {
                prop_assert_eq!(newest.as_ref().map(|before| before.state), Some(State::Closed));
            }
            let revision = match step.event {
                Some(Event::Opened) => 1,
                event => before.map_or(1, |before| before.revision + u32::from(event.is_some())),
            };
            prop_assert_eq!(step.incident.revision, revision, "each notice has a number of its own");
            told.extend(step.event);
            newest = Some(step.incident);
        }
        let mut standing = false;
        for event in told {
            match event {
                Event::Opened | Event::Reopened => { prop_assert!(!standing); standing = true; }
                Event::Worse | Event::Reminder | Event::Acked => prop_assert!(standing),
                Event::Resolved => { prop_assert!(standing); standing = false; }
                other => prop_assert!(false, "{other}"),
            }
        }
    }
}

#[test]
fn a_source_that_turns_worse_is_told_once_more_and_an_end_ends_it() {
    let key = SeriesKey { watch: "source:app".to_owned(), theme: "no_data".to_owned(), segment: Segment::All, kind: Kind::NoData };
    let wrong = |trouble: Trouble| {
        Cause::Silent(NoData { source: "app".to_owned(), since: hour(0), fails: trouble.is_failure(), error: None, trouble: Some(trouble) })
    };
    let heard = Cause::Heard("app".to_owned());
    let story = [
        (wrong(Trouble::Gap), Some(Event::Opened), Level::Low),
        (wrong(Trouble::Gap), None, Level::Low),
        (wrong(Trouble::Login), Some(Event::Worse), Level::Medium),
        (wrong(Trouble::Captcha), None, Level::Medium),
        (heard, Some(Event::Resolved), Level::Medium),
    ];
    let mut newest: Option<Incident> = None;
    for (at, (cause, event, level)) in story.into_iter().enumerate() {
        let step = step("here", &key, newest.as_ref(), &cause, Policy::default(), hour(at as i64));
        assert_eq!(step.as_ref().and_then(|step| step.event), event, "{at}");
        newest = step.map(|step| step.incident).or(newest);
        assert_eq!(newest.as_ref().unwrap().level, level, "{at}");
    }
}
