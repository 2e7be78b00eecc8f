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

/// `3 d 4 h`, `9 h 20 min`, `5 min`: two units at most.
#[must_use]
pub fn lasting(length: TimeDelta) -> String {
    let minutes = length.num_minutes().max(0);
    let parts = [(minutes / 1440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "min")];
    let from = parts.iter().position(|(count, _)| *count > 0).unwrap_or(2);
    let shown = parts[from..].iter().take(2).filter(|(count, _)| *count > 0 || from == 2);
    shown.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
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
    #[test]
    fn lengths_are_told_in_two_units() {
        let told = [0, 59, 60, 75, 1440, 1445, 4_500].map(|minutes| lasting(TimeDelta::minutes(minutes)));
        assert_eq!(told, ["0 min", "59 min", "1 h", "1 h 15 min", "1 d", "1 d", "3 d 3 h"]);
        assert_eq!(lasting(TimeDelta::minutes(-5)), "0 min");
    }
}
