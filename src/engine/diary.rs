//! One line a minute and source in the log about what was read, however often it is polled, and one
//! about what is odd about its pages until they are odd in another way.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::TimeDelta;
use tracing::info;

use crate::domain::Timestamp;
use crate::domain::item::Warning;
use crate::domain::ports::Committed;
use crate::host::clock::Clock;
use crate::text::hash;

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
    /// What was odd about the last page of each source, as a hash of the kinds of warnings.
    odd: HashMap<String, u64>,
    /// What was told of each service: a walk has many pages, and an odd one comes with each.
    told: HashMap<String, BTreeSet<u64>>,
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

/// Oddities of a service that are remembered.
const MOST_TOLD: usize = 256;

impl Diary {
    /// Whether what is odd about a page has to be told: not where the last one was odd in the same ways.
    pub fn is_newly_odd(&self, source: &str, warnings: &[Warning]) -> bool {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.is_empty() {
            pages.odd.remove(source);
            return false;
        }
        let kinds: BTreeSet<&str> = warnings.iter().map(|warning| warning.code.as_str()).collect();
        let kinds = hash::of_parts(kinds.iter().copied());
        pages.odd.insert(source.to_owned(), kinds) != Some(kinds)
    }

    /// The same for a service: whether anything about this page was not told yet, as long as the daemon runs.
    pub fn is_oddly_new(&self, source: &str, warnings: &[Warning]) -> bool {
        if warnings.is_empty() {
            return false;
        }
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let told = pages.told.entry(source.to_owned()).or_default();
        if told.len() > MOST_TOLD {
            told.clear();
        }
        let before = told.len();
        told.extend(warnings.iter().map(|warning| hash::of_parts([warning.code.as_str(), warning.message.as_str()])));
        told.len() > before
    }
}

/// How much there is to tell.
fn news(committed: &Committed) -> u64 {
    committed.new + committed.edited + committed.gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_told_once_until_it_is_odd_in_another_way() {
        let diary = Diary::default();
        let odd = |codes: &[&'static str]| {
            let warnings: Vec<Warning> = codes.iter().map(|code| Warning::new(code, "", "x")).collect();
            diary.is_newly_odd("a", &warnings)
        };
        let pages: [&[&'static str]; 7] =
            [&[], &["no_id"], &["no_id", "no_id"], &["no_id", "bad_item"], &["bad_item", "no_id"], &[], &["no_id"]];
        assert_eq!(pages.map(odd), [false, true, false, true, false, false, true]);
    }

    #[test]
    fn what_is_odd_about_one_page_of_a_walk_is_told_once() {
        let diary = Diary::default();
        let odd = |messages: &[&'static str]| {
            let warnings: Vec<Warning> = messages.iter().map(|message| Warning::new("map_error", "record 2", *message)).collect();
            diary.is_oddly_new("a", &warnings)
        };
        let pages: [&[&'static str]; 6] = [&["rating"], &[], &["rating"], &["rating", "date"], &["date"], &[]];
        assert_eq!(pages.map(odd), [true, false, false, true, false, false]);
    }
}
