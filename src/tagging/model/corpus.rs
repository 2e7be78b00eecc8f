//! Labelled texts as numbers: which words and pairs each has, which rules fired, what people said.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::domain::item::Rating;
use crate::domain::theme::Tag;
use crate::tagging::Message;
use crate::tagging::Rules;
use crate::tagging::model::folds;
use crate::text::normalise;
use crate::text::normalise::Cut;
use crate::text::redact::redacted;

/// Longest word in bytes of its plain form; what is longer is no word that people share.
const LONGEST: usize = 40;
/// Digits of a word with letters, as "24h" or "a380"; what has more is an order or a number plate, which
/// has no place in a file that people read.
const MOST_DIGITS: usize = 3;

/// A message with what people said of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labelled {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Its language, where it is known.
    pub lang: Option<String>,
    /// Its rating.
    pub rating: Option<Rating>,
    /// The name of its source.
    pub source: String,
    /// Themes that it has.
    pub themes: BTreeSet<String>,
    /// Themes of which nobody said whether it has them.
    pub open: BTreeSet<String>,
    /// Whether it was drawn by chance among all, not because it looked interesting.
    pub by_chance: bool,
}

impl Labelled {
    /// As the rules see it.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        Message { title: &self.title, text: &self.text, lang: self.lang.as_deref(), rating: self.rating, source: &self.source }
    }

    /// Messages that are equal in this are equal in all.
    fn order(&self, other: &Self) -> Ordering {
        let words = |of: &Self| (of.text.clone(), of.title.clone(), of.lang.clone(), of.source.clone());
        let said = |of: &Self| (of.themes.clone(), of.open.clone(), of.by_chance);
        let rating = |of: &Self| of.rating.map(|rating| [rating.value.to_bits(), rating.max.to_bits()]);
        (words(self), said(self), rating(self)).cmp(&(words(other), said(other), rating(other)))
    }
}

/// All labelled texts, in an order that does not depend on the one in which they came.
#[derive(Debug)]
pub struct Corpus {
    /// Words and pairs by number, in byte order.
    words: Vec<String>,
    texts: Vec<Text>,
    groups: usize,
}

#[derive(Debug)]
struct Text {
    /// Numbers of words and pairs, ascending.
    words: Vec<u32>,
    /// Themes and names of the rules that fired.
    fired: BTreeSet<(String, String)>,
    /// Themes that the rules give.
    tags: BTreeSet<String>,
    labels: Labels,
    group: usize,
}

/// What people said.
#[derive(Debug)]
struct Labels {
    themes: BTreeSet<String>,
    open: BTreeSet<String>,
    by_chance: bool,
}

/// What a model looks at besides words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A rule of the theme fired.
    Rule(String),
    /// The rules give this theme, which may be the model's own.
    Theme(String),
}

/// The corpus as one theme sees it.
#[derive(Debug)]
pub struct View<'c> {
    /// The theme.
    pub theme: String,
    /// Words and pairs by number.
    pub words: &'c [String],
    /// Marks; their numbers follow those of the words.
    pub marks: Vec<Mark>,
    /// Texts of which somebody said whether they have the theme.
    pub rows: Vec<Seen<'c>>,
    /// How many groups the corpus has.
    pub groups: usize,
}

/// One text as one theme sees it.
#[derive(Debug)]
pub struct Seen<'c> {
    /// Numbers of words and pairs, ascending.
    pub words: &'c [u32],
    /// Numbers of marks, ascending.
    pub marks: Vec<u32>,
    /// Whether people say that it has the theme.
    pub positive: bool,
    /// Whether the rules say so.
    pub by_rules: bool,
    /// Whether the text was drawn by chance.
    pub by_chance: bool,
    /// Texts of one group are copies of each other.
    pub group: usize,
}

