//! The detector: the share of a theme among all messages against its own usual.
//!
//! For a bucket with `y` complaints among `t` messages of a source
//!
//! - the *share* `p` is a faded sum of complaints over a faded sum of messages,
//! - `m = p / (1 - p) (t - y)` complaints are expected beside the messages that do not complain,
//!   and `c = p V f` of the usual volume `V` times the busyness `f` of the hour or weekday.
//!
//! The sums over sources are held against the count by two negative binomials whose dispersions are
//! learnt; each bucket moves the odds of an outbreak (`detect/evidence.rs`), and the score
//! is their logarithm. Testing the share instead of the count is what makes a busy day no alarm.
//! Learning is guarded: a bucket teaches as far as it is likely to be quiet, and never more than a
//! large ordinary one does.
//!
//! Close relatives: A. Noufaily et al., An improved algorithm for outbreak detection in multiple
//! surveillance systems, Statistics in Medicine 32 (2013), which refits a regression for each
//! bucket; and the negative binomial CUSUM of M. Höhle and M. Paul, Count data regression charts
//! for the monitoring of surveillance time series, Computational Statistics & Data Analysis 52
//! (2008). This one is online: a bucket costs well under a microsecond and no history.

use crate::detect::Detector;
use crate::detect::Settings;
use crate::detect::budget;
use crate::detect::evidence::Likelihood;
use crate::detect::evidence::Sample;
use crate::detect::reading::Look;
use crate::detect::reading::Reading;
use crate::detect::rhythm::Rhythm;
use crate::detect::sources;
use crate::detect::state::State;
use crate::detect::verdict::Circumstances;
use crate::detect::windows;
use crate::detect::windows::Window;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::incident::Verdict;

/// Dispersion about the share is never taken for less.
const LEAST_TESTED: f64 = 0.01;
/// Dispersion about the usual volume is never taken for less.
const LEAST_GATED: f64 = 0.05;
/// However sure an outbreak is, a bucket teaches with this weight: what lasts becomes the usual, slowly.
const LEAST_TRUST: f64 = 0.15;
/// Weight of a day off in the rhythm of the week.
const DAY_OFF: f64 = 0.2;
/// What a segment that lives on borrowed shares needs beyond the limit.
const CAREFUL: f64 = 0.5;
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

    /// A segment that speaks for the first time starts with the share of complaints that each source
    /// has in all messages: `lent` holds the numbers of the sources and shares of 0 to 1. It is then
    /// judged within days, with a higher limit until it has learnt as much as any other series.
    #[must_use]
    pub fn heir(&self, lent: impl IntoIterator<Item = (i64, f64)>) -> State {
        State { lent: lent.into_iter().map(|(source, share)| (source, share as f32)).collect(), ..State::new(&self.rhythm) }
    }

    /// Buckets that are learnt before any is judged.
    #[must_use]
    pub fn warm_up(&self) -> u32 {
        self.rhythm.warm_up
    }

    /// Buckets that this series learns before it is judged.
    fn waits(&self, state: &State) -> u32 {
        if state.lent.is_empty() { self.rhythm.warm_up } else { self.rhythm.lent_warm_up }
    }

    /// What a bucket says, with `count` complaints where `expected` belong.
    fn weigh(&self, state: &State, reading: &Reading, count: f64, expected: f64) -> Likelihood {
        if count <= 0.0 && expected <= 0.0 {
            return Likelihood::SILENT;
        }
        let usual = (reading.usual, state.gated.value(LEAST_GATED) + reading.unsure);
        let known = state.age >= self.rhythm.settled;
        let sample = Sample { count, expected, tested: tested(state, reading), usual: known.then_some(usual) };
        Likelihood::of(&sample, &self.rhythm.outbreaks)
    }

    /// The verdict on a bucket, when it says this much and the odds were so.
    fn verdict(&self, state: &State, reading: &Reading, bucket: &BucketCount, likelihood: Likelihood, raw: f64, complete: bool) -> Verdict {
        let least = f64::from(self.settings.min_complaints);
        let (moment, lengths, dispersion) = (&reading.moment, self.rhythm.windows, tested(state, reading));
        let longest = lengths.last().copied().unwrap_or(1);
        Circumstances {
            bucket,
            complete,
            reading,
            window: windows::telling(lengths, moment, &state.recent, dispersion, least),
            likelihood,
            score: state.without_glow(raw),
            limit: if state.lent.is_empty() { self.limit } else { self.limit + CAREFUL },
            borrowed: !state.lent.is_empty(),
            least,
            most: Window::of(longest, moment, &state.recent, dispersion).sum.hits,
            rhythm: &self.rhythm,
            age: state.age,
            warm_up: self.waits(state),
        }
        .speak()
    }

    /// Learns from a bucket in which somebody spoke.
    fn learn(&self, state: &mut State, reading: &Reading) {
        let trust = (1.0 - state.lived.chance()).max(LEAST_TRUST);
        let (expected, tested) = (reading.expected, tested(state, reading));
        let variance = expected + tested * expected * expected;
        let most = expected + TAUGHT_DEVIATIONS * variance.sqrt() + 0.5;
        let believed = reading.hits.min(most);

        let said: f64 = reading.lessons(reading.hits - believed).filter(|lesson| !lesson.young).map(|lesson| lesson.total).sum();
        let believable = TAUGHT_VOLUME * reading.usual_total.max(1.0);
        let held = if state.age > self.rhythm.week && said > believable { believable / said } else { 1.0 };
        for usual in &mut state.usual {
            usual.fade_volume(self.rhythm.volume);
        }
        for lesson in reading.lessons(reading.hits - believed) {
            let usual = &mut state.usual[lesson.at];
            usual.learn_share(lesson.hits, lesson.total, trust, self.rhythm.share);
            let volume = if lesson.young { lesson.total } else { held * lesson.total };
            usual.add_volume(volume / reading.factor.max(0.05));
        }
        if state.age >= self.rhythm.week {
            let volume = held * said / reading.level.max(0.1);
            // A day off is like a Sunday, but not so much that Sundays should learn from it.
            let trust = if reading.holiday { DAY_OFF * trust } else { trust };
            state.season.learn(reading.slot, trust * volume, trust, self.rhythm.slot);
            if self.rhythm.share_slots > 1 {
                let mood = trust * expected / reading.mood.max(0.05);
                state.mood.learn(reading.mood_slot, trust * believed, mood, self.rhythm.slot);
            }
        }
        if state.age >= self.rhythm.settled {
            let usual = reading.usual.max(1e-9);
            let gated = state.gated.value(LEAST_GATED) + reading.unsure;
            state.tested.learn(reading.hits, expected.max(1e-9), tested, trust, self.rhythm.spread);
            state.gated.learn(reading.hits, usual, gated, trust, self.rhythm.spread);
        }
    }
}

