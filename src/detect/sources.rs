//! What is usual in each source: its share of complaints and its volume.
//!
//! Kept a source at a time, because sources differ more than days do: a help desk full of
//! complaints that joins a shop of happy reviews would double the share of all messages and look
//! like trouble. Expected complaints are the sum over sources of share times messages.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::count::Part;

/// Share of complaints that is assumed before anything is known.
const FIRST_SHARE: f64 = 0.1;
/// Messages that an assumed share weighs.
const FIRST_WEIGHT: f64 = 5.0;
/// Complaints that a share lent by all messages weighs: segments differ, so not many.
const LENT_WEIGHT: f64 = 3.0;
/// More counts than this in a bucket are taken as this many: nothing real, and squares must not overflow.
const MOST: f64 = 1e9;
/// Sources of one series that are remembered; beyond, the least busy one is forgotten.
const SOURCES: usize = 64;

/// What is usual in one source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Usual {
    /// Number of the source.
    pub source: i64,
    /// Age of the series when it joined, in buckets.
    pub born: u32,
    /// Its messages were never counted: complaints alone are judged.
    pub alone: bool,
    hits: f32,
    total: f32,
    volume: f32,
    weight: f32,
}

type Row = (i64, u32, bool, f32, f32, f32, f32);

impl From<Row> for Usual {
    fn from((source, born, alone, hits, total, volume, weight): Row) -> Self {
        Self { source, born, alone, hits, total, volume, weight }
    }
}

impl From<Usual> for Row {
    fn from(of: Usual) -> Self {
        (of.source, of.born, of.alone, of.hits, of.total, of.volume, of.weight)
    }
}

impl Usual {
    fn newcomer(source: i64, born: u32, alone: bool, share: f64) -> Self {
        let total = if alone { share * FIRST_WEIGHT } else { FIRST_WEIGHT };
        Self { source, born, alone, hits: (share * FIRST_WEIGHT) as f32, total: total as f32, volume: 0.0, weight: 0.0 }
    }

    /// A source of a new segment, with the share that it has in all messages.
    fn heir(source: i64, born: u32, share: f64) -> Self {
        let share = share.clamp(1e-4, 1.0);
        Self { hits: LENT_WEIGHT as f32, total: (LENT_WEIGHT / share) as f32, ..Self::newcomer(source, born, false, share) }
    }

    /// Share of its messages that have the theme, 0 to 1.
    ///
    /// With [`Usual::unsure`] this is the predictive mean of a Poisson rate under the prior of
    /// Jeffreys (half a complaint more than were seen). A theme that was silent for years is thus
    /// rare and not impossible, and the first three complaints are no catastrophe.
    pub fn share(&self) -> f64 {
        let learnt = (f64::from(self.hits) + 0.5) / f64::from(self.total).max(1e-9);
        if self.alone { 1.0 } else { learnt.min(1.0) }
    }

    /// Messages in a bucket of average busyness.
    pub fn volume(&self) -> f64 {
        if self.weight > 0.0 { f64::from(self.volume) / f64::from(self.weight) } else { 0.0 }
    }

    /// Relative variance of the share: few complaints were seen, so it is not well known.
    pub fn unsure(&self) -> f64 {
        1.0 / (f64::from(self.hits) + 0.5)
    }

    /// Learns the share from a bucket in which the source spoke.
    pub fn learn_share(&mut self, hits: f64, total: f64, weight: f64, fading: f64) {
        self.hits = (fading * f64::from(self.hits) + weight * hits) as f32;
        self.total = (fading * f64::from(self.total) + weight * total) as f32;
    }

    /// One more bucket in which any source spoke: the volume is remembered a little less.
    pub fn fade_volume(&mut self, fading: f64) {
        self.volume = (fading * f64::from(self.volume)) as f32;
        self.weight = (fading * f64::from(self.weight) + 1.0) as f32;
    }

    /// What this source said in that bucket, in messages, as if it were of average busyness.
    pub fn add_volume(&mut self, volume: f64) {
        self.volume = (f64::from(self.volume) + volume) as f32;
    }
}

/// Share of all messages that have the theme, by the usual volumes; sources without totals aside.
pub(super) fn pooled_share(usual: &[Usual]) -> Option<f64> {
    let (mut hits, mut total) = (0.0, 0.0);
    for of in usual.iter().filter(|of| !of.alone) {
        hits += of.share() * of.volume();
        total += of.volume();
    }
    (total > 0.0).then(|| hits / total)
}

/// Takes in sources that speak for the first time. They start with the share that is lent for them,
/// or else with that of the others.
pub(super) fn admit(usual: &mut Vec<Usual>, parts: &[Part], lent: &[(i64, f32)], age: u32) {
    for part in parts {
        let alone = part.total.is_none();
        let known = usual.iter().position(|of| of.source == part.source);
        // A source whose messages are counted from now on is another one from now on.
        let outgrown = known.filter(|at| usual[*at].alone && !alone);
        let silent = part.total == Some(0.0) && part.hits == 0.0;
        if silent || (known.is_some() && outgrown.is_none()) {
            continue;
        }
        let share = pooled_share(usual).unwrap_or(FIRST_SHARE);
        if let Some(at) = outgrown {
            usual.swap_remove(at);
        } else if usual.len() >= SOURCES {
            let least = (0..usual.len()).min_by(|a, b| usual[*a].volume().total_cmp(&usual[*b].volume()));
            if let Some(at) = least {
                usual.swap_remove(at);
            }
        }
        let lent = lent.iter().find(|(source, _)| *source == part.source && !alone);
        usual.push(lent.map_or_else(
            || Usual::newcomer(part.source, age, alone, share),
            |(_, share)| Usual::heir(part.source, age, f64::from(*share)),
        ));
    }
}

