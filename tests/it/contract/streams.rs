//! Where reading stands moves with what was read, and only with it.

mod of_every_store {
    use uproar::domain::http::Request;
    use uproar::domain::http::Validators;
    use uproar::domain::http::Watched;
    use uproar::domain::item::Cursor;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::PollNote;
    use uproar::domain::ports::Progress;
    use uproar::domain::ports::Wish;
    use uproar::domain::ports::Wishes;
    use uproar::domain::standing::Gone;
    use uproar::domain::standing::LastPage;
    use uproar::domain::standing::Standing;
    use uproar::polling::identity;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::stream;
    use crate::contract::time;

    pub(super) async fn mark_and_validators_move_only_at_the_end_of_a_walk(store: &impl Ingest) {
        let next = Request::Folder(Watched { path: "/srv/next".into(), ..Watched::default() });
        let mut first = page(vec![item("1", "a", "2026-11-01T10:00:00Z", &[])], "2026-11-01T10:01:00Z");
        first.progress = Progress::Walking { next: next.clone() };
        store.commit_page(first).await.unwrap();
        let walking = store.stream(&stream()).await.unwrap();
        assert_eq!((walking.walk, walking.cursor, walking.history_done), (Some(Box::new(next)), Cursor(None), false));

        let mut last = page(vec![], "2026-11-01T10:02:00Z");
        let standing = Standing { ids_change: Some(time("2026-11-01T10:00:00Z")), ..Standing::default() };
        let validators = Validators { url: "https://a.example/".to_owned(), etag: Some("W/\"1\"".to_owned()), last_modified: None };
        last.progress = Progress::Ended {
            cursor: Some(Cursor(Some("mark".to_owned()))),
            validators: Some(validators.clone()),
            due: time("2026-11-01T11:00:00Z"),
            polled_at: time("2026-11-01T10:00:30Z"),
            standing: Some(Box::new(standing.clone())),
        };
        store.commit_page(last).await.unwrap();
        let ended = store.stream(&stream()).await.unwrap();
        assert_eq!((ended.walk, ended.cursor, ended.history_done), (None, Cursor(Some("mark".to_owned())), true));
        assert_eq!((ended.validators, ended.complete_to), (Some(Box::new(validators)), Some(time("2026-11-01T10:00:30Z"))));
        assert_eq!(ended.standing, standing);
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

    pub(super) async fn undated_messages_below_known_ones_are_back_fill_and_above_them_news(store: &impl Ingest) {
        let undated = |ids: &[&str], now: &str| {
            let mut page = page(ids.iter().map(|id| item(id, "a", now, &[])).collect(), now);
            page.items.iter_mut().for_each(|tagged| tagged.item.published = None);
            if let Progress::Ended { standing, .. } = &mut page.progress {
                let last = LastPage { most_new: 1, ..LastPage::default() };
                *standing = Some(Box::new(Standing { page: Some(Box::new(last)), ..Standing::default() }));
            }
            page
        };
        store.commit_page(undated(&["2", "1"], "2026-11-01T10:00:00Z")).await.unwrap();
        let more = store.commit_page(undated(&["4", "3", "2", "0"], "2026-11-01T11:00:00Z")).await.unwrap();
        assert_eq!((more.new, more.late), (3, 1));
        let old = store.commit_page(page(vec![item("9", "a", "1970-01-01T00:00:00Z", &[])], "2026-11-01T12:00:00Z")).await.unwrap();
        assert_eq!((old.new, old.late), (1, 0), "nobody wrote in 1970: it counts when it was seen");
    }

    pub(super) async fn an_item_that_gets_an_id_by_its_content_is_known(store: &impl Ingest) {
        let (at, later) = ("2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z");
        store.commit_page(page(vec![item("poll-1-a", "words", at, &["late"])], at)).await.unwrap();
        let mut same = item("", "words", at, &["late"]);
        same.item.id = identity::of_content(&same.item, identity::Apart::ByDate);
        let found = store.commit_page(page(vec![same.clone()], later)).await.unwrap();
        assert_eq!((found.new, found.known), (0, 1));
        let again = store.commit_page(page(vec![same], later)).await.unwrap();
        assert_eq!((again.new, again.known), (0, 1));
    }

    pub(super) async fn errors_are_counted_until_a_poll_goes_well(store: &impl Ingest) {
        let (due, at) = (time("2026-11-01T11:00:00Z"), time("2026-11-01T10:00:00Z"));
        store.note_poll(&stream(), PollNote::failed("down", due, at)).await.unwrap();
        store.note_poll(&stream(), PollNote::failed("still down", due, at)).await.unwrap();
        let failing = store.stream(&stream()).await.unwrap();
        assert_eq!((failing.errors, failing.error.as_deref(), failing.complete_to), (2, Some("still down"), None));
        let validators = Validators { url: "https://a.example/".to_owned(), etag: Some("2".to_owned()), last_modified: None };
        let note = PollNote { validators: Some(validators.clone()), ..PollNote::unchanged(due, at) };
        store.note_poll(&stream(), note).await.unwrap();
        let well = store.stream(&stream()).await.unwrap();
        assert_eq!((well.errors, well.error, well.complete_to), (0, None, Some(at)));
        store.note_poll(&stream(), PollNote::unchanged(due, at)).await.unwrap();
        assert_eq!(
            store.stream(&stream()).await.unwrap().validators,
            Some(Box::new(validators)),
            "a poll that says nothing of them keeps them"
        );
    }

    pub(super) async fn what_people_want_of_a_stream_holds_until_it_is_done(store: &impl Ingest) {
        let at = time("2026-11-01T10:00:00Z");
        let standing = Standing {
            gone: Some(Box::new(Gone { since: at, confirmed: true, url: "https://a.example/".to_owned() })),
            ids_change: Some(at),
            ..Standing::default()
        };
        let note = PollNote { standing: Some(Box::new(standing)), ..PollNote::failed("gone", at, at) };
        store.note_poll(&stream(), note).await.unwrap();
        store.wish(&stream(), Wish::Pause, at).await.unwrap();
        store.wish(&stream(), Wish::Poll, at).await.unwrap();
        assert_eq!(store.wishes().await.unwrap(), [(stream(), Wishes { paused: Some(at), asked: Some(at) })].into());
        store.wish(&stream(), Wish::Resume, at).await.unwrap();
        let resumed = store.stream(&stream()).await.unwrap();
        assert_eq!((resumed.paused, resumed.standing.gone), (None, None), "what is gone is asked for again");
        assert_eq!(resumed.standing.ids_change, Some(at));
        store.note_poll(&stream(), PollNote::unchanged(at, at)).await.unwrap();
        assert!(store.wishes().await.unwrap().is_empty());
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        mark_and_validators_move_only_at_the_end_of_a_walk
        how_late_news_come_is_learnt_and_history_teaches_nothing
        undated_messages_below_known_ones_are_back_fill_and_above_them_news
        an_item_that_gets_an_id_by_its_content_is_known
        errors_are_counted_until_a_poll_goes_well
        what_people_want_of_a_stream_holds_until_it_is_done
    }
}
