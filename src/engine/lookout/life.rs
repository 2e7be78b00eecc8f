//! What the lookout makes of incidents when the configuration or a source changes under them.

use super::tests::at;
use super::tests::plan_of;
use super::*;
use crate::domain::incident::Level;
use crate::domain::item::Item;
use crate::domain::item::Shard;
use crate::domain::notice::Event;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Claim;
use crate::domain::ports::Outbox;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Progress;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Wish;
use crate::domain::standing::Doubt;
use crate::domain::standing::Standing;
use crate::domain::standing::Suspect;
use crate::domain::trouble::Trouble;
use crate::engine::intake::Intake;
use crate::store::sqlite::Sqlite;

const CONFIG: &str = r#"
    [[source]]
    name = "a"
    every = "1h"
    file = { folder = "a" }
    [[watch]]
    name = "one"
    themes = ["late"]
    bucket = "1h"
    min_complaints = 5
    notify = ["box"]
    [[theme]]
    name = "late"
    rules = ["late"]
    [[theme]]
    name = "cold"
    rules = ["cold"]
    [[target]]
    name = "box"
    file = { folder = "mails" }
"#;

/// A month of calm hours lie before this one.
const NOW: i64 = 30 * 24;

struct Scene {
    store: Sqlite,
    plan: Arc<Plan>,
    lookout: Lookout<Sqlite>,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let plan = plan_of(CONFIG);
        let lookout = Lookout::new(store.clone(), Arc::clone(&plan), Clock::real(), Board::default(), Beats::start());
        let scene = Self { store, plan, lookout, _folder: folder };
        let calm = |hour: i64, n: i64| if (hour * 3 + n) % 40 == 7 { "late" } else { "fine" };
        let history: Vec<(i64, &str)> = (0..NOW - 24).flat_map(|hour| (0..3).map(move |n| (hour, calm(hour, n)))).collect();
        scene.say(&history, NOW - 24, true).await;
        for hour in NOW - 24..NOW {
            scene.say(&(0..3).map(|n| (hour, calm(hour, n))).collect::<Vec<_>>(), hour, false).await;
        }
        scene
    }

    /// Messages of these hours, read in the last minute of an hour.
    async fn say(&self, said: &[(i64, &str)], hour: i64, history: bool) {
        let now = at(hour) + TimeDelta::minutes(59);
        let intake = Intake::new(&self.plan, &[7; 32], &self.plan.config.sources[0]);
        let items = said.iter().zip(0_i64..).map(|(&(hour, text), n)| {
            let published = Some(at(hour) + TimeDelta::seconds(n % 3_000));
            intake.prepare(Item { id: format!("{now} {n}"), text: text.to_owned(), published, ..Item::default() })
        });
        let items = items.map(|item| crate::domain::ports::TaggedItem { voice_key: None, ..item }).collect();
        let commit = PageCommit {
            stream: stream(),
            items,
            history,
            usual_delay: 2 * 24 * 3600,
            progress: Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None },
            now,
        };
        self.store.commit_page(commit).await.unwrap();
    }

    async fn look(&mut self, hour: i64) -> usize {
        self.lookout.look_at(at(hour) + TimeDelta::minutes(59)).await.unwrap()
    }

    async fn configure(&mut self, text: &str) {
        self.plan = plan_of(text);
        retag::begin(&self.store, &self.plan, at(NOW)).await.unwrap();
        retag::finish(&self.store, &self.plan, &tokio_util::sync::CancellationToken::new()).await.unwrap();
        self.lookout = Lookout::new(self.store.clone(), Arc::clone(&self.plan), Clock::real(), Board::default(), Beats::start());
    }

    async fn of(&self, kind: Kind) -> Incident {
        self.store.newest().await.unwrap().into_iter().find(|incident| incident.key.kind == kind).unwrap()
    }

    /// What the target gets next.
    async fn next(&self) -> Option<Row> {
        let now = Clock::real().now() + TimeDelta::minutes(1);
        let row = self.store.claim(Claim::next("box", now, now + TimeDelta::minutes(1))).await.unwrap().into_iter().next()?;
        self.store.settle(row.id.clone(), Outcome::Delivered { receipt: String::new() }, now).await.unwrap();
        Some(row)
    }
}

