//! A text as a row of characters with borders of words: what all rules look at.

/// The text, one element a character, so that rules can look back and ahead.
pub(super) struct Letters(Vec<char>);

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        Self(text.chars().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The character there; NUL outside of the text, which no rule looks for.
    pub(super) fn at(&self, at: usize) -> char {
        self.0.get(at).copied().unwrap_or('\0')
    }

    /// Appends the characters from `from` up to but without `to`.
    pub(super) fn write(&self, from: usize, to: usize, out: &mut String) {
        out.extend(self.0.get(from..to.min(self.0.len())).unwrap_or_default());
    }

    /// How many bytes these characters have in the text.
    pub(super) fn bytes(&self, from: usize, to: usize) -> usize {
        self.0.get(from..to.min(self.0.len())).unwrap_or_default().iter().map(|letter| letter.len_utf8()).sum()
    }

    /// These characters in lower case, at most 40 of them.
    pub(super) fn lower(&self, from: usize, to: usize) -> String {
        let to = to.min(from + 40).min(self.0.len());
        let mut lower = String::with_capacity(to.saturating_sub(from) + 4);
        for letter in self.0.get(from..to).unwrap_or_default() {
            if letter.is_ascii() {
                lower.push(letter.to_ascii_lowercase());
            } else {
                lower.extend(letter.to_lowercase());
            }
        }
        lower
    }

    /// A letter or digit that belongs to the same word as its neighbours. Scripts that are written
    /// without spaces join nothing: there, a number may follow a letter directly.
    pub(super) fn joins(&self, at: usize) -> bool {
        let letter = self.at(at);
        letter.is_alphanumeric() && !is_unspaced(letter)
    }

    /// A word begins here.
    pub(super) fn starts_word(&self, at: usize) -> bool {
        self.joins(at) && !self.joins(at.wrapping_sub(1))
    }

    /// First place after the word that holds `at`.
    pub(super) fn word_end(&self, at: usize) -> usize {
        (at..self.len()).find(|&next| !self.joins(next)).unwrap_or(self.len())
    }

    /// First place from `at` on that `is` does not hold for, looking at most `limit` characters far.
    pub(super) fn run(&self, at: usize, limit: usize, is: impl Fn(char) -> bool) -> usize {
        let stop = at.saturating_add(limit).min(self.len());
        (at..stop).find(|&next| !is(self.at(next))).unwrap_or(stop)
    }

    /// The value of a decimal digit of any of the scripts that reviews are written in.
    pub(super) fn digit(&self, at: usize) -> Option<u32> {
        digit(self.at(at))
    }

    /// Nothing but blanks up to the end of the line.
    pub(super) fn line_ends(&self, at: usize) -> bool {
        let next = self.run(at, 8, |letter| matches!(letter, ' ' | '\t' | '.' | '!' | '\r'));
        next >= self.len() || self.at(next) == '\n'
    }
}

/// 0 to 9 of a decimal digit.
pub(super) fn digit(letter: char) -> Option<u32> {
    const ZEROS: [u32; 5] = [0x30, 0x660, 0x6f0, 0x966, 0xff10]; // Latin, Arabic, Persian, Devanagari, full width
    let code = u32::from(letter);
    ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)).map(|zero| code - zero)
}

/// Han, kana, Thai and the like.
fn is_unspaced(letter: char) -> bool {
    matches!(u32::from(letter), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}
