//! What is remembered of a measure's series between buckets: about 3 kB as JSON at most, and exact.

use serde::Deserialize;
use serde::Serialize;

use crate::detect::measure::pace::Pace;
use crate::domain::rated::Answers;
use crate::domain::rated::RatedPart;

/// Points that an answer is taken to lose before any is known, their square, and the answers that
/// this weighs.
const FIRST: (f64, f64, f64) = (0.8, 2.0, 5.0);
/// Dispersion between windows that is assumed before any is learnt, and the least and the most that it
/// is taken for: a level that stays bad must not make the series deaf.
const SPREAD: (f64, f64, f64) = (0.02, 0.002, 0.1);
/// Sources that are remembered; beyond, the one with the fewest answers is forgotten.
const SOURCES: usize = 32;
/// More answers than this in a bucket are taken as this many.
const MOST: f64 = 1e9;
/// No scale loses more points with one answer.
const MOST_LOST: f64 = 10.0;

/// What is remembered of a series. One of another width than the detector's is started anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Buckets since the first answer.
    pub(super) age: u32,
    usual: Vec<Usual>,
    /// Dispersion of each window: excess and weight.
    between: Vec<(f32, f32)>,
    /// The newest buckets, newest first.
    recent: Vec<Moment>,
}

/// What is usual in one source: faded sums of answers, lost points and their squares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(i64, f32, f32, f32)", into = "(i64, f32, f32, f32)")]
struct Usual {
    source: i64,
    count: f32,
    lost: f32,
    square: f32,
}

impl Usual {
    fn loses(&self) -> f64 {
        f64::from(self.lost) / f64::from(self.count).max(1e-9)
    }

    fn variance(&self) -> f64 {
        (f64::from(self.square) / f64::from(self.count).max(1e-9) - self.loses() * self.loses()).max(0.05)
    }

    /// Relative variance of what it usually loses.
    fn unsure(&self) -> f64 {
        self.variance() / (f64::from(self.count).max(1e-9) * (self.loses() * self.loses()).max(1e-3))
    }
}

/// What the windows remember of a bucket, history aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Moment {
    /// Answers.
    pub count: f64,
    /// Points that they lost.
    pub lost: f64,
    /// Points that they were expected to lose.
    pub expected: f64,
    /// Variance of that, if answers were independent.
    pub variance: f64,
    /// Expected points times the relative variance of what is usual.
    pub doubt: f64,
}

type Row = (f32, f32, f32, f32, f32);

impl From<Row> for Moment {
    fn from(row: Row) -> Self {
        let [count, lost, expected, variance, doubt] = [row.0, row.1, row.2, row.3, row.4].map(f64::from);
        Self { count, lost, expected, variance, doubt }
    }
}

impl From<Moment> for Row {
    fn from(of: Moment) -> Self {
        (of.count as f32, of.lost as f32, of.expected as f32, of.variance as f32, of.doubt as f32)
    }
}

impl From<(i64, f32, f32, f32)> for Usual {
    fn from((source, count, lost, square): (i64, f32, f32, f32)) -> Self {
        Self { source, count, lost, square }
    }
}

impl From<Usual> for (i64, f32, f32, f32) {
    fn from(of: Usual) -> Self {
        (of.source, of.count, of.lost, of.square)
    }
}

impl State {
    pub(super) fn new(pace: &Pace) -> Self {
        let assumed = ((SPREAD.0 * pace.spread_weight) as f32, pace.spread_weight as f32);
        Self { age: 0, usual: Vec::new(), between: vec![assumed; pace.windows.len()], recent: Vec::new() }
    }

    pub(super) fn fits(&self, pace: &Pace) -> bool {
        self.between.len() == pace.windows.len()
    }

    /// Buckets since the first answer.
    #[must_use]
    pub fn learnt_buckets(&self) -> u32 {
        self.age
    }

