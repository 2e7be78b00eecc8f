//! `uproar incident`: list incidents and act on them.

use std::io::Write as _;

use chrono_tz::Tz;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::missed;
use crate::cli::names;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::NoData;
use crate::domain::incident::Reason;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::measure::Measure;
use crate::engine::acts;
use crate::engine::acts::Done;
use crate::engine::labels;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::render::calibrated;
use crate::render::kinds;
use crate::render::wording;
use crate::store::sqlite::reports::Reader;

/// List incidents and act on them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar incident list --all --json")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show the incidents that are not over
    #[command(after_help = "Example:\n  uproar incident list --all --json")]
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show one incident with its record
    #[command(after_help = "Example:\n  uproar incident show i-7f3k2a9c --json")]
    Show {
        /// Its id
        id: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody is on it; it speaks again only when its level rises
    #[command(after_help = "Example:\n  uproar incident ack i-7f3k2a9c")]
    Ack {
        /// Its id
        id: String,
    },
    /// Ask for quiet; only turning critical breaks it
    #[command(after_help = "Example:\n  uproar incident snooze i-7f3k2a9c 2h")]
    Snooze {
        /// Its id
        id: String,
        /// For how long: 30m, 2h, 3d; at most 7d
        time: String,
    },
    /// Say that it is over
    #[command(after_help = "Example:\n  uproar incident resolve i-7f3k2a9c --reason false-alarm")]
    Resolve {
        /// Its id
        id: String,
        /// Why
        #[arg(long, value_enum, default_value = "fixed")]
        reason: Why,
    },
    /// Say that there was a trouble of which no alert told
    Missed(missed::Args),
    /// Say that it is not over
    #[command(after_help = "Example:\n  uproar incident reopen i-7f3k2a9c")]
    Reopen {
        /// Its id
        id: String,
    },
}

/// Why an incident was resolved.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Why {
    /// The cause was mended
    Fixed,
    /// There was no trouble
    FalseAlarm,
    /// Anything else
    Other,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let now = Clock::real().now();
    match &args.what {
        What::List { all, json } => list(*all, *json, console),
        What::Show { id, json } => show(id, *json, console),
        What::Ack { id } => act(id, &Act::Acknowledge, console),
        What::Snooze { id, time } => {
            let length = times::duration(time)
                .filter(|length| length.num_minutes() >= 1 && length.num_days() <= 7)
                .ok_or_else(|| Failure::new(Code::Usage, format!("`{time}` is no time to snooze; write 30m, 2h or 3d, at most 7d")))?;
            act(id, &Act::Snooze(now + length), console)
        }
        What::Resolve { id, reason } => {
            let reason = match reason {
                Why::Fixed => Reason::Fixed,
                Why::FalseAlarm => Reason::FalseAlarm,
                Why::Other => Reason::Other,
            };
            act(id, &Act::Resolve(reason), console)
        }
        What::Missed(args) => missed::run(args, console),
        What::Reopen { id } => act(id, &Act::Reopen, console),
    }
}

fn list(all: bool, as_json: bool, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let zone = config.time_zone;
    let (store, _) = open::store_and_plan(config)?;
    let incidents = store.reader().incidents(all)?;
    if as_json {
        let rows: Vec<_> = incidents.iter().map(row).collect();
        writeln!(console.out, "{}", serde_json::Value::Array(rows))?;
        return Ok(Code::Done);
    }
    if incidents.is_empty() {
        writeln!(console.out, "{}", if all { "there was no incident yet" } else { "no incident is open" })?;
        return Ok(Code::Done);
    }
    let mut table = Table::new(&["ID", "STATE", "LEVEL", "OPENED", "COUNT", "USUAL", "WHAT"]);
    for incident in &incidents {
        let (count, usual) = compared(incident);
        table.row(&[
            incident.id.clone(),
            incident.state.to_string(),
            incident.level.to_string(),
            incident.opened().map_or_else(|| "-".to_owned(), |at| times::local(at, zone)),
            count,
            usual,
            incident.key.to_string(),
        ]);
    }
    write!(console.out, "{table}")?;
    Ok(Code::Done)
}

/// What came and what is usual: complaints, and of a measure its own value.
fn compared(incident: &Incident) -> (String, String) {
    let numbers = &incident.numbers;
    let percent = |bad: f64| wording::share(bad);
    let now = numbers.count / numbers.total.max(1.0);
    match (Measure::of(&incident.key), numbers.mean) {
        (Some(measure @ (Measure::Rating | Measure::Nps)), Some(mean)) => {
            (kinds::value(measure, mean.value), kinds::value(measure, mean.usual))
        }
        (Some(Measure::Rating | Measure::Nps), None) => ("-".to_owned(), "-".to_owned()),
        (Some(Measure::OneStar), _) => (percent(now), percent(numbers.usual_share)),
        (Some(Measure::Csat), _) => (percent(1.0 - now), percent(1.0 - numbers.usual_share)),
        (None, _) => (format!("{}", numbers.count), format!("{:.1}", numbers.expected)),
    }
}

