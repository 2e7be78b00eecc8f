//! Shortens customers' words for a line of a notice.

use unicode_segmentation::UnicodeSegmentation;

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

/// The part of `text` around a place (a byte offset) as a line of at most `most` characters: the
/// sentence that holds it with as many after and before it as fit, or the words around it where
/// the sentence alone is too long. `…` where something was left out.
#[must_use]
pub fn around(text: &str, place: usize, most: usize) -> String {
    let whole = one_line(text);
    if whole.graphemes(true).count() <= most {
        return whole;
    }
    let sentences: Vec<(usize, &str)> = text.split_sentence_bound_indices().collect();
    let holding = sentences.iter().rposition(|(at, _)| *at <= place).unwrap_or(0);
    let shown = |from: usize, to: usize| one_line(&sentences[from..=to].iter().map(|(_, text)| *text).collect::<String>());
    // Room for a mark and a blank at each end.
    let fits = |from: usize, to: usize| shown(from, to).graphemes(true).count() + 4 <= most;
    let Some((at, sentence)) = sentences.get(holding).copied() else { return String::new() };
    if !fits(holding, holding) {
        return words_around(sentence, place.saturating_sub(at), most, holding > 0);
    }
    let (mut from, mut to) = (holding, holding);
    loop {
        if to + 1 < sentences.len() && fits(from, to + 1) {
            to += 1;
        } else if from > 0 && fits(from - 1, to) {
            from -= 1;
        } else {
            break;
        }
    }
    let line = shown(from, to);
    let before = if from > 0 { "… " } else { "" };
    let after = if shown(to, sentences.len() - 1) == shown(to, to) { "" } else { " …" };
    format!("{before}{line}{after}")
}

/// The words of a long sentence around a place: a third of the room before it, the rest behind.
fn words_around(sentence: &str, place: usize, most: usize, cut_before: bool) -> String {
    let starts: Vec<usize> = sentence.grapheme_indices(true).map(|(at, _)| at).collect();
    let held = starts.partition_point(|at| *at <= place).saturating_sub(1);
    let mut first = starts.get(held.saturating_sub(most / 3)).copied().unwrap_or(0);
    // Not from within a word, where one begins near.
    if first > 0
        && let Some(blank) = sentence[first..].find(' ').filter(|blank| first + blank < place)
    {
        first += blank + 1;
    }
    let rest = shorten(&sentence[first..], most.saturating_sub(1));
    if first > 0 || cut_before { format!("…{rest}") } else { rest }
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
    fn the_sentence_that_matters_is_shown_with_what_fits_around_it() {
        let text = "I have been here for years. All was well. Then the login failed! Support is silent. I am leaving. Goodbye.";
        let place = text.find("login").unwrap();
        assert_eq!(around(text, place, 200), text);
        assert_eq!(around(text, place, 50), "… Then the login failed! Support is silent. …");
        assert_eq!(around(text, place, 80), "… Then the login failed! Support is silent. I am leaving. Goodbye.");
        assert_eq!(around(text, 0, 46), "I have been here for years. All was well. …");
        assert_eq!(around(text, text.len(), 30), "… I am leaving. Goodbye.");
    }

    #[test]
    fn of_a_sentence_without_end_the_words_around_are_shown() {
        let text = format!("{}the login failed again {}", "on and on ".repeat(30), "and so forth ".repeat(30));
        let shown = around(&text, text.find("login").unwrap(), 60);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("the login failed again"), "{shown}");
        assert!(shown.chars().count() <= 60, "{shown}");
    }

    proptest! {
        #[test]
        fn a_short_text_is_short(text in "\\PC{0,60}", most in 0_usize..40) {
            let short = shorten(&text, most);
            prop_assert!(short.graphemes(true).count() <= most, "{short:?}");
        }

        #[test]
        fn what_is_around_any_place_is_short(text in "(\\PC|[a-z]{1,9} |[.!?] ){0,60}", place in 0_usize..300, most in 3_usize..60) {
            let shown = around(&text, place, most);
            prop_assert!(shown.graphemes(true).count() <= most, "{shown:?}");
        }
    }
}
