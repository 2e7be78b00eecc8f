//! A backtest tells what the daemon would have told, with what was known at the time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::config::Document;
use crate::config::parse;
use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::domain::item::Shard;
use crate::domain::ports::PageCommit;
use crate::domain::ports::Progress as Moves;
use crate::domain::ports::StreamKey;
use crate::domain::ports::TaggedItem;
use crate::domain::theme::Tag;
use crate::engine::backtest::curve::BUDGETS;
use crate::engine::backtest::curve::curve;
use crate::engine::backtest::known::Fate;
use crate::engine::backtest::known::Measure;
use crate::engine::lookout::Lookout;
use crate::host::beats::Beats;
use crate::host::clock::Clock;
use crate::host::credentials::Credentials;
use crate::store::sqlite::Direct;
use crate::store::sqlite::Sqlite;
use crate::web::board::Board;

const CONFIG: &str = r#"
    builtin_themes = false
    [[source]]
    name = "a"
    every = "30m"
    file = { folder = "a" }
    [[source]]
    name = "b"
    every = "30m"
    file = { folder = "b" }
    [[watch]]
    name = "parcels"
    themes = ["late"]
    by = ["country"]
    bucket = "1h"
    notify = ["box"]
    [[theme]]
    name = "late"
    rules = ["late"]
    [[target]]
    name = "box"
    file = { folder = "mails" }
"#;

fn plan(config: &str) -> Plan {
    let documents = [Document { name: "uproar.toml".to_owned(), text: config.to_owned() }];
    let loaded = parse(&documents, &Credentials::of_this_process());
    let config = loaded.config.unwrap_or_else(|| panic!("{}", crate::config::print::show(&loaded.problems, &documents, false)));
    Plan::build(config, &[7; 32]).unwrap()
}

/// Minutes after the beginning of the year.
fn at(minutes: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A message: its id, when it was published, whether it complains.
#[derive(Debug, Clone)]
struct Post {
    id: String,
    minute: i64,
    complains: bool,
    country: &'static str,
    stars: i64,
    gone: bool,
}

fn post(id: &dyn std::fmt::Display, minute: i64, complains: bool) -> Post {
    Post { id: id.to_string(), minute, complains, country: "se", stars: 5, gone: false }
}

fn tagged(post: &Post) -> TaggedItem {
    let tag = Tag { theme: "late".to_owned(), rule: "late".to_owned(), spans: Vec::new() };
    let text = if post.complains { "it came late" } else { "it came" };
    let fields = BTreeMap::from([("country".to_owned(), post.country.to_owned()), ("shop".to_owned(), "north".to_owned())]);
    TaggedItem {
        item: Item {
            id: post.id.clone(),
            text: text.to_owned(),
            published: Some(at(post.minute)),
            gone: post.gone,
            rating: Some(Rating { value: post.stars as f64, max: 5.0 }),
            fields,
            ..Item::default()
        },
        tags: if post.complains { vec![tag] } else { Vec::new() },
        author_hash: None,
        voice_key: None,
        labels: BTreeMap::from([("country".to_owned(), post.country.to_owned())]),
        hash: u64::from(post.complains),
    }
}

fn page(source: &str, posts: &[Post], minute: i64, history: bool) -> PageCommit {
    PageCommit {
        stream: StreamKey { source: source.to_owned(), shard: Shard::whole() },
        items: posts.iter().map(tagged).collect(),
        history,
        usual_delay: DAY * 60,
        progress: Moves::Ended { cursor: None, validators: None, due: at(minute), polled_at: at(minute), standing: None },
        now: at(minute),
    }
}

struct Scene {
    store: Direct,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        Self { store: Direct::open(&path).unwrap(), path, _folder: folder }
    }

    /// Three calm weeks.
    fn calm() -> Self {
        let mut scene = Self::new();
        scene.calm_between(0, NOW);
        scene
    }

    /// Six messages an hour, read every half hour; now and then one complains.
    fn calm_between(&mut self, from: i64, until: i64) {
        for minute in (from..until).step_by(30) {
            let posts: Vec<Post> = (minute..minute + 30).step_by(10).map(|minute| post(&minute, minute, minute % 130 == 0)).collect();
            self.commit("a", &posts, minute + 30);
        }
    }

    fn commit(&mut self, source: &str, posts: &[Post], minute: i64) {
        self.store.commit_page(&page(source, posts, minute, false)).unwrap();
    }

    fn world(&self, plan: &Plan, stored_by: Option<&Plan>, until: i64) -> World {
        let stage = Stage { plan, watches: plan.config.watches.iter().collect(), until: at(until), stored_by };
        World::read(&self.store.reader(), &stage, &mut |_, _| {}).unwrap()
    }

    /// What is found with everything that is known at a minute.
    fn report(&self, until: i64) -> Report {
        let plan = plan(CONFIG);
        report_of(&self.world(&plan, None, until), &plan, &[])
    }
}

