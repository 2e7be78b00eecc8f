//! What a new segment is lent: the share of a theme that each source has in all messages.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;

/// So many days before the segment's first message are counted.
const DAYS: i64 = 80;
/// A source with fewer messages than this has no share worth lending.
const LEAST: i64 = 30;

/// The quarters that are counted for a segment that begins with the bucket at `start`.
#[must_use]
pub fn quarters_before(start: Timestamp) -> std::ops::Range<Quarter> {
    let end = Quarter::of(start);
    Quarter(end.0 - DAYS * 86_400 / Quarter::SECONDS)..end
}

/// Messages and complaints by source.
#[derive(Debug, Default)]
pub struct Lent(BTreeMap<i64, (i64, i64)>);

impl Lent {
    /// Counts messages of a source.
    pub fn add_messages(&mut self, source: i64, voices: i64) {
        self.0.entry(source).or_default().0 += voices;
    }

    /// Counts complaints of a source.
    pub fn add_complaints(&mut self, source: i64, voices: i64) {
        self.0.entry(source).or_default().1 += voices;
    }

    /// The shares, 0 to 1, by the number of the source; empty where nobody has any worth lending.
    #[must_use]
    pub fn shares(&self) -> Vec<(i64, f64)> {
        let worth = self.0.iter().filter(|(_, (messages, _))| *messages >= LEAST);
        // Half a complaint more: what was never seen is rare and not impossible.
        worth.map(|(source, (messages, complaints))| (*source, (*complaints as f64 + 0.5) / *messages as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_messages() {
        let mut lent = Lent::default();
        lent.add_messages(1, 100);
        lent.add_complaints(1, 5);
        lent.add_messages(2, 29);
        lent.add_complaints(2, 29);
        let shares = lent.shares();
        assert!(shares.len() == 1 && shares[0].0 == 1 && (shares[0].1 - 0.055).abs() < 1e-9, "{shares:?}");
    }

    #[test]
    fn eighty_days_before_are_counted() {
        let range = quarters_before("2026-03-22T00:00:00Z".parse().unwrap());
        assert_eq!(range.start.start(), "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    }
}
