//! What was played, for people at a terminal.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::cli::Console;
use crate::cli::backtest::Outcome;
use crate::cli::backtest::charts;
use crate::cli::exit::Failure;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::incident::Call;
use crate::engine::backtest::Found;
use crate::engine::backtest::World;
use crate::engine::backtest::curve::Rung;
use crate::engine::backtest::ear::Closest;
use crate::engine::backtest::known::Fate;
use crate::engine::backtest::known::Measure;
use crate::engine::plan::Plan;
use crate::render::chart::terminal;

/// What the budgets do not hold for.
pub(super) const CURVE: &str = "slow rises do not follow these budgets and are left out here";
/// Width of a chart.
const COLUMNS: usize = 100;

pub(super) fn show(outcome: &Outcome<'_>, console: &mut Console) -> Result<(), Failure> {
    let found = &outcome.report.found;
    if found.is_empty() {
        writeln!(console.out, "no incident would have opened")?;
    } else {
        write!(console.out, "{}", incidents(found.iter().enumerate().map(|(at, found)| ("", at, found)), outcome))?;
    }
    writeln!(console.out, "{}", summary(outcome))?;
    drawings(outcome, console)?;
    if let Some(measure) = &outcome.measure {
        write!(console.out, "\n{}", known(outcome, measure))?;
        writeln!(console.out, "{}", verdict(measure))?;
        for line in missed(outcome, measure) {
            writeln!(console.out, "{line}")?;
        }
    }
    if !outcome.rungs.is_empty() {
        writeln!(console.out, "\n{}{CURVE}", curve(outcome))?;
    }
    Ok(())
}

/// The loudest series of each watch.
fn drawings(outcome: &Outcome<'_>, console: &mut Console) -> Result<(), Failure> {
    let mut drawn = BTreeSet::new();
    for course in &outcome.report.courses {
        if drawn.insert(&course.key.watch) {
            write!(console.out, "\n{}", terminal(&charts::chart(outcome, course), COLUMNS))?;
        }
    }
    Ok(())
}

/// A table of incidents. Each comes with a mark and with its place in the report.
pub(super) fn incidents<'a>(rows: impl Iterator<Item = (&'static str, usize, &'a Found)>, outcome: &Outcome<'_>) -> Table {
    let zone = outcome.plan.config.time_zone;
    let mut heading = vec!["OPENED", "AFTER", "OVER", "LEVEL", "COUNT", "USUAL", "PEAK", "TOLD", "WHAT"];
    let with_known = outcome.measure.as_ref();
    heading.extend(with_known.map(|_| "KNOWN"));
    let mut table = Table::new(&heading);
    for (mark, at, found) in rows {
        let incident = &found.incident;
        let mut cells = vec![
            format!("{mark}{}", times::local(found.told_at, zone)),
            times::lasting(found.delay()),
            incident.resolved_at.map_or_else(|| "-".to_owned(), |at| times::local(at, zone)),
            incident.told_level.to_string(),
            format!("{}", found.opening.0),
            format!("{:.1}", found.opening.1),
            format!("{}", incident.peak),
            told(found, outcome.plan).join(", "),
            incident.key.to_string(),
        ];
        cells.extend(with_known.map(|measure| measure.knows(at).map_or("-", |known| if known { "yes" } else { "no" }).to_owned()));
        table.row(&cells);
    }
    table
}

/// Targets that would have heard of it.
pub(super) fn told(found: &Found, plan: &Plan) -> Vec<String> {
    plan.watch(&found.incident.key.watch).map(|watch| watch.notify.clone()).unwrap_or_default()
}

/// `12 incidents of 2 watches in 0.98 years: 6.1 a year of a watch`
pub(super) fn summary(outcome: &Outcome<'_>) -> String {
    let measure = Measure::of(&outcome.report, &[]);
    let (count, watches) = (outcome.report.found.len(), outcome.report.judged.len());
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let what = plural(count, "incident");
    match (measure.years > 0.0).then(|| count as f64 / measure.years) {
        Some(rate) => {
            let (watches, years) = (if watches == 1 { "1 watch".to_owned() } else { format!("{watches} watches") }, measure.years);
            format!("{what} of {watches} in {years:.2} judged years: {rate:.1} a year of a watch")
        }
        None => format!("{what}; nothing could be judged yet: a watch learns for a week of hours or two weeks of days first"),
    }
}

/// A table of known incidents and what became of them.
pub(super) fn known(outcome: &Outcome<'_>, measure: &Measure) -> Table {
    let zone = outcome.plan.config.time_zone;
    let mut table = Table::new(&["KNOWN FROM", "TO", "FOUND", "WHAT"]);
    for (known, fate) in outcome.known.iter().zip(&measure.fates) {
        table.row(&[times::local(known.from, zone), times::local(known.until, zone), word(fate), charts::described(known)]);
    }
    table
}

