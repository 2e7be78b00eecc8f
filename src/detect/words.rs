//! Words that rose: those that complaints use now and did not use before.
//!
//! Weighted log-odds with an informative Dirichlet prior: B. L. Monroe, M. P. Colaresi, K. M. Quinn,
//! Fightin' Words, Political Analysis 16 (2008), over messages instead of occurrences, so that
//! nobody raises a word by saying it ten times. The prior is what all these people usually say. It
//! holds "the" and "och" where they are, in any language and without a list of stop words, and asks
//! of a rare word more than one angry customer.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::text::terms::Terms;

/// How many messages the prior counts for.
const PRIOR: f64 = 200.0;
/// Least score, in standard deviations: one in forty would reach it by chance.
const LEAST_SCORE: f64 = 1.96;
/// Fewer messages with a word say nothing.
const LEAST_MESSAGES: usize = 3;
/// A word must be this much more frequent: with thousands of messages small differences score too.
const LEAST_RISE: f64 = 1.5;
/// A message of a rare language stands for so many at most.
const MOST_WEIGHT: f64 = 8.0;
/// Part of a word's messages from which a pair with it, or another word, tells the same.
const SAME: f64 = 0.6;

/// A message as its terms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// What it says.
    pub terms: Terms,
    /// Its language; empty where nobody knows it.
    pub lang: String,
}

/// A word or a pair of words that rose.
#[derive(Debug, Clone, PartialEq)]
pub struct Rise {
    /// Its key.
    pub key: String,
    /// As most people write it.
    pub shown: String,
    /// Messages with it now.
    pub now: usize,
    /// Messages with it among as many usual ones.
    pub usual: f64,
    /// Standard deviations above the usual.
    pub score: f64,
}

/// What is known of one term.
#[derive(Default)]
struct Seen<'a> {
    now: BTreeSet<usize>,
    /// Messages before, weighed as if their languages were mixed like now.
    usual: f64,
    all: f64,
    /// How often it is written how, within sentences or only at their beginning.
    written: BTreeMap<(&'a str, bool), usize>,
}

/// Terms that rose from `usual` to `now`, the strongest first. `prior` says how people write in
/// general, `usual` among it or not.
#[must_use]
pub fn rising(now: &[Message], usual: &[Message], prior: &[Message]) -> Vec<Rise> {
    let mut seen: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for (at, message) in now.iter().enumerate() {
        for (key, written) in &message.terms {
            let term = seen.entry(key).or_default();
            term.now.insert(at);
            *term.written.entry((&written.shown, written.opens)).or_default() += 1;
        }
    }
    seen.retain(|_, term| term.now.len() >= LEAST_MESSAGES);
    for (messages, is_usual) in [(usual, true), (prior, false)] {
        let weights = weights(messages, now);
        for message in messages {
            let weight = weights[message.lang.as_str()];
            for key in message.terms.keys() {
                if let Some(term) = seen.get_mut(key.as_str()) {
                    term.usual += if is_usual { weight } else { 0.0 };
                    term.all += weight;
                }
            }
        }
    }
    let sizes = Sizes { now: now.len() as f64, usual: usual.len() as f64, all: (now.len() + usual.len() + prior.len()) as f64 };
    let scores: BTreeMap<&str, f64> = seen.iter().map(|(key, term)| (*key, score(term, &sizes))).collect();
    let mut rises: Vec<(&str, f64)> = scores
        .iter()
        .filter(|(key, score)| **score >= LEAST_SCORE && sizes.rise(&seen[*key]) >= LEAST_RISE && is_more_than_its_words(key, &scores))
        .map(|(key, score)| (*key, *score))
        .collect();
    rises.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let told = without_repeats(&rises, &seen);
    told.into_iter().map(|(key, score)| rise(key, score, &seen[key], &sizes)).collect()
}

/// What a message of each language weighs, so that the languages are mixed as they are now: where
/// Germans complain of late, all German words would have risen. All weigh as many as there are.
fn weights<'a>(messages: &'a [Message], now: &[Message]) -> BTreeMap<&'a str, f64> {
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for message in messages {
        *counts.entry(&message.lang).or_default() += 1.0;
    }
    let part = |lang: &str| now.iter().filter(|message| message.lang == lang).count() as f64 / now.len().max(1) as f64;
    let all = messages.len() as f64;
    let wanted: BTreeMap<&str, f64> =
        counts.iter().map(|(lang, count)| (*lang, (part(lang) * all / count).clamp(1.0 / MOST_WEIGHT, MOST_WEIGHT))).collect();
    let sum: f64 = wanted.iter().map(|(lang, weight)| weight * counts[lang]).sum();
    wanted.into_iter().map(|(lang, weight)| (lang, weight * all / sum.max(1e-9))).collect()
}

