//! `uproar backtest`: what the watches would have done on stored history.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::progress::Progress;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::engine::backtest;
use crate::engine::backtest::Play;
use crate::engine::backtest::Report;
use crate::engine::backtest::Stage;
use crate::engine::backtest::World;
use crate::engine::backtest::curve::Rung;
use crate::engine::backtest::curve::curve;
use crate::engine::backtest::known::Known;
use crate::engine::backtest::known::Measure;
use crate::engine::labels::Calibrations;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::render::calibrated;
use crate::store::sqlite::Direct;

mod charts;
mod difference;
mod json;
mod known;
mod page;
mod tables;

/// Replay stored history through the watches
///
/// Shows the incidents as they would have been, with what was known at each moment: messages count
/// from when they were first seen, edits and deletions from when they were noticed. Imported
/// messages are taken to have come as soon after their publication as their source's others do.
///
/// With --known it says which incidents that people know of would have been found, and how soon;
/// with --curve what other budgets of false alarms would give; with --against what another
/// configuration would add (+) and lose (-).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar backtest --since 90d --watch \"support bot\"\n  uproar backtest --known known.csv --curve --html report.html\n  uproar backtest --against new.toml --known known.csv\n\nknown.csv has a line for each incident that people know of:\n  watch,theme,segment,from,to,note\n  support bot,no_human,country=se,2026-03-02T14:00,2026-03-03,chat was down\ntheme (or measure), segment and note may be empty or left out. A column kind may say\nspike, drop or slow rise; slow rises are compared only with rows that say so."
)]
pub struct Args {
    /// Only this watch; may be given several times
    #[arg(long, value_name = "NAME")]
    watch: Vec<String>,
    /// Only incidents told from then on; earlier history is still learnt from
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what was known before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Incidents that people know of, as CSV: recall, delay, false alarms a year
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Try budgets from 0.25 to 52 false alarms a year
    #[arg(long)]
    curve: bool,
    /// Another configuration: shows only the differences; exits with 1 where there are any
    #[arg(long, value_name = "OTHER_CONFIG", conflicts_with_all = ["curve", "html"])]
    against: Option<PathBuf>,
    /// Write a page with charts, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What came of it, with everything that is needed to show it.
struct Outcome<'a> {
    plan: &'a Plan,
    report: Report,
    known: &'a [Known],
    /// Only with known incidents.
    measure: Option<Measure>,
    rungs: Vec<Rung>,
    /// What people marked in that time.
    remarks: Vec<Remark>,
    since: Option<Timestamp>,
    until: Timestamp,
    /// What has to be said of the history.
    notes: Vec<String>,
}

/// What is to be played.
struct Task<'a> {
    args: &'a Args,
    store: &'a Direct,
    since: Option<Timestamp>,
    until: Timestamp,
    known: &'a [Known],
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (zone, now) = (config.time_zone, Clock::real().now());
    let time = |text: &Option<String>| text.as_deref().map(|text| times::parse(text, zone, now)).transpose();
    let (since, until) = (time(&args.since)?, time(&args.until)?);
    let (store, plan) = open::store_and_plan(config)?;
    for name in &args.watch {
        names::watch(&plan, name)?;
    }
    let known = match &args.known {
        Some(path) => known::read(path, &known::Setting { plan: &plan, now })?,
        None => Vec::new(),
    };
    let known: Vec<Known> = known.into_iter().filter(|known| chosen(args, &known.watch)).collect();
    let until = match until {
        Some(until) => until,
        None => now.max(end(&store)?),
    };
    let task = Task { args, store: &store, since, until, known: &known };
    let ours = task.play(&plan, None, console)?;
    if let Some(path) = &args.against {
        let mine = std::mem::replace(&mut console.config, path.clone());
        let other = load::load_without_secrets(console);
        console.config = mine;
        let other = Plan::build(other?, store.author_key()).map_err(|error| Failure::new(Code::Bug, error))?;
        let theirs = task.play(&other, Some(&plan), console)?;
        return difference::show(&ours, &theirs, args.json, console);
    }
    show(&ours, args, console)
}

fn show(ours: &Outcome<'_>, args: &Args, console: &mut Console) -> Result<Code, Failure> {
    if args.json {
        json::show(ours, console)?;
    } else {
        tables::show(ours, console)?;
    }
    for note in &ours.notes {
        writeln!(console.err, "{note}")?;
    }
    if let Some(path) = &args.html {
        write_page(path, &page::page(ours))?;
    }
    Ok(Code::Done)
}

fn write_page(path: &Path, page: &str) -> Result<(), Failure> {
    std::fs::write(path, page).map_err(|error| Failure::new(Code::Io, format!("{}: can't be written: {error}", path.display())))
}

fn chosen(args: &Args, name: &str) -> bool {
    args.watch.is_empty() || args.watch.iter().any(|watch| watch == name)
}

/// The end of what was counted: a replay that ran faster than life left it ahead of the clock.
fn end(store: &Direct) -> Result<Timestamp, Failure> {
    Ok(store.reader().last_quarter()?.map_or(Timestamp::UNIX_EPOCH, |last| Quarter(last.0 + 1).start()))
}

impl<'a> Task<'a> {
    /// Plays history through a plan. `stored_by` is the plan that stored it, where that is another.
    fn play(&self, plan: &'a Plan, stored_by: Option<&Plan>, console: &mut Console) -> Result<Outcome<'a>, Failure> {
        let reader = self.store.reader();
        let watches: Vec<Watch> = plan.config.watches.iter().filter(|watch| chosen(self.args, &watch.name)).cloned().collect();
        let mut bar = Progress::start();
        let stage = Stage { plan, watches: watches.iter().collect(), until: self.until, stored_by };
        let world = World::read(&reader, &stage, &mut |done, all| bar.tell(&mut console.err, "reading history", done, all))?;
        // Another configuration may split by other labels.
        if let Some(path) = self.args.known.as_ref().filter(|_| stored_by.is_none()) {
            known::check_segments(path, self.known, &world)?;
        }
        let calibrations = Calibrations::of(&plan.config.watches, &reader.labels()?, Clock::real().now());
        let how = Play {
            plan,
            calibrations: &calibrations,
            watches: &watches,
            since: self.since,
            known: self.known,
            with_courses: self.args.against.is_none() && (!self.args.json || self.args.html.is_some()),
        };
        let report = backtest::play(&world, &how, &mut |done, all| bar.tell(&mut console.err, "judging", done, all));
        let rungs = if self.args.curve {
            curve(&world, &how, &mut |done, all| bar.tell(&mut console.err, "trying budgets", done, all))
        } else {
            Vec::new()
        };
        bar.end(&mut console.err);
        let measure = self.args.known.is_some().then(|| Measure::of(&report, self.known));
        let remarks = reader.acts(RemarkKind::Annotation, self.since.unwrap_or(Timestamp::UNIX_EPOCH)..self.until)?;
        let mut notes = tables::notes(&world, plan);
        for watch in watches.iter().filter(|watch| !calibrations.watch(&watch.name).is_even()) {
            let sentence = calibrated::sentence(&calibrations.watch(&watch.name), watch.false_alarms_per_year);
            notes.extend(sentence.map(|of| format!("watch \"{}\", with the labels of today for all of its history: {of}", watch.name)));
        }
        Ok(Outcome { plan, report, known: self.known, measure, rungs, remarks, since: self.since, until: self.until, notes })
    }
}
