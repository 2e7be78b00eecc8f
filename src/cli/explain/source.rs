//! Why the trouble of a source became an incident, and what is known of the source.

use std::collections::HashMap;
use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Transition;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::silence_of_source;
use crate::polling::state::State;
use crate::render::remedy;

/// Parts of a source whose errors are shown.
const PARTS: usize = 5;

/// What is known of an incident of a source.
pub(super) struct Account<'a> {
    incident: &'a Incident,
    name: &'a str,
    trouble: Trouble,
    /// How it fares now; nothing where it is configured no more.
    now: Option<State>,
    last_success: Option<Timestamp>,
    last_new: Option<Timestamp>,
    /// Its parts whose polls fail: which, how often in a row, and what the last one said.
    failing: Vec<(String, u32, String)>,
    /// The watches that count it.
    watches: Vec<&'a str>,
}

impl<'a> Account<'a> {
    /// What is known of the source `name` and its trouble.
    #[allow(clippy::implicit_hasher, reason = "the store gives these")]
    pub(super) fn of(
        name: &'a str,
        incident: &'a Incident,
        record: &[Transition],
        streams: &HashMap<StreamKey, Stream>,
        plan: &'a Plan,
        now: Timestamp,
    ) -> Self {
        let ready = plan.sources.iter().find(|ready| ready.settings.name == name);
        let mine = ready.map(|ready| silence_of_source::of(ready, streams)).unwrap_or_default();
        let mut failing: Vec<(String, u32, String)> = streams
            .iter()
            .filter(|(key, stream)| key.source == name && stream.errors > 0)
            .map(|(key, stream)| (key.shard.0.clone(), stream.errors, stream.error.clone().unwrap_or_default()))
            .collect();
        failing.sort();
        Self {
            incident,
            name,
            trouble: trouble(incident, record),
            now: ready.map(|_| silence_of_source::state_of_all(&mine, now)),
            last_success: mine.iter().filter_map(|stream| stream.complete_to).max(),
            last_new: mine.iter().filter_map(|stream| stream.last_new).max(),
            failing,
            watches: plan
                .config
                .watches
                .iter()
                .filter(|watch| watch.sources.iter().any(|source| source == name))
                .map(|watch| &*watch.name)
                .collect(),
        }
    }

    pub(super) fn tell(&self, zone: chrono_tz::Tz, console: &mut Console) -> Result<(), Failure> {
        let Self { incident, name, trouble, .. } = self;
        let time = |at: Timestamp| times::local(at, zone);
        let known = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), time);
        let out = &mut console.out;
        writeln!(
            out,
            "{} opened {}: source `{name}` {} since {}",
            incident.id,
            time(incident.opened_at),
            trouble.says(),
            time(self.since())
        )?;
        if let Some(over) = incident.resolved_at {
            writeln!(out, "it was over {}", time(over))?;
        }
        writeln!(out, "last good poll: {}; last new message: {}", known(self.last_success), known(self.last_new))?;
        // Of a source that is one and fails, the sentence of its state says it.
        let is_said = self.failing.len() == 1 && matches!(self.now, Some(State::Failing { .. }));
        for (part, errors, why) in self.failing.iter().filter(|_| !is_said).take(PARTS) {
            let part = if part.is_empty() { String::new() } else { format!("{name}/{part}: ") };
            writeln!(out, "{part}errors in a row: {errors}; the last one: {}", one_line(why))?;
        }
        if self.failing.len() > PARTS {
            writeln!(out, "and {} more parts that fail: `uproar status` has them", self.failing.len() - PARTS)?;
        }
        match &self.now {
            Some(state) => writeln!(out, "now it {}", one_line(&state.sentence()))?,
            None => writeln!(out, "no source of the configuration has this name any more")?,
        }
        writeln!(out, "\nwhy it was told: {}", remedy::rule(*trouble))?;
        match self.watches.as_slice() {
            [] => writeln!(out, "no watch counts it")?,
            watches if trouble.blinds() => writeln!(out, "watches without its data meanwhile: {}", watches.join(", "))?,
            watches => writeln!(out, "watches that count it all the same: {}", watches.join(", "))?,
        }
        writeln!(out, "to do: {}", remedy::cure(*trouble, name))?;
        Ok(())
    }

    /// What programs get beside what every incident has.
    pub(super) fn json(&self) -> Value {
        let time = |at: Option<Timestamp>| at.map(times::stamp);
        let failing = self.failing.iter().map(|(part, errors, why)| json!({ "shard": part, "errors": errors, "error": why }));
        json!({
            "source": self.name,
            "trouble": self.trouble.word(),
            "says": self.trouble.says(),
            "since": times::stamp(self.since()),
            "resolved_at": time(self.incident.resolved_at),
            "state": self.now.as_ref().map(State::word),
            "last_success": time(self.last_success),
            "last_new_item": time(self.last_new),
            "failing": failing.collect::<Vec<_>>(),
            "rule": remedy::rule(self.trouble),
            "watches": self.watches,
            "blinds": self.trouble.blinds(),
            "cure": remedy::cure(self.trouble, self.name),
        })
    }

    fn since(&self) -> Timestamp {
        self.incident.no_data.first().map_or(self.incident.since, |no_data| no_data.since)
    }
}

