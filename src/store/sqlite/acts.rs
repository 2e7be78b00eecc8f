//! What people said: annotations, and labels on alerts that were wrong or missing.

use std::ops::Range;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::domain::remark::Labels;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkChange;
use crate::domain::remark::RemarkKind;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Writes a remark and returns its number.
pub(super) fn add(connection: &Connection, remark: &Remark) -> Result<i64, StoreError> {
    connection.prepare_cached("INSERT INTO act (at, who, kind, subject, data) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        millis(remark.at),
        remark.who,
        remark.kind().word(),
        remark.subject(),
        serde_json::to_string(&remark.saying)?,
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Removes a remark of a kind by its number. Whether there was one.
pub(super) fn remove(connection: &Connection, kind: RemarkKind, id: i64) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("DELETE FROM act WHERE id = ?1 AND kind = ?2")?.execute(params![id, kind.word()])? > 0)
}

/// Makes a change that comes with a person's act.
pub(super) fn change(connection: &Connection, change: &RemarkChange) -> Result<(), StoreError> {
    let (kind, subject) = match change {
        RemarkChange::Put(remark) => (remark.kind(), remark.subject()),
        RemarkChange::TakeBack(kind, subject) => (*kind, subject.as_str()),
    };
    connection.prepare_cached("DELETE FROM act WHERE kind = ?1 AND subject = ?2")?.execute(params![kind.word(), subject])?;
    if let RemarkChange::Put(remark) = change {
        add(connection, remark)?;
    }
    Ok(())
}

/// Remarks of a kind about moments of a range, in their order.
pub(super) fn list(connection: &Connection, kind: RemarkKind, range: &Range<Timestamp>) -> Result<Vec<Remark>, StoreError> {
    let mut find =
        connection.prepare_cached("SELECT id, at, who, data FROM act WHERE kind = ?1 AND at >= ?2 AND at < ?3 ORDER BY at, id")?;
    let mut rows = find.query(params![kind.word(), millis(range.start), millis(range.end)])?;
    let mut remarks = Vec::new();
    while let Some(row) = rows.next()? {
        let saying = serde_json::from_str(&row.get::<_, String>(3)?)?;
        remarks.push(Remark { id: row.get(0)?, at: moment(row.get(1)?), who: row.get(2)?, saying });
    }
    Ok(remarks)
}

/// Everything that calibrates watches.
pub(super) fn labels(connection: &Connection) -> Result<Labels, StoreError> {
    let always = Timestamp::MIN_UTC..Timestamp::MAX_UTC;
    let mut remarks = list(connection, RemarkKind::Missed, &always)?;
    remarks.extend(list(connection, RemarkKind::FalseAlarm, &always)?);
    // Numbers grow with every stored message, so that the lowest one came first.
    let since = connection.prepare_cached("SELECT first_seen FROM item ORDER BY id LIMIT 1")?.query_row([], |row| row.get(0)).optional()?;
    Ok(Labels { remarks, running_since: since.map(moment) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Segment;
    use crate::domain::remark::Saying;
    use crate::store::sqlite::Direct;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + n * 86_400, 0).unwrap()
    }

    fn release(n: i64, watch: Option<&str>) -> Remark {
        let saying = Saying::Annotation { text: format!("5.{n} released"), watch: watch.map(str::to_owned) };
        Remark { id: 0, at: day(n), who: "anna".to_owned(), saying }
    }

    fn store() -> (tempfile::TempDir, Direct) {
        let folder = tempfile::tempdir().unwrap();
        let store = Direct::open(&folder.path().join("u.db")).unwrap();
        (folder, store)
    }

    #[test]
    fn a_remark_comes_back_as_it_was_said_and_goes_by_its_number() {
        let (_folder, mut store) = store();
        for n in [3, 1, 2] {
            store.add_act(&release(n, (n == 2).then_some("app"))).unwrap();
        }
        let listed = store.reader().acts(RemarkKind::Annotation, day(1)..day(3)).unwrap();
        assert_eq!(listed, [Remark { id: 2, ..release(1, None) }, Remark { id: 3, ..release(2, Some("app")) }]);
        assert_eq!(store.reader().acts(RemarkKind::Missed, day(0)..day(9)).unwrap(), []);

        assert!(!store.remove_act(RemarkKind::Missed, 2).unwrap(), "a number of another kind is none");
        assert!(store.remove_act(RemarkKind::Annotation, 2).unwrap());
        assert!(!store.remove_act(RemarkKind::Annotation, 2).unwrap());
        assert_eq!(store.reader().acts(RemarkKind::Annotation, day(0)..day(9)).unwrap().len(), 2);
    }

    #[test]
    fn an_incident_is_one_false_alarm_however_often_that_is_said() {
        let (_folder, mut store) = store();
        let key = crate::domain::incident::SeriesKey {
            watch: "app".to_owned(),
            theme: "late".to_owned(),
            segment: Segment::All,
            kind: crate::domain::incident::Kind::Spike,
        };
        let saying = Saying::FalseAlarm { incident: "i-1".to_owned(), key };
        let label = Remark { id: 0, at: day(1), who: "bo".to_owned(), saying };
        for change in [RemarkChange::Put(label.clone()), RemarkChange::Put(label)] {
            store.write(|connection, _| change_of(connection, &change)).unwrap();
        }
        let labels = store.reader().labels().unwrap();
        assert_eq!((labels.remarks.len(), labels.running_since), (1, None));
        let back = RemarkChange::TakeBack(RemarkKind::FalseAlarm, "i-1".to_owned());
        store.write(|connection, _| change_of(connection, &back)).unwrap();
        assert_eq!(store.reader().labels().unwrap().remarks, []);
    }

    fn change_of(connection: &Connection, change: &RemarkChange) -> Result<(), StoreError> {
        super::change(connection, change)
    }
}
