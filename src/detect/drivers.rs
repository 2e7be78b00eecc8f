//! Which sources and label values bring the complaints that are too many.
//!
//! For each value: its complaints, and what its own usual share of its own messages now would
//! bring, source by source. A value whose messages have doubled is expected to complain twice as
//! much, and is no reason. A *driver* is a value with more of the complaints than its part of what
//! was expected: where everybody complains ten times as much, the largest country has the most
//! complaints and explains nothing.
//!
//! The test is conditional: of all complaints now, each falls to the value with the chance that the
//! expectations give, reckoned from the messages that do not complain. That chance is itself
//! uncertain (few usual complaints, and values change for reasons of their own), so the count has a
//! beta-binomial distribution.

use std::collections::BTreeMap;

use statrs::function::gamma::ln_gamma;

use crate::domain::notice::Role;
use crate::domain::ports::Slice;
use crate::domain::ports::Tally;

/// Chance of one wrong driver among all values of a notice.
const ALPHA: f64 = 0.05;
/// Variance of a value's logarithm from window to window, beside the whole's: about 22 %.
const OWN_VARIANCE: f64 = 0.05;
/// Messages of now are filled up to so many that do not complain, mixed as usual.
const FILLED_UP_TO: f64 = 30.0;
/// A driver brings at least this part of the excess, and so many complaints.
const LEAST_PART: f64 = 0.1;
const LEAST_EXCESS: f64 = 2.0;
/// Part of the usual messages up to which a value is a rare one.
const SELDOM: f64 = 0.02;
/// Share of common complaints from which two drivers are the same people.
const SAME: f64 = 0.75;

/// One value of one label, or one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Label key; `source` for a source.
    pub key: String,
    /// Label value, or the source's name.
    pub value: String,
    /// In the window.
    pub now: Tally,
    /// Complaints that its usual share of its messages now would bring.
    pub expected: f64,
    /// Part of the whole excess, 0 to 1; `None` where nothing is in excess.
    pub part: Option<f64>,
    /// Chance of so large a part of the complaints.
    pub chance: f64,
    /// What it means.
    pub role: Role,
}

impl Value {
    /// Complaints beyond the expected ones.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.now.complaints - self.expected
    }

    /// The Poisson deviance: of two values with the same complaints the narrower one is stronger.
    fn strength(&self) -> f64 {
        let (now, expected) = (self.now.complaints, self.expected.max(1e-9));
        now * (now.max(1e-9) / expected).ln() - (now - expected)
    }

    /// Whether it explains something.
    #[must_use]
    pub fn is_driver(&self) -> bool {
        matches!(self.role, Role::Driver | Role::NewDriver)
    }
}

/// Where an excess comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// Complaints in the window.
    pub complaints: f64,
    /// Complaints expected in it.
    pub expected: f64,
    /// Every value with complaints, the largest excess first.
    pub values: Vec<Value>,
}

/// Usual complaints and messages, and what is expected now.
#[derive(Default)]
struct Sum {
    now: Tally,
    usual: Tally,
    expected: f64,
    /// What would be expected if there were no excess: complaints are messages too, and a value
    /// that only complains would be expected to.
    basis: f64,
    /// Messages that the basis rests on.
    calm: f64,
}

impl Sum {
    /// Adds a slice with its usual share. `mixed` are the messages that it would have of a few
    /// that are mixed as usual: they stand in where hardly anybody writes without complaining.
    fn add(&mut self, slice: &Slice, share: f64, mixed: f64) {
        let calm = (slice.now.messages - slice.now.complaints).max(0.0) + mixed;
        self.expected += slice.now.messages * share;
        self.basis += (slice.now.messages + mixed).min((calm + 0.5) / (1.0 - share).max(1e-3)) * share;
        self.calm += calm;
        self.now.messages += slice.now.messages;
        self.now.complaints += slice.now.complaints;
        self.usual.messages += slice.usual.messages;
        self.usual.complaints += slice.usual.complaints;
    }

    /// Nobody wrote with it in the usual time; or hardly anybody, and now many do, whether they
    /// complain or not: a version that is being rolled out.
    fn is_new(&self, whole: &Self) -> bool {
        let calm = |sum: &Self| (sum.now.messages - sum.now.complaints).max(0.0);
        let before = self.usual.messages / whole.usual.messages.max(1.0);
        let rolled_out = calm(self) >= 3.0 && calm(self) >= 10.0 * before * calm(whole);
        before <= 0.0 || (before <= SELDOM && rolled_out)
    }
}

