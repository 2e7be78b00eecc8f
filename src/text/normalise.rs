//! Cuts a text into sentences and words, and folds words so that they can be compared.
//!
//! The text itself is never rewritten: [`cut`] only says where words stand, in bytes of the
//! original, and [`fold`] turns one of them into its plain form. So whatever is found in a text
//! can be shown in the customer's own spelling.
//!
//! Folding takes away what people are careless about: case, accents of Latin and Greek letters,
//! apostrophes ("don't" is "dont"), the dot on a Turkish i. Cyrillic, Hangul and the rest are
//! compared as they are. Mentions and links are no words at all.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::char::is_combining_mark;

/// A sentence without an end is cut after this many words, so that looking for one word near
/// another stays cheap in any text.
const LONGEST_SENTENCE: usize = 400;

/// A word or two in quotation marks is a name or irony; more than that many words is a mark that was
/// never closed.
const FEWEST_QUOTED: u32 = 3;
const MOST_QUOTED: u32 = 60;

/// Words after this many are not read: about 100 kB, and no customer's message is as long.
const MOST_WORDS: usize = 20_000;

/// Where the words and the sentences of a text stand. Made to be used again for the next text.
#[derive(Debug, Clone, Default)]
pub struct Cut {
    /// Words as byte ranges of the text, in order.
    pub words: Vec<Range<usize>>,
    /// Sentences as ranges of `words`; none is empty, and together they are all words.
    pub sentences: Vec<Range<usize>>,
    /// Words before which there is a comma, a bracket, a colon or a dash.
    pub breaks: Vec<u32>,
    /// Words within quotation marks, as ranges of `words`.
    pub quotes: Vec<Range<u32>>,
}

impl Cut {
    /// Leaves out the words that stand in parts of the text, sorted.
    pub fn leave_out(&mut self, parts: &[Range<usize>]) {
        let is_out = |word: &Range<usize>| {
            let after = parts.partition_point(|part| part.end <= word.start);
            parts.get(after).is_some_and(|part| part.start < word.end)
        };
        // How many of the words before each are kept.
        let mut kept = Vec::with_capacity(self.words.len() + 1);
        let mut count = 0;
        for word in &self.words {
            kept.push(count);
            count += usize::from(!is_out(word));
        }
        kept.push(count);
        let moved = |word: u32| kept[word as usize] as u32;
        self.sentences = self.sentences.iter().map(|words| kept[words.start]..kept[words.end]).filter(|words| !words.is_empty()).collect();
        self.breaks = self.breaks.iter().map(|word| moved(*word)).collect();
        self.breaks.dedup();
        self.quotes = self.quotes.iter().map(|words| moved(words.start)..moved(words.end)).filter(|words| !words.is_empty()).collect();
        self.words.retain(|word| !is_out(word));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.words.clear();
        self.sentences.clear();
        self.breaks.clear();
        self.quotes.clear();
    }
}

/// Finds the words and sentences of a text, and leaves them in `cut`.
///
/// A sentence ends with `.` `!` `?` `;` `…` or a line, but not with the point of a number. Links,
/// mentions (`@name`) and everything that is neither letter nor digit belong to no word.
pub fn cut(text: &str, cut: &mut Cut) {
    cut.clear();
    let mut quoted_from = None;
    let mut first = 0;
    let mut at = 0;
    while at < text.len() {
        let (piece, end) = piece(text, at);
        match piece {
            Piece::Word => cut.words.push(at..end),
            Piece::End => {
                close(cut, &mut first);
                // A quotation ends with its paragraph at the latest.
                quoted_from = quoted_from.filter(|_| text.as_bytes()[at] != b'\n');
            }
            Piece::Break if cut.breaks.last() != Some(&(cut.words.len() as u32)) => cut.breaks.push(cut.words.len() as u32),
            Piece::Quote(mark) => quote(mark, &mut quoted_from, cut),
            Piece::Break | Piece::Nothing => {}
        }
        if cut.words.len() - first >= LONGEST_SENTENCE {
            close(cut, &mut first);
        }
        if cut.words.len() >= MOST_WORDS {
            break;
        }
        at = end;
    }
    close(cut, &mut first);
}

/// The words of a text in their plain form with one space between: equal for texts that differ in
/// case, accents, punctuation, white space, links and mentions only.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut places = Cut::default();
    cut(text, &mut places);
    let mut plain = String::with_capacity(text.len());
    for word in places.words {
        if !plain.is_empty() {
            plain.push(' ');
        }
        fold(&text[word], &mut plain);
    }
    plain
}

/// Appends the plain form of a word.
pub fn fold(word: &str, plain: &mut String) {
    if word.is_ascii() {
        plain.extend(word.bytes().filter(|byte| !matches!(byte, b'\'' | b'`')).map(|byte| char::from(byte.to_ascii_lowercase())));
        return;
    }
    // Composed first, or an accent on a letter that keeps its accent (й) would be lost. Fullwidth
    // letters and ligatures become plain ones on the way.
    for c in word.nfkc().flat_map(char::to_lowercase) {
        match without_accent(c) {
            'ı' => plain.push('i'),
            'ß' => plain.push_str("ss"),
            'ё' => plain.push('е'),
            'ø' => plain.push('o'),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'đ' => plain.push('d'),
            'ł' => plain.push('l'),
            'ς' => plain.push('σ'),
            c if is_apostrophe(c) || is_silent(c) || canonical_combining_class(c) != 0 => {}
            c => plain.push(c),
        }
    }
}

