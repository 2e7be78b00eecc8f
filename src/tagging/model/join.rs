//! Lets models decide for their themes, beside the rules of the others.
//!
//! All models look at a text together: each word is looked up once, as it is written, and adds its
//! weight to every model that knows it. Where a model says yes, its tag is called `model` and shows
//! the words with most of the weight, and those of a rule that fired too.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::ops::Range;

use crate::domain::theme::Tag;
use crate::tagging::model::corpus;
use crate::tagging::model::file::Model;
use crate::text::hash;
use crate::text::normalise::Cut;

/// What the tag of a model names in place of a rule.
pub const RULE: &str = "model";
/// Words or pairs that a tag shows at most, besides those of a rule.
const SHOWN: usize = 5;
/// Words remembered before all are forgotten: some 4 MB.
const MOST_REMEMBERED: usize = 1 << 16;
/// Longer words are not remembered: nobody writes them twice.
const LONGEST_REMEMBERED: usize = 64;
/// No word of any model.
const NONE: u32 = u32::MAX;

/// The models of some themes, ready to tag.
#[derive(Debug)]
pub struct Joint {
    /// Names of all themes in their order.
    themes: Vec<String>,
    models: Vec<Ready>,
    /// Numbers of plain words that models know, alone or in a pair.
    words: HashMap<Box<str>, u32>,
    /// Feature of each word, by its number, where it is one by itself.
    alone: Vec<u32>,
    /// Second words of pairs with the feature, by the first word, ascending.
    pairs: Rows<(u32, u32)>,
    /// Models and weights of each feature.
    weights: Rows<(u32, f64)>,
    fingerprint: String,
}

/// Short lists one after another: a text asks for a hundred of them, which would lie all over the
/// memory.
#[derive(Debug)]
struct Rows<T> {
    /// Where each list ends.
    ends: Vec<u32>,
    all: Vec<T>,
}

impl<T> Rows<T> {
    /// Lists by number, of elements that come in the order of those.
    fn of(count: usize, elements: impl IntoIterator<Item = (u32, T)>) -> Self {
        let mut rows = Self { ends: Vec::with_capacity(count), all: Vec::new() };
        for (row, element) in elements {
            rows.ends.resize(row as usize, rows.all.len() as u32);
            rows.all.push(element);
        }
        rows.ends.resize(count, rows.all.len() as u32);
        rows
    }

    fn row(&self, at: u32) -> &[T] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.all[from as usize..self.ends[at as usize] as usize]
    }
}

#[derive(Debug)]
struct Ready {
    /// The number of its theme among all.
    theme: usize,
    bias: f64,
    threshold: f64,
    rules: BTreeMap<String, f64>,
    /// Weights of themes that the rules give, by number.
    themes: BTreeMap<usize, f64>,
}

/// Workspace of one thread. It belongs to one set of models.
#[derive(Debug, Default)]
pub struct Scratch {
    known: HashMap<Box<str>, u32>,
    plain: String,
    /// Features of the text with the words that show them, each feature once.
    found: Vec<(u32, Range<u32>)>,
    /// By feature: the last text that has it.
    last: Vec<u32>,
    text: u32,
    /// By model: sum of weights, and number of features.
    sums: Vec<(f64, u32)>,
}

impl Joint {
    /// Models for some of the themes, which are named in the order in which they are compiled.
    /// `None` where there are no models.
    #[must_use]
    pub fn new(models: &[Model], themes: Vec<String>) -> Option<Self> {
        let number = |name: &str| themes.iter().position(|theme| theme == name);
        let (mut ready, mut vocabulary) = (Vec::new(), Vocabulary::default());
        for model in models {
            let Some(theme) = number(&model.theme) else { continue };
            let of_themes = model.themes.iter().filter_map(|(theme, weight)| Some((number(theme)?, weight))).collect();
            let rules = model.rules.iter().map(|(rule, weight)| (rule.to_owned(), weight)).collect();
            for (words, weight) in model.words.iter() {
                vocabulary.learn(ready.len() as u32, words, weight);
            }
            ready.push(Ready { theme, bias: model.bias, threshold: model.threshold, rules, themes: of_themes });
        }
        let Vocabulary { words, alone, pairs, mut weights, features } = vocabulary;
        weights.sort_by_key(|(feature, _)| *feature);
        (!ready.is_empty()).then(|| Self {
            models: ready,
            pairs: Rows::of(alone.len(), pairs.into_iter().map(|((first, second), feature)| (first, (second, feature)))),
            weights: Rows::of(features as usize, weights),
            words,
            alone,
            fingerprint: fingerprint(models),
            themes,
        })
    }

