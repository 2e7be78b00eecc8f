//! Which labels the figures are made of, and what there is to say of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::cli::exit::Failure;
use crate::domain::Timestamp;
use crate::domain::review::Among;
use crate::domain::review::Drawn;
use crate::domain::review::Verdict;
use crate::engine::plan::Plan;
use crate::quality::Labelled;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reviews::StoredReview;
use crate::tagging;
use crate::text::excerpt::shorten;
use crate::text::redact::redact;

/// Characters of an example.
const EXCERPT: usize = 100;

/// Which labels.
pub(super) struct Choice<'a> {
    /// Only those of messages of these sources.
    pub(super) sources: Option<&'a [String]>,
    /// Only those of messages from then on.
    pub(super) since: Option<Timestamp>,
    /// Against the tags of then.
    pub(super) then: bool,
}

/// The labelled messages, and where they come from.
#[derive(Debug, Default)]
pub(super) struct Basis {
    /// Held against the tags of then.
    pub(super) then: bool,
    pub(super) labelled: Vec<Labelled>,
    /// Excerpts of messages by number, redacted.
    pub(super) excerpts: BTreeMap<i64, String>,
    /// People who labelled.
    pub(super) people: usize,
    /// Messages by how they were drawn.
    pub(super) random: u64,
    pub(super) of_a_theme: u64,
    pub(super) unsure: u64,
    pub(super) imported: u64,
    /// Among `random`: drawn from some sources only.
    pub(super) of_sources: u64,
    /// Left out: edited or taken back since.
    pub(super) stale: u64,
    /// The stored tags may be from other rules: these were tagged anew.
    pub(super) anew: u64,
    /// Of those the ones without a text, which keep the tags they have.
    pub(super) old_tags: u64,
}

impl Basis {
    pub(super) fn gather(store: &Direct, plan: &Plan, choice: &Choice<'_>) -> Result<Self, Failure> {
        let reader = store.reader();
        let reviews = reader.reviews()?;
        let is_current = choice.then || reader.has_tags_of(&plan.rules.fingerprint())?;
        let mut basis = Self { then: choice.then, ..Self::default() };
        let mut people = BTreeSet::new();
        for all in reviews.chunk_by(|one, next| one.review.item == next.review.item) {
            let is_wanted = |stored: &StoredReview| {
                choice.sources.is_none_or(|sources| sources.contains(&stored.source)) && choice.since.is_none_or(|since| stored.at >= since)
            };
            // What was said of words that are there no more is true of the tags of then only.
            let standing: Vec<&StoredReview> = all.iter().filter(|stored| choice.then || !stored.is_stale).collect();
            let Some(newest) = standing.last().copied() else {
                basis.stale += u64::from(all.last().is_some_and(is_wanted));
                continue;
            };
            if !is_wanted(newest) {
                continue;
            }
            people.extend(standing.iter().map(|stored| stored.review.who.as_str()));
            let tags = if choice.then {
                tags_then(newest)
            } else if is_current {
                newest.tags.clone()
            } else {
                basis.tags_anew(newest, plan)
            };
            basis.add(&standing, newest, tags);
        }
        basis.people = people.len();
        Ok(basis)
    }

    /// The tags that the configured rules give; those that are stored where there is no text.
    fn tags_anew(&mut self, stored: &StoredReview, plan: &Plan) -> BTreeMap<String, String> {
        self.anew += 1;
        let Some((title, text)) = &stored.text else {
            self.old_tags += 1;
            return stored.tags.clone();
        };
        let (lang, source) = (stored.lang.as_deref(), stored.source.as_str());
        let message = tagging::Message { title, text, lang, rating: stored.rating, source };
        plan.rules.tag(&message).into_iter().map(|tag| (tag.theme, tag.rule)).collect()
    }

    fn add(&mut self, standing: &[&StoredReview], newest: &StoredReview, tags: BTreeMap<String, String>) {
        let draws: Vec<(Drawn, Among)> = standing.iter().map(|stored| (stored.review.drawn, stored.review.among.clone())).collect();
        // Chance counts wherever it had a hand, and the widest of what it had to choose from.
        match draws.iter().min() {
            Some((Drawn::Random, Among::Theme(_))) => self.of_a_theme += 1,
            Some((Drawn::Random, among)) => {
                self.random += 1;
                self.of_sources += u64::from(*among == Among::Sources);
            }
            Some((Drawn::Unsure, _)) => self.unsure += 1,
            Some((Drawn::Import, _)) | None => self.imported += 1,
        }
        let item = newest.review.item;
        if let Some((title, text)) = &newest.text {
            self.excerpts.insert(item, shorten(&redact(&tagging::message(title, text)), EXCERPT));
        }
        let truth = newest.review.verdicts.iter().map(|(theme, verdict)| (theme.clone(), verdict.is_true())).collect();
        self.labelled.push(Labelled { item, truth, tags, draws });
    }
}

fn tags_then(stored: &StoredReview) -> BTreeMap<String, String> {
    let given = |(theme, verdict): (&String, &Verdict)| Some((theme.clone(), verdict.rule()?.to_owned()));
    stored.review.verdicts.iter().filter_map(given).collect()
}

impl Basis {
    /// What a reader has to know of the figures, a sentence each.
    pub(super) fn notes(&self) -> Vec<String> {
        let messages = |count: u64| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        let some = |count: u64, sentence: String| (count > 0).then_some(sentence);
        let are = |count: u64| if count == 1 { "is" } else { "are" };
        let were = |count: u64| if count == 1 { "was" } else { "were" };
        let notes = [
            Some(
                "Precision: tags on messages drawn at random or imported. Recall: complaints among those drawn at random from all."
                    .to_owned(),
            ),
            some(
                self.unsure,
                format!(
                    "{} {} among the unsure ones: rules err there more often, so neither figure has them, only the rules below.",
                    messages(self.unsure),
                    were(self.unsure)
                ),
            ),
            some(
                self.imported,
                format!(
                    "{} {} imported without a word on how they were drawn: no recall from them (\"drawn\":\"random\" says so).",
                    messages(self.imported),
                    were(self.imported)
                ),
            ),
            some(
                self.of_a_theme,
                format!(
                    "{} {} drawn among those that had a theme: precision of that theme only{}.",
                    messages(self.of_a_theme),
                    were(self.of_a_theme),
                    if self.then { "" } else { "; what a changed rule finds newly is not among them" }
                ),
            ),
            some(
                self.of_sources,
                format!(
                    "{} drawn at random {} from some sources only, which weigh more than their share.",
                    messages(self.of_sources),
                    are(self.of_sources)
                ),
            ),
            some(self.stale, format!("{} {} edited or taken back after the label: left out.", messages(self.stale), were(self.stale))),
            some(
                self.anew,
                format!(
                    "The stored tags may be from other rules, so the labelled messages were tagged anew for this{}.",
                    if self.old_tags > 0 { format!("; {} without a text kept the tags they have", self.old_tags) } else { String::new() }
                ),
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}
