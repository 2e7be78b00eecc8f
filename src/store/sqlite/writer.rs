//! The one thread that writes.
//!
//! Jobs wait in a bounded queue. The thread takes all that wait into one transaction, each under a
//! savepoint of its own, and answers after the commit: a burst of small writes costs one sync.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::domain::ports::StoreError;
use crate::store::sqlite::names::Names;

/// Jobs taken into one transaction at most, so that the first does not wait for too many others.
const GROUP: usize = 512;
/// No further job is taken after so long: pages of messages take milliseconds each.
const LONGEST: Duration = Duration::from_millis(50);
/// Jobs that may wait; more make their senders wait.
const QUEUE: usize = 512;

type Answer = Box<dyn FnOnce(&rusqlite::Result<()>) + Send>;
/// What a job works on; an error where no transaction could be begun.
type Desk<'a> = Result<(&'a Connection, &'a mut Names), &'a rusqlite::Error>;
type Job = Box<dyn FnOnce(Desk<'_>) -> Option<Answer> + Send>;

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
        let job: Job = Box::new(move |desk| {
            // Whoever asked was cut off before it was begun: the next start does it again.
            if answer.is_closed() {
                return None;
            }
            let outcome = desk.map_err(failure).and_then(|(connection, names)| under_savepoint(connection, names, work));
            Some(Box::new(move |committed: &rusqlite::Result<()>| {
                // Nobody may be waiting any more; what is committed stays committed.
                let _ = answer.send(outcome.and_then(|value| committed.as_ref().map(|()| value).map_err(failure)));
            }) as Answer)
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
    // A full disk makes SQLite give the whole transaction up; nothing may slip out of it after that.
    if connection.is_autocommit() {
        return Err(StoreError::Broken("the transaction was given up after an error".into()));
    }
    let run = |statement| connection.prepare_cached(statement)?.execute([]);
    run("SAVEPOINT job")?;
    let outcome = work(connection, names);
    if outcome.is_err() {
        names.forget();
    }
    if connection.is_autocommit() {
        return outcome;
    }
    if outcome.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    outcome
}

#[allow(clippy::disallowed_methods, reason = "it measures work in real time")]
fn serve(connection: &Connection, mut names: Names, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut answers = Vec::new();
        let (since, begun) = (Instant::now(), begin(connection));
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(job) = next.take() {
            // Without a transaction nothing runs: each job would wait for the lock by itself.
            answers.extend(job(begun.as_ref().map(|()| (connection, &mut names))));
            taken += 1;
            if taken < GROUP && since.elapsed() < LONGEST {
                next = queue.try_recv().ok();
            }
        }
        let committed = begun.and_then(|()| connection.execute_batch("COMMIT"));
        if committed.is_err() {
            names.forget();
        }
        for answer in answers {
            answer(&committed);
        }
    }
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
}

/// A failed commit may leave its transaction open; the next one must begin afresh.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")
}

/// What an error that concerns many jobs means for one of them.
fn failure(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::Broken(error.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;

    fn opened(folder: &tempfile::TempDir) -> Connection {
        let connection = Connection::open(folder.path().join("u.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS note (text TEXT)").unwrap();
        connection.busy_timeout(Duration::from_millis(200)).unwrap();
        connection
    }

    fn note(connection: &Connection, _: &mut Names) -> Result<(), StoreError> {
        connection.execute("INSERT INTO note VALUES ('x')", [])?;
        Ok(())
    }

    #[tokio::test]
    async fn while_another_process_writes_no_job_waits_for_the_lock_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _thread) = Writer::start(opened(&folder), Names::default()).unwrap();
        let other = opened(&folder);
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let ran = Arc::new(AtomicU32::new(0));
        let job = || {
            let ran = Arc::clone(&ran);
            writer.run(move |connection, names| {
                ran.fetch_add(1, Ordering::Relaxed);
                note(connection, names)
            })
        };
        let (first, second) = tokio::join!(job(), job());
        assert!(matches!(first, Err(StoreError::Busy)) && matches!(second, Err(StoreError::Busy)), "{first:?} {second:?}");
        assert_eq!(ran.load(Ordering::Relaxed), 0);
        other.execute_batch("ROLLBACK").unwrap();
        job().await.unwrap();
        let stored: u32 = other.query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, 1);
    }

    #[tokio::test]
    async fn a_job_whose_sender_was_cut_off_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _thread) = Writer::start(opened(&folder), Names::default()).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let slow = writer.run(move |_, _| wait.recv().map_err(|error| StoreError::Broken(Box::new(error))));
        let cut = async {
            tokio::select! {
                biased;
                _ = writer.run(note) => unreachable!("the writer is busy"),
                () = std::future::ready(()) => {}
            }
            go.send(()).unwrap();
        };
        let (slow, ()) = tokio::join!(slow, cut);
        slow.unwrap();
        let count =
            |connection: &Connection, _: &mut Names| Ok(connection.query_row("SELECT count(*) FROM note", [], |row| row.get::<_, u32>(0))?);
        assert_eq!(writer.run(count).await.unwrap(), 0_u32);
    }

    #[tokio::test]
    async fn a_full_disk_is_named_and_the_writer_goes_on_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let connection = opened(&folder);
        connection.execute_batch("PRAGMA max_page_count = 3").unwrap();
        let (writer, _thread) = Writer::start(connection, Names::default()).unwrap();
        let large = |connection: &Connection, _: &mut Names| Ok(connection.execute("INSERT INTO note VALUES (zeroblob(100000))", [])?);
        let full = writer.run(large).await.unwrap_err();
        assert!(full.to_string().contains("full"), "{full}");
        writer.run(|connection, _| Ok(connection.execute_batch("PRAGMA max_page_count = 1000000")?)).await.unwrap();
        assert_eq!(writer.run(large).await.unwrap(), 1);
    }
}
