//! What the watches would have done: stored history, as it was known at each moment, through the
//! same judging and the same state machine as the daemon's.
//!
//! Counters are made from the items, never read from the tables: a message counts from when it was
//! first seen, an edit changes its themes when it was seen, a deletion takes it back when the source
//! did. So another configuration can be tried, and late arrivals alert as late as they would have.
//! When imported history was first seen nobody knows; it is taken to have come as soon after its
//! publication as its source's messages do. What people did about incidents is not played.
//!
//! [`World::read`] gathers history, [`play`] takes watches through it, [`known`] compares what they
//! found with what people know, and [`curve`] tries other budgets. Start reading at `series`.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::TimeDelta;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::measure::Measure;
use crate::engine::backtest::calendar::Calendar;
use crate::engine::backtest::ear::Closest;
use crate::engine::backtest::known::Known;
use crate::engine::backtest::ledger::Subject;
use crate::engine::backtest::series::Played;
use crate::engine::backtest::series::Player;
use crate::engine::cores::on_all;
use crate::engine::judge::Judge;
use crate::engine::judge::Series;
use crate::engine::judge::series_of;
use crate::engine::labels::Calibrations;
use crate::engine::lookout::policy;
use crate::engine::plan::Plan;
use crate::incident::storm::whole_of;
use crate::render::chart::Point;

mod calendar;
pub mod curve;
pub mod ear;
pub mod known;
mod ladder;
mod ledger;
mod segments;
mod series;
mod tags;
mod tape;
#[cfg(test)]
mod tests;
mod voices;
mod world;

pub use world::Progress;
pub use world::Stage;
pub use world::World;

/// Series with their buckets kept for charts beyond these are not kept: nobody looks at so many.
const MOST_COURSES: usize = 200;

/// An incident that would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// As it was at its end, or at the end of the history.
    pub incident: Incident,
    /// Complaints and expected ones when it opened.
    pub opening: (f64, f64),
    /// When people would have been told first. A spike that came in late is told when it came in,
    /// and its incident opens in its own time.
    pub told_at: Timestamp,
    /// The times in which it stood: more than one where it was reopened.
    pub spells: Vec<Spell>,
}

/// A time in which an incident stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// First bucket of what was loud.
    pub since: Timestamp,
    /// When people would have been told.
    pub told_at: Timestamp,
    /// When it was resolved, if it was.
    pub resolved_at: Option<Timestamp>,
}

impl Found {
    /// From the first bucket of the spike to the first notice.
    #[must_use]
    pub fn delay(&self) -> TimeDelta {
        self.told_at - self.incident.since
    }
}

/// The buckets of a series, for a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Which series.
    pub key: SeriesKey,
    /// Its buckets.
    pub points: Vec<Point>,
    /// The highest share of the limit that was reached.
    pub loudness: f64,
}

/// What came of a play.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Incidents in the order in which they were told.
    pub found: Vec<Found>,
    /// Series that had incidents or that somebody knows of one in, and the loudest of each watch.
    pub courses: Vec<Course>,
    /// For each watch the time in which it could have alerted.
    pub judged: BTreeMap<String, Range<Timestamp>>,
    /// How much of that time each had messages to judge.
    pub heard: BTreeMap<String, TimeDelta>,
    /// For each known incident the bucket that came closest to an alert.
    pub closest: Vec<Option<Closest>>,
}

/// How a play is to go.
pub struct Play<'a> {
    /// Names and zone.
    pub plan: &'a Plan,
    /// What people's labels make of the budgets.
    pub calibrations: &'a Calibrations,
    /// The watches, with the budgets that are to be tried.
    pub watches: &'a [Watch],
    /// Only incidents that were told from then on.
    pub since: Option<Timestamp>,
    /// Incidents that people know of.
    pub known: &'a [Known],
    /// Whether buckets are kept for charts.
    pub with_courses: bool,
}

