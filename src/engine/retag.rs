//! Brings the tags of stored messages up to the present rules, beside polling and judging.
//!
//! A theme that was added or changed would else have no history: its first complaints would be a
//! spike over nothing. While history is half old and half new, the watches of the themes that
//! change wait; what has moved does not testify (`store/sqlite/moved.rs`).
//!
//! Messages go through three stages that work at the same time, one batch each: read, tagged on all
//! cores, written where a tag is another one. After a restart it goes on where it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::ports::Ingest;
use crate::domain::ports::StoreError;
use crate::domain::ruleset::NewTags;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessage;
use crate::domain::ruleset::StoredMessages;
use crate::domain::theme::RuleText;
use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::engine::plan::Plan;
use crate::engine::tagger;
use crate::engine::tagger::Said;
use crate::tagging::Rules;
use crate::text::hash;

/// Messages of a batch: what is tagged in well under a second, and written in one transaction.
const BATCH: u32 = 2_048;
/// Bytes of text that end a batch before: three of them are held at a time.
const BATCH_BYTES: usize = 8 << 20;

/// Notes which rules hold from now on, so that nothing is judged of a theme before its history is whole.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub async fn begin(store: &impl Ingest, plan: &Plan, now: Timestamp) -> Result<Ruleset, StoreError> {
    store.begin_rules(plan.rules.fingerprint(), fingerprints(&plan.config.themes), now).await
}

/// Tags again what has the tags of other rules. Ends early, to go on there, when `stop` is cancelled.
///
/// # Errors
///
/// [`StoreError`] when the database fails; the next start goes on where it was.
pub async fn finish(store: &impl Ingest, plan: &Arc<Plan>, stop: &CancellationToken) -> Result<(), StoreError> {
    let rules = plan.rules.fingerprint();
    let Some(ruleset) = store.ruleset().await?.filter(|ruleset| ruleset.rules == rules && !ruleset.finished) else { return Ok(()) };
    let waiting = named(&waiting(&plan.config.watches, &ruleset));
    info!("theme rules have changed: stored messages are tagged again in the background{waiting}");
    let (mut done_to, mut seen, mut changed) = (ruleset.done_to, 0, 0);
    let mut read = Some(store.messages_after(done_to, BATCH, BATCH_BYTES).await?);
    let mut tagged: Option<Retagged> = None;
    while read.is_some() || tagged.is_some() {
        let batch = read.take();
        let after = done_to;
        let last = batch.as_ref().and_then(|batch| batch.last);
        seen += batch.as_ref().map_or(0, |batch| batch.messages.len());
        done_to = last.unwrap_or(done_to);
        let round = async {
            let reading = async {
                let Some(last) = last else { return Ok(None) };
                store.messages_after(last, BATCH, BATCH_BYTES).await.map(Some)
            };
            let tagging = async {
                let Some(batch) = batch else { return Ok(None) };
                tag(Arc::clone(&plan.rules), batch, after).await.map(Some)
            };
            let writing = async {
                let Some(page) = tagged else { return Ok(()) };
                store.commit_retagged(page).await
            };
            tokio::try_join!(reading, tagging, writing)
        };
        (read, tagged) = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            done = round => done.map(|(read, tagged, ())| (read, tagged))?,
        };
        changed += tagged.as_ref().map_or(0, |page| page.items.len());
    }
    info!(seen, changed, "{seen} stored messages were tagged again, {changed} of them have other tags now");
    Ok(())
}

/// Tags a batch on all cores, and keeps what is to be written.
async fn tag(rules: Arc<Rules>, batch: StoredMessages, after: i64) -> Result<Retagged, StoreError> {
    let work = move || {
        let found = tagger::of_all(&batch.messages, |message| other_tags(&rules, message));
        Retagged {
            rules: rules.fingerprint(),
            items: found.into_iter().flatten().collect(),
            after,
            done_to: batch.last.unwrap_or(after),
            finished: batch.last.is_none(),
            without_text: batch.without_text,
            pruned_to: batch.pruned_to,
        }
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Broken(Box::new(error)))
}

/// What rules say of a stored message, where it is not what is stored.
fn other_tags(rules: &Rules, message: &StoredMessage) -> Option<NewTags> {
    let StoredMessage { title, text, rating, source, lang, .. } = message;
    let tags = tagger::tags(rules, &Said { title, text, rating: *rating, source, lang: lang.as_deref() });
    let has = |tags: &[Tag], tag: &Tag| tags.contains(tag);
    let same = tags.len() == message.tags.len() && tags.iter().all(|tag| has(&message.tags, tag));
    (!same).then_some(NewTags { item: message.item, rev: message.rev, tags })
}

/// For each theme what changes when it finds something else. Examples and titles find nothing.
fn fingerprints(themes: &[ThemeText]) -> BTreeMap<String, String> {
    let rule = |rule: &RuleText| RuleText { matches: Vec::new(), matches_not: Vec::new(), ..rule.clone() };
    let print = |theme: &ThemeText| {
        let rules = theme.rules.iter().map(rule).collect();
        let theme = ThemeText { title: String::new(), matches: Vec::new(), matches_not: Vec::new(), rules, ..theme.clone() };
        format!("{:016x}", hash::of_parts([format!("{theme:?}").as_str()]))
    };
    themes.iter().map(|theme| (theme.name.clone(), print(theme))).collect()
}

/// Watches that count a theme of which history is half old and half new.
#[must_use]
pub fn waiting<'a>(watches: &'a [Watch], ruleset: &Ruleset) -> Vec<&'a Watch> {
    watches.iter().filter(|watch| waits(watch, ruleset)).collect()
}

/// Whether a watch counts such a theme.
#[must_use]
pub fn waits(watch: &Watch, ruleset: &Ruleset) -> bool {
    watch.themes.iter().any(|theme| ruleset.moving.contains(theme))
}

/// How far the tagging has come, for people. `stored` is the number of the newest message.
#[must_use]
pub fn note(watches: &[Watch], ruleset: &Ruleset, stored: u64) -> Option<String> {
    if ruleset.finished {
        let messages = grouped(ruleset.without_text);
        return (ruleset.without_text > 0).then(|| format!("{messages} messages without a text keep the tags of older rules"));
    }
    let percent = ruleset.done_to.cast_unsigned().min(stored) * 100 / stored.max(1);
    Some(format!("re-tagging: {percent} % of {} messages{}", grouped(stored), named(&waiting(watches, ruleset))))
}

fn named(watches: &[&Watch]) -> String {
    let names: Vec<String> = watches.iter().map(|watch| format!("`{}`", watch.name)).collect();
    match names.len() {
        0 => String::new(),
        1 => format!("; watch {} waits", names[0]),
        _ => format!("; watches {} wait", names.join(", ")),
    }
}

/// `1,000,000`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
