//! From themes as written to [`Rules`]: reads every text, gathers what is wrong, plans the rest.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::theme::LanguageText;
use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::ThemeText;
use crate::tagging::Part;
use crate::tagging::RuleError;
use crate::tagging::Rules;
use crate::tagging::languages::Languages;
use crate::tagging::lex::Fault;
use crate::tagging::parse;
use crate::tagging::parse::Expression;
use crate::tagging::plan::Choices;
use crate::tagging::rules::Alternative;
use crate::tagging::rules::Calm;
use crate::tagging::rules::Condition;
use crate::tagging::rules::Rule;
use crate::tagging::words::Vocabulary;
use crate::text::hash;

/// Changes when the same rules begin to mean something else, so that a stored fingerprint tells
/// whether a text would still be tagged as it was.
const LANGUAGE_VERSION: &str = "2";

/// What is compiled so far.
pub(super) struct Compiler<'t> {
    themes: &'t [ThemeText],
    shared: Shared,
    rules: Vec<Rule>,
    alternatives: Vec<Alternative>,
    calms: Vec<Calm>,
    choices: Choices,
    errors: Vec<RuleError>,
}

/// The vocabularies of the languages, and what rules of several languages or of none see of them.
#[derive(Default)]
pub(super) struct Shared {
    languages: Vec<(String, Arc<Vocabulary>)>,
    views: HashMap<Vec<String>, Arc<Vocabulary>>,
}

impl Shared {
    /// Reads the words of each language.
    pub(super) fn read(languages: &[LanguageText]) -> (Self, Vec<(Part, Fault)>) {
        let mut shared = Self::default();
        let mut wrong = Vec::new();
        for language in languages {
            let (words, faults) = Vocabulary::read(&language.words, None);
            wrong.extend(faults.into_iter().map(|(name, fault)| (Part::SharedWords(language.code.clone(), name), fault)));
            shared.languages.push((language.code.clone(), Arc::new(words)));
        }
        (shared, wrong)
    }

    /// What rules for these languages see; for none, of all.
    pub(super) fn view(&mut self, langs: &[String]) -> Arc<Vocabulary> {
        if let Some(view) = self.views.get(langs) {
            return Arc::clone(view);
        }
        let seen: Vec<_> = self.languages.iter().filter(|(code, _)| langs.is_empty() || langs.contains(code)).collect();
        let view = match seen[..] {
            [(_, only)] => Arc::clone(only),
            _ => Arc::new(Vocabulary::union(seen.into_iter().map(|(_, vocabulary)| &**vocabulary))),
        };
        self.views.insert(langs.to_vec(), Arc::clone(&view));
        view
    }
}

impl<'t> Compiler<'t> {
    /// Begins with what the languages bring.
    pub(super) fn new(themes: &'t [ThemeText]) -> Self {
        let languages = themes.iter().map(|theme| &theme.shared).find(|shared| !shared.is_empty()).cloned().unwrap_or_default();
        let (shared, wrong) = Shared::read(&languages);
        let errors = wrong.into_iter().map(|(part, fault)| error(0, None, part, fault)).collect();
        let mut compiler =
            Self { themes, shared, rules: Vec::new(), alternatives: Vec::new(), calms: Vec::new(), choices: Choices::default(), errors };
        languages.iter().for_each(|language| compiler.calm(language));
        compiler
    }

    fn calm(&mut self, language: &LanguageText) {
        let langs = std::slice::from_ref(&language.code);
        let words = self.shared.view(langs);
        let mut read = |text: &str, part: Part, errors: &mut Vec<RuleError>| match parse::placed(text, &words) {
            Ok(read) => Some(self.choices.node(read)),
            Err(fault) => {
                errors.push(error(0, None, part, fault));
                None
            }
        };
        let says = language.calm.iter().enumerate();
        let says = says.filter_map(|(number, text)| read(text, Part::Calm(language.code.clone(), number), &mut self.errors)).collect();
        let turn = Some(language.turn.trim()).filter(|turn| !turn.is_empty());
        let turn = turn.and_then(|turn| read(turn, Part::Turn(language.code.clone()), &mut self.errors));
        self.calms.push(Calm { languages: Languages::of(langs), says, turn });
    }

    /// Compiles a theme; what is wrong with it is told in the end.
    pub(super) fn theme(&mut self, theme: usize) {
        let text = &self.themes[theme];
        // One vocabulary for each choice of languages that the rules of the theme make.
        let mut views: HashMap<&[String], Vocabulary> = HashMap::new();
        for (number, rule) in text.rules.iter().enumerate() {
            let words = views.entry(&rule.lang).or_insert_with(|| {
                let (words, faults) = Vocabulary::read(&text.words, Some(self.shared.view(&rule.lang)));
                let known = |name: &str| self.errors.iter().any(|e| e.theme == theme && e.part == Part::Words(name.to_owned()));
                let new: Vec<_> = faults.into_iter().filter(|(name, _)| !known(name)).collect();
                self.errors.extend(new.into_iter().map(|(name, fault)| error(theme, None, Part::Words(name), fault)));
                words
            });
            match read(rule, words, self.themes, theme) {
                Ok(read) => self.rule(theme, number, rule, read),
                Err(faults) => self.errors.extend(faults.into_iter().map(|(part, fault)| error(theme, Some(number), part, fault))),
            }
        }
        if text.rules.is_empty() {
            let (_, faults) = Vocabulary::read(&text.words, Some(self.shared.view(&[])));
            self.errors.extend(faults.into_iter().map(|(name, fault)| error(theme, None, Part::Words(name), fault)));
        }
    }