/// How many messages there are.
struct Sizes {
    now: f64,
    usual: f64,
    all: f64,
}

impl Sizes {
    /// How many times as frequent as usual.
    fn rise(&self, term: &Seen<'_>) -> f64 {
        let usual = term.usual / self.usual.max(1.0);
        if usual > 0.0 { term.now.len() as f64 / self.now.max(1.0) / usual } else { f64::INFINITY }
    }
}

/// The difference of the log-odds in its standard deviations.
fn score(term: &Seen<'_>, sizes: &Sizes) -> f64 {
    let prior = PRIOR.min(sizes.all);
    let share = (term.all + term.now.len() as f64) / sizes.all.max(1.0);
    let (with, without) = (prior * share, prior * (1.0 - share));
    let side = |messages: f64, of: f64| {
        let (yes, no) = (messages + with, of - messages + without);
        ((yes / no).ln(), 1.0 / yes + 1.0 / no)
    };
    let (now, spread_now) = side(term.now.len() as f64, sizes.now);
    let (usual, spread_usual) = side(term.usual.min(sizes.usual), sizes.usual);
    let score = (now - usual) / (spread_now + spread_usual).sqrt();
    if score.is_nan() { 0.0 } else { score }
}

/// A pair is worth telling where both of its words rose, or where it rose clearly more than they.
fn is_more_than_its_words(key: &str, scores: &BTreeMap<&str, f64>) -> bool {
    let Some((first, second)) = key.split_once(' ') else { return true };
    let score = |key| scores.get(key).copied().unwrap_or(0.0);
    let (one, other) = (score(first), score(second));
    one.min(other) >= 1.0 || score(key) >= 1.2 * one.max(other)
}

/// Of a word and a pair with it that most of the same people use, the pair stays: it says more.
/// What only a part of them says around it is left out.
fn without_repeats<'a>(rises: &[(&'a str, f64)], seen: &BTreeMap<&str, Seen<'_>>) -> Vec<(&'a str, f64)> {
    let shares_a_word = |one: &str, other: &str| one.split(' ').any(|word| other.split(' ').any(|known| known == word));
    let mut told: Vec<(&str, f64)> = Vec::new();
    for &(key, score) in rises {
        let repeated = |other: &str| shares_a_word(key, other) && part_of(&seen[key].now, &seen[other].now) >= SAME;
        if !told.iter().any(|(other, _)| repeated(other)) {
            told.push((key, score));
            continue;
        }
        let says_all_of = |word: &str| !word.contains(' ') && shares_a_word(key, word) && part_of(&seen[word].now, &seen[key].now) >= SAME;
        let said_by_a_pair = told.iter().any(|(other, _)| other.contains(' ') && repeated(other));
        if key.contains(' ')
            && !said_by_a_pair
            && let Some(at) = told.iter().position(|(other, _)| says_all_of(other))
        {
            told[at] = (key, told[at].1);
            let mut place = 0..;
            told.retain(|(other, _)| place.next() == Some(at) || !says_all_of(other));
        }
    }
    told
}

/// Part of the messages with one word that have the other too.
fn part_of(one: &BTreeSet<usize>, other: &BTreeSet<usize>) -> f64 {
    one.intersection(other).count() as f64 / one.len().max(1) as f64
}

