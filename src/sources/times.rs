//! Times as people and programs write them, read without guessing.
//!
//! [`certain`] reads the forms that mean one thing only: year first, month by name, day.month.year
//! with dots, seconds or milliseconds since 1970. `03/04/2026` means two things; [`slashed`] takes
//! it apart and leaves the decision to whoever has seen more of the column.

use chrono::DateTime;
use chrono::FixedOffset;
use chrono::NaiveDate;
use chrono::NaiveDateTime;
use chrono::NaiveTime;
use chrono::TimeDelta;
use chrono::TimeZone;
use chrono_tz::Tz;

use crate::domain::Timestamp;

/// A time with the zone that stands beside it, if one does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    /// As on the wall.
    pub local: NaiveDateTime,
    /// The zone named with it.
    pub zone: Named,
}

/// The zone that a time names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Named {
    /// None.
    Nothing,
    /// This one.
    Zone(Zone),
    /// One that is not known or means several zones: `IST`.
    Unknown,
}

/// How far a local time is from UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Zone {
    /// Always the same.
    Offset(FixedOffset),
    /// By the rules of a place.
    Place(Tz),
}

/// A date of three numbers with slashes or hyphens, year last, which can be read two ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slashed {
    /// Day or month.
    pub first: u32,
    /// Month or day.
    pub second: u32,
    /// With its century.
    pub year: i32,
    /// The last number as written.
    pub last: u32,
    /// Midnight where none is written.
    pub time: NaiveTime,
    /// The zone named with it.
    pub zone: Named,
}

impl Zone {
    /// UTC.
    pub(super) fn utc() -> Self {
        Self::Place(Tz::UTC)
    }

    /// A zone by its name, abbreviation or offset.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.contains('/') || name == "UTC" {
            return name.parse().ok().map(Self::Place);
        }
        read_zone(name)
    }

    /// The moment when a clock on the wall shows `local`. An hour that a clock change skips is
    /// read as if the clock had not been changed; one that comes twice is the first of the two.
    pub(super) fn moment(self, local: NaiveDateTime) -> Timestamp {
        match self {
            Self::Offset(offset) => local.checked_sub_offset(offset).unwrap_or(local).and_utc(),
            Self::Place(place) => place
                .from_local_datetime(&local)
                .earliest()
                .or_else(|| Some(place.from_local_datetime(&(local - TimeDelta::hours(1))).earliest()? + TimeDelta::hours(1)))
                .map_or_else(|| local.and_utc(), |moment| moment.to_utc()),
        }
    }
}

impl Written {
    /// The moment, in `zone` where the time itself names none that is known.
    pub(super) fn moment(self, zone: Zone) -> Timestamp {
        match self.zone {
            Named::Zone(named) => named.moment(self.local),
            Named::Nothing | Named::Unknown => zone.moment(self.local),
        }
    }
}

impl Slashed {
    /// With the day first.
    pub(super) fn day_first(self) -> Option<Written> {
        Some(Written { local: NaiveDate::from_ymd_opt(self.year, self.second, self.first)?.and_time(self.time), zone: self.zone })
    }

    /// With the year first, in two digits.
    pub(super) fn year_first(self) -> Option<Written> {
        let year = century(self.first, 2);
        Some(Written { local: NaiveDate::from_ymd_opt(year, self.second, self.last)?.and_time(self.time), zone: self.zone })
    }

    /// With the month first.
    pub(super) fn month_first(self) -> Option<Written> {
        Some(Written { local: NaiveDate::from_ymd_opt(self.year, self.first, self.second)?.and_time(self.time), zone: self.zone })
    }
}

/// Reads a time that can be read one way only.
pub(super) fn certain(text: &str) -> Option<Written> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    year_first(text).or_else(|| dotted(text)).or_else(|| since_1970(text)).or_else(|| month_by_name(text))
}

