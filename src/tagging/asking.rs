//! Which rules are worth a look in a message, and in which part of it.
//!
//! A rule that is never looked at costs nothing. A text satisfies some hundred choices, of rules in
//! many languages; few of them make a rule worth asking. So first the rarest choice that an
//! alternative cannot do without must occur: each word *wakes* the alternatives that hang on it, most
//! words none. Then a [`Glance`] at the part of the text that the rule spans must not rule it out.
//! Only for what is left the places of words are written down.

use std::ops::Range;

use crate::domain::theme::Scope;
use crate::tagging::glance::EVERYWHERE;
use crate::tagging::glance::Glance;
use crate::tagging::glance::Outlines;
use crate::tagging::glance::WORDS;
use crate::tagging::glance::ones;
use crate::tagging::languages::Languages;
use crate::tagging::plan::Choice;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::read::Known;
use crate::tagging::read::Read;
use crate::tagging::rules::Alternative;
use crate::tagging::rules::Calm;
use crate::tagging::rules::Rule;
use crate::tagging::rules::window;
use crate::tagging::search::Postings;

/// What leads from choices to alternatives.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    /// How many choices there are.
    choices: usize,
    /// Alternatives that look at a sentence, by choice.
    near: Lists,
    /// Alternatives that look further, by choice.
    far: Lists,
    /// How each alternative is woken.
    woken: Vec<Woken>,
    /// Of the rule of each alternative.
    languages: Vec<Languages>,
    /// Every alternative as a glance sees it, and what says that all is well.
    outlines: Outlines,
    calm_outlines: Vec<(Languages, u32)>,
    /// Every choice that is looked at when an alternative is asked.
    uses: Vec<Box<[Choice]>>,
    /// Choices that say that all is well; looked at for every match.
    calm: Set,
}

/// An alternative that a word wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Woken {
    pub(super) alternative: u32,
    /// Choices that it cannot do without either: most are put to sleep again by that.
    needs: [Choice; 2],
    /// Its name among the outlines.
    outline: u32,
}

/// Lists by number, in one piece of memory.
#[derive(Debug, Default)]
struct Lists {
    ends: Vec<u32>,
    all: Vec<u32>,
}

/// Whether an alternative holds in a window; in the order in which answers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub(super) rule: u32,
    pub(super) window: u32,
    pub(super) alternative: u32,
}

/// What is worth keeping from message to message.
#[derive(Debug, Default)]
pub(super) struct Asking {
    glance: Glance,
    wanted: Set,
    /// By alternative: one past the last window in which it is to be looked at, counted on from text
    /// to text, so that nothing needs to be cleared.
    asked: Vec<u64>,
    /// The windows of all texts before.
    before: u64,
    /// Sentences that are asked about, in order.
    about: Vec<u32>,
    /// Whether one of them may say that all is well.
    pub(super) may_be_calm: bool,
    pub(super) todo: Vec<Question>,
}

/// A set of choices, a bit each: small enough to stay close to the processor.
#[derive(Debug, Default, Clone)]
struct Set(Vec<u64>);

impl Set {
    fn of(choices: usize, members: impl IntoIterator<Item = Choice>) -> Self {
        let mut set = Self(vec![0; choices.div_ceil(64)]);
        members.into_iter().for_each(|choice| set.insert(choice));
        set
    }

    fn insert(&mut self, choice: Choice) {
        self.0[choice as usize / 64] |= 1 << (choice % 64);
    }

    fn members(&self) -> impl Iterator<Item = Choice> + '_ {
        let bits = |(at, bits): (Choice, &u64)| ones(*bits).map(move |bit| at * 64 + bit);
        (0..).zip(&self.0).flat_map(bits)
    }

    fn has(&self, choice: Choice) -> bool {
        self.0[choice as usize / 64] & (1 << (choice % 64)) != 0
    }
}

impl Lists {
    fn new(lists: Vec<Vec<u32>>) -> Self {
        let mut all = Vec::new();
        let ends = lists.into_iter().map(|list| {
            all.extend(list);
            all.len() as u32
        });
        let ends = ends.collect();
        Self { ends, all }
    }

    /// The list of a number; none of a number that there is not.
    fn of(&self, number: Choice) -> &[u32] {
        let number = number as usize;
        let Some(to) = self.ends.get(number) else { return &[] };
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[from as usize..*to as usize]
    }
}

