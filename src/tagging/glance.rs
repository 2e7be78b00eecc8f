//! Whether an expression can hold in a sentence at all, said at a glance.
//!
//! Most rules that a word wakes do not match, and finding that out must cost next to nothing. So the
//! places of a choice are bits of one number, a word each, and a rule is a few shifts and ands (the
//! bit-parallel matching of Baeza-Yates and Gonnet, 1992, with whole words for letters). A glance
//! takes in as many sentences as have 64 words together; in a longer one the words after the 64th
//! fold onto the first. So "no" is final, while "yes" only means that [`crate::tagging::search`] has
//! to look. The expressions stand one after the other in one piece of memory ([`Outlines`]), because
//! waiting for memory is what takes time here.

use std::ops::Range;

use crate::tagging::plan::Choice;
use crate::tagging::plan::Node;
use crate::tagging::read::Known;

/// Words that fit into a glance.
pub(super) const WORDS: usize = 64;

/// A choice that every word satisfies.
pub(super) const EVERYWHERE: Choice = Choice::MAX;

/// Where choices stand in a few sentences. Made to be used again for the next.
#[derive(Debug, Default)]
pub(super) struct Glance {
    /// The words of each choice, one up: the first is [`EVERYWHERE`].
    by_choice: Vec<u64>,
    /// The words of the sentence that is looked at.
    within: u64,
}

/// Expressions as numbers: for each node its kind and count, how many numbers it takes with all its
/// parts, then what it is made of.
#[derive(Debug, Default)]
pub(super) struct Outlines(Vec<u32>);

const PHRASE: u32 = 0;
const ANY: u32 = 1;
const ALL: u32 = 2;
const NOT: u32 = 3;
const NEAR: u32 = 4;
const BEFORE: u32 = 5;

/// A slot of a phrase for any word.
const ANY_WORD: u32 = u32::MAX;

impl Outlines {
    /// Adds an expression; the answer names it.
    pub(super) fn add(&mut self, node: &Node) -> u32 {
        let start = self.0.len();
        self.0.extend([0, 0]);
        self.0[start] = match node {
            Node::Phrase(slots) => {
                self.0.extend(slots.iter().map(|slot| slot.unwrap_or(ANY_WORD)));
                PHRASE
            }
            Node::Any(parts) => self.parts(parts, ANY),
            Node::All(parts) => self.parts(parts, ALL),
            Node::Not(_) => NOT,
            Node::Near { left, right, most, ordered } => {
                self.0.push(*most);
                self.add(left);
                self.add(right);
                if *ordered { BEFORE } else { NEAR }
            }
        };
        self.0[start + 1] = (self.0.len() - start) as u32;
        start as u32
    }

    fn parts(&mut self, parts: &[Node], kind: u32) -> u32 {
        for part in parts {
            self.add(part);
        }
        kind
    }

    fn of(&self, name: u32) -> &[u32] {
        let start = name as usize;
        &self.0[start..start + self.0[start + 1] as usize]
    }
}

/// The expressions that stand one after the other.
fn parts(mut all: &[u32]) -> impl Iterator<Item = &[u32]> {
    std::iter::from_fn(move || {
        let (part, rest) = all.split_at_checked(*all.get(1)? as usize)?;
        all = rest;
        Some(part)
    })
}

/// Where expressions may begin and end (the end is excluded), a bit for a word.
#[derive(Clone, Copy)]
struct Places {
    starts: u64,
    ends: u64,
}

const NOWHERE: Places = Places { starts: 0, ends: 0 };

impl Glance {
    /// Makes room for so many choices.
    pub(super) fn fit(&mut self, choices: usize) {
        if self.by_choice.len() != choices + 1 {
            self.by_choice.clear();
            self.by_choice.resize(choices + 1, 0);
            self.by_choice[0] = u64::MAX;
        }
    }

    /// Notes what some words of a message satisfy.
    pub(super) fn note(&mut self, words: Range<usize>, message: Known<'_>) {
        words.for_each(|word| self.note_word(word, message.choices(word)));
    }

    /// Notes the choices that one word satisfies.
    pub(super) fn note_word(&mut self, word: usize, choices: &[Choice]) {
        let bit = 1 << (word % WORDS);
        for choice in choices {
            self.by_choice[place(*choice)] |= bit;
        }
    }

    /// Forgets words again, all that were noted: cheaper than to forget every choice.
    pub(super) fn forget(&mut self, words: Range<usize>, message: Known<'_>) {
        for word in words {
            for choice in message.choices(word) {
                self.by_choice[place(*choice)] = 0;
            }
        }
    }

    /// Looks at one sentence, by its words.
    pub(super) fn look_at(&mut self, words: Range<usize>) {
        let bits = if words.len() >= WORDS { u64::MAX } else { (1 << words.len()) - 1 };
        self.within = bits.rotate_left((words.start % WORDS) as u32);
    }

    /// Whether the sentence has a choice.
    pub(super) fn has(&self, choice: Choice) -> bool {
        self.words(choice) != 0
    }

