//! What a notice says, worked out from the incident and the messages behind it.
//!
//! Pure but for its arguments: what to look up is an [`Ask`], what was found an [`Evidence`].

use chrono::TimeDelta;

use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Quote;
use crate::domain::notice::Share;
use crate::domain::ports::Ask;
use crate::domain::ports::Complaint;
use crate::domain::ports::Evidence;
use crate::domain::ports::NewRow;
use crate::engine::picture::Picture;
use crate::engine::plan::Plan;
use crate::incident::outbox::row_id;
use crate::incident::step::Step;
use crate::tagging;
use crate::text::excerpt;
use crate::text::redact::redact;

/// Quotes in a notice.
const QUOTES: usize = 5;
/// Characters of a quote.
const QUOTE_LENGTH: usize = 280;
/// Lines of "where it comes from".
const SHARES: usize = 8;
/// Complaints that the quotes are chosen from.
const CANDIDATES: u32 = 200;
/// How far back "usual" is counted for the breakdown.
const USUAL: TimeDelta = TimeDelta::days(28);
/// The same for a slow rise, whose last weeks are a part of it.
const REFERENCE: TimeDelta = TimeDelta::days(365);

/// What to look up for a notice about an incident. The window begins where the spike began, but
/// not more than a day before now: an incident may stand for weeks.
#[must_use]
pub fn ask(watch: &Watch, incident: &Incident, now: Timestamp) -> Ask {
    let window = TimeDelta::seconds(incident.numbers.window_seconds.max(3600));
    let from = incident.since.max(now - window.max(TimeDelta::days(1)));
    Ask {
        theme: incident.key.theme.clone(),
        segment: incident.key.segment.clone(),
        sources: watch.sources.clone(),
        from,
        until: now,
        usual_from: from - if incident.key.kind == Kind::SlowRise { REFERENCE } else { USUAL },
        by: ["country", "version", "product", "language"].into_iter().map(str::to_owned).chain(watch.by.iter().cloned()).collect(),
        limit: CANDIDATES,
    }
}

/// What slow rises of a watch are measured against, for people: `Jan-Mar 2026`.
#[must_use]
pub fn reference(watch: &Watch) -> String {
    watch.reference.map_or_else(|| "the year before".to_owned(), |reference| reference.to_string())
}

/// A step with everything that is known about it.
pub struct Case<'a> {
    /// Themes, channels and names.
    pub plan: &'a Plan,
    /// Whose incident it is.
    pub watch: &'a Watch,
    /// The incident before the step.
    pub before: Option<&'a Incident>,
    /// What happens.
    pub step: &'a Step,
    /// What was looked up.
    pub ask: &'a Ask,
    /// What was found.
    pub evidence: &'a Evidence,
    /// What is shown beside the words.
    pub picture: &'a Picture,
    /// Sources that were read in time, and all of them.
    pub fresh: (u32, u32),
    /// When to send, in real time.
    pub due: Timestamp,
}

impl Case<'_> {
    /// The rows that tell everybody of the step; none when it is not worth telling.
    #[must_use]
    pub fn rows(&self) -> Vec<NewRow> {
        let Some(event) = self.step.event else { return Vec::new() };
        let facts = self.facts(event);
        let mut rows = Vec::new();
        for target in &self.watch.notify {
            let Some(channel) = self.plan.channels.get(target) else { continue };
            for recipient in channel.recipients() {
                let id = |event, revision| row_id(&self.plan.instance, &facts.incident, event, revision, target, &recipient);
                let root = (event != Event::Opened).then(|| id(Event::Opened, 1));
                rows.push(NewRow {
                    id: id(event, facts.revision),
                    target: target.clone(),
                    facts: Facts { root, ..facts.clone() },
                    due: self.due,
                    recipient,
                });
            }
        }
        rows
    }

    fn facts(&self, event: Event) -> Facts {
        let Self { plan, watch, before, step, ask, evidence, picture, fresh, .. } = *self;
        let incident = &step.incident;
        Facts {
            event,
            incident: incident.id.clone(),
            revision: incident.revision,
            watch: incident.key.watch.clone(),
            theme: incident.key.theme.clone(),
            theme_title: Some(plan.title(&incident.key).to_owned())
                .filter(|title| !title.is_empty() && *title != incident.key.theme)
                .unwrap_or_else(|| incident.key.theme.replace('_', " ")),
            segment: incident.key.segment.clone(),
            kind: incident.key.kind,
            reference: reference(watch),
            level: incident.level,
            told_level: before.map(|before| before.told_level),
            told_count: before.map(|before| before.told_count),
            at: step.transition.at,
            since: incident.since,
            opened_at: incident.opened_at,
            zone: plan.config.time_zone.name().to_owned(),
            numbers: incident.numbers.clone(),
            false_alarms_per_year: match incident.key.kind {
                Kind::SlowRise => watch.slow_rises_per_year,
                Kind::Spike | Kind::Drop => watch.false_alarms_per_year,
            },
            min_complaints: watch.min_complaints,
            peak: incident.peak,
            quotes: quotes(&evidence.complaints, &plan.label_keys, &incident.key.segment),
            quotes_of: evidence.voices,
            breakdown: breakdown(evidence, ask),
            recent: recent(&evidence.recent, ask.until),
            chart: picture.bars.clone(),
            marks: picture.marks.clone(),
            calibration: picture.calibration,
            words: words(&evidence.complaints),
            fresh_sources: fresh,
            cause: if matches!(step.transition.who.as_str(), "detector" | "clock") {
                String::new()
            } else {
                format!("by {}: {}", step.transition.who, step.transition.why)
            },
            base_url: plan.config.base_url.clone(),
            root: None,
        }
    }
}

