//! The buckets of a watch, and when each of them was complete.
//!
//! The daemon takes a bucket for complete when every source was read after its end. Polls are not
//! stored; that a message was seen shows that one took place, and where none was, the source's
//! interval says when it would have.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::calendar::bucket::Buckets;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Quarter;
use crate::domain::ports::Counters;
use crate::engine::complete::PATIENCE;
use crate::engine::complete::Wait;

/// What is known of how a source was read. Times are in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings {
    /// When something new was seen, in order, and the newest event time seen by then.
    pub seen: Vec<(i64, i64)>,
    /// How long it takes from publication to first sight: the middle of what was seen. Stands in
    /// where the first sight is not known.
    pub delay: i64,
    /// Time from poll to poll.
    pub interval: TimeDelta,
}

impl Readings {
    /// When a bucket that ends at `end` was complete as far as this source goes.
    fn complete(&self, end: i64, wait: Wait) -> i64 {
        match self.seen.first() {
            Some((first, _)) if *first <= end => {
                let due = end.saturating_add(wait.delay.num_milliseconds());
                let latest = due.saturating_add(self.interval.clamp(TimeDelta::zero(), PATIENCE).num_milliseconds());
                let read = self.after(self.seen.partition_point(|(seen, _)| *seen < due)).min(latest);
                let dropped = if wait.drops { self.after(self.seen.partition_point(|(_, newest)| *newest < end)) } else { i64::MAX };
                read.min(dropped).max(end)
            }
            _ => end.saturating_add(self.delay),
        }
    }

    fn after(&self, place: usize) -> i64 {
        self.seen.get(place).map_or(i64::MAX, |(seen, _)| *seen)
    }
}

/// Buckets from the first message to the end of a backtest.
pub(super) struct Calendar {
    /// Each bucket, without counts.
    pub buckets: Vec<BucketCount>,
    /// When each was complete, in milliseconds.
    pub complete: Vec<i64>,
    first: i64,
    /// The bucket of each quarter.
    places: Vec<u32>,
}

impl Calendar {
    /// The buckets that begin before `until`, from the one that holds `from`.
    pub fn new(cut: Buckets, from: Quarter, until: Timestamp, sources: &[(&Readings, Wait)]) -> Self {
        let nothing = Counters::default();
        let grid = Grid::of(&nothing, &BTreeSet::new());
        let (mut buckets, mut complete, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = cut.start(from.start());
        let first = Quarter::of(start).0;
        let mut latest = i64::MIN;
        while start < until {
            let bucket = grid.bucket(0, 0, cut, start);
            // A calendar that has run out gives no later bucket.
            if bucket.end <= start {
                break;
            }
            let end = bucket.end.timestamp_millis();
            // One bucket is complete no earlier than the one before it.
            latest = sources.iter().map(|(source, wait)| source.complete(end, *wait)).max().unwrap_or(end).max(latest);
            places.resize((Quarter::of(bucket.end).0 - first).max(0) as usize, buckets.len() as u32);
            start = bucket.end;
            buckets.push(bucket);
            complete.push(latest);
        }
        Self { buckets, complete, first, places }
    }

    /// Which buckets are days off for a segment; `None` where they are those of all messages.
    pub fn holidays(&self, cut: Buckets, segment: i64, names: &Counters) -> Option<Vec<bool>> {
        if cut.holidays.is_empty() {
            return None;
        }
        let nothing = Counters { segments: names.segments.clone(), ..Counters::default() };
        let grid = Grid::of(&nothing, &BTreeSet::new());
        Some(self.buckets.iter().map(|bucket| grid.bucket(segment, 0, cut, bucket.start).holiday).collect())
    }

    /// The bucket that holds a quarter.
    pub fn place(&self, quarter: i64) -> Option<usize> {
        let at = usize::try_from(quarter - self.first).ok()?;
        self.places.get(at).map(|place| *place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;
    use crate::calendar::holidays::Holidays;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn calendar(width: Width, sources: &[(&Readings, Wait)]) -> Calendar {
        let cut = Buckets { width, zone: chrono_tz::Europe::Stockholm, holidays: Holidays::default() };
        Calendar::new(cut, Quarter::of(at("2026-03-27T10:20:00Z")), at("2026-03-31T10:00:00Z"), sources)
    }

    #[test]
    fn every_quarter_has_its_bucket_also_on_the_day_of_a_clock_change() {
        let days = calendar(Width::Day, &[]);
        assert_eq!(days.buckets.len(), 5);
        assert_eq!(days.buckets[2].end - days.buckets[2].start, TimeDelta::hours(23));
        for (time, place) in [("2026-03-26T23:00:00Z", 0), ("2026-03-29T21:59:00Z", 2), ("2026-03-29T22:00:00Z", 3)] {
            assert_eq!(days.place(Quarter::of(at(time)).0), Some(place), "{time}");
        }
        assert_eq!(days.place(Quarter::of(at("2026-03-26T22:45:00Z")).0), None);
        assert_eq!(days.place(Quarter::of(at("2026-04-26T22:45:00Z")).0), None);
    }

    #[test]
    fn a_bucket_is_complete_when_every_source_was_read_after_it() {
        let hour = |n: i64| at("2026-03-27T10:00:00Z").timestamp_millis() + n * 3_600_000;
        let minute = 60_000;
        let of =
            |seen: &[i64], interval, delay| Readings { seen: seen.iter().map(|seen| (*seen, *seen - minute)).collect(), delay, interval };
        let often = of(&[hour(1) + 5 * minute, hour(3) + minute], TimeDelta::minutes(10), 9);
        let seldom = of(&[hour(0)], TimeDelta::days(7), 9);
        let imported = of(&[], TimeDelta::minutes(5), 3 * minute);
        let complete = |sources: &[(&Readings, Wait)]| calendar(Width::Hour, sources).complete[..3].to_vec();
        let at_once = Wait::default();
        assert_eq!(complete(&[(&imported, at_once)]), [1, 2, 3].map(|n| hour(n) + 3 * minute));
        // Before its first live message nothing is known of its polls; later one is due after ten minutes.
        assert_eq!(complete(&[(&often, at_once)]), [hour(1) + 9, hour(2) + 10 * minute, hour(3) + minute]);
        assert_eq!(complete(&[(&seldom, at_once)]), [hour(7), hour(8), hour(9)], "nobody waits longer than six hours");
        let late = Wait { delay: TimeDelta::hours(1), drops: false };
        assert_eq!(complete(&[(&often, late)])[1..], [hour(3) + minute, hour(4) + 10 * minute], "its messages come late");
        let weekly = Wait { delay: TimeDelta::days(7), drops: true };
        assert_eq!(complete(&[(&often, weekly)])[1], hour(3) + minute, "a drop holds what is older than its newest message");
        assert_eq!(complete(&[]), [hour(1), hour(2), hour(3)]);
    }
}
