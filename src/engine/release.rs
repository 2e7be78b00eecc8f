//! What silences held back, sent when they are over.

use tracing::info;

use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::domain::incident::SeriesKey;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::domain::ports::Held;
use crate::domain::ports::Incidents;
use crate::domain::ports::StoreError;
use crate::engine::addressees;
use crate::engine::addressees::Subject;

/// Sends the notices of open incidents that no silence holds back any more, each when its target
/// wants to be told. `now` is the real time. Returns how many.
///
/// # Errors
///
/// [`StoreError`]; they are held back until the next look then.
pub async fn release<S: Incidents>(store: &S, config: &Config, now: Timestamp) -> Result<usize, StoreError> {
    let held = store.held().await?;
    if held.is_empty() {
        return Ok(0);
    }
    let silences = store.silences(now).await?;
    let free: Vec<(String, Timestamp)> = held.into_iter().filter_map(|held| free(held, config, &silences, now)).collect();
    let count = free.len();
    if count > 0 {
        store.release(free).await?;
        info!("{count} notices go out that a silence held back");
    }
    Ok(count)
}

/// Id of a notice, and when it may be sent; `None` while a silence holds it.
fn free(held: Held, config: &Config, silences: &[Silence], now: Timestamp) -> Option<(String, Timestamp)> {
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
