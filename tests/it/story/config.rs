//! What people get to see when the configuration is wrong, at a start and at a reload.

use std::fs;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;

#[test]
fn ten_mistakes_are_ten_errors_each_with_its_place() {
    let house = House::new(include_str!("../../fixtures/config/ten_mistakes.toml"));
    for command in ["check", "run"] {
        let ran = house.run(&[command]);
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, 78, "{said}");
        assert_eq!(said.matches("error[E").count(), 10, "{said}");
        assert_eq!(said.matches("uproar.toml:").count(), 10, "each names its line\n{said}");
        assert!(said.ends_with("uproar: the configuration has 10 errors\n"), "{said}");
    }

    let ran = house.run(&["check", "--json"]);
    let problems: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let lines: Vec<i64> = problems.as_array().unwrap().iter().map(|problem| problem["line"].as_i64().unwrap()).collect();
    assert_eq!(lines.len(), 10, "{problems}");
    assert!(lines.is_sorted(), "in the order of the file: {lines:?}");
}

#[test]
fn a_missing_file_says_how_to_get_one() {
    let house = House::new("");
    fs::remove_file(house.path("uproar.toml")).unwrap();
    let ran = house.run(&["run"]);
    assert_eq!(ran.code, 78);
    assert!(ran.err.contains("uproar init"), "{}", ran.err);
}

fn reloadable(feed: &Feed, targets: &[&str]) -> String {
    let notify = format!("{targets:?}");
    let of = |name: &&str| format!("[[target]]\nname = \"{name}\"\nfile = {{ folder = \"HERE/{name}\" }}\n");
    let targets: String = targets.iter().map(of).collect();
    format!(
        "{THEME}{}[store]\npath = \"HERE/state/uproar.db\"\n[listen]\naddress = \"127.0.0.1:0\"\n\
         [[watch]]\nname = \"evenings\"\nthemes = [\"dark_stage\"]\nnotify = {notify}\n{targets}",
        feed.source()
    )
}

#[test]
fn a_bad_reload_changes_nothing_and_a_good_one_everything() {
    let feed = Feed::start(calm_month());
    let house = House::new(&reloadable(&feed, &["desk"]));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    assert_eq!(daemon.metric("uproar_config_last_reload_successful"), Some(1.0));

    house.configure(&reloadable(&feed, &["desk"]).replace("watch", "wotch"));
    daemon.signal("HUP");
    daemon.says("the new configuration was refused; the old one stays in force");
    assert!(daemon.log().contains("did you mean `watch`?"), "{}", daemon.log());
    daemon.until("the metric", || (daemon.metric("uproar_config_last_reload_successful") == Some(0.0)).then_some(()));
    let polled = daemon.metric("uproar_source_polls_total{source=\"theatre\",result=\"not_modified\"}").unwrap();
    daemon.counts("uproar_source_polls_total{source=\"theatre\",result=\"not_modified\"}", polled + 1.0);

    house.configure(&reloadable(&feed, &["desk", "cellar"]));
    daemon.signal("HUP");
    daemon.says("1 source, 1 watch, 2 targets");
    daemon.until("the metric", || (daemon.metric("uproar_config_last_reload_successful") == Some(1.0)).then_some(()));
    feed.add(spike(0, 40));
    for folder in ["desk", "cellar"] {
        daemon.until(folder, || (files(&house.path(folder), ".eml").len() == 1).then_some(()));
    }
    daemon.stop();
}

#[test]
fn a_reload_does_not_move_the_store() {
    let feed = Feed::start(calm_month());
    let house = House::new(&reloadable(&feed, &["desk"]));
    let daemon = house.start();
    daemon.is_ready();
    house.configure(&reloadable(&feed, &["desk"]).replace("state/uproar.db", "elsewhere/uproar.db"));
    daemon.signal("HUP");
    daemon.says("cannot be changed while running; restart the daemon");
    assert!(!house.path("elsewhere").exists());
    daemon.stop();
}

#[test]
fn a_theme_that_is_added_later_knows_its_history_and_tells_what_is_new() {
    let feed = Feed::start(calm_month());
    let with = reloadable(&feed, &["desk"]);
    let without = with.replace("\"could* NEAR/2 see\"", "\"nobody\"").replace("\"dark NEAR/4 stage\"", "\"nothing\"");
    assert_ne!(with, without);
    let house = House::new(&without);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    let tagged = || house.told(&["export", "--theme", "dark_stage"]).lines().count();
    assert_eq!(tagged(), 0);

    house.configure(&with);
    daemon.signal("HUP");
    daemon.until("old messages with new themes", || (tagged() > 20).then_some(()));
    daemon.has_judged();
    assert_eq!(files(&house.path("desk"), ".eml").len(), 0, "{}", daemon.log());
    let recounted = house.run(&["check", "--recount"]);
    assert_eq!(recounted.code, 0, "{}{}", recounted.out, recounted.err);

    feed.add(spike(0, 40));
    daemon.until("a mail", || (files(&house.path("desk"), ".eml").len() == 1).then_some(()));
    daemon.stop();
}
