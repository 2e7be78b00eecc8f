//! `uproar status`: sources, watches, targets, outbox and database at one look.

use std::io::Write as _;

use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Numbers;
use crate::domain::incident::SeriesKey;
use crate::domain::ports::Health;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::engine::facts;
use crate::engine::judge;
use crate::engine::labels::Calibrations;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::engine::precision;
use crate::engine::precision::Precision;
use crate::engine::relabel;
use crate::engine::retag;
use crate::host::clock::Clock;
use crate::render::wording;
use crate::store::sqlite::reports::OutboxCount;
use crate::store::sqlite::reports::Reader;

/// Show how sources, watches, targets and the database fare
///
/// Exits with 1 when a source fails, a target takes nothing, or a notice could not be delivered for
/// good.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar status --json")]
pub struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What a watch counts now.
struct Now {
    watch: String,
    theme: String,
    count: f64,
    usual: f64,
    score: f64,
    limit: f64,
}

/// How far the last 28 days of a theme are from the reference.
struct Slow {
    watch: String,
    theme: String,
    reference: String,
    numbers: Numbers,
    loud: bool,
}

impl Slow {
    /// Complaints beside those that the reference expects.
    fn times(&self) -> Option<f64> {
        let known = self.numbers.expected > 0.0 && self.numbers.total > 0.0;
        known.then(|| self.numbers.count / self.numbers.expected)
    }