/// Reads `03/04/2026 10:15` and `3-4-26` into its parts.
pub(super) fn slashed(text: &str) -> Option<Slashed> {
    let mut scan = Scan(text.trim());
    let first = scan.number(1, 2)?;
    let mark = scan.any(&['/', '-'])?;
    let second = scan.number(1, 2)?;
    scan.any(&[mark])?;
    let digits = scan.0;
    let year = full_year(&mut scan)?;
    let last = digits[..digits.len() - scan.0.len()].parse().ok()?;
    let (time, zone) = scan.time_and_zone()?;
    let plausible = (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12);
    plausible.then_some(Slashed { first, second, year, last, time, zone })
}

/// What a feed says of its time: a moment not before 1995, UTC where no zone is known, or nothing.
/// Earlier ones are what programs write that do not know.
#[must_use]
pub fn of_feed(text: &str) -> Option<Timestamp> {
    let moment = certain(text)?.moment(Zone::utc());
    believable(moment).then_some(moment)
}

/// Whether a time can have been meant: not before 1995, not centuries ahead.
pub(super) fn believable(moment: Timestamp) -> bool {
    use chrono::Datelike as _;
    (1995..2200).contains(&moment.year())
}

/// `2026-01-05T08:00:00.5+01:00`, `2026/1/5 8:00 PM EET`, `2026-01-05`, `20260105T080000Z`.
fn year_first(text: &str) -> Option<Written> {
    let mut scan = Scan(text);
    let year = scan.number(4, 4)? as i32;
    let (month, day) = if let Some(mark) = scan.any(&['-', '/', '.']) {
        let month = scan.number(1, 2)?;
        let day = if scan.any(&[mark]).is_some() {
            scan.number(1, 2)?
        } else if scan.0.is_empty() {
            1
        } else {
            return None;
        };
        (month, day)
    } else {
        let (month, day) = (scan.number(2, 2)?, scan.number(2, 2)?);
        if !scan.0.starts_with('T') {
            return None;
        }
        (month, day)
    };
    let (time, zone) = scan.time_and_zone()?;
    Some(Written { local: NaiveDate::from_ymd_opt(year, month, day)?.and_time(time), zone })
}

/// `19.01.2026 13.05`.
fn dotted(text: &str) -> Option<Written> {
    let mut scan = Scan(text);
    let day = scan.number(1, 2)?;
    scan.any(&['.'])?;
    scan.blanks();
    let month = scan.number(1, 2)?;
    scan.any(&['.'])?;
    scan.blanks();
    let year = full_year(&mut scan)?;
    let (time, zone) = scan.time_and_zone()?;
    Some(Written { local: NaiveDate::from_ymd_opt(year, month, day)?.and_time(time), zone })
}

/// Ten digits are seconds, thirteen milliseconds.
fn since_1970(text: &str) -> Option<Written> {
    let whole = text.split('.').next().unwrap_or_default();
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) || !text[whole.len()..].bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let moment = match whole.len() {
        10 => DateTime::from_timestamp(number, 0)?,
        13 => DateTime::from_timestamp_millis(number)?,
        _ => return None,
    };
    Some(Written { local: moment.naive_utc(), zone: Named::Zone(Zone::utc()) })
}