/// `no data from app since 2026-11-22 14:10 CET: it cannot be read (HTTP 503)`
fn no_data(silent: &NoData, zone: Tz) -> String {
    let says = silent.trouble().says();
    let why = silent.error.as_ref().filter(|_| silent.fails).map_or_else(String::new, |error| format!(" ({error})"));
    let what = if silent.trouble().blinds() { "no data from " } else { "" };
    format!("{what}{} since {}: it {says}{why}", silent.source, times::local(silent.since, zone))
}

/// `last window: 12 complaints in 28 days, 3.0 expected; most so far 14`
fn last_window(incident: &Incident) -> String {
    let numbers = &incident.numbers;
    if let Some(measure) = Measure::of(&incident.key) {
        return format!("last window: {}", kinds::dropped(measure, numbers, ""));
    }
    let window = match numbers.window_seconds {
        3600 => "1 hour".to_owned(),
        seconds => wording::window(seconds),
    };
    let count = wording::plural(&numbers.count.to_string(), "complaint");
    format!("last window: {count} in {window}, {:.1} expected; most so far {}", numbers.expected, incident.peak)
}

fn row(incident: &Incident) -> serde_json::Value {
    json!({
        "id": incident.id,
        "watch": incident.key.watch,
        "theme": incident.key.theme,
        "segment": incident.key.segment.to_string(),
        "kind": incident.key.kind.word(),
        "state": incident.state.word(),
        "level": incident.level.word(),
        "opened_at": incident.opened().map(times::stamp),
        "resolved_at": incident.resolved_at.map(times::stamp),
        "acknowledged_by": incident.acked_by,
        "no_data": incident.no_data.iter().map(|silent| silent.source.as_str()).collect::<Vec<_>>(),
        "earlier": incident.earlier,
    })
}

/// A step of the record, for programs.
fn recorded(step: &Transition) -> serde_json::Value {
    json!({
        "at": times::stamp(step.at),
        "from": step.from.map(State::word),
        "to": step.to.word(),
        "why": step.why,
        "who": step.who,
        "numbers": step.numbers,
        "config": step.config,
    })
}

fn show(id: &str, as_json: bool, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let zone = config.time_zone;
    let (store, plan) = open::store_and_plan(config)?;
    let reader = store.reader();
    let incident = reader.incident(id)?.ok_or_else(|| missing(id))?;
    if as_json {
        let mut shown = row(&incident);
        shown["record"] = reader.record(id)?.iter().map(recorded).collect();
        writeln!(console.out, "{shown}")?;
        return Ok(Code::Done);
    }
    let title = plan.theme(&incident.key.theme).map_or(incident.key.theme.as_str(), |theme| theme.title.as_str());
    writeln!(console.out, "{}: {title} ({})", incident.id, incident.key)?;
    writeln!(console.out, "state {}, level {}, since {}", incident.state, incident.level, times::local(incident.since, zone))?;
    if let Some(until) = incident.snoozed_until {
        writeln!(console.out, "snoozed until {}", times::local(until, zone))?;
    }
    if let Some(who) = incident.acked_by.as_ref().filter(|_| incident.state == State::Acknowledged) {
        writeln!(console.out, "acknowledged by {who}")?;
    }
    for silent in &incident.no_data {
        writeln!(console.out, "{}", no_data(silent, zone))?;
    }
    if let Some(earlier) = &incident.earlier {
        writeln!(console.out, "the one before: {earlier}")?;
    }
    if incident.key.kind != Kind::NoData {
        writeln!(console.out, "{}", last_window(&incident))?;
    }
    calibration(&incident, &reader, &plan, console)?;
    writeln!(console.out)?;
    for step in reader.record(id)? {
        let from = step.from.map_or("-", |state| state.word());
        writeln!(console.out, "{}  {from} -> {}  {} ({})", times::local(step.at, zone), step.to, step.why, step.who)?;
    }
    writeln!(console.out, "\nwhy: uproar explain {id}")?;
    Ok(Code::Done)
}

/// Whether it was called false, and what such labels make of its watch's budget.
fn calibration(incident: &Incident, reader: &Reader<'_>, plan: &Plan, console: &mut Console) -> Result<(), Failure> {
    let labels = reader.labels()?;
    if let Some(label) = labels.remarks.iter().find(|remark| remark.subject() == incident.id) {
        writeln!(console.out, "called a false alarm by {}", label.who)?;
    }
    let Some(watch) = plan.watch(&incident.key.watch) else { return Ok(()) };
    let calibration = labels::of_watch(watch, &labels, Clock::real().now());
    if let Some(sentence) = calibrated::sentence(&calibration, watch.false_alarms_per_year).filter(|_| !calibration.is_even()) {
        writeln!(console.out, "{sentence}")?;
    }
    Ok(())
}

