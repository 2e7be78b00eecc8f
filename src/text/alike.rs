//! Which messages are one person's complaint, however often it was posted.
//!
//! A copy must not count as a further voice: an author who posts the same review in three shops,
//! or a long text that somebody has a dozen accounts post with a word changed in each, is one
//! complaint. Short texts are left alone, for many people write "worst service ever" by themselves.
//!
//! Copies are found in two steps. A *likeness* holds a few keys: the smallest hashes of all runs of
//! three words (the min-wise sketch of A. Broder, On the resemblance and containment of documents,
//! Compression and Complexity of Sequences 1997; with single elements as keys after U. Manber,
//! Finding similar files in a large file system, USENIX Winter 1994). A changed word touches three
//! runs and a sketch has four, so copies that differ in one word share a key. Whoever shares one is
//! compared by the words themselves (L. Dice's coefficient over pairs of neighbouring words), which
//! is exact and needs no threshold on hashes.

use std::cmp::Ordering;

use crate::domain::voice::Likeness;
use crate::text::hash;
use crate::text::normalise;
use crate::text::normalise::Cut;

/// From this many words on, two people do not come to nearly the same text by themselves.
const TELLING_WORDS: usize = 9;
/// And from this many characters on.
const TELLING_LENGTH: usize = 40;
/// A copy of such a text may have lost a word.
const LEAST_WORDS: usize = TELLING_WORDS - 1;
/// Words that make a run.
const RUN: usize = 3;
/// Keys of a sketch: one more than the runs that a changed word touches.
const KEYS: usize = 4;
/// Words after this many are not compared.
const MOST_WORDS: usize = 1_000;
/// Least share of common pairs of neighbouring words in two texts that are copies: a changed word
/// takes two pairs, of eight in the shortest texts.
const COPIED: f64 = 0.65;
/// The same where one has fewer than [`SHORT`] words: people in the same trouble sound alike there.
const COPIED_IF_SHORT: f64 = 0.75;
/// Words of a text that is no longer short.
const SHORT: usize = 16;
/// Least share of common words in two texts of one author that say the same.
const REPEATED: f64 = 0.6;
/// The same where both complain of the same thing within a short time.
const INSISTED: f64 = 0.3;

/// Names that stand for nobody: whoever bears one of them is taken for somebody else each time.
const NOBODY: &[&str] = &[
    "a google user",
    "amazon customer",
    "amazon kunde",
    "anonym",
    "anonyme",
    "anonymous",
    "anonymous user",
    "anonymt",
    "anonimo",
    "anónimo",
    "client",
    "consumer",
    "customer",
    "gast",
    "google user",
    "guest",
    "kunde",
    "kunden",
    "nobody",
    "none",
    "user",
    "unknown",
    "verified buyer",
    "verified customer",
    "n/a",
    "null",
    "-",
    "?",
];

/// Whether a name says who somebody is.
#[must_use]
pub fn names_somebody(author: &str) -> bool {
    let name = author.trim().to_lowercase();
    !name.is_empty() && !NOBODY.contains(&name.as_str())
}

/// A text as it is compared: its folded words.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Hashes of the words in order.
    order: Vec<u64>,
    /// Hashes of words with a digit, sorted.
    numbers: Vec<u64>,
    /// Characters of all words together.
    length: usize,
}