/// `Wed, 14 Oct 2026 09:30:00 +0200`, `Jan 27, 2026 04:45 PM`, `05-Jan-26`, `3. März 2026 um 9:41`.
fn month_by_name(text: &str) -> Option<Written> {
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, None, Named::Nothing);
    let mut afternoon = None;
    for word in text.split([' ', '\t', '\n', ',', '\u{a0}', '\u{202f}']).filter(|word| !word.is_empty()) {
        if word.contains(':') && time.is_none() {
            let mut scan = Scan(word);
            time = Some(scan.time()?);
            if !scan.0.is_empty() {
                match half_of_day(scan.0) {
                    Some(half) => afternoon = Some(half),
                    None => zone = read_zone(scan.0).map_or(Named::Unknown, Named::Zone),
                }
            }
            continue;
        }
        if word.starts_with(['+', '-']) && time.is_some() {
            zone = read_zone(word).map_or(Named::Unknown, Named::Zone);
            continue;
        }
        for part in word.split(['-', '/']).filter(|part| !part.is_empty()) {
            if part.as_bytes()[0].is_ascii_digit() {
                let digits = part.trim_end_matches(|letter: char| !letter.is_ascii_digit());
                let number: u32 = digits.parse().ok()?;
                if day.is_none() && digits.len() <= 2 {
                    day = Some(number);
                } else if year.is_none() && matches!(digits.len(), 2 | 4) {
                    year = Some(century(number, digits.len()));
                } else {
                    return None;
                }
            } else if month.is_none()
                && let Some(named) = month_named(part)
            {
                month = Some(named);
            } else if time.is_some()
                && let Some(half) = half_of_day(part)
            {
                afternoon = Some(half);
            // `Wed Oct 14 09:30:00 PDT 2026`: before the year only what is a zone for sure.
            } else if time.is_some() && (year.is_some() || Zone::named(word).is_some()) {
                zone = Zone::named(word).map_or(if matches!(zone, Named::Zone(_)) { zone } else { Named::Unknown }, Named::Zone);
                break;
            }
        }
    }
    let time = in_half(time.unwrap_or_default(), afternoon)?;
    Some(Written { local: NaiveDate::from_ymd_opt(year?, month?, day?)?.and_time(time), zone })
}

/// What is left to read of a time.
struct Scan<'a>(&'a str);

impl Scan<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        number.parse().ok()
    }

    fn any(&mut self, of: &[char]) -> Option<char> {
        let first = self.0.chars().next().filter(|letter| of.contains(letter))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\u{a0}', '\u{202f}', ',']);
    }

    /// Hours, minutes, perhaps seconds and a fraction.
    fn time(&mut self) -> Option<NaiveTime> {
        let hour = self.number(1, 2)?;
        let minute = match self.any(&[':', '.']) {
            Some(_) => self.number(1, 2)?,
            None => self.number(2, 2)?,
        };
        let mut second = 0;
        let mut nanos = 0;
        if self.0.starts_with([':', '.']) || self.0.bytes().take(2).filter(u8::is_ascii_digit).count() == 2 {
            self.any(&[':', '.']);
            second = self.number(1, 2)?.min(59);
            if self.any(&['.', ',']).is_some() {
                let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
                let fraction: u32 = self.0[..digits.min(9)].parse().ok()?;
                nanos = fraction * 10_u32.pow(9 - digits.min(9) as u32);
                self.0 = &self.0[digits..];
            }
        }
        NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)
    }

    /// What follows a date up to the end of the text.
    fn time_and_zone(&mut self) -> Option<(NaiveTime, Named)> {
        if self.any(&['T', 't']).is_none() {
            self.blanks();
        }
        if self.0.is_empty() {
            return Some((NaiveTime::default(), Named::Nothing));
        }
        // A date of XML Schema may have a zone without a time.
        if let Some(zone) = read_zone(self.0) {
            return Some((NaiveTime::default(), Named::Zone(zone)));
        }
        let time = self.time()?;
        self.blanks();
        let word = self.0.split(' ').next().unwrap_or_default();
        let half = half_of_day(word);
        if half.is_some() {
            self.0 = &self.0[word.len()..];
            self.blanks();
        }
        let zone = match self.0.trim_matches([' ', '(', ')', '[', ']']) {
            "" | "Uhr" => Named::Nothing,
            name => Zone::named(name).map_or(Named::Unknown, Named::Zone),
        };
        // A tail of anything but letters and an offset is no zone, and the whole is no time.
        let tail = self.0.chars().all(|letter| letter.is_alphanumeric() || "+-:/_() []".contains(letter));
        (tail && self.0.len() < 40).then_some(())?;
        Some((in_half(time, half)?, zone))
    }
}

fn half_of_day(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}

fn in_half(time: NaiveTime, afternoon: Option<bool>) -> Option<NaiveTime> {
    use chrono::Timelike as _;
    match (afternoon, time.hour()) {
        (Some(true), 1..=11) => time.with_hour(time.hour() + 12),
        (Some(false), 12) => time.with_hour(0),
        _ => Some(time),
    }
}

