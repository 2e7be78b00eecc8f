//! How sure a share is that was counted on a few.

use std::ops::RangeInclusive;

/// Two-sided 95 % of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a share of which `hits` were counted among `of`: it holds the true share in
/// about 95 of 100 such counts, also for a handful and near 0 and 1, where the textbook's `p ± 1.96 σ`
/// does not. All of 0 to 1 where nothing was counted; `hits` above `of` count as all of them.
///
/// Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal
/// of the American Statistical Association 22 (1927) 209-212, without a correction for continuity.
#[must_use]
pub fn interval(hits: u64, of: u64) -> RangeInclusive<f64> {
    if of == 0 {
        return 0.0..=1.0;
    }
    let (n, hits) = (of as f64, hits.min(of) as f64);
    let share = hits / n;
    let centre = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // What rounding leaves of the ends: they belong to the share itself there.
    let low = if hits == 0.0 { 0.0 } else { ((centre - reach) / scale).clamp(0.0, share) };
    let high = if hits >= n { 1.0 } else { ((centre + reach) / scale).clamp(share, 1.0) };
    low..=high
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_intervals_come_out() {
        // R. G. Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven
        // methods, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
        for (hits, of, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            let found = interval(hits, of);
            assert!((found.start() - low).abs() < 5e-5 && (found.end() - high).abs() < 5e-5, "{hits} of {of}: {found:?}");
        }
    }

    #[test]
    fn nothing_counted_says_nothing() {
        assert_eq!(interval(0, 0), 0.0..=1.0);
        assert!(interval(3, 3).contains(&1.0));
        assert_eq!(interval(9, 3), interval(3, 3));
    }

    proptest! {
        #[test]
        fn it_holds_the_share_lies_between_0_and_1_and_is_the_same_from_the_other_side(of in 1_u64..1_000_000, part in 0.0..=1.0) {
            let hits = (of as f64 * part) as u64;
            let (found, other) = (interval(hits, of), interval(of - hits, of));
            prop_assert!(0.0 <= *found.start() && *found.end() <= 1.0);
            prop_assert!(found.contains(&(hits as f64 / of as f64)));
            prop_assert!((found.start() + other.end() - 1.0).abs() < 1e-9 && (found.end() + other.start() - 1.0).abs() < 1e-9);
        }

        #[test]
        fn the_same_share_of_more_is_surer(hits in 0_u64..1000, of in 1_u64..1000) {
            let hits = hits.min(of);
            let width = |times: u64| interval(hits * times, of * times).end() - interval(hits * times, of * times).start();
            prop_assert!(width(2) < width(1));
        }
    }
}
