//! Labels as JSON lines: what a line holds, and what has to be true of one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::review::Among;
use crate::domain::review::Drawn;
use crate::domain::review::Review;
use crate::domain::review::Verdict;
use crate::store::sqlite::reviews::StoredReview;
use crate::text::redact::redact;

/// One label of one message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Name of the message's source.
    pub(super) source: String,
    /// What the source calls the message.
    #[serde(deserialize_with = "text_or_number")]
    pub(super) id: String,
    /// The themes that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) labels: Option<Vec<String>>,
    /// Those given rightly.
    #[serde(default)]
    pub(super) right: Vec<String>,
    /// Those given wrongly.
    #[serde(default)]
    pub(super) wrong: Vec<String>,
    /// Those that should have been given.
    #[serde(default)]
    pub(super) missing: Vec<String>,
    /// Those that rightly were not given; all others of the configuration without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) absent: Option<Vec<String>>,
    /// The rule of each theme that was given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rules: BTreeMap<String, String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) who: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    /// How the message was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drawn: Option<String>,
    /// Among which messages; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) among: Option<String>,
    /// Which words were looked at, as a hash; the present ones without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    /// The message is another one since, or was taken back: its words are not those that were looked at.
    /// An import need not be told, for it has `content`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) stale: bool,
    /// Headline, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    /// Words, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

/// A line that was read and found to make sense.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) source: String,
    pub(super) id: String,
    /// Verdicts without rules where the line does not name them.
    pub(super) verdicts: BTreeMap<String, Verdict>,
    pub(super) who: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) drawn: Drawn,
    pub(super) among: Among,
    pub(super) content: Option<u64>,
    /// Other themes of the configuration count as rightly absent.
    pub(super) rest_is_absent: bool,
}

impl Line {
    /// A stored label as a line. A stale one never has words: those of now are not what it is about.
    pub(super) fn of(stored: &StoredReview, with_text: bool) -> Self {
        let Review { who, at, drawn, among, content, verdicts, .. } = &stored.review;
        let named = |wanted: &dyn Fn(&Verdict) -> bool| -> Vec<String> {
            verdicts.iter().filter(|(_, verdict)| wanted(verdict)).map(|(theme, _)| theme.clone()).collect()
        };
        let text = stored.text.as_ref().filter(|_| with_text && !stored.is_stale);
        Self {
            source: stored.source.clone(),
            id: stored.external_id.clone(),
            labels: Some(named(&|verdict| verdict.rule().is_some())),
            right: named(&|verdict| matches!(verdict, Verdict::Right(_))),
            wrong: named(&|verdict| matches!(verdict, Verdict::Wrong(_))),
            missing: named(&|verdict| *verdict == Verdict::Missing),
            absent: Some(named(&|verdict| *verdict == Verdict::Absent)),
            rules: verdicts.iter().filter_map(|(theme, verdict)| Some((theme.clone(), verdict.rule()?.to_owned()))).collect(),
            who: Some(who.clone()),
            at: Some(*at),
            drawn: Some(drawn.word().to_owned()),
            among: Some(among.word()).filter(|word| !word.is_empty()),
            content: Some(format!("{content:016x}")),
            stale: stored.is_stale,
            title: text.map(|(title, _)| redact(title)),
            text: text.map(|(_, text)| redact(text)),
        }
    }