/// A watch with everything that its series share.
struct Desk<'a> {
    watch: &'a Watch,
    judge: Judge,
    series: Vec<Series>,
    calendar: Calendar,
    /// For slow rises, which are judged by the day.
    days: Calendar,
    sources: Vec<Option<i64>>,
}

/// Takes watches through history. `progress` hears of series that are done and of all.
#[must_use]
pub fn play(world: &World, play: &Play<'_>, progress: Progress<'_>) -> Report {
    play_all(world, std::slice::from_ref(play), true, progress).pop().unwrap_or_default()
}

/// Several plays of the same history at once, so that no core waits for the last series of one.
fn play_all(world: &World, plays: &[Play<'_>], with_slow_rises: bool, progress: Progress<'_>) -> Vec<Report> {
    let desks: Vec<Vec<Desk<'_>>> = plays.iter().map(|play| play.desks(world, with_slow_rises)).collect();
    let desks = || desks.iter().enumerate().flat_map(|(at, desks)| desks.iter().map(move |desk| (at, desk)));
    let series = || desks().flat_map(|(at, desk)| desk.series.iter().map(move |series| (at, desk, series)));
    let (wholes, parts): (Vec<_>, Vec<_>) = series().partition(|(_, _, series)| series.key.segment == Segment::All);
    let (mut done, all) = (0, (wholes.len() + parts.len()) as u64);
    let mut end = |more: u64| {
        done += more;
        progress(done, all);
    };
    let whole = |at: usize| {
        let (of, desk, series) = wholes[at];
        (of, desk.play(world, &plays[of], series, None))
    };
    let wholes = on_all(wholes.len(), whole, &mut end);
    let of_whole: BTreeMap<(usize, &SeriesKey), &Played> = wholes.iter().map(|(of, played)| ((*of, &played.key), played)).collect();
    let part = |at: usize| {
        let (of, desk, series): (usize, &Desk<'_>, &Series) = parts[at];
        let whole = whole_of(&series.key).and_then(|whole| of_whole.get(&(of, &whole)).copied());
        (of, desk.play(world, &plays[of], series, whole))
    };
    let parts = on_all(parts.len(), part, &mut end);
    let mut played: Vec<Vec<Played>> = plays.iter().map(|_| Vec::new()).collect();
    for (of, one) in wholes.into_iter().chain(parts) {
        played[of].push(one);
    }
    plays.iter().zip(played).map(|(play, played)| report(world, play, played.into_iter())).collect()
}

impl Report {
    /// Days in which the watches had messages to judge, of all of them together.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.heard.values().map(|heard| heard.num_seconds().max(0) as f64 / 86_400.0).sum()
    }
}

impl<'a> Play<'a> {
    fn desks(&self, world: &World, with_slow_rises: bool) -> Vec<Desk<'a>> {
        self.watches.iter().filter_map(|watch| Desk::new(world, self, watch, with_slow_rises)).collect()
    }
}

impl<'a> Desk<'a> {
    fn new(world: &World, play: &Play<'a>, watch: &'a Watch, with_slow_rises: bool) -> Option<Self> {
        let waits = world.waits(play.plan, watch);
        let cut = play.plan.buckets(watch);
        let readings: Vec<_> = waits.iter().map(|(place, wait)| (&world.readings[usize::from(*place)], *wait)).collect();
        let calendar = Calendar::new(cut, world.first?, world.until, &readings);
        let mut series = series_of(watch, &world.names);
        let all = series.len();
        series.retain(|series| with_slow_rises || series.key.kind != Kind::SlowRise);
        let judge = Judge::new(watch, cut, all, play.calibrations.watch(&watch.name));
        let sources =
            world.sources.iter().enumerate().map(|(place, number)| waits.contains_key(&(place as u16)).then_some(*number)).collect();
        let days = Calendar::new(judge.buckets_of(Kind::SlowRise), world.first?, world.until, &readings);
        Some(Self { watch, judge, series, calendar, days, sources })
    }

