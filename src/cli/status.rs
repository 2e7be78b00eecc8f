//! `uproar status`: sources, watches, targets, outbox and database at one look.

use std::io::Write as _;

use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::ports::Health;
use crate::engine::plan::Plan;
use crate::engine::precision;
use crate::engine::precision::Precision;
use crate::engine::relabel;
use crate::engine::retag;
use crate::host::clock::Clock;
use crate::store::sqlite::Lock;
use crate::store::sqlite::reports::Reader;

mod sources;
mod targets;
mod watches;

use self::sources::Sources;
use self::watches::Watches;

/// Show how sources, watches, targets and the database fare
///
/// Exits with 1 when a source needs attention, a target takes nothing, or a notice could not be
/// delivered for good. A source that somebody paused needs none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar status --json")]
pub struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// List every source, also where there are more than 50
    #[arg(long)]
    all: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (store, plan) = open::to_show(config)?;
    let reader = store.reader();
    let now = Clock::real().now();
    let incidents = reader.incidents(true)?;
    let standing = reader.incidents(false)?;
    let sources = Sources::read(&plan, &reader, &standing, now)?;
    let watches = Watches::read(&plan, &reader, &incidents, now)?;
    let outbox = reader.outbox()?;
    let health: Vec<Health> = reader.health()?.into_iter().filter(|health| plan.target(&health.target).is_some()).collect();
    let size = reader.size()?;
    let open = standing.len();
    let failing = sources.any_needs_a_look()
        || outbox.iter().any(|count| count.state == "dead")
        || health.iter().any(|health| health.open_since.is_some());
    let notes = notes(&plan, &reader)?;
    let precision = precisions(&plan, &reader, &incidents, now)?;
    let daemon_runs = Lock::is_held(&plan.config.store.path);
    if args.json {
        let time = |at: Option<Timestamp>| at.map(times::stamp);
        let document = json!({
            "schema": 1,
            "daemon_runs": daemon_runs,
            "config": plan.config.fingerprint,
            "sources": sources.json(),
            "watches": watches.json(&plan, &sources),
            "last_28_days": watches.slow_json(),
            "precision": precision.iter().map(|(watch, of)| json!({
                "watch": watch, "days": precision::DAYS, "told": of.told, "called_false": of.called_false, "precision": of.share(),
            })).collect::<Vec<_>>(),
            "outbox": outbox.iter().map(|count| json!({
                "target": count.target, "state": count.state, "rows": count.rows, "error": count.error,
            })).collect::<Vec<_>>(),
            "targets": health.iter().map(|health| json!({
                "target": health.target, "failures": health.failures, "takes_nothing_since": time(health.open_since),
                "next_try": time(health.probe_at), "pause_until": time(health.hold_until), "error": health.why,
            })).collect::<Vec<_>>(),
            "open_incidents": open,
            "notes": notes,
            "database": { "items": size.items, "texts": size.texts, "bytes": size.bytes },
        });
        writeln!(console.out, "{document}")?;
    } else {
        if !daemon_runs {
            writeln!(console.out, "no daemon runs on this store: nothing is polled, and nobody is told of anything\n")?;
        }
        write!(console.out, "{}", sources.text(args.all, plan.config.time_zone))?;
        watches.print(&plan, &sources, console)?;
        targets::print(&plan, &outbox, &health, console)?;
        let path = plan.config.store.path.display();
        if plan.config.store.path.exists() {
            let incidents = if open == 1 { "incident" } else { "incidents" };
            let megabytes = size.bytes as f64 / 1e6;
            writeln!(
                console.out,
                "\n{open} open {incidents}; {} items, {} with text, {megabytes:.1} MB in {path}",
                size.items, size.texts
            )?;
        } else {
            writeln!(console.out, "\nnothing stored yet: {path} is made when the daemon first starts")?;
        }
        for (watch, of) in precision.iter().filter(|(_, of)| of.told > 0) {
            writeln!(console.out, "{watch}: {}", of.sentence())?;
        }
        for note in &notes {
            writeln!(console.out, "{note}")?;
        }
    }
    Ok(if failing { Code::Found } else { Code::Done })
}

/// How often each watch was right.
fn precisions(plan: &Plan, reader: &Reader<'_>, incidents: &[Incident], now: Timestamp) -> Result<Vec<(String, Precision)>, Failure> {
    let labels = reader.labels()?;
    let of = |name: &String| (name.clone(), precision::of_watch(name, incidents, &labels, now));
    Ok(plan.config.watches.iter().map(|watch| of(&watch.name)).collect())
}

/// What is being done with history, and what is odd about the labels that watches are split by.
fn notes(plan: &Plan, reader: &Reader<'_>) -> Result<Vec<String>, Failure> {
    if reader.first_quarter()?.is_none() {
        return Ok(Vec::new());
    }
    let ruleset = reader.ruleset()?;
    let tagging = ruleset.and_then(|ruleset| retag::note(&plan.config.watches, &ruleset, reader.stored().unwrap_or_default()));
    let unfinished = reader.unfinished_labels()?;
    let building = unfinished.iter().map(|label| format!("segments by `{label}` are being built from stored messages and not judged yet"));
    let segments = reader.counters(Quarter(0)..Quarter(0))?;
    let missing = relabel::missing(&plan.config.watches, &segments, &unfinished);
    let missing = missing.into_iter().map(|(watch, label)| format!("watch `{watch}` is split by `{label}`, and no message has that label"));
    Ok(tagging.into_iter().chain(building).chain(missing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::tests::console;
    use crate::cli::load::tests::write;
    use crate::store::sqlite::Direct;

    #[test]
    fn the_first_line_says_that_no_daemon_runs_where_none_does() {
        let folder = tempfile::tempdir().unwrap();
        let (main, path) = (folder.path().join("uproar.toml"), folder.path().join("u.db"));
        write(&main, &format!("builtin_themes = false\n[store]\npath = \"{}\"\n", path.display()));
        drop(Direct::open(&path).unwrap());
        let told = |json| {
            let (mut console, out, _) = console(&main);
            run(&Args { json, all: false }, &mut console).unwrap();
            out.text()
        };
        assert!(told(false).starts_with("no daemon runs on this store"), "{}", told(false));
        assert!(told(true).contains("\"daemon_runs\":false"), "{}", told(true));
        let _lock = Lock::take(&path).unwrap();
        assert!(!told(false).contains("no daemon runs"), "{}", told(false));
        assert!(told(true).contains("\"daemon_runs\":true"), "{}", told(true));
    }
}
