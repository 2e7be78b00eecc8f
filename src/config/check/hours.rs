//! `[target.quiet]` and `[route.hours]`: hours in their zone.

use crate::calendar::hours::Hours;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::hours::Open;
use crate::config::shape::hours::Quiet;
use crate::config::shape::top::Top;

/// Quiet hours of a target.
pub fn quiet(quiet: &Quiet, top: &Top, reader: &mut Reader<'_>) -> Option<Hours> {
    let hours = Hours {
        from: quiet.from.as_ref()?.value.0,
        until: quiet.until.as_ref()?.value.0,
        days: quiet.days.value.0,
        weekends: quiet.weekends.value,
        zone: quiet.time_zone.as_ref().map_or(top.time_zone.value.0, |zone| zone.value.0),
    };
    if hours.never_end() {
        let at = quiet.until.as_ref()?.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::AlwaysQuiet, at, "the quiet hours never end: only what is critical would ever be sent")
                .label("they begin again when they end")
                .help("let them end at another time, or leave out a day; a route with `level = \"critical\"` tells of that alone"),
        );
    }
    Some(hours)
}

/// Hours in which a route is open.
pub fn open(open: &Open, top: &Top, _reader: &mut Reader<'_>) -> Option<Hours> {
    Some(Hours {
        from: open.from.as_ref()?.value.0,
        until: open.until.as_ref()?.value.0,
        days: open.days.value.0,
        weekends: false,
        zone: open.time_zone.as_ref().map_or(top.time_zone.value.0, |zone| zone.value.0),
    })
}
