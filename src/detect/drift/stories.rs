//! What is said of months, told a day at a time.
//!
//! A day is what each source said: messages and the share of complaints among them, to which a
//! throw of dice is added. `None` is a source that is silent.

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::detect::drift::DriftDetector;
use crate::detect::drift::Period;
use crate::detect::drift::Settings;
use crate::detect::drift::State;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::incident::Call;
use crate::domain::incident::Level;
use crate::domain::incident::Verdict;

fn begin() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A series that goes on, at a tenth of a false slow rise a year.
struct Story {
    settings: Settings,
    state: State,
    day: i64,
    dice: u64,
}

impl Story {
    fn new() -> Self {
        let settings = Settings { slow_rises_per_year: 0.1, min_complaints: 5, reference: None, accepted: None };
        Self { settings, state: State::default(), day: 0, dice: 7 }
    }

    fn pinned(from: i64, until: i64) -> Self {
        let of = |day: i64| begin() + TimeDelta::days(day);
        let mut story = Self::new();
        story.settings.reference = Some(Period { from: of(from), until: of(until) });
        story
    }

    /// Between 0.8 and 1.2, the same on every machine.
    fn throw(&mut self) -> f64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        0.8 + 0.4 * ((self.dice >> 33) as f64 / f64::from(1_u32 << 31))
    }

    fn next(&mut self, sources: &[Option<(f64, f64)>]) -> Verdict {
        let mut parts = Vec::new();
        for (source, said) in sources.iter().enumerate() {
            let Some((total, share)) = said else { continue };
            let hits = (total * share * self.throw()).round();
            parts.push(Part { source: source as i64, total: Some(*total), hits, ..Part::default() });
        }
        self.live(parts)
    }

    fn live(&mut self, parts: Vec<Part>) -> Verdict {
        let start = begin() + TimeDelta::days(self.day);
        let bucket = BucketCount { start, end: start + TimeDelta::days(1), hour: 0, weekday: (self.day % 7) as u8, holiday: false, parts };
        self.day += 1;
        DriftDetector::new(self.settings).advance(&mut self.state, &bucket)
    }

    /// Days of one kind, and the number of those that fired.
    fn days(&mut self, days: usize, of: impl Fn(usize) -> Vec<Option<(f64, f64)>>) -> usize {
        (0..days).filter(|day| matches!(self.next(&of(*day)).call, Call::Firing(_))).count()
    }

    fn usual(&mut self, days: usize) -> usize {
        self.days(days, |_| vec![Some((200.0, 0.02))])
    }
}

#[test]
fn half_a_year_of_a_little_more_each_week_is_found_and_never_learnt_away() {
    let mut story = Story::new();
    assert_eq!(story.usual(300), 0);
    // From 2 % to 5 % in 180 days: a week adds less than chance does to a day.
    let share = |day: usize| 0.02 + 0.03 * (day as f64 / 180.0).min(1.0);
    let first = (0..180).find(|day| matches!(story.next(&[Some((200.0, share(*day)))]).call, Call::Firing(_)));
    assert!(first.is_some_and(|day| (40..130).contains(&day)), "{first:?}");
    // Two years later it is still over the reference.
    let fired = story.days(730, |_| vec![Some((200.0, 0.05))]);
    assert!(fired > 700, "{fired}");
    let numbers = story.next(&[Some((200.0, 0.05))]).numbers;
    assert!((0.018..0.024).contains(&numbers.usual_share), "{numbers:?}");
    assert!((2.0..3.0).contains(&(numbers.count / numbers.expected)), "{numbers:?}");
    assert_eq!((numbers.window_seconds, numbers.held_by.as_str()), (28 * 86_400, ""));
    // When it is mended, it is over within the weeks of the window.
    assert!(story.usual(40) < 30);
    assert!(!story.state.stands());
}

#[test]
fn a_trend_of_the_volume_and_a_larger_feed_are_no_rise() {
    let mut story = Story::new();
    story.usual(200);
    assert_eq!(story.days(200, |day| vec![Some((200.0 + 3.0 * day as f64, 0.02))]), 0);
    assert_eq!(story.days(100, |_| vec![Some((2000.0, 0.02))]), 0);
    assert_eq!(story.days(100, |_| vec![Some((60.0, 0.02))]), 0);
}

#[test]
fn a_source_full_of_one_star_reviews_that_joins_is_no_rise_and_one_that_leaves_is_none() {
    let mut story = Story::new();
    story.usual(200);
    assert_eq!(story.days(300, |_| vec![Some((200.0, 0.02)), Some((80.0, 0.7))]), 0);
    assert_eq!(story.days(100, |_| vec![Some((200.0, 0.02)), None]), 0);
    assert_eq!(story.days(100, |_| vec![None, Some((80.0, 0.7))]), 0);
}

#[test]
fn a_rise_in_one_source_is_found_beside_another_one() {
    let mut story = Story::new();
    story.days(300, |_| vec![Some((200.0, 0.02)), Some((80.0, 0.2))]);
    assert!(story.days(120, |_| vec![Some((200.0, 0.1)), Some((80.0, 0.2))]) > 60);
}

#[test]
fn outbreaks_of_days_are_no_slow_rise() {
    let mut story = Story::new();
    story.usual(200);
    for length in [1, 2, 5, 9] {
        let fired = story.days(60, |day| vec![Some((200.0, if day < length { 0.2 } else { 0.02 }))]);
        assert_eq!(fired, 0, "an outbreak of {length} days");
    }
}

