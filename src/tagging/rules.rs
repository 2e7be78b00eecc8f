//! Compiled rules, and how a text is held against them.

use std::ops::Range;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::domain::theme::Scope;
use crate::domain::theme::Tag;
use crate::tagging::Message;
use crate::tagging::asking::Asking;
use crate::tagging::asking::Question;
use crate::tagging::asking::Triggers;
use crate::tagging::compile::has_clauses;
use crate::tagging::hush::Hush;
use crate::tagging::hush::Said;
use crate::tagging::languages::Language;
use crate::tagging::languages::Languages;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Memos;
use crate::tagging::model::file::Model;
use crate::tagging::model::join;
use crate::tagging::model::join::Joint;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::read::Read;
use crate::tagging::search::Postings;
use crate::tagging::search::Span;
use crate::tagging::search::Window;
use crate::text::hash;
use crate::text::normalise::Cut;

/// Compiled themes. Shared by reference; any number of threads may tag at once.
#[derive(Debug)]
pub struct Rules {
    themes: Vec<String>,
    compiled: Vec<Rule>,
    alternatives: Vec<Alternative>,
    calms: Vec<Calm>,
    lexicon: Lexicon,
    triggers: Triggers,
    fingerprint: String,
    /// Models that decide for some themes.
    models: Option<Joint>,
    /// Workspaces that no thread uses at the moment.
    idle: Mutex<Vec<Scratch>>,
}

/// A rule but for what it looks for.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) theme: usize,
    /// Its number in the theme.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) unless: Vec<Node>,
    pub(super) condition: Condition,
    /// Whether it looks for words at all, not only for themes.
    pub(super) is_by_words: bool,
    /// In how many windows it must match.
    pub(super) times: u32,
    pub(super) even_calm: bool,
    pub(super) even_quoted: bool,
}

/// What a rule asks of the message beside its words.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) languages: Languages,
    /// Empty: any.
    pub(super) sources: Box<[String]>,
    /// Of five.
    pub(super) stars: RangeInclusive<f64>,
    /// Themes that other rules must give, by number.
    pub(super) themes: Box<[usize]>,
}

impl Condition {
    /// Whether the source and the rating are right.
    fn fits(&self, message: &Read) -> bool {
        let is_any = self.stars == (f64::NEG_INFINITY..=f64::INFINITY);
        (self.sources.is_empty() || self.sources.contains(&message.source))
            && (is_any || message.stars.is_some_and(|stars| self.stars.contains(&stars)))
    }
}

/// What says that all is well, in one language.
#[derive(Debug)]
pub(super) struct Calm {
    pub(super) languages: Languages,
    pub(super) says: Vec<Node>,
    pub(super) turn: Option<Node>,
}

/// A part of what a rule looks for that gives the rule by itself.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) rule: u32,
    pub(super) scope: Scope,
    pub(super) languages: Languages,
    pub(super) node: Node,
}

/// Workspace of one thread: what it holds is worth keeping for the next text, nothing else.
#[derive(Debug, Default)]
pub struct Scratch {
    read: Read,
    memos: Memos,
    postings: Postings,
    hush: Hush,
    asking: Asking,
    models: join::Scratch,
}

/// A rule that matched, with the words that show it.
#[derive(Debug, Clone)]
struct Match {
    rule: usize,
    words: Vec<Span>,
}

/// The windows in which a rule that must match several times has matched.
#[derive(Default)]
struct Repeated {
    rule: u32,
    windows: Vec<u32>,
    words: Vec<Span>,
}

impl Repeated {
    /// The words of all matches, once there are as many as the rule wants. Questions come in order,
    /// rule by rule.
    fn enough(&mut self, times: u32, question: Question, scope: Scope, words: Vec<Span>) -> Option<Vec<Span>> {
        if times < 2 {
            return Some(words);
        }
        if self.rule != question.rule {
            *self = Self { rule: question.rule, ..Self::default() };
        }
        // Pairs overlap: a sentence counts in one of its two.
        let step = if scope == Scope::Pair { 2 } else { 1 };
        if self.windows.last().is_none_or(|last| question.window >= last + step) {
            self.windows.push(question.window);
            self.words.extend(words);
        }
        (self.windows.len() >= times as usize).then(|| std::mem::take(&mut self.words))
    }
}

/// How a message is looked at.
#[derive(Clone, Copy)]
struct Ask {
    /// Every rule that matches; else the first of each theme.
    every: bool,
    /// Whether the source and the rating of the message must be right.
    conditions: bool,
}

