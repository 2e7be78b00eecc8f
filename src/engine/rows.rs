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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::domain::incident::Incident;
    use crate::domain::incident::Kind;
    use crate::domain::incident::Level;
    use crate::domain::incident::Numbers;
    use crate::domain::incident::Segment;
    use crate::domain::incident::SeriesKey;
    use crate::domain::incident::State;
    use crate::domain::incident::Transition;
    use crate::host::credentials::Credentials;

    const HOUSE: &str = r#"
        [[source]]
        name = "theatre"
        every = "1h"
        file = { folder = "a" }
        [[watch]]
        name = "evenings"
        themes = ["late"]
        notify = ["desk"]
        [[theme]]
        name = "late"
        rules = ["late"]
        [[route]]
        when = { level = "high" }
        to = ["leads"]
        [[route]]
        to = ["on-call"]
        after = "15m"
        [[target]]
        name = "desk"
        kinds = ["opened", "resolved"]
        file = { folder = "desk" }
        [[target]]
        name = "leads"
        [target.email]
        to = ["anna@theatre.example", "bo@theatre.example"]
        from = "uproar@theatre.example"
        smtp = "localhost:25"
        tls = "none"
        [[target]]
        name = "on-call"
        file = { folder = "on-call" }
    "#;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    /// `desk opened`, with a `+` behind the opening that the store takes instead.
    fn told(key: SeriesKey, level: Level, event: Event, audience: Audience) -> Vec<NewRow> {
        let documents = [Document { name: "uproar.toml".to_owned(), text: HOUSE.to_owned() }];
        let loaded = parse(&documents, &Credentials::of_this_process());
        let plan = Plan::build(loaded.config.unwrap(), &[7; 32]).unwrap();
        let incident = Incident { level, revision: 2, ..Incident::new("i-1".to_owned(), key, now()) };
        let transition = Transition {
            at: now(),
            from: Some(State::Open),
            to: State::Open,
            why: "spike".to_owned(),
            who: "detector".to_owned(),
            numbers: Numbers::default(),
            config: String::new(),
        };
        let step = Step { seen: Some(1), transition, event: Some(event), audience, incident };
        let facts = Facts { revision: 2, told_count: Some(5.0), ..Facts::blank(event, "i-1", now()) };
        rows(&plan, &step, &facts, &[], now())
    }

    fn key() -> SeriesKey {
        SeriesKey { watch: "evenings".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind: Kind::Spike }
    }

    fn words(rows: &[NewRow]) -> Vec<String> {
        rows.iter().map(|row| format!("{} {} {}", row.target, row.recipient, row.facts.event)).collect()
    }

    #[test]
    fn each_recipient_has_a_row_and_who_is_new_has_an_opening_behind_it() {
        let rows = told(key(), Level::High, Event::Worse, Audience::Everybody);
        let all = [
            "desk  opened",
            "leads anna@theatre.example worse",
            "leads anna@theatre.example opened",
            "leads bo@theatre.example worse",
            "leads bo@theatre.example opened",
            "on-call  worse",
        ];
        assert_eq!(words(&rows), all, "the desk wants no \"worse\"; those on call hear it if a step told them before");
        let [worse, opening] = &rows[1..3] else { unreachable!() };
        assert_eq!(worse.facts.root.as_ref(), Some(&opening.id), "what follows answers the beginning, whenever that was told");
        assert_eq!((opening.facts.root.as_ref(), opening.facts.told_count), (None, None));
        let first = told(key(), Level::High, Event::Opened, Audience::Everybody);
        assert_eq!(first[1].id, opening.id, "there is one beginning");
        assert_eq!(words(&first), ["desk  opened", "leads anna@theatre.example opened", "leads bo@theatre.example opened"]);
    }

    #[test]
    fn a_step_of_escalation_says_why_it_comes() {
        let rows = told(key(), Level::Low, Event::Reminder, Audience::Added(1));
        assert_eq!(words(&rows), ["on-call  reminder", "on-call  opened"]);
        for row in &rows {
            assert_eq!(row.facts.escalated.as_deref(), Some("nobody acknowledged it within 15 min"));
        }
        assert_eq!(told(key(), Level::Low, Event::Reminder, Audience::Added(2)), []);
    }

    #[test]
    fn a_silent_source_is_told_of_wherever_its_watches_tell() {
        let silent = |source: &str| SeriesKey {
            watch: format!("source:{source}"),
            theme: "no_data".to_owned(),
            segment: Segment::All,
            kind: Kind::NoData,
        };
        let opened = |source| words(&told(silent(source), Level::Medium, Event::Opened, Audience::Everybody));
        assert_eq!(opened("theatre"), ["desk  opened"]);
        assert_eq!(opened("elsewhere"), Vec::<String>::new());
    }
}
