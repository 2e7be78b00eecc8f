//! Numbers: which are a phone's, a card's, an order's, and which are a price, a date or a version.
//!
//! A number is read as *groups* of digits with what stands between them. Groups without a blank
//! between them are a *unit*: a date is a unit, `12 34 56 78` is four. The longest row of units
//! that is something decides.

use crate::text::redact::Found;
use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::cues::is_follower;
use crate::text::redact::cues::is_money_word;
use crate::text::redact::letters::Letters;
use crate::text::redact::letters::digit;

/// Signs of money.
const SIGNS: &str = "€$£¥₹₽₺₩₴฿";
/// No number of a person has more groups or digits than this.
const GROUPS: usize = 12;
const DIGITS: usize = 24;

/// What stands before a group.
#[expect(clippy::struct_excessive_bools, reason = "a set of marks, of which any may be there")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Between {
    blank: bool,
    dash: bool,
    dot: bool,
    slash: bool,
    bracket: bool,
}

/// Digits without anything between them.
#[derive(Debug, Clone, Copy)]
struct Group {
    from: usize,
    to: usize,
    before: Between,
}

impl Group {
    fn len(&self) -> usize {
        self.to - self.from
    }

    /// The value, of groups up to eight digits.
    fn value(&self, letters: &Letters) -> u32 {
        (self.from..self.to.min(self.from + 8)).fold(0, |value, at| value * 10 + letters.digit(at).unwrap_or(0))
    }

    fn is_year(&self, letters: &Letters) -> bool {
        self.len() == 4 && (1900..2100).contains(&self.value(letters))
    }
}

/// What to do about the number that begins at `at`, or `None` where none begins.
pub(super) fn number_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Found> {
    if letters.starts_word(at) {
        let end = letters.word_end(at);
        if (at..end).any(|place| letters.digit(place).is_none()) {
            return code_at(letters, at, end).map(Found::Gone);
        }
    }
    let opened = letters.run(at, 3, |letter| matches!(letter, '+' | '('));
    let groups = groups_at(letters, opened);
    // Behind a bracket, digits may run into letters; they are then looked at as a word.
    groups.first().filter(|first| !letters.joins(first.to))?;
    let sign =
        Sign { plus: (at..opened).any(|place| letters.at(place) == '+'), bracket: (at..opened).any(|place| letters.at(place) == '(') };
    for count in (1..=groups.len()).rev().filter(|&count| groups.get(count).is_none_or(|next| next.before.blank)) {
        let row = Row { letters, groups: &groups[..count], sign, heard };
        if let Some(verdict) = row.verdict() {
            let to = row.end();
            // "(58213)": the bracket is not the number's.
            let wrapped = sign.bracket && letters.at(to) == ')' && letters.at(at) == '(' && opened == at + 1;
            return Some(match verdict {
                Verdict::Gone(mark) => Found::Gone(Hit { from: at + usize::from(wrapped), to, mark }),
                Verdict::Harmless => Found::Harmless(to),
            });
        }
    }
    // Nothing known: the first unit stays, and the rest is looked at by itself.
    let unit = groups.iter().skip(1).position(|group| group.before.blank).map_or(groups.len(), |at| at + 1);
    (opened == at).then(|| Found::Harmless(groups[unit - 1].to))
}

/// A word of letters and digits goes when it holds as many digits as an order's number.
fn code_at(letters: &Letters, at: usize, end: usize) -> Option<Hit> {
    let digits = (at..end).filter(|&place| letters.digit(place).is_some()).count();
    // The tail of a version: `1.0.66.g1296534d`.
    if digits == 0 || starts_zero_x(letters, at) || ends_version(letters, at) {
        return None;
    }
    // The size of a picture: `1600x1200`.
    let cross = letters.run(at, 5, |letter| letter.is_ascii_digit());
    let size = cross > at && letters.at(cross) == 'x' && letters.run(cross + 1, 5, |letter| letter.is_ascii_digit()) == end;
    let long = !size && (digits >= 6 || (end - at >= 16 && digits >= 4));
    long.then_some(Hit { from: at, to: end, mark: "[number]" })
}