    /// Whether any sentence that was noted has a choice.
    pub(super) fn has_anywhere(&self, choice: Choice) -> bool {
        self.by_choice[place(choice)] != 0
    }

    /// The words that satisfy a choice, of all that were noted; none may have been folded.
    pub(super) fn places_of(&self, choice: Choice) -> impl Iterator<Item = u32> + use<> {
        ones(self.by_choice[place(choice)])
    }

    /// Whether an expression may hold in this sentence; no is final.
    pub(super) fn may_hold(&self, outlines: &Outlines, name: u32) -> bool {
        self.holds(outlines.of(name))
    }

    fn holds(&self, node: &[u32]) -> bool {
        match node[0] {
            ANY => parts(&node[2..]).any(|part| self.holds(part)),
            ALL => parts(&node[2..]).all(|part| self.holds(part)),
            NOT => true,
            _ => self.places(node).starts != 0,
        }
    }

    fn words(&self, choice: Choice) -> u64 {
        self.by_choice[place(choice)] & self.within
    }

    fn places(&self, node: &[u32]) -> Places {
        match node[0] {
            PHRASE => self.phrase(&node[2..]),
            ANY => parts(&node[2..]).map(|part| self.places(part)).fold(NOWHERE, Places::or),
            kind @ (NEAR | BEFORE) => {
                let mut sides = parts(&node[3..]).map(|side| self.places(side));
                let left = sides.next().unwrap_or(NOWHERE);
                if left.starts == 0 {
                    return NOWHERE;
                }
                let right = sides.next().unwrap_or(NOWHERE);
                let forth = left.before(right, node[2]);
                if kind == BEFORE { forth } else { forth.or(right.before(left, node[2])) }
            }
            // The parser lets neither `&` nor `!` stand where a place is asked for.
            _ => NOWHERE,
        }
    }

    fn phrase(&self, slots: &[u32]) -> Places {
        let mut starts = u64::MAX;
        for (at, choice) in (0..).zip(slots) {
            if *choice != ANY_WORD {
                starts &= self.words(*choice).rotate_right(at);
                if starts == 0 {
                    return NOWHERE;
                }
            }
        }
        Places { starts, ends: starts.rotate_left(slots.len() as u32) }
    }
}

fn place(choice: Choice) -> usize {
    choice.wrapping_add(1) as usize
}

impl Places {
    fn or(self, other: Self) -> Self {
        Self { starts: self.starts | other.starts, ends: self.ends | other.ends }
    }

    /// What begins as one and ends as the other, at most so many words between.
    fn before(self, next: Self, most: u32) -> Self {
        if smeared(self.ends, most) & next.starts == 0 { NOWHERE } else { Self { starts: self.starts, ends: next.ends } }
    }
}

/// The bits that are set, from the lowest.
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some(lowest)
    })
}

/// Each bit and as many as `most` after it.
fn smeared(mut bits: u64, most: u32) -> u64 {
    let wanted = most.saturating_add(1).min(64);
    let mut wide = 1;
    while wide < wanted {
        let step = wide.min(wanted - wide);
        bits |= bits.rotate_left(step);
        wide += step;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_smeared_upwards_and_around() {
        assert_eq!(smeared(0b1, 0), 0b1);
        assert_eq!(smeared(0b1001, 2), 0b11_1111);
        assert_eq!(smeared(0b1, 5), 0b11_1111);
        assert_eq!(smeared(1 << 63, 1), 1 << 63 | 1);
        assert_eq!(smeared(1, u32::MAX), u64::MAX);
    }

    /// A glance in which words were noted that satisfy these choices.
    fn glance(words: &[(usize, &[Choice])]) -> Glance {
        let mut glance = Glance::default();
        glance.fit(2);
        for (word, choices) in words {
            glance.note_word(*word, choices);
        }
        glance
    }

    fn zero_then_one() -> (Outlines, u32) {
        let mut outlines = Outlines::default();
        let phrase = outlines.add(&Node::Phrase([Some(0), Some(1)].into()));
        (outlines, phrase)
    }

    #[test]
    fn each_sentence_has_its_own_words() {
        let mut glance = glance(&[(0, &[0]), (1, &[0, 1])]);
        let (outlines, phrase) = zero_then_one();
        glance.look_at(0..2);
        assert!(glance.may_hold(&outlines, phrase));
        glance.look_at(1..2);
        assert!(!glance.may_hold(&outlines, phrase) && glance.has(1));
        glance.look_at(0..1);
        assert!(!glance.has(1) && glance.has_anywhere(1));
        assert_eq!(glance.places_of(0).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_sentence_may_lie_across_the_fold() {
        let mut glance = glance(&[(63, &[0]), (64, &[1]), (65, &[1])]);
        let (outlines, phrase) = zero_then_one();
        glance.look_at(60..70);
        assert!(glance.may_hold(&outlines, phrase));
        glance.look_at(64..70);
        assert!(!glance.may_hold(&outlines, phrase));
    }
}
