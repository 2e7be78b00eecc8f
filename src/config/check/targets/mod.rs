//! `[[target]]`: channels that can work, and who steps in for whom.

use crate::config::check::hours;
use crate::config::check::names;
use crate::config::kind::secret::Discreet;
use crate::config::kind::secret::Kept;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::shape::target::Target;
use crate::config::shape::top::Top;
use crate::config::suggest;
use crate::domain::notice::Event;
use crate::domain::secret::Secret;
use crate::render;

mod chat;
mod machine;
mod mail;

/// The targets that could be read as a whole.
pub fn targets(top: &Top, reader: &mut Reader<'_>) -> Vec<settings::Target> {
    let named = top.target.iter().filter_map(|target| target.name.as_ref());
    names::unique("target", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    top.target.iter().filter_map(|target| one(target, top, reader)).collect()
}

fn one(target: &Target, top: &Top, reader: &mut Reader<'_>) -> Option<settings::Target> {
    let channel = channel(target, reader);
    failover(target, top, reader);
    beginnings(target, reader);
    let quiet = target.quiet.as_ref().and_then(|quiet| hours::quiet(&quiet.value, top, reader));
    Some(settings::Target {
        name: target.name.as_ref()?.value.0.clone(),
        channel: channel?,
        kinds: target.kinds.value.iter().map(|kind| kind.value.0).collect(),
        quiet,
        failover: target.failover.as_ref().map(|name| name.value.0.clone()),
    })
}

/// Warns where a target is told how things go on and not that they begin: it hears of nothing then.
fn beginnings(target: &Target, reader: &mut Reader<'_>) {
    let kinds = || target.kinds.value.iter().map(|kind| kind.value.0);
    let follows = |event| matches!(event, Event::Worse | Event::Reminder | Event::Resolved | Event::Reopened | Event::Acked);
    if kinds().any(|kind| kind == Event::Opened) || !kinds().any(follows) {
        return;
    }
    let at = target.kinds.at.clone().unwrap_or_default();
    reader.report(
        Problem::warning(Code::NoBeginning, at, "the target is never told of an incident: its `kinds` leave out \"opened\"".to_owned())
            .label("no beginning")
            .help("follow-ups go only to whoever was told of the beginning: add \"opened\""),
    );
}

/// Whoever steps in is there, and is somebody else.
fn failover(target: &Target, top: &Top, reader: &mut Reader<'_>) {
    let Some(other) = &target.failover else { return };
    let at = other.at.clone().unwrap_or_default();
    if target.name.as_ref().is_some_and(|name| name.value.0 == other.value.0) {
        reader.report(
            Problem::error(Code::OwnFailover, at, format!("`{}` steps in for itself", other.value.0))
                .label("the target itself")
                .help("name another target, best one on another channel"),
        );
        return;
    }
    let all = top.target.iter().filter_map(|target| Some(target.name.as_ref()?.value.0.as_str()));
    let complete = top.target.iter().all(|target| target.name.is_some());
    if complete && !all.clone().any(|name| name == other.value.0) {
        reader.report(
            Problem::error(Code::UnknownName, at, format!("there is no target `{}`", other.value.0))
                .label("unknown")
                .help(suggest::question(&other.value.0, all)),
        );
    }
}

/// Warns where who steps in has somebody to step in too: what is sent there goes no further.
pub fn chains(top: &Top, reader: &mut Reader<'_>) {
    let named = |name: &str| top.target.iter().find(|target| target.name.as_ref().is_some_and(|known| known.value.0 == name));
    for other in top.target.iter().filter_map(|target| target.failover.as_ref()) {
        if let Some(further) = named(&other.value.0).and_then(|target| target.failover.as_ref()) {
            let message = format!("`{}` has a `failover` of its own, which is not asked for this one", other.value.0);
            reader.report(
                Problem::warning(Code::FailoverChain, other.at.clone().unwrap_or_default(), message)
                    .label("steps in")
                    .also(further.at.clone().unwrap_or_default(), "is asked only for its own notices")
                    .help("name the target that is most likely to work"),
            );
        }
    }
}

fn channel(target: &Target, reader: &mut Reader<'_>) -> Option<render::Settings> {
    mail::channel(target, reader).or_else(|| chat::channel(target, reader)).or_else(|| machine::channel(target, reader))
}

/// A secret that could not be read was reported; where that is tolerated, nothing stands in for it.
fn fetched(kept: &Kept) -> Secret {
    kept.secret.clone().unwrap_or_else(nothing)
}

/// The same for an address.
fn address(url: &Discreet) -> Secret {
    url.secret().cloned().unwrap_or_else(nothing)
}

fn nothing() -> Secret {
    Secret::new(String::new())
}
