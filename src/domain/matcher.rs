//! What routes and silences look for in a notice.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;

/// Conditions that all must hold. An empty list asks for nothing; in names `*` is anything and `?`
/// one letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matcher {
    /// Of a route: at least this loud. Of a silence: at most, for what is louder is told nevertheless.
    pub level: Option<Level>,
    /// Names of watches.
    pub watches: Vec<String>,
    /// Names of themes.
    pub themes: Vec<String>,
    /// The segment: `all`, `country=se`, `country=*`.
    pub segment: Option<String>,
    /// Labels with their values: one holds when the incident is about that segment, or when that
    /// part of the messages drives it.
    pub labels: BTreeMap<String, String>,
    /// Names of sources, of which the watch counts one at least.
    pub sources: Vec<String>,
    /// Kinds of incidents.
    pub kinds: Vec<Kind>,
}

/// Quiet that somebody asked for: what it matches is not sent from `from` to `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number; 0 for one that is not stored yet.
    pub id: i64,
    /// What is not sent.
    pub matcher: Matcher,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who asked.
    pub who: String,
    /// Why.
    pub comment: String,
    /// When it was ended early, and by whom.
    pub ended: Option<(Timestamp, String)>,
}

impl Silence {
    /// The first moment after it.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.ended.as_ref().map_or(self.until, |(at, _)| self.until.min(*at))
    }

    /// Whether it holds at a moment.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.end()
    }
}

/// Whether a name matches a pattern of `*` and `?`.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on after the last star: behind it, with one more letter eaten by it.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                retry = Some((p, n + 1));
            }
            Some(letter) if *letter == '?' || *letter == name[n] => (p, n) = (p + 1, n + 1),
            _ => match retry {
                Some((after, next)) => {
                    (p, n) = (after, next);
                    retry = Some((after, next + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_silence_that_was_ended_early_is_over() {
        let at = |hour: u32| format!("2026-11-22T{hour:02}:00:00Z").parse::<Timestamp>().unwrap();
        let matcher = Matcher { watches: vec!["bots".to_owned()], ..Matcher::default() };
        let mut silence =
            Silence { id: 1, matcher, from: at(8), until: at(12), who: "anna".to_owned(), comment: "known".to_owned(), ended: None };
        assert_eq!([7, 8, 11, 12].map(|hour| silence.holds(at(hour))), [false, true, true, false]);
        silence.ended = Some((at(10), "bert".to_owned()));
        assert_eq!([8, 9, 10, 11].map(|hour| silence.holds(at(hour))), [true, true, false, false]);
        let stored = serde_json::to_string(&silence).unwrap();
        assert_eq!(serde_json::from_str::<Silence>(&stored).unwrap(), silence);
        assert_eq!(serde_json::from_str::<Matcher>("{}").unwrap(), Matcher::default(), "what a later release leaves out is not asked for");
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, name, fit) in [
            ("*", "anything", true),
            ("*", "", true),
            ("shop-*", "shop-se", true),
            ("shop-*", "shop", false),
            ("*-se", "app-shop-se", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("å?", "åä", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_fits_itself_and_its_beginning_with_a_star(name in "[a-c]{0,12}", cut in 0_usize..12) {
            let cut = cut.min(name.len());
            let pattern = format!("{}*", &name[..cut]);
            prop_assert!(fits(&name, &name));
            prop_assert!(fits(&pattern, &name));
        }
    }
}
