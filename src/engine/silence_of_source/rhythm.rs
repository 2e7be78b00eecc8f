//! A source's own rhythm: how long nothing may come from it before that is a wonder.
//!
//! It is learnt by the week: a stretch of time is expected to bring what the same stretch brought in
//! the poorest of the four weeks before. So nights and weekends are waited for, a source that is new
//! here is not missed before its habits are known, and one whose volume fell is measured by what is
//! left of it a week later.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Counters;

/// Polls that have to bring nothing.
pub const POLLS: i32 = 3;
/// So many messages would have come in that time: a stretch of the usual gaps' 99th percentile brings
/// 4.6 on average, and three of these have to pass.
pub const MISSED: f64 = 4.6 * 3.0;
/// Weeks that the usual is taken from.
pub const WEEKS: i32 = 4;
/// What is expected after a longer time is not worth saying.
const LONGEST: TimeDelta = TimeDelta::days(90);

/// What a source brought in the weeks before, by quarters of an hour.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rhythm {
    counts: BTreeMap<i64, i64>,
}

impl Rhythm {
    /// Notes messages of a quarter.
    pub fn add(&mut self, quarter: Quarter, messages: i64) {
        *self.counts.entry(quarter.0).or_default() += messages;
    }

    /// Notes what counters hold of a source.
    pub fn add_all(&mut self, counters: &Counters, source: &str) {
        let number = counters.sources.iter().find(|(_, name)| *name == source).map(|(number, _)| *number);
        let whole = counters.segments.iter().find(|(_, segment)| **segment == Segment::All).map(|(number, _)| *number);
        let mine = counters.cells.iter().filter(|cell| cell.theme == 0 && Some(cell.source) == number && Some(cell.segment) == whole);
        for cell in mine {
            self.add(cell.quarter, cell.voices);
        }
    }

    /// All messages.
    #[must_use]
    pub fn sum(&self) -> i64 {
        self.counts.values().sum()
    }

    /// The quarters to ask for about a stretch, one range for each week.
    pub fn ranges(stretch: &Range<Timestamp>) -> impl Iterator<Item = Range<Quarter>> {
        let (start, end) = (stretch.start, stretch.end);
        (1..=WEEKS).map(move |week| {
            let back = TimeDelta::days(7) * week;
            Quarter::of(start - back)..Quarter::of(end - back)
        })
    }

    /// Messages that a stretch would have brought. A stretch of more than a week has no week beside it:
    /// for that the mean stands, in messages a day.
    #[must_use]
    pub fn least(&self, stretch: &Range<Timestamp>, per_day: f64) -> f64 {
        if stretch.end - stretch.start > TimeDelta::days(7) {
            return per_day * (stretch.end - stretch.start).as_seconds_f64() / 86_400.0;
        }
        let sum = |range: Range<Quarter>| -> i64 {
            if range.is_empty() { 0 } else { self.counts.range(range.start.0..range.end.0).map(|(_, messages)| messages).sum() }
        };
        Self::ranges(stretch).map(sum).min().unwrap_or(0) as f64
    }

    /// How long after `since` so many messages would have come that none is a wonder. `None` where the
    /// source brings too little to say.
    #[must_use]
    pub fn patience(&self, since: Timestamp, per_day: f64) -> Option<TimeDelta> {
        const WEEK: i64 = 7 * 96;
        let first = Quarter::of(since).0;
        let mut sums = [0_i64; WEEKS as usize];
        for at in first..=first + WEEK {
            for (sum, week) in sums.iter_mut().zip(1..) {
                *sum += self.counts.get(&(at - WEEK * week)).copied().unwrap_or(0);
            }
            if sums.iter().all(|sum| *sum as f64 >= MISSED) {
                return Some(Quarter(at + 1).start() - since);
            }
        }
        let days = MISSED / per_day;
        let wait = days.is_finite().then(|| TimeDelta::try_milliseconds((days * 86_400_000.0) as i64)).flatten()?;
        Some(wait.max(TimeDelta::days(7))).filter(|wait| *wait <= LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 0:00.
    fn monday() -> Timestamp {
        "2026-11-02T00:00:00Z".parse().unwrap()
    }

    /// Four weeks in which each hour of the week brings what `an_hour` says, and the mean of a day.
    fn weeks(weeks: Range<i64>, an_hour: impl Fn(i64, i64) -> i64) -> (Rhythm, f64) {
        let mut rhythm = Rhythm::default();
        let mut all = 0;
        for week in weeks {
            for hour in 0..168 {
                let messages = an_hour(week, hour);
                all += messages;
                rhythm.add(Quarter::of(monday() - TimeDelta::days(7) * (4 - week as i32) + TimeDelta::hours(hour)), messages);
            }
        }
        (rhythm, all as f64 / 28.0)
    }

    fn patience(of: &(Rhythm, f64), hour: i64) -> Option<i64> {
        of.0.patience(monday() + TimeDelta::hours(hour), of.1).map(|wait| wait.num_hours())
    }

    #[test]
    fn nights_and_weekends_are_waited_for() {
        // Ten an hour in the offices' hours, nothing at night and on weekends.
        let office = weeks(0..5, |_, hour| if hour / 24 < 5 && (8..18).contains(&(hour % 24)) { 10 } else { 0 });
        assert_eq!(patience(&office, 9), Some(1), "in the morning two hours are long");
        assert_eq!(patience(&office, 18), Some(15), "over the night, until the next morning");
        assert_eq!(patience(&office, 4 * 24 + 18), Some(63), "and over the weekend");
    }

    #[test]
    fn the_expected_silence_is_the_one_that_is_alarmed_at() {
        let office = weeks(0..5, |_, hour| if hour / 24 < 5 && (8..18).contains(&(hour % 24)) { 10 } else { 0 });
        for hour in 0..168 {
            let since = monday() + TimeDelta::hours(hour);
            let wait = office.0.patience(since, office.1).unwrap();
            assert!(office.0.least(&(since..since + wait), office.1) >= MISSED, "{hour}");
            assert!(office.0.least(&(since..since + wait - TimeDelta::minutes(15)), office.1) < MISSED, "{hour}");
        }
    }

    #[test]
    fn a_weekly_export_is_expected_once_a_week() {
        // The one of this week came in the hour before.
        let weekly = weeks(0..5, |_, hour| if hour == 30 { 200 } else { 0 });
        assert_eq!(patience(&weekly, 31), Some(167), "a quarter after the next one would have come");
    }

    #[test]
    fn what_is_new_here_is_not_missed_before_its_habits_are_known() {
        let young = weeks(3..4, |_, _| 3);
        assert_eq!(patience(&young, 5), Some(7 * 24), "one week says nothing of the hours, but a week of nothing does");
        assert_eq!(patience(&(Rhythm::default(), 0.0), 5), None);
        assert_eq!(patience(&weeks(0..4, |week, hour| i64::from(week == 1 && hour == 7)), 5), None, "one a month: nothing is expected");
    }

    #[test]
    fn a_source_whose_volume_fell_by_design_is_measured_by_what_is_left() {
        let fell = weeks(0..4, |week, hour| if week < 3 { 40 } else { i64::from(hour % 4 == 0) });
        assert_eq!(patience(&fell, 0), Some(52), "14 messages at one in four hours");
        let rose = weeks(0..4, |week, _| if week < 3 { 1 } else { 40 });
        assert_eq!(patience(&rose, 0), Some(13), "and what rose by what it was");
    }
}