fn full_year(scan: &mut Scan<'_>) -> Option<i32> {
    let digits = scan.0.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 2 | 4).then(|| scan.number(digits, digits))?.map(|year| century(year, digits))
}

/// RFC 5322, 4.3: two digits below 50 are in this century.
fn century(year: u32, digits: usize) -> i32 {
    (match (digits, year) {
        (2, 0..=49) => year + 2000,
        (2, _) => year + 1900,
        _ => year,
    }) as i32
}

/// Offsets, and the abbreviations that mean one zone: those of RFC 5322 and some European and
/// Japanese ones.
fn read_zone(name: &str) -> Option<Zone> {
    let upper = name.trim().to_ascii_uppercase();
    let hours = match upper.as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "CET" | "MEZ" | "BST" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EEST" => 3,
        "JST" => 9,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        other => {
            let offset = other.strip_prefix("GMT").or(other.strip_prefix("UTC")).unwrap_or(other);
            return read_offset(offset);
        }
    };
    FixedOffset::east_opt(hours * 3600).map(Zone::Offset)
}

/// `+02:00`, `-0530`, `+2`.
fn read_offset(text: &str) -> Option<Zone> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut scan = Scan(&text[1..]);
    let hours = scan.number(1, 2)?;
    scan.any(&[':']);
    let minutes = if scan.0.is_empty() { 0 } else { scan.number(2, 2)? };
    if !scan.0.is_empty() || hours > 15 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60) as i32).map(Zone::Offset)
}

/// Number of a month by the first letters of its name in some languages.
fn month_named(word: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["jan", "ene", "gen", "janv"],
        &["feb", "fev", "fév", "febbr"],
        &["mar", "mär", "mrz", "maa", "mrt"],
        &["apr", "abr", "avr"],
        &["may", "mai", "maj", "mei", "mag"],
        &["jun", "jui", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "ago", "aoû", "aou"],
        &["sep", "set"],
        &["oct", "okt", "ott", "out"],
        &["nov"],
        &["dec", "dez", "dic", "déc", "des"],
    ];
    let word = word.trim_end_matches('.').to_lowercase();
    if word.len() < 3 || word.chars().any(|letter| !letter.is_alphabetic()) || is_weekday(&word) {
        return None;
    }
    if word.starts_with("juil") {
        return Some(7);
    }
    NAMES.iter().position(|names| names.iter().any(|name| word.starts_with(name))).map(|at| at as u32 + 1)
}

