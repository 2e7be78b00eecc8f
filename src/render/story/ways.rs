//! What people can do about a notice: pages to open, or the commands that do the same.

use crate::domain::incident::Kind;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::render::pages::Pages;
use crate::render::pages::command_word;
use crate::render::story::Tune;
use crate::render::story::Way;
use crate::render::wording;
use crate::render::wording::Clock;

/// The first things to do.
pub(super) fn ways(facts: &Facts) -> Vec<Way> {
    let id = command_word(&facts.incident);
    let pages = Pages::of(facts);
    // Where one thing is told, there is no "all".
    let all = if matches!(facts.kind, Kind::NoData | Kind::Message) { "Details" } else { "All of them" };
    let ack = pages
        .as_ref()
        .map_or_else(|| Way::command("Acknowledge", format!("uproar incident ack {id}")), |pages| Way::link("Acknowledge", pages.ack()));
    let show = pages.map_or_else(|| Way::command(all, format!("uproar incident show {id}")), |pages| Way::link(all, pages.incident()));
    if stands(facts) { vec![ack, show] } else { vec![show] }
}

/// Whether there is anything left to take care of.
pub(super) fn stands(facts: &Facts) -> bool {
    facts.event != Event::Resolved
}

/// How to hear less of it, or more.
pub(super) fn tune(facts: &Facts) -> Tune {
    let title = if stands(facts) { "TOO MUCH, TOO LITTLE?" } else { "NOT OVER, OR NEVER TRUE?" };
    let (note, ways) = match Pages::of(facts) {
        Some(pages) if stands(facts) => {
            ("Snooze it, resolve it, or call it a false alarm:", vec![Way::link("Make it quieter", pages.tune())])
        }
        Some(pages) => ("Open it again, or call it a false alarm:", vec![Way::link("Correct it", pages.tune())]),
        None => ("", commands(facts).into_iter().map(|command| Way::command("", command)).collect()),
    };
    Tune { title, note, ways, settings: if stands(facts) { settings(facts) } else { String::new() } }
}

fn commands(facts: &Facts) -> Vec<String> {
    let id = command_word(&facts.incident);
    let resolve = |reason: &str| format!("uproar incident resolve {id} --reason {reason}");
    let explain = format!("uproar explain {id}");
    if !stands(facts) {
        return vec![format!("uproar incident reopen {id}"), resolve("false-alarm"), explain];
    }
    match facts.kind {
        Kind::SlowRise => vec![format!("uproar incident snooze {id} 7d"), resolve("other"), explain],
        Kind::NoData => vec![format!("uproar incident snooze {id} 1d"), "uproar status".to_owned()],
        Kind::Message => vec![format!("uproar incident snooze {id} 1d"), resolve("false-alarm")],
        Kind::Spike | Kind::Drop => vec![format!("uproar incident snooze {id} 2h"), resolve("false-alarm"), explain],
    }
}

/// What to change in the configuration.
fn settings(facts: &Facts) -> String {
    let budget = wording::amount(facts.false_alarms_per_year);
    match facts.kind {
        _ if facts.false_alarms_per_year <= 0.0 => String::new(),
        Kind::Spike | Kind::Drop => {
            format!("For good: false_alarms_per_year (now {budget}) and min_complaints (now {}) of the watch.", facts.min_complaints)
        }
        Kind::SlowRise => format!("For good: slow_rises_per_year (now {budget}) of the watch."),
        Kind::NoData | Kind::Message => String::new(),
    }
}

/// The last line: when people hear of it again.
pub(super) fn next(facts: &Facts, clock: &Clock) -> String {
    let reminder = facts.next_reminder.filter(|at| *at > facts.at).map(|at| format!(", as a reminder on {}", clock.full(at)));
    let reminder = reminder.unwrap_or_default();
    match facts.kind {
        _ if !stands(facts) || facts.over.is_some() => "Next mail: if it comes back.".to_owned(),
        Kind::Message => "Next mail: the next message of this kind.".to_owned(),
        Kind::NoData => format!("Next mail: when it is over{reminder}."),
        _ if reminder.is_empty() => "Next mail: if it gets worse, or when it is over.".to_owned(),
        _ => format!("Next mail: if it gets worse, when it is over{}.", reminder.replacen(", as", ", or as", 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn the_last_line_names_the_reminder_only_where_there_will_be_one() {
        let mut facts = sample::opened().facts;
        let said = |facts: &Facts| next(facts, &Clock::of(&facts.zone, facts.at));
        assert_eq!(said(&facts), "Next mail: if it gets worse, or when it is over.");
        facts.next_reminder = Some(sample::at("2026-11-22T13:05:00Z"));
        assert_eq!(said(&facts), "Next mail: if it gets worse, when it is over, or as a reminder on Sun 22 Nov 2026 14:05 CET.");
        facts.event = Event::Resolved;
        assert_eq!(said(&facts), "Next mail: if it comes back.");
    }

    #[test]
    fn with_pages_there_are_no_commands() {
        let facts = sample::linked(sample::opened()).facts;
        assert!(ways(&facts).iter().chain(&tune(&facts).ways).all(|way| way.link));
        let facts = sample::opened().facts;
        assert!(ways(&facts).iter().chain(&tune(&facts).ways).all(|way| !way.link && way.how.starts_with("uproar ")));
    }

    #[test]
    fn what_is_over_is_not_acknowledged() {
        assert_eq!(ways(&sample::resolved().facts).len(), 1);
    }
}
