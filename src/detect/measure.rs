//! The drop of a mean: stars or the NPS against what each source usually gives.
//!
//! Ratings are counted as points *lost* against the best: five stars lose none, one star loses four.
//! Lost points are never negative, and where most customers are content they are skewed as complaints
//! are, so their sum over a window is tested with the upper tail of a gamma distribution that has its
//! mean and variance. The mean is the sum over sources of answers times what the source usually
//! loses, so a grumpier source that joins is no drop; the variance is that of the answers, plus a
//! dispersion between windows that is learnt as [`crate::detect::share`] learns its own, plus the
//! doubt about what is usual. Windows, memories and waiting times are the same as there, and so is
//! the guard: a bad day teaches no more than a large ordinary one.
//!
//! An open bucket is not judged: contented answers may follow the others.

use crate::calendar::bucket::Width;
use crate::detect::Settings;
use crate::detect::measure::pace::Pace;
use crate::detect::measure::state::Moment;
use crate::detect::measure::state::State as Learnt;
use crate::detect::measured::between;
use crate::domain::incident::Call;
use crate::domain::incident::Level;
use crate::domain::incident::Mean;
use crate::domain::incident::Newest;
use crate::domain::incident::Numbers;
use crate::domain::incident::Verdict;
use crate::domain::measure::Measure;
use crate::domain::rated::BucketRatings;

mod pace;
#[cfg(test)]
mod simulated;
mod state;

pub use state::State;

/// False alarms per series and year, and the score above which there were so many. Hours. Measured on
/// 600 series as `simulated` makes them (163 series-years), a false alarm being a day with an alarm
/// outside of every drop; below 0.1 a year a rough guide.
const HOURS: [(f64, f64); 9] =
    [(0.01, 4.63), (0.03, 4.04), (0.2, 3.5), (0.63, 3.07), (2.05, 2.72), (6.1, 2.36), (13.9, 2.09), (30.0, 1.82), (67.0, 1.5)];
/// The same for days, on 600 series (1,003 series-years).
const DAYS: [(f64, f64); 9] =
    [(0.019, 4.2), (0.094, 3.5), (0.3, 3.0), (0.81, 2.6), (2.2, 2.2), (6.2, 1.8), (13.2, 1.5), (27.0, 1.2), (42.0, 1.0)];

/// Fewer answers than this in a window never score.
const LEAST: f64 = 5.0;
/// Tails of shorter windows have to be below this, where anybody answered.
const FRESH: f64 = 0.3;
/// From this score on a bucket is suspect and teaches with less weight.
const SUSPECT: f64 = 1.5;
/// That weight.
const SUSPECT_WEIGHT: f64 = 0.3;
/// Lost points teach up to this many standard deviations above what was expected.
const TAUGHT_DEVIATIONS: f64 = 2.0;
/// Share of the limit below which a bucket is calm.
const CALM: f64 = 0.6;

/// Judges one series of ratings.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanDetector {
    measure: Measure,
    settings: Settings,
    pace: Pace,
    limit: f64,
}

/// A window with what was found in it.
#[derive(Debug, Clone, Copy)]
struct Window {
    length: usize,
    sum: Moment,
    dispersion: f64,
}

impl Window {
    fn variance(&self) -> f64 {
        self.sum.variance + self.dispersion * self.sum.expected * self.sum.expected
    }

    fn tail(&self) -> f64 {
        tail(self.sum.lost, self.sum.expected, self.variance())
    }
}

impl MeanDetector {
    /// A detector for a series with these settings. A watch's budget is to be split before.
    #[must_use]
    pub fn new(measure: Measure, settings: Settings) -> Self {
        let map: &[(f64, f64)] = match settings.width {
            Width::Hour => &HOURS,
            Width::Day => &DAYS,
        };
        let limit = between(map, settings.false_alarms_per_year);
        Self { measure, settings, pace: Pace::of(settings.width), limit }
    }

    /// The score from which on it fires.
    #[must_use]
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// Judges a bucket that is over and learns from it. Buckets come in order, without gaps.
    pub fn advance(&self, state: &mut State, bucket: &BucketRatings) -> Verdict {
        if !state.fits(&self.pace) {
            *state = Learnt::new(&self.pace);
        }
        state.admit(&bucket.parts);
        let moment = state.read(&bucket.parts);
        let windows = self.windows(state, &moment);
        let (at, score, held) = self.judge(&windows);
        let verdict = self.speak(state, &windows, at, score, held, bucket);
        let answered = bucket.parts.iter().any(|part| part.live.count + part.late.count > 0.0);
        if answered {
            self.learn(state, &windows, score, bucket);
        }
        if answered || state.age > 0 {
            state.age = state.age.saturating_add(1);
            state.keep(moment, self.pace.windows.last().copied().unwrap_or(1));
        }
        verdict
    }

