//! Tags of stored messages under other rules: in the background, in pieces, counted right.

mod of_every_store {
    use std::collections::BTreeMap;

    use uproar::domain::count::Quarter;
    use uproar::domain::incident::Segment;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Judged;
    use uproar::domain::ports::StoreError;
    use uproar::domain::ruleset::NewTags;
    use uproar::domain::ruleset::Retagged;
    use uproar::domain::ruleset::StoredMessages;
    use uproar::domain::theme::Tag;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::time;

    /// Voices and history among them, over all quarters, of a theme in all messages.
    async fn count(store: &impl Incidents, theme: &str) -> (i64, i64) {
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let named = |theme: i64| counters.themes.get(&theme).map(String::as_str);
        let whole = |segment: i64| counters.segments[&segment] == Segment::All;
        let cells = counters.cells.iter().filter(|cell| named(cell.theme) == Some(theme) && whole(cell.segment));
        cells.fold((0, 0), |sum, cell| (sum.0 + cell.voices, sum.1 + cell.late))
    }

    async fn begin(store: &impl Ingest, rules: &str, now: &str) {
        store.begin_rules(rules.to_owned(), BTreeMap::from([("looping_bot".to_owned(), rules.to_owned())]), time(now)).await.unwrap();
    }

    fn new_tags(item: i64, rev: i64, themes: &[&str]) -> NewTags {
        let tag = |theme: &&str| Tag { theme: (*theme).to_owned(), rule: "new".to_owned(), spans: Vec::new() };
        NewTags { item, rev, tags: themes.iter().map(tag).collect() }
    }

    fn up_to(rules: &str, done_to: i64) -> Retagged {
        Retagged { rules: rules.to_owned(), done_to, ..Retagged::default() }
    }