/// `0x80070005` tells of a program.
fn starts_zero_x(letters: &Letters, at: usize) -> bool {
    letters.at(at) == '0' && letters.at(at + 1) == 'x'
}

/// Two short groups of digits with points stand before `at`.
fn ends_version(letters: &Letters, at: usize) -> bool {
    let mut place = at;
    for _ in 0..2 {
        let from = (1..=4).map_while(|back| place.checked_sub(back + 1)).take_while(|&back| letters.digit(back).is_some()).last();
        match from {
            Some(from) if letters.at(place - 1) == '.' && !letters.joins(from.wrapping_sub(1)) => place = from,
            _ => return false,
        }
    }
    true
}

/// A code of letters and digits with dashes behind "order", with at least three digits; a booking's
/// six capitals behind "PNR"; and anywhere what looks like nothing else: `AB-12345`.
pub(super) fn order_code_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    if !heard.wants_number() {
        return dashed_code_at(letters, at);
    }
    if starts_zero_x(letters, at) {
        return None;
    }
    if let Some(hit) = booking_code_at(letters, at, heard) {
        return Some(hit);
    }
    let mut to = letters.run(at, 64, |letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '/'));
    while to > at && !letters.joins(to - 1) {
        to -= 1;
    }
    let digits = (at..to).filter(|&place| letters.digit(place).is_some()).count();
    let mixed = (at..to).any(|place| letters.at(place).is_alphabetic());
    (mixed && digits >= 3 && !letters.joins(to)).then_some(Hit { from: at, to, mark: "[number]" })
}

/// `X7YZ2K`, and `QWERTZ` where the words ask for a code outright and do not shout themselves.
fn booking_code_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    let to = letters.word_end(at);
    let digits = (at..to).filter(|&place| letters.at(place).is_ascii_digit()).count();
    let capitals = (at..to).filter(|&place| letters.at(place).is_ascii_uppercase()).count();
    let code = digits + capitals == to - at && (5..=8).contains(&(to - at)) && capitals >= 2;
    let asked = heard.wants_exactly() && to - at == 6 && (!heard.loud() || heard.last() == "pnr");
    (code && (digits > 0 || asked)).then_some(Hit { from: at, to, mark: "[number]" })
}

/// Behind capitals and a dash, at least five digits in any number of groups. The capitals stay.
fn dashed_code_at(letters: &Letters, at: usize) -> Option<Hit> {
    let stem = letters.run(at, 6, |letter| letter.is_ascii_uppercase());
    let norm = matches!(letters.lower(at, stem).as_str(), "iso" | "din" | "en");
    if !(1..=5).contains(&(stem - at)) || !matches!(letters.at(stem), '-' | '_' | '/') || norm {
        return None;
    }
    let mut to = letters.run(stem, 40, |letter| letter.is_ascii_digit() || matches!(letter, '-' | '_' | '/'));
    while to > stem && !letters.joins(to - 1) {
        to -= 1;
    }
    let digits = (stem..to).filter(|&place| letters.digit(place).is_some()).count();
    (digits >= 5 && !letters.joins(to)).then_some(Hit { from: stem + 1, to, mark: "[number]" })
}

/// The groups from `at` on, as far as one number could reach.
fn groups_at(letters: &Letters, at: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = Between::default();
    let mut place = at;
    let mut digits = 0;
    while groups.len() < GROUPS && digits < DIGITS {
        let to = letters.run(place, usize::MAX, |letter| digit(letter).is_some());
        // A group that runs into letters, a time or a share is none of this number.
        let odd = letters.joins(to) || matches!(letters.at(to), '%' | '°') || (letters.at(to) == ':' && letters.digit(to + 1).is_some());
        if to == place || (odd && !groups.is_empty()) {
            break;
        }
        groups.push(Group { from: place, to, before });
        digits += to - place;
        let next = letters.run(to, 3, |letter| "- \u{a0}\u{202f}\u{2011}\u{2013}./()".contains(letter));
        if odd || letters.digit(next).is_none() {
            break;
        }
        let Some(between) = Between::of(letters, to, next) else { break };
        before = between;
        place = next;
    }
    groups
}

