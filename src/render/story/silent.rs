//! What is said of a source that something is wrong with: what, since when, which watches are blind
//! for it, and what to do.

use crate::domain::notice::Facts;
use crate::domain::trouble::Trouble;
use crate::render::remedy;
use crate::render::story::Said;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most watches that are named.
const WATCHES: usize = 10;

/// The source's name.
pub(super) fn source(facts: &Facts) -> String {
    wording::name(facts.watch.strip_prefix("source:").unwrap_or(&facts.watch))
}

/// What is wrong with it; older releases did not say.
fn trouble(facts: &Facts) -> Trouble {
    let known = facts.silent.as_ref().map(crate::domain::notice::SilentSource::trouble);
    known.or_else(|| facts.no_data.first().map(crate::domain::incident::NoData::trouble)).unwrap_or(Trouble::Silent)
}

/// `shop forum shows a login page`, for a subject: the same until it is over, so that mails stay together.
pub(in crate::render) fn subject(facts: &Facts) -> String {
    format!("{} {}", facts.watch.strip_prefix("source:").unwrap_or(&facts.watch), trouble(facts).says())
}

/// `"Play" shows a login page since 12:00; it was last read at 11:40`
pub(super) fn what(facts: &Facts, clock: &Clock) -> String {
    let trouble = trouble(facts);
    let known = facts.silent.as_ref();
    let last_read = known.and_then(|silent| silent.last_success).map(|at| clock.short(at));
    let says = trouble.says();
    let name = source(facts);
    match trouble {
        Trouble::Silent => {
            let since = known.and_then(|silent| silent.last_new).unwrap_or(facts.since);
            format!("\"{name}\" can be read, but has brought nothing new since {}", clock.short(since))
        }
        Trouble::Gap => format!("\"{name}\" {says}: at {} everything on its page was new", clock.short(facts.since)),
        _ if trouble.is_failure() => match last_read {
            Some(at) => format!("\"{name}\" {says}; it was last read at {at}"),
            None => format!("\"{name}\" {says}; it was never read since {}", clock.short(facts.since)),
        },
        _ => format!("\"{name}\" {says} since {}", clock.short(facts.since)),
    }
}

/// Which watches are blind meanwhile, and what to do.
pub(super) fn usual(facts: &Facts) -> String {
    let trouble = trouble(facts);
    let length = || {
        let last = facts.silent.as_ref().and_then(|silent| silent.last_new).unwrap_or(facts.since);
        format!("Longer than usual: {} without anything new. ", wording::lasting(facts.at - last))
    };
    let length = if trouble == Trouble::Silent { length() } else { String::new() };
    let watches: Vec<String> =
        facts.silent.iter().flat_map(|silent| &silent.watches).take(WATCHES).map(|watch| wording::name(watch)).collect();
    let meanwhile = match watches.as_slice() {
        [] => String::new(),
        watches if trouble.blinds() => format!("Blind for it meanwhile: {}. ", watches.join(", ")),
        watches => format!("Still watched: {}. ", watches.join(", ")),
    };
    let rate = facts.silent.as_ref().and_then(|silent| rate(silent.per_day)).unwrap_or_default();
    format!("{length}{rate}{meanwhile}To do: {}.", remedy::cure(trouble, &source(facts)))
}

/// What is missed meanwhile.
fn rate(per_day: f64) -> Option<String> {
    let (number, unit) = if per_day >= 1.0 { (per_day, "day") } else { (per_day * 7.0, "week") };
    let message = if number.round() > 1.0 { "messages" } else { "message" };
    (number >= 0.5).then(|| format!("Usual: about {number:.0} {message} a {unit}. "))
}

/// `"Play" can be read again.`
pub(super) fn over(facts: &Facts) -> String {
    let name = source(facts);
    match trouble(facts) {
        Trouble::Silent => format!("\"{name}\" brings messages again."),
        Trouble::Gap => format!("\"{name}\" was read without a gap for a day."),
        Trouble::IdsChange => format!("\"{name}\" keeps its ids again."),
        Trouble::Empty => format!("\"{name}\" has messages again."),
        Trouble::AnotherFeed => format!("What \"{name}\" shows is its old feed again, or was the same three times and is believed now."),
        _ => format!("\"{name}\" can be read again."),
    }
}

/// How long it lasted, and what came meanwhile.
pub(super) fn lasted(facts: &Facts, clock: &Clock) -> Vec<String> {
    let known = facts.silent.as_ref();
    let from = known.filter(|known| known.trouble() == Trouble::Silent).and_then(|known| known.last_new.filter(|at| *at < facts.since));
    let from = from.unwrap_or(facts.since);
    let lasted = (from < facts.at).then(|| format!("It lasted {}, since {}.", wording::lasting(facts.at - from), clock.short(from)));
    let came = known.map_or(0, |known| known.came_late);
    let blinded = trouble(facts).blinds();
    let late = match came {
        0 if blinded => "No message of that time has come.".to_owned(),
        0 => return lasted.into_iter().collect(),
        1 => "1 message of that time came late; it is counted under its own date.".to_owned(),
        _ => format!("{came} messages of that time came late; they are counted under their own dates."),
    };
    lasted.into_iter().chain([late]).collect()
}

/// The source's own last words, in the place of customers'.
pub(super) fn said(facts: &Facts, clock: &Clock) -> Vec<Said> {
    let Some(silent) = &facts.silent else { return Vec::new() };
    let error = silent.error.as_deref().map(|error| wording::quote(error, 300)).filter(|error| !error.is_empty());
    let (words, about) = match (error, silent.last_success) {
        (Some(error), _) => (error, format!("the last try; this is told at {}", clock.short(facts.at))),
        (None, Some(at)) if silent.trouble() == Trouble::Silent => {
            ("nothing new".to_owned(), format!("the last answer, {}", clock.short(at)))
        }
        (None, Some(_)) => return Vec::new(),
        (None, None) => ("nothing at all".to_owned(), "it never answered".to_owned()),
    };
    vec![Said { words, about, link: None }]
}

/// Why that is told.
pub(super) fn why(facts: &Facts) -> Vec<String> {
    let trouble = trouble(facts);
    let silence = if trouble.blinds() {
        "Silence resolves nothing: incidents that it is a part of stand until it is back."
    } else {
        "It is for information: its messages are counted all the same."
    };
    vec![remedy::rule(trouble).to_owned(), silence.to_owned()]
}

#[cfg(test)]
mod tests;