fn report_of(world: &World, plan: &Plan, known: &[Known]) -> Report {
    let calibrations = Calibrations::default();
    play(world, &of(plan, &calibrations, known), &mut |_, _| {})
}

fn of<'a>(plan: &'a Plan, calibrations: &'a Calibrations, known: &'a [Known]) -> Play<'a> {
    Play { plan, calibrations, watches: &plan.config.watches, since: None, known, with_courses: true }
}

fn spike(minute: i64, count: usize) -> Vec<Post> {
    (0..count).map(|n| post(&format!("loud-{minute}-{n}"), minute, true)).collect()
}

/// The first minute after the calm.
const NOW: i64 = 21 * DAY;

#[test]
fn a_spike_alerts_as_soon_as_it_is_seen() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    let found = scene.report(NOW + DAY).found;
    assert_eq!(found.len(), 1, "its segment is told with the whole: {found:?}");
    assert_eq!((found[0].told_at, found[0].incident.opened_at), (at(NOW + 20), at(NOW + 20)));
    assert_eq!(scene.report(NOW + 19).found, [], "before that nobody knew");
}

#[test]
fn what_comes_late_does_not_alert_before_it_is_seen() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 9 * HOUR);
    let found = scene.report(NOW + DAY).found;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].incident.opened_at, at(NOW + HOUR), "its bucket is judged with its own time, as by the daemon");
    assert!(found[0].told_at >= at(NOW + 9 * HOUR) && found[0].told_at <= at(NOW + 9 * HOUR + 15), "{}", found[0].told_at);
    assert_eq!(scene.report(NOW + 9 * HOUR).found, []);
}

#[test]
fn back_fill_and_edits_never_alert() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW - 2 * DAY, 20), NOW + HOUR);
    let calm: Vec<Post> = spike(NOW + HOUR, 20).into_iter().map(|post| Post { complains: false, ..post }).collect();
    scene.commit("a", &calm, NOW + 2 * HOUR);
    scene.commit("a", &spike(NOW + HOUR, 20), NOW + 5 * HOUR);
    let report = scene.report(NOW + DAY);
    assert_eq!(report.found, []);
    let count = |minute: i64| {
        let whole = report.courses.iter().find(|course| course.key.segment == Segment::All).unwrap();
        whole.points.iter().find(|point| point.start == at(minute)).map(|point| point.count)
    };
    assert_eq!(count(NOW + HOUR), Some(20.0), "but they are learnt");
}

#[test]
fn a_deletion_takes_back_when_it_was_seen() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    let gone: Vec<Post> = spike(NOW + 5, 20).into_iter().map(|post| Post { gone: true, ..post }).collect();
    scene.commit("a", &gone, NOW + 40);
    let report = scene.report(NOW + DAY);
    assert_eq!(report.found.len(), 1, "people were told before");
    let drawn = report.courses[0].points.iter().find(|point| point.start == at(NOW)).unwrap();
    assert!(drawn.count < 1.0, "and the bucket is empty in the end: {drawn:?}");
    scene.calm_between(NOW + HOUR, NOW + 2 * DAY);
    scene.commit("a", &spike(NOW + 2 * DAY, 20), NOW + 2 * DAY + 10);
    assert_eq!(scene.report(NOW + 3 * DAY).found.len(), 2, "what was taken back is not learnt");
}

#[test]
fn imported_history_alerts_in_its_own_time() {
    let mut scene = Scene::new();
    let calm: Vec<Post> = (0..NOW).step_by(10).map(|minute| post(&minute, minute, minute % 130 == 0)).collect();
    scene.store.commit_page(&page("a", &calm, NOW + DAY, true)).unwrap();
    scene.store.commit_page(&page("a", &spike(NOW + 5, 20), NOW + DAY, true)).unwrap();
    let plan = plan(CONFIG);
    let world = scene.world(&plan, None, NOW + DAY);
    assert_eq!((world.imported, world.messages), (calm.len() as u64 + 20, calm.len() as u64 + 20));
    let found = report_of(&world, &plan, &[]).found;
    assert_eq!(found.iter().map(|found| found.told_at).collect::<Vec<_>>(), [at(NOW + 5)]);
}

