//! Reads a bucket against what is usual: what is expected in it, and what it may teach.

use crate::detect::rhythm::Rhythm;
use crate::detect::sources;
use crate::detect::sources::Line;
use crate::detect::sources::Usual;
use crate::detect::state::State;
use crate::detect::windows::Moment;
use crate::domain::count::BucketCount;

/// Messages that the usual volume weighs beside the messages that came, when it is asked how many
/// complaints belong to them. Few: a surge is believed at once, and a single message is not.
const LEAN: f64 = 0.2;
/// Half a message is taken to have come while no volume is known.
const HALF: f64 = 0.5;
/// Up to this share complaints are held against the messages without one, from the other on against
/// all messages. The first is sharper, for an outbreak does not raise its own yardstick, and has no
/// meaning where nearly every message complains.
const RARE: (f64, f64) = (0.4, 0.6);
/// No share is taken for more than this.
const MOST_SHARE: f64 = 0.95;
/// What a day off is like.
const SUNDAY: u8 = 6;
/// Prior of the busyness of a slot, in buckets.
pub(super) const SLOT_PRIOR: f64 = 4.0;
/// Prior of the share of a slot, in complaints.
pub(super) const MOOD_PRIOR: f64 = 40.0;

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
    /// What testifies.
    pub moment: Moment,
    /// Complaints, history included.
    pub hits: f64,
    /// Complaints expected, history included.
    pub expected: f64,
    /// Complaints expected in the usual volume.
    pub usual: f64,
    /// Relative variance of the expectation because shares are unsure.
    pub unsure: f64,
    /// Somebody spoke: there is something to learn.
    pub spoke: bool,
    /// Messages that testify, or complaints where messages are not counted.
    pub testified: f64,
    /// Messages that are history.
    pub late: f64,
    /// It is a day off.
    pub holiday: bool,
    /// Slot of the season.
    pub slot: usize,
    /// Busyness of the slot.
    pub factor: f64,
    /// Slot of the mood.
    pub mood_slot: usize,
    /// Share of the slot beside the average.
    pub mood: f64,
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
        let weekday = if bucket.holiday { SUNDAY } else { bucket.weekday };
        let (slot, mood_slot) = (rhythm.slot_of(bucket.hour, weekday), rhythm.share_slot_of(bucket.hour));
        let lines = sources::lines(&state.usual, &bucket.parts);
        let mut reading = Self {
            moment: Moment::default(),
            hits: 0.0,
            expected: 0.0,
            usual: 0.0,
            unsure: 0.0,
            spoke: lines.iter().any(Line::spoke),
            testified: 0.0,
            late: 0.0,
            holiday: bucket.holiday,
            slot,
            factor: state.season.factor(slot, SLOT_PRIOR),
            mood_slot,
            mood: if rhythm.share_slots > 1 { state.mood.factor(mood_slot, MOOD_PRIOR) } else { 1.0 },
            level: 0.0,
            usual_total: 0.0,
            usual_share: sources::pooled_share(&state.usual).unwrap_or(0.0),
            notes: Vec::with_capacity(lines.len()),
        };
        // At the start every source is new, and waiting for one would be waiting for all.
        let young = |usual: &Usual| usual.born > 0 && state.age.saturating_sub(usual.born) < rhythm.young;
        let known = state.age >= rhythm.week;
        let mut square = 0.0;
        for (at, usual) in state.usual.iter().enumerate() {
            let line = lines.iter().find(|line| line.at == at);
            let young = young(usual);
            let scale = Scale { usual, mood: reading.mood, volume: usual.volume() * reading.factor, known, look };
            let (all, testified) = scale.expect(line);
            if !young {
                reading.level += usual.volume();
                reading.usual += scale.share() * scale.volume;
                reading.expected += all;
                reading.moment.expected += testified;
                square += testified * testified * usual.unsure();
            }
            if let Some(line) = line {
                reading.note(line, all, young, usual.alone);
            }
        }
        reading.usual_total = reading.level * reading.factor;
        if reading.moment.expected > 1e-9 {
            reading.unsure = square / (reading.moment.expected * reading.moment.expected);
        }
        reading
    }

    fn note(&mut self, line: &Line, expected: f64, young: bool, alone: bool) {
        self.late += if alone { line.late_hits } else { line.late_total };
        if !young {
            let messages = line.total.map_or(0.0, |total| total - line.late_total);
            self.testified += if alone { line.hits - line.late_hits } else { messages };
            self.hits += line.hits;
            self.moment.hits += line.hits - line.late_hits;
            self.moment.total += messages;
        }
        self.notes.push(Note { line: *line, expected, young, alone });
    }

    /// What the bucket teaches when `excess` complaints are not believed. They are taken from the
    /// sources that have more than was expected of them.
    pub fn lessons(&self, excess: f64) -> impl Iterator<Item = Lesson> + '_ {
        let over = |note: &Note| if note.young { 0.0 } else { (note.line.hits - note.expected).max(0.0) };
        let all: f64 = self.notes.iter().map(over).sum();
        let cut = if all > 0.0 { (excess / all).min(1.0) } else { 0.0 };
        let lesson = move |note: &Note| {
            let hits = note.line.hits - cut * over(note);
            let total = if note.alone { hits } else { note.line.total? - (note.line.hits - hits) };
            Some(Lesson { at: note.line.at, hits, total, young: note.young })
        };
        self.notes.iter().filter(|note| note.line.spoke()).filter_map(lesson)
    }
}

