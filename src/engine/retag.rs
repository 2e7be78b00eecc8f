//! Brings the tags of stored messages up to the present rules before anything is judged.
//!
//! A theme that was added or changed would else have no history: its first complaints would be a
//! spike over nothing.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::domain::ports::Ingest;
use crate::domain::ports::Retagged;
use crate::domain::ports::Ruleset;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredText;
use crate::engine::plan::Plan;
use crate::host::beats::Beats;
use crate::host::beats::Loop;
use crate::tagging;

/// Messages of one transaction.
const PAGE: u32 = 1_000;

/// Tags what is stored under other rules. Ends early, to go on there, when `stop` is cancelled.
///
/// # Errors
///
/// [`StoreError`] when the database fails; the next start goes on where it was.
pub async fn bring_up_to_date(store: &impl Ingest, plan: &Arc<Plan>, beats: &Beats, stop: &CancellationToken) -> Result<(), StoreError> {
    let rules = plan.rules.fingerprint();
    let mut done_to = match store.ruleset().await? {
        Some(found) if found.rules == rules && found.finished => return Ok(()),
        Some(found) if found.rules == rules => found.done_to,
        _ => 0,
    };
    let mut changed = 0;
    loop {
        beats.beat(Loop::Judge);
        let texts = store.texts_after(done_to, PAGE).await?;
        let finished = texts.is_empty();
        done_to = texts.last().map_or(done_to, |text| text.item);
        let with = Arc::clone(plan);
        let tag = move |text: StoredText| (text.item, with.rules.tag(&tagging::Message::new(&text.title, &text.text)));
        let tagged = tokio::task::spawn_blocking(move || texts.into_iter().map(tag).collect::<Vec<_>>()).await;
        let items = tagged.map_err(|error| StoreError::Broken(Box::new(error)))?;
        changed += items.len();
        store.commit_retagged(Retagged { items, ruleset: Ruleset { rules: rules.clone(), done_to, finished } }).await?;
        if finished {
            if changed > 0 {
                let left = if plan.config.store.redact { " by what redaction left of their texts" } else { "" };
                info!(changed, "the theme rules have changed: {changed} stored messages were tagged again{left}");
            }
            return Ok(());
        }
        if stop.is_cancelled() {
            return Ok(());
        }
    }
}
