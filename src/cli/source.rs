//! `uproar source`: what is read and how it fares, what people want of it, and lists of feeds.
//!
//! What people want is written down with the stream; the daemon reads it there, and needs no restart.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::former;
use crate::cli::load;
use crate::cli::open;
use crate::config::manual::PAGES;
use crate::config::manual::Page;
use crate::config::suggest;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::host::clock::Clock;
use crate::store::sqlite::Lock;

mod address;
mod exchange;
mod list;
mod opml;

/// List sources, pause and poll them, exchange feeds
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  uproar source list\n  uproar source pause forum")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show each source: where it is read, when, and how it fares
    #[command(after_help = "Example:\n  uproar source list --json")]
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Leave sources alone until they are resumed
    ///
    /// Nothing of them is asked any more, also after a restart. Their watches have no data from them
    /// meanwhile.
    #[command(after_help = "Examples:\n  uproar source pause forum\n  uproar source pause app-store/se")]
    Pause(Named),
    /// Go on with sources, at once
    ///
    /// Also with one that said that it is gone for good.
    #[command(after_help = "Example:\n  uproar source resume forum")]
    Resume(Named),
    /// Poll sources now, whatever their schedule says
    ///
    /// Where the host of one has asked to be left alone for a while, when that is over. A paused one is
    /// polled once and stays paused.
    #[command(after_help = "Example:\n  uproar source poll forum app-store")]
    Poll(Named),
    /// Print the feeds of an OPML file as tables of the configuration
    ///
    /// Names are made from titles. Feeds that are read already are named and left out.
    #[command(
        after_help = "Examples:\n  uproar source import feeds.opml --write conf.d/feeds.toml\n  uproar source import feeds.opml > feeds.toml"
    )]
    Import {
        /// The list; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Write to this new file instead
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Tell what a kind of source needs, brings and allows
    ///
    /// Where to click at the vendor, which rights suffice, how edits and deletions are seen, and what the
    /// terms allow. Without a kind it lists those that there are.
    #[command(after_help = "Example:\n  uproar source about zendesk")]
    About {
        /// The kind, as its table is called
        #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(PAGES.iter().map(|page| page.kind)))]
        kind: Option<String>,
    },
    /// Print the feeds that are read as OPML
    #[command(after_help = "Example:\n  uproar source export > feeds.opml")]
    Export,
}

/// Which sources.
#[derive(Debug, clap::Args)]
struct Named {
    /// Their names; NAME/PART is one part of a source, a country of an app store
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    names: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    match &args.what {
        What::List { json } => {
            let config = load::load_without_secrets(console)?;
            let (store, plan) = open::to_show(config)?;
            list::show(&plan, &store.reader(), *json, Clock::real().now(), console)?;
        }
        What::Pause(named) => wish(named, Wish::Pause, console)?,
        What::Resume(named) => wish(named, Wish::Resume, console)?,
        What::Poll(named) => wish(named, Wish::Poll, console)?,
        What::Import { file, write } => exchange::import(file, write.as_deref(), console)?,
        What::About { kind } => about(kind.as_deref(), console)?,
        What::Export => {
            let config = load::load_without_secrets(console)?;
            exchange::export(&config, console)?;
        }
    }
    Ok(Code::Done)
}

/// The page about a kind, or a list of the kinds that have one.
fn about(kind: Option<&str>, console: &mut Console) -> Result<(), Failure> {
    if let Some(page) = kind.and_then(Page::of) {
        return Ok(write!(console.out, "{}", page.text)?);
    }
    for page in PAGES {
        writeln!(console.out, "{:<12} {}", page.kind, page.title())?;
    }
    Ok(())
}

