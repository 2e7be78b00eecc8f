//! What a series makes people hear: its incidents over time, and what came close to one.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Numbers;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::notice::Event;
use crate::engine::backtest::Found;
use crate::engine::backtest::Spell;
use crate::engine::hearing::hear;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::step;

/// The daemon looks at least this often, in milliseconds, and lets the clock move incidents.
const MINUTE: i64 = 60_000;

/// The bucket of a stretch of time that came closest to an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Closest {
    /// Which series.
    pub key: SeriesKey,
    /// First moment of the bucket.
    pub bucket: Timestamp,
    /// What was said of it.
    pub call: Call,
    /// The numbers behind that.
    pub numbers: Numbers,
    /// The incident of the whole stood, and its parts open none then.
    pub covered: bool,
}

/// How the incidents of a series stood over time: each change that matters to its parts.
#[derive(Debug, Default)]
pub(super) struct Record(Vec<(i64, Incident)>);

impl Record {
    fn note(&mut self, now: i64, incident: &Incident) {
        let same =
            |last: &Incident| last.id == incident.id && last.resolved_at == incident.resolved_at && last.opened_at == incident.opened_at;
        if !self.0.last().is_some_and(|(_, last)| same(last)) {
            self.0.push((now, incident.clone()));
        }
    }

    /// The newest incident at a look.
    fn at(&self, now: i64) -> Option<&Incident> {
        let behind = self.0.partition_point(|(at, _)| *at <= now);
        Some(&self.0[behind.checked_sub(1)?].1)
    }
}

/// Hears verdicts in the order of the looks that they are from.
pub(super) struct Ear<'a> {
    instance: &'a str,
    key: &'a SeriesKey,
    policy: Policy,
    /// What was heard of the series that this one is a part of.
    whole: Option<&'a Record>,
    /// Stretches of time of which the highest score is wanted, by number.
    asked: &'a [(usize, Timestamp, Timestamp)],
    newest: Option<Incident>,
    /// What was loud at a look and is not sure yet.
    doubted: Option<(i64, Verdict)>,
    pub found: Vec<Found>,
    pub record: Record,
    pub closest: Vec<(usize, Closest)>,
    /// The highest share of the limit that was reached.
    pub loudness: f64,
}

impl<'a> Ear<'a> {
    pub fn new(
        instance: &'a str,
        key: &'a SeriesKey,
        policy: Policy,
        whole: Option<&'a Record>,
        asked: &'a [(usize, Timestamp, Timestamp)],
    ) -> Self {
        let (found, closest, record) = (Vec::new(), Vec::new(), Record::default());
        Self { instance, key, policy, whole, asked, newest: None, doubted: None, found, record, closest, loudness: 0.0 }
    }

    /// The newest incident.
    pub fn newest(&self) -> Option<&Incident> {
        self.newest.as_ref()
    }

    /// A look at `now` comes to a verdict.
    pub fn hear(&mut self, verdict: &Verdict, now: i64) {
        let key = self.key;
        let whole = self.whole.and_then(|whole| whole.at(now));
        self.look_again(now);
        self.compare(verdict, whole.is_some_and(|whole| whole.resolved_at.is_none()));
        if verdict.numbers.limit > 0.0 {
            self.loudness = self.loudness.max(verdict.numbers.score / verdict.numbers.limit);
        }
        let standing = |newest: &Option<Incident>| newest.as_ref().is_some_and(|incident| incident.state != State::Closed);
        if !standing(&self.newest) && !matches!(verdict.call, Call::Firing(_)) {
            return;
        }
        // Since the look before, the clock went on.
        self.pass(now - MINUTE);
        let Self { instance, policy, .. } = *self;
        if let Some(step) = hear(instance, key, self.newest.as_ref(), whole, verdict, policy, moment(now)) {
            self.note(step, now);
        }
        let doubted = self.newest.as_ref().is_some_and(|incident| incident.state == State::Pending);
        if doubted && matches!(verdict.call, Call::Firing(_)) {
            self.doubted = Some((now, verdict.clone()));
        }
        self.pass(now);
    }

    /// The daemon looks again after a minute, whether something came or not. Nothing did before
    /// `now`, so what was loud and is not sure yet is as loud as before.
    pub fn look_again(&mut self, now: i64) {
        let Some((seen, verdict)) = self.doubted.take_if(|(seen, _)| *seen + MINUTE <= now) else { return };
        let (again, key) = (seen + MINUTE, self.key);
        let whole = self.whole.and_then(|whole| whole.at(again));
        let Self { instance, policy, .. } = *self;
        let doubted = self.newest.as_ref().filter(|incident| incident.state == State::Pending);
        let Some(step) = doubted.and_then(|incident| hear(instance, key, Some(incident), whole, &verdict, policy, moment(again))) else {
            return;
        };
        let sure = step.event.is_some();
        self.note(step, again);
        if !sure {
            self.doubted = Some((again, verdict));
            self.look_again(now);
        }
    }

    /// The clock alone may move an incident.
    fn pass(&mut self, now: i64) {
        let Self { instance, policy, .. } = *self;
        if let Some(step) = step(instance, self.key, self.newest.as_ref(), &Cause::Clock, policy, moment(now)) {
            self.note(step, now);
        }
    }

    fn note(&mut self, step: Step, now: i64) {
        let incident = step.incident;
        self.record.note(now, &incident);
        match self.found.last_mut() {
            Some(last) if last.incident.id == incident.id => last.incident = incident.clone(),
            // Of what is pending, nobody has heard yet.
            _ if incident.opened().is_none() => {}
            _ => {
                let opening = (incident.numbers.count, incident.numbers.expected);
                self.found.push(Found { incident: incident.clone(), opening, told_at: moment(now), spells: Vec::new() });
            }
        }
        if let Some(last) = self.found.last_mut().filter(|last| last.incident.id == incident.id) {
            let over = last.spells.last().and_then(|spell| spell.resolved_at);
            match step.event {
                Some(Event::Opened) => last.spells.push(Spell { since: incident.since, told_at: moment(now), resolved_at: None }),
                Some(Event::Reopened) => {
                    let since = step.transition.at - TimeDelta::seconds(incident.numbers.window_seconds);
                    last.spells.push(Spell { since: over.map_or(since, |over| since.max(over)), told_at: moment(now), resolved_at: None });
                }
                Some(Event::Resolved) => {
                    if let Some(spell) = last.spells.last_mut() {
                        spell.resolved_at = incident.resolved_at;
                    }
                }
                _ => {}
            }
        }
        self.newest = Some(incident);
    }

    fn compare(&mut self, verdict: &Verdict, covered: bool) {
        for (number, from, until) in self.asked {
            if verdict.until <= *from || verdict.bucket >= *until {
                continue;
            }
            let known = self.closest.iter_mut().find(|(of, _)| of == number);
            // Where every score is 0, the bucket with the most complaints too many is the telling one.
            let rank = |numbers: &Numbers| (numbers.score, numbers.newest.count - numbers.newest.expected);
            if known.as_ref().is_some_and(|(_, closest)| rank(&closest.numbers) >= rank(&verdict.numbers)) {
                continue;
            }
            let closest =
                Closest { key: self.key.clone(), bucket: verdict.bucket, call: verdict.call, numbers: verdict.numbers.clone(), covered };
            match known {
                Some(known) => known.1 = closest,
                None => self.closest.push((*number, closest)),
            }
        }
    }
}

/// A moment by its milliseconds.
pub(super) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(milliseconds).unwrap_or_default()
}
