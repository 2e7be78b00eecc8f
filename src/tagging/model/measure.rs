//! How good somebody is at a theme, and whether one is better than another by more than chance.

use std::iter::Sum;

use serde::Deserialize;
use serde::Serialize;

use crate::tagging::model::random::Dice;

/// Draws of the bootstrap. The ends of a 95 % interval stand on fifty of them each.
const DRAWS: usize = 2_000;

/// Right and wrong verdicts about a theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Said to have the theme, and has it.
    pub right: u32,
    /// Said to have it, and has it not.
    pub wrong: u32,
    /// Has it, and was not said to.
    pub missed: u32,
}

impl Verdicts {
    /// One verdict.
    #[must_use]
    pub fn of(said: bool, is: bool) -> Self {
        Self { right: u32::from(said && is), wrong: u32::from(said && !is), missed: u32::from(!said && is) }
    }

    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    /// How much of what was said is right, in `0.0..=1.0`; 0 where nothing was said.
    #[must_use]
    pub fn precision(self) -> f64 {
        part(self.right, self.right + self.wrong)
    }

    /// How much of what is there was said; 0 where nothing is there.
    #[must_use]
    pub fn recall(self) -> f64 {
        part(self.right, self.right + self.missed)
    }

    /// The harmonic mean of both (F1).
    #[must_use]
    pub fn f1(self) -> f64 {
        part(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

impl Sum for Verdicts {
    fn sum<I: Iterator<Item = Self>>(verdicts: I) -> Self {
        let mut sum = Self::default();
        for verdict in verdicts {
            sum.add(verdict);
        }
        sum
    }
}

fn part(some: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(some) / f64::from(all) }
}

/// A difference in F1, with the interval in which 95 of 100 such comparisons would find it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// F1 of the one less F1 of the other.
    pub f1: f64,
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
}

/// How much better `one` is than `other`, by verdicts of both about the same groups of texts.
///
/// The interval is that of the paired bootstrap (B. Efron, R. Tibshirani, An introduction to the
/// bootstrap, 1993, chapter 13; for F1 T. Berg-Kirkpatrick et al., An empirical investigation of
/// statistical significance in NLP, EMNLP 2012): whole groups are drawn, for copies of one text are
/// one piece of evidence. That another training would have given another model is not in it.
#[must_use]
pub fn gain(one: &[Verdicts], other: &[Verdicts], seed: u64) -> Gain {
    let pairs: Vec<(Verdicts, Verdicts)> = one.iter().copied().zip(other.iter().copied()).collect();
    let difference = |drawn: &mut dyn Iterator<Item = (Verdicts, Verdicts)>| {
        let (mut sum, mut of) = (Verdicts::default(), Verdicts::default());
        for (one, other) in drawn {
            sum.add(one);
            of.add(other);
        }
        sum.f1() - of.f1()
    };
    let f1 = difference(&mut pairs.iter().copied());
    if pairs.is_empty() {
        return Gain { f1, from: 0.0, to: 0.0 };
    }
    let mut dice = Dice::of(seed);
    let mut drawn: Vec<f64> = (0..DRAWS).map(|_| difference(&mut (0..pairs.len()).map(|_| pairs[dice.below(pairs.len())]))).collect();
    drawn.sort_unstable_by(f64::total_cmp);
    Gain { f1, from: drawn[DRAWS / 40], to: drawn[DRAWS - 1 - DRAWS / 40] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_textbook() {
        let verdicts = Verdicts { right: 6, wrong: 2, missed: 4 };
        assert_eq!((verdicts.precision(), verdicts.recall()), (0.75, 0.6));
        assert!((verdicts.f1() - 2.0 * 0.75 * 0.6 / 1.35).abs() < 1e-12);
        assert!(Verdicts::default().f1().abs() < 1e-12, "nothing is no number");
        let all = [Verdicts::of(true, true), Verdicts::of(true, false), Verdicts::of(false, true), Verdicts::of(false, false)];
        assert_eq!(all.into_iter().sum::<Verdicts>(), Verdicts { right: 1, wrong: 1, missed: 1 });
    }

    #[test]
    fn a_clear_lead_is_told_from_a_thin_one() {
        let truth = |at: usize| at.is_multiple_of(4);
        let of = |wrong_every: usize| -> Vec<Verdicts> {
            (0..800).map(|at| Verdicts::of(truth(at) != (at % wrong_every == wrong_every - 1), truth(at))).collect()
        };
        let clear = gain(&of(50), &of(8), 1);
        assert!(clear.from > 0.0 && clear.from < clear.f1 && clear.f1 < clear.to, "{clear:?}");
        let thin = gain(&of(21), &of(20), 1);
        assert!(thin.from < 0.0 && thin.to > 0.0, "{thin:?}");
        let same = gain(&of(9), &of(9), 1);
        assert_eq!(same, Gain { f1: 0.0, from: 0.0, to: 0.0 });
        assert_eq!(gain(&[], &[], 1), Gain { f1: 0.0, from: 0.0, to: 0.0 });
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let one: Vec<Verdicts> = (0..90).map(|at| Verdicts::of(at % 3 == 0, at % 5 == 0)).collect();
        let other: Vec<Verdicts> = (0..90).map(|at| Verdicts::of(at % 7 == 0, at % 5 == 0)).collect();
        assert_eq!(gain(&one, &other, 3), gain(&one, &other, 3));
    }
}