    /// Takes in sources that answer for the first time. They are taken to be like the others.
    pub(super) fn admit(&mut self, parts: &[RatedPart]) {
        for part in parts.iter().filter(|part| part.live.count + part.late.count > 0.0) {
            if self.usual.iter().any(|usual| usual.source == part.source) {
                continue;
            }
            let sum = |of: fn(&Usual) -> f32| self.usual.iter().map(|usual| f64::from(of(usual))).sum::<f64>();
            let (count, lost, square) = (sum(|of| of.count), sum(|of| of.lost), sum(|of| of.square));
            let (lost, square) = if count > 0.0 { (lost / count, square / count) } else { (FIRST.0, FIRST.1) };
            if self.usual.len() >= SOURCES {
                let least = (0..self.usual.len()).min_by(|a, b| self.usual[*a].count.total_cmp(&self.usual[*b].count));
                if let Some(at) = least {
                    self.usual.swap_remove(at);
                }
            }
            let (count, lost, square) = (FIRST.2 as f32, (lost * FIRST.2) as f32, (square * FIRST.2) as f32);
            self.usual.push(Usual { source: part.source, count, lost, square });
        }
    }

    /// A bucket beside what is expected of it.
    pub(super) fn read(&self, parts: &[RatedPart]) -> Moment {
        let mut moment = Moment::default();
        let mut square = 0.0;
        for part in parts {
            let Some(usual) = self.usual.iter().find(|usual| usual.source == part.source) else { continue };
            let live = sane(&part.live);
            let expected = live.count * usual.loses();
            moment.count += live.count;
            moment.lost += live.lost;
            moment.expected += expected;
            moment.variance += live.count * usual.variance();
            square += expected * expected * usual.unsure();
        }
        if moment.expected > 0.0 {
            moment.doubt = square / moment.expected;
        }
        Moment::from(Row::from(moment))
    }

    /// The sums of the newest `length` buckets.
    pub(super) fn window(&self, newest: &Moment, length: usize) -> Moment {
        let mut sum = *newest;
        for moment in self.recent.iter().take(length.saturating_sub(1)) {
            sum.count += moment.count;
            sum.lost += moment.lost;
            sum.expected += moment.expected;
            sum.variance += moment.variance;
            sum.doubt += moment.doubt;
        }
        sum
    }

    /// The newest bucket becomes one of the recent ones.
    pub(super) fn keep(&mut self, moment: Moment, longest: usize) {
        self.recent.truncate(longest.saturating_sub(2));
        self.recent.insert(0, moment);
    }

    /// Dispersion of a window.
    pub(super) fn spread(&self, at: usize) -> f64 {
        let (excess, weight) = self.between.get(at).copied().unwrap_or((0.0, 1.0));
        (f64::from(excess) / f64::from(weight).max(1e-9)).clamp(SPREAD.1, SPREAD.2)
    }

    /// Learns what is usual; `held` is the part of the lost points that is believed.
    pub(super) fn learn(&mut self, parts: &[RatedPart], held: f64, weight: f64, fading: f64) {
        for usual in &mut self.usual {
            let Some(part) = parts.iter().find(|part| part.source == usual.source) else { continue };
            let (live, late) = (sane(&part.live), sane(&part.late));
            let add = |old: f32, new: f64| (fading * f64::from(old) + weight * new) as f32;
            usual.count = add(usual.count, live.count + late.count);
            usual.lost = add(usual.lost, held * live.lost + late.lost);
            usual.square = add(usual.square, held * live.square + late.square);
        }
    }

    /// A window lost so much where so much was expected: how far off is that beyond chance?
    pub(super) fn learn_spread(&mut self, at: usize, sum: &Moment, judged: f64, weight: f64, fading: f64) {
        let Some(of) = self.between.get_mut(at) else { return };
        if sum.expected <= 0.0 {
            return;
        }
        let deviation = judged.sqrt();
        let off = (sum.lost - sum.expected).clamp(-4.0 * deviation, 3.0 * deviation);
        // Where chance alone scatters widely, a window says little.
        let base = sum.expected.max(0.3);
        let weight = weight * 3.0 * (sum.expected * sum.expected / (sum.variance + 1e-9)).min(9.0) / 9.0;
        let excess = (off * off - sum.variance) / (base * base);
        of.0 = (fading * f64::from(of.0) + weight * excess) as f32;
        of.1 = (fading * f64::from(of.1) + weight).max(1e-6) as f32;
    }
}

fn sane(of: &Answers) -> Answers {
    let held = |number: f64, most: f64| if number.is_nan() { 0.0 } else { number.clamp(0.0, most) };
    let count = held(of.count, MOST);
    let lost = held(of.lost, MOST_LOST * count);
    Answers { count, lost, square: held(of.square, MOST_LOST * lost) }
}
