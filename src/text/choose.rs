//! Chooses the texts to show: those worth most that do not say the same.
//!
//! Maximal marginal relevance: J. Carbonell, J. Goldstein, The Use of MMR, Diversity-Based
//! Reranking, SIGIR 1998. Each next text is the one whose worth, less its likeness to those chosen
//! before, is greatest. What is nearly a copy of a chosen one is never taken.

use std::collections::HashMap;
use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

/// Candidates beyond this many are not looked at; the first thousands tell enough.
const CANDIDATES: usize = 2_000;
/// Characters of a text that are compared. Near-equal texts differ early or not at all.
const COMPARED: usize = 1_000;
/// Share of common words from which two texts say the same.
const ALIKE: f64 = 0.6;
/// What likeness to a chosen text costs, and another text of the same origin.
const LIKENESS: f64 = 0.5;
const SAME_ORIGIN: f64 = 0.15;
/// Once there are enough, one that is worth less than this part of the best adds nothing.
const WORTHLESS: f64 = 0.25;

/// A text that may be shown.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What would be shown.
    pub text: &'a str,
    /// What it is worth beside being typical, 0 or more; only compared with the others'.
    pub worth: f64,
    /// Where it comes from: of several origins each is heard.
    pub origin: &'a str,
    /// Who wrote it, where that is known: nobody is quoted twice.
    pub author: Option<&'a str>,
}

