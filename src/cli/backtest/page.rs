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
    let incidents = tables::incidents(outcome.report.found.iter().enumerate().map(|(at, found)| ("", at, found)), outcome);
    let measure = outcome.measure.as_ref();
    let charts: Vec<String> = outcome.report.courses.iter().take(MOST).map(|course| svg(&charts::chart(outcome, course))).collect();
    let values = context! {
        range => charts::range(outcome),
        summary => tables::summary(outcome),
        verdict => measure.map(tables::verdict),
        notes => outcome.notes.clone(),
        plot => charts::plot(outcome).map(|of| plot::svg(&of)),
        curve => (!outcome.rungs.is_empty()).then(|| value(&tables::curve(outcome))),
        known => measure.map(|measure| value(&tables::known(outcome, measure))),
        missed => measure.map(|measure| tables::missed(outcome, measure)).unwrap_or_default(),
        incidents => value(&incidents),
        charts,
    };
    environment
        .render_str(include_str!("page.html"), values)
        .expect("the template is a part of the program, and its tests render every branch of it")
}

fn value(table: &Table) -> Value {
    let (heading, rows) = table.parts();
    context! { heading => heading.to_vec(), rows => rows.to_vec() }
}
