//! `[[route]]`: the names it uses are there.

use crate::config::check::hours;
use crate::config::check::names;
use crate::config::check::names::Names;
use crate::config::kind::list::List;
use crate::config::kind::text::Line;
use crate::config::reader::Reader;
use crate::config::shape::route::Route as Written;
use crate::config::shape::route::When;
use crate::config::shape::top::Top;
use crate::domain::matcher::Matcher;
use crate::incident::route::Route;

/// The routes that could be read as a whole.
pub fn routes(top: &Top, reader: &mut Reader<'_>) -> Vec<Route> {
    let targets = Names {
        what: "target",
        all: top.target.iter().filter_map(|target| Some(target.name.as_ref()?.value.0.as_str())).collect(),
        complete: top.target.iter().all(|target| target.name.is_some()),
    };
    top.route.iter().filter_map(|route| one(route, top, &targets, reader)).collect()
}

fn one(route: &Written, top: &Top, targets: &Names<'_>, reader: &mut Reader<'_>) -> Option<Route> {
    let hours = route.hours.as_ref().and_then(|open| hours::open(&open.value, top, reader));
    Some(Route {
        when: matcher(&route.when),
        hours,
        to: names::resolve("to", route.to.as_ref()?, targets, reader),
        after: route.after.as_ref().map(|span| span.value.0),
    })
}

fn matcher(when: &When) -> Matcher {
    let texts = |list: &List<Line>| list.iter().map(|line| line.value.0.clone()).collect();
    Matcher {
        level: when.level.as_ref().map(|level| level.value.0),
        watches: texts(&when.watch.value),
        themes: texts(&when.theme.value),
        segment: when.segment.as_ref().map(|segment| segment.value.0.clone()),
        labels: when.label.value.0.iter().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
        sources: texts(&when.source.value),
        kinds: when.kind.value.iter().map(|kind| kind.value.0).collect(),
    }
}