#[test]
fn another_theme_is_tagged_again_and_what_has_no_text_keeps_its_themes() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    let ours = plan(CONFIG);
    let theirs = plan(&CONFIG.replace("rules = [\"late\"]", "rules = [\"came NEAR/1 late\"]"));
    let none = plan(&CONFIG.replace("rules = [\"late\"]", "rules = [\"lost\"]"));
    let found = |plan: &Plan| report_of(&scene.world(plan, Some(&ours), NOW + DAY), plan, &[]).found.len();
    assert_eq!((found(&ours), found(&theirs), found(&none)), (1, 1, 0));
    scene.store.prune(at(NOW), u64::MAX).unwrap();
    let world = scene.world(&theirs, Some(&ours), NOW + DAY);
    assert!(world.without_text > 3_000);
    assert_eq!(report_of(&world, &theirs, &[]).found.len(), 1);
}

#[test]
fn a_label_that_nobody_stored_is_worked_out() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    let plan = plan(&CONFIG.replace("by = [\"country\"]", "by = [\"shop\"]"));
    let keys: Vec<String> =
        report_of(&scene.world(&plan, None, NOW + DAY), &plan, &[]).courses.iter().map(|course| course.key.to_string()).collect();
    assert!(keys.contains(&"parcels / late / all".to_owned()), "{keys:?}");
    let known = Known { segment: Some(Segment::Label { key: "shop".to_owned(), value: "north".to_owned() }), ..known(NOW, NOW + HOUR) };
    let report = report_of(&scene.world(&plan, None, NOW + DAY), &plan, &[known]);
    assert!(report.courses.iter().any(|course| course.key.to_string() == "parcels / late / shop=north"));
}

fn known(from: i64, until: i64) -> Known {
    Known {
        watch: "parcels".to_owned(),
        theme: None,
        segment: None,
        kind: None,
        from: at(from),
        until: at(until),
        note: String::new(),
        line: 0,
    }
}

#[test]
fn known_incidents_are_found_missed_or_not_judged() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    scene.calm_between(NOW + HOUR, NOW + 2 * DAY);
    scene.commit("a", &spike(NOW + DAY, 4), NOW + DAY + 20);
    let plan = plan(CONFIG);
    let known =
        [known(NOW - 10, NOW + HOUR), known(NOW + DAY, NOW + DAY + HOUR), known(DAY, 2 * DAY), known(NOW + 9 * DAY, NOW + 10 * DAY)];
    let report = report_of(&scene.world(&plan, None, NOW + 2 * DAY), &plan, &known);
    let measure = Measure::of(&report, &known);
    assert_eq!(measure.fates, [Fate::Found { by: 0, delay: TimeDelta::minutes(30) }, Fate::Missed, Fate::NotJudged, Fate::NotJudged]);
    assert_eq!((measure.found(), measure.false_alarms.len()), ((1, 2), 0));
    assert_eq!(Measure::of(&report, &known[1..]).false_alarms, [0]);
    assert!((measure.years - 16.0 / 365.25).abs() < 0.5 / 365.25, "a week is learnt: {}", measure.years);
    let closest = report.closest[1].as_ref().unwrap();
    assert!(closest.numbers.score < closest.numbers.limit, "{closest:?}");
    assert!(closest.numbers.newest.count >= 4.0, "{closest:?}");
}

fn stood(kind: Kind, since: i64, resolved: Option<i64>, of: &Found) -> Found {
    let mut found = of.clone();
    found.incident.key.kind = kind;
    found.spells = vec![Spell { since: at(since), told_at: at(since + HOUR), resolved_at: resolved.map(at) }];
    found
}

