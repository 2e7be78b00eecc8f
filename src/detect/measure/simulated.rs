//! Simulated ratings: is the budget held, and are drops found?
//!
//! A series has one to three sources with shares of stars of their own, volumes with a weekly and a
//! daily rhythm that grow or shrink, and a mood: what is lost wanders by 5 to 20 % for weeks and
//! jumps from bucket to bucket beyond chance. Some sources join late. Now and then comes a real drop
//! of hours to two weeks; alarms in it, and for three days after it, are right or neither.

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::detect::Settings;
use crate::detect::measure::MeanDetector;
use crate::detect::measure::State;
use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::measure::Measure;
use crate::domain::rated::Answers;
use crate::domain::rated::BucketRatings;
use crate::domain::rated::RatedPart;

/// Random numbers that are the same on every machine: splitmix64 (G. Steele et al., OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part()
    }

    /// Evenly in the logarithm.
    fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.part().max(1e-300).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.part()).cos()
    }

    /// A Poisson count: by multiplication, and by a normal one where that takes long.
    fn count(&mut self, mean: f64) -> f64 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (floor, mut product, mut count) = ((-mean).exp(), self.part(), 0.0);
        while product > floor {
            product *= self.part();
            count += 1.0;
        }
        count
    }
}

/// What was counted of a simulation.
#[derive(Debug, Default)]
struct Tally {
    years: f64,
    false_alarms: f64,
    drops: f64,
    found: f64,
}

struct Source {
    volume: f64,
    joins: usize,
    /// Chances of one to five stars.
    stars: [f64; 5],
}

fn source(dice: &mut Dice, volume: f64, joins: usize) -> Source {
    let bad = dice.scale(0.03, 0.6);
    let middle = dice.between(0.05, 0.25) * (1.0 - bad);
    let good = 1.0 - bad - middle;
    let five = dice.between(0.5, 0.9);
    Source { volume, joins, stars: [bad * 0.8, bad * 0.2, middle, good * (1.0 - five), good * five] }
}

/// A bucket of a source whose mood loses `times` what is usual: good answers become bad ones.
fn answers(dice: &mut Dice, source: &Source, volume: f64, times: f64, nps: bool) -> Answers {
    let mut sum = Answers::default();
    let bad = (source.stars[0] + source.stars[1]) * times;
    let bad = bad.min(0.95);
    let rest = (1.0 - bad) / (source.stars[2] + source.stars[3] + source.stars[4]);
    for _ in 0..dice.count(volume) as usize {
        let roll = dice.part();
        let lost = if roll < bad {
            if nps || roll < 0.8 * bad { 4.0 } else { 3.0 }
        } else if roll < bad + rest * source.stars[2] {
            2.0
        } else if roll < bad + rest * (source.stars[2] + source.stars[3]) {
            1.0
        } else {
            0.0
        };
        let lost = if nps { f64::from(u8::from(lost >= 1.0) + u8::from(lost >= 3.0)) } else { lost };
        sum.count += 1.0;
        sum.lost += lost;
        sum.square += lost * lost;
    }
    sum
}

