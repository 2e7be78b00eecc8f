//! The store in one SQLite file: one thread writes, readers stand beside it.
//!
//! [`Direct`] is the same store for a command that needs no runtime: it opens the file itself, in
//! short transactions, also while a daemon runs. [`Sqlite`] is the daemon's: it holds the file lock,
//! and its verbs are the traits of [`crate::domain::ports`].

use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::TransactionBehavior;
use rusqlite::config::DbConfig;

mod acts;
pub mod census;
mod counters;
pub mod dues;
pub mod each;
mod evidence;
mod health;
pub mod history;
mod incidents;
mod ingest;
mod keep;
mod keys;
mod links;
mod lock;
mod migrations;
mod moved;
mod names;
pub mod outbox;
mod ports;
mod pushes;
pub mod rated;
mod relabel;
pub mod rename;
mod renumbered;
pub mod reports;
mod retag;
pub mod reviews;
mod silences;
mod streams;
pub mod threads;
mod values;
mod voices;
mod writer;

pub use keys::Keyring;
pub use links::Letter;
pub use lock::Lock;
pub use lock::LockError;
pub use migrations::OpenError;
pub use outbox::GUEST;
pub use ports::Sqlite;

use crate::domain::Timestamp;
use crate::domain::matcher::Silence;
use crate::domain::ports::Committed;
use crate::domain::ports::Judged;
use crate::domain::ports::PageCommit;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::rename::Rename;
use crate::store::sqlite::rename::RenameError;

/// The store for one thread.
pub struct Direct {
    connection: Connection,
    names: Names,
    author_key: Vec<u8>,
}

