//! Who is told of a step, through which target, and when.
//!
//! Pure. The watch names targets, routes add some, silences and quiet hours hold some back. Whoever
//! was told that something opened hears how it goes on, also when no route leads there any more: so
//! everybody is asked then, and the store refuses those who were never told.

use chrono::TimeDelta;

use crate::config::settings::Config;
use crate::config::settings::Target;
use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::matcher::Matcher;
use crate::domain::matcher::Silence;
use crate::domain::matcher::fits;
use crate::domain::notice::Event;
use crate::domain::notice::Role;
use crate::domain::notice::Share;
use crate::incident::route::Route;
use crate::incident::route::delays;
use crate::incident::step::Audience;

/// What there is to tell of.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject<'a> {
    /// Its series.
    pub key: &'a SeriesKey,
    /// How loud it is.
    pub level: Level,
    /// Names of the sources that its watch counts.
    pub sources: &'a [String],
    /// Labels and values that drive it.
    pub drivers: Vec<(String, String)>,
    /// Steps of escalation that were taken already.
    pub escalated: u32,
}

/// Why a target is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The watch names it.
    Notify,
    /// The route of this number does, from 0.
    Route(usize),
    /// The same, because nobody has acknowledged it for so long.
    Escalation {
        /// Number of the route, from 0.
        route: usize,
        /// How long.
        after: TimeDelta,
    },
    /// It was told that the incident opened; rows for a target that was not are refused.
    Told,
}

/// Why a target is not told after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Its `kinds` have no such event.
    Kind,
    /// The route is not open at this time.
    Hours,
    /// Only when nobody acknowledges it in time.
    NotYet,
}

/// A target and what is sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Name of the target.
    pub target: String,
    /// Why it is told.
    pub why: Why,
    /// When to send, in real time: the end of its quiet hours.
    pub due: Timestamp,
    /// Number of the silence that holds it back.
    pub held: Option<i64>,
    /// Why it is not told: for those who ask. Rows are made for the others alone.
    pub left_out: Option<LeftOut>,
}

impl Addressee {
    /// Whether the notice may be the first that the target hears of the incident.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        self.why != Why::Told
    }
}

/// Who is told. `now` is the real time, also while a recording is replayed.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "each is a different thing that decides it")]
pub fn addressees(
    subject: &Subject<'_>,
    notify: &[String],
    routes: &[Route],
    targets: &[Target],
    silences: &[Silence],
    audience: Audience,
    event: Event,
    now: Timestamp,
) -> Vec<Addressee> {
    let mut found = match audience {
        Audience::Everybody => named(subject, notify, routes, event, now),
        Audience::Added(step) => added(subject, routes, step, now),
    };
    if audience == Audience::Everybody && event != Event::Opened {
        let others = targets.iter().filter(|target| !found.iter().any(|(name, _, left_out)| *name == target.name && left_out.is_none()));
        let others: Vec<Candidate> = others.map(|target| (target.name.clone(), Why::Told, None)).collect();
        found.extend(others);
    }
    let held = is_held_back(event).then(|| silenced(silences, subject, now)).flatten();
    let addressee = |(name, why, left_out): Candidate| {
        let target = targets.iter().find(|target| target.name == name);
        let wants = target.is_none_or(|target| wants(target, event) || begins(event) && why != Why::Told && wants(target, Event::Opened));
        Addressee {
            due: target.map_or(now, |target| due(target, subject.level, event, now)),
            left_out: left_out.or_else(|| (!wants).then_some(LeftOut::Kind)),
            target: name,
            why,
            held,
        }
    };
    each_once(found).into_iter().map(addressee).collect()
}

/// A target, why it would be told, and why it is not.
type Candidate = (String, Why, Option<LeftOut>);

/// Those whom the watch names, and those whom routes add.
fn named(subject: &Subject<'_>, notify: &[String], routes: &[Route], event: Event, now: Timestamp) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = notify.iter().map(|target| (target.clone(), Why::Notify, None)).collect();
    if matches!(event, Event::Resolved | Event::Acked) {
        // Nobody hears of an incident first by its end.
        return found;
    }
    let steps = delays(routes);
    for (number, route) in routes.iter().enumerate().filter(|(_, route)| objection(&route.when, subject).is_none()) {
        let closed = route.hours.filter(|hours| !hours.holds(now)).map(|_| LeftOut::Hours);
        let (why, early) = match route.after {
            None => (Why::Route(number), None),
            Some(after) => {
                let taken = steps.iter().take(subject.escalated as usize).any(|step| *step == Some(after));
                (Why::Escalation { route: number, after }, (!taken).then_some(LeftOut::NotYet))
            }
        };
        found.extend(route.to.iter().map(|target| (target.clone(), why.clone(), closed.or(early))));
    }
    found
}

/// Those whom a step of escalation adds.
fn added(subject: &Subject<'_>, routes: &[Route], step: u32, now: Timestamp) -> Vec<Candidate> {
    let after = (step as usize).checked_sub(1).and_then(|step| delays(routes).get(step).copied().flatten());
    let Some(after) = after else { return Vec::new() };
    let due = routes.iter().enumerate().filter(|(_, route)| route.after == Some(after) && objection(&route.when, subject).is_none());
    due.flat_map(|(number, route)| {
        let closed = route.hours.filter(|hours| !hours.holds(now)).map(|_| LeftOut::Hours);
        route.to.iter().map(move |target| (target.clone(), Why::Escalation { route: number, after }, closed))
    })
    .collect()
}

