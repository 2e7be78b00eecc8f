//! `uproar outbox`: notices that are not delivered, and what can be done about them.

use std::io::Write as _;

use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Config;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;
use crate::store::sqlite::outbox::shown::Refused;
use crate::store::sqlite::outbox::shown::Waiting;

/// As much of an id as a table shows; enough to name a notice.
const SHORT: usize = 12;

/// Show notices that are not delivered, try them again or drop them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar outbox list --dead")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show notices that wait, and those that nobody will ever take
    #[command(after_help = "Example:\n  uproar outbox list --dead --json")]
    List {
        /// Only those that nobody will ever take
        #[arg(long)]
        dead: bool,
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Try a notice again, and its target at once
    ///
    /// It keeps its id, so that a target that took it after all knows it for a repeat.
    #[command(after_help = "Example:\n  uproar outbox retry 3f9ac2")]
    Retry {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Give a notice up for good
    #[command(after_help = "Example:\n  uproar outbox drop 3f9ac2 --yes")]
    Drop {
        /// Its id, or the beginning of it
        id: String,
        /// Yes, nobody will get it
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let mut store = Direct::open(&config.store.path).map_err(open::refused)?;
    match &args.what {
        What::List { dead, json } => {
            let waiting = store.reader().waiting(*dead)?;
            if *json {
                writeln!(console.out, "{}", document(&waiting))?;
            } else {
                print(&config, &waiting, console)?;
            }
        }
        What::Retry { id } => {
            let id = store.retry_notice(id, Clock::real().now()).map_err(refused)?;
            writeln!(console.out, "{id}: queued; a running daemon tries it within a second")?;
        }
        What::Drop { id, yes: true } => {
            let id = store.drop_notice(id).map_err(refused)?;
            writeln!(console.out, "{id}: dropped")?;
        }
        What::Drop { .. } => {
            return Err(Failure::new(Code::Usage, "nobody will ever get a notice that is dropped; add --yes if that is meant"));
        }
    }
    Ok(Code::Done)
}

fn refused(why: Refused) -> Failure {
    match why {
        Refused::Store(error) => error.into(),
        other => Failure::new(Code::Usage, other),
    }
}

fn document(waiting: &[Waiting]) -> serde_json::Value {
    waiting
        .iter()
        .map(|row| {
            json!({
                "id": row.id, "target": row.target, "recipient": row.recipient, "event": row.event, "incident": row.incident,
                "state": row.state, "attempts": row.attempts, "created_at": times::stamp(row.created), "due": times::stamp(row.due),
                "error": row.error,
            })
        })
        .collect()
}

fn print(config: &Config, waiting: &[Waiting], console: &mut Console) -> Result<(), Failure> {
    if waiting.is_empty() {
        writeln!(console.out, "nothing waits")?;
        return Ok(());
    }
    let mut table = Table::new(&["ID", "TARGET", "TO", "NOTICE", "STATE", "TRIES", "SINCE", "NEXT", "ERROR"]);
    for row in waiting {
        let time = |at| times::local(at, config.time_zone);
        let next = if row.state == "queued" { time(row.due) } else { "-".to_owned() };
        table.row(&[
            row.id.get(..SHORT).unwrap_or(&row.id).to_owned(),
            row.target.clone(),
            if row.recipient.is_empty() { "-".to_owned() } else { row.recipient.clone() },
            format!("{} {}", row.event, row.incident),
            row.state.clone(),
            row.attempts.to_string(),
            time(row.created),
            next,
            row.error.clone().unwrap_or_default(),
        ]);
    }
    write!(console.out, "{table}")?;
    Ok(())
}
