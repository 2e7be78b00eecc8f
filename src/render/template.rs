//! What operators make of the mails: a prefix, a paragraph before and after, whole parts of their own.
//!
//! Templates are filled in with the story as it is told, never with customers' raw words, and only
//! after each of them was tried on made-up alerts: [`Look::compile`] does both.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::UndefinedBehavior;
use minijinja::Value;

use crate::render::parts;
use crate::render::specimen;

/// Longest prefix of subjects in characters.
const PREFIX: usize = 30;
/// Longest template, and longest text that one may give.
const LONGEST: usize = 100_000;
const MOST: usize = 50_000;
/// Steps that filling one in may take; ours takes some thousand.
const STEPS: u64 = 500_000;

/// The texts as configured. All but the prefix are templates of minijinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Begins every subject; the same for all mails, or threads would break.
    pub subject_prefix: String,
    /// A paragraph before what happened.
    pub intro: Option<String>,
    /// A paragraph at the end.
    pub outro: Option<String>,
    /// The text part instead of ours.
    pub text: Option<String>,
    /// The HTML part instead of ours.
    pub html: Option<String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { subject_prefix: "[Uproar]".to_owned(), intro: None, outro: None, text: None, html: None }
    }
}

/// The texts, ready to be filled in.
#[derive(Debug, Clone)]
pub struct Look {
    /// As configured.
    pub texts: Texts,
    templates: Environment<'static>,
}

impl Default for Look {
    fn default() -> Self {
        Self { texts: Texts::default(), templates: environment() }
    }
}

/// Two of the same texts look the same.
impl PartialEq for Look {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Look {}

/// A text is no template, or asks for what is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {why}")]
pub struct BadTemplate {
    /// The key in `[templates]`.
    pub part: &'static str,
    /// What is wrong, with the line.
    pub why: String,
}

impl Look {
    /// Reads the templates and tries them on made-up notices of every kind.
    ///
    /// # Errors
    ///
    /// [`BadTemplate`] for the first one that cannot be used.
    pub fn compile(texts: &Texts) -> Result<Self, BadTemplate> {
        let prefix = &texts.subject_prefix;
        if prefix.chars().count() > PREFIX || prefix.chars().any(char::is_control) {
            return Err(BadTemplate { part: "subject_prefix", why: format!("is a line of at most {PREFIX} characters") });
        }
        let mut look = Self { texts: texts.clone(), templates: environment() };
        let parts = [("intro", &texts.intro), ("outro", &texts.outro), ("text", &texts.text), ("html", &texts.html)];
        for (part, source) in parts.into_iter().filter_map(|(part, source)| Some((part, source.as_ref()?))) {
            look.add(part, source).and_then(|()| look.try_out(part)).map_err(|why| BadTemplate { part, why })?;
        }
        Ok(look)
    }

    fn add(&mut self, part: &'static str, source: &str) -> Result<(), String> {
        if source.len() > LONGEST {
            return Err(format!("is longer than {} kB", LONGEST / 1000));
        }
        self.templates.add_template_owned(part, source.to_owned()).map_err(|error| told(&error))
    }

    fn try_out(&self, part: &str) -> Result<(), String> {
        let template = self.templates.get_template(part).map_err(|error| told(&error))?;
        let known = parts::given(&specimen::opened(), "");
        // What stands in a branch that no made-up notice takes is missed by filling it in.
        let mut strangers: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| known.get_attr(name).is_ok_and(|value| value.is_undefined()))
            .collect();
        strangers.retain(|name| !self.templates.globals().any(|(global, _)| global == name));
        strangers.sort_unstable();
        if let Some(stranger) = strangers.first() {
            return Err(format!("asks for `{stranger}`, which no notice has"));
        }
        for row in specimen::all() {
            self.fill(part, &parts::given(&row, "chart@example.com")).unwrap_or(Ok(String::new()))?;
        }
        Ok(())
    }

    /// A part filled in; `None` where it is not configured.
    pub(super) fn fill(&self, part: &str, given: &Value) -> Option<Result<String, String>> {
        let template = self.templates.get_template(part).ok()?;
        let filled = template.render(given).map_err(|error| told(&error));
        Some(filled.and_then(|text| if text.len() > MOST { Err(format!("gives more than {} kB", MOST / 1000)) } else { Ok(tame(&text)) }))
    }
}

/// Nothing is read from anywhere, and what is not there is a mistake.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| if name == "html" { AutoEscape::Html } else { AutoEscape::None });
    environment.set_fuel(Some(STEPS));
    environment
}

/// `line 3: unknown function: foo`
fn told(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    match error.line() {
        Some(line) => format!("has a mistake in line {line}: {what}"),
        None => format!("has a mistake: {what}"),
    }
}

/// Without what could mislead readers or the mail: controls and marks of direction.
fn tame(text: &str) -> String {
    let marks = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars().filter(|&letter| letter == '\n' || !(letter.is_control() || marks(letter))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &Texts, expected: &str) {
        assert_eq!(Look::compile(texts).unwrap_err().to_string(), expected);
    }

    fn intro(text: &str) -> Texts {
        Texts { intro: Some(text.to_owned()), ..Texts::default() }
    }

    #[test]
    fn a_template_that_cannot_be_filled_in_is_refused_with_its_line() {
        check(
            &intro("Hello\n{{ theme"),
            "`intro` has a mistake in line 2: syntax error: unexpected end of input, expected end of variable block",
        );
        check(&intro("{{ thema }}"), "`intro` asks for `thema`, which no notice has");
        check(&intro("{% if event == 'never' %}{{ thema }}{% endif %}"), "`intro` asks for `thema`, which no notice has");
        check(&intro("{{ tune.nothing }}"), "`intro` has a mistake in line 1: undefined value");
        check(&intro("{% include 'x' %}"), "`intro` has a mistake in line 1: syntax error: unknown statement include");
    }

    #[test]
    fn a_template_that_has_no_end_is_refused() {
        let refused = Look::compile(&intro("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}")).unwrap_err();
        assert_eq!(refused.to_string(), "`intro` has a mistake in line 1: engine ran out of fuel");
        let refused = Look::compile(&intro("{% for a in range(9999) %}0123456789{% endfor %}")).unwrap_err();
        assert_eq!(refused.to_string(), "`intro` gives more than 50 kB");
    }

    #[test]
    fn a_prefix_has_to_leave_room_for_the_subject() {
        let texts = Texts { subject_prefix: "[A prefix that is longer than it should be]".to_owned(), ..Texts::default() };
        check(&texts, "`subject_prefix` is a line of at most 30 characters");
    }

    #[test]
    fn every_part_of_a_story_can_be_told_by_a_template() {
        let text = "{{ headline }}\n{% for line in lead %}{{ line }}\n{% endfor %}{% for quote in quotes %}- {{ quote.words }}\n{% endfor %}\
                    {% if chart %}{{ chart.drawing | join('\\n') }}{% endif %}{{ event }} {{ level }} {{ incident }} {{ watch }} {{ theme }}";
        let look = Look::compile(&Texts { text: Some(text.to_owned()), ..Texts::default() }).unwrap();
        let filled = look.fill("text", &parts::given(&specimen::opened(), "")).unwrap().unwrap();
        assert!(filled.starts_with("OPENED - high - ") && filled.ends_with("opened high i-5pec1men app reviews login_fails"), "{filled}");
        assert!(look.fill("html", &Value::UNDEFINED).is_none());
    }
}