/// Whether a step of escalation has to wait: all its routes are closed at this time, or a silence
/// holds back what they say. A step that was taken does not come back. `later` says that the next
/// one is due too, which nobody should miss because of a route that opens in the morning.
#[must_use]
pub fn waits(subject: &Subject<'_>, routes: &[Route], silences: &[Silence], step: u32, later: bool, now: Timestamp) -> bool {
    let told = added(subject, routes, step, now);
    let closed = !told.is_empty() && told.iter().all(|(.., left_out)| *left_out == Some(LeftOut::Hours));
    closed && !later || silenced(silences, subject, now).is_some()
}

/// Each target once, with the first reason for which it is told; or else with the first for which it is not.
fn each_once(found: Vec<Candidate>) -> Vec<Candidate> {
    let mut once: Vec<Candidate> = Vec::new();
    for candidate in found {
        match once.iter_mut().find(|(name, ..)| *name == candidate.0) {
            None => once.push(candidate),
            Some(known) if known.2.is_some() && candidate.2.is_none() => *known = candidate,
            Some(_) => {}
        }
    }
    once
}

/// Whether a target is told of such events at all.
#[must_use]
pub fn wants(target: &Target, event: Event) -> bool {
    let event = if event == Event::Storm { Event::Opened } else { event };
    event == Event::Test || target.kinds.is_empty() || target.kinds.contains(&event)
}

/// When something may be sent to a target. What is critical does not wait for the morning.
#[must_use]
pub fn due(target: &Target, level: Level, event: Event, now: Timestamp) -> Timestamp {
    let waits = level < Level::Critical && !matches!(event, Event::Acked | Event::Test);
    target.quiet.filter(|_| waits).map_or(now, |quiet| quiet.end(now))
}

/// Whether somebody who was not told of the beginning may be told of an incident with such a
/// notice: it stands. For them it opens.
#[must_use]
pub fn begins(event: Event) -> bool {
    matches!(event, Event::Worse | Event::Reminder | Event::Reopened)
}

/// Whether silences hold such events back. That something is over is always told to whoever was
/// told that it began.
fn is_held_back(event: Event) -> bool {
    matches!(event, Event::Opened | Event::Worse | Event::Reminder | Event::Reopened | Event::Storm)
}

/// The silence that holds at a moment for such a thing, by its number.
#[must_use]
pub fn silenced(silences: &[Silence], subject: &Subject<'_>, now: Timestamp) -> Option<i64> {
    let quiet = |silence: &&Silence| {
        let matcher = &silence.matcher;
        let loud = matcher.level.is_some_and(|most| subject.level > most);
        silence.holds(now) && !loud && objection(&Matcher { level: None, ..matcher.clone() }, subject).is_none()
    };
    silences.iter().find(quiet).map(|silence| silence.id)
}

/// Why a route is not for such a thing: its first condition that does not hold.
#[must_use]
pub fn objection(when: &Matcher, subject: &Subject<'_>) -> Option<String> {
    let SeriesKey { watch, theme, segment, kind } = subject.key;
    let any = |patterns: &[String], name: &str| patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name));
    let wanted = |patterns: &[String]| patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(" or ");
    if let Some(least) = when.level.filter(|least| subject.level < *least) {
        return Some(format!("level is {}, not {least}", subject.level));
    }
    if !any(&when.watches, watch) {
        return Some(format!("watch is `{watch}`, not {}", wanted(&when.watches)));
    }
    if !any(&when.themes, theme) {
        return Some(format!("theme is `{theme}`, not {}", wanted(&when.themes)));
    }
    if let Some(pattern) = when.segment.as_ref().filter(|pattern| !fits(pattern, &segment.to_string())) {
        return Some(format!("segment is `{segment}`, not `{pattern}`"));
    }
    let about = |label: &str, pattern: &str| {
        let here = matches!(segment, Segment::Label { key, value } if key == label && fits(pattern, value));
        here || subject.drivers.iter().any(|(key, value)| key == label && fits(pattern, value))
    };
    if let Some((label, pattern)) = when.labels.iter().find(|(label, pattern)| !about(label, pattern)) {
        return Some(format!("it is neither about {label} `{pattern}` nor driven by it"));
    }
    if !when.sources.is_empty() && !subject.sources.iter().any(|source| any(&when.sources, source)) {
        return Some(format!("its watch does not count the source {}", wanted(&when.sources)));
    }
    if !when.kinds.is_empty() && !when.kinds.contains(kind) {
        return Some(format!("kind is {kind}, not {}", when.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" or ")));
    }
    None
}

/// Labels and values that drive what is told, of its breakdown.
#[must_use]
pub fn drivers_of(breakdown: &[Share]) -> Vec<(String, String)> {
    let drives = |share: &&Share| matches!(share.role, Role::Driver | Role::NewDriver);
    breakdown.iter().filter(drives).map(|share| (share.key.clone(), share.value.clone())).collect()
}

/// Names of the sources that a series counts, and of the targets that are told of it without a
/// route. A source that is silent is the business of all watches that count it.
#[must_use]
pub fn told_by_watches(config: &Config, key: &SeriesKey) -> (Vec<String>, Vec<String>) {
    let silent = key.watch.strip_prefix("source:").filter(|_| key.kind == Kind::NoData);
    let Some(source) = silent else {
        let watch = config.watches.iter().find(|watch| watch.name == key.watch);
        return watch.map(|watch| (watch.sources.clone(), watch.notify.clone())).unwrap_or_default();
    };
    let mut notify: Vec<String> = Vec::new();
    for watch in config.watches.iter().filter(|watch| watch.sources.iter().any(|name| name == source)) {
        notify.extend(watch.notify.iter().filter(|target| !notify.contains(target)).cloned().collect::<Vec<_>>());
    }
    (vec![source.to_owned()], notify)
}

#[cfg(test)]
mod tests;