fn rise(key: &str, score: f64, term: &Seen<'_>, sizes: &Sizes) -> Rise {
    // Within sentences people write as they mean it. Of equally frequent writings the one in small
    // letters: they sort last.
    let best = term.written.iter().max_by_key(|((shown, opens), count)| (!opens, **count, *shown));
    let shown = best.map_or(key, |((shown, _), _)| shown);
    Rise { key: key.to_owned(), shown: shown.to_owned(), now: term.now.len(), usual: term.usual * sizes.now / sizes.usual.max(1.0), score }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::terms::Finder;

    fn terms(texts: &[String]) -> Vec<Message> {
        said(texts, "en")
    }

    fn said(texts: &[String], lang: &str) -> Vec<Message> {
        let mut finder = Finder::default();
        let terms = texts.iter().map(|text| finder.terms(text, Some(lang), &BTreeSet::new()));
        terms.map(|terms| Message { terms, lang: lang.to_owned() }).collect()
    }

    const FILLER: [&str; 8] = [
        "I wanted to pay and the app is slow",
        "The delivery was late and nobody told me",
        "It does not work on my phone, please help",
        "I have been a customer for years and this is sad",
        "They say it is my fault and it is not",
        "Nobody answers the phone when I call",
        "The app is nice but the help is not",
        "Please make it work again, I like the app",
    ];

    fn usual(count: usize) -> Vec<String> {
        (0..count).map(|at| FILLER[at % FILLER.len()].to_owned()).collect()
    }

    fn shown(rises: &[Rise]) -> Vec<String> {
        rises.iter().map(|rise| format!("{} {} ({:.1})", rise.shown, rise.now, rise.usual)).collect()
    }

    #[test]
    fn a_new_pair_is_told_once_and_stop_words_are_not() {
        let mut now = usual(20);
        for (at, text) in now.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
            text.push_str(if at % 2 == 0 { ". White page after the update" } else { ". Only a white page, again and again" });
        }
        let rises = rising(&terms(&now), &terms(&usual(300)), &[]);
        assert_eq!(shown(&rises), ["white page 7 (0.0)", "after 4 (0.0)", "update 4 (0.0)", "again and 3 (0.0)", "only 3 (0.0)"]);
    }

    #[test]
    fn two_messages_are_no_rise() {
        let mut now = usual(20);
        now[3].push_str(". White page");
        now[4].push_str(". White page");
        assert_eq!(rising(&terms(&now), &terms(&usual(300)), &[]), []);
    }

    #[test]
    fn a_word_that_is_only_a_little_more_frequent_is_no_rise() {
        let now: Vec<String> = (0..3000).map(|at| if at % 10 < 6 { "slow app" } else { "late parcel" }.to_owned()).collect();
        let usual: Vec<String> = (0..3000).map(|at| if at % 10 < 5 { "slow app" } else { "late parcel" }.to_owned()).collect();
        assert_eq!(rising(&terms(&now), &terms(&usual), &[]), []);
    }

    #[test]
    fn with_nothing_to_compare_little_is_said() {
        assert_eq!(rising(&[], &[], &[]), []);
        assert!(rising(&terms(&usual(5)), &[], &[]).len() <= 5);
    }

    #[test]
    fn a_language_that_complains_more_has_no_risen_words_for_that() {
        let german =
            |count| (0..count).map(|at| ["Ich warte nur auf Antwort", "Das geht nur so nicht"][at % 2].to_owned()).collect::<Vec<_>>();
        let now: Vec<Message> = terms(&usual(10)).into_iter().chain(said(&german(12), "de")).collect();
        let before: Vec<Message> = terms(&usual(200)).into_iter().chain(said(&german(16), "de")).collect();
        assert_eq!(shown(&rising(&now, &before, &[])), Vec::<String>::new());
    }

    #[test]
    fn the_most_frequent_writing_is_shown() {
        let texts: Vec<String> = ["a PayPal error", "a paypal error", "a PayPal error", "a PAYPAL error"].map(str::to_owned).into();
        let rises = rising(&terms(&texts), &terms(&usual(200)), &[]);
        assert_eq!(shown(&rises), ["PayPal error 4 (0.0)"]);
    }

    /// Messages of random words, frequent ones among them.
    fn drawn(seed: u64, messages: usize) -> Vec<String> {
        let mut state = seed;
        let mut next = move || {
            // A linear congruential generator: constants of Knuth's MMIX.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31)
        };
        let word = |draw: f64| {
            // Zipf: the n-th word has a share of 1 / n.
            let rank = (2000_f64.powf(draw)) as u32;
            (0..4).map(|at| char::from(b'a' + (rank.wrapping_mul(2_654_435_761) >> (8 * at) & 0xff) as u8 % 26)).collect::<String>()
        };
        (0..messages).map(|_| (0..14).map(|_| word(next())).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn without_a_change_hardly_a_word_rises() {
        let mut found = 0;
        for seed in 0..20 {
            found += rising(&terms(&drawn(seed, 60)), &terms(&drawn(seed + 100, 500)), &[]).len();
        }
        assert!(found <= 30, "{found} words in 20 draws");
    }

    proptest! {
        #[test]
        fn what_rises_is_in_three_messages_and_above_the_usual(
            now in prop::collection::vec("([abc]{2} ?){0,6}", 0..12),
            usual in prop::collection::vec("([abc]{2} ?){0,6}", 0..12),
        ) {
            for rise in rising(&terms(&now), &terms(&usual), &[]) {
                prop_assert!(rise.now >= 3 && rise.now as f64 > rise.usual && rise.score >= 1.96, "{rise:?}");
            }
        }
    }
}
