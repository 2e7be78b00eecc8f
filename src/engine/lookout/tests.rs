//! What the lookout learns must not depend on the order in which things became known.

use super::*;
use crate::config::Document;
use crate::config::parse;
use crate::domain::incident::Act;
use crate::domain::incident::Kind;
use crate::domain::incident::Reason;
use crate::domain::incident::Segment;
use crate::domain::incident::State;
use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::domain::item::Shard;
use crate::domain::ports::Change;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::Snapshot;
use crate::domain::ports::StreamKey;
use crate::domain::ports::TaggedItem;
use crate::domain::ports::Wish;
use crate::domain::standing;
use crate::domain::theme::Tag;
use crate::engine::lookout::memory::judged_before;
use crate::engine::lookout::passing::is_watched;
use crate::host::credentials::Credentials;
use crate::incident::step::Cause;
use crate::incident::step::step;
use crate::store::sqlite::Sqlite;

const TWO_WATCHES: &str = r#"
    [[source]]
    name = "a"
    every = "1h"
    file = { folder = "a" }
    [[source]]
    name = "b"
    every = "1h"
    file = { folder = "b" }
    [[watch]]
    name = "one"
    themes = ["late"]
    sources = ["a"]
    bucket = "1h"
    notify = ["box"]
    [[watch]]
    name = "both"
    themes = ["late"]
    sources = ["a", "b"]
    bucket = "1h"
    notify = ["box"]
    [[theme]]
    name = "late"
    rules = ["late"]
    [[target]]
    name = "box"
    file = { folder = "mails" }
"#;

fn plan() -> Arc<Plan> {
    plan_of(TWO_WATCHES)
}

pub(super) fn plan_of(text: &str) -> Arc<Plan> {
    let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
    let loaded = parse(&documents, &Credentials::of_this_process());
    let config = loaded.config.unwrap_or_else(|| panic!("{}", crate::config::print::show(&loaded.problems, &documents, false)));
    Arc::new(Plan::build(config, &[7; 32]).unwrap())
}

struct Scene {
    store: Sqlite,
    lookout: Lookout<Sqlite>,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::with(TWO_WATCHES)
    }

    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let lookout = Lookout::new(store.clone(), plan_of(text), Clock::real(), Board::default(), Beats::start());
        Self { store, lookout, _folder: folder }
    }

    /// A message for each hour, of which every third complains.
    async fn commit(&self, source: &str, hours: std::ops::Range<i64>, now: Timestamp, history: bool) {
        let item = |hour: i64| {
            let item = Item { id: format!("{hour} {now}"), published: Some(at(hour)), ..Item::default() };
            let tag = Tag { theme: "late".to_owned(), rule: "late".to_owned(), spans: Vec::new() };
            let tags = if hour % 3 == 0 { vec![tag] } else { Vec::new() };
            TaggedItem { item, tags, author_hash: None, voice_key: None, labels: BTreeMap::new(), hash: 1 }
        };
        let commit = PageCommit {
            stream: StreamKey { source: source.to_owned(), shard: Shard::whole() },
            items: hours.map(item).collect(),
            history,
            usual_delay: 7 * 24 * 3600,
            progress: Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None },
            now,
        };
        self.store.commit_page(commit).await.unwrap();
    }

    async fn look(&mut self, now: Timestamp) {
        self.lookout.look_at(now).await.unwrap();
    }
}

pub(super) fn at(hour: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::hours(hour)
}

#[tokio::test]
async fn history_that_comes_later_is_learnt_for_good() {
    let (early, late) = (40 * 24, 60 * 24);
    let mut grown = Scene::new();
    let mut whole = Scene::new();
    for scene in [&grown, &whole] {
        scene.commit("b", 0..1, at(late), true).await;
        scene.commit("a", early..early + 1, at(early + 1), true).await;
    }
    for day in 0..20 {
        let now = early + 24 * (day + 1);
        for scene in [&grown, &whole] {
            scene.commit("a", now - 24..now, at(now), false).await;
        }
        grown.look(at(now)).await;
    }
    // An import reaches back before everything that was learnt, and then a message comes an hour late.
    for (hours, history) in [(0..early, true), (late - 3..late - 2, false)] {
        for scene in [&grown, &whole] {
            scene.commit("a", hours.clone(), at(late + 1), history).await;
        }
        grown.look(at(late + 1)).await;
    }
    whole.look(at(late + 1)).await;
    let learnt = |scene: &Scene| scene.lookout.known.values().map(|known| (known.as_of, known.memory.clone())).collect::<Vec<_>>();
    let (grown, whole) = (learnt(&grown), learnt(&whole));
    for known in &grown {
        assert!(whole.contains(known), "learnt otherwise than from everything at once");
    }
}

