//! Cron lines, right over clock changes.
//!
//! The `cron` crate walks through the calendar; this file stands between it and people. It takes
//! the classic five fields (the crate wants six), numbers Sunday 0 or 7 (the crate: 1, so that a
//! Monday written as `1` would silently be a Sunday), takes a day of the month *or* of the week
//! where both are named (the crate takes both at once, every other cron either), and runs a job
//! once where the clocks skip or repeat its time (the crate: never, and twice).

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use ::cron::Schedule as Walk;
use chrono::TimeDelta;
use chrono_tz::Tz;

use super::field;
use super::field::Named;
use super::field::Unit;
use super::local;
use crate::domain::Timestamp;

/// A cron line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    text: String,
    /// One walk, or two of which either counts: days of the month, days of the week.
    walks: Vec<Walk>,
}

/// Why a cron line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {cure}")]
pub struct CronError {
    /// Bytes of the line at fault.
    pub span: Range<usize>,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub cure: String,
}

/// Whole lines with a name, in the classic five fields.
const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Runs that are looked at to find how close together a line's runs come.
const SAMPLED_RUNS: usize = 1_500;

impl Line {
    /// Reads five fields (minute, hour, day of the month, month, day of the week), six (a second
    /// first) or seven (a year last), or a nickname such as `@hourly`.
    ///
    /// # Errors
    ///
    /// [`CronError`] with the bytes at fault, the reason, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let trimmed = text.trim();
        if let Some(error) = own_zone(text) {
            return Err(error);
        }
        let walks = if trimmed.starts_with('@') {
            let known = NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(trimmed));
            let (_, fields) = known.ok_or_else(|| unknown_nickname(text))?;
            walks(fields)?
        } else {
            walks(text)?
        };
        let line = Self { text: trimmed.to_owned(), walks };
        if line.after(Timestamp::UNIX_EPOCH, Tz::UTC).is_none() {
            return Err(CronError {
                span: whole(text),
                reason: "no date in any year fits this line".to_owned(),
                cure: "check the day against the month: February has at most 29 days".to_owned(),
            });
        }
        Ok(line)
    }

    /// The first run after `now` in a zone; `None` where the line's years have passed.
    ///
    /// A local time that the clocks skip runs once, when they go on; one that they repeat runs
    /// once, at its first pass.
    #[must_use]
    pub fn after(&self, now: Timestamp, zone: Tz) -> Option<Timestamp> {
        // The walk is through local times as if they were UTC, which has no gaps and no folds.
        let local = now.with_timezone(&zone).naive_local().and_utc();
        let first = |walk: &Walk| walk.after(&local).filter_map(|run| local::moment(run.naive_utc(), zone)).find(|at| *at > now);
        self.walks.iter().filter_map(first).min()
    }

    /// Shortest time between two runs, to be held against the least interval of a source.
    #[must_use]
    pub fn shortest_gap(&self) -> TimeDelta {
        // From the eve of a leap year, so that a 29 February is among the runs.
        let mut last = Timestamp::from_timestamp(946_684_799, 0).unwrap_or_default();
        let mut shortest = TimeDelta::MAX;
        for run in 0..SAMPLED_RUNS {
            let Some(next) = self.after(last, Tz::UTC) else { break };
            if run > 0 {
                shortest = shortest.min(next - last);
            }
            last = next;
        }
        shortest
    }
}

