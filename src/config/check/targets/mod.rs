//! `[[target]]`: channels that can work, and who steps in for whom.

use crate::config::check::hours;
use crate::config::check::names;
use crate::config::kind::secret::Discreet;
use crate::config::kind::secret::Kept;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::shape::target::Target;
use crate::config::shape::top::Top;
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
    let quiet = target.quiet.as_ref().and_then(|quiet| hours::quiet(&quiet.value, top, reader));
    Some(settings::Target {
        name: target.name.as_ref()?.value.0.clone(),
        channel: channel?,
        kinds: target.kinds.value.iter().map(|kind| kind.value.0).collect(),
        quiet,
        failover: target.failover.as_ref().map(|name| name.value.0.clone()),
    })
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
