//! Which choices a word of a text satisfies.
//!
//! All patterns are looked for in one pass over the word. Most words of a text have been seen
//! before, so a [`Memo`] keeps the answers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use rust_stemmers::Stemmer;

use crate::tagging::asking::Triggers;
use crate::tagging::asking::Woken;
use crate::tagging::languages::Language;
use crate::tagging::languages::Languages;
use crate::tagging::pattern;
use crate::tagging::pattern::Pattern;
use crate::tagging::plan::Choice;
use crate::tagging::slips;
use crate::text::normalise;

/// Stand around a word, so that a pattern can ask for its beginning and its end. Neither is a
/// letter or a digit, so no plain word holds one.
const START: char = '\u{2}';
const END: char = '\u{3}';

/// The least bytes of a word or a beginning for which a slip is undone.
const SHORTEST_MEANT: usize = 3;

/// Words and answers remembered before all are forgotten and it starts anew: about 20 MB.
const MOST_WORDS: usize = 1 << 17;
const MOST_ANSWERS: usize = 1 << 20;

/// From words to choices.
#[derive(Debug)]
pub(super) struct Lexicon {
    search: AhoCorasick,
    /// What it searches for, by number.
    literals: Vec<String>,
    /// Choices of each literal, by its number.
    by_literal: Vec<Vec<Choice>>,
    stems: Vec<Stems>,
    /// Choices of words as they are written.
    raw: HashMap<String, Vec<Choice>>,
    /// By choice: of the rules that use it.
    languages: Vec<Languages>,
    /// Choices of any number.
    numbers: Vec<Choice>,
    /// Which letters the words and the beginnings have for which a slip is undone.
    letters: Letters,
}

/// Letters of words and of beginnings, each set a number: most unknown words have other letters
/// than every known one, so none of their slips need be tried.
#[derive(Debug, Default)]
struct Letters {
    words: HashSet<u32>,
    beginnings: HashSet<u32>,
}

struct Stems {
    stemmer: Stemmer,
    choices: HashMap<String, Vec<Choice>>,
}

impl std::fmt::Debug for Stems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stems").field("choices", &self.choices).finish_non_exhaustive()
    }
}

impl Letters {
    fn learn(&mut self, literal: &str) {
        let Some(from_start) = literal.strip_prefix(START).filter(|bare| bare.len() >= SHORTEST_MEANT) else { return };
        match from_start.strip_suffix(END) {
            Some(word) => self.words.insert(word.chars().map(bit).fold(0, |all, bit| all | bit)),
            None => self.beginnings.insert(from_start.chars().map(bit).fold(0, |all, bit| all | bit)),
        };
    }

    /// Whether changing letters over or doubling them may make a known word of it.
    fn may_be_known(&self, plain: &str) -> bool {
        let mut all = 0;
        for (at, letter) in plain.chars().enumerate() {
            all |= bit(letter);
            // Both letters of a pair that is changed over may stand beyond the end of the beginning.
            if at + 1 >= SHORTEST_MEANT && self.beginnings.contains(&all) {
                return true;
            }
        }
        self.words.contains(&all)
    }
}

fn bit(letter: char) -> u32 {
    1 << (letter as u32 % 32)
}

