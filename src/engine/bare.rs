//! Notices with nothing but words: of sources that something is wrong with, and of watches that are gone. There
//! is no series behind them to draw, and there are no messages to quote.

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::SilentSource;
use crate::domain::ports::NewRow;
use crate::engine::facts;
use crate::engine::plan::Plan;
use crate::engine::rows::rows;
use crate::engine::silence_of_source;
use crate::incident::step::Step;

/// A step of an incident that no watch of the plan judges.
pub struct Notice<'a> {
    /// Themes, channels and names.
    pub plan: &'a Plan,
    /// The incident before the step.
    pub before: Option<&'a Incident>,
    /// What happens.
    pub step: &'a Step,
    /// What is known of the source that something is wrong with.
    pub silent: Option<SilentSource>,
    /// Quiet that people asked for.
    pub silences: &'a [Silence],
    /// When to send, in real time.
    pub due: Timestamp,
}

impl Notice<'_> {
    /// The rows that tell of it. A source is told of wherever its watches tell; that a watch is
    /// gone to whoever had heard of the incident, which the outbox sees to.
    #[must_use]
    pub fn rows(&self) -> Vec<NewRow> {
        let Some(event) = self.step.event else { return Vec::new() };
        rows(self.plan, self.step, &self.facts(event), self.silences, self.due)
    }

    fn facts(&self, event: Event) -> Facts {
        let Self { plan, before, step, .. } = *self;
        let incident = &step.incident;
        let title = if incident.key.kind == Kind::NoData { "no data" } else { plan.title(&incident.key) };
        let known = incident.no_data.first().or_else(|| before.and_then(|before| before.no_data.first()));
        let known = known.filter(|_| incident.key.kind == Kind::NoData);
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
            resolved_at: before.and_then(|before| before.resolved_at),
            told_numbers: before.and_then(|before| before.told_numbers.clone()),
            reminder: facts::reminder(plan, step),
            acked_by: incident.acked_by.clone(),
            dropped_ack: facts::dropped_ack(before, step),
            no_data: incident.no_data.clone(),
            earlier: incident.earlier.clone(),
            // A reminder knows no more than the incident does.
            silent: self.silent.clone().or_else(|| known.map(|known| silence_of_source::bare_of(plan, known))),
            next_reminder: incident.remind_at,
            ..Facts::blank(event, &incident.id, step.transition.at)
        }
    }
}
