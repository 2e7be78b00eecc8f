//! Compiled rules, and how a text is held against them.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::domain::theme::Scope;
use crate::domain::theme::Tag;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Memo;
use crate::tagging::model::file::Model;
use crate::tagging::model::join;
use crate::tagging::model::join::Joint;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::search::Postings;
use crate::tagging::search::Span;
use crate::tagging::search::Window;
use crate::text::hash;
use crate::text::normalise::Cut;
use crate::text::normalise::cut;

/// Compiled themes. Shared by reference; any number of threads may tag at once.
#[derive(Debug)]
pub struct Rules {
    themes: Vec<String>,
    compiled: Vec<Rule>,
    alternatives: Vec<Alternative>,
    lexicon: Lexicon,
    /// Alternatives to look at where a choice occurs, by choice.
    triggers: Vec<Vec<u32>>,
    fingerprint: String,
    /// Models that decide for some themes.
    models: Option<Joint>,
    /// Workspaces that no thread uses at the moment.
    idle: Mutex<Vec<Scratch>>,
}

/// A rule but for its `when`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) theme: usize,
    /// Its number in the theme.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) unless: Option<Node>,
}

/// A part of a rule's `when` that gives the rule by itself.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) rule: u32,
    pub(super) scope: Scope,
    pub(super) node: Node,
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
    models: join::Scratch,
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

impl Rules {
    /// Puts together what was compiled; `None` when the words are too many to be searched together.
    pub(super) fn new(
        themes: Vec<String>,
        compiled: Vec<Rule>,
        alternatives: Vec<Alternative>,
        choices: Choices,
        fingerprint: String,
    ) -> Option<Self> {
        let mut triggers = vec![Vec::new(); choices.len()];
        for (number, alternative) in (0..).zip(&alternatives) {
            for choice in choices.triggers(&alternative.node) {
                triggers[choice as usize].push(number);
            }
        }
        let lexicon = Lexicon::new(&choices.into_patterns())?;
        Some(Self { themes, compiled, alternatives, lexicon, triggers, fingerprint, models: None, idle: Mutex::default() })
    }

    /// The same with models, which decide for their themes. They are usable with these rules, see
    /// [`crate::tagging::model::file::File::usable`].
    #[must_use]
    pub fn with_models(mut self, models: &[Model]) -> Self {
        self.models = Joint::new(models, self.themes.clone());
        if let Some(models) = &self.models {
            self.fingerprint = format!("{:016x}", hash::of_parts([self.fingerprint.as_str(), models.fingerprint()]));
        }
        self
    }

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
        let fired: Vec<Tag> =
            self.matches(scratch, text, self.models.is_some()).into_iter().map(|found| self.told(&found, &scratch.cut)).collect();
        match &self.models {
            Some(models) => models.tags(&mut scratch.models, text, &scratch.cut, fired),
            None => fired,
        }
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
    pub(super) fn every_match(&self, text: &str) -> Vec<(usize, usize, Tag)> {
        let mut scratch = self.borrow();
        let matches = self.matches(&mut scratch, text, true);
        let told = |found: &Match| {
            let rule = &self.compiled[found.rule];
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
        let rule = &self.compiled[found.rule];
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
            let rule = &self.compiled[question.rule as usize];
            let is_answered = matches
                .last()
                .is_some_and(|last| last.rule == question.rule as usize || !every && self.compiled[last.rule].theme == rule.theme);
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
        let Scratch { cut, memo, postings, asked, todo, .. } = scratch;
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
