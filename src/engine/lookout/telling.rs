//! Who is told what of a step, and what the log says of it.

use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::measure::Measure;
use crate::domain::notice::Event;
use crate::domain::ports::Change;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::engine::facts;
use crate::engine::facts::Case;
use crate::engine::lookout::Look;
use crate::engine::lookout::Lookout;
use crate::engine::picture::Picture;
use crate::host::clock::Clock;
use crate::incident::step::Audience;
use crate::incident::step::Step;

impl<S: Ingest + Incidents> Lookout<S> {
    /// Works out who is told what of a step.
    pub(super) async fn change(
        &self,
        look: &Look<'_>,
        before: Option<&Incident>,
        step: Step,
        now: Timestamp,
    ) -> Result<Change, StoreError> {
        let rows = if step.event.is_some() {
            let ask = facts::ask(look.watch, &step.incident, now);
            let evidence = self.store.evidence(ask.clone()).await?;
            let picture = Picture::draw(&self.store, &self.plan, look.watch, look.calibration, &step.incident.key, now).await?;
            let (plan, watch, fresh, due) = (&*self.plan, look.watch, look.fresh, Clock::real().now());
            let silences = &*self.silences;
            Case { plan, watch, before, step: &step, ask: &ask, evidence: &evidence, picture: &picture, fresh, now, silences, due }.rows()
        } else {
            Vec::new()
        };
        Ok(self.written(step, rows))
    }

    pub(super) fn written(&self, mut step: Step, rows: Vec<NewRow>) -> Change {
        facts::remember_drivers(&mut step, &rows);
        step.transition.config.clone_from(&self.plan.config.fingerprint);
        if rows.is_empty() && step.audience != Audience::Everybody {
            // No route adds anybody for this incident: a step that nobody sees is not for the record.
            "detector".clone_into(&mut step.transition.who);
        } else {
            self.tell_log(&step);
        }
        Change { seen: step.seen, incident: step.incident, transition: step.transition, rows }
    }

    fn tell_log(&self, step: &Step) {
        let incident = &step.incident;
        let Some(event) = step.event else {
            let (id, state, why) = (incident.id.as_str(), incident.state, step.transition.why.as_str());
            if step.transition.from != Some(state) {
                info!(incident = id, "incident {id} of {} is {state} ({why})", incident.key);
            }
            return;
        };
        let title = self.plan.title(&incident.key);
        let (count, usual) = (incident.numbers.count, incident.numbers.expected);
        let hours = incident.numbers.window_seconds as f64 / 3600.0;
        let id = incident.id.as_str();
        let (watch, theme) = (incident.key.watch.as_str(), incident.key.theme.as_str());
        if event == Event::Resolved {
            info!(incident = id, watch, theme, "incident {id} is over");
            return;
        }
        let (level, segment) = (incident.level, &incident.key.segment);
        let event = match step.audience {
            Audience::Everybody => event.to_string(),
            Audience::Added(number) => format!("escalated, step {number}"),
        };
        if incident.key.kind == Kind::NoData {
            warn!(incident = id, watch, theme, "incident {id} {event} ({level}): {watch} {}", step.transition.why);
            return;
        }
        if let (Some(mean), Some(_)) = (incident.numbers.mean, Measure::of(&incident.key)) {
            warn!(
                incident = id,
                watch, theme, "incident {id} {event} ({level}): {title} {:.1} in {hours} h, {:.1} usual; {segment}", mean.value, mean.usual
            );
            return;
        }
        warn!(
            incident = id,
            watch, theme, "incident {id} {event} ({level}): {count} complaints about {title} in {hours} h, {usual:.1} usual; {segment}"
        );
    }
}