/// What is wrong with the source, or was last: of what is over the record says it in the same words.
fn trouble(incident: &Incident, record: &[Transition]) -> Trouble {
    let said = |step: &Transition| Trouble::ALL.into_iter().find(|trouble| trouble.says() == step.why);
    let standing = incident.no_data.first().map(crate::domain::incident::NoData::trouble);
    standing.or_else(|| record.iter().rev().find_map(said)).unwrap_or(Trouble::Silent)
}

/// What a server said may hold anything.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::tests::console;
    use crate::config::Document;
    use crate::config::parse;
    use crate::domain::incident::NoData;
    use crate::domain::item::Shard;
    use crate::engine::silence_of_source::Ailing;
    use crate::host::credentials::Credentials;

    const CONFIG: &str = "builtin_themes = false\n[fetch]\ncontact = \"ops@example.com\"\n\
        [[source]]\nname = \"shop\"\nfeed = { url = \"https://shop.example/f\" }\n\
        [[theme]]\nname = \"late\"\nrules = [\"late\"]\n\
        [[watch]]\nname = \"money\"\nthemes = [\"late\"]\nnotify = []\n";

    fn at(minute: u32) -> Timestamp {
        format!("2026-11-22T12:{minute:02}:00Z").parse().unwrap()
    }

    fn plan() -> Plan {
        let documents = [Document { name: "uproar.toml".to_owned(), text: CONFIG.to_owned() }];
        Plan::build(parse(&documents, &Credentials::of_this_process()).config.unwrap(), &[7; 32]).unwrap()
    }

    fn incident() -> Incident {
        let no_data = NoData { source: "shop".to_owned(), since: at(0), fails: true, error: None, trouble: Some(Trouble::Login) };
        let key = Ailing { no_data: no_data.clone(), told: true }.key();
        Incident { since: at(0), no_data: vec![no_data], ..Incident::new("i-1".to_owned(), key, at(30)) }
    }

    fn told(incident: &Incident, record: &[Transition], stream: Stream) -> String {
        let (plan, folder) = (plan(), tempfile::tempdir().unwrap());
        let (mut console, out, _) = console(&folder.path().join("uproar.toml"));
        let key = StreamKey { source: "shop".to_owned(), shard: Shard::whole() };
        let streams = HashMap::from([(key, stream)]);
        Account::of("shop", incident, record, &streams, &plan, at(45)).tell(chrono_tz::UTC, &mut console).unwrap();
        out.text()
    }

    #[test]
    fn what_stands_is_told_with_its_cause_its_rule_and_its_cure() {
        let error = Some("not a feed: a login page\nof https://shop.example/f".to_owned());
        let stream = Stream { errors: 4, error, complete_to: Some(at(0)), ..Stream::default() };
        insta::assert_snapshot!(told(&incident(), &[], stream), @r"
        i-1 opened 2026-11-22 12:30 UTC: source `shop` shows a login page since 2026-11-22 12:00 UTC
        last good poll: 2026-11-22 12:00 UTC; last new message: never
        now it fails, 4 times in a row: not a feed: a login page of https://shop.example/f

        why it was told: What waiting does not mend is told after three polls in a row.
        watches without its data meanwhile: money
        to do: use its public address, or one with an access key; `uproar preview shop` shows what it gives
        ");
        let paused = Stream { errors: 4, error: Some("no".to_owned()), paused: Some(at(40)), ..Stream::default() };
        let text = told(&incident(), &[], paused);
        assert!(text.contains("errors in a row: 4; the last one: no\nnow it is paused since"), "{text}");
    }

    #[test]
    fn of_what_is_over_the_record_says_what_it_was() {
        let opening = Transition {
            at: at(30),
            from: None,
            to: crate::domain::incident::State::Open,
            why: Trouble::Login.says().to_owned(),
            who: "clock".to_owned(),
            numbers: crate::domain::incident::Numbers::default(),
            config: String::new(),
        };
        let over = Incident { no_data: Vec::new(), resolved_at: Some(at(40)), ..incident() };
        let text = told(&over, &[opening], Stream { complete_to: Some(at(40)), last_new: Some(at(39)), ..Stream::default() });
        assert!(text.contains("shows a login page since 2026-11-22 12:00 UTC\nit was over 2026-11-22 12:40 UTC\n"), "{text}");
        assert!(text.contains("now it is read well\n") && !text.contains("errors in a row"), "{text}");
        assert!(!text.contains("complaints") && !text.contains("binomial"), "{text}");
    }
}
