//! Which complaint themes a text has, and which words say so.
//!
//! Pure. [`compile`] turns themes as written into [`Rules`]; [`Rules::tag`] is then one call a
//! message. The language of the rules is told in the README; [`parse`] reads it.
//!
//! How it stays quick: every position of every rule is a numbered *choice* of words. A text is cut
//! into words once, each word gives the choices it satisfies (remembered from text to text), and a
//! rule is looked at only where the rarest choice that it cannot do without has occurred.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::tagging::lex::Fault;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Memo;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::search::Postings;
use crate::tagging::search::Span;
use crate::tagging::search::Window;
use crate::tagging::words::Vocabulary;
use crate::text::hash;
use crate::text::normalise::Cut;
use crate::text::normalise::cut;

pub mod examples;
mod lex;
mod lexicon;
mod parse;
mod pattern;
mod plan;
mod search;
mod words;

pub use crate::tagging::examples::ExampleFailure;
pub use crate::tagging::examples::failed_examples;

/// Changes when the same rules begin to mean something else, so that a stored fingerprint tells
/// whether a text would still be tagged as it was.
const LANGUAGE_VERSION: &str = "1";

/// A mistake in a theme, with its place in the text that has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}; {cure}")]
pub struct RuleError {
    /// Number of the theme among those compiled.
    pub theme: usize,
    /// Number of the rule in the theme; `None` for a named choice.
    pub rule: Option<usize>,
    /// The text at fault.
    pub part: Part,
    /// Bytes of that text.
    pub span: Range<usize>,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub cure: String,
}

/// The texts that a theme is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A rule's `when`.
    When,
    /// A rule's `unless`.
    Unless,
    /// The choice of this name.
    Words(String),
}

impl RuleError {
    /// The text at fault, of which `span` is a part; empty when these are not the themes compiled.
    #[must_use]
    pub fn text<'t>(&self, themes: &'t [ThemeText]) -> &'t str {
        let theme = themes.get(self.theme);
        let rule = theme.zip(self.rule).and_then(|(theme, rule)| theme.rules.get(rule));
        let text = match &self.part {
            Part::When => rule.map(|rule| &rule.when),
            Part::Unless => rule.map(|rule| &rule.unless),
            Part::Words(name) => theme.and_then(|theme| theme.words.iter().rev().find(|(known, _)| known == name)).map(|(_, text)| text),
        };
        text.map_or("", String::as_str)
    }
}

/// Compiled themes. Shared by reference; any number of threads may tag at once.
#[derive(Debug)]
pub struct Rules {
    themes: Vec<String>,
    rules: Vec<Rule>,
    alternatives: Vec<Alternative>,
    lexicon: Lexicon,
    /// Alternatives to look at where a choice occurs, by choice.
    triggers: Vec<Vec<u32>>,
    fingerprint: String,
    /// Workspaces that no thread uses at the moment.
    idle: Mutex<Vec<Scratch>>,
}

#[derive(Debug)]
struct Rule {
    theme: usize,
    /// Its number in the theme.
    number: usize,
    name: String,
    unless: Option<Node>,
}

#[derive(Debug)]
struct Alternative {
    rule: u32,
    scope: Scope,
    node: Node,
}

/// Workspace of one thread: what it holds is worth keeping for the next text, nothing else.
#[derive(Debug, Default)]
pub struct Scratch {
    cut: Cut,
    memo: Memo,
    postings: Postings,
    /// By alternative: one past the last window in which it is to be looked at.
    asked: Vec<u32>,
    todo: Vec<Question>,
}

/// Whether an alternative holds in a window; in the order in which answers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    rule: u32,
    window: u32,
    alternative: u32,
}

/// A rule that matched, with the words that show it.
struct Match {
    rule: usize,
    words: Vec<Span>,
}

/// Compiles themes.
///
/// # Errors
///
/// Every mistake of every text, one for each text at most.
pub fn compile(themes: &[ThemeText]) -> Result<Rules, Vec<RuleError>> {
    let mut compiler = Compiler::default();
    for (theme, text) in themes.iter().enumerate() {
        compiler.theme(theme, text);
    }
    compiler.finish(themes)
}

/// The text of a message for tagging: its title, where it has one, is the first line. Spans of
/// tags are bytes of this text.
#[must_use]
pub fn message(title: &str, text: &str) -> String {
    if title.is_empty() { text.to_owned() } else { format!("{title}\n{text}") }
}

