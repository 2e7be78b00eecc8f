//! Transition and rows are one write, and nobody writes over what they did not see.

mod of_every_store {
    use uproar::domain::Timestamp;
    use uproar::domain::incident::Incident;
    use uproar::domain::incident::Kind;
    use uproar::domain::incident::Numbers;
    use uproar::domain::incident::Segment;
    use uproar::domain::incident::SeriesKey;
    use uproar::domain::incident::State;
    use uproar::domain::incident::Transition;
    use uproar::domain::notice::Event;
    use uproar::domain::notice::Facts;
    use uproar::domain::notice::Outcome;
    use uproar::domain::ports::Change;
    use uproar::domain::ports::Claim;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Judged;
    use uproar::domain::ports::NewRow;
    use uproar::domain::ports::Outbox;
    use uproar::domain::ports::Snapshot;
    use uproar::domain::ports::StoreError;
    use uproar::domain::remark::Remark;
    use uproar::domain::remark::RemarkChange;
    use uproar::domain::remark::RemarkKind;
    use uproar::domain::remark::Saying;

    use crate::contract::time;

    fn now() -> Timestamp {
        time("2026-11-01T10:00:00Z")
    }

    fn incident(id: &str) -> Incident {
        Incident {
            told_count: 5.0,
            peak: 5.0,
            ..Incident::new(
                id.to_owned(),
                SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike },
                now(),
            )
        }
    }

    fn change(incident: Incident, seen: Option<u64>, events: &[Event]) -> Change {
        let transition = Transition {
            at: now(),
            from: seen.map(|_| State::Open),
            to: incident.state,
            why: "spike".to_owned(),
            who: "detector".to_owned(),
            numbers: Numbers::default(),
            config: "c0ffee".to_owned(),
        };
        let rows = events.iter().map(|event| row(&incident, *event)).collect();
        Change { incident, seen, transition, rows }
    }

    fn row(incident: &Incident, event: Event) -> NewRow {
        let facts = Facts {
            revision: incident.revision,
            watch: "w".to_owned(),
            theme: "t".to_owned(),
            theme_title: "t".to_owned(),
            false_alarms_per_year: 4.0,
            min_complaints: 5,
            peak: 5.0,
            fresh_sources: (1, 1),
            ..Facts::blank(event, &incident.id, now())
        };
        let id = format!("{}-{event}-{}", incident.id, incident.revision);
        NewRow { id, target: "desk".to_owned(), recipient: String::new(), facts, due: now(), held: None }
    }

    fn judged(changes: Vec<Change>) -> Judged {
        Judged { changes, ..Judged::default() }
    }

    fn later(incident: &Incident, state: State) -> Incident {
        Incident { state, version: incident.version + 1, revision: incident.revision + 1, ..incident.clone() }
    }

    async fn due(store: &impl Outbox) -> Vec<String> {
        let rows = store.claim(Claim { limit: 10, ..Claim::next("desk", now(), now()) }).await.unwrap();
        rows.into_iter().map(|row| row.facts.event.to_string()).collect()
    }

    pub(super) async fn a_change_that_saw_an_older_version_is_refused_whole(store: &(impl Incidents + Outbox)) {
        store.apply(judged(vec![change(incident("i-1"), None, &[])])).await.unwrap();
        let state = ("s".to_owned(), Snapshot { as_of: now(), blob: "{}".to_owned() });
        let refused = Judged {
            changes: vec![change(later(&incident("i-1"), State::Acknowledged), Some(9), &[Event::Opened])],
            states: vec![state],
            ..Judged::default()
        };
        assert!(matches!(store.apply(refused).await, Err(StoreError::Stale)));
        assert_eq!(store.newest().await.unwrap()[0].state, State::Open);
        assert!(store.snapshots(now()).await.unwrap().is_empty());
        assert!(due(store).await.is_empty());
    }

    fn false_alarm() -> Remark {
        let saying = Saying::FalseAlarm { incident: "i-1".to_owned(), key: incident("i-1").key };
        Remark { id: 0, at: now(), who: "anna".to_owned(), saying }
    }

    pub(super) async fn a_label_is_written_with_its_change_or_not_at_all(store: &(impl Incidents + Outbox)) {
        store.apply(judged(vec![change(incident("i-1"), None, &[])])).await.unwrap();
        let resolved = |seen| Judged {
            changes: vec![change(later(&incident("i-1"), State::Resolved), Some(seen), &[])],
            remarks: vec![RemarkChange::Put(false_alarm())],
            ..Judged::default()
        };
        assert!(matches!(store.apply(resolved(9)).await, Err(StoreError::Stale)));
        assert!(store.labels().await.unwrap().remarks.is_empty());
        store.apply(resolved(1)).await.unwrap();
        let found = store.acts(RemarkKind::FalseAlarm, now()..now() + chrono::TimeDelta::hours(1)).await.unwrap();
        assert_eq!(found, store.labels().await.unwrap().remarks);
        assert_eq!(found, [Remark { id: found[0].id, ..false_alarm() }]);
        let back = RemarkChange::TakeBack(RemarkKind::FalseAlarm, "i-1".to_owned());
        store.apply(Judged { remarks: vec![back], ..Judged::default() }).await.unwrap();
        assert!(store.labels().await.unwrap().remarks.is_empty());
    }

    pub(super) async fn a_series_has_one_standing_incident(store: &(impl Incidents + Outbox)) {
        store.apply(judged(vec![change(incident("i-1"), None, &[Event::Opened])])).await.unwrap();
        let second = store.apply(judged(vec![change(incident("i-2"), None, &[Event::Opened])])).await;
        assert!(matches!(second, Err(StoreError::Stale)));
        assert_eq!(store.newest().await.unwrap().len(), 1);
    }

    pub(super) async fn who_never_heard_the_beginning_does_not_hear_the_end(store: &(impl Incidents + Outbox)) {
        store.apply(judged(vec![change(incident("i-1"), None, &[])])).await.unwrap();
        let over = later(&incident("i-1"), State::Resolved);
        store.apply(judged(vec![change(over, Some(1), &[Event::Resolved])])).await.unwrap();
        assert!(due(store).await.is_empty());
    }

    pub(super) async fn an_undelivered_worse_gives_way_and_the_opening_never(store: &(impl Incidents + Outbox)) {
        let first = incident("i-1");
        let worse = later(&first, State::Open);
        let over = later(&worse, State::Resolved);
        store.apply(judged(vec![change(first, None, &[Event::Opened])])).await.unwrap();
        store.apply(judged(vec![change(worse, Some(1), &[Event::Worse])])).await.unwrap();
        store.apply(judged(vec![change(over, Some(2), &[Event::Resolved])])).await.unwrap();
        assert_eq!(due(store).await, ["opened"], "the end waits for the beginning");
        store.settle("i-1-opened-1".to_owned(), Outcome::Delivered { receipt: "ok".to_owned() }, now()).await.unwrap();
        assert_eq!(due(store).await, ["resolved"]);
    }

    pub(super) async fn a_row_that_failed_comes_back_when_it_is_due(store: &(impl Incidents + Outbox)) {
        store.apply(judged(vec![change(incident("i-1"), None, &[Event::Opened])])).await.unwrap();
        assert_eq!(due(store).await, ["opened"]);
        let again = now() + chrono::TimeDelta::minutes(5);
        let outcome = Outcome::Later { due: again, why: "down".to_owned(), counts: true, holds: false };
        store.settle("i-1-opened-1".to_owned(), outcome, now()).await.unwrap();
        assert!(due(store).await.is_empty());
        assert_eq!(store.next_due("desk".to_owned()).await.unwrap(), Some(again));
        let rows = store.claim(Claim { limit: 10, ..Claim::next("desk", again, again) }).await.unwrap();
        assert_eq!((rows.len(), rows[0].attempts), (1, 1));
    }

    pub(super) async fn what_waits_for_an_earlier_notice_is_due_with_it(store: &(impl Incidents + Outbox)) {
        let first = incident("i-1");
        let over = later(&first, State::Resolved);
        store.apply(judged(vec![change(first, None, &[Event::Opened])])).await.unwrap();
        store.apply(judged(vec![change(over, Some(1), &[Event::Resolved])])).await.unwrap();
        assert_eq!(due(store).await, ["opened"]);
        let again = now() + chrono::TimeDelta::minutes(5);
        let outcome = Outcome::Later { due: again, why: "down".to_owned(), counts: true, holds: false };
        store.settle("i-1-opened-1".to_owned(), outcome, now()).await.unwrap();
        assert_eq!(store.next_due("desk".to_owned()).await.unwrap(), Some(again), "nobody looks again and again until then");
    }

    /// How many rows `store` may send now; it holds them for a minute.
    pub(super) async fn held(store: &impl Outbox) -> usize {
        store.claim(Claim { limit: 10, ..Claim::next("desk", now(), now() + chrono::TimeDelta::minutes(1)) }).await.unwrap().len()
    }

    pub(super) async fn open_one(store: &impl Incidents) {
        store.apply(judged(vec![change(incident("i-1"), None, &[Event::Opened])])).await.unwrap();
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        a_change_that_saw_an_older_version_is_refused_whole
        a_label_is_written_with_its_change_or_not_at_all
        a_series_has_one_standing_incident
        who_never_heard_the_beginning_does_not_hear_the_end
        an_undelivered_worse_gives_way_and_the_opening_never
        a_row_that_failed_comes_back_when_it_is_due
        what_waits_for_an_earlier_notice_is_due_with_it
    }

    #[tokio::test]
    async fn a_guest_and_the_daemon_never_send_the_same_row() {
        let folder = tempfile::tempdir().unwrap();
        let open = |boot: &str| uproar::store::sqlite::Sqlite::open(&folder.path().join("uproar.db"), boot.to_owned()).unwrap().0;
        let (daemon, guest, next) = (open("1-1"), open(&format!("{}7", uproar::store::sqlite::GUEST)), open("2-1"));
        super::of_every_store::open_one(&daemon).await;
        assert_eq!(super::of_every_store::held(&daemon).await, 1);
        assert_eq!(super::of_every_store::held(&guest).await, 0, "the daemon is at it");
        assert_eq!(super::of_every_store::held(&next).await, 1, "the daemon before is gone");

        let folder = tempfile::tempdir().unwrap();
        let open = |boot: &str| uproar::store::sqlite::Sqlite::open(&folder.path().join("uproar.db"), boot.to_owned()).unwrap().0;
        let (daemon, guest) = (open("1-1"), open(&format!("{}7", uproar::store::sqlite::GUEST)));
        super::of_every_store::open_one(&daemon).await;
        assert_eq!(super::of_every_store::held(&guest).await, 1);
        assert_eq!(super::of_every_store::held(&daemon).await, 0, "the guest is at it");
    }
}
