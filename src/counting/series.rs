//! Buckets of a series out of counters by quarter.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::calendar::bucket::Buckets;
use crate::calendar::holidays::Country;
use crate::calendar::holidays::Holidays;
use crate::counting::lent;
use crate::counting::lent::Lent;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Cell;
use crate::domain::ports::Counters;
use crate::domain::ports::RatedCell;

/// The number that stands for "all messages" where a theme's number is asked for.
const ALL_MESSAGES: i64 = 0;

/// Counters of one watch's sources, ready to be cut into buckets.
#[derive(Debug)]
pub struct Grid<'a> {
    /// Cells by segment and theme, each in order of quarters.
    cells: HashMap<(i64, i64), Vec<&'a Cell>>,
    segments: &'a BTreeMap<i64, Segment>,
    /// Ratings by segment, in order of quarters.
    rated: HashMap<i64, Vec<&'a RatedCell>>,
}

impl<'a> Grid<'a> {
    /// Sorts the counters of `sources`.
    #[must_use]
    pub fn of(counters: &'a Counters, sources: &BTreeSet<i64>) -> Self {
        let mut cells: HashMap<(i64, i64), Vec<&Cell>> = HashMap::new();
        for cell in counters.cells.iter().filter(|cell| sources.contains(&cell.source)) {
            cells.entry((cell.segment, cell.theme)).or_default().push(cell);
        }
        for column in cells.values_mut() {
            column.sort_by_key(|cell| cell.quarter);
        }
        let mut rated: HashMap<i64, Vec<&RatedCell>> = HashMap::new();
        for cell in counters.rated.iter().filter(|cell| sources.contains(&cell.source)) {
            rated.entry(cell.segment).or_default().push(cell);
        }
        for column in rated.values_mut() {
            column.sort_by_key(|cell| cell.quarter);
        }
        Self { cells, segments: &counters.segments, rated }
    }

    /// The bucket of a segment and a theme that begins at `start`.
    #[must_use]
    pub fn bucket(&self, segment: i64, theme: i64, buckets: Buckets, start: Timestamp) -> BucketCount {
        let end = buckets.end(start);
        let (hour, weekday) = buckets.slot(start);
        let (mut parts, mut places): (Vec<Part>, HashMap<i64, usize>) = Default::default();
        let mut part_of = |parts: &mut Vec<Part>, source| {
            *places.entry(source).or_insert_with(|| {
                parts.push(Part { source, total: Some(0.0), ..Part::default() });
                parts.len() - 1
            })
        };
        for cell in self.between(segment, ALL_MESSAGES, start, end) {
            let place = part_of(&mut parts, cell.source);
            let part = &mut parts[place];
            *part.total.get_or_insert(0.0) += cell.voices as f64;
            part.late_total += cell.late as f64;
        }
        for cell in self.between(segment, theme, start, end) {
            let place = part_of(&mut parts, cell.source);
            let part = &mut parts[place];
            part.hits += cell.voices as f64;
            part.late_hits += cell.late as f64;
        }
        BucketCount { start, end, hour, weekday, holiday: self.is_holiday(segment, buckets, start), parts }
    }

    /// Whether `start` is on a day off that matters to a segment.
    pub(super) fn is_holiday(&self, segment: i64, buckets: Buckets, start: Timestamp) -> bool {
        buckets.is_holiday(start, self.holidays(segment, buckets.holidays))
    }

    /// The days off that matter to a segment: one of a country has that country's alone.
    fn holidays(&self, segment: i64, all: Holidays) -> Holidays {
        if all.is_empty() {
            return all;
        }
        match self.segments.get(&segment) {
            Some(Segment::Label { key, value }) if key == "country" => Country::of_code(value).map_or(all, |country| all.only(country)),
            _ => all,
        }
    }

    /// Ratings of a segment from `start` up to `end`.
    pub(super) fn rated_between(&self, segment: i64, start: Timestamp, end: Timestamp) -> &[&'a RatedCell] {
        let Some(column) = self.rated.get(&segment) else { return &[] };
        let from = column.partition_point(|cell| cell.quarter < Quarter::of(start));
        let until = column.partition_point(|cell| cell.quarter < Quarter::of(end));
        &column[from..until.max(from)]
    }

    /// What a segment that begins with the bucket at `start` is lent: shares by source in all
    /// messages before it.
    #[must_use]
    pub fn lent(&self, theme: i64, start: Timestamp) -> Vec<(i64, f64)> {
        let Some(whole) = self.segments.iter().find(|(_, segment)| **segment == Segment::All).map(|(id, _)| *id) else {
            return Vec::new();
        };
        let range = lent::quarters_before(start);
        let (from, until) = (range.start.start(), range.end.start());
        let mut lent = Lent::default();
        for cell in self.between(whole, ALL_MESSAGES, from, until) {
            lent.add_messages(cell.source, cell.voices);
        }
        for cell in self.between(whole, theme, from, until) {
            lent.add_complaints(cell.source, cell.voices);
        }
        lent.shares()
    }

    fn between(&self, segment: i64, theme: i64, start: Timestamp, end: Timestamp) -> &[&'a Cell] {
        let Some(column) = self.cells.get(&(segment, theme)) else { return &[] };
        let from = column.partition_point(|cell| cell.quarter < Quarter::of(start));
        let until = column.partition_point(|cell| cell.quarter < Quarter::of(end));
        &column[from..until.max(from)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;

    fn cell(quarter: i64, source: i64, theme: i64, voices: i64, late: i64) -> Cell {
        Cell { quarter: Quarter(quarter), segment: 1, source, theme, voices, late }
    }

    #[test]
    fn quarters_add_up_to_the_bucket_source_by_source() {
        let cells = vec![cell(4, 1, 0, 10, 2), cell(7, 1, 0, 5, 0), cell(8, 1, 0, 99, 0), cell(5, 2, 0, 3, 3), cell(5, 1, 9, 2, 1)];
        let counters = Counters { cells, ..Counters::default() };
        let grid = Grid::of(&counters, &[1].into());
        let hours = Buckets { width: Width::Hour, zone: chrono_tz::UTC, holidays: Holidays::default() };
        let bucket = grid.bucket(1, 9, hours, Quarter(4).start());
        assert_eq!(bucket.parts, [Part { source: 1, total: Some(15.0), hits: 2.0, late_total: 2.0, late_hits: 1.0 }]);
        assert_eq!(grid.bucket(2, 9, hours, Quarter(4).start()).parts, []);
    }

    #[test]
    fn a_day_off_is_one_for_all_messages_and_for_those_of_its_country() {
        let label = |key: &str, value: &str| Segment::Label { key: key.to_owned(), value: value.to_owned() };
        let segments = [(1, Segment::All), (2, label("country", "se")), (3, label("country", "de")), (4, label("version", "se"))].into();
        let counters = Counters { segments, ..Counters::default() };
        let grid = Grid::of(&counters, &[1].into());
        let holidays = ["SE", "DE"].iter().filter_map(|code| Country::of_code(code)).collect();
        let hours = Buckets { width: Width::Hour, zone: chrono_tz::Europe::Stockholm, holidays };
        let off = |segment, at: &str| grid.bucket(segment, 9, hours, at.parse().unwrap()).holiday;
        // Sweden's national day begins at 22:00 in UTC.
        assert_eq!([1, 2, 3, 4].map(|segment| off(segment, "2025-06-05T22:00:00Z")), [true, true, false, true]);
        assert!(!off(1, "2025-06-05T21:00:00Z") && !off(1, "2025-06-06T22:00:00Z"));
    }
}
