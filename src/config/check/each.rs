//! `[watch.each]`

use crate::config::reader::Reader;
use crate::config::settings::AtMost;
use crate::config::shape::watch::Watch;

/// How many messages of a watch are told one by one.
pub fn each(watch: &Watch, _reader: &mut Reader<'_>) -> Option<AtMost> {
    let rate = &watch.each.as_ref()?.value.at_most.as_ref()?.value;
    Some(AtMost { number: rate.number, per: rate.per })
}
