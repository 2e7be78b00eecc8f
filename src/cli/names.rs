//! Names that people type, and their own.

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::settings::Watch;
use crate::config::suggest;
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
