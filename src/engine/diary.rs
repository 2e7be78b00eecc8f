//! One line a minute and source in the log about what was read, however often it is polled.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::TimeDelta;
use tracing::info;

use crate::domain::Timestamp;
use crate::domain::ports::Committed;
use crate::host::clock::Clock;

/// Least real time between two lines about one source.
const GAP: TimeDelta = TimeDelta::minutes(1);

/// What was read since the last line about each source.
#[derive(Debug, Default)]
pub struct Diary {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    untold: HashMap<String, (Committed, Option<Timestamp>)>,
    /// When those were last left out of which the next line may come at once.
    cleared: Option<Timestamp>,
}

impl Pages {
    /// Of very many sources, few have something to tell in one minute.
    fn clear(&mut self, now: Timestamp) {
        if self.cleared.is_none_or(|cleared| now - cleared >= GAP) {
            self.untold.retain(|_, (sum, told)| news(sum) > 0 || told.is_some_and(|told| now - told < GAP));
            self.untold.shrink_to_fit();
            self.cleared = Some(now);
        }
    }
}

impl Diary {
    /// Adds what a poll stored; tells it when the last line is long enough ago, or when history
    /// came, which happens once.
    pub fn note(&self, source: &str, committed: Committed) {
        let now = Clock::real().now();
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.clear(now);
        if news(&committed) == 0 && !pages.untold.contains_key(source) {
            return;
        }
        let (sum, told) = pages.untold.entry(source.to_owned()).or_default();
        *sum += committed;
        let Committed { new, edited, gone, late, .. } = *sum;
        let quiet = told.is_some_and(|told| now - told < GAP) && committed.late == 0;
        if news(sum) == 0 || quiet {
            return;
        }
        let history = if late > 0 { format!(", {late} of them history") } else { String::new() };
        info!(source, new, edited, gone, late, "source `{source}`: {new} new{history}; {edited} edited, {gone} taken back");
        (*sum, *told) = (Committed::default(), Some(now));
    }
}

/// How much there is to tell.
fn news(committed: &Committed) -> u64 {
    committed.new + committed.edited + committed.gone
}
