//! Ready-made sources: a file each in `config/presets`, with what people have to fill in.
//!
//! A preset begins with a line that says what it reads and one that says what people give. It is a
//! part of a configuration that passes the check as it stands, but for a warning of each example that
//! nobody has filled in: what ends with `MARK`.

use std::collections::HashMap;

/// What stands behind the values that people have to give.
const MARK: &str = "# fill in";

/// A ready-made source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! preset {
    ($name:literal) => {
        Preset { name: $name, text: include_str!(concat!("../../config/presets/", $name, ".toml")) }
    };
}

/// All of them, by name.
pub const PRESETS: &[Preset] = &[
    preset!("app-store"),
    preset!("app-store-connect"),
    preset!("atom"),
    preset!("bluesky-search"),
    preset!("complaint-mails"),
    preset!("csv"),
    preset!("delighted-api"),
    preset!("delighted-webhook"),
    preset!("discourse"),
    preset!("discourse-api"),
    preset!("excel"),
    preset!("freshdesk"),
    preset!("github-issues"),
    preset!("google-business"),
    preset!("google-forms-file"),
    preset!("google-play"),
    preset!("google-play-archive"),
    preset!("hacker-news"),
    preset!("hubspot-feedback"),
    preset!("intercom"),
    preset!("intercom-fin"),
    preset!("json-feed"),
    preset!("jsonl"),
    preset!("mastodon"),
    preset!("mastodon-tag"),
    preset!("medallia-drop"),
    preset!("microsoft-forms-file"),
    preset!("product-page"),
    preset!("qualtrics"),
    preset!("qualtrics-file"),
    preset!("reddit-search"),
    preset!("reddit-subreddit"),
    preset!("rss"),
    preset!("stack-exchange"),
    preset!("standard-webhook"),
    preset!("steam-reviews"),
    preset!("surveymonkey-file"),
    preset!("surveymonkey-webhook"),
    preset!("trustpilot"),
    preset!("trustpilot-public"),
    preset!("typeform-api"),
    preset!("typeform-webhook"),
    preset!("youtube-comments"),
    preset!("zendesk-csat"),
    preset!("zendesk-tickets"),
];

impl Preset {
    /// The preset of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// What it reads, in a sentence.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    /// What people have to give, in a sentence.
    #[must_use]
    pub fn given(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("# You give: ")).unwrap_or_default()
    }
}

/// The lines that people have to fill in, without their comments, each with its presets.
#[must_use]
pub fn examples() -> HashMap<&'static str, Vec<&'static Preset>> {
    let mut examples: HashMap<&str, Vec<&Preset>> = HashMap::new();
    for preset in PRESETS {
        for line in preset.text.lines().filter_map(|line| line.trim_end().strip_suffix(MARK)) {
            examples.entry(line.trim()).or_default().push(preset);
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::config::problem::Code;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    /// A service account whose key signs nothing.
    const ACCOUNT: &str = r#"{"type":"service_account","client_email":"a@b.example","private_key":"-----BEGIN PRIVATE KEY-----","token_uri":"https://oauth2.googleapis.com/token"}"#;

    #[test]
    fn every_preset_passes_the_check_as_it_stands_but_for_what_is_to_be_filled_in() {
        for preset in PRESETS {
            let top = "[fetch]\ncontact = \"ops@example.com\"\n[listen]\naddress = \"127.0.0.1:8787\"\n\
                       [[watch]]\nname = \"complaints\"\nthemes = [\"*\"]\nnotify = [\"mails\"]\n\
                       [[target]]\nname = \"mails\"\n[target.file]\nfolder = \"mails\"\n";
            let documents = [top, preset.text].map(|text| Document { name: format!("{}.toml", preset.name), text: text.to_owned() });
            // Every secret is there, and those that are looked at look as they have to.
            let outcome = parse(&documents, &|reference: &Reference| {
                Ok::<String, Unreadable>(match reference {
                    Reference::Credential(name) if name == "push" => "whsec_".to_owned() + &"QUJD".repeat(8),
                    Reference::Credential(name) if name == "app-store-connect" => "-----BEGIN PRIVATE KEY-----".to_owned(),
                    Reference::Credential(name) if name == "google-play" => ACCOUNT.to_owned(),
                    _ => "a-secret".to_owned(),
                })
            });
            let (examples, others): (Vec<_>, Vec<_>) = outcome.problems.into_iter().partition(|problem| problem.code == Code::NotFilledIn);
            assert_eq!(crate::config::print::show(&others, &documents, false), "", "{}", preset.name);
            assert_eq!(examples.len(), preset.text.matches(MARK).count(), "{}", preset.name);
            assert!(outcome.config.is_some(), "{}", preset.name);
        }
    }

    #[test]
    fn the_list_has_every_file_and_each_says_what_it_is() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/presets");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort_by_key(|file| file.trim_end_matches(".toml").to_owned());
        assert_eq!(PRESETS.iter().map(|preset| format!("{}.toml", preset.name)).collect::<Vec<_>>(), files);
        for preset in PRESETS {
            assert!(preset.about().ends_with('.') && preset.about().len() > 10, "{}", preset.name);
            assert!(preset.given().ends_with('.'), "{}", preset.name);
            assert!(preset.text.contains(&format!("name = \"{}\"", preset.name)), "{}", preset.name);
            // What it names must be there for those who have the program alone.
            assert!(!preset.text.contains("config/sources"), "{}", preset.name);
            for named in preset.text.split("`uproar source about ").skip(1) {
                let kind = named.split('`').next().unwrap();
                assert!(crate::config::manual::Page::of(kind).is_some(), "{kind} of {}", preset.name);
            }
        }
    }
}
