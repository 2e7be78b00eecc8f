//! What a person does about an incident, from any process: one short transaction that carries the
//! version that was seen.

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Reason;
use crate::domain::incident::State;
use crate::domain::ports::Change;
use crate::domain::ports::Judged;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkChange;
use crate::domain::remark::RemarkKind;
use crate::domain::remark::Saying;
use crate::engine::bare;
use crate::engine::facts;
use crate::engine::facts::Case;
use crate::engine::labels;
use crate::engine::lookout::policy_of;
use crate::engine::picture::Picture;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::incident::step::Cause;
use crate::incident::step::Step;
use crate::incident::step::step;
use crate::store::sqlite::Direct;

/// What came of a person's act.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// The incident moved; this is how it stands now.
    Moved(Incident),
    /// It was over already, and counts as a false alarm from now on.
    Labelled(Incident),
    /// It was over already, and counts as a false alarm no more.
    Unlabelled(Incident),
    /// It is so already.
    Nothing(Incident),
}

/// Does it, tells whoever has to be told, and says what came of it. A false alarm is a label for
/// the calibration too, written in the same transaction; most alarms are over before somebody says
/// that they were false, so that an incident which is over can still be labelled.
///
/// # Errors
///
/// [`StoreError::Missing`] when there is no such incident, [`StoreError::Stale`] when the daemon moved
/// it again and again in the same moment.
pub fn act(store: &mut Direct, plan: &Plan, id: &str, act: &Act, who: &str, now: Timestamp) -> Result<Done, StoreError> {
    for _ in 1..TRIES {
        match act_once(store, plan, id, act, who, now) {
            // The lookout writes incidents too; whoever comes second looks again.
            Err(StoreError::Stale) => {}
            done => return done,
        }
    }
    act_once(store, plan, id, act, who, now)
}

/// Looks at an incident before a person is told that it moves too often.
const TRIES: usize = 4;

fn act_once(store: &mut Direct, plan: &Plan, id: &str, act: &Act, who: &str, now: Timestamp) -> Result<Done, StoreError> {
    let before = store.reader().incident(id)?.ok_or_else(|| StoreError::Missing(format!("there is no incident `{id}`")))?;
    let label = label(&before, act, who);
    let cause = Cause::Person(act.clone(), who.to_owned());
    let Some(mut step) = step(&plan.instance, &before.key, Some(&before), &cause, policy_of(plan, &before.key), now) else {
        return relabel(store, before, label);
    };
    step.transition.config.clone_from(&plan.config.fingerprint);
    let rows = rows(store, plan, &before, &step, now)?;
    facts::remember_drivers(&mut step, &rows);
    let after = step.incident.clone();
    let change = Change { incident: step.incident, seen: step.seen, transition: step.transition, rows };
    store.apply(&Judged { changes: vec![change], remarks: label.into_iter().collect(), ..Judged::default() })?;
    Ok(Done::Moved(after))
}

/// What an act says about whether the alert was false.
fn label(incident: &Incident, act: &Act, who: &str) -> Option<RemarkChange> {
    match act {
        Act::Resolve(Reason::FalseAlarm) => {
            let saying = Saying::FalseAlarm { incident: incident.id.clone(), key: incident.key.clone() };
            Some(RemarkChange::Put(Remark { id: 0, at: incident.opened_at, who: who.to_owned(), saying }))
        }
        Act::Resolve(_) | Act::Reopen => Some(RemarkChange::TakeBack(RemarkKind::FalseAlarm, incident.id.clone())),
        Act::Acknowledge | Act::Snooze(_) => None,
    }
}

/// Labels an incident that the act does not move.
fn relabel(store: &mut Direct, incident: Incident, label: Option<RemarkChange>) -> Result<Done, StoreError> {
    let over = matches!(incident.state, State::Resolved | State::Closed);
    let Some(label) = label.filter(|_| over) else { return Ok(Done::Nothing(incident)) };
    let labels = store.reader().labels()?.remarks;
    let labelled = labels.iter().any(|remark| remark.kind() == RemarkKind::FalseAlarm && remark.subject() == incident.id);
    let wanted = matches!(label, RemarkChange::Put(_));
    if labelled == wanted {
        return Ok(Done::Nothing(incident));
    }
    store.apply(&Judged { remarks: vec![label], ..Judged::default() })?;
    Ok(if wanted { Done::Labelled(incident) } else { Done::Unlabelled(incident) })
}

fn rows(store: &Direct, plan: &Plan, before: &Incident, step: &Step, now: Timestamp) -> Result<Vec<NewRow>, StoreError> {
    let Some(watch) = plan.watch(&before.key.watch).filter(|_| step.event.is_some() && before.key.kind != Kind::NoData) else {
        let silences = &store.reader().silences(Some(Clock::real().now()))?;
        return Ok(bare::Notice { plan, before: Some(before), step, silent: None, silences, due: Clock::real().now() }.rows());
    };
    let reader = store.reader();
    let ask = facts::ask(watch, &step.incident, now);
    let evidence = reader.evidence(&ask)?;
    let calibration = labels::of_watch(watch, &reader.labels()?, now);
    let picture = Picture::read(&reader, plan, watch, calibration, &before.key, now)?;
    let sources = watch.sources.len() as u32;
    let (before, fresh, due) = (Some(before), (sources, sources), Clock::real().now());
    let silences = &reader.silences(Some(due))?;
    Ok(Case { plan, watch, before, step, ask: &ask, evidence: &evidence, picture: &picture, fresh, now, silences, due }.rows())
}
