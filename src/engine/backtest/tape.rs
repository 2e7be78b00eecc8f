//! What became known of a count, in the order in which it did: 16 bytes a change.

/// One change of a count. Changes are by one: a voice comes, goes, or turns into history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// When it was seen, in milliseconds.
    pub seen: i64,
    /// The quarter that it changes.
    quarter: i32,
    /// Place of its source.
    pub source: u16,
    /// Place of the rating that it is about, where it is about one.
    pub score: u8,
    marks: u8,
}

const LATER: u8 = 1;
const SOONER: u8 = 2;
const NEWS: u8 = 4;
const IMPORTED: u8 = 8;
const MORE: u8 = 16;
const FEWER: u8 = 32;

impl Entry {
    /// A change by so many voices, of which `late` are history.
    pub fn new(seen: i64, quarter: i64, source: u16, voices: i64, late: i64) -> Self {
        let sign = |of: i64, more: u8, fewer: u8| match of {
            0 => 0,
            1.. => more,
            _ => fewer,
        };
        // A quarter beyond 60,000 years is held to the last one that there is.
        let quarter = quarter.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        Self { seen, quarter, source, score: 0, marks: sign(voices, MORE, FEWER) | sign(late, LATER, SOONER) }
    }

    /// It is about a rating.
    pub fn of_score(mut self, place: u8) -> Self {
        self.score = place;
        self
    }

    /// It is the arrival of a message in its time: it may alert.
    pub fn as_news(mut self) -> Self {
        self.marks |= NEWS;
        self
    }

    /// When it could have been seen is not known; its time is that of the message.
    pub fn as_imported(mut self) -> Self {
        self.marks |= IMPORTED;
        self
    }

    pub fn quarter(self) -> i64 {
        i64::from(self.quarter)
    }

    pub fn voices(self) -> i32 {
        match self.marks & (MORE | FEWER) {
            MORE => 1,
            FEWER => -1,
            _ => 0,
        }
    }

    pub fn late(self) -> i32 {
        match self.marks & (LATER | SOONER) {
            LATER => 1,
            SOONER => -1,
            _ => 0,
        }
    }

    pub fn is_news(self) -> bool {
        self.marks & NEWS != 0
    }

    pub fn is_imported(self) -> bool {
        self.marks & IMPORTED != 0
    }
}

/// All changes of one count.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    entries: Vec<Entry>,
}

impl Tape {
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was seen up to then.
    pub fn seen_by(&self, moment: i64) -> impl Iterator<Item = Entry> + '_ {
        self.entries[..self.entries.partition_point(|entry| entry.seen <= moment)].iter().copied()
    }

    /// Moves what was imported by its source's delay, puts all in order, and forgets what was seen
    /// at `until` or later.
    pub fn settle(&mut self, delays: &[i64], until: i64) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_imported()) {
            entry.seen = entry.seen.saturating_add(delays.get(usize::from(entry.source)).copied().unwrap_or(0));
        }
        self.entries.retain(|entry| entry.seen < until);
        self.entries.sort_by_key(|entry| entry.seen);
        self.entries.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_small_and_says_what_it_was_made_of() {
        assert_eq!(size_of::<Entry>(), 16);
        let entry = Entry::new(7, -3, 2, -1, -1);
        assert_eq!((entry.seen, entry.quarter(), entry.source, entry.voices(), entry.late()), (7, -3, 2, -1, -1));
        assert_eq!((entry.of_score(9).score, Entry::new(7, 3, 2, 0, 1).voices()), (9, 0));
        assert!(!entry.is_news() && !entry.is_imported());
        let news = Entry::new(7, 3, 2, 1, 0).as_news();
        assert_eq!((news.voices(), news.late(), news.is_news()), (1, 0, true));
    }

    #[test]
    fn what_was_imported_comes_as_late_as_its_source_does() {
        let mut tape = Tape::default();
        for entry in [Entry::new(100, 1, 0, 1, 0).as_imported(), Entry::new(120, 1, 0, 1, 0), Entry::new(10, 1, 1, 1, 0).as_imported()] {
            tape.push(entry);
        }
        tape.settle(&[50, 0], 140);
        assert_eq!(tape.entries().iter().map(|entry| entry.seen).collect::<Vec<_>>(), [10, 120], "150 is after the end");
    }
}