    /// Holds a line against itself.
    ///
    /// # Errors
    ///
    /// What is wrong, and what to do.
    pub(super) fn read(self, now: Timestamp) -> Result<Read, String> {
        let drawn = self.drawn.as_deref().map_or(Some(Drawn::Import), Drawn::of_word);
        let drawn = drawn.ok_or("`drawn` is \"random\", \"unsure\" or \"import\"; leave it out where nobody knows")?;
        let among = Among::of_word(self.among.as_deref().unwrap_or_default());
        let among = among.ok_or("`among` is \"sources\" or \"theme NAME\"; leave it out where it was all messages")?;
        let content = self.content.as_deref().map(|hex| u64::from_str_radix(hex, 16)).transpose();
        let content = content.map_err(|_| "`content` is no hash of an export; leave it out")?;
        if let Some(at) = self.at.filter(|at| *at > now + chrono::TimeDelta::days(1)) {
            return Err(format!("`at` lies in the future, {}; correct it, or no later label would count", times::stamp(at)));
        }
        if self.who.as_deref().is_some_and(|who| who.trim().is_empty()) {
            return Err("`who` is empty; name a person, or leave it out and use --who".to_owned());
        }
        let verdicts = self.verdicts()?;
        Ok(Read {
            rest_is_absent: self.absent.is_none(),
            source: self.source,
            id: self.id,
            verdicts,
            who: self.who,
            at: self.at,
            drawn,
            among,
            content,
        })
    }

    fn verdicts(&self) -> Result<BTreeMap<String, Verdict>, String> {
        let mut verdicts = BTreeMap::new();
        let rule = |theme: &str| Some(self.rules.get(theme).map_or("", String::as_str));
        let absent = self.absent.as_deref().unwrap_or_default();
        // Whether the themes of a list were given, and whether they are true.
        let lists = [(&*self.right, true, true), (&*self.wrong, true, false), (&*self.missing, false, true), (absent, false, false)];
        for (themes, was_given, is_true) in lists {
            for theme in themes {
                if theme.trim().is_empty() || theme.chars().any(char::is_control) {
                    return Err("the name of a theme is empty; write it as in the configuration".to_owned());
                }
                let rule = rule(theme).filter(|_| was_given);
                if verdicts.insert(theme.clone(), Verdict::of(rule, is_true)).is_some() {
                    return Err(format!("`{theme}` is named twice; it is one of right, wrong, missing and absent"));
                }
            }
        }
        let Some(labels) = &self.labels else { return Ok(verdicts) };
        let labels: BTreeSet<&String> = labels.iter().collect();
        for theme in &labels {
            if verdicts.get(*theme).and_then(Verdict::rule).is_none() {
                return Err(format!("`{theme}` is among the labels and neither right nor wrong; name it in one of the two"));
            }
        }
        match verdicts.iter().find(|(theme, verdict)| verdict.rule().is_some() && !labels.contains(theme)) {
            Some((theme, verdict)) => {
                Err(format!("`{theme}` is {} and not among the labels; add it there, or call it missing or absent", verdict.word()))
            }
            None => Ok(verdicts),
        }
    }
}