/// `mar` is March in English and Tuesday in French and Spanish; only whole French weekdays that
/// begin like a month need telling apart.
fn is_weekday(word: &str) -> bool {
    matches!(word, "mardi" | "martes" | "martedì" | "sabado" | "setmana")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        certain(text).map_or_else(|| "none".to_owned(), |written| written.moment(Zone::utc()).to_rfc3339())
    }

    #[test]
    fn certain_forms_are_read() {
        for (text, moment) in [
            ("2026-01-05T08:00:00Z", "2026-01-05T08:00:00+00:00"),
            ("2026-01-05T08:00:00.250+01:00", "2026-01-05T07:00:00.250+00:00"),
            ("2026-01-05 08:00:00 +0000", "2026-01-05T08:00:00+00:00"),
            ("2026-02-27 13.05.22", "2026-02-27T13:05:22+00:00"),
            ("2026/03/27 11:05:22 PM EET", "2026-03-27T21:05:22+00:00"),
            ("2026-06-11 18:40:00 America/New_York", "2026-06-11T22:40:00+00:00"),
            ("2026-06-11 18:40 GMT+2", "2026-06-11T16:40:00+00:00"),
            ("2026-01-05", "2026-01-05T00:00:00+00:00"),
            ("2026-01-05+02:00", "2026-01-04T22:00:00+00:00"),
            ("20260105T080000Z", "2026-01-05T08:00:00+00:00"),
            ("04.03.2026 09:41:07", "2026-03-04T09:41:07+00:00"),
            ("1.2.26", "2026-02-01T00:00:00+00:00"),
            ("Wed, 14 Oct 2026 09:30:00 +0200", "2026-10-14T07:30:00+00:00"),
            ("Tue, 13 Oct 26 23:59 GMT", "2026-10-13T23:59:00+00:00"),
            ("14 October 2026 06:00:00 EST", "2026-10-14T11:00:00+00:00"),
            ("Jan 27, 2026 04:45 PM", "2026-01-27T16:45:00+00:00"),
            ("05-Jan-26 7:00", "2026-01-05T07:00:00+00:00"),
            ("3. März 2026 um 9:41 Uhr", "2026-03-03T09:41:00+00:00"),
            ("1767600000", "2026-01-05T08:00:00+00:00"),
            ("Fri, 14 Oct 2026 9:05 +0200", "2026-10-14T07:05:00+00:00"),
            ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59+00:00"),
            ("Wed,14 Oct 2026 09:30:00 Z", "2026-10-14T09:30:00+00:00"),
            ("Wednesday, 14-Oct-26 09:30:00 UTC", "2026-10-14T09:30:00+00:00"),
            ("Wed Oct 14 09:30:00 2026", "2026-10-14T09:30:00+00:00"),
            ("Wed Oct 14 09:30:00 PDT 2026", "2026-10-14T16:30:00+00:00"),
            ("Wed, 14 Oct 2026 09:30:00 MESZ", "2026-10-14T07:30:00+00:00"),
            ("mer., 14 oct. 2026 09:30:00 +0200", "2026-10-14T07:30:00+00:00"),
            ("Sept 9, 2026 7:05 am", "2026-09-09T07:05:00+00:00"),
            ("14 Oct 99 09:30 +0000", "1999-10-14T09:30:00+00:00"),
            ("2026-01-05T08:00:00+0100", "2026-01-05T07:00:00+00:00"),
            ("2026-01-05T08:00", "2026-01-05T08:00:00+00:00"),
            ("2026-01-05 08:00:00.000 UTC", "2026-01-05T08:00:00+00:00"),
            ("1767600000123", "2026-01-05T08:00:00.123+00:00"),
        ] {
            assert_eq!(shown(text), moment, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_can_be_read_two_ways_is_none() {
        for text in [
            "",
            "03/04/2026",
            "3-4-26",
            "yesterday",
            "12",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "25:00",
            "1.2",
            "2026-01-05 and more, later!",
        ] {
            assert_eq!(shown(text), "none", "{text}");
        }
    }

    #[test]
    fn slashes_leave_the_order_open() {
        let date = slashed("03/04/2026 02:05:31 PM").unwrap();
        assert_eq!(date.day_first().unwrap().local.to_string(), "2026-04-03 14:05:31");
        assert_eq!(date.month_first().unwrap().local.to_string(), "2026-03-04 14:05:31");
        assert_eq!(slashed("13/14/2026"), None);
        assert_eq!(slashed("14/03/2026").unwrap().month_first(), None);
    }

    #[test]
    fn an_hour_that_a_clock_change_skips_or_repeats_is_still_a_moment() {
        let stockholm = Zone::named("Europe/Stockholm").unwrap();
        let local = |text: &str| certain(text).unwrap().moment(stockholm).to_rfc3339();
        assert_eq!(local("2026-03-29 02:30"), "2026-03-29T01:30:00+00:00");
        assert_eq!(local("2026-10-25 02:30"), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn abbreviations_that_mean_several_zones_are_unknown() {
        assert_eq!(certain("2026-01-05 08:00 IST").unwrap().zone, Named::Unknown);
        assert_eq!(certain("2026-01-05 08:00 CEST").unwrap().zone, Named::Zone(Zone::named("+02:00").unwrap()));
    }

    #[test]
    fn a_feed_that_says_1970_says_nothing() {
        assert_eq!(of_feed("Thu, 01 Jan 1970 00:00:00 GMT"), None);
        assert!(of_feed("2026-01-05T08:00:00Z").is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[0-9A-Za-z:/.+, -]{0,40}|\\PC{0,40}") {
            let _ = (certain(&text), slashed(&text), of_feed(&text), Zone::named(&text));
        }
    }
}