impl Words {
    /// Takes a text apart. Case, accents, punctuation, emoji, links and mentions are no part of it
    /// (see [`normalise::plain`]). In scripts without spaces each letter is a word.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut places = Cut::default();
        normalise::cut(text, &mut places);
        let mut of = Self::default();
        let mut plain = String::new();
        for place in places.words.into_iter().take(MOST_WORDS) {
            plain.clear();
            normalise::fold(&text[place], &mut plain);
            of.take(&plain);
        }
        of.numbers.sort_unstable();
        of
    }

    fn take(&mut self, word: &str) {
        let mut from = 0;
        for (at, letter) in word.char_indices() {
            self.length += 1;
            if stands_alone(letter) {
                self.push(&word[from..at]);
                from = at + letter.len_utf8();
                self.push(&word[at..from]);
            }
        }
        self.push(&word[from..]);
    }

    fn push(&mut self, word: &str) {
        if word.is_empty() || self.order.len() >= MOST_WORDS {
            return;
        }
        let hash = hashed(word);
        self.order.push(hash);
        if word.contains(char::is_numeric) {
            self.numbers.push(hash);
        }
    }

    /// Long enough that two people do not write it by chance.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        self.order.len() >= TELLING_WORDS && self.length >= TELLING_LENGTH
    }

    /// The keys by which earlier copies are found. `author` is the author's keyed hash.
    #[must_use]
    pub fn likeness(&self, author: Option<&str>) -> Likeness {
        let author = author.filter(|author| !author.is_empty() && !self.order.is_empty());
        let whole = self.order.iter().fold(0, |sum, word| mixed(&[sum, *word]));
        let telling = self.is_telling();
        let of_author = author.map(|author| hash::of_parts([author]));
        Likeness {
            exact: if telling { Some(whole) } else { of_author.map(|author| mixed(&[author, whole])) },
            words: if self.order.len() >= LEAST_WORDS { self.sketch() } else { Vec::new() },
            author: of_author,
        }
    }

    /// The smallest hashes of all runs of words.
    fn sketch(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.order.windows(RUN).map(mixed).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(KEYS);
        keys
    }

    /// One long text is a copy of the other with small edits, whoever posted it.
    ///
    /// Where each names a number that the other one does not, they tell of two cases: the same
    /// form, filled in by two customers.
    #[must_use]
    pub fn copies(&self, other: &Self) -> bool {
        let least = if self.order.len().min(other.order.len()) < SHORT { COPIED_IF_SHORT } else { COPIED };
        let long_enough = self.order.len().min(other.order.len()) >= LEAST_WORDS && (self.is_telling() || other.is_telling());
        long_enough && !self.other_case(other) && dice(&self.pairs(), &other.pairs()) >= least
    }

    /// Two texts of one author say the same.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        self.order == other.order || !self.other_case(other) && dice(&self.sorted(), &other.sorted()) >= REPEATED
    }

    /// Two texts of one author who complains of the same thing within a short time are one
    /// complaint when they have some words in common, for people who insist repeat themselves.
    #[must_use]
    pub fn insists(&self, other: &Self) -> bool {
        self.order == other.order || dice(&self.sorted(), &other.sorted()) >= INSISTED
    }

    fn sorted(&self) -> Vec<u64> {
        sorted(self.order.iter().copied())
    }

    /// Hashes of pairs of neighbours, sorted.
    fn pairs(&self) -> Vec<u64> {
        sorted(self.order.windows(2).map(mixed))
    }

    fn other_case(&self, other: &Self) -> bool {
        let common = common(&self.numbers, &other.numbers);
        common < self.numbers.len() && common < other.numbers.len()
    }
}

/// Twice the common elements over all elements, of two sorted lists. Two empty ones have nothing in common.
fn dice(a: &[u64], b: &[u64]) -> f64 {
    let all = a.len() + b.len();
    if all == 0 { 0.0 } else { 2.0 * common(a, b) as f64 / all as f64 }
}

/// How many elements two sorted lists share, each as often as it stands in both.
fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut at, mut of, mut count) = (0, 0, 0);
    while let (Some(left), Some(right)) = (a.get(at), b.get(of)) {
        match left.cmp(right) {
            Ordering::Less => at += 1,
            Ordering::Greater => of += 1,
            Ordering::Equal => (at, of, count) = (at + 1, of + 1, count + 1),
        }
    }
    count
}

fn sorted(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes
}

