//! When a day off falls in a year.

use std::ops::RangeInclusive;

use chrono::Datelike;
use chrono::Days;
use chrono::NaiveDate;
use chrono::Weekday;

/// A day off.
#[derive(Debug)]
pub(super) struct Off {
    /// In English.
    pub(super) name: &'static str,
    /// When it falls.
    pub(super) rule: Rule,
    /// The years in which it is one.
    pub(super) years: RangeInclusive<i32>,
}

/// When a day falls. Months and days are numbers from 1.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// The same date every year; lost where it falls on a weekend.
    Fixed(u32, u32),
    /// The same date; for one on a weekend the next working day that is not taken is off too.
    Bank(u32, u32),
    /// The same date; the Friday before a Saturday, the Monday after a Sunday is off too.
    Near(u32, u32),
    /// The same date, but the day before where it falls on a Sunday.
    NotSunday(u32, u32),
    /// The first such weekday on or after a date: the third Monday of a month is the first one
    /// from its 15th on, the last one of May the first from the 25th on.
    From(Weekday, u32, u32),
    /// So many days after Easter Sunday.
    Easter(i64),
    /// So many days after Easter Sunday of the Orthodox churches.
    Orthodox(i64),
    /// So many days from each of some dates on: feasts of the moon, as they were or are announced.
    Listed(&'static [(i32, u32, u32)], i64),
}

impl Rule {
    /// Whether it falls on `day`; `sundays` are Western and Orthodox Easter of its year.
    pub(super) fn falls_on(&self, day: NaiveDate, sundays: (NaiveDate, NaiveDate)) -> bool {
        let (month, date) = (day.month(), day.day());
        match *self {
            Self::Fixed(m, d) | Self::Bank(m, d) | Self::Near(m, d) => month == m && date == d,
            Self::NotSunday(m, d) => {
                let is_sunday = day.weekday() == Weekday::Sun;
                let next = day.succ_opt().filter(|next| next.weekday() == Weekday::Sun && next.month() == m && next.day() == d);
                (month == m && date == d && !is_sunday) || next.is_some()
            }
            Self::From(weekday, m, d) => {
                let first = NaiveDate::from_ymd_opt(day.year(), m, d);
                day.weekday() == weekday && first.is_some_and(|first| (0..7).contains(&(day - first).num_days()))
            }
            Self::Easter(days) => (day - sundays.0).num_days() == days,
            Self::Orthodox(days) => (day - sundays.1).num_days() == days,
            Self::Listed(firsts, days) => firsts.iter().filter(|first| first.0 == day.year()).any(|&(year, m, d)| {
                NaiveDate::from_ymd_opt(year, m, d).is_some_and(|first| (0..days).contains(&(day - first).num_days()))
            }),
        }
    }
}

/// A day off every year.
pub(super) const fn off(name: &'static str, rule: Rule) -> Off {
    Off { name, rule, years: i32::MIN..=i32::MAX }
}

/// A day off since a year.
pub(super) const fn since(first: i32, name: &'static str, rule: Rule) -> Off {
    Off { name, rule, years: first..=i32::MAX }
}

/// A day off until a year, that included.
pub(super) const fn until(last: i32, name: &'static str, rule: Rule) -> Off {
    Off { name, rule, years: i32::MIN..=last }
}

/// A day off in some years.
pub(super) const fn during(first: i32, last: i32, name: &'static str, rule: Rule) -> Off {
    Off { name, rule, years: first..=last }
}

/// Easter Sunday. Source: J. Meeus, Astronomical Algorithms, chapter 8, after the anonymous
/// calculation in Nature 13 (1876).
pub(super) fn easter(year: i32) -> NaiveDate {
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let golden = year.rem_euclid(19);
    let correction = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, (days / 31) as u32, (days % 31 + 1) as u32).unwrap_or_default()
}

/// Easter Sunday of the Julian calendar, as a date of ours. Source: J. Meeus, as above.
pub(super) fn orthodox_easter(year: i32) -> NaiveDate {
    let moon = (19 * year.rem_euclid(19) + 15).rem_euclid(30);
    let weekday = (2 * year.rem_euclid(4) + 4 * year.rem_euclid(7) - moon + 34).rem_euclid(7);
    let days = moon + weekday + 114;
    let julian = NaiveDate::from_ymd_opt(year, (days / 31) as u32, (days % 31 + 1) as u32).unwrap_or_default();
    // Days between the calendars; 13 from 1900 to 2099.
    let behind = year.div_euclid(100) - year.div_euclid(400) - 2;
    julian.checked_add_days(Days::new(u64::from(behind.unsigned_abs()))).unwrap_or(julian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_agrees_with_known_years() {
        for (year, western, orthodox) in [
            (2016, "2016-03-27", "2016-05-01"),
            (2019, "2019-04-21", "2019-04-28"),
            (2024, "2024-03-31", "2024-05-05"),
            (2025, "2025-04-20", "2025-04-20"),
            (2026, "2026-04-05", "2026-04-12"),
            (2038, "2038-04-25", "2038-04-25"),
        ] {
            assert_eq!((easter(year).to_string().as_str(), orthodox_easter(year).to_string().as_str()), (western, orthodox));
        }
    }

    #[test]
    fn a_weekday_from_a_date_on_may_be_in_the_next_month() {
        let saints = Rule::From(Weekday::Sat, 10, 31);
        let falls = |text: &str| saints.falls_on(text.parse().unwrap(), (easter(2025), orthodox_easter(2025)));
        assert!(falls("2025-11-01") && falls("2026-10-31"));
        assert!(!falls("2025-11-08") && !falls("2025-10-25") && !falls("2025-10-31"));
    }

    proptest::proptest! {
        #[test]
        fn easter_is_a_sunday_in_spring_in_any_year(year in -5000..20_000_i32) {
            proptest::prop_assert!(year < 1583 || easter(year).weekday() == Weekday::Sun);
            proptest::prop_assert!((80..=116).contains(&easter(year).ordinal()));
            proptest::prop_assert!(!(1583..=2099).contains(&year) || orthodox_easter(year).weekday() == Weekday::Sun);
        }
    }
}