#[test]
fn what_stood_long_before_finds_nothing_and_slow_rises_are_compared_only_where_asked_for() {
    let mut scene = Scene::calm();
    scene.commit("a", &spike(NOW + 5, 20), NOW + 20);
    let plan = plan(CONFIG);
    let report = report_of(&scene.world(&plan, None, NOW + DAY), &plan, &[]);
    let of = &report.found[0];
    let with = |found: Found| Report { found: vec![found], ..report.clone() };
    let row = known(NOW, NOW + DAY);
    let measure = |found: Found, row: &Known| Measure::of(&with(found), std::slice::from_ref(row));
    let long = measure(stood(Kind::Spike, NOW - 9 * DAY, None, of), &row);
    assert_eq!((long.fates, long.false_alarms), (vec![Fate::Missed], vec![0]));
    assert_eq!(measure(stood(Kind::Spike, NOW - 20 * HOUR, None, of), &row).found(), (1, 1));
    let rise = stood(Kind::SlowRise, NOW + HOUR, None, of);
    let unasked = measure(rise.clone(), &row);
    assert_eq!((unasked.found(), unasked.false_alarms.len(), unasked.knows(0)), ((0, 1), 0, None));
    let asked = measure(rise, &Known { kind: Some(Kind::SlowRise), ..row });
    assert_eq!((asked.found(), asked.knows(0)), ((1, 1), Some(true)));
}

#[test]
fn a_missed_incident_of_a_segment_is_explained_by_that_segment_alone() {
    let country = |value: &str| Segment::Label { key: "country".to_owned(), value: value.to_owned() };
    let row = Known { segment: Some(country("se")), ..known(0, HOUR) };
    let key = |segment| SeriesKey { watch: "parcels".to_owned(), theme: "late".to_owned(), segment, kind: Kind::Spike };
    assert!(row.explained_by(&key(country("se"))));
    assert!(!row.explained_by(&key(Segment::All)) && !row.explained_by(&key(country("no"))));
    assert!(row.concerns(&key(Segment::All)), "people were told");
}

#[test]
fn months_without_a_message_are_not_judged() {
    let mut scene = Scene::calm();
    scene.calm_between(NOW + 100 * DAY, NOW + 102 * DAY);
    let plan = plan(CONFIG);
    let years = |until: i64| Measure::of(&report_of(&scene.world(&plan, None, until), &plan, &[]), &[]).years;
    assert!((years(NOW + 90 * DAY) - 14.0 / 365.25).abs() < 0.5 / 365.25, "{}", years(NOW + 90 * DAY));
    assert!((years(NOW + 150 * DAY) - 16.0 / 365.25).abs() < 0.5 / 365.25, "{}", years(NOW + 150 * DAY));
}

#[test]
fn history_of_more_than_ten_years_is_counted_as_left_out() {
    let mut scene = Scene::calm();
    scene.store.commit_page(&page("a", &[post(&"old", -4_000 * DAY, false)], NOW, true)).unwrap();
    let world = scene.world(&plan(CONFIG), None, NOW + DAY);
    assert_eq!(world.too_old, 1);
    assert!(world.earliest() < at(0) && world.segments_of("country").eq(["se"]));
}

#[test]
fn every_rating_has_a_place_however_many_there_are() {
    let mut scores = Vec::new();
    for scale in [10, 1, 4, 5, 6, 7] {
        for hundredths in 0..=100 * scale {
            let place = world::place_of(&mut scores, crate::counting::ratings::Score { hundredths, scale });
            assert!(place < 256 && scores[place].scale == scale, "{hundredths} of {scale}: {place}");
        }
    }
}

#[test]
fn a_larger_budget_finds_no_less() {
    let mut scene = Scene::calm();
    for (day, count) in [4, 5, 6, 7, 8, 10, 14, 20].into_iter().enumerate() {
        let minute = NOW + day as i64 * DAY;
        scene.calm_between(minute, minute + 12 * HOUR);
        scene.commit("a", &spike(minute + 12 * HOUR - 5, count), minute + 12 * HOUR);
        scene.calm_between(minute + 12 * HOUR, minute + DAY);
    }
    let plan = plan(CONFIG);
    let known: Vec<Known> = (0..8).map(|day| known(NOW + day * DAY + 11 * HOUR, NOW + day * DAY + 13 * HOUR)).collect();
    let calibrations = Calibrations::default();
    let world = scene.world(&plan, None, NOW + 10 * DAY);
    let mut told = Vec::new();
    let rungs = curve(&world, &of(&plan, &calibrations, &known), &mut |done, all| told.push((done, all)));
    assert_eq!(rungs.iter().map(|rung| rung.budget).collect::<Vec<_>>(), BUDGETS);
    let found: Vec<usize> = rungs.iter().map(|rung| rung.measure.found().0).collect();
    assert!(found.is_sorted() && found[0] < found[8], "{found:?}");
    assert!(told.is_sorted() && told.last() == Some(&(18, 18)), "spikes of the whole and of one segment, nine times: {told:?}");
}

