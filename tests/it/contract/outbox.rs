//! What is sent, when, and in how many messages: promises of the outbox.

mod of_every_store {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;
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

    /// Seconds after the beginning of the story.
    fn at(seconds: i64) -> Timestamp {
        time("2026-11-01T10:00:00Z") + TimeDelta::seconds(seconds)
    }

    fn segment(n: usize) -> Segment {
        Segment::Label { key: "country".to_owned(), value: format!("c{n:03}") }
    }

    fn row(n: usize, event: Event, revision: u32, due: Timestamp) -> NewRow {
        let facts = Facts { revision, watch: "w".to_owned(), segment: segment(n), ..Facts::blank(event, &format!("i-{n}"), at(0)) };
        NewRow {
            id: format!("{event}-{n}-{revision}"),
            target: "desk".to_owned(),
            recipient: "a@x.example".to_owned(),
            facts,
            due,
            held: None,
        }
    }

    /// Writes notices as a look does: an incident each, all in one transaction.
    async fn tell(store: &impl Incidents, rows: Vec<NewRow>) {
        let changes = rows.into_iter().map(|row| {
            let key = SeriesKey { watch: row.id.clone(), theme: "t".to_owned(), segment: row.facts.segment.clone(), kind: Kind::Spike };
            let incident = Incident::new(format!("of-{}", row.id), key, at(0));
            let transition = Transition {
                at: at(0),
                from: None,
                to: State::Open,
                why: "spike".to_owned(),
                who: "detector".to_owned(),
                numbers: Numbers::default(),
                config: String::new(),
            };
            Change { incident, seen: None, transition, rows: vec![row] }
        });
        store.apply(Judged { changes: changes.collect(), ..Judged::default() }).await.unwrap();
    }

    /// What a courier of mail claims, with five minutes between two mails.
    async fn mail(store: &impl Outbox, now: Timestamp) -> Option<Row> {
        let ask = Claim { people: true, gather: Some(TimeDelta::minutes(5)), ..Claim::next("desk", now, now + TimeDelta::seconds(90)) };
        store.claim(ask).await.unwrap().into_iter().next()
    }

    /// What the courier of a machine claims.
    async fn post(store: &impl Outbox, now: Timestamp) -> Option<Row> {
        store.claim(Claim::next("desk", now, now + TimeDelta::seconds(90))).await.unwrap().into_iter().next()
    }

    async fn taken(store: &impl Outbox, row: &Row, now: Timestamp) {
        store.settle(row.id.clone(), Outcome::Delivered { receipt: format!("receipt of {}", row.id) }, now).await.unwrap();
    }

    async fn fails(store: &impl Outbox, row: &Row, due: Timestamp, holds: bool, now: Timestamp) {
        let outcome = Outcome::Later { due, why: "answered 503".to_owned(), counts: true, holds };
        store.settle(row.id.clone(), outcome, now).await.unwrap();
    }

    async fn breaks(store: &impl Outbox, row: &Row, now: Timestamp) {
        store.settle(row.id.clone(), Outcome::Broken { why: "answered 404".to_owned() }, now).await.unwrap();
    }

    fn told(row: &Row) -> BTreeSet<String> {
        match row.facts.event {
            Event::Storm => row.facts.members.iter().map(|member| member.segment.to_string()).collect(),
            _ => BTreeSet::from([row.facts.segment.to_string()]),
        }
    }

    pub(super) async fn a_surge_over_200_segments_is_two_mails_with_nothing_missing(store: &(impl Incidents + Outbox)) {
        // The first look sees three of them, the next ones the rest, some with worse news.
        tell(store, (0..3).map(|n| row(n, Event::Opened, 1, at(0))).collect()).await;
        let first = mail(store, at(0)).await.unwrap();
        taken(store, &first, at(1)).await;
        for look in 1..=10 {
            let from = 3 + (look - 1) * 20;
            let to = if look == 10 { 200 } else { from + 20 };
            tell(store, (from..to).map(|n| row(n, Event::Opened, 1, at(10 * look as i64))).collect()).await;
            tell(store, vec![row(0, Event::Worse, look as u32 + 1, at(10 * look as i64))]).await;
            assert_eq!(mail(store, at(10 * look as i64)).await, None, "look {look}");
        }
        assert_eq!(store.next_due("desk".to_owned()).await.unwrap(), Some(at(301)), "nobody looks again and again until then");
        assert_eq!(mail(store, at(300)).await, None);
        let second = mail(store, at(301)).await.unwrap();
        assert_eq!((first.facts.event, second.facts.event), (Event::Storm, Event::Storm));
        taken(store, &second, at(302)).await;
        let all: BTreeSet<String> = told(&first).union(&told(&second)).cloned().collect();
        assert_eq!(all, (0..200).map(|n| segment(n).to_string()).collect(), "nothing is missing in the two");
        let worse = second.facts.members.iter().filter(|member| member.event == Event::Worse).count();
        assert_eq!((second.facts.members.len(), worse), (198, 1), "of all worse news the newest");
        assert_eq!(mail(store, at(3600)).await, None, "and there is no third");
    }

