//! From a local time to the moment at which a job named for it runs.

use chrono::MappedLocalTime;
use chrono::NaiveDateTime;
use chrono::TimeZone;
use chrono_tz::GapInfo;
use chrono_tz::Tz;

use crate::domain::Timestamp;

/// The one moment that stands for a local time: itself; its first pass where the clocks go back
/// over it; the moment the clocks go on where they skip it. Never goes back for a later `local`.
pub(super) fn moment(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.to_utc()),
        MappedLocalTime::None => GapInfo::new(&local, &zone)?.end.map(|at| at.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn of(local: &str, zone: Tz) -> String {
        moment(local.parse().unwrap(), zone).unwrap().to_rfc3339()
    }

    #[test]
    fn a_skipped_time_is_the_moment_the_clocks_go_on() {
        for (name, local, zone, at) in [
            ("before the gap", "2026-03-29T01:59:59", chrono_tz::Europe::Stockholm, "2026-03-29T00:59:59+00:00"),
            ("in the gap", "2026-03-29T02:30:00", chrono_tz::Europe::Stockholm, "2026-03-29T01:00:00+00:00"),
            ("a gap of half an hour", "2026-10-04T02:10:00", chrono_tz::Australia::Lord_Howe, "2026-10-03T15:30:00+00:00"),
            ("a gap at midnight", "2026-09-06T00:00:00", chrono_tz::America::Santiago, "2026-09-06T04:00:00+00:00"),
            ("a whole day", "2011-12-30T12:00:00", chrono_tz::Pacific::Apia, "2011-12-30T10:00:00+00:00"),
            ("the first pass of a fold", "2026-10-25T02:30:00", chrono_tz::Europe::Stockholm, "2026-10-25T00:30:00+00:00"),
        ] {
            assert_eq!(of(local, zone), at, "{name}");
        }
    }

    proptest! {
        #[test]
        fn later_local_times_never_come_earlier(
            zone in proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            seconds in 0_i64..4_000_000_000,
            step in 0_i64..200_000,
        ) {
            let local = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let later = local + TimeDelta::seconds(step);
            prop_assert!(moment(local, zone).unwrap() <= moment(later, zone).unwrap());
        }
    }
}