    fn play(&self, world: &World, play: &Play<'_>, series: &Series, whole: Option<&Played>) -> Played {
        let asked = play.known.iter().enumerate().filter(|(_, known)| known.explained_by(&series.key));
        let measure = Measure::of(&series.key);
        let player = Player {
            instance: &play.plan.instance,
            judge: &self.judge,
            series,
            policy: policy(self.watch, play.plan),
            calendar: if series.key.kind == Kind::SlowRise { &self.days } else { &self.calendar },
            volume: if measure.is_some() { world.nothing() } else { world.tape(series.segment, None) },
            hits: if measure.is_some() { world.ratings(series.segment) } else { world.tape(series.segment, Some(series.theme)) },
            all_messages: world.all_messages(series.theme),
            sources: &self.sources,
            subject: measure.map_or(Subject::Complaints, |measure| Subject::Ratings(measure, &world.scores)),
            names: &world.names,
            whole: whole.map(|whole| &whole.record),
            asked: asked.map(|(number, known)| (number, known.from, known.until)).collect(),
            until: world.until,
        };
        let mut done = player.play();
        let named = play.known.iter().any(|known| known.names(&series.key));
        let is_whole = series.key.segment == Segment::All;
        if !play.with_courses || (!is_whole && done.found.is_empty() && !named) {
            done.points = Vec::new();
        }
        done
    }
}

fn report(world: &World, play: &Play<'_>, played: impl Iterator<Item = Played>) -> Report {
    let mut report = Report { closest: vec![None; play.known.len()], ..Report::default() };
    let since = play.since.unwrap_or(Timestamp::MIN_UTC);
    let mut told = Vec::new();
    for played in played {
        // A slow rise is nothing that a year has so many of.
        if let Some(from) = played.judged_from.filter(|_| played.key.kind != Kind::SlowRise) {
            let judged = from.max(since)..world.until;
            report.judged.entry(played.key.watch.clone()).and_modify(|range| range.start = range.start.min(judged.start)).or_insert(judged);
        }
        for (number, closest) in played.closest {
            let before = &mut report.closest[number];
            if before.as_ref().is_none_or(|before| before.numbers.score < closest.numbers.score) {
                *before = Some(closest);
            }
        }
        let found: Vec<Found> = played.found.into_iter().filter(|found| found.told_at >= since).collect();
        if !played.points.is_empty() {
            told.push((found.len(), Course { key: played.key, points: played.points, loudness: played.loudness }));
        }
        report.found.extend(found);
    }
    for watch in play.watches {
        if let Some(range) = report.judged.get(&watch.name) {
            report.heard.insert(watch.name.clone(), world.heard(watch, range));
        }
    }
    report.found.sort_by(|a, b| (a.told_at, &a.incident.key).cmp(&(b.told_at, &b.incident.key)));
    report.courses = worth_showing(play, told);
    report
}

/// Series with incidents or known ones first, and the loudest of each watch that has none of these.
fn worth_showing(play: &Play<'_>, told: Vec<(usize, Course)>) -> Vec<Course> {
    let mut loudest: BTreeMap<String, f64> = BTreeMap::new();
    for (_, course) in &told {
        let best = loudest.entry(course.key.watch.clone()).or_insert(f64::MIN);
        *best = best.max(course.loudness);
    }
    let mut shown: Vec<Course> = told
        .into_iter()
        .filter(|(found, course)| {
            let named = play.known.iter().any(|known| known.names(&course.key));
            let is_loudest = loudest.get(&course.key.watch).is_some_and(|loudest| course.loudness >= *loudest);
            *found > 0 || named || is_loudest
        })
        .map(|(_, course)| course)
        .collect();
    shown.sort_by(|a, b| (&a.key.watch, b.loudness).partial_cmp(&(&b.key.watch, a.loudness)).unwrap_or(std::cmp::Ordering::Equal));
    shown.truncate(MOST_COURSES);
    shown
}