    pub(super) async fn a_machine_hears_everything_by_itself_and_at_once(store: &(impl Incidents + Outbox)) {
        tell(store, (0..3).map(|n| row(n, Event::Opened, 1, at(0))).collect()).await;
        for n in 0..3 {
            let row = post(store, at(0)).await.unwrap();
            assert_eq!(row.facts.event, Event::Opened, "{n}");
            taken(store, &row, at(0)).await;
        }
        assert_eq!(post(store, at(0)).await, None);
    }

    pub(super) async fn the_end_of_what_was_told_in_a_storm_hangs_on_the_storm(store: &(impl Incidents + Outbox)) {
        tell(store, (0..2).map(|n| row(n, Event::Opened, 1, at(0))).collect()).await;
        let first = mail(store, at(0)).await.unwrap();
        taken(store, &first, at(0)).await;
        tell(store, vec![row(1, Event::Resolved, 2, at(400))]).await;
        let end = mail(store, at(400)).await.unwrap();
        assert_eq!((end.facts.event, end.root()), (Event::Resolved, Some(first.id.as_str())));
        assert_eq!(end.thread, Some(format!("receipt of {}", first.id)));
    }

    pub(super) async fn what_was_tried_is_never_folded(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        let tried = mail(store, at(0)).await.unwrap();
        fails(store, &tried, at(10), false, at(1)).await;
        tell(store, (1..3).map(|n| row(n, Event::Opened, 1, at(5))).collect()).await;
        let one = mail(store, at(10)).await.unwrap();
        let other = mail(store, at(10)).await.unwrap();
        let mut events = [one.facts.event.word(), other.facts.event.word()];
        events.sort_unstable();
        assert_eq!(events, ["opened", "storm"]);
        let alone = if one.facts.event == Event::Opened { one } else { other };
        assert_eq!((alone.id.as_str(), alone.attempts, alone.facts), (tried.id.as_str(), 1, tried.facts), "same id, same bytes");
    }

    pub(super) async fn what_is_over_before_it_was_sent_is_one_mail_that_says_both(store: &(impl Incidents + Outbox)) {
        // Quiet hours: both wait for their end.
        let end = at(3600);
        let rows = [row(0, Event::Opened, 1, end), row(0, Event::Worse, 2, end), row(0, Event::Resolved, 3, end)];
        for row in rows {
            tell(store, vec![row]).await;
        }
        assert_eq!(mail(store, at(3599)).await, None);
        let only = mail(store, end).await.unwrap();
        assert_eq!((only.facts.event, only.facts.over.as_ref().map(|over| over.at)), (Event::Opened, Some(at(0))));
        taken(store, &only, end).await;
        assert_eq!(mail(store, at(9999)).await, None);
    }

    pub(super) async fn a_machine_hears_the_beginning_and_the_end(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        tell(store, vec![row(0, Event::Resolved, 2, at(0))]).await;
        for event in [Event::Opened, Event::Resolved] {
            let row = post(store, at(0)).await.unwrap();
            assert_eq!((row.facts.event, row.facts.over.is_none()), (event, true));
            taken(store, &row, at(0)).await;
        }
    }

    pub(super) async fn a_reminder_gives_way_to_what_is_newer(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        let opened = post(store, at(0)).await.unwrap();
        taken(store, &opened, at(0)).await;
        for (event, revision) in [(Event::Worse, 2), (Event::Reminder, 3), (Event::Acked, 4), (Event::Acked, 5), (Event::Resolved, 6)] {
            tell(store, vec![row(0, event, revision, at(1))]).await;
        }
        let left = post(store, at(1)).await.unwrap();
        assert_eq!(left.facts.event, Event::Resolved);
        assert_eq!(post(store, at(1)).await, None);
    }

    /// Behind what may be the first notice of somebody the engine puts the opening: one of both is told.
    pub(super) async fn who_joins_later_hears_it_as_an_opening(store: &(impl Incidents + Outbox)) {
        for (event, begins) in [(Event::Reminder, true), (Event::Worse, true), (Event::Resolved, false), (Event::Acked, false)] {
            let n = usize::from(begins) * 10 + event.word().len();
            let mut rows = vec![row(n, event, 3, at(0))];
            rows.extend(begins.then(|| row(n, Event::Opened, 1, at(0))));
            tell(store, rows).await;
            let told = post(store, at(0)).await;
            assert_eq!(told.as_ref().map(|row| row.facts.event), begins.then_some(Event::Opened), "{event}");
            assert_eq!(told.as_ref().and_then(|row| row.root().map(str::to_owned)), None);
            if let Some(told) = told {
                taken(store, &told, at(0)).await;
            }
            assert_eq!(post(store, at(0)).await, None, "{event}");
        }
    }

