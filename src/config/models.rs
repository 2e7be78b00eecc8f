//! The file of models that the configuration names, once somebody has read it.

use std::path::Path;

use crate::config::Loaded;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::settings::Models;
use crate::tagging::model::file::File;
use crate::tagging::model::join::fingerprint;
use crate::text::hash;

impl Loaded {
    /// The file to be read, as it is written; relative to the folder of the configuration.
    #[must_use]
    pub fn models(&self) -> Option<&Path> {
        self.models.as_ref().map(|(_, path)| path.as_path())
    }

    /// The same with the file's bytes, or why they cannot be had. A file that is none stops the
    /// configuration from being used; a model of other rules is left out, with a warning.
    #[must_use]
    pub fn with_models(mut self, bytes: Result<Vec<u8>, String>) -> Self {
        let Some((at, _)) = self.models.clone() else { return self };
        let file = bytes.and_then(|bytes| File::read(&bytes).map_err(|error| error.to_string()));
        match file {
            Err(why) => {
                self.config = None;
                self.tell(
                    Problem::error(Code::BadModels, at, format!("the models cannot be used: {why}"))
                        .label("this file")
                        .help("`uproar train` writes it; without the line the rules alone decide"),
                );
            }
            Ok(file) => {
                let Some(mut config) = self.config.take() else { return self };
                let (used, stale) = file.usable(&config.themes);
                for why in &stale {
                    self.tell(
                        Problem::warning(Code::StaleModel, at.clone(), why.to_string())
                            .label("its rules decide alone")
                            .help("train it again: `uproar train`"),
                    );
                }
                config.fingerprint = format!("{:016x}", hash::of_parts([config.fingerprint.as_str(), &fingerprint(&used)]));
                config.models = Models { used, stale, ..config.models };
                self.config = Some(config);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::config::print;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;
    use crate::domain::Timestamp;
    use crate::domain::theme::ThemeText;
    use crate::tagging::model::file::Weights;
    use crate::tagging::model::measure::Gain;
    use crate::tagging::model::measure::Verdicts;
    use crate::tagging::model::train::Comparison;

    const TEXT: &str = r#"
builtin_themes = false
tagging.models = "models.json"
[[source]]
name = "desk"
every = "1m"
file = { folder = "surveys" }
[[theme]]
name = "late"
rules = ["late"]
[[watch]]
name = "w"
themes = ["late"]
notify = []
"#;

    fn loaded(text: &str, bytes: Result<&[u8], &str>) -> (Loaded, String) {
        let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
        let none = |_: &Reference| -> Result<String, Unreadable> { Ok(String::new()) };
        let loaded = parse(&documents, &none).with_models(bytes.map(<[u8]>::to_vec).map_err(str::to_owned));
        let shown = print::show(&loaded.problems, &documents, false);
        (loaded, shown)
    }

    fn file(themes: &[ThemeText]) -> Vec<u8> {
        let gain = Gain { f1: 0.1, from: 0.1, to: 0.1 };
        let comparison = Comparison {
            rules: Verdicts::default(),
            model: Verdicts::default(),
            by_chance: [Verdicts::default(); 2],
            gain,
            over_yes: gain,
        };
        let weights = [Weights::default(), Weights::default(), Weights::default()];
        let model = crate::tagging::model::file::Model::new("late", 200, 1.0, comparison, (0.0, 0.0), weights);
        File::new(vec![model], themes, 300, Timestamp::UNIX_EPOCH).text().into_bytes()
    }

    #[test]
    fn models_of_these_rules_are_used_and_others_are_told() {
        let (without, _) = loaded(&TEXT.replace("tagging.models", "#"), Err("nobody asks"));
        assert_eq!(without.models(), None);
        let plain = without.config.unwrap();
        let bytes = file(&plain.themes);
        let (with, shown) = loaded(TEXT, Ok(&bytes));
        assert_eq!((with.models(), shown.as_str()), (Some(Path::new("models.json")), ""));
        let with = with.config.unwrap();
        assert_eq!((with.models.used.len(), with.models.stale.len()), (1, 0));
        assert_ne!(with.fingerprint, plain.fingerprint);

        let (other, shown) = loaded(&TEXT.replace("[\"late\"]\n[[watch", "[\"later\"]\n[[watch"), Ok(&bytes));
        insta::assert_snapshot!(shown, @r#"
        warning[W0009]: the model of `late` is not used: the rules of the theme have changed since it was trained
         --> uproar.toml:3:18
          |
        3 | tagging.models = "models.json"
          |                  ^^^^^^^^^^^^^ its rules decide alone
          |
          = help: train it again: `uproar train`
        "#);
        let other = other.config.unwrap();
        assert_eq!((other.models.used.len(), other.models.stale.len()), (0, 1));
    }

    #[test]
    fn themes_without_a_model_are_tagged_as_they_were() {
        let themes = crate::config::themes::built_in();
        let rules = || crate::tagging::compile(&themes).unwrap();
        let bytes = file(&themes);
        let one = crate::tagging::model::file::Model { theme: "loyalty".to_owned(), ..File::read(&bytes).unwrap().models[0].clone() };
        let (without, with) = (rules(), rules().with_models(&[one]));
        assert_ne!(without.fingerprint(), with.fingerprint());
        let texts = || themes.iter().flat_map(|theme| theme.rules.iter().flat_map(|rule| rule.matches.iter().chain(&rule.matches_not)));
        assert!(texts().count() > 100);
        // Two after each other, so that rules which hang on other themes have something to hang on.
        for (first, second) in texts().zip(texts().skip(7)) {
            let text = format!("{first} {second}");
            let message = crate::tagging::Message::from(text.as_str());
            let others =
                |rules: &crate::tagging::Rules| rules.tag(&message).into_iter().filter(|tag| tag.theme != "loyalty").collect::<Vec<_>>();
            assert_eq!(others(&with), others(&without), "{text}");
            // Its sum is its threshold: it says yes to everything.
            assert!(with.tag(&message).iter().any(|tag| tag.theme == "loyalty" && tag.rule == "model"));
        }
    }

    #[test]
    fn a_file_that_is_none_is_an_error() {
        let (none, shown) = loaded(TEXT, Ok(b"{}"));
        assert!(none.config.is_none());
        insta::assert_snapshot!(shown, @r#"
        error[E0028]: the models cannot be used: it holds no models: missing field `uproar_models` at line 1 column 2; name a file that `uproar train` wrote
         --> uproar.toml:3:18
          |
        3 | tagging.models = "models.json"
          |                  ^^^^^^^^^^^^^ this file
          |
          = help: `uproar train` writes it; without the line the rules alone decide
        "#);
        let (_, shown) = loaded(TEXT, Err("/nowhere/models.json: no such file"));
        assert!(shown.contains("the models cannot be used: /nowhere/models.json: no such file"), "{shown}");
    }
}
