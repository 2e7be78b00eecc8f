//! Reads a day: what the reference expects of it, and how many of its complaints are believed.

use crate::detect::drift::OF_A_DAY;
use crate::detect::drift::state::Row;
use crate::detect::drift::state::State;
use crate::domain::count::Part;

/// Complaints count up to this many standard deviations above what is usual of late.
const BELIEVED_DEVIATIONS: f64 = 1.5;
/// More counts than this in a day are taken as this many.
const MOST: f64 = 1e9;

/// A day as read.
#[derive(Debug)]
pub(super) struct Reading {
    lines: Vec<Line>,
    row: Row,
}

/// One source's day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Place of the source.
    pub at: usize,
    /// Messages, without the complaints that are not believed.
    pub total: f64,
    /// Believed complaints.
    pub hits: f64,
}

impl Reading {
    /// Reads the parts of a day. Sources that the state does not know are passed over.
    pub fn of(state: &State, parts: &[Part]) -> Self {
        let said: Vec<Said> = said(state, parts);
        // What a large ordinary day of late would hold.
        let (mut usual, mut square, mut over) = (0.0, 0.0, 0.0);
        let above = |of: &Said| (of.hits - state.habits[of.at].of_late() * of.total).max(0.0);
        for of in &said {
            let mean = state.habits[of.at].of_late() * of.total;
            usual += mean;
            square += mean * mean * state.habits[of.at].unsure_of_late();
            over += above(of);
        }
        let hits: f64 = said.iter().map(|of| of.hits).sum();
        let most = usual + BELIEVED_DEVIATIONS * (usual + OF_A_DAY * usual * usual + square).sqrt() + 0.5;
        let cut = if over > 0.0 { ((hits - most).max(0.0) / over).min(1.0) } else { 0.0 };
        let mut reading = Self { lines: Vec::with_capacity(said.len()), row: Row::default() };
        let mut square = 0.0;
        for of in &said {
            let excess = cut * above(of);
            let believed = of.hits - excess;
            reading.lines.push(Line { at: of.at, total: (of.total - if of.alone { 0.0 } else { excess }).max(0.0), hits: believed });
            let habit = &state.habits[of.at];
            let Some(share) = habit.share() else { continue };
            // History teaches and does not testify.
            let (live_total, live_hits) = (of.total - of.late_total, of.hits - of.late_hits);
            let believed = if of.hits > 0.0 { live_hits * believed / of.hits } else { 0.0 };
            let unbelieved = if of.alone { 0.0 } else { live_hits - believed };
            let expected = share * (live_total - unbelieved).max(0.0);
            reading.row.hits += believed;
            reading.row.expected += expected;
            reading.row.said += live_hits;
            reading.row.total += live_total;
            square += expected * expected * habit.unsure();
        }
        if reading.row.expected > 0.0 {
            reading.row.doubt = square / reading.row.expected;
        }
        reading
    }

    /// For the window.
    pub fn row(&self) -> Row {
        self.row.as_stored()
    }

    /// What each source teaches.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

/// What one source said, held to what can be.
struct Said {
    at: usize,
    total: f64,
    hits: f64,
    late_total: f64,
    late_hits: f64,
    /// Only complaints are counted: the day itself is what they are a share of.
    alone: bool,
}

fn said(state: &State, parts: &[Part]) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(at) = state.place_of(part.source) else { continue };
        let hits = sane(part.hits);
        let late_hits = sane(part.late_hits).min(hits);
        let alone = part.total.is_none();
        let total = part.total.map_or(1.0, |total| sane(total).max(hits));
        let late_total = if alone { 0.0 } else { sane(part.late_total).max(late_hits).min(total - (hits - late_hits)) };
        match all.iter_mut().find(|of| of.at == at) {
            Some(of) => {
                of.total += if of.alone && alone { 0.0 } else { total };
                of.hits += hits;
                of.late_total += late_total;
                of.late_hits += late_hits;
            }
            None if total > 0.0 => all.push(Said { at, total, hits, late_total, late_hits, alone }),
            None => {}
        }
    }
    all
}

fn sane(count: f64) -> f64 {
    if count.is_nan() { 0.0 } else { count.clamp(0.0, MOST) }
}
