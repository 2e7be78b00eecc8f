//! What is new since people were last told: the numbers then and now, and what drives it.

use crate::domain::incident::Kind;
use crate::domain::incident::Numbers;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Role;
use crate::domain::notice::Share;
use crate::render::kinds;
use crate::render::origin;
use crate::render::story::lead::times;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most drivers that are named.
const DRIVERS: usize = 4;

/// A sentence each, the most important first; none for a notice that is the first.
pub(super) fn changed(facts: &Facts, clock: &Clock) -> Vec<String> {
    let mut changed = Vec::new();
    if let Some(instead) = &facts.instead_of {
        changed.push(format!("It comes this way instead of another: {}.", wording::quote(instead, 200)));
    }
    if let Some(over) = &facts.over {
        let cause = wording::name(&over.cause);
        let cause = if cause.is_empty() { "it is as usual again".to_owned() } else { cause };
        changed.push(format!("It was over before this could be sent: {}, {cause}.", clock.short(over.at)));
    }
    let follows = matches!(facts.event, Event::Worse | Event::Reminder | Event::Resolved | Event::Reopened);
    if !follows || matches!(facts.kind, Kind::NoData | Kind::Message) {
        return changed;
    }
    changed.extend(facts.told_numbers.as_ref().map(|told| numbers(facts, told, clock)));
    if facts.event != Event::Resolved && facts.told_numbers.is_some() {
        changed.extend(drivers(facts));
    }
    changed
}

/// `Since the last notice (14:05, 3 h 55 min ago): 112 complaints instead of 47, 19 times the usual instead of 7.8.`
fn numbers(facts: &Facts, told: &Numbers, clock: &Clock) -> String {
    let since = match facts.told_at {
        Some(at) => format!("Since the last notice ({}, {} ago)", clock.short(at), wording::lasting(facts.at - at)),
        None => "Since the last notice".to_owned(),
    };
    let ((before, now, behind), (_, then, _)) = (number(facts, &facts.numbers), number(facts, told));
    if now == then {
        return format!("{since}: {before}{now}{behind} as then.");
    }
    let amount = |numbers: &Numbers| times(numbers.count, numbers.expected);
    let times = match (amount(&facts.numbers), amount(told)) {
        (Some(now), Some(then)) if facts.kind == Kind::Spike && now != then => format!(", {now} times the usual instead of {then}"),
        _ => String::new(),
    };
    format!("{since}: {before}{now}{behind} instead of {then}{times}.")
}

/// The number that people know it by, and what stands before and behind it.
fn number(facts: &Facts, numbers: &Numbers) -> (String, String, &'static str) {
    match (facts.kind, kinds::measure(facts), numbers.mean) {
        (Kind::SlowRise, ..) => (String::new(), wording::share(numbers.count / numbers.total.max(1.0)), " of messages"),
        (_, Some(measure), Some(mean)) => (format!("{} ", measure.title()), kinds::value(measure, mean.value), ""),
        (_, Some(_), None) => (kinds::counted(facts).to_owned() + ": ", wording::amount(numbers.count), ""),
        _ => {
            let count = wording::amount(numbers.count);
            let noun = if count == "1" { " complaint" } else { " complaints" };
            (String::new(), count, noun)
        }
    }
}

fn drivers(facts: &Facts) -> Vec<String> {
    let now: Vec<&Share> = facts.breakdown.iter().filter(|share| matches!(share.role, Role::Driver | Role::NewDriver)).collect();
    let is = |share: &Share, told: &str| told == origin::name(&share.key, &share.value) || told == format!("{} {}", share.key, share.value);
    let new = now.iter().filter(|share| !facts.told_drivers.iter().any(|told| is(share, told)));
    let new: Vec<String> = new.map(|share| origin::name(&share.key, &share.value)).take(DRIVERS).collect();
    let gone = facts.told_drivers.iter().filter(|told| !now.iter().any(|share| is(share, told)));
    let gone: Vec<String> = gone.map(|told| wording::name(told)).take(DRIVERS).collect();
    [("New driver", new), ("No driver any more", gone)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what}: {}.", names.join(", ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn told(mut facts: Facts) -> Vec<String> {
        facts.told_numbers = Some(Numbers { count: 47.0, ..sample::opened().facts.numbers });
        facts.told_at = Some(sample::at("2026-11-21T13:05:00Z"));
        changed(&facts, &Clock::of(&facts.zone, facts.at))
    }

    #[test]
    fn a_follow_up_tells_the_numbers_then_and_now() {
        let mut facts = sample::worse().facts;
        facts.told_drivers = vec!["source Play".to_owned(), "country se".to_owned()];
        assert_eq!(
            told(facts),
            [
                "Since the last notice (14:05, 3 h 55 min ago): 112 complaints instead of 47, 19 times the usual instead of 7.8.",
                "New driver: version 5.2.0.",
                "No driver any more: country se."
            ]
        );
    }

    #[test]
    fn what_did_not_change_is_said_too() {
        let mut facts = sample::opened().facts;
        facts.event = Event::Reminder;
        facts.at = sample::at("2026-11-22T13:05:00Z");
        facts.told_drivers = vec!["Play".to_owned(), "version 5.2.0".to_owned()];
        assert_eq!(told(facts), ["Since the last notice (21 Nov 14:05, 1 d ago): 47 complaints as then."]);
    }

    #[test]
    fn a_measure_is_told_by_its_own_number() {
        let mut facts = sample::fallen().facts;
        facts.event = Event::Worse;
        facts.told_numbers = Some(facts.numbers.clone());
        facts.numbers.mean = facts.numbers.mean.map(|mean| crate::domain::incident::Mean { value: 2.1, ..mean });
        let clock = Clock::of("UTC", facts.at);
        assert_eq!(changed(&facts, &clock), ["Since the last notice: mean rating 2.1 instead of 2.9."]);
    }

    #[test]
    fn the_first_notice_has_no_news_but_of_its_way() {
        let mut facts = sample::opened().facts;
        assert_eq!(told(facts.clone()), Vec::<String>::new());
        facts.instead_of = Some("Slack #support unreachable since 14:02 (HTTP 503)".to_owned());
        assert_eq!(told(facts), ["It comes this way instead of another: Slack #support unreachable since 14:02 (HTTP 503)."]);
    }
}
