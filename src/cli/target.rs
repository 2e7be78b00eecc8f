//! `uproar target`: where alerts go, and a test through the outbox and the real channel.

use std::io::Write as _;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::ports::NewRow;
use crate::engine::courier::Courier;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::incident::outbox::row_id;
use crate::render::Channel;
use crate::store::sqlite::GUEST;
use crate::store::sqlite::Sqlite;
use crate::web::board::Board;

/// List targets and test them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar target test support-leads")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show every target with its channel and recipients
    #[command(after_help = "Example:\n  uproar target list")]
    List,
    /// Send a test alert through the outbox and the real channel
    ///
    /// Succeeds only when the other side has taken it. It goes also where the target is taken for
    /// broken, and opens it again. A test that failed for a while stays in the outbox; a running
    /// daemon tries it again.
    #[command(after_help = "Example:\n  uproar target test support-leads")]
    Test {
        /// Name of the target
        name: String,
    },
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    match &args.what {
        What::List => {
            let config = load::load_without_secrets(console)?;
            for target in &config.targets {
                let recipients = target.channel.build(&Arc::default()).recipients().join(", ");
                writeln!(console.out, "{}  {}  {recipients}", target.name, target.channel.kind())?;
            }
            Ok(Code::Done)
        }
        What::Test { name } => {
            let mut config = load::load(console)?;
            // A test tags nothing, and making the rules ready would take most of its time.
            config.themes.clear();
            config.models.used.clear();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let boot = format!("{GUEST}{}", std::process::id());
            let (store, writer) = Sqlite::open(&config.store.path, boot).map_err(open::refused)?;
            let plan = open::plan(config, store.author_key())?;
            let outcome = runtime.block_on(test(&plan, store, name, console));
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            // The writer ends with the last handle; what it says is in `outcome` already.
            let _ = writer.join();
            outcome
        }
    }
}

async fn test(plan: &Plan, store: Sqlite, name: &str, console: &mut Console) -> Result<Code, Failure> {
    let Some(channel) = plan.channels.get(name) else {
        let names: Vec<&str> = plan.channels.keys().map(String::as_str).collect();
        return Err(Failure::new(Code::Usage, format!("there is no target `{name}`; the configuration has {}", names.join(", "))));
    };
    let clock = Clock::real();
    let rows = rows(plan, name, channel.as_ref(), clock.now());
    for row in &rows {
        store.enqueue(row.clone()).await?;
    }
    let carrier = Arc::new(open::carrier(&plan.config)?);
    let courier =
        Courier::new(store.clone(), name.to_owned(), Arc::clone(channel), carrier, plan.config.delivery.clone(), Board::default());
    for row in &rows {
        courier.deliver_only(&row.id).await?;
    }
    let mut failed = 0;
    for row in &rows {
        let id = row.id.clone();
        let found = store.read(move |reader| reader.row(&id)).await?;
        let to = if row.recipient.is_empty() { name } else { row.recipient.as_str() };
        match found {
            Some(row) if row.state == "delivered" => {
                writeln!(console.out, "{to}: delivered: {}", row.receipt.unwrap_or_default())?;
            }
            Some(row) => {
                failed += 1;
                writeln!(console.err, "{to}: {}: {}", row.state, row.error.unwrap_or_else(|| "a running daemon is at it".to_owned()))?;
            }
            None => failed += 1,
        }
    }
    Ok(if failed == 0 { Code::Done } else { Code::Unavailable })
}

/// A daemon leaves a test to whoever asked for it for so long: longer than a try may last.
const OURS: TimeDelta = TimeDelta::seconds(90);

/// One test notice for each recipient, with an id of its own for each test.
fn rows(plan: &Plan, name: &str, channel: &dyn Channel, now: Timestamp) -> Vec<NewRow> {
    let incident = format!("test-{}", now.timestamp_micros());
    let facts = facts(plan, &incident, now);
    channel
        .recipients()
        .into_iter()
        .map(|recipient| NewRow {
            id: row_id(&plan.instance, &incident, Event::Test, 1, name, &recipient),
            target: name.to_owned(),
            facts: facts.clone(),
            due: now + OURS,
            held: None,
            recipient,
        })
        .collect()
}

fn facts(plan: &Plan, incident: &str, now: Timestamp) -> Facts {
    Facts {
        watch: "test".to_owned(),
        theme: "test".to_owned(),
        theme_title: "nothing at all".to_owned(),
        zone: plan.config.time_zone.name().to_owned(),
        base_url: plan.config.base_url.clone(),
        ..Facts::blank(Event::Test, incident, now)
    }
}
