//! Why an incident opened.

use std::io::Write as _;

use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::explain::account;
use crate::cli::explain::chart;
use crate::cli::explain::chart::Surroundings;
use crate::cli::incident::missing;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::course::Mark;
use crate::domain::incident::Incident;
use crate::domain::incident::Numbers;
use crate::domain::incident::Verdict;
use crate::domain::ports::Ask;
use crate::domain::ports::Evidence;
use crate::domain::remark::Calibration;
use crate::domain::remark::RemarkKind;
use crate::engine::course;
use crate::engine::course::Outset;
use crate::engine::course::Question;
use crate::engine::facts;
use crate::engine::judge::sources_of;
use crate::engine::labels;
use crate::engine::picture;
use crate::engine::picture::same;
use crate::engine::plan::Plan;
use crate::render::calibrated;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reports::Reader;
use crate::text::excerpt::shorten;
use crate::text::redact::redact;

/// Messages that are shown.
const MESSAGES: usize = 5;

/// What is known of an incident whose watch is still configured.
struct Case<'a> {
    incident: &'a Incident,
    numbers: &'a Numbers,
    watch: &'a Watch,
    calibration: Calibration,
    verdicts: Vec<Verdict>,
    marks: Vec<Mark>,
    ask: Ask,
    evidence: Evidence,
}

pub(super) fn incident(
    id: &str,
    store: &Direct,
    plan: &Plan,
    now: Timestamp,
    as_json: bool,
    console: &mut Console,
) -> Result<Code, Failure> {
    let reader = store.reader();
    let incident = reader.incident(id)?.ok_or_else(|| missing(id))?;
    let opening = reader.record(id)?.into_iter().next();
    let numbers = opening.as_ref().map_or(&incident.numbers, |step| &step.numbers);
    let zone = plan.config.time_zone;
    let Some(watch) = plan.watch(&incident.key.watch) else {
        writeln!(console.out, "{id} opened {} for {}", times::local(incident.opened_at, zone), incident.key)?;
        account::numbers(numbers, console)?;
        writeln!(console.out, "the watch is configured no more; there is nothing more to look up")?;
        return Ok(Code::Done);
    };
    let calibration = labels::of_watch(watch, &reader.labels()?, now);
    // The counters of a wrong clock are no reason to draw nothing.
    let at = incident.opened_at.min(now);
    let question = Question { plan, watch, calibration, shown: course::around(plan.buckets(watch), at, now), at };
    let verdicts = verdicts(&reader, &question, &incident, now)?;
    let marks = picture::marks(&reader.acts(RemarkKind::Annotation, question.shown.clone())?, watch);
    let ask = facts::ask(watch, &incident, incident.opened_at);
    let evidence = reader.evidence(&ask)?;
    let case = Case { incident: &incident, numbers, watch, calibration, verdicts, marks, ask, evidence };
    if as_json {
        case.print(console)?;
        return Ok(Code::Done);
    }
    let incidents = reader.incidents(true)?;
    let around = Surroundings { zone, marks: &case.marks, incidents: &incidents, shown: question.shown.clone() };
    case.tell(&around, console)?;
    Ok(Code::Done)
}

fn verdicts(reader: &Reader<'_>, question: &Question<'_>, incident: &Incident, now: Timestamp) -> Result<Vec<Verdict>, Failure> {
    let Some(first) = reader.first_quarter()? else { return Ok(Vec::new()) };
    let (names, snapshots) = (reader.counters(Quarter(0)..Quarter(0))?, reader.snapshots(question.shown.start)?);
    let outset = Outset::new(question, &names, &snapshots, first, |key| same(key, &incident.key));
    let Some(start) = outset.starts.first() else { return Ok(Vec::new()) };
    let counters = reader.counters(outset.quarters())?;
    let grid = Grid::of(&counters, &sources_of(question.watch, &counters));
    Ok(outset.follow(start, &grid, now).verdicts)
}

impl Case<'_> {
    fn tell(&self, around: &Surroundings<'_>, console: &mut Console) -> Result<(), Failure> {
        let Self { incident, numbers, watch, calibration, .. } = self;
        writeln!(console.out, "{} opened {} for {}", incident.id, times::local(incident.opened_at, around.zone), incident.key)?;
        account::numbers(numbers, console)?;
        if !numbers.held_by.is_empty() {
            writeln!(console.out, "  held back by: {}", numbers.held_by)?;
        }
        writeln!(console.out, "budget: {} false alarms a year for the whole watch", watch.false_alarms_per_year)?;
        if let Some(sentence) = calibrated::sentence(calibration, watch.false_alarms_per_year) {
            writeln!(console.out, "{sentence}")?;
        }
        write!(console.out, "\n{}", chart::draw(&incident.key, &self.verdicts, around))?;
        writeln!(console.out, "\nwhere it comes from (now, usual):")?;
        for (key, value, now, usual) in self.shares() {
            writeln!(console.out, "  {key} {}  {now}  {usual:.1}", redact(value))?;
        }
        writeln!(console.out, "\nnewest messages:")?;
        for (item, text) in self.messages() {
            writeln!(console.out, "  {item} \"{text}\"")?;
        }
        Ok(())
    }

    fn print(&self, console: &mut Console) -> Result<(), Failure> {
        let Self { incident, numbers, watch, calibration, .. } = self;
        let shares =
            self.shares().map(|(key, value, now, usual)| json!({ "key": key, "value": redact(value), "now": now, "usual": usual }));
        let document = json!({
            "id": incident.id,
            "watch": watch.name,
            "theme": incident.key.theme,
            "segment": incident.key.segment.to_string(),
            "opened_at": times::stamp(incident.opened_at),
            "numbers": numbers,
            "false_alarms_per_year": watch.false_alarms_per_year,
            "calibration": calibration,
            "chart": chart::buckets(&self.verdicts),
            "marks": chart::marks(&self.marks),
            "breakdown": shares.collect::<Vec<_>>(),
            "messages": self.messages().map(|(item, text)| json!({ "item": item, "text": text })).collect::<Vec<_>>(),
        });
        writeln!(console.out, "{document}")?;
        Ok(())
    }

    /// Label's key and value, complaints now and usual ones.
    fn shares(&self) -> impl Iterator<Item = (&str, &str, u64, f64)> {
        let seconds = |from: Timestamp, until: Timestamp| (until - from).num_seconds().max(1) as f64;
        let scale = seconds(self.ask.from, self.ask.until) / seconds(self.ask.usual_from, self.ask.from);
        let heard = self.evidence.shares.iter().filter(|share| share.2 > 0);
        heard.map(move |(key, value, now, before)| (key.as_str(), value.as_str(), *now, *before as f64 * scale))
    }

    /// Numbers and words of the newest messages.
    fn messages(&self) -> impl Iterator<Item = (i64, String)> {
        self.evidence.complaints.iter().take(MESSAGES).map(|complaint| {
            let text = crate::tagging::message(&complaint.title, &complaint.text);
            (complaint.item, shorten(&redact(&text), 160))
        })
    }
}