impl Lexicon {
    /// A lexicon of all choices, by number, each with the languages of the rules that use it; `None` when
    /// they are too many to be searched together.
    pub(super) fn new(choices: &[BTreeSet<Pattern>], languages: Vec<Languages>) -> Option<Self> {
        let mut literals: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
        let mut stems: BTreeMap<Language, HashMap<String, Vec<Choice>>> = BTreeMap::new();
        let mut raw: HashMap<String, Vec<Choice>> = HashMap::new();
        let mut numbers = Vec::new();
        for (number, patterns) in (0..).zip(choices) {
            for pattern in patterns {
                let literal = match pattern {
                    Pattern::Exact(word) => format!("{START}{word}{END}"),
                    Pattern::Prefix(word) => format!("{START}{word}"),
                    Pattern::Suffix(word) => format!("{word}{END}"),
                    Pattern::Within(word) => word.clone(),
                    Pattern::Number => {
                        numbers.push(number);
                        continue;
                    }
                    Pattern::Raw(word) => {
                        raw.entry(word.clone()).or_default().push(number);
                        continue;
                    }
                    Pattern::Stem(language, stem) => {
                        stems.entry(*language).or_default().entry(stem.clone()).or_default().push(number);
                        continue;
                    }
                };
                literals.entry(literal).or_default().push(number);
            }
        }
        let mut letters = Letters::default();
        for literal in literals.keys() {
            letters.learn(literal);
        }
        Some(Self {
            search: AhoCorasick::new(literals.keys()).ok()?,
            literals: literals.keys().cloned().collect(),
            by_literal: literals.into_values().collect(),
            stems: stems.into_iter().filter_map(|(language, choices)| Some(Stems { stemmer: language.stemmer()?, choices })).collect(),
            raw,
            languages,
            numbers,
            letters,
        })
    }

    /// Appends the choices of what an unknown word was meant to be.
    fn find_meant(&self, plain: &str, found: &mut Vec<Choice>) {
        if plain.contains('*') {
            let words =
                self.literals.iter().enumerate().filter_map(|(number, word)| Some((number, word.strip_prefix(START)?.strip_suffix(END)?)));
            found.extend(words.filter(|(_, word)| slips::may_be(plain, word)).flat_map(|(number, _)| &self.by_literal[number]));
            return;
        }
        let is_plain = plain.bytes().all(|byte| !byte.is_ascii_digit()) && !slips::is_stretched(plain);
        if is_plain && !self.letters.may_be_known(plain) {
            return;
        }
        let mut framed = String::new();
        slips::meant(plain, |candidate| {
            framed.clear();
            framed.extend([START]);
            framed.push_str(candidate);
            framed.push(END);
            let before = found.len();
            for hit in self.search.find_overlapping_iter(framed.as_str()) {
                let number = hit.pattern().as_usize();
                // Whole words and beginnings only: the end of a word or its middle proves nothing here.
                if hit.start() == 0 && hit.len() > SHORTEST_MEANT {
                    found.extend(&self.by_literal[number]);
                }
            }
            found.len() > before
        });
    }

    /// What is searched for, in plain form.
    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.literals.iter().map(|literal| literal.trim_matches([START, END]))
    }

    /// Appends the choices that a word satisfies, of rules for some of the languages, in order, each once.
    fn find(&self, word: &str, languages: Languages, bare: &mut String, found: &mut Vec<Choice>) {
        let first = found.len();
        bare.clear();
        bare.push(START);
        normalise::fold(word, bare);
        bare.push(END);
        for hit in self.search.find_overlapping_iter(bare.as_str()) {
            found.extend(&self.by_literal[hit.pattern().as_usize()]);
        }
        for stems in &self.stems {
            for stem in pattern::stems(&stems.stemmer, word) {
                found.extend(stems.choices.get(&stem).into_iter().flatten());
            }
        }
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            found.extend(&self.numbers);
        } else if found.len() == first {
            self.find_meant(bare.trim_matches([START, END]), found);
        }
        if !self.raw.is_empty() {
            found.extend(self.raw.get(word).into_iter().flatten());
        }
        found[first..].sort_unstable();
        let mut kept = first;
        for at in first..found.len() {
            let is_new = kept == first || found[at] != found[kept - 1];
            if is_new && self.languages[found[at] as usize].meet(languages) {
                found[kept] = found[at];
                kept += 1;
            }
        }
        found.truncate(kept);
    }
}

/// A memory for each language; together they hold no more than one may. Apart, because
/// what a word means to the rules of one language is little, and to those of all much.
#[derive(Debug, Default)]
pub(super) struct Memos {
    memos: Vec<Memo>,
    /// Changes when all is forgotten.
    era: u64,
}

