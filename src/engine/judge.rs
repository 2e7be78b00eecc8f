//! Takes one series through its buckets: the one way in which `run`, `backtest` and `explain` judge.

use chrono::NaiveDate;
use serde::Deserialize;
use serde::Serialize;

use crate::calendar::bucket::Buckets;
use crate::calendar::bucket::Width;
use crate::config::settings::Reference;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::detect::Detector;
use crate::detect::Settings;
use crate::detect::drift;
use crate::detect::drift::DriftDetector;
use crate::detect::drift::Period;
use crate::detect::measure;
use crate::detect::measure::MeanDetector;
use crate::detect::share::ShareDetector;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::measure::Measure;
use crate::domain::ports::Counters;
use crate::domain::rated::BucketRatings;
use crate::domain::remark::Calibration;
use crate::domain::ruleset::Moved;
use crate::engine::plan::Plan;

/// What is remembered of a series: what its kind's detector learnt. The kinds have no field in
/// common that would let one be read as another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Memory {
    /// Of a share: a theme's, or that of bad ratings.
    Share(<ShareDetector as Detector>::State),
    /// Of the months before.
    Drift(drift::State),
    /// Of a mean.
    Mean(measure::State),
}

impl Default for Memory {
    fn default() -> Self {
        Self::Share(<ShareDetector as Detector>::State::default())
    }
}

/// A series with the numbers under which it is counted.
#[derive(Debug, Clone)]
pub struct Series {
    /// What is judged.
    pub key: SeriesKey,
    /// Number of its segment.
    pub segment: i64,
    /// Number of its theme; a theme that nobody ever had has none, and so has a measure.
    pub theme: i64,
    /// When a person accepted the level of a slow rise as the usual.
    pub accepted: Option<Timestamp>,
    /// When its history moved by a change of rules.
    pub moved: Option<Moved>,
}

/// All series of a watch: each theme in all messages and in every segment that the watch asks for,
/// for spikes and for slow rises, and each measure in the same.
#[must_use]
pub fn series_of(watch: &Watch, counters: &Counters) -> Vec<Series> {
    let number = |name: &str| counters.themes.iter().find(|(_, theme)| *theme == name).map_or(-1, |(id, _)| *id);
    let watched = |segment: &Segment| match segment {
        Segment::All => true,
        Segment::Label { key, .. } => watch.by.contains(key),
    };
    let segments = || counters.segments.iter().filter(|(_, segment)| watched(segment));
    let of = |theme: &str, kind: Kind, (&id, segment): (&i64, &Segment)| Series {
        key: SeriesKey { watch: watch.name.clone(), theme: theme.to_owned(), segment: segment.clone(), kind },
        segment: id,
        theme: if kind == Kind::Drop { -1 } else { number(theme) },
        accepted: None,
        moved: counters.moved.get(&number(theme)).filter(|_| kind != Kind::Drop).copied(),
    };
    let mut all = Vec::new();
    for kind in [Kind::Spike, Kind::SlowRise] {
        all.extend(judged_themes(watch).iter().flat_map(|theme| segments().map(move |segment| of(theme, kind, segment))));
    }
    all.extend(watch.measures.iter().flat_map(|measure| segments().map(move |segment| of(measure.word(), Kind::Drop, segment))));
    all
}

/// Themes that are judged. Where each message is told by itself, their number is no news.
fn judged_themes(watch: &Watch) -> &[String] {
    if watch.each.is_some() { &[] } else { &watch.themes }
}

/// Numbers of the sources that a watch counts.
#[must_use]
pub fn sources_of(watch: &Watch, counters: &Counters) -> std::collections::BTreeSet<i64> {
    let named: std::collections::HashSet<&str> = watch.sources.iter().map(String::as_str).collect();
    counters.sources.iter().filter(|(_, name)| named.contains(name.as_str())).map(|(id, _)| *id).collect()
}

/// When a person accepted the level that an incident of a slow rise told of.
#[must_use]
pub fn accepted(incident: &Incident) -> Option<Timestamp> {
    let over = matches!(incident.state, State::Resolved | State::Closed);
    incident.resolved_at.filter(|_| over && incident.hushed && incident.key.kind == Kind::SlowRise)
}

/// Part of a watch's budgets that the series of all messages have where there are segments: these
/// are many, and a trouble of the whole is not told again of them.
const OF_THE_WHOLE: f64 = 0.5;

