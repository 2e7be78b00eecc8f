//! Older pages of a first poll: followed to their end, or without them where they cannot be had.

use super::*;

#[tokio::test]
async fn a_crash_between_two_pages_loses_none() {
    // The third page breaks off twice; every page has ten.
    let place = Place::new(|path, number| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        if index == 2 && number < 5 {
            return Says { status: "500 Internal Server Error", ..Says::default() };
        }
        let older = (index < 3).then(|| format!("/f?page={}", index + 1));
        let numbers = (100 - index * 10 - 10..100 - index * 10).rev();
        Says {
            headers: "ETag: \"1\"\r\n".to_owned(),
            ..said(rss("Reviews", older.as_deref(), numbers.map(|n| (n, format!("id-{n}"), None))))
        }
    });
    assert_eq!(place.poll(0.0).await.committed.new, 20);
    let cut = place.stream().await;
    assert!(cut.walk.is_some() && !cut.history_done && cut.validators.is_none());
    assert_eq!(place.poll(1.0).await.committed.new, 0);
    assert_eq!(place.poll(2.0).await.committed.new, 20);
    let ended = place.stream().await;
    assert!(ended.walk.is_none() && ended.history_done);
    assert_eq!(place.requests(), ["/f", "/f?page=1", "/f?page=2", "/f?page=2", "/f?page=2", "/f?page=3"]);
    assert_eq!(place.counted().await, (40, 0), "all of it is history");
    assert_eq!(place.poll(3.0).await.committed.new, 0, "older pages are for the first poll only");
    assert_eq!(place.requests().last().map(String::as_str), Some("/f"));
}

#[tokio::test]
async fn older_pages_without_end_end() {
    let place = Place::new(|path, _| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        let numbers = (index * 10..index * 10 + 10).map(|n| (n, format!("id-{n}"), None));
        said(rss("Reviews", Some(&format!("/f?page={}", index + 1)), numbers))
    });
    assert_eq!(place.poll(0.0).await.committed.new, 200);
    assert_eq!(place.requests().len(), 20);
    let same = Place::new(|_, number| said(rss("Reviews", Some(&format!("/f?page={number}")), [(1, "id".to_owned(), None)])));
    same.poll(0.0).await;
    assert_eq!(same.requests().len(), 2, "a page without anything new is the last");
    assert!(same.stream().await.history_done);
}

#[tokio::test]
async fn a_first_poll_ends_though_its_older_pages_cannot_be_read() {
    for (status, polls) in [("404 Not Found", 1), ("403 Forbidden", 1), ("200 OK", 1), ("500 Internal Server Error", 4)] {
        // There is something new with every poll, and behind the first page nothing is ever answered.
        let place = Place::new(move |path, number| {
            if path != "/f" {
                return Says { status, ..said("<html><body>Please sign in</body></html>".to_owned()) };
            }
            let numbers = (0..10 + number).rev().map(|n| (n, format!("id-{n}"), None));
            said(rss("Reviews", Some("/f?page=1"), numbers))
        });
        for hour in 0..polls {
            place.poll(f64::from(hour)).await;
        }
        assert!(place.stream().await.history_done, "{status}");
        assert_eq!(place.state().await, "ok", "{status}");
        let polled = place.poll(f64::from(polls)).await;
        assert!(polled.committed.new > 0 && polled.committed.late == 0, "{status}: what comes now is news: {polled:?}");
    }
}

#[tokio::test]
async fn a_walk_that_begins_anew_goes_on_behind_the_pages_that_are_known() {
    let place = Place::new(|path, number| {
        let index: usize = path.split('=').nth(1).map_or(0, |page| page.parse().unwrap());
        if index == 2 && number < 6 {
            return Says { status: "500 Internal Server Error", ..Says::default() };
        }
        let older = (index < 3).then(|| format!("/f?page={}", index + 1));
        let numbers = (100 - index * 10 - 10..100 - index * 10).rev();
        said(rss("Reviews", older.as_deref(), numbers.map(|n| (n, format!("id-{n}"), None))))
    });
    for hour in 0..4_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.counted().await, (40, 0));
    assert!(place.stream().await.history_done);
}
