//! What depends on the length of a bucket: windows, memories, waiting times.
//!
//! The values are those that did best on simulated series with outbreaks of known place and with
//! decoys. They are forgiving: recall at a fixed rate of false alarms moves by less than its noise
//! when a half-life, the sizes of outbreaks or the chance that one begins is halved or doubled. What
//! moves it is how long outbreaks are taken to last, and how much one bucket may say.

use crate::calendar::bucket::Width;
use crate::detect::evidence::Outbreaks;

/// The numbers for one width. Memories are kept as the factor by which a bucket fades the past.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rhythm {
    /// What outbreaks are taken to be like.
    pub outbreaks: Outbreaks,
    /// Buckets after a peak in which a lower score is taken for its afterglow.
    pub glow: usize,
    /// Lengths of the windows that an outbreak is told in, in buckets, shortest first; the first is 1.
    pub windows: &'static [usize],
    /// Slots of the volume's profile.
    pub slots: usize,
    /// Slots of the share's profile; 1 where it has none.
    pub share_slots: usize,
    /// Fading of a source's share of complaints.
    pub share: f64,
    /// Fading of a source's usual volume.
    pub volume: f64,
    /// Fading of a profile's slot, at each visit.
    pub slot: f64,
    /// Fading of the dispersion.
    pub spread: f64,
    /// Weight of the dispersion that is assumed before any is learnt, in buckets of three complaints.
    pub spread_weight: f64,
    /// Buckets in a week: before that the volume is not judged and has no profile.
    pub week: u32,
    /// Buckets before the dispersion is learnt, for the share has to settle first.
    pub settled: u32,
    /// Buckets before anything is said.
    pub warm_up: u32,
    /// The same for a segment that starts with the shares of all messages.
    pub lent_warm_up: u32,
    /// Buckets before a source that joins later testifies.
    pub young: u32,
    /// Buckets in a day.
    pub per_day: u32,
    /// Length of a bucket in seconds, clock changes aside.
    pub seconds: i64,
}

impl Rhythm {
    /// The rhythm of buckets of this width.
    pub fn of(width: Width) -> Self {
        match width {
            Width::Hour => Self {
                outbreaks: Outbreaks::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], 500.0, 10.0, 1.5),
                glow: 24,
                windows: &[1, 3, 12, 24],
                slots: 48,
                share_slots: 24,
                share: half_in(18.0 * 24.0),
                volume: half_in(5.0 * 24.0),
                slot: half_in(14.0),
                spread: half_in(90.0 * 24.0),
                spread_weight: 200.0,
                week: 7 * 24,
                settled: 14 * 24,
                warm_up: 7 * 24,
                lent_warm_up: 2 * 24,
                young: 48,
                per_day: 24,
                seconds: 3600,
            },
            Width::Day => Self {
                outbreaks: Outbreaks::new([0.4, 0.8, 1.6, 3.2, 6.4, 13.0, 26.0], 120.0, 5.0, 0.8),
                glow: 7,
                windows: &[1, 3, 7],
                slots: 7,
                share_slots: 1,
                share: half_in(80.0),
                volume: half_in(14.0),
                slot: half_in(60.0 / 7.0),
                spread: half_in(1000.0),
                spread_weight: 20.0,
                week: 7,
                settled: 14,
                warm_up: 14,
                lent_warm_up: 4,
                young: 7,
                per_day: 1,
                seconds: 86_400,
            },
        }
    }

    /// The slot of a bucket in the profile of the share.
    pub fn share_slot_of(&self, hour: u8) -> usize {
        if self.share_slots == 1 { 0 } else { usize::from(hour.min(23)) }
    }

    /// The slot of a bucket: its weekday, or its hour on weekdays and on weekends.
    pub fn slot_of(&self, hour: u8, weekday: u8) -> usize {
        let (hour, weekday) = (usize::from(hour.min(23)), usize::from(weekday.min(6)));
        if self.slots == 7 { weekday } else { hour + if weekday >= 5 { 24 } else { 0 } }
    }
}

/// Factor a step that leaves half after `steps`.
fn half_in(steps: f64) -> f64 {
    0.5_f64.powf(1.0 / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_half_gone_after_its_half_life() {
        assert!((Rhythm::of(Width::Day).share.powi(80) - 0.5).abs() < 1e-9);
        assert!((Rhythm::of(Width::Hour).volume.powi(120) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn every_slot_has_its_place() {
        let (hours, days) = (Rhythm::of(Width::Hour), Rhythm::of(Width::Day));
        assert_eq!(hours.slot_of(0, 0), 0);
        assert_eq!(hours.slot_of(23, 4), 23);
        assert_eq!(hours.slot_of(0, 5), 24);
        assert_eq!(hours.slot_of(23, 6), 47);
        assert_eq!(days.slot_of(13, 6), 6);
        // Nonsense from outside is held to the table.
        assert!(hours.slot_of(255, 255) < hours.slots && days.slot_of(255, 255) < days.slots);
    }
}
