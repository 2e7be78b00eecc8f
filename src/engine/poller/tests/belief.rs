//! What is made of a page that is empty, cut, another one, or just the same as before.

use super::*;

#[tokio::test]
async fn the_validators_of_a_304_replace_those_of_the_page() {
    let place = Place::new(|_, number| match number {
        1 => Says { headers: "ETag: \"1\"\r\n".to_owned(), ..said(page(0..6)) },
        _ => Says { status: "304 Not Modified", headers: format!("ETag: \"{number}\"\r\n"), body: String::new() },
    });
    place.poll(0.0).await;
    for number in 2..5_usize {
        let before = place.stream().await.standing;
        let polled = place.poll(number as f64).await;
        assert_eq!((polled.error, polled.committed.new), (None, 0));
        assert!(place.was_conditional());
        assert_eq!(place.stream().await.validators.unwrap().etag, Some(format!("\"{number}\"")));
        assert_eq!(place.stream().await.standing.ids_change, before.ids_change);
    }
    let before = place.stream().await.standing;
    place.poll(6.0).await;
    assert_eq!(place.stream().await.standing, before, "nothing of it is written with a further one");
}

#[tokio::test]
async fn validators_that_are_no_longer_given_are_forgotten_also_with_the_same_bytes() {
    let place = Place::new(|_, number| Says {
        headers: if number == 1 { "ETag: \"1\"\r\n".to_owned() } else { String::new() },
        ..said(page(0..6))
    });
    place.poll(0.0).await;
    place.poll(1.0).await;
    assert!(place.was_conditional());
    place.poll(2.0).await;
    assert!(!place.was_conditional());
    assert_eq!(place.stream().await.validators, None);
}

#[tokio::test]
async fn the_same_bytes_are_not_read_again() {
    let place = Place::new(|_, _| said(page(0..6)));
    assert_eq!(place.poll(0.0).await.committed.new, 6);
    let polled = place.poll(1.0).await;
    assert_eq!((polled.committed, polled.error), (Committed::default(), None));
    assert_eq!(polled.stream.complete_to, Some(at(1.0)), "it was a good poll");
    assert_eq!(place.poll(49.0).await.committed.known, 6, "now and then they are read all the same");
}

#[tokio::test]
async fn a_page_that_is_suddenly_empty_is_believed_at_the_third_sight() {
    let place = Place::new(|_, number| said(page(if (4..8).contains(&number) { 0..0 } else { 0..6 + number })));
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    for hour in 3..5_u32 {
        let polled = place.poll(f64::from(hour)).await;
        assert!(polled.error.unwrap().contains("is empty now"));
        assert_eq!(place.state().await, "suspect");
        assert_eq!(polled.stream.complete_to, Some(at(2.0)), "nobody may call that calm");
        assert!(polled.due < at(f64::from(hour) + 1.1), "asked again at its interval");
    }
    assert_eq!(place.poll(5.0).await.error, None);
    assert_eq!(place.state().await, "ok");
}

#[tokio::test]
async fn another_feed_at_the_same_address_is_history_when_it_is_believed() {
    let place = Place::new(|_, number| {
        let first = if number < 4 { 0 } else { 500 };
        let title = if number < 4 { "Reviews" } else { "Sports" };
        said(rss(title, None, (first..first + 6 + number).map(|n| (n, format!("id-{n}"), None))))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    for hour in 3..5_u32 {
        assert_eq!(place.poll(f64::from(hour)).await.committed.new, 0);
        assert_eq!(place.state().await, "suspect");
    }
    let polled = place.poll(5.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (12, 12));
}

#[tokio::test]
async fn a_service_that_says_that_something_is_missing_is_believed() {
    let mark = |number| if number == 2 { "<!-- something is missing -->" } else { "" };
    let place = Place::new(move |_, number| said(page(0..3 + number) + mark(number)));
    place.poll(0.0).await;
    assert_eq!(place.state().await, "ok");
    place.poll(1.0).await;
    assert_eq!(place.state().await, "gap");
}

#[tokio::test]
async fn a_full_page_that_shares_nothing_with_the_one_before_is_a_gap() {
    let place = Place::new(|_, number| said(page(number * 100..number * 100 + 20)));
    place.poll(0.0).await;
    assert_eq!(place.poll(1.0).await.error, None);
    assert_eq!(place.state().await, "gap");
    assert_eq!(place.stream().await.complete_to, Some(at(1.0)));
}

#[tokio::test]
async fn undated_messages_below_known_ones_are_back_fill() {
    let ids = |numbers: Vec<usize>| rss("Reviews", None, numbers.into_iter().map(|n| (n, format!("id-{n}"), None)));
    let place = Place::new(move |_, number| {
        said(ids(match number {
            1 => vec![20, 19, 18, 17, 16],
            2 => vec![21, 20, 19, 18, 17, 16],
            3 => vec![22, 21, 20, 19, 18, 17, 16, 5, 4, 3],
            _ => (0..60).rev().collect(),
        }))
    });
    place.poll(0.0).await;
    let late = |polled: Polled| (polled.committed.new, polled.committed.late);
    assert_eq!(late(place.poll(1.0).await), (1, 0));
    assert_eq!(late(place.poll(2.0).await), (4, 3));
    let (new, late) = late(place.poll(3.0).await);
    assert_eq!((new, late), (50, 50), "never so many at once");
}

#[tokio::test]
async fn of_a_document_that_is_cut_whole_items_count_and_the_rest_is_asked_for_again() {
    for inside in [true, false] {
        let place = Place::new(move |_, number| {
            let whole = page(0..number * 10);
            let half = if inside { whole.find("<title>Visit 3<").unwrap() } else { whole.find("<item><guid>id-3<").unwrap() };
            let body = if number == 2 { whole[..half].to_owned() } else { page(0..20.min(number * 10)) };
            Says { headers: format!("ETag: \"{}\"\r\n", number.min(2)), ..said(body) }
        });
        place.poll(0.0).await;
        let before = place.stream().await;
        let polled = place.poll(1.0).await;
        assert!(polled.error.is_some_and(|error| error.contains("ends before its end")));
        assert_eq!((polled.committed.new, polled.committed.late), (10, 0), "what is whole counts");
        let after = place.stream().await;
        assert_eq!(
            (&after.validators, &after.standing.page, after.complete_to),
            (&before.validators, &before.standing.page, before.complete_to)
        );
        let polled = place.poll(2.0).await;
        assert_eq!((polled.error, polled.committed.new), (None, 0));
        assert_eq!(place.counted().await.0, 20, "each once");
    }
}

#[tokio::test]
async fn a_document_that_never_says_that_it_ends_is_read_all_the_same() {
    let place = Place::new(|_, number| said(page(0..10 + number).replace("</channel></rss>", "")));
    for hour in 0..3_u32 {
        assert!(place.poll(f64::from(hour)).await.error.is_some());
    }
    for hour in 3..6_u32 {
        assert_eq!(place.poll(f64::from(hour)).await.error, None);
    }
    assert_eq!((place.state().await, place.counted().await.0), ("ok", 16));
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn that_a_page_is_believed_to_be_empty_is_logged_once() {
    let place = Place::new(|_, number| said(page(if number >= 4 { 0..0 } else { 0..6 + number })));
    for hour in 0..5_u32 {
        place.poll(f64::from(hour)).await;
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    assert_eq!(place.poll(5.0).await.error, None);
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(said.matches("that is believed now").count(), 1, "{said}");
}
