//! How each source fares: a state, times, and a sentence for each that is not fine.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::next_poll::Next;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::State as Standing;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::engine::silence_of_source;
use crate::engine::silence_of_source::cause::trouble_of;
use crate::engine::silence_of_source::rhythm::Rhythm;
use crate::engine::silence_of_source::rhythm::WEEKS;
use crate::fetch::rejects;
use crate::polling::state::State;
use crate::polling::state::state_of;
use crate::sources;
use crate::sources::file;
use crate::store::sqlite::reports::Reader;
use crate::text::redact::redact;

/// Beyond so many sources only those that are not fine are listed.
const LISTED: usize = 50;
/// Most sentences below the table.
const SENTENCES: usize = 50;

/// One stream of a source.
pub(super) struct Row {
    key: StreamKey,
    stream: Stream,
    state: State,
    /// It is read well and brings nothing new, where something was expected.
    silent: Option<Timestamp>,
    /// After how long without anything new that is a wonder.
    expected: Option<TimeDelta>,
    /// When it is polled next.
    next: Next,
    /// Files of its folder that cannot be read, and why.
    refused: Vec<(PathBuf, String)>,
    /// Files in which records stand that could not be read, the newest first.
    rejects: Vec<PathBuf>,
}

/// All of them, in the order of the configuration.
pub(super) struct Sources {
    rows: Vec<Row>,
    /// Sources that their watches have no data from, and why.
    blind: BTreeMap<String, Trouble>,
    now: Timestamp,
}

impl Sources {
    pub(super) fn read(plan: &Plan, reader: &Reader<'_>, open: &[Incident], now: Timestamp) -> Result<Self, Failure> {
        let streams: HashMap<StreamKey, Stream> = reader.streams()?.into_iter().collect();
        let silent: BTreeMap<&str, Timestamp> = open.iter().filter_map(silent).collect();
        let mut rhythms: HashMap<String, Rhythm> = HashMap::new();
        let from = now - TimeDelta::days(7) * (WEEKS + 1);
        reader.arrivals(Quarter::of(from)..Quarter(Quarter::of(now).0 + 1), |source, quarter, messages| {
            if let Some(rhythm) = rhythms.get_mut(source) {
                rhythm.add(quarter, messages);
            } else {
                rhythms.entry(source.to_owned()).or_default().add(quarter, messages);
            }
        })?;
        let (mut expected, mut blind) = (HashMap::new(), BTreeMap::new());
        for ready in &plan.sources {
            let (name, mine) = (ready.settings.name.clone(), silence_of_source::of(ready, &streams));
            let trouble = silence_of_source::blindness(&mine, now);
            blind.extend(trouble.or_else(|| silent.contains_key(&*name).then_some(Trouble::Silent)).map(|trouble| (name.clone(), trouble)));
            let rhythm = rhythms.get(&name);
            let wait = rhythm.and_then(|rhythm| silence_of_source::expected_silence(ready, &mine, rhythm, now));
            expected.insert(name, wait);
        }
        let row = |target: Target| {
            let stream = streams.get(&target.key).cloned().unwrap_or_default();
            let silent = silent.get(&*target.key.source).copied();
            let expected = expected.get(&target.key.source).copied().flatten();
            let next = Next::of(&target, &stream, now);
            let kind = &target.source.settings.kind;
            let refused = if matches!(kind, sources::Settings::File(_)) { file::refused(&stream.cursor) } else { Vec::new() };
            let rejects = rejects::files_of(&kind.rejects(&plan.config.store.path), &target.key.source);
            Row { state: state_of(&stream), key: target.key, stream, silent, expected, next, refused, rejects }
        };
        Ok(Self { rows: Target::all(plan).into_iter().map(row).collect(), blind, now })
    }

    /// Whether a person should look at one of them.
    pub(super) fn any_needs_a_look(&self) -> bool {
        self.rows.iter().any(|row| row.needs_a_look(self.now))
    }

