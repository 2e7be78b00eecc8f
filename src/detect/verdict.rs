//! Says what was found: calls a bucket loud, uneasy or calm, and gives the numbers for it.

use crate::detect::judge::Finding;
use crate::detect::judge::Held;
use crate::detect::judge::LEAST;
use crate::detect::judge::Window;
use crate::detect::rhythm::Rhythm;
use crate::detect::tail;
use crate::domain::count::BucketCount;
use crate::domain::incident::Call;
use crate::domain::incident::Level;
use crate::domain::incident::Newest;
use crate::domain::incident::Numbers;
use crate::domain::incident::Verdict;

/// Share of the limit below which a bucket is calm.
const CALM: f64 = 0.6;
/// Usual messages from which on silence is no chance any more (5 % of Poisson counts with mean 3 are 0).
const SILENCE: f64 = 3.0;

/// What a finding is to be seen with.
#[derive(Debug)]
pub(super) struct Circumstances<'a> {
    /// The bucket.
    pub bucket: &'a BucketCount,
    /// It is over.
    pub complete: bool,
    /// Score that the budget asks for.
    pub limit: f64,
    /// Complaints that the watch asks for.
    pub least: f64,
    /// Windows and waiting times.
    pub rhythm: &'a Rhythm,
    /// Buckets learnt.
    pub age: u32,
    /// Usual share of all messages.
    pub usual_share: f64,
    /// Usual messages in this bucket.
    pub usual_total: f64,
    /// Messages in it that testify.
    pub testified: f64,
    /// Messages in it that are history.
    pub late: f64,
}

/// The verdict on a finding.
pub(super) fn speak(finding: &Finding, windows: &[Window], around: &Circumstances<'_>) -> Verdict {
    let window = &windows[finding.at];
    let warming = around.age < around.rhythm.warm_up;
    let (count, expected) = (window.sum.testified(), window.sum.testified_expected());
    let score = if warming { 0.0 } else { finding.score };
    Verdict {
        bucket: around.bucket.start,
        until: around.bucket.end,
        complete: around.complete,
        call: if warming { Call::Unknown } else { call(score, count, expected, around) },
        numbers: Numbers {
            score,
            limit: around.limit,
            count,
            expected,
            usual: tail::usual_range(expected, window.tested),
            total: window.sum.total,
            usual_share: around.usual_share,
            window_seconds: around.rhythm.seconds * window.length as i64,
            dispersion: window.tested,
            gate: finding.gate,
            held_by: held_by(finding, count, warming, around),
            learnt_buckets: f64::from(around.age),
            newest: newest(&windows[0]),
            mean: None,
        },
    }
}

/// The shortest window is one bucket.
fn newest(window: &Window) -> Newest {
    let expected = window.sum.testified_expected();
    Newest { count: window.sum.testified(), expected, usual: tail::usual_range(expected, window.tested), total: window.sum.total }
}

fn call(score: f64, count: f64, expected: f64, around: &Circumstances<'_>) -> Call {
    if score >= around.limit && count >= around.least {
        Call::Firing(level(score / around.limit, count, expected))
    } else if score >= CALM * around.limit {
        Call::Uneasy
    } else if around.testified <= 0.0 && around.usual_total >= SILENCE {
        Call::Unknown
    } else {
        Call::Normal
    }
}

fn level(times: f64, count: f64, expected: f64) -> Level {
    match times {
        times if times >= 5.0 && count >= 3.0 * expected => Level::Critical,
        times if times >= 2.5 => Level::High,
        times if times >= 1.5 => Level::Medium,
        _ => Level::Low,
    }
}

fn held_by(finding: &Finding, count: f64, warming: bool, around: &Circumstances<'_>) -> String {
    let per_day = around.rhythm.per_day;
    if warming {
        return format!("still learning ({} of {} days)", around.age / per_day, around.rhythm.warm_up / per_day);
    }
    if around.testified <= 0.0 && around.late > 0.0 {
        return "nothing but history".to_owned();
    }
    match finding.held {
        None if finding.score >= around.limit && count < around.least => format!("fewer than {} complaints", around.least),
        None => String::new(),
        Some(Held::Few) => format!("fewer than {LEAST} complaints"),
        Some(Held::AsUsual) => "no more complaints than usual".to_owned(),
        Some(Held::Gate) => "volume as usual".to_owned(),
        Some(Held::Calm) => "the newest bucket is calm".to_owned(),
    }
}
