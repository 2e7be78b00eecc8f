//! Counted exactly once, by event time.

mod of_every_store {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    use uproar::domain::count::Quarter;
    use uproar::domain::incident::Segment;
    use uproar::domain::item::Rating;
    use uproar::domain::ports::Incidents;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Judged;
    use uproar::domain::ports::Labelled;
    use uproar::domain::ports::Labelling;
    use uproar::domain::ports::TaggedItem;
    use uproar::text::alike::Words;

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
        (one.voice_key, two.voice_key) = (Some(same_words(7)), Some(same_words(7)));
        store.commit_page(page(vec![one, two], "2026-11-01T10:01:00Z")).await.unwrap();
        assert_eq!(count(store, None).await, (1, 0));
        assert_eq!(count(store, Some("looping_bot")).await, (1, 0));
        assert_eq!(count(store, Some("refund_failed")).await, (1, 0));
    }

    pub(super) async fn a_copy_from_another_source_marks_the_source_whose_counts_it_moves(store: &(impl Ingest + Incidents)) {
        let like = |mut item: TaggedItem| {
            item.voice_key = Some(same_words(7));
            item
        };
        let first = like(item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]));
        store.commit_page(page(vec![first], "2026-11-01T10:01:00Z")).await.unwrap();
        let done = store.touched().await.unwrap();
        store.apply(Judged { done, ..Judged::default() }).await.unwrap();
        assert_eq!(store.touched().await.unwrap(), []);
        let mut copied = page(vec![like(item("x", "loops", "2026-11-01T09:00:00Z", &["refund_failed"]))], "2026-11-01T10:02:00Z");
        "forum".clone_into(&mut copied.stream.source);
        store.commit_page(copied).await.unwrap();
        let marked: Vec<String> = store.touched().await.unwrap().into_iter().map(|mark| mark.source).collect();
        assert_eq!(marked, ["forum", "shop"], "the forum has it now, and the shop no more");
    }

    /// A message with these words by an author, as the daemon prepares it.
    fn said(id: &str, author: Option<&str>, text: &str, published: &str, themes: &[&str]) -> TaggedItem {
        let likeness = Words::of(text).likeness(author);
        TaggedItem { author_hash: author.map(str::to_owned), voice_key: Some(likeness), ..item(id, text, published, themes) }
    }

    const LONG: &str = "Seven evenings in a row the curtain stayed down for an hour and nobody came on stage to tell us why, \
                        while the bar was open all the time.";

    pub(super) async fn edited_copies_of_a_long_text_are_one_voice_whoever_posts_them(store: &(impl Ingest + Incidents)) {
        let at = "2026-11-01T10:00:00Z";
        let copies = [
            LONG.to_owned(),
            LONG.to_uppercase(),
            LONG.replace("nobody", "not a soul"),
            format!("Dear all! {LONG}"),
            format!("{LONG} 😡 https://x.example/1"),
        ];
        let copies =
            copies.iter().enumerate().map(|(n, text)| said(&format!("c{n}"), Some(&format!("author {n}")), text, at, &["dark_stage"]));
        store.commit_page(page(copies.collect(), "2026-11-01T10:01:00Z")).await.unwrap();
        assert_eq!((count(store, None).await, count(store, Some("dark_stage")).await), ((1, 0), (1, 0)));

        let short = (0..5).map(|n| said(&format!("s{n}"), Some(&format!("author {n}")), "refund please", at, &["refund_failed"]));
        store.commit_page(page(short.collect(), "2026-11-01T10:02:00Z")).await.unwrap();
        assert_eq!(count(store, Some("refund_failed")).await, (5, 0), "many people write this by themselves");

        let weeks_later = said("again", Some("author 9"), &LONG.replace("Seven", "Eight"), "2026-11-20T10:00:00Z", &["dark_stage"]);
        store.commit_page(page(vec![weeks_later], "2026-11-20T10:01:00Z")).await.unwrap();
        assert_eq!(count(store, Some("dark_stage")).await, (2, 0));
    }

    pub(super) async fn a_person_who_posts_a_hundred_times_is_one_voice(store: &(impl Ingest + Incidents)) {
        let post = |n: usize| {
            let text =
                format!("attempt {n}: {} the stage is still dark, {} lamps please", ["hello,", "again", "for the last time"][n % 3], n % 7);
            said(&n.to_string(), Some("ann"), &text, &format!("2026-11-01T{:02}:{:02}:00Z", n / 10, n % 10), &["dark_stage"])
        };
        let mut posts: Vec<_> = (0..100).map(post).collect();
        posts.push(said("other", Some("ann"), "my coat was not in the cloakroom any more", "2026-11-01T12:00:00Z", &["lost_coat"]));
        posts.push(said("bob", Some("bob"), "the stage is dark", "2026-11-01T12:00:00Z", &["dark_stage"]));
        store.commit_page(page(posts, "2026-11-01T20:00:00Z")).await.unwrap();
        assert_eq!(count(store, Some("dark_stage")).await, (2, 0), "ann and bob");
        assert_eq!(count(store, Some("lost_coat")).await, (1, 0));
        let later = vec![said("later", Some("ann"), "again the stage is dark, more lamps please", "2026-11-25T12:00:00Z", &["dark_stage"])];
        store.commit_page(page(later, "2026-11-25T12:01:00Z")).await.unwrap();
        assert_eq!(count(store, Some("dark_stage")).await, (3, 0), "a new complaint, weeks later");
    }

    pub(super) async fn of_thousands_of_copies_only_the_first_are_looked_at(store: &(impl Ingest + Incidents)) {
        let copy = |n: usize, theme: &'static str| said(&n.to_string(), None, LONG, "2026-11-01T10:00:00Z", &[theme]);
        let copies = (0..300).map(|n| copy(n, if n < 64 { "dark_stage" } else { "lost_coat" }));
        store.commit_page(page(copies.collect(), "2026-11-01T10:01:00Z")).await.unwrap();
        assert_eq!((count(store, None).await, count(store, Some("dark_stage")).await), ((1, 0), (1, 0)));
        assert_eq!(count(store, Some("lost_coat")).await, (0, 0));
    }

    pub(super) async fn a_label_that_is_asked_for_later_gets_its_history_and_is_hidden_until_then(store: &(impl Ingest + Incidents)) {
        let mut first = item("1", "loops", "2026-11-01T10:00:00Z", &["looping_bot"]);
        first.item.fields.insert("house".to_owned(), "north".to_owned());
        store.commit_page(page(vec![first, item("2", "fine", "2026-11-01T11:00:00Z", &[])], "2026-11-01T12:00:00Z")).await.unwrap();
        let marks = store.touched().await.unwrap();
        store.apply(Judged { done: marks, ..Judged::default() }).await.unwrap();

        let fields = store.fields_after(0, 10).await.unwrap();
        assert_eq!((fields[0].source.as_str(), fields[0].fields["house"].as_str(), fields.len()), ("shop", "north", 2));
        let house = |value: &str| BTreeMap::from([("house".to_owned(), value.to_owned()), ("country".to_owned(), "no".to_owned())]);
        let mut labelling = Labelling { building: BTreeSet::from(["house".to_owned()]), done_to: fields[0].item, ..Labelling::default() };
        store.commit_labelled(Labelled { items: vec![(fields[0].item, house("north"))], labelling: labelling.clone() }).await.unwrap();
        let voices = async |value: &str| {
            let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
            let segment = Segment::Label { key: "house".to_owned(), value: value.to_owned() };
            let id = counters.segments.iter().find(|(_, of)| **of == segment).map(|(id, _)| *id)?;
            Some(counters.cells.iter().filter(|cell| cell.segment == id && cell.theme == 0).map(|cell| cell.voices).sum::<i64>())
        };
        assert_eq!(voices("north").await, None, "half a history is not shown");
        assert_eq!(store.touched().await.unwrap(), [], "nothing was learnt yet of a label that is new");

        labelling.built.append(&mut labelling.building);
        store.commit_labelled(Labelled { items: vec![(fields[1].item, house("south"))], labelling: labelling.clone() }).await.unwrap();
        assert_eq!((voices("north").await, voices("south").await), (Some(1), Some(1)));
        assert_eq!(store.labelling().await.unwrap(), Some(labelling));
        assert_eq!(store.touched().await.unwrap()[0].judge_from, None, "a label that was there before: learnt anew, and no alert");
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let norway = Segment::Label { key: "country".to_owned(), value: "no".to_owned() };
        assert!(!counters.segments.values().any(|segment| *segment == norway), "what a message has stays as it is");
    }

    pub(super) async fn a_label_with_a_value_for_each_message_has_two_hundred_segments(store: &(impl Ingest + Incidents)) {
        let visit = |n: usize| {
            let labels = BTreeMap::from([("visit".to_owned(), n.to_string())]);
            TaggedItem { labels, ..item(&n.to_string(), &n.to_string(), "2026-11-01T10:00:00Z", &[]) }
        };
        store.commit_page(page((0..250).map(visit).collect(), "2026-11-01T10:01:00Z")).await.unwrap();
        let counters = store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap();
        let voices = |value: &str| {
            let segment = Segment::Label { key: "visit".to_owned(), value: value.to_owned() };
            let id = counters.segments.iter().find(|(_, of)| **of == segment).map(|(id, _)| *id);
            counters.cells.iter().filter(|cell| Some(cell.segment) == id).map(|cell| cell.voices).sum::<i64>()
        };
        assert_eq!((voices("0"), voices("199"), voices("200"), voices("other")), (1, 1, 0, 50));
        assert_eq!(counters.segments.len(), 202, "the whole, the first ones, and the others");
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

    pub(super) async fn ratings_are_counted_by_scale_edited_and_given_back(store: &(impl Ingest + Incidents)) {
        let rated = async || store.counters(Quarter(0)..Quarter(i64::MAX)).await.unwrap().rated;
        let of = |value, max, id| {
            let mut tagged = item(id, &format!("{value} of {max}"), "2026-11-01T10:00:00Z", &[]);
            tagged.item.rating = Some(Rating { value, max });
            tagged
        };
        store.commit_page(page(vec![of(1.0, 5.0, "1"), of(4.0, 5.0, "2"), of(9.0, 10.0, "3")], "2026-11-01T10:01:00Z")).await.unwrap();
        let all = rated().await;
        let numbers = |scale| all.iter().find(|cell| cell.scale == scale).map(|of| (of.count, of.sum, of.square, of.low, of.top)).unwrap();
        assert_eq!(numbers(5), (2, 500, 170_000, 1, 1));
        assert_eq!(numbers(10), (1, 900, 810_000, 0, 1));
        store.apply(Judged { done: store.touched().await.unwrap(), ..Judged::default() }).await.unwrap();
        store.commit_page(page(vec![of(5.0, 5.0, "1")], "2026-11-02T10:01:00Z")).await.unwrap();
        let all = rated().await;
        assert_eq!(all.iter().find(|cell| cell.scale == 5).map(|of| (of.count, of.sum, of.low, of.top)), Some((2, 900, 0, 2)));
        assert_eq!(store.touched().await.unwrap().len(), 1, "an edit that moves only a rating is a change");
        let gone = ["1", "2", "3"].map(|id| {
            let mut gone = of(1.0, 5.0, id);
            gone.item.gone = true;
            gone
        });
        store.commit_page(page(gone.into(), "2026-11-03T10:01:00Z")).await.unwrap();
        assert_eq!(rated().await, []);
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
    a_copy_from_another_source_marks_the_source_whose_counts_it_moves
        edited_copies_of_a_long_text_are_one_voice_whoever_posts_them
        a_person_who_posts_a_hundred_times_is_one_voice
        of_thousands_of_copies_only_the_first_are_looked_at
        a_label_that_is_asked_for_later_gets_its_history_and_is_hidden_until_then
        a_label_with_a_value_for_each_message_has_two_hundred_segments
        history_and_back_fill_count_as_late
        ratings_are_counted_by_scale_edited_and_given_back
        what_claims_to_come_from_the_future_counts_now
    }
}

