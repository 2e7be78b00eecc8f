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
    /// The choices that `near` and `far` have alternatives for.
    near_choices: Set,
    far_choices: Set,
    /// What each alternative needs beside its trigger.
    needs: Vec<Box<[Box<[Choice]>]>>,
    /// Every choice that is looked at when an alternative is asked.
    uses: Vec<Box<[Choice]>>,
    /// Choices that say that all is well; looked at for every match.
    calm: Set,
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
    /// Triggers that look further than a sentence, each with its sentence.
    far_hits: Vec<(Choice, u32)>,
    /// By alternative: one past the last window in which it is to be looked at, counted on from text
    /// to text, so that nothing needs to be cleared.
    asked: Vec<u64>,
    /// The windows of all texts before.
    before: u64,
    pub(super) todo: Vec<Question>,
}

/// A set of choices, a bit each: small enough to stay close to the processor.
#[derive(Debug, Default, Clone)]
struct Set(Vec<u64>);

impl Set {
    /// Makes it empty, for so many choices.
    fn clear(&mut self, choices: usize) {
        self.0.clear();
        self.0.resize(choices.div_ceil(64), 0);
    }

    fn of(choices: usize, members: impl IntoIterator<Item = Choice>) -> Self {
        let mut set = Self(vec![0; choices.div_ceil(64)]);
        members.into_iter().for_each(|choice| set.insert(choice));
        set
    }

    fn insert(&mut self, choice: Choice) {
        self.0[choice as usize / 64] |= 1 << (choice % 64);
    }

