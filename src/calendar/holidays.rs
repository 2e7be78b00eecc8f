//! Days off: days on which messages come as on a Sunday, whatever day of the week it is.
//!
//! Rules, not tables of dates: fixed days, days by Easter, the n-th weekday of a month, and what is
//! taken off instead when a day falls on a weekend. What is listed are days that most people of a
//! country have off, eves that are free in practice among them; days of single states or cantons
//! are not. Sale days are none: on those more is written than else, not less.

use chrono::Datelike;
use chrono::Days;
use chrono::NaiveDate;
use chrono::Weekday;

mod countries;
mod rules;

use crate::calendar::holidays::countries::NATIONS;
use crate::calendar::holidays::countries::Nation;
use crate::calendar::holidays::rules::Rule;
use crate::calendar::holidays::rules::easter;
use crate::calendar::holidays::rules::orthodox_easter;

/// A country whose days off are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(u8);

impl Country {
    /// Every country there is, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..NATIONS.len() as u8).map(Self)
    }

    /// The country of a code of ISO 3166, in capitals or small letters.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::all().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// `SE`
    #[must_use]
    pub fn code(self) -> &'static str {
        self.nation().code
    }

    /// `Sweden`
    #[must_use]
    pub fn name(self) -> &'static str {
        self.nation().name
    }

    fn nation(self) -> &'static Nation {
        &NATIONS[usize::from(self.0)]
    }
}

/// The countries whose days off matter to a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Holidays {
    /// A bit for each country: small enough to go wherever the buckets go.
    countries: u64,
}

/// A day off in a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOff {
    /// Where.
    pub country: Country,
    /// `Midsummer Eve`
    pub name: &'static str,
    /// It falls on a weekend, and this is the day taken off instead.
    pub instead: bool,
}

impl FromIterator<Country> for Holidays {
    fn from_iter<I: IntoIterator<Item = Country>>(countries: I) -> Self {
        Self { countries: countries.into_iter().fold(0, |set, country| set | 1 << country.0) }
    }
}

impl Holidays {
    /// The countries, in the order of their codes.
    pub fn countries(self) -> impl Iterator<Item = Country> {
        Country::all().filter(move |country| self.countries >> country.0 & 1 == 1)
    }

    /// Whether there is no country.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.countries == 0
    }

    /// What matters to the messages of one country alone: its own days, or none when it is not one
    /// of these.
    #[must_use]
    pub fn only(self, country: Country) -> Self {
        Self { countries: self.countries & 1 << country.0 }
    }

    /// Whether at least half of the countries have the day off: then it is a day off for all
    /// messages together.
    #[must_use]
    pub fn covers(self, day: NaiveDate) -> bool {
        if self.is_empty() {
            return false;
        }
        let off = self.countries().filter(|country| day_off(country.nation(), day).is_some()).count() as u32;
        off * 2 >= self.countries.count_ones()
    }

    /// Who has a day off.
    pub fn on(self, day: NaiveDate) -> impl Iterator<Item = DayOff> {
        self.countries().filter_map(move |country| {
            let (name, instead) = day_off(country.nation(), day)?;
            Some(DayOff { country, name, instead })
        })
    }
}

/// Name of a nation's day off, and whether it is one instead of a day on the weekend.
fn day_off(nation: &'static Nation, day: NaiveDate) -> Option<(&'static str, bool)> {
    if let Some(name) = proper(nation, day, |_| true) {
        return Some((name, false));
    }
    let moved = match day.weekday() {
        Weekday::Fri => proper(nation, day.succ_opt()?, |rule| matches!(rule, Rule::Near(..))),
        Weekday::Mon => on_the_weekend(nation, day).next(),
        Weekday::Tue => {
            let monday = day.pred_opt()?;
            let taken = usize::from(proper(nation, monday, |_| true).is_some());
            let waiting: Vec<&str> = on_the_weekend(nation, monday).collect();
            // The Monday takes the first of them, unless it is a day off by itself.
            waiting.get(1 - taken).copied()
        }
        _ => None,
    };
    moved.map(|name| (name, true))
}

