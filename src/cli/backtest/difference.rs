//! What another configuration would add and lose.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::json;

use crate::cli::Console;
use crate::cli::backtest::Outcome;
use crate::cli::backtest::json;
use crate::cli::backtest::tables;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::engine::backtest::Found;

pub(super) fn show(ours: &Outcome<'_>, theirs: &Outcome<'_>, as_json: bool, console: &mut Console) -> Result<Code, Failure> {
    let (mine, other) = (&ours.report.found, &theirs.report.found);
    // The same trouble: the same series, told within a day.
    let same = |a: &Found, b: &Found| a.incident.key == b.incident.key && (a.told_at - b.told_at).num_hours().abs() < 24;
    let lost: BTreeSet<usize> = (0..mine.len()).filter(|&at| !other.iter().any(|their| same(&mine[at], their))).collect();
    let gained: BTreeSet<usize> = (0..other.len()).filter(|&at| !mine.iter().any(|our| same(our, &other[at]))).collect();
    let kept = mine.len() - lost.len();
    if as_json {
        let rows = |set: &BTreeSet<usize>, of: &Outcome<'_>| {
            set.iter().map(|&at| json::incident(&of.report.found[at], of.plan)).collect::<Vec<_>>()
        };
        let mut document = json!({ "lost": rows(&lost, ours), "gained": rows(&gained, theirs), "same": kept });
        if let Some((before, after)) = ours.measure.as_ref().zip(theirs.measure.as_ref()) {
            document["before"] = json::sum("before", before);
            document["after"] = json::sum("after", after);
        }
        writeln!(console.out, "{document}")?;
    } else {
        let mut table = tables::incidents(lost.iter().map(|&at| ("- ", at, &mine[at])), ours);
        table.append(tables::incidents(gained.iter().map(|&at| ("+ ", at, &other[at])), theirs));
        write!(console.out, "{table}")?;
        writeln!(console.out, "{kept} the same, {} lost (-), {} gained (+)", lost.len(), gained.len())?;
        if let Some((before, after)) = ours.measure.as_ref().zip(theirs.measure.as_ref()) {
            writeln!(console.out, "before: {}\nafter:  {}", tables::verdict(before), tables::verdict(after))?;
        }
    }
    for note in &theirs.notes {
        writeln!(console.err, "{note}")?;
    }
    Ok(if lost.is_empty() && gained.is_empty() { Code::Done } else { Code::Found })
}
