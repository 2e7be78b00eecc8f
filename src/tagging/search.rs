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

/// Places of one `NEAR` within another that are followed up. A text that has more repeats itself.
const MOST_PLACES: usize = 10_000;

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

    /// Whether words of a choice were noted.
    pub(super) fn has(&self, choice: Choice) -> bool {
        !self.by_choice[choice as usize].is_empty()
    }

    /// Whether the expression matches within the window.
    pub(super) fn holds(&self, node: &Node, window: Window) -> bool {
        match node {
            Node::Phrase(slots) => self.phrases(slots, window, &mut |_| true),
            Node::Any(parts) => parts.iter().any(|part| self.holds(part, window)),
            Node::All(parts) => parts.iter().all(|part| self.holds(part, window)),
            Node::Not(inner) => !self.holds(inner, window),
            Node::Near { .. } => self.near(node, window, &mut |_, _| true),
        }
    }

    /// All places of an expression that has places, within the window.
    pub(super) fn all_places(&self, node: &Node, window: Window) -> Vec<Span> {
        self.places(node, window)
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

    fn within(&self, choice: Choice, window: Window) -> &[u32] {
        let words = &self.by_choice[choice as usize];
        let from = words.partition_point(|word| *word < window.from);
        let to = from + words[from..].partition_point(|word| *word < window.to);
        &words[from..to]
    }

    /// Calls `found` with each place of a phrase, in order, until it says that it has enough.
    fn phrases(&self, slots: &[Option<Choice>], window: Window, found: &mut dyn FnMut(Span) -> bool) -> bool {
        let length = slots.len() as u32;
        if !slots.iter().flatten().all(|choice| self.has(*choice)) {
            return false;
        }
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
                    places.append(&mut self.places(part, window));
                }
            }
            Node::Near { .. } => {
                self.near(node, window, &mut |a, b| {
                    places.push(join(a, b));
                    places.len() >= MOST_PLACES
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::tagging::glance::Glance;
    use crate::tagging::glance::Outlines;
    use crate::tagging::parse;
    use crate::tagging::parse::Expression;
    use crate::tagging::pattern::Pattern;
    use crate::tagging::pattern::Slot;
    use crate::tagging::plan::Choices;
    use crate::tagging::words::Vocabulary;

    /// Plans a rule, and posts the words of a text of one sentence.
    fn plan(rule: &Expression, words: &[&str]) -> (Node, Postings, Window) {
        let (node, by_word, choices) = planned(rule, words);
        let mut postings = Postings::default();
        postings.clear(choices);
        for (at, satisfied) in (0..).zip(by_word) {
            for choice in satisfied {
                postings.push(choice, at);
            }
        }
        (node, postings, Window { from: 0, to: words.len() as u32 })
    }

    /// A rule as planned, the choices that each word satisfies, and how many there are.
    fn planned(rule: &Expression, words: &[&str]) -> (Node, Vec<Vec<Choice>>, usize) {
        let mut choices = Choices::default();
        let node = choices.node(rule.clone());
        let patterns = choices.into_patterns();
        let satisfied = |word: &&str| {
            let fits = |(_, patterns): &(Choice, &BTreeSet<Pattern>)| patterns.contains(&Pattern::Exact((*word).to_owned()));
            (0..).zip(&patterns).filter(fits).map(|(choice, _)| choice).collect()
        };
        (node, words.iter().map(satisfied).collect(), patterns.len())
    }

    /// The evidence for a rule in a text, as words.
    fn check(rule: &str, text: &str, expected: &[&str]) {
        let words: Vec<&str> = text.split(' ').collect();
        let (node, postings, window) = plan(&parse::rule(rule, &Vocabulary::default()).unwrap(), &words);
        let mut found = Vec::new();
        if postings.holds(&node, window) {
            postings.evidence(&node, window, &mut found);
        }
        let found: Vec<String> = found.iter().map(|span| words[span.start as usize..span.end as usize].join(" ")).collect();
        assert_eq!(found, expected, "{rule} in {text}");
    }

    #[test]
    fn near_counts_the_words_between() {
        check("a NEAR/0 b", "a b", &["a", "b"]);
        check("a NEAR/0 b", "a x b", &[]);
        check("a NEAR/1 b", "b x a", &["a", "b"]);
        check("a BEFORE/1 b", "b x a", &[]);
        check("\"a b\" NEAR/1 \"c d\"", "c d x a b", &["a b", "c d"]);
        check("a NEAR/5 a", "a", &[]);
        check("(a NEAR/1 b) BEFORE/0 c", "a x b c", &["a", "b", "c"]);
    }

    #[test]
    fn a_phrase_keeps_its_gaps() {
        check("\"a * c\"", "a b c", &["a b c"]);
        check("\"* a\"", "a", &[]);
        check("\"a *\"", "a", &[]);
        check("\"a/b c\"", "b c", &["b c"]);
    }

    #[test]
    fn evidence_is_the_shortest_place_of_each_part() {
        check("a BEFORE/5 b & !z", "a x x b y a b", &["a", "b"]);
        check("(a & b) | c", "c x", &["c"]);
        check("a & !b", "a b", &[]);
    }

    #[test]
    fn a_text_that_repeats_itself_is_searched_in_no_time() {
        let text = "a b ".repeat(5_000);
        let words: Vec<&str> = text.split_whitespace().collect();
        let rule = parse::rule("((a NEAR/50 b) NEAR/50 (a NEAR/50 b)) BEFORE/50 c", &Vocabulary::default()).unwrap();
        let (node, postings, window) = plan(&rule, &words);
        assert!(!postings.holds(&node, window));
    }

    /// All places of an expression, found the slow and plain way; an empty place where it has none.
    fn plainly(expression: &Expression, words: &[&str]) -> BTreeSet<(usize, usize)> {
        match expression {
            Expression::Phrase(slots) => {
                let fits = |slot: &Slot, word: &str| match slot {
                    Slot::Any => true,
                    Slot::OneOf(patterns) => patterns.contains(&Pattern::Exact(word.to_owned())),
                };
                let starts = (0..=words.len()).filter(|at| at + slots.len() <= words.len());
                let fitting = starts.filter(|at| slots.iter().zip(&words[*at..]).all(|(slot, word)| fits(slot, word)));
                fitting.map(|at| (at, at + slots.len())).collect()
            }
            Expression::Any(parts) => parts.iter().flat_map(|part| plainly(part, words)).collect(),
            Expression::All(parts) => {
                let all = parts.iter().all(|part| !plainly(part, words).is_empty());
                all.then_some((0, 0)).into_iter().collect()
            }
            Expression::Not(inner) => plainly(inner, words).is_empty().then_some((0, 0)).into_iter().collect(),
            Expression::Near { left, right, most, ordered } => {
                let (left, right) = (plainly(left, words), plainly(right, words));
                let near = |a: (usize, usize), b: (usize, usize)| a.1 <= b.0 && b.0 - a.1 <= *most as usize;
                let pairs = left.iter().flat_map(|a| right.iter().map(move |b| (*a, *b)));
                let near_pairs = pairs.filter(|(a, b)| near(*a, *b) || !ordered && near(*b, *a));
                near_pairs.map(|(a, b)| (a.0.min(b.0), a.1.max(b.1))).collect()
            }
        }
    }

    fn placed() -> impl Strategy<Value = String> {
        let phrase = prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d", "a/c", "*"]), 1..4);
        let leaf = phrase.prop_map(|words| format!("\"{} a/b/c\"", words.join(" ")));
        let leaf = prop_oneof![leaf, prop::sample::select(vec!["a", "b", "c/d", "a/b/c"]).prop_map(str::to_owned)];
        leaf.prop_recursive(3, 12, 2, |inner| {
            let near = (inner.clone(), inner.clone(), 0..4_u32, any::<bool>());
            let near = near.prop_map(|(a, b, most, ordered)| format!("({a} {}/{most} {b})", if ordered { "BEFORE" } else { "NEAR" }));
            prop_oneof![near, (inner.clone(), inner).prop_map(|(a, b)| format!("({a} | {b})"))]
        })
    }

    proptest! {
        #[test]
        fn search_finds_what_a_plain_reading_finds(
            (a, b, c) in (placed(), placed(), placed()),
            words in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d", "x"]), 1..14),
        ) {
            for rule in [format!("{a} & !{b} | {c}"), format!("({a} | {b}) & {c}"), a] {
                let read = parse::rule(&rule, &Vocabulary::default()).unwrap();
                let (node, postings, window) = plan(&read, &words);
                let holds = postings.holds(&node, window);
                prop_assert_eq!(holds, !plainly(&read, &words).is_empty(), "{}", rule);
                let (node, by_word, choices) = planned(&read, &words);
                // Far enough into a long text that some of its words are folded.
                for before in [0, 60] {
                    let mut glance = Glance::default();
                    glance.fit(choices);
                    (before..).zip(&by_word).for_each(|(word, choices)| glance.note_word(word, choices));
                    glance.look_at(before..before + words.len());
                    let mut outlines = Outlines::default();
                    let outline = outlines.add(&node);
                    prop_assert!(glance.may_hold(&outlines, outline) || !holds, "{rule} at a glance");
                }
                let mut evidence = Vec::new();
                postings.evidence(&node, window, &mut evidence);
                prop_assert!(!holds || !evidence.is_empty(), "{}", rule);
            }
        }
    }
}