    fn rule(&mut self, theme: usize, number: usize, text: &RuleText, read: Read) {
        let of = self.rules.len() as u32;
        let languages = Languages::of(&text.lang);
        let nodes = read.says.map(|says| self.choices.alternatives(says)).unwrap_or_default();
        let is_by_words = !nodes.is_empty();
        self.alternatives.extend(nodes.into_iter().map(|node| Alternative { rule: of, scope: text.scope, languages, node }));
        let unless = read.unless.into_iter().map(|unless| self.choices.node(unless)).collect();
        let condition = Condition {
            languages,
            sources: text.source.clone().into_boxed_slice(),
            stars: text.rating_at_least.unwrap_or(f64::NEG_INFINITY)..=text.rating_at_most.unwrap_or(f64::INFINITY),
            themes: read.themes.into_boxed_slice(),
        };
        self.rules.push(Rule {
            theme,
            number,
            name: name(text, number),
            unless,
            condition,
            is_by_words,
            times: text.times.max(1),
            even_calm: text.even_calm,
            even_quoted: text.even_quoted,
        });
    }

    /// Every mistake.
    pub(super) fn mistakes(self) -> Vec<RuleError> {
        self.errors
    }

    /// The rules, or every mistake.
    pub(super) fn finish(mut self) -> Result<Rules, Vec<RuleError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let names = self.themes.iter().map(|theme| theme.name.clone()).collect();
        Rules::new(names, self.rules, self.alternatives, self.calms, self.choices, fingerprint(self.themes)).ok_or_else(|| {
            let fault = Fault::new(0..0, "these are more words than can be searched together", "leave out themes that no watch counts");
            self.errors.push(error(0, Some(0), Part::When, fault));
            self.errors
        })
    }
}

/// A rule as understood.
struct Read {
    says: Option<Expression>,
    unless: Vec<Expression>,
    /// Themes that must be there, by number.
    themes: Vec<usize>,
}

fn read(rule: &RuleText, words: &Vocabulary, themes: &[ThemeText], of: usize) -> Result<Read, Vec<(Part, Fault)>> {
    let mut faults = Vec::new();
    let mut take = |text: &str, part: Part| match parse::rule(text, words) {
        Ok(read) => Some(read),
        Err(fault) => {
            faults.push((part, fault));
            None
        }
    };
    let mut all: Vec<Expression> = Vec::new();
    if !rule.when.trim().is_empty() || rule.all.is_empty() && rule.any.is_empty() && rule.when_themes.is_empty() {
        all.extend(take(&rule.when, Part::When));
    }
    all.extend(rule.all.iter().enumerate().filter_map(|(number, text)| take(text, Part::All(number))));
    let any: Vec<_> = rule.any.iter().enumerate().filter_map(|(number, text)| take(text, Part::Any(number))).collect();
    if !any.is_empty() {
        all.push(if any.len() == 1 { any.into_iter().next().expect("there is one") } else { Expression::Any(any) });
    }
    let mut unless = Vec::new();
    if !rule.unless.trim().is_empty() {
        unless.extend(take(&rule.unless, Part::Unless));
    }
    unless.extend(rule.none.iter().enumerate().filter_map(|(number, text)| take(text, Part::None(number))));
    let mut needed = Vec::new();
    for (number, name) in rule.when_themes.iter().enumerate() {
        if let Some(theme) = themes.iter().position(|theme| theme.name == *name).filter(|theme| *theme != of) {
            needed.push(theme);
        } else if themes[of].name == *name {
            let fault = Fault::new(0..name.len(), "a theme cannot hang on itself", "name another theme, or take it out");
            faults.push((Part::WhenThemes(number), fault));
        } else {
            let cure = "name a theme of this configuration or a built-in one";
            faults.push((Part::WhenThemes(number), Fault::new(0..name.len(), format!("there is no theme `{name}`"), cure)));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let says = if all.len() > 1 { Some(Expression::All(all)) } else { all.pop() };
    Ok(Read { says, unless, themes: needed })
}

fn error(theme: usize, rule: Option<usize>, part: Part, fault: Fault) -> RuleError {
    RuleError { theme, rule, part, span: fault.span, why: fault.why, cure: fault.cure }
}

pub(super) fn name(rule: &RuleText, number: usize) -> String {
    if rule.name.is_empty() { (number + 1).to_string() } else { rule.name.clone() }
}

pub(super) fn fingerprint(themes: &[ThemeText]) -> String {
    let mut parts = vec![LANGUAGE_VERSION.to_owned()];
    for language in themes.iter().map(|theme| &theme.shared).find(|shared| !shared.is_empty()).into_iter().flat_map(|shared| shared.iter())
    {
        parts.push(format!("language {} {:?} {}", language.code, language.calm, language.turn));
        parts.extend(language.words.iter().flat_map(|(name, choice)| [name.clone(), choice.clone()]));
    }
    for theme in themes {
        parts.extend(["theme".to_owned(), theme.name.clone()]);
        for (name, choice) in &theme.words {
            parts.extend(["words".to_owned(), name.clone(), choice.clone()]);
        }
        for rule in &theme.rules {
            // Examples decide nothing about a text.
            let found = RuleText { matches: Vec::new(), matches_not: Vec::new(), ..rule.clone() };
            parts.push(format!("{found:?}"));
        }
    }
    format!("{:016x}", hash::of_parts(parts.iter().map(String::as_str)))
}

/// Whether a scope is made of sentences that can be looked at clause by clause.
pub(super) fn has_clauses(scope: Scope) -> bool {
    matches!(scope, Scope::Sentence | Scope::Title)
}