/// What series are judged by that share a budget alike.
struct Tests {
    settings: Settings,
    detector: ShareDetector,
    slow: drift::Settings,
}

/// Judges the series of one watch.
pub struct Judge {
    whole: Tests,
    part: Tests,
    /// How the watch cuts time.
    pub buckets: Buckets,
    /// Slow rises are judged a day at a time.
    days: Buckets,
}

impl Judge {
    /// The budget of a watch is shared by its series: many segments must not mean many alarms. Half of
    /// it is for all messages, half for all segments together. Slow
    /// rises have a budget of their own. Before, that of spikes and drops is multiplied with what
    /// people's labels make of it. `series` is the number of all that [`series_of`] gives.
    #[must_use]
    pub fn new(watch: &Watch, buckets: Buckets, series: usize, calibration: Calibration) -> Self {
        let (themes, measures) = (judged_themes(watch).len(), watch.measures.len());
        // In each segment every theme has two series, one of them for slow rises.
        let parts = (series as f64 / (2 * themes + measures).max(1) as f64 - 1.0).max(0.0);
        let days = Buckets { width: Width::Day, ..buckets };
        let of = |share: f64| {
            let shared = |budget: f64, in_a_segment: usize| share * budget / in_a_segment.max(1) as f64;
            let false_alarms_per_year = shared(watch.false_alarms_per_year * calibration.factor, themes + measures);
            let settings = Settings { width: buckets.width, false_alarms_per_year, min_complaints: watch.min_complaints };
            let slow = drift::Settings {
                slow_rises_per_year: shared(watch.slow_rises_per_year, themes),
                min_complaints: watch.min_complaints,
                reference: watch.reference.map(|reference| period(reference, days)),
                accepted: None,
            };
            Tests { settings, detector: ShareDetector::new(settings), slow }
        };
        let whole = if parts > 0.0 { OF_THE_WHOLE } else { 1.0 };
        Self { whole: of(whole), part: of((1.0 - whole) / parts.max(1.0)), buckets, days }
    }

    fn tests(&self, key: &SeriesKey) -> &Tests {
        if key.segment == Segment::All { &self.whole } else { &self.part }
    }

    /// How the series of a kind cut time.
    #[must_use]
    pub fn buckets_of(&self, kind: Kind) -> Buckets {
        if kind == Kind::SlowRise { self.days } else { self.buckets }
    }

    /// Takes a series from `from` through every bucket that ends by `until`, and hands each verdict
    /// to `heard`. Returns the first moment that was not judged. Of a slow rise the days count that
    /// end after `from`. Buckets from before a series' history begins teach nothing.
    pub fn advance(
        &self,
        memory: &mut Memory,
        series: &Series,
        grid: &Grid<'_>,
        from: Timestamp,
        until: Timestamp,
        mut heard: impl FnMut(Verdict),
    ) -> Timestamp {
        let buckets = self.buckets_of(series.key.kind);
        let mut start = buckets.start(from);
        loop {
            let end = buckets.end(start);
            // A calendar that has run out gives no later bucket.
            if end > until || end <= start {
                return start;
            }
            if end > from && series.moved.and_then(|moved| moved.since).is_none_or(|since| start >= since) {
                let bucket = self.counted(series, grid, start);
                self.begin(memory, series, &bucket, |start| grid.lent(series.theme, start));
                heard(self.learn(memory, series, &bucket));
            }
            start = end;
        }
    }

    /// Judges the bucket that began at `open` and is not over.
    #[must_use]
    pub fn peek(&self, memory: &Memory, series: &Series, grid: &Grid<'_>, open: Timestamp, now: Timestamp) -> Verdict {
        let start = self.buckets_of(series.key.kind).start(open);
        self.glance(memory, series, &self.counted(series, grid, start), now)
    }

    /// What a series counts in the bucket that begins at `start`.
    fn counted(&self, series: &Series, grid: &Grid<'_>, start: Timestamp) -> Counted {
        let buckets = self.buckets_of(series.key.kind);
        match Measure::of(&series.key) {
            Some(measure) => rated(grid, series.segment, measure, buckets, start),
            None => Counted::Complaints(grid.bucket(series.segment, series.theme, buckets, start)),
        }
    }

