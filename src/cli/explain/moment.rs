//! Why there was no alert at a moment: the whole of each theme, and the parts that came nearest.

use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::calendar::bucket::Buckets;
use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::explain::account;
use crate::cli::explain::account::Account;
use crate::cli::explain::chart;
use crate::cli::explain::chart::Surroundings;
use crate::cli::explain::reasons::Circumstances;
use crate::cli::explain::reasons::Standing;
use crate::cli::explain::reasons::reasons;
use crate::cli::names;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::measure::Measure;
use crate::domain::remark::Calibration;
use crate::domain::remark::RemarkKind;
use crate::engine::course;
use crate::engine::course::Outset;
use crate::engine::course::Question;
use crate::engine::judge::sources_of;
use crate::engine::labels;
use crate::engine::picture;
use crate::engine::picture::same;
use crate::engine::plan::Plan;
use crate::incident::storm::whole_of;
use crate::render::calibrated;
use crate::render::kinds::value;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reports::Reader;

/// Parts that are shown.
const PARTS: usize = 5;

/// What was asked for.
struct Case<'a> {
    reader: Reader<'a>,
    plan: &'a Plan,
    watch: &'a Watch,
    incidents: Vec<Incident>,
    calibrated: Option<String>,
}

#[allow(clippy::too_many_arguments, reason = "the options of the command, as they come")]
pub(super) fn moment(
    watch: &str,
    theme: Option<&str>,
    at: Timestamp,
    store: &Direct,
    plan: &Plan,
    now: Timestamp,
    as_json: bool,
    console: &mut Console,
) -> Result<Code, Failure> {
    let watch = names::watch(plan, watch)?;
    let theme = theme.map(|theme| names::theme(watch, theme)).transpose()?;
    let reader = store.reader();
    let zone = plan.config.time_zone;
    if at > now {
        return Err(Failure::new(Code::Usage, format!("{} is still to come", times::local(at, zone))));
    }
    let Some(first) = reader.first_quarter()? else {
        if as_json {
            writeln!(console.out, "{}", nothing(watch, plan.buckets(watch), at))?;
            return Ok(Code::Done);
        }
        writeln!(console.err, "nothing was counted yet: no message is stored")?;
        return Ok(Code::Done);
    };
    let buckets = plan.buckets(watch);
    let calibration = labels::of_watch(watch, &reader.labels()?, now);
    let calibrated = calibrated::sentence(&calibration, watch.false_alarms_per_year);
    let incidents = reader.incidents(true)?;
    let accepted = course::acceptances(&incidents);
    let question = Question { plan, watch, calibration, accepted, shown: course::around(buckets, at, now), at };
    let marks = picture::marks(&reader.acts(RemarkKind::Annotation, question.shown.clone())?, watch);
    let around = Surroundings { zone, marks: &marks, incidents: &incidents, shown: question.shown.clone() };
    let case = Case { reader: store.reader(), plan, watch, incidents: incidents.clone(), calibrated };
    let accounts = case.accounts(&question, first, theme, now)?;
    if as_json {
        let document = json!({
            "watch": watch.name,
            "from": times::stamp(buckets.start(at)),
            "until": times::stamp(buckets.end(at)),
            "false_alarms_per_year": watch.false_alarms_per_year,
            "calibration": calibration,
            "marks": chart::marks(&marks),
            "series": accounts.iter().map(Account::json).collect::<Vec<_>>(),
        });
        writeln!(console.out, "{document}")?;
        return Ok(Code::Done);
    }
    let (from, until) = (times::local(buckets.start(at), zone), times::local(buckets.end(at), zone));
    writeln!(console.out, "watch \"{}\", from {from} to {until}", watch.name)?;
    show(&accounts, plan, &around, console)
}

/// What programs are told where nothing was counted yet.
fn nothing(watch: &Watch, buckets: Buckets, at: Timestamp) -> Value {
    json!({
        "watch": watch.name,
        "from": times::stamp(buckets.start(at)),
        "until": times::stamp(buckets.end(at)),
        "false_alarms_per_year": watch.false_alarms_per_year,
        "calibration": Calibration::default(),
        "marks": [],
        "series": [],
    })
}