mod recount {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use uproar::domain::item::Rating;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::Labelled;
    use uproar::domain::ports::Labelling;
    use uproar::domain::ports::TaggedItem;
    use uproar::domain::ruleset::NewTags;
    use uproar::domain::ruleset::Retagged;
    use uproar::domain::ruleset::StoredMessage;
    use uproar::domain::theme::Tag;
    use uproar::text::alike::Words;

    use crate::contract::item;
    use crate::contract::page;
    use crate::contract::sqlite;
    use crate::contract::time;

    /// Texts of which some are copies of others.
    const TEXTS: [&str; 5] = [
        "The heating was off and we sat in our coats until the very end of the third act",
        "Hello! The heating was off and we sat in our coats until the very end of the last act",
        "cold",
        "so cold",
        "Nobody told us that the lift to the balcony has been broken since the beginning of the season",
    ];
    const THEMES: [&[&str]; 4] = [&[], &["a"], &["b"], &["a", "b"]];

    /// A message: which one, what it says, by whom, on which day, with which themes, and whether the
    /// source took it back.
    #[derive(Debug, Clone)]
    struct Said {
        id: u8,
        text: usize,
        author: Option<u8>,
        day: u8,
        themes: usize,
        gone: bool,
    }

    /// What may happen to a store.
    #[derive(Debug, Clone)]
    enum Event {
        /// A page comes in; as history, or with a usual delay in days.
        Page(Vec<Said>, bool, i64),
        /// Stored messages are tagged under other rules: all with these themes.
        Retag(usize),
        /// Stored messages are given a label.
        Relabel(u8),
    }

