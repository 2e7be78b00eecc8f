//! Turns rules as read into what is quick to ask: choices by number, and for each alternative of a
//! rule the choice that must occur before the rest is looked at.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::rc::Rc;

use crate::tagging::common;
use crate::tagging::parse::Expression;
use crate::tagging::pattern::Pattern;
use crate::tagging::pattern::Phrase;
use crate::tagging::pattern::Slot;

/// Number of a set of patterns: what may stand at one position.
pub(super) type Choice = u32;

/// An expression over choices.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// `None` is any word.
    Phrase(Box<[Option<Choice>]>),
    Any(Box<[Node]>),
    All(Box<[Node]>),
    Not(Box<Node>),
    Near {
        left: Box<Node>,
        right: Box<Node>,
        most: u32,
        ordered: bool,
    },
}

impl Node {
    /// Calls `each` with every choice in it.
    pub(super) fn choices(&self, each: &mut impl FnMut(Choice)) {
        match self {
            Self::Phrase(slots) => slots.iter().flatten().for_each(|choice| each(*choice)),
            Self::Any(parts) | Self::All(parts) => parts.iter().for_each(|part| part.choices(each)),
            Self::Not(inner) => inner.choices(each),
            Self::Near { left, right, .. } => {
                left.choices(each);
                right.choices(each);
            }
        }
    }
}

/// All choices of all rules, each once.
#[derive(Debug, Default)]
pub(super) struct Choices {
    numbers: HashMap<Rc<BTreeSet<Pattern>>, Choice>,
    sets: Vec<Rc<BTreeSet<Pattern>>>,
    costs: Vec<u32>,
}

impl Choices {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.costs.len()
    }

    /// About how many words of a million satisfy a choice.
    pub(super) fn cost(&self, choice: Choice) -> u32 {
        self.costs[choice as usize]
    }

    /// The patterns by the number of their choice.
    pub(super) fn into_patterns(self) -> Vec<BTreeSet<Pattern>> {
        drop(self.numbers);
        self.sets.into_iter().map(Rc::unwrap_or_clone).collect()
    }

    /// The number of a set of patterns.
    fn number(&mut self, one_of: BTreeSet<Pattern>) -> Choice {
        let next = self.sets.len() as Choice;
        let (sets, costs) = (&mut self.sets, &mut self.costs);
        *self.numbers.entry(Rc::new(one_of)).or_insert_with_key(|one_of| {
            costs.push(one_of.iter().map(cost).fold(0, u32::saturating_add));
            sets.push(Rc::clone(one_of));
            next
        })
    }

    /// Plans an expression. Single words that are alternatives of each other become one choice.
    pub(super) fn node(&mut self, expression: Expression) -> Node {
        match expression {
            Expression::Phrase(phrase) => self.phrase(phrase),
            Expression::All(parts) => Node::All(parts.into_iter().map(|part| self.node(part)).collect()),
            Expression::Not(inner) => Node::Not(Box::new(self.node(*inner))),
            Expression::Near { left, right, most, ordered } => {
                Node::Near { left: Box::new(self.node(*left)), right: Box::new(self.node(*right)), most, ordered }
            }
            Expression::Any(parts) => {
                let mut nodes = self.alternatives(Expression::Any(parts));
                if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes.into()) }
            }
        }
    }

    /// The alternatives of a whole rule, each of which gives the rule by itself.
    pub(super) fn alternatives(&mut self, expression: Expression) -> Vec<Node> {
        let mut single = Vec::new();
        let mut phrases = BTreeSet::new();
        let mut nodes = Vec::new();
        let mut open = vec![expression];
        while let Some(next) = open.pop() {
            match next {
                Expression::Any(parts) => open.extend(parts.into_iter().rev()),
                Expression::Phrase(mut phrase) => match &mut phrase[..] {
                    [Slot::OneOf(one_of)] => single.extend(std::mem::take(one_of)),
                    _ => _ = phrases.insert(phrase),
                },
                other => nodes.push(self.node(other)),
            }
        }
        let single = (!single.is_empty()).then(|| vec![Slot::OneOf(single.into_iter().collect())]);
        nodes.extend(single.into_iter().chain(phrases).map(|phrase| self.phrase(phrase)));
        nodes
    }

    /// Choices of which at least one occurs wherever the node matches: the rarest such set.
    pub(super) fn triggers(&self, node: &Node) -> Vec<Choice> {
        self.rarest(node)
            .map(|(_, mut triggers)| {
                triggers.sort_unstable();
                triggers.dedup();
                triggers
            })
            .unwrap_or_default()
    }

    /// Choices of which each occurs wherever the node matches, but for its triggers. Where one of several
    /// must occur, that is a choice of its own.
    pub(super) fn needs(&mut self, node: &Node, triggers: &[Choice]) -> Vec<Choice> {
        match node {
            Node::Phrase(slots) => slots.iter().flatten().copied().filter(|choice| triggers != [*choice]).collect(),
            Node::All(parts) => parts.iter().flat_map(|part| self.needs(part, triggers)).collect(),
            Node::Near { left, right, .. } => [left, right].into_iter().flat_map(|side| self.needs(side, triggers)).collect(),
            Node::Any(_) => {
                let one_of = self.triggers(node);
                if one_of.is_empty() || one_of == triggers {
                    return Vec::new();
                }
                let patterns = one_of.iter().flat_map(|choice| self.sets[*choice as usize].iter().cloned()).collect();
                vec![self.number(patterns)]
            }
            Node::Not(_) => Vec::new(),
        }
    }

    fn rarest(&self, node: &Node) -> Option<(u32, Vec<Choice>)> {
        match node {
            Node::Phrase(slots) => {
                let rarest = slots.iter().flatten().min_by_key(|choice| self.costs[**choice as usize])?;
                Some((self.costs[*rarest as usize], vec![*rarest]))
            }
            Node::Any(parts) => parts.iter().map(|part| self.rarest(part)).try_fold((0, Vec::new()), |(sum, mut all), part| {
                let (cost, triggers) = part?;
                all.extend(triggers);
                Some((cost.saturating_add(sum), all))
            }),
            Node::All(parts) => parts.iter().filter_map(|part| self.rarest(part)).min_by_key(|(cost, _)| *cost),
            Node::Not(_) => None,
            Node::Near { left, right, .. } => [left, right].into_iter().filter_map(|side| self.rarest(side)).min_by_key(|(cost, _)| *cost),
        }
    }

    fn phrase(&mut self, phrase: Phrase) -> Node {
        let number = |slot| match slot {
            Slot::Any => None,
            Slot::OneOf(one_of) => Some(self.number(one_of)),
        };
        Node::Phrase(phrase.into_iter().map(number).collect())
    }
}

