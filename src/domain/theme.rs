//! Themes as written, and what a tagger says about a text.

use std::ops::Range;

use serde::Deserialize;
use serde::Serialize;

/// A theme as it stands in a file: not compiled, not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThemeText {
    /// `looping_bot`
    pub name: String,
    /// For people: "bots going in circles". Fits the sentence "31 complaints about ...".
    pub title: String,
    /// Named choices that rules may use as `@name`.
    pub words: Vec<(String, String)>,
    /// The rules; any one of them gives the theme.
    pub rules: Vec<RuleText>,
    /// Texts that must get the theme.
    pub matches: Vec<String>,
    /// Texts that must not get it.
    pub matches_not: Vec<String>,
}

/// One rule as it stands in a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleText {
    /// Shown by explain; where the file gives none, the number of the rule.
    pub name: String,
    /// What must be there.
    pub when: String,
    /// What must not be there, in the same scope. Empty: nothing.
    pub unless: String,
    /// How far `when` reaches.
    pub scope: Scope,
    /// Texts that must match this rule.
    pub matches: Vec<String>,
    /// Texts that must not match it.
    pub matches_not: Vec<String>,
}

/// How much of a text one match may span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One sentence.
    #[default]
    Sentence,
    /// Two sentences that follow each other.
    Pair,
    /// The whole text.
    Text,
}

/// A theme that a text got, with the rule and the words that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Name of the theme.
    pub theme: String,
    /// Name of the first rule that matched.
    pub rule: String,
    /// Byte offsets into the original text.
    pub spans: Vec<Range<usize>>,
}
