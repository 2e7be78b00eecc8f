//! Up to which moment a watch's messages are there, so that its buckets can be called complete.
//!
//! A bucket is complete when every source was read well after its end plus the source's usual delay.
//! Two things bound the waiting: a source that is read seldom or fails is waited for some hours, and
//! a slow source does not keep a watch from seeing that it is calm again while quicker ones bring
//! most of its messages. What comes after that is replayed. Where every source of a watch is down,
//! nothing is complete until one of them is back: that nobody complains says nothing then.

use chrono::TimeDelta;

use crate::config::settings::Source;
use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::engine::silence_of_source::cause::trouble_of;
use crate::sources;

/// How long a bucket waits for a source that is read seldom before it counts as complete. What
/// comes later is replayed.
pub const PATIENCE: TimeDelta = TimeDelta::hours(6);
/// How long a bucket waits for a source that fails, or whose host wants to be left alone.
const PATIENCE_WITH_ERRORS: TimeDelta = TimeDelta::hours(24);
/// From this delay on a folder is filled in drops, each of which is complete up to its newest message.
const DROPS: TimeDelta = TimeDelta::hours(12);

/// One stream that a watch waits for.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// Up to when it was read.
    read_to: Timestamp,
    /// How late its messages come.
    delay: TimeDelta,
    /// Messages a day.
    per_day: f64,
    /// What a drop holds is complete up to its newest message.
    dropped_to: Option<Timestamp>,
    /// It cannot be read, or what it says is not believed: up to when it was, whatever the patience.
    down_since: Option<Timestamp>,
}

impl Awaited {
    /// A stream that has been read at least once.
    #[must_use]
    pub fn of(settings: &Source, stream: &Stream, now: Timestamp) -> Self {
        let held = stream.errors > 0 || stream.standing.put_off.is_some();
        let patience = if held { PATIENCE_WITH_ERRORS } else { PATIENCE };
        let learnt = stream.usual_delay.unwrap_or_default();
        let delay = settings.max_delay.map_or(learnt, |most| learnt.min(most));
        let drops = matches!(settings.kind, sources::Settings::File(_)) && delay >= DROPS;
        let read_to = stream.complete_to.unwrap_or(now);
        let down = trouble_of(stream, now).filter(|(trouble, _)| trouble.blinds());
        // What is not believed is read all the time.
        let believed_to = |(_, since): (_, Option<Timestamp>)| since.unwrap_or(read_to).min(read_to);
        Self {
            read_to: read_to.max(now - patience),
            down_since: down.map(believed_to),
            delay,
            per_day: stream.news_per_day,
            dropped_to: stream.newest.filter(|_| drops),
        }
    }

    fn complete_to(&self, most: TimeDelta) -> Timestamp {
        let waited = self.read_to - self.delay.min(most);
        self.dropped_to.map_or(waited, |dropped_to| waited.max(dropped_to))
    }
}

/// How a stream keeps buckets waiting, for a backtest, which knows when things were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wait {
    /// It has to be read so long after a bucket's end.
    pub delay: TimeDelta,
    /// Or it has to hold something newer than the bucket.
    pub drops: bool,
}

/// How each stream keeps the buckets of a watch waiting, in the same order.
#[must_use]
pub fn waits(awaited: &[Awaited]) -> Vec<Wait> {
    let most = PATIENCE.max(delay_of_most(awaited));
    awaited.iter().map(|stream| Wait { delay: stream.delay.min(most), drops: stream.dropped_to.is_some() }).collect()
}

/// The moment before which the messages of all streams are there; `now` when there is none to wait for.
#[must_use]
pub fn complete_to(awaited: &[Awaited], now: Timestamp) -> Timestamp {
    let most = PATIENCE.max(delay_of_most(awaited));
    let down: Option<Vec<Timestamp>> = awaited.iter().map(|stream| Some(stream.down_since? - stream.delay.min(most))).collect();
    if let Some(last) = down.and_then(|down| down.into_iter().max()) {
        return last.min(now);
    }
    awaited.iter().map(|stream| stream.complete_to(most)).min().unwrap_or(now).min(now)
}

