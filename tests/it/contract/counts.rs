//! Counted exactly once, by event time.

mod of_every_store {
    use uproar::domain::count::Quarter;
    use uproar::domain::incident::Segment;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Judged;
    use uproar::domain::ports::Retagged;
    use uproar::domain::ports::Ruleset;
    use uproar::domain::theme::Tag;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::same_words;
    use crate::contract::time;

    /// Voices and history among them, over all quarters, of a theme in all messages.
    async fn count(store: &impl Incidents, theme: Option<&str>) -> (i64, i64) {
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let whole = counters.segments.iter().find(|(_, segment)| **segment == Segment::All).map(|(id, _)| *id).unwrap();
        let theme = theme.map_or(Some(0), |name| counters.themes.iter().find(|(_, of)| *of == name).map(|(id, _)| *id));
        let cells = counters.cells.iter().filter(|cell| cell.segment == whole && Some(cell.theme) == theme);
        cells.fold((0, 0), |sum, cell| (sum.0 + cell.voices, sum.1 + cell.late))
    }

    pub(super) async fn an_item_counts_once_however_often_it_is_read(store: &(impl Ingest + Incidents)) {
        for minute in 0..3 {
            let items = vec![item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"])];
            store.commit_page(page(items, &format!("2026-11-01T10:0{minute}:00Z"))).await.unwrap();
        }
        assert_eq!(count(store, Some("looping_bot")).await, (1, 0));
        assert_eq!(count(store, None).await, (1, 0));
    }

    pub(super) async fn an_edit_moves_the_count_and_stays_in_its_quarter(store: &(impl Ingest + Incidents)) {
        let first = vec![item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"])];
        store.commit_page(page(first, "2026-11-01T10:01:00Z")).await.unwrap();
        let edited = vec![item("1", "no refund", "2026-11-02T10:00:00Z", &["refund_failed"])];
        let done = store.commit_page(page(edited, "2026-11-02T10:01:00Z")).await.unwrap();
        assert_eq!((done.new, done.edited), (0, 1));
        assert_eq!(count(store, Some("looping_bot")).await, (0, 0));
        assert_eq!(count(store, Some("refund_failed")).await, (1, 0));
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let quarter = Quarter::of(time("2026-11-01T10:00:00Z"));
        assert!(counters.cells.iter().all(|cell| cell.quarter == quarter), "{:?}", counters.cells);
    }

    pub(super) async fn a_deletion_gives_everything_back(store: &(impl Ingest + Incidents)) {
        let mut gone = item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]);
        store.commit_page(page(vec![gone.clone()], "2026-11-01T10:01:00Z")).await.unwrap();
        gone.item.gone = true;
        store.commit_page(page(vec![gone.clone()], "2026-11-01T11:01:00Z")).await.unwrap();
        let again = store.commit_page(page(vec![gone], "2026-11-01T12:01:00Z")).await.unwrap();
        assert_eq!(again.gone, 0, "a second deletion changes nothing");
        assert_eq!(count(store, None).await, (0, 0));
    }

