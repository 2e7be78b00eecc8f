//! Names that people type, and their own.

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::kind::choice::Words;
use crate::config::settings::Watch;
use crate::config::suggest;
use crate::domain::matcher::fits;
use crate::domain::measure::Measure;
use crate::engine::plan::Plan;
use crate::host::env;

/// Whoever types the command.
#[must_use]
pub fn who() -> String {
    env::read("SUDO_USER").or_else(|| env::read("USER")).unwrap_or_else(|| "the command line".to_owned())
}

/// The watch of a name.
///
/// # Errors
///
/// [`Failure`] that guesses at what was meant, or names those that there are.
pub fn watch<'a>(plan: &'a Plan, name: &str) -> Result<&'a Watch, Failure> {
    plan.watch(name).ok_or_else(|| {
        let names = plan.config.watches.iter().map(|watch| watch.name.as_str());
        Failure::new(Code::Usage, format!("there is no watch `{name}`; {}", suggest::question(name, names)))
    })
}

/// Patterns of names of watches; that of a silent source's incidents is `source:NAME`.
///
/// # Errors
///
/// [`Failure`] for one that matches nothing, here and below.
pub fn watches(plan: &Plan, patterns: &[String]) -> Result<(), Failure> {
    let silent = plan.config.sources.iter().map(|source| format!("source:{}", source.name));
    known("watch", patterns, plan.config.watches.iter().map(|watch| watch.name.clone()).chain(silent))
}

/// Patterns of names of themes and measures.
///
/// # Errors
///
/// [`Failure`] for one that matches nothing.
pub fn themes(plan: &Plan, patterns: &[String]) -> Result<(), Failure> {
    let others = Measure::ALL.iter().map(|measure| measure.word()).chain(["no_data"]).map(str::to_owned);
    known("theme or measure", patterns, plan.config.themes.iter().map(|theme| theme.name.clone()).chain(others))
}

/// Patterns of names of sources.
///
/// # Errors
///
/// [`Failure`] for one that matches nothing.
pub fn sources(plan: &Plan, patterns: &[String]) -> Result<(), Failure> {
    known("source", patterns, plan.config.sources.iter().map(|source| source.name.clone()))
}

fn known(what: &str, patterns: &[String], names: impl Iterator<Item = String>) -> Result<(), Failure> {
    let names: Vec<String> = names.collect();
    let stranger = patterns.iter().find(|pattern| !names.iter().any(|name| fits(pattern, name)));
    let Some(stranger) = stranger else { return Ok(()) };
    let help = suggest::question(stranger, names.iter().map(String::as_str));
    Err(Failure::new(Code::Usage, format!("there is no {what} `{stranger}`; {help}")))
}

/// One of a few words, as in the configuration.
///
/// # Errors
///
/// [`Failure`] that guesses at what was meant, or names the words.
pub fn word<T: Words>(what: &str, word: &str) -> Result<T, Failure> {
    let words = || T::WORDS.iter().map(|(word, _)| *word);
    let found = T::WORDS.iter().find(|(known, _)| *known == word);
    found
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| Failure::new(Code::Usage, format!("there is no {what} `{word}`; {}", suggest::question(word, words()))))
}

/// A part of the messages, or a pattern of parts.
///
/// # Errors
///
/// [`Failure`] that shows the forms.
pub fn segment_pattern(text: &str) -> Result<(), Failure> {
    if text == "all" || text.contains(['=', '*', '?']) {
        return Ok(());
    }
    Err(Failure::new(
        Code::Usage,
        format!("there is no part of the messages `{text}`; write all, or a label and its value as in country=se"),
    ))
}

/// A theme of a watch, or one of its measures.
///
/// # Errors
///
/// [`Failure`] that guesses at what was meant, or names those that the watch has.
pub fn theme<'a>(watch: &'a Watch, name: &'a str) -> Result<&'a str, Failure> {
    let all = || watch.themes.iter().map(String::as_str).chain(watch.measures.iter().map(|measure| measure.word()));
    if all().any(|one| one == name) {
        return Ok(name);
    }
    let what = if watch.measures.is_empty() { "theme" } else { "theme or measure" };
    Err(Failure::new(Code::Usage, format!("watch `{}` has no {what} `{name}`; {}", watch.name, suggest::question(name, all()))))
}
