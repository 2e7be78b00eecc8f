//! What is said of a source that brings nothing.

use crate::domain::notice::Facts;
use crate::render::story::Said;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most watches that are named.
const WATCHES: usize = 10;

/// The source's name.
pub(super) fn source(facts: &Facts) -> String {
    wording::name(facts.watch.strip_prefix("source:").unwrap_or(&facts.watch))
}

/// `"Play" has not been readable since 12:00`, `"Play" can be read, but has brought nothing new since 09:00`
pub(super) fn what(facts: &Facts, clock: &Clock) -> String {
    let known = facts.silent.as_ref();
    let (fails, since) = known.map_or((false, facts.since), |silent| {
        let last = if silent.fails { silent.last_success } else { silent.last_new };
        (silent.fails, last.unwrap_or(facts.since))
    });
    let what = if fails { "has not been readable" } else { "can be read, but has brought nothing new" };
    format!("\"{}\" {what} since {}", source(facts), clock.short(since))
}

/// How long nothing came, and what is not watched meanwhile.
pub(super) fn usual(facts: &Facts) -> String {
    let last = facts.silent.as_ref().and_then(|silent| silent.last_new).unwrap_or(facts.since);
    let length = wording::lasting(facts.at - last);
    let watches: Vec<String> =
        facts.silent.iter().flat_map(|silent| &silent.watches).take(WATCHES).map(|watch| wording::name(watch)).collect();
    let meanwhile = match watches.as_slice() {
        [] => String::new(),
        watches => format!(" As long as that lasts, its part of these watches is not watched: {}.", watches.join(", ")),
    };
    format!("Longer than usual: {length} without anything new.{meanwhile}")
}

/// `"Play" brings messages again.`
pub(super) fn over(facts: &Facts) -> String {
    format!("\"{}\" brings messages again.", source(facts))
}

/// How long it was silent.
pub(super) fn lasted(facts: &Facts, clock: &Clock) -> Option<String> {
    let from = facts.silent.as_ref().and_then(|silent| silent.last_new).unwrap_or(facts.since);
    (from < facts.at).then(|| format!("It had been silent for {}, since {}.", wording::lasting(facts.at - from), clock.short(from)))
}

/// The source's own last words, in the place of customers'.
pub(super) fn said(facts: &Facts, clock: &Clock) -> Vec<Said> {
    let Some(silent) = &facts.silent else { return Vec::new() };
    let error = silent.error.as_deref().map(|error| wording::quote(error, 300)).filter(|error| !error.is_empty());
    let (words, about) = match (error, silent.last_success) {
        (Some(error), _) => (error, format!("the last try; this is told at {}", clock.short(facts.at))),
        (None, Some(at)) => ("nothing new".to_owned(), format!("the last answer, {}", clock.short(at))),
        (None, None) => ("nothing at all".to_owned(), "it never answered".to_owned()),
    };
    vec![Said { words, about, link: None }]
}

/// Why that is told.
pub(super) fn why(facts: &Facts) -> Vec<String> {
    let rule = if facts.silent.as_ref().is_some_and(|silent| silent.fails) {
        "A source that cannot be read for three times as long as something new usually takes, and for three polls at least, is told of."
    } else {
        "A source that brings nothing new for three times as long as that usually takes, and for three polls at least, is told of."
    };
    let silence = "Silence resolves nothing: incidents that it is a part of stand as they are.";
    vec![rule.to_owned(), silence.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn told(facts: &Facts) -> [String; 3] {
        let clock = Clock::of(&facts.zone, facts.at);
        [what(facts, &clock), usual(facts), said(facts, &clock)[0].words.clone()]
    }

    #[test]
    fn a_source_that_fails_and_one_that_is_quiet_are_told_apart() {
        let mut facts = sample::silent().facts;
        assert_eq!(
            told(&facts),
            [
                "\"Play\" has not been readable since 09:10",
                "Longer than usual: 5 h 25 min without anything new. As long as that lasts, its part of these watches is not watched: app reviews, evenings.",
                "HTTP 503 Service Unavailable"
            ]
        );
        let silent = facts.silent.as_mut().unwrap();
        (silent.fails, silent.error) = (false, None);
        silent.watches.clear();
        assert_eq!(
            told(&facts),
            [
                "\"Play\" can be read, but has brought nothing new since 08:40",
                "Longer than usual: 5 h 25 min without anything new.",
                "nothing new"
            ]
        );
    }

    #[test]
    fn what_was_silent_is_told_when_it_is_over() {
        let facts = sample::silent().facts;
        let clock = Clock::of(&facts.zone, facts.at);
        assert_eq!(over(&facts), "\"Play\" brings messages again.");
        assert_eq!(lasted(&facts, &clock).unwrap(), "It had been silent for 5 h 25 min, since 08:40.");
    }
}
