//! A source that is not asked for a while: paused, out of order, or its host is busy.

use chrono::TimeDelta;

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
async fn a_pause_of_the_host_however_long_puts_a_poll_off_and_is_no_error() {
    for seconds in [1_800_u32, 80_000] {
        let place = Place::new(move |_, number| match number {
            2 => Says { status: "429 Slow Down", headers: format!("Retry-After: {seconds}\r\n"), ..Says::default() },
            _ => said(page(0..6)),
        });
        place.poll(0.0).await;
        let (before, neighbour) = (place.stream().await, place.neighbour());
        assert!(place.poll_of(&neighbour, 0.5).await.error.is_some());
        let end = at(0.5) + TimeDelta::seconds(i64::from(seconds));
        for hour in [0.6, 0.7] {
            let polled = place.poll(hour).await;
            assert_eq!(polled.error, None, "nothing was asked, so nothing failed");
            assert!(polled.put_off.is_some_and(|why| why.contains("asked to be left alone")));
            assert!(polled.due >= end - TimeDelta::seconds(1) && polled.due <= end + TimeDelta::seconds(62), "{}", polled.due - end);
            let mut after = place.stream().await;
            assert_eq!((after.due, after.standing.put_off.take()), (Some(polled.due), Some(polled.due)));
            assert_eq!(Stream { due: before.due, ..after }, before, "all else is as it was");
        }
        assert_eq!((place.state().await, place.requests().len()), ("ok", 2));
        // The one that was told so has one error, however often somebody asks for it.
        for hour in [0.6, 0.7] {
            assert_eq!(place.poll_of(&neighbour, hour).await.error, None);
        }
        let told = place.store.stream(&neighbour.key).await.unwrap();
        assert!((told.errors, told.standing.failing_since) == (1, Some(at(0.5))) && told.error.unwrap().contains("answered 429"));
        let polled = place.poll(24.0).await;
        assert_eq!((polled.error, polled.put_off, polled.stream.standing.put_off), (None, None, None));
    }
}

#[tokio::test]
async fn a_wish_for_a_poll_outlives_the_pause_of_the_host() {
    let place = Place::new(|_, number| match number {
        1 => Says { status: "503 Busy", headers: "Retry-After: 600\r\n".to_owned(), ..Says::default() },
        _ => said(page(0..6)),
    });
    place.poll_of(&place.neighbour(), 0.0).await;
    let key = place.target().key;
    place.store.wish(&key, Wish::Pause, at(0.0)).await.unwrap();
    place.store.wish(&key, Wish::Poll, at(0.05)).await.unwrap();
    assert_eq!(place.poll(0.1).await.stream.asked, Some(at(0.05)));
    assert_eq!(place.poll(0.5).await.stream.asked, None);
    assert_eq!((place.requests().len(), place.state().await), (2, "paused"));
}
