//! What can be said of one series at one moment.

use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::explain::chart;
use crate::domain::incident::Call;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::measure::Measure;
use crate::render::kinds::dropped;
use crate::render::kinds::nouns;
use crate::render::wording::amount;
use crate::render::wording::chance;
use crate::render::wording::odds;
use crate::render::wording::plural;
use crate::render::wording::window;

/// A series, judged at the moment in question.
pub(super) struct Account {
    /// Which series.
    pub key: SeriesKey,
    /// What is said of the bucket.
    pub verdict: Verdict,
    /// Complaints in it with which there would have been an alert.
    pub needed: Option<f64>,
    /// What held it back, in words.
    pub reasons: Vec<String>,
    /// The id of the incident that it belonged to.
    pub incident: Option<String>,
    /// The buckets around it.
    pub verdicts: Vec<Verdict>,
}

impl Account {
    /// How near it came to an alert: 1 is there.
    pub fn nearness(&self) -> f64 {
        let count = self.verdict.numbers.newest.count;
        self.needed.map_or(0.0, |needed| count / needed).max(if self.fires() { 1.0 } else { 0.0 })
    }

    /// Whether it is loud.
    pub fn fires(&self) -> bool {
        matches!(self.verdict.call, Call::Firing(_))
    }

    /// Whether it is the whole.
    pub fn is_whole(&self) -> bool {
        self.key.segment == Segment::All
    }

    /// `loud (high)`, `no alert`
    pub fn call(&self) -> String {
        match self.verdict.call {
            Call::Firing(level) => format!("loud ({level})"),
            Call::Uneasy => "no alert, but above the usual".to_owned(),
            Call::Normal => "no alert".to_owned(),
            Call::Unknown => "no alert, not judged".to_owned(),
        }
    }

    /// `6 complaints came, where 3.1 were expected (usually 1 to 7). 11 would have given an alert.`
    pub fn counted(&self) -> String {
        let newest = &self.verdict.numbers.newest;
        let measure = Measure::of(&self.key);
        let (bad, any) = nouns(measure);
        // Points lost are no number that anybody could read.
        if measure.is_some_and(Measure::is_mean) {
            return if newest.total > 0.0 { format!("{} came", plural(&amount(newest.total), any)) } else { format!("no {any} came") };
        }
        let came = plural(&amount(newest.count), bad);
        let (low, high) = newest.usual;
        let among = if newest.total > 0.0 { format!(" among {}", plural(&amount(newest.total), any)) } else { String::new() };
        let needed = match self.needed {
            None => "no number would have given an alert".to_owned(),
            Some(needed) if self.fires() => format!("an alert takes {}", amount(needed)),
            Some(needed) => format!("{} would have given an alert", amount(needed)),
        };
        let expected = amount(newest.expected);
        format!("{came} came{among}, {expected} expected (usually {} to {}); {needed}", amount(low), amount(high))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let Numbers { score, limit, count, expected, window_seconds, newest, .. } = &self.verdict.numbers;
        let mut row = json!({
            "theme": self.key.theme,
            "segment": self.key.segment.to_string(),
            "loud": self.fires(),
            "count": newest.count,
            "total": newest.total,
            "expected": newest.expected,
            "usual_low": newest.usual.0,
            "usual_high": newest.usual.1,
            "needed": self.needed,
            "score": score,
            "limit": limit,
            "window_seconds": window_seconds,
            "window_count": count,
            "window_expected": expected,
            "held_by": self.verdict.numbers.held_by,
            "why": self.reasons,
            "incident": self.incident,
        });
        if let Some(mean) = &self.verdict.numbers.mean {
            row["mean"] = json!(mean);
        }
        if self.is_whole() {
            row["chart"] = Value::from(chart::buckets(&self.verdicts));
        }
        row
    }
}

/// The numbers behind a verdict, for whoever wants them.
pub(super) fn numbers(key: &SeriesKey, numbers: &Numbers, console: &mut Console) -> Result<(), Failure> {
    let (low, high) = numbers.usual;
    if let Some(measure) = Measure::of(key) {
        writeln!(console.out, "  {}", dropped(measure, numbers, ""))?;
        writeln!(console.out, "  score {:.2}, limit {:.2}; learnt from {} buckets", numbers.score, numbers.limit, numbers.learnt_buckets)?;
        return Ok(());
    }
    writeln!(
        console.out,
        "  in the last {}: {} complaints, {:.2} expected, usually {low} to {high}",
        window(numbers.window_seconds),
        numbers.count,
        numbers.expected
    )?;
    if numbers.total > 0.0 {
        writeln!(
            console.out,
            "  {} messages in all; share {:.1} %, usually {:.1} %",
            numbers.total,
            100.0 * numbers.count / numbers.total,
            100.0 * numbers.usual_share
        )?;
    }
    if numbers.surprise > 0.0 {
        writeln!(console.out, "  the chance of so many is {}", chance(numbers.surprise))?;
    }
    let (score, limit) = (numbers.score, numbers.limit);
    writeln!(console.out, "  odds of an outbreak {} (score {score:.2}), an alert takes {} (score {limit:.2})", odds(score), odds(limit))?;
    writeln!(
        console.out,
        "  negative binomial with dispersion {:.3}; the raw count left {:.0} % of the evidence; learnt from {} buckets",
        numbers.dispersion,
        100.0 * numbers.gate,
        numbers.learnt_buckets
    )?;
    Ok(())
}