    pub(super) async fn a_silence_holds_back_and_counts_as_told_nothing(store: &(impl Incidents + Outbox)) {
        tell(store, vec![NewRow { held: Some(7), ..row(0, Event::Opened, 1, at(0)) }]).await;
        assert_eq!(post(store, at(0)).await, None);
        tell(store, vec![row(0, Event::Worse, 2, at(9))]).await;
        let told = post(store, at(9)).await.unwrap();
        assert_eq!(told.facts.event, Event::Opened);
    }

    pub(super) async fn a_pause_that_was_asked_for_holds_all_rows_of_the_target(store: &(impl Incidents + Outbox)) {
        tell(store, (0..2).map(|n| row(n, Event::Opened, 1, at(0))).collect()).await;
        let first = post(store, at(0)).await.unwrap();
        fails(store, &first, at(60), true, at(1)).await;
        assert_eq!(post(store, at(59)).await, None);
        assert_eq!(store.next_due("desk".to_owned()).await.unwrap(), Some(at(60)));
        assert!(post(store, at(60)).await.is_some());
        assert_eq!(store.health().await.unwrap()[0].failures, 0, "a pause is no failure");
    }

    pub(super) async fn a_broken_target_is_probed_with_its_oldest_row_and_wears_none_out(store: &(impl Incidents + Outbox)) {
        tell(store, (0..3).map(|n| row(n, Event::Opened, 1, at(n as i64))).collect()).await;
        let oldest = post(store, at(5)).await.unwrap();
        breaks(store, &oldest, at(5)).await;
        assert_eq!(post(store, at(64)).await, None);
        assert_eq!(store.next_due("desk".to_owned()).await.unwrap(), Some(at(65)));
        let probe = post(store, at(65)).await.unwrap();
        assert_eq!((probe.id.as_str(), probe.attempts), (oldest.id.as_str(), 0));
        fails(store, &probe, at(99_999), false, at(65)).await;
        assert_eq!(post(store, at(184)).await, None, "two minutes now");
        let probe = post(store, at(185)).await.unwrap();
        assert_eq!(probe.attempts, 0);
        taken(store, &probe, at(185)).await;
        assert!(store.health().await.unwrap().is_empty());
        assert!(post(store, at(185)).await.is_some(), "the others go at once");
    }

    pub(super) async fn a_row_that_is_given_up_leaves_a_broken_target_broken(store: &(impl Incidents + Outbox)) {
        tell(store, (0..3).map(|n| row(n, Event::Opened, 1, at(n as i64))).collect()).await;
        let oldest = post(store, at(5)).await.unwrap();
        breaks(store, &oldest, at(5)).await;
        let probe = post(store, at(65)).await.unwrap();
        let given_up = Outcome::GivenUp { why: "given up after 72 hours: answered 503".to_owned(), pause_until: None };
        store.settle(probe.id.clone(), given_up, at(65)).await.unwrap();
        let health = &store.health().await.unwrap()[0];
        assert_eq!((health.open_since, health.probe_at), (Some(at(5)), Some(at(185))), "since when it is told still");
        assert_eq!(post(store, at(184)).await, None);
        assert_ne!(post(store, at(185)).await.unwrap().id, probe.id, "the next probe is another row: this one is dead");
    }

    pub(super) async fn five_failures_in_a_row_are_a_broken_target_and_rows_come_back_with_it(store: &(impl Incidents + Outbox)) {
        tell(store, (0..5).map(|n| row(n, Event::Opened, 1, at(0))).collect()).await;
        for _ in 0..5 {
            let row = post(store, at(0)).await.unwrap();
            fails(store, &row, at(7200), false, at(0)).await;
        }
        let health = &store.health().await.unwrap()[0];
        assert_eq!((health.failures, health.open_since, health.why.as_str()), (5, Some(at(0)), "answered 503"));
        let probe = post(store, at(60)).await.unwrap();
        taken(store, &probe, at(60)).await;
        for _ in 0..4 {
            let row = post(store, at(60)).await.unwrap();
            assert_eq!(row.attempts, 1);
            taken(store, &row, at(60)).await;
        }
    }