impl Between {
    /// What stands there: one character, or a bracket and one more.
    fn of(letters: &Letters, from: usize, to: usize) -> Option<Self> {
        let mut between = Self::default();
        for at in from..to {
            match letters.at(at) {
                '-' | '\u{2011}' | '\u{2013}' => between.dash = true,
                '.' => between.dot = true,
                '/' => between.slash = true,
                '(' | ')' => between.bracket = true,
                _ => between.blank = true,
            }
        }
        (to == from + 1 || (to > from && between.bracket)).then_some(between)
    }
}

/// What stands directly before the first digit.
#[derive(Debug, Clone, Copy)]
struct Sign {
    plus: bool,
    bracket: bool,
}

/// The first units of a number, to be judged as one.
struct Row<'a> {
    letters: &'a Letters,
    groups: &'a [Group],
    sign: Sign,
    heard: &'a Heard,
}

enum Verdict {
    Gone(&'static str),
    Harmless,
}

impl Row<'_> {
    /// The rules, the surest first.
    fn verdict(&self) -> Option<Verdict> {
        let digits = self.digits();
        let unit = self.groups.iter().skip(1).all(|group| !group.before.blank);
        if self.sign.plus {
            return (7..=15).contains(&digits).then_some(Verdict::Gone("[phone]"));
        }
        if (unit && digits >= 3 && self.heard.secret()) || self.is_followed() || (unit && self.is_dotted_reference()) {
            return Some(Verdict::Gone("[number]"));
        }
        if self.is_money() || (unit && self.is_harmless()) {
            return Some(Verdict::Harmless);
        }
        if self.is_phone() {
            return Some(Verdict::Gone("[phone]"));
        }
        if self.is_long(unit) || self.is_wanted(unit) || self.is_told() {
            return Some(Verdict::Gone("[number]"));
        }
        None
    }

    fn digits(&self) -> usize {
        self.groups.iter().map(Group::len).sum()
    }

    /// First place after the row, with a bracket that it opened.
    fn end(&self) -> usize {
        self.groups.last().map_or(0, |group| group.to)
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.groups.iter().map(Group::len)
    }

    fn only(&self, is: impl Fn(Between) -> bool) -> bool {
        self.groups.iter().skip(1).all(|group| is(group.before))
    }

    /// A price or an amount: money stands beside it.
    fn is_money(&self) -> bool {
        let at = self.groups[0].from;
        let back = if self.letters.at(at.wrapping_sub(1)) == ' ' { 2 } else { 1 };
        let before = SIGNS.contains(self.letters.at(at.wrapping_sub(back))) || self.heard.money();
        let end = self.end();
        let next = end + usize::from(matches!(self.letters.at(end), ' ' | '\u{a0}' | '\u{202f}'));
        let after = SIGNS.contains(self.letters.at(next))
            || (self.letters.starts_word(next) && is_money_word(&self.letters.lower(next, self.letters.word_end(next))));
        let thousands = self.groups[0].len() <= 3 && self.groups.iter().skip(1).all(|group| group.len() == 3 || group.before.dot);
        self.digits() <= 12 && thousands && (before || after) || self.groups.len() == 1 && self.digits() <= 9 && (before || after)
    }

    /// A date, a version, an amount with a point, years, a small number.
    fn is_harmless(&self) -> bool {
        let years = self.groups.iter().all(|group| group.is_year(self.letters));
        if self.groups.len() > 1 && (years || self.is_date()) {
            return true;
        }
        if self.groups.len() > 1 && self.only(|between| between.dot && !between.bracket) {
            return !self.is_dotted_phone() && (self.groups[0].value(self.letters) == 0 || self.lengths().all(|len| len <= 6));
        }
        if self.groups.len() == 4 && [1, 3].iter().all(|&at| self.groups[at].before.dot) && self.groups[2].before.dash {
            return true; // From one time, date or price to another: `09.15-09.20`.
        }
        let round = self.groups.len() == 1 && self.groups[0].len() <= 8 && self.groups[0].value(self.letters).is_multiple_of(1000);
        round && self.digits() >= 6 || self.heard.harmless() && self.digits() <= 9
    }

