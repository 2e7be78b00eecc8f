//! From what there is to say to a row for each recipient.

use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Quote;
use crate::domain::ports::NewRow;
use crate::engine::addressees;
use crate::engine::addressees::Addressee;
use crate::engine::addressees::Subject;
use crate::engine::addressees::Why;
use crate::engine::addressees::addressees;
use crate::engine::addressees::begins;
use crate::engine::addressees::wants;
use crate::engine::plan::Plan;
use crate::incident::outbox::row_id;
use crate::incident::route::span;
use crate::incident::step::Audience;
use crate::incident::step::Step;

/// The rows that tell of a step, whose `facts` are the same for everybody but for the thread and the
/// tickets. `silences` are those that hold now, `now` is the real time.
#[must_use]
pub fn rows(plan: &Plan, step: &Step, facts: &Facts, silences: &[Silence], now: Timestamp) -> Vec<NewRow> {
    let Step { incident, audience, .. } = step;
    let (sources, notify) = addressees::told_by_watches(&plan.config, &incident.key);
    let subject = Subject {
        key: &incident.key,
        level: incident.level,
        sources: &sources,
        drivers: addressees::drivers_of(&facts.breakdown),
        escalated: incident.escalated,
    };
    let Config { routes, targets, .. } = &plan.config;
    let told = addressees(&subject, &notify, routes, targets, silences, *audience, facts.event, now);
    told.iter().filter(|addressee| addressee.left_out.is_none()).flat_map(|addressee| to(addressee, plan, step, facts)).collect()
}

/// A row for each recipient of a target. Behind a notice of how it goes on stands the opening, for
/// whoever has not been told of that: a route may lead there only now. The store takes the one or
/// the other, for an opening has the same id whenever it is told.
fn to(addressee: &Addressee, plan: &Plan, step: &Step, facts: &Facts) -> Vec<NewRow> {
    let (target, event) = (addressee.target.as_str(), facts.event);
    let Some(channel) = plan.channels.get(target) else { return Vec::new() };
    let takes = |event| channel.takes(event) && plan.target(target).is_none_or(|target| wants(target, event));
    let escalated = match addressee.why {
        Why::Escalation { after, .. } => Some(format!("nobody acknowledged it within {}", span(after))),
        _ => None,
    };
    let mut rows = Vec::new();
    for recipient in channel.recipients() {
        let id = |event, revision| row_id(&plan.instance, &facts.incident, event, revision, target, &recipient);
        let opening = id(Event::Opened, 1);
        let row = |id: String, facts: Facts| NewRow {
            id,
            target: target.to_owned(),
            facts: addressed(facts, plan, target, &recipient),
            due: addressee.due,
            held: addressee.held,
            recipient: recipient.clone(),
        };
        if event != Event::Opened && takes(event) {
            let escalated = escalated.clone().filter(|_| step.audience != Audience::Everybody);
            let facts = Facts { root: Some(opening.clone()), escalated, ..facts.clone() };
            rows.push(row(id(event, facts.revision), facts));
        }
        if event == Event::Opened || begins(event) && addressee.may_begin() && takes(Event::Opened) {
            rows.push(row(opening, Facts { escalated: escalated.clone(), ..facts.as_opening() }));
        }
    }
    rows
}

/// What one recipient is told, who gets tickets for the links.
fn addressed(facts: Facts, plan: &Plan, target: &str, recipient: &str) -> Facts {
    let ticket = |subject: String| plan.ticket(&subject, target, recipient, facts.at);
    let signed = |quote: Quote| Quote { ticket: quote.item.and_then(|item| ticket(format!("q:{item}"))), ..quote };
    Facts {
        ticket: ticket(format!("i:{}", facts.incident)),
        sent_to: if recipient.is_empty() { target.to_owned() } else { recipient.to_owned() },
        quotes: facts.quotes.iter().cloned().map(signed).collect(),
        ..facts
    }
}
