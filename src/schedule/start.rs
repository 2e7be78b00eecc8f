//! When each of many streams is polled first after a start, a reload or a sleep of the machine, so
//! that what is overdue is no burst.
//!
//! Pure. Streams that have to be made up are put in a row, mixed by their seeds, and get their
//! moments one after the other at even distances: chance would put several into one moment.

use chrono::TimeDelta;

use super::Schedule;
use super::every;
use crate::domain::Timestamp;

/// So many streams a second are polled for the first time ever, where that does not take too long.
const NEW_A_SECOND: i64 = 100;
/// New streams are all polled within this time if they are few: people who add one want to see it work.
const SOON: TimeDelta = TimeDelta::seconds(2);
/// A wait after errors is kept over a start for so long at most.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);
/// What the other side says makes a poll wait for so long at most: a day, and a tenth of jitter.
const LONGEST_HINT: TimeDelta = TimeDelta::hours(27);

/// What is known of a stream when the daemon starts.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// When it is polled.
    pub schedule: &'a Schedule,
    /// When it is due, as stored; `None` where it was never polled.
    pub due: Option<Timestamp>,
    /// `due` is what the other side asked for, or a wait after errors.
    pub held: bool,
    /// The other side may say that it is worth asking for less often than scheduled.
    pub hinted: bool,
    /// A hash of its name.
    pub seed: u64,
}

