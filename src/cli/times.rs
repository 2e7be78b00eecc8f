//! Times and durations as people type them, and as programs read them.

use chrono::NaiveDate;
use chrono::NaiveDateTime;
use chrono::SecondsFormat;
use chrono::TimeDelta;
use chrono::TimeZone as _;
use chrono_tz::Tz;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::domain::Timestamp;

/// RFC 3339 in UTC with `Z`.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// For people, in their zone.
#[must_use]
pub fn local(at: Timestamp, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// A date, a time, or an age: `2026-11-22`, `2026-11-22T14:00`, `2026-11-22T14:00:00Z`, `7d`.
/// What names no zone is in `zone`.
///
/// # Errors
///
/// [`Failure`] that shows the forms.
pub fn parse(text: &str, zone: Tz, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0));
    if let Some(at) = local.and_then(|local| zone.from_local_datetime(&local).earliest()) {
        return Ok(at.to_utc());
    }
    if let Some(age) = duration(text) {
        return Ok(now - age);
    }
    Err(Failure::new(
        Code::Usage,
        format!("`{text}` is no time; write 2026-11-22, 2026-11-22T14:00, 2026-11-22T14:00:00Z, or an age as in 36h or 7d"),
    ))
}

/// `90s`, `30m`, `2h`, `7d`, `2w`.
#[must_use]
pub fn duration(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].trim().parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    TimeDelta::try_seconds(number.checked_mul(seconds)?).filter(|delta| delta.num_days() < 400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_type_times_in_many_ways() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let zone = chrono_tz::Europe::Stockholm;
        for (text, want) in [
            ("2026-11-22", "2026-11-21T23:00:00Z"),
            ("2026-11-22 14:30", "2026-11-22T13:30:00Z"),
            ("2026-11-22T14:00:00+02:00", "2026-11-22T12:00:00Z"),
            ("2h", "2026-11-22T10:00:00Z"),
            ("7d", "2026-11-15T12:00:00Z"),
        ] {
            assert_eq!(stamp(parse(text, zone, now).unwrap()), want, "{text}");
        }
        for text in ["", "soon", "7", "-2h", "99999999999999999d", "2026-13-01", "é"] {
            assert!(parse(text, zone, now).is_err(), "{text}");
        }
    }
}
