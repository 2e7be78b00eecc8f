//! Whether targets take anything: what all couriers and tests find out together.

use rusqlite::Connection;

use crate::domain::ports::Health;
use crate::domain::ports::StoreError;
use crate::store::sqlite::values::moment;

/// Every target that anything is known of.
pub(super) fn list(connection: &Connection) -> Result<Vec<Health>, StoreError> {
    let mut find =
        connection.prepare_cached("SELECT name, failures, open_since, probe_at, probes, hold_until, why FROM target ORDER BY name")?;
    let found = find.query_map([], |row| {
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
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
