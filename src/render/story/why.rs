//! Why it fired: the watch, the chance, the budget, what was read.

use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::notice::Facts;
use crate::render::calibrated;
use crate::render::kinds;
use crate::render::story::lead::part;
use crate::render::story::silent;
use crate::render::wording;

/// Most words that are named.
const WORDS: usize = 10;

/// A sentence each.
pub(super) fn why(facts: &Facts) -> Vec<String> {
    let of_what = if facts.kind == Kind::Drop { "measure" } else { "theme" };
    let watch = wording::name(&facts.watch);
    let mut why = vec![format!("Watch \"{watch}\", {of_what} \"{}\", {}.", wording::name(&facts.theme), messages(facts))];
    match facts.kind {
        Kind::NoData => return silent::why(facts),
        Kind::Message => why.push("This watch tells of every message with the theme by itself, whatever is usual.".to_owned()),
        Kind::Spike | Kind::SlowRise | Kind::Drop => why.push(kinds::chance(facts).unwrap_or_else(|| odds(facts))),
    }
    if facts.numbers.borrowed {
        why.push(wording::BORROWED.to_owned());
    }
    if !facts.calibration.is_even() && facts.kind != Kind::SlowRise {
        why.extend(calibrated::sentence(&facts.calibration, facts.false_alarms_per_year));
    }
    let words: Vec<String> = facts.words.iter().take(WORDS).map(|word| wording::quote(word, 30)).filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() { String::new() } else { format!(" Words: {}.", words.join(", ")) };
    why.push(format!("Sources read in time: {} of {}.{words}", facts.fresh_sources.0, facts.fresh_sources.1));
    why
}

fn messages(facts: &Facts) -> String {
    match &facts.segment {
        Segment::All => "all messages".to_owned(),
        Segment::Label { key, value } if facts.kind == Kind::Message => format!("{} {}", wording::name(key), wording::name(value)),
        Segment::Label { .. } => format!("messages{}", part(&facts.segment)),
    }
}

fn odds(facts: &Facts) -> String {
    let numbers = &facts.numbers;
    let by_chance = if numbers.surprise > 0.0 {
        let (count, expected) = (wording::amount(numbers.count), wording::amount(numbers.expected));
        format!("The chance of {count} or more where {expected} are usual is {}. ", wording::chance(numbers.surprise))
    } else {
        String::new()
    };
    format!(
        "{by_chance}The odds of an outbreak are {} (score {}); the budget of {} a year asks for {} (score {}), and for at least {}.",
        wording::odds(numbers.score),
        wording::amount(numbers.score),
        wording::plural(&wording::amount(facts.false_alarms_per_year), "false alarm"),
        wording::odds(numbers.limit),
        wording::amount(numbers.limit),
        wording::plural(&facts.min_complaints.to_string(), "complaint"),
    )
}