    /// Judges an open bucket that is counted already; learns nothing.
    #[must_use]
    pub fn glance(&self, memory: &Memory, series: &Series, bucket: &Counted, now: Timestamp) -> Verdict {
        let measure = Measure::of(&series.key);
        match bucket {
            Counted::Complaints(bucket) if series.key.kind == Kind::SlowRise => {
                let numbers = self.stands(memory, series);
                Verdict { bucket: bucket.start, until: bucket.end, complete: false, call: Call::Unknown, numbers }
            }
            Counted::Complaints(bucket) => {
                let fresh = <ShareDetector as Detector>::State::default();
                let state = if let Memory::Share(state) = memory { state } else { &fresh };
                named(self.tests(&series.key).detector.peek(state, bucket, now), measure)
            }
            Counted::Ratings(bucket) => {
                let detector = MeanDetector::new(measure.unwrap_or(Measure::Rating), self.tests(&series.key).settings);
                let fresh = measure::State::default();
                detector.peek(if let Memory::Mean(state) = memory { state } else { &fresh }, bucket)
            }
        }
    }

    /// Where the last 28 days stand beside the reference, for `status`.
    #[must_use]
    pub fn stands(&self, memory: &Memory, series: &Series) -> Numbers {
        match memory {
            Memory::Drift(state) => self.drift(series).present(state),
            Memory::Share(_) | Memory::Mean(_) => self.drift(series).present(&drift::State::default()),
        }
    }

    fn drift(&self, series: &Series) -> DriftDetector {
        DriftDetector::new(drift::Settings { accepted: series.accepted, ..self.tests(&series.key).slow })
    }

    /// A segment that speaks for the first time starts with the shares of all messages before its
    /// first bucket, which `lent` knows.
    pub fn begin(&self, memory: &mut Memory, series: &Series, bucket: &Counted, lent: impl FnOnce(Timestamp) -> Vec<(i64, f64)>) {
        let Counted::Complaints(bucket) = bucket else { return };
        let is_part = series.key.kind == Kind::Spike && series.key.segment != Segment::All;
        let is_new = matches!(memory, Memory::Share(state) if state.is_new());
        if is_part && is_new && bucket.total() > 0.0 {
            *memory = Memory::Share(self.tests(&series.key).detector.heir(lent(bucket.start)));
        }
    }

    /// Judges a complete bucket that is counted already, and learns from it.
    pub fn learn(&self, memory: &mut Memory, series: &Series, bucket: &Counted) -> Verdict {
        let measure = Measure::of(&series.key);
        match bucket {
            Counted::Complaints(day) if series.key.kind == Kind::SlowRise => self.drift(series).advance(drift_of(memory), day),
            Counted::Complaints(bucket) => named(self.tests(&series.key).detector.advance(share_of(memory), bucket), measure),
            Counted::Ratings(bucket) => {
                MeanDetector::new(measure.unwrap_or(Measure::Rating), self.tests(&series.key).settings).advance(mean_of(memory), bucket)
            }
        }
    }
}

/// What a series counts in a bucket.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// Complaints or bad ratings among all.
    Complaints(BucketCount),
    /// Ratings, for a mean.
    Ratings(BucketRatings),
}

/// Ratings of a bucket as a measure counts them.
#[must_use]
pub fn rated(grid: &Grid<'_>, segment: i64, measure: Measure, buckets: Buckets, start: Timestamp) -> Counted {
    if measure.is_mean() {
        Counted::Ratings(grid.ratings(segment, measure, buckets, start))
    } else {
        Counted::Complaints(grid.bad_share(segment, measure, buckets, start))
    }
}

/// What held a share of ratings back is said of ratings.
fn named(verdict: Verdict, measure: Option<Measure>) -> Verdict {
    let Some(_) = measure else { return verdict };
    let held_by = verdict.numbers.held_by.replace("complaints", "bad ratings");
    Verdict { numbers: Numbers { held_by, ..verdict.numbers }, ..verdict }
}

fn share_of(memory: &mut Memory) -> &mut <ShareDetector as Detector>::State {
    if !matches!(memory, Memory::Share(_)) {
        *memory = Memory::default();
    }
    let Memory::Share(state) = memory else { unreachable!("it was just made one of a share") };
    state
}

fn drift_of(memory: &mut Memory) -> &mut drift::State {
    if !matches!(memory, Memory::Drift(_)) {
        *memory = Memory::Drift(drift::State::default());
    }
    let Memory::Drift(state) = memory else { unreachable!("it was just made one of months") };
    state
}

