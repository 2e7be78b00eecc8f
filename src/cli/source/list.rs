//! `uproar source list`: a line for each source and part, and a sentence for those to look at.

use std::collections::HashMap;
use std::io::Write as _;

use chrono_tz::Tz;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::next_poll::Next;
use crate::cli::source::address;
use crate::cli::source::full_name;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::config::units;
use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::polling::state::State;
use crate::polling::state::state_of;
use crate::schedule::Schedule;
use crate::sources::Settings;
use crate::sources::feed;
use crate::store::sqlite::reports::Reader;
use crate::text::excerpt::one_line;

pub(super) fn show(plan: &Plan, reader: &Reader<'_>, as_json: bool, now: Timestamp, console: &mut Console) -> Result<(), Failure> {
    let mut stored: HashMap<StreamKey, Stream> = reader.streams()?.into_iter().collect();
    let targets = Target::all(plan);
    let streams = targets.iter().map(|target| (target, stored.remove(&target.key).unwrap_or_default())).collect::<Vec<_>>();
    if as_json {
        let rows: Vec<_> = streams.iter().map(|(target, stream)| row(target, stream, &plan.config, now)).collect();
        writeln!(console.out, "{}", serde_json::Value::Array(rows))?;
        return Ok(());
    }
    if streams.is_empty() {
        writeln!(console.out, "there is no source; `uproar source import feeds.opml` makes tables of a list of feeds")?;
        return Ok(());
    }
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| times::local(at, plan.config.time_zone));
    let mut table = Table::new(&["SOURCE", "KIND", "WHEN", "STATE", "LAST SUCCESS", "LAST NEW ITEM", "NEXT POLL", "WHERE"]);
    let mut sentences = Vec::new();
    for (target, stream) in &streams {
        let state = state_of(stream);
        let name = full_name(&target.key);
        if !matches!(state, State::Ok | State::Waiting) {
            sentences.push(format!("{name} {}", one_line(&state.sentence())));
        }
        let settings = &target.source.settings;
        table.row(&[
            name,
            settings.kind.kind().to_owned(),
            when(settings),
            state.word().replace('_', " "),
            time(stream.complete_to),
            time(stream.last_new),
            next(target, stream, now, plan.config.time_zone),
            place(&settings.kind, &plan.config),
        ]);
    }
    write!(console.out, "{table}")?;
    if !sentences.is_empty() {
        writeln!(console.out, "\n{}", sentences.join("\n"))?;
    }
    Ok(())
}

fn row(target: &Target, stream: &Stream, config: &Config, now: Timestamp) -> serde_json::Value {
    let (settings, state) = (&target.source.settings, state_of(stream));
    let time = |at: Option<Timestamp>| at.map(times::stamp);
    let (every, cron) = match &settings.schedule {
        Schedule::Every(every) => (Some(every.num_seconds()), None),
        Schedule::Cron(line, _) => (None, Some(line.to_string())),
    };
    json!({
        "source": target.key.source, "shard": target.key.shard, "kind": settings.kind.kind(), "where": place(&settings.kind, config),
        "every_seconds": every, "cron": cron, "state": state.word(), "sentence": state.sentence(),
        "last_success": time(stream.complete_to), "last_new_item": time(stream.last_new),
        "next_poll": time(Next::of(target, stream, now).time()), "asked": time(stream.asked), "paused_since": time(stream.paused),
        "errors": stream.errors, "error": stream.error,
    })
}

/// What is polled at once by somebody's wish has no time, unless its host wants to be left alone.
fn next(target: &Target, stream: &Stream, now: Timestamp, zone: Tz) -> String {
    if stream.asked.is_some() && stream.standing.put_off.is_none() {
        return "at once".to_owned();
    }
    Next::of(target, stream, now).shown(zone)
}

fn when(settings: &Source) -> String {
    match &settings.schedule {
        _ if matches!(settings.kind, Settings::Webhook(_)) => "pushed".to_owned(),
        Schedule::Every(every) => units::write_duration(*every),
        Schedule::Cron(line, _) => line.to_string(),
    }
}

fn place(kind: &Settings, config: &Config) -> String {
    if let Some(address) = kind.address() {
        return address::shown(address);
    }
    let path = match kind {
        Settings::Webhook(webhook) => return door(&webhook.path, config),
        Settings::Feed(feed::Settings::File(path)) => path,
        Settings::File(files) => &files.folder,
        Settings::Replay(replay) => &replay.file,
        _ => return String::new(),
    };
    path.display().to_string()
}

/// Where senders reach a webhook: through whatever stands before us, where that is configured.
fn door(path: &str, config: &Config) -> String {
    let listener = || config.pages.or(config.listen).map(|address| format!("http://{address}"));
    format!("{}{path}", config.base_url.clone().or_else(listener).unwrap_or_default())
}
