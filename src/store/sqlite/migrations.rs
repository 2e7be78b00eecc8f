//! The tables, brought up to date one numbered step at a time.
//!
//! Forward only; each step is one transaction. A file made by a newer release is refused.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::TransactionBehavior;

/// Every step there is; the n-th makes version n.
const STEPS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer release.
    #[error("{path} was made by a newer release (tables of version {found}, this one knows {known}); install that release or restore an older copy", path = path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file or the folder around it.
    #[error("{path}: {error}; [store] path must name a file in a folder that this user may write to", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes.
    #[error("{path} is busy; try again", path = path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// SQLite refuses it.
    #[error("{path} cannot be used as a database: {error}; if it is damaged, restore a backup in its place", path = path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
}

impl OpenError {
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy { path: path.to_owned() },
            _ => Self::Database { path: path.to_owned(), error },
        }
    }
}

/// Brings the tables up to date.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::of(path, error);
    let known = STEPS.len() as i64;
    let found = version(connection).map_err(failed)?;
    if found > known {
        return Err(OpenError::TooNew { path: path.to_owned(), found, known });
    }
    for (at, step) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        // Another process may have made the same step while this one waited.
        if version(&transaction).map_err(failed)? == at as i64 {
            transaction.execute_batch(step).map_err(failed)?;
            transaction.pragma_update(None, "user_version", at as i64 + 1).map_err(failed)?;
            transaction.commit().map_err(failed)?;
        }
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_newer_release_is_refused_in_words() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refused = run(&mut connection, Path::new("u.db")).unwrap_err();
        insta::assert_snapshot!(refused, @"u.db was made by a newer release (tables of version 99, this one knows 4); install that release or restore an older copy");
    }

    #[test]
    fn running_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, Path::new("u.db")).unwrap();
        run(&mut connection, Path::new("u.db")).unwrap();
        assert_eq!(version(&connection).unwrap(), STEPS.len() as i64);
    }
}
