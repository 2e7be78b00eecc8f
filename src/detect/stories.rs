//! What the detector says of hand-made series, bucket by bucket.
//!
//! A bucket is written as its sources' `messages/complaints`, separated by blanks: `40/2 50/50`.
//! `-` is a source that is silent, `?/3` one whose messages nobody counts, and `40/2~30/1` has 30
//! messages with one complaint of history among its 40.

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::detect::Detector as _;
use crate::detect::Settings;
use crate::detect::share::ShareDetector;
use crate::detect::state::State;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::incident::Call;
use crate::domain::incident::Verdict;

/// Usual life: two complaints among forty messages, now and then one more or less.
const USUAL: [&str; 7] = ["40/2", "38/1", "44/3", "41/2", "39/2", "36/1", "43/3"];

/// A series that goes on.
struct Story {
    detector: ShareDetector,
    state: State,
    width: TimeDelta,
    at: Timestamp,
    step: usize,
}

impl Story {
    /// A story at four false alarms a year and at least five complaints.
    fn of(width: Width) -> Self {
        let settings = Settings { width, false_alarms_per_year: 4.0, min_complaints: 5 };
        let length = if width == Width::Hour { TimeDelta::hours(1) } else { TimeDelta::days(1) };
        let at = "2026-01-05T00:00:00Z".parse().unwrap();
        Self { detector: ShareDetector::new(settings), state: State::default(), width: length, at, step: 0 }
    }

    /// Sixty days, or twenty days of hours, of usual life.
    fn after_usual_life(width: Width) -> Self {
        let mut story = Self::of(width);
        story.live(if width == Width::Hour { 480 } else { 60 }, &USUAL);
        story
    }

    fn bucket(&self, text: &str) -> BucketCount {
        let hours = (self.at - "2026-01-05T00:00:00Z".parse::<Timestamp>().unwrap()).num_hours();
        BucketCount {
            start: self.at,
            end: self.at + self.width,
            hour: (hours % 24) as u8,
            weekday: (hours / 24 % 7) as u8,
            holiday: false,
            parts: text.split_whitespace().enumerate().filter_map(|(source, text)| part(source as i64, text)).collect(),
        }
    }

    fn next(&mut self, text: &str) -> Verdict {
        let bucket = self.bucket(text);
        self.at = bucket.end;
        self.detector.advance(&mut self.state, &bucket)
    }

    fn peek(&self, text: &str) -> Verdict {
        self.detector.peek(&self.state, &self.bucket(text), self.at)
    }

