//! Which rules are worth a look in a message, and in which part of it.
//!
//! A rule that is never looked at costs nothing. A text satisfies some hundred choices, of rules in
//! many languages; few of them make a rule worth asking. So first the rarest choice that an
//! alternative cannot do without must occur, then, in the same sentence where the rule looks at one,
//! one of each further set that it needs. Only for what is left the places of words are written down.

use crate::domain::theme::Scope;
use crate::tagging::languages::Languages;
use crate::tagging::plan::Choice;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::read::Read;
use crate::tagging::rules::Alternative;
use crate::tagging::rules::Calm;
use crate::tagging::rules::Rule;
use crate::tagging::search::Postings;

/// What leads from choices to alternatives.
#[derive(Debug)]
pub(super) struct Triggers {
    /// Alternatives that look at a sentence, by choice.
    near: Lists,
    /// Alternatives that look further, by choice.
    far: Lists,
    /// By choice: whether it is in `near` (1), in `far` (2).
    kinds: Vec<u8>,
    /// What each alternative needs beside its trigger.
    needs: Vec<Box<[Box<[Choice]>]>>,
    /// Every choice that is looked at when an alternative is asked.
    uses: Vec<Box<[Choice]>>,
    /// Choices that say that all is well; looked at for every match.
    calm: Vec<Choice>,
}

/// Lists by number, in one piece of memory.
#[derive(Debug)]
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
    sentence: Set,
    text: Set,
    wanted: Set,
    /// Triggers of one sentence, and those that look further with their sentence and word.
    hits: Vec<Choice>,
    far_hits: Vec<(Choice, u32, u32)>,
    /// By alternative: one past the last window in which it is to be looked at, counted on from text
    /// to text, so that nothing needs to be cleared.
    asked: Vec<u64>,
    /// The windows of all texts before.
    before: u64,
    pub(super) todo: Vec<Question>,
}

/// A set of choices: small enough to stay close to the processor.
#[derive(Debug, Default)]
struct Set(Vec<u64>);

impl Set {
    fn size(&mut self, choices: usize) {
        self.0.resize(choices.div_ceil(64), 0);
    }

    fn insert(&mut self, choice: Choice) {
        self.0[choice as usize / 64] |= 1 << (choice % 64);
    }

    fn has(&self, choice: Choice) -> bool {
        self.0[choice as usize / 64] & (1 << (choice % 64)) != 0
    }

    /// Forgets the words of a choice and its neighbours: all that was put in is taken out in the end.
    fn forget(&mut self, choice: Choice) {
        self.0[choice as usize / 64] = 0;
    }

    fn has_all(&self, needs: &[Box<[Choice]>]) -> bool {
        needs.iter().all(|one_of| one_of.iter().any(|choice| self.has(*choice)))
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

    fn of(&self, number: Choice) -> &[u32] {
        let number = number as usize;
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[from as usize..self.ends[number] as usize]
    }
}

impl Triggers {
    /// Of all alternatives.
    pub(super) fn new(rules: &[Rule], alternatives: &[Alternative], calms: &[Calm], choices: &Choices) -> Self {
        let (mut near, mut far) = (vec![Vec::new(); choices.len()], vec![Vec::new(); choices.len()]);
        let mut kinds = vec![0; choices.len()];
        let (mut needs, mut uses) = (Vec::new(), Vec::new());
        for (number, alternative) in (0..).zip(alternatives) {
            let (lists, kind) = if alternative.scope == Scope::Sentence { (&mut near, 1) } else { (&mut far, 2) };
            let triggers = choices.triggers(&alternative.node);
            for choice in &triggers {
                lists[*choice as usize].push(number);
                kinds[*choice as usize] |= kind;
            }
            let mut needed = choices.needs(&alternative.node);
            needed.retain(|one_of| **one_of != *triggers);
            needed.sort_by_key(|one_of| one_of.len());
            needs.push(needed.into());
            let unless = &rules[alternative.rule as usize].unless;
            uses.push(used(unless.iter().chain([&alternative.node])).into());
        }
        let calm = used(calms.iter().flat_map(|calm| calm.says.iter().chain(&calm.turn)));
        Self { near: Lists::new(near), far: Lists::new(far), kinds, needs, uses, calm }
    }

