//! `[words]` and `[[theme]]`: own themes beside the built-in ones, and the way back from a rule to
//! its place in the file.

use std::ops::Range;

use crate::config::Document;
use crate::config::check::names;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::number::Positive;
use crate::config::kind::text::Text;
use crate::config::kind::text::Word;
use crate::config::literal;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::theme::Rule;
use crate::config::shape::theme::Theme;
use crate::config::shape::top::Top;
use crate::config::themes::built_in;
use crate::config::themes::shared as built_in_languages;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::tagging;
use crate::tagging::ExampleFailure;
use crate::tagging::Part;
use crate::tagging::languages;

/// Where the texts of a theme stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The header of the theme.
    pub at: Place,
    /// The parts of each rule, in the order of [`ThemeText::rules`].
    pub rules: Vec<Vec<(Part, Place)>>,
    /// Each choice of words, in the order of [`ThemeText::words`].
    pub words: Vec<(String, Place)>,
    /// The theme's own examples: those that match, and those that do not.
    pub examples: [Vec<Place>; 2],
    /// As `examples`, of each rule.
    pub rule_examples: Vec<[Vec<Place>; 2]>,
}

impl Origin {
    /// Where an example stands; the header of the theme where that is not known.
    #[must_use]
    pub fn example(&self, rule: Option<usize>, should_match: bool, number: usize) -> &Place {
        let examples = rule.map_or(Some(&self.examples), |rule| self.rule_examples.get(rule));
        examples.and_then(|kinds| kinds[usize::from(!should_match)].get(number)).unwrap_or(&self.at)
    }
}

