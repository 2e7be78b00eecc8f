//! Reads a bucket against what is usual: what is expected in it, and what it may teach.

use crate::detect::rhythm::Rhythm;
use crate::detect::sources;
use crate::detect::sources::Line;
use crate::detect::sources::Usual;
use crate::detect::state::State;
use crate::detect::windows::Moment;
use crate::domain::count::BucketCount;

/// Which kind of look is taken at a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is over: complaints are expected among the messages that came.
    Complete,
    /// It goes on: complaints so far are compared with what the whole bucket is expected to hold,
    /// by its usual volume or by what has come already, where that is more. A count only grows,
    /// so what passes early passes at the end too, and looking often adds no false alarm.
    Open,
}

/// A bucket as read.
#[derive(Debug)]
pub(super) struct Reading {
    /// For the windows.
    pub moment: Moment,
    /// Somebody spoke: there is something to learn.
    pub spoke: bool,
    /// Messages that testify, or complaints where messages are not counted.
    pub testified: f64,
    /// Messages that are history.
    pub late: f64,
    /// Slot of the season.
    pub slot: usize,
    /// Busyness of the slot.
    pub factor: f64,
    /// Usual messages in a bucket of average busyness.
    pub level: f64,
    /// Usual messages in this bucket.
    pub usual_total: f64,
    /// Share of all messages that usually have the theme.
    pub usual_share: f64,
    notes: Vec<Note>,
}

/// One source's line, with what was expected of it.
#[derive(Debug)]
struct Note {
    line: Line,
    expected: f64,
    young: bool,
    alone: bool,
}

/// What a bucket teaches about a source.
#[derive(Debug, PartialEq)]
pub(super) struct Lesson {
    /// Place of the source.
    pub at: usize,
    /// Complaints, as far as they are believed.
    pub hits: f64,
    /// Messages, without the complaints that are not.
    pub total: f64,
    /// It joined lately: its expectation is not worth guarding with.
    pub young: bool,
}

impl Reading {
    /// Reads a bucket. Sources that the state does not know are passed over.
    pub fn of(state: &State, rhythm: &Rhythm, bucket: &BucketCount, look: Look) -> Self {
        let slot = rhythm.slot_of(bucket.hour, bucket.weekday);
        let factor = state.season.factor(slot);
        let lines = sources::lines(&state.usual, &bucket.parts);
        let mut reading = Self {
            moment: Moment::default(),
            spoke: lines.iter().any(Line::spoke),
            testified: 0.0,
            late: 0.0,
            slot,
            factor,
            level: 0.0,
            usual_total: 0.0,
            usual_share: sources::pooled_share(&state.usual).unwrap_or(0.0),
            notes: Vec::with_capacity(lines.len()),
        };
        // At the start every source is new, and waiting for one would be waiting for all.
        let young = |usual: &Usual| usual.born > 0 && state.age.saturating_sub(usual.born) < rhythm.young;
        for usual in state.usual.iter().filter(|usual| !young(usual)) {
            reading.level += usual.volume();
            reading.moment.usual += usual.share() * usual.volume() * factor;
        }
        reading.usual_total = reading.level * factor;
        let mut square = 0.0;
        for (at, usual) in state.usual.iter().enumerate() {
            let line = lines.iter().find(|line| line.at == at);
            let young = young(usual);
            let note = expect(usual, line, usual.volume() * factor, look);
            if !young {
                let (expected, late) = note;
                reading.moment.expected += expected;
                reading.moment.late_expected += late;
                square += expected * expected * usual.unsure();
            }
            if let Some(line) = line {
                reading.note(line, note.0, young, usual.alone);
            }
        }
        if reading.moment.expected > 0.0 {
            reading.moment.doubt = square / reading.moment.expected;
        }
        reading
    }

    fn note(&mut self, line: &Line, expected: f64, young: bool, alone: bool) {
        self.late += if alone { line.late_hits } else { line.late_total };
        if !young {
            let testified = line.total.map_or(0.0, |total| total - line.late_total);
            self.testified += if alone { line.hits - line.late_hits } else { testified };
            self.moment.hits += line.hits;
            self.moment.late_hits += line.late_hits;
            self.moment.total += testified;
        }
        self.notes.push(Note { line: *line, expected, young, alone });
    }

    /// What the bucket teaches when `excess` complaints are not believed. They are taken from the
    /// sources that have more than was expected of them.
    pub fn lessons(&self, excess: f64) -> Vec<Lesson> {
        let over = |note: &Note| if note.young { 0.0 } else { (note.line.hits - note.expected).max(0.0) };
        let all: f64 = self.notes.iter().map(over).sum();
        let cut = if all > 0.0 { (excess / all).min(1.0) } else { 0.0 };
        let lesson = |note: &Note| {
            let hits = note.line.hits - cut * over(note);
            let total = if note.alone { hits } else { note.line.total? - (note.line.hits - hits) };
            Some(Lesson { at: note.line.at, hits, total, young: note.young })
        };
        self.notes.iter().filter(|note| note.line.spoke()).filter_map(lesson).collect()
    }
}

/// Complaints expected of a source, history included, and those expected of its history.
fn expect(usual: &Usual, line: Option<&Line>, volume: f64, look: Look) -> (f64, f64) {
    let came = line.filter(|_| !usual.alone).map(|line| line.total);
    let late = line.map_or(0.0, |line| line.late_total);
    match (came, look) {
        // Whoever counts complaints alone is compared with the usual number, history or not.
        (None, _) if usual.alone => (volume, 0.0),
        (Some(None), _) | (None, Look::Open) => (usual.share() * volume, 0.0),
        (Some(Some(total)), Look::Complete) => (usual.share() * total, usual.share() * late),
        (Some(Some(total)), Look::Open) => {
            let whole = (total - late).max(volume);
            (usual.share() * (whole + late), usual.share() * late)
        }
        (None, Look::Complete) => (0.0, 0.0),
    }
}
