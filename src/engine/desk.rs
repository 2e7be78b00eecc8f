//! What the pages behind links show and do, from the store and through the same acts as the
//! command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use tracing::info;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::notice::Event;
use crate::domain::ports::StoreError;
use crate::domain::remark::RemarkKind;
use crate::engine::acts;
use crate::engine::acts::Done;
use crate::engine::facts;
use crate::engine::facts::Case;
use crate::engine::labels;
use crate::engine::loops::Nudges;
use crate::engine::picture::Picture;
use crate::engine::plan::Plan;
use crate::engine::precision;
use crate::host::clock::Clock;
use crate::incident::step::Audience;
use crate::incident::step::Step;
use crate::render::calibrated;
use crate::render::page;
use crate::render::page::Account;
use crate::store::sqlite::Direct;
use crate::store::sqlite::Letter;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::reports::Reader;
use crate::web::desk::Answer;
use crate::web::desk::Desk;
use crate::web::desk::Dossier;
use crate::web::desk::Message;
use crate::web::desk::WatchLines;

/// Characters of a message that a page shows.
const WORDS: usize = 4000;
/// What a ticket says to whom it was sent when nobody of that name is configured any more.
const SOMEBODY: &str = "somebody who is alerted no more";

/// Answers for the pages, beside a running daemon.
pub(super) struct Counter {
    pub(super) plan: Arc<Plan>,
    pub(super) store: Sqlite,
    pub(super) clock: Clock,
    pub(super) nudges: Nudges,
}

impl Desk for Counter {
    fn now(&self) -> Timestamp {
        Clock::real().now()
    }

    fn clock(&self) -> Timestamp {
        self.clock.now()
    }

    fn zone(&self) -> Tz {
        self.plan.config.time_zone
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        self.plan.link_keys.as_ref().map(|keys| keys.all()).unwrap_or_default()
    }

    fn sent_to(&self, tag: [u8; 6]) -> String {
        self.plan.sent_to(tag).unwrap_or_else(|| SOMEBODY.to_owned())
    }

    fn incident(&self, id: String, in_full: bool) -> Answer<'_, Option<Dossier>> {
        let (plan, now) = (Arc::clone(&self.plan), self.clock.now());
        Box::pin(self.store.read(move |reader| dossier(reader, &plan, &id, in_full, now)))
    }

    fn message(&self, item: i64) -> Answer<'_, Option<Message>> {
        let plan = Arc::clone(&self.plan);
        Box::pin(self.store.read(move |reader| Ok(reader.letter(item)?.map(|letter| message(letter, &plan)))))
    }

    fn act(&self, id: String, act: Act, who: String) -> Answer<'_, ()> {
        let (plan, path, now) = (Arc::clone(&self.plan), self.store.path().to_owned(), self.clock.now());
        Box::pin(async move {
            let acted = tokio::task::spawn_blocking(move || {
                let mut store = Direct::open(&path).map_err(|error| StoreError::Broken(Box::new(error)))?;
                let done = acts::act(&mut store, &plan, &id, &act, &who, now)?;
                if !matches!(done, Done::Nothing(_)) {
                    info!(incident = id, "incident {id}: {act:?} by {who}");
                }
                Ok::<_, StoreError>(done)
            });
            acted.await.map_err(|error| StoreError::Broken(Box::new(error)))??;
            self.nudges.deliver_now();
            Ok(())
        })
    }
}

fn dossier(reader: &Reader<'_>, plan: &Plan, id: &str, in_full: bool, now: Timestamp) -> Result<Option<Dossier>, StoreError> {
    let Some(incident) = reader.incident(id)? else { return Ok(None) };
    let labels = reader.labels()?;
    let called = labels.remarks.iter().find(|remark| remark.kind() == RemarkKind::FalseAlarm && remark.subject() == id);
    let called_false = called.map(|remark| remark.who.clone());
    let record = reader.record(id)?;
    let watch = plan.watch(&incident.key.watch).filter(|_| in_full);
    let account = watch.map(|watch| account(reader, plan, watch, &incident, now)).transpose()?;
    let lines = watch.map(|watch| -> Result<WatchLines, StoreError> {
        let calibration = labels::of_watch(watch, &labels, now);
        let slow = incident.key.kind == Kind::SlowRise;
        let budget = if slow { watch.slow_rises_per_year } else { watch.false_alarms_per_year };
        Ok(WatchLines {
            name: watch.name.clone(),
            key: if slow { "slow_rises_per_year" } else { "false_alarms_per_year" },
            budget: budget.to_string(),
            min_complaints: watch.min_complaints,
            precision: precision::of_watch(&watch.name, &reader.incidents(true)?, &labels, now).sentence(),
            calibration: calibrated::sentence(&calibration, watch.false_alarms_per_year).filter(|_| !slow),
        })
    });
    let title = plan.title(&incident.key).to_owned();
    Ok(Some(Dossier { title, record, called_false, account, watch: lines.transpose()?, incident }))
}