/// Days off on the weekend before `monday` that another day is taken off for.
fn on_the_weekend(nation: &'static Nation, monday: NaiveDate) -> impl Iterator<Item = &'static str> {
    let ago = |days| monday.checked_sub_days(Days::new(days));
    let saturday = ago(2).and_then(|day| proper(nation, day, |rule| matches!(rule, Rule::Bank(..))));
    let sunday = ago(1).and_then(|day| proper(nation, day, |rule| matches!(rule, Rule::Bank(..) | Rule::Near(..))));
    saturday.into_iter().chain(sunday)
}

/// Name of a nation's day off by the rules that `fits` chooses, those moved left out.
fn proper(nation: &'static Nation, day: NaiveDate, fits: impl Fn(&Rule) -> bool) -> Option<&'static str> {
    let year = day.year();
    let sundays = (easter(year), orthodox_easter(year));
    nation.days.iter().find(|off| off.years.contains(&year) && fits(&off.rule) && off.rule.falls_on(day, sundays)).map(|off| off.name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn off(codes: &[&str]) -> Holidays {
        codes.iter().map(|code| Country::of_code(code).unwrap()).collect()
    }

    /// Days off of a country from Monday to Saturday; with a star those taken instead of another.
    fn year(code: &str, year: i32) -> String {
        let country = off(&[code]);
        let days = (1..=366).filter_map(|of| NaiveDate::from_yo_opt(year, of)).filter(|day| day.weekday() != Weekday::Sun);
        let named = days.flat_map(|day| country.on(day).map(move |off| (day, off)));
        named.map(|(day, off)| format!("{}{}", day.format("%m-%d"), if off.instead { "*" } else { "" })).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_years_of_sweden_germany_and_turkey() {
        insta::assert_snapshot!(year("SE", 2026), @"01-01 01-06 04-03 04-06 05-01 05-14 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31");
        insta::assert_snapshot!(year("DE", 2027), @"01-01 03-26 03-29 05-01 05-06 05-17 12-25");
        insta::assert_snapshot!(year("TR", 2025), @"01-01 03-31 04-01 04-23 05-01 05-19 06-06 06-07 06-09 07-15 08-30 10-29");
    }

    #[test]
    fn a_day_on_a_weekend_is_taken_off_later_where_that_is_so() {
        insta::assert_snapshot!(year("GB", 2022), @"01-01 01-03* 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27*");
        insta::assert_snapshot!(year("US", 2021), @"01-01 01-18 02-15 05-31 06-18* 06-19 07-05* 09-06 10-11 11-11 11-25 12-24* 12-25 12-31*");
        insta::assert_snapshot!(year("NZ", 2022), @"01-01 01-03* 01-04* 02-07* 04-15 04-18 04-25 06-06 06-24 10-24 12-26 12-27*");
    }

    #[test]
    fn days_off_begin_and_end_with_their_laws() {
        for (code, date, is) in [
            ("DK", "2023-05-05", true),
            ("DK", "2024-04-26", false),
            ("US", "2020-06-19", false),
            ("US", "2024-06-19", true),
            ("PL", "2024-12-24", false),
            ("PL", "2025-12-24", true),
            ("IE", "2023-02-06", true),
            ("IE", "2030-02-01", true),
            ("IE", "2030-02-04", false),
            ("NL", "2025-04-26", true),
            ("NL", "2025-04-28", false),
            ("NL", "2026-04-27", true),
            ("GB", "2020-05-04", false),
            ("GB", "2020-05-08", true),
            ("GB", "2023-05-08", true),
        ] {
            assert_eq!(off(&[code]).covers(day(date)), is, "{code} {date}");
        }
    }

    #[test]
    fn half_of_the_countries_make_a_day_off_for_all() {
        let national = day("2025-06-06");
        assert!(off(&["SE"]).covers(national) && off(&["SE", "DE"]).covers(national));
        assert!(!off(&["SE", "DE", "FI"]).covers(national), "one of three");
        assert!(off(&["SE", "DE", "FI"]).only(Country::of_code("se").unwrap()).covers(national), "its own people have it");
        assert!(!off(&["DE", "FI"]).only(Country::of_code("SE").unwrap()).covers(national), "nobody asked for Sweden");
        assert!(!Holidays::default().covers(day("2025-12-25")));
    }

    #[test]
    fn countries_are_in_order_and_fit_into_the_set() {
        let codes: Vec<&str> = Country::all().map(Country::code).collect();
        assert!(codes.is_sorted() && codes.len() <= 64, "{codes:?}");
        assert_eq!(off(&codes).countries().count(), codes.len());
        assert_eq!(Country::of_code("se").map(Country::name), Some("Sweden"));
        assert_eq!(Country::of_code("SWE"), None);
    }

    proptest! {
        #[test]
        fn new_year_and_christmas_are_off_nearly_everywhere(year in 2020..2100_i32, at in 0..NATIONS.len() as u8) {
            let country: Holidays = [Country(at)].into_iter().collect();
            prop_assert!(country.covers(NaiveDate::from_ymd_opt(year, 1, 1).unwrap()));
            let christmas = country.covers(NaiveDate::from_ymd_opt(year, 12, 25).unwrap());
            prop_assert!(christmas || Country(at).code() == "TR");
        }

        #[test]
        fn a_country_has_eight_to_twenty_days_off_in_any_year(year in 2020..2100_i32, at in 0..NATIONS.len() as u8) {
            let country: Holidays = [Country(at)].into_iter().collect();
            let days = (1..=366).filter_map(|of| NaiveDate::from_yo_opt(year, of)).filter(|day| country.covers(*day)).count();
            prop_assert!((7..=20).contains(&days), "{} has {days} in {year}", Country(at).code());
        }
    }
}
