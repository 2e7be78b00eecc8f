//! Keeps the database in bounds: old texts go, then what was told and what is long over; counters stay.

use chrono::TimeDelta;
use tracing::debug;
use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::engine::plan::Plan;
use crate::store::sqlite::Sqlite;

/// How often it looks, on the daemon's clock.
pub const PERIOD: TimeDelta = TimeDelta::hours(6);

/// Copies of messages that are older than this are counted by themselves.
const COPIED: TimeDelta = TimeDelta::weeks(4);
/// Whoever pushes messages tries for three days at most.
const DELIVERED: TimeDelta = TimeDelta::days(7);
/// Notices of incidents that are over are kept so long.
const TOLD: TimeDelta = TimeDelta::days(90);
/// Incidents that are over are kept so long, with their record.
const OVER: TimeDelta = TimeDelta::days(730);

/// Prunes once. A failure is told and tried again at the next round.
pub async fn tidy(store: &Sqlite, plan: &Plan, now: Timestamp) {
    let keep = &plan.config.store;
    if let Err(error) = store.forget_copies(now - COPIED).await {
        warn!("old keys of copies could not be removed: {error}; next try in {} h", PERIOD.num_hours());
    }
    if let Err(error) = store.forget_pushes(now - DELIVERED, now - COPIED).await {
        warn!("old deliveries could not be forgotten: {error}; next try in {} h", PERIOD.num_hours());
    }
    match store.prune(now - keep.keep_text, keep.max_size).await {
        Ok(0) => {}
        Ok(texts @ 1..100) => debug!(texts, "pruned {texts} texts"),
        Ok(texts) => info!(texts, "pruned {texts} texts; their counts, tags and incidents stay"),
        Err(error) => warn!("texts could not be pruned: {error}; next try in {} h", PERIOD.num_hours()),
    }
    if let Err(error) = store.prune_told(now - TOLD, now - OVER).await {
        warn!("old notices could not be removed: {error}; next try in {} h", PERIOD.num_hours());
    }
}
