//! Plays one series: what the lookout would have learnt, judged and opened, look by look.
//!
//! Changes come in the order in which they were seen. A bucket is judged when it was complete; the
//! buckets that are still open are looked at whenever a complaint comes in. What comes into a bucket
//! that was judged before is replayed from a step of the [`Ladder`] before it, and only arrivals in
//! their time may alert.

use std::collections::VecDeque;

use crate::counting::lent;
use crate::counting::lent::Lent;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Kind;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::ports::Counters;
use crate::engine::backtest::Found;
use crate::engine::backtest::calendar::Calendar;
use crate::engine::backtest::ear::Closest;
use crate::engine::backtest::ear::Ear;
use crate::engine::backtest::ear::Record;
use crate::engine::backtest::ear::moment;
use crate::engine::backtest::ladder::Ladder;
use crate::engine::backtest::ledger::Ledger;
use crate::engine::backtest::ledger::Subject;
use crate::engine::backtest::tape::Entry;
use crate::engine::backtest::tape::Tape;
use crate::engine::judge::Judge;
use crate::engine::judge::Memory;
use crate::engine::judge::Series;
use crate::engine::judge::accepted;
use crate::incident::step::Policy;
use crate::render::chart::Point;

/// Arrivals in buckets that were judged before are looked at this often, in milliseconds. The daemon
/// looks sooner; a replay for each message of a year would take long.
const LATE_LOOK: i64 = 900_000;
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
    /// The same two of the whole that this is a part of.
    pub all_messages: (&'a Tape, &'a Tape),
    /// Numbers of the sources by their places; `None` for those that the watch does not count.
    pub sources: &'a [Option<i64>],
    /// Complaints or ratings.
    pub subject: Subject<'a>,
    /// Names of the segments.
    pub names: &'a Counters,
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

/// A play under way.
struct Run<'a, 'p> {
    player: &'a Player<'p>,
    /// The series, with the level of a slow rise that was accepted.
    series: Series,
    ledger: Ledger<'a>,
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
    /// What would be known before the buckets behind the next one, if that one were complete now.
    ahead: VecDeque<Memory>,
    /// The first open bucket that changed since it was looked at.
    touched: Option<usize>,
    /// Each judged bucket for a chart.
    points: Vec<Point>,
    judged_from: Option<Timestamp>,
    ear: Ear<'a>,
}

impl Player<'_> {
    /// What all messages lend to this segment when it begins at `start`, as far as it was `known`.
    fn lent(&self, start: Timestamp, known: i64) -> Vec<(i64, f64)> {
        let range = lent::quarters_before(start);
        let mut lent = Lent::default();
        let mut count = |tape: &Tape, add: fn(&mut Lent, i64, i64)| {
            for entry in tape.seen_by(known).filter(|entry| range.contains(&Quarter(entry.quarter()))) {
                if let Some(source) = self.sources[usize::from(entry.source)] {
                    add(&mut lent, source, i64::from(entry.voices()));
                }
            }
        };
        count(self.all_messages.0, Lent::add_messages);
        count(self.all_messages.1, Lent::add_complaints);
        lent.shares()
    }

    /// Plays it to the end.
    pub fn play(&self) -> Played {
        let mut run = Run::new(self);
        if run.has_late() {
            run.ladder = Some(Ladder::new());
        }
        run.play();
        let Run { points, judged_from, ear, .. } = run;
        let Ear { found, record, closest, loudness, .. } = ear;
        Played { key: self.series.key.clone(), found, record, points, closest, judged_from, loudness }
    }
}

impl<'a, 'p> Run<'a, 'p> {
    fn new(player: &'a Player<'p>) -> Self {
        let (key, calendar) = (&player.series.key, player.calendar);
        let cut = player.judge.buckets_of(key.kind);
        let holidays = calendar.holidays(cut, player.series.segment, player.names);
        Run {
            player,
            series: player.series.clone(),
            ledger: Ledger::new(calendar, cut, holidays, player.sources, player.subject),
            memory: Memory::default(),
            next: 0,
            ladder: None,
            changed: None,
            news: None,
            again: None,
            ahead: VecDeque::new(),
            touched: None,
            points: Vec::with_capacity(calendar.buckets.len()),
            judged_from: None,
            ear: Ear::new(player.instance, key, player.policy, player.whole, &player.asked),
        }
    }