    /// `bots: looping_bot: usual 4.1 % of messages, 2.3 times the reference Jan-Mar 2026`
    fn line(&self) -> String {
        let Self { watch, theme, reference, numbers, .. } = self;
        let Some(times) = self.times() else {
            return format!("{watch}: {theme}: nothing to compare yet ({})", numbers.held_by);
        };
        let mark = if self.loud { "; a slow rise" } else { "" };
        let reference = if reference.starts_with(|letter: char| letter.is_lowercase()) {
            reference.clone()
        } else {
            format!("the reference {reference}")
        };
        let share = wording::share(numbers.count / numbers.total);
        format!("{watch}: {theme}: usual {share} of messages, {} times {reference}{mark}", wording::amount(times))
    }
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (store, plan) = open::store_and_plan(config)?;
    let reader = store.reader();
    let now = Clock::real().now();
    let streams: Vec<(StreamKey, Stream)> = Target::all(&plan)
        .into_iter()
        .map(|target| Ok((target.key.clone(), reader.stream(&target.key)?)))
        .collect::<Result<_, Failure>>()?;
    let (watches, slow) = watches(&plan, &reader, now)?;
    let outbox = reader.outbox()?;
    let health: Vec<Health> = reader.health()?.into_iter().filter(|health| plan.target(&health.target).is_some()).collect();
    let size = reader.size()?;
    let open = reader.incidents(false)?.len();
    let failing = streams.iter().any(|(_, stream)| stream.errors > 0)
        || outbox.iter().any(|count| count.state == "dead")
        || health.iter().any(|health| health.open_since.is_some());
    let notes = notes(&plan, &reader)?;
    let precision = precisions(&plan, &reader, now)?;
    if args.json {
        let time = |at: Option<Timestamp>| at.map(times::stamp);
        let document = json!({
            "schema": 1,
            "config": plan.config.fingerprint,
            "sources": streams.iter().map(|(key, stream)| json!({
                "source": key.source, "shard": key.shard, "last_success": time(stream.complete_to), "last_new_item": time(stream.last_new),
                "next_poll": time(stream.due), "errors": stream.errors, "error": stream.error,
                "usual_delay_seconds": stream.usual_delay.map(|delay| delay.num_seconds()),
            })).collect::<Vec<_>>(),
            "watches": watches.iter().map(|now| json!({
                "watch": now.watch, "theme": now.theme, "count": now.count, "usual": now.usual, "score": now.score, "limit": now.limit,
            })).collect::<Vec<_>>(),
            "last_28_days": slow.iter().map(|slow| json!({
                "watch": slow.watch, "theme": slow.theme, "reference": slow.reference, "count": slow.numbers.count,
                "expected": slow.numbers.expected, "total": slow.numbers.total, "times": slow.times(), "score": slow.numbers.score,
                "limit": slow.numbers.limit, "loud": slow.loud, "held_by": slow.numbers.held_by,
            })).collect::<Vec<_>>(),
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
        print(&plan, &streams, &watches, &slow, console)?;
        print_targets(&plan, &outbox, &health, console)?;
        writeln!(
            console.out,
            "\n{open} open incident{}; {} items, {} with text, {:.1} MB in {}",
            if open == 1 { "" } else { "s" },
            size.items,
            size.texts,
            size.bytes as f64 / 1e6,
            plan.config.store.path.display()
        )?;
        for (watch, of) in precision.iter().filter(|(_, of)| of.told > 0) {
            writeln!(console.out, "{watch}: {}", of.sentence())?;
        }
        for note in &notes {
            writeln!(console.out, "{note}")?;
        }
    }
    Ok(if failing { Code::Found } else { Code::Done })
}

fn print(plan: &Plan, streams: &[(StreamKey, Stream)], watches: &[Now], slow: &[Slow], console: &mut Console) -> Result<(), Failure> {
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| times::local(at, plan.config.time_zone));
    let mut table = Table::new(&["SOURCE", "LAST SUCCESS", "LAST NEW ITEM", "NEXT POLL", "ERRORS"]);
    for (key, stream) in streams {
        let name = if key.shard.0.is_empty() { key.source.clone() } else { format!("{}/{}", key.source, key.shard) };
        let errors = stream.error.as_ref().map_or_else(String::new, |why| format!("{}: {why}", stream.errors));
        table.row(&[name, time(stream.complete_to), time(stream.last_new), time(stream.due), errors]);
    }
    writeln!(console.out, "{table}")?;
    let mut table = Table::new(&["WATCH", "THEME", "NOW", "USUAL", "SCORE", "LIMIT"]);
    for now in watches {
        let number = |value: f64| format!("{value:.1}");
        table.row(&[
            now.watch.clone(),
            now.theme.clone(),
            format!("{}", (now.count * 100.0).round() / 100.0),
            number(now.usual),
            number(now.score),
            number(now.limit),
        ]);
    }
    writeln!(console.out, "{table}")?;
    if !slow.is_empty() {
        writeln!(console.out, "LAST 28 DAYS")?;
        for slow in slow {
            writeln!(console.out, "{}", slow.line())?;
        }
        writeln!(console.out)?;
    }
    Ok(())
}

fn print_targets(plan: &Plan, outbox: &[OutboxCount], health: &[Health], console: &mut Console) -> Result<(), Failure> {
    let mut table = Table::new(&["TARGET", "CHANNEL", "OUTBOX"]);
    for target in &plan.config.targets {
        let counts: Vec<String> = outbox
            .iter()
            .filter(|count| count.target == target.name)
            .map(|count| {
                let why = count.error.as_ref().filter(|_| count.state != "delivered").map_or_else(String::new, |why| format!(" ({why})"));
                format!("{} {}{why}", count.rows, count.state)
            })
            .collect();
        let counts = if counts.is_empty() { "nothing yet".to_owned() } else { counts.join(", ") };
        table.row(&[target.name.clone(), target.channel.kind().to_owned(), counts]);
    }
    write!(console.out, "{table}")?;
    let time = |at: Timestamp| times::local(at, plan.config.time_zone);
    for Health { target, open_since, probe_at, hold_until, why, .. } in health {
        match (open_since, probe_at, hold_until) {
            (Some(since), Some(next), _) => {
                writeln!(console.out, "{target} takes nothing since {} ({why}); next try {}", time(*since), time(*next))?;
            }
            (None, _, Some(until)) => writeln!(console.out, "{target} asked for a pause until {} ({why})", time(*until))?,
            _ => {}
        }
    }
    Ok(())
}

/// How often each watch was right.
fn precisions(plan: &Plan, reader: &Reader<'_>, now: Timestamp) -> Result<Vec<(String, Precision)>, Failure> {
    let (incidents, labels) = (reader.incidents(true)?, reader.labels()?);
    let of = |name: &String| (name.clone(), precision::of_watch(name, &incidents, &labels, now));
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

/// The present of each theme in all messages, judged as the daemon does.
fn watches(plan: &Plan, reader: &Reader<'_>, now: Timestamp) -> Result<(Vec<Now>, Vec<Slow>), Failure> {
    let Some(first) = reader.first_quarter()? else { return Ok((Vec::new(), Vec::new())) };
    let counters = reader.counters(first..Quarter(Quarter::of(now).0 + 1))?;
    // The newest of a series comes last.
    let newest: Vec<Incident> = reader.incidents(true)?.into_iter().rev().collect();
    let calibrations = Calibrations::of(&plan.config.watches, &reader.labels()?, now);
    let (mut rows, mut slow) = (Vec::new(), Vec::new());
    let ruleset = reader.ruleset()?.unwrap_or_default();
    for watch in plan.config.watches.iter().filter(|watch| !retag::waits(watch, &ruleset)) {
        let calibration = calibrations.watch(&watch.name);
        for present in judge::present(plan, watch, calibration, &counters, first, now) {
            let numbers = &present.verdict.numbers;
            let (count, usual) = numbers.mean.map_or((numbers.count, numbers.expected), |mean| (mean.value, mean.usual));
            rows.push(Now {
                watch: watch.name.clone(),
                theme: present.key.theme.clone(),
                count,
                usual,
                score: present.verdict.numbers.score,
                limit: present.verdict.numbers.limit,
            });
        }
        let reference = facts::reference(watch);
        let accepted = |key: &SeriesKey| newest.iter().find(|incident| incident.key == *key).and_then(judge::accepted);
        for present in judge::slow(plan, watch, &counters, &accepted, first, now) {
            let loud = matches!(present.verdict.call, Call::Firing(_));
            slow.push(Slow {
                watch: watch.name.clone(),
                theme: present.key.theme,
                reference: reference.clone(),
                numbers: present.verdict.numbers,
                loud,
            });
        }
    }
    Ok((rows, slow))
}
