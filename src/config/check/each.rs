//! `[watch.each]`

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::AtMost;
use crate::config::shape::watch::Watch;

/// How many messages of a watch are told one by one.
pub fn each(watch: &Watch, reader: &mut Reader<'_>) -> Option<AtMost> {
    let each = watch.each.as_ref()?;
    if watch.themes.is_none() {
        let at = each.at.clone().unwrap_or_default();
        let problem = Problem::error(Code::Missing, at, "`each` tells of messages with a theme, and this watch has no `themes`");
        reader.report(problem.label("of which messages?").help("add `themes`, or take `each` out: measures are never about one message"));
    }
    let rate = &each.value.at_most.as_ref()?.value;
    Some(AtMost { number: rate.number, per: rate.per })
}