    pub(super) async fn copies_of_one_voice_count_once_with_the_themes_of_all(store: &(impl Ingest + Incidents)) {
        let mut one = item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]);
        let mut two = item("2", "loops", "2026-11-01T09:00:00Z", &["refund_failed"]);
        (one.voice_key, two.voice_key) = (same_words(7), same_words(7));
        store.commit_page(page(vec![one, two], "2026-11-01T10:01:00Z")).await.unwrap();
        assert_eq!(count(store, None).await, (1, 0));
        assert_eq!(count(store, Some("looping_bot")).await, (1, 0));
        assert_eq!(count(store, Some("refund_failed")).await, (1, 0));
    }

    pub(super) async fn history_and_back_fill_count_as_late(store: &(impl Ingest + Incidents)) {
        let mut first = page(vec![item("1", "a", "2026-10-01T10:00:00Z", &[])], "2026-11-01T10:01:00Z");
        first.history = true;
        store.commit_page(first).await.unwrap();
        let late = item("2", "b", "2026-10-30T10:00:00Z", &[]);
        let news = item("3", "c", "2026-11-01T09:00:00Z", &[]);
        let done = store.commit_page(page(vec![late, news], "2026-11-01T10:05:00Z")).await.unwrap();
        assert_eq!((done.new, done.late), (2, 1));
        assert_eq!(count(store, None).await, (3, 2));
        let marks = store.touched().await.unwrap();
        assert_eq!(marks[0].judge_from, Some(Quarter::of(time("2026-11-01T09:00:00Z"))), "only news may alert: {marks:?}");
        assert_eq!(marks[0].from, Quarter::of(time("2026-10-01T10:00:00Z")));
    }

    pub(super) async fn tags_under_other_rules_move_the_counts_and_never_alert(store: &(impl Ingest + Incidents)) {
        let items = vec![item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]), item("2", "fine", "2026-11-01T10:00:00Z", &[])];
        store.commit_page(page(items, "2026-11-01T10:01:00Z")).await.unwrap();
        let marks = store.touched().await.unwrap();
        store.apply(Judged { done: marks, ..Judged::default() }).await.unwrap();
        assert_eq!(store.ruleset().await.unwrap(), None);

        let texts = store.texts_after(0, 10).await.unwrap();
        assert_eq!(texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), ["loops", "fine"]);
        let tag = Tag { theme: "refund_failed".to_owned(), rule: "new".to_owned(), spans: Vec::new() };
        let items = texts.iter().map(|text| (text.item, vec![tag.clone()])).collect();
        let ruleset = Ruleset { rules: "new".to_owned(), done_to: texts[1].item, finished: false };
        store.commit_retagged(Retagged { items, ruleset: ruleset.clone() }).await.unwrap();

        assert_eq!(count(store, Some("looping_bot")).await, (0, 0));
        assert_eq!(count(store, Some("refund_failed")).await, (2, 0));
        assert_eq!(store.ruleset().await.unwrap(), Some(ruleset));
        assert_eq!(store.touched().await.unwrap()[0].judge_from, None);
        assert!(store.texts_after(texts[1].item, 10).await.unwrap().is_empty());
    }

    pub(super) async fn what_claims_to_come_from_the_future_counts_now(store: &(impl Ingest + Incidents)) {
        store.commit_page(page(vec![item("1", "a", "2036-11-01T10:00:00Z", &[])], "2026-11-01T10:01:00Z")).await.unwrap();
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        assert_eq!(counters.cells[0].quarter, Quarter::of(time("2026-11-01T10:01:00Z")));
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        an_item_counts_once_however_often_it_is_read
        an_edit_moves_the_count_and_stays_in_its_quarter
        a_deletion_gives_everything_back
        copies_of_one_voice_count_once_with_the_themes_of_all
        history_and_back_fill_count_as_late
        tags_under_other_rules_move_the_counts_and_never_alert
        what_claims_to_come_from_the_future_counts_now
    }
}

mod recount {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use uproar::store::sqlite::Direct;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::same_words;

    /// Which item, which text and theme, which voice, and whether the source took it back.
    fn step() -> impl Strategy<Value = (u8, u8, Option<u64>, bool)> {
        (0..6_u8, 0..4_u8, proptest::option::of(0..2_u64), proptest::bool::weighted(0.15))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_history_of_adding_editing_and_removing_leaves_what_a_recount_gives(pages in vec(vec(step(), 0..6), 0..6)) {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Direct::open(&folder.path().join("uproar.db")).unwrap();
            for steps in pages {
                let items = steps.into_iter().map(|(id, text, voice, gone)| {
                    let themes: &[&str] = [&[][..], &["a"], &["b"], &["a", "b"]][usize::from(text)];
                    let mut item = item(&id.to_string(), &text.to_string(), &format!("2026-11-01T1{}:00:00Z", id % 3), themes);
                    (item.voice_key, item.item.gone) = (voice.and_then(same_words), gone);
                    item
                }).collect();
                store.commit_page(&page(items, "2026-11-01T20:00:00Z")).unwrap();
                prop_assert_eq!(store.reader().recount().unwrap(), vec![]);
            }
        }
    }
}