/// The letter under the accents, for Latin and Greek letters.
fn without_accent(c: char) -> char {
    match c {
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' | '\u{370}'..='\u{3ff}' => std::iter::once(c).nfd().next().unwrap_or(c),
        _ => c,
    }
}

fn close(cut: &mut Cut, first: &mut usize) {
    if *first < cut.words.len() {
        cut.sentences.push(*first..cut.words.len());
        *first = cut.words.len();
    }
}

enum Piece {
    Word,
    /// The end of a sentence.
    End,
    /// Something that sets a clause off.
    Break,
    Quote(char),
    Nothing,
}

/// Opens or closes a quotation. Marks differ from language to language, and one opens in German
/// what closes in English, so what is open decides.
fn quote(mark: char, open: &mut Option<u32>, cut: &mut Cut) {
    let here = cut.words.len() as u32;
    match *open {
        Some(from) if !matches!(mark, '„' | '«') => {
            if (FEWEST_QUOTED..=MOST_QUOTED).contains(&(here - from)) {
                cut.quotes.push(from..here);
            }
            *open = None;
        }
        _ if matches!(mark, '”') => *open = None,
        _ => *open = Some(here),
    }
}

/// What begins at `at`, and where it ends.
fn piece(text: &str, at: usize) -> (Piece, usize) {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => match link_end(text, at) {
            Some(end) => (Piece::Nothing, end),
            None => (Piece::Word, word_end(text, at + 1)),
        },
        b'!' | b'?' | b';' | b'\n' => (Piece::End, at + 1),
        b'.' if !is_point_of_number(bytes, at) => (Piece::End, at + 1),
        b'@' => (Piece::Nothing, mention_end(text, at + 1)),
        b',' | b'(' | b')' | b':' => (Piece::Break, at + 1),
        b'"' => (Piece::Quote('"'), at + 1),
        b'-' if at > 0 && bytes[at - 1] == b' ' => (Piece::Break, at + 1),
        byte if byte.is_ascii() => (Piece::Nothing, at + 1),
        _ => {
            let c = text[at..].chars().next().expect("`at` is on a character's first byte: every piece ends on one");
            let end = at + c.len_utf8();
            match c {
                '…' | '。' | '｡' | '！' | '？' | '；' | '؟' | '۔' | '।' | '\u{2028}' | '\u{2029}' => (Piece::End, end),
                '–' | '—' | '，' | '、' => (Piece::Break, end),
                '“' | '”' | '„' | '«' | '»' => (Piece::Quote(c), end),
                _ if c.is_alphanumeric() => (Piece::Word, word_end(text, end)),
                _ => (Piece::Nothing, end),
            }
        }
    }
}

/// "2.50" and "1." keep their sentence together; "in 2024. Then" does not.
fn is_point_of_number(bytes: &[u8], at: usize) -> bool {
    let before = at > 0 && bytes[at - 1].is_ascii_digit();
    let after = bytes.get(at + 1).copied();
    if before { !after.is_some_and(|byte| byte.is_ascii_whitespace()) } else { after.is_some_and(|byte| byte.is_ascii_digit()) }
}

/// The end of a word of which everything before `at` is known.
fn word_end(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        if byte == b'*' {
            // "sh*t": stars for letters, within a word only.
            let stars = bytes[at..].iter().take_while(|byte| **byte == b'*').count();
            if bytes.get(at + stars).is_some_and(u8::is_ascii_alphabetic) {
                at += stars;
                continue;
            }
            break;
        }
        if byte.is_ascii() && !matches!(byte, b'\'' | b'`') {
            break;
        }
        let mut rest = text[at..].chars();
        let Some(c) = rest.next() else { break };
        // An apostrophe belongs to a word only from within.
        let within = is_apostrophe(c) && rest.next().is_some_and(char::is_alphanumeric);
        if !(within || !is_apostrophe(c) && c.is_alphanumeric() || is_combining_mark(c) || is_silent(c)) {
            break;
        }
        at += c.len_utf8();
    }
    at
}

fn mention_end(text: &str, at: usize) -> usize {
    text[at..].find(|c: char| c != '_' && !c.is_alphanumeric()).map_or(text.len(), |length| at + length)
}

fn link_end(text: &str, at: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[at..];
    let starts = |with: &[u8]| bytes.len() > with.len() && bytes[..with.len()].eq_ignore_ascii_case(with);
    // The first letter decides in nearly all words.
    let is_link = match bytes[0] {
        b'h' | b'H' => starts(b"http://") || starts(b"https://"),
        b'w' | b'W' => starts(b"www."),
        _ => false,
    };
    is_link.then(|| text[at..].find(char::is_whitespace).map_or(text.len(), |length| at + length))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '‘' | '’' | 'ʼ' | '＇')
}

