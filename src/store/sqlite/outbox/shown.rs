//! What people see of the outbox, and what they do about it: try again, or drop.

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::store::sqlite::health;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// A notice that is not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// Name of its target.
    pub target: String,
    /// The recipient; empty where the target has only one.
    pub recipient: String,
    /// The word for what it tells.
    pub event: String,
    /// Id of its incident.
    pub incident: String,
    /// `queued`, `leased`, `suppressed`, `dead`.
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// When it could first be sent.
    pub created: Timestamp,
    /// When it is tried next.
    pub due: Timestamp,
    /// What went wrong last.
    pub error: Option<String>,
}

/// Why nothing was done to a row.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No row has an id that begins so.
    #[error("no notice has an id that begins with `{0}`; `uproar outbox list` shows those that wait")]
    Unknown(String),
    /// Several have.
    #[error("{1} notices have an id that begins with `{0}`; write more of it")]
    Several(String, usize),
    /// It is in a state that this makes no sense in.
    #[error("the notice {id} is {state}; only what is queued, held back by a silence or dead can be {what}")]
    State {
        /// Its id.
        id: String,
        /// Its state.
        state: String,
        /// `tried again`, `dropped`.
        what: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Notices that are not delivered, the oldest first; dead ones alone on demand.
pub(in crate::store::sqlite) fn list(connection: &Connection, dead: bool) -> Result<Vec<Waiting>, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT id, target, recipient, event, incident, state, attempts, created_at, due, last_error FROM outbox
         WHERE state = 'dead' OR NOT ?1 AND state IN ('queued', 'leased', 'suppressed') ORDER BY created_at, id",
    )?;
    let found = find.query_map(params![dead], |row| {
        Ok(Waiting {
            id: row.get(0)?,
            target: row.get(1)?,
            recipient: row.get(2)?,
            event: row.get(3)?,
            incident: row.get(4)?,
            state: row.get(5)?,
            attempts: row.get(6)?,
            created: moment(row.get(7)?),
            due: moment(row.get(8)?),
            error: row.get(9)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Queues a row again as if it were new, under its old id, and lets its target be tried at once.
/// Returns the whole id.
pub(in crate::store::sqlite) fn retry(connection: &Connection, id: &str, now: Timestamp) -> Result<String, Refused> {
    let (id, target) = find(connection, id, "tried again")?;
    let queue =
        "UPDATE outbox SET state = 'queued', due = ?2, created_at = ?2, attempts = min(attempts, 1), told_dead = NULL, held_by = NULL
                 WHERE id = ?1";
    connection.execute(queue, params![id, millis(now)]).map_err(StoreError::from)?;
    health::probe_soon(connection, Some(&target), now)?;
    Ok(id)
}

/// Gives a row up for good. Returns the whole id.
pub(in crate::store::sqlite) fn drop(connection: &Connection, id: &str) -> Result<String, Refused> {
    let (id, _) = find(connection, id, "dropped")?;
    connection.execute("UPDATE outbox SET state = 'dropped' WHERE id = ?1", params![id]).map_err(StoreError::from)?;
    Ok(id)
}

/// The one row whose id begins so, with its target.
fn find(connection: &Connection, beginning: &str, what: &'static str) -> Result<(String, String), Refused> {
    let rows = || -> Result<Vec<(String, String, String)>, rusqlite::Error> {
        connection
            .prepare("SELECT id, target, state FROM outbox WHERE substr(id, 1, length(?1)) = ?1 LIMIT 100")?
            .query_map(params![beginning], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
    };
    let mut found = rows().map_err(StoreError::from)?;
    match (found.pop(), found.len()) {
        (Some(_), others @ 1..) => Err(Refused::Several(beginning.to_owned(), others + 1)),
        (Some((id, target, state)), _) if matches!(state.as_str(), "queued" | "suppressed" | "dead") => Ok((id, target)),
        (Some((id, _, state)), _) => Err(Refused::State { id, state, what }),
        (None, _) => Err(Refused::Unknown(beginning.to_owned())),
    }
}
