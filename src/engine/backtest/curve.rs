//! Budgets of false alarms against what they would have found.

use crate::config::settings::Watch;
use crate::engine::backtest::Play;
use crate::engine::backtest::Progress;
use crate::engine::backtest::Report;
use crate::engine::backtest::World;
use crate::engine::backtest::known::Measure;
use crate::engine::backtest::play;

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
    let mut rung = |at: usize| {
        let budget = BUDGETS[at];
        let watches: Vec<Watch> = of.watches.iter().map(|watch| Watch { false_alarms_per_year: budget, ..watch.clone() }).collect();
        let tried = Play { watches: &watches, with_courses: false, ..*of };
        let report: Report = play(world, &tried, &mut |done, all| progress(at as u64 * all + done, BUDGETS.len() as u64 * all));
        Rung { budget, incidents: report.found.len(), measure: Measure::of(&report, of.known) }
    };
    (0..BUDGETS.len()).map(&mut rung).collect()
}