/// Judges one series and adds what came of it, by limit.
fn live(seed: u64, width: Width, budgets: &[f64], tallies: &mut [Tally]) {
    let mut dice = Dice(seed);
    let hourly = width == Width::Hour;
    let (buckets, per_day) = if hourly { (120 * 24, 24) } else { (730, 1) };
    let warm = if hourly { 21 * 24 } else { 120 };
    let nps = dice.part() < 0.3;
    let measure = if nps { Measure::Nps } else { Measure::Rating };
    let level = if hourly { dice.scale(0.3, 12.0) } else { dice.scale(2.0, 60.0) };
    let sources: Vec<Source> = (0..=dice.next() % 3)
        .map(|number| {
            let joins = if number > 0 && dice.part() < 0.4 { dice.between(0.0, buckets as f64) as usize } else { 0 };
            let volume = level * dice.between(0.3, 1.0);
            source(&mut dice, volume, joins)
        })
        .collect();
    let (growth, weekend, day) = (dice.between(0.7, 2.5).ln() / 365.0, dice.between(0.4, 1.2), dice.between(0.2, 0.9));
    let (sd, tau) = (dice.between(0.05, 0.2), dice.between(20.0, 60.0) * per_day as f64);
    let (jump, keep) = (dice.scale(0.03, 0.3), (-1.0 / tau).exp());
    let drops: Vec<(usize, usize, f64)> = (0..5)
        .map(|number| {
            let span = (buckets - warm) / 5;
            let length = (dice.scale(if hourly { 3.0 } else { 1.0 }, if hourly { 60.0 } else { 14.0 })) as usize;
            let from = warm + number * span + (dice.part() * (span - length) as f64) as usize;
            (from, from + length, dice.scale(1.5, 6.0))
        })
        .collect();
    let detectors: Vec<MeanDetector> = budgets
        .iter()
        .map(|budget| MeanDetector::new(measure, Settings { width, false_alarms_per_year: *budget, min_complaints: 5 }))
        .collect();
    let mut states: Vec<State> = budgets.iter().map(|_| State::default()).collect();
    let mut told = vec![usize::MAX; budgets.len()];
    let mut found = vec![[false; 5]; budgets.len()];
    let mut mood = sd * dice.normal();
    let start: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    for at in 0..buckets {
        mood = keep * mood + sd * (1.0 - keep * keep).sqrt() * dice.normal();
        let (today, hour) = (at / per_day, at % per_day);
        let rhythm = if today % 7 >= 5 { weekend } else { 1.0 };
        let rhythm = rhythm * if hourly { 1.0 + day * (std::f64::consts::TAU * hour as f64 / 24.0).sin() } else { 1.0 };
        let busy = rhythm * (growth * (today as f64 - 300.0)).exp();
        let drop = drops.iter().position(|(from, until, _)| (*from..*until).contains(&at));
        let times = drop.map_or(1.0, |drop| drops[drop].2) * (mood + jump * dice.normal()).exp();
        let mut parts = Vec::new();
        for (number, source) in sources.iter().enumerate().filter(|(_, source)| source.joins <= at) {
            let live = answers(&mut dice, source, source.volume * busy, times, nps);
            parts.push(RatedPart { source: number as i64, live, late: Answers::default() });
        }
        let length = if hourly { TimeDelta::hours(1) } else { TimeDelta::days(1) };
        let bucket = BucketRatings { start: start + length * at as i32, end: start + length * (at as i32 + 1), parts };
        let grace = drops.iter().any(|(_, until, _)| (*until..until + 3 * per_day).contains(&at));
        for (which, (detector, state)) in detectors.iter().zip(&mut states).enumerate() {
            let verdict = detector.advance(state, &bucket);
            if at < warm || !matches!(verdict.call, Call::Firing(_)) {
                continue;
            }
            match drop {
                Some(drop) => found[which][drop] = true,
                None if !grace && told[which] != today => {
                    told[which] = today;
                    tallies[which].false_alarms += 1.0;
                }
                None => {}
            }
        }
    }
    for (tally, found) in tallies.iter_mut().zip(&found) {
        tally.years += (buckets - warm) as f64 / per_day as f64 / 365.0;
        tally.drops += drops.len() as f64;
        tally.found += found.iter().filter(|found| **found).count() as f64;
    }
}

fn simulate(seeds: std::ops::Range<u64>, width: Width, budgets: &[f64]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = budgets.iter().map(|_| Tally::default()).collect();
    for seed in seeds {
        live(seed.wrapping_mul(0x2545_f491_4f6c_dd1d), width, budgets, &mut tallies);
    }
    tallies
}

#[test]
fn the_budget_is_held_within_a_factor_of_two_and_drops_are_found() {
    for (width, found_at_4) in [(Width::Day, 0.45), (Width::Hour, 0.25)] {
        let budgets = [4.0, 12.0];
        for (budget, tally) in budgets.iter().zip(simulate(1..50, width, &budgets)) {
            let rate = tally.false_alarms / tally.years;
            assert!((0.5 * budget..2.0 * budget).contains(&rate), "{width:?}: {rate} a year where {budget} were asked for");
            let recall = tally.found / tally.drops;
            assert!(recall > found_at_4, "{width:?}: {recall} found at {budget} a year");
        }
    }
}
