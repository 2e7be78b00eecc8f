//! A source that moves, goes for good, or has another address in the configuration.

use super::*;
use crate::domain::ports::PollNote;
use crate::domain::ports::Wish;
use crate::domain::standing::Moved;
use crate::domain::standing::Standing;

#[tokio::test]
async fn gone_twice_is_asked_no_more_until_a_person_says_so() {
    let place = Place::new(|_, number| if number == 1 { said(page(0..6)) } else { Says { status: "410 Gone", ..Says::default() } });
    place.poll(0.0).await;
    let polled = place.poll(1.0).await;
    assert!(polled.due < at(4.0) && polled.due > at(2.0), "asked once more");
    assert_eq!(place.state().await, "failing");
    assert!(place.poll(3.0).await.due > at(24.0 * 365.0));
    assert_eq!(place.state().await, "gone");
    place.poll(4.0).await;
    assert_eq!(place.requests().len(), 3);
    place.store.wish(&place.target().key, Wish::Resume, at(5.0)).await.unwrap();
    place.poll(5.0).await;
    assert_eq!((place.requests().len(), place.state().await), (4, "failing"));
}

#[tokio::test]
async fn what_is_gone_is_asked_at_another_address() {
    let mut place = Place::new(|path, _| if path == "/f" { Says { status: "410 Gone", ..Says::default() } } else { said(page(0..6)) });
    place.poll(0.0).await;
    place.poll(3.0).await;
    (place.plan, place.fetcher) = plan(place.port, "/g");
    assert!(!Poller::<Sqlite>::is_stopped(&place.target(), &place.stream().await));
    place.poll(4.0).await;
    assert_eq!((place.requests().len(), place.state().await), (3, "ok"));
}

#[tokio::test]
async fn a_redirect_for_ever_is_followed_for_a_day_and_then_left_out() {
    let place = Place::new(|path, number| {
        if path == "/f" {
            Says { status: "301 Moved Permanently", headers: "Location: /g\r\n".to_owned(), ..Says::default() }
        } else if number > 60 {
            Says { status: "404 Not Found", ..Says::default() }
        } else {
            said(page(0..6))
        }
    });
    for hour in 0..25_u32 {
        // A minute later than the hour, for the time passes by a hair while it is told.
        place.poll(f64::from(hour) * 61.0 / 60.0).await;
    }
    assert_eq!(place.requests().len(), 50);
    assert_eq!(place.state().await, "moved");
    for hour in 26..36_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert!(place.requests()[50..].iter().all(|path| path == "/g"));
    // The new place is gone: the configured one is asked again.
    for hour in 36..40_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.requests()[63..], ["/f", "/g"]);
    assert!(place.stream().await.standing.moved.is_some(), "and the new one is not forgotten");
}

#[tokio::test]
async fn a_new_place_that_was_away_for_hours_is_found_again_though_the_old_one_is_dead() {
    let place = Place::new(|path, number| match (path, number) {
        ("/f", ..=50) => Says { status: "301 Moved Permanently", headers: "Location: /g\r\n".to_owned(), ..Says::default() },
        ("/g", ..=50 | 58..) => said(page(0..6 + number)),
        _ => Says { status: "500 Internal Server Error", ..Says::default() },
    });
    for hour in 0..25_u32 {
        place.poll(f64::from(hour) * 61.0 / 60.0).await;
    }
    for hour in 26..34_u32 {
        place.poll(f64::from(hour)).await;
    }
    assert_eq!(place.requests()[50..], ["/g", "/g", "/g", "/f", "/g", "/f", "/g", "/f"]);
    assert_eq!(place.poll(35.0).await.error, None);
    assert_eq!(place.state().await, "moved");
}

#[tokio::test]
async fn another_configured_address_brings_history_first() {
    let mut place = Place::new(|path, number| said(page(if path == "/f" { 0..6 } else { 100..106 + number })));
    place.poll(0.0).await;
    let moved = Moved { from: "http://x.example/".to_owned(), to: "http://y.example/".to_owned(), since: at(0.0) };
    let stood = Standing { moved: Some(Box::new(moved)), ..place.stream().await.standing };
    place
        .store
        .note_poll(&place.target().key, PollNote { standing: Some(Box::new(stood)), ..PollNote::unchanged(at(1.0), at(0.0)) })
        .await
        .unwrap();
    (place.plan, place.fetcher) = plan(place.port, "/g");
    let polled = place.poll(1.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (8, 8));
    assert_eq!(polled.stream.standing.moved, None);
    assert_eq!(place.poll(2.0).await.committed.late, 0, "from then on it is news");
}

#[tokio::test]
async fn a_walk_of_the_old_address_does_not_go_on_under_the_new_one() {
    let mut place = Place::new(|path, number| match (path, number) {
        ("/f", _) => said(rss("Reviews", Some("/f?page=1"), (0..10).map(|n| (n, format!("id-{n}"), None)))),
        ("/g", 4..) => said(page(500..520)),
        _ => Says { status: "500 Internal Server Error", ..Says::default() },
    });
    place.poll(0.0).await;
    assert!(place.stream().await.walk.is_some());
    (place.plan, place.fetcher) = plan(place.port, "/g");
    place.poll(1.0).await;
    let polled = place.poll(2.0).await;
    assert_eq!(place.requests(), ["/f", "/f?page=1", "/g", "/g"]);
    assert_eq!((polled.committed.new, polled.committed.late), (20, 20));
}
