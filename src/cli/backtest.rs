//! `uproar backtest`: what the watches would have done on stored history.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::engine::backtest::Found;
use crate::engine::backtest::World;
use crate::engine::labels::Calibrations;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::render::calibrated;
use crate::store::sqlite::Direct;

/// Replay stored history through the watches
///
/// Shows the incidents as they would have been, had every message been read when it was
/// published. With --against instead what another configuration would add (+) and lose (-).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar backtest --since 90d --watch \"support bot\"")]
pub struct Args {
    /// Only this watch
    #[arg(long, value_name = "NAME")]
    watch: Option<String>,
    /// Only incidents that opened from then on; earlier history is still learnt from
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only history before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Another configuration: shows only the differences; exits with 1 where there are any
    #[arg(long, value_name = "OTHER_CONFIG")]
    against: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (zone, now) = (config.time_zone, Clock::real().now());
    let time = |text: &Option<String>| text.as_deref().map(|text| times::parse(text, zone, now)).transpose();
    let (since, until) = (time(&args.since)?, time(&args.until)?);
    let (store, plan) = open::store_and_plan(config)?;
    let until = match until {
        Some(until) => until,
        None => now.max(end(&store)?),
    };
    let ours = play(&store, &plan, None, args, since, until, console)?;
    let Some(path) = &args.against else {
        show(&ours, args.json, &plan, console)?;
        return Ok(Code::Done);
    };
    let mine = std::mem::replace(&mut console.config, path.clone());
    let other = load::load_without_secrets(console);
    console.config = mine;
    let other = Plan::build(other?, store.author_key()).map_err(|error| Failure::new(Code::Bug, error))?;
    let theirs = play(&store, &other, Some(&plan), args, since, until, console)?;
    compare(&ours, &theirs, args.json, &plan, console)
}

/// The end of what was counted: a replay that ran faster than life left it ahead of the clock.
fn end(store: &Direct) -> Result<Timestamp, Failure> {
    Ok(store.reader().last_quarter()?.map_or(Timestamp::UNIX_EPOCH, |last| Quarter(last.0 + 1).start()))
}

fn play(
    store: &Direct,
    plan: &Plan,
    stored_by: Option<&Plan>,
    args: &Args,
    since: Option<Timestamp>,
    until: Timestamp,
    console: &mut Console,
) -> Result<Vec<Found>, Failure> {
    let chosen = |watch: &&Watch| args.watch.as_ref().is_none_or(|name| *name == watch.name);
    if let Some(name) = &args.watch
        && plan.watch(name).is_none()
    {
        let names: Vec<&str> = plan.config.watches.iter().map(|watch| watch.name.as_str()).collect();
        return Err(Failure::new(Code::Usage, format!("there is no watch `{name}`; the configuration has {}", names.join(", "))));
    }
    let reader = store.reader();
    let world = match stored_by {
        Some(stored_by) if stored_by.rules.fingerprint() != plan.rules.fingerprint() => World::retagged(&reader, plan, until)?,
        _ => World::stored(&reader, until)?,
    };
    if world.without_text > 0 {
        writeln!(console.err, "{} messages have no text any more and could not be tagged again", world.without_text)?;
    }
    let calibrations = Calibrations::of(&plan.config.watches, &reader.labels()?, Clock::real().now());
    for watch in plan.config.watches.iter().filter(chosen).filter(|watch| !calibrations.watch(&watch.name).is_even()) {
        if let Some(sentence) = calibrated::sentence(&calibrations.watch(&watch.name), watch.false_alarms_per_year) {
            writeln!(console.err, "watch \"{}\", with the labels of today for all of its history: {sentence}", watch.name)?;
        }
    }
    let mut found = world.play(plan, &calibrations, plan.config.watches.iter().filter(chosen), until);
    found.retain(|found| since.is_none_or(|since| found.incident.opened_at >= since));
    Ok(found)
}

fn show(found: &[Found], as_json: bool, plan: &Plan, console: &mut Console) -> Result<(), Failure> {
    if as_json {
        for found in found {
            writeln!(console.out, "{}", row(found, plan))?;
        }
        return Ok(());
    }
    if found.is_empty() {
        writeln!(console.out, "no incident would have opened")?;
    } else {
        write!(console.out, "{}", table(found.iter().map(|found| ("", found)), plan))?;
        writeln!(console.out, "{} incident{}", found.len(), if found.len() == 1 { "" } else { "s" })?;
    }
    writeln!(console.err, "imported history has no time of first sight; each message is taken to have been seen when it was published")?;
    Ok(())
}

fn compare(ours: &[Found], theirs: &[Found], as_json: bool, plan: &Plan, console: &mut Console) -> Result<Code, Failure> {
    // The same trouble: the same series, opened within a day.
    let same =
        |a: &Found, b: &Found| a.incident.key == b.incident.key && (a.incident.opened_at - b.incident.opened_at).num_hours().abs() < 24;
    let lost: BTreeSet<usize> = (0..ours.len()).filter(|&at| !theirs.iter().any(|their| same(&ours[at], their))).collect();
    let gained: BTreeSet<usize> = (0..theirs.len()).filter(|&at| !ours.iter().any(|our| same(our, &theirs[at]))).collect();
    if as_json {
        let rows = |set: &BTreeSet<usize>, of: &[Found]| set.iter().map(|&at| row(&of[at], plan)).collect::<Vec<_>>();
        let document = json!({ "lost": rows(&lost, ours), "gained": rows(&gained, theirs), "same": ours.len() - lost.len() });
        writeln!(console.out, "{document}")?;
    } else {
        let rows = lost.iter().map(|&at| ("- ", &ours[at])).chain(gained.iter().map(|&at| ("+ ", &theirs[at])));
        write!(console.out, "{}", table(rows, plan))?;
        writeln!(console.out, "{} the same, {} lost (-), {} gained (+)", ours.len() - lost.len(), lost.len(), gained.len())?;
    }
    Ok(if lost.is_empty() && gained.is_empty() { Code::Done } else { Code::Found })
}

fn told(found: &Found, plan: &Plan) -> Vec<String> {
    plan.watch(&found.incident.key.watch).map(|watch| watch.notify.clone()).unwrap_or_default()
}

fn table<'a>(rows: impl Iterator<Item = (&'static str, &'a Found)>, plan: &Plan) -> Table {
    let zone = plan.config.time_zone;
    let mut table = Table::new(&["OPENED", "OVER", "LEVEL", "COUNT", "USUAL", "PEAK", "TOLD", "WHAT"]);
    for (mark, found) in rows {
        let incident = &found.incident;
        table.row(&[
            format!("{mark}{}", times::local(incident.opened_at, zone)),
            incident.resolved_at.map_or_else(|| "-".to_owned(), |at| times::local(at, zone)),
            incident.told_level.to_string(),
            format!("{}", found.opening.0),
            format!("{:.1}", found.opening.1),
            format!("{}", incident.peak),
            told(found, plan).join(", "),
            incident.key.to_string(),
        ]);
    }
    table
}

fn row(found: &Found, plan: &Plan) -> serde_json::Value {
    let incident = &found.incident;
    json!({
        "watch": incident.key.watch,
        "theme": incident.key.theme,
        "segment": incident.key.segment.to_string(),
        "opened_at": times::stamp(incident.opened_at),
        "resolved_at": incident.resolved_at.map(times::stamp),
        "level": incident.told_level.word(),
        "count": found.opening.0,
        "expected": found.opening.1,
        "peak": incident.peak,
        "told": told(found, plan),
    })
}
