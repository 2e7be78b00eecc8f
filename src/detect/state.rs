//! What is remembered of a series between buckets: 2 to 3 kB as JSON, and exact.
//!
//! Kept numbers have the digits of `f32` and arithmetic those of `f64`, so a state that went
//! through JSON is the same state and a restart changes no verdict.

use serde::Deserialize;
use serde::Serialize;

use crate::detect::dispersion::Dispersion;
use crate::detect::evidence::Odds;
use crate::detect::rhythm::Rhythm;
use crate::detect::season::Season;
use crate::detect::sources::Usual;
use crate::detect::windows::Moment;

/// Dispersion that is assumed of shares before any is learnt.
const FIRST_TESTED: f64 = 0.1;
/// Dispersion that is assumed of raw counts: volumes scatter more than shares do.
const FIRST_GATED: f64 = 0.3;

/// What a score that is no new peak loses.
const GLOW: f64 = 0.5;

/// What is remembered of a series. A state of another width than the detector's is started anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Buckets since the first message.
    pub(super) age: u32,
    /// Shares of all messages that a new segment starts with, by source, until it has its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lent: Vec<(i64, f32)>,
    /// What is usual in each source.
    pub(super) usual: Vec<Usual>,
    /// Busyness of hours or weekdays.
    pub(super) season: Season,
    /// Share of complaints by the hour of the day.
    pub(super) mood: Season,
    /// Dispersion of complaints about what is expected among the messages.
    pub(super) tested: Dispersion,
    /// Dispersion of complaints about what is expected of the usual volume.
    pub(super) gated: Dispersion,
    /// Odds of an outbreak, by what testifies.
    pub(super) odds: Odds,
    /// The same by all that came, history included: what is learnt is guarded with it.
    pub(super) lived: Odds,
    /// The newest buckets, newest first.
    pub(super) recent: Vec<Moment>,
    /// Their scores, newest first, for a longer time.
    pub(super) scores: Vec<f32>,
}

impl State {
    /// A state that knows nothing.
    pub(super) fn new(rhythm: &Rhythm) -> Self {
        let assumed = |value| Dispersion::assumed(value, rhythm.spread_weight);
        Self {
            age: 0,
            lent: Vec::new(),
            usual: Vec::new(),
            season: Season::new(rhythm.slots),
            mood: Season::new(rhythm.share_slots),
            tested: assumed(FIRST_TESTED),
            gated: assumed(FIRST_GATED),
            odds: Odds::default(),
            lived: Odds::default(),
            recent: Vec::new(),
            scores: Vec::new(),
        }
    }

    /// Whether it was learnt in this rhythm.
    pub(super) fn fits(&self, rhythm: &Rhythm) -> bool {
        self.season.fits(rhythm.slots) && self.mood.fits(rhythm.share_slots)
    }

    /// The newest bucket becomes one of the recent ones.
    pub(super) fn keep(&mut self, moment: Moment, score: f64, rhythm: &Rhythm) {
        let longest = rhythm.windows.last().copied().unwrap_or(1);
        self.recent.truncate(longest.saturating_sub(2));
        self.recent.insert(0, moment.as_stored());
        self.scores.truncate(rhythm.glow.saturating_sub(1));
        self.scores.insert(0, score as f32);
    }

    /// A score that is no new peak is mostly afterglow of the one before, and told as less.
    pub(super) fn without_glow(&self, score: f64) -> f64 {
        let peak = self.scores.iter().copied().fold(0.0, f32::max);
        if score > f64::from(peak) { score } else { (score - GLOW).max(0.0) }
    }

    /// Nobody has spoken yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.age == 0
    }

    /// Buckets since the first message.
    #[must_use]
    pub fn learnt_buckets(&self) -> u32 {
        self.age
    }
}