#[test]
fn an_incident_that_comes_back_is_found_again_and_not_in_between() {
    let mut scene = Scene::calm();
    for start in [NOW, NOW + 20 * HOUR] {
        scene.commit("a", &spike(start + 5, 20), start + 20);
        scene.calm_between(start + HOUR, start + 20 * HOUR);
    }
    let plan = plan(CONFIG);
    let known = [known(NOW + 10 * HOUR, NOW + 11 * HOUR), known(NOW + 20 * HOUR, NOW + 21 * HOUR)];
    let report = report_of(&scene.world(&plan, None, NOW + 3 * DAY), &plan, &known);
    assert!(report.found.len() == 1 && report.found[0].incident.reopened > 0, "{:?}", report.found);
    assert_eq!(Measure::of(&report, &known).fates, [Fate::Missed, Fate::Found { by: 0, delay: TimeDelta::minutes(20) }]);
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % many) as i64
    }
}

/// What a source gives in half an hour: messages of the last half hour, some of hours before, edits
/// and deletions of earlier ones, and a spike now and then.
fn half_hour(dice: &mut Dice, source: &str, poll: i64, posts: &mut Vec<Post>) -> Vec<Post> {
    let now = 30 * poll;
    let mut came = Vec::new();
    let loud = poll % 173 < 3 && poll > 400;
    for n in 0..2 + dice.below(3) + if loud { 9 } else { 0 } {
        let delay = if dice.below(12) == 0 { dice.below(40 * 60) } else { dice.below(30) };
        let country = ["se", "no"][dice.below(2) as usize];
        let complains = loud || dice.below(14) == 0;
        let stars = if loud { 1 } else { 5 - dice.below(4) };
        came.push(Post { country, stars, ..post(&format!("{source}-{poll}-{n}"), (now - delay).max(0), complains) });
    }
    if dice.below(9) == 0 && !posts.is_empty() {
        let at = dice.below(posts.len() as u64) as usize;
        posts[at].complains = !posts[at].complains;
        posts[at].gone = dice.below(3) == 0;
        came.push(posts[at].clone());
    }
    posts.extend(came.iter().cloned());
    came
}

/// With series of every kind.
fn of_every_kind() -> Plan {
    plan(&CONFIG.replace("bucket = \"1h\"", "bucket = \"1h\"\nmeasures = [\"rating\", \"one_star\"]"))
}

async fn lived(seed: u64, polls: i64) -> (Scene, Vec<Incident>) {
    let scene = Scene::new();
    let (store, _) = Sqlite::open(&scene.path, "boot".to_owned()).unwrap();
    let mut lookout = Lookout::new(store.clone(), Arc::new(of_every_kind()), Clock::real(), Board::default(), Beats::start());
    let mut dice = Dice(seed);
    let mut posts = [Vec::new(), Vec::new()];
    for poll in 1..polls {
        for (source, posts) in ["a", "b"].into_iter().zip(&mut posts) {
            let came = half_hour(&mut dice, source, poll, posts);
            crate::domain::ports::Ingest::commit_page(&store, page(source, &came, 30 * poll, false)).await.unwrap();
        }
        lookout.look_at(at(30 * poll)).await.unwrap();
        lookout.look_at(at(30 * poll + 1)).await.unwrap();
    }
    let incidents = scene.store.reader().incidents(true).unwrap();
    (scene, incidents)
}

#[tokio::test]
async fn the_daemon_and_the_backtest_agree() {
    let polls = 17 * 48;
    let (scene, daemon) = lived(4_242, polls).await;
    let plan = of_every_kind();
    let backtest = report_of(&scene.world(&plan, None, 30 * polls - 29), &plan, &[]).found;
    let short = |incident: &Incident| (incident.id.clone(), incident.key.to_string(), incident.opened_at, incident.resolved_at);
    let mut backtest: Vec<_> = backtest.iter().map(|found| short(&found.incident)).collect();
    let mut daemon: Vec<_> = daemon.iter().map(short).collect();
    backtest.sort();
    daemon.sort();
    assert_eq!(backtest, daemon);
    let (told, rated) = (daemon.len(), daemon.iter().filter(|(_, key, ..)| key.contains("drop")).count());
    assert!(rated > 0 && told > rated + 1, "{told} incidents are no story");
}
