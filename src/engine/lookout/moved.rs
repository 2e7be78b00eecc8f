//! Nothing alarms, gets worse or is over by itself because a rule has changed.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::incident::Segment;
use crate::domain::incident::State;
use crate::domain::item::Item;
use crate::domain::item::Shard;
use crate::domain::ports::PageCommit;
use crate::domain::ports::Progress;
use crate::domain::ports::StreamKey;
use crate::engine::intake::Intake;
use crate::engine::lookout::tests::at;
use crate::engine::lookout::tests::plan_of;
use crate::store::sqlite::Sqlite;

/// The hour in which the rules change.
const CHANGE: i64 = 60 * 24;

/// Two watches of one source; `LATE` stands for the rule of the first one.
const CONFIG: &str = r#"
    builtin_themes = false
    [[source]]
    name = "a"
    every = "1h"
    file = { folder = "a" }
    [[watch]]
    name = "one"
    themes = ["late"]
    bucket = "1h"
    notify = ["box"]
    [[watch]]
    name = "two"
    themes = ["cold"]
    bucket = "1h"
    notify = ["box"]
    [[theme]]
    name = "late"
    rules = ["LATE"]
    [[theme]]
    name = "cold"
    rules = ["cold"]
    [[target]]
    name = "box"
    file = { folder = "mails" }
"#;

struct Scene {
    store: Sqlite,
    plan: Arc<Plan>,
    lookout: Lookout<Sqlite>,
    number: u32,
    folder: tempfile::TempDir,
}

impl Scene {
    /// Sixty days, an hour six messages of which now and then one says "late" and one "tardy".
    async fn new(rule: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let plan = plan_of(&CONFIG.replace("LATE", rule));
        let lookout = Lookout::new(store.clone(), Arc::clone(&plan), Clock::real(), Board::default(), Beats::start());
        let mut scene = Self { store, plan, lookout, number: 0, folder };
        scene.begin(0).await;
        let said = |hour: i64, n: i64| match (hour * 6 + n) % 40 {
            7 => "late",
            22 => "tardy",
            31 => "cold",
            _ => "fine",
        };
        let all: Vec<(i64, &str)> = (0..CHANGE - 12).flat_map(|hour| (0..6).map(move |n| (hour, said(hour, n)))).collect();
        scene.say(&all, CHANGE - 12, true).await;
        scene
    }

    /// Messages of these hours, read in the last minute of an hour.
    async fn say(&mut self, said: &[(i64, &str)], hour: i64, history: bool) {
        let now = at(hour) + TimeDelta::minutes(59);
        let intake = Intake::new(&self.plan, &[7; 32], &self.plan.config.sources[0]);
        let items = said.iter().zip(self.number..).map(|(&(hour, text), number)| {
            let published = Some(at(hour) + TimeDelta::seconds(i64::from(number % 3_000)));
            intake.prepare(Item { id: number.to_string(), text: text.to_owned(), published, ..Item::default() })
        });
        let items: Vec<_> = items.map(|item| crate::domain::ports::TaggedItem { voice_key: None, ..item }).collect();
        self.number += items.len() as u32;
        let commit = PageCommit {
            stream: StreamKey { source: "a".to_owned(), shard: Shard::whole() },
            items,
            history,
            usual_delay: 2 * 24 * 3600,
            progress: Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None },
            now,
        };
        self.store.commit_page(commit).await.unwrap();
    }

    /// An hour with so many complaints, heard and judged at its end.
    async fn hour(&mut self, hour: i64, text: &str, count: usize) {
        let said: Vec<(i64, &str)> = (0..6).map(|_| (hour, "fine")).chain((0..count).map(|_| (hour, text))).collect();
        self.say(&said, hour, false).await;
        self.look(hour).await;
    }

    async fn look(&mut self, hour: i64) -> usize {
        self.lookout.look_at(at(hour) + TimeDelta::minutes(59)).await.unwrap()
    }

    async fn begin(&self, hour: i64) {
        retag::begin(&self.store, &self.plan, at(hour) + TimeDelta::minutes(59)).await.unwrap();
    }

    async fn finish(&self) {
        retag::finish(&self.store, &self.plan, &CancellationToken::new()).await.unwrap();
        assert!(self.store.ruleset().await.unwrap().unwrap().finished);
        assert_eq!(self.store.read(|reader| Ok(reader.recount().unwrap())).await.unwrap(), []);
    }

    /// The daemon with another rule, history not moved yet.
    async fn change(&mut self, rule: &str, hour: i64) {
        self.plan = plan_of(&CONFIG.replace("LATE", rule));
        self.lookout = Lookout::new(self.store.clone(), Arc::clone(&self.plan), Clock::real(), Board::default(), Beats::start());
        self.begin(hour).await;
    }

    async fn incident(&self, watch: &str) -> Option<Incident> {
        let newest = self.store.newest().await.unwrap();
        newest.into_iter().find(|incident| incident.key.watch == watch && incident.key.segment == Segment::All)
    }
}