/// A part of a bucket, held to what can be: nothing negative, no more complaints than messages,
/// no more history than there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    /// Place in the list of sources.
    pub at: usize,
    /// Messages; `None` where nobody counted them.
    pub total: Option<f64>,
    /// Complaints.
    pub hits: f64,
    /// History among `total`.
    pub late_total: f64,
    /// History among `hits`.
    pub late_hits: f64,
}

/// The parts of known sources, one line a source.
pub(super) fn lines(usual: &[Usual], parts: &[Part]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(at) = usual.iter().position(|of| of.source == part.source) else { continue };
        let line = Line::of(at, part);
        match lines.iter_mut().find(|other| other.at == at) {
            None => lines.push(line),
            Some(other) => {
                other.total = other.total.zip(line.total).map(|(one, two)| one + two);
                other.hits += line.hits;
                other.late_total += line.late_total;
                other.late_hits += line.late_hits;
            }
        }
    }
    lines
}

impl Line {
    fn of(at: usize, part: &Part) -> Self {
        let hits = sane(part.hits);
        let total = part.total.map(|total| sane(total).max(hits));
        let late_hits = sane(part.late_hits).min(hits);
        let most = total.unwrap_or(hits) - (hits - late_hits);
        Self { at, total, hits, late_total: sane(part.late_total).max(late_hits).min(most), late_hits }
    }

    /// Whether anything was counted: complaints alone also count when there are none.
    pub fn spoke(&self) -> bool {
        self.total.is_none_or(|total| total > 0.0)
    }
}

fn sane(count: f64) -> f64 {
    if count.is_nan() { 0.0 } else { count.clamp(0.0, MOST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(source: i64, total: f64, hits: f64) -> Part {
        Part { source, total: Some(total), hits, ..Part::default() }
    }

    #[test]
    fn a_newcomer_starts_with_the_share_of_the_others() {
        let mut usual = Vec::new();
        admit(&mut usual, &[part(1, 100.0, 2.0)], &[], 0);
        for _ in 0..500 {
            usual[0].learn_share(2.0, 100.0, 1.0, 0.99);
            usual[0].fade_volume(0.99);
            usual[0].add_volume(100.0);
        }
        admit(&mut usual, &[part(1, 100.0, 2.0), part(2, 50.0, 50.0)], &[], 500);
        assert_eq!(usual.len(), 2);
        assert!((usual[1].hits / usual[1].total - 0.02).abs() < 1e-3, "{:?}", usual[1]);
        assert!(usual[1].unsure() > 1.0, "and with a great doubt");
    }

    #[test]
    fn a_silent_source_is_not_taken_in() {
        let mut usual = Vec::new();
        admit(&mut usual, &[part(1, 0.0, 0.0)], &[], 0);
        assert_eq!(usual, []);
    }

    #[test]
    fn a_source_that_leaves_fades_from_the_volume_but_keeps_its_share() {
        let mut usual = Usual::newcomer(1, 0, false, 0.5);
        for _ in 0..100 {
            usual.learn_share(9.0, 10.0, 1.0, 0.99);
            usual.fade_volume(0.95);
            usual.add_volume(10.0);
        }
        for _ in 0..100 {
            usual.fade_volume(0.95);
            usual.add_volume(0.0);
        }
        assert!(usual.volume() < 0.1 && usual.share() > 0.85, "{usual:?}");
    }

    #[test]
    fn impossible_counts_are_held_to_what_can_be() {
        let mut usual = Vec::new();
        let wild = Part { source: 1, total: Some(3.0), hits: 7.0, late_total: f64::NAN, late_hits: 9.0 };
        admit(&mut usual, &[wild], &[], 0);
        let line = lines(&usual, &[wild])[0];
        assert_eq!((line.total, line.hits, line.late_total, line.late_hits), (Some(7.0), 7.0, 7.0, 7.0));
        let endless = Part { source: 1, total: Some(f64::INFINITY), hits: f64::NEG_INFINITY, ..Part::default() };
        assert_eq!(lines(&usual, &[endless])[0].total, Some(MOST));
    }

    #[test]
    fn two_parts_of_one_source_are_one_line() {
        let mut usual = Vec::new();
        let parts = [part(1, 10.0, 1.0), part(1, 5.0, 2.0)];
        admit(&mut usual, &parts, &[], 0);
        let lines = lines(&usual, &parts);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].total, lines[0].hits), (Some(15.0), 3.0));
    }

    #[test]
    fn the_number_of_sources_is_bounded() {
        let mut usual = Vec::new();
        for source in 0..1000 {
            admit(&mut usual, &[part(source, 10.0, 1.0)], &[], 0);
        }
        assert_eq!(usual.len(), SOURCES);
    }
}
