//! One field of a cron line: from what people write to the numbers it means.

use std::collections::BTreeSet;
use std::ops::Range;

use super::cron::CronError;

/// What a field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
    Year,
}

/// The numbers a field names. `None` stands for all of them.
pub(super) type Named = Option<BTreeSet<u32>>;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day of the month",
            Self::Month => "month",
            Self::Weekday => "day of the week",
            Self::Year => "year",
        }
    }

    /// First and last number. Sunday is 0 and, as in most crons, 7 too.
    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
            Self::Year => (1970, 2100),
        }
    }

    /// Names in order, and the number of the first.
    fn names(self) -> (&'static [&'static str], u32) {
        match self {
            Self::Month => (MONTHS, 1),
            Self::Weekday => (WEEKDAYS, 0),
            _ => (&[], 0),
        }
    }
}

/// Reads the field `text`, which begins at byte `from` of the line.
pub(super) fn read(unit: Unit, text: &str, from: usize) -> Result<Named, CronError> {
    if text == "*" || (text == "?" && matches!(unit, Unit::Day | Unit::Weekday)) {
        return Ok(None);
    }
    let mut named = BTreeSet::new();
    let mut at = from;
    for item in text.split(',') {
        let span = at..at + item.len();
        at = span.end + 1;
        named.extend(read_item(unit, item, span)?);
    }
    Ok(Some(named))
}

/// `5`, `1-5`, `*/10`, `8-18/2`, `Mon`, `Mon-Fri`.
fn read_item(unit: Unit, item: &str, span: Range<usize>) -> Result<Vec<u32>, CronError> {
    let (range, step) = match item.split_once('/') {
        None => (item, None),
        Some((range, step)) => (range, Some(read_step(unit, step, span.start + range.len() + 1)?)),
    };
    let (first, last) = unit.bounds();
    let (low, high) = if range == "*" {
        (first, last - u32::from(unit == Unit::Weekday))
    } else if let Some((low, high)) = range.split_once('-') {
        let low = read_number(unit, low, span.start)?;
        let high_from = span.start + range.len() - high.len();
        let high = read_number(unit, high, high_from)?;
        // A week may end with its Sunday: `Sat-Sun`.
        (low, if unit == Unit::Weekday && high == 0 && low > 0 { 7 } else { high })
    } else {
        let number = read_number(unit, range, span.start)?;
        (number, if step.is_some() { last } else { number })
    };
    if low > high {
        let reason = format!("the range `{range}` runs backwards");
        let cure = format!("write its two parts, as in `{low}-{last},{first}-{high}`");
        return Err(CronError { span, reason, cure });
    }
    let step = step.unwrap_or(1);
    Ok((low..=high).step_by(step as usize).map(|number| if unit == Unit::Weekday { number % 7 } else { number }).collect())
}

fn read_step(unit: Unit, step: &str, from: usize) -> Result<u32, CronError> {
    let (first, last) = unit.bounds();
    match step.parse() {
        Ok(number) if (1..=last - first + 1).contains(&number) => Ok(number),
        _ => Err(CronError {
            span: from..from + step.len(),
            reason: format!("`{step}` is no step"),
            cure: format!("after `/` write a number from 1 to {}", last - first + 1),
        }),
    }
}

fn read_number(unit: Unit, text: &str, from: usize) -> Result<u32, CronError> {
    let (first, last) = unit.bounds();
    let (names, base) = unit.names();
    let lower = text.to_ascii_lowercase();
    // `tuesday` and `sept` begin with the short names.
    let by_name = names.iter().position(|name| lower.starts_with(name) && lower.bytes().all(|b| b.is_ascii_lowercase()));
    let number = by_name.map(|position| base + position as u32).or_else(|| all_digits(text)?.parse().ok());
    match number {
        Some(number) if (first..=last).contains(&number) => Ok(number),
        _ => {
            let span = from..from + text.len();
            let reason = if text.is_empty() { format!("a {} is missing", unit.word()) } else { format!("`{text}` is no {}", unit.word()) };
            let example = names.get(1).map(|name| format!(" or a name such as `{name}`")).unwrap_or_default();
            let cure = if text.contains(['L', 'W', '#']) {
                "`L`, `W` and `#` are not known here; write the days out".to_owned()
            } else {
                format!("write a number from {first} to {last}{example}")
            };
            Err(CronError { span, reason, cure })
        }
    }
}

/// Only plain digits: `+5` is a number to Rust, but not to people.
fn all_digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(unit: Unit, text: &str) -> Vec<u32> {
        read(unit, text, 0).unwrap().map(|named| named.into_iter().collect()).unwrap_or_default()
    }

    #[test]
    fn what_people_write_means_these_numbers() {
        for (name, unit, text, wanted) in [
            ("a list", Unit::Minute, "0,30", vec![0, 30]),
            ("a range", Unit::Hour, "8-11", vec![8, 9, 10, 11]),
            ("a step over all", Unit::Minute, "*/20", vec![0, 20, 40]),
            ("a step over a range", Unit::Hour, "8-14/3", vec![8, 11, 14]),
            ("a step from a number", Unit::Minute, "50/4", vec![50, 54, 58]),
            ("names", Unit::Weekday, "Mon,wednesday", vec![1, 3]),
            ("Sunday as 7", Unit::Weekday, "7", vec![0]),
            ("a week-end", Unit::Weekday, "Sat-Sun", vec![0, 6]),
            ("a week from Sunday", Unit::Weekday, "0-2", vec![0, 1, 2]),
            ("every other weekday", Unit::Weekday, "*/2", vec![0, 2, 4, 6]),
            ("months", Unit::Month, "jan,Sept", vec![1, 9]),
            ("a repetition", Unit::Day, "1,1,1-2", vec![1, 2]),
            ("anything", Unit::Day, "?", vec![]),
        ] {
            assert_eq!(numbers(unit, text), wanted, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (unit, text, span) in [
            (Unit::Minute, "60", 0..2),
            (Unit::Minute, "0,61", 2..4),
            (Unit::Minute, "5,", 2..2),
            (Unit::Minute, "*/0", 2..3),
            (Unit::Minute, "*/x", 2..3),
            (Unit::Hour, "8-24", 2..4),
            (Unit::Hour, "22-6", 0..4),
            (Unit::Hour, "?", 0..1),
            (Unit::Hour, "+5", 0..2),
            (Unit::Hour, "99999999999", 0..11),
            (Unit::Weekday, "fryday", 0..6),
            (Unit::Weekday, "fri2", 0..4),
            (Unit::Weekday, "5#2", 0..3),
        ] {
            assert_eq!(read(unit, text, 0).unwrap_err().span, span, "{text}");
        }
    }
}