impl Case<'_> {
    /// All series of the watch, nearest to an alert first.
    fn accounts(&self, question: &Question<'_>, first: Quarter, theme: Option<&str>, now: Timestamp) -> Result<Vec<Account>, Failure> {
        let (reader, watch) = (&self.reader, self.watch);
        let (names, snapshots) = (reader.counters(Quarter(0)..Quarter(0))?, reader.snapshots(question.shown.start)?);
        let outset = Outset::new(question, &names, &snapshots, first, |key| {
            key.kind != Kind::SlowRise && theme.is_none_or(|theme| key.theme == theme)
        });
        let counters = reader.counters(outset.quarters())?;
        let grid = Grid::of(&counters, &sources_of(watch, &counters));
        // Slow rises have a budget of their own.
        let series = crate::engine::judge::series_of(watch, &names).iter().filter(|series| series.key.kind != Kind::SlowRise).count();
        let mut accounts = Vec::new();
        for start in &outset.starts {
            let course = outset.follow(start, &grid, now);
            let Some(verdict) = course.verdict.clone() else { continue };
            let needed = outset.needed(start, &course, &grid, now);
            let key = start.series.key.clone();
            let (own, whole) = (self.standing(&key, &verdict)?, whole_of(&key).map(|whole| self.standing(&whole, &verdict)).transpose()?);
            let around = Circumstances {
                watch,
                zone: self.plan.config.time_zone,
                measure: Measure::of(&key),
                series,
                calibration: self.calibrated.as_deref(),
                own: own.as_ref(),
                whole: whole.as_ref().and_then(Option::as_ref),
            };
            let reasons = reasons(&verdict, needed, &around);
            let incident = own.map(|own| own.incident.id);
            accounts.push(Account { key, verdict, needed, reasons, incident, verdicts: course.verdicts });
        }
        accounts.sort_by(|a, b| b.nearness().total_cmp(&a.nearness()).then_with(|| a.key.cmp(&b.key)));
        Ok(accounts)
    }

    /// The incident of a series that stood during a bucket.
    fn standing(&self, key: &SeriesKey, bucket: &Verdict) -> Result<Option<Standing>, Failure> {
        for incident in self.incidents.iter().rev().filter(|incident| same(&incident.key, key) && incident.opened_at < bucket.until) {
            let record = self.reader.record(&incident.id)?;
            if let Some(standing) = Standing::of(incident, &record, bucket) {
                return Ok(Some(standing));
            }
        }
        Ok(None)
    }
}

fn show(accounts: &[Account], plan: &Plan, around: &Surroundings<'_>, console: &mut Console) -> Result<Code, Failure> {
    let wholes = || accounts.iter().filter(|account| account.is_whole());
    if wholes().next().is_none() {
        writeln!(console.out, "the first message came later: there is nothing to say")?;
    }
    for (at, account) in wholes().enumerate() {
        let title = plan.title(&account.key);
        writeln!(console.out, "\n{title} ({}): {}", account.key.theme, account.call())?;
        writeln!(console.out, "  {}.", account.counted())?;
        for reason in &account.reasons {
            writeln!(console.out, "  {reason}")?;
        }
        if at == 0 {
            write!(console.out, "\n{}\n", chart::draw(&account.key, &account.verdicts, around))?;
        }
        account::numbers(&account.key, &account.verdict.numbers, console)?;
    }
    if wholes().count() > 1 {
        writeln!(console.out, "\n--theme NAME draws another one")?;
    }
    parts(accounts, console)?;
    Ok(Code::Done)
}

/// The parts that came nearest.
fn parts(accounts: &[Account], console: &mut Console) -> Result<(), Failure> {
    let parts: Vec<&Account> = accounts.iter().filter(|account| !account.is_whole()).collect();
    let near = || parts.iter().filter(|part| part.verdict.numbers.newest.count > 0.0).take(PARTS);
    if near().next().is_none() {
        return Ok(());
    }
    writeln!(console.out, "\nparts that came nearest, of {}:", parts.len())?;
    let mut table = Table::new(&["PART", "THEME", "CAME", "EXPECTED", "ALERT FROM", "WHY"]);
    for part in near() {
        let newest = &part.verdict.numbers.newest;
        let (came, expected) = match (Measure::of(&part.key), part.verdict.numbers.mean) {
            (Some(measure), Some(mean)) => (value(measure, mean.value), value(measure, mean.usual)),
            _ => (format!("{}", newest.count), format!("{:.1}", newest.expected)),
        };
        table.row(&[
            part.key.segment.to_string(),
            part.key.theme.clone(),
            came,
            expected,
            part.needed.map_or_else(|| "-".to_owned(), |needed| format!("{needed}")),
            part.reasons.first().cloned().unwrap_or_default(),
        ]);
    }
    write!(console.out, "{table}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::bucket::Width;
    use crate::calendar::holidays::Holidays;

    fn watch() -> Watch {
        Watch {
            name: "support".to_owned(),
            themes: vec!["late".to_owned()],
            measures: vec![Measure::Csat],
            sources: vec!["shop".to_owned()],
            by: Vec::new(),
            bucket: Width::Hour,
            holidays: Holidays::default(),
            false_alarms_per_year: 4.0,
            slow_rises_per_year: 1.0,
            reference: None,
            min_complaints: 5,
            notify: Vec::new(),
            each: None,
        }
    }

    #[test]
    fn a_measure_of_the_watch_is_known_by_its_name() {
        let watch = watch();
        assert!(names::theme(&watch, "csat").is_ok_and(|name| name == "csat"));
        assert!(names::theme(&watch, "late").is_ok_and(|name| name == "late"));
        assert!(names::theme(&watch, "nps").is_err());
    }

    #[test]
    fn with_nothing_counted_programs_still_get_an_object() {
        let buckets = Buckets { width: Width::Hour, zone: chrono_tz::UTC, holidays: Holidays::default() };
        let document = nothing(&watch(), buckets, "2026-11-21T13:05:00Z".parse().unwrap());
        assert_eq!((document["watch"].as_str(), document["series"].as_array().map(Vec::len)), (Some("support"), Some(0)));
    }
}