fn stream() -> StreamKey {
    StreamKey { source: "a".to_owned(), shard: Shard::whole() }
}

/// Words of the record with who and the state after it.
async fn record(store: &Sqlite, id: &str) -> Vec<(String, String, State)> {
    let id = id.to_owned();
    let steps = store.read(move |reader| reader.record(&id)).await.unwrap();
    assert!(steps.iter().all(|step| !step.config.is_empty()), "{steps:?}");
    steps.into_iter().map(|step| (step.why, step.who, step.to)).collect()
}

#[tokio::test]
async fn a_watch_that_is_removed_ends_its_incidents_for_good_and_says_so() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    scene.look(NOW - 1).await;
    scene.say(&vec![(NOW, "late"); 30], NOW, false).await;
    scene.look(NOW).await;
    assert_eq!(scene.of(Kind::Spike).await.state, State::Open);
    assert_eq!(scene.next().await.unwrap().facts.event, Event::Opened);

    scene.configure(&CONFIG.replace("name = \"one\"\n    themes = [\"late\"]", "name = \"two\"\n    themes = [\"cold\"]")).await;
    assert_eq!(scene.look(NOW + 1).await, 1);
    let incident = scene.of(Kind::Spike).await;
    assert_eq!(incident.state, State::Closed);
    let row = scene.next().await.unwrap();
    assert_eq!((row.facts.event, row.facts.cause.as_str()), (Event::Resolved, "watch removed"));
    assert!(row.facts.root.is_some());
    assert_eq!(scene.look(NOW + 2).await, 0);
    let told = record(&scene.store, &incident.id).await;
    assert_eq!(told.last().unwrap().0, "unwatched");
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_told_of_and_shown_beside_what_it_counts() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    scene.look(NOW - 1).await;
    scene.say(&vec![(NOW, "late"); 30], NOW, false).await;
    scene.look(NOW).await;
    scene.next().await.unwrap();
    for hour in NOW + 1..NOW + 30 {
        scene.store.note_poll(&stream(), PollNote::failed("HTTP 503", at(hour), at(hour))).await.unwrap();
        scene.look(hour).await;
    }
    let silence = scene.of(Kind::NoData).await;
    assert_eq!(
        (silence.state, silence.key.to_string().as_str(), silence.level),
        (State::Open, "source:a / no_data / all / no_data", Level::Medium)
    );
    let mut row = scene.next().await.unwrap();
    while row.facts.kind != Kind::NoData {
        assert_eq!(row.facts.event, Event::Reminder, "the spike still stands");
        row = scene.next().await.unwrap();
    }
    let silent = row.facts.silent.unwrap();
    assert_eq!((silent.fails, silent.error.as_deref(), &silent.watches[..]), (true, Some("HTTP 503"), &["one".to_owned()][..]));
    let spike = scene.of(Kind::Spike).await;
    assert!(matches!(spike.state, State::Open | State::Recovering), "silence resolves nothing: {spike:?}");
    assert_eq!(spike.no_data.len(), 1);

    scene.say(&[(NOW + 30, "fine")], NOW + 30, false).await;
    scene.look(NOW + 30).await;
    assert_eq!(scene.of(Kind::NoData).await.state, State::Resolved);
    assert!(scene.of(Kind::Spike).await.no_data.is_empty());
    let words: Vec<String> = record(&scene.store, &spike.id).await.into_iter().map(|(why, ..)| why).collect();
    let place = |word: &str| words.iter().position(|why| why == word);
    assert!(place("no data from a") < place("data from a again"), "{words:?}");
}

#[tokio::test]
async fn a_source_that_is_read_well_and_brings_nothing_is_silent_where_it_used_to_bring_much() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    for hour in NOW..NOW + 60 {
        scene.say(&[], hour, false).await;
        scene.look(hour).await;
        let silent = scene.store.newest().await.unwrap().into_iter().find(|incident| incident.key.kind == Kind::NoData);
        if hour < NOW + 2 {
            assert_eq!(silent, None, "three an hour: none for two hours is no wonder");
        }
    }
    let silence = scene.of(Kind::NoData).await;
    assert!(!silence.no_data[0].fails);
    assert_eq!(silence.no_data[0].error, None);
}