#[tokio::test]
async fn a_watch_that_waits_for_a_source_misses_no_change_of_the_others() {
    let mut scene = Scene::new();
    scene.commit("a", 0..48, at(48), true).await;
    scene.look(at(49)).await;
    let waiting: Vec<String> = scene.store.touched().await.unwrap().into_iter().map(|mark| mark.source).collect();
    assert_eq!(waiting, ["a"], "`both` has not looked yet");
    scene.commit("b", 0..48, at(49), true).await;
    scene.look(at(50)).await;
    assert_eq!(scene.store.touched().await.unwrap(), []);
}

#[tokio::test]
async fn after_a_clock_that_ran_ahead_judging_goes_on_in_the_present() {
    let mut scene = Scene::new();
    scene.commit("a", 0..48, at(48), true).await;
    scene.commit("b", 0..48, at(48), true).await;
    scene.look(at(48 + 9_000)).await;
    scene.look(at(50)).await;
    let present = |lookout: &Lookout<Sqlite>| lookout.known.values().all(|known| known.as_of <= at(50) && known.judged_to <= at(50));
    assert!(present(&scene.lookout));
    let mut restarted = Lookout::new(scene.store.clone(), plan(), Clock::real(), Board::default(), Beats::start());
    restarted.look_at(at(51)).await.unwrap();
    assert!(present(&restarted));
    assert!(restarted.store.snapshots(Timestamp::MAX_UTC).await.unwrap().values().all(|snapshot| snapshot.as_of <= at(51)));
}

#[test]
fn a_segment_that_is_split_no_more_is_not_watched() {
    let segment = Segment::Label { key: "country".to_owned(), value: "se".to_owned() };
    let whole = SeriesKey { watch: "one".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind: Kind::Spike };
    assert!(is_watched(&plan(), &whole));
    assert!(!is_watched(&plan(), &SeriesKey { segment, ..whole }));
}

const DAYS: &str = r#"
    [[source]]
    name = "a"
    every = "1h"
    file = { folder = "a" }
    [[watch]]
    name = "one"
    themes = ["late"]
    measures = ["rating"]
    bucket = "1d"
    false_alarms_per_year = 1
    notify = ["box"]
    [[theme]]
    name = "late"
    rules = ["late"]
    [[target]]
    name = "box"
    file = { folder = "mails" }
"#;

impl Scene {
    /// A day of twenty messages of which so many complain, with one star.
    async fn day(&mut self, day: i64, complaints: i64) {
        let items = (0..20).map(|n| {
            let rating = Some(Rating { value: if n < complaints { 1.0 } else { 5.0 }, max: 5.0 });
            let item = Item { id: format!("{day} {n}"), published: Some(at(24 * day + n)), rating, ..Item::default() };
            let tag = Tag { theme: "late".to_owned(), rule: "late".to_owned(), spans: Vec::new() };
            let tags = if n < complaints { vec![tag] } else { Vec::new() };
            TaggedItem { item, tags, author_hash: None, voice_key: None, labels: BTreeMap::new(), hash: 1 }
        });
        let now = at(24 * day + 23);
        let commit = PageCommit {
            stream: StreamKey { source: "a".to_owned(), shard: Shard::whole() },
            items: items.collect(),
            history: day < 200,
            usual_delay: 7 * 24 * 3600,
            progress: Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None },
            now,
        };
        self.store.commit_page(commit).await.unwrap();
        if day >= 199 {
            self.look(now + TimeDelta::hours(1)).await;
        }
    }

    async fn of(&self, kind: Kind) -> Option<Incident> {
        self.store.newest().await.unwrap().into_iter().find(|incident| incident.key.kind == kind)
    }
}

