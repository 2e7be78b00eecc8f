//! What is said of slow rises and of measures: other numbers than those of a spike.

use crate::domain::incident::Kind;
use crate::domain::incident::Numbers;
use crate::domain::measure::Measure;
use crate::domain::notice::Facts;
use crate::render::story::silent;
use crate::render::wording;

/// The measure that a notice is about.
pub(super) fn measure(facts: &Facts) -> Option<Measure> {
    Measure::named(&facts.theme, facts.kind)
}

/// What is counted, for a chart: `complaints`, `1-star ratings`.
pub(super) fn counted(facts: &Facts) -> &'static str {
    match measure(facts) {
        None => "complaints",
        Some(Measure::OneStar) => "1-star ratings",
        Some(Measure::Csat) => "dissatisfied answers",
        Some(Measure::Rating | Measure::Nps) => "points lost",
    }
}

/// What is bad, and what it is a part of: `complaint` and `message`, `1-star rating` and `rating`.
#[must_use]
pub fn nouns(measure: Option<Measure>) -> (&'static str, &'static str) {
    match measure {
        None => ("complaint", "message"),
        Some(Measure::OneStar) => ("1-star rating", "rating"),
        Some(Measure::Csat) => ("dissatisfied answer", "answer"),
        Some(Measure::Rating) => ("point lost", "rating"),
        Some(Measure::Nps) => ("point lost", "answer"),
    }
}

/// What stands in a subject: `slow rise: bots going in circles`, `mean rating falls`.
pub(super) fn subject(facts: &Facts) -> String {
    match (facts.kind, measure(facts)) {
        (Kind::SlowRise, _) => format!("slow rise: {}", facts.theme_title),
        (_, Some(Measure::Rating)) => "mean rating falls".to_owned(),
        (_, Some(Measure::Nps)) => "NPS falls".to_owned(),
        (_, Some(Measure::OneStar)) => "more 1-star ratings".to_owned(),
        (_, Some(Measure::Csat)) => "fewer satisfied answers".to_owned(),
        (Kind::NoData, None) => silent::subject(facts),
        (Kind::Spike | Kind::Drop | Kind::Message, None) => facts.theme_title.clone(),
    }
}

/// What happened, in a clause without a full stop; `part` says which part of the messages. `None`
/// for a spike.
pub(super) fn what(facts: &Facts, part: &str) -> Option<String> {
    let numbers = &facts.numbers;
    match (facts.kind, measure(facts)) {
        (Kind::SlowRise, _) => {
            let theme = wording::name(&facts.theme_title);
            let (now, then) = (wording::share(numbers.count / numbers.total.max(1.0)), wording::share(numbers.usual_share));
            Some(format!("over the last 28 days {now} of messages{part} complain about \"{theme}\", in the reference {then}"))
        }
        (_, Some(measure)) => Some(dropped(measure, numbers, part)),
        (_, None) => None,
    }
}

/// `mean rating 2.9 over the last 24 hours, usually 4.2 (n = 48)`
#[must_use]
pub fn dropped(measure: Measure, numbers: &Numbers, part: &str) -> String {
    let window = wording::window(numbers.window_seconds);
    let answers = wording::amount(numbers.total);
    let of = |share: f64| wording::share(share);
    let now = numbers.count / numbers.total.max(1.0);
    match (measure, numbers.mean) {
        (Measure::Rating | Measure::Nps, Some(mean)) => {
            let (value, usual) = (value(measure, mean.value), value(measure, mean.usual));
            format!("{} {value}{part} over the last {window}, usually {usual} (n = {answers})", measure.title())
        }
        (Measure::Rating | Measure::Nps, None) => format!("no {}{part} in the last {window}", measure.title()),
        (Measure::OneStar, _) => {
            let usual = of(numbers.usual_share);
            format!("{} of ratings{part} with 1 star over the last {window}, usually {usual} (n = {answers})", of(now))
        }
        (Measure::Csat, _) => {
            let usual = of(1.0 - numbers.usual_share);
            format!("{} of answers{part} satisfied over the last {window}, usually {usual} (n = {answers})", of(1.0 - now))
        }
    }
}

/// Stars have two digits at least, an NPS is a whole number with its sign.
#[must_use]
pub fn value(measure: Measure, value: f64) -> String {
    match measure {
        _ if !value.is_finite() => "?".to_owned(),
        Measure::Nps => format!("{:+.0}", value + 0.0),
        _ => format!("{value:.1}"),
    }
}

