//! `uproar incident missed`: tells the calibration of a trouble that no alert told.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::domain::remark::Saying;
use crate::engine::labels;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::render::calibrated;
use crate::store::sqlite::Direct;

/// What was missed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar incident missed --watch support --from 2026-11-21T09:00 --to 2026-11-21T18:00\n  uproar incident missed --list"
)]
pub struct Args {
    /// Name of the watch that should have told of it
    #[arg(long, value_name = "NAME", required_unless_present_any = ["list", "remove"], requires_all = ["from", "to"], conflicts_with_all = ["list", "remove"])]
    watch: Option<String>,
    /// When it began: a time, with a zone or in `time_zone`, or an age as in 3h
    #[arg(long, value_name = "TIME", requires = "watch")]
    from: Option<String>,
    /// When it ended
    #[arg(long, value_name = "TIME", requires = "watch")]
    to: Option<String>,
    /// Name of the theme, where one is to blame
    #[arg(long, value_name = "THEME", requires = "watch")]
    theme: Option<String>,
    /// Show what was recorded, with its numbers
    #[arg(long, conflicts_with = "remove")]
    list: bool,
    /// Take one back by its number
    #[arg(long, value_name = "ID")]
    remove: Option<i64>,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (mut store, plan) = open::store_and_plan(config)?;
    let now = Clock::real().now();
    match (&args.watch, &args.from, &args.to, args.remove) {
        (Some(watch), Some(from), Some(to), _) => {
            let time = |text: &str| times::parse(text, plan.config.time_zone, now);
            let watch = names::watch(&plan, watch)?;
            let theme = args.theme.as_deref().map(|theme| names::theme(watch, theme)).transpose()?;
            let (from, to) = (time(from)?, time(to)?);
            refuse(&store, &plan, watch, theme, from, to, now)?;
            let saying = Saying::Missed { watch: watch.name.clone(), theme: theme.map(str::to_owned), until: to };
            let id = store.add_act(&Remark { id: 0, at: from, who: names::who(), saying })?;
            writeln!(console.out, "{id}: recorded as missed")?;
            tell(&store, watch, now, console)
        }
        (.., Some(id)) => {
            let all = missed(&store)?;
            let Some(remark) = all.iter().find(|remark| remark.id == id) else {
                return Err(Failure::new(
                    Code::Usage,
                    format!("there is no missed trouble {id}; `uproar incident missed --list` shows them"),
                ));
            };
            store.remove_act(RemarkKind::Missed, id)?;
            writeln!(console.out, "{id}: taken back")?;
            plan.watch(remark.subject()).map_or(Ok(Code::Done), |watch| tell(&store, watch, now, console))
        }
        _ => list(&missed(&store)?, &plan, console),
    }
}

fn missed(store: &Direct) -> Result<Vec<Remark>, Failure> {
    Ok(store.reader().acts(RemarkKind::Missed, Timestamp::MIN_UTC..Timestamp::MAX_UTC)?)
}

/// Says what the calibration of a watch is now.
pub(super) fn tell(store: &Direct, watch: &Watch, now: Timestamp, console: &mut Console) -> Result<Code, Failure> {
    let calibration = labels::of_watch(watch, &store.reader().labels()?, now);
    let nobody = || format!("nothing is labelled: the budget of {} false alarms a year is used as it is", watch.false_alarms_per_year);
    let sentence = calibrated::sentence(&calibration, watch.false_alarms_per_year).unwrap_or_else(nobody);
    writeln!(console.out, "watch \"{}\": {sentence}", watch.name)?;
    Ok(Code::Done)
}

/// What was told, or has not been yet, was not missed.
fn refuse(
    store: &Direct,
    plan: &Plan,
    watch: &Watch,
    theme: Option<&str>,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<(), Failure> {
    let local = |at: Timestamp| times::local(at, plan.config.time_zone);
    let wrong = |why: String| Err(Failure::new(Code::Usage, why));
    if to <= from {
        return wrong(format!("--to {} is not after --from {}", local(to), local(from)));
    }
    let latest = store.reader().last_quarter()?.map_or(now, |last| now.max(last.start()));
    if from > latest {
        return wrong(format!("{} is still to come", local(from)));
    }
    let incidents = store.reader().incidents(true)?;
    if let Some(stood) = incidents.iter().find(|incident| stood(incident, watch, theme, from, to)) {
        let until = stood.resolved_at.map_or_else(|| "now".to_owned(), local);
        return wrong(format!("it was told: incident {} ({}) stood from {} to {until}", stood.id, stood.key, local(stood.opened_at)));
    }
    let known = missed(store)?.into_iter().find(|remark| {
        let Saying::Missed { watch: of, theme: about, until } = &remark.saying else { return false };
        *of == watch.name && remark.at < to && *until > from && (theme.is_none() || about.is_none() || about.as_deref() == theme)
    });
    match known {
        Some(known) => {
            wrong(format!("it is recorded already, as {}; `uproar incident missed --remove {}` takes it back", known.id, known.id))
        }
        None => Ok(()),
    }
}

fn stood(incident: &Incident, watch: &Watch, theme: Option<&str>, from: Timestamp, to: Timestamp) -> bool {
    let mine = incident.key.watch == watch.name && theme.is_none_or(|theme| incident.key.theme == theme);
    mine && incident.opened().is_some_and(|at| at < to) && incident.resolved_at.is_none_or(|end| end > from)
}

fn list(remarks: &[Remark], plan: &Plan, console: &mut Console) -> Result<Code, Failure> {
    if remarks.is_empty() {
        writeln!(console.out, "nothing is recorded as missed")?;
        return Ok(Code::Done);
    }
    let zone = plan.config.time_zone;
    let mut table = Table::new(&["ID", "FROM", "TO", "BY", "WATCH", "THEME"]);
    for remark in remarks {
        let Saying::Missed { watch, theme, until } = &remark.saying else { continue };
        let theme = theme.clone().unwrap_or_else(|| "any".to_owned());
        let (from, to) = (times::local(remark.at, zone), times::local(*until, zone));
        table.row(&[remark.id.to_string(), from, to, remark.who.clone(), watch.clone(), theme]);
    }
    write!(console.out, "{table}")?;
    Ok(Code::Done)
}
