//! The rounds over streams that are files, so that nothing is asked.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::*;
use crate::config::Document;
use crate::config::parse;
use crate::deliver::Carrier;
use crate::deliver::Options;
use crate::domain::item::Shard;
use crate::domain::ports::Ingest as _;
use crate::domain::ports::PollNote;
use crate::domain::ports::Wish;
use crate::domain::ports::Wishes;
use crate::domain::standing::Gone;
use crate::domain::standing::Standing;
use crate::fetch::Fetcher;
use crate::host::beats::Beats;
use crate::host::credentials::Credentials;
use crate::polling::backoff;
use crate::store::sqlite::Sqlite;
use crate::text::hash;
use crate::web::board::Board;

/// A daemon's parts over sources that are files, so that nothing is asked.
fn parts(folder: &std::path::Path, sources: usize) -> (Arc<Plan>, Parts) {
    let table = |n| format!("[[source]]\nname = \"s{n}\"\nevery = \"1h\"\nfeed = {{ file = \"{n}.xml\" }}\n");
    let text: String = (0..sources).map(table).collect();
    let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
    let plan = Arc::new(Plan::build(config, &[7; 32]).unwrap());
    let (store, _) = Sqlite::open(&folder.join("u.db"), "boot".to_owned()).unwrap();
    let parts = Parts {
        store,
        clock: Clock::real(),
        fetcher: Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).unwrap()),
        carrier: Arc::new(Carrier::new(&Options::default()).unwrap()),
        beats: Beats::start(),
        board: Board::default(),
        ready: Arc::default(),
    };
    (plan, parts)
}

fn key(source: &str) -> StreamKey {
    StreamKey { source: source.to_owned(), shard: Shard::whole() }
}

async fn begun<'a>(plan: &Plan, parts: &'a Parts, targets: &'a [Target]) -> Rounds<'a> {
    Rounds::begin(plan, parts, targets, &CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn what_is_gone_for_good_is_not_polled_after_a_start_and_what_is_overdue_is_spread() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 3);
    let now = parts.clock.now();
    let past = now - TimeDelta::hours(9);
    let gone = Gone { since: past, confirmed: true, url: String::new() };
    let standing = Some(Box::new(Standing { gone: Some(Box::new(gone)), ..Standing::default() }));
    parts.store.note_poll(&key("s0"), PollNote { standing, ..PollNote::failed("gone", past, past) }).await.unwrap();
    parts.store.note_poll(&key("s1"), PollNote::unchanged(past, past)).await.unwrap();
    let targets = Target::all(&plan);
    let rounds = begun(&plan, &parts, &targets).await;
    let wait = |stream| rounds.rota.due(stream) - now;
    assert!(wait(0) > TimeDelta::days(30_000));
    assert!(wait(1) >= TimeDelta::zero() && wait(1) <= TimeDelta::minutes(11), "{}", wait(1));
    assert!(wait(2) <= TimeDelta::seconds(4), "new: {}", wait(2));
}

/// Feeds at these addresses.
fn plan_of(addresses: &[&str]) -> Arc<Plan> {
    let table = |(n, url): (usize, &&str)| format!("[[source]]\nname = \"s{n}\"\nfeed = {{ url = \"{url}\" }}\n");
    let sources: String = addresses.iter().enumerate().map(table).collect();
    let text = format!("[fetch]\ncontact = \"ops@example.com\"\n{sources}");
    let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
    Arc::new(Plan::build(config, &[7; 32]).unwrap())
}

/// All streams failed at `url`, which said that it is gone for good.
async fn note_gone(parts: &Parts, streams: usize, url: &str) {
    let now = parts.clock.now();
    for n in 0..streams {
        let gone = Some(Box::new(Gone { since: now, confirmed: true, url: url.to_owned() }));
        let standing = Some(Box::new(Standing { gone, address: hash::of_parts([url]), ..Standing::default() }));
        let note = PollNote { standing, ..PollNote::failed("gone", now + TimeDelta::hours(20), now) };
        parts.store.note_poll(&key(&format!("s{n}")), note).await.unwrap();
    }
}

#[tokio::test]
async fn another_address_is_asked_soon_whatever_the_old_one_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_, parts) = parts(folder.path(), 1);
    let (old, new) = ("https://old.example/f", "https://new.example/f");
    note_gone(&parts, 2, old).await;
    let plan = plan_of(&[old, new]);
    let targets = Target::all(&plan);
    let rounds = begun(&plan, &parts, &targets).await;
    let wait = |stream| rounds.rota.due(stream) - parts.clock.now();
    assert!(wait(0) > TimeDelta::days(30_000));
    assert!(wait(1) <= TimeDelta::seconds(2), "{}", wait(1));
    let left_in = crate::engine::left_in(targets, &parts.store, parts.clock.now()).await.unwrap();
    assert_eq!(left_in.iter().map(|target| target.key.source.as_str()).collect::<Vec<_>>(), ["s1"]);
}

