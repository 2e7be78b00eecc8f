//! Many sources of one host: the same thing read twice, and more polls than politeness leaves time for.

use std::collections::BTreeMap;
use std::collections::HashMap;

use chrono::TimeDelta;
use url::Url;

use crate::config::check::sources::folders;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::units;
use crate::schedule::Schedule;
use crate::sources::Service;
use crate::sources::Settings;
use crate::sources::services::Allowance;

/// Warnings of each kind that are told one by one; whoever has made this mistake has made it often.
const TOLD: usize = 20;

/// Warns of both. Asked only where there is no error, so every source was read.
pub fn warn(top: &Top, config: &Config, reader: &mut Reader<'_>) {
    let places: Vec<Place> = top.source.iter().map(place).collect();
    same(config, &places, reader);
    folders::warn(top, config, reader);
    too_many(config, &places, reader);
    allowances(config, &places, reader);
}

fn place(source: &crate::config::shape::source::Source) -> Place {
    super::url(source).and_then(|url| url.at.clone()).or_else(|| Some(source.service()?.at.clone())).unwrap_or_else(|| source.at.clone())
}

/// Two sources with one address count every message twice, as far as copies are not found.
fn same(config: &Config, places: &[Place], reader: &mut Reader<'_>) {
    let mut seen: HashMap<String, (&str, &Place)> = HashMap::new();
    let mut told = 0;
    for (source, at) in config.sources.iter().zip(places) {
        for what in read(source) {
            if let Some((other, first)) = seen.get(&what) {
                told += 1;
                if told <= TOLD {
                    reader.report(
                        Problem::warning(Code::SameAddress, at.clone(), format!("`{}` reads what `{other}` reads", source.name))
                            .label("the same again")
                            .also((*first).clone(), "read here already")
                            .help("take one of them out: its messages would be read twice"),
                    );
                }
                break;
            }
            seen.insert(what, (&source.name, at));
        }
    }
}

/// What a source reads, in words that are the same for the same thing.
fn read(source: &Source) -> Vec<String> {
    match &source.kind {
        Settings::File(files) if files.url.is_none() => Vec::new(),
        Settings::Replay(_) => Vec::new(),
        kind => match kind.service() {
            Some(service) => service.reads(),
            None => kind.address().map(canonical).into_iter().collect(),
        },
    }
}

fn canonical(address: &str) -> String {
    Url::parse(address).map_or_else(
        |_| address.to_owned(),
        |mut url| {
            url.set_fragment(None);
            url.to_string()
        },
    )
}

/// One request at a time and a gap after each: a host gets so many polls and no more. Cron lines are
/// left out, for they say little about how often in all.
fn too_many(config: &Config, places: &[Place], reader: &mut Reader<'_>) {
    let gap = config.fetch.host_gap;
    if gap <= TimeDelta::zero() {
        return;
    }
    let mut hosts: BTreeMap<String, Load> = BTreeMap::new();
    for (source, at) in config.sources.iter().zip(places) {
        let (Schedule::Every(every), Some(host)) = (&source.schedule, source.kind.address().and_then(host)) else { continue };
        let parts = source.kind.service().map_or(1, Service::calls);
        let load = hosts.entry(host).or_insert_with(|| Load { at: at.clone(), sources: 0, an_hour: 0.0 });
        load.sources += 1;
        load.an_hour += parts as f64 * 3600.0 / every.as_seconds_f64().max(1.0);
    }
    for (host, Load { at, sources, an_hour }) in
        hosts.into_iter().filter(|(_, load)| load.an_hour * gap.as_seconds_f64() > 3600.0).take(TOLD)
    {
        let room = 3600.0 / gap.as_seconds_f64();
        let times = (an_hour / room * 10.0).ceil() / 10.0;
        let noun = if sources == 1 { "source" } else { "sources" };
        reader.report(
            Problem::warning(Code::TooMany, at, format!("{host} would get {an_hour:.0} polls an hour, and has room for {room:.0}"))
                .label(format!("one of {sources} {noun} there"))
                .help(format!(
                    "polls will come late: make `every` {times} times as long, or `host_gap` under `[fetch]` shorter than {} if the host is yours",
                    units::write_duration(gap)
                )),
        );
    }
}

/// Some vendors count calls over a year. Cron lines are left out here, too.
fn allowances(config: &Config, places: &[Place], reader: &mut Reader<'_>) {
    let mut hosts: BTreeMap<String, (Allowance, Place, f64)> = BTreeMap::new();
    for (source, at) in config.sources.iter().zip(places) {
        let (Schedule::Every(every), Some(host)) = (&source.schedule, source.kind.address().and_then(host)) else { continue };
        let Some(allowance) = source.kind.service().and_then(Service::allowance) else { continue };
        let polls = allowance.within.as_seconds_f64() / every.as_seconds_f64().max(1.0);
        hosts.entry(host).or_insert_with(|| (allowance, at.clone(), 0.0)).2 += polls * allowance.a_poll as f64;
    }
    for (allowance, at, calls) in hosts.into_values().filter(|(allowance, _, calls)| *calls > allowance.calls as f64).take(TOLD) {
        let times = (calls / allowance.calls as f64 * 10.0).ceil() / 10.0;
        reader.report(
            Problem::warning(Code::TooMany, at, format!("{}, and polls would take about {calls:.0}", allowance.words))
                .label(format!("{} calls each, at a guess", allowance.a_poll))
                .help(format!("make `every` {times} times as long, unless your contract allows more")),
        );
    }
}

/// What a host would have to bear.
struct Load {
    /// The first of its sources.
    at: Place,
    sources: usize,
    an_hour: f64,
}

fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}{port}", url.host_str()?))
}