fn act(id: &str, act: &Act, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let zone = config.time_zone;
    let (mut store, plan) = open::store_and_plan(config)?;
    let who = names::who();
    let now = Clock::real().now();
    let done = acts::act(&mut store, &plan, id, act, &who, now)?;
    let incident = match &done {
        Done::Moved(incident) | Done::Labelled(incident) | Done::Unlabelled(incident) | Done::Nothing(incident) => incident,
    };
    let state = incident.state;
    match (&done, incident.snoozed_until) {
        (Done::Moved(_), Some(until)) => writeln!(console.out, "{id} is {state} until {}", times::local(until, zone))?,
        (Done::Moved(_), None) => writeln!(console.out, "{id} is {state}")?,
        (Done::Labelled(_), _) => writeln!(console.out, "{id} is {state}, and counts as a false alarm now")?,
        (Done::Unlabelled(_), _) => writeln!(console.out, "{id} is {state}, and counts as a false alarm no more")?,
        (Done::Nothing(_), _) => writeln!(console.err, "{id} is {state}; nothing to do")?,
    }
    let labelled = matches!(act, Act::Resolve(Reason::FalseAlarm)) || matches!(done, Done::Labelled(_) | Done::Unlabelled(_));
    match plan.watch(&incident.key.watch).filter(|_| labelled) {
        Some(watch) => missed::tell(&store, watch, now, console),
        None => Ok(Code::Done),
    }
}

/// There is no such incident.
pub(super) fn missing(id: &str) -> Failure {
    Failure::new(Code::Usage, format!("there is no incident `{id}`; `uproar incident list --all` shows them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::incident::Level;
    use crate::domain::incident::Mean;
    use crate::domain::incident::Numbers;
    use crate::domain::incident::Segment;
    use crate::domain::incident::SeriesKey;

    fn incident(theme: &str, kind: Kind, numbers: Numbers) -> Incident {
        let at: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let key = SeriesKey { watch: "support".to_owned(), theme: theme.to_owned(), segment: Segment::All, kind };
        Incident {
            version: 2,
            level: Level::High,
            told_level: Level::High,
            told_count: 9.0,
            peak: 9.0,
            numbers,
            ..Incident::new("i-1".to_owned(), key, at)
        }
    }

    #[test]
    fn programs_read_that_nobody_was_told_of_what_is_pending() {
        let mut pending = incident("late", Kind::Spike, Numbers::default());
        assert_eq!(row(&pending)["opened_at"], "2026-11-21T09:00:00Z");
        pending.state = State::Pending;
        assert_eq!((&row(&pending)["opened_at"], &row(&pending)["state"]), (&serde_json::Value::Null, &json!("pending")));
    }

    #[test]
    fn a_silent_source_is_told_apart_from_one_that_cannot_be_read() {
        let since = "2026-11-21T09:00:00Z".parse().unwrap();
        let silent =
            |fails, error: Option<&str>| NoData { source: "app".to_owned(), since, fails, error: error.map(str::to_owned), trouble: None };
        let said = |silent| no_data(&silent, Tz::UTC);
        assert_eq!(said(silent(true, Some("HTTP 503"))), "no data from app since 2026-11-21 09:00 UTC: it cannot be read (HTTP 503)");
        assert_eq!(said(silent(false, None)), "no data from app since 2026-11-21 09:00 UTC: it brings nothing new");
    }

    #[test]
    fn an_incident_is_shown_in_the_units_of_what_it_is_about() {
        let numbers = |hours: i64| Numbers {
            count: 12.0,
            expected: 3.0,
            total: 48.0,
            usual_share: 0.0625,
            window_seconds: 3600 * hours,
            ..Numbers::default()
        };
        let mean = Numbers { mean: Some(Mean { value: 2.9, usual: 4.2, range: (3.8, 4.6) }), ..numbers(24) };
        for (incident, count, usual, said) in [
            (incident("late", Kind::SlowRise, numbers(672)), "12", "3.0", "12 complaints in 28 days, 3.0 expected; most so far 9"),
            (incident("late", Kind::Spike, numbers(1)), "12", "3.0", "12 complaints in 1 hour, 3.0 expected; most so far 9"),
            (incident("rating", Kind::Drop, mean), "2.9", "4.2", "mean rating 2.9 over the last 24 hours, usually 4.2 (n = 48)"),
            (
                incident("csat", Kind::Drop, numbers(24)),
                "75 %",
                "94 %",
                "75 % of answers satisfied over the last 24 hours, usually 94 % (n = 48)",
            ),
        ] {
            assert_eq!(compared(&incident), (count.to_owned(), usual.to_owned()));
            assert_eq!(last_window(&incident), format!("last window: {said}"));
        }
    }
}