/// Ids are text; a spreadsheet may have made a number of one.
fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Id::deserialize(from)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn read(line: &str) -> Result<Read, String> {
        serde_json::from_str::<Line>(line).map_err(|error| error.to_string())?.read(now())
    }

    #[test]
    fn a_short_line_is_enough() {
        let read = read(r#"{"source":"desk","id":7,"right":["late"],"missing":["rude"]}"#).unwrap();
        assert_eq!((read.id.as_str(), read.drawn, read.among, read.rest_is_absent), ("7", Drawn::Import, Among::All, true));
        let verdicts = [("late".to_owned(), Verdict::Right(String::new())), ("rude".to_owned(), Verdict::Missing)];
        assert_eq!(read.verdicts, BTreeMap::from(verdicts));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_a_cure() {
        for (fields, why) in [
            (r#""right":["a"],"wrong":["a"]"#, "`a` is named twice; it is one of right, wrong, missing and absent"),
            (r#""labels":["a"]"#, "`a` is among the labels and neither right nor wrong; name it in one of the two"),
            (r#""labels":["a"],"missing":["a"]"#, "`a` is among the labels and neither right nor wrong; name it in one of the two"),
            (r#""labels":[],"wrong":["a"]"#, "`a` is wrong and not among the labels; add it there, or call it missing or absent"),
            (r#""missing":[""]"#, "the name of a theme is empty; write it as in the configuration"),
            (r#""drawn":"dice""#, r#"`drawn` is "random", "unsure" or "import"; leave it out where nobody knows"#),
            (r#""among":"me""#, r#"`among` is "sources" or "theme NAME"; leave it out where it was all messages"#),
            (r#""content":"x""#, "`content` is no hash of an export; leave it out"),
            (r#""who":" ""#, "`who` is empty; name a person, or leave it out and use --who"),
            (r#""at":"2036-01-01T00:00:00Z""#, "`at` lies in the future, 2036-01-01T00:00:00Z; correct it, or no later label would count"),
        ] {
            assert_eq!(read(&format!(r#"{{"source":"s","id":"1",{fields}}}"#)).unwrap_err(), why);
        }
        assert!(read(r#"{"source":"s","id":"1","worng":["a"]}"#).unwrap_err().starts_with("unknown field `worng`, expected one of"));
    }

    fn stored(verdicts: BTreeMap<String, Verdict>) -> StoredReview {
        let review = Review {
            item: 3,
            who: "anna".to_owned(),
            at: now(),
            drawn: Drawn::Random,
            among: Among::Theme("late".to_owned()),
            content: u64::MAX - 5,
            verdicts,
        };
        StoredReview {
            review,
            source: "desk".to_owned(),
            external_id: "m-1".to_owned(),
            at: now(),
            is_stale: false,
            text: Some((String::new(), "write to anna@shop.example".to_owned())),
            lang: None,
            rating: None,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn a_stored_label_comes_back_from_its_line() {
        let verdicts = [
            ("late", Verdict::Right("r 1".to_owned())),
            ("rude", Verdict::Wrong("r 2".to_owned())),
            ("lost", Verdict::Missing),
            ("slow", Verdict::Absent),
        ];
        let stored = stored(verdicts.map(|(theme, verdict)| (theme.to_owned(), verdict)).into());
        let review = stored.review.clone();
        let line = serde_json::to_string(&Line::of(&stored, true)).unwrap();
        insta::assert_snapshot!(line, @r#"{"source":"desk","id":"m-1","labels":["late","rude"],"right":["late"],"wrong":["rude"],"missing":["lost"],"absent":["slow"],"rules":{"late":"r 1","rude":"r 2"},"who":"anna","at":"2026-11-22T12:00:00Z","drawn":"random","among":"theme late","content":"fffffffffffffffa","title":"","text":"write to [email]"}"#);
        let read = read(&line).unwrap();
        assert_eq!((read.verdicts, read.at, read.drawn), (review.verdicts, Some(review.at), review.drawn));
        assert_eq!((read.among, read.content, read.who), (review.among, Some(review.content), Some(review.who)));
        assert_eq!(Line::of(&stored, false).text, None);
    }

    #[test]
    fn a_label_of_earlier_words_says_so_and_comes_without_the_words_of_now() {
        let stale = StoredReview { is_stale: true, ..stored(BTreeMap::from([("late".to_owned(), Verdict::Missing)])) };
        let line = serde_json::to_value(Line::of(&stale, true)).unwrap();
        assert_eq!((line.get("text"), line.get("title"), &line["stale"]), (None, None, &serde_json::Value::Bool(true)));
        let back = read(&line.to_string()).unwrap();
        assert_eq!(back.content, Some(stale.review.content), "it stays about what was looked at");
    }

    proptest! {
        #[test]
        fn whatever_was_said_comes_back(said in btree_map("[a-z_]{1,9}", (any::<bool>(), any::<bool>(), "\\PC{0,9}"), 0..9)) {
            let verdicts: BTreeMap<String, Verdict> = said
                .into_iter()
                .map(|(theme, (was_given, is_true, rule))| (theme, Verdict::of(was_given.then_some(rule.as_str()), is_true)))
                .collect();
            let line = serde_json::to_string(&Line::of(&stored(verdicts.clone()), false)).unwrap();
            prop_assert_eq!(read(&line).unwrap().verdicts, verdicts);
        }
    }
}
