//! How surprising a count is: upper tails and usual ranges of the negative binomial.
//!
//! Complaints are counted with mean `m` and variance `m + a m^2`: a Poisson count whose rate
//! itself varies from bucket to bucket, with dispersion `a`. The count of successes `r = 1 / a`
//! and the chance `x = a m / (1 + a m)` are the usual parameters of that distribution.
//!
//! The tail is a regularised incomplete beta function, `P(Y >= k) = I_x(k, r)` (NIST Digital
//! Library of Mathematical Functions, DLMF, 8.17.24). `statrs` has that function, but stops after
//! 140 terms, too few where counts are large, and would have to be asked twice for a mid-p tail.
//! Written as chance of the point times a continued fraction (DLMF 8.17.22) one run gives both
//! terms, without a difference of nearly equal numbers, so 1e-300 is as exact as 0.1.

use statrs::function::gamma::ln_gamma;

/// Smallest tail that is told apart from zero; the score ends at 30.
pub const SMALLEST: f64 = 1e-30;

/// Mid-p tail `P(Y > count) + P(Y = count) / 2` of a negative binomial count.
///
/// `count` and `mean` are numbers of complaints, `dispersion` is `a` above; all are taken as at
/// least 0, 1e-9 and 1e-6. The result lies in [`SMALLEST`]`..=1`. A count between whole numbers
/// (weighted complaints) lies between the tails of its neighbours.
///
/// Source of the mid-p value: H. O. Lancaster, Significance tests in discrete distributions,
/// Journal of the American Statistical Association 56 (1961). Taking half of the point makes
/// scores of small counts comparable with those of large ones.
#[must_use]
pub fn mid_p(count: f64, mean: f64, dispersion: f64) -> f64 {
    let nb = Negative::of(mean, dispersion);
    if count.is_nan() || count <= 0.0 {
        return 1.0 - 0.5 * nb.none();
    }
    let point = nb.point(count);
    // The fraction converges quickly on one side of the bulk only; on the other side its mirror does.
    let tail = if nb.x < (count + 1.0) / (count + nb.r + 2.0) {
        point * (fraction(count, nb.r, nb.x) - 0.5)
    } else {
        1.0 - point * (count / nb.r * fraction(nb.r, count, 1.0 - nb.x) + 0.5)
    };
    if tail.is_nan() { 1.0 } else { tail.clamp(SMALLEST, 1.0) }
}

/// The range that holds the middle 90 % of counts: 5 % and 95 % quantiles, in complaints.
///
/// Exact up to a mean of 50. Above, the gamma distribution with the same mean and variance stands
/// in, with the quantiles of E. B. Wilson and M. M. Hilferty, The distribution of chi-square,
/// PNAS 17 (1931); good to a few per cent, and for display only.
#[must_use]
pub fn usual_range(mean: f64, dispersion: f64) -> (f64, f64) {
    let nb = Negative::of(mean, dispersion);
    if nb.mean <= 50.0 { nb.counted_range() } else { nb.smooth_range() }
}

/// The range of [`usual_range`], quickly and to a complaint or two: by the gamma distribution at any
/// mean. For the many buckets that nobody is told of.
#[must_use]
pub fn about_usual(mean: f64, dispersion: f64) -> (f64, f64) {
    Negative::of(mean, dispersion).smooth_range()
}

/// The distribution with its two sets of parameters.
struct Negative {
    mean: f64,
    a: f64,
    r: f64,
    x: f64,
}

impl Negative {
    fn of(mean: f64, dispersion: f64) -> Self {
        // `max` also turns a NaN into the bound.
        let (mean, a) = (mean.max(1e-9), dispersion.max(1e-6));
        Self { mean, a, r: 1.0 / a, x: a * mean / (1.0 + a * mean) }
    }

    /// `P(Y = 0)`.
    fn none(&self) -> f64 {
        (-self.r * (self.a * self.mean).ln_1p()).exp()
    }

    /// `P(Y = count)`, by the logarithm, so that large counts neither overflow nor vanish early.
    fn point(&self, count: f64) -> f64 {
        let ways = ln_gamma(count + self.r) - ln_gamma(count + 1.0) - ln_gamma(self.r);
        let failures = self.r * (self.a * self.mean).ln_1p();
        let successes = count * (1.0 / (self.a * self.mean)).ln_1p();
        (ways - failures - successes).exp()
    }

    fn counted_range(&self) -> (f64, f64) {
        let (mut point, mut count, mut low) = (self.none(), 0.0, None);
        let mut below = point;
        // A mean of 50 with the widest dispersion reaches 95 % long before this end.
        while count < 2000.0 {
            if low.is_none() && below >= 0.05 {
                low = Some(count);
            }
            if below >= 0.95 {
                break;
            }
            point *= self.x * (self.r + count) / (count + 1.0);
            count += 1.0;
            below += point;
        }
        (low.unwrap_or(0.0), count)
    }