impl Corpus {
    /// Reads labelled texts. `rules` are without any model.
    #[must_use]
    pub fn new(rules: &Rules, mut labelled: Vec<Labelled>) -> Self {
        labelled.sort_by(Labelled::order);
        let whole: Vec<String> = labelled.iter().map(|labelled| labelled.message().whole()).collect();
        let groups = folds::groups(&whole.iter().map(String::as_str).collect::<Vec<_>>());
        let found: Vec<(BTreeSet<String>, Vec<Tag>)> =
            labelled.iter().map(|labelled| rules.seen(&labelled.message(), |text, cut, fired| (words(text, cut), fired))).collect();
        let known: BTreeSet<&String> = found.iter().flat_map(|(words, _)| words).collect();
        let known: Vec<String> = known.into_iter().cloned().collect();
        let numbers: BTreeMap<&str, u32> = known.iter().map(String::as_str).zip(0..).collect();
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let mut texts = Vec::with_capacity(labelled.len());
        for ((labels, (words, fired)), group) in labelled.into_iter().zip(&found).zip(groups) {
            texts.push(Text {
                words: words.iter().filter_map(|word| numbers.get(word.as_str())).copied().collect(),
                tags: fired.iter().map(|tag| tag.theme.clone()).collect(),
                fired: fired.iter().map(|tag| (tag.theme.clone(), tag.rule.clone())).collect(),
                labels: Labels { themes: labels.themes, open: labels.open, by_chance: labels.by_chance },
                group,
            });
        }
        Self { words: known, texts, groups: count }
    }

    /// Texts.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.texts.len()
    }

    /// Texts but for copies.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The corpus as a theme sees it.
    #[must_use]
    pub fn view(&self, theme: &str) -> View<'_> {
        let judged: Vec<&Text> = self.texts.iter().filter(|text| !text.labels.open.contains(theme)).collect();
        let marks_of = |text: &Text| -> BTreeSet<Mark> {
            let rules = text.fired.iter().filter(|(of, _)| of == theme).map(|(_, rule)| Mark::Rule(rule.clone()));
            rules.chain(text.tags.iter().cloned().map(Mark::Theme)).collect()
        };
        let marks: BTreeSet<Mark> = judged.iter().flat_map(|text| marks_of(text)).collect();
        let first = self.words.len() as u32;
        let numbers: BTreeMap<&Mark, u32> = marks.iter().zip(first..).collect();
        let rows = judged.iter().map(|text| Seen {
            words: &text.words,
            marks: marks_of(text).iter().filter_map(|mark| numbers.get(mark)).copied().collect(),
            positive: text.labels.themes.contains(theme),
            by_rules: text.tags.contains(theme),
            by_chance: text.labels.by_chance,
            group: text.group,
        });
        let rows = rows.collect();
        View { theme: theme.to_owned(), words: &self.words, rows, groups: self.groups, marks: marks.into_iter().collect() }
    }
}

impl View<'_> {
    /// How many features there are, words and marks together.
    #[must_use]
    pub fn width(&self) -> usize {
        self.words.len() + self.marks.len()
    }
}

/// The words of a text and its pairs of neighbours within a sentence, in plain form, each once. What
/// redaction takes out of a text is no word: the file of a model shows none of it.
#[must_use]
pub fn words(text: &str, cut: &Cut) -> BTreeSet<String> {
    let (mut found, mut folded, public) = (BTreeSet::new(), String::new(), redacted(text));
    for sentence in &cut.sentences {
        let mut before = String::new();
        for word in &cut.words[sentence.clone()] {
            let shown = plain(&text[word.clone()], &mut folded).filter(|_| !public.touches(word));
            let Some(word) = shown else {
                before.clear();
                continue;
            };
            if !before.is_empty() {
                found.insert(format!("{before} {word}"));
            }
            found.insert(word.to_owned());
            word.clone_into(&mut before);
        }
    }
    found
}