/// Numbers in a million words.
const NUMBERS: u32 = 15_000;

/// About how many words of a million match: the common words are known, and short ones are common. It
/// decides speed only, never what matches.
fn cost(pattern: &Pattern) -> u32 {
    let (text, factor, known) = match pattern {
        Pattern::Number => return NUMBERS,
        Pattern::Exact(text) | Pattern::Raw(text) => (text, 1, common::exact(text)),
        Pattern::Stem(_, text) => (text, 2, common::exact(text)),
        Pattern::Prefix(text) => (text, 2, common::prefix(text)),
        Pattern::Suffix(text) => (text, 3, 0),
        Pattern::Within(text) => (text, 4, 0),
    };
    known + factor * (20_000 >> (2 * text.chars().count()).min(12)).max(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::parse;
    use crate::tagging::words::Vocabulary;

    /// The patterns that trigger each alternative of a rule.
    fn check(rule: &str, expected: &[&[&str]]) {
        let mut choices = Choices::default();
        let alternatives = choices.alternatives(parse::rule(rule, &Vocabulary::default()).unwrap());
        let triggers: Vec<Vec<Choice>> = alternatives.iter().map(|node| choices.triggers(node)).collect();
        let patterns = choices.into_patterns();
        let named: Vec<Vec<String>> = triggers
            .iter()
            .map(|set| {
                set.iter()
                    .flat_map(|choice| {
                        patterns[*choice as usize].iter().map(|pattern| match pattern {
                            Pattern::Number => "#".to_owned(),
                            Pattern::Exact(text)
                            | Pattern::Prefix(text)
                            | Pattern::Suffix(text)
                            | Pattern::Within(text)
                            | Pattern::Raw(text)
                            | Pattern::Stem(_, text) => text.clone(),
                        })
                    })
                    .collect()
            })
            .collect();
        assert_eq!(named, expected, "{rule}");
    }

    #[test]
    fn the_rarest_word_that_must_be_there_is_looked_for_first() {
        check("\"on hold\"", &[&["hold"]]);
        check("no NEAR/3 (reply | \"phone number\")", &[&["reply", "number"]]);
        check("(no/not/never/dont/doesnt/a/i) NEAR/3 (reply | response)", &[&["reply", "response"]]);
        check("the & refund* & !quickly", &[&["refund"]]);
    }

    #[test]
    fn single_words_of_a_rule_are_one_choice() {
        check("canned | scripted | boilerplate/\"off the shelf\"", &[&["boilerplate", "canned", "scripted"], &["shelf"]]);
    }
}