impl Triggers {
    /// Of all alternatives.
    pub(super) fn new(rules: &[Rule], alternatives: &[Alternative], calms: &[Calm], choices: &mut Choices) -> Self {
        let (mut near, mut far) = (vec![Vec::new(); choices.len()], vec![Vec::new(); choices.len()]);
        let (mut woken, mut uses, mut outlines) = (Vec::new(), Vec::new(), Outlines::default());
        for (number, alternative) in (0..).zip(alternatives) {
            let lists = if alternative.scope == Scope::Sentence { &mut near } else { &mut far };
            let triggers = choices.triggers(&alternative.node);
            for choice in &triggers {
                lists[*choice as usize].push(number);
            }
            let mut needed = choices.needs(&alternative.node, &triggers);
            needed.sort_by_key(|choice| choices.cost(*choice));
            let needs = [0, 1].map(|at| needed.get(at).copied().unwrap_or(EVERYWHERE));
            woken.push(Woken { alternative: number, needs, outline: outlines.add(&alternative.node) });
            let unless = &rules[alternative.rule as usize].unless;
            uses.push(used(unless.iter().chain([&alternative.node])).into());
        }
        let calm = Set::of(choices.len(), calms.iter().flat_map(Calm::choices));
        let says = calms.iter().flat_map(|calm| calm.says.iter().map(|says| (calm.languages, says)));
        let calm_outlines = says.map(|(languages, says)| (languages, outlines.add(says))).collect();
        let languages = alternatives.iter().map(|alternative| alternative.languages).collect();
        let (near, far) = (Lists::new(near), Lists::new(far));
        Self { choices: choices.len(), near, far, woken, languages, outlines, calm_outlines, uses, calm }
    }

    /// Appends what some choices wake that looks at a sentence, of rules for some of the languages, each once.
    pub(super) fn wake_near(&self, choices: &[Choice], languages: Languages, woken: &mut Vec<Woken>) {
        self.wake(&self.near, choices, languages, woken);
    }

    /// The same of what looks further.
    pub(super) fn wake_far(&self, choices: &[Choice], languages: Languages, woken: &mut Vec<Woken>) {
        self.wake(&self.far, choices, languages, woken);
    }

    fn wake(&self, lists: &Lists, choices: &[Choice], languages: Languages, woken: &mut Vec<Woken>) {
        let first = woken.len();
        let all = choices.iter().flat_map(|choice| lists.of(*choice)).map(|number| *number as usize);
        woken.extend(all.filter(|number| self.languages[*number].meet(languages)).map(|number| self.woken[number]));
        woken[first..].sort_unstable_by_key(|woken| woken.alternative);
        let mut kept = first;
        for at in first..woken.len() {
            if kept == first || woken[at] != woken[kept - 1] {
                woken[kept] = woken[at];
                kept += 1;
            }
        }
        woken.truncate(kept);
    }

    /// For each choice the languages of the rules that use it.
    pub(super) fn languages(&self, alternatives: &[Alternative], calms: &[Calm], choices: usize) -> Vec<Languages> {
        let mut languages = vec![Languages::NONE; choices];
        let mut add = |choice: Choice, of: Languages| languages[choice as usize] = languages[choice as usize].and(of);
        for (alternative, uses) in alternatives.iter().zip(&self.uses) {
            uses.iter().for_each(|choice| add(*choice, alternative.languages));
        }
        for (alternative, woken) in alternatives.iter().zip(&self.woken) {
            woken.needs.into_iter().filter(|need| *need != EVERYWHERE).for_each(|need| add(need, alternative.languages));
        }
        for calm in calms {
            calm.choices().into_iter().for_each(|choice| add(choice, calm.languages));
        }
        languages
    }

    /// Finds out what is to be asked of a message, and where the words stand that it is about.
    pub(super) fn ask(&self, asking: &mut Asking, postings: &mut Postings, alternatives: &[Alternative], known: Known<'_>) {
        asking.begin(self.choices, alternatives.len());
        postings.clear(self.choices);
        let message = known.message;
        let (all, sentences) = (message.cut.words.len(), &message.cut.sentences);
        // Most texts fit into one glance, which then tells all there is to know.
        let is_one = all <= WORDS;
        let mut next = 0;
        while next < sentences.len() {
            // As many sentences as fit, and at least one.
            let first = next;
            let fits = |sentence: &Range<usize>| sentence.end - sentences[first].start <= WORDS;
            next += 1 + sentences[first + 1..].iter().take_while(|sentence| fits(sentence)).count();
            let words = sentences[first].start..sentences[next - 1].end;
            if is_one && !message.woken_far.is_empty() || words.clone().any(|word| !known.woken(word).is_empty()) {
                asking.glance.note(words.clone(), known);
                (first..next).for_each(|sentence| self.ask_of_sentence(asking, alternatives, known, sentence));
                if is_one {
                    self.ask_further(asking, alternatives, message);
                    self.post_what_is_seen(asking, postings);
                }
                asking.glance.forget(words, known);
            }
        }
        if !is_one {
            if !message.woken_far.is_empty() {
                asking.glance.note(0..all, known);
                self.ask_further(asking, alternatives, message);
                asking.glance.forget(0..all, known);
            }
            self.post(asking, postings, known);
        }
        asking.before += sentences.len() as u64 + 1;
    }