/// The plain form of a word that people share; what is too long for one, or may be somebody's number,
/// is none: several digits alone are a piece of a telephone number or a house more often than hours.
pub(super) fn plain<'f>(word: &str, folded: &'f mut String) -> Option<&'f str> {
    folded.clear();
    if word.len() > 4 * LONGEST {
        return None;
    }
    normalise::fold(word, folded);
    let digits = folded.chars().filter(|c| c.is_numeric()).count();
    let is_number = digits > 1 && !folded.chars().any(char::is_alphabetic);
    // A few ligatures come apart into words.
    (!folded.is_empty() && folded.len() <= LONGEST && digits <= MOST_DIGITS && !is_number && !folded.contains(' ')).then_some(folded)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::theme::RuleText;
    use crate::domain::theme::ThemeText;

    /// Themes with a rule for each word given.
    pub fn rules(themes: &[(&str, &[&str])]) -> Rules {
        crate::tagging::compile(&texts(themes)).unwrap()
    }

    pub fn texts(themes: &[(&str, &[&str])]) -> Vec<ThemeText> {
        let rule = |word: &&str| RuleText { when: (*word).to_owned(), name: format!("says {word}"), ..RuleText::default() };
        themes
            .iter()
            .map(|(name, words)| ThemeText { name: (*name).into(), rules: words.iter().map(rule).collect(), ..ThemeText::default() })
            .collect()
    }

    pub fn labelled(text: &str, themes: &[&str]) -> Labelled {
        let themes = themes.iter().map(|theme| (*theme).to_owned()).collect();
        Labelled { text: text.into(), themes, ..Labelled::default() }
    }

    #[test]
    fn pairs_stand_within_a_sentence_and_nothing_is_told_twice() {
        let (text, mut cut) = ("The BOT again. Again the 4711 bot, @you https://a.example", Cut::default());
        normalise::cut(text, &mut cut);
        let words = words(text, &cut);
        assert_eq!(words.iter().map(String::as_str).collect::<Vec<_>>(), ["again", "again the", "bot", "bot again", "the", "the bot"]);
    }

    #[test]
    fn names_streets_and_pieces_of_telephone_numbers_are_no_words() {
        let text = "My name is Zebulon Quartzmann, 12 Baker Street, call 070 123 45 67. The bot forgot me 24 times, says 7.";
        let corpus = Corpus::new(&rules(&[("loop", &["bot"])]), vec![labelled(text, &["loop"]), labelled("a baker came", &[])]);
        let view = corpus.view("loop");
        for word in ["the bot", "bot forgot", "forgot me", "says 7", "a baker"] {
            assert!(view.words.iter().any(|known| known == word), "{word}: {:?}", view.words);
        }
        for private in ["zebulon", "quartzmann", "street", "070", "123", "45", "12", "24"] {
            assert!(!view.words.iter().any(|known| known.split(' ').any(|word| word == private)), "{private}: {:?}", view.words);
        }
        assert!(!view.words.iter().any(|known| known == "call the" || known == "me times"), "no pair leaps over what is left out");
    }

    #[test]
    fn a_theme_sees_its_own_rules_and_the_verdict_on_all_themes() {
        let rules = rules(&[("loop", &["circles", "bot"]), ("late", &["late"])]);
        let mut open = labelled("the bot", &[]);
        open.open.insert("late".to_owned());
        let corpus = Corpus::new(&rules, vec![labelled("bot circles, late", &["loop"]), open, labelled("fine", &["late"])]);
        let view = corpus.view("loop");
        assert_eq!(
            view.marks,
            [Mark::Rule("says bot".into()), Mark::Rule("says circles".into()), Mark::Theme("late".into()), Mark::Theme("loop".into())]
        );
        let first = view.words.len() as u32;
        let told: Vec<(Vec<u32>, bool, bool)> =
            view.rows.iter().map(|row| (row.marks.iter().map(|mark| mark - first).collect(), row.positive, row.by_rules)).collect();
        assert_eq!(told, [(vec![0, 1, 2, 3], true, true), (vec![], false, false), (vec![0, 3], false, true)]);
        assert_eq!((corpus.view("late").rows.len(), corpus.texts()), (2, 3), "a text of which nobody spoke is left out");
    }
}
