//! Asks whether an expression holds in a part of a text, and where.
//!
//! Words are numbered through the text. A [`Window`] is the part that a rule may span: one
//! sentence, two, or all.

use crate::tagging::plan::Choice;
use crate::tagging::plan::Node;

/// A part of a text, in words; the end is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// Words that matched, in words; the end is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Which words of a text satisfy which choice, in order of the words.
#[derive(Debug, Default)]
pub(super) struct Postings {
    by_choice: Vec<Vec<u32>>,
    used: Vec<Choice>,
}

impl Postings {
    /// Forgets the last text.
    pub(super) fn clear(&mut self, choices: usize) {
        for choice in self.used.drain(..) {
            self.by_choice[choice as usize].clear();
        }
        self.by_choice.resize_with(choices, Vec::new);
    }

    /// Notes that a word satisfies a choice; words come in order.
    pub(super) fn push(&mut self, choice: Choice, word: u32) {
        let words = &mut self.by_choice[choice as usize];
        if words.is_empty() {
            self.used.push(choice);
        }
        words.push(word);
    }

    /// Whether the expression matches within the window.
    pub(super) fn holds(&self, node: &Node, window: Window) -> bool {
        match node {
            Node::Phrase(slots) => self.phrases(slots, window, &mut |_| true),
            Node::Any(parts) => parts.iter().any(|part| self.holds(part, window)),
            Node::All(parts) => parts.iter().all(|part| self.may_hold(part)) && parts.iter().all(|part| self.holds(part, window)),
            Node::Not(inner) => !self.holds(inner, window),
            Node::Near { left, right, .. } => self.may_hold(left) && self.may_hold(right) && self.near(node, window, &mut |_, _| true),
        }
    }

    /// The words that make the expression match: one place for each part that must be there.
    pub(super) fn evidence(&self, node: &Node, window: Window, found: &mut Vec<Span>) {
        match node {
            Node::All(parts) => parts.iter().for_each(|part| self.evidence(part, window, found)),
            Node::Any(parts) => {
                if let Some(part) = parts.iter().find(|part| self.holds(part, window)) {
                    self.evidence(part, window, found);
                }
            }
            Node::Not(_) => {}
            Node::Phrase(_) | Node::Near { .. } => {
                // The shortest place convinces most.
                let places = self.places(node, window);
                if let Some(place) = places.into_iter().min_by_key(|place| (place.end - place.start, place.start)) {
                    self.trace(node, window, place, found);
                }
            }
        }
    }

    /// The words behind one place of an expression.
    fn trace(&self, node: &Node, window: Window, place: Span, found: &mut Vec<Span>) {
        match node {
            Node::Phrase(_) => found.push(place),
            Node::Any(parts) => {
                if let Some(part) = parts.iter().find(|part| self.places(part, window).contains(&place)) {
                    self.trace(part, window, place, found);
                }
            }
            Node::Near { left, right, .. } => {
                let mut pair = None;
                self.near(node, window, &mut |a, b| {
                    pair = (join(a, b) == place).then_some((a, b));
                    pair.is_some()
                });
                if let Some((a, b)) = pair {
                    self.trace(left, window, a, found);
                    self.trace(right, window, b, found);
                }
            }
            Node::All(_) | Node::Not(_) => {}
        }
    }

    /// Whether every choice that must occur occurs in the text at all: quick, and no is final.
    fn may_hold(&self, node: &Node) -> bool {
        match node {
            Node::Phrase(slots) => slots.iter().flatten().all(|choice| !self.by_choice[*choice as usize].is_empty()),
            Node::Any(parts) => parts.iter().any(|part| self.may_hold(part)),
            Node::All(parts) => parts.iter().all(|part| self.may_hold(part)),
            Node::Not(_) => true,
            Node::Near { left, right, .. } => self.may_hold(left) && self.may_hold(right),
        }
    }

    fn within(&self, choice: Choice, window: Window) -> &[u32] {
        let words = &self.by_choice[choice as usize];
        let from = words.partition_point(|word| *word < window.from);
        let to = from + words[from..].partition_point(|word| *word < window.to);
        &words[from..to]
    }

    /// Calls `found` with each place of a phrase, in order, until it says that it has enough.
    fn phrases(&self, slots: &[Option<Choice>], window: Window, found: &mut dyn FnMut(Span) -> bool) -> bool {
        let length = slots.len() as u32;
        let anchor = slots.iter().enumerate().filter_map(|(at, choice)| Some((at as u32, self.within((*choice)?, window))));
        let Some((at, words)) = anchor.min_by_key(|(_, words)| words.len()) else { return false };
        words.iter().any(|word| {
            let Some(start) = word.checked_sub(at).filter(|start| *start >= window.from && *start + length <= window.to) else {
                return false;
            };
            let fits = |(slot, choice): (u32, &Option<Choice>)| {
                slot == at || choice.is_none_or(|choice| self.by_choice[choice as usize].binary_search(&(start + slot)).is_ok())
            };
            (0..).zip(slots).all(fits) && found(Span { start, end: start + length })
        })
    }

    /// Calls `found` with each pair of places that are near each other, left side first, until it
    /// says that it has enough.
    fn near(&self, node: &Node, window: Window, found: &mut dyn FnMut(Span, Span) -> bool) -> bool {
        let Node::Near { left, right, most, ordered } = node else { return false };
        let left = self.places(left, window);
        if left.is_empty() {
            return false;
        }
        let right = self.places(right, window);
        pairs(&left, &right, *most, &mut |a, b| found(a, b)) || !ordered && pairs(&right, &left, *most, &mut |b, a| found(a, b))
    }

    /// All places of an expression that has places, sorted, each once.
    fn places(&self, node: &Node, window: Window) -> Vec<Span> {
        let mut places = Vec::new();
        match node {
            Node::Phrase(slots) => {
                self.phrases(slots, window, &mut |place| {
                    places.push(place);
                    false
                });
                return places;
            }
            Node::Any(parts) => {
                for part in parts {
                    if self.may_hold(part) {
                        places.append(&mut self.places(part, window));
                    }
                }
            }
            Node::Near { .. } => {
                self.near(node, window, &mut |a, b| {
                    places.push(join(a, b));
                    false
                });
            }
            // The parser lets neither stand where a place is asked for.
            Node::All(_) | Node::Not(_) => {}
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

fn join(a: Span, b: Span) -> Span {
    Span { start: a.start.min(b.start), end: a.end.max(b.end) }
}

/// Calls `found` with each place of `first` and each of `second` that begins at most `most` words
/// after it, until it says that it has enough. Both are sorted.
fn pairs(first: &[Span], second: &[Span], most: u32, found: &mut dyn FnMut(Span, Span) -> bool) -> bool {
    first.iter().any(|a| {
        let from = second.partition_point(|b| b.start < a.end);
        second[from..].iter().take_while(|b| b.start <= a.end + most).any(|b| found(*a, *b))
    })
}