    /// The numbers of a bucket that is still open; it is not judged.
    #[must_use]
    pub fn peek(&self, state: &State, open: &BucketRatings) -> Verdict {
        let fresh;
        let state = if state.fits(&self.pace) {
            state
        } else {
            fresh = Learnt::new(&self.pace);
            &fresh
        };
        let windows = self.windows(state, &state.read(&open.parts));
        let held = Some("the bucket is not over".to_owned());
        let verdict = self.speak(state, &windows, 0, 0.0, held, open);
        Verdict { call: Call::Unknown, complete: false, ..verdict }
    }

    fn windows(&self, state: &State, moment: &Moment) -> Vec<Window> {
        let windows = self.pace.windows.iter().enumerate().map(|(at, &length)| {
            let sum = state.window(moment, length);
            let unsure = if sum.expected > 0.0 { sum.doubt / sum.expected } else { 0.0 };
            Window { length, sum, dispersion: state.spread(at) + unsure }
        });
        windows.collect()
    }

    /// The window that scores highest, its score, and why none scores.
    fn judge(&self, windows: &[Window]) -> (usize, f64, Option<String>) {
        let least = LEAST.max(f64::from(self.settings.min_complaints));
        let mut found: Option<(usize, f64)> = None;
        for (at, window) in windows.iter().enumerate() {
            if window.sum.count <= 0.0 {
                continue;
            }
            let tail = window.tail();
            if tail >= FRESH {
                let held = if found.is_none() { "no worse than usual" } else { "" };
                let longest = windows.iter().rposition(|window| window.sum.count > 0.0).unwrap_or(at);
                return found.map_or((longest.max(at), 0.0, Some(held.to_owned())), |(at, score)| (at, score, None));
            }
            let score = -tail.log10();
            if window.sum.count >= least && found.is_none_or(|(_, best)| score > best) {
                found = Some((at, score));
            }
        }
        let longest = windows.len().saturating_sub(1);
        found.map_or_else(|| (longest, 0.0, Some(format!("fewer than {least} answers"))), |(at, score)| (at, score, None))
    }

    fn speak(&self, state: &State, windows: &[Window], at: usize, score: f64, held: Option<String>, bucket: &BucketRatings) -> Verdict {
        let warming = state.age < self.pace.warm_up;
        let score = if warming { 0.0 } else { score };
        let (window, newest) = (&windows[at], &windows[0]);
        let per_day = self.pace.per_day;
        let held_by = if warming {
            format!("still learning ({} of {} days)", state.age / per_day, self.pace.warm_up / per_day)
        } else {
            held.unwrap_or_default()
        };
        let call = if warming || newest.sum.count <= 0.0 {
            Call::Unknown
        } else if score >= self.limit {
            Call::Firing(level(score / self.limit, &window.sum))
        } else if score >= CALM * self.limit {
            Call::Uneasy
        } else {
            Call::Normal
        };
        let numbers = Numbers {
            score,
            limit: self.limit,
            surprise: score,
            count: window.sum.lost,
            expected: window.sum.expected,
            usual: usual(window),
            total: window.sum.count,
            usual_share: 0.0,
            window_seconds: self.pace.seconds * window.length as i64,
            dispersion: window.dispersion,
            gate: 1.0,
            held_by,
            borrowed: false,
            learnt_buckets: f64::from(state.age),
            newest: Newest { count: newest.sum.lost, expected: newest.sum.expected, usual: usual(newest), total: newest.sum.count },
            mean: self.mean(window),
        };
        Verdict { bucket: bucket.start, until: bucket.end, complete: true, call, numbers }
    }

    /// The mean as people know it: five stars less what was lost, or the NPS.
    fn mean(&self, window: &Window) -> Option<Mean> {
        let (best, points) = match self.measure {
            Measure::Nps => (100.0, 100.0),
            Measure::Rating | Measure::OneStar | Measure::Csat => (5.0, 1.0),
        };
        let worst = if self.measure == Measure::Nps { -100.0 } else { 1.0 };
        let of = |lost: f64| (best - points * lost / window.sum.count).clamp(worst, best);
        let (low, high) = usual(window);
        (window.sum.count > 0.0).then(|| Mean { value: of(window.sum.lost), usual: of(window.sum.expected), range: (of(high), of(low)) })
    }

