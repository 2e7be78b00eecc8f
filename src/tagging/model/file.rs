//! The file that models stand in: JSON that a person can read, checked before anybody relies on it.
//!
//! Weights are told by the word, the heaviest first. The file names the rules that each model was
//! trained with: where they are others by now, the model speaks of rules that are not there any more,
//! and is not used until it is trained again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::MapAccess;
use serde::de::Visitor;

use crate::domain::Timestamp;
use crate::domain::theme::ThemeText;
use crate::tagging;
use crate::tagging::model::measure::Gain;
use crate::tagging::model::measure::Verdicts;
use crate::tagging::model::train::Comparison;

/// The format that this release writes and reads.
pub const FORMAT: u32 = 1;
/// Largest file in bytes: every theme with all the words that a model may have is well below it.
pub const LARGEST: u64 = 32 << 20;
/// No weight and no threshold is further from zero.
const HEAVIEST: f64 = 1e6;
/// Models of a file.
const MOST_MODELS: usize = 256;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The number of its format.
    pub uproar_models: u32,
    /// When it was written.
    pub trained_at: Timestamp,
    /// Labelled texts that the models were trained from.
    pub texts: usize,
    /// Themes that there were, each with the fingerprint of its rules.
    pub trained_with: BTreeMap<String, String>,
    /// The models, each of another theme.
    pub models: Vec<Model>,
}

/// The model of one theme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The theme.
    pub theme: String,
    /// Labelled texts with the theme, copies counted once.
    pub with: usize,
    /// How dear a mistake was against the square of the weights.
    pub cost: f64,
    /// How good the rules were on texts that the model had not seen.
    pub rules_held_out: Figures,
    /// How good the model was on the same texts.
    pub model_held_out: Figures,
    /// What lies between.
    pub gain: Gain,
    /// A text has the theme from this sum of weights on.
    pub threshold: f64,
    /// Stands in every sum.
    pub bias: f64,
    /// Weights of the theme's own rules, where they fire.
    pub rules: Weights,
    /// Weights of themes that the rules give.
    pub themes: Weights,
    /// Weights of words and pairs of neighbours in plain form, which are divided by the square root
    /// of how many of them a text has.
    pub words: Weights,
}

/// Verdicts with what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The verdicts.
    #[serde(flatten)]
    pub verdicts: Verdicts,
    /// Precision.
    pub precision: f64,
    /// Recall.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

/// Weights by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights(BTreeMap<String, f64>);

/// Why a file of models cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is something else.
    #[error("it holds no models: {0}; name a file that `uproar train` wrote")]
    Unreadable(String),
    /// Another release wrote it.
    #[error("it is of format {0}, and this release reads format {FORMAT}; run `uproar train` again")]
    Format(u32),
    /// A value is outside its range.
    #[error("{0}; run `uproar train` again")]
    Value(String),
}

/// Why one of the models is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// There is no such theme.
    NoTheme(String),
    /// The rules of a theme that the model looks at are others by now.
    OtherRules {
        /// The model's theme.
        theme: String,
        /// The theme whose rules are others.
        of: String,
    },
}

impl Stale {
    /// The theme of the model.
    #[must_use]
    pub fn theme(&self) -> &str {
        match self {
            Self::NoTheme(theme) | Self::OtherRules { theme, .. } => theme,
        }
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTheme(theme) => write!(f, "the model of `{theme}` is not used: there is no such theme"),
            Self::OtherRules { theme, of } if theme == of => {
                write!(f, "the model of `{theme}` is not used: the rules of the theme have changed since it was trained")
            }
            Self::OtherRules { theme, of } => {
                write!(f, "the model of `{theme}` is not used: the rules of `{of}`, which it looks at, have changed since it was trained")
            }
        }
    }
}

impl File {
    /// A file of models that were trained with these themes' rules.
    #[must_use]
    pub fn new(models: Vec<Model>, themes: &[ThemeText], texts: usize, trained_at: Timestamp) -> Self {
        let trained_with = themes.iter().map(|theme| (theme.name.clone(), tagging::fingerprint_of(theme))).collect();
        Self { uproar_models: FORMAT, trained_at, texts, trained_with, models }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`FileError`], whatever the bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        #[derive(Deserialize)]
        struct Head {
            uproar_models: u32,
        }
        let unreadable = |error: serde_json::Error| FileError::Unreadable(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(unreadable)?;
        if head.uproar_models != FORMAT {
            return Err(FileError::Format(head.uproar_models));
        }
        let file: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        file.checked()
    }

