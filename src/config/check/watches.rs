//! `[[watch]]`: the names it uses are there.

use crate::config::check::each;
use crate::config::check::names;
use crate::config::check::names::Names;
use crate::config::check::sources::inside;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::shape::top::Top;
use crate::config::shape::watch::Watch;
use crate::config::tree::Place;
use crate::domain::measure::Measure;
use crate::domain::theme::ThemeText;

/// The watches that could be read as a whole.
pub fn watches(top: &Top, themes: &[ThemeText], reader: &mut Reader<'_>) -> Vec<settings::Watch> {
    let named = top.watch.iter().filter_map(|watch| watch.name.as_ref());
    names::unique("watch", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    let known = Known {
        themes: Names {
            what: "theme",
            all: themes.iter().map(|theme| theme.name.as_str()).collect(),
            complete: top.theme.iter().all(|theme| theme.name.is_some()),
        },
        sources: Names {
            what: "source",
            all: top.source.iter().filter_map(|source| Some(source.name.as_ref()?.value.0.as_str())).collect(),
            complete: top.source.iter().all(|source| source.name.is_some()),
        },
        targets: Names {
            what: "target",
            all: top.target.iter().filter_map(|target| Some(target.name.as_ref()?.value.0.as_str())).collect(),
            complete: top.target.iter().all(|target| target.name.is_some()),
        },
        headers: top.watch.iter().map(|watch| watch.at.clone()).collect(),
    };
    top.watch.iter().filter_map(|watch| one(watch, top, &known, reader)).collect()
}

struct Known<'a> {
    themes: Names<'a>,
    sources: Names<'a>,
    targets: Names<'a>,
    /// Where the watches begin.
    headers: Vec<Place>,
}

fn one(watch: &Watch, top: &Top, known: &Known<'_>, reader: &mut Reader<'_>) -> Option<settings::Watch> {
    let themes = watch.themes.as_ref().map(|themes| names::resolve("themes", themes, &known.themes, reader)).unwrap_or_default();
    counts_something(watch, known, reader);
    let sources = if watch.sources.at.is_some() || !known.sources.all.is_empty() {
        names::resolve("sources", &watch.sources, &known.sources, reader)
    } else {
        if known.sources.complete {
            reader.report(
                Problem::error(Code::MatchesNothing, watch.at.clone(), "the watch matches no source")
                    .label("nothing to count")
                    .help("there is no `[[source]]`"),
            );
        }
        Vec::new()
    };
    empty("sources", watch.sources.value.0.is_empty(), watch.sources.at.as_ref(), reader);
    let notify = names::resolve("notify", &watch.notify, &known.targets, reader);
    let each = each::each(watch, reader);
    Some(settings::Watch {
        name: watch.name.as_ref()?.value.0.clone(),
        themes,
        measures: measures(watch),
        sources,
        by: watch.by.value.iter().map(|label| label.value.0.clone()).collect(),
        bucket: watch.bucket.value.0,
        holidays: watch.holidays.as_ref().unwrap_or(&top.holidays).value.iter().map(|country| country.value.0).collect(),
        false_alarms_per_year: watch.false_alarms_per_year.value.0,
        slow_rises_per_year: watch.slow_rises_per_year.value.0,
        reference: watch.reference.as_ref().map(|period| settings::Reference { from: period.value.from, until: period.value.until }),
        min_complaints: watch.min_complaints.value.0 as u32,
        notify,
        each,
    })
}

/// Each once.
fn measures(watch: &Watch) -> Vec<Measure> {
    let named = |measure: &Measure| watch.measures.iter().flat_map(|list| list.value.iter()).any(|item| item.value.0 == *measure);
    Measure::ALL.into_iter().filter(named).collect()
}

/// A watch has themes, or measures, or both.
fn counts_something(watch: &Watch, known: &Known<'_>, reader: &mut Reader<'_>) {
    if let Some(themes) = &watch.themes {
        empty("themes", themes.value.0.is_empty(), themes.at.as_ref(), reader);
    }
    if let Some(measures) = &watch.measures {
        let at = measures.at.as_ref();
        if measures.value.0.is_empty() && !reader.problems.iter().any(|problem| inside(problem, at)) {
            let help = "name some of \"rating\", \"one_star\", \"csat\" and \"nps\", or take the line out";
            let at = at.cloned().unwrap_or_default();
            reader.report(Problem::error(Code::MatchesNothing, at, "`measures` is empty").label("nothing to count").help(help));
        }
    }
    // One that was written and could not be read was reported as that.
    let begins = |at: &&Place| at.file() == watch.at.file() && at.start() > watch.at.start();
    let end = known.headers.iter().filter(begins).map(Place::start).min().unwrap_or(usize::MAX);
    let in_it = |problem: &&Problem| problem.file == watch.at.file() && (watch.at.start()..end).contains(&problem.span.start);
    let named = |problem: &Problem| ["`themes` ", "`measures` "].iter().any(|key| problem.message.starts_with(key));
    let unreadable = reader.problems.iter().filter(in_it).any(named);
    if watch.themes.is_none() && watch.measures.is_none() && !unreadable {
        reader.report(
            Problem::error(Code::Missing, watch.at.clone(), "`themes` is missing in `[[watch]]`")
                .label("`themes` is missing")
                .help("add it: `themes = [\"looping_bot\", \"no_human\"]`; or `measures = [\"rating\"]` where ratings are watched"),
        );
    }
}

fn empty(key: &str, is_empty: bool, at: Option<&Place>, reader: &mut Reader<'_>) {
    if is_empty && !reader.problems.iter().any(|problem| inside(problem, at)) {
        let at = at.cloned().unwrap_or_default();
        reader.report(
            Problem::error(Code::MatchesNothing, at, format!("`{key}` is empty"))
                .label("nothing to count")
                .help(format!("name some, or write `{key} = [\"*\"]` for all of them")),
        );
    }
}
