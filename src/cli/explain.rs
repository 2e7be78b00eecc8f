//! `uproar explain`: why there was an alert, why there was none, why a message has its themes.

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;

mod account;
mod chart;
mod incident;
mod message;
mod moment;
mod reasons;
mod source;

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
    /// Only this theme of the watch
    #[arg(long, value_name = "THEME", requires = "watch")]
    theme: Option<String>,
    /// Id of a message at its source, or its number as `explain` and `export` show it
    #[arg(long, value_name = "ID", conflicts_with = "watch")]
    item: Option<String>,
    /// One JSON object
    #[arg(long, conflicts_with = "item")]
    json: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let now = Clock::real().now();
    let at = args.at.as_deref().map(|text| times::parse(text, config.time_zone, now)).transpose()?;
    let (store, plan) = open::store_and_plan(config)?;
    let now = present(&store, now)?;
    match (&args.incident, &args.watch, at, &args.item) {
        (Some(id), ..) => incident::incident(id, &store, &plan, now, args.json, console),
        (_, Some(watch), Some(at), _) => moment::moment(watch, args.theme.as_deref(), at, &store, &plan, now, args.json, console),
        (.., Some(item)) => message::message(item, &store, console),
        _ => Err(Failure::new(Code::Usage, "name an incident, --watch with --at, or --item")),
    }
}

/// A replay that ran faster than life left the counters ahead of the clock.
fn present(store: &Direct, now: Timestamp) -> Result<Timestamp, Failure> {
    Ok(store.reader().last_quarter()?.map_or(now, |last| now.max(Quarter(last.0 + 1).start())))
}