    fn smooth_range(&self) -> (f64, f64) {
        let variance = self.mean * (1.0 + self.a * self.mean);
        let spread = variance / (9.0 * self.mean * self.mean);
        let at = |z: f64| (self.mean * (1.0 - spread + z * spread.sqrt()).max(0.0).powi(3)).round();
        (at(-1.644_854), at(1.644_854))
    }
}

/// The continued fraction of `I_x(a, b)`: DLMF 8.17.22, by the modified Lentz method (Press et
/// al., Numerical Recipes, 3rd edition, 5.2 and 6.4). For `x` below `(a + 1) / (a + b + 2)` it
/// needs about as many terms as the square root of the larger parameter.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let held = |value: f64| if value.abs() < TINY { TINY } else { value };
    let most = 100 + 8 * a.max(b).sqrt().min(1e5) as u32;
    let mut upper = 1.0;
    let mut lower = 1.0 / held(1.0 - (a + b) * x / (a + 1.0));
    let mut value = lower;
    for term in 1..most {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for part in [even, odd] {
            lower = 1.0 / held(1.0 + part * lower);
            upper = held(1.0 + part / upper);
            value *= lower * upper;
        }
        // Ten digits: a score is told to five.
        if (lower * upper - 1.0).abs() < 1e-11 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Count, mean, dispersion, mid-p tail as `scipy.special.betainc` gives it.
    const KNOWN: [(f64, f64, f64, f64); 9] = [
        (3.0, 0.5, 0.1, 9.890_038_345_234_63e-3),
        (3.0, 2.9, 2.0, 3.111_722_891_081_59e-1),
        (19.0, 2.1, 0.3, 1.485_598_791_757_52e-6),
        (12.0, 6.0, 1.0, 1.460_339_529_175_102e-1),
        (2000.0, 1000.0, 0.02, 2.197_669_991_945_275e-8),
        (100_000.0, 90_000.0, 0.01, 1.346_005_415_083_907e-1),
        (7.5, 2.25, 0.4, 2.469_495_311_384_882e-2),
        (3.0, 1e-9, 0.5, 2.499_999_996_875e-28),
        (5.0, 4.9, 60.0, 5.714_307_986_600_874e-2),
    ];

    #[test]
    fn tails_agree_with_known_values() {
        for (count, mean, a, known) in KNOWN {
            let tail = mid_p(count, mean, a);
            assert!((tail / known - 1.0).abs() < 1e-7, "mid_p({count}, {mean}, {a}) is {tail}, not {known}");
        }
    }

    #[test]
    fn a_tail_without_any_chance_ends_at_the_smallest() {
        assert!((mid_p(400.0, 2.0, 0.01) - SMALLEST).abs() < f64::EPSILON);
        assert!((mid_p(1e6, 2e5, 0.01) - SMALLEST).abs() < f64::EPSILON);
    }

    #[test]
    fn no_complaints_leave_half_of_the_chance_of_none() {
        let none = (1.0 + 0.5_f64).powf(-2.0); // mean 1, dispersion 0.5
        assert!((mid_p(0.0, 1.0, 0.5) - (1.0 - none / 2.0)).abs() < 1e-12);
    }

    #[test]
    fn usual_ranges_agree_with_known_quantiles() {
        for (mean, a, known) in [(0.5, 0.1, (0.0, 2.0)), (2.1, 0.3, (0.0, 6.0)), (20.0, 0.05, (11.0, 31.0))] {
            assert_eq!(usual_range(mean, a), known, "{mean} {a}");
        }
        // Exact: 306 and 503, 3 and 181.
        assert_eq!(usual_range(400.0, 0.02), (307.0, 504.0));
        assert_eq!(usual_range(60.0, 1.0), (2.0, 179.0));
    }

    proptest! {
        #[test]
        fn more_complaints_are_never_less_surprising(count in 0.0..300.0_f64, mean in 0.0..200.0_f64, a in 0.01..5.0_f64) {
            prop_assert!(mid_p(count + 1.0, mean, a) <= mid_p(count, mean, a) + 1e-9);
        }

        #[test]
        fn any_number_gives_a_chance(count: f64, mean: f64, a: f64) {
            let tail = mid_p(count.min(1e9), mean.min(1e9), a.min(1e9));
            prop_assert!((SMALLEST..=1.0).contains(&tail), "{tail}");
            let (low, high) = usual_range(mean.min(1e9), a.min(1e9));
            prop_assert!(0.0 <= low && low <= high && high.is_finite());
        }
    }
}
