//! What is remembered of a series between buckets: about 2 kB as JSON, and exact.
//!
//! Kept numbers have the digits of `f32` and arithmetic those of `f64`, so a state that went
//! through JSON is the same state and a restart changes no verdict.

use serde::Deserialize;
use serde::Serialize;

use crate::detect::dispersion::Dispersion;
use crate::detect::rhythm::Rhythm;
use crate::detect::season::Season;
use crate::detect::sources::Usual;
use crate::detect::windows::Moment;

/// Dispersion that is assumed of shares before any is learnt.
const FIRST_TESTED: f64 = 0.1;
/// Dispersion that is assumed of raw counts: volumes scatter more than shares do.
const FIRST_GATED: f64 = 0.3;

/// What is remembered of a series. A state of another width than the detector's is started anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Buckets since the first message.
    pub(super) age: u32,
    /// What is usual in each source.
    pub(super) usual: Vec<Usual>,
    /// Busyness of hours or weekdays.
    pub(super) season: Season,
    /// Dispersion of the share test, a window each.
    pub(super) tested: Vec<Dispersion>,
    /// Dispersion of the test on raw counts, a window each.
    pub(super) gated: Vec<Dispersion>,
    /// The newest buckets, newest first.
    pub(super) recent: Vec<Moment>,
}

impl State {
    /// A state that knows nothing.
    pub(super) fn new(rhythm: &Rhythm) -> Self {
        let assumed = |value| vec![Dispersion::assumed(value, rhythm.spread_weight); rhythm.windows.len()];
        Self {
            age: 0,
            usual: Vec::new(),
            season: Season::new(rhythm.slots),
            tested: assumed(FIRST_TESTED),
            gated: assumed(FIRST_GATED),
            recent: Vec::new(),
        }
    }

    /// Whether it was learnt in this rhythm.
    pub(super) fn fits(&self, rhythm: &Rhythm) -> bool {
        let windows = rhythm.windows.len();
        self.season.fits(rhythm.slots) && self.tested.len() == windows && self.gated.len() == windows
    }

    /// The newest bucket becomes one of the recent ones.
    pub(super) fn keep(&mut self, moment: Moment, longest: usize) {
        self.recent.truncate(longest.saturating_sub(2));
        self.recent.insert(0, moment.as_stored());
    }

    /// Buckets since the first message.
    #[must_use]
    pub fn learnt_buckets(&self) -> u32 {
        self.age
    }
}
