//! Takes one series through its buckets: the one way in which `run`, `backtest` and `explain` judge.

use crate::calendar::bucket::Buckets;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::detect::Detector;
use crate::detect::Settings;
use crate::detect::share::ShareDetector;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::ports::Counters;
use crate::domain::remark::Calibration;
use crate::engine::plan::Plan;

/// What a detector remembers.
pub type Memory = <ShareDetector as Detector>::State;

/// A series with the numbers under which it is counted.
#[derive(Debug, Clone)]
pub struct Series {
    /// What is judged.
    pub key: SeriesKey,
    /// Number of its segment.
    pub segment: i64,
    /// Number of its theme; a theme that nobody ever had has none.
    pub theme: i64,
}

/// All series of a watch: each theme in all messages and in every segment that the watch asks for.
#[must_use]
pub fn series_of(watch: &Watch, counters: &Counters) -> Vec<Series> {
    let number = |name: &str| counters.themes.iter().find(|(_, theme)| *theme == name).map_or(-1, |(id, _)| *id);
    let watched = |segment: &Segment| match segment {
        Segment::All => true,
        Segment::Label { key, .. } => watch.by.contains(key),
    };
    let segments = || counters.segments.iter().filter(|(_, segment)| watched(segment));
    watch
        .themes
        .iter()
        .flat_map(|theme| {
            segments().map(|(&id, segment)| Series {
                key: SeriesKey { watch: watch.name.clone(), theme: theme.clone(), segment: segment.clone() },
                segment: id,
                theme: number(theme),
            })
        })
        .collect()
}

/// Numbers of the sources that a watch counts.
#[must_use]
pub fn sources_of(watch: &Watch, counters: &Counters) -> std::collections::BTreeSet<i64> {
    counters.sources.iter().filter(|(_, name)| watch.sources.contains(name)).map(|(id, _)| *id).collect()
}

/// Judges the series of one watch.
pub struct Judge {
    detector: ShareDetector,
    /// How the watch cuts time.
    pub buckets: Buckets,
}

impl Judge {
    /// The budget of a watch is shared by its series: many segments must not mean many alarms.
    /// Before, it is multiplied with what people's labels make of it.
    #[must_use]
    pub fn new(watch: &Watch, buckets: Buckets, series: usize, calibration: Calibration) -> Self {
        let false_alarms_per_year = watch.false_alarms_per_year * calibration.factor / series.max(1) as f64;
        let settings = Settings { width: buckets.width, false_alarms_per_year, min_complaints: watch.min_complaints };
        Self { detector: ShareDetector::new(settings), buckets }
    }

    /// Takes a series from `from` through every bucket that ends by `until`, and hands each verdict
    /// to `heard`. Returns the first moment that was not judged.
    pub fn advance(
        &self,
        memory: &mut Memory,
        series: &Series,
        grid: &Grid<'_>,
        from: Timestamp,
        until: Timestamp,
        mut heard: impl FnMut(Verdict),
    ) -> Timestamp {
        let mut start = from;
        loop {
            let end = self.buckets.end(start);
            // A calendar that has run out gives no later bucket.
            if end > until || end <= start {
                return start;
            }
            heard(self.detector.advance(memory, &grid.bucket(series.segment, series.theme, self.buckets, start)));
            start = end;
        }
    }

    /// Judges the bucket that began at `open` and is not over.
    #[must_use]
    pub fn peek(&self, memory: &Memory, series: &Series, grid: &Grid<'_>, open: Timestamp, now: Timestamp) -> Verdict {
        self.detector.peek(memory, &grid.bucket(series.segment, series.theme, self.buckets, open), now)
    }
}

impl Judge {
    /// The bucket of a series that holds `at`, as counted.
    #[must_use]
    pub fn bucket(&self, series: &Series, grid: &Grid<'_>, at: Timestamp) -> BucketCount {
        grid.bucket(series.segment, series.theme, self.buckets, self.buckets.start(at))
    }

    /// Judges a complete bucket that somebody else counted, and learns from it.
    pub fn learn(&self, memory: &mut Memory, _: &Series, bucket: &BucketCount) -> Verdict {
        self.detector.advance(memory, bucket)
    }

    /// Judges an open bucket that somebody else counted.
    #[must_use]
    pub fn glance(&self, memory: &Memory, _: &Series, bucket: &BucketCount, now: Timestamp) -> Verdict {
        self.detector.peek(memory, bucket, now)
    }

    /// What would be said of a bucket that never was; nothing is learnt.
    #[must_use]
    pub fn suppose(&self, memory: &Memory, bucket: &BucketCount, now: Timestamp) -> Verdict {
        if bucket.end <= now { self.detector.advance(&mut memory.clone(), bucket) } else { self.detector.peek(memory, bucket, now) }
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
/// gives the verdict of the bucket that holds `now`.
#[must_use]
pub fn present(plan: &Plan, watch: &Watch, calibration: Calibration, counters: &Counters, first: Quarter, now: Timestamp) -> Vec<Present> {
    let series = series_of(watch, counters);
    let judge = Judge::new(watch, plan.buckets(watch), series.len(), calibration);
    let grid = Grid::of(counters, &sources_of(watch, counters));
    series
        .into_iter()
        .filter(|series| series.key.segment == Segment::All)
        .map(|series| {
            let mut memory = Memory::default();
            let start = judge.buckets.start(first.start());
            let open = judge.advance(&mut memory, &series, &grid, start, judge.buckets.start(now), |_| {});
            let verdict = judge.peek(&memory, &series, &grid, open, now);
            Present { key: series.key, verdict }
        })
        .collect()
}