    /// Finds out what is to be asked of a message, and where the words stand that it is about.
    pub(super) fn ask(&self, asking: &mut Asking, postings: &mut Postings, alternatives: &[Alternative], message: &Read) {
        let count = self.kinds.len();
        for set in [&mut asking.sentence, &mut asking.text, &mut asking.wanted] {
            set.size(count);
        }
        asking.asked.resize(alternatives.len(), 0);
        asking.todo.clear();
        asking.far_hits.clear();
        let languages = message.lang.unwrap_or(Languages::ALL);
        let mut from = 0;
        for (number, words) in (0_u32..).zip(&message.cut.sentences) {
            asking.hits.clear();
            let first = from;
            for word in words.clone() {
                let to = message.ends[word] as usize;
                for &choice in &message.satisfied[std::mem::replace(&mut from, to)..to] {
                    asking.sentence.insert(choice);
                    match self.kinds[choice as usize] {
                        0 => {}
                        kind => {
                            if kind & 1 != 0 {
                                asking.hits.push(choice);
                            }
                            if kind & 2 != 0 {
                                asking.far_hits.push((choice, number, word as u32));
                            }
                        }
                    }
                }
            }
            self.ask_of_sentence(asking, alternatives, languages, number);
            for &choice in &message.satisfied[first..from] {
                asking.sentence.forget(choice);
            }
        }
        self.ask_further(asking, alternatives, languages, message);
        asking.before += message.cut.sentences.len() as u64 + 1;
        self.post(asking, postings, message);
    }

    fn ask_of_sentence(&self, asking: &mut Asking, alternatives: &[Alternative], languages: Languages, window: u32) {
        let Asking { hits, sentence, asked, before, todo, .. } = asking;
        for number in hits.iter().flat_map(|choice| self.near.of(*choice)) {
            let alternative = &alternatives[*number as usize];
            let asked = &mut asked[*number as usize];
            let here = *before + u64::from(window) + 1;
            if *asked < here && alternative.languages.meet(languages) {
                *asked = here;
                if sentence.has_all(&self.needs[*number as usize]) {
                    todo.push(Question { rule: alternative.rule, window, alternative: *number });
                }
            }
        }
    }

    fn ask_further(&self, asking: &mut Asking, alternatives: &[Alternative], languages: Languages, message: &Read) {
        let Asking { far_hits, text, asked, before, todo, .. } = asking;
        if far_hits.is_empty() {
            return;
        }
        message.satisfied.iter().for_each(|choice| text.insert(*choice));
        let pairs = message.cut.sentences.len().saturating_sub(1).max(1) as u32;
        for &(choice, sentence, word) in far_hits.iter() {
            for &number in self.far.of(choice) {
                let alternative = &alternatives[number as usize];
                if !alternative.languages.meet(languages) || !text.has_all(&self.needs[number as usize]) {
                    continue;
                }
                let windows = match alternative.scope {
                    Scope::Sentence => 0..0,
                    // The pair before this sentence, and the one that it begins.
                    Scope::Pair => sentence.saturating_sub(1)..(sentence + 1).min(pairs),
                    Scope::Text => 0..1,
                    Scope::Title => 0..u32::from(message.cut.words[word as usize].end <= message.title),
                };
                let asked = &mut asked[number as usize];
                for window in windows {
                    if *asked <= *before + u64::from(window) {
                        todo.push(Question { rule: alternative.rule, window, alternative: number });
                        *asked = *before + u64::from(window) + 1;
                    }
                }
            }
        }
        message.satisfied.iter().for_each(|choice| text.forget(*choice));
    }

    /// Writes down where the words stand that the questions are about.
    fn post(&self, asking: &mut Asking, postings: &mut Postings, message: &Read) {
        postings.clear(self.kinds.len());
        let Asking { todo, wanted, .. } = asking;
        if todo.is_empty() {
            return;
        }
        let uses = || todo.iter().flat_map(|question| self.uses[question.alternative as usize].iter()).chain(&self.calm);
        uses().for_each(|choice| wanted.insert(*choice));
        let mut from = 0;
        for (word, to) in (0_u32..).zip(&message.ends) {
            let to = *to as usize;
            for &choice in &message.satisfied[std::mem::replace(&mut from, to)..to] {
                if wanted.has(choice) {
                    postings.push(choice, word);
                }
            }
        }
        uses().for_each(|choice| wanted.forget(*choice));
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
        assert_eq!([lists.of(0), lists.of(1), lists.of(2), lists.of(3)], [&[][..], &[3, 1], &[], &[7]]);
    }

    #[test]
    fn a_set_needs_one_of_each() {
        let mut set = Set::default();
        set.size(130);
        set.insert(3);
        set.insert(129);
        let needs = |lists: &[&[Choice]]| lists.iter().map(|list| Box::from(*list)).collect::<Vec<_>>();
        assert!(set.has_all(&needs(&[&[1, 3], &[129]])));
        assert!(!set.has_all(&needs(&[&[1, 3], &[128]])));
        assert!(set.has_all(&[]));
        set.forget(129);
        assert!(!set.has(129) && set.has(3));
    }
}