/// What is expected of one source.
struct Scale<'a> {
    usual: &'a Usual,
    mood: f64,
    /// Its usual messages in this bucket.
    volume: f64,
    /// The usual volume is known.
    known: bool,
    look: Look,
}

impl Scale<'_> {
    fn share(&self) -> f64 {
        if self.usual.alone { 1.0 } else { (self.usual.share() * self.mood).min(MOST_SHARE) }
    }

    /// Complaints expected, history included, and those expected without it.
    fn expect(&self, line: Option<&Line>) -> (f64, f64) {
        // Whoever counts complaints alone is compared with the usual number, history or not.
        if self.usual.alone {
            return (self.volume, self.volume);
        }
        match (line, self.look) {
            (Some(Line { total: None, .. }), _) | (None, Look::Open) => (self.share() * self.volume, self.share() * self.volume),
            (None, Look::Complete) => (0.0, 0.0),
            (Some(&Line { total: Some(total), hits, late_total, late_hits, .. }), look) => {
                let (news, new_hits) = (total - late_total, hits - late_hits);
                match look {
                    Look::Complete => (self.among(total - hits, total), self.among(news - new_hits, news)),
                    Look::Open => {
                        let whole = self.whole(news - new_hits, news);
                        (whole, whole)
                    }
                }
            }
        }
    }

    /// Complaints that belong to `rest` messages without one, `total` in all.
    fn among(&self, rest: f64, total: f64) -> f64 {
        if total <= 0.0 {
            return 0.0;
        }
        let (share, rare) = (self.share(), self.rare());
        let by_total = share * total;
        if rare <= 0.0 {
            return by_total;
        }
        let usual = (1.0 - share) * self.volume;
        let rest = if self.known && usual > 0.0 { (rest + LEAN) / (1.0 + LEAN / usual) } else { rest + HALF };
        rare * share / (1.0 - share) * rest + (1.0 - rare) * by_total
    }

    /// Complaints that belong to a whole bucket, of which so much has come.
    fn whole(&self, rest: f64, total: f64) -> f64 {
        let (share, rare) = (self.share(), self.rare());
        let usual = (1.0 - share) * self.volume;
        rare * share / (1.0 - share) * rest.max(usual) + (1.0 - rare) * share * total.max(self.volume)
    }

    /// How far its complaints are rare among its messages, 0 to 1.
    fn rare(&self) -> f64 {
        ((RARE.1 - self.share()) / (RARE.1 - RARE.0)).clamp(0.0, 1.0)
    }
}