    /// Changes with the models.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The tags of a text: of themes with a model what it decides, of the others the first rule that
    /// fired. `fired` has a tag for every rule that fired, in the order of the themes.
    pub fn tags(&self, scratch: &mut Scratch, text: &str, cut: &Cut, fired: Vec<Tag>) -> Vec<Tag> {
        self.look(scratch, text, cut);
        let number = |tag: Tag| Some((self.themes.iter().position(|theme| *theme == tag.theme)?, tag));
        let fired: Vec<(usize, Tag)> = fired.into_iter().filter_map(number).collect();
        let mut tags: BTreeMap<usize, Tag> = BTreeMap::new();
        for (at, model) in (0..).zip(&self.models) {
            if self.score(scratch, at, &fired) >= model.threshold {
                let theme = self.themes[model.theme].clone();
                tags.insert(model.theme, Tag { theme, rule: RULE.to_owned(), spans: self.shown(scratch, cut, at, &fired) });
            }
        }
        for (theme, tag) in fired {
            if !self.models.iter().any(|model| model.theme == theme) {
                tags.entry(theme).or_insert(tag);
            }
        }
        tags.into_values().collect()
    }

    fn score(&self, scratch: &Scratch, at: u32, fired: &[(usize, Tag)]) -> f64 {
        let model = &self.models[at as usize];
        let own = fired.iter().filter(|(theme, _)| *theme == model.theme);
        let rules: BTreeSet<&str> = own.map(|(_, tag)| tag.rule.as_str()).collect();
        let by_rules: f64 = rules.into_iter().filter_map(|rule| model.rules.get(rule)).sum();
        let given: BTreeSet<usize> = fired.iter().map(|(theme, _)| *theme).collect();
        let by_themes: f64 = given.iter().filter_map(|theme| model.themes.get(theme)).sum();
        let (sum, count) = scratch.sums[at as usize];
        let by_words = if count == 0 { 0.0 } else { sum / f64::from(count).sqrt() };
        model.bias + by_rules + by_themes + by_words
    }

    /// The words behind a model's yes.
    fn shown(&self, scratch: &Scratch, cut: &Cut, at: u32, fired: &[(usize, Tag)]) -> Vec<Range<usize>> {
        let model = &self.models[at as usize];
        let of = |theme: usize| fired.iter().find(|(of, _)| *of == theme).map(|(_, tag)| tag.spans.clone());
        let mut spans = of(model.theme).unwrap_or_default();
        spans.extend(self.heaviest(scratch, cut, at));
        if spans.is_empty() {
            // Nothing of its own: the words of the themes that speak for it.
            let speak = model.themes.iter().filter(|(_, weight)| **weight > 0.0);
            spans.extend(speak.filter_map(|(theme, _)| of(*theme)).flatten());
        }
        merged(spans)
    }

    /// Sums up the words of a text for every model.
    fn look(&self, scratch: &mut Scratch, text: &str, cut: &Cut) {
        scratch.begin(self);
        for sentence in &cut.sentences {
            let mut before = NONE;
            for at in sentence.clone() {
                let word = scratch.number(self, &text[cut.words[at].clone()]);
                if word != NONE {
                    if let Some(pair) = self.pair(before, word) {
                        scratch.add(self, pair, at as u32 - 1..at as u32 + 1);
                    }
                    scratch.add(self, self.alone[word as usize], at as u32..at as u32 + 1);
                }
                before = word;
            }
        }
    }

    fn pair(&self, first: u32, second: u32) -> Option<u32> {
        let pairs = if first == NONE { &[] } else { self.pairs.row(first) };
        pairs.binary_search_by_key(&second, |(second, _)| *second).ok().map(|at| pairs[at].1)
    }

    /// The words that say most for a model.
    fn heaviest(&self, scratch: &Scratch, cut: &Cut, model: u32) -> Vec<Range<usize>> {
        let weight = |feature: u32| self.weights.row(feature).iter().find(|(of, _)| *of == model).map(|(_, weight)| *weight);
        let mut heavy: Vec<(f64, &Range<u32>)> = scratch
            .found
            .iter()
            .filter_map(|(feature, words)| Some((weight(*feature)?, words)))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        heavy.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.start.cmp(&other.1.start)));
        let span = |words: &Range<u32>| cut.words[words.start as usize].start..cut.words[words.end as usize - 1].end;
        heavy.into_iter().take(SHOWN).map(|(_, words)| span(words)).collect()
    }
}

