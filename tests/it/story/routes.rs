//! Who is told: routes, quiet hours and silences, from outside.

use std::fs;
use std::path::PathBuf;

use chrono::TimeDelta;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;
use crate::house::now;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/desk" }
[[target]]
name = "leads"
file = { folder = "HERE/leads" }
"#;

/// A house with these further lines whose daemon knows a calm month.
fn calm(feed: &Feed, more: &str) -> (House, Daemon) {
    let house = House::new(&format!("{THEME}{}{REST}{more}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    (house, daemon)
}

fn mails(house: &House, folder: &str) -> Vec<PathBuf> {
    files(&house.path(folder), ".eml")
}

/// The event of each mail in a folder.
fn events(house: &House, folder: &str) -> Vec<String> {
    let event = |path: &PathBuf| mail::header(&fs::read_to_string(path).unwrap(), "X-Uproar-Event").unwrap();
    let mut events: Vec<String> = mails(house, folder).iter().map(event).collect();
    events.sort();
    events
}

fn incident(house: &House) -> String {
    house.json(&["incident", "list", "--all", "--json"])[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn routes_add_targets_and_a_thread_goes_on_where_it_began() {
    let routes = r#"
[[target]]
name = "boss"
file = { folder = "HERE/boss" }
[[target]]
name = "weekly"
file = { folder = "HERE/weekly" }
[[route]]
when = { level = "low", theme = ["dark*"], source = ["theatre"] }
to = ["leads"]
[[route]]
when = { kind = ["slow_rise"] }
to = ["weekly"]
[[route]]
to = ["boss"]
after = "7d"
"#;
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed, routes);
    feed.add(spike(0, 40));
    daemon.until("a mail for the leads", || (mails(&house, "leads").len() == 1).then_some(()));
    daemon.until("a mail for the desk", || (mails(&house, "desk").len() == 1).then_some(()));
    let id = incident(&house);

    let explained = house.told(&["route", "--explain", &id]);
    let lines: Vec<String> = explained.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "desk at once watch `evenings` names it in `notify`",
        "leads at once route 1",
        "weekly not route 2: kind is spike, not slow rise",
        "boss after 7 d route 3, unless somebody acknowledges it within 7 d",
    ] {
        assert!(lines.iter().any(|told| told == line), "no `{line}` in\n{explained}");
    }
    assert!(lines.iter().any(|line| line.starts_with("leads - opened delivered ")), "{explained}");

    // The route is gone; whoever was told of the beginning is told of the end.
    house.configure(&format!("{THEME}{}{REST}", feed.source()));
    daemon.signal("HUP");
    daemon.says("1 watch, 2 targets");
    house.told(&["incident", "resolve", &id]);
    daemon.until("the end for the leads", || (events(&house, "leads") == ["opened", "resolved"]).then_some(()));
    assert_eq!(mails(&house, "boss").len() + mails(&house, "weekly").len(), 0);
    daemon.stop();
}

#[test]
fn whoever_a_rise_of_the_level_adds_is_told_that_it_opened() {
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed, "[[route]]\nwhen = { level = \"critical\" }\nto = [\"leads\"]\n");
    feed.add(spike(0, 6));
    daemon.until("a mail for the desk", || (mails(&house, "desk").len() == 1).then_some(()));
    daemon.has_judged();
    assert!(mails(&house, "leads").is_empty(), "{}", daemon.log());
    feed.add(spike(6, 40));
    daemon.until("a mail for the leads", || (events(&house, "leads") == ["opened"]).then_some(()));
    daemon.until("how it goes on for the desk", || (events(&house, "desk") == ["opened", "worse"]).then_some(()));
    house.told(&["incident", "resolve", &incident(&house)]);
    for (folder, all) in [("leads", &["opened", "resolved"][..]), ("desk", &["opened", "resolved", "worse"])] {
        daemon.until("the end", || (events(&house, folder) == all).then_some(()));
    }
    let threads = mails(&house, "leads").iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>();
    let beginning = threads.iter().find_map(|mail| mail::header(mail, "References").map(|_| mail::header(mail, "In-Reply-To").unwrap()));
    assert!(threads.iter().any(|mail| mail::header(mail, "Message-ID") == beginning), "the end answers the beginning that the leads had");
    daemon.stop();
}

#[test]
fn a_silence_holds_notices_back_and_lets_them_go_when_it_ends() {
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed, "");
    let wrong = house.run(&["silence", "add", "--watch", "evening", "--for", "2h", "--comment", "new lamps"]);
    assert_eq!((wrong.code, wrong.err.trim()), (2, "uproar: there is no watch `evening`; did you mean `evenings`?"));
    for (arguments, why) in [
        (&["--for", "2h", "--comment", "x"][..], "say what to hold back"),
        (&["--watch", "*", "--for", "31d", "--comment", "x"], "30d at most"),
        (&["--watch", "*", "--for", "soon", "--comment", "x"], "no length"),
        (&["--watch", "*", "--until", "2020-01-01", "--comment", "x"], "would be over"),
        (&["--watch", "*", "--for", "2h", "--comment", " "], "1 to 200 characters"),
        (&["--watch", "*", "--level", "hihg", "--for", "2h", "--comment", "x"], "did you mean `high`?"),
    ] {
        let ran = house.run(&[&["silence", "add"], arguments].concat());
        assert!(ran.code == 2 && ran.err.contains(why), "{arguments:?}: {}", ran.err);
    }
    let made = house.told(&["silence", "add", "--watch", "even*", "--for", "2h", "--comment", "new lamps"]);
    assert!(made.starts_with("silence 1: watch even*\nfrom "), "{made}");

    feed.add(spike(0, 40));
    daemon.until("an incident", || (house.json(&["incident", "list", "--json"]).as_array().unwrap().len() == 1).then_some(()));
    daemon.has_judged();
    assert!(mails(&house, "desk").is_empty(), "{}", daemon.log());
    let id = incident(&house);
    let explained = house.told(&["route", "--explain", &id]);
    assert!(explained.contains("held back by silence 1") && explained.contains("new lamps"), "{explained}");
    let listed = house.json(&["silence", "list", "--json"]);
    assert_eq!((&listed[0]["what"], &listed[0]["comment"]), (&"watch even*".into(), &"new lamps".into()));

    let ended = house.told(&["silence", "end", "1"]);
    assert!(ended.starts_with("silence 1 is over"), "{ended}");
    // The daemon sees it at its next look, which a poll that brings something begins.
    feed.add(spike(40, 1));
    daemon.until("the mail", || (events(&house, "desk") == ["opened"]).then_some(()));
    assert_eq!(house.run(&["silence", "end", "1"]).code, 2);
    assert_eq!(house.told(&["silence", "list"]), "there is no silence; `uproar silence add` makes one\n");
    assert!(house.told(&["silence", "list", "--all"]).contains("over"));
    daemon.stop();
}

