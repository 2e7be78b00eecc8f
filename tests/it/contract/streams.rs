//! Where reading stands moves with what was read, and only with it.

mod of_every_store {
    use uproar::domain::http::Request;
    use uproar::domain::http::Validators;
    use uproar::domain::item::Cursor;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Progress;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::stream;
    use crate::contract::time;

    pub(super) async fn mark_and_validators_move_only_at_the_end_of_a_walk(store: &impl Ingest) {
        let next = Request::Folder("/srv/next".into());
        let mut first = page(vec![item("1", "a", "2026-11-01T10:00:00Z", &[])], "2026-11-01T10:01:00Z");
        first.progress = Progress::Walking { next: next.clone() };
        store.commit_page(first).await.unwrap();
        let walking = store.stream(&stream()).await.unwrap();
        assert_eq!((walking.walk, walking.cursor, walking.history_done), (Some(next), Cursor(None), false));

        let mut last = page(vec![], "2026-11-01T10:02:00Z");
        let validators = Validators { url: "https://a.example/".to_owned(), etag: Some("W/\"1\"".to_owned()), last_modified: None };
        last.progress = Progress::Ended {
            cursor: Some(Cursor(Some("mark".to_owned()))),
            validators: Some(validators.clone()),
            due: time("2026-11-01T11:00:00Z"),
            polled_at: time("2026-11-01T10:00:30Z"),
        };
        store.commit_page(last).await.unwrap();
        let ended = store.stream(&stream()).await.unwrap();
        assert_eq!((ended.walk, ended.cursor, ended.history_done), (None, Cursor(Some("mark".to_owned())), true));
        assert_eq!((ended.validators, ended.complete_to), (Some(validators), Some(time("2026-11-01T10:00:30Z"))));
    }

    pub(super) async fn how_late_news_come_is_learnt_and_history_teaches_nothing(store: &impl Ingest) {
        let week = |number: u32, history: bool| {
            let items =
                (0..40).map(|n| item(&format!("{number}-{n}"), "a", &format!("2026-11-{:02}T{:02}:00:00Z", 1 + n / 6, n % 24), &[]));
            let mut page = page(items.collect(), "2026-11-08T09:00:00Z");
            page.history = history;
            page
        };
        store.commit_page(week(1, true)).await.unwrap();
        let first = store.stream(&stream()).await.unwrap();
        assert_eq!((first.usual_delay, first.newest), (None, Some(time("2026-11-07T15:00:00Z"))));
        store.commit_page(week(2, false)).await.unwrap();
        let learnt = store.stream(&stream()).await.unwrap();
        assert_eq!(learnt.usual_delay.map(|delay| delay.num_days()), Some(7), "a weekly drop");
        assert!(learnt.longest_delay >= learnt.usual_delay && learnt.news_per_day > 0.0);
    }

    pub(super) async fn errors_are_counted_until_a_poll_goes_well(store: &impl Ingest) {
        let (due, at) = (time("2026-11-01T11:00:00Z"), time("2026-11-01T10:00:00Z"));
        store.note_poll(&stream(), Some("down".to_owned()), due, at).await.unwrap();
        store.note_poll(&stream(), Some("still down".to_owned()), due, at).await.unwrap();
        let failing = store.stream(&stream()).await.unwrap();
        assert_eq!((failing.errors, failing.error.as_deref(), failing.complete_to), (2, Some("still down"), None));
        store.note_poll(&stream(), None, due, at).await.unwrap();
        let well = store.stream(&stream()).await.unwrap();
        assert_eq!((well.errors, well.error, well.complete_to), (0, None, Some(at)));
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        mark_and_validators_move_only_at_the_end_of_a_walk
        how_late_news_come_is_learnt_and_history_teaches_nothing
        errors_are_counted_until_a_poll_goes_well
    }
}