/// When each of the streams is polled first, in their order.
///
/// What is not due yet stays, within an interval of `now`, or a day where hints count; after errors
/// within a day. What is overdue, and what would have to wait longer (its interval was shortened, or
/// the clock was wrong), is spread evenly over its interval or ten minutes, whichever is less; a cron line over a
/// minute, or up to ten where there are many. What was never polled comes within two seconds where
/// it is little, and a hundred a second where it is much, all within ten minutes.
#[must_use]
pub fn first_polls(streams: &[Known<'_>], now: Timestamp) -> Vec<Timestamp> {
    let mut found: Vec<Option<Timestamp>> = streams.iter().map(|stream| kept(stream, now)).collect();
    let row: Vec<usize> = (0..streams.len()).filter(|at| found[*at].is_none()).collect();
    // A row each, or what is new would crowd where chance has put it among what was missed.
    let (new, missed): (Vec<usize>, Vec<usize>) = row.into_iter().partition(|at| streams[*at].due.is_none());
    for mut row in [new, missed] {
        row.sort_by_key(|at| (every::mix(streams[*at].seed), *at));
        for (place, at) in row.iter().enumerate() {
            found[*at] = Some(made_up(&streams[*at], now, place, row.len()));
        }
    }
    found.into_iter().map(|due| due.unwrap_or(now)).collect()
}

/// When a stream is polled next, for people who look at `now` while the daemon runs or before it starts;
/// at the latest, where what is stored is of a longer interval than the present one. `None` for what
/// comes as soon as the daemon can, and for what never comes.
#[must_use]
pub fn awaited(stream: &Known<'_>, now: Timestamp) -> Option<Timestamp> {
    let next = match (kept(stream, now), stream.due) {
        // As stored: a start may be long ago.
        (Some(_), Some(due)) if stream.held => due,
        (Some(kept), _) => kept,
        (None, Some(due)) => due.min(now + longest_row(stream.schedule)),
        (None, None) => return None,
    };
    Some(next).filter(|next| !super::is_never(*next, now))
}

/// When a stream is polled that stands at `place` of a row of `count`.
fn made_up(stream: &Known<'_>, now: Timestamp, place: usize, count: usize) -> Timestamp {
    let many = TimeDelta::milliseconds(count as i64 * 1000 / NEW_A_SECOND).min(every::LONGEST_SPREAD);
    let over = match (stream.schedule, stream.due) {
        (Schedule::Every(interval), None) => many.max(SOON).min(every::bounded(*interval)),
        (schedule @ Schedule::Every(_), Some(_)) => longest_row(schedule),
        (Schedule::Cron(..), _) => many.max(TimeDelta::seconds(super::CATCH_UP_SECONDS)),
    };
    // In the middle of its part of the row: also one alone does not come at once with others of
    // another daemon of the house.
    let part = over.num_milliseconds() as f64 / count as f64;
    let wait = part * place as f64 + part * every::share(stream.seed);
    let due = now + TimeDelta::milliseconds(wait as i64);
    match stream.schedule {
        Schedule::Every(_) => due,
        // The next run may come before the one that is made up.
        Schedule::Cron(..) => due.min(stream.schedule.next(Some(now), now, stream.seed)),
    }
}

/// What few streams that were missed are spread over.
fn longest_row(schedule: &Schedule) -> TimeDelta {
    match schedule {
        Schedule::Every(interval) => every::bounded(*interval).min(every::LONGEST_SPREAD),
        Schedule::Cron(..) => TimeDelta::seconds(super::CATCH_UP_SECONDS),
    }
}

/// What need not be made up.
fn kept(stream: &Known<'_>, now: Timestamp) -> Option<Timestamp> {
    match (stream.schedule, stream.due) {
        (Schedule::Cron(..), None) => Some(stream.schedule.next(None, now, stream.seed)),
        (_, Some(due)) if due > now && stream.held => Some(due.min(now + LONGEST_WAIT)),
        (Schedule::Every(interval), Some(due)) if due > now => Some(due).filter(|due| *due <= now + longest(*interval, stream.hinted)),
        (Schedule::Cron(..), Some(due)) if due > now => Some(stream.schedule.resume(Some(due), now, stream.seed)),
        _ => None,
    }
}

/// How long after a poll the next one may be due.
fn longest(interval: TimeDelta, hinted: bool) -> TimeDelta {
    let longest = every::longest(interval);
    if hinted { longest.max(LONGEST_HINT) } else { longest }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn all(count: u64, schedule: &Schedule, due: Option<Timestamp>) -> Vec<Timestamp> {
        let streams: Vec<Known<'_>> = (0..count).map(|seed| Known { schedule, due, held: false, hinted: false, seed }).collect();
        first_polls(&streams, at(0))
    }

    fn most_in_a_second(polls: &[Timestamp]) -> usize {
        let mut polls: Vec<i64> = polls.iter().map(Timestamp::timestamp_millis).collect();
        polls.sort_unstable();
        polls.iter().enumerate().map(|(first, from)| polls[first..].partition_point(|at| *at < from + 1000)).max().unwrap_or(0)
    }

    #[test]
    fn one_new_source_is_polled_at_once_and_a_hundred_thousand_are_no_burst() {
        let schedule = Schedule::Every(TimeDelta::minutes(30));
        assert!(all(1, &schedule, None)[0] <= at(2));
        let few = all(50, &schedule, None);
        assert!(few.iter().all(|due| *due <= at(2)), "{few:?}");
        let many = all(100_000, &schedule, None);
        assert!(many.iter().all(|due| at(0) <= *due && *due <= at(600)));
        let most = most_in_a_second(&many);
        assert!(most <= 170, "{most} in a second, 167 on average");
        assert!(most_in_a_second(&all(3_000, &schedule, None)) <= 102);
    }

    #[test]
    fn what_is_overdue_is_spread_over_ten_minutes_or_an_interval() {
        let long = all(6_000, &Schedule::Every(TimeDelta::hours(1)), Some(at(-5)));
        assert!(most_in_a_second(&long) <= 12, "{}", most_in_a_second(&long));
        let short = all(6_000, &Schedule::Every(TimeDelta::minutes(1)), Some(at(-5)));
        assert!(short.iter().all(|due| *due <= at(60)));
        assert!(most_in_a_second(&short) <= 102);
    }

    #[test]
    fn many_missed_runs_of_a_cron_line_are_no_burst_either() {
        let line = Schedule::Cron(crate::schedule::cron::Line::parse("0 6 * * *").unwrap(), chrono_tz::Tz::UTC);
        let made_up = all(20_000, &line, Some(at(-100_000)));
        assert!(most_in_a_second(&made_up) <= 102, "{}", most_in_a_second(&made_up));
        assert!(all(1, &line, Some(at(-100_000)))[0] <= at(60));
    }

    #[test]
    fn a_host_that_asked_for_peace_has_it_over_a_restart() {
        let schedule = Schedule::Every(TimeDelta::minutes(30));
        let known = |held| Known { schedule: &schedule, due: Some(at(6 * 3600)), held, hinted: false, seed: 7 };
        let polls = first_polls(&[known(true), known(false)], at(0));
        assert!(polls[0] == at(6 * 3600) && polls[1] <= at(600), "{polls:?}");
        let wrong = Known { due: Some(at(400 * 86_400)), ..known(true) };
        assert_eq!(first_polls(&[wrong], at(0)), [at(86_400)]);
    }

    #[test]
    fn what_waits_for_longer_than_its_interval_is_no_burst_and_hints_hold() {
        let schedule = Schedule::Every(TimeDelta::minutes(15));
        let streams = |hinted| -> Vec<Known<'_>> {
            let due = |seed: u64| Some(at(60 + seed as i64 * 3_600 / 6_000));
            (0..6_000).map(|seed| Known { schedule: &schedule, due: due(seed), held: false, hinted, seed }).collect()
        };
        // `every` was shortened to a quarter of an hour.
        let polls = first_polls(&streams(false), at(0));
        assert!(polls.iter().all(|due| at(0) <= *due && *due <= at(990) + TimeDelta::milliseconds(2)));
        assert!(most_in_a_second(&polls) <= 14, "{}", most_in_a_second(&polls));
        let stored: Vec<Timestamp> = streams(true).iter().map(|stream| stream.due.unwrap()).collect();
        assert_eq!(first_polls(&streams(true), at(0)), stored, "a host that asked for an hour has it");
        let wrong = Known { due: Some(at(30 * 3600)), ..streams(true)[0] };
        assert!(first_polls(&[wrong], at(0))[0] <= at(600), "no hint is longer than a day");
    }

    #[test]
    fn people_are_shown_what_the_daemon_will_do() {
        let cron = |line: &str, zone| Schedule::Cron(crate::schedule::cron::Line::parse(line).unwrap(), zone);
        let (seven, past) = (cron("0 7 * * *", chrono_tz::Tz::UTC), cron("0 0 9 1 1 * 2020", chrono_tz::Tz::UTC));
        let tokyo = cron("0 7 * * *", chrono_tz::Asia::Tokyo);
        let (minutes, hours) = (Schedule::Every(TimeDelta::minutes(5)), Schedule::Every(TimeDelta::hours(6)));
        let shown = |schedule, due: Option<i64>, held| {
            let stream = Known { schedule, due: due.map(at), held, hinted: false, seed: 7 };
            awaited(&stream, at(0)).map_or_else(|| "-".to_owned(), |at| at.format("%F %T").to_string())
        };
        let day = 86_400;
        let lines = [
            ("new", shown(&seven, None, false)),
            ("new, in another zone", shown(&tokyo, None, false)),
            ("the line was another one", shown(&seven, Some(5 * day), false)),
            ("put off", shown(&seven, Some(day), true)),
            ("overdue", shown(&seven, Some(-60), false)),
            ("never", shown(&past, None, false)),
            ("never, after a poll by hand", shown(&past, Some(36_525 * day), false)),
            ("a new interval", shown(&minutes, None, false)),
            ("an interval", shown(&hours, Some(day / 8), false)),
            ("one that was shortened", shown(&minutes, Some(day / 8), false)),
        ];
        let lines: Vec<String> = lines.iter().map(|(what, shown)| format!("{what}: {shown}")).collect();
        insta::assert_snapshot!(format!("now: {}\n{}", at(0).format("%F %T"), lines.join("\n")), @r"
        now: 2026-09-21 14:13:20
        new: 2026-09-22 07:00:00
        new, in another zone: 2026-09-21 22:00:00
        the line was another one: 2026-09-22 07:00:00
        put off: 2026-09-22 14:13:20
        overdue: 2026-09-21 14:12:20
        never: -
        never, after a poll by hand: -
        a new interval: -
        an interval: 2026-09-21 17:13:20
        one that was shortened: 2026-09-21 14:18:20
        ");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Any pattern of starts and stops: what comes in a second is never more than the even
        /// share of the row (of those that are new, and of those that were missed), and two of either for
        /// the edges of the second.
        #[test]
        fn whatever_stopped_for_how_long_there_is_never_a_burst(
            count in 1_usize..3_000, minutes in 5_i64..2_000, starts in prop::collection::vec((0_i64..100_000, 0_i64..5_000), 1..6),
        ) {
            let schedule = Schedule::Every(TimeDelta::minutes(minutes));
            let mut due: Vec<Option<Timestamp>> = vec![None; count];
            let mut now = at(0);
            for (down, up) in starts {
                now += TimeDelta::seconds(down);
                let streams: Vec<Known<'_>> =
                    due.iter().enumerate().map(|(seed, due)| Known { schedule: &schedule, due: *due, held: false, hinted: seed % 2 == 0, seed: seed as u64 }).collect();
                let polls = first_polls(&streams, now);
                let row: Vec<Timestamp> =
                    polls.iter().zip(&due).filter(|(_, due)| due.is_none_or(|due| due <= now)).map(|(poll, _)| *poll).collect();
                let new = due.iter().filter(|due| due.is_none()).count() as f64;
                // A hundred new ones a second, few of them within two seconds; what was missed over minutes.
                let for_new = (new / NEW_A_SECOND as f64).clamp(2.0, 600.0);
                let share = new / for_new + (row.len() as f64 - new) / (minutes.min(10) * 60) as f64;
                prop_assert!(most_in_a_second(&row) as f64 <= share + 4.0, "{} in a second, {share} on average", most_in_a_second(&row));
                prop_assert!(polls.iter().all(|poll| *poll >= now && *poll <= now + every::longest(TimeDelta::minutes(minutes))));
                // Until the next stop each is polled as often as it is due.
                let stop = now + TimeDelta::seconds(up);
                for (seed, (due, first)) in due.iter_mut().zip(polls).enumerate() {
                    let mut next = first;
                    while next <= stop {
                        next = schedule.next(Some(next), next, seed as u64);
                    }
                    *due = (first <= stop || due.is_some()).then_some(next);
                }
                now = stop;
            }
        }
    }
}