    fn ask_of_sentence(&self, asking: &mut Asking, alternatives: &[Alternative], known: Known<'_>, sentence: usize) {
        let Asking { glance, asked, before, todo, about, may_be_calm, .. } = asking;
        let here = *before + sentence as u64 + 1;
        let todo_before = todo.len();
        let words = known.message.cut.sentences[sentence].clone();
        let sentence = sentence as u32;
        glance.look_at(words.clone());
        for woken in words.flat_map(|word| known.woken(word)) {
            if !woken.needs.iter().all(|need| glance.has(*need)) || !glance.may_hold(&self.outlines, woken.outline) {
                continue;
            }
            let number = woken.alternative;
            if std::mem::replace(&mut asked[number as usize], here) != here {
                todo.push(Question { rule: alternatives[number as usize].rule, window: sentence, alternative: number });
            }
        }
        if todo.len() > todo_before {
            about.push(sentence);
            let languages = known.message.lang.unwrap_or(Languages::ALL);
            let mut says = self.calm_outlines.iter().filter(|(of, _)| of.meet(languages));
            *may_be_calm = *may_be_calm || says.any(|(_, says)| glance.may_hold(&self.outlines, *says));
        }
    }

    fn ask_further(&self, asking: &mut Asking, alternatives: &[Alternative], message: &Read) {
        let Asking { glance, asked, before, todo, about, may_be_calm, .. } = asking;
        let sentences = &message.cut.sentences;
        let pairs = sentences.len().saturating_sub(1).max(1) as u32;
        let near = about.len();
        for &(Woken { alternative: number, needs, outline }, sentence) in &message.woken_far {
            if !needs.iter().all(|need| glance.has_anywhere(*need)) {
                continue;
            }
            let alternative = &alternatives[number as usize];
            let windows = match alternative.scope {
                Scope::Sentence => 0..0,
                // The pair before this sentence, and the one that it begins.
                Scope::Pair => sentence.saturating_sub(1)..(sentence + 1).min(pairs),
                Scope::Text => 0..1,
                // The line after a title ends a sentence.
                Scope::Title => 0..u32::from(message.cut.words[sentences[sentence as usize].start].end <= message.title),
            };
            let asked = &mut asked[number as usize];
            for number_of_window in windows {
                if *asked > *before + u64::from(number_of_window) {
                    continue;
                }
                *asked = *before + u64::from(number_of_window) + 1;
                let window = window(&message.cut, alternative.scope, number_of_window as usize, message.title);
                glance.look_at(window.from as usize..window.to as usize);
                if glance.may_hold(&self.outlines, outline) {
                    todo.push(Question { rule: alternative.rule, window: number_of_window, alternative: number });
                    *may_be_calm = true;
                    about.extend(match alternative.scope {
                        Scope::Pair => number_of_window..(number_of_window + 2).min(sentences.len() as u32),
                        // A title may be several sentences.
                        Scope::Sentence | Scope::Text | Scope::Title => 0..sentences.len() as u32,
                    });
                }
            }
        }
        if about.len() > near {
            about.sort_unstable();
            about.dedup();
        }
    }

    /// Writes down where the words stand that the questions are about, of a text that a glance takes in.
    fn post_what_is_seen(&self, asking: &Asking, postings: &mut Postings) {
        let uses = asking.todo.iter().flat_map(|question| self.uses[question.alternative as usize].iter());
        let calm = asking.may_be_calm.then(|| self.calm.members()).into_iter().flatten();
        for choice in uses.copied().chain(calm) {
            if !postings.has(choice) {
                asking.glance.places_of(choice).for_each(|word| postings.push(choice, word));
            }
        }
    }

    /// Writes down where the words stand that the questions are about.
    fn post(&self, asking: &mut Asking, postings: &mut Postings, known: Known<'_>) {
        let Asking { todo, wanted, about, may_be_calm, .. } = asking;
        if todo.is_empty() {
            return;
        }
        if *may_be_calm {
            wanted.0.clone_from(&self.calm.0);
        } else {
            wanted.0.clear();
            wanted.0.resize(self.calm.0.len(), 0);
        }
        todo.iter().flat_map(|question| self.uses[question.alternative as usize].iter()).for_each(|choice| wanted.insert(*choice));
        for word in about.iter().flat_map(|sentence| known.message.cut.sentences[*sentence as usize].clone()) {
            for &choice in known.choices(word) {
                if wanted.has(choice) {
                    postings.push(choice, word as u32);
                }
            }
        }
    }
}

impl Asking {
    fn begin(&mut self, choices: usize, alternatives: usize) {
        self.glance.fit(choices);
        self.asked.resize(alternatives, 0);
        self.todo.clear();
        self.about.clear();
        self.may_be_calm = false;
    }
}

impl Calm {
    fn choices(&self) -> Vec<Choice> {
        used(self.says.iter().chain(&self.turn))
    }
}

/// The choices of nodes, each once.
fn used<'n>(nodes: impl Iterator<Item = &'n Node>) -> Vec<Choice> {
    let mut all = Vec::new();
    nodes.for_each(|node| node.choices(&mut |choice| all.push(choice)));
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_found_by_number() {
        let lists = Lists::new(vec![vec![], vec![3, 1], vec![], vec![7]]);
        assert_eq!([lists.of(0), lists.of(1), lists.of(2), lists.of(3), lists.of(4)], [&[][..], &[3, 1], &[], &[7], &[]]);
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Set::of(130, [3, 129]);
        assert!(set.has(3) && set.has(129) && !set.has(128));
        assert_eq!(set.members().collect::<Vec<_>>(), [3, 129]);
    }
}