fn mean_of(memory: &mut Memory) -> &mut measure::State {
    if !matches!(memory, Memory::Mean(_)) {
        *memory = Memory::Mean(measure::State::default());
    }
    let Memory::Mean(state) = memory else { unreachable!("it was just made one of a mean") };
    state
}

/// The days of a reference in the zone of the watch.
fn period(reference: Reference, days: Buckets) -> Period {
    // Noon is on its day in every zone but a few islands; the day before is as good for them.
    let midnight = |day: NaiveDate| days.start(day.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(12));
    Period { from: midnight(reference.from), until: midnight(reference.until) }
}

impl Judge {
    /// The bucket of a series that holds `at`, as counted. Of a mean there is none to suppose of.
    #[must_use]
    pub fn bucket(&self, series: &Series, grid: &Grid<'_>, at: Timestamp) -> BucketCount {
        let buckets = self.buckets_of(series.key.kind);
        let start = buckets.start(at);
        match Measure::of(&series.key) {
            Some(measure) => grid.bad_share(series.segment, measure, buckets, start),
            None => grid.bucket(series.segment, series.theme, buckets, start),
        }
    }

    /// What would be said of a bucket that never was; nothing is learnt. Only of a series that is
    /// judged by the share of complaints: [`Judge::supposes`].
    #[must_use]
    pub fn suppose(&self, key: &SeriesKey, memory: &Memory, bucket: &BucketCount, now: Timestamp) -> Verdict {
        let detector = &self.tests(key).detector;
        let mut state = if let Memory::Share(state) = memory { state.clone() } else { <ShareDetector as Detector>::State::default() };
        if bucket.end <= now { detector.advance(&mut state, bucket) } else { detector.peek(&state, bucket, now) }
    }

    /// Whether it can be asked what so many complaints more would have done.
    #[must_use]
    pub fn supposes(key: &SeriesKey) -> bool {
        match key.kind {
            Kind::Spike => true,
            Kind::SlowRise | Kind::NoData | Kind::Message => false,
            Kind::Drop => Measure::of(key).is_some_and(|measure| !measure.is_mean()),
        }
    }
}

/// Where a series stands at a moment.
#[derive(Debug, Clone)]
pub struct Present {
    /// Which series.
    pub key: SeriesKey,
    /// What is said of its newest bucket.
    pub verdict: Verdict,
}

/// Judges the series of a watch in all messages from the beginning of `counters` to `now`, and
/// gives the verdict of the bucket that holds `now`. Slow rises are left out: [`slow`] has them.
#[must_use]
pub fn present(plan: &Plan, watch: &Watch, calibration: Calibration, counters: &Counters, first: Quarter, now: Timestamp) -> Vec<Present> {
    let series = series_of(watch, counters);
    let judge = Judge::new(watch, plan.buckets(watch), series.len(), calibration);
    let grid = Grid::of(counters, &sources_of(watch, counters));
    series
        .into_iter()
        .filter(|series| series.key.segment == Segment::All && series.key.kind != Kind::SlowRise)
        .map(|series| {
            let mut memory = Memory::default();
            let start = judge.buckets.start(first.start());
            let open = judge.advance(&mut memory, &series, &grid, start, judge.buckets.start(now), |_| {});
            let verdict = judge.peek(&memory, &series, &grid, open, now);
            Present { key: series.key, verdict }
        })
        .collect()
}