    fn checked(self) -> Result<Self, FileError> {
        if self.models.len() > MOST_MODELS {
            return Err(FileError::Value(format!("it holds {} models, more than {MOST_MODELS}", self.models.len())));
        }
        for (at, model) in self.models.iter().enumerate() {
            let theme = &model.theme;
            if self.models[..at].iter().any(|other| other.theme == *theme) {
                return Err(FileError::Value(format!("it holds two models of `{theme}`")));
            }
            let all = [&model.rules, &model.themes, &model.words].into_iter().flat_map(Weights::iter);
            let wild = all
                .chain([("threshold", model.threshold), ("bias", model.bias)])
                .find(|(_, weight)| weight.is_nan() || weight.abs() > HEAVIEST);
            if let Some((name, weight)) = wild {
                return Err(FileError::Value(format!("in the model of `{theme}`, {name:?} has the weight {weight}")));
            }
        }
        Ok(self)
    }

    /// As it is written.
    ///
    /// # Panics
    ///
    /// Never: nothing in it can fail to be written.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("names are text, and weights are finite") + "\n"
    }

    /// The models that can be used with these themes, and why others cannot.
    #[must_use]
    pub fn usable(self, themes: &[ThemeText]) -> (Vec<Model>, Vec<Stale>) {
        let now: BTreeMap<&str, String> = themes.iter().map(|theme| (theme.name.as_str(), tagging::fingerprint_of(theme))).collect();
        let (mut usable, mut stale) = (Vec::new(), Vec::new());
        for model in self.models {
            match changed(&model, themes, &self.trained_with, &now) {
                Some(why) => stale.push(why),
                None => usable.push(model),
            }
        }
        (usable, stale)
    }
}

/// Why a model cannot be used where the rules are those of `now`.
fn changed(model: &Model, themes: &[ThemeText], then: &BTreeMap<String, String>, now: &BTreeMap<&str, String>) -> Option<Stale> {
    let theme = model.theme.clone();
    if !now.contains_key(theme.as_str()) {
        return Some(Stale::NoTheme(theme));
    }
    let mut looked_at: BTreeSet<&str> = model.themes.iter().map(|(of, _)| of).chain([theme.as_str()]).collect();
    // Some themes hang on others.
    for hangs in themes.iter().filter(|hangs| looked_at.contains(hangs.name.as_str())).collect::<Vec<_>>() {
        looked_at.extend(hangs.rules.iter().flat_map(|rule| &rule.when_themes).map(String::as_str));
    }
    let same = |of: &str| now.get(of).is_some_and(|now| then.get(of) == Some(now));
    let of = [theme.as_str()].into_iter().chain(looked_at).find(|of| !same(of))?.to_owned();
    Some(Stale::OtherRules { theme, of })
}

impl Model {
    /// A model as it is written: weights have four digits, which is what it is used with too.
    #[must_use]
    pub fn new(theme: &str, with: usize, cost: f64, comparison: Comparison, (bias, threshold): (f64, f64), weights: [Weights; 3]) -> Self {
        let [words, rules, themes] = weights;
        let Comparison { rules: of_rules, model: of_model, gain, .. } = comparison;
        Self {
            theme: theme.to_owned(),
            with,
            cost,
            rules_held_out: of_rules.into(),
            model_held_out: of_model.into(),
            gain: Gain { f1: rounded(gain.f1), from: rounded(gain.from), to: rounded(gain.to) },
            threshold: rounded(threshold),
            bias: rounded(bias),
            rules,
            themes,
            words,
        }
    }
}

impl From<Verdicts> for Figures {
    fn from(verdicts: Verdicts) -> Self {
        let [precision, recall, f1] = [verdicts.precision(), verdicts.recall(), verdicts.f1()].map(rounded);
        Self { verdicts, precision, recall, f1 }
    }
}

/// With four digits behind the point. Zero has no sign.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}

impl Weights {
    /// Adds a weight.
    pub fn insert(&mut self, name: String, weight: f64) {
        self.0.insert(name, rounded(weight));
    }

    /// In byte order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, weight)| (name.as_str(), *weight))
    }

    /// The weight of a name.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }
}

