//! What a notice says, worked out from the incident and the messages behind it.
//!
//! Pure but for its arguments: what to look up is an [`Ask`], what was found an [`Evidence`].

use chrono::Days;
use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::calendar::holidays::Holidays;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Transition;
use crate::domain::matcher::Silence;
use crate::domain::measure::Measure;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::ports::Ask;
use crate::domain::ports::Complaint;
use crate::domain::ports::Evidence;
use crate::domain::ports::NewRow;
use crate::engine::addressees::drivers_of;
use crate::engine::drivers;
use crate::engine::picture::Picture;
use crate::engine::plan::Plan;
use crate::engine::rows::rows;
use crate::incident::step::Audience;
use crate::incident::step::Step;
use crate::tagging;
use crate::text::redact::redact;

/// Complaints that the quotes are chosen from.
const CANDIDATES: u32 = 200;
/// Days of a window that are looked at for days off.
const MOST_DAYS: u64 = 31;
/// A window that ended so long ago is named by its days.
const LATE: TimeDelta = TimeDelta::hours(3);
/// How far back "usual" is counted for the breakdown.
const USUAL: TimeDelta = TimeDelta::days(28);
/// The same for a slow rise, whose last weeks are a part of it.
const REFERENCE: TimeDelta = TimeDelta::days(365);

/// What to look up for a notice about an incident. The window begins where the spike began, but
/// not more than a day before now: an incident may stand for weeks.
#[must_use]
pub fn ask(watch: &Watch, incident: &Incident, now: Timestamp) -> Ask {
    let window = TimeDelta::seconds(incident.numbers.window_seconds.max(3600));
    let until = late_window(incident, now).map_or(now, |(_, until)| until);
    let from = incident.since.max(until - window.max(TimeDelta::days(1)));
    Ask {
        theme: incident.key.theme.clone(),
        measure: Measure::of(&incident.key),
        segment: incident.key.segment.clone(),
        sources: watch.sources.clone(),
        from,
        until,
        usual_from: from - if incident.key.kind == Kind::SlowRise { REFERENCE } else { USUAL },
        by: ["country", "version", "product", "language"].into_iter().map(str::to_owned).chain(watch.by.iter().cloned()).collect(),
        limit: CANDIDATES,
    }
}

/// The window that an incident's numbers tell of, where it was over long before now: "in the last
/// 24 hours" would be wrong then.
fn late_window(incident: &Incident, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let until = incident.counted_to.filter(|until| now - *until >= LATE)?;
    Some((until - TimeDelta::seconds(incident.numbers.window_seconds.max(0)), until))
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
    /// When it was found out, on the daemon's clock.
    pub now: Timestamp,
    /// Quiet that people asked for.
    pub silences: &'a [Silence],
    /// When to send, in real time.
    pub due: Timestamp,
}

/// Keeps which drivers people are told of with this step, for what changed until the next notice.
pub fn remember_drivers(step: &mut Step, rows: &[NewRow]) {
    let says = matches!(step.event, Some(Event::Opened | Event::Worse | Event::Reminder | Event::Reopened));
    let Some(row) = rows.first().filter(|_| says && step.audience == Audience::Everybody) else { return };
    let drivers = drivers_of(&row.facts.breakdown).into_iter();
    step.incident.told_drivers = drivers.map(|(key, value)| format!("{key} {value}")).collect();
}