/// Words and pairs of all models, as they are learnt.
#[derive(Default)]
struct Vocabulary {
    words: HashMap<Box<str>, u32>,
    alone: Vec<u32>,
    pairs: BTreeMap<(u32, u32), u32>,
    /// Features with models and weights.
    weights: Vec<(u32, (u32, f64))>,
    features: u32,
}

impl Vocabulary {
    fn learn(&mut self, model: u32, words: &str, weight: f64) {
        let numbers: Vec<u32> = words.split(' ').map(|word| self.number(word)).collect();
        let place = match numbers[..] {
            [word] => &mut self.alone[word as usize],
            [first, second] => self.pairs.entry((first, second)).or_insert(NONE),
            // No such run of words is ever looked up.
            _ => return,
        };
        if *place == NONE {
            *place = self.features;
            self.features += 1;
        }
        self.weights.push((*place, (model, weight)));
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.words.get(word) {
            return *number;
        }
        let number = self.alone.len() as u32;
        self.words.insert(word.into(), number);
        self.alone.push(NONE);
        number
    }
}

impl Scratch {
    fn begin(&mut self, joint: &Joint) {
        self.found.clear();
        self.sums.clear();
        self.sums.resize(joint.models.len(), (0.0, 0));
        self.last.resize(joint.weights.ends.len(), 0);
        self.text = self.text.wrapping_add(1);
        if self.text == 0 {
            self.last.fill(0);
            self.text = 1;
        }
    }

    fn number(&mut self, joint: &Joint, word: &str) -> u32 {
        if let Some(number) = self.known.get(word) {
            return *number;
        }
        let number = corpus::plain(word, &mut self.plain).and_then(|plain| joint.words.get(plain)).copied().unwrap_or(NONE);
        if word.len() <= LONGEST_REMEMBERED {
            if self.known.len() >= MOST_REMEMBERED {
                self.known.clear();
            }
            self.known.insert(word.into(), number);
        }
        number
    }

    fn add(&mut self, joint: &Joint, feature: u32, words: Range<u32>) {
        if feature == NONE || self.last[feature as usize] == self.text {
            return;
        }
        self.last[feature as usize] = self.text;
        for &(model, weight) in joint.weights.row(feature) {
            let (sum, count) = &mut self.sums[model as usize];
            *sum += weight;
            *count += 1;
        }
        self.found.push((feature, words));
    }
}