    /// Sources that a watch has no data from now.
    pub(super) fn blind_of<'a>(&self, sources: &'a [String]) -> Vec<&'a str> {
        sources.iter().filter(|name| self.blind.contains_key(*name)).map(String::as_str).collect()
    }

    pub(super) fn json(&self) -> Vec<Value> {
        self.rows.iter().map(|row| row.json(self.now)).collect()
    }

    /// The table, and a sentence for each that is not fine. Of many sources only those are listed.
    pub(super) fn text(&self, all: bool, zone: chrono_tz::Tz) -> String {
        let mut text = String::new();
        let few = !all && self.rows.len() > LISTED;
        let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| times::local(at, zone));
        let mut table = Table::new(&["SOURCE", "STATE", "LAST SUCCESS", "LAST NEW ITEM", "NEXT WITHIN", "NEXT POLL", "ERRORS"]);
        let listed = self.rows.iter().filter(|row| !few || !row.is_fine(self.now)).take(if few { SENTENCES } else { usize::MAX });
        let mut rows = 0;
        for row in listed {
            let errors = if row.stream.errors > 0 { row.stream.errors.to_string() } else { String::new() };
            let state = row.in_words(self.now);
            let expected = row.expected.map_or_else(|| "-".to_owned(), times::lasting);
            table.row(&[
                row.name(),
                state,
                time(row.stream.complete_to),
                time(row.stream.last_new),
                expected,
                row.next.shown(zone),
                errors,
            ]);
            rows += 1;
        }
        if few {
            let _ = writeln!(text, "{} sources: {}; `--all` lists them\n", self.rows.len(), self.counts());
        }
        if rows > 0 {
            let _ = writeln!(text, "{table}");
        }
        self.tell_unwell(&mut text);
        text
    }

    /// `3 failing, 97 ok`
    fn counts(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.word(self.now)).or_default() += 1;
        }
        let worst_first = counts.iter().filter(|(word, _)| **word != "ok").chain(counts.get_key_value("ok"));
        worst_first.map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    }

    fn tell_unwell(&self, text: &mut String) {
        let unwell: Vec<&Row> = self.rows.iter().filter(|row| !row.is_fine(self.now) || matches!(row.state, State::Moved { .. })).collect();
        for row in unwell.iter().take(SENTENCES) {
            let line = format!("{} {}", row.name(), row.sentence(self.now));
            let _ = writeln!(text, "{}", line.replace(char::is_control, " "));
        }
        if unwell.len() > SENTENCES {
            let _ = writeln!(text, "and {} more: `uproar status --json` has all", unwell.len() - SENTENCES);
        }
        let rejecting: BTreeMap<&str, &Row> =
            self.rows.iter().filter(|row| !row.rejects.is_empty()).map(|row| (&*row.key.source, row)).collect();
        for row in rejecting.values().take(SENTENCES) {
            let _ = writeln!(text, "{}", row.told_of_rejects().replace(char::is_control, " "));
        }
        if !unwell.is_empty() || !rejecting.is_empty() {
            text.push('\n');
        }
    }
}

impl Row {
    fn name(&self) -> String {
        let StreamKey { source, shard } = &self.key;
        if shard.0.is_empty() { source.clone() } else { format!("{source}/{shard}") }
    }