impl Case<'_> {
    /// The rows that tell everybody of the step; none when it is not worth telling.
    #[must_use]
    pub fn rows(&self) -> Vec<NewRow> {
        let Some(event) = self.step.event else { return Vec::new() };
        let facts = self.facts(event);
        rows(self.plan, self.step, &facts, self.silences, self.due)
    }

    /// What there is to tell, to nobody in particular.
    #[must_use]
    pub fn facts(&self, event: Event) -> Facts {
        let Self { plan, watch, before, step, ask, evidence, picture, fresh, .. } = *self;
        let incident = &step.incident;
        let window = late_window(incident, self.now);
        let drivers = drivers::of(ask, evidence, &plan.label_keys);
        let at = if window.is_some() { self.now } else { step.transition.at };
        Facts {
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
            since: incident.since,
            opened_at: incident.opened_at,
            zone: plan.config.time_zone.name().to_owned(),
            numbers: incident.numbers.clone(),
            window,
            false_alarms_per_year: match incident.key.kind {
                Kind::SlowRise => watch.slow_rises_per_year,
                Kind::Spike | Kind::Drop | Kind::NoData | Kind::Message => watch.false_alarms_per_year,
            },
            min_complaints: watch.min_complaints,
            peak: incident.peak,
            quotes: drivers.quotes,
            quotes_of: evidence.voices,
            breakdown: drivers.shares,
            recent: if window.is_some() { Vec::new() } else { recent(&evidence.recent, ask.until) },
            chart: picture.bars.clone(),
            marks: picture.marks.clone(),
            calibration: picture.calibration,
            words: words(&evidence.complaints),
            risen: drivers.risen,
            holidays: holidays(watch.holidays, plan.config.time_zone, ask.from, step.transition.at),
            fresh_sources: fresh,
            cause: cause(&step.transition),
            base_url: plan.config.base_url.clone(),
            told_at: before.map(|before| before.told_at),
            resolved_at: before.and_then(|before| before.resolved_at),
            told_numbers: before.and_then(|before| before.told_numbers.clone()),
            told_drivers: before.map(|before| before.told_drivers.clone()).unwrap_or_default(),
            reminder: reminder(plan, step),
            acked_by: incident.acked_by.clone(),
            dropped_ack: dropped_ack(before, step),
            no_data: incident.no_data.clone(),
            earlier: incident.earlier.clone(),
            next_reminder: incident.remind_at,
            ..Facts::blank(event, &incident.id, at)
        }
    }
}

/// Who or what caused a step, for people: `by anna: fixed`, `snooze ended`. Empty where the numbers say it.
#[must_use]
pub fn cause(transition: &Transition) -> String {
    match (transition.who.as_str(), transition.why.as_str()) {
        ("clock", why @ ("snooze ended" | "now the usual level")) => why.to_owned(),
        ("detector" | "clock", _) => String::new(),
        (_, "unwatched") => "watch removed".to_owned(),
        (who, why) => format!("by {who}: {why}"),
    }
}

/// Which reminder a step is, and of how many.
#[must_use]
pub fn reminder(plan: &Plan, step: &Step) -> Option<(u32, u32)> {
    (step.transition.why == "reminder").then_some((step.incident.reminders, plan.config.delivery.remind.at_most))
}

/// Whose word a step drops.
#[must_use]
pub fn dropped_ack(before: Option<&Incident>, step: &Step) -> Option<String> {
    before.filter(|_| step.event == Some(Event::Worse) && step.incident.acked_by.is_none())?.acked_by.clone()
}

/// `Fri 6 Jun is a day off in Sweden (National Day)`, for each day of the window and each name.
fn holidays(countries: Holidays, zone: Tz, from: Timestamp, until: Timestamp) -> Vec<String> {
    let (first, last) = (from.with_timezone(&zone).date_naive(), until.with_timezone(&zone).date_naive());
    let days = (0..=MOST_DAYS).filter_map(|days| first.checked_add_days(Days::new(days))).take_while(|day| *day <= last);
    let mut told = Vec::new();
    for day in days {
        let mut names: Vec<(&str, Vec<&str>)> = Vec::new();
        for off in countries.on(day) {
            match names.iter_mut().find(|(name, _)| *name == off.name) {
                Some((_, places)) => places.push(off.country.name()),
                None => names.push((off.name, vec![off.country.name()])),
            }
        }
        let places = names.into_iter().map(|(name, places)| format!("{} ({name})", places.join(", ")));
        let places: Vec<String> = places.collect();
        if !places.is_empty() {
            told.push(format!("{} is a day off in {}", day.format("%a %-d %b"), places.join(", ")));
        }
    }
    told
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
    use crate::calendar::holidays::Country;

    #[test]
    fn the_last_day_is_told_in_steps_of_two_hours() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let steps = recent(&[now - TimeDelta::minutes(5), now - TimeDelta::minutes(130), now - TimeDelta::hours(23)], now);
        assert_eq!(steps, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn days_off_within_the_window_are_told() {
        let countries: Holidays = ["SE", "DE"].iter().filter_map(|code| Country::of_code(code)).collect();
        let told = |from: &str, until: &str| holidays(countries, chrono_tz::Europe::Berlin, from.parse().unwrap(), until.parse().unwrap());
        assert_eq!(told("2025-06-05T20:00:00Z", "2025-06-05T21:59:00Z"), Vec::<String>::new());
        assert_eq!(told("2025-06-05T20:00:00Z", "2025-06-05T22:01:00Z"), ["Fri 6 Jun is a day off in Sweden (National Day)"]);
        let easter = told("2026-04-06T08:00:00Z", "2026-04-06T09:00:00Z");
        assert_eq!(easter, ["Mon 6 Apr is a day off in Germany, Sweden (Easter Monday)"]);
    }
}
