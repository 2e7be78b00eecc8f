//! Themes as written, and what a tagger says about a text.

use std::ops::Range;
use std::sync::Arc;

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
    /// What languages bring for the rules of all themes; a name in `words` goes before.
    pub shared: Arc<[LanguageText]>,
    /// The rules; any one of them gives the theme.
    pub rules: Vec<RuleText>,
    /// Texts that must get the theme.
    pub matches: Vec<String>,
    /// Texts that must not get it.
    pub matches_not: Vec<String>,
}

/// What a language brings for the rules of all themes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LanguageText {
    /// Two letters: `de`.
    pub code: String,
    /// Named choices, `@name` in rules of this language, and in rules of no language too.
    pub words: Vec<(String, String)>,
    /// What says that all is well: "kein Problem". The clause that has it is no complaint.
    pub calm: Vec<String>,
    /// Words with which a sentence turns: "aber". They end a clause, as commas do.
    pub turn: String,
}

/// One rule as it stands in a file. It matches where `when`, everything in `all` and one of `any`
/// hold, as far as they are given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleText {
    /// Shown by explain; where the file gives none, the number of the rule.
    pub name: String,
    /// What must be there.
    pub when: String,
    /// What must be there too, each of it.
    pub all: Vec<String>,
    /// Of these one must be there.
    pub any: Vec<String>,
    /// What must not be there, in the same scope. Empty: nothing.
    pub unless: String,
    /// As `unless`, each of it.
    pub none: Vec<String>,
    /// Themes that the message must have by other rules. Alone, they give the theme by themselves.
    pub when_themes: Vec<String>,
    /// Languages of the messages that the rule is for; empty: all.
    pub lang: Vec<String>,
    /// Sources of the messages that the rule is for; empty: all.
    pub source: Vec<String>,
    /// Only messages that rate this or less, in stars of five.
    pub rating_at_most: Option<f64>,
    /// Only messages that rate this or more, in stars of five.
    pub rating_at_least: Option<f64>,
    /// How far `when` reaches.
    pub scope: Scope,
    /// In how many different sentences it must match; none is as good as one.
    pub times: u32,
    /// Whether it matches in a clause that says that all is well.
    pub even_calm: bool,
    /// Whether it matches in what the writer quotes.
    pub even_quoted: bool,
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
    /// The title, where the source gives one.
    Title,
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
