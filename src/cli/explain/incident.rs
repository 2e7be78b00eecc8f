//! Why an incident opened.

use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::explain::account;
use crate::cli::explain::chart;
use crate::cli::explain::chart::Surroundings;
use crate::cli::explain::source;
use crate::cli::incident::missing;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::course::Mark;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Numbers;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::ports::Evidence;
use crate::domain::remark::Calibration;
use crate::domain::remark::RemarkKind;
use crate::engine::course;
use crate::engine::course::Outset;
use crate::engine::course::Question;
use crate::engine::drivers;
use crate::engine::drivers::Drivers;
use crate::engine::facts;
use crate::engine::judge::sources_of;
use crate::engine::labels;
use crate::engine::picture;
use crate::engine::picture::same;
use crate::engine::plan::Plan;
use crate::engine::silence_of_source;
use crate::render::calibrated;
use crate::render::origin;
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
    evidence: Evidence,
    drivers: Drivers,
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
    let record = reader.record(id)?;
    let opening = record.iter().find(|step| step.to == State::Open);
    let numbers = opening.map_or(&incident.numbers, |step| &step.numbers);
    let zone = plan.config.time_zone;
    if let Some(name) = silence_of_source::source_of(&incident.key) {
        let streams = reader.streams()?.into_iter().collect();
        let account = source::Account::of(name, &incident, &record, &streams, plan, now);
        if as_json {
            let mut document = bare(&incident, numbers);
            document["source"] = account.json();
            writeln!(console.out, "{document}")?;
        } else {
            account.tell(zone, console)?;
        }
        return Ok(Code::Done);
    }
    let Some(watch) = plan.watch(&incident.key.watch) else {
        if as_json {
            writeln!(console.out, "{}", bare(&incident, numbers))?;
            return Ok(Code::Done);
        }
        writeln!(console.out, "{id} opened {} for {}", times::local(incident.opened_at, zone), incident.key)?;
        account::numbers(&incident.key, numbers, console)?;
        writeln!(console.out, "the watch is configured no more; there is nothing more to look up")?;
        return Ok(Code::Done);
    };
    let calibration = labels::of_watch(watch, &reader.labels()?, now);
    // The counters of a wrong clock are no reason to draw nothing.
    let at = incident.opened_at.min(now);
    let incidents = reader.incidents(true)?;
    let accepted = course::acceptances(&incidents);
    let question =
        Question { plan, watch, calibration, accepted, shown: course::around(course::buckets(plan, watch, &incident.key), at, now), at };
    let verdicts = verdicts(&reader, &question, &incident, now)?;
    let marks = picture::marks(&reader.acts(RemarkKind::Annotation, question.shown.clone())?, watch);
    let ask = facts::ask(watch, &incident, incident.opened_at);
    let evidence = reader.evidence(&ask)?;
    let drivers = drivers::of(&ask, &evidence, &plan.label_keys);
    let case = Case { incident: &incident, numbers, watch, calibration, verdicts, marks, evidence, drivers };
    if as_json {
        case.print(console)?;
        return Ok(Code::Done);
    }
    let around = Surroundings { zone, marks: &case.marks, incidents: &incidents, shown: question.shown.clone() };
    case.tell(&around, console)?;
    Ok(Code::Done)
}

/// What is left to tell programs of an incident whose watch is configured no more.
fn bare(incident: &Incident, numbers: &Numbers) -> Value {
    json!({
        "id": incident.id,
        "watch": incident.key.watch,
        "theme": incident.key.theme,
        "segment": incident.key.segment.to_string(),
        "kind": incident.key.kind.word(),
        "opened_at": times::stamp(incident.opened_at),
        "numbers": numbers,
        "false_alarms_per_year": null,
        "calibration": Calibration::default(),
        "chart": [],
        "marks": [],
        "breakdown": [],
        "risen_words": [],
        "messages": [],
    })
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
        account::numbers(&incident.key, numbers, console)?;
        if !numbers.held_by.is_empty() {
            writeln!(console.out, "  held back by: {}", numbers.held_by)?;
        }
        let slow = incident.key.kind == Kind::SlowRise;
        let (budget, what) = if slow { (watch.slow_rises_per_year, "slow rises") } else { (watch.false_alarms_per_year, "alarms") };
        writeln!(console.out, "budget: {budget} false {what} a year for the whole watch")?;
        if !slow && let Some(sentence) = calibrated::sentence(calibration, watch.false_alarms_per_year) {
            writeln!(console.out, "{sentence}")?;
        }
        write!(console.out, "\n{}", chart::draw(&incident.key, &self.verdicts, around))?;
        self.tell_origin(console)?;
        writeln!(console.out, "\nnewest messages:")?;
        for (item, text) in self.messages() {
            writeln!(console.out, "  {item} \"{text}\"")?;
        }
        Ok(())
    }

    fn print(&self, console: &mut Console) -> Result<(), Failure> {
        let Self { incident, numbers, watch, calibration, .. } = self;
        let document = json!({
            "id": incident.id,
            "watch": watch.name,
            "theme": incident.key.theme,
            "segment": incident.key.segment.to_string(),
            "kind": incident.key.kind.word(),
            "opened_at": times::stamp(incident.opened_at),
            "numbers": numbers,
            "false_alarms_per_year": watch.false_alarms_per_year,
            "calibration": calibration,
            "chart": chart::buckets(&self.verdicts),
            "marks": chart::marks(&self.marks),
            "breakdown": self.drivers.shares.iter().map(origin::share).collect::<Vec<_>>(),
            "risen_words": self.drivers.risen.iter().map(origin::word).collect::<Vec<_>>(),
            "messages": self.messages().map(|(item, text)| json!({ "item": item, "text": text })).collect::<Vec<_>>(),
        });
        writeln!(console.out, "{document}")?;
        Ok(())
    }

    fn tell_origin(&self, console: &mut Console) -> Result<(), Failure> {
        let mut table = Table::new(&["WHERE IT COMES FROM", "NOW", "USUAL", "OF EXCESS", ""]);
        for share in &self.drivers.shares {
            let (name, usual) = (origin::name(&share.key, &share.value), format!("{:.1}", share.usual));
            table.row(&[name, share.now.to_string(), usual, origin::part(share), origin::note(&share.role)]);
        }
        write!(console.out, "\n{table}")?;
        if !self.drivers.risen.is_empty() {
            let mut table = Table::new(&["WORDS THAT ROSE", "NOW", "USUAL"]);
            for word in &self.drivers.risen {
                table.row(&[word.text.clone(), word.now.to_string(), format!("{:.1}", word.usual)]);
            }
            write!(console.out, "\n{table}")?;
        }
        Ok(())
    }

    /// Numbers and words of the newest messages.
    fn messages(&self) -> impl Iterator<Item = (i64, String)> {
        self.evidence.complaints.iter().take(MESSAGES).map(|complaint| {
            let text = crate::tagging::message(&complaint.title, &complaint.text);
            (complaint.item, shorten(&redact(&text), 160))
        })
    }
}