impl Rules {
    /// The themes of a text, in the order in which they were compiled, each with the first rule
    /// that gives it.
    #[must_use]
    pub fn tag(&self, text: &str) -> Vec<Tag> {
        let mut scratch = self.borrow();
        let tags = self.tag_with(&mut scratch, text);
        self.give_back(scratch);
        tags
    }

    /// As [`Rules::tag`], in a workspace of the caller's. A workspace belongs to one set of rules.
    pub fn tag_with(&self, scratch: &mut Scratch, text: &str) -> Vec<Tag> {
        self.matches(scratch, text, false).into_iter().map(|found| self.told(&found, &scratch.cut)).collect()
    }

    /// Identifies the rules: equal for equal themes, and different once a text might be tagged
    /// differently.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// Names of the themes, in the order in which they were compiled.
    pub fn themes(&self) -> impl Iterator<Item = &str> {
        self.themes.iter().map(String::as_str)
    }

    /// Every rule that matches, not only the first of each theme: theme and rule by number, and
    /// what the theme's tag would say.
    fn every_match(&self, text: &str) -> Vec<(usize, usize, Tag)> {
        let mut scratch = self.borrow();
        let matches = self.matches(&mut scratch, text, true);
        let told = |found: &Match| {
            let rule = &self.rules[found.rule];
            (rule.theme, rule.number, self.told(found, &scratch.cut))
        };
        let told = matches.iter().map(told).collect();
        self.give_back(scratch);
        told
    }

    fn borrow(&self) -> Scratch {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, scratch: Scratch) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }

    fn told(&self, found: &Match, cut: &Cut) -> Tag {
        let rule = &self.rules[found.rule];
        let mut spans: Vec<Range<usize>> = Vec::new();
        for words in &found.words {
            let (first, last) = (words.start as usize, words.end as usize - 1);
            let span = cut.words[first].start..cut.words[last].end;
            match spans.last_mut() {
                Some(before) if span.start <= before.end => before.end = before.end.max(span.end),
                _ => spans.push(span),
            }
        }
        Tag { theme: self.themes[rule.theme].clone(), rule: rule.name.clone(), spans }
    }

    /// The rules that match, in order; only the first of each theme unless `every` one is wanted.
    fn matches(&self, scratch: &mut Scratch, text: &str, every: bool) -> Vec<Match> {
        cut(text, &mut scratch.cut);
        self.ask(scratch, text);
        let Scratch { cut, postings, todo, .. } = scratch;
        todo.sort_unstable();
        let mut matches: Vec<Match> = Vec::new();
        for question in todo.iter() {
            let rule = &self.rules[question.rule as usize];
            let is_answered = matches.last().is_some_and(|last| {
                last.rule == question.rule as usize || !every && self.rules[last.rule].theme == rule.theme
            });
            if is_answered {
                continue;
            }
            let alternative = &self.alternatives[question.alternative as usize];
            let window = window(cut, alternative.scope, question.window as usize);
            let holds = postings.holds(&alternative.node, window);
            if holds && !rule.unless.as_ref().is_some_and(|unless| postings.holds(unless, window)) {
                let mut words = Vec::new();
                postings.evidence(&alternative.node, window, &mut words);
                words.sort_unstable();
                matches.push(Match { rule: question.rule as usize, words });
            }
        }
        matches
    }

    /// Notes which words satisfy what, and which alternatives are worth a look where.
    fn ask(&self, scratch: &mut Scratch, text: &str) {
        let Scratch { cut, memo, postings, asked, todo } = scratch;
        postings.clear(self.triggers.len());
        asked.clear();
        asked.resize(self.alternatives.len(), 0);
        todo.clear();
        let pairs = cut.sentences.len().saturating_sub(1).max(1) as u32;
        for (sentence, words) in (0_u32..).zip(&cut.sentences) {
            for word in words.clone() {
                for &choice in memo.choices(&self.lexicon, &text[cut.words[word].clone()]) {
                    postings.push(choice, word as u32);
                    for &alternative in &self.triggers[choice as usize] {
                        let Alternative { rule, scope, .. } = self.alternatives[alternative as usize];
                        let windows = match scope {
                            Scope::Sentence => sentence..sentence + 1,
                            // The pair before this sentence, and the one that it begins.
                            Scope::Pair => sentence.saturating_sub(1)..(sentence + 1).min(pairs),
                            Scope::Text => 0..1,
                        };
                        let asked = &mut asked[alternative as usize];
                        for window in windows.start.max(*asked)..windows.end {
                            todo.push(Question { rule, window, alternative });
                            *asked = window + 1;
                        }
                    }
                }
            }
        }
    }
}