    pub(super) async fn tags_under_other_rules_move_the_counts_and_never_alert(store: &(impl Ingest + Incidents)) {
        let items = vec![item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]), item("2", "fine", "2026-11-01T10:00:00Z", &[])];
        store.commit_page(page(items, "2026-11-01T10:01:00Z")).await.unwrap();
        let marks = store.touched().await.unwrap();
        store.apply(Judged { done: marks, ..Judged::default() }).await.unwrap();
        assert_eq!(store.ruleset().await.unwrap(), None);

        begin(store, "new", "2026-11-01T11:00:00Z").await;
        let read = store.messages_after(0, 10, 1000).await.unwrap();
        let said: Vec<_> = read.messages.iter().map(|of| (of.text.as_str(), of.source.as_str(), of.tags.len())).collect();
        assert_eq!(said, [("loops", "shop", 1), ("fine", "shop", 0)]);
        let items = read.messages.iter().map(|message| new_tags(message.item, message.rev, &["refund_failed"])).collect();
        store.commit_retagged(Retagged { items, ..up_to("new", read.last.unwrap()) }).await.unwrap();

        assert_eq!(count(store, "looping_bot").await, (0, 0));
        assert_eq!(count(store, "refund_failed").await, (2, 0), "a theme that still moves is not judged");
        assert_eq!(store.messages_after(read.last.unwrap(), 10, 1000).await.unwrap(), StoredMessages::default());
        store.commit_retagged(Retagged { finished: true, after: 2, ..up_to("new", 2) }).await.unwrap();

        assert_eq!(count(store, "refund_failed").await, (2, 2), "what moved is history");
        let ruleset = store.ruleset().await.unwrap().unwrap();
        assert!(ruleset.finished && ruleset.moving.is_empty() && ruleset.moved.len() == 2, "{ruleset:?}");
        assert_eq!(store.touched().await.unwrap(), [], "no other theme is learnt anew");
    }

    pub(super) async fn what_comes_after_a_change_of_rules_testifies(store: &(impl Ingest + Incidents)) {
        let (old, late) = ("2026-10-02T10:00:00Z", "2026-11-01T09:00:00Z");
        let items = vec![item("1", "old", old, &[]), item("2", "late", late, &["looping_bot"])];
        store.commit_page(page(items, "2026-11-01T10:00:00Z")).await.unwrap();
        begin(store, "new", "2026-11-01T10:00:00Z").await;
        let news = vec![item("3", "news", late, &["looping_bot"]), item("4", "more", "2026-11-01T10:10:00Z", &["looping_bot"])];
        store.commit_page(page(news, "2026-11-01T10:20:00Z")).await.unwrap();
        let items = vec![new_tags(1, 1, &["looping_bot"])];
        store.commit_retagged(Retagged { items, finished: true, ..up_to("new", 4) }).await.unwrap();
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let theme = counters.themes.iter().find(|(_, name)| *name == "looping_bot").unwrap().0;
        let whole = counters.cells.iter().filter(|cell| cell.theme == *theme && counters.segments[&cell.segment] == Segment::All);
        let counted: Vec<_> = whole.map(|cell| (cell.quarter.start(), cell.voices, cell.late)).collect();
        let of = |at, voices, late| (Quarter::of(time(at)).start(), voices, late);
        // The first one came as back-fill, and a month before a change is as it was.
        assert_eq!(counted, [of(old, 1, 1), of(late, 2, 1), of("2026-11-01T10:10:00Z", 1, 0)]);
    }

    pub(super) async fn a_message_that_was_edited_or_taken_back_in_the_meantime_keeps_what_it_has(store: &(impl Ingest + Incidents)) {
        let at = "2026-11-01T10:00:00Z";
        let of = |id: &str, text: &str| item(id, text, at, &[]);
        store.commit_page(page(vec![of("1", "a"), of("2", "b"), of("3", "c")], "2026-11-01T10:01:00Z")).await.unwrap();
        begin(store, "new", "2026-11-01T11:00:00Z").await;
        let read = store.messages_after(0, 10, 1000).await.unwrap().messages;
        let mut gone = of("2", "b");
        gone.item.gone = true;
        let edited = item("1", "a, solved", at, &["churn"]);
        store.commit_page(page(vec![edited, gone], "2026-11-01T11:01:00Z")).await.unwrap();
        let items = read.iter().map(|message| new_tags(message.item, message.rev, &["looping_bot"])).collect();
        store.commit_retagged(Retagged { items, ..up_to("new", 3) }).await.unwrap();
        assert_eq!((count(store, "looping_bot").await, count(store, "churn").await), ((1, 0), (1, 0)));
    }

    pub(super) async fn tags_under_rules_that_hold_no_more_are_refused(store: &(impl Ingest + Incidents)) {
        store.commit_page(page(vec![item("1", "a", "2026-11-01T10:00:00Z", &[])], "2026-11-01T10:01:00Z")).await.unwrap();
        begin(store, "new", "2026-11-01T11:00:00Z").await;
        begin(store, "newer", "2026-11-01T12:00:00Z").await;
        let page = || Retagged { items: vec![new_tags(1, 1, &["late"])], ..up_to("new", 1) };
        assert!(matches!(store.commit_retagged(page()).await, Err(StoreError::Stale)));
        assert_eq!(count(store, "late").await, (0, 0));
        let ruleset = store.ruleset().await.unwrap().unwrap();
        assert_eq!((ruleset.rules.as_str(), ruleset.done_to, ruleset.finished, ruleset.newest), ("newer", 0, false, 1));
    }

    pub(super) async fn a_reading_of_history_ends_with_its_bytes(store: &(impl Ingest + Incidents)) {
        let long = |id: &str| item(id, &id.repeat(100), "2026-11-01T10:00:00Z", &["late"]);
        store.commit_page(page(vec![long("1"), long("2"), long("3")], "2026-11-01T10:01:00Z")).await.unwrap();
        let read = store.messages_after(0, 10, 150).await.unwrap();
        assert_eq!((read.messages.len(), read.last), (2, Some(2)));
        assert!(read.messages.iter().all(|message| message.tags.len() == 1), "{read:?}");
        assert_eq!(store.messages_after(2, 1, 150).await.unwrap().messages[0].text, "3".repeat(100));
    }
}

mod on_sqlite {
    crate::contract::on_every_store! {
        tags_under_other_rules_move_the_counts_and_never_alert
        what_comes_after_a_change_of_rules_testifies
        a_message_that_was_edited_or_taken_back_in_the_meantime_keeps_what_it_has
        tags_under_rules_that_hold_no_more_are_refused
        a_reading_of_history_ends_with_its_bytes
    }
}

/// Rules come and go while messages come, are edited and taken back; a tagging is cut anywhere.
mod any_order {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::StoreError;
    use uproar::domain::ports::TaggedItem;
    use uproar::domain::ruleset::NewTags;
    use uproar::domain::ruleset::Retagged;
    use uproar::domain::theme::Tag;
    use uproar::store::sqlite::Sqlite;
    use uproar::store::sqlite::reports::Choice;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::same_words;
    use crate::contract::sqlite;
    use crate::contract::time;

    const TEXTS: [&str; 5] = ["cold", "late", "cold and late", "lovely", "so late"];
    /// Words that each set of rules takes for a theme of the same name.
    const RULES: [&[&str]; 4] = [&["cold"], &["late"], &["cold", "late"], &["so"]];