impl Serialize for Weights {
    /// The heaviest first.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sorted: Vec<(&String, &f64)> = self.0.iter().collect();
        sorted.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
        serializer.collect_map(sorted)
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Weights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("weights by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weights, A::Error> {
                let mut weights = BTreeMap::new();
                while let Some((name, weight)) = map.next_entry()? {
                    weights.insert(name, weight);
                }
                Ok(Weights(weights))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::tagging::model::corpus::tests::texts;

    pub fn weights(weights: &[(&str, f64)]) -> Weights {
        let mut of = Weights::default();
        for (name, weight) in weights {
            of.insert((*name).to_owned(), *weight);
        }
        of
    }

    /// A model that says yes from the weight 0 on.
    pub fn model(theme: &str, words: &[(&str, f64)], rules: &[(&str, f64)], themes: &[(&str, f64)]) -> Model {
        let comparison = Comparison {
            rules: Verdicts { right: 80, wrong: 20, missed: 120 },
            model: Verdicts { right: 150, wrong: 30, missed: 50 },
            gain: Gain { f1: 0.256_14, from: 0.2, to: 0.3 },
            over_yes: Gain { f1: 0.4, from: 0.3, to: 0.5 },
            by_chance: [Verdicts::default(); 2],
        };
        Model::new(theme, 200, 1.0, comparison, (-0.5, 0.0), [weights(words), weights(rules), weights(themes)])
    }

    fn file() -> File {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let one = model("loop", &[("round", 1.234_56), ("the", -2.0)], &[("says bot", 0.5)], &[("late", -0.25), ("loop", 2.0)]);
        File::new(vec![one], &texts(&[("loop", &["bot"]), ("late", &["late"]), ("else", &["else"])]), 1000, at)
    }

    #[test]
    fn a_person_can_read_it() {
        let mut file = file();
        file.trained_with = BTreeMap::from([("loop".to_owned(), "aad757596a6d98c2".to_owned())]);
        insta::assert_snapshot!(file.text(), @r#"
        {
          "uproar_models": 1,
          "trained_at": "2023-11-14T22:13:20Z",
          "texts": 1000,
          "trained_with": {
            "loop": "aad757596a6d98c2"
          },
          "models": [
            {
              "theme": "loop",
              "with": 200,
              "cost": 1.0,
              "rules_held_out": {
                "right": 80,
                "wrong": 20,
                "missed": 120,
                "precision": 0.8,
                "recall": 0.4,
                "f1": 0.5333
              },
              "model_held_out": {
                "right": 150,
                "wrong": 30,
                "missed": 50,
                "precision": 0.8333,
                "recall": 0.75,
                "f1": 0.7895
              },
              "gain": {
                "f1": 0.2561,
                "from": 0.2,
                "to": 0.3
              },
              "threshold": 0.0,
              "bias": -0.5,
              "rules": {
                "says bot": 0.5
              },
              "themes": {
                "loop": 2.0,
                "late": -0.25
              },
              "words": {
                "the": -2.0,
                "round": 1.2346
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(File::read(file().text().as_bytes()).unwrap(), file());
    }

    #[test]
    fn what_cannot_be_used_says_why_and_what_to_do() {
        let text = file().text();
        for (bad, why) in [
            (String::new(), "it holds no models: EOF while parsing a value at line 1 column 0; name a file that `uproar train` wrote"),
            (text.replace("models\": 1", "models\": 2"), "it is of format 2, and this release reads format 1; run `uproar train` again"),
            (text.replace("1.2346", "1e9"), "in the model of `loop`, \"round\" has the weight 1000000000; run `uproar train` again"),
            (text.replace("-0.5,", "-1e300,"), "has the weight -1000000"),
            (text.replace("1.2346", "\"much\""), "invalid type: string"),
        ] {
            assert!(
                File::read(bad.as_bytes()).unwrap_err().to_string().contains(why),
                "{why}: {}",
                File::read(bad.as_bytes()).unwrap_err()
            );
        }
        let mut twice = file();
        twice.models.push(twice.models[0].clone());
        assert_eq!(File::read(twice.text().as_bytes()).unwrap_err(), FileError::Value("it holds two models of `loop`".into()));
    }

    #[test]
    fn a_model_is_used_only_with_the_rules_that_it_was_trained_with() {
        let why = |themes: &[(&str, &[&str])]| -> Vec<String> {
            let (usable, stale) = file().usable(&texts(themes));
            assert_eq!(usable.len() + stale.len(), 1);
            stale.iter().map(Stale::to_string).collect()
        };
        assert_eq!(why(&[("late", &["late"]), ("loop", &["bot"]), ("new", &["new"])]), [] as [String; 0]);
        assert_eq!(
            why(&[("late", &["late"]), ("loop", &["bot", "robot"])]),
            ["the model of `loop` is not used: the rules of the theme have changed since it was trained"]
        );
        assert_eq!(
            why(&[("late", &["later"]), ("loop", &["bot"])]),
            ["the model of `loop` is not used: the rules of `late`, which it looks at, have changed since it was trained"]
        );
        let mut themes = texts(&[("late", &["late"]), ("loop", &["bot"]), ("else", &["else"])]);
        themes[1].rules[0].when_themes = vec!["else".to_owned()];
        let one = File { trained_with: File::new(vec![], &themes, 1, Timestamp::UNIX_EPOCH).trained_with, ..file() };
        assert_eq!(one.clone().usable(&themes).1, []);
        themes[2].rules[0].when = "other".to_owned();
        assert_eq!(one.usable(&themes).1, [Stale::OtherRules { theme: "loop".into(), of: "else".into() }], "the theme hangs on it");
        assert_eq!(why(&[("late", &["late"])]), ["the model of `loop` is not used: there is no such theme"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_file_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = File::read(&bytes);
        }

        #[test]
        fn a_file_with_a_hole_is_a_file_or_an_error(at in any::<prop::sample::Index>(), by in "\\PC{0,3}") {
            let mut text = file().text();
            let at = at.index(text.len());
            text.replace_range(at..=at, &by);
            if let Ok(file) = File::read(text.as_bytes()) {
                prop_assert!(File::read(file.text().as_bytes()).is_ok());
            }
        }
    }
}
