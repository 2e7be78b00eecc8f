//! Looking around a place in a text, never further than a bounded distance.

use std::ops::Range;

/// A line that is longer than this is a paragraph of prose, and nothing looks for its beginning.
const LONGEST: usize = 300;

/// A text that is asked for what stands around a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'t>(pub(super) &'t str);

impl<'t> Lines<'t> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// At most `most` bytes before `at`, on a border of characters.
    pub(super) fn before(self, at: usize, most: usize) -> &'t str {
        &self.0[self.0.ceil_char_boundary(at.saturating_sub(most))..at]
    }

    /// At most `most` bytes from `at` on, on a border of characters.
    pub(super) fn after(self, at: usize, most: usize) -> &'t str {
        &self.0[at..self.0.floor_char_boundary((at + most).min(self.0.len()))]
    }

    /// Where the line of `at` begins, or `None` when that is far away.
    pub(super) fn start(self, at: usize) -> Option<usize> {
        let before = self.before(at, LONGEST);
        match before.rfind('\n') {
            Some(end) => Some(at - before.len() + end + 1),
            None => (before.len() == at).then_some(0),
        }
    }

    /// Where the line of `at` ends, its line feed not included, or `None` when that is far away.
    pub(super) fn end(self, at: usize) -> Option<usize> {
        let after = self.after(at, LONGEST);
        match after.find('\n') {
            Some(end) => Some(at + end),
            None => (at + after.len() == self.0.len()).then_some(self.0.len()),
        }
    }

    /// The beginning of the line when nothing but blanks, dashes and stars stand between it and `at`.
    pub(super) fn opens_line(self, at: usize) -> Option<usize> {
        let start = self.start(at)?;
        let before = self.0[start..at].trim_start_matches("[Quote]").trim_start_matches("[quote]");
        before.chars().all(|c| c.is_whitespace() || "*_-–—•|#↪️".contains(c)).then_some(start)
    }

    /// A line or a sentence begins at `at`: what stands before is the end of another one.
    pub(super) fn opens_sentence(self, at: usize) -> bool {
        let before = self.before(at, 24).trim_end_matches([' ', '\t', '*', '_', '-', '–', '—', '\u{a0}']);
        before.is_empty() || before.ends_with(['\n', '\r', '.', '!', '?', '…', ')', '"', '”', '»', '。', '！', '？', '|', '>'])
    }

    /// The next line that holds something, from the line feed at `at` on.
    pub(super) fn next_line(self, at: usize) -> Option<Range<usize>> {
        let gap = self.after(at, LONGEST);
        let start = at + (gap.len() - gap.trim_start().len());
        if start >= self.0.len() {
            return None;
        }
        let start = self.start(start).unwrap_or(start);
        Some(start..self.end(start).unwrap_or(self.0.len()))
    }
}

/// Words of a piece of a text, as blanks part them.
pub(super) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// One of `words` (rows of them with `|` between) stands as a whole word in `text`, all in small letters.
pub(super) fn has_word(text: &str, words: &[&str]) -> bool {
    let known = |word: &str| words.iter().any(|row| row.split('|').any(|known| known == word));
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')).any(|word| !word.is_empty() && known(word))
}
