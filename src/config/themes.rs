//! The built-in theme files, and how a theme file is read.

use serde::Deserialize;

use crate::domain::theme::RuleText;
use crate::domain::theme::Scope;
use crate::domain::theme::ThemeText;

/// Name and text of each built-in file.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("looping_bot.toml", include_str!("../../config/themes/looping_bot.toml")),
    ("refund_failed.toml", include_str!("../../config/themes/refund_failed.toml")),
    ("no_human.toml", include_str!("../../config/themes/no_human.toml")),
    ("wrong_answer.toml", include_str!("../../config/themes/wrong_answer.toml")),
    ("no_empathy.toml", include_str!("../../config/themes/no_empathy.toml")),
    ("dispute_unresolved.toml", include_str!("../../config/themes/dispute_unresolved.toml")),
    ("repeat_contact.toml", include_str!("../../config/themes/repeat_contact.toml")),
    ("churn_or_legal.toml", include_str!("../../config/themes/churn_or_legal.toml")),
    ("loyalty.toml", include_str!("../../config/themes/loyalty.toml")),
];

/// The built-in themes.
#[must_use]
pub fn built_in() -> Vec<ThemeText> {
    BUILT_IN.iter().flat_map(|(name, text)| parse(text).unwrap_or_else(|error| panic!("built-in {name}: {error}"))).collect()
}

/// Reads one theme file.
///
/// # Errors
///
/// The first mistake.
pub fn parse(text: &str) -> Result<Vec<ThemeText>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(file
        .theme
        .into_iter()
        .map(|theme| {
            let words = file.words.iter().chain(&theme.words).map(|(name, choice)| (name.clone(), choice.clone())).collect();
            let plain = theme.rules.iter().map(|when| RuleText { when: when.clone(), ..RuleText::default() });
            let long = theme.rule.iter().map(|rule| RuleText {
                name: rule.name.clone(),
                when: rule.when.clone(),
                unless: rule.unless.clone(),
                scope: rule.scope,
                matches: rule.matches.clone(),
                matches_not: rule.matches_not.clone(),
            });
            ThemeText {
                title: theme.title.clone(),
                words,
                rules: plain.chain(long).collect(),
                matches: theme.matches.clone(),
                matches_not: theme.matches_not.clone(),
                name: theme.name,
            }
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    words: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    theme: Vec<Theme>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Theme {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    words: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    matches_not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    name: String,
    when: String,
    #[serde(default)]
    unless: String,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    matches_not: Vec<String>,
}