/// The shortest delay within which streams that bring half of all messages are complete.
fn delay_of_most(awaited: &[Awaited]) -> TimeDelta {
    let mut streams: Vec<(TimeDelta, f64)> = awaited.iter().map(|stream| (stream.delay, stream.per_day)).collect();
    streams.sort_by_key(|(delay, _)| *delay);
    let half = streams.iter().map(|(_, per_day)| per_day).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let reached = streams.iter().find(|(_, per_day)| {
        sum += per_day;
        sum >= half
    });
    reached.map_or(TimeDelta::zero(), |(delay, _)| *delay)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::standing::Doubt;
    use crate::domain::standing::Standing;
    use crate::domain::standing::Suspect;
    use crate::schedule::Schedule;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + hour * 3600, 0).unwrap()
    }

    fn source(kind: sources::Settings) -> Source {
        Source {
            name: "s".to_owned(),
            schedule: Schedule::Every(TimeDelta::hours(1)),
            labels: BTreeMap::new(),
            max_delay: None,
            robots: false,
            own_pace: true,
            was: Vec::new(),
            kind,
        }
    }

    fn feed(delay: i64, per_day: f64, read: i64) -> Awaited {
        let stream = Stream {
            complete_to: Some(at(read)),
            usual_delay: Some(TimeDelta::hours(delay)),
            news_per_day: per_day,
            newest: Some(at(read)),
            ..Stream::default()
        };
        Awaited::of(&source(sources::Settings::Feed(sources::feed::Settings::Url(String::new()))), &stream, at(1000))
    }

    fn weekly(per_day: f64, newest: i64) -> Awaited {
        let stream = Stream {
            complete_to: Some(at(1000)),
            usual_delay: Some(TimeDelta::hours(170)),
            news_per_day: per_day,
            newest: Some(at(newest)),
            ..Stream::default()
        };
        Awaited::of(&source(sources::Settings::File(Box::default())), &stream, at(1000))
    }

    fn hours_ago(awaited: &[Awaited]) -> i64 {
        (at(1000) - complete_to(awaited, at(1000))).num_hours()
    }

    #[test]
    fn a_bucket_waits_for_the_usual_delay_of_the_slowest() {
        assert_eq!(hours_ago(&[]), 0);
        assert_eq!(hours_ago(&[feed(0, 9.0, 1000), feed(3, 9.0, 999)]), 4);
    }

    #[test]
    fn nobody_is_waited_for_for_ever() {
        assert_eq!(hours_ago(&[feed(0, 9.0, 900)]), 6);
    }

    fn failing(errors: u32, read: i64) -> Awaited {
        let stream = Stream { complete_to: Some(at(read)), errors, newest: Some(at(read)), ..Stream::default() };
        Awaited::of(&source(sources::Settings::Feed(sources::feed::Settings::Url(String::new()))), &stream, at(1000))
    }

    #[test]
    fn where_every_source_is_down_nothing_is_complete_that_was_not_before() {
        assert_eq!(hours_ago(&[failing(9, 900), failing(4, 930)]), 70, "however long that lasts");
        assert_eq!(hours_ago(&[failing(9, 900), feed(0, 9.0, 1000)]), 24, "while another one is read, it is waited for a day");
        assert_eq!(hours_ago(&[failing(1, 999)]), 1);
    }

    #[test]
    fn what_is_not_believed_or_paused_is_down_since_then() {
        let suspect = Suspect { why: Doubt::Empty, polls: 2, since: at(990) };
        let stream = |standing, paused| Stream { complete_to: Some(at(999)), newest: Some(at(980)), standing, paused, ..Stream::default() };
        let of = |stream: Stream| {
            let settings = source(sources::Settings::Feed(sources::feed::Settings::Url(String::new())));
            hours_ago(&[Awaited::of(&settings, &stream, at(1000))])
        };
        assert_eq!(of(stream(Standing { suspect: Some(suspect), ..Standing::default() }, None)), 10);
        assert_eq!(of(stream(Standing::default(), Some(at(700)))), 300);
        assert_eq!(of(stream(Standing { gap: Some(at(990)), ..Standing::default() }, None)), 1, "it is read, and brings more than that");
    }

    #[test]
    fn between_two_weekly_drops_nothing_is_complete_that_the_last_one_did_not_hold() {
        assert_eq!(hours_ago(&[weekly(5.0, 980)]), 20, "the drop held everything up to its newest message");
        assert_eq!(hours_ago(&[weekly(5.0, 900)]), 100);
        assert_eq!(hours_ago(&[weekly(5.0, 100)]), 170, "there was no drop for weeks: silence counts");
    }

    #[test]
    fn a_small_weekly_survey_does_not_hold_up_a_loud_feed() {
        assert_eq!(hours_ago(&[feed(1, 300.0, 1000), weekly(20.0, 900)]), 6);
        assert_eq!(hours_ago(&[feed(1, 3.0, 1000), weekly(20.0, 900)]), 100);
    }
}
