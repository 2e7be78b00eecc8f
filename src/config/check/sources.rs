//! `[[source]]`: schedules that are polite, replays that agree, and somebody to contact.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::config::check::names;
use crate::config::kind::address::HostPort;
use crate::config::kind::address::Web;
use crate::config::literal;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::shape::source::Common;
use crate::config::shape::source::Feed;
use crate::config::shape::source::Found;
use crate::config::shape::source::Replay;
use crate::config::shape::source::Source;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::config::units;
use crate::schedule::Schedule;
use crate::schedule::cron;
use crate::sources;
use crate::sources::Robots;

mod crowd;
mod examples;
mod file;
mod folders;
mod former;
mod private;
mod pushed;

pub use crate::config::check::sources::crowd::warn as crowd;
pub use crate::config::check::sources::former::named;
pub use crate::config::check::sources::former::pairs as former;

/// The sources that could be read as a whole.
pub fn sources(top: &Top, reader: &mut Reader<'_>) -> Vec<Arc<settings::Source>> {
    let named = top.source.iter().filter_map(|source| source.name.as_ref());
    names::unique("source", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    former::check(top, reader);
    contact(top, reader);
    private::check(top, reader);
    pushed::check(top, reader);
    replays(top, reader);
    examples::check(reader);
    top.source.iter().filter_map(|source| one(source, top, reader)).map(Arc::new).collect()
}

fn one(source: &Source, top: &Top, reader: &mut Reader<'_>) -> Option<settings::Source> {
    let kind = kind(source, top, reader);
    let schedule = schedule(source, kind.as_ref(), top, reader);
    idle(source, reader);
    Some(settings::Source {
        name: source.name.as_ref()?.value.0.clone(),
        schedule: schedule?,
        labels: source.labels.value.0.iter().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
        max_delay: source.max_delay.as_ref().map(|span| span.value.0),
        robots: robots(source, reader),
        own_pace: source.every.is_some() || source.cron.is_some(),
        was: source.was.value.iter().map(|name| name.value.0.clone()).collect(),
        kind: kind?,
    })
}

/// Whether `robots.txt` is asked. Of pages for people always.
fn robots(source: &Source, reader: &mut Reader<'_>) -> bool {
    let ignored = source.robots.as_ref().filter(|robots| robots.value.0 == Robots::Ignore);
    if let Some(robots) = ignored.filter(|_| source.html.is_some()) {
        let at = robots.at.clone().unwrap_or_default();
        let problem = Problem::error(Code::NoPermission, at, "pages are read only as their `robots.txt` allows").label("not here");
        reader.report(problem.help("take the line out; those who run the site can allow `Uproar` in their `robots.txt`"));
    }
    source.html.is_some() || source.robots.as_ref().is_some_and(|robots| robots.value.0 == Robots::Obey)
}

fn schedule(source: &Source, kind: Option<&sources::Settings>, top: &Top, reader: &mut Reader<'_>) -> Option<Schedule> {
    if let Some(every) = &source.every {
        let at = every.at.clone().unwrap_or_default();
        polite(source, kind, every.value.0, at, top, reader);
        return Some(Schedule::Every(every.value.0));
    }
    let Some(line) = &source.cron else {
        let every = kind.map(|kind| TimeDelta::from_std(kind.default_every()).unwrap_or(TimeDelta::minutes(30)));
        return every.map(Schedule::Every);
    };
    let at = line.at.clone().unwrap_or_default();
    match cron::Line::parse(&line.value.0) {
        Ok(parsed) => {
            polite(source, kind, parsed.shortest_gap(), at, top, reader);
            Some(Schedule::Cron(parsed, top.time_zone.value.0))
        }
        Err(error) => {
            let at = literal::place(&at, error.span, reader.documents);
            let message = format!("`cron` is no cron line: {}", error.reason);
            reader.report(Problem::error(Code::BadCron, at, message).label("here").help(error.cure));
            None
        }
    }
}

/// Reports a source that would be polled more often than its kind allows, also where the rest of its
/// table could not be read.
fn polite(source: &Source, kind: Option<&sources::Settings>, every: TimeDelta, at: Place, top: &Top, reader: &mut Reader<'_>) {
    let read = kind.and_then(|kind| Some((kind.least_every(), HostPort::of(&url::Url::parse(kind.address()?).ok()?))));
    let unread = || {
        let Found { table, least_every, .. } = source.service()?;
        Some((least_every, table.base_url().and_then(|web| HostPort::of(&web.value.url))))
    };
    let Some((least, host)) = read.or_else(unread) else { return };
    let least = TimeDelta::from_std(least).unwrap_or_default();
    if every >= least || host.is_some_and(|host| is_named(&host, top)) {
        return;
    }
    let what = if source.feed.is_some() {
        "a feed".to_owned()
    } else if source.file.is_some() {
        "an export".to_owned()
    } else if source.app_store.is_some() {
        "an app store".to_owned()
    } else {
        format!("a source of the kind `{}`", source.service().map_or("", |found| found.kind))
    };
    let least = units::write_duration(least);
    reader.report(
        Problem::error(Code::TooOften, at, format!("{what} may be asked every {least} at most"))
            .label("too often")
            .help(format!("write `every = \"{least}\"` or longer; only hosts in `allow_private` may be asked more often")),
    );
}

fn is_allowed(web: &Web, top: &Top) -> bool {
    HostPort::of(&web.url).is_some_and(|pair| is_named(&pair, top))
}

fn is_named(pair: &HostPort, top: &Top) -> bool {
    top.fetch.allow_private.value.iter().any(|allowed| allowed.value == *pair)
}

/// Whom we ask must be able to reach somebody.
fn contact(top: &Top, reader: &mut Reader<'_>) {
    if top.fetch.contact.is_some() || reader.is_spoilt("contact") {
        return;
    }
    if let Some(source) =
        top.source.iter().find(|source| source.service().is_some_and(|found| found.table.asks_somebody()) || url(source).is_some())
    {
        let at = url(source).and_then(|url| url.at.clone());
        let at = at.or_else(|| Some(source.service()?.at.clone())).unwrap_or_else(|| source.at.clone());
        reader.report(
            Problem::error(Code::NoContact, at, "a source on the web needs a `contact` in `[fetch]`")
                .label("whose owner must be able to reach you")
                .help("add `contact = \"ops@example.com\"` under `[fetch]`: it goes into the user agent"),
        );
    }
}

/// The address of what is read on the web, where the configuration names one.
fn url(source: &Source) -> Option<&Placed<Web>> {
    let feed = source.feed.as_ref().and_then(|feed| feed.value.url.as_ref());
    feed.or_else(|| source.file.as_ref()?.value.url.as_ref()).or_else(|| source.service()?.table.base_url())
}

/// Warns of options that only mean something elsewhere.
fn idle(source: &Source, reader: &mut Reader<'_>) {
    let elsewhere = source.service().is_none() && url(source).is_none();
    if let Some(robots) = source.robots.as_ref().filter(|robots| elsewhere && robots.value.0 == Robots::Obey) {
        reader.report(
            Problem::warning(
                Code::OptionIdle,
                robots.at.clone().unwrap_or_default(),
                "`robots` means nothing for a source that is not on the web",
            )
            .label("nobody has a `robots.txt` here")
            .help("take the line out"),
        );
    }
    let files = source.file.as_ref().filter(|files| files.value.url.is_some());
    if let Some(pattern) = files.map(|files| &files.value.pattern).filter(|pattern| pattern.at.is_some()) {
        reader.report(
            Problem::warning(Code::OptionIdle, pattern.at.clone().unwrap_or_default(), "`pattern` means nothing beside `url`")
                .label("there is one export, whatever it is called")
                .help("take the line out, or name a `folder` instead of `url`"),
        );
    }
}

/// Replays share one clock: one speed, and nothing live beside a fast one.
fn replays(top: &Top, reader: &mut Reader<'_>) {
    let replays = || top.source.iter().filter_map(|source| source.replay.as_ref());
    let Some(first) = replays().next() else { return };
    let speed = &first.value.speed;
    let place = |replay: &Replay| replay.speed.at.clone().unwrap_or_else(|| replay.at.clone());
    for replay in replays().skip(1) {
        if replay.value.speed.value != speed.value {
            reader.report(
                Problem::error(Code::BadSpeed, place(&replay.value), "all replays must have the same `speed`")
                    .label(format!("{} here", replay.value.speed.value.0))
                    .also(place(&first.value), format!("{} here", speed.value.0))
                    .help("write the same `speed` in every `[source.replay]`"),
            );
        }
    }
    let live = top.source.iter().find(|source| source.replay.is_none());
    if let Some(live) = live
        && (speed.value.0 - 1.0).abs() > f64::EPSILON
    {
        reader.report(
            Problem::error(Code::BadSpeed, place(&first.value), "a replay with another `speed` than 1 cannot stand beside other sources")
                .label("its clock would be theirs too")
                .also(live.at.clone(), "a source of another kind")
                .help("take one of them out, or write `speed = 1`"),
        );
    }
}

fn kind(source: &Source, top: &Top, reader: &mut Reader<'_>) -> Option<sources::Settings> {
    if let Some(feed) = &source.feed {
        return feed_settings(&feed.value).map(sources::Settings::Feed);
    }
    if let Some(files) = &source.file {
        let name = source.name.as_ref().map_or("", |name| name.value.0.as_str());
        return file::settings(&files.value, name, &top.store.path.value.0, reader).map(|files| sources::Settings::File(Box::new(files)));
    }
    if let Some(Found { table, at, .. }) = source.service() {
        let since = source.since.as_ref().map(|since| since.value.since(top.time_zone.value.0)).unwrap_or_default();
        let contact = top.fetch.contact.as_ref().map(|contact| contact.value.0.as_str());
        let common = Common { since, time_zone: top.time_zone.value.0, contact, allow_private: &top.fetch.allow_private.value.0, at };
        return table.settings(&common, reader);
    }
    source.replay.as_ref().and_then(|replay| replay_settings(&replay.value)).map(sources::Settings::Replay)
}

fn feed_settings(feed: &Feed) -> Option<sources::feed::Settings> {
    let url = feed.url.as_ref().map(|url| sources::feed::Settings::Url(url.value.text.clone()));
    url.or_else(|| feed.file.as_ref().map(|file| sources::feed::Settings::File(file.value.0.clone())))
}

/// Whether a problem was already found inside a place: a list whose items were all refused is not
/// reported again for being empty.
#[must_use]
pub fn inside(problem: &Problem, at: Option<&Place>) -> bool {
    at.is_some_and(|at| problem.file == at.file() && problem.span.start >= at.start() && problem.span.end <= at.end())
}

fn replay_settings(replay: &Replay) -> Option<sources::replay::Settings> {
    let live = match (&replay.live, &replay.live_from) {
        (Some(span), _) => sources::replay::Live::Last(span.value.0),
        (None, Some(moment)) => sources::replay::Live::From(moment.value.0),
        (None, None) => return None,
    };
    Some(sources::replay::Settings { file: replay.file.as_ref()?.value.0.clone(), live, speed: replay.speed.value.0 })
}
