//! When a stream is polled next, as it is shown: what the daemon will do, and not only what was due
//! when it was polled last.
//!
//! A source that was never polled has a cron line all the same, and whoever changed a line or its zone
//! wants to see what comes of it.

use chrono_tz::Tz;

use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::engine::poller::Target;
use crate::polling::state::State;
use crate::polling::state::state_of;

/// When a stream is polled next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// As soon as the daemon can, or when somebody wants it.
    Open,
    /// Then.
    At(Timestamp),
    /// Its cron line never comes again.
    Never,
}

impl Next {
    /// What is so of a stream.
    pub(super) fn of(target: &Target, stream: &Stream, now: Timestamp) -> Self {
        let left_alone = matches!(state_of(stream), State::Paused { .. } | State::Gone { .. });
        let wanted = stream.asked.is_some() && stream.standing.put_off.is_some();
        match target.awaited(stream, now) {
            _ if left_alone && !wanted => Self::Open,
            Some(at) => Self::At(at),
            None if target.source.settings.schedule.has_passed(now) => Self::Never,
            None => Self::Open,
        }
    }

    /// For machines.
    pub(super) fn time(self) -> Option<Timestamp> {
        if let Self::At(at) = self { Some(at) } else { None }
    }

    /// For people.
    pub(super) fn shown(self, zone: Tz) -> String {
        match self {
            Self::Open => "-".to_owned(),
            Self::At(at) => times::local(at, zone),
            Self::Never => "never".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::domain::standing::Standing;
    use crate::engine::plan::Plan;
    use crate::host::credentials::Credentials;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// When a source with this line is polled next, seen at noon in UTC.
    fn next(line: &str, zone: &str, stream: &Stream) -> Option<Timestamp> {
        next_of(line, zone, stream).time()
    }

    fn next_of(line: &str, zone: &str, stream: &Stream) -> Next {
        let text = format!(
            "time_zone = \"{zone}\"\n[fetch]\ncontact = \"ops@example.com\"\n\
             [[source]]\nname = \"forum\"\n{line}\nfeed = {{ url = \"https://forum.example/f\" }}\n"
        );
        let outcome = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process());
        let plan = Plan::to_show(outcome.config.expect("the text is right")).unwrap();
        Next::of(&Target::all(&plan)[0], stream, at("2026-11-22T12:00:00Z"))
    }

    #[test]
    fn a_source_that_was_never_polled_shows_when_its_line_comes() {
        let new = Stream::default();
        assert_eq!(next("cron = \"0 7 * * *\"", "UTC", &new), Some(at("2026-11-23T07:00:00Z")));
        assert_eq!(next("cron = \"0 7 * * *\"", "Asia/Tokyo", &new), Some(at("2026-11-22T22:00:00Z")));
        assert_eq!(next("every = \"1h\"", "UTC", &new), None);
    }

    #[test]
    fn a_line_or_a_zone_that_was_changed_shows_its_own_time() {
        let stored = Stream { due: Some(at("2026-11-29T07:00:00Z")), ..Stream::default() };
        assert_eq!(next("cron = \"0 7 * * *\"", "Asia/Tokyo", &stored), Some(at("2026-11-22T22:00:00Z")));
        // Errors and pauses hold.
        assert_eq!(next("cron = \"0 7 * * *\"", "UTC", &Stream { errors: 1, ..stored.clone() }), stored.due);
        assert_eq!(next("cron = \"0 7 * * *\"", "UTC", &Stream { paused: stored.due, ..stored }), None);
    }

    #[test]
    fn a_line_whose_years_have_passed_shows_no_time_in_a_hundred_years() {
        let by_hand = Stream { due: Some(at("2126-11-23T17:55:17Z")), ..Stream::default() };
        let failing = Stream { errors: 2, ..by_hand.clone() };
        for stream in [Stream::default(), by_hand, failing] {
            let next = next_of("cron = \"0 0 9 1 1 * 2020\"", "UTC", &stream);
            assert_eq!((next.shown(Tz::UTC), next.time()), ("never".to_owned(), None));
        }
        let paused = Stream { paused: Some(at("2026-11-22T11:00:00Z")), ..Stream::default() };
        assert_eq!(next_of("cron = \"0 0 9 1 1 * 2020\"", "UTC", &paused), Next::Open);
    }

    #[test]
    fn a_poll_that_was_asked_for_and_put_off_has_a_time_also_of_a_paused_source() {
        let due = Some(at("2026-11-22T12:10:00Z"));
        let standing = Standing { put_off: due, ..Standing::default() };
        let stream = Stream { due, paused: due, asked: due, standing, ..Stream::default() };
        assert_eq!(next("every = \"1h\"", "UTC", &stream), due);
        assert_eq!(next("every = \"1h\"", "UTC", &Stream { asked: None, ..stream }), None);
    }
}