    fn learn(&self, state: &mut State, windows: &[Window], score: f64, bucket: &BucketRatings) {
        let weight = if score > SUSPECT { SUSPECT_WEIGHT } else { 1.0 };
        let newest = &windows[0];
        let most = newest.sum.expected + TAUGHT_DEVIATIONS * newest.variance().sqrt() + 0.5;
        let held = if newest.sum.lost > most { most / newest.sum.lost } else { 1.0 };
        state.learn(&bucket.parts, held, weight, self.pace.usual);
        if state.age >= self.pace.settled {
            for (at, window) in windows.iter().enumerate() {
                state.learn_spread(at, &window.sum, window.variance(), weight, self.pace.spread);
            }
        }
    }
}

fn level(times: f64, sum: &Moment) -> Level {
    match times {
        times if times >= 5.0 && sum.lost >= 2.0 * sum.expected => Level::Critical,
        times if times >= 2.5 => Level::High,
        times if times >= 1.5 => Level::Medium,
        _ => Level::Low,
    }
}

/// Lost points that 90 % of usual windows fall between.
fn usual(window: &Window) -> (f64, f64) {
    let sd = window.variance().sqrt();
    ((window.sum.expected - 1.645 * sd).max(0.0), window.sum.expected + 1.645 * sd)
}

