//! Cron lines that never come again: those that name years. Whether these have passed, only somebody
//! with a clock can say.

use chrono_tz::Tz;

use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::domain::Timestamp;
use crate::schedule::cron;

/// A cron line of the configuration.
#[derive(Debug)]
pub struct Written {
    at: Place,
    line: cron::Line,
    zone: Tz,
    /// What to write so that it comes again, and what does not happen meanwhile.
    words: (&'static str, &'static str),
}

impl Written {
    /// A warning where it never comes again.
    #[must_use]
    pub fn past(&self, now: Timestamp) -> Option<Problem> {
        let (key, effect) = self.words;
        let is_past = self.line.after(now, self.zone).is_none();
        is_past.then(|| {
            Problem::warning(Code::LinePast, self.at.clone(), format!("`{key}` never comes again: its years have passed"))
                .label(effect)
                .help("write a year that comes as the seventh field, or leave it out: then the line holds for every year")
        })
    }
}

/// All that could be understood.
#[must_use]
pub fn lines(top: &Top) -> Vec<Written> {
    let zone = top.time_zone.value.0;
    let sources = top.source.iter().filter_map(|source| source.cron.as_ref()).map(|line| (line, ("cron", "it is not polled any more")));
    let well_at = std::iter::once((&top.heartbeat.well_at, ("well_at", "no digest goes out any more")));
    let written = |(line, words): (&Placed<Line>, _)| {
        let at = line.at.clone().unwrap_or_default();
        Some(Written { at, line: cron::Line::parse(&line.value.0).ok()?, zone, words })
    };
    sources.chain(well_at).filter_map(written).collect()
}