/// `1-star ratings are as usual again.`
pub(super) fn calm(measure: Measure, part: &str) -> String {
    match measure {
        Measure::Rating => format!("The mean rating{part} is as usual again."),
        Measure::Nps => format!("The NPS{part} is as usual again."),
        Measure::OneStar => format!("1-star ratings{part} are as usual again."),
        Measure::Csat => format!("Satisfied answers{part} are as usual again."),
    }
}

/// Whether the window of a measure that is calm again still holds the bad hours before.
pub(super) fn still_bad(facts: &Facts) -> bool {
    let numbers = &facts.numbers;
    measure(facts).is_some() && numbers.mean.map_or(numbers.count > numbers.usual.1, |mean| mean.value < mean.range.0)
}

/// The second sentence: how far from the usual. `None` for a spike.
pub(super) fn usual(facts: &Facts) -> Option<String> {
    let numbers = &facts.numbers;
    match (facts.kind, measure(facts), numbers.mean) {
        (Kind::SlowRise, ..) => {
            let times = numbers.count / numbers.expected;
            let times = if times.is_finite() { wording::amount(times) } else { "many".to_owned() };
            Some(format!(
                "Usual: {} ({}), {} among as many messages of the same sources. These are {times} times as many: {}.",
                wording::share(numbers.usual_share),
                wording::name(&facts.reference),
                wording::plural(&wording::amount(numbers.expected), "complaint"),
                wording::amount(numbers.count),
            ))
        }
        (_, Some(measure), Some(mean)) => {
            let (low, high) = (value(measure, mean.range.0), value(measure, mean.range.1));
            Some(format!("Usual: {}; nine of ten windows are between {low} and {high}.", value(measure, mean.usual)))
        }
        (_, Some(_), None) => {
            let (low, high) = (wording::amount(numbers.usual.0), wording::amount(numbers.usual.1));
            Some(format!(
                "Usual: {} {} (range {low}-{high}); now there are {}.",
                wording::amount(numbers.expected),
                counted(facts),
                wording::amount(numbers.count)
            ))
        }
        (_, None, _) => None,
    }
}

/// Why it fired: the chance and the budget. `None` for a spike.
pub(super) fn chance(facts: &Facts) -> Option<String> {
    let numbers = &facts.numbers;
    let (chance, score, limit) = (wording::chance(numbers.surprise), wording::amount(numbers.score), wording::amount(numbers.limit));
    let budget = wording::amount(facts.false_alarms_per_year);
    match (facts.kind, measure(facts)) {
        (Kind::SlowRise, _) => Some(format!(
            "The chance of so many in 28 days, with shares that wander by themselves, is {chance} (score {score}). The budget of {} a year asks for a score of {limit}. What is over the reference stays so until somebody accepts it: resolved with the reason \"other\" or \"false-alarm\", the level of that day is the reference.",
            wording::plural(&budget, "false slow rise"),
        )),
        (_, Some(_)) => Some(format!(
            "The chance of this is {chance}. The score is {score}; the budget of {} a year asks for {limit}. At least {} are needed.",
            wording::plural(&budget, "false alarm"),
            wording::plural(&facts.min_complaints.to_string(), "rating"),
        )),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Mean;

    fn numbers(count: f64, expected: f64, total: f64) -> Numbers {
        Numbers { count, expected, total, usual_share: expected / total, window_seconds: 86_400, ..Numbers::default() }
    }

    #[test]
    fn a_drop_is_told_by_its_own_number() {
        let mean = |value, usual| Numbers { mean: Some(Mean { value, usual, range: (0.0, 0.0) }), ..numbers(0.0, 0.0, 48.0) };
        for (measure, numbers, said) in [
            (Measure::Rating, mean(2.94, 4.2), "mean rating 2.9 over the last 24 hours, usually 4.2 (n = 48)"),
            (Measure::Nps, mean(-12.3, 31.0), "NPS -12 over the last 24 hours, usually +31 (n = 48)"),
            (Measure::OneStar, numbers(18.0, 4.0, 48.0), "38 % of ratings with 1 star over the last 24 hours, usually 8.3 % (n = 48)"),
            (Measure::Csat, numbers(24.0, 12.0, 48.0), "50 % of answers satisfied over the last 24 hours, usually 75 % (n = 48)"),
        ] {
            assert_eq!(dropped(measure, &numbers, ""), said);
        }
    }
}
