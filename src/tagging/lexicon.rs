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

/// Longer words are not remembered: nobody writes them twice.
const LONGEST_REMEMBERED: usize = 64;

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
pub(super) struct Memos(Vec<(Languages, Memo)>);

impl Memos {
    /// The memory for messages of these languages.
    pub(super) fn of(&mut self, languages: Languages) -> &mut Memo {
        if self.0.iter().map(|(_, memo)| memo.len()).sum::<usize>() >= MOST_WORDS {
            self.0.clear();
        }
        let at = self.0.iter().position(|(known, _)| *known == languages).unwrap_or_else(|| {
            self.0.push((languages, Memo { languages: Some(languages), ..Memo::default() }));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

/// What words as written mean to a [`Lexicon`] and its [`Triggers`].
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Whose rules ask; all where nothing is said.
    languages: Option<Languages>,
    short: HashMap<u128, Place, foldhash::fast::RandomState>,
    long: HashMap<Box<str>, Place, foldhash::fast::RandomState>,
    answers: Vec<Choice>,
    woken: Vec<Woken>,
    bare: String,
    /// Where what stands before this was kept for good.
    kept: (usize, usize),
}

/// What a word means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning<'m> {
    /// The choices that it satisfies, in order.
    pub(super) choices: &'m [Choice],
    /// Alternatives that it wakes: those that look at a sentence, and those that look further.
    pub(super) near: &'m [Woken],
    pub(super) far: &'m [Woken],
}

/// Where its meaning stands among the answers.
#[derive(Debug, Clone, Copy)]
struct Place {
    choices: (u32, u32),
    near: (u32, u32),
    /// Where those that look further end; they follow the near ones.
    far: u32,
}

impl Memo {
    /// What a word of a text means.
    pub(super) fn meaning(&mut self, lexicon: &Lexicon, triggers: &Triggers, text: &str, word: Range<usize>) -> Meaning<'_> {
        let packed = packed(text, &word);
        let known = match &packed {
            Some(packed) => self.short.get(packed),
            None => self.long.get(&text[word.clone()]),
        };
        let place = match known {
            Some(place) => *place,
            None => self.learn(lexicon, triggers, &text[word], packed),
        };
        let Place { choices, near, far } = place;
        Meaning {
            choices: &self.answers[choices.0 as usize..choices.1 as usize],
            near: &self.woken[near.0 as usize..near.1 as usize],
            far: &self.woken[near.1 as usize..far as usize],
        }
    }

    fn learn(&mut self, lexicon: &Lexicon, triggers: &Triggers, word: &str, packed: Option<u128>) -> Place {
        if self.len() >= MOST_WORDS || self.answers.len() + self.woken.len() >= MOST_ANSWERS {
            self.short.clear();
            self.long.clear();
            self.kept = (0, 0);
        }
        // An answer that is not remembered is overwritten by the next.
        self.answers.truncate(self.kept.0);
        self.woken.truncate(self.kept.1);
        let languages = self.languages.unwrap_or(Languages::ALL);
        lexicon.find(word, languages, &mut self.bare, &mut self.answers);
        let choices = &self.answers[self.kept.0..];
        triggers.wake_near(choices, languages, &mut self.woken);
        let near = self.woken.len();
        triggers.wake_far(choices, languages, &mut self.woken);
        let (from, to) = (self.kept, (self.answers.len(), self.woken.len()));
        let place = Place { choices: (from.0 as u32, to.0 as u32), near: (from.1 as u32, near as u32), far: to.1 as u32 };
        if word.len() <= LONGEST_REMEMBERED {
            self.kept = to;
            match packed {
                Some(packed) => _ = self.short.insert(packed, place),
                None => _ = self.long.insert(word.into(), place),
            }
        }
        place
    }

    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }
}

/// A word of at most 16 bytes as a number: nearly all are, and comparing numbers is quick. No
/// word has a zero byte, so no two are the same.
fn packed(text: &str, word: &Range<usize>) -> Option<u128> {
    const MOST: usize = size_of::<u128>();
    let length = word.len();
    if length > MOST {
        return None;
    }
    let bytes = text.as_bytes();
    Some(match bytes.get(word.start..word.start + MOST) {
        Some(more) => {
            let more = u128::from_le_bytes(more.try_into().expect("it is as long as the number"));
            // A word has at least one byte.
            more & (u128::MAX >> (8 * (MOST - length)))
        }
        None => {
            let mut all = [0; MOST];
            all[..length].copy_from_slice(&bytes[word.clone()]);
            u128::from_le_bytes(all)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(patterns: &[Pattern]) -> Lexicon {
        let choices: Vec<_> = patterns.iter().map(|pattern| BTreeSet::from([pattern.clone()])).collect();
        Lexicon::new(&choices, vec![Languages::ALL; choices.len()]).unwrap()
    }

    fn choices<'m>(memo: &'m mut Memo, lexicon: &Lexicon, word: &str) -> &'m [Choice] {
        memo.meaning(lexicon, &Triggers::default(), word, 0..word.len()).choices
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
        let mut memo = Memo::default();
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
        let mut memo = Memo::default();
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
    fn a_memo_forgets_before_it_grows_without_end() {
        let lexicon = lexicon(&[Pattern::Prefix("w".into())]);
        let mut memo = Memo::default();
        for at in 0..MOST_WORDS + 10 {
            assert_eq!(choices(&mut memo, &lexicon, &format!("w{at}")), [0]);
        }
        assert!(memo.len() <= MOST_WORDS);
        let long = "w".repeat(LONGEST_REMEMBERED + 1);
        let before = memo.len();
        assert_eq!(choices(&mut memo, &lexicon, &long), [0]);
        assert_eq!(choices(&mut memo, &lexicon, "else"), [] as [Choice; 0]);
        assert_eq!(memo.len(), before + 1);
    }
}
