//! `[words]` and `[[theme]]`: own themes beside the built-in ones, and the way back from a rule to
//! its place in the file.

use std::ops::Range;

use crate::config::Document;
use crate::config::check::names;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::text::Text;
use crate::config::literal;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::theme::Rule;
use crate::config::shape::theme::Theme;
use crate::config::shape::top::Top;
use crate::config::themes::built_in;
use crate::config::tree::Place;
use crate::domain::theme::RuleText;
use crate::domain::theme::ThemeText;
use crate::tagging;
use crate::tagging::Part;

/// Where the texts of a theme stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The header of the theme.
    pub at: Place,
    /// `when` and `unless` of each rule, in the order of [`ThemeText::rules`].
    pub rules: Vec<(Place, Option<Place>)>,
    /// Each choice of words, in the order of [`ThemeText::words`].
    pub words: Vec<(String, Place)>,
}

/// The themes in use, each own one with where it stands.
pub fn themes(top: &Top, reader: &mut Reader<'_>) -> (Vec<ThemeText>, Vec<Option<Origin>>) {
    let named = top.theme.iter().filter_map(|theme| theme.name.as_ref());
    names::unique("theme", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    let own: Vec<(ThemeText, Origin)> = top.theme.iter().filter_map(|theme| own(theme, &top.words.value, reader)).collect();
    let mut themes = if top.builtin_themes.value { built_in() } else { Vec::new() };
    themes.retain(|theme| !own.iter().any(|(text, _)| text.name == theme.name));
    let mut origins = vec![None; themes.len()];
    for (text, origin) in own {
        themes.push(text);
        origins.push(Some(origin));
    }
    (themes, origins)
}

/// One theme as its rules are compiled from; `shared` are the choices of words of the whole file.
pub fn own(theme: &Theme, shared: &Map, reader: &mut Reader<'_>) -> Option<(ThemeText, Origin)> {
    let name = theme.name.as_ref()?;
    if theme.rules.value.0.is_empty() && theme.rule.is_empty() && !reader.is_spoilt("rules") {
        reader.report(
            Problem::error(Code::Missing, theme.at.clone(), format!("the theme `{}` has no rule", name.value.0))
                .label("`rules` is missing")
                .help("add it: `rules = [\"(split | part) NEAR/3 pay*\"]`"),
        );
    }
    let words = || shared.0.iter().chain(&theme.words.value.0);
    let texts = |list: &List<Text>| -> Vec<String> { list.iter().map(|text| text.value.0.clone()).collect() };
    let plain = theme.rules.value.iter().map(|when| {
        let rule = RuleText { when: when.value.0.clone(), ..RuleText::default() };
        (rule, (when.at.clone().unwrap_or_default(), None))
    });
    let long = theme.rule.iter().filter_map(|rule| {
        let text = RuleText {
            name: rule.name.as_ref().map(|name| name.value.0.clone()).unwrap_or_default(),
            when: rule.when.as_ref()?.value.0.clone(),
            unless: rule.unless.as_ref().map(|unless| unless.value.0.clone()).unwrap_or_default(),
            scope: rule.scope.value.0,
            matches: texts(&rule.matches.value),
            matches_not: texts(&rule.matches_not.value),
        };
        Some((text, places(rule)))
    });
    let (rules, rule_places) = plain.chain(long).unzip();
    let text = ThemeText {
        name: name.value.0.clone(),
        title: theme.title.as_ref().map_or_else(|| name.value.0.replace('_', " "), |title| title.value.0.clone()),
        words: words().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
        rules,
        matches: texts(&theme.matches.value),
        matches_not: texts(&theme.matches_not.value),
    };
    let words = words().map(|entry| (entry.key.clone(), entry.at.clone())).collect();
    Some((text, Origin { at: theme.at.clone(), rules: rule_places, words }))
}

fn places(rule: &Rule) -> (Place, Option<Place>) {
    let when = rule.when.as_ref().and_then(|when| when.at.clone()).unwrap_or_default();
    (when, rule.unless.as_ref().and_then(|unless| unless.at.clone()))
}

/// Compiles the rules, for their mistakes. Those of built-in themes are a bug that a test finds.
pub fn compile(themes: &[ThemeText], origins: &[Option<Origin>], reader: &mut Reader<'_>) {
    for error in tagging::compile(themes).err().unwrap_or_default() {
        if let Some(origin) = origins.get(error.theme).and_then(Option::as_ref) {
            reader.report(problem_of_rule(origin, error.rule, &error.part, error.span, &error.why, &error.cure, reader.documents));
        }
    }
}

/// What is wrong with a rule, pointed out in the file. `span` is bytes of the text that `part` of
/// rule number `rule` of the theme at `origin` comes to; where that cannot be found any more, the
/// header of the theme is marked.
#[must_use]
pub fn problem_of_rule(
    origin: &Origin,
    rule: Option<usize>,
    part: &Part,
    span: Range<usize>,
    why: &str,
    cure: &str,
    documents: &[Document],
) -> Problem {
    let whole = rule.and_then(|number| origin.rules.get(number));
    let text = match part {
        Part::When => whole.map(|(when, _)| when),
        Part::Unless => whole.and_then(|(_, unless)| unless.as_ref()),
        // A theme's own choice stands behind the one of the file and wins.
        Part::Words(name) => origin.words.iter().rev().find(|(known, _)| known == name).map(|(_, at)| at),
    };
    let at = text.map_or_else(|| origin.at.clone(), |at| literal::place(at, span, documents));
    Problem::error(Code::BadRule, at, format!("the rule cannot be understood: {why}")).label("here").help(cure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;
    use crate::config::syntax;

    const TEXT: &str = r#"
[words]
late = "late | delayde"
[[theme]]
name = "slow"
rules = ["@late & parcel", "say \"no\" (parcel"]
words = { parcel = "parcel | box" }
[[theme.rule]]
when = "pay*"
unless = """
refund* |
| back"""
"#;

    fn shown(rule: Option<usize>, part: &Part, fault: &str) -> String {
        let documents = [Document { name: "uproar.toml".to_owned(), text: TEXT.to_owned() }];
        let none = |_: &Reference| -> Result<String, Unreadable> { Ok(String::new()) };
        let (table, problems) = syntax::read(0, TEXT);
        assert_eq!(problems, []);
        let mut reader = Reader::new(&documents, &none, false);
        let top = Top::read_table(&table, &Place::default(), &mut reader);
        let (themes, origins) = themes(&top, &mut reader);
        assert_eq!(reader.problems, []);
        let at = themes.iter().position(|theme| theme.name == "slow").unwrap();
        let text = match (part, rule) {
            (Part::When, Some(rule)) => &themes[at].rules[rule].when,
            (Part::Unless, Some(rule)) => themes[at].rules.get(rule).map_or("", |rule| rule.unless.as_str()),
            (Part::Words(name), _) => themes[at].words.iter().find(|(known, _)| known == name).map(|(_, text)| text).unwrap(),
            _ => "",
        };
        let from = text.rfind(fault).unwrap();
        let origin = origins[at].as_ref().unwrap();
        let problem = problem_of_rule(origin, rule, part, from..from + fault.len(), "why", "cure", &documents);
        let line = crate::config::print::line_of(TEXT, problem.span.start);
        format!("{line}: {}", &TEXT[problem.span])
    }

    #[test]
    fn a_fault_in_a_rule_is_found_in_the_file() {
        assert_eq!(shown(Some(0), &Part::When, "parcel"), "6: parcel");
        assert_eq!(shown(Some(1), &Part::When, "(parcel"), "6: (parcel");
        assert_eq!(shown(Some(1), &Part::When, "\"no\""), r#"6: \"no\""#);
        assert_eq!(shown(Some(2), &Part::When, "*"), "9: *");
        assert_eq!(shown(Some(2), &Part::Unless, "| back"), "12: | back");
        assert_eq!(shown(None, &Part::Words("late".to_owned()), "delayde"), "3: delayde");
        assert_eq!(shown(None, &Part::Words("parcel".to_owned()), "box"), "7: box");
    }

    #[test]
    fn a_fault_without_a_place_marks_the_theme() {
        assert_eq!(shown(Some(9), &Part::Unless, "").split(':').next(), Some("4"));
    }
}