#[tokio::test]
async fn a_trouble_that_other_rules_find_in_history_opens_nothing_and_new_complaints_do() {
    let mut scene = Scene::new("late").await;
    for hour in CHANGE - 12..=CHANGE {
        scene.hour(hour, "tardy", if hour > CHANGE - 4 { 20 } else { 0 }).await;
    }
    assert_eq!(scene.incident("one").await, None, "nobody calls that late yet");
    scene.change("late | tardy", CHANGE).await;
    scene.finish().await;
    scene.look(CHANGE).await;
    scene.hour(CHANGE + 1, "fine", 0).await;
    assert_eq!(scene.incident("one").await, None, "all of it was there before");
    scene.hour(CHANGE + 2, "tardy", 20).await;
    assert_eq!(scene.incident("one").await.unwrap().state, State::Open);
}

#[tokio::test]
async fn complaints_that_come_while_history_moves_are_told_when_it_has() {
    let mut scene = Scene::new("late").await;
    for hour in CHANGE - 12..=CHANGE {
        scene.hour(hour, "tardy", 0).await;
    }
    scene.change("late | tardy", CHANGE).await;
    scene.hour(CHANGE + 1, "tardy", 20).await;
    scene.hour(CHANGE + 2, "fine", 0).await;
    assert_eq!(scene.incident("one").await, None, "half of its history says nothing");
    scene.finish().await;
    scene.look(CHANGE + 2).await;
    let incident = scene.incident("one").await.unwrap();
    assert!(incident.peak >= 20.0, "{incident:?}");
}

#[tokio::test]
async fn a_watch_of_other_themes_is_judged_while_history_moves() {
    let mut scene = Scene::new("late").await;
    for hour in CHANGE - 12..=CHANGE {
        scene.hour(hour, "cold", 0).await;
    }
    scene.change("late | tardy", CHANGE).await;
    scene.hour(CHANGE + 1, "cold", 20).await;
    assert_eq!(scene.incident("two").await.unwrap().state, State::Open);
    scene.finish().await;
    scene.hour(CHANGE + 2, "cold", 20).await;
    assert_eq!(scene.incident("two").await.unwrap().state, State::Open);
    let known = scene.lookout.known.iter().filter(|(key, _)| key.watch == "two").all(|(_, known)| known.moved.is_none());
    assert!(known, "only what moved is learnt anew");
}

#[tokio::test]
async fn an_incident_neither_grows_nor_ends_because_a_rule_has_changed() {
    for rule in ["late | tardy | fine", "never", "late"] {
        let mut scene = Scene::new("late").await;
        for hour in CHANGE - 12..=CHANGE {
            scene.hour(hour, "late", if hour > CHANGE - 2 { 20 } else { 0 }).await;
        }
        let before = scene.incident("one").await.unwrap();
        assert_eq!(before.state, State::Open);
        scene.change(rule, CHANGE).await;
        scene.look(CHANGE).await;
        scene.finish().await;
        assert_eq!(scene.look(CHANGE).await, 0, "{rule}");
        // The bucket that holds moved history is over: that says nothing either.
        scene.say(&[(CHANGE + 1, "nothing")], CHANGE + 1, false).await;
        assert_eq!(scene.look(CHANGE + 1).await, 0, "{rule}");
        let after = scene.incident("one").await.unwrap();
        let seen = |of: &Incident| (of.id.clone(), of.state, of.level, of.calm);
        if rule != "late" {
            assert_eq!(seen(&after), seen(&before), "{rule}");
        }
        for hour in CHANGE + 2..CHANGE + 10 {
            scene.hour(hour, "nothing", 3).await;
        }
        assert!(scene.incident("one").await.unwrap().resolved_at.is_some(), "{rule}: calm hours end it");
    }
}

#[tokio::test]
async fn where_texts_are_pruned_the_history_of_a_theme_begins_with_those_that_are_left() {
    let mut scene = Scene::new("late").await;
    let pruned = at(30 * 24);
    assert!(scene.store.prune(pruned, u64::MAX).await.unwrap() > 4_000);
    scene.change("late | tardy", CHANGE).await;
    scene.finish().await;
    let ruleset = scene.store.ruleset().await.unwrap().unwrap();
    let note = retag::note(&scene.plan.config.watches, &ruleset, 8_568).unwrap();
    assert_eq!(note, "4,320 messages without a text keep the tags of older rules");
    assert!(ruleset.moved["late"].since.is_some_and(|since| since < pruned && since > pruned - TimeDelta::hours(1)));
    for hour in CHANGE - 12..=CHANGE {
        scene.hour(hour, "tardy", 0).await;
    }
    let age = |watch: &str| {
        let mut ages = scene.lookout.known.iter().filter(|(key, _)| key.watch == watch && key.kind == Kind::Spike);
        let known = ages.next().unwrap().1;
        serde_json::to_value(&known.memory).unwrap()["age"].as_u64().unwrap()
    };
    assert_eq!((age("two") - age("one")) / 24, 30, "the first days of it say nothing of the new rule");
    drop(scene.folder);
}