/// Finds out where the complaints come from. `labels` are those of some complaints: they tell which
/// drivers are the same people.
#[must_use]
pub fn origin(slices: &[Slice], labels: &[BTreeMap<String, String>]) -> Origin {
    let (whole, sums) = sums(slices);
    let excess = whole.now.complaints - whole.expected;
    let tested = sums.values().filter(|sum| sum.now.complaints >= LEAST_EXCESS).count().max(1) as f64;
    let mut values: Vec<Value> = sums
        .into_iter()
        .filter(|(_, sum)| sum.now.complaints > 0.0)
        .map(|((key, value), sum)| {
            let own = sum.now.complaints - sum.expected;
            let chance = chance(&sum, &whole);
            // That somebody looks at what is new, when it brings most of the excess, is no chance find.
            let is_new = sum.is_new(&whole);
            let looked_for = is_new && own * 2.0 >= excess;
            let limit = if looked_for { ALPHA } else { ALPHA / tested };
            let much = excess > 0.0 && own >= LEAST_EXCESS.max(LEAST_PART * excess);
            let role = match (much && chance <= limit, is_new) {
                (true, true) => Role::NewDriver,
                (true, false) => Role::Driver,
                (false, true) if much && looked_for => Role::New,
                _ => Role::Ordinary,
            };
            let part = (excess > 0.0).then(|| (own / excess).clamp(0.0, 1.0));
            Value { key: key.to_owned(), value: value.to_owned(), now: sum.now, expected: sum.expected, part, chance, role }
        })
        .collect();
    values.sort_by(|a, b| b.excess().total_cmp(&a.excess()).then_with(|| (&a.key, &a.value).cmp(&(&b.key, &b.value))));
    mark_the_same(&mut values, labels);
    Origin { complaints: whole.now.complaints, expected: whole.expected, values }
}

/// The whole, and the sums of all values over their sources.
fn sums(slices: &[Slice]) -> (Sum, BTreeMap<(&str, &str), Sum>) {
    let (mut usual, mut calm) = (Tally::default(), 0.0);
    for slice in slices.iter().filter(|slice| slice.key.is_empty()) {
        calm += (slice.now.messages - slice.now.complaints).max(0.0);
        usual.messages += slice.usual.messages;
        usual.complaints += slice.usual.complaints;
    }
    let missing = (FILLED_UP_TO - calm).max(0.0);
    // Half a complaint in ten messages where there is nothing yet.
    let share_of_all = (usual.complaints + 0.5) / (usual.messages + 10.0);
    let shares: BTreeMap<&str, f64> =
        slices.iter().filter(|slice| slice.key.is_empty()).map(|slice| (slice.source.as_str(), share(slice.usual, share_of_all))).collect();
    let mut whole = Sum::default();
    let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    for slice in slices {
        let of_source = shares.get(slice.source.as_str()).copied().unwrap_or(share_of_all);
        let is_whole = slice.key.is_empty();
        let share = if is_whole { of_source } else { share(slice.usual, of_source) };
        let mixed = missing * slice.usual.messages / usual.messages.max(1.0);
        let named = if is_whole { ("source", slice.source.as_str()) } else { (slice.key.as_str(), slice.value.as_str()) };
        sums.entry(named).or_default().add(slice, share, mixed);
        if is_whole {
            whole.add(slice, share, mixed);
        }
    }
    (whole, sums)
}

/// Share of complaints, drawn towards `prior` with the weight of one complaint.
fn share(usual: Tally, prior: f64) -> f64 {
    ((usual.complaints + 1.0) / (usual.messages + 1.0 / prior.max(1e-6))).min(1.0)
}

/// Chance that a value has so many of the complaints, given what was to be expected of it and of
/// the rest.
fn chance(sum: &Sum, whole: &Sum) -> f64 {
    let (mine, all) = (sum.now.complaints.round(), whole.now.complaints.round().max(sum.now.complaints.round()));
    let rest = (whole.basis - sum.basis).max(1e-6);
    let part = sum.basis / (sum.basis + rest);
    if part > 0.999 || all < 1.0 {
        return 1.0;
    }
    let complained = |complaints: f64| 1.0 / (complaints.max(0.0) + 1.0);
    // That a new value had no complaints is no chance.
    let own = if sum.is_new(whole) { 0.0 } else { complained(sum.usual.complaints) };
    let variance = own
        + complained(whole.usual.complaints - sum.usual.complaints)
        + 1.0 / (sum.calm + 1.0)
        + 1.0 / ((whole.calm - sum.calm).max(0.0) + 1.0)
        + OWN_VARIANCE;
    // The variance of the logit of a beta distribution is about 1 / (k p (1 - p)).
    let weight = 1.0 / (variance * part * (1.0 - part));
    upper_tail(mine, all, weight * part, weight * (1.0 - part))
}