    pub(super) async fn a_test_goes_through_and_is_dead_at_once_or_opens_the_target(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        let opened = post(store, at(0)).await.unwrap();
        breaks(store, &opened, at(0)).await;
        let test = |n| NewRow { facts: Facts::blank(Event::Test, &format!("test-{n}"), at(0)), ..row(n, Event::Test, 1, at(1)) };
        let through = |id: &str| Claim { through: true, only: Some(id.to_owned()), ..Claim::next("desk", at(1), at(91)) };
        tell(store, vec![test(1), test(2)]).await;
        assert_eq!(post(store, at(1)).await, None);
        let first = store.claim(through("test-1-1")).await.unwrap().remove(0);
        breaks(store, &first, at(1)).await;
        assert_eq!(store.claim(through("test-1-1")).await.unwrap(), [], "dead");
        let second = store.claim(through("test-2-1")).await.unwrap().remove(0);
        taken(store, &second, at(1)).await;
        assert_eq!(post(store, at(1)).await.map(|row| row.id), Some(opened.id), "the test found out that it is mended");
    }

    pub(super) async fn too_long_is_tried_once_more_with_less_to_say(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        let long = post(store, at(0)).await.unwrap();
        assert!(!long.short);
        let too_long = || Outcome::TooLong { why: "answered 413".to_owned() };
        store.settle(long.id.clone(), too_long(), at(0)).await.unwrap();
        let short = post(store, at(0)).await.unwrap();
        assert_eq!((short.id.as_str(), short.short), (long.id.as_str(), true));
        store.settle(short.id, too_long(), at(0)).await.unwrap();
        assert_eq!(post(store, at(99_999)).await, None, "dead");
    }

    pub(super) async fn a_thread_whose_opening_never_arrived_begins_with_what_does(store: &(impl Incidents + Outbox)) {
        tell(store, vec![row(0, Event::Opened, 1, at(0))]).await;
        let opened = post(store, at(0)).await.unwrap();
        store.settle(opened.id, Outcome::Dead { why: "answered 400".to_owned() }, at(0)).await.unwrap();
        let mut worse = row(0, Event::Worse, 2, at(1));
        worse.facts.root = Some("opened-0-1".to_owned());
        tell(store, vec![worse]).await;
        let worse = post(store, at(1)).await.unwrap();
        assert_eq!((worse.facts.event, worse.root(), worse.thread.as_deref()), (Event::Worse, None, None));
    }

    pub(super) async fn what_stands_can_be_repeated_and_what_is_over_is_not(store: &(impl Incidents + Outbox)) {
        let mut opened = row(0, Event::Opened, 1, at(0));
        "of-opened-0-1".clone_into(&mut opened.facts.incident);
        tell(store, vec![opened]).await;
        assert_eq!(store.standing("desk".to_owned()).await.unwrap(), [], "nothing is delivered yet");
        let opened = post(store, at(0)).await.unwrap();
        taken(store, &opened, at(0)).await;
        let standing = store.standing("desk".to_owned()).await.unwrap();
        assert_eq!(standing.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [opened.id.as_str()]);
        let mut over = store.newest().await.unwrap().remove(0);
        let seen = Some(over.version);
        (over.state, over.version) = (State::Resolved, over.version + 1);
        let transition = Transition {
            at: at(9),
            from: Some(State::Open),
            to: State::Resolved,
            why: "calm".to_owned(),
            who: "detector".to_owned(),
            numbers: Numbers::default(),
            config: String::new(),
        };
        let change = Change { incident: over, seen, transition, rows: Vec::new() };
        store.apply(Judged { changes: vec![change], ..Judged::default() }).await.unwrap();
        assert_eq!(store.standing("desk".to_owned()).await.unwrap(), []);
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        a_surge_over_200_segments_is_two_mails_with_nothing_missing
        a_machine_hears_everything_by_itself_and_at_once
        the_end_of_what_was_told_in_a_storm_hangs_on_the_storm
        what_was_tried_is_never_folded
        what_is_over_before_it_was_sent_is_one_mail_that_says_both
        a_machine_hears_the_beginning_and_the_end
        a_reminder_gives_way_to_what_is_newer
        who_joins_later_hears_it_as_an_opening
        a_silence_holds_back_and_counts_as_told_nothing
        a_pause_that_was_asked_for_holds_all_rows_of_the_target
        a_broken_target_is_probed_with_its_oldest_row_and_wears_none_out
        a_row_that_is_given_up_leaves_a_broken_target_broken
        five_failures_in_a_row_are_a_broken_target_and_rows_come_back_with_it
        a_test_goes_through_and_is_dead_at_once_or_opens_the_target
        too_long_is_tried_once_more_with_less_to_say
        a_thread_whose_opening_never_arrived_begins_with_what_does
        what_stands_can_be_repeated_and_what_is_over_is_not
    }
}