fn wish(named: &Named, wish: Wish, console: &mut Console) -> Result<(), Failure> {
    let config = load::load_without_secrets(console)?;
    let (mut store, plan) = open::store_and_plan(config)?;
    let keys = chosen(named, &plan)?;
    for source in &plan.config.sources {
        if keys.iter().any(|key| key.source == source.name) {
            former::settle(source, &plan.config.store.path, &mut store)?;
        }
    }
    let before = keys.iter().map(|key| Ok((key.clone(), store.reader().stream(key)?))).collect::<Result<Vec<_>, Failure>>()?;
    store.wish(&keys, wish, Clock::real().now())?;
    let runs = Lock::is_held(&plan.config.store.path);
    for (key, stream) in &before {
        let remote = plan.config.sources.iter().any(|source| source.name == key.source && source.kind.is_remote());
        writeln!(console.out, "{}", said(key, stream, wish, remote))?;
    }
    if !runs {
        let when = match wish {
            Wish::Pause => "no daemon runs; the next one keeps to it",
            Wish::Resume | Wish::Poll => "no daemon runs: the next one does it at its start, `uproar run --once` does it now",
        };
        writeln!(console.err, "{when}")?;
    }
    Ok(())
}

/// What becomes of a stream, in a sentence.
fn said(key: &StreamKey, before: &Stream, wish: Wish, is_remote: bool) -> String {
    let name = full_name(key);
    // Whether a host has asked to be left alone for a while only the daemon knows.
    let soon = if is_remote { "at once, or as soon as its host may be asked" } else { "at once" };
    let gone = before.standing.gone.as_ref().is_some_and(|gone| gone.confirmed);
    match (wish, before.paused) {
        (Wish::Pause, Some(since)) => format!("{name}: paused since {} already", since.format("%F %H:%M UTC")),
        (Wish::Pause, None) => format!("{name}: paused; `uproar source resume` goes on"),
        (Wish::Resume, _) if gone => format!("{name}: asked again {soon}, although it said that it is gone for good"),
        (Wish::Resume, Some(_)) => format!("{name}: goes on, and is polled {soon}"),
        (Wish::Resume, None) => format!("{name}: was not paused; polled {soon}"),
        (Wish::Poll, _) if gone => {
            format!("{name}: polled {soon}; it said that it is gone for good, `uproar source resume` goes on with it")
        }
        (Wish::Poll, Some(_)) => format!("{name}: polled {soon}, and stays paused"),
        (Wish::Poll, None) => format!("{name}: polled {soon}"),
    }
}

/// `app-store/se`, or the name of a source that has no parts.
fn full_name(key: &StreamKey) -> String {
    if key.shard.0.is_empty() { key.source.clone() } else { format!("{}/{}", key.source, key.shard) }
}

/// The streams that are meant, each once, in the order of the configuration.
fn chosen(named: &Named, plan: &Plan) -> Result<Vec<StreamKey>, Failure> {
    let all: Vec<StreamKey> = Target::all(plan).into_iter().map(|target| target.key).collect();
    if named.all {
        return Ok(all);
    }
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let parts: Vec<String> = all.iter().map(full_name).collect();
    for (at, (key, part)) in all.iter().zip(&parts).enumerate() {
        places.entry(&key.source).or_default().push(at);
        if !key.shard.0.is_empty() {
            places.entry(part).or_default().push(at);
        }
    }
    let mut meant = BTreeSet::new();
    for name in &named.names {
        let Some(found) = places.get(name.as_str()) else {
            let help = suggest::question(name, places.keys().copied());
            return Err(Failure::new(Code::Usage, format!("there is no source `{name}`; {help}")));
        };
        meant.extend(found.iter().copied());
    }
    Ok(meant.into_iter().map(|at| all[at].clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Shard;

    #[test]
    fn what_is_promised_of_a_poll_holds_also_where_the_host_wants_to_be_left_alone() {
        let key = StreamKey { source: "forum".to_owned(), shard: Shard::whole() };
        let paused = Stream { paused: Some(Clock::real().now()), ..Stream::default() };
        let lines = [
            said(&key, &Stream::default(), Wish::Poll, true),
            said(&key, &paused, Wish::Poll, true),
            said(&key, &paused, Wish::Resume, true),
            said(&key, &Stream::default(), Wish::Poll, false),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        forum: polled at once, or as soon as its host may be asked
        forum: polled at once, or as soon as its host may be asked, and stays paused
        forum: goes on, and is polled at once, or as soon as its host may be asked
        forum: polled at once
        ");
    }
}
