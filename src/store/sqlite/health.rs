//! Whether targets take anything: what all couriers and tests find out together.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::Health;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

const COLUMNS: &str = "name, failures, open_since, probe_at, probes, hold_until, why";

/// Every target that anything is known of.
pub(super) fn list(connection: &Connection) -> Result<Vec<Health>, StoreError> {
    let mut find = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM target ORDER BY name"))?;
    Ok(find.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// What is known of one target; of one that is fine, its name.
pub(super) fn of(connection: &Connection, target: &str) -> Result<Health, StoreError> {
    let mut find = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM target WHERE name = ?1"))?;
    let found = find.query_row(params![target], read).optional()?;
    Ok(found.unwrap_or_else(|| Health { target: target.to_owned(), ..Health::default() }))
}

/// Keeps what is known of a target. Nothing is kept of one that is fine.
pub(super) fn keep(connection: &Connection, health: &Health) -> Result<(), StoreError> {
    let fine = Health { target: health.target.clone(), ..Health::default() };
    if *health == fine {
        connection.prepare_cached("DELETE FROM target WHERE name = ?1")?.execute(params![health.target])?;
        return Ok(());
    }
    let Health { target, failures, open_since, probe_at, probes, hold_until, why } = health;
    let at = |moment: &Option<Timestamp>| moment.map(millis);
    connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO target ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?
        .execute(params![target, failures, at(open_since), at(probe_at), probes, at(hold_until), why])?;
    Ok(())
}

/// Broken targets are tried at once: somebody may have mended them. `None` means all.
pub(super) fn probe_soon(connection: &Connection, target: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE target SET probe_at = min(probe_at, ?1) WHERE open_since IS NOT NULL AND (?2 IS NULL OR name = ?2)")?
        .execute(params![millis(now), target])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Health> {
    let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(moment));
    Ok(Health {
        target: row.get(0)?,
        failures: row.get(1)?,
        open_since: at(2)?,
        probe_at: at(3)?,
        probes: row.get(4)?,
        hold_until: at(5)?,
        why: row.get(6)?,
    })
}