    /// Whether anything comes into a bucket that is judged by then.
    fn has_late(&self) -> bool {
        let calendar = self.player.calendar;
        let late = |entry: &Entry| self.ledger.place(*entry).is_some_and(|place| calendar.complete[place] < entry.seen);
        self.player.hits.entries().iter().chain(self.player.volume.entries()).any(late)
    }

    fn play(&mut self) {
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
        self.touched = Some(self.next);
        for (place, verdict) in self.look_at_open(until) {
            self.draw(place, &verdict, true);
        }
    }

    /// Takes a change in. Whether it is a complaint in an open bucket.
    fn take(&mut self, entry: Entry, is_hit: bool) -> bool {
        let Some(place) = self.ledger.place(entry) else { return false };
        self.ledger.take(place, entry, is_hit);
        if place >= self.next {
            self.ahead.truncate(place - self.next);
            self.touched = Some(self.touched.map_or(place, |touched| touched.min(place)));
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
        // What is known before the bucket behind it is known for good now.
        self.ahead.pop_front();
        if self.touched.is_some() {
            self.touched = Some(self.next);
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
        self.ahead.clear();
        self.touched = Some(self.next);
        for place in from..self.next {
            self.judge(place, news.filter(|news| place >= *news).map(|_| now));
        }
    }

    /// Judges a bucket, and is heard where it is heard at `now`.
    fn judge(&mut self, place: usize, now: Option<i64>) {
        if let Some(ladder) = &mut self.ladder {
            ladder.keep(place, &self.memory);
        }
        let bucket = self.ledger.bucket(place);
        self.series.accepted = self.ear.newest().and_then(accepted);
        let known = self.player.calendar.complete[place];
        self.player.judge.begin(&mut self.memory, &self.series, &bucket, |start| self.player.lent(start, known));
        let verdict = self.player.judge.learn(&mut self.memory, &self.series, &bucket);
        self.draw(place, &verdict, now.is_some());
        if let Some(now) = now {
            self.ear.hear(&verdict, now);
        }
    }

    /// Looks at the buckets that are not complete, from the first that changed since; those that are
    /// over are learnt for the time being. Gives what was said of each.
    fn look_at_open(&mut self, now: i64) -> Vec<(usize, Verdict)> {
        let mut said = Vec::new();
        let from = self.touched.take().unwrap_or(self.next).max(self.next);
        // A slow rise is judged by whole days alone.
        if self.series.key.kind == Kind::SlowRise {
            return said;
        }
        let judge = self.player.judge;
        let known = self.next + self.ahead.len().min(from - self.next);
        for (place, bare) in self.player.calendar.buckets.iter().enumerate().skip(known) {
            if bare.start.timestamp_millis() > now {
                break;
            }
            let bucket = self.ledger.bucket(place);
            let before = if place == self.next { &self.memory } else { &self.ahead[place - self.next - 1] };
            if place >= from {
                let verdict = judge.glance(before, &self.series, &bucket, moment(now));
                self.ear.hear(&verdict, now);
                said.push((place, verdict));
            }
            if bare.end.timestamp_millis() > now {
                break;
            }
            if self.ahead.len() == place - self.next {
                let mut after = before.clone();
                judge.begin(&mut after, &self.series, &bucket, |start| self.player.lent(start, now));
                judge.learn(&mut after, &self.series, &bucket);
                self.ahead.push_back(after);
            }
        }
        said
    }

    fn draw(&mut self, place: usize, verdict: &Verdict, heard: bool) {
        let newest = &verdict.numbers.newest;
        let loud = matches!(verdict.call, Call::Firing(_));
        let before = self.points.get(place).is_some_and(|point| point.firing);
        let point = Point {
            start: verdict.bucket,
            end: verdict.until,
            count: newest.count,
            expected: newest.expected,
            usual: newest.usual,
            firing: before || (loud && heard),
        };
        if place < self.points.len() {
            self.points[place] = point;
        } else {
            self.points.push(point);
        }
        if self.judged_from.is_none() && verdict.call != Call::Unknown {
            self.judged_from = Some(verdict.bucket);
        }
    }
}