    /// What is shown beside it: its state, but a gap of days ago is over.
    fn word(&self, now: Timestamp) -> &'static str {
        match &self.state {
            state if !self.refused.is_empty() && state.is_read() => "files_refused",
            State::Gap { .. } if trouble_of(&self.stream, now).is_none() => "ok",
            state if self.silent.is_some() && state.is_read() => "silent",
            state => state.word(),
        }
    }

    /// The same, and what a person would wonder about.
    fn in_words(&self, now: Timestamp) -> String {
        let word = self.word(now);
        let is_bare = word == "ok" && self.stream.last_new.is_none();
        format!("{word}{}", if is_bare { ", nothing stored yet" } else { "" })
    }

    fn is_fine(&self, now: Timestamp) -> bool {
        matches!(self.word(now), "ok" | "moved" | "waiting")
    }

    fn needs_a_look(&self, now: Timestamp) -> bool {
        !self.is_fine(now) && !matches!(self.state, State::Paused { .. })
    }

    /// What is so and what to do, behind its name. No full stop: it may end with an address, to be copied.
    fn sentence(&self, now: Timestamp) -> String {
        match self.word(now) {
            "files_refused" => return self.told_of_refused(),
            "silent" => {}
            _ => return self.state.sentence(),
        }
        let since = self.silent.map(|since| format!(" since {}", since.format("%-d %b %H:%M UTC"))).unwrap_or_default();
        let within = self.expected.map(|wait| format!(", and something new is expected within {}", times::lasting(wait)));
        format!("is read well and brings nothing new{since}{}; see in a browser whether something is there", within.unwrap_or_default())
    }

    /// Which files cannot be read, behind its name.
    fn told_of_refused(&self) -> String {
        let Some(((path, why), more)) = self.refused.split_first() else { return self.state.sentence() };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let others = match more.len() {
            0 => String::new(),
            1 => "one more file and ".to_owned(),
            more => format!("{more} more files and "),
        };
        // The reason may repeat a value from the file.
        format!("cannot read {others}`{name}`: {}", redact(why))
    }

    /// Where records stand that could not be read.
    fn told_of_rejects(&self) -> String {
        let name = &self.key.source;
        match self.rejects.as_slice() {
            [] => String::new(),
            [one] => format!("{name} left out records that cannot be read: they stand in {}", one.display()),
            [newest, more @ ..] => {
                let folder = newest.parent().unwrap_or(newest).display();
                format!("{name} left out records that cannot be read: they stand in {} files in {folder}", more.len() + 1)
            }
        }
    }

    fn json(&self, now: Timestamp) -> Value {
        let time = |at: Option<Timestamp>| at.map(times::stamp);
        let stream = &self.stream;
        let since = match &self.state {
            State::Moved { since, .. }
            | State::IdsChange { since }
            | State::Suspect { since, .. }
            | State::Gone { since, .. }
            | State::Paused { since } => Some(*since),
            State::Gap { at } => Some(*at),
            State::Failing { since, .. } => *since,
            State::Waiting | State::Ok => self.silent,
        };
        let address = if let State::Moved { to, .. } = &self.state { Some(to.as_str()) } else { None };
        json!({
            "source": self.key.source, "shard": self.key.shard, "state": self.word(now), "since": time(since),
            "why": (!self.is_fine(now) || address.is_some()).then(|| self.sentence(now)),
            "trouble": trouble_of(stream, now).map(|(trouble, _)| trouble.word()), "paused": time(stream.paused), "address": address,
            "last_success": time(stream.complete_to), "last_new_item": time(stream.last_new), "next_poll": time(self.next.time()),
            "errors": stream.errors, "error": stream.error,
            "usual_delay_seconds": stream.usual_delay.map(|delay| delay.num_seconds()),
            "nothing_stored": stream.last_new.is_none(),
            "refused_files": self.refused.iter().map(|(path, why)| json!({ "file": path.to_string_lossy(), "why": redact(why) })).collect::<Vec<_>>(),
            "reject_files": self.rejects.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "expected_silence_seconds": self.expected.map(|wait| wait.num_seconds()),
        })
    }
}

/// The source that an incident says is silent, and since when.
fn silent(incident: &Incident) -> Option<(&str, Timestamp)> {
    let stands = !matches!(incident.state, Standing::Resolved | Standing::Closed) && incident.key.kind == Kind::NoData;
    let no_data = incident.no_data.first().filter(|no_data| stands && no_data.trouble() == Trouble::Silent)?;
    Some((no_data.source.as_str(), no_data.since))
}

/// Names in one cell.
pub(super) fn names(sources: &[&str]) -> String {
    let first: BTreeSet<&str> = sources.iter().copied().take(3).collect();
    let more = sources.len().saturating_sub(first.len());
    let named = first.into_iter().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

#[cfg(test)]
mod tests;
