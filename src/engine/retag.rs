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

use crate::config::settings::Config;
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
use crate::domain::theme::ThemeText;
use crate::engine::cores::with_each;
use crate::engine::plan::Plan;
use crate::tagging::Message;
use crate::tagging::Rules;
use crate::tagging::model::join;
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
    store.begin_rules(plan.rules.fingerprint(), fingerprints(&plan.config), now).await
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
    let read = Some(store.messages_after(ruleset.done_to, BATCH, BATCH_BYTES).await?);
    let mut stages = Stages { store, rules: &plan.rules, read, tagged: None, done_to: ruleset.done_to };
    let (mut seen, mut changed) = (0, 0);
    while stages.read.is_some() || stages.tagged.is_some() {
        seen += stages.read.as_ref().map_or(0, |batch| batch.messages.len());
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            done = stages.advance() => done?,
        }
        changed += stages.tagged.as_ref().map_or(0, |page| page.items.len());
    }
    let left = if plan.config.store.redact { ", by what redaction left of their texts" } else { "" };
    info!(seen, changed, "{seen} stored messages were tagged again{left}, {changed} of them have other tags now");
    Ok(())
}

/// What is on its way: a batch that was read and one that was tagged.
struct Stages<'a, S> {
    store: &'a S,
    rules: &'a Arc<Rules>,
    read: Option<StoredMessages>,
    tagged: Option<Retagged>,
    /// The last message of what was tagged.
    done_to: i64,
}

impl<S: Ingest> Stages<'_, S> {
    /// Takes every batch one stage further, at the same time.
    async fn advance(&mut self) -> Result<(), StoreError> {
        let (batch, page, after) = (self.read.take(), self.tagged.take(), self.done_to);
        let last = batch.as_ref().and_then(|batch| batch.last);
        let reading = async {
            let Some(last) = last else { return Ok(None) };
            self.store.messages_after(last, BATCH, BATCH_BYTES).await.map(Some)
        };
        let tagging = async {
            let Some(batch) = batch else { return Ok(None) };
            tag(Arc::clone(self.rules), batch, after).await.map(Some)
        };
        let writing = async {
            let Some(page) = page else { return Ok(()) };
            self.store.commit_retagged(page).await
        };
        let (read, tagged, ()) = tokio::try_join!(reading, tagging, writing)?;
        (self.read, self.tagged, self.done_to) = (read, tagged, last.unwrap_or(after));
        Ok(())
    }
}