#[tokio::test]
async fn a_slow_rise_stands_beside_spikes_and_drops_until_somebody_accepts_its_level() {
    let mut scene = Scene::with(DAYS);
    for day in 0..200 {
        scene.day(day, 1 + day % 2).await;
    }
    for day in 200..260 {
        scene.day(day, 3 + day % 3).await;
    }
    let incident = scene.of(Kind::SlowRise).await.unwrap();
    assert_eq!((incident.state, incident.key.to_string().as_str()), (State::Open, "one / late / all / slow rise"));
    assert!((1.8..3.4).contains(&(incident.numbers.count / incident.numbers.expected)), "{:?}", incident.numbers);

    // A person accepts it: it ends, the new level is the usual, and a later rise is a new incident.
    let now = at(24 * 260 + 2);
    let cause = Cause::Person(Act::Resolve(Reason::Other), "anna".to_owned());
    let step = step("here", &incident.key, Some(&incident), &cause, Policy::default(), now).unwrap();
    let change = Change { incident: step.incident, seen: step.seen, transition: step.transition, rows: Vec::new() };
    scene.store.apply(Judged { changes: vec![change], ..Judged::default() }).await.unwrap();
    for day in 260..330 {
        scene.day(day, 3 + day % 3).await;
    }
    let quiet = scene.of(Kind::SlowRise).await.unwrap();
    assert_eq!((quiet.id.as_str(), quiet.state), (incident.id.as_str(), State::Closed));
    for day in 330..380 {
        scene.day(day, 14 + day % 3).await;
    }
    let again = scene.of(Kind::SlowRise).await.unwrap();
    assert!(again.id != incident.id && again.state == State::Open, "{again:?}");
    let fallen = scene.of(Kind::Drop).await.unwrap();
    assert!(fallen.numbers.mean.is_some_and(|mean| mean.value < mean.usual), "{fallen:?}");
}

#[test]
fn what_was_judged_under_other_settings_is_not_heard_again() {
    let spike = SeriesKey { watch: "w".to_owned(), theme: "late".to_owned(), segment: Segment::All, kind: Kind::Spike };
    let slow = SeriesKey { kind: Kind::SlowRise, ..spike.clone() };
    let other = SeriesKey { theme: "later".to_owned(), ..spike.clone() };
    let at = |hour: u32| format!("2026-11-21T{hour:02}:00:00Z").parse::<Timestamp>().unwrap();
    let kept = |key: &SeriesKey, stamp: &str, hour| (state_name(key, stamp), Snapshot { as_of: at(hour), blob: String::new() });
    let stored: BTreeMap<String, Snapshot> =
        [kept(&spike, "a1", 3), kept(&spike, "b2", 7), kept(&slow, "a1", 9), kept(&other, "a1", 11)].into_iter().collect();
    assert_eq!(judged_before(&stored, &spike), Some(at(7)));
    assert_eq!(judged_before(&stored, &slow), Some(at(9)));
    assert_eq!(judged_before(&stored, &other), Some(at(11)));
    assert_eq!(judged_before(&BTreeMap::new(), &spike), None);
}

#[tokio::test]
async fn a_source_that_is_paused_before_it_was_ever_read_blinds_no_watch_to_the_others() {
    let mut scene = Scene::new();
    scene.commit("a", 0..240, at(240), true).await;
    scene.look(at(240)).await;
    let judges_both = |scene: &Scene| scene.lookout.known.keys().any(|key| key.watch == "both");
    assert!(!judges_both(&scene), "the first poll of `b` is waited for");
    let b = StreamKey { source: "b".to_owned(), shard: Shard::whole() };
    scene.store.wish(&b, Wish::Pause, at(240)).await.unwrap();
    scene.look(at(241)).await;
    assert!(judges_both(&scene));
}

#[tokio::test]
async fn people_hear_of_a_source_that_is_out_of_order_before_the_first_message_of_any() {
    let mut scene = Scene::new();
    let a = StreamKey { source: "a".to_owned(), shard: Shard::whole() };
    for hour in 0..3 {
        let standing = Some(Box::new(standing::Standing { failing_since: Some(at(0)), ..Default::default() }));
        let note = PollNote { standing, ..PollNote::failed("not a feed: a login page", at(hour + 1), at(hour)) };
        scene.store.note_poll(&a, note).await.unwrap();
        scene.look(at(hour)).await;
    }
    let found = scene.store.newest().await.unwrap();
    let told: Vec<_> = found.iter().map(|incident| (incident.key.watch.as_str(), incident.key.kind)).collect();
    assert_eq!(told, [("source:a", Kind::NoData)]);
}