fn window(cut: &Cut, scope: Scope, number: usize) -> Window {
    let last = match scope {
        Scope::Sentence => number,
        Scope::Pair => number + 1,
        Scope::Text => usize::MAX,
    };
    let to = cut.sentences.get(last).or(cut.sentences.last()).map_or(0, |sentence| sentence.end);
    Window { from: cut.sentences[number].start as u32, to: to as u32 }
}

/// What is compiled so far.
#[derive(Default)]
struct Compiler {
    rules: Vec<Rule>,
    alternatives: Vec<Alternative>,
    choices: Choices,
    errors: Vec<RuleError>,
}

impl Compiler {
    fn theme(&mut self, theme: usize, text: &ThemeText) {
        let (words, faults) = Vocabulary::read(&text.words);
        self.errors.extend(faults.into_iter().map(|(name, fault)| error(theme, None, Part::Words(name), fault)));
        for (number, rule) in text.rules.iter().enumerate() {
            let when = parse::rule(&rule.when, &words);
            let unless = (!rule.unless.trim().is_empty()).then(|| parse::rule(&rule.unless, &words)).transpose();
            match (when, unless) {
                (Ok(when), Ok(unless)) => {
                    let of = self.rules.len() as u32;
                    let nodes = self.choices.alternatives(when);
                    self.alternatives.extend(nodes.into_iter().map(|node| Alternative { rule: of, scope: rule.scope, node }));
                    let unless = unless.map(|unless| self.choices.node(unless));
                    self.rules.push(Rule { theme, number, name: name(rule, number), unless });
                }
                (when, unless) => {
                    self.errors.extend(when.err().map(|fault| error(theme, Some(number), Part::When, fault)));
                    self.errors.extend(unless.err().map(|fault| error(theme, Some(number), Part::Unless, fault)));
                }
            }
        }
    }

    fn finish(mut self, themes: &[ThemeText]) -> Result<Rules, Vec<RuleError>> {
        let mut triggers = Vec::new();
        for (number, alternative) in (0..).zip(&self.alternatives) {
            for choice in self.choices.triggers(&alternative.node) {
                let choice = choice as usize;
                triggers.resize_with(triggers.len().max(choice + 1), Vec::new);
                triggers[choice].push(number);
            }
        }
        let patterns = self.choices.into_patterns();
        triggers.resize_with(patterns.len(), Vec::new);
        let lexicon = Lexicon::new(&patterns);
        if lexicon.is_none() {
            let fault = Fault::new(0..0, "these are more words than can be searched together", "leave out themes that no watch counts");
            self.errors.push(error(0, Some(0), Part::When, fault));
        }
        match lexicon {
            Some(lexicon) if self.errors.is_empty() => Ok(Rules {
                themes: themes.iter().map(|theme| theme.name.clone()).collect(),
                rules: self.rules,
                alternatives: self.alternatives,
                lexicon,
                triggers,
                fingerprint: fingerprint(themes),
                idle: Mutex::default(),
            }),
            _ => Err(self.errors),
        }
    }
}

fn error(theme: usize, rule: Option<usize>, part: Part, fault: Fault) -> RuleError {
    RuleError { theme, rule, part, span: fault.span, why: fault.why, cure: fault.cure }
}

fn name(rule: &RuleText, number: usize) -> String {
    if rule.name.is_empty() { (number + 1).to_string() } else { rule.name.clone() }
}

fn fingerprint(themes: &[ThemeText]) -> String {
    let mut parts = vec![LANGUAGE_VERSION];
    for theme in themes {
        parts.extend(["theme", &theme.name]);
        for (name, choice) in &theme.words {
            parts.extend(["words", name, choice]);
        }
        for rule in &theme.rules {
            let scope = match rule.scope {
                Scope::Sentence => "sentence",
                Scope::Pair => "pair",
                Scope::Text => "text",
            };
            parts.extend(["rule", &rule.name, &rule.when, &rule.unless, scope]);
        }
    }
    format!("{:016x}", hash::of_parts(parts))
}
