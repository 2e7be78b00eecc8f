//! How late messages of a source come, learnt from what it brings.
//!
//! Reviews are moderated for hours, a survey tool drops the answers of a whole week on Monday. What
//! comes within the usual delay is news about its own day; only what comes later is back-fill.
//! The delay is kept as a histogram over lengths that grow by half an octave, which fades by half in
//! four weeks, so that a source that changes its ways is known again within a month or two.
//!
//! What is learnt is how long before the last good poll a message was published: whatever was
//! published after it could not have been seen earlier. So neither an outage of the source nor a
//! night without us makes a source seem slow.

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;

/// Upper end of the first bin.
const FIRST: TimeDelta = TimeDelta::minutes(15);
/// Bins; the last ends at about 43 days.
const BINS: usize = 25;
/// What comes later than this is an archive, not a habit.
const LONGEST: TimeDelta = TimeDelta::days(35);
/// What was learnt fades by half in this time.
const HALF_LIFE: TimeDelta = TimeDelta::days(28);
/// A page teaches as much as so many messages at most: an archive that a source adds one day must
/// not outweigh what it does every day.
const PAGE: f64 = 50.0;
/// Messages that must have been seen before anything is said.
const LEAST: f64 = 10.0;

/// What is known of a stream's delays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Delays {
    /// Faded weights of the bins, the shortest delays first.
    bins: Vec<f64>,
    /// Faded number of messages.
    news: f64,
    /// When both were faded last, in seconds.
    as_of: i64,
    /// The newest publication seen, in seconds.
    newest: Option<i64>,
}

/// What of a page teaches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lesson {
    /// How long before the last good poll each new message was published.
    pub delays: Vec<TimeDelta>,
    /// The newest publication among all that was new.
    pub newest: Option<Timestamp>,
}

impl Lesson {
    /// Takes a new message in. `polled_at` is the last good poll before; without one, or with
    /// history, it teaches no delay.
    pub fn note(&mut self, published: Option<Timestamp>, polled_at: Option<Timestamp>, now: Timestamp) {
        let Some(published) = published.filter(|published| *published <= now) else { return };
        self.newest = self.newest.max(Some(published));
        let delay = polled_at.map(|polled_at| (polled_at - published).max(TimeDelta::zero()));
        self.delays.extend(delay.filter(|delay| *delay <= LONGEST));
    }
}

impl Delays {
    /// Learns from a page that was read at `now`.
    pub fn learn(&mut self, lesson: &Lesson, now: Timestamp) {
        let passed = (now.timestamp() - self.as_of).max(0) as f64;
        let kept = 0.5_f64.powf(passed / HALF_LIFE.num_seconds() as f64);
        self.as_of = self.as_of.max(now.timestamp());
        self.bins.resize(BINS, 0.0);
        self.bins.iter_mut().for_each(|bin| *bin *= kept);
        self.news = self.news * kept + lesson.delays.len() as f64;
        let weight = (PAGE / lesson.delays.len().max(1) as f64).min(1.0);
        for delay in &lesson.delays {
            self.bins[bin_of(*delay)] += weight;
        }
        self.newest = self.newest.max(lesson.newest.map(|newest| newest.timestamp()));
    }

    /// The delay within which 19 of 20 messages come, rounded up; `None` while too few were seen.
    #[must_use]
    pub fn usual(&self) -> Option<TimeDelta> {
        self.within(0.95)
    }

    /// The delay within which 99 of 100 messages come, rounded up.
    #[must_use]
    pub fn longest(&self) -> Option<TimeDelta> {
        self.within(0.99)
    }

    /// Messages a day; too few while little was learnt, of all streams alike.
    #[must_use]
    pub fn per_day(&self) -> f64 {
        self.news * std::f64::consts::LN_2 / HALF_LIFE.num_days() as f64
    }

    /// The newest publication seen.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.and_then(|newest| Timestamp::from_timestamp(newest, 0))
    }

    fn within(&self, share: f64) -> Option<TimeDelta> {
        let all: f64 = self.bins.iter().sum();
        if all.is_nan() || all < LEAST {
            return None;
        }
        let mut sum = 0.0;
        let at = self.bins.iter().position(|bin| {
            sum += bin;
            sum >= share * all
        });
        Some(end_of(at.unwrap_or(BINS - 1)))
    }
}

