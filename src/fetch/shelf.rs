//! One thing a host, shared by all who ask that host, and forgotten when there is nothing in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Above so many hosts, those with nothing to remember are forgotten.
pub(super) const REMEMBERED: usize = 4_096;

/// What is remembered of each host.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    hosts: HashMap<Box<str>, Arc<T>>,
    /// Looked through only when it has doubled since: a look at all costs each newcomer the same
    /// little, however many hosts there are to remember.
    sweep_at: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { hosts: HashMap::new(), sweep_at: REMEMBERED }) }
    }
}

impl<T: Default> Shelf<T> {
    /// What is remembered of `host`; new and empty for a host that is not known. `is_idle` says of
    /// those that nobody holds whether they may be forgotten.
    pub(super) fn of(&self, host: &str, is_idle: impl Fn(&T) -> bool) -> Arc<T> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = inner.hosts.get(host) {
            return Arc::clone(known);
        }
        if inner.hosts.len() >= inner.sweep_at {
            inner.hosts.retain(|_, kept| Arc::strong_count(kept) > 1 || !is_idle(kept));
            inner.sweep_at = REMEMBERED.max(inner.hosts.len() * 2);
        }
        Arc::clone(inner.hosts.entry(host.into()).or_default())
    }

    /// How many hosts are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).hosts.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_is_in_use_or_not_idle_is_never_forgotten() {
        let shelf = Shelf::<AtomicUsize>::default();
        let idle = |number: &AtomicUsize| number.load(Ordering::Relaxed) == 0;
        let held = shelf.of("held", idle);
        shelf.of("full", idle).store(7, Ordering::Relaxed);
        for host in 0..REMEMBERED * 3 {
            shelf.of(&host.to_string(), idle);
        }
        assert!(shelf.len() <= REMEMBERED, "{}", shelf.len());
        assert!(Arc::ptr_eq(&held, &shelf.of("held", idle)));
        assert_eq!(shelf.of("full", idle).load(Ordering::Relaxed), 7);
    }

    #[test]
    fn a_hundred_thousand_hosts_that_want_peace_cost_a_few_looks_each() {
        let (shelf, looks) = (Shelf::<AtomicUsize>::default(), AtomicUsize::new(0));
        for host in 0..100_000 {
            shelf.of(&host.to_string(), |_| {
                looks.fetch_add(1, Ordering::Relaxed);
                false
            });
        }
        assert!(looks.into_inner() < 200_000);
    }
}
