//! How sure it is that an outbreak goes on: odds, moved by every bucket.
//!
//! A hidden Markov model. A series is quiet, or in an outbreak of one of a few sizes; outbreaks
//! begin and end with small chances, and in one of size `d` a bucket holds `1 + d` times the
//! expected complaints. Each bucket multiplies the odds of a size by the ratio of the two negative
//! binomial likelihoods. So one very loud bucket, a few loud ones and a long murmur are all found
//! by the same few numbers, without windows to choose, and the odds fall as fast as they rose when
//! it is over.
//!
//! Two things hold it back. A handful of complaints may be copies of one that nobody recognised: in
//! a single bucket they say a bounded amount, and only what goes beyond them says more. And where
//! the number of complaints is less surprising than their share (a feed thins out, totals come in
//! late), the share is believed less, and not at all where their number is nothing unusual.
//!
//! Sources: Y. Le Strat and F. Carrat, Monitoring epidemiologic surveillance data using hidden
//! Markov models, Statistics in Medicine 18 (1999), for the model; L. R. Rabiner, A tutorial on
//! hidden Markov models, Proceedings of the IEEE 77 (1989), for the forward step taken here.

use serde::Deserialize;
use serde::Serialize;

/// Sizes of outbreaks that are told apart.
pub(super) const SIZES: usize = 7;
/// Odds are not believed beyond this to one, so that an outbreak can end.
const MOST_ODDS: f64 = 1e6;
/// Weight of the raw count's evidence where it says less than the share's.
const RAW: f64 = 0.3;
/// The share's evidence is believed up to this many times that of the raw count.
const BEYOND_RAW: f64 = 2.0;
/// Complaints of a bucket that may be unrecognised copies of one.
const COPIES: f64 = 8.0;
/// Evidence of the raw count (a natural logarithm) below which it is said to be nothing unusual.
const NOTHING_UNUSUAL: f64 = 2.0;
/// A score of 0 stands for odds of one to a thousand.
const FLOOR: f64 = 3.0;

/// What outbreaks are taken to be like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outbreaks {
    /// Further complaints for each expected one.
    sizes: [f64; SIZES],
    /// Logarithms of the factors that these make.
    growths: [f64; SIZES],
    /// Chance that one begins with a bucket.
    begins: f64,
    /// Chance that one ends with a bucket.
    ends: f64,
    /// Natural logarithm of the most that possible copies in one bucket multiply the odds by.
    most: f64,
}

impl Outbreaks {
    /// Outbreaks of these sizes (further complaints for each expected one), of which one begins in
    /// `apart` buckets and lasts `long` buckets on average; possible copies in one bucket multiply
    /// the odds by ten to the power of `most` at most.
    pub fn new(sizes: [f64; SIZES], apart: f64, long: f64, most: f64) -> Self {
        let growths = sizes.map(f64::ln_1p);
        Self { sizes, growths, begins: 1.0 / apart, ends: 1.0 / long, most: most * core::f64::consts::LN_10 }
    }
}

/// A bucket, and the two things it is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Complaints.
    pub count: f64,
    /// Complaints expected among its messages.
    pub expected: f64,
    /// Dispersion about that.
    pub tested: f64,
    /// Complaints expected in the usual volume, and the dispersion about that; `None` while no
    /// volume is known.
    pub usual: Option<(f64, f64)>,
}

/// How much likelier a bucket is in an outbreak than in quiet times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likelihood {
    /// Ratio for each size of outbreak.
    ratios: [f64; SIZES],
    /// Factor that the raw count took away from the best size; 1 where it took nothing.
    pub damped: f64,
}

impl Likelihood {
    /// Of a bucket that says nothing.
    pub const SILENT: Self = Self { ratios: [1.0; SIZES], damped: 1.0 };