/// What became of a known incident, in a word.
fn word(fate: &Fate) -> String {
    match fate {
        Fate::Found { delay, .. } => format!("after {}", times::lasting(*delay)),
        Fate::Missed => "missed".to_owned(),
        Fate::NotJudged => "not judged".to_owned(),
    }
}

/// `found 4 of 5 (80 %), in the middle after 3 h; 2 false alarms, 1.9 a year of a watch`
pub(super) fn verdict(measure: &Measure) -> String {
    let (found, all) = measure.found();
    let recall = measure.recall().map_or_else(String::new, |recall| format!(" ({:.0} %)", 100.0 * recall));
    let delay = measure.delay().map_or_else(String::new, |delay| format!(", in the middle after {}", times::lasting(delay)));
    let count = measure.false_alarms.len();
    let rate = measure.false_alarms_per_year().map_or_else(String::new, |rate| format!(", {rate:.1} a year of a watch"));
    format!("found {found} of {all}{recall}{delay}; {count} false alarm{}{rate}", if count == 1 { "" } else { "s" })
}

/// For each missed incident what came closest to an alert, and what held it back.
pub(super) fn missed(outcome: &Outcome<'_>, measure: &Measure) -> Vec<String> {
    let lines = outcome.known.iter().zip(&measure.fates).zip(&outcome.report.closest).filter(|((_, fate), _)| **fate == Fate::Missed);
    lines
        .map(|((known, _), closest)| {
            let what = charts::described(known);
            match closest {
                Some(closest) => format!("missed {what}\n  {}", nearest(closest, outcome)),
                None => format!("missed {what}\n  its watch has no such series: no message of this segment was stored"),
            }
        })
        .collect()
}

fn nearest(closest: &Closest, outcome: &Outcome<'_>) -> String {
    let numbers = &closest.numbers;
    let held = if closest.covered {
        "the incident of all messages stood, and its parts open none then".to_owned()
    } else if matches!(closest.call, Call::Firing(_)) {
        "it was loud, but no alert was due: its incident stood or had just been resolved".to_owned()
    } else if numbers.held_by.is_empty() {
        "not enough for the budget".to_owned()
    } else {
        numbers.held_by.clone()
    };
    format!(
        "highest score {:.2} of {:.2} at {} in {}: {} complaints, {:.1} expected; {held}",
        numbers.score,
        numbers.limit,
        times::local(closest.bucket, outcome.plan.config.time_zone),
        closest.key,
        numbers.count,
        numbers.expected
    )
}

/// A table of budgets: incidents and, with known ones, what was found of them.
pub(super) fn curve(outcome: &Outcome<'_>) -> Table {
    let mut heading = vec!["BUDGET", "INCIDENTS"];
    if outcome.measure.is_some() {
        heading.extend(["FOUND", "RECALL", "DELAY", "FALSE ALARMS A YEAR"]);
    }
    let mut table = Table::new(&heading);
    let none = || "-".to_owned();
    for Rung { budget, incidents, measure } in &outcome.rungs {
        let mut cells = vec![budget.to_string(), incidents.to_string()];
        if outcome.measure.is_some() {
            let (found, all) = measure.found();
            cells.extend([
                format!("{found} of {all}"),
                measure.recall().map_or_else(none, |recall| format!("{:.0} %", 100.0 * recall)),
                measure.delay().map_or_else(none, times::lasting),
                measure.false_alarms_per_year().map_or_else(none, |rate| format!("{rate:.1}")),
            ]);
        }
        table.row(&cells);
    }
    table
}

/// What has to be said of the history that was played.
pub(super) fn notes(world: &World, plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    if world.too_old > 0 {
        let earliest = times::local(world.earliest(), plan.config.time_zone);
        notes.push(format!("{} messages from before {earliest} were left out: a backtest goes back some ten years at most", world.too_old));
    }
    if world.imported > 0 {
        let delays: Vec<String> = world
            .delays()
            .filter(|(_, delay)| delay.num_seconds() > 0)
            .map(|(name, delay)| format!("{name} {}", times::lasting(delay)))
            .collect();
        let late =
            if delays.is_empty() { "at once".to_owned() } else { format!("as late as others of their source ({})", delays.join(", ")) };
        notes.push(format!(
            "{} of {} messages came with a first poll or an import; nobody knows when they could be seen first, so they are taken to have \
             been seen {late} after they were published",
            world.imported, world.messages
        ));
    }
    if world.without_text > 0 {
        notes.push(format!("{} messages have no text any more; they keep the themes that they had", world.without_text));
    }
    let waits = plan.config.watches.iter().filter(|watch| watch.notify.is_empty()).count();
    if waits > 0 && waits == plan.config.watches.len() {
        notes.push("no watch has a target yet: nobody would have been told".to_owned());
    }
    notes
}
