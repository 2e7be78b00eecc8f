//! Looking around a place in a text, never further than a bounded distance. A place within a
//! character or beyond the end is taken for the next border before it: nothing here panics.

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

    /// The border of characters at or before `at`.
    fn border(self, at: usize) -> usize {
        self.0.floor_char_boundary(at)
    }

    /// At most `most` bytes before `at`, on a border of characters.
    pub(super) fn before(self, at: usize, most: usize) -> &'t str {
        let at = self.border(at);
        &self.0[self.0.ceil_char_boundary(at.saturating_sub(most))..at]
    }

    /// At most `most` bytes from `at` on, on a border of characters.
    pub(super) fn after(self, at: usize, most: usize) -> &'t str {
        let at = self.border(at);
        &self.0[at..self.border(at.saturating_add(most))]
    }

    /// Where the line of `at` begins, or `None` when that is far away.
    pub(super) fn start(self, at: usize) -> Option<usize> {
        let at = self.border(at);
        let before = self.before(at, LONGEST);
        match before.rfind('\n') {
            Some(end) => Some(at - before.len() + end + 1),
            None => (before.len() == at).then_some(0),
        }
    }

    /// Where the line of `at` ends, its line feed not included, or `None` when that is far away.
    pub(super) fn end(self, at: usize) -> Option<usize> {
        let at = self.border(at);
        let after = self.after(at, LONGEST);
        match after.find('\n') {
            Some(end) => Some(at + end),
            None => (at + after.len() == self.0.len()).then_some(self.0.len()),
        }
    }

    /// The beginning of the line when nothing but blanks, dashes and stars stand between it and `at`.
    pub(super) fn opens_line(self, at: usize) -> Option<usize> {
        let at = self.border(at);
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
        let at = self.border(at);
        let gap = self.after(at, LONGEST);
        let start = at + (gap.len() - gap.trim_start().len());
        if start >= self.0.len() {
            return None;
        }
        let start = self.start(start).unwrap_or(start);
        Some(start..self.end(start).unwrap_or(self.0.len()))
    }
}

/// In small letters, each where it stood: what changes its length with its case (`İ`, `Ⱥ`, `ẞ`)
/// stays as it is, so that a place in the answer is a place in `text`.
pub(super) fn small_in_place(text: &str) -> String {
    let small = |letter: char| {
        let mut lower = letter.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(one), None) if one.len_utf8() == letter.len_utf8() => one,
            _ => letter,
        }
    };
    text.chars().map(small).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = "Ⱥ İ ẞ\n\u{212b} \u{212a} ſ\n🇸🇪 é";

    #[test]
    fn small_letters_stand_where_the_capitals_stood() {
        let small = small_in_place(ODD);
        assert!(ODD.char_indices().map(|(at, _)| at).eq(small.char_indices().map(|(at, _)| at)), "{small}");
        assert_eq!(small_in_place("BETREFF: ÄMNE: Wysłano"), "betreff: ämne: wysłano");
    }

    #[test]
    fn any_byte_may_be_asked_for_what_stands_around_it() {
        let lines = Lines(ODD);
        for at in (0..ODD.len() + 4).chain([usize::MAX]) {
            for most in [0, 1, 2, 5, usize::MAX] {
                assert!(ODD.contains(lines.before(at, most)) && ODD.contains(lines.after(at, most)));
            }
            let (start, end) = (lines.start(at).unwrap(), lines.end(at).unwrap());
            assert!(start <= end && !ODD[start..end].contains('\n'), "{at}");
            lines.opens_line(at);
            lines.opens_sentence(at);
            assert!(lines.next_line(at).is_none_or(|line| ODD.get(line).is_some()));
        }
    }
}