/// In order, and what overlaps as one.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(before) if span.start <= before.end => before.end = before.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Changes with what models decide, not with the figures that they are told with.
#[must_use]
pub fn fingerprint(models: &[Model]) -> String {
    let mut parts = Vec::new();
    for model in models {
        parts.extend([model.theme.clone(), model.bias.to_string(), model.threshold.to_string()]);
        for (kind, weights) in [("rule", &model.rules), ("theme", &model.themes), ("word", &model.words)] {
            parts.extend(weights.iter().map(|(name, weight)| format!("{kind} {weight} {name}")));
        }
    }
    format!("{:016x}", hash::of_parts(parts.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tagging::model::file::tests::model;
    use crate::text::normalise;
    use crate::text::redact::redact;

    fn names() -> Vec<String> {
        ["late", "loop", "rude"].map(str::to_owned).to_vec()
    }

    fn fired(theme: &str, rule: &str, span: Range<usize>) -> Tag {
        Tag { theme: theme.into(), rule: rule.into(), spans: vec![span] }
    }

    /// `loop: model round|circles` for each tag.
    fn told(joint: &Joint, text: &str, fired: Vec<Tag>) -> String {
        let mut cut = Cut::default();
        normalise::cut(text, &mut cut);
        let tags = joint.tags(&mut Scratch::default(), text, &cut, fired);
        let told = tags.iter().map(|tag| {
            let words: Vec<&str> = tag.spans.iter().map(|span| &text[span.clone()]).collect();
            format!("{}: {} {}", tag.theme, tag.rule, words.join("|"))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_model_decides_for_its_theme_and_shows_the_words_with_most_of_the_weight() {
        let words = [("round", 3.0), ("and round", 2.0), ("bot", 1.0), ("it", -0.1), ("not round", -9.0)];
        let joint = Joint::new(&[model("loop", &words, &[], &[])], names()).unwrap();
        assert_eq!(told(&joint, "The bot: round and round it goes", vec![]), "loop: model bot|round|and round");
        assert_eq!(told(&joint, "It is not round", vec![]), "");
        assert_eq!(told(&joint, "it", vec![fired("loop", "says it", 0..2)]), "", "the rule alone does not suffice");
        assert_eq!(told(&joint, "Nothing that it knows", vec![]), "", "the bias alone says no");
    }

    #[test]
    fn rules_and_other_themes_have_their_say_and_themes_without_a_model_are_left_alone() {
        let joint = Joint::new(&[model("loop", &[("fine", -2.0)], &[("says it", 1.0)], &[("late", 0.7)])], names()).unwrap();
        let it = || fired("loop", "says it", 0..2);
        let late = || fired("late", "1", 3..7);
        assert_eq!(told(&joint, "it late", vec![late(), it(), fired("rude", "r", 0..2)]), "late: 1 late, loop: model it, rude: r it");
        assert_eq!(told(&joint, "it late fine", vec![late(), it()]), "late: 1 late");
        assert_eq!(told(&joint, "it late", vec![late(), fired("late", "2", 0..2)]), "late: 1 late, loop: model late");
        assert_eq!(told(&joint, "it late", vec![it(), it()]), "loop: model it", "a rule that fires twice counts once");
    }

    #[test]
    fn no_more_than_five_of_the_words_are_shown() {
        let names_of = ["a", "b", "c", "d", "e", "f", "g"];
        let words: Vec<(&str, f64)> = names_of.iter().zip(1..).map(|(name, weight)| (*name, f64::from(weight))).collect();
        let joint = Joint::new(&[model("loop", &words, &[], &[])], names()).unwrap();
        assert_eq!(told(&joint, "a x b x c x d x e x f x g x g", vec![]), "loop: model c|d|e|f|g");
    }

    #[test]
    fn models_of_no_theme_are_no_models_and_others_have_other_fingerprints() {
        let one = |weight| model("loop", &[("round", weight)], &[], &[]);
        assert!(Joint::new(&[model("none", &[], &[], &[])], names()).is_none());
        assert!(Joint::new(&[], names()).is_none());
        let print = |weight| Joint::new(&[one(weight)], names()).unwrap().fingerprint().to_owned();
        assert_eq!(print(1.0), print(1.0));
        assert_ne!(print(1.0), print(1.1));
    }

    proptest! {
        #[test]
        fn every_word_counts_as_it_did_in_training(text in "([abc]{1,2}( |[.] |!)|É |I\u{200b}t ){0,30}", known in proptest::collection::btree_map("[abc]{1,2}( [abc]{1,2})?|e", -2.0..2.0_f64, 0..30)) {
            // What redaction takes out counts in tagging, where some text has the word in the open.
            prop_assume!(redact(&text) == text);
            let words: Vec<(&str, f64)> = known.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
            let model = model("loop", &words, &[], &[]);
            let mut cut = Cut::default();
            normalise::cut(&text, &mut cut);
            let has = corpus::words(&text, &cut);
            let weights: Vec<f64> = has.iter().filter_map(|word| model.words.of(word)).collect();
            let expected = if weights.is_empty() { 0.0 } else { weights.iter().sum::<f64>() / (weights.len() as f64).sqrt() } + model.bias;
            let joint = Joint::new(&[model], names()).unwrap();
            let mut scratch = Scratch::default();
            for _ in 0..2 {
                joint.look(&mut scratch, &text, &cut);
                prop_assert!((joint.score(&scratch, 0, &[]) - expected).abs() < 1e-9);
            }
        }

        #[test]
        fn spans_are_words_of_the_text_in_order(text in "\\PC{0,40}", words in proptest::collection::vec("\\PC{1,4}", 0..9)) {
            let words: Vec<(&str, f64)> = words.iter().map(|word| (word.as_str(), 9.0)).collect();
            let joint = Joint::new(&[model("loop", &words, &[], &[])], names()).unwrap();
            let mut cut = Cut::default();
            normalise::cut(&text, &mut cut);
            for tag in joint.tags(&mut Scratch::default(), &text, &cut, vec![]) {
                prop_assert!(tag.spans.iter().all(|span| text.get(span.clone()).is_some_and(|word| !word.is_empty())));
                prop_assert!(tag.spans.is_sorted_by(|one, next| one.end < next.start));
            }
        }
    }
}
