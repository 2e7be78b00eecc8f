//! The detector: the share of a theme among all messages against its own usual.
//!
//! For a bucket with `y` complaints among `t` messages of a source
//!
//! - the *share* `p` is a faded sum of complaints over a faded sum of messages,
//! - `m = p t` complaints are expected of the messages that came, and `c = p V f` of the usual
//!   volume `V` times the busyness `f` of the hour or weekday.
//!
//! Sums over sources and over windows of 1 and 3 days, or 1, 3 and 12 hours, are tested with the
//! mid-p tail of a negative binomial whose dispersion is learnt; the score is its negative
//! logarithm, the highest of the windows (`judge` says what holds it back).
//! Testing the share instead of the count is what makes a busy day no alarm. Learning is guarded:
//! a spike teaches no more than a large ordinary bucket does.
//!
//! Close relatives: A. Noufaily et al., An improved algorithm for outbreak detection in multiple
//! surveillance systems, Statistics in Medicine 32 (2013), which refits a regression for each
//! bucket; and the negative binomial CUSUM of M. Höhle and M. Paul, Count data regression charts
//! for the monitoring of surveillance time series, Computational Statistics & Data Analysis 52
//! (2008). This one is online: a bucket costs well under a microsecond and no history.

use crate::detect::Detector;
use crate::detect::Settings;
use crate::detect::budget;
use crate::detect::judge::Window;
use crate::detect::judge::judge;
use crate::detect::reading::Look;
use crate::detect::reading::Reading;
use crate::detect::rhythm::Rhythm;
use crate::detect::sources;
use crate::detect::state::State;
use crate::detect::verdict;
use crate::detect::verdict::Circumstances;
use crate::detect::windows;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::incident::Verdict;

/// Dispersion of the share test is never taken for less.
const LEAST_TESTED: f64 = 0.01;
/// Dispersion of the test on raw counts is never taken for less.
const LEAST_GATED: f64 = 0.05;
/// From this score on a bucket is suspect and teaches with less weight.
const SUSPECT: f64 = 1.5;
/// That weight.
const SUSPECT_WEIGHT: f64 = 0.3;
/// Complaints teach up to this many standard deviations above what was expected.
const TAUGHT_DEVIATIONS: f64 = 2.0;
/// Volumes teach up to this many times what was expected.
const TAUGHT_VOLUME: f64 = 4.0;

/// Judges one series of buckets. The same for the daemon, `detect` and `backtest`.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareDetector {
    settings: Settings,
    rhythm: Rhythm,
    limit: f64,
}

impl ShareDetector {
    /// A detector for a series with these settings. A watch's budget of false alarms is to be
    /// split over its series before.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let limit = budget::limit(settings.width, settings.false_alarms_per_year);
        Self { settings, rhythm: Rhythm::of(settings.width), limit }
    }

    /// The score from which on it fires.
    #[must_use]
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// Buckets that are learnt before any is judged.
    #[must_use]
    pub fn warm_up(&self) -> u32 {
        self.rhythm.warm_up
    }

    fn windows(&self, state: &State, reading: &Reading) -> Vec<Window> {
        let spreads = state.tested.iter().zip(&state.gated);
        let windows = self.rhythm.windows.iter().zip(spreads).map(|(&length, (tested, gated))| {
            let sum = windows::window(&reading.moment, &state.recent, length);
            let unsure = sum.unsure();
            Window { length, sum, tested: tested.value(LEAST_TESTED) + unsure, gated: gated.value(LEAST_GATED) + unsure }
        });
        windows.collect()
    }

    fn circumstances<'a>(&'a self, state: &State, reading: &Reading, bucket: &'a BucketCount, complete: bool) -> Circumstances<'a> {
        Circumstances {
            bucket,
            complete,
            limit: self.limit,
            least: f64::from(self.settings.min_complaints),
            rhythm: &self.rhythm,
            age: state.age,
            usual_share: reading.usual_share,
            usual_total: reading.usual_total,
            testified: reading.testified,
            late: reading.late,
        }
    }

    /// Learns from a bucket in which somebody spoke.
    fn learn(&self, state: &mut State, reading: &Reading, windows: &[Window], score: f64) {
        let weight = if score > SUSPECT { SUSPECT_WEIGHT } else { 1.0 };
        let expected = reading.moment.expected;
        let variance = expected + windows[0].tested * expected * expected;
        let most = expected + TAUGHT_DEVIATIONS * variance.sqrt() + 0.5;
        let lessons = reading.lessons((reading.moment.hits - most).max(0.0));

        let said: f64 = lessons.iter().filter(|lesson| !lesson.young).map(|lesson| lesson.total).sum();
        let believable = TAUGHT_VOLUME * reading.usual_total.max(1.0);
        let held = if state.age > self.rhythm.week && said > believable { believable / said } else { 1.0 };
        for lesson in &lessons {
            state.usual[lesson.at].learn_share(lesson.hits, lesson.total, weight, self.rhythm.share);
        }
        for (at, usual) in state.usual.iter_mut().enumerate() {
            let lesson = lessons.iter().find(|lesson| lesson.at == at);
            let volume = lesson.map_or(0.0, |lesson| if lesson.young { lesson.total } else { held * lesson.total });
            usual.learn_volume(volume / reading.factor.max(0.05), self.rhythm.volume);
        }
        if state.age >= self.rhythm.week {
            state.season.learn(reading.slot, held * said, reading.level, weight, self.rhythm.slot);
        }
        if state.age >= self.rhythm.settled {
            for (at, window) in windows.iter().enumerate() {
                let (count, mean, usual) = (window.sum.hits, window.sum.expected.max(1e-9), window.sum.usual.max(1e-9));
                state.tested[at].learn(count, mean, window.tested, self.rhythm.spread);
                state.gated[at].learn(count, usual, window.gated, self.rhythm.spread);
            }
        }
    }
}

