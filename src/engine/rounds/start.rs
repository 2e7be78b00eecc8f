//! Where a start finds the streams: when each is polled first, and which of them share a host.

use std::collections::HashMap;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::engine::poller::Target;
use crate::fetch;
use crate::polling::backoff;
use crate::schedule;
use crate::store::sqlite::dues::Due;

/// What is stored of a target among dues in order of their keys. None where it is of another address
/// than the configured one: how that fared says nothing of this one.
pub(in crate::engine) fn stored<'a>(target: &Target, dues: &'a [Due]) -> Option<&'a Due> {
    let due = dues.binary_search_by(|due| due.key.cmp(&target.key)).ok().map(|at| &dues[at])?;
    Some(due).filter(|due| due.address.is_none_or(|address| target.is_of(address)))
}

/// When each stream is polled first. Targets and dues are in order of their keys.
pub(super) fn first_polls(targets: &[Target], dues: &[Due], now: Timestamp) -> Vec<Timestamp> {
    let of = |target| {
        let due = stored(target, dues);
        target.known(due.and_then(|due| due.at), due.is_some_and(|due| due.held))
    };
    let all: Vec<schedule::Known<'_>> = targets.iter().map(of).collect();
    let mut first = schedule::first_polls(&all, now);
    for (first, target) in first.iter_mut().zip(targets) {
        if stored(target, dues).is_some_and(|due| due.gone) {
            *first = now + backoff::NEVER;
        }
    }
    first
}

/// The number of each target's lane. What is not on the web has a lane of its own.
pub(super) fn lanes(targets: &[Target], now: Timestamp) -> Vec<u32> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut last = 0;
    let mut number = |target: &Target| {
        let request = target.source.source.first(&target.key.shard, &Cursor::default(), now);
        let name = match &request {
            Request::Get(get) => fetch::lane_of(&get.url),
            Request::Call(call) => fetch::lane_of(&call.url),
            _ => None,
        };
        let next = name.map_or(last, |name| *known.entry(name).or_insert(last));
        last += u32::from(next == last);
        next
    };
    targets.iter().map(&mut number).collect()
}
