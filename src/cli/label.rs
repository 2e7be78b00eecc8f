//! `uproar label`: what people say about the themes of messages, asked at the terminal or read from a
//! file.

use std::io;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::config::suggest;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::store::sqlite::reviews::draw::Pool;

mod card;
mod export;
mod import;
mod keys;
mod line;
mod queue;
mod sitting;

/// Say which themes of messages are right, wrong or missing
///
/// Shows one message after another, redacted, with its themes and the words that gave them. Each answer
/// is stored at once. Half of the messages are drawn at random, half are ones that the rules are unsure
/// of: a rule held back by its `unless`, a theme that hangs on one rule, a bad rating without any theme.
/// Labels measure the rules (`uproar quality`) and change no tag.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar label --count 50\n  uproar label --theme looping_bot --unsure\n  uproar label --export labels.jsonl\n  uproar label --import labels.jsonl"
)]
pub struct Args {
    /// Only messages of this watch's sources; unsure ones of its themes
    #[arg(long, value_name = "NAME")]
    watch: Option<String>,
    /// Only messages that have this theme, and those the rules are unsure of it
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// Only messages of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only messages that the rules are unsure of
    #[arg(long)]
    unsure: bool,
    /// End after so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: u32,
    /// Whose labels these are; whoever types the command without it
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Write all labels as JSON lines, to standard output without a FILE
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = "-",
        conflicts_with_all = ["import", "watch", "theme", "unsure", "count"]
    )]
    export: Option<PathBuf>,
    /// With --export: the words of the messages too, redacted
    #[arg(long, requires = "export")]
    with_text: bool,
    /// Read labels from JSON lines as --export writes them; `-` is standard input
    ///
    /// A bad line is told and passed over, and so is one about a message that is not stored. Ends with 65
    /// after bad lines, with 1 after unknown messages.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["watch", "theme", "source", "unsure", "count"])]
    import: Option<PathBuf>,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (mut store, plan) = open::store_and_plan(config)?;
    let who = args.who.clone().unwrap_or_else(names::who);
    if who.trim().is_empty() {
        return Err(Failure::new(Code::Usage, "--who is empty; name the person whose labels these are"));
    }
    if let Some(file) = &args.export {
        let wanted = export::Wanted { source: args.source.as_deref(), who: args.who.as_deref(), with_text: args.with_text };
        return export::export(file, &wanted, &store, console);
    }
    if let Some(file) = &args.import {
        return import::import(file, &who, &plan, &mut store, console);
    }
    let pool = Pool { sources: sources(args, &plan)?, theme: args.theme.clone() };
    let mut doubted: Vec<&str> = plan.config.themes.iter().map(|theme| theme.name.as_str()).collect();
    if let Some(theme) = &args.theme {
        if !doubted.contains(&theme.as_str()) {
            return Err(Failure::new(Code::Usage, format!("there is no theme `{theme}`; {}", suggest::question(theme, doubted))));
        }
        doubted = vec![theme];
    } else if let Some(watch) = &args.watch {
        let themes = &names::watch(&plan, watch)?.themes;
        doubted.retain(|name| themes.iter().any(|theme| theme == name));
    }
    let queue = queue::Queue::new(&plan, &doubted, pool, &who, args.unsure)?;
    let terminal = io::stdin().is_terminal();
    sitting::Sitting::new(&plan, &mut store, queue, &who, args.count, terminal).run(io::stdin().lock(), Clock::real(), console)
}

/// The sources that were asked for; `None` for all of them.
fn sources(args: &Args, plan: &Plan) -> Result<Option<Vec<String>>, Failure> {
    let all = || plan.config.sources.iter().map(|source| source.name.as_str());
    let of_watch = args.watch.as_deref().map(|name| names::watch(plan, name)).transpose()?.map(|watch| watch.sources.clone());
    let Some(name) = &args.source else {
        // A watch of everything limits nothing.
        return Ok(of_watch.filter(|sources| all().any(|name| !sources.iter().any(|source| source == name))));
    };
    if !all().any(|known| known == name) {
        return Err(Failure::new(Code::Usage, format!("there is no source `{name}`; {}", suggest::question(name, all()))));
    }
    if of_watch.is_some_and(|sources| !sources.contains(name)) {
        return Err(Failure::new(Code::Usage, format!("the watch does not count source `{name}`; leave --watch or --source out")));
    }
    Ok(Some(vec![name.clone()]))
}
