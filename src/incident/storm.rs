//! Many into one: what is told of the whole is not told again of each of its parts. A spike is
//! covered by a spike only, a slow rise by a slow rise.

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;

/// The series of all messages that a segment's series is a part of; `None` for the whole itself.
#[must_use]
pub fn whole_of(key: &SeriesKey) -> Option<SeriesKey> {
    (key.segment != Segment::All).then(|| SeriesKey { segment: Segment::All, ..key.clone() })
}

/// Whether the whole's incident stood at `at`. A segment opens none of its own then: the whole's
/// notice names it among where the complaints come from. What a person ended covers them until it
/// was calm: whoever calls the whole a false alarm has said so of its parts.
#[must_use]
pub fn covers(whole: &Incident, at: Timestamp) -> bool {
    let by_word = whole.state == State::Resolved && whole.calm == 0;
    whole.opened_at <= at && (by_word || whole.resolved_at.is_none_or(|end| at <= end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Kind;

    #[test]
    fn what_a_person_ended_covers_its_parts_until_it_was_calm() {
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let key = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike };
        let open = Incident::new("i-1".to_owned(), key, at);
        let over = |calm| Incident { state: State::Resolved, resolved_at: Some(at), calm, ..open.clone() };
        let later = at + chrono::TimeDelta::hours(1);
        assert_eq!([covers(&open, later), covers(&over(0), later), covers(&over(1), later)], [true, true, false]);
    }

    #[test]
    fn a_segment_is_a_part_of_the_whole_and_the_whole_of_nothing() {
        let segment = Segment::Label { key: "country".to_owned(), value: "se".to_owned() };
        let part = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment, kind: Kind::Spike };
        let whole = whole_of(&part).unwrap();
        assert_eq!(whole.segment, Segment::All);
        assert_eq!(whole_of(&whole), None);
        let slow = whole_of(&SeriesKey { kind: Kind::SlowRise, ..part }).unwrap();
        assert_ne!(slow, whole, "each kind has a whole of its own");
    }
}
