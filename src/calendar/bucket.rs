//! Buckets of a watch: an hour in UTC, or a day of the watch's time zone.
//!
//! Both begin and end on a quarter of an hour in UTC in every zone that is in use, so that counts
//! by quarter add up to them exactly.

use chrono::Datelike;
use chrono::Days;
use chrono::NaiveDate;
use chrono::TimeDelta;
use chrono::TimeZone;
use chrono::Timelike;
use chrono_tz::Tz;
use serde::Deserialize;
use serde::Serialize;

use crate::calendar::holidays::Holidays;
use crate::domain::Timestamp;

/// Length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    /// An hour.
    Hour,
    /// A day of a time zone: 23 to 25 hours.
    Day,
}

/// Cuts time into buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// How long they are.
    pub width: Width,
    /// Whose days and hours.
    pub zone: Tz,
    /// Whose days off.
    pub holidays: Holidays,
}

impl Buckets {
    /// First moment of the bucket that holds `at`.
    #[must_use]
    pub fn start(&self, at: Timestamp) -> Timestamp {
        match self.width {
            Width::Hour => {
                at - TimeDelta::seconds(at.timestamp().rem_euclid(3600)) - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
            }
            Width::Day => self.midnight(at.with_timezone(&self.zone).date_naive()),
        }
    }

    /// First moment of the bucket after the one that holds `at`.
    #[must_use]
    pub fn end(&self, at: Timestamp) -> Timestamp {
        match self.width {
            Width::Hour => self.start(at) + TimeDelta::hours(1),
            Width::Day => {
                let day = at.with_timezone(&self.zone).date_naive();
                day.checked_add_days(Days::new(1)).map_or(at, |next| self.midnight(next))
            }
        }
    }

    /// Hour of the day (0 to 23) and day of the week (0 is Monday) at `at` in the zone.
    #[must_use]
    pub fn slot(&self, at: Timestamp) -> (u8, u8) {
        let local = at.with_timezone(&self.zone);
        (local.hour() as u8, local.weekday().num_days_from_monday() as u8)
    }

    /// Whether `at` is on a day off of the countries in `holidays`, by the zone's calendar.
    #[must_use]
    pub fn is_holiday(&self, at: Timestamp, holidays: Holidays) -> bool {
        !holidays.is_empty() && holidays.covers(at.with_timezone(&self.zone).date_naive())
    }

    /// First moment of a local day. Where midnight is skipped by a clock change, the day begins
    /// when the clocks go on; a day that is skipped altogether (Samoa, 30 December 2011) is as
    /// long as nothing.
    fn midnight(self, day: NaiveDate) -> Timestamp {
        let mut local = day.and_time(chrono::NaiveTime::MIN);
        for _ in 0..56 {
            if let Some(found) = self.zone.from_local_datetime(&local).earliest() {
                return found.to_utc();
            }
            local += TimeDelta::minutes(30);
        }
        day.and_time(chrono::NaiveTime::MIN).and_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_of_a_clock_change_has_23_hours() {
        let days = Buckets { width: Width::Day, zone: chrono_tz::Europe::Stockholm, holidays: Holidays::default() };
        let start = days.start(at("2026-03-29T12:00:00Z"));
        assert_eq!(start, at("2026-03-28T23:00:00Z"));
        assert_eq!(days.end(start), at("2026-03-29T22:00:00Z"));
    }

    #[test]
    fn a_day_without_midnight_begins_when_the_clocks_go_on() {
        let days = Buckets { width: Width::Day, zone: chrono_tz::America::Santiago, holidays: Holidays::default() };
        assert_eq!(days.start(at("2026-09-06T12:00:00Z")), at("2026-09-06T04:00:00Z"));
    }

    #[test]
    fn a_day_that_never_was_leaves_no_hole() {
        let days = Buckets { width: Width::Day, zone: chrono_tz::Pacific::Apia, holidays: Holidays::default() };
        let last = days.start(at("2011-12-30T09:00:00Z"));
        assert_eq!(last, at("2011-12-29T10:00:00Z"));
        assert_eq!(days.end(last), at("2011-12-30T10:00:00Z"));
        assert_eq!(days.start(days.end(last)), days.end(last));
    }

    #[test]
    fn an_hour_starts_on_the_hour_also_before_1970() {
        let hours = Buckets { width: Width::Hour, zone: chrono_tz::UTC, holidays: Holidays::default() };
        assert_eq!(hours.start(at("1969-12-31T23:59:59.5Z")), at("1969-12-31T23:00:00Z"));
    }

    proptest::proptest! {
        #[test]
        fn buckets_tile_time(seconds in -2_000_000_000..4_000_000_000_i64, zone in 0..chrono_tz::TZ_VARIANTS.len(), days: bool) {
            let width = if days { Width::Day } else { Width::Hour };
            let buckets = Buckets { width, zone: chrono_tz::TZ_VARIANTS[zone], holidays: Holidays::default() };
            let at = Timestamp::from_timestamp(seconds, 0).unwrap();
            let (start, end) = (buckets.start(at), buckets.end(at));
            proptest::prop_assert!(start <= at && at < end, "{start} {at} {end}");
            proptest::prop_assert_eq!(buckets.start(start), start);
            proptest::prop_assert_eq!(buckets.start(end), end);
            proptest::prop_assert_eq!(buckets.end(start), end);
        }
    }
}
