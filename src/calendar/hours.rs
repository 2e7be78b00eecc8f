//! Hours of the week: from a time of the day to another, on some days, in a zone.

use chrono::DateTime;
use chrono::Datelike as _;
use chrono::Days;
use chrono::NaiveDate;
use chrono::NaiveTime;
use chrono::TimeDelta;
use chrono::TimeZone as _;
use chrono::Weekday;
use chrono_tz::Tz;

use crate::domain::Timestamp;

/// Days ahead in which hours that end at all end.
const AHEAD: u64 = 8;

/// `from = "20:00", until = "07:00", days = "Mon-Fri"`. Hours that end before they begin go on
/// into the next day; those that end when they begin last the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// They begin then.
    pub from: NaiveTime,
    /// The first time after them.
    pub until: NaiveTime,
    /// Days on which they begin, Monday first.
    pub days: [bool; 7],
    /// All of Saturday and Sunday too, with the night to Monday where nights are among the hours.
    pub weekends: bool,
    /// Whose clock.
    pub zone: Tz,
}

impl Hours {
    /// Whether a moment is within them.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        let local = at.with_timezone(&self.zone);
        let (day, time) = (local.weekday(), local.time());
        if self.weekends && is_weekend(day) {
            return true;
        }
        if self.from < self.until {
            return self.begins_on(day) && self.from <= time && time < self.until;
        }
        let began_today = self.begins_on(day) && time >= self.from;
        let before = day.pred();
        began_today || (time < self.until && (self.begins_on(before) || self.weekends && is_weekend(before)))
    }

    /// The first moment from `at` on that is not within them: `at` itself outside of them. Hours
    /// that never end are taken to end after eight days.
    #[must_use]
    pub fn end(&self, at: Timestamp) -> Timestamp {
        if !self.holds(at) {
            return at;
        }
        let today = at.with_timezone(&self.zone).date_naive();
        let days = (0..=AHEAD).filter_map(|days| today.checked_add_days(Days::new(days)));
        let mut ends: Vec<Timestamp> =
            days.flat_map(|day| [NaiveTime::MIN, self.until].map(|time| begin(self.zone, day, time))).filter(|end| *end > at).collect();
        ends.sort_unstable();
        ends.into_iter().find(|end| !self.holds(*end)).unwrap_or(at + TimeDelta::days(AHEAD as i64))
    }

    /// Whether there is no moment of a week outside of them.
    #[must_use]
    pub fn never_end(&self) -> bool {
        let nights = self.from >= self.until;
        let whole_day = self.from == self.until;
        let mut week = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun].into_iter();
        whole_day && nights && week.all(|day| self.begins_on(day) || self.weekends && is_weekend(day))
    }

    fn begins_on(&self, day: Weekday) -> bool {
        self.days[day.num_days_from_monday() as usize]
    }
}

fn is_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Sat | Weekday::Sun)
}

/// The moment at which a day's clock shows a time first, or the one right after a skipped time.
fn begin(zone: Tz, day: NaiveDate, time: NaiveTime) -> Timestamp {
    let local = day.and_time(time);
    // No zone skips more than a day; the steps find where its clock goes on.
    let mut later = (0..=96).filter_map(|quarters| local.checked_add_signed(TimeDelta::minutes(15 * quarters)));
    let found = later.find_map(|local| zone.from_local_datetime(&local).earliest());
    found.map_or_else(|| local.and_utc(), |moment: DateTime<Tz>| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    fn nights() -> Hours {
        Hours {
            from: time("20:00:00"),
            until: time("07:00:00"),
            days: [true, true, true, true, true, false, false],
            weekends: true,
            zone: chrono_tz::Europe::Stockholm,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_ends_in_the_morning_and_a_weekend_on_monday() {
        let quiet = nights();
        for (moment, holds, end) in [
            ("2026-11-18T18:59:00Z", false, "2026-11-18T18:59:00Z"),
            ("2026-11-18T19:00:00Z", true, "2026-11-19T06:00:00Z"),
            ("2026-11-19T05:59:00Z", true, "2026-11-19T06:00:00Z"),
            ("2026-11-19T06:00:00Z", false, "2026-11-19T06:00:00Z"),
            ("2026-11-20T20:00:00Z", true, "2026-11-23T06:00:00Z"),
            ("2026-11-22T12:00:00Z", true, "2026-11-23T06:00:00Z"),
        ] {
            assert_eq!((quiet.holds(at(moment)), quiet.end(at(moment))), (holds, at(end)), "{moment}");
        }
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_by_the_clock_on_the_wall() {
        let quiet = Hours { days: [true; 7], weekends: false, ..nights() };
        assert_eq!(quiet.end(at("2026-03-28T20:00:00Z")), at("2026-03-29T05:00:00Z"), "an hour shorter");
        assert_eq!(quiet.end(at("2026-10-24T20:00:00Z")), at("2026-10-25T06:00:00Z"), "an hour longer");
        let skipped = Hours { until: time("02:30:00"), ..quiet };
        assert_eq!(skipped.end(at("2026-03-28T23:00:00Z")), at("2026-03-29T01:00:00Z"), "02:30 is not there that day");
    }

    #[test]
    fn office_hours_are_within_a_day() {
        let office = Hours { from: time("08:00:00"), until: time("18:00:00"), weekends: false, ..nights() };
        assert!(office.holds(at("2026-11-20T07:00:00Z")) && !office.holds(at("2026-11-20T17:00:00Z")));
        assert!(!office.holds(at("2026-11-21T10:00:00Z")));
    }

    #[test]
    fn hours_that_never_end_are_known() {
        let always = Hours { from: time("00:00:00"), until: time("00:00:00"), days: [true; 7], weekends: false, zone: Tz::UTC };
        assert!(always.never_end() && !nights().never_end());
        let moment = at("2026-11-20T07:00:00Z");
        assert_eq!(always.end(moment), moment + TimeDelta::days(8));
        let with_weekends = Hours { days: [true, true, true, true, true, false, false], weekends: true, ..always };
        assert!(with_weekends.never_end());
    }

    proptest! {
        #[test]
        fn the_end_is_outside_and_everything_before_it_within(minute in 0i64..525_600, from in 0u32..1440, until in 0u32..1440, days in 0u8..128, weekends: bool) {
            let time = |minute: u32| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let days = std::array::from_fn(|day| days >> day & 1 == 1);
            let hours = Hours { from: time(from), until: time(until), days, weekends, zone: chrono_tz::Europe::Berlin };
            let moment = at("2026-01-01T00:00:00Z") + TimeDelta::minutes(minute);
            let end = hours.end(moment);
            prop_assume!(!hours.never_end());
            prop_assert!(!hours.holds(end));
            // In an hour that comes twice, hours may be over and begin again.
            let distance = |at: Timestamp| at.with_timezone(&hours.zone).naive_local() - at.naive_utc();
            prop_assume!(distance(moment) == distance(end));
            let mut between = moment;
            while between < end {
                prop_assert!(hours.holds(between), "{between} before {end}");
                between += TimeDelta::minutes(30);
            }
        }
    }
}