    fn said() -> impl Strategy<Value = Said> {
        let who = proptest::option::of(0..2_u8);
        (0..8_u8, 0..TEXTS.len(), who, 1..28_u8, 0..THEMES.len(), proptest::bool::weighted(0.15))
            .prop_map(|(id, text, author, day, themes, gone)| Said { id, text, author, day, themes, gone })
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            6 => (vec(said(), 0..6), any::<bool>(), 0..20_i64).prop_map(|(page, history, delay)| Event::Page(page, history, delay)),
            1 => (0..THEMES.len()).prop_map(Event::Retag),
            1 => (0..3_u8).prop_map(Event::Relabel),
        ]
    }

    fn prepared(said: &Said) -> TaggedItem {
        let author = said.author.map(|author| author.to_string());
        let likeness = Words::of(TEXTS[said.text]).likeness(author.as_deref());
        let published = format!("2026-11-{:02}T1{}:00:00Z", said.day, said.id % 3);
        let mut item = item(&said.id.to_string(), TEXTS[said.text], &published, THEMES[said.themes]);
        (item.voice_key, item.author_hash, item.item.gone) = (Some(likeness), author, said.gone);
        item.item.rating = (!said.day.is_multiple_of(4)).then(|| Rating { value: f64::from(said.day % 4), max: 5.0 });
        item
    }

    async fn happen(store: &impl Ingest, event: Event) {
        match event {
            Event::Page(messages, history, delay) => {
                let mut page = page(messages.iter().map(prepared).collect(), "2026-11-28T20:00:00Z");
                (page.history, page.usual_delay) = (history, delay * 86_400);
                store.commit_page(page).await.unwrap();
            }
            Event::Retag(themes) => {
                let tag = |theme: &&str| Tag { theme: (*theme).to_owned(), rule: "new".to_owned(), spans: Vec::new() };
                let tags: Vec<Tag> = THEMES[themes].iter().map(tag).collect();
                // Other ones each time.
                let rules = format!("{}{themes}", store.ruleset().await.unwrap().unwrap_or_default().rules);
                let begun = store.begin_rules(rules.clone(), BTreeMap::new(), time("2026-11-28T20:00:00Z")).await.unwrap();
                let read = store.messages_after(0, 5, 1 << 20).await.unwrap();
                let new = |message: &StoredMessage| NewTags { item: message.item, rev: message.rev, tags: tags.clone() };
                let items = read.messages.iter().map(new).collect();
                if !begun.finished {
                    let done_to = read.last.unwrap_or(0);
                    store.commit_retagged(Retagged { rules, items, done_to, ..Retagged::default() }).await.unwrap();
                }
            }
            Event::Relabel(value) => {
                let labels = BTreeMap::from([("house".to_owned(), value.to_string()), ("country".to_owned(), "no".to_owned())]);
                let items = store.fields_after(2, 5).await.unwrap().iter().map(|fields| (fields.item, labels.clone())).collect();
                store.commit_labelled(Labelled { items, labelling: Labelling::default() }).await.unwrap();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        #[allow(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough over lifetimes")]
        fn any_history_of_copies_edits_deletions_new_tags_and_labels_leaves_what_a_recount_gives(events in vec(event(), 0..9)) {
            let folder = tempfile::tempdir().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let store = sqlite(folder.path());
                for event in events {
                    happen(&store, event).await;
                    let differences = store.read(|reader| reader.recount()).await.unwrap();
                    prop_assert_eq!(differences, vec![]);
                    let differences = store.read(|reader| reader.recount_ratings()).await.unwrap();
                    prop_assert_eq!(differences, vec![]);
                }
                Ok(())
            })?;
        }
    }
}
