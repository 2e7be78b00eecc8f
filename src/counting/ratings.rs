//! What messages with a rating add: answers, their sums, and how many are at the ends of the scale.
//!
//! Stars, survey answers and recommendations are all ratings with a scale; what a measure makes of
//! them is [`crate::detect::measure`]'s business. A voice gives one rating, that of the earliest of
//! its messages, in the quarter and the scopes in which the voice is counted. Numbers are whole
//! (hundredths of a point), so that a recount gives exactly what was counted.

use std::collections::BTreeMap;

use crate::counting::Member;
use crate::counting::first;
use crate::domain::count::Quarter;

/// A rating as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    /// The value in hundredths of a point.
    pub hundredths: i64,
    /// Best value of the scale.
    pub scale: i64,
}

impl Score {
    /// A rating with the best value of its scale. `None` for a scale that no measure uses: they are
    /// good or bad (1), four to seven steps or stars, and 0 to 10.
    #[must_use]
    pub fn of(value: f64, max: f64) -> Option<Self> {
        let scale = [1, 4, 5, 6, 7, 10].into_iter().find(|scale| (max - *scale as f64).abs() < 1e-9)?;
        (0.0..=max).contains(&value).then(|| Self { hundredths: (value * 100.0).round() as i64, scale })
    }

    /// At the low end: bad, one star, a detractor (0 to 6 of 10).
    #[must_use]
    pub fn is_low(self) -> bool {
        match self.scale {
            1 => self.hundredths < 100,
            10 => self.hundredths < 650,
            _ => self.hundredths < 150,
        }
    }

    /// At the high end: good, one of the two best steps, a promoter (9 or 10 of 10).
    #[must_use]
    pub fn is_top(self) -> bool {
        match self.scale {
            1 => self.hundredths >= 100,
            10 => self.hundredths >= 850,
            scale => self.hundredths >= 100 * scale - 150,
        }
    }
}

/// One counter of ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RatedKey {
    /// When.
    pub quarter: Quarter,
    /// Number of the scope.
    pub scope: i64,
    /// Number of the source.
    pub source: i64,
    /// Best value of the scale.
    pub scale: i64,
    /// They came as history.
    pub late: bool,
}

/// What a counter of ratings holds, or by how much it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rated {
    /// Ratings.
    pub count: i64,
    /// Their sum, in hundredths.
    pub sum: i64,
    /// The sum of their squares, in ten-thousandths.
    pub square: i64,
    /// How many are low.
    pub low: i64,
    /// How many are top.
    pub top: i64,
}

impl Rated {
    fn of(score: Score) -> Self {
        Self {
            count: 1,
            sum: score.hundredths,
            square: score.hundredths * score.hundredths,
            low: i64::from(score.is_low()),
            top: i64::from(score.is_top()),
        }
    }
}

impl std::ops::AddAssign for Rated {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.square += other.square;
        self.low += other.low;
        self.top += other.top;
    }
}

impl std::ops::SubAssign for Rated {
    fn sub_assign(&mut self, other: Self) {
        self.count -= other.count;
        self.sum -= other.sum;
        self.square -= other.square;
        self.low -= other.low;
        self.top -= other.top;
    }
}

/// What the messages of one voice add to the counters of ratings.
#[must_use]
pub fn contribution(voice: &[Member]) -> BTreeMap<RatedKey, Rated> {
    let mut cells = BTreeMap::new();
    let Some((first, score)) = first(voice).and_then(|first| Some((first, first.rating?))) else { return cells };
    for &scope in &first.scopes {
        let key = RatedKey { quarter: first.quarter, scope, source: first.source, scale: score.scale, late: first.late };
        cells.insert(key, Rated::of(score));
    }
    cells
}

/// What has to be added so that `before` becomes `after`. Counters that stay are left out.
#[must_use]
pub fn difference(before: &[Member], after: &[Member]) -> BTreeMap<RatedKey, Rated> {
    let mut moves = contribution(after);
    for (key, rated) in contribution(before) {
        *moves.entry(key).or_default() -= rated;
    }
    moves.retain(|_, rated| *rated != Rated::default());
    moves
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_of_each_scale_are_where_people_put_them() {
        for (value, max, ends) in [
            (1.0, 5.0, "low"),
            (2.0, 5.0, ""),
            (3.5, 5.0, "top"),
            (4.0, 5.0, "top"),
            (6.0, 10.0, "low"),
            (7.0, 10.0, ""),
            (8.0, 10.0, ""),
            (9.0, 10.0, "top"),
            (0.0, 1.0, "low"),
            (1.0, 1.0, "top"),
            (6.0, 7.0, "top"),
        ] {
            let score = Score::of(value, max).unwrap();
            let found = if score.is_low() {
                "low"
            } else if score.is_top() {
                "top"
            } else {
                ""
            };
            assert_eq!(found, ends, "{value} of {max}");
        }
        assert_eq!(Score::of(50.0, 100.0), None);
        assert_eq!(Score::of(6.0, 5.0), None);
        assert_eq!(Score::of(f64::NAN, 5.0), None);
    }

    fn member() -> impl Strategy<Value = Member> {
        let rating = prop_oneof![Just(None), (0..=5_i64).prop_map(|value| Score::of(value as f64, 5.0))];
        (0..4_i64, 0..5_i64, any::<bool>(), any::<bool>(), vec(1..4_i64, 1..3), rating).prop_map(
            |(id, quarter, late, gone, scopes, rating)| Member {
                id,
                source: 1 + id % 2,
                quarter: Quarter(quarter),
                late,
                gone,
                scopes,
                themes: Vec::new(),
                rating,
            },
        )
    }

    proptest! {
        #[test]
        fn the_moves_of_any_history_add_up_to_a_recount(steps in vec(member(), 0..20)) {
            let mut now: BTreeMap<i64, Member> = BTreeMap::new();
            let mut counters: BTreeMap<RatedKey, Rated> = BTreeMap::new();
            for step in steps {
                let before: Vec<Member> = now.values().cloned().collect();
                now.insert(step.id, step);
                let after: Vec<Member> = now.values().cloned().collect();
                for (key, rated) in difference(&before, &after) {
                    *counters.entry(key).or_default() += rated;
                }
            }
            counters.retain(|_, rated| *rated != Rated::default());
            prop_assert_eq!(counters, contribution(&now.into_values().collect::<Vec<_>>()));
        }
    }
}