impl Memos {
    /// The memory for a text of these languages. Its words are not forgotten before the next text is begun.
    pub(super) fn begin_text(&mut self, languages: Languages) -> &mut Memo {
        let (words, answers) = self.memos.iter().fold((0, 0), |(words, answers), memo| (words + memo.words(), answers + memo.answers()));
        if words >= MOST_WORDS || answers >= MOST_ANSWERS {
            self.memos.clear();
            self.era += 1;
        }
        let at = self.memos.iter().position(|memo| memo.languages == languages).unwrap_or_else(|| {
            self.memos.push(Memo::new(languages, self.era));
            self.memos.len() - 1
        });
        &mut self.memos[at]
    }

    /// The memory that still knows the words of a text that was begun in some era.
    pub(super) fn of(&self, languages: Languages, era: u64) -> Option<&Memo> {
        self.memos.iter().find(|memo| memo.languages == languages && memo.era == era)
    }
}

/// What words as written mean to a [`Lexicon`] and its [`Triggers`].
#[derive(Debug)]
pub(super) struct Memo {
    /// Whose rules ask.
    languages: Languages,
    era: u64,
    short: HashMap<Packed, Meaning, foldhash::fast::RandomState>,
    long: HashMap<Box<str>, Meaning, foldhash::fast::RandomState>,
    choices: Vec<Choice>,
    woken: Vec<Woken>,
    bare: String,
}

/// What a word means: a place in the [`Memo`] that said so, good until that forgets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    choices: u32,
    woken: u32,
    choices_len: u16,
    near_len: u16,
    far_len: u16,
}

/// A word of at most 16 bytes as two numbers.
type Packed = [u64; 2];

impl Memo {
    pub(super) fn new(languages: Languages, era: u64) -> Self {
        let (short, long) = (HashMap::default(), HashMap::default());
        Self { languages, era, short, long, choices: Vec::new(), woken: Vec::new(), bare: String::new() }
    }

    /// In which it was begun, see [`Memos::of`].
    pub(super) fn era(&self) -> u64 {
        self.era
    }

