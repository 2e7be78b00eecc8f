//! Gives stored messages the labels that a configuration asks for the first time, so that a new
//! segment has its history before it is judged.
//!
//! It goes on beside polling and judging, a page a transaction, and after a restart where it was.
//! Until it is done the segments of these labels are not judged; what it moves is history and alerts
//! nobody.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::settings::Watch;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Counters;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::Labelled;
use crate::domain::ports::Labelling;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredFields;
use crate::engine::intake;
use crate::engine::plan::Plan;
use crate::engine::plan::USUAL_LABELS;

/// Messages of one transaction.
const PAGE: u32 = 500;

/// Notes what has to be built, so that nothing of it is judged before it is.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub async fn begin(store: &(impl Ingest + Incidents), plan: &Plan) -> Result<(), StoreError> {
    let wanted = wanted(plan);
    let stored = store.labelling().await?;
    let known = match &stored {
        Some(known) => known.clone(),
        None => found(store, &wanted).await?,
    };
    let next = next(&known, &wanted);
    if stored.as_ref() != Some(&next) {
        store.commit_labelled(Labelled { items: Vec::new(), labelling: next }).await?;
    }
    Ok(())
}

/// Builds what is missing. Ends early, to go on there, when `stop` is cancelled.
///
/// # Errors
///
/// [`StoreError`] when the database fails; the next start goes on where it was.
pub async fn finish(store: &impl Ingest, plan: &Plan, stop: &CancellationToken) -> Result<(), StoreError> {
    let Some(mut labelling) = store.labelling().await?.filter(|labelling| !labelling.building.is_empty()) else { return Ok(()) };
    let asked: Vec<String> = labelling.building.iter().filter(|label| !label.contains('@')).cloned().collect();
    let mut messages = 0;
    while !stop.is_cancelled() {
        let page = store.fields_after(labelling.done_to, PAGE).await?;
        messages += page.len();
        let finished = page.is_empty();
        labelling.done_to = page.last().map_or(labelling.done_to, |fields| fields.item);
        if finished {
            labelling.built.append(&mut labelling.building);
        }
        let items = page.into_iter().map(|fields| (fields.item, labels(plan, &fields))).collect();
        store.commit_labelled(Labelled { items, labelling: labelling.clone() }).await?;
        if finished {
            if messages > 0 && !asked.is_empty() {
                info!(messages, "segments by {} were built from {messages} stored messages", asked.join(", "));
            }
            return Ok(());
        }
    }
    Ok(())
}

fn labels(plan: &Plan, stored: &StoredFields) -> BTreeMap<String, String> {
    let nothing = BTreeMap::new();
    let source = plan.config.sources.iter().find(|source| source.name == stored.source);
    intake::labels(&plan.label_keys, source.map_or(&nothing, |source| &source.labels), stored.lang.as_deref(), &stored.fields)
}

/// Labels that a watch is split by and no message of its sources has, in a store that has messages:
/// each with the name of its watch.
#[must_use]
pub fn missing<'a>(watches: &'a [Watch], counters: &Counters, unfinished: &BTreeSet<String>) -> Vec<(&'a str, &'a str)> {
    let has = |label: &str| counters.segments.values().any(|segment| matches!(segment, Segment::Label { key, .. } if key == label));
    let of = |watch: &'a Watch| watch.by.iter().map(move |label| (watch.name.as_str(), label.as_str()));
    watches.iter().flat_map(of).filter(|(_, label)| !has(label) && !unfinished.contains(*label)).collect()
}

/// Every label that messages are to have. One that a source gives stands for itself: it may be
/// newer than the others of its key.
fn wanted(plan: &Plan) -> BTreeSet<String> {
    let given = plan.config.sources.iter().flat_map(|source| {
        let of = source.labels.iter().filter(|(key, _)| plan.label_keys.contains(*key));
        of.map(|(key, value)| format!("{key}@{}={value}", source.name))
    });
    plan.label_keys.iter().cloned().chain(given).collect()
}

/// What a store has that nobody ever noted it of: the usual labels, and whatever it has segments of.
async fn found(store: &impl Incidents, wanted: &BTreeSet<String>) -> Result<Labelling, StoreError> {
    let nothing = store.first_quarter().await?.is_none();
    let segments = store.counters(Quarter(0)..Quarter(0)).await?.segments;
    let has = |label: &str| {
        let (key, given) = label.split_once('@').map_or((label, None), |(key, given)| (key, given.split_once('=')));
        segments.values().any(
            |segment| matches!(segment, Segment::Label { key: of, value } if of == key && given.is_none_or(|(_, given)| value == given)),
        )
    };
    let built = wanted.iter().filter(|label| nothing || USUAL_LABELS.contains(&label.as_str()) || has(label));
    Ok(Labelling { built: built.cloned().collect(), ..Labelling::default() })
}

/// What is to be done next. A label that nobody asks for any more is forgotten, for the messages
/// that come from now on will not have it.
fn next(known: &Labelling, wanted: &BTreeSet<String>) -> Labelling {
    let built: BTreeSet<String> = known.built.intersection(wanted).cloned().collect();
    let building: BTreeSet<String> = wanted.difference(&built).cloned().collect();
    let done_to = if building.is_subset(&known.building) { known.done_to } else { 0 };
    Labelling { done_to: if building.is_empty() { 0 } else { done_to }, built, building }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: &[&str]) -> BTreeSet<String> {
        labels.iter().map(|&label| label.to_owned()).collect()
    }

    #[test]
    fn only_what_is_new_is_built_and_a_build_that_was_cut_goes_on() {
        let known = Labelling { built: set(&["country"]), building: set(&["house"]), done_to: 70 };
        let same = next(&known, &set(&["country", "house"]));
        assert_eq!(same, known);
        let more = next(&known, &set(&["country", "house", "team@shop=blue"]));
        assert_eq!((more.done_to, more.building), (0, set(&["house", "team@shop=blue"])), "the first ones lack the new one");
        let done = next(&known, &set(&["country"]));
        assert_eq!(done, Labelling { built: set(&["country"]), ..Labelling::default() });
    }

    #[test]
    fn a_label_that_nobody_asked_for_in_the_meantime_is_built_again() {
        let known = Labelling { built: set(&["country", "house"]), ..Labelling::default() };
        let without = next(&known, &set(&["country"]));
        assert_eq!(next(&without, &set(&["country", "house"])).building, set(&["house"]));
    }
}