/// How far the last 28 days of each theme of a watch, in all messages, are from the reference at
/// the end of the last day. `accepted` knows which levels people accepted.
#[must_use]
pub fn slow(
    plan: &Plan,
    watch: &Watch,
    counters: &Counters,
    accepted: &impl Fn(&SeriesKey) -> Option<Timestamp>,
    first: Quarter,
    now: Timestamp,
) -> Vec<Present> {
    let all = series_of(watch, counters);
    // Labels move the budget of spikes and of drops alone.
    let judge = Judge::new(watch, plan.buckets(watch), all.len(), Calibration::default());
    let grid = Grid::of(counters, &sources_of(watch, counters));
    let mut found = Vec::new();
    for series in all.into_iter().filter(|series| series.key.segment == Segment::All && series.key.kind == Kind::SlowRise) {
        let series = Series { accepted: accepted(&series.key), ..series };
        let mut memory = Memory::default();
        let mut last = None;
        judge.advance(&mut memory, &series, &grid, first.start(), now, |verdict| last = Some(verdict));
        found.extend(last.map(|verdict| Present { key: series.key, verdict }));
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::calendar::holidays::Holidays;
    use crate::domain::ports::Cell;

    const WHOLE: i64 = 1;
    const PART: i64 = 2;

    /// Eight weeks of a shop with a complaint in ten messages a day; from the day `born` on half of
    /// them are of a part. On the last day that part has twelve complaints.
    fn counters(born: i64) -> Counters {
        let cell = |day: i64, segment, theme, voices| Cell { quarter: Quarter(day * 96), segment, source: 7, theme, voices, late: 0 };
        let day = |day: i64| {
            let part = i64::from(day >= born);
            let loud = if day == 55 { 12 } else { part };
            [cell(day, WHOLE, 0, 40), cell(day, WHOLE, 1, 4), cell(day, PART, 0, 20 * part), cell(day, PART, 1, loud)]
        };
        Counters {
            segments: [(WHOLE, Segment::All), (PART, Segment::Label { key: "country".to_owned(), value: "se".to_owned() })].into(),
            sources: [(7, "shop".to_owned())].into(),
            themes: [(1, "late".to_owned())].into(),
            cells: (0..56).flat_map(day).filter(|cell| cell.voices > 0).collect(),
            ..Counters::default()
        }
    }

    fn watch() -> Watch {
        Watch {
            name: "shop".to_owned(),
            themes: vec!["late".to_owned()],
            measures: Vec::new(),
            sources: vec!["shop".to_owned()],
            by: vec!["country".to_owned()],
            bucket: Width::Day,
            holidays: Holidays::default(),
            false_alarms_per_year: 4.0,
            slow_rises_per_year: 1.0,
            reference: None,
            min_complaints: 5,
            notify: Vec::new(),
            each: None,
        }
    }

    fn days() -> Buckets {
        Buckets { width: Width::Day, zone: chrono_tz::UTC, holidays: Holidays::default() }
    }

    fn last(born: i64, segment: i64) -> Verdict {
        let counters = counters(born);
        let watch = watch();
        let judge = Judge::new(&watch, days(), 4, Calibration::default());
        let grid = Grid::of(&counters, &sources_of(&watch, &counters));
        let of = |series: &Series| series.segment == segment && series.key.kind == Kind::Spike;
        let series = series_of(&watch, &counters).into_iter().find(of).unwrap();
        let (mut memory, mut said) = (Memory::default(), None);
        let end = Timestamp::UNIX_EPOCH + TimeDelta::days(56);
        judge.advance(&mut memory, &series, &grid, Timestamp::UNIX_EPOCH, end, |verdict| said = Some(verdict));
        said.unwrap()
    }

    #[test]
    fn a_part_that_is_a_week_old_lives_on_the_shares_of_the_whole_and_says_so() {
        let verdict = last(48, PART);
        assert!(matches!(verdict.call, Call::Firing(_)) && verdict.numbers.borrowed, "{verdict:?}");
        assert!((0.055..0.1).contains(&verdict.numbers.usual_share), "{verdict:?}");
    }

    #[test]
    fn a_part_of_two_days_is_not_judged_and_an_old_one_borrows_nothing() {
        assert_eq!(last(54, PART).call, Call::Unknown);
        let old = last(10, PART);
        assert!(!old.numbers.borrowed && matches!(old.call, Call::Firing(_)), "{old:?}");
        assert!(!last(48, WHOLE).numbers.borrowed);
    }

    #[test]
    fn all_messages_have_half_of_the_budget_and_all_segments_together_the_other() {
        let limit = |series: usize, segment: &Segment| {
            let judge = Judge::new(&watch(), days(), series, Calibration::default());
            let key = SeriesKey { watch: "shop".to_owned(), theme: "late".to_owned(), segment: segment.clone(), kind: Kind::Spike };
            judge.tests(&key).settings.false_alarms_per_year
        };
        let part = Segment::Label { key: "country".to_owned(), value: "se".to_owned() };
        // Each of the one theme in each segment has two series, one for slow rises.
        assert!((limit(2, &Segment::All) - 4.0).abs() < 1e-9);
        assert!((limit(2 * 11, &Segment::All) - 2.0).abs() < 1e-9);
        assert!((limit(2 * 11, &part) - 0.2).abs() < 1e-9);
    }
}
