//! What a series counts in each bucket, as far as it is known.

use std::collections::BTreeSet;

use crate::calendar::bucket::Buckets;
use crate::counting::ratings::Score;
use crate::counting::series::Grid;
use crate::domain::count::Part;
use crate::domain::count::Quarter;
use crate::domain::measure::Measure;
use crate::domain::ports::Counters;
use crate::domain::ports::RatedCell;
use crate::engine::backtest::calendar::Calendar;
use crate::engine::backtest::tape::Entry;
use crate::engine::judge::Counted;
use crate::engine::judge::rated;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// Complaints among all messages.
    Complaints,
    /// Ratings, with the score of each place.
    Ratings(Measure, &'a [Score]),
}

/// Counts by bucket and source.
pub(super) struct Ledger<'a> {
    calendar: &'a Calendar,
    cut: Buckets,
    /// Which buckets are days off for this series; `None` where they are those of all messages.
    holidays: Option<Vec<bool>>,
    /// Numbers of the sources that are counted, and the column of each place.
    columns: Vec<i64>,
    column_of: Vec<Option<usize>>,
    counts: Counts<'a>,
}

enum Counts<'a> {
    Complaints(Vec<Row>),
    Ratings { measure: Measure, scores: &'a [Score], cells: Vec<Vec<RatedCell>> },
}

/// Counts of one source in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    total: i32,
    late_total: i32,
    hits: i32,
    late_hits: i32,
}

impl<'a> Ledger<'a> {
    /// An empty one. `sources` has the numbers of sources by their places, `None` for those that are not counted.
    pub fn new(calendar: &'a Calendar, cut: Buckets, holidays: Option<Vec<bool>>, sources: &[Option<i64>], subject: Subject<'a>) -> Self {
        let columns: Vec<i64> = sources.iter().flatten().copied().collect();
        let mut free = 0..;
        let buckets = calendar.buckets.len();
        let counts = match subject {
            Subject::Complaints => Counts::Complaints(vec![Row::default(); columns.len() * buckets]),
            Subject::Ratings(measure, scores) => Counts::Ratings { measure, scores, cells: vec![Vec::new(); buckets] },
        };
        let column_of = sources.iter().map(|number| number.and_then(|_| free.next())).collect();
        Self { calendar, cut, holidays, columns, column_of, counts }
    }

    /// The bucket that a change is in; `None` where it is not counted here.
    pub fn place(&self, entry: Entry) -> Option<usize> {
        self.column_of[usize::from(entry.source)]?;
        self.calendar.place(entry.quarter())
    }

    /// Takes a change in: of the count of all messages, or of what is looked for among them.
    pub fn take(&mut self, place: usize, entry: Entry, is_hit: bool) {
        let Some(column) = self.column_of[usize::from(entry.source)] else { return };
        match &mut self.counts {
            Counts::Complaints(rows) => {
                let row = &mut rows[place * self.columns.len() + column];
                let (all, late) = if is_hit { (&mut row.hits, &mut row.late_hits) } else { (&mut row.total, &mut row.late_total) };
                *all += entry.voices();
                *late += entry.late();
            }
            Counts::Ratings { scores, cells, .. } => {
                if let Some(score) = scores.get(usize::from(entry.score)) {
                    let start = self.calendar.buckets[place].start;
                    add(&mut cells[place], Quarter::of(start), self.columns[column], *score, entry);
                }
            }
        }
    }

    /// What is known of a bucket.
    pub fn bucket(&self, place: usize) -> Counted {
        match &self.counts {
            Counts::Complaints(rows) => {
                let mut bucket = self.calendar.buckets[place].clone();
                bucket.holiday = self.holidays.as_ref().map_or(bucket.holiday, |holidays| holidays[place]);
                let width = self.columns.len();
                let rows = self.columns.iter().zip(&rows[place * width..(place + 1) * width]);
                bucket.parts.extend(rows.filter(|(_, row)| **row != Row::default()).map(|(source, row)| Part {
                    source: *source,
                    total: Some(f64::from(row.total)),
                    hits: f64::from(row.hits),
                    late_total: f64::from(row.late_total),
                    late_hits: f64::from(row.late_hits),
                }));
                Counted::Complaints(bucket)
            }
            Counts::Ratings { measure, cells, .. } => {
                let counters = Counters { rated: cells[place].clone(), ..Counters::default() };
                let sources: BTreeSet<i64> = self.columns.iter().copied().collect();
                rated(&Grid::of(&counters, &sources), SEGMENT, *measure, self.cut, self.calendar.buckets[place].start)
            }
        }
    }
}

/// The cells of a ledger are all of one segment; which one does not matter.
const SEGMENT: i64 = 1;

fn add(cells: &mut Vec<RatedCell>, quarter: Quarter, source: i64, score: Score, entry: Entry) {
    let late = entry.late() != 0;
    let same = |cell: &RatedCell| (cell.source, cell.scale, cell.late) == (source, score.scale, late);
    let at = cells.iter().position(same).unwrap_or_else(|| {
        let scale = score.scale;
        cells.push(RatedCell { quarter, segment: SEGMENT, source, scale, late, count: 0, sum: 0, square: 0, low: 0, top: 0 });
        cells.len() - 1
    });
    let (cell, times) = (&mut cells[at], i64::from(entry.voices()));
    cell.count += times;
    cell.sum += times * score.hundredths;
    cell.square += times * score.hundredths * score.hundredths;
    cell.low += times * i64::from(score.is_low());
    cell.top += times * i64::from(score.is_top());
}
