//! How much counts scatter beyond chance: the `a` of variance `m + a m^2`.
//!
//! A decayed estimate by moments. Remembered for long: a short memory forgets past trouble and takes
//! the next noise for news.
//!
//! Source: method of moments for the negative binomial, as in C. I. Bliss and R. A. Fisher,
//! Fitting the negative binomial distribution to biological data, Biometrics 9 (1953), with
//! weights and clipped residuals.

use serde::Deserialize;
use serde::Serialize;

/// Faded sums that the dispersion is the quotient of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, f32)", into = "(f32, f32)")]
pub(super) struct Dispersion {
    excess: f32,
    weight: f32,
}

impl Dispersion {
    /// An assumed dispersion with a weight in buckets of three complaints.
    pub fn assumed(value: f64, weight: f64) -> Self {
        Self { excess: (value * weight) as f32, weight: weight as f32 }
    }

    /// The dispersion, at least `least`.
    pub fn value(self, least: f64) -> f64 {
        (f64::from(self.excess) / f64::from(self.weight).max(1e-6)).max(least)
    }

    /// A bucket held `count` where `mean` were expected, with dispersion `a` as judged; one that is
    /// suspect has less than the full `trust` of 1.
    ///
    /// Residuals count up to 3 standard deviations above and 4 below, so that an outbreak does not
    /// make the series deaf to the next one.
    pub fn learn(&mut self, count: f64, mean: f64, a: f64, trust: f64, fading: f64) {
        let variance = mean + a * mean * mean;
        let deviation = variance.sqrt();
        let residual = (count - mean).max(-4.0 * deviation).min(3.0 * deviation);
        // Small means say little of `a`, and dividing by them would say it loudly.
        let (base, weight) = (mean.max(0.3), trust * mean.min(3.0));
        let share = mean / base;
        let excess = (residual * residual - mean) / (base * base);
        self.excess = (fading * f64::from(self.excess) + weight * excess) as f32;
        self.weight = (fading * f64::from(self.weight) + weight * share * share).max(1e-6) as f32;
    }
}

impl From<(f32, f32)> for Dispersion {
    fn from((excess, weight): (f32, f32)) -> Self {
        Self { excess, weight }
    }
}

impl From<Dispersion> for (f32, f32) {
    fn from(sums: Dispersion) -> Self {
        (sums.excess, sums.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_alternate_widely_are_dispersed() {
        let mut learnt = Dispersion::assumed(0.1, 20.0);
        for step in 0..4000 {
            let count = if step % 2 == 0 { 4.0 } else { 16.0 };
            learnt.learn(count, 10.0, learnt.value(0.01), 1.0, 0.999);
        }
        // Variance 36 = 10 + a 100.
        assert!((learnt.value(0.01) - 0.26).abs() < 0.02, "{}", learnt.value(0.01));
    }

    #[test]
    fn counts_that_never_vary_fall_to_the_least() {
        let mut learnt = Dispersion::assumed(0.1, 20.0);
        for _ in 0..4000 {
            learnt.learn(10.0, 10.0, learnt.value(0.01), 1.0, 0.999);
        }
        assert!((learnt.value(0.01) - 0.01).abs() < 1e-9);
    }

    #[test]
    fn one_outbreak_hardly_moves_it() {
        let mut learnt = Dispersion::assumed(0.1, 200.0);
        learnt.learn(1e6, 3.0, 0.1, 1.0, 0.999);
        assert!(learnt.value(0.01) < 0.2, "{}", learnt.value(0.01));
    }
}
