//! Charts of what was played.

use crate::cli::backtest::Outcome;
use crate::cli::times;
use crate::domain::remark::Saying;
use crate::engine::backtest::Course;
use crate::engine::backtest::Spell;
use crate::engine::backtest::known::Known;
use crate::render::chart::Chart;
use crate::render::chart::Mark;
use crate::render::chart::Span;
use crate::render::chart::plot::Plot;

/// The chart of a series with its incidents and the known ones.
pub(super) fn chart(outcome: &Outcome<'_>, course: &Course) -> Chart {
    let since = outcome.since;
    let mine = outcome.report.found.iter().filter(|found| found.incident.key == course.key);
    let found = mine.flat_map(|found| {
        let text = format!("{} ({})", found.incident.id, found.incident.told_level);
        let span = move |spell: &Spell| Span { from: spell.since, until: spell.resolved_at.unwrap_or(outcome.until), text: text.clone() };
        found.spells.iter().map(span)
    });
    let known = outcome.known.iter().filter(|known| known.concerns(&course.key)).map(|known| Span {
        from: known.from,
        until: known.until,
        text: format!("known: {}", described(known)),
    });
    let marks = outcome.remarks.iter().filter(|remark| remark.concerns(&course.key.watch)).filter_map(|remark| match &remark.saying {
        Saying::Annotation { text, .. } => Some(Mark { at: remark.at, text: text.clone() }),
        Saying::Missed { .. } | Saying::FalseAlarm { .. } => None,
    });
    Chart {
        title: course.key.to_string(),
        zone: outcome.plan.config.time_zone,
        points: course.points.iter().filter(|point| since.is_none_or(|since| point.end > since)).copied().collect(),
        marks: marks.collect(),
        spans: found.chain(known).collect(),
    }
}

/// A known incident in some words.
pub(super) fn described(known: &Known) -> String {
    let mut parts = vec![known.watch.clone()];
    parts.extend(known.theme.clone());
    parts.extend(known.segment.as_ref().map(ToString::to_string));
    let name = parts.join(" / ");
    if known.note.is_empty() { name } else { format!("{name}: {}", known.note) }
}

/// The curve of budgets: what is found against what it costs.
pub(super) fn plot(outcome: &Outcome<'_>) -> Option<Plot> {
    if outcome.rungs.is_empty() {
        return None;
    }
    let line = |name: &str, value: &dyn Fn(usize) -> f64| (name.to_owned(), (0..outcome.rungs.len()).map(value).collect());
    let recall = |at: usize| outcome.rungs[at].measure.recall().unwrap_or(0.0) * 100.0;
    let false_alarms = |at: usize| outcome.rungs[at].measure.false_alarms_per_year().unwrap_or(0.0);
    let incidents = |at: usize| outcome.rungs[at].incidents as f64;
    let lines = if outcome.measure.is_some() {
        vec![line("known incidents found, in %", &recall), line("false alarms a year", &false_alarms)]
    } else {
        vec![line("incidents", &incidents)]
    };
    Some(Plot {
        title: "What other budgets would have given".to_owned(),
        places: "budget in false alarms a year".to_owned(),
        at: outcome.rungs.iter().map(|rung| rung.budget.to_string()).collect(),
        lines,
    })
}

/// From when until when, for a heading.
pub(super) fn range(outcome: &Outcome<'_>) -> Option<String> {
    let from = outcome.report.judged.values().map(|range| range.start).min()?;
    let zone = outcome.plan.config.time_zone;
    Some(format!("{} to {}", times::local(from, zone), times::local(outcome.until, zone)))
}