    fn has(&self, choice: Choice) -> bool {
        self.0[choice as usize / 64] & (1 << (choice % 64)) != 0
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(ours, theirs)| *ours |= theirs);
    }

    /// What both have, in order.
    fn both<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = Choice> + 's {
        let shared = (0..).zip(self.0.iter().zip(&other.0)).map(|(at, (ours, theirs)): (Choice, _)| (at, ours & theirs));
        shared.filter(|(_, bits)| *bits != 0).flat_map(|(at, mut bits)| {
            std::iter::from_fn(move || {
                let lowest = (bits != 0).then(|| bits.trailing_zeros())?;
                bits &= bits - 1;
                Some(at * 64 + lowest)
            })
        })
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
        let (mut needs, mut uses) = (Vec::new(), Vec::new());
        for (number, alternative) in (0..).zip(alternatives) {
            let lists = if alternative.scope == Scope::Sentence { &mut near } else { &mut far };
            let triggers = choices.triggers(&alternative.node);
            for choice in &triggers {
                lists[*choice as usize].push(number);
            }
            let mut needed = choices.needs(&alternative.node);
            needed.retain(|one_of| **one_of != *triggers);
            needed.sort_by_key(|one_of| one_of.len());
            needs.push(needed.into());
            let unless = &rules[alternative.rule as usize].unless;
            uses.push(used(unless.iter().chain([&alternative.node])).into());
        }
        let filled =
            |lists: &[Vec<u32>]| Set::of(choices.len(), (0..).zip(lists).filter(|(_, list)| !list.is_empty()).map(|(choice, _)| choice));
        let (near_choices, far_choices) = (filled(&near), filled(&far));
        let calm = Set::of(choices.len(), calms.iter().flat_map(Calm::choices));
        Self { near: Lists::new(near), far: Lists::new(far), near_choices, far_choices, needs, uses, calm }
    }

    /// For each choice the languages of the rules that use it.
    pub(super) fn languages(&self, alternatives: &[Alternative], calms: &[Calm], choices: usize) -> Vec<Languages> {
        let mut languages = vec![Languages::NONE; choices];
        let mut add = |choice: Choice, of: Languages| languages[choice as usize] = languages[choice as usize].and(of);
        for (alternative, uses) in alternatives.iter().zip(&self.uses) {
            uses.iter().for_each(|choice| add(*choice, alternative.languages));
        }
        for calm in calms {
            calm.choices().into_iter().for_each(|choice| add(choice, calm.languages));
        }
        languages
    }

    /// Finds out what is to be asked of a message, and where the words stand that it is about.
    pub(super) fn ask(&self, asking: &mut Asking, postings: &mut Postings, alternatives: &[Alternative], message: &Read) {
        let choices = self.near.ends.len();
        asking.asked.resize(alternatives.len(), 0);
        asking.todo.clear();
        asking.far_hits.clear();
        asking.text.clear(choices);
        let mut from = 0;
        for (number, words) in (0_u32..).zip(&message.cut.sentences) {
            let to = message.ends[words.end - 1] as usize;
            asking.sentence.clear(choices);
            message.satisfied[std::mem::replace(&mut from, to)..to].iter().for_each(|choice| asking.sentence.insert(*choice));
            asking.text.add(&asking.sentence);
            asking.far_hits.extend(asking.sentence.both(&self.far_choices).map(|choice| (choice, number)));
            self.ask_of_sentence(asking, alternatives, message, number);
        }
        self.ask_further(asking, alternatives, message);
        asking.before += message.cut.sentences.len() as u64 + 1;
        self.post(asking, postings, message);
    }

    fn ask_of_sentence(&self, asking: &mut Asking, alternatives: &[Alternative], message: &Read, window: u32) {
        let Asking { sentence, asked, before, todo, .. } = asking;
        let languages = message.lang.unwrap_or(Languages::ALL);
        for number in sentence.both(&self.near_choices).flat_map(|choice| self.near.of(choice)) {
            let asked = &mut asked[*number as usize];
            let here = *before + u64::from(window) + 1;
            if *asked < here {
                *asked = here;
                let alternative = &alternatives[*number as usize];
                if alternative.languages.meet(languages) && sentence.has_all(&self.needs[*number as usize]) {
                    todo.push(Question { rule: alternative.rule, window, alternative: *number });
                }
            }
        }
    }

    fn ask_further(&self, asking: &mut Asking, alternatives: &[Alternative], message: &Read) {
        let Asking { far_hits, text, asked, before, todo, .. } = asking;
        let languages = message.lang.unwrap_or(Languages::ALL);
        let sentences = &message.cut.sentences;
        let pairs = sentences.len().saturating_sub(1).max(1) as u32;
        for &(choice, sentence) in far_hits.iter() {
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
                    // The line after a title ends a sentence.
                    Scope::Title => 0..u32::from(message.cut.words[sentences[sentence as usize].start].end <= message.title),
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
    }

    /// Writes down where the words stand that the questions are about.
    fn post(&self, asking: &mut Asking, postings: &mut Postings, message: &Read) {
        let Asking { todo, wanted, .. } = asking;
        postings.clear(self.near.ends.len());
        if todo.is_empty() {
            return;
        }
        wanted.0.clone_from(&self.calm.0);
        todo.iter().flat_map(|question| self.uses[question.alternative as usize].iter()).for_each(|choice| wanted.insert(*choice));
        let mut from = 0;
        for (word, to) in (0_u32..).zip(&message.ends) {
            let to = *to as usize;
            for &choice in &message.satisfied[std::mem::replace(&mut from, to)..to] {
                if wanted.has(choice) {
                    postings.push(choice, word);
                }
            }
        }
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
        assert_eq!([lists.of(0), lists.of(1), lists.of(2), lists.of(3)], [&[][..], &[3, 1], &[], &[7]]);
    }

    #[test]
    fn a_set_needs_one_of_each() {
        let set = Set::of(130, [3, 129]);
        let needs = |lists: &[&[Choice]]| lists.iter().map(|list| Box::from(*list)).collect::<Vec<_>>();
        assert!(set.has_all(&needs(&[&[1, 3], &[129]])));
        assert!(!set.has_all(&needs(&[&[1, 3], &[128]])));
        assert!(set.has_all(&[]));
    }

    #[test]
    fn what_two_sets_share_comes_in_order() {
        let (a, b) = (Set::of(200, [0, 63, 64, 130, 199]), Set::of(200, [199, 64, 0, 5]));
        assert_eq!(a.both(&b).collect::<Vec<_>>(), [0, 64, 199]);
        let mut all = a.clone();
        all.add(&b);
        assert!(all.has(5) && all.has(63) && !all.has(6));
    }
}
