//! What was played, for programs: one object a line.
//!
//! First the incidents, then, where they were asked for, known incidents, their sum, and budgets;
//! `row` says which of these a line is.

use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::backtest::Outcome;
use crate::cli::backtest::tables;
use crate::cli::exit::Failure;
use crate::cli::times;
use crate::engine::backtest::Found;
use crate::engine::backtest::ear::Closest;
use crate::engine::backtest::known::Fate;
use crate::engine::backtest::known::Known;
use crate::engine::backtest::known::Measure;
use crate::engine::plan::Plan;

pub(super) fn show(outcome: &Outcome<'_>, console: &mut Console) -> Result<(), Failure> {
    for (at, found) in outcome.report.found.iter().enumerate() {
        let mut row = incident(found, outcome.plan);
        if let Some(measure) = &outcome.measure {
            row["known"] = json!(measure.knows(at));
        }
        writeln!(console.out, "{row}")?;
    }
    if let Some(measure) = &outcome.measure {
        for ((known, fate), closest) in outcome.known.iter().zip(&measure.fates).zip(&outcome.report.closest) {
            writeln!(console.out, "{}", known_one(known, fate, closest.as_ref(), outcome))?;
        }
        writeln!(console.out, "{}", sum("summary", measure))?;
    }
    for rung in &outcome.rungs {
        let mut row = if outcome.measure.is_some() { sum("budget", &rung.measure) } else { json!({ "row": "budget" }) };
        row["budget"] = json!(rung.budget);
        row["incidents"] = json!(rung.incidents);
        writeln!(console.out, "{row}")?;
    }
    Ok(())
}

/// An incident.
pub(super) fn incident(found: &Found, plan: &Plan) -> Value {
    let incident = &found.incident;
    json!({
        "row": "incident",
        "id": incident.id,
        "watch": incident.key.watch,
        "theme": incident.key.theme,
        "segment": incident.key.segment.to_string(),
        "kind": incident.key.kind.word(),
        "since": times::stamp(incident.since),
        "opened_at": times::stamp(incident.opened_at),
        "told_at": times::stamp(found.told_at),
        "delay_seconds": found.delay().num_seconds(),
        "resolved_at": incident.resolved_at.map(times::stamp),
        "level": incident.told_level.word(),
        "count": found.opening.0,
        "expected": found.opening.1,
        "peak": incident.peak,
        "told": tables::told(found, plan),
    })
}

fn known_one(known: &Known, fate: &Fate, closest: Option<&Closest>, outcome: &Outcome<'_>) -> Value {
    let (fate, by, delay) = match fate {
        Fate::Found { by, delay } => ("found", Some(&outcome.report.found[*by].incident.id), Some(delay.num_seconds())),
        Fate::Missed => ("missed", None, None),
        Fate::NotJudged => ("not_judged", None, None),
    };
    json!({
        "row": "known",
        "watch": known.watch,
        "theme": known.theme,
        "segment": known.segment.as_ref().map(ToString::to_string),
        "from": times::stamp(known.from),
        "to": times::stamp(known.until),
        "note": known.note,
        "fate": fate,
        "incident": by,
        "delay_seconds": delay,
        "highest_score": closest.map(|closest| closest.numbers.score),
        "limit": closest.map(|closest| closest.numbers.limit),
        "held_by": closest.map(|closest| closest.numbers.held_by.clone()),
    })
}

/// How well it went.
pub(super) fn sum(row: &str, measure: &Measure) -> Value {
    let (found, all) = measure.found();
    json!({
        "row": row,
        "found": found,
        "of": all,
        "recall": measure.recall(),
        "median_delay_seconds": measure.delay().map(|delay| delay.num_seconds()),
        "false_alarms": measure.false_alarms.len(),
        "false_alarms_per_year": measure.false_alarms_per_year(),
        "judged_years": measure.years,
    })
}
