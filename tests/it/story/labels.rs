//! What people say beside the messages: marks on alerts, and labels that move the budget.

use std::fs;

use chrono::SecondsFormat;
use chrono::TimeDelta;
use serde_json::Value;

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
file = { folder = "HERE/mails" }
"#;

/// A house whose daemon knows a calm month.
fn calm(feed: &Feed) -> (House, Daemon) {
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    (house, daemon)
}

fn mails(house: &House, daemon: &Daemon, count: usize) -> Vec<String> {
    let mails = daemon.until("a mail", || Some(files(&house.path("mails"), ".eml")).filter(|mails| mails.len() == count));
    mails.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A time so many hours ago, as a program writes it.
fn ago(hours: i64) -> String {
    (now() - TimeDelta::hours(hours)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What `explain` says of the theme in the whole at a time.
fn explained(house: &House, at: &str) -> Value {
    let document = house.json(&["explain", "--watch", "evenings", "--at", at, "--json"]);
    document["series"].as_array().unwrap().iter().find(|series| series["segment"] == "all").unwrap().clone()
}

#[test]
fn a_release_that_was_marked_stands_beside_the_chart_of_the_alert() {
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed);
    let said = house.told(&["annotate", "stage lamps replaced", "--at", &ago(4)]);
    assert!(said.starts_with("mark 1: "), "{said}");
    house.told(&["annotate", "for others", "--at", "2h"]);
    house.told(&["annotate", "--remove", "2"]);
    assert_eq!(house.run(&["annotate", "x", "--watch", "evening"]).code, 2);

    feed.add(spike(0, 40));
    let mail = mail::text(&mails(&house, &daemon, 1)[0]);
    for words in ["LAST 48 HOURS, complaints an hour", "a ", "stage lamps replaced, ", " before the rise began"] {
        assert!(mail.contains(words), "no {words:?} in\n{mail}");
    }
    assert!(!mail.contains("for others"), "{mail}");
    let id = house.json(&["incident", "list", "--json"])[0]["id"].as_str().unwrap().to_owned();
    let told = house.told(&["explain", &id]);
    assert!(told.contains("stage lamps replaced") && told.contains("█ complaints an hour"), "{told}");
    daemon.stop();
}

#[test]
fn an_alert_that_is_called_false_raises_the_bar_until_that_is_taken_back() {
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed);
    feed.add(spike(0, 40));
    mails(&house, &daemon, 1);
    let id = house.json(&["incident", "list", "--json"])[0]["id"].as_str().unwrap().to_owned();
    let limit = || explained(&house, &ago(5))["limit"].as_f64().unwrap();
    let before = limit();

    let said = house.told(&["incident", "resolve", &id, "--reason", "false-alarm"]);
    assert!(said.contains("1 alert was called a false alarm: the budget of 4 false alarms a year is used as 3."), "{said}");
    assert!(limit() > before);
    assert!(house.told(&["incident", "show", &id]).contains("is used as 3."));
    mails(&house, &daemon, 2);

    house.told(&["incident", "reopen", &id]);
    assert!((limit() - before).abs() < 1e-9, "a reopen takes the label back");
    house.told(&["incident", "resolve", &id]);
    assert!((limit() - before).abs() < 1e-9);
    let said = house.told(&["incident", "resolve", &id, "--reason", "false-alarm"]);
    assert!(said.contains("counts as a false alarm now"), "an incident that is over can be labelled: {said}");
    assert!(limit() > before);
    daemon.stop();
}

#[test]
fn a_trouble_that_was_missed_lowers_the_bar_and_one_that_was_told_is_refused() {
    let feed = Feed::start(calm_month());
    let (house, daemon) = calm(&feed);
    let (from, to) = (ago(60), ago(50));
    let missed = |watch: &str, from: &str, to: &str| house.run(&["incident", "missed", "--watch", watch, "--from", from, "--to", to]);
    for (watch, from, to, why) in [
        ("evening", &from, &to, "did you mean `evenings`?"),
        ("evenings", &to, &from, "is not after"),
        ("evenings", &ago(-5), &ago(-6), "is still to come"),
    ] {
        let refused = missed(watch, from, to);
        assert!(refused.code == 2 && refused.err.contains(why), "{}", refused.err);
    }
    let before = explained(&house, &to);
    let recorded = missed("evenings", &from, &to);
    assert!(
        recorded.out.contains("1 trouble was reported as missed: the budget of 4 false alarms a year is used as 5.3."),
        "{}",
        recorded.out
    );
    let after = explained(&house, &to);
    assert!(after["limit"].as_f64() < before["limit"].as_f64());
    assert!(after["needed"].as_f64().unwrap() > after["count"].as_f64().unwrap(), "{after}");
    assert!(missed("evenings", &from, &to).err.contains("recorded already"));

    feed.add(spike(0, 40));
    mails(&house, &daemon, 1);
    let id = house.json(&["incident", "list", "--json"])[0]["id"].as_str().unwrap().to_owned();
    let told = missed("evenings", &ago(1), &ago(-1));
    assert!(told.code == 2 && told.err.contains(&id), "{}{}", told.out, told.err);
    let now = explained(&house, &ago(0));
    assert_eq!((&now["loud"], &now["incident"]), (&Value::Bool(true), &Value::String(id)));
    daemon.stop();
}
