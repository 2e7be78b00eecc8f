//! Notices with nothing but words: of sources that are silent, and of watches that are gone. There
//! is no series behind them to draw, and there are no messages to quote.

use std::collections::BTreeSet;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::SilentSource;
use crate::domain::ports::NewRow;
use crate::engine::addressees::Subject;
use crate::engine::addressees::addressees;
use crate::engine::facts;
use crate::engine::plan::Plan;
use crate::engine::silence_of_source::source_of;
use crate::incident::outbox::row_id;
use crate::incident::step::Step;

/// A step of an incident that no watch of the plan judges.
pub struct Notice<'a> {
    /// Themes, channels and names.
    pub plan: &'a Plan,
    /// The incident before the step.
    pub before: Option<&'a Incident>,
    /// What happens.
    pub step: &'a Step,
    /// What is known of the source that is silent.
    pub silent: Option<SilentSource>,
    /// When to send, in real time.
    pub due: Timestamp,
}

impl Notice<'_> {
    /// The rows that tell of it. A source is told of wherever its watches tell; that a watch is
    /// gone to whoever had heard of the incident, which the outbox sees to.
    #[must_use]
    pub fn rows(&self) -> Vec<NewRow> {
        let Some(event) = self.step.event else { return Vec::new() };
        let (plan, incident) = (self.plan, &self.step.incident);
        let facts = self.facts(event);
        let sources: Vec<String> = source_of(&incident.key).map(str::to_owned).into_iter().collect();
        let subject = Subject { key: &incident.key, level: incident.level, sources: &sources, drivers: Vec::new() };
        let (targets, routes) = (&plan.config.targets, &plan.config.routes);
        let told = addressees(&subject, &self.notify(event), routes, targets, &[], self.step.audience, event, self.due);
        let mut rows = Vec::new();
        for addressee in told.into_iter().filter(|addressee| addressee.left_out.is_none()) {
            let Some(channel) = plan.channels.get(&addressee.target).filter(|channel| channel.takes(event)) else { continue };
            for recipient in channel.recipients() {
                let id = |event, revision| row_id(&plan.instance, &facts.incident, event, revision, &addressee.target, &recipient);
                let ticket = plan.ticket(&format!("i:{}", facts.incident), &addressee.target, &recipient, facts.at);
                rows.push(NewRow {
                    id: id(event, facts.revision),
                    target: addressee.target.clone(),
                    facts: Facts {
                        root: (event != Event::Opened).then(|| id(Event::Opened, 1)),
                        ticket,
                        sent_to: if recipient.is_empty() { addressee.target.clone() } else { recipient.clone() },
                        ..facts.clone()
                    },
                    due: addressee.due,
                    held: addressee.held,
                    recipient,
                });
            }
        }
        rows
    }

    /// Targets to choose from.
    fn notify(&self, event: Event) -> Vec<String> {
        let key = &self.step.incident.key;
        if let (Kind::NoData, Some(source)) = (key.kind, source_of(key)) {
            let watches = self.plan.config.watches.iter().filter(|watch| watch.sources.iter().any(|name| name == source));
            let names: BTreeSet<&String> = watches.flat_map(|watch| &watch.notify).collect();
            if !names.is_empty() || event == Event::Opened {
                return names.into_iter().cloned().collect();
            }
        }
        self.plan.channels.keys().cloned().collect()
    }

    fn facts(&self, event: Event) -> Facts {
        let Self { plan, before, step, .. } = *self;
        let incident = &step.incident;
        let title = if incident.key.kind == Kind::NoData { "no data" } else { plan.title(&incident.key) };
        Facts {
            revision: incident.revision,
            watch: incident.key.watch.clone(),
            theme: incident.key.theme.clone(),
            theme_title: title.replace('_', " "),
            segment: incident.key.segment.clone(),
            kind: incident.key.kind,
            level: incident.level,
            told_level: before.map(|before| before.told_level),
            told_count: before.map(|before| before.told_count),
            since: incident.since,
            opened_at: incident.opened_at,
            zone: plan.config.time_zone.name().to_owned(),
            numbers: incident.numbers.clone(),
            peak: incident.peak,
            cause: facts::cause(&step.transition),
            base_url: plan.config.base_url.clone(),
            told_at: before.map(|before| before.told_at),
            told_numbers: before.and_then(|before| before.told_numbers.clone()),
            reminder: facts::reminder(plan, step),
            escalated: facts::escalated(plan, step),
            acked_by: incident.acked_by.clone(),
            dropped_ack: facts::dropped_ack(before, step),
            no_data: incident.no_data.clone(),
            earlier: incident.earlier.clone(),
            silent: self.silent.clone(),
            next_reminder: incident.remind_at,
            ..Facts::blank(event, &incident.id, step.transition.at)
        }
    }
}