    /// Of a bucket.
    pub fn of(sample: &Sample, outbreaks: &Outbreaks) -> Self {
        let share = Quiet::of(sample.expected, sample.tested);
        let raw = sample.usual.map(|(mean, dispersion)| Quiet::of(mean, dispersion));
        let (count, distinct) = (sample.count, (sample.count - COPIES).max(0.0));
        let (mut ratios, mut best, mut damped) = ([1.0; SIZES], f64::NEG_INFINITY, 1.0);
        for ((ratio, size), growth) in ratios.iter_mut().zip(outbreaks.sizes).zip(outbreaks.growths) {
            let by_share = share.against(size, growth);
            let by_count = raw.as_ref().map_or(by_share, |raw| raw.against(size, growth));
            let believe = |count: f64| {
                let (share, raw) = (by_share.ratio(count), by_count.ratio(count));
                let both = (1.0 - RAW) * share + RAW * raw;
                if raw < share { both.min(BEYOND_RAW * raw.max(0.0)) } else { share }
            };
            let believed = believe(count);
            if by_share.ratio(count) > best {
                best = by_share.ratio(count);
                damped = if by_count.ratio(count) < NOTHING_UNUSUAL { (believed - best).exp() } else { 1.0 };
            }
            let bound = if count > 0.0 { outbreaks.most + believe(distinct).max(0.0) } else { outbreaks.most };
            *ratio = believed.min(bound).clamp(-200.0, 200.0).exp();
        }
        Self { ratios, damped }
    }
}

/// A negative binomial count in quiet times.
struct Quiet {
    mean: f64,
    a: f64,
    r: f64,
    log: f64,
}

impl Quiet {
    fn of(mean: f64, dispersion: f64) -> Self {
        let (mean, a) = (mean.max(1e-9), dispersion.max(1e-6));
        Self { mean, a, r: 1.0 / a, log: (1.0 + a * mean).ln() }
    }

    /// Against an outbreak in which the mean is `1 + size` times as high; `growth` is that factor's
    /// logarithm.
    fn against(&self, size: f64, growth: f64) -> Against {
        Against { growth, r: self.r, fall: self.log - (1.0 + self.a * self.mean * (1.0 + size)).ln() }
    }
}

/// A quiet count against one in an outbreak.
#[derive(Clone, Copy)]
struct Against {
    growth: f64,
    r: f64,
    fall: f64,
}

impl Against {
    /// Logarithm of the ratio of the likelihoods of a count. The binomial coefficients cancel.
    fn ratio(self, count: f64) -> f64 {
        count * self.growth + (count + self.r) * self.fall
    }
}

/// Odds of an outbreak of each size against none. Kept with the digits of `f32`: a restart changes
/// nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Odds([f32; SIZES]);

impl Odds {
    /// The odds after one more bucket, and their score: the common logarithm in thousandths, at least
    /// 0, so that 3 is one to one. The score still ranks what the odds are not kept beyond.
    pub fn after(self, likelihood: &Likelihood, outbreaks: &Outbreaks) -> (Self, f64) {
        let began = outbreaks.begins / SIZES as f64;
        let quiet = 1.0 - outbreaks.begins + outbreaks.ends * self.total();
        let mut odds = [0.0; SIZES];
        for ((odds, before), ratio) in odds.iter_mut().zip(self.0).zip(likelihood.ratios) {
            *odds = (f64::from(before) * (1.0 - outbreaks.ends) + began) * ratio / quiet;
        }
        // All are scaled alike, so that it stays known how large the outbreak is.
        let total: f64 = odds.iter().sum();
        let scale = (MOST_ODDS / total).min(1.0);
        (Self(odds.map(|odds| (scale * odds) as f32)), (FLOOR + total.max(1e-9).log10()).max(0.0))
    }

    fn total(&self) -> f64 {
        self.0.iter().copied().map(f64::from).sum()
    }

