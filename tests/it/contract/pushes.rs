//! Messages that are pushed: once, in any order.

mod of_every_store {
    use uproar::domain::item::Item;
    use uproar::domain::ports::Committed;
    use uproar::domain::ports::Ingest;
    use uproar::domain::ports::PageCommit;
    use uproar::domain::ports::Progress;
    use uproar::domain::ports::TaggedItem;

    use crate::contract::item;
    use crate::contract::stream;
    use crate::contract::time;

    /// A push of one message at this hour of a day, as the vendor counts them.
    fn push(delivery: Option<&str>, mut tagged: TaggedItem, hour: Option<u32>) -> PageCommit {
        tagged.item.updated = hour.map(|hour| time(&format!("2026-03-02T{hour:02}:00:00Z")));
        let progress = Progress::Pushed { delivery: delivery.map(str::to_owned) };
        let now = time("2026-03-02T23:00:00Z");
        PageCommit { stream: stream(), items: vec![tagged], history: false, usual_delay: 86_400, progress, now }
    }

    fn said(text: &str) -> TaggedItem {
        item("7", text, "2026-03-02T08:00:00Z", &[])
    }

    fn gone() -> TaggedItem {
        let mut gone = said("");
        gone.item = Item { id: "7".to_owned(), gone: true, ..Item::default() };
        gone
    }

    fn did(new: u64, edited: u64, known: u64, gone: u64) -> Committed {
        Committed { new, edited, known, gone, late: 0 }
    }

    pub async fn a_delivery_that_comes_again_stores_nothing(store: &impl Ingest) {
        assert_eq!(store.commit_page(push(Some("d1"), said("late"), None)).await.unwrap(), did(1, 0, 0, 0));
        assert_eq!(store.commit_page(push(Some("d1"), said("forged"), None)).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(Some("d2"), said("later"), None)).await.unwrap(), did(0, 1, 0, 0));
        assert_eq!(store.commit_page(push(None, said("later"), None)).await.unwrap(), did(0, 0, 1, 0));
    }

    pub async fn an_older_event_never_comes_over_a_newer_one(store: &impl Ingest) {
        assert_eq!(store.commit_page(push(None, said("second"), Some(12))).await.unwrap(), did(1, 0, 0, 0));
        assert_eq!(store.commit_page(push(None, said("first"), Some(9))).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(None, said("first"), None)).await.unwrap(), did(0, 0, 1, 0), "published before that");
        assert_eq!(store.commit_page(push(None, said("third"), Some(13))).await.unwrap(), did(0, 1, 0, 0));
        assert_eq!(store.commit_page(push(None, gone(), Some(10))).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(None, gone(), Some(13))).await.unwrap(), did(0, 0, 0, 1));
        assert_eq!(store.commit_page(push(None, said("third"), Some(13))).await.unwrap(), did(0, 0, 1, 0));
    }

    pub async fn an_event_from_the_future_holds_nothing_back_for_long(store: &impl Ingest) {
        let at = |now: &str, updated: &str, text: &str| {
            let mut page = push(None, said(text), None);
            page.items[0].item.updated = Some(time(updated));
            PageCommit { now: time(now), ..page }
        };
        let ahead = at("2026-03-02T10:00:00Z", "2099-01-01T00:00:00Z", "by a clock of 2099");
        assert_eq!(store.commit_page(ahead).await.unwrap(), did(1, 0, 0, 0));
        let later = at("2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z", "by a clock that is right");
        assert_eq!(store.commit_page(later).await.unwrap(), did(0, 1, 0, 0));
    }

    pub async fn a_sender_whose_clock_is_hours_ahead_is_believed_in_its_own_order(store: &impl Ingest) {
        let at = |now: &str, updated: &str, text: &str| {
            let mut page = push(None, said(text), None);
            page.items[0].item.updated = Some(time(updated));
            PageCommit { now: time(now), ..page }
        };
        // Local time of Auckland, marked as UTC; the first event is tried again and comes last.
        let second = at("2026-03-02T10:00:30Z", "2026-03-02T23:00:20Z", "second");
        assert_eq!(store.commit_page(second).await.unwrap(), did(1, 0, 0, 0));
        let first = at("2026-03-02T10:02:00Z", "2026-03-02T23:00:10Z", "first");
        assert_eq!(store.commit_page(first).await.unwrap(), did(0, 0, 1, 0));
        let third = at("2026-03-02T10:03:00Z", "2026-03-02T23:02:50Z", "third");
        assert_eq!(store.commit_page(third).await.unwrap(), did(0, 1, 0, 0));
    }

    pub async fn a_message_that_is_emptied_stands_no_more_until_it_says_something_again(store: &impl Ingest) {
        assert_eq!(store.commit_page(push(None, said(" "), None)).await.unwrap(), did(0, 0, 1, 0), "it was stored nowhere");
        assert_eq!(store.commit_page(push(None, said("late"), None)).await.unwrap(), did(1, 0, 0, 0), "and its words are not held back");
        assert_eq!(store.commit_page(push(None, said(" "), None)).await.unwrap(), did(0, 0, 0, 1));
        assert_eq!(store.commit_page(push(None, said(" "), None)).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(None, said("late"), None)).await.unwrap(), did(0, 1, 0, 0), "at the same moment by its own word");
        assert_eq!(store.commit_page(push(None, said(""), Some(12))).await.unwrap(), did(0, 0, 0, 1));
        assert_eq!(store.commit_page(push(None, said("late"), Some(11))).await.unwrap(), did(0, 0, 1, 0), "what it said before that");
    }

    pub async fn what_was_deleted_before_it_came_never_comes(store: &impl Ingest) {
        assert_eq!(store.commit_page(push(Some("d1"), gone(), Some(12))).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(Some("d2"), said("first"), Some(9))).await.unwrap(), did(0, 0, 1, 0));
        assert_eq!(store.commit_page(push(Some("d3"), said("again"), Some(14))).await.unwrap(), did(1, 0, 0, 0));
    }
}

mod sqlite {
    crate::contract::on_every_store! {
        a_delivery_that_comes_again_stores_nothing
        an_older_event_never_comes_over_a_newer_one
        an_event_from_the_future_holds_nothing_back_for_long
        a_sender_whose_clock_is_hours_ahead_is_believed_in_its_own_order
        a_message_that_is_emptied_stands_no_more_until_it_says_something_again
        what_was_deleted_before_it_came_never_comes
    }
}
