//! Judges the windows of a bucket: how surprising, and what held it back.
//!
//! Three conditions beside the test itself, because each of them has its own false alarms.
//! *Least count*: two complaints are an anecdote. *Gate*: a raised share while the number of
//! complaints is nothing unusual means that praise is missing (a feed thins out, totals come in
//! late). *Freshness*: every shorter window has to be raised too, or a spike would go on ringing
//! in the long windows when it is over.

use crate::detect::tail;
use crate::detect::windows::Moment;

/// Fewer complaints than this in a window never score.
pub(super) const LEAST: f64 = 3.0;
/// The loose test on the raw count has to come out below this.
const GATE: f64 = 0.1;
/// Tails of shorter windows have to be below this.
const FRESH: f64 = 0.3;

/// A window with the dispersions that it is tested with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Its length in buckets.
    pub length: usize,
    /// Its sums.
    pub sum: Moment,
    /// Dispersion of the share test.
    pub tested: f64,
    /// Dispersion of the gate.
    pub gated: f64,
}

impl Window {
    /// Standard deviations above what is expected: ranks windows where none scores.
    fn raised(&self) -> f64 {
        let mean = self.sum.testified_expected();
        (self.sum.testified() - mean) / (mean + self.tested * mean * mean).sqrt()
    }
}

/// Why a bucket with complaints has a score of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Fewer than [`LEAST`] complaints.
    Few,
    /// Not more than expected.
    AsUsual,
    /// The raw count is nothing unusual.
    Gate,
    /// The newest bucket, or a shorter window, is calm again.
    Calm,
}

/// What was found in the windows of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding {
    /// Minus the common logarithm of the tail; 0 when held.
    pub score: f64,
    /// Place of the window that the score, or else the reason, is about.
    pub at: usize,
    /// The gate's tail; 1 where it was not asked.
    pub gate: f64,
    /// What held it back.
    pub held: Option<Held>,
}

/// Judges the windows, shortest first. Among windows with at least `least` complaints the one
/// that scores highest is found; where there is none, the highest of the others.
pub(super) fn judge(windows: &[Window], least: f64) -> Finding {
    let mut found: Option<Finding> = None;
    let mut held = None;
    // Nothing below is worth an incomplete beta function unless some window is loud at all.
    let last_loud = windows.iter().rposition(|window| window.sum.testified() >= LEAST && window.raised() > 0.0);
    for (at, window) in windows.iter().enumerate().take(last_loud.map_or(0, |at| at + 1)) {
        let count = window.sum.testified();
        let tail = if window.raised() > 0.0 { tail::mid_p(count, window.sum.testified_expected(), window.tested) } else { 1.0 };
        if tail >= FRESH {
            held = held.or(Some((at, Held::Calm, 1.0)));
            break;
        }
        if count < LEAST {
            continue;
        }
        let gate = if count > window.sum.usual { tail::mid_p(count, window.sum.usual, window.gated) } else { 1.0 };
        if gate >= GATE {
            held = Some((at, Held::Gate, gate));
            continue;
        }
        let score = -tail.log10();
        let better = found.is_none_or(|best| {
            let (enough, best_enough) = (count >= least, windows[best.at].sum.testified() >= least);
            if enough == best_enough { score > best.score } else { enough }
        });
        if better {
            found = Some(Finding { score, at, gate, held: None });
        }
    }
    found.unwrap_or_else(|| held_back(windows, held))
}

/// The finding where nothing scored: about the window that came nearest.
fn held_back(windows: &[Window], held: Option<(usize, Held, f64)>) -> Finding {
    let nearest = (0..windows.len()).max_by(|a, b| windows[*a].raised().total_cmp(&windows[*b].raised())).unwrap_or(0);
    let longest = windows.last().map_or(0.0, |window| window.sum.testified());
    match held {
        // The reason speaks of the shorter window; the numbers are those of the one it held back.
        Some((_, Held::Calm, gate)) => Finding { score: 0.0, at: nearest, gate, held: Some(Held::Calm) },
        Some((at, why, gate)) => Finding { score: 0.0, at, gate, held: Some(why) },
        None if longest == 0.0 => Finding { score: 0.0, at: nearest, gate: 1.0, held: None },
        None if longest < LEAST => Finding { score: 0.0, at: nearest, gate: 1.0, held: Some(Held::Few) },
        None => Finding { score: 0.0, at: nearest, gate: 1.0, held: Some(Held::AsUsual) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(length: usize, hits: f64, expected: f64, usual: f64) -> Window {
        Window { length, sum: Moment { hits, expected, usual, ..Moment::default() }, tested: 0.1, gated: 0.3 }
    }

    #[test]
    fn each_condition_holds_a_score_back_and_says_so() {
        for (name, windows, held) in [
            ("a spike scores", [window(1, 12.0, 1.0, 1.0), window(3, 13.0, 3.0, 3.0)], None),
            ("no complaint needs no reason", [window(1, 0.0, 1.0, 1.0), window(3, 0.0, 3.0, 3.0)], None),
            ("two are too few", [window(1, 2.0, 0.1, 0.1), window(3, 2.0, 0.3, 0.3)], Some(Held::Few)),
            ("the expected number", [window(1, 5.0, 6.0, 6.0), window(3, 17.0, 18.0, 18.0)], Some(Held::AsUsual)),
            ("a usual number among few messages", [window(1, 8.0, 1.0, 8.0), window(3, 20.0, 4.0, 24.0)], Some(Held::Gate)),
            ("a spike that is over", [window(1, 0.0, 1.0, 1.0), window(3, 30.0, 3.0, 3.0)], Some(Held::Calm)),
        ] {
            let finding = judge(&windows, LEAST);
            assert_eq!(finding.held, held, "{name}");
            assert_eq!(finding.score > 2.0, name == "a spike scores", "{name}: {}", finding.score);
        }
    }

    #[test]
    fn a_window_with_enough_complaints_goes_before_one_that_scores_higher() {
        let windows = [window(1, 4.0, 0.01, 0.01), window(3, 6.0, 0.3, 0.3)];
        assert_eq!(judge(&windows, 3.0).at, 0);
        assert_eq!(judge(&windows, 5.0).at, 1);
    }

    #[test]
    fn history_does_not_testify() {
        let mut late = window(1, 12.0, 1.0, 1.0);
        late.sum.late_hits = 12.0;
        late.sum.late_expected = 1.0;
        assert!(judge(&[late], LEAST).score <= 0.0);
    }
}
