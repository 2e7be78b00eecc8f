//! The moment that a message counts at: the earlier of when it was published and when it was seen
//! first. Set once; a date that changes later does not move it.
//!
//! What has no date, one that cannot be read, or one before 1995 ("unknown" in many an export)
//! counts when it was seen. Of undated messages nobody knows how late they are; those that look like
//! back-fill are taken for it.

use crate::domain::Timestamp;
use crate::domain::standing::LastPage;

/// Start of 1995: before it, a date stands for "unknown".
const FIRST: i64 = 788_918_400;

/// So many undated messages at once are no back-fill, even where fewer came ever before.
const FEW: u64 = 10;

/// Polls in a row after which a document is known to grow at its end.
const HABIT: u32 = 3;

/// The date, if it tells anything.
#[must_use]
pub fn dated(published: Option<Timestamp>) -> Option<Timestamp> {
    published.filter(|published| published.timestamp() >= FIRST)
}

/// Event time of a message that is seen for the first time.
#[must_use]
pub fn event_time(published: Option<Timestamp>, first_seen: Timestamp) -> Timestamp {
    dated(published).map_or(first_seen, |published| published.min(first_seen))
}

/// Whether a new message without a date is back-fill: one below a known one, in a document that
/// grows at its beginning, or one of more new ones at once than there ever were. `page` is what the
/// page before held; without one nothing can be said.
#[must_use]
pub fn is_back_fill(page: Option<&LastPage>, below_known: bool, new_undated: u64) -> bool {
    page.is_some_and(|page| {
        let below = below_known && page.appended < HABIT;
        below || new_undated > FEW.max(u64::from(page.most_new))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_happens_when_it_was_published_and_never_after_it_was_seen() {
        let seen = at("2026-11-22T10:00:00Z");
        for (name, published, expected) in [
            ("published before", Some("2026-11-20T08:00:00Z"), "2026-11-20T08:00:00Z"),
            ("published in the future", Some("2031-01-01T00:00:00Z"), "2026-11-22T10:00:00Z"),
            ("without a date", None, "2026-11-22T10:00:00Z"),
            ("the beginning of time", Some("1970-01-01T00:00:00Z"), "2026-11-22T10:00:00Z"),
            ("the last moment of 1994", Some("1994-12-31T23:59:59Z"), "2026-11-22T10:00:00Z"),
            ("the first of 1995", Some("1995-01-01T00:00:00Z"), "1995-01-01T00:00:00Z"),
        ] {
            assert_eq!(event_time(published.map(at), seen), at(expected), "{name}");
        }
    }

    #[test]
    fn undated_messages_below_known_ones_or_more_than_ever_are_back_fill() {
        let page = |most_new, appended| Some(LastPage { most_new, appended, ..LastPage::default() });
        for (name, page, below, new, expected) in [
            ("nothing is known", None, true, 500, false),
            ("one at the top", page(2, 0), false, 1, false),
            ("one below known ones", page(2, 0), true, 1, true),
            ("one at the end of what grows at its end", page(2, 3), true, 1, false),
            ("a few more than ever", page(2, 0), false, 10, false),
            ("many more than ever", page(2, 0), false, 11, true),
            ("as many as there were once", page(40, 0), false, 40, false),
        ] {
            assert_eq!(is_back_fill(page.as_ref(), below, new), expected, "{name}");
        }
    }
}