#[tokio::test]
async fn a_single_round_leaves_a_failing_host_alone_until_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let (_, parts) = parts(folder.path(), 1);
    let now = parts.clock.now();
    let later = now + TimeDelta::hours(1);
    for (name, note) in [("s0", PollNote::failed("busy", later, now)), ("s2", PollNote::unchanged(later, now))] {
        parts.store.note_poll(&key(name), note).await.unwrap();
    }
    parts.store.note_poll(&key("s3"), PollNote::failed("busy", later, now)).await.unwrap();
    parts.store.wish(&key("s3"), Wish::Poll, now + TimeDelta::seconds(1)).await.unwrap();
    let plan = plan_of(&["https://a.example/f", "https://b.example/f", "https://c.example/f", "https://d.example/f"]);
    let names = async |now| {
        let left_in = crate::engine::left_in(Target::all(&plan), &parts.store, now).await.unwrap();
        left_in.into_iter().map(|target| target.key.source).collect::<Vec<_>>()
    };
    assert_eq!(names(now).await, ["s1", "s2", "s3"]);
    assert_eq!(names(later).await, ["s0", "s1", "s2", "s3"]);
    // A clock that was wrong by a year keeps nobody waiting.
    assert_eq!(names(now - TimeDelta::days(365)).await, ["s0", "s1", "s2", "s3"]);
}

#[tokio::test]
async fn who_asks_while_a_poll_is_under_way_gets_one_of_his_own() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 1);
    let targets = Target::all(&plan);
    let mut rounds = begun(&plan, &parts, &targets).await;
    let now = parts.clock.now() + TimeDelta::minutes(5);
    let wish = |asked| BTreeMap::from([(key("s0"), Wishes { paused: None, asked: Some(asked) })]);
    assert_eq!(rounds.next(now), Some(0));
    rounds.hear(&wish(now - TimeDelta::seconds(1)));
    rounds.ended(0, now + TimeDelta::hours(1));
    assert_eq!(rounds.next(now), None, "that poll was the answer");
    let later = now + TimeDelta::hours(1);
    assert_eq!(rounds.next(later), Some(0));
    rounds.hear(&wish(later + TimeDelta::seconds(1)));
    rounds.ended(0, later + backoff::NEVER);
    assert_eq!(rounds.next(later + TimeDelta::minutes(1)), Some(0), "it was asked for later than it began");
}

#[tokio::test]
async fn people_pause_ask_and_resume_and_are_heard_once() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 2);
    let targets = Target::all(&plan);
    let mut rounds = begun(&plan, &parts, &targets).await;
    let now = parts.clock.now();
    let later = now + TimeDelta::minutes(5);
    parts.store.wish(&key("s0"), Wish::Pause, now).await.unwrap();
    rounds.hear(&parts.store.wishes().await.unwrap());
    assert_eq!((rounds.next(later), rounds.next(later)), (Some(1), None), "the other one is paused");
    parts.store.wish(&key("s0"), Wish::Poll, now).await.unwrap();
    let wishes = parts.store.wishes().await.unwrap();
    rounds.hear(&wishes);
    assert_eq!(rounds.next(now), Some(0), "asked for, though paused");
    rounds.ended(0, now + TimeDelta::hours(1));
    rounds.hear(&wishes);
    assert_eq!(rounds.next(later), None, "the same wish is followed once");
    parts.store.wish(&key("s0"), Wish::Resume, later).await.unwrap();
    rounds.hear(&parts.store.wishes().await.unwrap());
    assert_eq!(rounds.next(later), Some(0), "resumed ones go on at once");
}

#[tokio::test]
async fn a_night_asleep_is_no_burst_in_the_morning() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 40);
    let targets = Target::all(&plan);
    let mut rounds = begun(&plan, &parts, &targets).await;
    let now = parts.clock.now();
    let morning = now + TimeDelta::hours(8);
    // The clock says that eight hours passed, of which the process saw none.
    rounds.seen.1 -= TimeDelta::hours(8);
    rounds.mind_the_clock(morning);
    assert_eq!(rounds.next(morning), None);
    let dues: Vec<Timestamp> = (0..40).map(|stream| rounds.rota.due(stream)).collect();
    assert!(dues.iter().all(|due| *due >= morning && *due <= morning + TimeDelta::minutes(10)));
    let soon = dues.iter().filter(|due| **due <= morning + TimeDelta::minutes(1)).count();
    assert!(soon <= 5, "{soon} of 40 in the first minute");
}

#[tokio::test]
async fn a_clock_that_is_set_right_does_not_stop_the_polls() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 1);
    let targets = Target::all(&plan);
    let mut rounds = begun(&plan, &parts, &targets).await;
    let now = parts.clock.now();
    rounds.seen.0 = now + TimeDelta::days(365);
    rounds.rota.put(0, now + TimeDelta::days(365) + TimeDelta::minutes(10));
    rounds.mind_the_clock(now);
    assert_eq!(rounds.rota.due(0), now + TimeDelta::minutes(10));
}

#[tokio::test]
async fn a_place_is_free_when_a_poll_asks_nothing_more_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = parts(folder.path(), 2);
    let targets = Target::all(&plan);
    let mut rounds = begun(&plan, &parts, &targets).await;
    let (free, later) = (rounds.free, parts.clock.now() + TimeDelta::minutes(1));
    let stream = rounds.next(later).unwrap();
    assert_eq!(rounds.free, free - 1);
    rounds.leave(&targets[stream].key);
    rounds.ended(stream, later + TimeDelta::hours(1));
    assert_eq!(rounds.free, free);
}
