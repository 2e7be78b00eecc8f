//! What was played, as a page: one file without scripts that reads on a phone and in the dark.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Value;
use minijinja::context;

use crate::cli::backtest::Outcome;
use crate::cli::backtest::charts;
use crate::cli::backtest::tables;
use crate::cli::table::Table;
use crate::render::chart::plot;
use crate::render::chart::svg;

/// Charts of a page; with more of them nobody would find anything.
const MOST: usize = 60;

/// The whole page.
pub(super) fn page(outcome: &Outcome<'_>) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let charts: Vec<String> = outcome.report.courses.iter().take(MOST).map(|course| svg(&charts::chart(outcome, course))).collect();
    let values = context! {
        range => charts::range(outcome),
        summary => tables::summary(outcome),
        verdict => outcome.measure.as_ref().map(tables::verdict),
        notes => outcome.notes.clone(),
        parts => parts(outcome),
        charts,
    };
    environment
        .render_str(include_str!("page.html"), values)
        .expect("the template is a part of the program, and its tests render every branch of it")
}

fn parts(outcome: &Outcome<'_>) -> Vec<Value> {
    let mut parts = Vec::new();
    if let Some(of) = charts::plot(outcome) {
        parts.push(part("Budgets", &tables::curve(outcome), Some(plot::svg(&of)), vec![tables::CURVE.to_owned()]));
    }
    if let Some(measure) = &outcome.measure {
        parts.push(part("Known incidents", &tables::known(outcome, measure), None, tables::missed(outcome, measure)));
    }
    let incidents = tables::incidents(outcome.report.found.iter().enumerate().map(|(at, found)| ("", at, found)), outcome);
    parts.push(part("Incidents", &incidents, None, Vec::new()));
    parts
}

/// A heading with a table, a drawing above it and lines below it.
fn part(title: &str, table: &Table, plot: Option<String>, lines: Vec<String>) -> Value {
    let (heading, rows) = table.parts();
    context! { title, plot, lines, heading => heading.to_vec(), rows => rows.to_vec() }
}
