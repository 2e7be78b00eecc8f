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
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
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

/// Whether the tables are those of this release.
pub(super) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? == STEPS.len() as i64)
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
        insta::assert_snapshot!(refused, @"u.db was made by a newer release (tables of version 99, this one knows 9); install that release or restore an older copy");
    }

    #[test]
    fn ratings_that_were_stored_before_they_were_counted_are_counted_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
        for step in &STEPS[..3] {
            connection.execute_batch(step).unwrap();
        }
        connection.pragma_update(None, "user_version", 3).unwrap();
        let item =
            "INSERT INTO item (id, source, external_id, rev, hash, first_seen, at, late, voice, fields, rating, rating_max, deleted_at)
                    VALUES (?1, ?2, ?1, 1, 1, 0, ?3, ?4, ?5, '{}', ?6, ?7, ?8)";
        // A voice of two messages that came in the wrong order, a late star, an answer that is gone,
        // one on a scale that nobody uses, a recommendation and a message without a rating.
        for (id, source, at, late, voice, rating, max, gone) in [
            (1, 1, 2_000_000_000_000_i64, false, 1, Some(5.0), Some(5.0), None),
            (2, 2, 1_900_000_000_000, false, 1, Some(1.5), Some(5.0), None),
            (3, 1, 2_000_000_000_000, true, 3, Some(1.0), Some(5.0), None),
            (4, 1, 2_000_000_000_000, false, 4, Some(1.0), Some(5.0), Some(9)),
            (5, 1, 2_000_000_000_000, false, 5, Some(50.0), Some(100.0), None),
            (6, 1, 2_000_000_000_001, false, 6, Some(9.0), Some(10.0), None),
            (7, 1, 2_000_000_000_000, false, 7, None, None, None),
        ] {
            connection.execute(item, rusqlite::params![id, source, at, late, voice, rating, max, gone]).unwrap();
        }
        connection.execute("INSERT INTO item_label (item, scope) VALUES (2, 5), (3, 5), (1, 7)", []).unwrap();
        run(&mut connection, Path::new("u.db")).unwrap();
        let rows: i64 = connection.query_row("SELECT count(*) FROM rated", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 5);
        assert_eq!(crate::store::sqlite::rated::recount(&connection).unwrap(), []);
    }

    #[test]
    fn running_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, Path::new("u.db")).unwrap();
        run(&mut connection, Path::new("u.db")).unwrap();
        assert_eq!(version(&connection).unwrap(), STEPS.len() as i64);
    }
}
