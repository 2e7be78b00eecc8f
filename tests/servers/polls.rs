//! Three hundred sources for an hour, sixty times as fast as life, with everything going wrong that goes wrong
//! on the web and the daemon killed twice: what was served is stored, each message once, and the one
//! trouble that there is is told once.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::THEME;
use crate::house::files;
use crate::house::mail;
use crate::polls::sites::Sites;
use crate::polls::world::HOUR;
use crate::polls::world::Identity;
use crate::polls::world::TROUBLED;
use crate::polls::world::Way;
use crate::polls::world::World;

mod document;
mod faults;
mod sites;
mod world;

/// Five minutes, sixty times as fast.
const EVERY: &str = "5s";

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

fn house(world: &World, sites: &Sites) -> House {
    let troubled = world.sources[TROUBLED].name();
    let others: Vec<String> = world.sources.iter().map(world::Source::name).filter(|name| *name != troubled).collect();
    let watch = |name: &str, sources: &[String]| {
        format!("[[watch]]\nname = \"{name}\"\nthemes = [\"dark_stage\"]\nsources = {sources:?}\nnotify = [\"desk\"]\n")
    };
    let fetch = format!("[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = {:?}\nhost_gap = \"0s\"\n", sites.hosts());
    let sources = world.sources.iter().map(|source| {
        format!("[[source]]\nname = \"{}\"\nevery = \"{EVERY}\"\nfeed = {{ url = \"{}\" }}\n", source.name(), sites.url(source))
    });
    let sources: String = sources.collect();
    let watches = watch("evenings", std::slice::from_ref(&troubled)) + &watch("elsewhere", &others);
    House::new(&format!("{THEME}{fetch}{REST}{sources}{watches}"))
}

/// Stored messages by source: id and text, in order of the texts.
fn stored(house: &House) -> BTreeMap<String, Vec<(String, String)>> {
    let mut stored: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in house.told(&["export", "--raw"]).lines() {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        stored.entry(text("source")).or_default().push((text("external_id"), text("text")));
    }
    for items in stored.values_mut() {
        items.sort_by(|a, b| a.1.cmp(&b.1));
    }
    stored
}

/// What of each source is not as it was served.
fn differences(world: &World, house: &House) -> Vec<String> {
    let mut stored = stored(house);
    let mut wrong = Vec::new();
    for source in &world.sources {
        let mut served: Vec<(String, String)> = world.all(source.number).into_iter().map(|post| (post.id, post.text)).collect();
        served.sort_by(|a, b| a.1.cmp(&b.1));
        let mut found = stored.remove(&source.name()).unwrap_or_default();
        if source.identity != Identity::Own {
            // Known by what they say, or by where they are.
            served.iter_mut().chain(&mut found).for_each(|(id, _)| id.clear());
        }
        if served != found {
            let missing: Vec<_> = served.iter().filter(|item| !found.contains(item)).take(2).collect();
            let strange: Vec<_> = found.iter().filter(|item| !served.contains(item)).take(2).collect();
            let (kind, counts) = (format!("{:?}", (source.form, source.identity, source.way, source.pages)), (served.len(), found.len()));
            wrong.push(format!("{} {kind}: served and stored {counts:?}; not stored {missing:?}; not served {strange:?}", source.name()));
        }
    }
    wrong.extend(stored.into_keys().map(|name| format!("nobody knows {name}")));
    wrong
}

/// Waits until a part of the hour has passed.
fn passes(daemon: &Daemon, world: &World, part: u32) {
    daemon.until("a part of the hour", || (world.at() > HOUR * part / 3).then_some(()));
}

#[test]
fn an_hour_of_three_hundred_moody_sources_is_stored_once() {
    let world = Arc::new(World::begin());
    let sites = Sites::open(Arc::clone(&world));
    let house = house(&world, &sites);
    for part in 1..=2 {
        let daemon = house.start();
        passes(&daemon, &world, part);
        daemon.kill();
    }
    let daemon = house.start();
    passes(&daemon, &world, 3);
    daemon.until("two good answers of each source", || sites.are_all_read().then_some(()));
    daemon.has_judged();
    let log = daemon.log();
    daemon.stop();

    let told = sites.told();
    let wrong = differences(&world, &house);
    assert!(wrong.is_empty(), "{} of {} sources:\n{}\n{log}", wrong.len(), told.len(), wrong.join("\n"));
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
    // The hour was as rough as it should be, and the daemon as polite.
    let faults: BTreeMap<&String, usize> = told.iter().flat_map(|told| &told.faults).fold(BTreeMap::new(), |mut all, (name, count)| {
        *all.entry(name).or_default() += count;
        all
    });
    assert!(faults.len() == 11 && faults.values().all(|count| *count >= 10), "{faults:?}");
    assert!(told.iter().map(|told| told.unchanged).sum::<usize>() > 300, "nothing was ever unchanged");
    let sent: Vec<&String> = told.iter().flat_map(|told| &told.wrong).collect();
    assert!(sent.is_empty(), "{sent:#?}");
    let moved = world.sources.iter().zip(&told).filter(|(source, _)| source.way != Way::Here);
    let early: Vec<String> = moved.filter(|(_, told)| told.asked_there > told.asked).map(|(source, _)| source.name()).collect();
    assert!(early.is_empty(), "asked at another address before that was certain: {early:?}");
    // Somebody is told of the trouble, and of sources that change their ids; of faults nobody.
    let churns = world.sources.iter().filter(|source| source.identity == Identity::Churn);
    let mut wanted: Vec<String> = churns.map(|source| format!("opened source:{}", source.name())).collect();
    wanted.push("opened evenings".to_owned());
    wanted.sort();
    assert_eq!(notices(&house), wanted, "{log}");
}

/// What was told, in alphabetical order: the event and the watch.
fn notices(house: &House) -> Vec<String> {
    let mails = files(&house.path("mails"), ".eml").into_iter().map(|path| fs::read_to_string(path).unwrap());
    let header = |mail: &String, name: &str| mail::header(mail, name).unwrap_or_default();
    let mut notices: Vec<String> =
        mails.map(|mail| format!("{} {}", header(&mail, "X-Uproar-Event"), header(&mail, "X-Uproar-Watch"))).collect();
    notices.sort();
    notices
}
