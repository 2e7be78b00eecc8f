//! `uproar import`: history from files, through the same readers as a watched folder.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::former;
use crate::cli::load;
use crate::cli::open;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Rejects;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::ports::Committed;
use crate::domain::ports::PageCommit;
use crate::domain::ports::Progress;
use crate::domain::ports::StreamKey;
use crate::engine::intake::Intake;
use crate::fetch::Files;
use crate::fetch::rejects;
use crate::host::clock::Clock;
use crate::sources::Settings;
use crate::sources::Source as _;
use crate::sources::file;

/// Items of a page; a page is one transaction.
const PAGE: usize = 2_000;
/// Warnings shown one by one.
const SHOWN: usize = 10;

/// Read history from files: CSV or JSON lines
///
/// What is imported builds the usual and never alerts. A record that is there already is
/// skipped, so a file can be imported twice.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar import answers-2025.csv answers-2026.csv --source csat")]
pub struct Args {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The configured source that they belong to
    #[arg(long, value_name = "NAME")]
    source: String,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let known = config.sources.iter().find(|source| source.name == args.source);
    let Some(source) = known.cloned() else {
        let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        return Err(Failure::new(
            Code::Config,
            format!("there is no source `{}`; the configuration has {}", args.source, names.join(", ")),
        ));
    };
    let settings = match &source.kind {
        Settings::File(settings) => (**settings).clone(),
        _ => file::Settings::default(),
    };
    let (mut store, plan) = open::store_and_plan(config)?;
    former::settle(&source, &plan.config.store.path, &mut store)?;
    let key = store.author_key().to_vec();
    let intake = Intake::new(&plan, &key, &source);
    let stream = StreamKey { source: source.name.clone(), shard: Shard::whole() };
    let clock = Clock::real();
    let mut total = Committed::default();
    for path in &args.files {
        let mut committed = Committed::default();
        let mut warnings = 0;
        let folder = source.kind.rejects(&plan.config.store.path);
        read(path, &settings, clock, |items, mut found, rejects| {
            if let Some(rejects) = rejects {
                let count = rejects.rows.len();
                found.extend(rejects::told(rejects::write(&folder, &source.name, &rejects), count, &rejects.file));
            }
            for warning in found {
                warnings += 1;
                if warnings <= SHOWN {
                    writeln!(console.err, "{}: {warning}", path.display())?;
                }
            }
            let mut items = items.into_iter().peekable();
            while items.peek().is_some() {
                let items = items.by_ref().take(PAGE).map(|item| intake.prepare(item)).collect();
                let commit =
                    PageCommit { stream: stream.clone(), items, history: true, usual_delay: 0, progress: Progress::None, now: clock.now() };
                committed += store.commit_page(&commit).map_err(open::failed)?;
            }
            Ok(())
        })?;
        if warnings > SHOWN {
            writeln!(console.err, "{}: {} more warnings", path.display(), warnings - SHOWN)?;
        }
        let Committed { new, edited, known, .. } = committed;
        writeln!(
            console.out,
            "{}: {new} new, {edited} edited, {known} already known, {warnings} warning{}",
            path.display(),
            if warnings == 1 { "" } else { "s" }
        )?;
        total += committed;
    }
    if args.files.len() > 1 {
        writeln!(console.out, "total: {} new, {} edited, {} already known", total.new, total.edited, total.known)?;
    }
    Ok(Code::Done)
}

/// Walks through one file page by page.
fn read(
    path: &Path,
    settings: &file::Settings,
    clock: Clock,
    mut page: impl FnMut(Vec<Item>, Vec<Warning>, Option<Box<Rejects>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let source = file::OneFile::new(path.to_owned(), settings.clone());
    let files = Files::default();
    let (shard, cursor) = (Shard::whole(), Cursor::default());
    let mut next = Some(source.first(&shard, &cursor, clock.now()));
    while let Some(request) = next.take() {
        let Request::Slice(slice) = &request else { break };
        let bytes = files.read_slice(slice).map_err(|error| Failure::new(Code::Io, error))?;
        let read = source
            .read(&shard, &cursor, &Response::Slice(bytes), clock.now())
            .map_err(|error| Failure::new(Code::Data, format!("{}: {error}", path.display())))?;
        page(read.items, read.warnings, read.rejects)?;
        next = read.next;
    }
    Ok(())
}
