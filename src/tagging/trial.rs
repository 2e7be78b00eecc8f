//! Why a rule does not match a text: which of its parts are there and which are not.
//!
//! For people who write rules, when an example fails. Slow and plain: every part is planned and
//! asked by itself, in the window where most of the rule holds.

use std::ops::Range;

use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::ThemeText;
use crate::tagging::Message;
use crate::tagging::Part;
use crate::tagging::asking::Triggers;
use crate::tagging::compile::Shared;
use crate::tagging::languages::Languages;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Memo;
use crate::tagging::parse;
use crate::tagging::parse::Clause;
use crate::tagging::plan::Choices;
use crate::tagging::plan::Node;
use crate::tagging::rules::window;
use crate::tagging::search::Postings;
use crate::tagging::search::Window;
use crate::tagging::words::Vocabulary;
use crate::text::normalise::Cut;
use crate::text::normalise::cut;

/// What became of one part of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text that the part stands in.
    pub part: Part,
    /// The part, as written.
    pub written: String,
    /// Whether it is as the rule wants it.
    pub is_right: bool,
    /// What more there is to say.
    pub note: String,
}

/// A part of a rule, planned.
struct Planned {
    part: Part,
    written: String,
    node: Node,
    sides: Vec<(String, Node)>,
    /// Whether it must be absent.
    is_excluded: bool,
}

/// What became of the parts of a rule in a text, in the way of reading it that comes nearest to a
/// match. Empty for a rule that hangs on themes alone, and for one that cannot be read.
#[must_use]
pub(super) fn trial(theme: &ThemeText, rule: &RuleText, message: &Message<'_>) -> Vec<Answer> {
    let (mut shared, _) = Shared::read(&theme.shared);
    let (words, _) = Vocabulary::read(&theme.words, Some(shared.view(&rule.lang)));
    let mut choices = Choices::default();
    let Some(ways) = ways(rule, &words, &mut choices) else { return Vec::new() };
    let patterns = choices.into_patterns();
    let count = patterns.len();
    let Some(lexicon) = Lexicon::new(&patterns, vec![Languages::ALL; count]) else { return Vec::new() };
    let text = message.whole();
    let mut places = Cut::default();
    cut(&text, &mut places);
    let (mut memo, mut postings) = (Memo::new(Languages::ALL, 0), Postings::default());
    postings.clear(count);
    for (number, word) in places.words.iter().enumerate() {
        let meaning = memo.meaning(&lexicon, &Triggers::default(), &text, word.clone());
        memo.choices(meaning).iter().for_each(|choice| postings.push(*choice, number as u32));
    }
    let windows = windows(&places, rule.scope, message.title.len());
    let right = |planned: &Planned, window: Window| postings.holds(&planned.node, window) != planned.is_excluded;
    let tried = windows.iter().flat_map(|window| ways.iter().map(move |way| (window, way)));
    let best = tried.max_by_key(|(window, way)| {
        let wrong = way.iter().filter(|planned| !right(planned, **window)).count();
        // A nearly right way that is long says more than a short one that is all wrong.
        (std::cmp::Reverse(wrong), way.len())
    });
    let Some((window, way)) = best else { return Vec::new() };
    let answer = |planned: &Planned| Answer {
        part: planned.part.clone(),
        written: planned.written.clone(),
        is_right: right(planned, *window),
        note: if right(planned, *window) { String::new() } else { note(planned, &postings, *window) },
    };
    way.iter().map(answer).collect()
}

/// Parts of a rule that must all hold, each with the text that it stands in.
type Way<'t> = Vec<(Part, Clause, &'t str)>;

