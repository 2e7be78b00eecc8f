//! The built-in themes on sentences that were written before their rules and apart from them.
//!
//! `tests/fixtures/sentences` has a file a language and a table a theme: `yes` must get the theme, `no`
//! must not. What the rules cannot tell is named in `missed` and `wrong`, so that nothing gets worse
//! unseen, and nothing that got better stays on the list.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use uproar::config::themes::built_in;
use uproar::tagging;
use uproar::tagging::Message;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    yes: Vec<String>,
    no: Vec<String>,
    /// Those of `yes` that do not get the theme.
    #[serde(default)]
    missed: Vec<String>,
    /// Those of `no` that get it.
    #[serde(default)]
    wrong: Vec<String>,
}

const LANGUAGES: [&str; 13] = ["da", "de", "en", "es", "fi", "fr", "it", "nl", "no", "pl", "pt", "sv", "tr"];

#[test]
fn what_customers_say_gets_its_theme_in_every_language() {
    let rules = tagging::compile(&built_in()).unwrap();
    let names: BTreeSet<&str> = rules.themes().collect();
    let mut faults = Vec::new();
    for lang in LANGUAGES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/sentences/{lang}.toml"));
        let themes: BTreeMap<String, Sentences> = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(themes.keys().map(String::as_str).collect::<BTreeSet<_>>(), names, "{lang}");
        let (mut yes, mut no) = (0, 0);
        for (theme, sentences) in &themes {
            let has = |text: &str| {
                let message = Message { lang: Some(lang), ..Message::from(text) };
                rules.tag(&message).iter().any(|tag| tag.theme == *theme)
            };
            let told = |kind: &str, text: &str| format!("{lang} {theme} {kind}: {text}");
            for text in &sentences.yes {
                match (has(text), sentences.missed.contains(text)) {
                    (true, false) => yes += 1,
                    (false, true) => {}
                    (true, true) => faults.push(told("no longer missed", text)),
                    (false, false) => faults.push(told("missed", text)),
                }
            }
            for text in &sentences.no {
                match (has(text), sentences.wrong.contains(text)) {
                    (false, false) => no += 1,
                    (true, true) => {}
                    (false, true) => faults.push(told("no longer wrong", text)),
                    (true, false) => faults.push(told("wrong", text)),
                }
            }
        }
        assert!(yes >= 20 && no >= 20, "{lang}: {yes} sentences that must match, {no} that must not");
    }
    assert!(faults.is_empty(), "{} sentences came out otherwise:\n{}", faults.len(), faults.join("\n"));
}