/// Dispersion about the share, with the doubt about the share itself.
fn tested(state: &State, reading: &Reading) -> f64 {
    state.tested.value(LEAST_TESTED) + reading.unsure
}

impl Detector for ShareDetector {
    type State = State;

    fn advance(&self, state: &mut State, bucket: &BucketCount) -> Verdict {
        if !state.fits(&self.rhythm) {
            *state = State::new(&self.rhythm);
        }
        sources::admit(&mut state.usual, &bucket.parts, &state.lent, state.age);
        let reading = Reading::of(state, &self.rhythm, bucket, Look::Complete);
        let likelihood = self.weigh(state, &reading, reading.moment.hits, reading.moment.expected);
        let same = reading.late <= 0.0 && state.lived == state.odds;
        let mut raw = 0.0;
        if state.age >= self.waits(state) {
            (state.odds, raw) = state.odds.after(&likelihood, &self.rhythm.outbreaks);
        }
        let verdict = self.verdict(state, &reading, bucket, likelihood, raw, true);
        if same {
            state.lived = state.odds;
        } else if state.age >= self.waits(state) {
            let all = self.weigh(state, &reading, reading.hits, reading.expected);
            state.lived = state.lived.after(&all, &self.rhythm.outbreaks).0;
        }
        if reading.spoke {
            self.learn(state, &reading);
        }
        // Silence before the first message is no experience.
        if reading.spoke || state.age > 0 {
            state.age = state.age.saturating_add(1);
            if state.age >= self.rhythm.warm_up {
                state.lent.clear();
            }
            let told = if verdict.numbers.score > 0.0 { raw } else { 0.0 };
            state.keep(reading.moment, told, &self.rhythm);
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
        let likelihood = self.weigh(state, &reading, reading.moment.hits, reading.moment.expected);
        let (_, raw) = state.odds.after(&likelihood, &self.rhythm.outbreaks);
        self.verdict(state, &reading, open, likelihood, raw, false)
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