    #[derive(Debug, Clone)]
    enum Event {
        /// Messages come: number, text, day, and whether it was taken back.
        Page(Vec<(u8, usize, u8, bool)>),
        /// Other rules hold from now on.
        Rules(usize),
        /// A batch of so many is read; only after the next event it is written, or never.
        Read(u32),
        /// The batch that was read is written.
        Write,
    }

    fn event() -> impl Strategy<Value = Event> {
        let said = (0..8_u8, 0..TEXTS.len(), 1..28_u8, proptest::bool::weighted(0.1));
        prop_oneof![
            3 => vec(said, 0..5).prop_map(Event::Page),
            1 => (0..RULES.len()).prop_map(Event::Rules),
            3 => (1..4_u32).prop_map(Event::Read),
            3 => Just(Event::Write),
        ]
    }

    fn themes(rules: usize, text: &str) -> Vec<&'static str> {
        RULES[rules].iter().filter(|word| text.split(' ').any(|said| said == **word)).copied().collect()
    }

    struct Scene {
        store: Sqlite,
        rules: usize,
        read: Option<Retagged>,
    }

    impl Scene {
        async fn begin(&mut self, rules: usize) {
            let prints = RULES[rules].iter().map(|theme| ((*theme).to_owned(), "1".to_owned())).collect::<BTreeMap<_, _>>();
            self.store.begin_rules(rules.to_string(), prints, time("2026-11-28T12:00:00Z")).await.unwrap();
            self.rules = rules;
        }

        async fn page(&self, said: Vec<(u8, usize, u8, bool)>) {
            let prepared = |(id, text, day, gone): (u8, usize, u8, bool)| -> TaggedItem {
                let published = format!("2026-11-{day:02}T10:00:00Z");
                let mut item = item(&id.to_string(), TEXTS[text], &published, &themes(self.rules, TEXTS[text]));
                // Some are copies of each other.
                (item.voice_key, item.item.gone) = (Some(same_words(u64::from(id % 5))), gone);
                item
            };
            self.store.commit_page(page(said.into_iter().map(prepared).collect(), "2026-11-28T20:00:00Z")).await.unwrap();
        }

        async fn read(&mut self, limit: u32) {
            let ruleset = self.store.ruleset().await.unwrap().unwrap();
            if ruleset.finished {
                return;
            }
            let read = self.store.messages_after(ruleset.done_to, limit, 1000).await.unwrap();
            let (rules, done_to, finished) = (ruleset.rules, read.last.unwrap_or(ruleset.done_to), read.last.is_none());
            let tag = |theme: &str| Tag { theme: theme.to_owned(), rule: "rule".to_owned(), spans: Vec::new() };
            let new = |message: &uproar::domain::ruleset::StoredMessage| NewTags {
                item: message.item,
                rev: message.rev,
                tags: themes(self.rules, &message.text).into_iter().map(tag).collect(),
            };
            let items = read.messages.iter().map(new).collect();
            self.read = Some(Retagged { rules, items, after: ruleset.done_to, done_to, finished, ..Retagged::default() });
        }

        async fn write(&mut self) {
            let Some(page) = self.read.take() else { return };
            let written = self.store.commit_retagged(page).await;
            assert!(matches!(written, Ok(()) | Err(StoreError::Stale)), "{written:?}");
        }

        async fn happen(&mut self, event: Event) {
            match event {
                Event::Page(said) => self.page(said).await,
                Event::Rules(rules) => self.begin(rules).await,
                Event::Read(limit) => self.read(limit).await,
                Event::Write => self.write().await,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        #[allow(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough over lifetimes")]
        fn in_the_end_all_messages_have_the_tags_of_the_last_rules_and_are_counted_once(events in vec(event(), 0..14)) {
            let folder = tempfile::tempdir().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut scene = Scene { store: sqlite(folder.path()), rules: 0, read: None };
                scene.begin(0).await;
                for event in events {
                    scene.happen(event).await;
                    prop_assert_eq!(scene.store.read(|reader| reader.recount()).await.unwrap(), vec![]);
                }
                while !scene.store.ruleset().await.unwrap().unwrap().finished {
                    scene.read(3).await;
                    scene.write().await;
                }
                prop_assert_eq!(scene.store.read(|reader| reader.recount()).await.unwrap(), vec![]);
                let mut stored = Vec::new();
                let stored = scene.store.read(move |reader| {
                    reader.export(&Choice::default(), |item| { stored.push(item); Ok::<_, StoreError>(()) })?;
                    Ok(stored)
                }).await.unwrap();
                for item in stored {
                    prop_assert_eq!(&item.labels, &themes(scene.rules, &item.text), "{}", item.text);
                }
                Ok(())
            })?;
        }
    }
}
