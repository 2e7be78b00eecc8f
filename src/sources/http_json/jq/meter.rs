//! What a program may use up: steps and bytes, counted where nothing can go round the count.
//!
//! The interpreter has no fuel of its own. But every term that it evaluates is looked up in a table
//! (`lut` in `mod.rs`), and every value that it copies or makes is ours (`value.rs`): both come here. When
//! the measure is full, the stack is unwound up to [`within`], past any `try` of the program.
//! Definitions that call themselves are refused before (`check.rs`), so that neither the stack nor the
//! list of what is still to be done grows with the work.

use std::cell::Cell;
use std::panic;
use std::thread;

/// What a run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Terms evaluated, values copied and compared, letters looked at.
    pub steps: u64,
    /// Bytes of all values that are made, also of those that are gone again.
    pub bytes: u64,
}

impl Limits {
    /// For a reply of so many bytes with all programs that read it.
    #[must_use]
    pub fn for_reply(length: usize) -> Self {
        Self { steps: 30_000_000, bytes: 64 * 1024 * 1024 + 16 * length as u64 }
    }
}

/// Which measure was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Spent {
    /// Too many steps.
    #[error("it takes more than 30 million steps")]
    Steps,
    /// Too many bytes.
    #[error("it makes more than 64 MiB of values")]
    Bytes,
    /// A value is nested too deeply.
    #[error("it nests values more than 200 deep")]
    Depth,
    /// The interpreter failed.
    #[error("the interpreter failed")]
    Failed,
}

/// Values in one another, at most: they are compared, written and freed by functions that call themselves.
pub(super) const DEEPEST: u32 = 200;

/// Stack of a run: a program of 4 KiB that is nothing but nested brackets fits in.
const STACK: usize = 64 * 1024 * 1024;

thread_local! {
    /// What is left of the run that this thread was started for; no run, no measure.
    static LEFT: Cell<Limits> = const { Cell::new(Limits { steps: u64::MAX, bytes: u64::MAX }) };
}

/// Runs something on a thread of its own, within limits.
///
/// # Errors
///
/// [`Spent`] where it took more, or where it failed.
pub fn within<T: Send>(limits: Limits, run: impl FnOnce() -> T + Send) -> Result<T, Spent> {
    thread::scope(|scope| {
        let started = thread::Builder::new().name("jq".to_owned()).stack_size(STACK).spawn_scoped(scope, || {
            LEFT.set(limits);
            run()
        });
        let Ok(thread) = started else { return Err(Spent::Failed) };
        thread.join().map_err(|payload| payload.downcast_ref::<Spent>().copied().unwrap_or(Spent::Failed))
    })
}

/// Takes so many steps.
pub(super) fn step(count: u64) {
    let left = LEFT.get();
    match left.steps.checked_sub(count) {
        Some(steps) => LEFT.set(Limits { steps, ..left }),
        None => stop(Spent::Steps),
    }
}

/// Makes so many bytes. Asked before they are made.
pub(super) fn make(count: u64) {
    let left = LEFT.get();
    match left.bytes.checked_sub(count) {
        Some(bytes) => LEFT.set(Limits { bytes, ..left }),
        None => stop(Spent::Bytes),
    }
}

/// Ends the run.
pub(super) fn stop(spent: Spent) -> ! {
    // Not a panic: no hook is called, and the thread is the run's own.
    panic::resume_unwind(Box::new(spent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_where_its_measure_is_full() {
        let limits = Limits { steps: 10, bytes: 10 };
        assert_eq!(within(limits, || step(10)), Ok(()));
        assert_eq!(within(limits, || step(11)), Err(Spent::Steps));
        assert_eq!(within(limits, || make(11)), Err(Spent::Bytes));
        assert_eq!(within(limits, || stop(Spent::Depth)), Err(Spent::Depth));
        step(1_000_000);
    }
}