#[test]
fn quiet_hours_wait_for_their_end() {
    let time = |hours: i64| (now() + TimeDelta::hours(hours)).format("%H:%M").to_string();
    let night = format!(
        "[[target]]\nname = \"night\"\nfile = {{ folder = \"HERE/night\" }}\nquiet = {{ from = \"{}\", until = \"{}\", time_zone = \"UTC\" }}\n\
         [[route]]\nto = [\"night\"]\n",
        time(-2),
        time(3)
    );
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed, &night);
    let until = format!("{} UTC", time(3));
    let explained = |level: &str| {
        let told = house.json(&["route", "--explain", "--watch", "evenings", "--level", level, "--json"]);
        let line = told["targets"].as_array().unwrap().iter().find(|line| line["target"] == "night").unwrap().clone();
        (line["sent"].as_str().unwrap().to_owned(), line["why"].as_str().unwrap().to_owned())
    };
    let (sent, why) = explained("high");
    assert!(sent.ends_with(&until) && why == "route 1; quiet hours until then", "{sent}: {why}");
    assert_eq!(explained("critical"), ("at once".to_owned(), "route 1".to_owned()));

    feed.add(spike(0, 6));
    daemon.until("a mail for the desk", || (mails(&house, "desk").len() == 1).then_some(()));
    daemon.has_judged();
    let explained = house.told(&["route", "--explain", &incident(&house)]);
    let queued = explained.lines().find(|line| line.starts_with("night") && line.contains("queued"));
    assert!(queued.is_some_and(|line| line.trim_end().ends_with(&until)), "{explained}");
    assert!(mails(&house, "night").is_empty());
    daemon.stop();
}
