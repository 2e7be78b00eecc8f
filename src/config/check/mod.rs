//! From what was read to what it means: names are resolved, things that do not go together are
//! reported, and plain `settings` come out.
//!
//! What could not be read was reported before; here it is passed over, so that one mistake gives
//! one message.

use std::collections::HashSet;

use crate::config::kind::address::leads_home;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::settings::Config;
use crate::config::settings::Fetch;
use crate::config::settings::Models;
use crate::config::settings::Store;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::domain::secret::Secret;

mod delivery;
mod each;
mod heartbeat;
mod hours;
mod labels;
pub mod lines;
mod names;
mod pages;
pub mod paths;
mod routes;
pub mod sources;
mod targets;
pub mod templates;
pub mod themes;
mod watches;

/// The settings, complete only when the reader found no error.
#[must_use]
pub fn settings(top: &Top, reader: &mut Reader<'_>) -> (Config, Vec<Option<themes::Origin>>) {
    let (themes, origins) = themes::themes(top, reader);
    let config = Config {
        time_zone: top.time_zone.value.0,
        base_url: base_url(top, reader),
        store: Store {
            path: top.store.path.value.0.clone(),
            keep_text: top.store.keep_text.value.0,
            redact: top.store.redact.value,
            max_size: top.store.max_size.value.0,
        },
        listen: top.listen.address.as_ref().map(|address| address.value.0),
        pages: top.listen.pages.as_ref().map(|address| address.value.0),
        fetch: fetch(top),
        sources: sources::sources(top, reader),
        watches: watches::watches(top, &themes, reader),
        targets: targets::targets(top, reader),
        routes: routes::routes(top, &themes, reader),
        delivery: delivery::delivery(top, reader),
        templates: templates::templates(top, reader),
        heartbeat: heartbeat::heartbeat(top, reader),
        themes,
        models: Models { file: top.tagging.models.as_ref().map(|models| models.value.0.clone()), ..Models::default() },
        fingerprint: String::new(),
    };
    pages::links(top, reader);
    unused(top, &config, reader);
    (config, origins)
}

fn base_url(top: &Top, reader: &mut Reader<'_>) -> Option<String> {
    let web = top.base_url.as_ref()?;
    if web.value.url.scheme() != "https" && !leads_home(&web.value.url) {
        let at = web.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::Unprotected, at, "`base_url` must begin with `https://`")
                .label("links in mails would cross the network unprotected")
                .help("write `https://`; only an address of this machine may begin with `http://`"),
        );
    }
    if web.value.url.query().is_some() || web.value.url.fragment().is_some() {
        let at = web.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::BadAddress, at, "`base_url` must end before any `?` or `#`")
                .label("paths are put behind it")
                .help("for example `base_url = \"https://uproar.example.com\"`"),
        );
    }
    Some(web.value.text.trim_end_matches('/').to_owned())
}

fn fetch(top: &Top) -> Fetch {
    let fetch = &top.fetch;
    Fetch {
        contact: fetch.contact.as_ref().map(|contact| contact.value.0.clone()),
        // One that cannot be read, where that is tolerated, is empty and refused by whoever wants to
        // use it: without it requests would go past the proxy.
        proxy: fetch.proxy.as_ref().map(|proxy| proxy.value.secret().cloned().unwrap_or_else(|| Secret::new(String::new()))),
        extra_ca: fetch.extra_ca.as_ref().map(|path| path.value.0.clone()),
        allow_private: fetch.allow_private.value.iter().map(|pair| pair.value.to_string()).collect(),
        timeout: fetch.timeout.value.0,
        max_body: fetch.max_body.value.0,
        host_gap: fetch.host_gap.value.0,
        at_once: fetch.at_once.value.0 as usize,
        settle: fetch.settle.value.0,
    }
}

/// Warns of what nobody uses: most often a name that was forgotten in a list. Silent where there
/// are errors, for they may be the reason.
fn unused(top: &Top, config: &Config, reader: &mut Reader<'_>) {
    if reader.problems.iter().any(Problem::is_error) {
        return;
    }
    let missing = [("source", top.source.is_empty()), ("watch", top.watch.is_empty())].into_iter().find(|(_, is_missing)| *is_missing);
    if let Some((missing, _)) = missing {
        reader.report(
            Problem::warning(Code::Idle, Place::default(), format!("there is no `[[{missing}]]`: nothing will be found"))
                .help("`uproar init` writes a configuration to start from"),
        );
    }
    for watch in top.watch.iter().filter(|watch| watch.notify.value.0.is_empty() && watch.notify.at.is_none()) {
        reader.report(
            Problem::warning(Code::TellsNobody, watch.at.clone(), "the watch notifies nobody")
                .label("its incidents are only listed")
                .help("name a target: `notify = [\"support-leads\"]`; an empty list says that this is meant"),
        );
    }
    sources::crowd(top, config, reader);
    routes::idle(top, config, reader);
    targets::chains(top, reader);
    if missing.is_some() {
        // That no watch names a thing, or none gives a label, says the same once more where there is none.
        return;
    }
    labels::unknown(top, config, reader);
    let used = |names: fn(&settings::Watch) -> &[String]| config.watches.iter().flat_map(names).map(String::as_str).collect::<HashSet<_>>();
    let warnings = [
        Unused { code: Code::SourceUnwatched, what: "counts the source", label: "read, stored, and never watched", key: "sources" }
            .among(top.source.iter().map(|source| &source.name), &used(|watch| &watch.sources)),
        Unused { code: Code::ThemeUnwatched, what: "counts the theme", label: "tagged, and never watched", key: "themes" }
            .among(top.theme.iter().map(|theme| &theme.name), &used(|watch| &watch.themes)),
        Unused { code: Code::TargetUnused, what: "notifies the target", label: "never told of anything", key: "notify" }
            .among(top.target.iter().map(|target| &target.name), &reached(config)),
    ];
    warnings.into_iter().flatten().for_each(|warning| reader.report(warning));
}

/// Targets that somebody or something names.
fn reached(config: &Config) -> HashSet<&str> {
    let watches = config.watches.iter().flat_map(|watch| &watch.notify);
    let routes = config.routes.iter().flat_map(|route| &route.to);
    let others = config.targets.iter().filter_map(|target| target.failover.as_ref());
    let well = config.heartbeat.iter().flat_map(|heartbeat| &heartbeat.well);
    watches.chain(routes).chain(others).chain(well).map(String::as_str).collect()
}

/// How to say that something is not used.
struct Unused {
    code: Code,
    what: &'static str,
    label: &'static str,
    key: &'static str,
}

impl Unused {
    /// A warning for each name that is not among the used ones.
    fn among<'a, T: AsRef<str> + 'a>(&self, names: impl Iterator<Item = &'a Option<Placed<T>>>, used: &HashSet<&str>) -> Vec<Problem> {
        let free = names.flatten().filter(|name| !used.contains(name.value.as_ref()));
        let warning = |name: &Placed<T>| {
            let message = format!("no watch {} `{}`", self.what, name.value.as_ref());
            Problem::warning(self.code, name.at.clone().unwrap_or_default(), message)
                .label(self.label)
                .help(format!("name it in `{}` of a `[[watch]]`", self.key))
        };
        free.map(warning).collect()
    }
}
