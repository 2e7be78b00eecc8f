//! Durations and sizes as people write them: `6h`, `400d`, `20 GB`.

use std::fmt::Write as _;

use chrono::TimeDelta;

/// Milliseconds in a second.
pub const SECOND: i64 = 1000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

const TIMES: [(&str, i64); 6] = [("w", 7 * DAY), ("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

const SIZES: [(&str, u64); 9] = [
    ("tb", 1_000_000_000_000),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("b", 1),
];

/// `30m`, `1h 30m`, `400d`.
///
/// # Errors
///
/// What is wrong with it.
pub fn duration(text: &str) -> Result<TimeDelta, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let (number, unit, after) = piece(rest)?;
        if unit.is_empty() {
            return Err(format!("`{number}` has no unit"));
        }
        let factor = TIMES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let factor = factor.ok_or_else(|| format!("`{unit}` is no unit of time"))?;
        let number: i64 = number.parse().map_err(|_| format!("`{number}` is no whole number, or too large"))?;
        sum = number.checked_mul(factor).and_then(|part| sum.checked_add(part)).ok_or("it is too long")?;
        rest = after.trim_start();
    }
    TimeDelta::try_milliseconds(sum).ok_or_else(|| "it is too long".to_owned())
}

/// `20 GB`, `10MB`, `64 KiB`; bytes.
///
/// # Errors
///
/// What is wrong with it.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit, after) = piece(text.trim())?;
    if !after.is_empty() {
        return Err(format!("`{after}` is too much"));
    }
    if unit.is_empty() {
        return Err(format!("`{number}` has no unit"));
    }
    let factor = SIZES.iter().find(|(name, _)| *name == unit.to_ascii_lowercase()).map(|(_, factor)| *factor);
    let factor = factor.ok_or_else(|| format!("`{unit}` is no unit of size"))?;
    let number: u64 = number.parse().map_err(|_| format!("`{number}` is no whole number, or too large"))?;
    number.checked_mul(factor).ok_or_else(|| "it is too large".to_owned())
}

/// The digits in front, the letters after them, and what is left.
fn piece(text: &str) -> Result<(&str, &str, &str), String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    if number.is_empty() {
        return Err("it does not begin with a number".to_owned());
    }
    let rest = rest.trim_start();
    let letters = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    if unit.is_empty() && !after.is_empty() {
        return Err(format!("`{after}` is no unit"));
    }
    Ok((number, unit, after))
}

/// The shortest way to write a duration: `90m`, `400d`.
#[must_use]
pub fn write_duration(duration: TimeDelta) -> String {
    let all = duration.num_milliseconds();
    let (unit, factor) = TIMES[1..].iter().find(|(_, factor)| all % factor == 0).unwrap_or(&TIMES[5]);
    if all == 0 { "0s".to_owned() } else { format!("{}{unit}", all / factor) }
}

/// The shortest way to write a size: `20 GB`.
#[must_use]
pub fn write_size(bytes: u64) -> String {
    const NAMES: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
    let (unit, factor) = NAMES.iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor)).unwrap_or(&("B", 1));
    let mut text = String::new();
    write!(text, "{} {unit}", bytes / factor).expect("writing to a string never fails");
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, milliseconds) in
            [("30m", 30 * MINUTE), ("1h 30m", 90 * MINUTE), ("1h30m", 90 * MINUTE), ("400d", 400 * DAY), ("2 w", 14 * DAY), ("250ms", 250)]
        {
            assert_eq!(duration(text), Ok(TimeDelta::milliseconds(milliseconds)), "{text}");
        }
    }

    #[test]
    fn a_duration_without_a_unit_says_so() {
        assert_eq!(duration("30"), Err("`30` has no unit".to_owned()));
        assert_eq!(duration("30 hours"), Err("`hours` is no unit of time".to_owned()));
        assert_eq!(duration("m"), Err("it does not begin with a number".to_owned()));
        assert_eq!(duration("99999999999999w"), Err("it is too long".to_owned()));
        assert_eq!(duration("1.5h"), Err("`1.5` is no whole number, or too large".to_owned()));
        assert_eq!(duration("5-m"), Err("`-m` is no unit".to_owned()));
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("20 GB"), Ok(20_000_000_000));
        assert_eq!(size("10MB"), Ok(10_000_000));
        assert_eq!(size("64 kib"), Ok(65_536));
        assert_eq!(size("10"), Err("`10` has no unit".to_owned()));
        assert_eq!(size("10 MB 5"), Err("` 5` is too much".to_owned()));
        assert_eq!(size("99999999 TB"), Err("it is too large".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(milliseconds in 0_i64..10_000 * DAY, bytes in any::<u64>()) {
            let time = TimeDelta::milliseconds(milliseconds);
            prop_assert_eq!(duration(&write_duration(time)), Ok(time));
            prop_assert_eq!(size(&write_size(bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_gives_a_value_or_a_reason(text in ".*") {
            let _ = duration(&text);
            let _ = size(&text);
        }
    }
}
