//! `uproar explain`: why there was an alert, why there was none, why a message has its themes.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::incident::missing;
use crate::cli::load;
use crate::cli::open;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Numbers;
use crate::domain::notice::Role;
use crate::engine::drivers;
use crate::engine::facts;
use crate::engine::judge;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reports::Choice;
use crate::text::excerpt::shorten;
use crate::text::redact::redact;

/// Say why there was an alert, or why not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar explain i-7f3k2a9c\n  uproar explain --watch \"support bot\" --at 2026-11-21T14:00\n  uproar explain --item r-1042"
)]
pub struct Args {
    /// Id of an incident
    #[arg(required_unless_present_any = ["watch", "item"], conflicts_with_all = ["watch", "item"])]
    incident: Option<String>,
    /// Name of a watch; with --at
    #[arg(long, value_name = "NAME", requires = "at")]
    watch: Option<String>,
    /// The moment in question: a time, with a zone or in `time_zone`, or an age as in 3h
    #[arg(long, value_name = "TIME", requires = "watch")]
    at: Option<String>,
    /// Id of a message at its source, or its number as `explain` and `export` show it
    #[arg(long, value_name = "ID", conflicts_with = "watch")]
    item: Option<String>,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let now = Clock::real().now();
    let at = args.at.as_deref().map(|text| times::parse(text, config.time_zone, now)).transpose()?;
    let (store, plan) = open::store_and_plan(config)?;
    match (&args.incident, &args.watch, at, &args.item) {
        (Some(id), ..) => incident(id, &store, &plan, console),
        (_, Some(watch), Some(at), _) => moment(watch, at, &store, &plan, console),
        (.., Some(item)) => message(item, &store, console),
        _ => Err(Failure::new(Code::Usage, "name an incident, --watch with --at, or --item")),
    }
}

fn incident(id: &str, store: &Direct, plan: &Plan, console: &mut Console) -> Result<Code, Failure> {
    let reader = store.reader();
    let incident: Incident = reader.incident(id)?.ok_or_else(|| missing(id))?;
    let opening = reader.record(id)?.into_iter().next();
    let numbers = opening.as_ref().map_or(&incident.numbers, |step| &step.numbers);
    writeln!(console.out, "{id} opened {} for {}", times::local(incident.opened_at, plan.config.time_zone), incident.key)?;
    tell(numbers, console)?;
    let Some(watch) = plan.watch(&incident.key.watch) else {
        writeln!(console.out, "the watch is configured no more; there is nothing more to look up")?;
        return Ok(Code::Done);
    };
    writeln!(console.out, "budget: {} false alarms a year for the whole watch", watch.false_alarms_per_year)?;
    let ask = facts::ask(watch, &incident, incident.opened_at);
    let evidence = reader.evidence(&ask)?;
    writeln!(console.out, "\nwhere it comes from (now, usual):")?;
    for share in drivers::breakdown(&ask, &evidence) {
        let part = share.part.map_or_else(String::new, |part| format!("  {:.0} % of the excess", part * 100.0));
        let role = match share.role {
            Role::Ordinary => String::new(),
            Role::Driver => ", driver".to_owned(),
            Role::NewDriver => ", driver: new".to_owned(),
            Role::SameAs { key, value } => format!(", the same as {key} {}", redact(&value)),
        };
        writeln!(console.out, "  {} {}  {}  {:.1}{part}{role}", share.key, redact(&share.value), share.now, share.usual)?;
    }
    writeln!(console.out, "\nnewest messages:")?;
    for complaint in evidence.complaints.iter().take(5) {
        let text = crate::tagging::message(&complaint.title, &complaint.text);
        writeln!(console.out, "  {} \"{}\"", complaint.item, shorten(&redact(&text), 160))?;
    }
    Ok(Code::Done)
}