/// Mid-p tail of a beta-binomial count: `P(X > mine) + P(X = mine) / 2` of `all`.
fn upper_tail(mine: f64, all: f64, a: f64, b: f64) -> f64 {
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let point = |k: f64| {
        let ways = ln_gamma(all + 1.0) - ln_gamma(k + 1.0) - ln_gamma(all - k + 1.0);
        (ways + ln_beta(k + a, all - k + b) - ln_beta(a, b)).exp()
    };
    let mut tail = point(mine) / 2.0;
    let mut count = mine + 1.0;
    // Far out the rest adds nothing; a notice is never about millions of complaints.
    while count <= all && count <= mine + 20_000.0 {
        let next = point(count);
        tail += next;
        if next < tail * 1e-9 {
            break;
        }
        count += 1.0;
    }
    if tail.is_nan() { 1.0 } else { tail.clamp(0.0, 1.0) }
}

/// Marks drivers whose complaints are those of a stronger one.
fn mark_the_same(values: &mut [Value], labels: &[BTreeMap<String, String>]) {
    let has = |labels: &BTreeMap<String, String>, value: &Value| labels.get(&value.key).is_some_and(|found| *found == value.value);
    let mut order: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_driver()).collect();
    order.sort_by(|&a, &b| values[b].strength().total_cmp(&values[a].strength()).then(a.cmp(&b)));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let same = kept.iter().copied().find(|&other| {
            let (one, other) = (&values[at], &values[other]);
            let both = labels.iter().filter(|labels| has(labels, one) && has(labels, other)).count();
            let either = labels.iter().filter(|labels| has(labels, one) || has(labels, other)).count();
            either > 0 && both as f64 >= SAME * either as f64
        });
        match same {
            Some(other) => values[at].role = Role::SameAs { key: values[other].key.clone(), value: values[other].value.clone() },
            None => kept.push(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `country=de shop 40/12 1000/40`: messages and complaints now, and in the usual time.
    fn slice(text: &str) -> Slice {
        let parts: Vec<&str> = text.split(' ').collect();
        let (key, value) = parts[0].split_once('=').unwrap_or(("", ""));
        let tally = |text: &str| {
            let (messages, complaints) = text.split_once('/').unwrap();
            Tally { messages: messages.parse().unwrap(), complaints: complaints.parse().unwrap() }
        };
        Slice { key: key.into(), value: value.into(), source: parts[1].into(), now: tally(parts[2]), usual: tally(parts[3]) }
    }

    fn check(slices: &[&str], labels: &[BTreeMap<String, String>]) -> Vec<String> {
        let slices: Vec<Slice> = slices.iter().map(|text| slice(text)).collect();
        let part = |value: &Value| value.part.map_or("-".to_owned(), |part| format!("{:.0} %", part * 100.0));
        origin(&slices, labels)
            .values
            .iter()
            .map(|value| {
                let (now, usual) = (value.now.complaints, value.expected);
                format!("{} {}: {now} for {usual:.1}, {} {:?}", value.key, value.value, part(value), value.role)
            })
            .collect()
    }

    #[test]
    fn one_country_and_its_language_are_one_driver() {
        let german = || [("country", "de"), ("language", "de")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let swedish = || [("country", "se"), ("language", "sv")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let labels: Vec<_> = (0..26).map(|_| german()).chain((0..4).map(|_| swedish())).collect();
        let found = check(
            &[
                "all shop 200/30 5000/200",
                "country=de shop 60/26 1500/60",
                "country=se shop 140/4 3500/140",
                "language=de shop 61/26 1550/62",
                "language=sv shop 139/4 3450/138",
            ],
            &labels,
        );
        insta::assert_snapshot!(found.join("\n"), @r#"
        country de: 26 for 2.4, 100 % Driver
        language de: 26 for 2.4, 100 % SameAs { key: "country", value: "de" }
        source shop: 30 for 8.0, 100 % Ordinary
        language sv: 4 for 5.6, 0 % Ordinary
        country se: 4 for 5.6, 0 % Ordinary
        "#);
    }

    #[test]
    fn a_source_with_twice_the_messages_is_no_driver() {
        let found = check(&["all quiet 100/5 2800/140", "all loud 400/21 2800/140"], &[]);
        assert!(found.iter().all(|line| line.ends_with("Ordinary")), "{found:?}");
    }

    #[test]
    fn where_everybody_complains_nothing_stands_out() {
        let found = check(
            &[
                "all shop 300/120 8000/300",
                "country=us shop 200/80 5300/200",
                "country=se shop 100/40 2700/100",
                "version=7 shop 280/112 7500/280",
            ],
            &[],
        );
        assert!(found.iter().all(|line| line.ends_with("Ordinary")), "{found:?}");
    }

    #[test]
    fn a_version_that_nobody_had_is_new() {
        let found = check(&["all store 200/40 5000/100", "version=5.1 store 140/4 5000/100", "version=5.2 store 60/36 0/0"], &[]);
        insta::assert_snapshot!(found.join("\n"), @"
        source store: 40 for 4.0, 100 % Ordinary
        version 5.2: 36 for 1.2, 97 % NewDriver
        version 5.1: 4 for 2.8, 3 % Ordinary
        ");
    }

    #[test]
    fn six_complaints_of_a_version_that_says_nothing_else_are_enough() {
        let found = check(&["all shop 7/6 3000/15", "version=2 shop 6/6 0/0", "version=1 shop 1/0 2900/14"], &[]);
        assert!(found.contains(&"version 2: 6 for 0.0, 100 % NewDriver".to_owned()), "{found:?}");
    }

    #[test]
    fn a_version_that_everybody_has_since_today_is_new_and_no_driver() {
        let found = check(&["all shop 100/50 3000/15", "version=2 shop 60/31 20/0", "version=1 shop 40/19 2980/15"], &[]);
        assert_eq!(found[1], "version 2: 31 for 0.3, 62 % New");
        let small = check(&["all shop 100/50 3000/15", "country=es shop 45/40 45/0", "country=gb shop 55/10 2955/15"], &[]);
        assert!(small[1].ends_with(" Driver"), "a small country is not new because it complains: {small:?}");
    }

    #[test]
    fn where_hardly_anybody_else_writes_the_usual_mixture_counts() {
        let slices = [
            "all theatre 25/25 460/29",
            "country=dk theatre 21/21 153/9",
            "country=se theatre 4/4 307/20",
            "language=da theatre 21/21 153/9",
            "language=sv theatre 4/4 307/20",
            "version=4 theatre 25/25 460/29",
        ];
        let found = origin(&slices.map(slice), &[]);
        assert!(found.values.iter().any(|value| value.value == "dk" && value.is_driver()), "{found:#?}");
    }

    #[test]
    fn a_source_of_nothing_but_complaints_may_have_more_messages() {
        let found = check(&["all stars 60/57 900/860", "all shop 200/5 3000/70"], &[]);
        assert!(found.iter().all(|line| line.ends_with("Ordinary")), "{found:?}");
    }

    #[test]
    fn the_only_value_and_a_calm_whole_drive_nothing() {
        let found = check(&["all shop 200/40 5000/100", "country=se shop 200/40 5000/100"], &[]);
        assert!(found.iter().all(|line| line.ends_with("Ordinary")), "{found:?}");
        let calm = check(&["all shop 200/3 5000/100", "country=se shop 20/3 4000/10"], &[]);
        assert!(calm.iter().all(|line| line.ends_with("- Ordinary")), "{calm:?}");
    }

    #[test]
    fn without_any_history_the_shares_of_now_are_compared() {
        let found = check(&["all shop 100/30 0/0", "country=se shop 50/29 0/0", "country=de shop 50/1 0/0"], &[]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_tail_agrees_with_known_values() {
        // `scipy.stats.betabinom`: sf(k) + pmf(k) / 2.
        for (mine, all, a, b, known) in [(0.0, 5.0, 1.0, 1.0, 11.0 / 12.0), (5.0, 5.0, 1.0, 1.0, 1.0 / 12.0)] {
            assert!((upper_tail(mine, all, a, b) - known).abs() < 1e-12);
        }
        // With much weight it is a binomial tail: 8 of 10 with 0.5 have (45 / 2 + 10 + 1) / 1024.
        assert!((upper_tail(8.0, 10.0, 5e6, 5e6) - 33.5 / 1024.0).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn any_counts_give_parts_and_chances(counts in prop::collection::vec((0..500_u32, 0..100_u32, 0..5000_u32, 0..500_u32), 0..6)) {
            let slices: Vec<Slice> = counts.iter().enumerate().map(|(at, &(messages, complaints, before, complained))| Slice {
                key: if at == 0 { String::new() } else { "k".to_owned() },
                value: if at == 0 { String::new() } else { at.to_string() },
                source: "s".to_owned(),
                now: Tally { messages: f64::from(messages), complaints: f64::from(complaints) },
                usual: Tally { messages: f64::from(before), complaints: f64::from(complained) },
            }).collect();
            for value in origin(&slices, &[]).values {
                prop_assert!((0.0..=1.0).contains(&value.chance) && value.expected >= 0.0, "{value:?}");
                prop_assert!(value.part.is_none_or(|part| (0.0..=1.0).contains(&part)), "{value:?}");
            }
        }
    }
}
