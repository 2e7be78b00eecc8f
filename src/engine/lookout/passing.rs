//! What moves incidents without a verdict: the clock, the configuration, and sources that fall
//! silent or are heard again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Reason;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::notice::Event;
use crate::domain::notice::SilentSource;
use crate::domain::ports::Change;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::StoreError;
use crate::domain::ruleset::Ruleset;
use crate::domain::trouble::Trouble;
use crate::engine::addressees;
use crate::engine::addressees::Subject;
use crate::engine::bare;
use crate::engine::hearing::known_from;
use crate::engine::hearing::waits_from;
use crate::engine::lookout::Look;
use crate::engine::lookout::Lookout;
use crate::engine::lookout::policy_of;
use crate::engine::plan::Plan;
use crate::engine::retag;
use crate::engine::silence_of_source;
use crate::engine::silence_of_source::Ailing;
use crate::host::clock::Clock;
use crate::incident::route::delays;
use crate::incident::step::Audience;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::step::step;

/// Who acknowledges the trouble of a source by pausing it; no person is called so.
const PAUSER: &str = "whoever paused it";

impl<S: Ingest + Incidents> Lookout<S> {
    /// Moves incidents on that only the clock or the configuration moves. Of those in `told` people
    /// hear at this look already.
    pub(super) async fn rest(
        &self,
        looks: &[Look<'_>],
        newest: &mut BTreeMap<SeriesKey, Incident>,
        told: &BTreeSet<SeriesKey>,
        ruleset: &Ruleset,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for (key, incident) in newest.iter_mut() {
            let look = looks.iter().find(|look| look.watch.name == key.watch);
            if look.is_none() && self.plan.watch(&key.watch).is_some_and(|watch| retag::waits(watch, ruleset)) {
                continue;
            }
            let stands = !matches!(incident.state, State::Resolved | State::Closed);
            let cause = if stands && !is_watched(&self.plan, key) {
                Cause::Person(Act::Resolve(Reason::Unwatched), "the configuration, which watches this no more".to_owned())
            } else {
                Cause::Clock
            };
            let policy = policy_of(&self.plan, key);
            let found = match step(&self.plan.instance, key, Some(incident), &cause, policy, now) {
                // Whatever else is due is told meanwhile.
                Some(found) if self.waits(&found, now) => {
                    let patient = Policy { escalations: Policy::default().escalations, ..policy };
                    step(&self.plan.instance, key, Some(incident), &cause, patient, now)
                }
                found => found,
            };
            let Some(step) = found else { continue };
            if step.event.is_some() && told.contains(key) {
                continue;
            }
            let before = incident.clone();
            let mut change = match look {
                Some(look) => self.change(look, Some(&before), step, now).await?,
                None => self.bare_change(Some(&before), step, None),
            };
            if let Some(known) = known_from(&change.rows, now, Clock::real().now()) {
                waits_from(Some(&before), &mut change.incident, known);
            }
            incident.clone_from(&change.incident);
            changes.push(change);
        }
        Ok(changes)
    }

    /// Whether a step of escalation has to wait for its routes to open, or for a silence to end.
    fn waits(&self, step: &Step, now: Timestamp) -> bool {
        let Audience::Added(number) = step.audience else { return false };
        let Step { incident, .. } = step;
        let routes = &self.plan.config.routes;
        let (sources, _) = addressees::told_by_watches(&self.plan.config, &incident.key);
        let driver = |told: &String| told.split_once(' ').map(|(label, value)| (label.to_owned(), value.to_owned()));
        let subject = Subject {
            key: &incident.key,
            level: incident.level,
            sources: &sources,
            drivers: incident.told_drivers.iter().filter_map(driver).collect(),
            escalated: incident.escalated,
        };
        let next = delays(routes).get(number as usize).copied().flatten();
        let later = next.zip(incident.unacked_since()).is_some_and(|(after, since)| now - since >= after);
        addressees::waits(&subject, routes, &self.silences, number, later, Clock::real().now())
    }

    /// Notes what is wrong with sources: with an incident of their own where it lasts, and beside
    /// those of the watches that are blind for it.
    pub(super) async fn listen(
        &self,
        ailing: &[Ailing],
        newest: &mut BTreeMap<SeriesKey, Incident>,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for (key, cause) in moves(&self.plan, ailing, newest) {
            let before = newest.get(&key).cloned();
            let policy = policy_of(&self.plan, &key);
            let Some(step) = step(&self.plan.instance, &key, before.as_ref(), &cause, policy, now) else { continue };
            newest.insert(key.clone(), step.incident.clone());
            let silent = if key.kind == Kind::NoData { self.known(before.as_ref(), &step, now).await? } else { None };
            let mut change = self.bare_change(before.as_ref(), step, silent);
            if let Some(known) = known_from(&change.rows, now, Clock::real().now()) {
                waits_from(before.as_ref(), &mut change.incident, known);
                newest.insert(key, change.incident.clone());
            }
            changes.push(change);
        }
        Ok(changes)
    }

    /// What there is to say of a source; of one that is back, what came late.
    async fn known(&self, before: Option<&Incident>, step: &Step, now: Timestamp) -> Result<Option<SilentSource>, StoreError> {
        let over = step.event == Some(Event::Resolved);
        let no_data = if over { before.and_then(|before| before.no_data.first()) } else { step.incident.no_data.first() };
        let Some(no_data) = no_data.filter(|_| step.event.is_some()) else { return Ok(None) };
        let streams = self.store.streams_in_brief(vec![no_data.source.clone()]).await?;
        let Some(known) = silence_of_source::known_of(&self.plan, no_data, &streams) else { return Ok(None) };
        let came_late = if over { silence_of_source::came_late(&self.store, no_data, now).await? } else { 0 };
        Ok(Some(SilentSource { came_late, ..known }))
    }

    /// The same of what no watch judges.
    fn bare_change(&self, before: Option<&Incident>, step: Step, silent: Option<SilentSource>) -> Change {
        let rows =
            bare::Notice { plan: &self.plan, before, step: &step, silent, silences: &self.silences, due: Clock::real().now() }.rows();
        self.written(step, rows)
    }
}

/// What the troubles of sources do to incidents.
fn moves(plan: &Plan, ailing: &[Ailing], newest: &BTreeMap<SeriesKey, Incident>) -> Vec<(SeriesKey, Cause)> {
    let by_name: BTreeMap<&str, &Ailing> = ailing.iter().map(|found| (found.no_data.source.as_str(), found)).collect();
    let told = ailing.iter().filter(|found| found.told);
    let mut moves: Vec<(SeriesKey, Cause)> = told.map(|found| (found.key(), Cause::Silent(found.no_data.clone()))).collect();
    for (key, incident) in newest {
        match silence_of_source::source_of(key) {
            Some(source) => match by_name.get(source) {
                None => moves.push((key.clone(), Cause::Heard(source.to_owned()))),
                // Whoever pauses it has seen that something is wrong with it ...
                Some(found) if found.no_data.trouble() == Trouble::Paused => {
                    moves.push((key.clone(), Cause::Person(Act::Acknowledge, PAUSER.to_owned())));
                }
                // ... and whoever resumes it wants to hear of what still is. What a person acknowledged stays so.
                Some(_) if incident.state == State::Acknowledged && incident.acked_by.as_deref() == Some(PAUSER) => {
                    moves.push((key.clone(), Cause::Person(Act::Reopen, "whoever resumed it".to_owned())));
                }
                Some(_) => {}
            },
            None if key.kind.is_judged() && !matches!(incident.state, State::Resolved | State::Closed) => {
                let counted = plan.watch(&key.watch).map(|watch| watch.sources.as_slice()).unwrap_or_default();
                let mine = counted.iter().filter_map(|name| by_name.get(name.as_str()).filter(|found| found.blinds()));
                let mine: Vec<&&Ailing> = mine.collect();
                let heard = incident.no_data.iter().filter(|known| !mine.iter().any(|found| found.no_data.source == known.source));
                moves.extend(heard.map(|known| (key.clone(), Cause::Heard(known.source.clone()))));
                moves.extend(mine.iter().map(|found| (key.clone(), Cause::Silent(found.no_data.clone()))));
            }
            None => {}
        }
    }
    moves
}

/// Whether the configuration still has the series. What is told message by message ends by itself.
pub(super) fn is_watched(plan: &Plan, key: &SeriesKey) -> bool {
    if key.kind == Kind::Message {
        return true;
    }
    if let Some(source) = silence_of_source::source_of(key) {
        return plan.sources.iter().any(|ready| ready.settings.name == source);
    }
    plan.watch(&key.watch).is_some_and(|watch| {
        let split = match &key.segment {
            Segment::All => true,
            Segment::Label { key, .. } => watch.by.contains(key),
        };
        let counted = match key.kind {
            Kind::Spike | Kind::SlowRise => watch.each.is_none() && watch.themes.contains(&key.theme),
            Kind::Drop => watch.measures.iter().any(|measure| measure.word() == key.theme),
            Kind::NoData | Kind::Message => true,
        };
        split && counted
    })
}