fn moment(watch: &str, at: Timestamp, store: &Direct, plan: &Plan, console: &mut Console) -> Result<Code, Failure> {
    let Some(watch) = plan.watch(watch) else {
        let names: Vec<&str> = plan.config.watches.iter().map(|watch| watch.name.as_str()).collect();
        return Err(Failure::new(Code::Usage, format!("there is no watch `{watch}`; the configuration has {}", names.join(", "))));
    };
    let reader = store.reader();
    let Some(first) = reader.first_quarter()? else {
        writeln!(console.out, "nothing was counted yet: no message is stored")?;
        return Ok(Code::Done);
    };
    let buckets = plan.buckets(watch);
    // Judged as at the end of the bucket: that is the most that was ever known of it.
    let end = buckets.end(at) - chrono::TimeDelta::milliseconds(1);
    let counters = reader.counters(first..Quarter(Quarter::of(end).0 + 1))?;
    writeln!(
        console.out,
        "watch \"{}\", bucket from {} to {}",
        watch.name,
        times::local(buckets.start(at), plan.config.time_zone),
        times::local(buckets.end(at), plan.config.time_zone)
    )?;
    for present in judge::present(plan, watch, &counters, first, end) {
        let verdict = &present.verdict;
        let call = match verdict.call {
            Call::Firing(level) => format!("loud ({level}): this opens or keeps an incident"),
            Call::Uneasy => "above the usual, but not enough".to_owned(),
            Call::Normal => "as usual".to_owned(),
            Call::Unknown => "not judged".to_owned(),
        };
        writeln!(console.out, "\n{}: {call}", present.key.theme)?;
        tell(&verdict.numbers, console)?;
    }
    Ok(Code::Done)
}

fn tell(numbers: &Numbers, console: &mut Console) -> Result<(), Failure> {
    let hours = numbers.window_seconds as f64 / 3600.0;
    let (low, high) = numbers.usual;
    writeln!(console.out, "  {} complaints in {hours} h; {:.2} expected, usually {low} to {high}", numbers.count, numbers.expected)?;
    if numbers.total > 0.0 {
        writeln!(
            console.out,
            "  {} messages in all; share {:.1} %, usually {:.1} %",
            numbers.total,
            100.0 * numbers.count / numbers.total,
            100.0 * numbers.usual_share
        )?;
    }
    writeln!(
        console.out,
        "  score {:.2} (minus log10 of the chance p = {:.2e}), limit {:.2}",
        numbers.score,
        10_f64.powf(-numbers.score),
        numbers.limit
    )?;
    writeln!(
        console.out,
        "  negative binomial with dispersion {:.3}; loose test on the raw count: p = {:.2e}; learnt from {} buckets",
        numbers.dispersion, numbers.gate, numbers.learnt_buckets
    )?;
    if !numbers.held_by.is_empty() {
        writeln!(console.out, "  held back by: {}", numbers.held_by)?;
    }
    Ok(())
}

fn message(id: &str, store: &Direct, console: &mut Console) -> Result<Code, Failure> {
    let reader = store.reader();
    let mut found = Vec::new();
    let choice = Choice { item: Some(id.to_owned()), ..Choice::default() };
    reader.export(&choice, |item| {
        found.push(item);
        Ok::<_, Failure>(())
    })?;
    if found.is_empty() {
        return Err(Failure::new(Code::Usage, format!("there is no message `{id}`; `uproar export` shows numbers and ids")));
    }
    for item in found {
        let text = crate::tagging::message(&item.title, &item.text);
        writeln!(console.out, "{} ({}, {}): \"{}\"", item.id, item.source, item.external_id, shorten(&redact(&text), 300))?;
        let tags = reader.tags(item.id)?;
        if tags.is_empty() {
            writeln!(console.out, "  no theme")?;
        }
        for (theme, rule, spans) in tags {
            let spans: Vec<std::ops::Range<usize>> = serde_json::from_str(&spans).unwrap_or_default();
            let words: Vec<String> =
                spans.iter().filter_map(|span| text.get(span.clone())).map(|word| format!("\"{}\"", redact(word))).collect();
            writeln!(console.out, "  {theme}: rule \"{rule}\", by {}", words.join(", "))?;
        }
    }
    Ok(Code::Done)
}
