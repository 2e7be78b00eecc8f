//! Which texts are one piece of evidence, and how texts are dealt out to be held back.
//!
//! Copies of a text must not stand on both sides, or a model is examined on what it has learnt by
//! heart. So texts are gathered in groups first: equal in plain form, or copies by `text::alike`.

use std::collections::BTreeMap;

use crate::text::alike::Words;
use crate::text::normalise;

/// Members of a group that a new text is compared with: as for voices, for a text that a thousand
/// people copy must not cost a million comparisons.
const COMPARED: usize = 16;

/// The group of each text, numbered in the order of their first members.
#[must_use]
pub fn groups(texts: &[&str]) -> Vec<usize> {
    let mut groups = Union::of(texts.len());
    let mut by_plain: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_key: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let words: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
    for (at, text) in texts.iter().enumerate() {
        let first = *by_plain.entry(normalise::plain(text)).or_insert(at);
        groups.join(first, at);
        if first != at {
            continue;
        }
        for key in words[at].likeness(None).words {
            let known = by_key.entry(key).or_default();
            for &other in known.iter() {
                if groups.root(other) != groups.root(at) && words[at].copies(&words[other]) {
                    groups.join(other, at);
                }
            }
            if known.len() < COMPARED {
                known.push(at);
            }
        }
    }
    groups.numbered()
}

/// The fold of each group, so that folds have about as many groups with the theme, and about as
/// many without. `positive` says which groups have it.
///
/// # Panics
///
/// Never: there is at least one fold.
#[must_use]
pub fn dealt(positive: &[bool], folds: usize) -> Vec<usize> {
    // Groups are numbered in the order of their texts, so neighbours begin alike: dealing one by one
    // spreads them.
    let mut next = [0, 0];
    let deal = |is_positive: &bool| {
        let next = &mut next[usize::from(*is_positive)];
        *next += 1;
        (*next - 1) % folds.max(1)
    };
    positive.iter().map(deal).collect()
}

/// Sets of numbers that are joined by and by.
struct Union(Vec<usize>);

impl Union {
    fn of(length: usize) -> Self {
        Self((0..length).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    /// The lower root stays, so that the outcome does not depend on the order of joins.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    fn numbered(mut self) -> Vec<usize> {
        let mut numbers = BTreeMap::new();
        (0..self.0.len())
            .map(|at| {
                let next = numbers.len();
                *numbers.entry(self.root(at)).or_insert(next)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn copies_are_one_group_and_short_texts_only_when_they_are_equal() {
        let long = "I returned both jackets five weeks ago and nobody in this shop can tell me where my money went.";
        let edited = long.replace("five", "six");
        let texts = ["Bad bot", long, "bad BOT!", "bad shop", &edited, "I returned both shoes, all was well, and thank you very much."];
        assert_eq!(groups(&texts), [0, 1, 0, 2, 1, 3]);
        assert_eq!(groups(&[]), [] as [usize; 0]);
    }

    #[test]
    fn a_text_that_thousands_copy_is_quickly_gathered() {
        let texts: Vec<String> =
            (0..3_000).map(|at| format!("This shop keeps my money since the spring and its bot {at} sends me round and round.")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert!(groups(&texts).iter().max().unwrap() < &3_000);
    }

    proptest! {
        #[test]
        fn folds_have_as_many_of_each_kind(positive in proptest::collection::vec(any::<bool>(), 0..200), folds in 2_usize..7) {
            let dealt = dealt(&positive, folds);
            for kind in [true, false] {
                let count = |fold| dealt.iter().zip(&positive).filter(|(of, is)| **of == fold && **is == kind).count();
                let counts: Vec<usize> = (0..folds).map(count).collect();
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            }
        }
    }
}