/// The shortest bin holds what came with the first poll after its publication.
fn bin_of(delay: TimeDelta) -> usize {
    (0..BINS - 1).find(|at| delay <= end_of(*at)).unwrap_or(BINS - 1)
}

fn end_of(bin: usize) -> TimeDelta {
    match bin {
        0 => TimeDelta::zero(),
        _ => TimeDelta::seconds((FIRST.num_seconds() as f64 * 2_f64.powf((bin - 1) as f64 / 2.0)) as i64),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + hour * 3600, 0).unwrap()
    }

    /// A page read at an hour, with messages of some hours before; the last good poll was `gap` hours ago.
    fn page(delays: &mut Delays, hour: i64, gap: i64, ages: impl IntoIterator<Item = i64>) {
        let mut lesson = Lesson::default();
        for age in ages {
            lesson.note(Some(at(hour - age)), Some(at(hour - gap)), at(hour));
        }
        delays.learn(&lesson, at(hour));
    }

    #[test]
    fn a_source_that_is_read_often_and_shows_at_once_has_no_delay() {
        let mut delays = Delays::default();
        (0..40).for_each(|hour| page(&mut delays, hour, 1, [0, 1]));
        assert_eq!((delays.usual(), delays.longest()), (Some(TimeDelta::zero()), Some(TimeDelta::zero())));
        assert_eq!(delays.newest(), Some(at(39)));
    }

    #[test]
    fn a_weekly_drop_takes_a_week() {
        let mut delays = Delays::default();
        page(&mut delays, 0, 0, 1..7 * 24);
        let usual = delays.usual().unwrap();
        assert!((6..9).contains(&usual.num_days()), "{usual}");
        assert!(delays.longest().unwrap() >= TimeDelta::days(7));
    }

    #[test]
    fn an_outage_makes_no_source_slow() {
        let mut delays = Delays::default();
        (0..40).for_each(|hour| page(&mut delays, hour, 1, [0, 1]));
        page(&mut delays, 40 + 72, 72, 0..72);
        assert_eq!(delays.usual(), Some(TimeDelta::zero()));
    }

    #[test]
    fn an_archive_that_is_added_one_day_does_not_outweigh_the_habit() {
        let mut delays = Delays::default();
        (0..400).for_each(|hour| page(&mut delays, hour, 1, [0, 1, 1, 0]));
        page(&mut delays, 400, 1, (0..5000).map(|n| 24 + n % 700));
        assert_eq!(delays.usual(), Some(TimeDelta::zero()));
        page(&mut delays, 401, 1, (0..5000).map(|n| 24 * 400 + n));
        assert_eq!(delays.longest().map(|longest| longest < TimeDelta::days(35)), Some(true), "years are no delay");
    }

    #[test]
    fn a_source_that_changes_its_ways_is_known_again() {
        let mut delays = Delays::default();
        (0..10).for_each(|week| page(&mut delays, week * 168, 0, 1..168));
        (0..90 * 24).for_each(|hour| page(&mut delays, 10 * 168 + hour, 1, [0]));
        assert_eq!(delays.usual(), Some(TimeDelta::zero()));
    }

    #[test]
    fn of_a_few_messages_nothing_is_said() {
        let mut delays = Delays::default();
        page(&mut delays, 0, 0, 1..9);
        assert_eq!((delays.usual(), Delays::default().usual()), (None, None));
    }

    proptest! {
        #[test]
        fn delays_are_ordered_and_bounded(pages in vec((0..5000_i64, 0..200_i64, vec(-10..2000_i64, 0..30)), 0..20)) {
            let mut delays = Delays::default();
            for (hour, gap, ages) in pages {
                page(&mut delays, hour, gap, ages);
            }
            let kept: Delays = serde_json::from_str(&serde_json::to_string(&delays).unwrap()).unwrap();
            prop_assert_eq!(kept.usual(), delays.usual());
            if let Some(usual) = delays.usual() {
                prop_assert!(usual >= TimeDelta::zero() && usual <= delays.longest().unwrap() && delays.longest().unwrap() <= TimeDelta::days(43));
            }
        }
    }
}
