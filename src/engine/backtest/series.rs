//! Plays one series: what the lookout would have learnt, judged and opened, look by look.
//!
//! Changes come in the order in which they were seen. A bucket is judged when it was complete; the
//! buckets that are still open are looked at whenever a complaint comes in. What comes into a bucket
//! that was judged before is replayed from a step of the [`Ladder`] before it, and only arrivals in
//! their time may alert.

use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Numbers;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::engine::backtest::Found;
use crate::engine::backtest::calendar::Calendar;
use crate::engine::backtest::ladder::Ladder;
use crate::engine::backtest::tape::Entry;
use crate::engine::backtest::tape::Tape;
use crate::engine::hearing::hear;
use crate::engine::judge::Judge;
use crate::engine::judge::Memory;
use crate::engine::judge::Series;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::step;
use crate::render::chart::Point;

/// Arrivals in buckets that were judged before are looked at this often, in milliseconds. The daemon
/// looks sooner; a replay for each message of a year would take long.
const LATE_LOOK: i64 = 900_000;
/// The daemon looks at least this often, in milliseconds, and lets the clock move incidents.
const MINUTE: i64 = 60_000;

/// A series and all that it is judged by.
pub(super) struct Player<'a> {
    pub instance: &'a str,
    pub judge: &'a Judge,
    pub series: &'a Series,
    pub policy: Policy,
    pub calendar: &'a Calendar,
    /// Changes of the count of all messages.
    pub volume: &'a Tape,
    /// Changes of the count of complaints.
    pub hits: &'a Tape,
    /// Numbers of the sources by their places; `None` for those that the watch does not count.
    pub sources: &'a [Option<i64>],
    /// What was heard of the series that this one is a part of.
    pub whole: Option<&'a Record>,
    /// Stretches of time of which the highest score is wanted.
    pub asked: Vec<(usize, Timestamp, Timestamp)>,
    pub until: Timestamp,
}

/// What became of a series.
#[derive(Debug)]
pub(super) struct Played {
    pub key: SeriesKey,
    pub found: Vec<Found>,
    pub record: Record,
    /// Each judged bucket for a chart.
    pub points: Vec<Point>,
    /// For each stretch of time that was asked about, by its number.
    pub closest: Vec<(usize, Closest)>,
    /// The first bucket that was not just learnt.
    pub judged_from: Option<Timestamp>,
    /// The highest share of the limit that was reached.
    pub loudness: f64,
}

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

/// Counts of one source in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    total: i32,
    late_total: i32,
    hits: i32,
    late_hits: i32,
}

/// A play under way.
struct Run<'a, 'p> {
    player: &'a Player<'p>,
    /// Numbers of the sources that are counted, and the column of each place.
    columns: Vec<i64>,
    column_of: Vec<Option<usize>>,
    counts: Vec<Counts>,
    memory: Memory,
    /// The first bucket that was not judged.
    next: usize,
    /// None where nothing comes late.
    ladder: Option<Ladder<Memory>>,
    /// The first judged bucket that changed, and the first that complaints came into as news.
    changed: Option<usize>,
    news: Option<usize>,
    /// When news in judged buckets is looked at.
    again: Option<i64>,
    newest: Option<Incident>,
    played: Played,
}

impl Player<'_> {
    /// Plays it to the end.
    pub fn play(&self) -> Played {
        let columns: Vec<i64> = self.sources.iter().flatten().copied().collect();
        let mut next = 0;
        let mut column = |number: &Option<i64>| {
            number.map(|_| {
                next += 1;
                next - 1
            })
        };
        let column_of = self.sources.iter().map(&mut column).collect();
        let mut run = Run {
            player: self,
            counts: vec![Counts::default(); columns.len() * self.calendar.buckets.len()],
            columns,
            column_of,
            memory: Memory::default(),
            next: 0,
            ladder: None,
            changed: None,
            news: None,
            again: None,
            newest: None,
            played: Played {
                key: self.series.key.clone(),
                found: Vec::new(),
                record: Record::default(),
                points: Vec::with_capacity(self.calendar.buckets.len()),
                closest: Vec::new(),
                judged_from: None,
                loudness: 0.0,
            },
        };
        if run.has_late() {
            run.ladder = Some(Ladder::new());
        }
        run.to_the_end();
        run.played
    }
}