    /// Chance of an outbreak, 0 to 1.
    pub fn chance(&self) -> f64 {
        let odds = self.total();
        odds / (1.0 + odds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days() -> Outbreaks {
        Outbreaks::new([0.4, 0.8, 1.6, 3.2, 6.4, 13.0, 26.0], 120.0, 5.0, 0.8)
    }

    fn day(count: f64) -> Likelihood {
        Likelihood::of(&Sample { count, expected: 2.0, tested: 0.1, usual: Some((2.0, 0.3)) }, &days())
    }

    /// A score after some days; the odds go on from `odds`.
    fn after(odds: &mut Odds, counts: &[f64]) -> f64 {
        let mut score = 0.0;
        for count in counts {
            (*odds, score) = odds.after(&day(*count), &days());
        }
        score
    }

    fn score(counts: &[f64]) -> f64 {
        after(&mut Odds::default(), counts)
    }

    #[test]
    fn a_ratio_is_that_of_two_negative_binomials() {
        let ratio = Quiet::of(2.0, 0.1).against(2.0, 3.0_f64.ln()).ratio(5.0).exp();
        // The density without its coefficient, with r = 10.
        let nb = |mean: f64| (0.1 * mean / (1.0 + 0.1 * mean)).powi(5) * (1.0 + 0.1 * mean).powi(-10);
        assert!((ratio / (nb(6.0) / nb(2.0)) - 1.0).abs() < 1e-9, "{ratio}");
    }

    #[test]
    fn quiet_days_settle_well_below_one_to_one_and_a_spike_rises_above() {
        let mut odds = Odds::default();
        assert!(after(&mut odds, &[2.0, 1.0, 3.0, 2.0, 2.0, 1.0]) < 1.5 && odds.chance() < 0.03, "{odds:?}");
        assert!(after(&mut odds, &[12.0, 14.0]) > 3.0 && odds.chance() > 0.5, "{odds:?}");
    }

    #[test]
    fn a_murmur_adds_up() {
        let scores: Vec<f64> = (1..8).map(|days| score(&vec![5.0; days])).collect();
        assert!(scores.windows(2).all(|pair| pair[1] > pair[0]), "{scores:?}");
        assert!(scores[0] < 2.0 && scores[6] > 3.0, "{scores:?}");
    }

    #[test]
    fn what_is_over_is_over_at_once() {
        let mut odds = Odds::default();
        assert!(after(&mut odds, &[2.0, 14.0, 15.0, 16.0, 14.0, 15.0, 16.0]) > 4.0);
        assert!(after(&mut odds, &[2.0, 1.0, 2.0]) < 1.7, "{odds:?}");
    }

    #[test]
    fn a_handful_in_one_bucket_may_be_copies_and_a_crowd_is_not() {
        let (few, handful, crowd) = (score(&[2.0, 6.0]), score(&[2.0, 9.0]), score(&[2.0, 40.0]));
        assert!(handful - few < 0.3 && handful < 2.5 && crowd > 5.0, "{few} {handful} {crowd}");
    }

    #[test]
    fn scores_rank_what_odds_are_not_kept_beyond() {
        let (mut large, mut larger) = (Odds::default(), Odds::default());
        assert!(after(&mut large, &[2.0, 60.0]) + 1.0 < after(&mut larger, &[2.0, 80.0]));
        assert!((large.chance() - larger.chance()).abs() < 1e-6);
    }

    #[test]
    fn a_usual_number_among_few_messages_is_damped() {
        let thin = Sample { count: 8.0, expected: 1.0, tested: 0.1, usual: Some((8.0, 0.3)) };
        let (thin, alone) = (Likelihood::of(&thin, &days()), Likelihood::of(&Sample { usual: None, ..thin }, &days()));
        assert!(thin.damped < 0.2 && (alone.damped - 1.0).abs() < 1e-9, "{thin:?}");
        assert!(Odds::default().after(&thin, &days()).1 < Odds::default().after(&alone, &days()).1);
    }

    proptest! {
        #[test]
        fn more_complaints_never_lower_the_score(
            count in 0.0..300.0_f64,
            more in 0.0..50.0_f64,
            expected in 0.0..100.0_f64,
            tested in 0.0..5.0_f64,
            usual in proptest::option::of((0.0..100.0_f64, 0.0..5.0_f64)),
        ) {
            let mut before = Odds::default();
            after(&mut before, &[2.0, 3.0]);
            let score = |count| before.after(&Likelihood::of(&Sample { count, expected, tested, usual }, &days()), &days()).1;
            prop_assert!(score(count + more) >= score(count) - 1e-6);
        }

        #[test]
        fn odds_stay_numbers(counts in proptest::collection::vec(0.0..1e9_f64, 0..60), expected in 0.0..1e9_f64, tested in 0.0..1e3_f64) {
            let mut odds = Odds::default();
            for count in counts {
                let score;
                (odds, score) = odds.after(&Likelihood::of(&Sample { count, expected, tested, usual: None }, &days()), &days());
                prop_assert!(score.is_finite() && (0.0..=1.0).contains(&odds.chance()), "{:?}", odds);
            }
        }
    }
}
