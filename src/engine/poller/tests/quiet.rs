//! A source that is not asked for a while: paused, out of order, or its host is busy.

use super::*;
use crate::domain::ports::Wish;

#[tokio::test]
async fn what_is_paused_is_left_alone_until_it_is_asked_for() {
    let place = Place::new(|_, _| said(page(0..6)));
    let key = place.target().key;
    place.store.wish(&key, Wish::Pause, at(0.0)).await.unwrap();
    place.poll(0.0).await;
    assert_eq!(place.requests().len(), 0);
    place.store.wish(&key, Wish::Poll, at(1.0)).await.unwrap();
    place.poll(1.0).await;
    place.poll(2.0).await;
    assert_eq!(place.requests().len(), 1, "once");
    assert_eq!(place.state().await, "paused");
}

#[tokio::test]
async fn a_long_outage_is_followed_by_history_and_a_short_one_by_news() {
    let place = Place::new(|_, number| said(page(0..6 + number)));
    place.poll(0.0).await;
    assert_eq!(place.poll(24.0 * 6.0).await.committed.late, 0);
    let polled = place.poll(24.0 * 14.0).await;
    assert_eq!((polled.committed.new, polled.committed.late), (1, 1));
}

#[tokio::test]
async fn a_short_pause_of_the_host_puts_a_poll_off_and_is_no_error() {
    let busy = |seconds: u32| Says { status: "503 Busy", headers: format!("Retry-After: {seconds}\r\n"), ..Says::default() };
    let place = Place::new(move |_, number| if number == 1 { busy(1800) } else { busy(86_400) });
    place.poll(0.0).await;
    let before = place.stream().await;
    let polled = place.try_poll(0.25).await;
    assert!(polled.error.is_some() && (polled.due - at(0.5)).num_seconds().abs() <= 2, "{polled:?}");
    assert_eq!((place.stream().await, before.errors, place.requests().len()), (before, 1, 1));
    // A pause that lasts longer than an interval is what fails here.
    place.poll(1.0).await;
    place.poll(2.0).await;
    assert_eq!((place.stream().await.errors, place.requests().len()), (3, 2));
}
