//! Which rules the stored tags are from, and how far a change of rules has come.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::item::Rating;
use crate::domain::theme::Tag;

/// Which rules the stored tags are from. While history is tagged again, those of the messages up
/// to `done_to` and of all that have come since; the others have the tags of older rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// Fingerprint of all rules together.
    pub rules: String,
    /// Fingerprints of the themes, by name; empty where an older release wrote it.
    #[serde(default)]
    pub themes: BTreeMap<String, String>,
    /// Number of the last message of history that has its tags from them.
    pub done_to: i64,
    /// All messages have, but for those without a text.
    pub finished: bool,
    /// Themes of which history may be half old and half new: nothing is said of them.
    #[serde(default)]
    pub moving: BTreeSet<String>,
    /// Themes whose counters did move, and the first quarter in which they did.
    #[serde(default)]
    pub stirred: BTreeMap<String, Quarter>,
    /// The newest message when these rules came: what came later was tagged with them at once.
    #[serde(default)]
    pub newest: i64,
    /// When these rules came.
    #[serde(default)]
    pub begun: Timestamp,
    /// Messages that stand and have no text any more: they keep the tags of older rules.
    #[serde(default)]
    pub without_text: u64,
    /// Event time of the newest of them.
    #[serde(default)]
    pub pruned_to: Option<Timestamp>,
    /// Themes of which history has moved at some time, and when it did last.
    #[serde(default)]
    pub moved: BTreeMap<String, Moved>,
}

/// When the history of a theme moved because its rules changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// When the rules came. Complaints of the weeks before do not testify any more.
    pub begun: Timestamp,
    /// The newest message at that moment.
    pub newest: i64,
    /// Messages from before then keep the tags of older rules: history begins there.
    pub since: Option<Timestamp>,
}

impl Ruleset {
    /// What is to be done for rules with these fingerprints, in a store where this is known.
    /// Number and time of the newest message are for the store to fill in.
    #[must_use]
    pub fn next(known: Option<&Self>, rules: &str, themes: &BTreeMap<String, String>, now: Timestamp) -> Self {
        let fresh = || Self { rules: rules.to_owned(), themes: themes.clone(), begun: now, ..Self::default() };
        let Some(known) = known else { return Self { moving: themes.keys().cloned().collect(), ..fresh() } };
        if known.rules == rules {
            return Self { themes: themes.clone(), ..known.clone() };
        }
        // What was half done stays half done until it is done under the new rules.
        let mut moving = known.moving.clone();
        moving.extend(changed(&known.themes, themes));
        Self { moving, stirred: known.stirred.clone(), moved: known.moved.clone(), ..fresh() }
    }
}

/// Themes that are new, gone or other than they were; all where nothing says which.
fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeSet<String> {
    let all = || before.keys().chain(after.keys());
    let changed: BTreeSet<String> = all().filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    if before.is_empty() || changed.is_empty() { all().cloned().collect() } else { changed }
}

/// A stored message with all that rules look at, and what they said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMessage {
    /// Number of the item.
    pub item: i64,
    /// Its revision: an edit in the meantime is tagged with the present rules already.
    pub rev: i64,
    /// Headline.
    pub title: String,
    /// Words.
    pub text: String,
    /// Stars or the like.
    pub rating: Option<Rating>,
    /// Name of the source.
    pub source: String,
    /// Language, where the source knows it.
    pub lang: Option<String>,
    /// Its tags, by the names of their themes.
    pub tags: Vec<Tag>,
}

/// Messages of one reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredMessages {
    /// Those that have a text, in the order in which they were stored.
    pub messages: Vec<StoredMessage>,
    /// Number of the last item that was looked at; `None` when there is no further one.
    pub last: Option<i64>,
    /// How many stand without a text.
    pub without_text: u64,
    /// Event time of the newest of these.
    pub pruned_to: Option<Timestamp>,
}

/// New tags of messages, and how far the tagging has come with them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retagged {
    /// Fingerprint of the rules. Under others nothing is written.
    pub rules: String,
    /// Where it had come to before: from somewhere else nothing is written.
    pub after: i64,
    /// Messages whose tags are others now.
    pub items: Vec<NewTags>,
    /// Number of the last message that was looked at.
    pub done_to: i64,
    /// There is no further one.
    pub finished: bool,
    /// Messages without a text among those that were looked at.
    pub without_text: u64,
    /// Event time of the newest of these.
    pub pruned_to: Option<Timestamp>,
}

/// The tags that a message has from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTags {
    /// Number of the item.
    pub item: i64,
    /// The revision that was tagged.
    pub rev: i64,
    /// All of its tags.
    pub tags: Vec<Tag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|&(name, print)| (name.to_owned(), print.to_owned())).collect()
    }

    fn names(of: &BTreeSet<String>) -> Vec<&str> {
        of.iter().map(String::as_str).collect()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn only_what_is_new_gone_or_other_moves() {
        let themes = prints(&[("late", "1"), ("cold", "1"), ("dark", "1")]);
        let known = Ruleset { rules: "old".to_owned(), themes, done_to: 70, finished: true, newest: 70, ..Ruleset::default() };
        let themes = prints(&[("late", "1"), ("cold", "2"), ("loud", "1")]);
        let next = Ruleset::next(Some(&known), "new", &themes, at(1));
        assert_eq!(names(&next.moving), ["cold", "dark", "loud"]);
        assert_eq!((next.done_to, next.finished, next.begun), (0, false, at(1)));
    }

    #[test]
    fn where_nobody_knows_which_rules_changed_all_themes_move() {
        let themes = prints(&[("late", "1"), ("cold", "1")]);
        let older = Ruleset { rules: "old".to_owned(), finished: true, ..Ruleset::default() };
        let same = Ruleset { themes: themes.clone(), ..older.clone() };
        for known in [None, Some(&older), Some(&same)] {
            assert_eq!(names(&Ruleset::next(known, "new", &themes, at(1)).moving), ["cold", "late"]);
        }
    }

    #[test]
    fn what_was_cut_goes_on_and_under_other_rules_begins_again_with_what_it_had_begun() {
        let themes = prints(&[("late", "1"), ("cold", "2")]);
        let half = Ruleset {
            rules: "new".to_owned(),
            themes: themes.clone(),
            done_to: 40,
            moving: [String::from("cold")].into(),
            newest: 70,
            begun: at(1),
            ..Ruleset::default()
        };
        assert_eq!(Ruleset::next(Some(&half), "new", &themes, at(9)), half);
        let back = prints(&[("late", "3"), ("cold", "2")]);
        let again = Ruleset::next(Some(&half), "other", &back, at(9));
        assert_eq!((names(&again.moving), again.done_to, again.begun), (vec!["cold", "late"], 0, at(9)));
    }

    #[test]
    fn what_an_older_release_wrote_is_understood() {
        let old: Ruleset = serde_json::from_str(r#"{"rules":"a","done_to":7,"finished":true}"#).unwrap();
        assert_eq!(old, Ruleset { rules: "a".to_owned(), done_to: 7, finished: true, ..Ruleset::default() });
    }
}
