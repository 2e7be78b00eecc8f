//! What is wrong with a source, as people would say it.
//!
//! A trouble is found from what is remembered of a source's streams; it is an incident of its own
//! when it lasts, and a mark on the watches that count the source while they are blind for it.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::incident::Level;

/// What is wrong with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A person wants it left alone.
    Paused,
    /// It cannot be read, whatever for.
    Unreachable,
    /// There is nothing at its address (404).
    Missing,
    /// It refuses access (401, 403, 407, 451, 999).
    Refused,
    /// It shows a login page.
    Login,
    /// It wants to be shown that a person asks.
    Captcha,
    /// It answers with something that its kind of source does not read.
    Unreadable,
    /// It asks to be left alone for a while (429, 503).
    Busy,
    /// `robots.txt` says that programs should not read it.
    Robots,
    /// It said that it is gone for good (410), and is not asked any more.
    Gone,
    /// It holds nothing where it always held something.
    Empty,
    /// Another feed is at its address.
    AnotherFeed,
    /// Its ids change from poll to poll; its messages are known by their words.
    IdsChange,
    /// Messages were probably missed between two polls.
    Gap,
    /// It is read well and brings nothing new, where something was expected.
    Silent,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Paused,
        Self::Unreachable,
        Self::Missing,
        Self::Refused,
        Self::Login,
        Self::Captcha,
        Self::Unreadable,
        Self::Busy,
        Self::Robots,
        Self::Gone,
        Self::Empty,
        Self::AnotherFeed,
        Self::IdsChange,
        Self::Gap,
        Self::Silent,
    ];

    /// The word in JSON and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Unreachable => "unreachable",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Login => "login",
            Self::Captcha => "captcha",
            Self::Unreadable => "unreadable",
            Self::Busy => "busy",
            Self::Robots => "robots",
            Self::Gone => "gone",
            Self::Empty => "empty",
            Self::AnotherFeed => "another_feed",
            Self::IdsChange => "ids_change",
            Self::Gap => "gap",
            Self::Silent => "silent",
        }
    }

    /// What the source does, for people, behind its name: `shows a login page`.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Paused => "is paused",
            Self::Unreachable => "cannot be read",
            Self::Missing => "is not at its address any more",
            Self::Refused => "refuses access",
            Self::Login => "shows a login page",
            Self::Captcha => "shows a captcha",
            Self::Unreadable => "shows something that is no feed",
            Self::Busy => "asks to be left alone",
            Self::Robots => "is closed to programs by its robots.txt",
            Self::Gone => "is gone for good",
            Self::Empty => "is suddenly empty",
            Self::AnotherFeed => "shows another feed",
            Self::IdsChange => "changes its ids at every poll",
            Self::Gap => "brings more than is read",
            Self::Silent => "brings nothing new",
        }
    }

    /// Whether polls fail.
    #[must_use]
    pub fn is_failure(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Missing
            | Self::Refused
            | Self::Login
            | Self::Captcha
            | Self::Unreadable
            | Self::Busy
            | Self::Robots
            | Self::Gone => true,
            Self::Paused | Self::Empty | Self::AnotherFeed | Self::IdsChange | Self::Gap | Self::Silent => false,
        }
    }

    /// Whether a watch has no data from the source: that there are no complaints says nothing. Where
    /// messages are only known by other marks, or some were missed, it has.
    #[must_use]
    pub fn blinds(self) -> bool {
        !matches!(self, Self::IdsChange | Self::Gap)
    }

    /// Whether it goes on until a person does something about it, however long one waits.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::Refused | Self::Login | Self::Captcha | Self::Robots | Self::Gone | Self::AnotherFeed | Self::IdsChange)
    }

    /// How loud it is told. What is read all the same is for information.
    #[must_use]
    pub fn level(self) -> Level {
        if self.blinds() { Level::Medium } else { Level::Low }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_one_that_is_stored() {
        let all = [Trouble::Paused, Trouble::AnotherFeed, Trouble::IdsChange, Trouble::Silent, Trouble::Login];
        for trouble in all {
            assert_eq!(serde_json::to_string(&trouble).unwrap(), format!("\"{trouble}\""));
        }
    }

    #[test]
    fn what_blinds_a_watch_is_louder_than_what_does_not() {
        assert_eq!((Trouble::Login.level(), Trouble::Gap.level()), (Level::Medium, Level::Low));
        assert!(Trouble::Silent.blinds() && !Trouble::Silent.is_failure());
    }
}
