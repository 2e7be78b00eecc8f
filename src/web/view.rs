//! The pages as HTML: small, without scripts, nothing from outside, readable on a phone and in the dark.

use chrono_tz::Tz;
use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Value;
use minijinja::context;
use minijinja::value::Serde;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::web::desk::Dossier;
use crate::web::desk::Message;
use crate::web::wish::Page;
use crate::web::wish::Wish;

/// Steps of a record that are shown, the newest ones.
const STEPS: usize = 100;

/// Which of the pages of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What it is, with everything behind it: `/i/ID`
    Whole,
    /// The buttons: `/a/ID/TICKET`
    Acts,
    /// How to make it quieter: `/i/ID/tune`
    Tune,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Acts => "acts",
            Self::Tune => "tune",
        }
    }

    /// From this page up to where `a/` and `i/` are. All links are relative, so that they also hold
    /// behind a proxy that puts a path before ours.
    fn up(self) -> &'static str {
        match self {
            Self::Whole => "../",
            Self::Acts | Self::Tune => "../../",
        }
    }
}

/// What the pages of an incident know beside it.
pub struct Visit<'a> {
    /// Which page.
    pub kind: Kind,
    /// The ticket.
    pub ticket: &'a str,
    /// Whom it was sent to.
    pub sent_to: &'a str,
    /// When it ends.
    pub ends: Timestamp,
    /// What the buttons send.
    pub page: Page,
    /// What makes them work.
    pub nonce: &'a str,
    /// A ticket for each of the quotes.
    pub quotes: Vec<Option<String>>,
    /// What became of a try to act.
    pub note: &'a str,
    /// Zone of the times.
    pub zone: Tz,
}

/// A page of an incident.
#[must_use]
pub fn incident(dossier: &Dossier, visit: &Visit<'_>) -> String {
    let incident = &dossier.incident;
    let by_hand = dossier.record.last().is_some_and(by_hand);
    let button = |wish: Wish| {
        let (label, hint) = words(wish, incident.state, visit);
        context! { value => wish.word(), label, hint }
    };
    let offered = Wish::offered(incident.state, by_hand, dossier.called_false.is_some());
    let acts: Vec<Value> = offered.into_iter().filter(|wish| visit.kind != Kind::Tune || quieter(*wish)).map(button).collect();
    let account = dossier.account.clone().unwrap_or_default();
    let quotes = account.quotes.iter().zip(&visit.quotes);
    let quotes: Vec<Value> = quotes.map(|(said, ticket)| context! { said => Value::from(Serde(said)), ticket }).collect();
    render(context! {
        kind => visit.kind.word(),
        up => visit.kind.up(),
        ticket => visit.ticket,
        note => visit.note,
        sent_to => visit.sent_to,
        ends => full(visit.ends, visit.zone),
        acts,
        nonce => visit.nonce,
        at => visit.page.at.timestamp(),
        seen => visit.page.seen.word(),
        record => record(&dossier.record, visit.zone),
        quotes,
        account => Value::from(Serde(&account)),
        watch => dossier.watch.as_ref().map(|watch| Value::from(Serde(watch))),
        ..seen(dossier, visit.zone)
    })
}

/// What a link that is too old still tells.
#[must_use]
pub fn expired(dossier: Option<&Dossier>, zone: Tz) -> String {
    let seen = dossier.map(|dossier| seen(dossier, zone)).unwrap_or_default();
    render(context! { kind => "expired", known => dossier.is_some(), ..seen })
}

/// A message.
#[must_use]
pub fn message(message: &Message, sent_to: &str, ends: Timestamp, zone: Tz) -> String {
    render(context! { kind => "message", message => Value::from(Serde(message)), sent_to, ends => full(ends, zone) })
}

/// A page of a few words.
#[must_use]
pub fn words_alone(title: &str, text: &str) -> String {
    render(context! { kind => "words", title, text })
}

/// What every page of an incident says of it.
fn seen(dossier: &Dossier, zone: Tz) -> Value {
    let incident = &dossier.incident;
    context! {
        id => incident.id.clone(),
        title => dossier.title.clone(),
        state => stands(incident, dossier.record.last(), zone),
        level => incident.level.word(),
        since => full(incident.since, zone),
        segment => incident.key.segment.to_string(),
        watch_name => incident.key.watch.clone(),
        called_false => dossier.called_false.clone(),
    }
}

/// `Acknowledged by link sent to anna@example.com, Sat 21 Nov 2026 14:05 CET`
fn stands(incident: &Incident, last: Option<&Transition>, zone: Tz) -> String {
    let word = match incident.state {
        State::Pending => "Not sure yet",
        State::Open => "Open",
        State::Acknowledged => "Acknowledged",
        State::Snoozed => "Quiet",
        State::Recovering => "Calming down",
        State::Resolved => "Over",
        State::Closed => "Over for good",
    };
    let until = incident.snoozed_until.map(|until| format!(" until {}", full(until, zone))).unwrap_or_default();
    let by = last.filter(|last| by_hand(last)).map(|last| format!(", by {}, {}", last.who, full(last.at, zone))).unwrap_or_default();
    format!("{word}{until}{by}")
}

fn by_hand(step: &Transition) -> bool {
    !matches!(step.who.as_str(), "detector" | "clock")
}

fn record(record: &[Transition], zone: Tz) -> Vec<Value> {
    let step = |step: &Transition| {
        let (why, who) = (&step.why, &step.who);
        context! { at => full(step.at, zone), from => step.from.map(State::word), to => step.to.word(), why, who }
    };
    record.iter().rev().take(STEPS).map(step).collect()
}

/// What a button says, and what it does.
fn words(wish: Wish, state: State, visit: &Visit<'_>) -> (&'static str, String) {
    let until = |hours| format!("until {}, unless it turns critical", full(visit.page.quiet_until(hours), visit.zone));
    match wish {
        Wish::Acknowledge => ("I am on it", "no further alert unless it gets worse".to_owned()),
        Wish::Snooze(hours @ ..=4) => ("Quiet for 4 hours", until(hours)),
        Wish::Snooze(hours @ ..=24) => ("Quiet for a day", until(hours)),
        Wish::Snooze(hours) => ("Quiet for 3 days", until(hours)),
        Wish::Resolve => ("It is over", "the cause was mended; everybody who was alerted hears of it".to_owned()),
        Wish::FalseAlarm => ("False alarm", "there was no trouble; the watch learns from it".to_owned()),
        Wish::Real => ("It was no false alarm", "takes back that there was no trouble".to_owned()),
        Wish::Undo => match state {
            State::Acknowledged => ("Undo: nobody is on it", "as if it had never been acknowledged".to_owned()),
            State::Snoozed => ("Undo: no more quiet", "alerts come again at once".to_owned()),
            _ => ("Undo: it is not over", "everybody who was alerted hears of it".to_owned()),
        },
    }
}

/// Buttons that make an incident quieter.
fn quieter(wish: Wish) -> bool {
    matches!(wish, Wish::Snooze(_) | Wish::FalseAlarm | Wish::Real | Wish::Undo)
}

fn full(at: Timestamp, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}

fn render(values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .render_str(include_str!("page.html"), values)
        .expect("the template is a part of the program, and its tests render every branch of it")
}