fn quotes(complaints: &[Complaint], label_keys: &std::collections::BTreeSet<String>, segment: &Segment) -> Vec<Quote> {
    let texts: Vec<String> = complaints.iter().map(|complaint| redact(&in_one_line(&complaint.title, &complaint.text))).collect();
    let chosen = excerpt::choose(&texts.iter().map(String::as_str).collect::<Vec<_>>(), QUOTES);
    chosen
        .into_iter()
        .filter(|&at| !texts[at].trim().is_empty())
        .map(|at| {
            let complaint = &complaints[at];
            let told_already = |key: &str| matches!(segment, Segment::Label { key: of, .. } if of == key);
            Quote {
                text: excerpt::shorten(&texts[at], QUOTE_LENGTH),
                source: complaint.source.clone(),
                url: complaint.url.clone(),
                rating: complaint.rating.map(|(value, max)| stars(value, max)),
                details: complaint
                    .fields
                    .iter()
                    .filter(|(key, _)| label_keys.contains(*key) && !told_already(key))
                    .map(|(_, value)| excerpt::shorten(&redact(value), 24))
                    .collect(),
                at: complaint.at,
            }
        })
        .collect()
}

/// A headline is no sentence; a colon tells it from what follows.
fn in_one_line(title: &str, text: &str) -> String {
    let title = title.trim();
    if title.is_empty() || text.trim_start().starts_with(title) {
        return text.to_owned();
    }
    let mark = if title.ends_with(['.', '!', '?', ':', ';', ',', '…']) { "" } else { ":" };
    format!("{title}{mark} {text}")
}

/// "1 star", "3 of 10".
fn stars(value: f64, max: f64) -> String {
    if (max - 5.0).abs() < f64::EPSILON {
        format!("{value} star{}", if (value - 1.0).abs() < f64::EPSILON { "" } else { "s" })
    } else {
        format!("{value} of {max}")
    }
}

fn breakdown(evidence: &Evidence, ask: &Ask) -> Vec<Share> {
    let length = |from: Timestamp, until: Timestamp| (until - from).num_seconds().max(1) as f64;
    let scale = length(ask.from, ask.until) / length(ask.usual_from, ask.from);
    let mut shares: Vec<Share> = evidence
        .shares
        .iter()
        .filter(|(key, _, now, _)| *now > 0 && !matches!(&ask.segment, Segment::Label { key: of, .. } if of == key))
        // The only source explains nothing.
        .filter(|(key, ..)| key != "source" || ask.sources.len() > 1)
        .map(|(key, value, now, before)| Share { key: key.clone(), value: value.clone(), now: *now, usual: *before as f64 * scale })
        .collect();
    shares.sort_by(|a, b| (b.now as f64 - b.usual).total_cmp(&(a.now as f64 - a.usual)).then_with(|| a.value.cmp(&b.value)));
    shares.truncate(SHARES);
    shares
}

/// Twelve steps of two hours, oldest first.
fn recent(times: &[Timestamp], until: Timestamp) -> Vec<u32> {
    let mut steps = vec![0; 12];
    for at in times {
        let ago = (until - *at).num_minutes() / 120;
        if let Some(step) = usize::try_from(11 - ago).ok().and_then(|at| steps.get_mut(at)) {
            *step += 1;
        }
    }
    steps
}

/// The words that made the tagger give the theme, most frequent first. They are the rules' words,
/// but they come from customers' texts: redacted like everything else.
fn words(complaints: &[Complaint]) -> Vec<String> {
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for complaint in complaints {
        let message = tagging::message(&complaint.title, &complaint.text);
        let mut seen = std::collections::BTreeSet::new();
        for word in complaint.spans.iter().filter_map(|span| message.get(span.clone())) {
            let word = redact(&word.to_lowercase());
            if !word.contains('[') && word.chars().count() <= 24 {
                seen.insert(word);
            }
        }
        for word in seen {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().take(8).map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_told_in_steps_of_two_hours() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let steps = recent(&[now - TimeDelta::minutes(5), now - TimeDelta::minutes(130), now - TimeDelta::hours(23)], now);
        assert_eq!(steps, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn ratings_read_like_speech() {
        assert_eq!(stars(1.0, 5.0), "1 star");
        assert_eq!(stars(2.0, 5.0), "2 stars");
        assert_eq!(stars(3.0, 10.0), "3 of 10");
    }
}
