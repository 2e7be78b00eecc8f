//! What people say of themes is kept, replaces what the same person said before, and moves nothing.

mod of_every_store {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    use uproar::domain::count::Quarter;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Reviews;
    use uproar::domain::review::Among;
    use uproar::domain::review::Drawn;
    use uproar::domain::review::Review;
    use uproar::domain::review::Verdict;
    use uproar::domain::ruleset::NewTags;
    use uproar::domain::ruleset::Retagged;
    use uproar::text::hash;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::time;

    fn said(who: &str, at: &str, verdicts: &[(&str, Verdict)]) -> Review {
        Review {
            item: 1,
            who: who.to_owned(),
            at: time(at),
            drawn: Drawn::Random,
            among: Among::All,
            content: hash::of_parts(["the bot loops"]),
            verdicts: verdicts.iter().map(|(theme, verdict)| ((*theme).to_owned(), verdict.clone())).collect(),
        }
    }

    fn right() -> Verdict {
        Verdict::Right("rule".to_owned())
    }

    async fn one_message(store: &impl Ingest) {
        let items = vec![item("1", "the bot loops", "2026-11-01T10:00:00Z", &["looping_bot"])];
        store.commit_page(page(items, "2026-11-01T10:01:00Z")).await.unwrap();
    }

    pub(super) async fn a_later_review_of_a_person_replaces_the_earlier_in_any_order(store: &(impl Ingest + Reviews)) {
        one_message(store).await;
        let early = said("anna", "2026-11-02T10:00:00Z", &[("looping_bot", right())]);
        let late = said("anna", "2026-11-03T10:00:00Z", &[("looping_bot", right()), ("no_human", Verdict::Missing)]);
        let other = said("bo", "2026-11-01T10:00:00Z", &[("looping_bot", Verdict::Wrong("rule".to_owned()))]);
        assert_eq!(store.put_reviews(vec![late.clone(), early.clone(), other.clone()]).await.unwrap(), 2);
        assert_eq!(store.put_reviews(vec![early, late.clone(), other.clone()]).await.unwrap(), 0);
        assert_eq!(store.reviews().await.unwrap(), [other, late]);
    }

    pub(super) async fn who_learns_from_reviews_gets_each_message_once(store: &(impl Ingest + Reviews)) {
        one_message(store).await;
        let unsure = Review { drawn: Drawn::Unsure, ..said("bo", "2026-11-04T10:00:00Z", &[("no_human", Verdict::Missing)]) };
        let by_chance = said("anna", "2026-11-03T10:00:00Z", &[("looping_bot", right()), ("loyalty", Verdict::Absent)]);
        store.put_reviews(vec![unsure, by_chance]).await.unwrap();
        let learnt = store.reviewed().await.unwrap();
        assert_eq!(learnt.len(), 1);
        assert_eq!((learnt[0].text.as_str(), learnt[0].source.as_str(), learnt[0].drawn), ("the bot loops", "shop", Drawn::Random));
        assert_eq!((&learnt[0].themes, &learnt[0].rejected), (&BTreeSet::from(["no_human".to_owned()]), &BTreeSet::new()), "the newest");

        // Other words are another message.
        let edited = vec![item("1", "all is well", "2026-11-01T10:00:00Z", &[])];
        store.commit_page(page(edited, "2026-11-05T10:00:00Z")).await.unwrap();
        assert_eq!((store.reviewed().await.unwrap(), store.reviews().await.unwrap().len()), (vec![], 2));
    }

    pub(super) async fn a_review_moves_no_counter_and_stands_when_tags_change(store: &(impl Ingest + Incidents + Reviews)) {
        one_message(store).await;
        let quarter = Quarter::of(time("2026-11-01T10:00:00Z"));
        let before = store.counters(quarter..Quarter(quarter.0 + 1)).await.unwrap();
        let review =
            said("anna", "2026-11-02T10:00:00Z", &[("looping_bot", Verdict::Wrong("rule".to_owned())), ("loyalty", Verdict::Missing)]);
        store.put_reviews(vec![review.clone()]).await.unwrap();
        assert_eq!(store.counters(quarter..Quarter(quarter.0 + 1)).await.unwrap().cells, before.cells);

        store.begin_rules("new".to_owned(), BTreeMap::new(), time("2026-11-02T10:00:00Z")).await.unwrap();
        let items = vec![NewTags { item: 1, rev: 1, tags: Vec::new() }];
        let page = Retagged { rules: "new".to_owned(), items, done_to: 1, finished: true, ..Retagged::default() };
        store.commit_retagged(page).await.unwrap();
        assert_eq!(store.reviews().await.unwrap(), [review], "with the rule of then");
        let verdicts: BTreeMap<String, Verdict> = store.reviews().await.unwrap().remove(0).verdicts;
        assert_eq!(verdicts["looping_bot"].rule(), Some("rule"));
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        a_later_review_of_a_person_replaces_the_earlier_in_any_order
        who_learns_from_reviews_gets_each_message_once
        a_review_moves_no_counter_and_stands_when_tags_change
    }
}
