//! The one thread that writes.
//!
//! Jobs wait in a bounded queue. The thread takes all that wait into one transaction, each under a
//! savepoint of its own, and answers after the commit: a burst of small writes costs one sync.

use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::domain::ports::StoreError;
use crate::store::sqlite::names::Names;

/// Jobs taken into one transaction at most, so that the first does not wait for too many others.
const GROUP: usize = 64;
/// Jobs that may wait; more make their senders wait.
const QUEUE: usize = 128;

type Answer = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&Connection, &mut Names) -> Answer + Send>;

/// The sending end of the queue.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread. It ends when the last [`Writer`] is gone and the queue is empty.
    pub(super) fn start(connection: Connection, names: Names) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || serve(&connection, names, queue))?;
        Ok((Self { jobs }, thread))
    }

    /// Runs a job and waits until it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &mut Names) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |connection, names| {
            let outcome = under_savepoint(connection, names, work);
            Box::new(move |committed| {
                // Nobody may be waiting any more; what is committed stays committed.
                let _ = answer.send(if committed || outcome.is_err() { outcome } else { Err(StoreError::Busy) });
            })
        });
        let closed = || StoreError::Broken("the writer has stopped".into());
        self.jobs.send(job).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }
}

fn under_savepoint<T>(
    connection: &Connection,
    names: &mut Names,
    work: impl FnOnce(&Connection, &mut Names) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = work(connection, names);
    if outcome.is_err() {
        names.forget();
        connection.execute_batch("ROLLBACK TO job")?;
    }
    connection.execute_batch("RELEASE job")?;
    outcome
}

fn serve(connection: &Connection, mut names: Names, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut answers = Vec::new();
        let begun = connection.execute_batch("BEGIN IMMEDIATE").is_ok();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            // Without a transaction the savepoint is one by itself: the job still runs whole or not.
            answers.push(job(connection, &mut names));
            if answers.len() < GROUP {
                next = queue.try_recv().ok();
            }
        }
        let committed = !begun || connection.execute_batch("COMMIT").is_ok();
        if !committed {
            names.forget();
            // A failed commit may leave the transaction open; the next one must begin afresh.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for answer in answers {
            answer(committed);
        }
    }
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
}
