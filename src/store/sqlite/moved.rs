//! Counters of themes whose history moved because their rules changed.
//!
//! What a rule finds in old messages is history like an import: it teaches what is usual and does
//! not testify. The items know nothing of that (a recount agrees), so it is shown when counters are
//! read: for the weeks before the change every complaint is late, but for those of messages that
//! came after it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

use chrono::TimeDelta;
use rusqlite::Connection;
use rusqlite::params;

use crate::counting::contribution;
use crate::domain::count::Quarter;
use crate::domain::ports::Counters;
use crate::domain::ports::StoreError;
use crate::domain::ruleset::Moved;
use crate::store::sqlite::ingest::members;
use crate::store::sqlite::retag;
use crate::store::sqlite::values::millis;

/// So long before a change complaints do not testify: as long as the longest window that is judged.
const SILENT: TimeDelta = TimeDelta::days(28);

/// Complaints that came after a change, by source, segment, theme and quarter.
type Fresh = HashMap<(i64, i64, i64, Quarter), i64>;

/// Names the themes that have moved, and shows what moved as history.
pub(super) fn hush(connection: &Connection, counters: &mut Counters, range: &Range<Quarter>) -> Result<(), StoreError> {
    let Some(ruleset) = retag::ruleset(connection)?.filter(|ruleset| !ruleset.moved.is_empty()) else { return Ok(()) };
    let number = |(id, name): (&i64, &String)| Some((*id, *ruleset.moved.get(name)?));
    counters.moved = counters.themes.iter().filter_map(number).collect();
    let mut fresh: BTreeMap<(i64, Quarter), Fresh> = BTreeMap::new();
    for moved in counters.moved.values() {
        let silent = silent(moved);
        if silent.start < range.end && range.start < silent.end && !fresh.contains_key(&(moved.newest, silent.end)) {
            fresh.insert((moved.newest, silent.end), newcomers(connection, moved)?);
        }
    }
    for cell in &mut counters.cells {
        let Some(moved) = counters.moved.get(&cell.theme) else { continue };
        let silent = silent(moved);
        if silent.contains(&cell.quarter) {
            let of = (cell.source, cell.segment, cell.theme, cell.quarter);
            let testify = fresh.get(&(moved.newest, silent.end)).and_then(|fresh| fresh.get(&of)).copied().unwrap_or(0);
            cell.late = cell.late.max(cell.voices - testify);
        }
    }
    Ok(())
}

/// Quarters in which only what came later testifies.
fn silent(moved: &Moved) -> Range<Quarter> {
    Quarter::of(moved.begun - SILENT)..Quarter(Quarter::of(moved.begun).0 + 1)
}

/// Complaints of those quarters that came after the change.
fn newcomers(connection: &Connection, moved: &Moved) -> Result<Fresh, StoreError> {
    let silent = silent(moved);
    // The index holds the numbers too: the older ones are passed over in it.
    let mut find = connection.prepare_cached(
        "SELECT voice FROM item INDEXED BY item_at WHERE at >= ?1 AND at < ?2 AND id > ?3 GROUP BY voice HAVING voice > ?3",
    )?;
    let voices: Vec<i64> = find
        .query_map(params![millis(silent.start.start()), millis(silent.end.start()), moved.newest], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut fresh = Fresh::new();
    for voice in voices {
        for (key, tally) in contribution(&members(connection, voice)?) {
            let Some(theme) = key.theme else { continue };
            *fresh.entry((key.source, key.scope, theme, key.quarter)).or_default() += tally.voices - tally.late;
        }
    }
    Ok(fresh)
}