/// Places of `least` to `most` candidates, the best first; fewer where fewer differ.
///
/// What a text is worth is what it was given and how typical it is, one as much as the other; short
/// scraps and endless letters count less, and of two equal ones the first is taken.
#[must_use]
pub fn choose(candidates: &[Candidate<'_>], least: usize, most: usize) -> Vec<usize> {
    let candidates = &candidates[..candidates.len().min(CANDIDATES)];
    let bags: Vec<HashSet<String>> = candidates.iter().map(|candidate| words(candidate.text)).collect();
    let worths = worths(candidates, &bags);
    let best = worths.iter().copied().fold(0.0, f64::max);
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < most {
        let next = (0..candidates.len())
            .filter(|&at| !chosen.iter().any(|&other| repeats(at, other, candidates, &bags)))
            .map(|at| (worths[at] - cost(at, &chosen, candidates, &bags), at))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match next {
            Some((_, at)) if chosen.len() < least || worths[at] >= WORTHLESS * best => chosen.push(at),
            _ => break,
        }
    }
    chosen
}

/// What each is worth, 0 to 1.
fn worths(candidates: &[Candidate<'_>], bags: &[HashSet<String>]) -> Vec<f64> {
    let mut known: HashMap<&str, u32> = HashMap::new();
    for word in bags.iter().flatten() {
        *known.entry(word).or_default() += 1;
    }
    let typical: Vec<f64> = bags.iter().map(|bag| typicality(bag, &known)).collect();
    let scaled = |values: &[f64]| {
        let most = values.iter().copied().fold(0.0, f64::max).max(1e-9);
        values.iter().map(|value| value / most).collect::<Vec<_>>()
    };
    let typical = scaled(&typical);
    let given = scaled(&candidates.iter().map(|candidate| candidate.worth.max(0.0)).collect::<Vec<_>>());
    candidates.iter().enumerate().map(|(at, candidate)| typical[at].midpoint(given[at]) * fitness(candidate.text)).collect()
}

/// How much a text says that others say too, per word. A few words are added to the length, or
/// "bad" alone would stand for everybody.
fn typicality(bag: &HashSet<String>, known: &HashMap<&str, u32>) -> f64 {
    let shared: u64 =
        bag.iter().filter_map(|word| known.get(word.as_str())).filter(|&&count| count > 1).map(|&count| u64::from(count)).sum();
    shared as f64 / (bag.len() as f64 + 6.0)
}

/// From 40 to 300 characters are read with pleasure.
fn fitness(text: &str) -> f64 {
    match text.chars().take(301).count() {
        short @ ..40 => 0.3 + 0.7 * short as f64 / 40.0,
        301.. => 0.9,
        _ => 1.0,
    }
}

fn repeats(at: usize, other: usize, candidates: &[Candidate<'_>], bags: &[HashSet<String>]) -> bool {
    let author = |at: usize| candidates[at].author.filter(|author| !author.is_empty());
    at == other || overlap(&bags[at], &bags[other]) >= ALIKE || (author(at).is_some() && author(at) == author(other))
}

fn cost(at: usize, chosen: &[usize], candidates: &[Candidate<'_>], bags: &[HashSet<String>]) -> f64 {
    let nearest = chosen.iter().map(|&other| overlap(&bags[at], &bags[other])).fold(0.0, f64::max);
    let heard = chosen.iter().filter(|&&other| candidates[other].origin == candidates[at].origin).count() as f64;
    LIKENESS * nearest + SAME_ORIGIN * heard / chosen.len().max(1) as f64
}

/// Common words as a share of all words of both.
fn overlap(one: &HashSet<String>, other: &HashSet<String>) -> f64 {
    let common = one.intersection(other).count();
    let all = one.len() + other.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

/// Words of three letters and more in small letters; single letters of scripts without blanks.
fn words(text: &str) -> HashSet<String> {
    let start: String = text.chars().take(COMPARED).collect();
    start.unicode_words().filter(|word| !word.is_ascii() || word.len() > 2).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Candidate<'_> {
        Candidate { text, worth: 0.0, origin: "shop", author: None }
    }

    #[test]
    fn the_typical_texts_are_chosen_and_copies_are_not() {
        let texts = [
            "bad",
            "the parcel never arrived and nobody answers the phone",
            "the parcel never arrived and nobody answers the phone!",
            "parcel never arrived, waiting three weeks",
            "I like the colour",
            "my parcel never arrived and support sends me in circles",
        ];
        let candidates = texts.map(plain);
        assert_eq!(choose(&candidates, 3, 3), [1, 3, 5]);
        assert_eq!(choose(&candidates, 0, 0), [0; 0]);
        assert_eq!(choose(&[], 3, 3), [0; 0]);
    }

    #[test]
    fn what_is_worth_more_comes_first_and_worthless_ones_only_where_few_are_there() {
        let texts = ["the update took my basket", "white page since the update", "nothing works for me", "I wait for an answer"];
        let mut candidates = texts.map(plain);
        candidates[1].worth = 9.0;
        assert_eq!(choose(&candidates, 1, 4)[0], 1);
        assert_eq!(choose(&candidates, 4, 4).len(), 4);
        assert!(choose(&candidates, 1, 4).len() < 4);
    }

    #[test]
    fn nobody_is_quoted_twice_and_other_origins_are_heard() {
        let said = |text, origin, author| Candidate { text, worth: 1.0, origin, author: Some(author) };
        let candidates = [
            said("the parcel never arrived at my door", "shop", "a"),
            said("where is the parcel that I have ordered", "shop", "a"),
            said("no parcel came to my door this week", "shop", "b"),
            said("no parcel came to our house this month", "store", "c"),
        ];
        let chosen = choose(&candidates, 3, 3);
        assert!(chosen.len() == 3 && !(chosen.contains(&0) && chosen.contains(&1)), "{chosen:?}");
        assert!(chosen[..2].contains(&3), "{chosen:?}");
    }

    #[test]
    fn texts_without_words_are_all_alike() {
        assert_eq!(choose(&["!!!", "…", ""].map(plain), 3, 3), [0]);
    }

    proptest! {
        #[test]
        fn the_chosen_differ(texts in prop::collection::vec("[abc]{3}( [abc]{3}){0,4}", 0..20), most in 0_usize..6, worth in 0.0..9.0_f64) {
            let candidates: Vec<Candidate<'_>> =
                texts.iter().enumerate().map(|(at, text)| Candidate { worth: worth * at as f64, ..plain(text) }).collect();
            let chosen = choose(&candidates, 3, most);
            prop_assert!(chosen.len() <= most);
            for (place, &at) in chosen.iter().enumerate() {
                for &other in &chosen[..place] {
                    prop_assert!(overlap(&words(&texts[at]), &words(&texts[other])) < ALIKE);
                }
            }
        }
    }
}
