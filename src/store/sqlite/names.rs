//! Names of sources, themes and segments as small numbers, remembered by the writer.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

/// Values of one label that get a segment of their own, the first ones that were seen; later ones
/// share `other`, so that a label with a value for each message cannot make a series for each message.
const MOST_VALUES: usize = 200;

/// The segment of all later values.
const OTHER: &str = "other";

/// The segment of all messages.
pub(super) const WHOLE: i64 = 1;

/// What is known of names. Numbers are never reused, so what is remembered stays true.
#[derive(Debug, Default)]
pub(super) struct Names {
    sources: HashMap<String, i64>,
    themes: HashMap<String, i64>,
    scopes: HashMap<String, HashMap<String, i64>>,
}

impl Names {
    /// Reads all of them.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut names = Self::default();
        let mut scopes = connection.prepare("SELECT key, value, id FROM scope")?;
        let mut rows = scopes.query([])?;
        while let Some(row) = rows.next()? {
            names.scopes.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
        }
        Ok(names)
    }

    /// After a rollback: numbers given in it are not there.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn source(&mut self, connection: &Connection, name: &str) -> rusqlite::Result<i64> {
        number(&mut self.sources, connection, "source", name)
    }

    pub(super) fn theme(&mut self, connection: &Connection, name: &str) -> rusqlite::Result<i64> {
        number(&mut self.themes, connection, "theme", name)
    }

    /// The segment of one value of a label.
    pub(super) fn scope(&mut self, connection: &Connection, key: &str, value: &str) -> rusqlite::Result<i64> {
        if self.scopes.is_empty() {
            *self = Self { scopes: Self::load(connection)?.scopes, ..std::mem::take(self) };
        }
        let values = self.scopes.entry(key.to_owned()).or_default();
        if let Some(&id) = values.get(value) {
            return Ok(id);
        }
        let value = if values.len() >= MOST_VALUES { OTHER } else { value };
        if let Some(&id) = values.get(value) {
            return Ok(id);
        }
        connection.prepare_cached("INSERT OR IGNORE INTO scope (key, value) VALUES (?1, ?2)")?.execute(params![key, value])?;
        let id = connection
            .prepare_cached("SELECT id FROM scope WHERE key = ?1 AND value = ?2")?
            .query_row(params![key, value], |row| row.get(0))?;
        values.insert(value.to_owned(), id);
        Ok(id)
    }
}

fn number(known: &mut HashMap<String, i64>, connection: &Connection, table: &str, name: &str) -> rusqlite::Result<i64> {
    if let Some(&id) = known.get(name) {
        return Ok(id);
    }
    let find = format!("SELECT id FROM {table} WHERE name = ?1");
    let found = connection.query_row(&find, params![name], |row| row.get(0)).optional()?;
    let id = if let Some(id) = found {
        id
    } else {
        connection.execute(&format!("INSERT INTO {table} (name) VALUES (?1)"), params![name])?;
        connection.last_insert_rowid()
    };
    known.insert(name.to_owned(), id);
    Ok(id)
}