#[test]
fn the_reference_may_be_pinned() {
    let mut story = Story::pinned(60, 150);
    assert_eq!(story.days(60, |_| vec![Some((200.0, 0.08))]), 0);
    story.usual(89);
    let verdict = story.next(&[Some((200.0, 0.02))]);
    assert_eq!((verdict.call, verdict.numbers.held_by.as_str()), (Call::Unknown, "the reference is not over before 2026-05-31"));
    assert_eq!(story.usual(200), 0);
    // Twenty years of something worse change nothing.
    assert!(story.days(7300, |_| vec![Some((200.0, 0.045))]) > 7250);
    assert_eq!(story.next(&[Some((200.0, 0.045))]).call, Call::Firing(Level::Medium));
}

#[test]
fn a_reference_without_messages_says_so() {
    let mut story = Story::pinned(-200, -100);
    story.usual(99);
    let verdict = story.next(&[Some((200.0, 0.02))]);
    assert_eq!((verdict.call, verdict.numbers.held_by.as_str()), (Call::Unknown, "no message of these sources is in the reference"));
}

#[test]
fn an_accepted_level_is_quiet_until_it_has_risen_further() {
    for mut story in [Story::new(), Story::pinned(0, 200)] {
        story.usual(300);
        assert!(story.days(100, |_| vec![Some((200.0, 0.05))]) > 50);
        story.settings.accepted = Some(begin() + TimeDelta::days(story.day) + TimeDelta::hours(7));
        assert_eq!(story.days(400, |_| vec![Some((200.0, 0.05))]), 0);
        assert!(story.days(100, |_| vec![Some((200.0, 0.12))]) > 50, "a clear step further");
    }
}

#[test]
fn history_teaches_and_does_not_testify() {
    let mut story = Story::new();
    let late = |total: f64, hits: f64| vec![Part { source: 0, total: Some(total), hits, late_total: total, late_hits: hits }];
    for day in 0..400 {
        let verdict = story.live(late(200.0, if day < 300 { 4.0 } else { 14.0 }));
        assert_eq!(verdict.call, Call::Unknown, "day {day}");
    }
    // Two weeks of news are enough to say that it stands above what the import taught.
    let fired = story.days(60, |_| vec![Some((200.0, 0.07))]);
    assert!(fired > 30, "{fired}");
}

#[test]
fn nothing_is_said_for_eight_weeks_nor_of_a_feed_that_fell_silent() {
    let mut story = Story::new();
    for day in 0..55 {
        let verdict = story.next(&[Some((200.0, 0.02 + 0.002 * f64::from(day)))]);
        assert_eq!(verdict.call, Call::Unknown);
    }
    story.usual(100);
    story.days(20, |_| Vec::new());
    let verdict = story.next(&[]);
    assert_eq!((verdict.call, verdict.numbers.held_by.as_str()), (Call::Unknown, "only 7 of the last 28 days can be compared"));
}

#[test]
fn complaints_alone_are_compared_by_the_day() {
    let mut story = Story::new();
    let alone = |hits: f64| vec![Part { source: 0, total: None, hits, ..Part::default() }];
    for day in 0..200 {
        story.live(alone(f64::from(4 + day % 3)));
    }
    let fired = (0..100).filter(|day| matches!(story.live(alone(f64::from(11 + day % 3))).call, Call::Firing(_))).count();
    assert!(fired > 60, "{fired}");
}

#[test]
fn the_state_of_many_sources_is_below_four_kilobytes() {
    let mut story = Story::new();
    story.days(500, |day| (0..60).map(|source| Some((12_345.6 + f64::from(source * 7), 0.0312 + day as f64 * 1e-5))).collect());
    let json = serde_json::to_string(&story.state).unwrap();
    assert!(json.len() <= 4096, "{}", json.len());
}

fn wild() -> impl Strategy<Value = Part> {
    let count = prop_oneof![any::<f64>(), 0.0..1e9_f64, Just(0.0), 0.0..50.0_f64];
    (0..30_i64, proptest::option::of(count.clone()), count.clone(), count.clone(), count)
        .prop_map(|(source, total, hits, late_total, late_hits)| Part { source, total, hits, late_total, late_hits })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_counts_give_finite_numbers_and_a_restart_changes_none(days in vec(vec(wild(), 0..4), 20..60), pinned: bool, accepted in proptest::option::of(0..100_i64)) {
        let mut story = if pinned { Story::pinned(10, 50) } else { Story::new() };
        story.settings.accepted = accepted.map(|day| begin() + TimeDelta::days(day));
        for parts in days.iter().cycle().take(4 * days.len()) {
            story.state = serde_json::from_str(&serde_json::to_string(&story.state).unwrap()).unwrap();
            let mut kept = Story { state: story.state.clone(), ..story };
            let verdict = kept.live(parts.clone());
            prop_assert_eq!(&verdict, &story.live(parts.clone()));
            let of = &verdict.numbers;
            for number in [of.score, of.limit, of.count, of.expected, of.usual.0, of.usual.1, of.total, of.usual_share, of.dispersion] {
                prop_assert!(number.is_finite() && number >= 0.0, "{:?}", of);
            }
        }
    }
}
