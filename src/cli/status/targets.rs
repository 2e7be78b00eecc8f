//! What waits to be sent, and which targets take nothing.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::ports::Health;
use crate::engine::plan::Plan;
use crate::store::sqlite::reports::OutboxCount;

/// The table, and a sentence for each that takes nothing.
pub(super) fn print(plan: &Plan, outbox: &[OutboxCount], health: &[Health], console: &mut Console) -> Result<(), Failure> {
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
