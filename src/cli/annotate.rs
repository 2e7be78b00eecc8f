//! `uproar annotate`: marks of releases and changes of policy, which charts and alerts show.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::domain::remark::Saying;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::text::excerpt::one_line;

/// Longest text of a mark, in characters: it has to fit beside a chart.
const LONGEST: usize = 80;

/// Mark a release or a change of policy on charts and alerts
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  uproar annotate \"5.2 released\"\n  uproar annotate \"new refund rules\" --at 2026-11-21T09:00 --watch money\n  uproar annotate --list"
)]
pub struct Args {
    /// What happened, in a few words
    #[arg(required_unless_present_any = ["list", "remove"], conflicts_with_all = ["list", "remove"])]
    text: Option<String>,
    /// When: a time, with a zone or in `time_zone`, or an age as in 3h; now without it
    #[arg(long, value_name = "TIME", requires = "text")]
    at: Option<String>,
    /// Only on charts and alerts of this watch; on all of them without it
    #[arg(long, value_name = "NAME", requires = "text")]
    watch: Option<String>,
    /// Show all marks with their numbers
    #[arg(long, conflicts_with = "remove")]
    list: bool,
    /// Remove a mark by its number
    #[arg(long, value_name = "ID")]
    remove: Option<i64>,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (zone, now) = (config.time_zone, Clock::real().now());
    let (mut store, plan) = open::store_and_plan(config)?;
    if let Some(id) = args.remove {
        if !store.remove_act(RemarkKind::Annotation, id)? {
            return Err(Failure::new(Code::Usage, format!("there is no mark {id}; `uproar annotate --list` shows them")));
        }
        writeln!(console.out, "mark {id} is removed")?;
        return Ok(Code::Done);
    }
    let Some(text) = &args.text else {
        let marks = store.reader().acts(RemarkKind::Annotation, Timestamp::MIN_UTC..Timestamp::MAX_UTC)?;
        return list(&marks, &plan, console);
    };
    let at = args.at.as_deref().map(|text| times::parse(text, zone, now)).transpose()?.unwrap_or(now);
    let text = one_line(text);
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return Err(Failure::new(Code::Usage, format!("a mark has 1 to {LONGEST} characters, this one has {length}")));
    }
    if let Some(name) = &args.watch {
        names::watch(&plan, name)?;
    }
    let mark = Remark { id: 0, at, who: names::who(), saying: Saying::Annotation { text: text.clone(), watch: args.watch.clone() } };
    let id = store.add_act(&mark)?;
    writeln!(console.out, "mark {id}: {}  {text}", times::local(at, zone))?;
    Ok(Code::Done)
}

fn list(marks: &[Remark], plan: &Plan, console: &mut Console) -> Result<Code, Failure> {
    if marks.is_empty() {
        writeln!(console.out, "there is no mark yet; `uproar annotate \"5.2 released\"` makes one")?;
        return Ok(Code::Done);
    }
    let mut table = Table::new(&["ID", "AT", "BY", "WATCH", "WHAT"]);
    for mark in marks {
        let Saying::Annotation { text, watch } = &mark.saying else { continue };
        let watch = watch.clone().unwrap_or_else(|| "all".to_owned());
        table.row(&[mark.id.to_string(), times::local(mark.at, plan.config.time_zone), mark.who.clone(), watch, text.clone()]);
    }
    write!(console.out, "{table}")?;
    Ok(Code::Done)
}
