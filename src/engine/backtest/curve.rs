//! Budgets of false alarms against what they would have found. Slow rises do not follow them and are left out.

use crate::config::settings::Watch;
use crate::domain::incident::Kind;
use crate::engine::backtest::Play;
use crate::engine::backtest::Progress;
use crate::engine::backtest::Report;
use crate::engine::backtest::World;
use crate::engine::backtest::known::Known;
use crate::engine::backtest::known::Measure;
use crate::engine::backtest::play_all;

/// The budgets that are tried, in false alarms a year.
pub const BUDGETS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 26.0, 52.0];

/// What a budget would have found.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// False alarms a year that each watch may give.
    pub budget: f64,
    /// Incidents.
    pub incidents: usize,
    /// How they compare with what is known.
    pub measure: Measure,
}

/// Plays the watches once for each budget.
#[must_use]
pub fn curve(world: &World, of: &Play<'_>, progress: Progress<'_>) -> Vec<Rung> {
    let with = |budget: f64| of.watches.iter().map(|watch| Watch { false_alarms_per_year: budget, ..watch.clone() }).collect();
    let watches: Vec<Vec<Watch>> = BUDGETS.into_iter().map(with).collect();
    let plays: Vec<Play<'_>> = watches.iter().map(|watches| Play { watches, with_courses: false, ..*of }).collect();
    let reports = play_all(world, &plays, false, progress);
    let known: Vec<Known> = of.known.iter().filter(|known| known.kind != Some(Kind::SlowRise)).cloned().collect();
    let rung = |(budget, report): (f64, Report)| Rung { budget, incidents: report.found.len(), measure: Measure::of(&report, &known) };
    BUDGETS.into_iter().zip(reports).map(rung).collect()
}