    /// How many words it knows.
    fn words(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// How much it knows of them.
    fn answers(&self) -> usize {
        self.choices.len() + self.woken.len()
    }

    /// What a word of a text means.
    pub(super) fn meaning(&mut self, lexicon: &Lexicon, triggers: &Triggers, text: &str, word: Range<usize>) -> Meaning {
        let packed = packed(text, &word);
        let known = match &packed {
            Some(packed) => self.short.get(packed),
            None => self.long.get(&text[word.clone()]),
        };
        match known {
            Some(meaning) => *meaning,
            None => self.learn(lexicon, triggers, &text[word], packed),
        }
    }

    /// The choices that a word satisfies, in order.
    pub(super) fn choices(&self, meaning: Meaning) -> &[Choice] {
        &self.choices[meaning.choices as usize..][..usize::from(meaning.choices_len)]
    }

    /// The alternatives that a word wakes and that look at a sentence.
    pub(super) fn near(&self, meaning: Meaning) -> &[Woken] {
        &self.woken[meaning.woken as usize..][..usize::from(meaning.near_len)]
    }

    /// Those that look further.
    pub(super) fn far(&self, meaning: Meaning) -> &[Woken] {
        &self.woken[meaning.woken as usize + usize::from(meaning.near_len)..][..usize::from(meaning.far_len)]
    }

    fn learn(&mut self, lexicon: &Lexicon, triggers: &Triggers, word: &str, packed: Option<Packed>) -> Meaning {
        let languages = self.languages;
        let (choices, woken) = (self.choices.len(), self.woken.len());
        lexicon.find(word, languages, &mut self.bare, &mut self.choices);
        triggers.wake_near(&self.choices[choices..], languages, &mut self.woken);
        let far = self.woken.len();
        triggers.wake_far(&self.choices[choices..], languages, &mut self.woken);
        // So many rules that one word has to do with more than 65,535 of them are not written.
        let length = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let meaning = Meaning {
            choices: choices as u32,
            woken: woken as u32,
            choices_len: length(self.choices.len() - choices),
            near_len: length(far - woken),
            far_len: length(self.woken.len() - far),
        };
        match packed {
            Some(packed) => _ = self.short.insert(packed, meaning),
            None => _ = self.long.insert(word.into(), meaning),
        }
        meaning
    }
}

/// A word of at most 16 bytes as numbers: nearly all are, and comparing numbers is quick. No word
/// has a zero byte, so no two are the same.
fn packed(text: &str, word: &Range<usize>) -> Option<Packed> {
    const MOST: usize = size_of::<u128>();
    let length = word.len();
    if length > MOST {
        return None;
    }
    let bytes = text.as_bytes();
    let number = if let Some(more) = bytes.get(word.start..word.start + MOST) {
        let more = u128::from_le_bytes(more.try_into().expect("it is as long as the number"));
        // A word has at least one byte.
        more & (u128::MAX >> (8 * (MOST - length)))
    } else {
        let mut all = [0; MOST];
        all[..length].copy_from_slice(&bytes[word.clone()]);
        u128::from_le_bytes(all)
    };
    Some([number as u64, (number >> 64) as u64])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(patterns: &[Pattern]) -> Lexicon {
        let choices: Vec<_> = patterns.iter().map(|pattern| BTreeSet::from([pattern.clone()])).collect();
        Lexicon::new(&choices, vec![Languages::ALL; choices.len()]).unwrap()
    }

    fn choices<'m>(memo: &'m mut Memo, lexicon: &Lexicon, word: &str) -> &'m [Choice] {
        let meaning = memo.meaning(lexicon, &Triggers::default(), word, 0..word.len());
        memo.choices(meaning)
    }

    #[test]
    fn a_word_finds_all_its_patterns_wherever_they_overlap() {
        let english = Language::of("en").unwrap();
        let lexicon = lexicon(&[
            Pattern::Exact("bot".into()),
            Pattern::Prefix("bo".into()),
            Pattern::Suffix("ot".into()),
            Pattern::Within("o".into()),
            Pattern::Stem(english, "chatbot".into()),
        ]);
        let mut memo = Memo::new(Languages::ALL, 0);
        for (word, expected) in
            [("Bot", &[0, 1, 2, 3][..]), ("robots", &[3]), ("chatbots", &[3, 4]), ("bo", &[1, 3]), ("b", &[]), ("robot", &[2, 3])]
        {
            assert_eq!(choices(&mut memo, &lexicon, word), expected, "{word}");
            assert_eq!(choices(&mut memo, &lexicon, word), expected, "{word} once more");
        }
    }

    #[test]
    fn an_unknown_word_finds_what_it_was_meant_to_be() {
        let lexicon = lexicon(&[Pattern::Exact("refund".into()), Pattern::Prefix("answer".into()), Pattern::Suffix("ings".into())]);
        let mut memo = Memo::new(Languages::ALL, 0);
        for (word, expected) in [
            ("refudn", &[0][..]),
            ("REFUUUND", &[0]),
            ("r3fund", &[0]),
            ("ref*nd", &[0]),
            ("anwsered", &[1]),
            ("refnud", &[0]),
            ("ignsx", &[]),
        ] {
            assert_eq!(choices(&mut memo, &lexicon, word), expected, "{word}");
        }
    }

    #[test]
    fn all_is_forgotten_before_it_grows_without_end_but_never_within_a_text() {
        let lexicon = lexicon(&[Pattern::Prefix("w".into())]);
        let mut memos = Memos::default();
        let memo = memos.begin_text(Languages::ALL);
        let era = memo.era();
        for at in 0..MOST_WORDS + 10 {
            assert_eq!(choices(memo, &lexicon, &format!("w{at}")), [0]);
        }
        assert_eq!(memo.words(), MOST_WORDS + 10);
        assert!(memos.of(Languages::ALL, era).is_some() && memos.of(Languages::NONE, era).is_none());
        let memo = memos.begin_text(Languages::NONE);
        assert_eq!(memo.words(), 0);
        assert_eq!(choices(memo, &lexicon, &"w".repeat(65)), [] as [Choice; 0]);
        assert!(memos.of(Languages::ALL, era).is_none() && memos.of(Languages::NONE, era).is_none());
        assert!(memos.of(Languages::NONE, era + 1).is_some());
    }
}
