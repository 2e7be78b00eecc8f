//! What is held back, and what it becomes while it is.

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
    use uproar::domain::notice::Row;
    use uproar::domain::ports::Change;
    use uproar::domain::ports::Claim;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Judged;
    use uproar::domain::ports::NewRow;
    use uproar::domain::ports::Outbox;

    use crate::contract::time;

    fn at(hour: u32) -> Timestamp {
        time(&format!("2026-11-01T{hour:02}:00:00Z"))
    }

    /// Moves the incident of the story at an hour, and tells the desk of it. `due` may be later.
    struct Told {
        hour: u32,
        due: u32,
        event: Event,
        state: State,
        held: Option<i64>,
        /// It may be the first that the desk hears of it.
        begins: bool,
    }

    fn told(hour: u32, event: Event) -> Told {
        let state = if event == Event::Resolved { State::Resolved } else { State::Open };
        Told { hour, due: hour, event, state, held: None, begins: false }
    }

    impl Told {
        async fn apply(self, store: &impl Incidents, revision: u32) {
            let key = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike };
            let incident =
                Incident { state: self.state, version: revision.into(), revision, ..Incident::new("i-1".to_owned(), key, at(1)) };
            let transition = Transition {
                at: at(self.hour),
                from: None,
                to: self.state,
                why: "spike".to_owned(),
                who: "detector".to_owned(),
                numbers: Numbers::default(),
                config: "c0ffee".to_owned(),
            };
            let opening = "row-1".to_owned();
            let facts = Facts { revision, ..Facts::blank(self.event, "i-1", at(self.hour)) };
            let row = |id: String, facts: Facts| NewRow {
                id,
                target: "desk".to_owned(),
                recipient: String::new(),
                facts,
                due: at(self.due),
                held: self.held,
            };
            let mut rows = Vec::new();
            if self.event != Event::Opened {
                rows.push(row(format!("row-{}-{revision}", self.event), Facts { root: Some(opening.clone()), ..facts.clone() }));
            }
            if self.event == Event::Opened || self.begins {
                rows.push(row(opening, facts.as_opening()));
            }
            let seen = (revision > 1).then(|| u64::from(revision) - 1);
            let change = Change { incident, seen, transition, rows };
            store.apply(Judged { changes: vec![change], ..Judged::default() }).await.unwrap();
        }
    }

    async fn claimed(store: &impl Outbox, hour: u32) -> Vec<Row> {
        store.claim(Claim { limit: 10, ..Claim::next("desk", at(hour), at(hour)) }).await.unwrap()
    }

    /// Takes everything that is due, one after the other: event and the hour it tells of.
    async fn sent(store: &impl Outbox, hour: u32) -> Vec<(Event, Timestamp, Option<String>)> {
        let mut sent = Vec::new();
        while let [row, ..] = &claimed(store, hour).await[..] {
            store.settle(row.id.clone(), Outcome::Delivered { receipt: "ok".to_owned() }, at(hour)).await.unwrap();
            sent.push((row.facts.event, row.facts.at, row.facts.root.clone()));
        }
        sent
    }

    pub(super) async fn who_is_added_later_is_told_that_it_opened_and_how_it_goes_on(store: &(impl Incidents + Outbox)) {
        told(2, Event::Worse).apply(store, 1).await;
        assert_eq!(sent(store, 2).await, [], "nobody asked for it");
        Told { begins: true, ..told(3, Event::Reminder) }.apply(store, 2).await;
        assert_eq!(sent(store, 3).await, [(Event::Opened, at(3), None)]);
        Told { begins: true, ..told(4, Event::Worse) }.apply(store, 3).await;
        told(5, Event::Resolved).apply(store, 4).await;
        let root = Some("row-1".to_owned());
        assert_eq!(sent(store, 5).await, [(Event::Resolved, at(5), root)], "the end says more than what came before it");
    }

    pub(super) async fn what_waits_for_the_morning_says_the_newest_then(store: &(impl Incidents + Outbox)) {
        Told { due: 7, ..told(1, Event::Opened) }.apply(store, 1).await;
        Told { due: 7, ..told(2, Event::Worse) }.apply(store, 2).await;
        Told { due: 7, ..told(3, Event::Worse) }.apply(store, 3).await;
        assert_eq!(sent(store, 6).await, []);
        assert_eq!(sent(store, 7).await, [(Event::Opened, at(3), None)]);
    }

    pub(super) async fn what_turns_critical_at_night_does_not_wait_behind_its_beginning(store: &(impl Incidents + Outbox)) {
        Told { due: 7, ..told(1, Event::Opened) }.apply(store, 1).await;
        told(2, Event::Worse).apply(store, 2).await;
        assert_eq!(sent(store, 2).await, [(Event::Opened, at(2), None)]);
        assert_eq!(sent(store, 7).await, []);
    }

    pub(super) async fn a_beginning_that_was_tried_stays_as_it_is(store: &(impl Incidents + Outbox)) {
        told(1, Event::Opened).apply(store, 1).await;
        let row = claimed(store, 1).await.remove(0);
        let later = Outcome::Later { due: at(5), why: "down".to_owned(), counts: true, holds: false };
        store.settle(row.id, later, at(1)).await.unwrap();
        told(2, Event::Worse).apply(store, 2).await;
        let told: Vec<_> = sent(store, 5).await.into_iter().map(|(event, at, _)| (event, at)).collect();
        assert_eq!(told, [(Event::Opened, at(1)), (Event::Worse, at(2))], "the same id says the same at every try");
    }

    pub(super) async fn a_silence_holds_back_until_it_is_released(store: &(impl Incidents + Outbox)) {
        Told { held: Some(1), ..told(1, Event::Opened) }.apply(store, 1).await;
        // Only what a silence holds back is asked for, and nobody has made one here: see the stories.
        Told { held: Some(1), begins: true, ..told(2, Event::Worse) }.apply(store, 2).await;
        assert_eq!(sent(store, 3).await, []);
        store.release(vec![("row-1".to_owned(), at(4))]).await.unwrap();
        assert_eq!(sent(store, 3).await, []);
        assert_eq!(sent(store, 4).await, [(Event::Opened, at(2), None)], "as it is by now");
        store.release(vec![("row-1".to_owned(), at(5))]).await.unwrap();
        assert_eq!(sent(store, 5).await, [], "once");
    }

    pub(super) async fn a_reminder_within_a_silence_takes_nothing_away(store: &(impl Incidents + Outbox)) {
        told(1, Event::Opened).apply(store, 1).await;
        assert_eq!(sent(store, 1).await.len(), 1);
        Told { held: Some(1), ..told(2, Event::Worse) }.apply(store, 2).await;
        Told { held: Some(1), ..told(3, Event::Reminder) }.apply(store, 3).await;
        store.release(vec![("row-worse-2".to_owned(), at(4)), ("row-reminder-3".to_owned(), at(4))]).await.unwrap();
        let told: Vec<_> = sent(store, 4).await.into_iter().map(|(event, at, _)| (event, at)).collect();
        assert_eq!(told, [(Event::Worse, at(2))]);
    }

    pub(super) async fn what_ends_within_a_silence_is_told_to_nobody_who_had_not_heard_of_it(store: &(impl Incidents + Outbox)) {
        Told { held: Some(1), ..told(1, Event::Opened) }.apply(store, 1).await;
        told(2, Event::Resolved).apply(store, 2).await;
        assert_eq!(sent(store, 3).await, []);
        // It comes back when the silence is over: for the desk it opens.
        Told { begins: true, ..told(4, Event::Reopened) }.apply(store, 3).await;
        assert_eq!(sent(store, 4).await, [(Event::Opened, at(4), None)]);
    }

    pub(super) async fn the_end_of_what_was_told_before_a_silence_is_told_within_it(store: &(impl Incidents + Outbox)) {
        told(1, Event::Opened).apply(store, 1).await;
        assert_eq!(sent(store, 1).await.len(), 1);
        Told { held: Some(1), ..told(2, Event::Worse) }.apply(store, 2).await;
        assert_eq!(sent(store, 2).await, []);
        told(3, Event::Resolved).apply(store, 3).await;
        let told: Vec<_> = sent(store, 3).await.into_iter().map(|(event, ..)| event).collect();
        assert_eq!(told, [Event::Resolved]);
        store.release(vec![("row-worse-2".to_owned(), at(4))]).await.unwrap();
        assert_eq!(sent(store, 4).await, [], "the end said more");
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        who_is_added_later_is_told_that_it_opened_and_how_it_goes_on
        what_waits_for_the_morning_says_the_newest_then
        what_turns_critical_at_night_does_not_wait_behind_its_beginning
        a_beginning_that_was_tried_stays_as_it_is
        a_silence_holds_back_until_it_is_released
        a_reminder_within_a_silence_takes_nothing_away
        what_ends_within_a_silence_is_told_to_nobody_who_had_not_heard_of_it
        the_end_of_what_was_told_before_a_silence_is_told_within_it
    }
}