impl Detector for ShareDetector {
    type State = State;

    fn advance(&self, state: &mut State, bucket: &BucketCount) -> Verdict {
        if !state.fits(&self.rhythm) {
            *state = State::new(&self.rhythm);
        }
        sources::admit(&mut state.usual, &bucket.parts, state.age);
        let reading = Reading::of(state, &self.rhythm, bucket, Look::Complete);
        let windows = self.windows(state, &reading);
        let finding = judge(&windows, f64::from(self.settings.min_complaints));
        let verdict = verdict::speak(&finding, &windows, &self.circumstances(state, &reading, bucket, true));
        if reading.spoke {
            self.learn(state, &reading, &windows, finding.score);
        }
        // Silence before the first message is no experience.
        if reading.spoke || state.age > 0 {
            state.age = state.age.saturating_add(1);
            state.keep(reading.moment, self.rhythm.windows.last().copied().unwrap_or(1));
        }
        verdict
    }

    fn peek(&self, state: &State, open: &BucketCount, now: Timestamp) -> Verdict {
        let fresh;
        // Nothing can be known of a bucket that has not begun, whatever a wrong clock counted in it.
        let state = if state.fits(&self.rhythm) && open.start <= now {
            state
        } else {
            fresh = State::new(&self.rhythm);
            &fresh
        };
        let reading = Reading::of(state, &self.rhythm, open, Look::Open);
        let windows = self.windows(state, &reading);
        let finding = judge(&windows, f64::from(self.settings.min_complaints));
        verdict::speak(&finding, &windows, &self.circumstances(state, &reading, open, false))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::bucket::Width;
    use crate::domain::count::Part;
    use crate::domain::incident::Call;

    fn detector(width: Width) -> ShareDetector {
        ShareDetector::new(Settings { width, false_alarms_per_year: 4.0, min_complaints: 3 })
    }

    /// Bucket number `at` with these parts.
    fn bucket(at: usize, width: Width, parts: Vec<Part>) -> BucketCount {
        let length = if width == Width::Hour { TimeDelta::hours(1) } else { TimeDelta::days(1) };
        let start = Timestamp::UNIX_EPOCH + length * at as i32;
        let hours = at * length.num_hours() as usize;
        BucketCount { start, end: start + length, hour: (hours % 24) as u8, weekday: (hours / 24 % 7) as u8, holiday: false, parts }
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let part = (0..3_i64, 0..60_u32, 0..20_u32, 0..4_u32, any::<bool>()).prop_map(|(source, other, hits, late, counted)| Part {
            source,
            total: counted.then_some(f64::from(other + hits)),
            hits: f64::from(hits),
            late_total: f64::from(late),
            late_hits: f64::from(late / 2),
        });
        vec(part, 0..4)
    }

    fn wild_part() -> impl Strategy<Value = Part> {
        let count = prop_oneof![any::<f64>(), 0.0..1e9_f64, Just(0.0)];
        (any::<i64>(), proptest::option::of(any::<f64>()), count.clone(), count.clone(), count)
            .prop_map(|(source, total, hits, late_total, late_hits)| Part { source: source % 3, total, hits, late_total, late_hits })
    }

    fn through_json(state: &State) -> State {
        serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_restart_changes_no_verdict(counts in vec(parts(), 30..90), cut in 0..30_usize, hours: bool) {
            let width = if hours { Width::Hour } else { Width::Day };
            let detector = detector(width);
            let (mut kept, mut restarted) = (State::default(), State::default());
            // Hours take a week to warm up, so the counts are lived through several times.
            for (at, parts) in counts.iter().cycle().take(4 * counts.len()).enumerate() {
                let bucket = bucket(at, width, parts.clone());
                if at % 30 == cut {
                    restarted = through_json(&restarted);
                }
                prop_assert_eq!(detector.peek(&kept, &bucket, bucket.start), detector.peek(&restarted, &bucket, bucket.start));
                prop_assert_eq!(detector.advance(&mut kept, &bucket), detector.advance(&mut restarted, &bucket));
            }
            prop_assert_eq!(kept, restarted);
        }

        #[test]
        fn any_counts_give_finite_numbers(counts in vec(vec(wild_part(), 0..4), 20..60), least: u32, budget: f64, hours: bool) {
            let width = if hours { Width::Hour } else { Width::Day };
            let detector = ShareDetector::new(Settings { width, false_alarms_per_year: budget, min_complaints: least });
            let mut state = State::default();
            for (at, parts) in counts.iter().cycle().take(6 * counts.len()).enumerate() {
                let bucket = bucket(at, width, parts.clone());
                for verdict in [detector.peek(&state, &bucket, bucket.start), detector.advance(&mut state, &bucket)] {
                    let of = &verdict.numbers;
                    for number in [of.score, of.limit, of.count, of.expected, of.usual.0, of.usual.1, of.total, of.usual_share, of.dispersion, of.gate] {
                        prop_assert!(number.is_finite() && number >= 0.0, "bucket {}: {:?}", at, of);
                    }
                }
            }
            prop_assert_eq!(through_json(&state), state);
        }

        #[test]
        fn an_open_bucket_never_fires_where_the_complete_one_would_not(
            life in vec((40..80_u32, 0..6_u32), 30..60),
            last in (0..30_u32, 0..30_u32),
            early in (0.0..1.0_f64, 0.0..1.0_f64),
            counted: bool,
        ) {
            let detector = detector(Width::Day);
            let of = |total: u32, hits: u32| {
                vec![Part { total: counted.then_some(f64::from(total + hits)), hits: f64::from(hits), ..Part::default() }]
            };
            let mut state = State::default();
            for (at, (total, hits)) in life.iter().enumerate() {
                detector.advance(&mut state, &bucket(at, Width::Day, of(*total, *hits)));
            }
            let so_far = of((early.0 * f64::from(last.0)) as u32, (early.1 * f64::from(last.1)) as u32);
            let open = bucket(life.len(), Width::Day, so_far);
            let early = detector.peek(&state, &open, open.start);
            let whole = detector.advance(&mut state, &bucket(life.len(), Width::Day, of(last.0, last.1)));
            if matches!(early.call, Call::Firing(_)) {
                prop_assert!(matches!(whole.call, Call::Firing(_)), "{early:?} {whole:?}");
            }
            prop_assert!(!early.complete && whole.complete);
        }

        #[test]
        fn history_alone_never_fires(counts in vec(parts(), 40..80)) {
            let detector = detector(Width::Day);
            let mut state = State::default();
            for (at, parts) in counts.iter().enumerate() {
                let late = |part: &Part| Part { late_total: part.total.unwrap_or(part.hits), late_hits: part.hits, ..*part };
                let verdict = detector.advance(&mut state, &bucket(at, Width::Day, parts.iter().map(late).collect()));
                prop_assert!(verdict.numbers.score <= 0.0, "{verdict:?}");
            }
        }
    }

    #[test]
    fn a_state_of_hours_fits_into_four_kilobytes() {
        let detector = detector(Width::Hour);
        let mut state = State::default();
        for at in 0..5000 {
            let part = |source: i64, total: f64| Part { source, total: Some(total), hits: (at % 5) as f64, ..Part::default() };
            detector.advance(&mut state, &bucket(at, Width::Hour, vec![part(1, 40.3), part(2, 7.0), part(3, (at % 31) as f64)]));
        }
        let json = serde_json::to_string(&state).unwrap();
        assert!(json.len() < 4096, "{} bytes: {json}", json.len());
    }
}
