//! What a verdict does to the incident of its series: the same for the lookout and for a backtest.

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::step;
use crate::incident::storm::covers;

/// Moves the `newest` incident of a series at a look at `now`. `whole` is the newest incident of the
/// series that this one is a part of: while it stands, its parts open none.
#[must_use]
pub fn hear(
    instance: &str,
    key: &SeriesKey,
    newest: Option<&Incident>,
    whole: Option<&Incident>,
    verdict: &Verdict,
    policy: Policy,
    now: Timestamp,
) -> Option<Step> {
    // Missed buckets are judged with their own time.
    let at = if verdict.complete { verdict.until.min(now) } else { now };
    let silent = newest.is_none_or(|incident| incident.resolved_at.is_some());
    if silent && whole.is_some_and(|whole| covers(whole, at)) {
        return None;
    }
    step(instance, key, newest, &Cause::Judged(Box::new(verdict.clone())), policy, at)
}