/// Chance of at least `lost` under a gamma distribution with this mean and variance.
fn tail(lost: f64, mean: f64, variance: f64) -> f64 {
    if lost <= 0.0 || mean <= 0.0 || variance <= 0.0 {
        return 1.0;
    }
    let (shape, scale) = (mean * mean / variance, variance / mean);
    let tail = statrs::function::gamma::checked_gamma_ur(shape, lost / scale).unwrap_or(1.0);
    if tail.is_nan() { 1.0 } else { tail.clamp(crate::detect::tail::SMALLEST, 1.0) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::rated::Answers;
    use crate::domain::rated::RatedPart;

    /// A series of days at four false alarms a year. A day is each source's stars: how many of 5, of
    /// 3 and of 1.
    struct Story {
        detector: MeanDetector,
        state: State,
        day: i32,
    }

    fn stars(five: u32, three: u32, one: u32) -> Answers {
        let [five, three, one] = [five, three, one].map(f64::from);
        Answers { count: five + three + one, lost: 2.0 * three + 4.0 * one, square: 4.0 * three + 16.0 * one }
    }

    impl Story {
        fn new() -> Self {
            let settings = Settings { width: Width::Day, false_alarms_per_year: 4.0, min_complaints: 5 };
            Self { detector: MeanDetector::new(Measure::Rating, settings), state: State::default(), day: 0 }
        }

        fn bucket(&self, parts: Vec<RatedPart>) -> BucketRatings {
            let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let start = start + TimeDelta::days(i64::from(self.day));
            BucketRatings { start, end: start + TimeDelta::days(1), parts }
        }

        fn next(&mut self, sources: &[Answers]) -> Verdict {
            let part = |(source, live): (usize, &Answers)| RatedPart { source: source as i64, live: *live, late: Answers::default() };
            let bucket = self.bucket(sources.iter().enumerate().map(part).collect());
            self.day += 1;
            self.detector.advance(&mut self.state, &bucket)
        }

        fn usual(days: u32) -> Self {
            let mut story = Self::new();
            for day in 0..days {
                assert!(!matches!(story.next(&[stars(30 + day % 5, 6, 4 + day % 3)]).call, Call::Firing(_)), "day {day}");
            }
            story
        }
    }

    #[test]
    fn a_day_of_fewer_stars_fires_with_its_mean_and_is_over_at_once() {
        let mut story = Story::usual(60);
        let verdict = story.next(&[stars(14, 6, 28)]);
        assert!(matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
        let mean = verdict.numbers.mean.unwrap();
        assert!((mean.value - 2.42).abs() < 0.01 && (4.1..4.4).contains(&mean.usual), "{mean:?}");
        assert!(mean.range.0 < mean.usual && mean.usual < mean.range.1, "{mean:?}");
        assert_eq!((verdict.numbers.total, verdict.numbers.window_seconds), (48.0, 86_400));
        assert_eq!(story.next(&[stars(30, 6, 4)]).call, Call::Normal);
    }

    #[test]
    fn a_grumpy_source_that_joins_or_a_busy_day_is_no_drop() {
        let mut story = Story::usual(60);
        for day in 0..60 {
            // It is taken to be like the others at first, and testifies no more than its few answers allow.
            let verdict = story.next(&[stars(30, 6, 4), stars(1, 1, u32::from(day > 20) * 3)]);
            assert!(!matches!(verdict.call, Call::Firing(_)), "day {day}: {verdict:?}");
        }
        assert!(!matches!(story.next(&[stars(300, 60, 45)]).call, Call::Firing(_)));
    }

    #[test]
    fn better_stars_never_fire_and_silence_says_nothing() {
        let mut story = Story::usual(60);
        assert_eq!(story.next(&[stars(60, 0, 0)]).call, Call::Normal);
        assert_eq!(story.next(&[]).call, Call::Unknown);
    }

    #[test]
    fn a_few_answers_are_not_enough_and_history_does_not_testify() {
        let mut story = Story::usual(60);
        let verdict = story.next(&[stars(0, 0, 3)]);
        // Two usual days stand beside them in the longer window, which is why it is not about three answers.
        assert!(!matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
        let bucket = story.bucket(vec![RatedPart { source: 0, live: stars(30, 6, 4), late: stars(0, 0, 500) }]);
        assert_eq!(story.detector.advance(&mut story.state, &bucket).call, Call::Normal);
    }

    #[test]
    fn nothing_is_said_before_two_weeks_and_of_an_open_bucket() {
        let mut story = Story::usual(13);
        let verdict = story.next(&[stars(0, 0, 40)]);
        assert_eq!((verdict.call, verdict.numbers.held_by.as_str()), (Call::Unknown, "still learning (13 of 14 days)"));
        let mut story = Story::usual(60);
        let open = story.bucket(vec![RatedPart { source: 0, live: stars(0, 0, 40), late: Answers::default() }]);
        let verdict = story.detector.peek(&story.state, &open);
        assert_eq!((verdict.call, verdict.complete), (Call::Unknown, false));
        story.day += 1;
        assert!(matches!(story.detector.advance(&mut story.state, &open).call, Call::Firing(_)));
    }

    #[test]
    fn an_outbreak_teaches_little() {
        let (mut calm, mut loud) = (Story::usual(60), Story::usual(60));
        for _ in 0..5 {
            calm.next(&[stars(30, 6, 4)]);
            loud.next(&[stars(10, 6, 24)]);
        }
        let usual = |story: &mut Story| story.next(&[stars(30, 6, 4)]).numbers.mean.unwrap().usual;
        let (calm, loud) = (usual(&mut calm), usual(&mut loud));
        assert!(calm - loud < 0.1, "{calm} {loud}");
    }

    fn wild() -> impl Strategy<Value = Answers> {
        let number = prop_oneof![any::<f64>(), 0.0..1e6_f64, 0.0..30.0_f64, Just(0.0)];
        (number.clone(), number.clone(), number).prop_map(|(count, lost, square)| Answers { count, lost, square })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_answers_give_finite_numbers_and_a_restart_changes_none(
            days in vec(vec((0..40_i64, wild(), wild()), 0..4), 20..60),
            nps: bool,
            hours: bool,
        ) {
            let width = if hours { Width::Hour } else { Width::Day };
            let measure = if nps { Measure::Nps } else { Measure::Rating };
            let settings = Settings { width, false_alarms_per_year: 4.0, min_complaints: 5 };
            let mut story = Story { detector: MeanDetector::new(measure, settings), ..Story::new() };
            for parts in days.iter().cycle().take(5 * days.len()) {
                let parts = parts.iter().map(|(source, live, late)| RatedPart { source: *source, live: *live, late: *late }).collect();
                let bucket = story.bucket(parts);
                let json = serde_json::to_string(&story.state).unwrap();
                prop_assert!(json.len() <= 4096, "{}", json.len());
                let mut restarted: State = serde_json::from_str(&json).unwrap();
                let verdict = story.detector.advance(&mut story.state, &bucket);
                prop_assert_eq!(&verdict, &story.detector.advance(&mut restarted, &bucket));
                let of = &verdict.numbers;
                let mean = of.mean.unwrap_or_default();
                for number in [of.score, of.count, of.expected, of.usual.0, of.usual.1, of.total, of.dispersion] {
                    prop_assert!(number.is_finite() && number >= 0.0, "{:?}", of);
                }
                prop_assert!(mean.value.is_finite() && mean.usual.is_finite() && mean.range.0.is_finite() && mean.range.1.is_finite());
                story.day += 1;
            }
        }
    }
}