#[tokio::test]
async fn what_opened_and_ended_while_nobody_looked_is_told_at_once_with_both() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    scene.look(NOW - 1).await;
    scene.say(&vec![(NOW, "late"); 30], NOW, false).await;
    for hour in NOW + 1..NOW + 12 {
        scene.say(&[(hour, "fine"); 6], hour, false).await;
    }
    assert_eq!(scene.look(NOW + 80).await, 1);
    let incident = scene.of(Kind::Spike).await;
    let row = scene.next().await.unwrap();
    assert_eq!((row.facts.event, row.facts.revision), (Event::Opened, 1));
    assert_eq!(row.facts.over.map(|over| over.at), incident.resolved_at);
    assert!(scene.next().await.is_none());
}

#[tokio::test]
async fn where_every_watch_tells_single_messages_time_passes_all_the_same() {
    let mut scene = Scene::new().await;
    scene.configure(&CONFIG.replace("notify = [\"box\"]", "notify = [\"box\"]\neach = { at_most = \"10 per day\" }")).await;
    for hour in NOW + 1..NOW + 30 {
        scene.store.note_poll(&stream(), PollNote::failed("HTTP 503", at(hour), at(hour))).await.unwrap();
        scene.look(hour).await;
    }
    assert_eq!(scene.of(Kind::NoData).await.state, State::Open);
}

#[tokio::test]
async fn nobody_is_late_to_acknowledge_what_waits_for_the_end_of_quiet_hours() {
    let mut scene = Scene::new().await;
    let clock = |hours| (Clock::real().now() + TimeDelta::hours(hours)).format("%H:%M").to_string();
    let quiet = format!("name = \"box\"\n    quiet = {{ from = \"{}\", until = \"{}\", time_zone = \"UTC\" }}", clock(-2), clock(3));
    let route =
        "[[route]]\n    to = [\"call\"]\n    after = \"15m\"\n    [[target]]\n    name = \"call\"\n    file = { folder = \"call\" }\n";
    scene.configure(&format!("{}{route}", CONFIG.replace("name = \"box\"", &quiet))).await;
    scene.store.note_poll(&stream(), PollNote::failed("HTTP 503", at(NOW), at(NOW))).await.unwrap();
    let mut opened = None;
    for hour in NOW..NOW + 60 {
        scene.store.note_poll(&stream(), PollNote::failed("HTTP 503", at(hour), at(hour))).await.unwrap();
        scene.look(hour).await;
        let mut silences = scene.store.newest().await.unwrap().into_iter().filter(|incident| incident.key.kind == Kind::NoData);
        let Some(silence) = silences.next_back() else { continue };
        let opened = *opened.get_or_insert(hour);
        let wait = silence.unacked_since.unwrap() - silence.opened_at;
        assert!(wait > TimeDelta::minutes(170) && wait <= TimeDelta::hours(3), "{wait}");
        assert_eq!(silence.escalated, u32::from(hour > opened + 3), "{hour} {opened}");
        if hour == opened + 4 {
            return;
        }
    }
    panic!("nothing opened");
}