/// FNV-1a (G. Fowler, L. Noll, K.-P. Vo; RFC 9923), finished so that all bits depend on all bytes.
fn hashed(word: &str) -> u64 {
    finished(word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// A hash of hashes in their order.
fn mixed(hashes: &[u64]) -> u64 {
    hashes.iter().fold(0x9e37_79b9_7f4a_7c15, |sum, hash| finished(sum.rotate_left(23) ^ hash))
}

/// The finisher of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number
/// generators, OOPSLA 2014).
fn finished(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Letters of scripts that put no spaces between words: Han, Kana, Thai, Lao, Burmese, Khmer.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONG: &str = "I have been a customer of this shop for nine years, and in all that time nobody has ever \
                        answered a letter of mine, not even when parcel 4711 went missing.";

    /// Whether the second text is found by the first one's keys and taken for a copy of it.
    fn is_copy(one: &str, other: &str) -> bool {
        let (one, other) = (Words::of(one), Words::of(other));
        let (keys, of) = (one.likeness(None), other.likeness(None));
        keys.words.iter().any(|key| of.words.contains(key)) && one.copies(&other)
    }

    #[test]
    fn a_long_text_is_one_voice_whoever_posts_it_with_small_edits() {
        for copy in [
            LONG.to_uppercase(),
            LONG.replace(',', " 😡 "),
            LONG.replace("nobody has ever", "no one ever"),
            LONG.replace("customer", "costumer"),
            LONG.replace("nine years", "many years"),
            format!("Hello all! {LONG} Thanks for nothing."),
            format!("{LONG} https://proof.example/scan.png"),
        ] {
            assert!(is_copy(LONG, &copy), "{copy}");
        }
    }

    #[test]
    fn the_same_form_filled_in_by_two_customers_is_two_voices() {
        assert!(!is_copy(LONG, &LONG.replace("4711", "4712")));
        assert!(is_copy(LONG, &LONG.replace("parcel 4711", "a parcel")), "one of them names none");
    }

    #[test]
    fn short_texts_of_different_people_stay_apart() {
        for text in ["refund please", "worst service ever, never again", "still no answer from you, week after week", "最悪のサービス"]
        {
            assert!(!is_copy(text, text), "{text}");
            assert_eq!(Words::of(text).likeness(None).exact, None, "{text}");
        }
    }

    #[test]
    fn two_long_texts_about_the_same_trouble_are_two_voices() {
        let other = "I have been a customer of this bank for two years, and nobody there has ever told me why my card \
                     is declined, not even when I stood in front of the counter.";
        assert!(!is_copy(LONG, other));
    }

    #[test]
    fn in_scripts_without_spaces_letters_are_compared() {
        let text = "三回も問い合わせたのに自動応答の返事しか来ません。人間と話せる窓口はどこにあるのでしょうか。返金もまだです。ひどい会社だと思います。";
        assert!(is_copy(text, &text.replace("三回", "四回").replace("ひどい", "本当にひどい")));
        assert!(!is_copy(
            text,
            "配送はとても早くて箱もきれいでした。またここで買いたいと思います。スタッフの対応も丁寧で大変満足しています。星五つです。"
        ));
    }

    #[test]
    fn an_author_who_repeats_himself_is_one_voice_also_in_few_words() {
        let repeats = |one: &str, other: &str| Words::of(one).repeats(&Words::of(other));
        assert!(repeats("No refund!", "no  REFUND https://x.example"));
        assert!(repeats("still no refund for my shoes", "Still NO refund for the shoes!!"));
        assert!(!repeats("No refund!", "The app crashes"));
        assert!(!repeats("order 17 is missing", "order 18 is missing"), "two orders");
        assert!(Words::of("order 17 is missing").insists(&Words::of("order 18 is missing")));
        assert!(!Words::of("a bot, again a bot").insists(&Words::of("my parcel was opened")));
    }

    #[test]
    fn a_key_says_who_only_where_the_words_do_not_suffice() {
        let key = |author: Option<&str>, text: &str| Words::of(text).likeness(author).exact;
        assert_eq!(key(Some("a"), LONG), key(None, LONG));
        assert_eq!(key(Some("a"), "No refund!"), key(Some("a"), "no refund 👎"));
        assert_ne!(key(Some("a"), "No refund!"), key(Some("b"), "No refund!"));
        assert_eq!(key(Some(""), "No refund!"), None);
        assert_eq!(Words::of("👎👎 https://x.example").likeness(Some("a")), Likeness::default(), "no words");
    }

    #[test]
    fn names_that_stand_for_nobody_are_nobody() {
        assert!(names_somebody("Ann") && names_somebody("guest42"));
        assert!(!names_somebody(" A Google user ") && !names_somebody("") && !names_somebody("Anonymous"));
    }

    fn text() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[a-z]{2,9}", 14..60)
    }

    proptest! {
        #[test]
        fn a_changed_word_never_hides_a_copy(words in text(), at: prop::sample::Index, other in "[a-z]{2,9}") {
            let mut copy = words.clone();
            *at.get_mut(&mut copy) = other;
            prop_assume!(words.concat().len() >= 70 && copy.concat().len() >= 70);
            prop_assert!(is_copy(&words.join(" "), &copy.join(" ")));
        }

        #[test]
        fn likeness_is_mutual_and_any_text_has_one(one in ".{0,300}", other in ".{0,300}") {
            let (a, b) = (Words::of(&one), Words::of(&other));
            prop_assert_eq!(a.copies(&b), b.copies(&a));
            prop_assert_eq!(a.repeats(&b), b.repeats(&a));
            prop_assert!(a.repeats(&a) && a.likeness(Some("a")).words.len() <= KEYS);
        }
    }
}
