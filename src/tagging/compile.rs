//! From themes as written to [`Rules`]: reads every text, gathers what is wrong, plans the rest.

use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::ThemeText;
use crate::tagging::Part;
use crate::tagging::RuleError;
use crate::tagging::Rules;
use crate::tagging::lex::Fault;
use crate::tagging::parse;
use crate::tagging::plan::Choices;
use crate::tagging::rules::Alternative;
use crate::tagging::rules::Rule;
use crate::tagging::words::Vocabulary;
use crate::text::hash;

/// Changes when the same rules begin to mean something else, so that a stored fingerprint tells
/// whether a text would still be tagged as it was.
const LANGUAGE_VERSION: &str = "1";

/// What is compiled so far.
#[derive(Default)]
pub(super) struct Compiler {
    rules: Vec<Rule>,
    alternatives: Vec<Alternative>,
    choices: Choices,
    errors: Vec<RuleError>,
}

impl Compiler {
    /// Compiles a theme; what is wrong with it is told in the end.
    pub(super) fn theme(&mut self, theme: usize, text: &ThemeText) {
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

    /// The rules, or every mistake.
    pub(super) fn finish(mut self, themes: &[ThemeText]) -> Result<Rules, Vec<RuleError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let names = themes.iter().map(|theme| theme.name.clone()).collect();
        Rules::new(names, self.rules, self.alternatives, self.choices, fingerprint(themes)).ok_or_else(|| {
            let fault = Fault::new(0..0, "these are more words than can be searched together", "leave out themes that no watch counts");
            self.errors.push(error(0, Some(0), Part::When, fault));
            self.errors
        })
    }
}

fn error(theme: usize, rule: Option<usize>, part: Part, fault: Fault) -> RuleError {
    RuleError { theme, rule, part, span: fault.span, why: fault.why, cure: fault.cure }
}

fn name(rule: &RuleText, number: usize) -> String {
    if rule.name.is_empty() { (number + 1).to_string() } else { rule.name.clone() }
}

pub(super) fn fingerprint(themes: &[ThemeText]) -> String {
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
