//! What a person does about an incident, from any process: one short transaction that carries the
//! version that was seen.

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::ports::Change;
use crate::domain::ports::Judged;
use crate::domain::ports::StoreError;
use crate::engine::facts;
use crate::engine::facts::Case;
use crate::engine::plan::Plan;
use crate::incident::step::Cause;
use crate::incident::step::Policy;
use crate::incident::step::step;
use crate::store::sqlite::Direct;

/// Does it, tells whoever has to be told, and returns the incident as it is then; `None` when the
/// incident is already so.
///
/// # Errors
///
/// [`StoreError::Missing`] when there is no such incident, [`StoreError::Stale`] when the daemon
/// moved it in the same moment: try again.
pub fn act(store: &mut Direct, plan: &Plan, id: &str, act: &Act, who: &str, now: Timestamp) -> Result<Option<Incident>, StoreError> {
    let before = store.reader().incident(id)?.ok_or_else(|| StoreError::Missing(format!("there is no incident `{id}`")))?;
    let cause = Cause::Person(act.clone(), who.to_owned());
    let Some(step) = step(&plan.instance, &before.key, Some(&before), &cause, Policy::default(), now) else { return Ok(None) };
    let rows = match plan.watch(&before.key.watch) {
        Some(watch) if step.event.is_some() => {
            let ask = facts::ask(watch, &step.incident, now);
            let evidence = store.reader().evidence(&ask)?;
            let sources = watch.sources.len() as u32;
            Case {
                plan,
                watch,
                before: Some(&before),
                step: &step,
                ask: &ask,
                evidence: &evidence,
                fresh: (sources, sources),
                now,
                due: now,
            }
            .rows()
        }
        _ => Vec::new(),
    };
    let after = step.incident.clone();
    let change = Change { incident: step.incident, seen: step.seen, transition: step.transition, rows };
    store.apply(&Judged { changes: vec![change], ..Judged::default() })?;
    Ok(Some(after))
}
