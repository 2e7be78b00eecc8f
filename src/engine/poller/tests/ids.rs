//! Messages whose ids change: each of them counts once.

use super::*;

#[tokio::test]
async fn ids_that_change_at_every_poll_give_each_message_once_and_nothing_late() {
    for dated in [true, false] {
        let ids = move |first: usize, last: usize, number: usize| {
            (first..last).rev().map(move |n| (n, format!("{number}-{n}"), dated.then_some(n as f64 / 12.0 - 2.0))).collect::<Vec<_>>()
        };
        // Twelve messages at first, and one more with each poll.
        let place = Place::new(move |_, number| said(rss("Reviews", None, ids(number - 1, 11 + number, number))));
        let mut stored = 0;
        for number in 1..=10_usize {
            stored += place.poll(number as f64 / 12.0 - 1.0 / 12.0).await.committed.new;
        }
        assert_eq!(stored, 12 + 9, "dated: {dated}");
        assert_eq!(place.state().await, "ids_change");
        assert_eq!(place.counted().await, (21, 8), "the first page and the one that told are history");
        // A month later the page still holds old ones, under yet other ids.
        place.poll(24.0).await;
        place.poll(24.0 * 6.0).await;
        place.poll(24.0 * 12.0).await;
        place.poll(24.0 * 18.0).await;
        assert_eq!(place.counted().await.0, 25, "dated: {dated}");
    }
}

#[tokio::test]
async fn ids_that_changed_once_are_believed_again_and_each_message_counts_once() {
    let place = Place::new(|_, number| {
        let scheme = if number < 3 { "http" } else { "https" };
        said(rss("Reviews", None, (0..20 + number).rev().map(|n| (n, format!("{scheme}://s.example/{n}"), None))))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.state().await, "ids_change");
    for hour in 3..9_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!((place.state().await, place.counted().await.0), ("ok", 29));
}

#[tokio::test]
async fn short_new_complaints_are_not_taken_for_old_ones_that_say_the_same() {
    let place = Place::new(|_, number| {
        let item = |n: usize, says: &str| {
            let date = at(n as f64 / 4.0 - 20.0).to_rfc2822();
            format!("<item><guid>{number}-{n}</guid><description>{says}</description><author>a{n}</author><pubDate>{date}</pubDate></item>")
        };
        let old = (0..40).map(|n| item(n, if n % 2 == 0 { "Does not work" } else { ["Good", "Fine", "Nice"][n % 3] }));
        let new = (80..110).take(if number == 4 { 30 } else { 0 }).map(|n| item(n, "Does not work"));
        let items: String = new.chain(old).collect();
        said(format!("<rss version=\"2.0\"><channel><title>Reviews</title>{items}</channel></rss>"))
    });
    for hour in 0..3_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.state().await, "ids_change");
    assert_eq!(place.poll(7.5).await.committed.new, 30);
}

#[tokio::test]
async fn ids_and_dates_that_both_change_store_short_messages_twice_at_most() {
    let place = Place::new(|_, number| {
        let words = ["Refund missing", "Bot loops", "No human", "Great", "Card charged twice", "Fine"];
        let item = |(n, says): (usize, &&str)| {
            let date = at(f64::from(u32::try_from(number).unwrap())).to_rfc2822();
            format!("<item><guid>{number}-{n}</guid><description>{says}</description><author>a{n}</author><pubDate>{date}</pubDate></item>")
        };
        let more = ["Money gone"].iter().enumerate().map(|(n, says)| item((n + 50, says))).filter(|_| number >= 7);
        let items: String = words.iter().enumerate().map(item).chain(more).collect();
        said(format!("<rss version=\"2.0\"><channel><title>Reviews</title>{items}</channel></rss>"))
    });
    for hour in 0..6_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.state().await, "ids_change");
    let before = place.counted().await.0;
    assert!(before <= 18, "{before}");
    let news: u64 = { place.poll(6.0).await.committed.new };
    assert_eq!((news, place.poll(7.0).await.committed.new, place.poll(8.0).await.committed.new), (1, 0, 0));
}