/// Every way in which the rule may match: what must be there, and what must not.
fn ways(rule: &RuleText, words: &Vocabulary, choices: &mut Choices) -> Option<Vec<Vec<Planned>>> {
    let mut ways: Vec<Way<'_>> = vec![Vec::new()];
    let mut all = Vec::new();
    if !rule.when.trim().is_empty() {
        all.push(of(&Part::When, &rule.when, words)?);
    }
    for (number, text) in rule.all.iter().enumerate() {
        all.push(of(&Part::All(number), text, words)?);
    }
    let any = rule.any.iter().enumerate().map(|(number, text)| of(&Part::Any(number), text, words)).collect::<Option<Vec<_>>>()?;
    if !any.is_empty() {
        all.push(any.into_iter().flatten().collect());
    }
    if all.is_empty() {
        return None;
    }
    for alternatives in all {
        ways = ways.iter().flat_map(|way| alternatives.iter().map(move |more| way.iter().chain(more).cloned().collect())).collect();
        ways.truncate(MOST_WAYS);
    }
    let mut unless: Vec<(Part, &str)> = rule.none.iter().enumerate().map(|(number, text)| (Part::None(number), text.as_str())).collect();
    if !rule.unless.trim().is_empty() {
        unless.push((Part::Unless, &rule.unless));
    }
    let mut planned = Vec::new();
    for way in ways {
        let mut parts = Vec::new();
        for (part, clause, text) in way {
            let written = |span: &Range<usize>| one_line(&text[span.clone()]);
            parts.push(Planned {
                part,
                written: written(&clause.span),
                node: choices.node(clause.expression),
                sides: clause.sides.into_iter().map(|side| (written(&side.span), choices.node(side.expression))).collect(),
                is_excluded: false,
            });
        }
        for (part, text) in &unless {
            let node = choices.node(parse::rule(text, words).ok()?);
            parts.push(Planned {
                part: part.clone(),
                written: format!("not {}", one_line(text)),
                node,
                sides: Vec::new(),
                is_excluded: true,
            });
        }
        planned.push(parts);
    }
    Some(planned)
}

/// The ways of one text of a rule.
fn of<'t>(part: &Part, text: &'t str, words: &Vocabulary) -> Option<Vec<Way<'t>>> {
    let outline = parse::outline(text, words).ok()?;
    Some(outline.into_iter().map(|way| way.into_iter().map(|clause| (part.clone(), clause, text)).collect()).collect())
}

/// Ways of reading a rule that are tried; the rest differ in alternatives only.
const MOST_WAYS: usize = 512;

fn windows(cut: &Cut, scope: Scope, title: usize) -> Vec<Window> {
    let count = match scope {
        Scope::Sentence => cut.sentences.len(),
        Scope::Pair => cut.sentences.len().saturating_sub(1).max(1),
        Scope::Text | Scope::Title => 1,
    };
    if cut.sentences.is_empty() { Vec::new() } else { (0..count).map(|number| window(cut, scope, number, title)).collect() }
}

fn note(planned: &Planned, postings: &Postings, window: Window) -> String {
    if planned.is_excluded {
        return "is there, and takes the match back".to_owned();
    }
    let is_there = |node: &Node| postings.holds(node, window);
    let missing: Vec<&str> = planned.sides.iter().filter(|(_, side)| !is_there(side)).map(|(written, _)| written.as_str()).collect();
    match (planned.sides.is_empty(), missing.is_empty()) {
        (true, _) => "is not there".to_owned(),
        (false, true) => "is all there, but too far apart or in another order".to_owned(),
        (false, false) => format!("{} is not there", missing.join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &RuleText, text: &str) -> String {
        let theme = ThemeText { name: "t".into(), words: vec![("bot".into(), "bot*/robot*".into())], ..ThemeText::default() };
        let told = trial(&theme, rule, &Message::from(text)).into_iter().map(|answer| {
            let sign = if answer.is_right { "yes" } else { "no " };
            format!("{sign} {} {}", answer.written, answer.note).trim_end().to_owned()
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_part_says_whether_it_is_there() {
        let rule = RuleText { when: "@bot NEAR/2 (useless | stupid) & refund*".into(), ..RuleText::default() };
        insta::assert_snapshot!(check(&rule, "The bot is useless."), @r"
        yes @bot NEAR/2 (useless | stupid)
        no  refund* is not there
        ");
        insta::assert_snapshot!(check(&rule, "The bot that they have is useless."), @r"
        no  @bot NEAR/2 (useless | stupid) is all there, but too far apart or in another order
        no  refund* is not there
        ");
        insta::assert_snapshot!(check(&rule, "The bot is a refund bot."), @r"
        no  @bot NEAR/2 (useless | stupid) (useless | stupid) is not there
        yes refund*
        ");
    }

    #[test]
    fn the_way_that_comes_nearest_is_told() {
        let rule = RuleText { any: vec!["a & b & c".into(), "x".into()], none: vec!["d".into()], ..RuleText::default() };
        insta::assert_snapshot!(check(&rule, "a b d"), @r"
        yes a
        yes b
        no  c is not there
        no  not d is there, and takes the match back
        ");
    }
}
