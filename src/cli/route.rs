//! `uproar route --explain`: who would be told of what, and why.

use std::io::Write as _;

use chrono::TimeDelta;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::incident::missing;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::engine::addressees;
use crate::engine::addressees::Addressee;
use crate::engine::addressees::LeftOut;
use crate::engine::addressees::Subject;
use crate::engine::addressees::Why;
use crate::engine::addressees::addressees;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::incident::route::delays;
use crate::incident::route::span;
use crate::incident::step::Audience;
use crate::store::sqlite::threads::Told;

/// Explain who is told of what
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar route --explain --watch evenings --level high --at 2026-11-22T23:00\n  uproar route --explain i-7f3k2a9c"
)]
pub struct Args {
    /// Show who would be told, when, and why
    #[arg(long, required = true)]
    explain: bool,
    /// An incident: whom it was told to, and who would be told if it got worse now
    #[arg(conflicts_with_all = ["watch", "theme", "segment", "level", "kind", "driver"])]
    incident: Option<String>,
    /// What opens: an incident of this watch
    #[arg(long, value_name = "NAME", required_unless_present = "incident")]
    watch: Option<String>,
    /// About this theme or measure; the watch's first without it
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    /// About this part of the messages
    #[arg(long, value_name = "PART", default_value = "all")]
    segment: String,
    /// As loud as this
    #[arg(long, value_name = "LEVEL", default_value = "medium")]
    level: String,
    /// Of this kind: spike, slow_rise, drop, no_data, message
    #[arg(long, value_name = "KIND", default_value = "spike")]
    kind: String,
    /// Driven by this, as in country=se
    #[arg(long, value_name = "LABEL=VALUE")]
    driver: Vec<String>,
    /// When: a time, with a zone or in `time_zone`; now without it
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let now = Clock::real().now();
    let at = args.at.as_deref().map(|text| times::parse(text, config.time_zone, now)).transpose()?.unwrap_or(now);
    let (store, plan) = open::store_and_plan(config)?;
    let reader = store.reader();
    let silences = reader.silences(None)?;
    let question = match &args.incident {
        Some(id) => of_incident(reader.incident(id)?.ok_or_else(|| missing(id))?, reader.told(id)?, at),
        None => of_options(args, &plan, at)?,
    };
    let lines = question.lines(&plan.config, &silences);
    if args.json {
        let rows: Vec<_> = lines.iter().map(|line| json!({"target": line.target, "sent": line.sent, "why": line.why})).collect();
        let told: Vec<_> = question.told.iter().map(told_json).collect();
        let all = json!({"about": question.key.to_string(), "level": question.level.word(), "event": question.event.word(),
            "at": times::stamp(at), "told": told, "targets": rows});
        writeln!(console.out, "{all}")?;
        return Ok(Code::Done);
    }
    show(&question, &lines, &plan.config, console)
}

/// What would happen.
struct Question {
    key: SeriesKey,
    level: Level,
    drivers: Vec<(String, String)>,
    escalated: u32,
    event: Event,
    at: Timestamp,
    /// In words, for the heading.
    happens: &'static str,
    /// Whom it was told to already.
    told: Vec<Told>,
}

fn of_options(args: &Args, plan: &Plan, at: Timestamp) -> Result<Question, Failure> {
    let watch = names::watch(plan, args.watch.as_deref().unwrap_or_default())?;
    let first = || watch.themes.first().cloned().or_else(|| watch.measures.first().map(|measure| measure.word().to_owned()));
    let theme = match &args.theme {
        Some(theme) => names::theme(watch, theme)?.to_owned(),
        None => first().unwrap_or_default(),
    };
    let pairs: Option<Vec<_>> = args.driver.iter().map(|pair| pair.split_once('=')).collect();
    let pairs = pairs.ok_or_else(|| Failure::new(Code::Usage, "--driver is a label and its value, as in country=se"))?;
    let segment = match args.segment.split_once('=') {
        Some((key, value)) => Segment::Label { key: key.to_owned(), value: value.to_owned() },
        None if args.segment == "all" => Segment::All,
        None => {
            let forms = "write all, or a label and its value as in country=se";
            return Err(Failure::new(Code::Usage, format!("there is no part of the messages `{}`; {forms}", args.segment)));
        }
    };
    Ok(Question {
        key: SeriesKey { watch: watch.name.clone(), theme, segment, kind: names::word::<Kind>("kind", &args.kind)? },
        level: names::word::<Level>("level", &args.level)?,
        drivers: pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        escalated: 0,
        event: Event::Opened,
        at,
        happens: "if it opened",
        told: Vec::new(),
    })
}

fn of_incident(incident: Incident, told: Vec<Told>, at: Timestamp) -> Question {
    let over = matches!(incident.state, State::Resolved | State::Closed);
    Question {
        drivers: told.last().map(|told| addressees::drivers_of(&told.facts.breakdown)).unwrap_or_default(),
        key: incident.key,
        level: incident.level,
        escalated: incident.escalated,
        event: if over { Event::Reopened } else { Event::Worse },
        at,
        happens: if over { "if it came back" } else { "if it got worse" },
        told,
    }
}

/// A line of the answer.
struct Line {
    target: String,
    sent: String,
    why: String,
}

