//! Whether an expression can hold in a sentence at all, said at a glance.
//!
//! Most rules that a word wakes do not match, and finding that out must cost next to nothing. So the
//! places of a choice in a sentence are bits of one number, a word each, and a rule is a few shifts
//! and ands (the bit-parallel matching of Baeza-Yates and Gonnet, 1992, with whole words for
//! letters). Words after the 64th fold onto the first ones. So "no" is final, while "yes" only means
//! that [`crate::tagging::search`] has to look.

use crate::tagging::plan::Choice;
use crate::tagging::plan::Node;

/// Where the choices of a sentence stand. Made to be used again for the next.
#[derive(Debug, Default)]
pub(super) struct Glance {
    by_choice: Vec<Seen>,
    /// The number of the sentence, counted on from text to text so that nothing needs to be cleared.
    sentence: u64,
    /// That of the first sentence of the text.
    first: u64,
}

/// Where a choice was seen last.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    sentence: u64,
    /// Its words there.
    words: u64,
}

/// Where expressions may begin and end (the end is excluded), a bit for a word.
#[derive(Clone, Copy)]
struct Places {
    starts: u64,
    ends: u64,
}

const NOWHERE: Places = Places { starts: 0, ends: 0 };

impl Glance {
    /// Begins a text, of rules with so many choices.
    pub(super) fn begin_text(&mut self, choices: usize) {
        self.by_choice.resize(choices, Seen::default());
        self.first = self.sentence + 1;
    }

    /// Begins a sentence.
    pub(super) fn begin_sentence(&mut self) {
        self.sentence += 1;
    }

    /// Notes that a word of this sentence satisfies some choices.
    pub(super) fn note(&mut self, word: usize, choices: &[Choice]) {
        let bit = 1 << (word % 64);
        for choice in choices {
            let seen = &mut self.by_choice[*choice as usize];
            let before = if seen.sentence == self.sentence { seen.words } else { 0 };
            *seen = Seen { sentence: self.sentence, words: before | bit };
        }
    }

    /// Whether the text up to here has one of each.
    pub(super) fn has_all(&self, needs: &[Box<[Choice]>]) -> bool {
        needs.iter().all(|one_of| one_of.iter().any(|choice| self.by_choice[*choice as usize].sentence >= self.first))
    }

    /// Whether an expression may hold in this sentence; no is final.
    pub(super) fn may_hold(&self, node: &Node) -> bool {
        match node {
            Node::Phrase(_) | Node::Near { .. } => self.places(node).starts != 0,
            Node::Any(parts) => parts.iter().any(|part| self.may_hold(part)),
            Node::All(parts) => parts.iter().all(|part| self.may_hold(part)),
            Node::Not(_) => true,
        }
    }

    fn words(&self, choice: Choice) -> u64 {
        let seen = self.by_choice[choice as usize];
        if seen.sentence == self.sentence { seen.words } else { 0 }
    }

    fn places(&self, node: &Node) -> Places {
        match node {
            Node::Phrase(slots) => self.phrase(slots),
            Node::Any(parts) => parts.iter().map(|part| self.places(part)).fold(NOWHERE, Places::or),
            Node::Near { left, right, most, ordered } => {
                let left = self.places(left);
                if left.starts == 0 {
                    return NOWHERE;
                }
                let right = self.places(right);
                let forth = left.before(right, *most);
                if *ordered { forth } else { forth.or(right.before(left, *most)) }
            }
            // The parser lets neither stand where a place is asked for.
            Node::All(_) | Node::Not(_) => NOWHERE,
        }
    }

    fn phrase(&self, slots: &[Option<Choice>]) -> Places {
        let mut starts = u64::MAX;
        for (at, choice) in (0..).zip(slots) {
            let Some(choice) = choice else { continue };
            starts &= self.words(*choice).rotate_right(at);
            if starts == 0 {
                return NOWHERE;
            }
        }
        Places { starts, ends: starts.rotate_left(slots.len() as u32) }
    }
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

    #[test]
    fn what_another_sentence_or_text_said_is_forgotten() {
        let mut glance = Glance::default();
        glance.begin_text(2);
        glance.begin_sentence();
        glance.note(0, &[0]);
        let (zero, both) = (Node::Phrase([Some(0)].into()), [Box::from([0]), Box::from([1])]);
        assert!(glance.may_hold(&zero));
        glance.begin_sentence();
        glance.note(0, &[1]);
        assert!(!glance.may_hold(&zero));
        assert!(glance.has_all(&both));
        glance.begin_text(2);
        glance.begin_sentence();
        glance.note(0, &[1]);
        assert!(!glance.has_all(&both));
    }
}