impl Direct {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong with the file and what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let existed = path.exists();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder { path: folder.to_owned(), error })?;
        }
        let mut connection = Connection::open(path).map_err(|error| OpenError::of(path, error))?;
        if !existed {
            lock::make_private(path);
        }
        settle(&connection).map_err(|error| OpenError::of(path, error))?;
        migrations::run(&mut connection, path)?;
        let author_key = keys::author_key(path).map_err(|error| OpenError::Folder { path: path.to_owned(), error })?;
        let names = Names::load(&connection).map_err(|error| OpenError::of(path, error))?;
        Ok(Self { connection, names, author_key })
    }

    /// Opens the file to read it, and leaves nothing beside it. `None` where there is none yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`] as [`Self::open`].
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, OpenError> {
        if !path.exists() {
            return Ok(None);
        }
        let failed = |error| OpenError::of(path, error);
        let connection = open_reader(path).map_err(failed)?;
        if !migrations::is_current(&connection).map_err(failed)? {
            drop(connection);
            return Self::open(path).map(Some);
        }
        let names = Names::load(&connection).map_err(failed)?;
        Ok(Some(Self { connection, names, author_key: Vec::new() }))
    }

    /// A store that nothing was ever put into, in memory.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when there is no memory for it.
    pub fn empty() -> Result<Self, OpenError> {
        let path = Path::new(":memory:");
        let failed = |error| OpenError::of(path, error);
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        migrations::run(&mut connection, path)?;
        let names = Names::load(&connection).map_err(failed)?;
        Ok(Self { connection, names, author_key: Vec::new() })
    }

    /// The key under which authors are hashed; empty in a store that is only read.
    #[must_use]
    pub fn author_key(&self) -> &[u8] {
        &self.author_key
    }

    /// What can be read.
    #[must_use]
    pub fn reader(&self) -> reports::Reader<'_> {
        reports::Reader::of(&self.connection)
    }

    /// Stores a page. See [`crate::domain::ports::Ingest::commit_page`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing is stored then.
    pub fn commit_page(&mut self, page: &PageCommit) -> Result<Committed, StoreError> {
        self.write(|connection, names| ingest::commit_page(connection, names, page))
    }

    /// Writes what an evaluation or a person decided.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] when somebody else moved one of the incidents first.
    pub fn apply(&mut self, judged: &Judged) -> Result<(), StoreError> {
        self.write(|connection, _| incidents::apply(connection, judged))
    }

    /// Writes what a person said, and returns its number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn add_act(&mut self, remark: &Remark) -> Result<i64, StoreError> {
        self.write(|connection, _| acts::add(connection, remark))
    }

    /// Removes what a person said, by its number. Whether there was such a remark of the kind.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn remove_act(&mut self, kind: RemarkKind, id: i64) -> Result<bool, StoreError> {
        self.write(|connection, _| acts::remove(connection, kind, id))
    }

    /// Notes what a person wants of streams: of all of them or of none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn wish(&mut self, keys: &[StreamKey], wish: Wish, now: Timestamp) -> Result<(), StoreError> {
        self.write(|connection, names| {
            keys.iter().try_for_each(|key| {
                let source = names.source(connection, &key.source)?;
                streams::wish(connection, source, &key.shard, wish, now)
            })
        })
    }

    /// Moves what is stored under former names of sources, all of it or nothing; only for whoever holds
    /// the store's [`Lock`]. Returns what was moved.
    ///
    /// # Errors
    ///
    /// [`RenameError`] where messages are stored under both names.
    pub fn rename_sources(&mut self, renames: &[Rename]) -> Result<Vec<Rename>, RenameError> {
        self.write(|connection, names| rename::apply(connection, names, renames)).map_err(RenameError::from_store)
    }

    /// Writes a silence, and returns its number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn add_silence(&mut self, silence: &Silence, now: Timestamp) -> Result<i64, StoreError> {
        self.write(|connection, _| silences::add(connection, silence, now))
    }

    /// Ends a silence early. Whether there was one that was not over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn end_silence(&mut self, id: i64, who: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.write(|connection, _| silences::end(connection, id, who, now))
    }

    /// Queues a notice again, by its id or the beginning of it. Returns the whole id.
    ///
    /// # Errors
    ///
    /// [`outbox::shown::Refused`] says why not.
    pub fn retry_notice(&mut self, id: &str, now: Timestamp) -> Result<String, outbox::shown::Refused> {
        self.write(|connection, _| Ok(outbox::shown::retry(connection, id, now)))?
    }

    /// Gives a notice up for good, by its id or the beginning of it. Returns the whole id.
    ///
    /// # Errors
    ///
    /// [`outbox::shown::Refused`] says why not.
    pub fn drop_notice(&mut self, id: &str) -> Result<String, outbox::shown::Refused> {
        self.write(|connection, _| Ok(outbox::shown::drop(connection, id)))?
    }

    /// Removes texts that are older than `before`, then the oldest until the file is below
    /// `max_size` bytes. Returns how many texts went.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn prune(&mut self, before: Timestamp, max_size: u64) -> Result<u64, StoreError> {
        let mut pruning = keep::Pruning::new(before, max_size);
        let mut gone = 0;
        loop {
            let step = self.write(|connection, _| pruning.step(connection))?;
            gone += step;
            if step == 0 {
                return Ok(gone);
            }
        }
    }

    fn write<T>(&mut self, work: impl FnOnce(&Connection, &mut Names) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match work(&transaction, &mut self.names) {
            Ok(value) => {
                transaction.commit()?;
                Ok(value)
            }
            Err(error) => {
                transaction.rollback()?;
                self.names.forget();
                Err(error)
            }
        }
    }
}

/// Settings of every connection. A commit is a page of items and a 2xx to someone who pushed one
/// must mean stored, so each commit is synced.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    // Polls change a page each in every corner of the file: written back seldom, many changes of a
    // page are one.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(64);
    plan_once(connection)
}

/// A statement is planned when it is prepared. Otherwise SQLite plans many of them anew for every
/// value that is bound, which takes longer than running them.
fn plan_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// A connection that only reads.
fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // What is read again soon stands in the cache of the system.
    connection.pragma_update(None, "cache_size", -2_000)?;
    plan_once(&connection)?;
    Ok(connection)
}

/// A file beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Broken(Box::new(error)),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(Box::new(error))
    }
}