impl Run<'_, '_> {
    /// Whether anything comes into a bucket that is judged by then.
    fn has_late(&self) -> bool {
        let calendar = self.player.calendar;
        let late = |entry: &Entry| {
            self.column_of[usize::from(entry.source)].is_some()
                && calendar.place(entry.quarter()).is_some_and(|place| calendar.complete[place] < entry.seen)
        };
        self.player.hits.entries().iter().chain(self.player.volume.entries()).any(late)
    }

    fn to_the_end(&mut self) {
        let until = self.player.until.timestamp_millis();
        let (volume, hits) = (self.player.volume.entries(), self.player.hits.entries());
        let (mut of_volume, mut of_hits) = (0, 0);
        loop {
            let seen = |entries: &[Entry], at: usize| entries.get(at).map_or(i64::MAX, |entry| entry.seen);
            let arrival = seen(volume, of_volume).min(seen(hits, of_hits));
            let complete = self.player.calendar.complete.get(self.next).copied().unwrap_or(i64::MAX);
            let again = self.again.unwrap_or(i64::MAX);
            let now = arrival.min(complete).min(again);
            if now > until || now == i64::MAX {
                break;
            }
            // What arrives in the moment in which a bucket is complete is in it.
            if arrival == now {
                let mut complains = false;
                while seen(volume, of_volume) == now {
                    self.take(volume[of_volume], false);
                    of_volume += 1;
                }
                while seen(hits, of_hits) == now {
                    complains |= self.take(hits[of_hits], true);
                    of_hits += 1;
                }
                if complains && complete > now {
                    self.look_at_open(now);
                }
            } else if complete == now {
                self.close(now);
            } else {
                self.learn_again(now);
                self.look_at_open(now);
            }
        }
        self.learn_again(until);
        // The daemon looks at the bucket that is still open too, and may alert early.
        self.look_at_open(until);
    }

    /// Takes a change in. Whether it is a complaint in an open bucket.
    fn take(&mut self, entry: Entry, is_hit: bool) -> bool {
        let Some(column) = self.column_of[usize::from(entry.source)] else { return false };
        let Some(place) = self.player.calendar.place(entry.quarter()) else { return false };
        let counts = &mut self.counts[place * self.columns.len() + column];
        if is_hit {
            counts.hits += entry.voices();
            counts.late_hits += entry.late();
        } else {
            counts.total += entry.voices();
            counts.late_total += entry.late();
        }
        if place >= self.next {
            return is_hit && entry.voices() > 0;
        }
        let first = |of: Option<usize>| Some(of.map_or(place, |of| of.min(place)));
        self.changed = first(self.changed);
        if is_hit && entry.is_news() {
            self.news = first(self.news);
            self.again.get_or_insert((entry.seen.div_euclid(LATE_LOOK) + 1) * LATE_LOOK);
        }
        false
    }

    /// A bucket is complete: it is judged, and learnt from.
    fn close(&mut self, now: i64) {
        self.learn_again(now);
        self.judge(self.next, Some(now));
        self.next += 1;
        let open = self.next * self.columns.len()..((self.next + 1) * self.columns.len()).min(self.counts.len());
        if self.counts.get(open).is_some_and(|open| open.iter().any(|counts| counts.hits > 0)) {
            self.look_at_open(now);
        }
    }

    /// Learns the buckets again that changed since they were judged, and all behind them.
    fn learn_again(&mut self, now: i64) {
        self.again = None;
        let Some(changed) = self.changed.take() else { return };
        let news = self.news.take();
        let step = self.ladder.as_ref().and_then(|ladder| ladder.before(changed));
        let (from, memory) = step.unwrap_or_default();
        self.memory = memory;
        for place in from..self.next {
            self.judge(place, news.filter(|news| place >= *news).map(|_| now));
        }
    }

    /// Judges a bucket, and is heard where it is heard at `now`.
    fn judge(&mut self, place: usize, now: Option<i64>) {
        if let Some(ladder) = &mut self.ladder {
            ladder.keep(place, &self.memory);
        }
        let bucket = self.bucket(place);
        let verdict = self.player.judge.learn(&mut self.memory, self.player.series, &bucket);
        self.draw(place, &verdict, now.is_some());
        if let Some(now) = now {
            self.hear(&verdict, now);
        }
    }

