//! Room for large answers: so many bytes at once, however many polls run.
//!
//! A hundred polls at once are little as long as answers are small. That a hundred of twenty
//! megabytes come at once, and each is unpacked and read, is nothing that a small server should
//! have to bear: they wait for each other, and hold their room until they are stored.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

/// Up to so many bytes an answer needs no room.
pub(super) const SMALL: u64 = 1024 * 1024;
/// Bytes of large answers at once, where a single one may not be larger.
const MOST: u64 = 32 * 1024 * 1024;
/// What permits are counted in.
const UNIT: u64 = 64 * 1024;

/// All the room there is.
#[derive(Debug)]
pub(super) struct Rooms {
    units: Arc<Semaphore>,
    most: u32,
}

/// The room of one answer; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Room(Option<OwnedSemaphorePermit>);

impl Room {
    /// The same for an answer that turned out to be of so many bytes.
    pub(super) fn of(mut self, bytes: usize) -> Self {
        let needed = if bytes as u64 <= SMALL { 0 } else { units(bytes as u64) as usize };
        if let Some(permit) = &mut self.0 {
            drop(permit.split(permit.num_permits().saturating_sub(needed)));
        }
        self
    }
}

/// What an answer says does not depend on the room that it takes.
impl PartialEq for Room {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Rooms {
    /// Room in which one answer of `max_body` bytes fits.
    pub(super) fn new(max_body: u64) -> Self {
        let most = units(max_body.max(MOST));
        Self { units: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Waits for the room of an answer of at most so many bytes. Taken once for the whole of it: two
    /// that took it as they grow would wait for each other for ever.
    pub(super) async fn enter(&self, bytes: u64) -> Room {
        let permit = Arc::clone(&self.units).acquire_many_owned(units(bytes).min(self.most)).await;
        // The semaphore is never closed.
        Room(permit.ok())
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn large_answers_wait_for_each_other_and_one_always_fits() {
        let rooms = Rooms::new(20_000_000);
        let is_there = |bytes| rooms.enter(bytes).now_or_never().is_some();
        let first = rooms.enter(20_000_000).now_or_never();
        assert!(first.is_some() && !is_there(20_000_000) && is_there(2_000_000));
        drop(first);
        assert!(is_there(20_000_000));
        assert!(Rooms::new(u64::MAX).enter(u64::MAX).now_or_never().is_some());
    }

    #[test]
    fn what_is_not_needed_in_the_end_is_given_back() {
        let rooms = Rooms::new(20_000_000);
        let first = rooms.enter(20_000_000).now_or_never().unwrap().of(2_000_000);
        let second = rooms.enter(20_000_000).now_or_never();
        assert!(second.is_some() && rooms.enter(20_000_000).now_or_never().is_none());
        drop(first);
    }
}