    /// Goes on with `rounds` buckets of the cycle, none of which may fire.
    fn live(&mut self, rounds: usize, cycle: &[&str]) {
        for _ in 0..rounds {
            let verdict = self.next(cycle[self.step % cycle.len()]);
            assert!(!matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
            self.step += 1;
        }
    }

    /// Goes on with these buckets, which must be called so.
    fn tell(&mut self, chapters: &[(&str, &str)]) {
        for (number, (text, call)) in chapters.iter().enumerate() {
            let verdict = self.next(text);
            assert_eq!(word(&verdict), *call, "bucket {number} ({text}): {:?}", verdict.numbers);
        }
    }
}

fn part(source: i64, text: &str) -> Option<Part> {
    let pair = |text: &str| text.split_once('/').map(|(total, hits)| (total.parse::<f64>().ok(), hits.parse::<f64>().unwrap()));
    let (all, late) = text.split_once('~').unwrap_or((text, "0/0"));
    let ((total, hits), (late_total, late_hits)) = (pair(all)?, pair(late)?);
    Some(Part { source, total, hits, late_total: late_total.unwrap_or(0.0), late_hits })
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.call {
        Call::Firing(level) => level.word(),
        Call::Uneasy => "uneasy",
        Call::Normal => "normal",
        Call::Unknown => "unknown",
    }
}

#[test]
fn a_spike_fires_and_calms_down_at_once() {
    let mut story = Story::after_usual_life(Width::Day);
    story.tell(&[
        ("40/2", "normal"),
        ("41/6", "uneasy"),
        ("52/12", "medium"),
        ("47/24", "critical"),
        ("40/2", "normal"),
        ("40/1", "normal"),
    ]);
    let mut story = Story::after_usual_life(Width::Hour);
    story.tell(&[("40/2", "normal"), ("44/9", "uneasy"), ("60/34", "critical"), ("40/2", "normal"), ("40/1", "normal")]);
}

#[test]
fn the_numbers_tell_the_story() {
    let mut story = Story::after_usual_life(Width::Hour);
    let numbers = story.next("60/34").numbers;
    assert!((numbers.count - 34.0).abs() < 1e-9 && (numbers.total - 60.0).abs() < 1e-9, "{numbers:?}");
    // Twenty-six messages that do not complain, where there usually are thirty-eight.
    assert!((1.2..1.6).contains(&numbers.expected), "{numbers:?}");
    assert!((0.03..0.07).contains(&numbers.usual_share), "{numbers:?}");
    assert!(numbers.usual.0 <= numbers.expected && numbers.expected <= numbers.usual.1 && numbers.usual.1 < 9.0, "{numbers:?}");
    assert_eq!((numbers.window_seconds, numbers.held_by.as_str()), (3600, ""));
    assert!(numbers.gate > 0.9 && numbers.dispersion > 0.0 && numbers.score > numbers.limit, "{numbers:?}");
    assert!(numbers.surprise > 15.0 && (numbers.newest.count - 34.0).abs() < 1e-9, "{numbers:?}");
    assert!((numbers.learnt_buckets - 480.0).abs() < 1e-9, "{numbers:?}");
}

#[test]
fn a_busy_day_with_the_usual_share_does_not_fire() {
    let mut story = Story::after_usual_life(Width::Day);
    story.tell(&[("200/10", "normal"), ("400/21", "normal"), ("800/40", "normal"), ("40/2", "normal")]);
}

#[test]
fn the_usual_complaints_among_fewer_messages_do_not_fire() {
    let mut story = Story::after_usual_life(Width::Day);
    let verdict = story.next("4/4");
    assert_eq!((word(&verdict), verdict.numbers.held_by.as_str()), ("uneasy", "volume as usual"));
    story.tell(&[("5/2", "normal"), ("40/2", "normal")]);
}

#[test]
fn slow_trouble_is_found_in_a_longer_window() {
    let mut story = Story::after_usual_life(Width::Hour);
    for _ in 0..12 {
        story.next("40/5");
    }
    let verdict = story.next("40/6");
    assert_eq!(verdict.numbers.window_seconds, 12 * 3600, "{verdict:?}");
    assert!(matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
}

#[test]
fn a_source_that_joins_is_no_spike() {
    let mut story = Story::after_usual_life(Width::Day);
    // One star each: everything in it is a complaint.
    story.live(60, &["40/2 50/50", "38/1 44/44", "42/3 57/57"]);
    story.tell(&[("40/2 -", "normal"), ("41/3 -", "normal"), ("40/2 52/52", "normal")]);
}

#[test]
fn a_source_that_leaves_and_comes_back_is_no_spike() {
    let mut story = Story::of(Width::Day);
    story.live(60, &["40/2 20/15", "38/1 22/16", "42/3 18/13"]);
    story.live(30, &["40/2", "38/1", "42/3"]);
    story.live(10, &["40/2 20/15", "38/1 22/16", "42/3 18/13"]);
    story.tell(&[("40/20 20/15", "medium")]);
}

#[test]
fn trouble_in_one_source_is_found_beside_a_grumpy_one() {
    let mut story = Story::of(Width::Day);
    story.live(60, &["40/2 20/15", "38/1 22/16", "42/3 18/13"]);
    let verdict = story.next("40/22 20/15");
    assert!(matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
}

#[test]
fn history_teaches_and_never_fires() {
    let mut story = Story::of(Width::Day);
    story.live(60, &["40/2~40/2", "38/1~38/1", "42/3~42/3"]);
    story.tell(&[
        ("90/60~90/60", "unknown"),   // nothing but history: it says nothing of today
        ("130/62~90/60", "normal"),   // a usual day beside it
        ("130/82~90/60", "critical"), // a bad day beside it
    ]);
}

#[test]
fn history_is_named_as_the_reason() {
    let mut story = Story::after_usual_life(Width::Day);
    assert_eq!(story.next("90/60~90/60").numbers.held_by, "nothing but history");
}

#[test]
fn silence_says_nothing_and_teaches_nothing() {
    let mut story = Story::after_usual_life(Width::Day);
    let before = story.state.clone();
    // Forty messages are usual: that there are none is an outage somewhere, not calm.
    story.tell(&[("0/0", "unknown"), ("", "unknown"), ("0/0", "unknown")]);
    assert_eq!(story.state.usual, before.usual);
    assert_eq!(story.state.tested, before.tested);
    assert_eq!(story.state.season, before.season);
    // What comes after is judged as ever.
    story.tell(&[("40/2", "normal"), ("120/6", "normal"), ("40/19", "critical")]);
}

#[test]
fn silence_at_a_quiet_hour_is_calm() {
    let mut story = Story::of(Width::Hour);
    story.live(480, &["1/0", "0/0", "2/1", "0/0", "1/0"]);
    story.tell(&[("0/0", "normal")]);
}

#[test]
fn nothing_is_said_before_a_week_of_hours_or_two_of_days() {
    for (width, warm_up, reason) in [(Width::Hour, 168, "still learning (6 of 7 days)"), (Width::Day, 14, "still learning (13 of 14 days)")]
    {
        let mut story = Story::of(width);
        story.tell(&[("", "unknown"); 30]); // before the first message nothing is learnt, not even waiting
        for _ in 0..warm_up - 1 {
            assert_eq!(word(&story.next("40/2")), "unknown");
        }
        let verdict = story.next("40/30");
        assert_eq!((word(&verdict), verdict.numbers.held_by.as_str()), ("unknown", reason));
        story.tell(&[("40/2", "normal")]);
    }
}

#[test]
fn a_new_segment_with_borrowed_shares_is_judged_within_days_and_says_so() {
    let mut story = Story::of(Width::Day);
    story.state = story.detector.heir([(0, 0.05), (1, 0.4)]);
    for _ in 0..4 {
        assert_eq!(word(&story.next("10/1 5/2")), "unknown");
    }
    // As many complaints as all messages would have, and then far more.
    story.tell(&[("12/1 6/3", "normal"), ("9/0 4/1", "normal")]);
    let verdict = story.next("40/19 5/2");
    assert!(matches!(verdict.call, Call::Firing(_)) && verdict.numbers.borrowed, "{verdict:?}");
    assert!(verdict.numbers.limit > story.detector.limit(), "it is careful: {verdict:?}");
    story.live(10, &["40/2 5/2", "38/1 6/3"]);
    let numbers = story.next("40/2 5/2").numbers;
    assert!(!numbers.borrowed && (numbers.limit - story.detector.limit()).abs() < 1e-9, "{numbers:?}");
}

#[test]
fn too_few_complaints_are_uneasy_at_most() {
    let mut story = Story::of(Width::Day);
    story.live(203, &["40/0", "38/0", "42/0", "41/0", "39/0", "40/0", "39/0", "40/0", "41/0"]);
    let verdict = story.next("40/4");
    assert_eq!((word(&verdict), verdict.numbers.held_by.as_str()), ("uneasy", "fewer than 5 complaints"));
}

#[test]
fn complaints_alone_are_judged_where_nobody_counts_messages() {
    let mut story = Story::of(Width::Day);
    story.live(60, &["?/2", "?/1", "?/3", "?/2", "?/2", "?/0", "?/3"]);
    story.tell(&[("?/3", "normal"), ("?/0", "normal"), ("?/40", "critical"), ("?/2", "normal")]);
}

#[test]
fn a_source_whose_messages_are_counted_from_now_on_starts_anew() {
    let mut story = Story::of(Width::Day);
    story.live(60, &["?/2", "?/1", "?/3"]);
    story.live(30, &["40/2", "38/1", "42/3"]);
    story.tell(&[("40/2", "normal"), ("40/25", "critical")]);
}

#[test]
fn a_weekly_rhythm_is_learnt() {
    let mut story = Story::of(Width::Day);
    let week = ["100/5", "90/4", "110/6", "95/5", "100/5", "20/1", "10/0"];
    story.live(140, &week);
    // A hundred messages against ten; every slot starts out average, so it takes its time.
    let sunday = story.state.season.factor(6, 4.0);
    let monday = story.state.season.factor(0, 4.0);
    assert!(monday > 3.0 * sunday, "{monday} {sunday}");
}

#[test]
fn a_day_off_is_expected_to_be_like_a_sunday_and_teaches_the_week_little() {
    let mut story = Story::of(Width::Day);
    let week = ["100/5", "90/4", "110/6", "95/5", "100/5", "20/1", "10/0"];
    story.live(140, &week);
    let monday = |story: &Story| story.state.season.factor(0, 4.0);
    let (before, mut off) = (monday(&story), story.bucket("40/12"));
    let ordinary = story.detector.advance(&mut story.state.clone(), &off).numbers;
    off.holiday = true;
    let holiday = story.detector.advance(&mut story.state, &off).numbers;
    assert!((monday(&story) - before).abs() < 1e-9, "Mondays stay as they are");
    // Twelve complaints are not unheard of on a Monday, and far more than a Sunday has.
    assert!(holiday.score > ordinary.score + 0.2, "{holiday:?} {ordinary:?}");
    let sunday = story.state.season.factor(6, 4.0);
    assert!(sunday < 0.6, "{sunday}");
}

#[test]
fn an_open_bucket_fires_as_soon_as_it_is_sure() {
    let story = Story::after_usual_life(Width::Day);
    for (text, call) in [("3/2", "normal"), ("12/6", "uneasy"), ("18/12", "medium"), ("30/22", "critical")] {
        let verdict = story.peek(text);
        assert_eq!((word(&verdict), verdict.complete), (call, false), "{text}: {:?}", verdict.numbers);
    }
}

#[test]
fn an_open_bucket_is_seen_with_the_closed_ones_before_it() {
    let mut story = Story::after_usual_life(Width::Hour);
    story.next("42/8");
    story.next("42/8");
    let verdict = story.peek("20/7");
    assert!(matches!(verdict.call, Call::Firing(_)), "{verdict:?}");
    assert_eq!(verdict.numbers.window_seconds, 3 * 3600);
}

#[test]
fn a_bucket_that_has_not_begun_is_not_judged() {
    let story = Story::after_usual_life(Width::Hour);
    let verdict = story.detector.peek(&story.state, &story.bucket("40/30"), story.at - TimeDelta::hours(2));
    assert_eq!(verdict.call, Call::Unknown);
}

#[test]
fn a_state_of_another_width_is_started_anew() {
    let days = Story::after_usual_life(Width::Day);
    let mut hours = Story::of(Width::Hour);
    hours.state = days.state;
    assert_eq!(word(&hours.peek("40/30")), "unknown");
    hours.tell(&[("40/30", "unknown")]);
    assert_eq!(hours.state.learnt_buckets(), 1);
}

#[test]
fn a_day_of_an_outbreak_teaches_little() {
    let (mut calm, mut loud) = (Story::after_usual_life(Width::Day), Story::after_usual_life(Width::Day));
    for _ in 0..5 {
        calm.next("40/2");
        loud.next("60/40");
    }
    let share = |story: &Story| story.state.usual[0].share();
    assert!(share(&loud) < 1.5 * share(&calm), "{} {}", share(&loud), share(&calm));
}
