//! When what a poll brings is history, which builds what is usual and never alerts.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::ports::Stream;

/// After a pause or an outage of more than this nobody can say when things happened as well as
/// before; whoever comes back from holidays is not mailed of all that was.
const LONG: TimeDelta = TimeDelta::days(7);

/// Whether it is: on a first poll, on the first of another address, and after a long time without a
/// good poll of somebody else's server. A folder whose weekly export comes late was read all the
/// time, and a source that is asked seldom was not away.
#[must_use]
pub fn is_base(stream: &Stream, is_remote: bool, interval: TimeDelta, now: Timestamp) -> bool {
    let away = stream.complete_to.is_some_and(|read| now - read > LONG.max(interval * 2));
    !stream.history_done || stream.standing.base || is_remote && away
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::standing::Standing;

    #[test]
    fn history_is_what_comes_first_and_what_comes_after_a_long_time() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let read = |days: i64| Stream { history_done: true, complete_to: Some(now - TimeDelta::days(days)), ..Stream::default() };
        let other = Stream { standing: Standing { base: true, ..Standing::default() }, ..read(0) };
        for (name, stream, is_remote, every_days, expected) in [
            ("a first poll", Stream::default(), true, 1, true),
            ("yesterday", read(1), true, 1, false),
            ("a week of outage is news", read(7), true, 1, false),
            ("eight days are not", read(8), true, 1, true),
            ("a weekly poll that came late", read(8), true, 7, false),
            ("a weekly export that came late", read(8), false, 1, false),
            ("another address", other, true, 1, true),
        ] {
            assert_eq!(is_base(&stream, is_remote, TimeDelta::days(every_days), now), expected, "{name}");
        }
    }
}
