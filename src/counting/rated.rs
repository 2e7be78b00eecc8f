//! Buckets of a measure out of counters of ratings.

use crate::calendar::bucket::Buckets;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::measure::Measure;
use crate::domain::ports::RatedCell;
use crate::domain::rated::Answers;
use crate::domain::rated::BucketRatings;
use crate::domain::rated::RatedPart;

impl Grid<'_> {
    /// The bucket of a mean that begins at `start`.
    #[must_use]
    pub fn ratings(&self, segment: i64, measure: Measure, buckets: Buckets, start: Timestamp) -> BucketRatings {
        let end = buckets.end(start);
        let mut parts: Vec<RatedPart> = Vec::new();
        for cell in self.rated_between(segment, start, end).iter().filter(|cell| measure.counts(cell.scale)) {
            let at = parts.iter().position(|part| part.source == cell.source).unwrap_or_else(|| {
                parts.push(RatedPart { source: cell.source, ..RatedPart::default() });
                parts.len() - 1
            });
            let part = &mut parts[at];
            let sum = if cell.late { &mut part.late } else { &mut part.live };
            let answers = answers(cell, measure);
            sum.count += answers.count;
            sum.lost += answers.lost;
            sum.square += answers.square;
        }
        BucketRatings { start, end, parts }
    }

    /// The bucket of a share that begins at `start`: the bad ones among all ratings.
    #[must_use]
    pub fn bad_share(&self, segment: i64, measure: Measure, buckets: Buckets, start: Timestamp) -> BucketCount {
        let end = buckets.end(start);
        let (hour, weekday) = buckets.slot(start);
        let mut parts: Vec<Part> = Vec::new();
        for cell in self.rated_between(segment, start, end).iter().filter(|cell| measure.counts(cell.scale)) {
            let at = parts.iter().position(|part| part.source == cell.source).unwrap_or_else(|| {
                parts.push(Part { source: cell.source, total: Some(0.0), ..Part::default() });
                parts.len() - 1
            });
            let (total, bad) = (cell.count as f64, bad(cell, measure));
            let part = &mut parts[at];
            *part.total.get_or_insert(0.0) += total;
            part.hits += bad;
            if cell.late {
                part.late_total += total;
                part.late_hits += bad;
            }
        }
        BucketCount { start, end, hour, weekday, holiday: self.is_holiday(segment, buckets, start), parts }
    }
}

fn bad(cell: &RatedCell, measure: Measure) -> f64 {
    match measure {
        Measure::Csat => (cell.count - cell.top) as f64,
        Measure::OneStar | Measure::Rating | Measure::Nps => cell.low as f64,
    }
}

/// Five stars lose nothing, one star four points; a promoter nothing, a detractor two.
fn answers(cell: &RatedCell, measure: Measure) -> Answers {
    let count = cell.count as f64;
    if measure == Measure::Nps {
        let (low, top) = (cell.low as f64, cell.top as f64);
        return Answers { count, lost: count - top + low, square: count - top + 3.0 * low };
    }
    let (best, sum, square) = (cell.scale as f64, cell.sum as f64 / 100.0, cell.square as f64 / 10_000.0);
    Answers { count, lost: best * count - sum, square: best * best * count - 2.0 * best * sum + square }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;
    use crate::domain::count::Quarter;
    use crate::domain::ports::Counters;

    fn hours() -> Buckets {
        Buckets { width: Width::Hour, zone: chrono_tz::UTC, holidays: crate::calendar::holidays::Holidays::default() }
    }

    fn cell(scale: i64, late: bool, [count, sum, square, low, top]: [i64; 5]) -> RatedCell {
        RatedCell { quarter: Quarter(5), segment: 1, source: 7, scale, late, count, sum, square, low, top }
    }

    fn counters() -> Counters {
        // 1, 4 and 5 stars; a late star; 9, 8 and 3 of 10; a good one.
        let rated = vec![
            cell(5, false, [3, 1000, 420_000, 1, 2]),
            cell(5, true, [1, 100, 10_000, 1, 0]),
            cell(10, false, [3, 2000, 1_540_000, 1, 1]),
            cell(1, false, [1, 100, 10_000, 0, 1]),
        ];
        Counters { rated, ..Counters::default() }
    }

    #[test]
    fn stars_lose_points_against_the_best_and_history_is_kept_apart() {
        let counters = counters();
        let grid = Grid::of(&counters, &[7].into());
        let bucket = grid.ratings(1, Measure::Rating, hours(), Quarter(4).start());
        let live = Answers { count: 3.0, lost: 5.0, square: 17.0 };
        assert_eq!(bucket.parts, [RatedPart { source: 7, live, late: Answers { count: 1.0, lost: 4.0, square: 16.0 } }]);
        let bucket = grid.ratings(1, Measure::Nps, hours(), Quarter(4).start());
        assert_eq!(bucket.parts[0].live, Answers { count: 3.0, lost: 3.0, square: 5.0 });
        assert_eq!(grid.ratings(2, Measure::Nps, hours(), Quarter(4).start()).parts, []);
    }

    #[test]
    fn shares_count_the_bad_ones() {
        let counters = counters();
        let grid = Grid::of(&counters, &[7].into());
        let part = |measure| grid.bad_share(1, measure, hours(), Quarter(4).start()).parts[0];
        let of = |total, hits, late_total, late_hits| Part { source: 7, total: Some(total), hits, late_total, late_hits };
        assert_eq!(part(Measure::OneStar), of(4.0, 2.0, 1.0, 1.0));
        assert_eq!(part(Measure::Csat), of(5.0, 2.0, 1.0, 1.0));
    }
}