    /// Year, month and day in any order, with the same mark between.
    fn is_date(&self) -> bool {
        let [first, second, third] = self.groups else { return false };
        let same = second.before == third.before && !second.before.bracket;
        let small = |group: &Group, most| group.len() <= 2 && (1..=most).contains(&group.value(self.letters));
        let year = |group: &Group| group.len() == 2 || group.is_year(self.letters);
        let from_year = first.is_year(self.letters) && small(second, 31) && small(third, 31);
        let to_year = small(first, 31) && small(second, 31) && year(third);
        same && (from_year || to_year)
    }

    fn is_dotted_phone(&self) -> bool {
        self.digits() >= 9
            && self.groups.len() >= 3
            && (self.starts_with_zero() || self.lengths().eq([3, 3, 4]) || self.lengths().eq([1, 3, 3, 4]))
    }

    fn starts_with_zero(&self) -> bool {
        self.letters.digit(self.groups[0].from) == Some(0)
    }

    /// The shapes in which people write telephone numbers.
    fn is_phone(&self) -> bool {
        let digits = self.digits();
        // "$678 (21-22)": what it cost, and when.
        if self.groups.len() > 1 && SIGNS.contains(self.letters.at(self.groups[0].from.wrapping_sub(1))) {
            return false;
        }
        if self.starts_with_zero() || self.sign.bracket {
            return (7..=15).contains(&digits);
        }
        let first = self.groups[0];
        let shape = self.groups.len() >= 2 && self.lengths().skip(1).all(|len| (2..=5).contains(&len)) && first.len() <= 5;
        let thousands = first.len() <= 3 && self.lengths().skip(1).all(|len| len == 3) && self.only(|between| between.blank || between.dot);
        let years = first.is_year(self.letters) && digits < 9;
        let leading = first.len() > 1 || first.value(self.letters) == 1 && self.groups.len() >= 4;
        let marks = self.only(|between| !between.slash) && (self.only(|between| !between.dot) || self.is_dotted_phone());
        let round = self.groups.iter().all(|group| group.value(self.letters).is_multiple_of(10));
        shape && marks && leading && !round && !years && (!thousands || digits == 9) && (7..=13).contains(&digits)
    }

    /// Too many digits to be anything that a reader needs.
    fn is_long(&self, unit: bool) -> bool {
        let groups = self.groups.len();
        if groups == 1 || unit {
            return self.lengths().any(|len| len >= 6);
        }
        self.digits() >= 13 && self.lengths().all(|len| len >= 2)
    }

    /// Behind "order" or a number sign four digits are enough, if they are no year and no round number.
    fn is_wanted(&self, unit: bool) -> bool {
        let exact = self.heard.wants_exactly();
        let round = self.groups.len() == 1 && self.groups[0].value(self.letters).is_multiple_of(500);
        let parted = exact && self.groups.len() <= 4 && self.digits() >= 5 && self.lengths().all(|len| len >= 2);
        let year = self.groups[0].is_year(self.letters) && (unit || self.digits() < 8);
        // "filed the claim on 11/15"
        let day = self.groups.len() == 2 && self.groups[1].before.slash && self.lengths().all(|len| len <= 2);
        self.heard.wants_number() && self.digits() >= 4 && !year && !day && (exact || !round) && (unit || parted)
    }

    /// "It's 58213." A round number is a price or a count.
    fn is_told(&self) -> bool {
        let end = self.end();
        let ends = self.letters.line_ends(end) || matches!(self.letters.at(end), '.' | ',' | ';' | '!' | '?' | ')');
        self.groups.len() == 1 && self.digits() == 5 && ends && self.heard.told() && !self.groups[0].value(self.letters).is_multiple_of(100)
    }

    /// "12345 numaralı sipariş".
    fn is_followed(&self) -> bool {
        let next = self.end() + 1;
        self.groups.len() == 1
            && self.digits() >= 3
            && self.letters.at(next - 1) == ' '
            && self.letters.starts_word(next)
            && is_follower(&self.letters.lower(next, self.letters.word_end(next)))
    }

    /// "protocolo nº 123.456.789".
    fn is_dotted_reference(&self) -> bool {
        self.heard.wants_exactly() && self.groups.len() >= 3 && self.lengths().all(|len| len == 3) && self.only(|between| between.dot)
    }
}