#[tokio::test]
async fn an_incident_outlasts_two_days_without_its_source_and_resolves_when_it_comes_back_calm() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    scene.look(NOW - 1).await;
    scene.say(&vec![(NOW, "late"); 30], NOW, false).await;
    scene.look(NOW).await;
    assert_eq!(scene.of(Kind::Spike).await.state, State::Open);
    for hour in NOW + 1..NOW + 49 {
        scene.store.note_poll(&stream(), PollNote::failed("HTTP 500", at(hour), at(hour))).await.unwrap();
        scene.look(hour).await;
        let spike = scene.of(Kind::Spike).await;
        assert_eq!(spike.state, State::Open, "no bucket of {hour} was judged to be calm");
        assert_eq!(spike.no_data.len(), usize::from(hour >= NOW + 3), "three errors are more than a hiccup: {hour}");
    }
    let mut row = scene.next().await.unwrap();
    while (row.facts.kind, row.facts.event) != (Kind::NoData, Event::Opened) {
        row = scene.next().await.unwrap();
    }
    assert!(row.facts.at - row.facts.since < TimeDelta::hours(7), "told after six hours, not after a day");

    let late: Vec<(i64, &str)> = (NOW + 1..NOW + 50).map(|hour| (hour, "fine")).collect();
    scene.say(&late, NOW + 49, false).await;
    scene.look(NOW + 49).await;
    assert!(scene.of(Kind::Spike).await.no_data.is_empty());
    assert_eq!(scene.of(Kind::NoData).await.state, State::Resolved);
    for hour in NOW + 50..NOW + 60 {
        scene.say(&[(hour, "fine"); 3], hour, false).await;
        scene.look(hour).await;
    }
    assert_eq!(scene.of(Kind::Spike).await.state, State::Resolved);
    let mut over = None;
    while let Some(row) = scene.next().await {
        over = Some(row).filter(|row| (row.facts.kind, row.facts.event) == (Kind::NoData, Event::Resolved)).or(over);
    }
    assert!(over.unwrap().facts.silent.unwrap().came_late >= 48, "what came late is told with the end");
}

#[tokio::test]
async fn a_trouble_that_waiting_does_not_mend_is_told_after_three_polls() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    for (poll, expected) in [(1, false), (2, false), (3, true)] {
        let now = at(NOW) + TimeDelta::minutes(10 * poll);
        let note = PollNote::failed("not a feed: a login page; use the public address", now, now);
        scene.store.note_poll(&stream(), note).await.unwrap();
        scene.lookout.look_at(now).await.unwrap();
        let told = scene.store.newest().await.unwrap().iter().any(|incident| incident.key.kind == Kind::NoData);
        assert_eq!(told, expected, "poll {poll}");
    }
    assert_eq!(scene.of(Kind::NoData).await.no_data[0].trouble(), Trouble::Login);
}

#[tokio::test]
async fn a_host_that_asks_for_patience_is_no_alarm_by_itself() {
    let mut scene = Scene::new().await;
    scene.configure(&CONFIG.replace("every = \"1h\"", "every = \"12h\"")).await;
    let mut opened = None;
    for hour in NOW..NOW + 30 {
        let why = "https://shop.example answered 429: it asks to be left alone for 3600 s; a longer interval helps";
        scene.store.note_poll(&stream(), PollNote::failed(why, at(hour), at(hour))).await.unwrap();
        scene.look(hour).await;
        let told = scene.store.newest().await.unwrap().iter().any(|incident| incident.key.kind == Kind::NoData);
        opened = opened.or(told.then_some(hour - NOW));
    }
    assert!(opened.is_some_and(|hour| (22..=25).contains(&hour)), "{opened:?}");
}

#[tokio::test]
async fn what_is_paused_or_not_believed_yet_blinds_its_watches_and_is_told_to_nobody() {
    let mut scene = Scene::new().await;
    scene.configure(CONFIG).await;
    scene.look(NOW - 1).await;
    scene.say(&vec![(NOW, "late"); 30], NOW, false).await;
    scene.look(NOW).await;
    let suspect = |polls| Some(Suspect { why: Doubt::Empty, polls, since: at(NOW + 1) });
    let standing = Standing { suspect: suspect(1), ..Standing::default() };
    let note = PollNote { standing: Some(Box::new(standing)), ..PollNote::unchanged(at(NOW + 1), at(NOW + 1)) };
    scene.store.note_poll(&stream(), note).await.unwrap();
    scene.look(NOW + 1).await;
    assert_eq!(scene.of(Kind::Spike).await.no_data[0].trouble(), Trouble::Empty);

    scene.store.wish(&stream(), Wish::Pause, at(NOW + 2)).await.unwrap();
    for hour in NOW + 2..NOW + 30 {
        scene.look(hour).await;
    }
    let spike = scene.of(Kind::Spike).await;
    assert_eq!((spike.state, spike.no_data[0].trouble()), (State::Open, Trouble::Paused));
    assert!(!scene.store.newest().await.unwrap().iter().any(|incident| incident.key.kind == Kind::NoData));
}