impl Question {
    fn lines(&self, config: &Config, silences: &[Silence]) -> Vec<Line> {
        let (sources, notify) = addressees::told_by_watches(config, &self.key);
        let drivers = self.drivers.clone();
        let subject = Subject { key: &self.key, level: self.level, sources: &sources, drivers, escalated: self.escalated };
        let ask = |audience, event, at| addressees(&subject, &notify, &config.routes, &config.targets, silences, audience, event, at);
        let mut lines = Vec::new();
        for addressee in ask(Audience::Everybody, self.event, self.at) {
            let told = self.told.iter().any(|told| told.target == addressee.target && told.state != "suppressed");
            match addressee {
                // Whoever was not told of it hears nothing of how it goes on; where a step of
                // escalation is ahead, that is the answer.
                Addressee { why: Why::Told, .. } if !told => {}
                addressee => lines.push(self.line(&addressee, config, silences)),
            }
        }
        for (number, route) in config.routes.iter().enumerate() {
            if let Some(objection) = addressees::objection(&route.when, &subject) {
                let not = |target: &String| Line {
                    target: target.clone(),
                    sent: "not".to_owned(),
                    why: format!("route {}: {objection}", number + 1),
                };
                lines.extend(route.to.iter().map(not));
            } else if let Some(after) = route.after
                && self.event != Event::Opened
            {
                let known: Vec<String> = lines.iter().filter(|line| line.sent != "not").map(|line| line.target.clone()).collect();
                let ahead = |target: &&String| !known.contains(target);
                lines.extend(route.to.iter().filter(ahead).map(|target| {
                    let why = Why::Escalation { route: number, after };
                    let addressee = Addressee { target: target.clone(), why, due: self.at, held: None, left_out: Some(LeftOut::NotYet) };
                    self.line(&addressee, config, silences)
                }));
            }
        }
        lines
    }

    fn line(&self, addressee: &Addressee, config: &Config, silences: &[Silence]) -> Line {
        let local = |at| times::local(at, config.time_zone);
        let not = |why: String| ("not".to_owned(), why);
        let why = match &addressee.why {
            Why::Notify => format!("watch `{}` names it in `notify`", self.key.watch),
            Why::Route(route) => format!("route {}", route + 1),
            Why::Escalation { route, after } => format!("route {}, unless somebody acknowledges it within {}", route + 1, span(*after)),
            Why::Told => "it was told of the beginning".to_owned(),
        };
        let silence = silences.iter().find(|silence| Some(silence.id) == addressee.held);
        let (sent, why) = match (addressee.left_out, &addressee.why, silence) {
            (Some(LeftOut::Kind), ..) => not(format!("{why}, but its `kinds` leave out \"{}\"", self.event)),
            (Some(LeftOut::Hours), ..) => not(format!("{why}; it is closed at that time")),
            (Some(LeftOut::NotYet), Why::Escalation { after, .. }, _) => self.later(addressee, *after, why, config),
            (Some(LeftOut::NotYet), ..) => not(why),
            (None, _, Some(Silence { id, who, comment, .. })) => {
                let until = silence.map(Silence::end).map(local).unwrap_or_default();
                ("held back".to_owned(), format!("{why}; silence {id} by {who} until {until}: {comment}"))
            }
            (None, ..) if addressee.due > self.at => (local(addressee.due), format!("{why}; quiet hours until then")),
            (None, ..) => ("at once".to_owned(), why),
        };
        Line { target: addressee.target.clone(), sent, why }
    }

    /// The same for a step of escalation that is ahead.
    fn later(&self, addressee: &Addressee, after: TimeDelta, why: String, config: &Config) -> (String, String) {
        let then = self.at + after;
        let Some(target) = config.targets.iter().find(|target| target.name == addressee.target) else { return ("not".to_owned(), why) };
        let Why::Escalation { route, .. } = addressee.why else { return ("not".to_owned(), why) };
        if config.routes.get(route).and_then(|route| route.hours).is_some_and(|hours| !hours.holds(then)) {
            return ("not".to_owned(), format!("{why}; it is closed at that time"));
        }
        if !delays(&config.routes).contains(&Some(after)) {
            return ("not".to_owned(), format!("{why}; there are too many such steps"));
        }
        let due = addressees::due(target, self.level, Event::Reminder, then);
        if due > then {
            return (times::local(due, config.time_zone), format!("{why}; quiet hours until then"));
        }
        (format!("after {}", span(after)), why)
    }
}

fn show(question: &Question, lines: &[Line], config: &Config, console: &mut Console) -> Result<Code, Failure> {
    let at = times::local(question.at, config.time_zone);
    writeln!(console.out, "{}, level {}", question.key, question.level)?;
    if !question.told.is_empty() {
        writeln!(console.out, "\ntold so far:")?;
        let mut table = Table::new(&["TARGET", "RECIPIENT", "NOTICE", "STATE", "WHEN"]);
        for told in &question.told {
            let state = told
                .held_by
                .as_ref()
                .filter(|_| told.state == "suppressed")
                .map_or_else(|| told.state.clone(), |silence| format!("held back by silence {silence}"));
            let recipient = if told.recipient.is_empty() { "-".to_owned() } else { told.recipient.clone() };
            let when = times::local(told.delivered.unwrap_or(told.due), config.time_zone);
            table.row(&[told.target.clone(), recipient, told.facts.event.to_string(), state, when]);
        }
        write!(console.out, "{table}")?;
    }
    writeln!(console.out, "\n{} at {at}:", question.happens)?;
    if lines.is_empty() {
        writeln!(console.out, "nobody is told: neither the watch nor a route names a target")?;
        return Ok(Code::Done);
    }
    let mut table = Table::new(&["TARGET", "SENT", "WHY"]);
    for line in lines {
        table.row(&[line.target.clone(), line.sent.clone(), line.why.clone()]);
    }
    write!(console.out, "{table}")?;
    Ok(Code::Done)
}

fn told_json(told: &Told) -> serde_json::Value {
    json!({
        "target": told.target,
        "recipient": told.recipient,
        "event": told.facts.event.word(),
        "state": told.state,
        "due": times::stamp(told.due),
        "delivered_at": told.delivered.map(times::stamp),
        "silence": told.held_by,
    })
}
