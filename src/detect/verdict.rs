//! Says what was found: calls a bucket loud, uneasy or calm, and gives the numbers for it.

use crate::detect::evidence::Likelihood;
use crate::detect::reading::Reading;
use crate::detect::rhythm::Rhythm;
use crate::detect::tail;
use crate::detect::windows::Window;
use crate::domain::count::BucketCount;
use crate::domain::incident::Call;
use crate::domain::incident::Level;
use crate::domain::incident::Newest;
use crate::domain::incident::Numbers;
use crate::domain::incident::Verdict;

/// Fewer complaints than this in the longest window are an anecdote and never score.
pub(super) const LEAST: f64 = 3.0;
/// Share of the limit below which a bucket is calm.
const CALM: f64 = 0.6;
/// Usual messages from which on silence is no chance any more (5 % of Poisson counts with mean 3 are 0).
const SILENCE: f64 = 3.0;
/// Factor from which on the raw count is said to have held the evidence back.
const DAMPED: f64 = 0.3;

/// What a bucket is to be judged with.
#[derive(Debug)]
pub(super) struct Circumstances<'a> {
    /// The bucket.
    pub bucket: &'a BucketCount,
    /// It is over.
    pub complete: bool,
    /// What was read in it.
    pub reading: &'a Reading,
    /// The window to tell of.
    pub window: Window,
    /// What the newest bucket said.
    pub likelihood: Likelihood,
    /// The score, if nothing speaks against it.
    pub score: f64,
    /// Score that the budget asks for.
    pub limit: f64,
    /// The usual share is that of all messages.
    pub borrowed: bool,
    /// Complaints that the watch asks for.
    pub least: f64,
    /// Complaints in the longest window.
    pub most: f64,
    /// Windows and waiting times.
    pub rhythm: &'a Rhythm,
    /// Buckets learnt.
    pub age: u32,
    /// Buckets that have to be learnt before anything is said.
    pub warm_up: u32,
}

impl Circumstances<'_> {
    /// The verdict.
    pub fn speak(&self) -> Verdict {
        let Window { length, sum, dispersion } = self.window;
        let warming = self.age < self.warm_up;
        let score = if warming || self.most < LEAST || self.reading.moment.hits + self.reading.testified <= 0.0 { 0.0 } else { self.score };
        let told = score >= CALM * self.limit && sum.hits > sum.expected;
        // How surprising it is, is worth working out only where somebody may read it.
        let surprise = if told { -tail::mid_p(sum.hits, sum.expected, dispersion).log10() } else { 0.0 };
        let usual = if told { tail::usual_range(sum.expected, dispersion) } else { tail::about_usual(sum.expected, dispersion) };
        Verdict {
            bucket: self.bucket.start,
            until: self.bucket.end,
            complete: self.complete,
            call: if warming { Call::Unknown } else { self.call(score, surprise) },
            numbers: Numbers {
                score,
                limit: self.limit,
                surprise,
                count: sum.hits,
                expected: sum.expected,
                usual,
                total: sum.total,
                usual_share: self.reading.usual_share,
                window_seconds: self.rhythm.seconds * length as i64,
                dispersion,
                gate: self.likelihood.damped,
                held_by: self.held_by(score, warming),
                learnt_buckets: f64::from(self.age),
                borrowed: self.borrowed,
                newest: self.newest(),
                mean: None,
            },
        }
    }

    fn newest(&self) -> Newest {
        let of = self.reading.moment;
        let usual = tail::about_usual(of.expected, self.window.dispersion);
        Newest { count: of.hits, expected: of.expected, usual, total: of.total }
    }

    fn call(&self, score: f64, surprise: f64) -> Call {
        let sum = self.window.sum;
        if score >= self.limit && sum.hits >= self.least {
            Call::Firing(level(surprise, sum.hits, sum.expected))
        } else if score >= CALM * self.limit {
            Call::Uneasy
        } else if self.reading.testified <= 0.0 && self.reading.usual_total >= SILENCE {
            Call::Unknown
        } else {
            Call::Normal
        }
    }

    fn held_by(&self, score: f64, warming: bool) -> String {
        let (per_day, sum) = (self.rhythm.per_day, self.window.sum);
        if warming {
            return format!("still learning ({} of {} days)", self.age / per_day, self.warm_up / per_day);
        }
        if self.reading.testified <= 0.0 && self.reading.late > 0.0 {
            return "nothing but history".to_owned();
        }
        if score >= self.limit {
            return if sum.hits < self.least { format!("fewer than {} complaints", self.least) } else { String::new() };
        }
        if sum.hits <= 0.0 {
            String::new()
        } else if self.most < LEAST {
            format!("fewer than {LEAST} complaints")
        } else if sum.hits <= sum.expected {
            "no more complaints than usual".to_owned()
        } else if self.likelihood.damped < DAMPED {
            "volume as usual".to_owned()
        } else {
            String::new()
        }
    }
}

/// How loud: by the chance of the window told of, as a power of ten.
fn level(surprise: f64, count: f64, expected: f64) -> Level {
    match surprise {
        surprise if surprise >= 12.0 && count >= 3.0 * expected => Level::Critical,
        surprise if surprise >= 7.5 => Level::High,
        surprise if surprise >= 4.0 => Level::Medium,
        _ => Level::Low,
    }
}