/// The themes in use, each own one with where it stands.
pub fn themes(top: &Top, reader: &mut Reader<'_>) -> (Vec<ThemeText>, Vec<Option<Origin>>) {
    let named = top.theme.iter().filter_map(|theme| theme.name.as_ref());
    names::unique("theme", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    let own: Vec<(ThemeText, Origin)> = top.theme.iter().filter_map(|theme| own(theme, &top.words.value, reader)).collect();
    for theme in top.theme.iter().filter(|theme| theme.rules.value.0.is_empty() && theme.rule.is_empty()) {
        without_rules(theme, reader);
    }
    let sources: Vec<&str> = top.source.iter().filter_map(|source| Some(source.name.as_ref()?.value.0.as_str())).collect();
    for named in top.theme.iter().flat_map(|theme| &theme.rule).flat_map(|rule| rule.source.value.iter()) {
        if !sources.contains(&named.value.0.as_str()) {
            let problem =
                Problem::error(Code::UnknownName, named.at.clone().unwrap_or_default(), format!("there is no source `{}`", named.value.0));
            reader.report(problem.label("unknown source").help(format!("the configuration has {}", sources.join(", "))));
        }
    }
    let mut themes = if top.builtin_themes.value { built_in() } else { Vec::new() };
    themes.retain(|theme| !own.iter().any(|(text, _)| text.name == theme.name));
    let mut origins = vec![None; themes.len()];
    for (mut text, origin) in own {
        text.shared = built_in_languages();
        themes.push(text);
        origins.push(Some(origin));
    }
    (themes, origins)
}

/// Says that a theme has no rule.
pub fn without_rules(theme: &Theme, reader: &mut Reader<'_>) {
    let Some(name) = theme.name.as_ref().filter(|_| !reader.is_spoilt("rules")) else { return };
    reader.report(
        Problem::error(Code::Missing, theme.at.clone(), format!("the theme `{}` has no rule", name.value.0))
            .label("`rules` is missing")
            .help("add it: `rules = [\"(split | part) NEAR/3 pay*\"]`"),
    );
}

/// One theme as its rules are compiled from; `shared` are the choices of words of the whole file.
pub fn own(theme: &Theme, shared: &Map, reader: &mut Reader<'_>) -> Option<(ThemeText, Origin)> {
    let name = theme.name.as_ref()?;
    let words = || shared.0.iter().chain(&theme.words.value.0);
    let mut text = ThemeText {
        name: name.value.0.clone(),
        title: theme.title.as_ref().map_or_else(|| name.value.0.replace('_', " "), |title| title.value.0.clone()),
        words: words().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
        matches: texts(&theme.matches.value),
        matches_not: texts(&theme.matches_not.value),
        ..ThemeText::default()
    };
    let mut origin = Origin {
        at: theme.at.clone(),
        words: words().map(|entry| (entry.key.clone(), entry.at.clone())).collect(),
        examples: [places(&theme.matches.value), places(&theme.matches_not.value)],
        ..Origin::default()
    };
    for when in theme.rules.value.iter() {
        text.rules.push(RuleText { when: when.value.0.clone(), ..RuleText::default() });
        origin.rules.push(vec![(Part::When, when.at.clone().unwrap_or_default())]);
        origin.rule_examples.push([Vec::new(), Vec::new()]);
    }
    for rule in &theme.rule {
        if let Some(read) = read_rule(rule, reader) {
            text.rules.push(read);
            origin.rules.push(parts(rule));
            origin.rule_examples.push([places(&rule.matches.value), places(&rule.matches_not.value)]);
        }
    }
    Some((text, origin))
}

fn read_rule(rule: &Rule, reader: &mut Reader<'_>) -> Option<RuleText> {
    let is_empty = rule.when.is_none() && rule.all.value.0.is_empty() && rule.any.value.0.is_empty() && rule.when_themes.value.0.is_empty();
    if is_empty {
        let problem = Problem::error(Code::Missing, rule.at.clone(), "the rule does not say what to look for".to_owned());
        reader.report(
            problem.label("`when` is missing").help("add it: `when = \"(split | part) NEAR/3 pay*\"`; or `any`, `all`, `when_themes`"),
        );
        return None;
    }
    for code in rule.lang.value.iter().filter(|code| !languages::is_known(&code.value.0)) {
        let at = code.at.clone().unwrap_or_else(|| rule.at.clone());
        let problem = Problem::error(Code::UnknownWord, at, format!("`{}` is no language that can be told apart", code.value.0));
        reader.report(problem.label("unknown language").help(format!("it may be one of {}", languages::codes())));
    }
    if rule.times.value.0 > 1 && matches!(rule.scope.value.0, Scope::Text | Scope::Title) {
        let at = rule.times.at.clone().unwrap_or_else(|| rule.at.clone());
        let problem =
            Problem::error(Code::OutOfRange, at, "a message has one text and one title, so nothing matches in it twice".to_owned());
        reader.report(
            problem.label("no more than 1 with this `scope`").help("leave `times` out, or take `scope = \"sentence\"` or \"pair\""),
        );
    }
    let (least, most) = (stars(rule.rating_at_least.as_ref()).unwrap_or(0.0), stars(rule.rating_at_most.as_ref()).unwrap_or(5.0));
    if most > 5.0 || least > most {
        let at = rule.rating_at_most.as_ref().or(rule.rating_at_least.as_ref()).and_then(|stars| stars.at.clone());
        let problem = Problem::error(Code::OutOfRange, at.unwrap_or_else(|| rule.at.clone()), "no message has such a rating".to_owned());
        reader.report(problem.label("stars of five").help("give numbers from 0 to 5, the least not above the most"));
    }
    let text = |text: &Option<Placed<Text>>| text.as_ref().map(|text| text.value.0.clone()).unwrap_or_default();
    let words = |list: &List<Word>| list.iter().map(|word| word.value.0.clone()).collect();
    Some(RuleText {
        name: rule.name.as_ref().map(|name| name.value.0.clone()).unwrap_or_default(),
        when: text(&rule.when),
        all: texts(&rule.all.value),
        any: texts(&rule.any.value),
        unless: text(&rule.unless),
        none: texts(&rule.none.value),
        when_themes: words(&rule.when_themes.value),
        lang: words(&rule.lang.value),
        source: words(&rule.source.value),
        rating_at_most: stars(rule.rating_at_most.as_ref()),
        rating_at_least: stars(rule.rating_at_least.as_ref()),
        scope: rule.scope.value.0,
        times: u32::try_from(rule.times.value.0).unwrap_or(1),
        even_calm: rule.even_calm.value,
        even_quoted: rule.even_quoted.value,
        matches: texts(&rule.matches.value),
        matches_not: texts(&rule.matches_not.value),
    })
}

fn stars(number: Option<&Placed<Positive>>) -> Option<f64> {
    number.map(|number| number.value.0)
}

fn texts(list: &List<Text>) -> Vec<String> {
    list.iter().map(|text| text.value.0.clone()).collect()
}

fn places(list: &List<Text>) -> Vec<Place> {
    list.iter().map(|text| text.at.clone().unwrap_or_default()).collect()
}

fn parts(rule: &Rule) -> Vec<(Part, Place)> {
    let one = |part: Part, text: &Option<Placed<Text>>| Some((part, text.as_ref()?.at.clone()?));
    let many = |part: fn(usize) -> Part, list: &List<Text>| -> Vec<_> {
        list.iter().enumerate().filter_map(|(number, text)| Some((part(number), text.at.clone()?))).collect()
    };
    let when_themes =
        rule.when_themes.value.iter().enumerate().filter_map(|(number, theme)| Some((Part::WhenThemes(number), theme.at.clone()?)));
    let single = [one(Part::When, &rule.when), one(Part::Unless, &rule.unless)].into_iter().flatten();
    let listed = [many(Part::All, &rule.all.value), many(Part::Any, &rule.any.value), many(Part::None, &rule.none.value)];
    single.chain(listed.into_iter().flatten()).chain(when_themes).collect()
}

/// Compiles the rules, for their mistakes. Those of built-in themes are a bug that a test finds.
pub fn compile(themes: &[ThemeText], origins: &[Option<Origin>], reader: &mut Reader<'_>) {
    for error in tagging::mistakes(themes, |theme| origins.get(theme).is_some_and(Option::is_some)) {
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
    let text = match part {
        // A theme's own choice stands behind the one of the file and wins.
        Part::Words(name) => origin.words.iter().rev().find(|(known, _)| known == name).map(|(_, at)| at),
        part => rule.and_then(|number| origin.rules.get(number)?.iter().find(|(known, _)| known == part)).map(|(_, at)| at),
    };
    let at = text.map_or_else(|| origin.at.clone(), |at| literal::place(at, span, documents));
    Problem::error(Code::BadRule, at, format!("the rule cannot be understood: {why}")).label("here").help(cure)
}

/// The themes' own examples that do not come out as they say, each at its place, with what became of
/// the parts of its rule.
#[must_use]
pub fn examples(themes: &[ThemeText], origins: &[Option<Origin>]) -> Vec<Problem> {
    let Ok(rules) = tagging::compile(themes) else { return Vec::new() };
    let problem = |failure: &ExampleFailure| {
        let nowhere = Origin::default();
        let origin = origins.get(failure.theme).and_then(Option::as_ref).unwrap_or(&nowhere);
        let theme = &themes[failure.theme];
        let of = match failure.rule.map(|number| (number, theme.rules.get(number).map_or("", |rule| rule.name.as_str()))) {
            None => format!("the theme `{}`", theme.name),
            Some((number, "")) => format!("rule {} of `{}`", number + 1, theme.name),
            Some((_, name)) => format!("the rule \"{name}\" of `{}`", theme.name),
        };
        let at = origin.example(failure.rule, failure.should_match, failure.number).clone();
        let (message, label) = if failure.should_match {
            (format!("{of} does not match its example"), "should match")
        } else {
            (format!("{of} matches what it should not"), "should not match")
        };
        Problem::warning(Code::Example, at, message).label(label).help(why(failure))
    };
    // Where somebody's own theme took the place of a built-in one, what hangs on it hangs on other words.
    let is_own = |name: &String| themes.iter().zip(origins).any(|(theme, origin)| theme.name == *name && origin.is_some());
    let is_moved = |failure: &ExampleFailure| {
        let rule = failure.rule.and_then(|rule| themes[failure.theme].rules.get(rule));
        origins.get(failure.theme).is_some_and(Option::is_none) && rule.is_some_and(|rule| rule.when_themes.iter().any(is_own))
    };
    tagging::failed_examples(&rules, themes).iter().filter(|failure| !is_moved(failure)).map(problem).collect()
}

/// What to know to mend the rule, or the example.
fn why(failure: &ExampleFailure) -> String {
    if !failure.should_match {
        let words = |tag: &Tag| {
            let words: Vec<String> =
                tag.spans.iter().filter_map(|span| failure.text.get(span.clone())).map(|word| format!("\"{word}\"")).collect();
            format!("by the rule \"{}\": {}", tag.rule, words.join(", "))
        };
        return failure.matched.iter().map(words).collect::<Vec<_>>().join("; ");
    }
    if failure.parts.is_empty() {
        return "no rule of the theme matches it; `uproar tag --rules FILE --explain` shows what does".to_owned();
    }
    if failure.parts.iter().all(|part| part.is_right) {
        return "every part is there; what is missing stands beside the words: other themes (`when_themes`), more sentences (`times`), or the clause says that all is well or quotes somebody (`even_calm`, `even_quoted`)".to_owned();
    }
    let told = failure
        .parts
        .iter()
        .map(|part| if part.is_right { format!("yes  {}", part.written) } else { format!("no   {}: {}", part.written, part.note) });
    let of = match (failure.rule, failure.nearest) {
        (None, Some(nearest)) => format!("rule {} comes nearest, part by part:", nearest + 1),
        _ => "part by part:".to_owned(),
    };
    format!("{of}\n{}", told.collect::<Vec<_>>().join("\n"))
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
        let syntax::Read { table, problems, .. } = syntax::read(0, TEXT);
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
