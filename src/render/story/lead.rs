//! The first lines of a notice: what it is about, what happened, what is new since people were last
//! told, and what is usual.

use chrono::TimeDelta;

use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Segment;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::render::kinds;
use crate::render::shown;
use crate::render::story::silent;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most days off and silent sources that are told.
const HOLIDAYS: usize = 3;
const SILENT: usize = 5;

/// `OPENED - high - Sat 21 Nov 2026 14:05 CET`. The first word is the event's, by which people and
/// programs know what it is.
pub(super) fn headline(facts: &Facts, clock: &Clock) -> String {
    let time = clock.full(facts.at);
    let level = facts.level;
    let kind = match facts.kind {
        Kind::Spike | Kind::Drop => String::new(),
        Kind::SlowRise => "slow rise - ".to_owned(),
        Kind::NoData => "no data - ".to_owned(),
        Kind::Message => "one message - ".to_owned(),
    };
    let escalated = if facts.escalated.is_some() { " - escalated" } else { "" };
    match facts.event {
        Event::Worse => format!("WORSE - {kind}{}{escalated} - {time}", was(level, facts.told_level)),
        Event::Resolved => {
            let end = facts.window.map_or(facts.at, |(_, until)| until);
            format!("RESOLVED after {} - {time}", wording::lasting(end - facts.since))
        }
        Event::Opened if facts.over.is_some() => format!("OPENED and over again - {kind}{level} - {time}"),
        Event::Reminder => {
            let number = facts.reminder.filter(|_| facts.escalated.is_none()).map(|(this, of)| format!(" {this} of {of}"));
            format!("REMINDER{} - {kind}{level}{escalated} - {time}", number.unwrap_or_default())
        }
        Event::Reopened => {
            let ago = facts.resolved_at.filter(|over| facts.at - *over >= TimeDelta::minutes(1));
            let ago = ago.map(|over| format!(" (resolved {} ago)", wording::lasting(facts.at - over))).unwrap_or_default();
            format!("REOPENED - {kind}{level}{ago} - {time}")
        }
        event => format!("{} - {kind}{level}{escalated} - {time}", event.word().to_uppercase()),
    }
}

/// `critical (was high)`
fn was(level: Level, told: Option<Level>) -> String {
    match told.filter(|&told| told != level) {
        Some(told) => format!("{level} (was {told})"),
        None => level.to_string(),
    }
}

/// What happened, in one sentence with the number, then what is usual and how much of everything
/// that is.
pub(super) fn lead(facts: &Facts, clock: &Clock) -> Vec<String> {
    let part = part(&facts.segment);
    let cause = wording::name(&facts.cause);
    let what = what(facts, clock, &part);
    if facts.event == Event::Resolved {
        return resolved(facts, clock, &what, &cause);
    }
    let mut lead = vec![first(facts, &what)];
    lead.push(usual(facts, clock));
    lead.extend(share(facts));
    lead.extend(sureness(facts, clock));
    lead.extend(facts.holidays.iter().take(HOLIDAYS).map(|day| format!("{}.", wording::name(day))));
    if !cause.is_empty() {
        lead.push(format!("{}.", capitalised(&cause)));
    }
    lead.extend(people(facts));
    lead.extend(context(facts, clock));
    lead
}

/// What happened, as a clause.
fn what(facts: &Facts, clock: &Clock, part: &str) -> String {
    match facts.kind {
        Kind::NoData => silent::what(facts, clock),
        Kind::Message => format!("a message about \"{}\"", wording::name(&facts.theme_title)),
        Kind::Spike | Kind::SlowRise | Kind::Drop => kinds::what(facts, part).unwrap_or_else(|| {
            let complaints = wording::plural(&wording::amount(facts.numbers.count), "complaint");
            format!("{complaints} about \"{}\"{part} {}", wording::name(&facts.theme_title), when(facts, clock))
        }),
    }
}

fn first(facts: &Facts, what: &str) -> String {
    let told =
        facts.told_count.filter(|_| facts.told_numbers.is_none()).map(|told| format!("; you were told of {}", wording::amount(told)));
    match (facts.event, &facts.escalated) {
        (Event::Opened | Event::Reminder | Event::Worse, Some(why)) => format!("{}: {what}.", capitalised(&wording::name(why))),
        (Event::Worse, None) => format!("It got worse: {what}{}.", told.unwrap_or_default()),
        (Event::Reminder, None) => format!("It still stands: {what}."),
        (Event::Reopened, _) => match facts.cause.strip_prefix("by ").and_then(|cause| cause.split_once(':')) {
            Some((who, _)) => format!("{} took back that it is over: {what}.", capitalised(&wording::name(who))),
            None => format!("It is back: {what}."),
        },
        (Event::Acked, _) => match &facts.acked_by {
            Some(who) => format!("{} is on it: {what}.", wording::name(who)),
            None => format!("Somebody is on it: {what}."),
        },
        _ => format!("{}.", capitalised(what)),
    }
}

/// `in the last 6 hours`, or the days where they are long over: `on Tue 3 Nov`.
fn when(facts: &Facts, clock: &Clock) -> String {
    match facts.window {
        Some((from, until)) => clock.days(from, until),
        None => format!("in the last {}", wording::window(facts.numbers.window_seconds)),
    }
}

fn share(facts: &Facts) -> Option<String> {
    let numbers = &facts.numbers;
    let known = facts.kind == Kind::Spike && numbers.total > 0.0 && numbers.count.is_finite();
    let now = || wording::share(numbers.count / numbers.total);
    known.then(|| format!("Share of all messages: {} (usual {}).", now(), wording::share(numbers.usual_share)))
}

