//! Shortens customers' words for a line of a notice, and chooses the ones to show.

use std::collections::HashMap;
use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

/// Texts beyond this many are not looked at when quotes are chosen; the first thousands tell enough.
const CANDIDATES: usize = 2_000;

/// Characters of a text that are compared. Near-equal texts differ early or not at all.
const COMPARED: usize = 1_000;

/// Share of common words from which two texts say the same.
const ALIKE: f64 = 0.6;

/// `text` on one line: blanks of all kinds become one space, controls, marks that turn the
/// direction of writing and invisible characters go. Joiners within emoji and Indic letters stay.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_whitespace() || letter.is_control() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !is_invisible(letter) {
            line.push(letter);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// `text` on one line of at most `most` characters as people count them (grapheme clusters),
/// cut between words where one ends near, with `…` where something was cut.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    // A cluster can be long without end (accents upon accents), so that bytes are bounded too.
    let line = one_line(text);
    let bytes = most.saturating_mul(16);
    let mut cut = None;
    let mut word = 0;
    for (count, (at, cluster)) in line.grapheme_indices(true).enumerate() {
        // Room for the mark of the cut: the last place is decided when one more cluster comes.
        if count + 1 == most || at + cluster.len() > bytes {
            cut.get_or_insert(at);
        }
        if count >= most || at + cluster.len() > bytes {
            let cut = cut.unwrap_or(at);
            // A word border in the last third is worth the lost letters; in scripts without blanks there is none.
            let end = if word * 3 >= cut * 2 { word } else { cut };
            let kept = line[..end].trim_end_matches(|letter: char| letter == ' ' || letter.is_ascii_punctuation());
            return if most == 0 { String::new() } else { format!("{kept}…") };
        }
        if cluster == " " && cut.is_none() {
            word = at;
        }
    }
    line
}

/// Places in `texts` of up to `most` texts that stand for all: those that share the most words
/// with the rest come first, and none says nearly the same as one before it.
///
/// The order depends on the texts alone; of equal ones the first is taken.
#[must_use]
pub fn choose(texts: &[&str], most: usize) -> Vec<usize> {
    let bags: Vec<HashSet<String>> = texts.iter().take(CANDIDATES).map(|text| words(text)).collect();
    let mut known: HashMap<&str, u32> = HashMap::new();
    for word in bags.iter().flatten() {
        *known.entry(word).or_default() += 1;
    }
    let mut ranked: Vec<(u64, usize)> = bags.iter().enumerate().map(|(at, bag)| (weight(bag, &known), at)).collect();
    ranked.sort_by_key(|&(weight, at)| (std::cmp::Reverse(weight), at));
    let mut chosen: Vec<usize> = Vec::new();
    for (_, at) in ranked {
        if chosen.len() == most {
            break;
        }
        if chosen.iter().all(|&other| overlap(&bags[at], &bags[other]) < ALIKE) {
            chosen.push(at);
        }
    }
    chosen
}

/// How much a text says that others say too, per word, in millionths. A few words are added to the
/// length, or "bad" alone would stand for everybody.
fn weight(bag: &HashSet<String>, known: &HashMap<&str, u32>) -> u64 {
    let shared: u64 =
        bag.iter().filter_map(|word| known.get(word.as_str())).filter(|&&count| count > 1).map(|&count| u64::from(count)).sum();
    shared * 1_000_000 / (bag.len() as u64 + 6)
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

/// Marks of direction, fillers without width, tags, private and unassigned places that could hide something.
fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0xad | 0x61c | 0x180e | 0x200b | 0x200e..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff0..=0xfffb
        | 0xe0000..=0xe0fff | 0xe000..=0xf8ff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_no_breaks_no_controls_and_one_direction() {
        assert_eq!(one_line("  a\r\nBcc: b\t\u{0}c  d\u{85}e "), "a Bcc: b c d e");
        assert_eq!(one_line("safe\u{202e}gpj.exe\u{200f}\u{feff}"), "safegpj.exe");
        assert_eq!(one_line("👩\u{200d}👩\u{200d}👧 ক\u{200d}ষ"), "👩\u{200d}👩\u{200d}👧 ক\u{200d}ষ");
    }

    #[test]
    fn a_text_is_cut_between_words_and_never_within_a_letter() {
        assert_eq!(shorten("the parcel never came", 30), "the parcel never came");
        assert_eq!(shorten("the parcel never came", 18), "the parcel never…");
        assert_eq!(shorten("incomprehensibilities", 8), "incompr…");
        assert_eq!(shorten("🇸🇪🇩🇪🇫🇷🇳🇱", 3), "🇸🇪🇩🇪…");
        assert_eq!(shorten("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(shorten("包裹从来没有到过", 5), "包裹从来…");
        assert_eq!((shorten("abc", 3).as_str(), shorten("abc", 1).as_str(), shorten("abc", 0).as_str()), ("abc", "…", ""));
    }

    #[test]
    fn accents_without_end_do_not_make_a_text_long() {
        assert!(shorten(&format!("a{}", "\u{301}".repeat(100_000)), 100).len() < 2_000);
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
        assert_eq!(choose(&texts, 3), [1, 5, 3]);
        assert_eq!(choose(&texts, 0), [0; 0]);
        assert_eq!(choose(&[], 3), [0; 0]);
    }

    #[test]
    fn texts_without_words_are_all_alike() {
        assert_eq!(choose(&["!!!", "…", ""], 3), [0]);
    }

    proptest! {
        #[test]
        fn a_short_text_is_short(text in "\\PC{0,60}", most in 0_usize..40) {
            let short = shorten(&text, most);
            prop_assert!(short.graphemes(true).count() <= most, "{short:?}");
        }

        #[test]
        fn the_chosen_differ(texts in prop::collection::vec("[abc]{3}( [abc]{3}){0,4}", 0..20), most in 0_usize..6) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let chosen = choose(&texts, most);
            prop_assert!(chosen.len() <= most);
            for (place, &at) in chosen.iter().enumerate() {
                for &other in &chosen[..place] {
                    prop_assert!(overlap(&words(texts[at]), &words(texts[other])) < ALIKE);
                }
            }
        }
    }
}
