//! What depends on the length of a bucket: windows, memories, waiting times.

use crate::calendar::bucket::Width;

/// The numbers for one width. Memories are kept as the factor by which a bucket fades the past.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pace {
    /// Lengths of the windows in buckets, shortest first; the first is 1.
    pub windows: &'static [usize],
    /// Fading of what a source usually gives: half after 80 days of days, 18 of hours.
    pub usual: f64,
    /// Fading of the dispersion between windows: half after 1000 days, or 90.
    pub spread: f64,
    /// Weight of the dispersion that is assumed before any is learnt, in buckets.
    pub spread_weight: f64,
    /// Buckets before the dispersion is learnt, for the usual has to settle first.
    pub settled: u32,
    /// Buckets before anything is said.
    pub warm_up: u32,
    /// Buckets in a day.
    pub per_day: u32,
    /// Length of a bucket in seconds, clock changes aside.
    pub seconds: i64,
}

impl Pace {
    /// That of buckets of this width.
    pub fn of(width: Width) -> Self {
        let half_in = |steps: f64| 0.5_f64.powf(1.0 / steps);
        match width {
            Width::Hour => Self {
                windows: &[1, 3, 12],
                usual: half_in(18.0 * 24.0),
                spread: half_in(90.0 * 24.0),
                spread_weight: 200.0,
                settled: 14 * 24,
                warm_up: 7 * 24,
                per_day: 24,
                seconds: 3600,
            },
            Width::Day => Self {
                windows: &[1, 3],
                usual: half_in(80.0),
                spread: half_in(1000.0),
                spread_weight: 20.0,
                settled: 14,
                warm_up: 14,
                per_day: 1,
                seconds: 86_400,
            },
        }
    }
}