/// Since when, and how sure that is.
fn sureness(facts: &Facts, clock: &Clock) -> Option<String> {
    let began = shown::began(facts);
    let known = facts.kind == Kind::Spike && facts.window.is_none() && began < facts.at && facts.numbers.score > 0.0;
    let ago = wording::lasting(facts.at - began);
    known.then(|| format!("Since {}, {ago} ago; odds that it is no chance: {}.", clock.short(began), wording::odds(facts.numbers.score)))
}

/// Who is on it.
fn people(facts: &Facts) -> Option<String> {
    match (&facts.dropped_ack, &facts.acked_by) {
        (Some(who), _) => Some(format!("{} had acknowledged it; that does not count any more, for the level rose.", wording::name(who))),
        (None, Some(who)) if facts.event != Event::Acked => Some(format!("Acknowledged by {}.", wording::name(who))),
        _ => None,
    }
}

/// Messages that are counted only.
pub(in crate::render) fn more(facts: &Facts) -> Option<String> {
    (facts.more > 0).then(|| format!("And {} more of this kind, which are not told one by one.", facts.more))
}

/// What nobody may miss, however short it is told: who is on it, what is not known, what is only counted.
pub(in crate::render) fn aside(facts: &Facts, clock: &Clock) -> Vec<String> {
    if facts.event == Event::Storm {
        more(facts).into_iter().collect()
    } else {
        people(facts).into_iter().chain(context(facts, clock)).collect()
    }
}

/// What is to be known beside the numbers.
fn context(facts: &Facts, clock: &Clock) -> Vec<String> {
    let mut context = Vec::new();
    if facts.kind != Kind::NoData {
        let sources = facts.no_data.iter().take(SILENT);
        context.extend(sources.map(|silent| {
            let (name, says) = (wording::name(&silent.source), silent.trouble().says());
            format!("No data from \"{name}\", which {says} since {}: what is missing is not counted.", clock.short(silent.since))
        }));
    }
    if let Some(earlier) = &facts.earlier {
        context.push(format!("There was one of the same kind not long ago: {}.", wording::name(earlier)));
    }
    context.extend(more(facts));
    context
}

fn resolved(facts: &Facts, clock: &Clock, what: &str, cause: &str) -> Vec<String> {
    let numbers = &facts.numbers;
    let first = match cause {
        "" if facts.kind == Kind::NoData => silent::over(facts),
        "" => match kinds::measure(facts) {
            Some(measure) => kinds::calm(measure, &part(&facts.segment)),
            None => format!("Complaints about \"{}\"{} are as usual again.", wording::name(&facts.theme_title), part(&facts.segment)),
        },
        _ if cause.starts_with("by ") => format!("Resolved {cause}."),
        _ => format!("Resolved: {cause}."),
    };
    let mut told = vec![first];
    match facts.kind {
        Kind::NoData => told.extend(silent::lasted(facts, clock)),
        Kind::Message => {}
        Kind::SlowRise | Kind::Drop => {
            let still = if cause.is_empty() && kinds::still_bad(facts) { ", with what came before it calmed down" } else { "" };
            told.push(format!("{}{still}.", capitalised(what)));
        }
        Kind::Spike => {
            // The window still holds the loud hours when the calm ones after them end it.
            let still = if cause.is_empty() && numbers.count > numbers.usual.1 { ", from before it calmed down" } else { "" };
            let all = wording::plural(&facts.quotes_of.to_string(), "complaint");
            let window = wording::window(numbers.window_seconds);
            told.push(format!("{}{still}, where {} are usual {}.", capitalised(what), wording::amount(numbers.expected), range(facts)));
            told.push(format!("Since it began: {all}; at the peak {} in a window of {window}.", wording::amount(facts.peak)));
        }
    }
    told.extend(people(facts));
    told
}

/// `Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the usual, 41 more than expected.`
fn usual(facts: &Facts, clock: &Clock) -> String {
    match facts.kind {
        Kind::NoData => return silent::usual(facts),
        Kind::Message => return "Told by itself, whatever is usual: 1 message is enough.".to_owned(),
        Kind::Spike | Kind::SlowRise | Kind::Drop => {}
    }
    if let Some(usual) = kinds::usual(facts) {
        return usual;
    }
    let numbers = &facts.numbers;
    let last = facts.window.map_or(facts.at, |(_, until)| until - TimeDelta::seconds(1));
    let when = match numbers.window_seconds {
        ..86_400 => format!("at this time on a {}", clock.weekday(last)),
        86_400 => format!("for a {}", clock.weekday(last)),
        _ => "for so long a time".to_owned(),
    };
    let more = numbers.count - numbers.expected;
    let times = times(numbers.count, numbers.expected).map(|times| format!("{times} times the usual, ")).unwrap_or_default();
    let more = if more > 0.0 { format!(" That is {times}{} more than expected.", wording::amount(more)) } else { String::new() };
    format!("Usual {when}: {} {}.{more}", wording::amount(numbers.expected), range(facts))
}

/// A multiple of next to nothing impresses and says nothing.
pub(super) fn times(count: f64, expected: f64) -> Option<String> {
    let times = count / expected;
    (expected >= 1.0 && times.is_finite()).then(|| wording::amount(times))
}

/// `(range 2-11)`
fn range(facts: &Facts) -> String {
    let (low, high) = facts.numbers.usual;
    format!("(range {}-{})", wording::amount(low), wording::amount(high))
}

/// ` with country se`, or nothing for all messages.
pub(super) fn part(segment: &Segment) -> String {
    match segment {
        Segment::All => String::new(),
        Segment::Label { key, value } => format!(" with {} {}", wording::name(key), wording::name(value)),
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
