//! `[[route]]`: the names it uses are there, and it tells somebody who is not told anyway.

use crate::config::check::hours;
use crate::config::check::names;
use crate::config::check::names::Names;
use crate::config::kind::list::List;
use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Config;
use crate::config::shape::route::Route as Written;
use crate::config::shape::route::When;
use crate::config::shape::top::Top;
use crate::config::tree::Placed;
use crate::domain::matcher::Matcher;
use crate::domain::matcher::fits;
use crate::domain::measure::Measure;
use crate::domain::theme::ThemeText;
use crate::incident::route::Route;
use crate::incident::step::ESCALATIONS;

/// The routes that could be read as a whole.
pub fn routes(top: &Top, themes: &[ThemeText], reader: &mut Reader<'_>) -> Vec<Route> {
    let measures = Measure::ALL.iter().map(|measure| measure.word());
    let known = Known {
        targets: Names {
            what: "target",
            all: top.target.iter().filter_map(|target| Some(target.name.as_ref()?.value.0.as_str())).collect(),
            complete: top.target.iter().all(|target| target.name.is_some()),
        },
        watches: Names {
            what: "watch",
            all: top.watch.iter().filter_map(|watch| Some(watch.name.as_ref()?.value.0.as_str())).collect(),
            complete: top.watch.iter().all(|watch| watch.name.is_some()),
        },
        themes: Names {
            what: "theme or measure",
            all: themes.iter().map(|theme| theme.name.as_str()).chain(measures).chain(["no_data"]).collect(),
            complete: top.theme.iter().all(|theme| theme.name.is_some()),
        },
        sources: Names {
            what: "source",
            all: top.source.iter().filter_map(|source| Some(source.name.as_ref()?.value.0.as_str())).collect(),
            complete: top.source.iter().all(|source| source.name.is_some()),
        },
    };
    too_many_steps(top, reader);
    top.route.iter().filter_map(|route| one(route, top, &known, reader)).collect()
}

struct Known<'a> {
    targets: Names<'a>,
    watches: Names<'a>,
    themes: Names<'a>,
    sources: Names<'a>,
}

fn one(route: &Written, top: &Top, known: &Known<'_>, reader: &mut Reader<'_>) -> Option<Route> {
    let hours = route.hours.as_ref().and_then(|open| hours::open(&open.value, top, reader));
    let when = matcher(&route.when, known, reader);
    let to = route.to.as_ref()?;
    if to.value.0.is_empty() {
        let at = to.at.clone().unwrap_or_default();
        let help = "name a target: `to = [\"on-call\"]`, or take the route out";
        reader.report(Problem::error(Code::OutOfRange, at, "`to` is empty").label("nobody").help(help));
    }
    Some(Route { when, hours, to: names::resolve("to", to, &known.targets, reader), after: route.after.as_ref().map(|span| span.value.0) })
}

fn matcher(when: &When, known: &Known<'_>, reader: &mut Reader<'_>) -> Matcher {
    let mut named = |key: &str, list: &Placed<List<Line>>, names: &Names<'_>| {
        names::resolve(key, list, names, reader);
        list.value.iter().map(|pattern| pattern.value.0.clone()).collect::<Vec<_>>()
    };
    let watches = named("watch", &when.watch, &known.watches);
    let themes = named("theme", &when.theme, &known.themes);
    let sources = named("source", &when.source, &known.sources);
    if let Some(segment) = &when.segment
        && !(segment.value.0 == "all" || segment.value.0.contains(['=', '*', '?']))
    {
        let message = format!("there is no part of the messages `{}`", segment.value.0);
        reader.report(
            Problem::error(Code::UnknownWord, segment.at.clone().unwrap_or_default(), message)
                .label("no label with its value")
                .help("write \"all\", or a label and its value: \"country=se\""),
        );
    }
    Matcher {
        level: when.level.as_ref().map(|level| level.value.0),
        watches,
        themes,
        segment: when.segment.as_ref().map(|segment| segment.value.0.clone()),
        labels: when.label.value.0.iter().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
        sources,
        kinds: when.kind.value.iter().map(|kind| kind.value.0).collect(),
    }
}

/// Each delay that is unlike the others is a step of escalation, and an incident takes only so many.
fn too_many_steps(top: &Top, reader: &mut Reader<'_>) {
    let mut steps = Vec::new();
    for after in top.route.iter().filter_map(|route| route.after.as_ref()) {
        if !steps.contains(&after.value.0) {
            steps.push(after.value.0);
            if steps.len() > ESCALATIONS {
                let at = after.at.clone().unwrap_or_default();
                let message = format!("there are more than {ESCALATIONS} different times in `after` of all routes");
                let help = "let routes that are near each other wait for the same time";
                reader.report(Problem::error(Code::OutOfRange, at, message).label("one more").help(help));
            }
        }
    }
}

/// Warns of routes that add nobody: whoever they tell is named by every watch they may be for.
pub fn idle(top: &Top, config: &Config, reader: &mut Reader<'_>) {
    // Where there is no error, every route was read.
    for (written, route) in top.route.iter().zip(&config.routes) {
        let patterns = &route.when.watches;
        let concerned = |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name));
        let mut watches = config.watches.iter().filter(|watch| concerned(&watch.name)).peekable();
        let idle = watches.peek().is_some() && watches.all(|watch| route.to.iter().all(|target| watch.notify.contains(target)));
        if idle {
            let said = if route.after.is_some() { "told at once, not only after a while" } else { "told anyway" };
            let at = written.to.as_ref().and_then(|to| to.at.clone()).unwrap_or_default();
            reader.report(
                Problem::warning(Code::RouteIdle, at, "the route tells only those whom the watches name in `notify`")
                    .label(said)
                    .help("take them out of `notify`, name others here, or take the route out"),
            );
        }
    }
}