/// What a notice would say, if one were due now; of what is over, what it said at its end.
fn account(reader: &Reader<'_>, plan: &Plan, watch: &Watch, incident: &Incident, now: Timestamp) -> Result<Account, StoreError> {
    let over = matches!(incident.state, State::Resolved | State::Closed);
    let at = incident.resolved_at.filter(|_| over).unwrap_or(now).min(now);
    let ask = facts::ask(watch, incident, at);
    let evidence = reader.evidence(&ask)?;
    let calibration = labels::of_watch(watch, &reader.labels()?, now);
    let picture = Picture::read(reader, plan, watch, calibration, &incident.key, at)?;
    let transition = Transition {
        at,
        from: Some(incident.state),
        to: incident.state,
        why: String::new(),
        who: "clock".to_owned(),
        numbers: incident.numbers.clone(),
        config: String::new(),
    };
    let event = if over { Event::Resolved } else { Event::Opened };
    let step = Step { incident: incident.clone(), seen: None, transition, event: Some(event), audience: Audience::Everybody };
    let sources = watch.sources.len() as u32;
    let case = Case {
        plan,
        watch,
        before: None,
        step: &step,
        ask: &ask,
        evidence: &evidence,
        picture: &picture,
        fresh: (sources, sources),
        now: at,
        silences: &[],
        due: at,
    };
    Ok(page::account(&case.facts(event), incident.resolved_at.filter(|_| over)))
}

fn message(letter: Letter, plan: &Plan) -> Message {
    let at = letter.at.with_timezone(&plan.config.time_zone).format("%a %-d %b %Y %H:%M %Z").to_string();
    let number = |value: f64| format!("{}", (value * 100.0).round() / 100.0);
    let mut facts = vec![("source".to_owned(), letter.source), ("time".to_owned(), at)];
    facts.extend(letter.rating.map(|(value, best)| ("rating".to_owned(), format!("{} of {}", number(value), number(best)))));
    // What the messages are split by is said once, as the source says it.
    let labels: BTreeMap<String, String> = letter.lang.map(|lang| ("language".to_owned(), lang)).into_iter().chain(letter.labels).collect();
    facts.extend(labels.into_iter().map(|(key, value)| (page::words(&key, 60), page::words(&value, 120))));
    let title = |theme: &String| plan.theme(theme).map_or_else(|| theme.clone(), |theme| theme.title.clone());
    Message {
        title: page::words(&letter.title, 300),
        text: page::words(&letter.text, WORDS),
        themes: letter.themes.iter().map(title).collect(),
        facts,
        link: letter.url.as_deref().and_then(page::link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::host::credentials::Credentials;
    use crate::store::sqlite::Keyring;
    use crate::text::ticket;

    const SMALL: &str = r#"
        base_url = "https://uproar.example.com"
        [[source]]
        name = "a"
        every = "1h"
        file = { folder = "a" }
        [[watch]]
        name = "w"
        themes = ["late"]
        notify = ["desk", "box"]
        [[theme]]
        name = "late"
        title = "parcels come late"
        rules = ["late"]
        [[target]]
        name = "desk"
        [target.email]
        to = ["anna@example.com", "bo@example.com"]
        from = "uproar@example.com"
        smtp = "mail.example.com:25"
        [[target]]
        name = "box"
        file = { folder = "mails" }
    "#;

    fn plan() -> Plan {
        let loaded = parse(&[Document { name: "u".to_owned(), text: SMALL.to_owned() }], &Credentials::of_this_process());
        let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems));
        Plan::build(config, &[7; 32]).unwrap().with_link_keys(Some(Arc::new(Keyring::of(vec![b"key".to_vec()]))))
    }

    #[test]
    fn a_message_is_shown_without_anything_that_names_its_writer() {
        let letter = Letter {
            source: "a".to_owned(),
            url: Some("https://shop.example/reviews/7?mail=anna@example.com".to_owned()),
            at: "2026-11-22T12:00:00Z".parse().unwrap(),
            rating: Some((1.0, 5.0)),
            title: "Late".to_owned(),
            text: "Write to anna@example.com or call +46 70 123 45 67.\n<b>Late!</b>".to_owned(),
            lang: Some("en".to_owned()),
            themes: vec!["late".to_owned(), "gone".to_owned()],
            labels: [("country".to_owned(), "se".to_owned()), ("language".to_owned(), "en".to_owned())].into(),
        };
        let message = message(letter, &plan());
        assert!(!message.text.contains("anna") && !message.text.contains("123 45") && !message.text.contains("<b>"), "{}", message.text);
        assert_eq!(message.themes, ["parcels come late", "gone"]);
        assert_eq!(message.link, None, "its address names somebody");
        let facts: Vec<String> = message.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(facts, ["source a", "time Sun 22 Nov 2026 12:00 UTC", "rating 1 of 5", "country se", "language en"]);
    }

    #[test]
    fn a_ticket_says_whom_it_was_sent_to_as_long_as_they_are_configured() {
        let plan = plan();
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let ticket = plan.ticket("i:i-1", "desk", "bo@example.com", at).unwrap();
        let tag = ticket::open(&plan.link_keys.as_ref().unwrap().all(), "i:i-1", &ticket, at).unwrap();
        assert_eq!(plan.sent_to(tag).as_deref(), Some("bo@example.com"));
        assert_eq!(plan.sent_to(ticket::tag("desk", "gone@example.com")), None);
        let config = crate::config::settings::Config { base_url: None, ..plan.config.clone() };
        let without = Plan { config, ..plan };
        assert_eq!(without.ticket("i:i-1", "desk", "bo@example.com", at), None, "no links without an address");
    }
}
