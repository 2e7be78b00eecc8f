//! `[heartbeat]`

use crate::config::check::names;
use crate::config::check::names::Names;
use crate::config::literal;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Heartbeat;
use crate::config::shape::top::Top;
use crate::domain::secret::Secret;
use crate::schedule::Schedule;
use crate::schedule::cron;

/// Signs of life; none where nobody gets any.
pub fn heartbeat(top: &Top, reader: &mut Reader<'_>) -> Option<Heartbeat> {
    let heartbeat = &top.heartbeat;
    let targets = Names {
        what: "target",
        all: top.target.iter().filter_map(|target| Some(target.name.as_ref()?.value.0.as_str())).collect(),
        complete: top.target.iter().all(|target| target.name.is_some()),
    };
    let well = names::resolve("well", &heartbeat.well, &targets, reader);
    let line = &heartbeat.well_at;
    let well_at = match cron::Line::parse(&line.value.0) {
        Ok(parsed) => Schedule::Cron(parsed, top.time_zone.value.0),
        Err(error) => {
            let at = literal::place(&line.at.clone().unwrap_or_default(), error.span, reader.documents);
            let message = format!("`well_at` is no cron line: {}", error.reason);
            reader.report(Problem::error(Code::BadCron, at, message).label("here").help(error.cure));
            return None;
        }
    };
    if heartbeat.url.is_none() && well.is_empty() {
        return None;
    }
    let url = heartbeat.url.as_ref().map(|url| url.value.secret().cloned().unwrap_or_else(|| Secret::new(String::new())));
    Some(Heartbeat { url, every: heartbeat.every.value.0, well, well_at })
}