/// Characters that readers do not see and that copying leaves behind in words.
fn is_silent(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sentences as plain words, in one line.
    fn check(text: &str, expected: &str) {
        let mut places = Cut::default();
        cut(text, &mut places);
        let sentences = places.sentences.iter().map(|sentence| {
            let words = places.words[sentence.clone()].iter().map(|word| {
                let mut plain = String::new();
                fold(&text[word.clone()], &mut plain);
                plain
            });
            words.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(sentences.collect::<Vec<_>>().join(" / "), expected, "{text}");
    }

    #[test]
    fn sentences_end_where_a_reader_would_stop() {
        check("No reply. None! Why?Because", "no reply / none / why / because");
        check("first line\nsecond line\r\n\r\nthird", "first line / second line / third");
        check("It cost 2.50 or .99 in 2024. Then 3.", "it cost 2 50 or 99 in 2024 / then 3");
        check("wait... what… 何。はい", "wait / what / 何 / はい");
        check("?!\n ...", "");
    }

    #[test]
    fn what_people_are_careless_about_is_folded() {
        check("DON'T don’t dont", "dont dont dont");
        check("İade EDİLMEDİ iadesı", "iade edilmedi iadesi");
        check("Größe Ærø café cafe\u{301} naïve", "grosse aero cafe cafe naive");
        check("Ещё мой и\u{306}", "еще мой й");
        check("ΑΘΉΝΑ ΛΌΓΟΣ λόγος", "αθηνα λογοσ λογοσ");
        check("re\u{ad}fund ｒｅｆｕｎｄ", "refund refund");
        check("환불 안 됨", "환불 안 됨");
    }

    #[test]
    fn an_apostrophe_belongs_to_a_word_only_from_within() {
        check("'quoted' the dogs' rock'n'roll '", "quoted the dogs rocknroll");
    }

    #[test]
    fn mentions_and_links_are_no_words() {
        check("@shop_help look at https://a.example/x?y=1.2!z now", "look at now");
        check("see WWW.shop.example/refund or http://x", "see or");
        check("www what", "www what");
        check("#refund snake_case", "refund snake case");
    }

    #[test]
    fn plain_is_equal_for_texts_that_read_alike() {
        assert_eq!(plain("Where's my REFUND?!  https://a.example"), plain("wheres my refund"));
        assert_ne!(plain("order 17 is late"), plain("order 18 is late"));
    }

    #[test]
    fn stars_belong_to_a_word_only_from_within() {
        check("what a sh*t *really* bad f**k *", "what a sh*t really bad f**k");
    }

    #[test]
    fn words_that_are_left_out_leave_the_rest_in_its_place() {
        let text = "One two. Three, \"four five six\" seven. Eight.";
        let mut places = Cut::default();
        cut(text, &mut places);
        places.leave_out(&[4..14, 39..45]);
        let words: Vec<&str> = places.words.iter().map(|word| &text[word.clone()]).collect();
        assert_eq!(words, ["One", "four", "five", "six", "seven"]);
        assert_eq!(places.sentences, [0..1, 1..5]);
        assert_eq!(places.breaks, [1]);
        assert_eq!(places.quotes.iter().map(|quote| (quote.start, quote.end)).collect::<Vec<_>>(), [(1, 4)]);
    }

    #[test]
    fn clauses_and_quotations_are_noted() {
        let text = "All well, he said: \u{201e}no money for you\u{201c} (\"never\") and \"left it open\nnew";
        let mut places = Cut::default();
        cut(text, &mut places);
        assert_eq!(places.breaks, [2, 4, 8, 9]);
        assert_eq!(places.quotes.iter().map(|quote| (quote.start, quote.end)).collect::<Vec<_>>(), [(4, 8)]);
    }

    #[test]
    fn a_sentence_without_an_end_is_cut_and_a_flood_is_not_read_to_its_end() {
        let mut places = Cut::default();
        cut(&"word ".repeat(30_000), &mut places);
        assert_eq!(places.words.len(), MOST_WORDS);
        assert_eq!(places.sentences[0], 0..LONGEST_SENTENCE);
        assert_eq!(places.sentences.len(), MOST_WORDS / LONGEST_SENTENCE);
    }

    proptest! {
        #[test]
        fn words_are_parts_of_the_text_in_order(text in r"(\PC|[.@'’\n]|www\.|https://|é|e\u{301}){0,60}") {
            let mut places = Cut::default();
            cut(&text, &mut places);
            let mut last = 0;
            for word in &places.words {
                prop_assert!(word.start >= last && word.end > word.start);
                prop_assert!(text.get(word.clone()).is_some());
                last = word.end;
            }
            let mut next = 0;
            for sentence in &places.sentences {
                prop_assert!(sentence.start == next && sentence.end > sentence.start);
                next = sentence.end;
            }
            prop_assert_eq!(next, places.words.len());
        }

        #[test]
        fn folding_twice_changes_nothing(word in r"[\p{L}\p{N}'’]{1,12}") {
            let (mut once, mut twice) = (String::new(), String::new());
            fold(&word, &mut once);
            fold(&once, &mut twice);
            prop_assert_eq!(once, twice);
        }
    }
}
