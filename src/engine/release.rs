//! What silences held back, sent when they are over.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use tracing::info;

use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::domain::ports::Change;
use crate::domain::ports::Held;
use crate::domain::ports::Incidents;
use crate::domain::ports::Judged;
use crate::domain::ports::StoreError;
use crate::engine::addressees;
use crate::engine::addressees::Subject;

/// Sends the notices of open incidents that no silence holds back any more, each when its target
/// wants to be told. `now` is the real time, `at` that of the looks: from then on somebody may
/// acknowledge what nobody knew of. Returns how many.
///
/// # Errors
///
/// [`StoreError`]; they are held back until the next look then.
pub async fn release<S: Incidents>(store: &S, config: &Config, now: Timestamp, at: Timestamp) -> Result<usize, StoreError> {
    let held = store.held().await?;
    if held.is_empty() {
        return Ok(0);
    }
    let silences = store.silences(now).await?;
    let mut told: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut free = Vec::new();
    for held in held {
        let incident = held.facts.incident.clone();
        if let Some((id, due)) = due(held, config, &silences, now) {
            let first = told.entry(incident).or_insert(due);
            *first = due.min(*first);
            free.push((id, due));
        }
    }
    let count = free.len();
    if count > 0 {
        store.release(free).await?;
        let newest = store.newest().await?.into_iter();
        let known = |incident: Incident| {
            let wait = (*told.get(&incident.id)? - now).max(TimeDelta::zero());
            known(&config.fingerprint, at + wait, at, incident)
        };
        let changes: Vec<Change> = newest.filter_map(known).collect();
        if !changes.is_empty() {
            store.apply(Judged { changes, ..Judged::default() }).await?;
        }
        info!("{count} notices go out that a silence held back");
    }
    Ok(count)
}

/// An incident for which nobody was late while nobody knew of it: somebody does `from` a moment on.
fn known(fingerprint: &str, from: Timestamp, at: Timestamp, incident: Incident) -> Option<Change> {
    if incident.state != State::Open || incident.escalated > 0 || incident.unacked_since()? >= from {
        return None;
    }
    let transition = Transition {
        at,
        from: Some(incident.state),
        to: incident.state,
        why: "told, now that nothing holds it back".to_owned(),
        who: "clock".to_owned(),
        numbers: incident.numbers.clone(),
        config: fingerprint.to_owned(),
    };
    let seen = Some(incident.version);
    let incident = Incident { version: incident.version + 1, unacked_since: Some(from), ..incident };
    Some(Change { incident, seen, transition, rows: Vec::new() })
}

/// Id of a notice, and when it may be sent; `None` while a silence holds it.
fn due(held: Held, config: &Config, silences: &[Silence], now: Timestamp) -> Option<(String, Timestamp)> {
    let facts = &held.facts;
    let (watch, theme, segment) = (facts.watch.clone(), facts.theme.clone(), facts.segment.clone());
    let key = SeriesKey { watch, theme, segment, kind: facts.kind };
    let (sources, _) = addressees::told_by_watches(config, &key);
    let drivers = addressees::drivers_of(&facts.breakdown);
    let subject = Subject { key: &key, level: facts.level, sources: &sources, drivers, escalated: 0 };
    if addressees::silenced(silences, &subject, now).is_some() {
        return None;
    }
    let target = config.targets.iter().find(|target| target.name == held.target);
    let due = target.map_or(now, |target| addressees::due(target, facts.level, Event::Opened, now));
    Some((held.id, due))
}