    /// Looks at the buckets that are not complete; those that are over are learnt for the time being.
    fn look_at_open(&mut self, now: i64) {
        let mut over: Option<Memory> = None;
        for place in self.next..self.player.calendar.buckets.len() {
            let bucket = self.bucket(place);
            if bucket.start.timestamp_millis() > now {
                return;
            }
            let (judge, series) = (self.player.judge, self.player.series);
            let verdict = judge.glance(over.as_ref().unwrap_or(&self.memory), series, &bucket, moment(now));
            self.hear(&verdict, now);
            if bucket.end.timestamp_millis() > now {
                return;
            }
            judge.learn(over.get_or_insert_with(|| self.memory.clone()), series, &bucket);
        }
    }

    fn bucket(&self, place: usize) -> BucketCount {
        let mut bucket = self.player.calendar.buckets[place].clone();
        let width = self.columns.len();
        for (source, counts) in self.columns.iter().zip(&self.counts[place * width..(place + 1) * width]) {
            if *counts != Counts::default() {
                bucket.parts.push(Part {
                    source: *source,
                    total: Some(f64::from(counts.total)),
                    hits: f64::from(counts.hits),
                    late_total: f64::from(counts.late_total),
                    late_hits: f64::from(counts.late_hits),
                });
            }
        }
        bucket
    }

    fn draw(&mut self, place: usize, verdict: &Verdict, heard: bool) {
        let newest = &verdict.numbers.newest;
        let loud = matches!(verdict.call, Call::Firing(_));
        let before = self.played.points.get(place).is_some_and(|point| point.firing);
        let point = Point {
            start: verdict.bucket,
            end: verdict.until,
            count: newest.count,
            expected: newest.expected,
            usual: newest.usual,
            firing: before || (loud && heard),
        };
        if place < self.played.points.len() {
            self.played.points[place] = point;
        } else {
            self.played.points.push(point);
        }
        if self.played.judged_from.is_none() && verdict.call != Call::Unknown {
            self.played.judged_from = Some(verdict.bucket);
        }
    }

    /// A look at `now` comes to a verdict.
    fn hear(&mut self, verdict: &Verdict, now: i64) {
        let key = &self.player.series.key;
        let whole = self.player.whole.and_then(|whole| whole.at(now));
        self.compare(verdict, whole.is_some_and(|whole| whole.resolved_at.is_none()));
        if verdict.numbers.limit > 0.0 {
            self.played.loudness = self.played.loudness.max(verdict.numbers.score / verdict.numbers.limit);
        }
        let standing = |newest: &Option<Incident>| newest.as_ref().is_some_and(|incident| incident.state != State::Closed);
        if !standing(&self.newest) && !matches!(verdict.call, Call::Firing(_)) {
            return;
        }
        // Since the look before, the clock went on.
        self.pass(now - MINUTE);
        let Player { instance, policy, .. } = *self.player;
        if let Some(step) = hear(instance, key, self.newest.as_ref(), whole, verdict, policy, moment(now)) {
            self.note(step, now);
        }
        self.pass(now);
    }

    /// The clock alone may move an incident.
    fn pass(&mut self, now: i64) {
        let Player { instance, policy, .. } = *self.player;
        if let Some(step) = step(instance, &self.player.series.key, self.newest.as_ref(), &Cause::Clock, policy, moment(now)) {
            self.note(step, now);
        }
    }

    fn note(&mut self, step: Step, now: i64) {
        let incident = step.incident;
        self.played.record.note(now, &incident);
        match self.played.found.last_mut() {
            Some(last) if last.incident.id == incident.id => last.incident = incident.clone(),
            _ => {
                let opening = (incident.numbers.count, incident.numbers.expected);
                self.played.found.push(Found { incident: incident.clone(), opening, told_at: moment(now) });
            }
        }
        self.newest = Some(incident);
    }

    fn compare(&mut self, verdict: &Verdict, covered: bool) {
        for (number, from, until) in &self.player.asked {
            if verdict.until <= *from || verdict.bucket >= *until {
                continue;
            }
            let known = self.played.closest.iter_mut().find(|(of, _)| of == number);
            // Where every score is 0, the bucket with the most complaints too many is the telling one.
            let rank = |numbers: &Numbers| (numbers.score, numbers.newest.count - numbers.newest.expected);
            if known.as_ref().is_some_and(|(_, closest)| rank(&closest.numbers) >= rank(&verdict.numbers)) {
                continue;
            }
            let closest = Closest {
                key: self.player.series.key.clone(),
                bucket: verdict.bucket,
                call: verdict.call,
                numbers: verdict.numbers.clone(),
                covered,
            };
            match known {
                Some(known) => known.1 = closest,
                None => self.played.closest.push((*number, closest)),
            }
        }
    }
}

fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(milliseconds).unwrap_or_default()
}