/// Tags a batch on all cores, and keeps what is to be written.
async fn tag(rules: Arc<Rules>, batch: StoredMessages, after: i64) -> Result<Retagged, StoreError> {
    let work = move || {
        let found = with_each(&batch.messages, |message| other_tags(&rules, message));
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
    let tags = rules.tag(&Message { title, text, lang: lang.as_deref(), rating: *rating, source });
    let same = tags.len() == message.tags.len() && tags.iter().all(|tag| message.tags.contains(tag));
    (!same).then_some(NewTags { item: message.item, rev: message.rev, tags })
}

/// For each theme what changes when it finds something else: its rules and what they hang on, and the
/// model that decides for it.
pub(super) fn fingerprints(config: &Config) -> BTreeMap<String, String> {
    let mut prints = of_rules(&config.themes);
    for model in &config.models.used {
        if let Some(print) = prints.get_mut(&model.theme) {
            *print = format!("{:016x}", hash::of_parts([print.as_str(), &join::fingerprint(std::slice::from_ref(model))]));
        }
    }
    prints
}

/// By theme: its own rules, those of the themes that they hang on, and the words of languages. Examples
/// and titles find nothing.
fn of_rules(themes: &[ThemeText]) -> BTreeMap<String, String> {
    let named = |name: &str| themes.iter().find(|theme| theme.name == name);
    let shared = themes.iter().map(|theme| &theme.shared).find(|shared| !shared.is_empty());
    let shared = format!("{shared:?}");
    let of = |theme: &ThemeText| {
        let mut parts = vec![theme.name.as_str()];
        let mut at = 0;
        while let Some(name) = parts.get(at) {
            let hangs_on = named(name).into_iter().flat_map(|theme| &theme.rules).flat_map(|rule| &rule.when_themes);
            let more: Vec<&str> = hangs_on.map(String::as_str).filter(|name| !parts.contains(name)).collect();
            parts.extend(more);
            at += 1;
        }
        let rules: Vec<String> = parts.into_iter().filter_map(named).map(findings).collect();
        format!("{:016x}", hash::of_parts(rules.iter().map(String::as_str).chain([shared.as_str()])))
    };
    themes.iter().map(|theme| (theme.name.clone(), of(theme))).collect()
}

/// A theme but for what decides nothing about a text.
fn findings(theme: &ThemeText) -> String {
    let rule = |rule: &RuleText| RuleText { matches: Vec::new(), matches_not: Vec::new(), ..rule.clone() };
    let (rules, nothing) = (theme.rules.iter().map(rule).collect(), ThemeText::default());
    format!("{:?}", ThemeText { name: theme.name.clone(), words: theme.words.clone(), rules, ..nothing })
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::config::settings::Models;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::engine::intake::Intake;
    use crate::host::credentials::Credentials;
    use crate::store::sqlite::Sqlite;
    use crate::tagging::model::file::Model;
    use crate::tagging::model::measure::Gain;
    use crate::tagging::model::measure::Verdicts;
    use crate::tagging::model::train::Comparison;

    const CONFIG: &str = r#"
        builtin_themes = false
        [[source]]
        name = "a"
        every = "1h"
        file = { folder = "a" }
        [[watch]]
        name = "one"
        themes = ["late", "cold"]
        [[watch]]
        name = "two"
        themes = ["cold"]
        [[theme]]
        name = "late"
        rules = ["LATE"]
        [[theme]]
        name = "cold"
        rules = ["cold"]
    "#;

    fn plan(rule: &str) -> Arc<Plan> {
        let document = Document { name: "u".to_owned(), text: CONFIG.replace("LATE", rule) };
        Arc::new(Plan::build(parse(&[document], &Credentials::of_this_process()).config.unwrap(), &[7; 32]).unwrap())
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minute)
    }

    /// A store with messages of a minute each; every seventh is late and every fifth tardy.
    async fn store(folder: &tempfile::TempDir, messages: i64) -> Sqlite {
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let plan = plan("late");
        begin(&store, &plan, at(0)).await.unwrap();
        let intake = Intake::new(&plan, &[7; 32], &plan.config.sources[0]);
        let prepared = |n: i64| {
            let said = [["", "late "][usize::from(n % 7 == 0)], ["", "tardy "][usize::from(n % 5 == 0)]].concat();
            intake.prepare(Item { id: n.to_string(), text: format!("{said}{n}"), published: Some(at(n)), ..Item::default() })
        };
        let stream = StreamKey { source: "a".to_owned(), shard: Shard::whole() };
        let (items, progress, now) = ((0..messages).map(prepared).collect(), Progress::None, at(messages));
        store.commit_page(PageCommit { stream, items, history: true, usual_delay: 0, progress, now }).await.unwrap();
        store
    }

    async fn tagged(store: &Sqlite, theme: &str) -> usize {
        let read = store.messages_after(0, 100_000, 1 << 24).await.unwrap();
        read.messages.iter().filter(|message| message.tags.iter().any(|tag| tag.theme == theme)).count()
    }

    #[tokio::test]
    async fn every_batch_is_tagged_and_only_what_changes_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let messages = i64::from(2 * BATCH + 100);
        let store = store(&folder, messages).await;
        let (before, wide) = (tagged(&store, "late").await, plan("late | tardy"));
        begin(&store, &wide, at(messages)).await.unwrap();
        finish(&store, &wide, &CancellationToken::new()).await.unwrap();
        let ruleset = store.ruleset().await.unwrap().unwrap();
        assert_eq!((ruleset.done_to, ruleset.finished, ruleset.moved.keys().map(String::as_str).collect()), (messages, true, vec!["late"]));
        let every = |n: usize| (messages as usize).div_ceil(n);
        assert_eq!((before, tagged(&store, "late").await), (every(7), every(7) + every(5) - every(35)));
        assert_eq!(store.read(|reader| Ok(reader.recount().unwrap())).await.unwrap(), []);
        // Nothing is left to do.
        finish(&store, &wide, &CancellationToken::new()).await.unwrap();
        assert_eq!(begin(&store, &wide, at(messages + 1)).await.unwrap(), ruleset);
    }

    #[tokio::test]
    async fn a_stop_leaves_the_rest_for_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let (store, wide) = (store(&folder, 50).await, plan("tardy"));
        begin(&store, &wide, at(50)).await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        finish(&store, &wide, &stop).await.unwrap();
        let ruleset = store.ruleset().await.unwrap().unwrap();
        let waiting: Vec<&str> = waiting(&wide.config.watches, &ruleset).iter().map(|watch| watch.name.as_str()).collect();
        assert_eq!((ruleset.done_to, ruleset.finished, waiting), (0, false, vec!["one"]));
        assert_eq!(note(&wide.config.watches, &ruleset, 50).unwrap(), "re-tagging: 0 % of 50 messages; watch `one` waits");
        finish(&store, &wide, &CancellationToken::new()).await.unwrap();
        assert_eq!(tagged(&store, "late").await, 10);
    }

    #[tokio::test]
    async fn in_an_empty_store_there_is_nothing_to_wait_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, 0).await;
        let ruleset = begin(&store, &plan("tardy"), at(0)).await.unwrap();
        assert!(ruleset.finished && ruleset.moving.is_empty(), "{ruleset:?}");
        assert_eq!(note(&[], &ruleset, 0), None);
    }

    #[test]
    fn a_title_or_an_example_changes_no_fingerprint_and_a_rule_does() {
        let rule = |when: &str| RuleText { when: when.to_owned(), ..RuleText::default() };
        let theme = |rule: RuleText| vec![ThemeText { name: "late".to_owned(), rules: vec![rule], ..ThemeText::default() }];
        let base = of_rules(&theme(rule("late")));
        let example = RuleText { matches: vec!["So late".to_owned()], ..rule("late") };
        let titled = vec![ThemeText { title: "lateness".to_owned(), matches: vec!["late".to_owned()], ..theme(example).remove(0) }];
        assert_eq!(of_rules(&titled), base);
        assert_ne!(of_rules(&theme(rule("tardy"))), base);
    }

    #[test]
    fn a_theme_changes_with_the_model_that_decides_for_it() {
        let config = plan("late").config.clone();
        let (none, gain) = (Verdicts::default(), Gain { f1: 0.1, from: 0.1, to: 0.1 });
        let comparison = Comparison { rules: none, model: none, by_chance: [none; 2], gain, over_yes: gain };
        let model = |bias| Model::new("late", 200, 1.0, comparison, (bias, 0.0), Default::default());
        let with = |model| Config { models: Models { used: vec![model], ..Models::default() }, ..config.clone() };
        let prints = [fingerprints(&config), fingerprints(&with(model(0.0))), fingerprints(&with(model(1.0)))];
        assert!(prints[0]["late"] != prints[1]["late"] && prints[1]["late"] != prints[2]["late"]);
        assert_eq!(fingerprints(&with(model(0.0))), prints[1]);
    }

    #[test]
    fn a_theme_changes_with_those_that_it_hangs_on_and_with_the_words_of_languages() {
        let of = |name: &str, when: &str, on: &str| {
            let when_themes = (!on.is_empty()).then(|| on.to_owned()).into_iter().collect();
            let rule = RuleText { when: when.to_owned(), when_themes, ..RuleText::default() };
            ThemeText { name: name.to_owned(), rules: vec![rule], ..ThemeText::default() }
        };
        let themes = |when: &str| vec![of("a", "x", "b"), of("b", "y", "c"), of("c", when, "a"), of("d", "z", "")];
        let (base, other) = (of_rules(&themes("late")), of_rules(&themes("tardy")));
        let changed = |other: &BTreeMap<String, String>| base.iter().filter(|(name, print)| other[*name] != **print).count();
        assert_eq!((changed(&base), changed(&other), base["d"] == other["d"]), (0, 3, true));
        let language = crate::domain::theme::LanguageText { code: "de".to_owned(), ..Default::default() };
        let shared = themes("late").into_iter().map(|theme| ThemeText { shared: [language.clone()].into(), ..theme });
        assert_eq!(changed(&of_rules(&shared.collect::<Vec<_>>())), 4);
    }

    #[test]
    fn people_read_how_far_it_is_and_who_waits() {
        let moving = ["cold".to_owned()].into();
        let half = Ruleset { done_to: 416_000, moving, ..Ruleset::default() };
        let watches = &plan("late").config.watches;
        let said = |ruleset: &Ruleset, stored| note(watches, ruleset, stored);
        assert_eq!(said(&half, 1_000_000).unwrap(), "re-tagging: 41 % of 1,000,000 messages; watches `one`, `two` wait");
        let nobody = Ruleset { moving: ["other".to_owned()].into(), ..half };
        assert_eq!(said(&nobody, 999).unwrap(), "re-tagging: 100 % of 999 messages");
    }
}
