//! Work on all cores: jobs that know nothing of each other, their results in the order of the jobs.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;

/// Of many small things a core takes so many at once.
const SLICE: usize = 256;
/// So often somebody hears that the work goes on.
const TICK: Duration = Duration::from_millis(500);

/// How many threads can work at once.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Does something with each of many small things. Results come in the order of the things.
pub(super) fn with_each<M: Sync, T: Send>(things: &[M], work: impl Fn(&M) -> T + Sync) -> Vec<T> {
    let slices: Vec<&[M]> = things.chunks(SLICE).collect();
    on_all(slices.len(), |at| slices[at].iter().map(&work).collect::<Vec<T>>(), |_| {}).into_iter().flatten().collect()
}

/// Does `jobs` jobs. `done` hears of each that has ended, and now and then that none has (0).
pub fn on_all<T: Send>(jobs: usize, job: impl Fn(usize) -> T + Sync, mut done: impl FnMut(u64)) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let (told, results) = mpsc::channel();
    let mut found: Vec<Option<T>> = Vec::new();
    found.resize_with(jobs, || None);
    thread::scope(|scope| {
        for _ in 0..cores().min(jobs) {
            let (told, next, job) = (told.clone(), &next, &job);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more when another job has panicked.
                    if at >= jobs || told.send((at, job(at))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(told);
        loop {
            match results.recv_timeout(TICK) {
                Ok((at, result)) => {
                    found[at] = Some(result);
                    done(1);
                }
                Err(RecvTimeoutError::Timeout) => done(0),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let mut ended = 0;
        let squares = on_all(1000, |at| at * at, |more| ended += more);
        assert_eq!(squares, (0..1000).map(|at| at * at).collect::<Vec<_>>());
        assert_eq!(ended, 1000);
        assert_eq!(on_all(0, |at| at, |_| {}), Vec::<usize>::new());
    }

    #[test]
    fn results_come_in_the_order_of_the_things() {
        let things: Vec<usize> = (0..=3 * SLICE).collect();
        assert_eq!(with_each(&things, |thing| thing * 2), things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
    }
}