impl Rules {
    /// Puts together what was compiled; `None` when the words are too many to be searched together.
    pub(super) fn new(
        themes: Vec<String>,
        compiled: Vec<Rule>,
        alternatives: Vec<Alternative>,
        calms: Vec<Calm>,
        mut choices: Choices,
        fingerprint: String,
    ) -> Option<Self> {
        let triggers = Triggers::new(&compiled, &alternatives, &calms, &mut choices);
        let languages = triggers.languages(&alternatives, &calms, choices.len());
        let lexicon = Lexicon::new(&choices.into_patterns(), languages)?;
        Some(Self { themes, compiled, alternatives, calms, lexicon, triggers, fingerprint, models: None, idle: Mutex::default() })
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

    /// The themes of a message, in the order in which they were compiled, each with the first rule
    /// that gives it. Spans are bytes of [`Message::whole`].
    #[must_use]
    pub fn tag(&self, message: &Message<'_>) -> Vec<Tag> {
        let mut scratch = self.borrow();
        let tags = self.tag_with(&mut scratch, message);
        self.give_back(scratch);
        tags
    }

    /// As [`Rules::tag`], in a workspace of the caller's. A workspace belongs to one set of rules.
    pub fn tag_with(&self, scratch: &mut Scratch, message: &Message<'_>) -> Vec<Tag> {
        let mut read = std::mem::take(&mut scratch.read);
        read.take(message, &self.lexicon, &self.triggers, &mut scratch.memos);
        let tags = self.tag_read(scratch, &read);
        scratch.read = read;
        tags
    }

    /// The first half of [`Rules::tag_with`]: cuts a message into words and finds out what each is.
    pub fn read(&self, scratch: &mut Scratch, message: &Message<'_>) -> Read {
        let mut read = Read::default();
        read.take(message, &self.lexicon, &self.triggers, &mut scratch.memos);
        read
    }

    /// The second half: holds the rules against a message that was read.
    pub fn tag_read(&self, scratch: &mut Scratch, read: &Read) -> Vec<Tag> {
        if let Some(models) = &self.models {
            let fired = self.fired(scratch, read);
            return models.tags(&mut scratch.models, &read.text, &read.cut, fired);
        }
        let ask = Ask { every: false, conditions: true };
        self.matches(scratch, read, ask).into_iter().map(|found| self.told(&found, &read.cut)).collect()
    }

    /// What models look at in a message: its text with its words, and a tag for every rule that fires,
    /// of each theme the one first that [`Rules::tag`] names.
    pub(super) fn seen<T>(&self, message: &Message<'_>, look: impl FnOnce(&str, &Cut, Vec<Tag>) -> T) -> T {
        let mut scratch = self.borrow();
        let read = self.read(&mut scratch, message);
        let fired = self.fired(&mut scratch, &read);
        self.give_back(scratch);
        look(&read.text, &read.cut, fired)
    }

    fn fired(&self, scratch: &mut Scratch, read: &Read) -> Vec<Tag> {
        let mut matches = self.matches(scratch, read, Ask { every: true, conditions: true });
        // What hangs on other themes gives a theme only where no other rule does.
        matches.sort_by_key(|found| {
            let rule = &self.compiled[found.rule];
            (rule.theme, !rule.condition.themes.is_empty(), !rule.is_by_words)
        });
        matches.into_iter().map(|found| self.told(&found, &read.cut)).collect()
    }

    /// The words and parts of words that rules look for, in plain form.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.lexicon.literals()
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

    /// Every rule that matches, not only the first of each theme, whatever it asks of source and
    /// rating: theme and rule by number, and what the theme's tag would say.
    pub(super) fn every_match(&self, message: &Message<'_>) -> Vec<(usize, usize, Tag)> {
        let mut scratch = self.borrow();
        let read = self.read(&mut scratch, message);
        let matches = self.matches(&mut scratch, &read, Ask { every: true, conditions: false });
        let told = |found: &Match| {
            let rule = &self.compiled[found.rule];
            (rule.theme, rule.number, self.told(found, &read.cut))
        };
        let told = matches.iter().map(told).collect();
        self.give_back(scratch);
        told
    }

    fn reread(&self, scratch: &mut Scratch, message: &Read) -> Read {
        let mut again = message.clone();
        again.look_up(&self.lexicon, &self.triggers, &mut scratch.memos);
        again
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

    /// The rules that match, in order.
    fn matches(&self, scratch: &mut Scratch, message: &Read, ask: Ask) -> Vec<Match> {
        let cut = &message.cut;
        scratch.hush.clear(cut.sentences.len());
        let again;
        let known = if let Some(known) = message.known(&scratch.memos) {
            known
        } else {
            // Other texts came between, and what its words mean was forgotten.
            again = self.reread(scratch, message);
            again.known(&scratch.memos).expect("nothing is forgotten before the next text is begun")
        };
        self.triggers.ask(&mut scratch.asking, &mut scratch.postings, &self.alternatives, known);
        let mut written_in = message.lang;
        scratch.asking.todo.sort_unstable();
        let mut matches: Vec<Match> = Vec::new();
        // Rules that hang on the themes of others wait for those.
        let mut hanging: Vec<Match> = Vec::new();
        let mut repeated = Repeated::default();
        for question in &scratch.asking.todo {
            let rule = &self.compiled[question.rule as usize];
            let found = if rule.condition.themes.is_empty() { &mut matches } else { &mut hanging };
            // A rule that hangs on other themes may have matched in vain, so all of them are tried.
            let is_settled = |last: &Match| {
                last.rule == question.rule as usize
                    || !ask.every && rule.condition.themes.is_empty() && self.compiled[last.rule].theme == rule.theme
            };
            let is_answered = found.last().is_some_and(is_settled);
            if is_answered || ask.conditions && !rule.condition.fits(message) {
                continue;
            }
            let alternative = &self.alternatives[question.alternative as usize];
            let window = window(cut, alternative.scope, question.window as usize, message.title);
            let may_be_calm = scratch.asking.may_be_calm;
            let said = Said { cut, postings: &scratch.postings, may_be_calm, languages: written_in.unwrap_or(Languages::ALL) };
            let Some(words) = self.answer(*question, window, said, &mut scratch.hush) else { continue };
            if rule.condition.languages != Languages::ALL {
                // Only now is it worth finding out.
                let written_in =
                    *written_in.get_or_insert_with(|| Language::detected(&message.text).map_or(Languages::ALL, Languages::from));
                if !rule.condition.languages.meet(written_in) {
                    continue;
                }
            }
            if let Some(words) = repeated.enough(rule.times, *question, alternative.scope, words) {
                found.push(Match { rule: question.rule as usize, words });
            }
        }
        self.imply(&mut matches, hanging, message, ask);
        matches
    }

    /// Adds what hangs on the themes of others.
    fn imply(&self, matches: &mut Vec<Match>, hanging: Vec<Match>, message: &Read, ask: Ask) {
        let by_words = matches.len();
        let found =
            |theme: usize, matches: &[Match]| matches[..by_words].iter().find(|found| self.compiled[found.rule].theme == theme).cloned();
        let pure = self.compiled.iter().enumerate().filter(|(_, rule)| !rule.is_by_words && !rule.condition.themes.is_empty());
        let pure: Vec<Match> = pure.map(|(number, _)| Match { rule: number, words: Vec::new() }).collect();
        for mut hangs in hanging.into_iter().chain(pure) {
            let rule = &self.compiled[hangs.rule];
            let is_given = matches.iter().any(|known| self.compiled[known.rule].theme == rule.theme);
            if is_given && !ask.every || ask.conditions && !rule.condition.fits(message) {
                continue;
            }
            let Some(needed) = rule.condition.themes.iter().map(|theme| found(*theme, matches)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            hangs.words.extend(needed.into_iter().flat_map(|needed| needed.words));
            hangs.words.sort_unstable();
            matches.push(hangs);
        }
        if matches.len() > by_words {
            matches.sort_by_key(|found| found.rule);
        }
    }

    /// The words by which an alternative holds in a window, where it does.
    fn answer(&self, question: Question, window: Window, said: Said<'_>, hush: &mut Hush) -> Option<Vec<Span>> {
        let Said { cut, postings, .. } = said;
        let rule = &self.compiled[question.rule as usize];
        let alternative = &self.alternatives[question.alternative as usize];
        let node = &alternative.node;
        if !postings.holds(node, window) || rule.unless.iter().any(|unless| postings.holds(unless, window)) {
            return None;
        }
        let mut words = Vec::new();
        let evidence = |window: Window, words: &mut Vec<Span>| {
            words.clear();
            postings.evidence(node, window, words);
            words.sort_unstable();
        };
        if said.may_be_calm && has_clauses(alternative.scope) && !rule.even_calm {
            let sentence = (alternative.scope == Scope::Sentence).then_some(question.window);
            let clauses = hush.loud_clauses(&self.calms, said, sentence, window);
            let loud = *clauses.iter().find(|clause| postings.holds(node, **clause))?;
            evidence(loud, &mut words);
        } else {
            evidence(window, &mut words);
        }
        if !rule.even_quoted && Hush::is_quoted(cut, &words) {
            let outside = Hush::outside_quotes(cut, window);
            let loud = *outside.iter().find(|part| postings.holds(node, **part))?;
            evidence(loud, &mut words);
        }
        Some(words)
    }
}

pub(super) fn window(cut: &Cut, scope: Scope, number: usize, title: usize) -> Window {
    let last = match scope {
        Scope::Sentence => number,
        Scope::Pair => number + 1,
        Scope::Text => usize::MAX,
        Scope::Title => return Window { from: 0, to: cut.words.partition_point(|word| word.end <= title) as u32 },
    };
    let to = cut.sentences.get(last).or(cut.sentences.last()).map_or(0, |sentence| sentence.end);
    Window { from: cut.sentences[number].start as u32, to: to as u32 }
}