impl FromStr for Line {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        Self::parse(text)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The crate's walks for a line of five to seven fields.
fn walks(text: &str) -> Result<Vec<Walk>, CronError> {
    let words = words(text);
    let named = |unit, index: usize| words.get(index).map_or(Ok(None), |(from, word)| field::read(unit, word, *from));
    let seconds_first = usize::from(words.len() > 5);
    if !(5..=7).contains(&words.len()) {
        return Err(CronError {
            span: whole(text),
            reason: format!("a cron line has five fields, not {}", words.len()),
            cure: "write minute, hour, day of the month, month, day of the week, as in `30 6 * * Mon-Fri`".to_owned(),
        });
    }
    let second = if seconds_first == 1 { named(Unit::Second, 0)? } else { Some([0].into()) };
    let minute = named(Unit::Minute, seconds_first)?;
    let hour = named(Unit::Hour, seconds_first + 1)?;
    let day = named(Unit::Day, seconds_first + 2)?;
    let month = named(Unit::Month, seconds_first + 3)?;
    let weekday = named(Unit::Weekday, seconds_first + 4)?;
    let year = named(Unit::Year, 6)?;

    // A field that begins with a star does not count as named (cron(8), since Vixie's): `*/2`
    // in one of them limits the other.
    let star = |index: usize| words.get(index + seconds_first).is_some_and(|(_, word)| word.starts_with(['*', '?']));
    let both = |days, weekdays| walk([&second, &minute, &hour, days, &month, weekdays, &year], text);
    if star(2) || star(4) {
        return Ok(vec![both(&day, &weekday)?]);
    }
    Ok(vec![both(&day, &None)?, both(&None, &weekday)?])
}

/// One walk of the crate. Its Sunday is 1.
fn walk(fields: [&Named; 7], text: &str) -> Result<Walk, CronError> {
    const WEEKDAY: usize = 5;
    let written = fields.iter().enumerate().map(|(index, named)| match named {
        None => "*".to_owned(),
        Some(numbers) => numbers.iter().map(|n| (n + u32::from(index == WEEKDAY)).to_string()).collect::<Vec<_>>().join(","),
    });
    Walk::from_str(&written.collect::<Vec<_>>().join(" ")).map_err(|error| CronError {
        span: whole(text),
        reason: format!("not a cron line: {error}"),
        cure: "write it as in `30 6 * * Mon-Fri`".to_owned(),
    })
}

/// Words between white space, with the byte at which each begins.
fn words(text: &str) -> Vec<(usize, &str)> {
    text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect()
}

fn whole(text: &str) -> Range<usize> {
    0..text.len()
}

/// Other crons take a zone in front of a line (`TZ=`, `CRON_TZ=`); here one holds for all.
fn own_zone(text: &str) -> Option<CronError> {
    let (from, word) = words(text).into_iter().next()?;
    let (key, zone) = word.split_once('=').filter(|(key, _)| ["TZ", "CRON_TZ"].iter().any(|known| known.eq_ignore_ascii_case(key)))?;
    let zone = zone.parse().map_or("Europe/Stockholm", Tz::name);
    Some(CronError {
        span: from..from + word.len(),
        reason: format!("`{key}=` does not belong here: the zone of all cron lines is `time_zone`"),
        cure: format!("take it out of the line and write `time_zone = \"{zone}\"` at the top of the configuration"),
    })
}

fn unknown_nickname(text: &str) -> CronError {
    let names = NICKNAMES.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    CronError {
        span: whole(text),
        reason: format!("`{}` is not known", text.trim()),
        cure: format!("there are {names}; an interval is written as `every = \"30m\"`"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use chrono::NaiveDateTime;
    use chrono::Timelike;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The next few runs, as local times.
    fn runs(line: &str, from: &str, zone: Tz) -> Vec<String> {
        let line = Line::parse(line).unwrap();
        let mut now = at(from);
        let mut found = Vec::new();
        while let Some(next) = line.after(now, zone).filter(|_| found.len() < 4) {
            found.push(next.with_timezone(&zone).format("%a %m-%d %H:%M:%S %z").to_string());
            now = next;
        }
        found
    }

    #[test]
    fn a_one_is_a_monday() {
        let days = runs("0 9 * * 1", "2026-03-02T00:00:00Z", Tz::UTC);
        assert_eq!(days[..2], ["Mon 03-02 09:00:00 +0000", "Mon 03-09 09:00:00 +0000"]);
        assert_eq!(runs("0 9 * * 0", "2026-03-02T00:00:00Z", Tz::UTC), runs("0 9 * * 7", "2026-03-02T00:00:00Z", Tz::UTC));
    }

    #[test]
    fn a_skipped_time_runs_when_the_clocks_go_on() {
        let zone = chrono_tz::Europe::Stockholm;
        let nights = runs("30 2 * * *", "2026-03-27T12:00:00Z", zone);
        assert_eq!(nights[..3], ["Sat 03-28 02:30:00 +0100", "Sun 03-29 03:00:00 +0200", "Mon 03-30 02:30:00 +0200"]);
        let close = runs("*/20 1-3 * * *", "2026-03-29T00:30:00Z", zone);
        assert_eq!(close[..3], ["Sun 03-29 01:40:00 +0100", "Sun 03-29 03:00:00 +0200", "Sun 03-29 03:20:00 +0200"]);
    }

    #[test]
    fn a_repeated_time_runs_at_its_first_pass_only() {
        let nights = runs("30 2 * * *", "2026-10-24T12:00:00Z", chrono_tz::Europe::Stockholm);
        assert_eq!(nights[..2], ["Sun 10-25 02:30:00 +0200", "Mon 10-26 02:30:00 +0100"]);
        // A daemon that starts during the second pass does not run it again.
        assert_eq!(runs("30 2 * * *", "2026-10-25T01:10:00Z", chrono_tz::Europe::Stockholm)[0], "Mon 10-26 02:30:00 +0100");
    }

    #[test]
    fn a_day_of_the_month_and_a_day_of_the_week_are_either() {
        let days = runs("0 6 13 * Fri", "2026-03-10T00:00:00Z", Tz::UTC);
        assert_eq!(days[..2], ["Fri 03-13 06:00:00 +0000", "Fri 03-20 06:00:00 +0000"]);
        assert_eq!(runs("0 6 13 * Fri", "2026-04-10T12:00:00Z", Tz::UTC)[0], "Mon 04-13 06:00:00 +0000");
        // With a star in one of them, the other limits it.
        assert_eq!(runs("0 6 */2 * Fri", "2026-03-14T00:00:00Z", Tz::UTC)[0], "Fri 03-27 06:00:00 +0000");
    }

    #[test]
    fn nicknames_seconds_and_years_are_known() {
        assert_eq!(runs("@hourly", "2026-03-02T08:30:00Z", Tz::UTC)[0], "Mon 03-02 09:00:00 +0000");
        assert_eq!(runs("@Weekly", "2026-03-02T08:30:00Z", Tz::UTC)[0], "Sun 03-08 00:00:00 +0000");
        assert_eq!(runs("15 0 9 * * *", "2026-03-02T08:30:00Z", Tz::UTC)[0], "Mon 03-02 09:00:15 +0000");
        assert_eq!(runs("0 0 9 1 1 ? 2027", "2026-03-02T08:30:00Z", Tz::UTC), ["Fri 01-01 09:00:00 +0000"]);
        assert_eq!(
            runs("*/30 6-22 * * Mon-Fri", "2026-03-06T22:10:00Z", Tz::UTC)[..2],
            ["Fri 03-06 22:30:00 +0000", "Mon 03-09 06:00:00 +0000"]
        );
    }

    #[test]
    fn a_mistake_is_pointed_at_with_its_cure() {
        let shown = |text| {
            let error = Line::parse(text).unwrap_err();
            format!("{}..{} {error}", error.span.start, error.span.end)
        };
        insta::assert_snapshot!(shown("61 * * * *"), @"0..2 `61` is no minute; write a number from 0 to 59");
        insta::assert_snapshot!(shown("0 6 * * Mon-Fir"), @"12..15 `Fir` is no day of the week; write a number from 0 to 7 or a name such as `mon`");
        insta::assert_snapshot!(shown("0 22-6 * * *"), @"2..6 the range `22-6` runs backwards; write its two parts, as in `22-23,0-6`");
        insta::assert_snapshot!(shown("0 6 L * *"), @"4..5 `L` is no day of the month; `L`, `W` and `#` are not known here; write the days out");
        insta::assert_snapshot!(shown("0 6 30 2 *"), @"0..10 no date in any year fits this line; check the day against the month: February has at most 29 days");
        insta::assert_snapshot!(shown("every 5 minutes"), @"0..15 a cron line has five fields, not 3; write minute, hour, day of the month, month, day of the week, as in `30 6 * * Mon-Fri`");
        insta::assert_snapshot!(shown("TZ=Asia/Tokyo 0 7 * * *"), @r#"0..13 `TZ=` does not belong here: the zone of all cron lines is `time_zone`; take it out of the line and write `time_zone = "Asia/Tokyo"` at the top of the configuration"#);
        insta::assert_snapshot!(shown(" CRON_TZ=Mars @daily"), @r#"1..13 `CRON_TZ=` does not belong here: the zone of all cron lines is `time_zone`; take it out of the line and write `time_zone = "Europe/Stockholm"` at the top of the configuration"#);
        insta::assert_snapshot!(shown("TZ= 0 7 * * *"), @r#"0..3 `TZ=` does not belong here: the zone of all cron lines is `time_zone`; take it out of the line and write `time_zone = "Europe/Stockholm"` at the top of the configuration"#);
        insta::assert_snapshot!(shown("@reboot"), @r#"0..7 `@reboot` is not known; there are `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`; an interval is written as `every = "30m"`"#);
    }

    #[test]
    fn the_shortest_gap_is_found() {
        let gap = |line| Line::parse(line).unwrap().shortest_gap();
        assert_eq!(gap("*/5 * * * *"), TimeDelta::minutes(5));
        assert_eq!(gap("0,7 9 * * Mon"), TimeDelta::minutes(7));
        assert_eq!(gap("* * * * * *"), TimeDelta::seconds(1));
        assert_eq!(gap("0 0 29 2 *"), TimeDelta::days(4 * 365 + 1));
    }

    /// Every local time that a line names, found minute by minute.
    fn nominal(minutes: &[u32], hours: &[u32], weekday: Option<u32>, from: NaiveDateTime, days: i64) -> Vec<NaiveDateTime> {
        (0..days * 1440)
            .map(|minute| from + TimeDelta::minutes(minute))
            .filter(|at| minutes.contains(&at.minute()) && hours.contains(&at.hour()))
            .filter(|at| weekday.is_none_or(|day| at.weekday().num_days_from_sunday() == day))
            .collect()
    }

    fn text_of(minutes: &[u32], hours: &[u32], weekday: Option<u32>) -> String {
        let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        format!("{} {} * * {}", list(minutes), list(hours), weekday.map_or("*".to_owned(), |day| day.to_string()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Around every kind of clock change, each nominal local run happens exactly once, in
        /// order and never in the past; those that the clocks skip fall together.
        #[test]
        fn each_nominal_run_happens_exactly_once(
            minutes in proptest::collection::btree_set(0_u32..60, 1..4),
            hours in proptest::collection::btree_set(0_u32..24, 1..6),
            weekday in proptest::option::weighted(0.2, 0_u32..7),
            (zone, day) in proptest::sample::select(vec![
                (chrono_tz::Europe::Stockholm, "2026-03-28"), (chrono_tz::Europe::Stockholm, "2026-10-24"),
                (chrono_tz::America::New_York, "2026-03-07"), (chrono_tz::America::New_York, "2026-10-31"),
                (chrono_tz::Australia::Lord_Howe, "2026-10-03"), (chrono_tz::Australia::Lord_Howe, "2026-04-04"),
                (chrono_tz::America::Santiago, "2026-09-05"), (chrono_tz::America::Santiago, "2026-04-04"),
                (chrono_tz::Africa::Casablanca, "2026-02-14"), (chrono_tz::Africa::Casablanca, "2026-03-21"),
                (chrono_tz::Pacific::Apia, "2011-12-29"), (chrono_tz::Asia::Kathmandu, "2026-05-01"),
            ]),
        ) {
            let (minutes, hours) = (Vec::from_iter(minutes), Vec::from_iter(hours));
            let start: NaiveDateTime = format!("{day}T00:00:00").parse().unwrap();
            let mut wanted = nominal(&minutes, &hours, weekday, start, 4).into_iter().filter_map(|run| local::moment(run, zone)).collect::<Vec<_>>();
            wanted.dedup();

            let line = Line::parse(&text_of(&minutes, &hours, weekday)).unwrap();
            let mut now = local::moment(start, zone).unwrap() - TimeDelta::milliseconds(1);
            for run in wanted {
                let next = line.after(now, zone).unwrap();
                prop_assert!(next > now);
                prop_assert_eq!(next, run, "{} after {} in {}", line, now, zone);
                now = next;
            }
        }

        #[test]
        fn any_text_is_a_line_or_an_error_within_it(text in "[0-9a-zA-Z*/,?@# -]{0,24}|\\PC{0,24}") {
            if let Err(error) = Line::parse(&text) {
                prop_assert!(error.span.end <= text.len() && text.get(error.span.clone()).is_some(), "{error:?}");
            }
        }
    }
}
