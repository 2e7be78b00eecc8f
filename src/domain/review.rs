//! What people say about the themes of stored messages.
//!
//! A review measures the rules and changes nothing: tags and counters stay what the rules make them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::domain::Timestamp;
use crate::domain::item::Rating;

/// One person looked at one stored message and said everything about its themes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Number of the message.
    pub item: i64,
    /// Who looked.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// How the message came before this person.
    pub drawn: Drawn,
    /// Which messages it was drawn from.
    pub among: Among,
    /// Hash of the content that was looked at, which is title, text, rating and all fields: a message of
    /// which one of them was edited is another one.
    pub content: u64,
    /// Every theme that was asked about. Of a theme that is not here nothing was said.
    pub verdicts: BTreeMap<String, Verdict>,
}

/// What was said of one theme, beside the rule that gave it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Given by this rule, rightly.
    Right(String),
    /// Given by this rule, wrongly.
    Wrong(String),
    /// Not given, and should be.
    Missing,
    /// Not given, rightly.
    Absent,
}

/// How a message was chosen. Only chance measures what is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drawn {
    /// By chance alone.
    Random,
    /// Because the rules were in doubt.
    Unsure,
    /// Read from a file that does not say.
    Import,
}

/// The messages among which one was drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Among {
    /// All that have their text.
    #[default]
    All,
    /// Those of some sources.
    Sources,
    /// Those with a theme.
    Theme(String),
}

impl Verdict {
    /// What it is when a theme was or was not given, by a rule, and is or is not true.
    #[must_use]
    pub fn of(rule: Option<&str>, is_true: bool) -> Self {
        match (rule, is_true) {
            (Some(rule), true) => Self::Right(rule.to_owned()),
            (Some(rule), false) => Self::Wrong(rule.to_owned()),
            (None, true) => Self::Missing,
            (None, false) => Self::Absent,
        }
    }

    /// Whether the message is about the theme.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Right(_) | Self::Missing)
    }

    /// The rule that gave the theme.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Right(rule) | Self::Wrong(rule) => Some(rule),
            Self::Missing | Self::Absent => None,
        }
    }

    /// The word in the database.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Right(_) => "right",
            Self::Wrong(_) => "wrong",
            Self::Missing => "missing",
            Self::Absent => "absent",
        }
    }
}

impl Drawn {
    /// The word in the database and in exports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Unsure => "unsure",
            Self::Import => "import",
        }
    }

    /// What [`Drawn::word`] wrote.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Random, Self::Unsure, Self::Import].into_iter().find(|drawn| drawn.word() == word)
    }
}

impl Among {
    /// How it stands in the database and in exports; empty for all.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Sources => "sources".to_owned(),
            Self::Theme(name) => format!("theme {name}"),
        }
    }

    /// What [`Among::word`] wrote.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::All),
            "sources" => Some(Self::Sources),
            _ => word.strip_prefix("theme ").filter(|name| !name.is_empty()).map(|name| Self::Theme(name.to_owned())),
        }
    }
}

/// A reviewed message with its words, for whoever learns from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedItem {
    /// Its number.
    pub item: i64,
    /// Headline.
    pub title: String,
    /// Words, not redacted.
    pub text: String,
    /// Language.
    pub lang: Option<String>,
    /// Rating.
    pub rating: Option<Rating>,
    /// Name of its source.
    pub source: String,
    /// Themes that are true of it by the newest review: right and missing ones.
    pub themes: BTreeSet<String>,
    /// Themes that the newest review asked about and that are not true of it: wrongly given and
    /// rightly absent ones. Of others nothing is known.
    pub rejected: BTreeSet<String>,
    /// How it was drawn: by chance, if any of its reviews was.
    pub drawn: Drawn,
    /// Among which messages it was drawn that way.
    pub among: Among,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_what_was_given_held_against_what_is_true() {
        for (rule, is_true, word) in
            [(Some("r"), true, "right"), (Some("r"), false, "wrong"), (None, true, "missing"), (None, false, "absent")]
        {
            let verdict = Verdict::of(rule, is_true);
            assert_eq!((verdict.word(), verdict.rule(), verdict.is_true()), (word, rule, is_true));
        }
    }

    #[test]
    fn words_come_back_as_what_they_stand_for() {
        for drawn in [Drawn::Random, Drawn::Unsure, Drawn::Import] {
            assert_eq!(Drawn::of_word(drawn.word()), Some(drawn));
        }
        for among in [Among::All, Among::Sources, Among::Theme("late".to_owned())] {
            assert_eq!(Among::of_word(&among.word()), Some(among));
        }
        assert_eq!((Drawn::of_word("dice"), Among::of_word("theme "), Among::of_word("watch")), (None, None, None));
    }
}
