//! What people learn from history before a watch goes live.

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::house::House;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::now;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[[source]]
name = "theatre"
every = "1h"
file = { folder = "HERE/drops" }
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

/// A house whose history is a calm month with forty complaints in its last minutes.
fn with_history() -> House {
    let house = House::new(&format!("{THEME}{REST}"));
    let posts = calm_month().into_iter().chain(spike(0, 40));
    let lines: Vec<String> =
        posts.map(|post| json!({ "id": post.id, "ts": post.at.to_rfc3339(), "text": post.text }).to_string()).collect();
    house.write("month.jsonl", &lines.join("\n"), 0o644);
    house.told(&["import", "month.jsonl", "--source", "theatre"]);
    house
}

fn ago(hours: i64) -> String {
    (now() - TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn known_incidents_are_held_against_what_would_have_been_told() {
    let house = with_history();
    let known = format!("watch,from,to,note\nevenings,{},{},the lamps\nevenings,{},{},never told\n", ago(3), ago(-1), ago(100), ago(90));
    house.write("known.csv", &known, 0o644);
    let told = rows(&house.told(&["backtest", "--json", "--known", "known.csv", "--curve"]));
    let of = |row: &str| told.iter().filter(|value| value["row"] == row).collect::<Vec<_>>();
    assert_eq!((of("incident").len(), of("known").len(), of("summary").len(), of("budget").len()), (1, 2, 1, 9), "{told:?}");
    assert_eq!((&of("incident")[0]["known"], &of("incident")[0]["told"]), (&json!(true), &json!(["desk"])));
    assert_eq!((&of("known")[0]["fate"], &of("known")[1]["fate"]), (&json!("found"), &json!("missed")));
    assert_eq!((&of("summary")[0]["recall"], &of("summary")[0]["false_alarms"]), (&json!(0.5), &json!(0)));

    let said = house.run(&["backtest", "--known", "known.csv", "--curve"]);
    for words in ["evenings / dark_stage / all", "found 1 of 2 (50 %)", "missed evenings: never told", "highest score", "BUDGET", "▲"] {
        assert!(said.out.contains(words), "{words} is not in\n{}", said.out);
    }
    assert!(said.err.contains("500 of 500 messages came with a first poll or an import"), "{}", said.err);
}

#[test]
fn a_wrong_line_of_known_incidents_is_named() {
    let house = with_history();
    house.write("known.csv", "watch,from,to\nevening,2026-01-01,2026-01-02\n", 0o644);
    let ran = house.run(&["backtest", "--known", "known.csv"]);
    assert_eq!(ran.code, 65);
    assert!(
        ran.err.contains("known.csv: 1 mistake") && ran.err.contains("line 2: there is no watch `evening`; did you mean `evenings`?"),
        "{}",
        ran.err
    );
}

#[test]
fn a_page_shows_it_all_without_scripts() {
    let house = with_history();
    let note = "</td><script>alert(1)</script>";
    house.write("known.csv", &format!("watch,theme,from,to,note\nevenings,dark_stage,{},{},{note}\n", ago(3), ago(-1)), 0o644);
    house.told(&["annotate", "new lamps <b>", "--at", "5d"]);
    house.told(&["backtest", "--known", "known.csv", "--curve", "--html", "report.html"]);
    let page = std::fs::read_to_string(house.path("report.html")).unwrap();
    for words in [
        "<!doctype html>",
        "width=device-width",
        "prefers-color-scheme: dark",
        "evenings / dark_stage / all",
        "<svg",
        "new lamps &lt;b&gt;",
        "&lt;script&gt;",
    ] {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
    for words in ["<script", "http://", "src=", "javascript", "{{"] {
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains(words), "{words} is in\n{page}");
    }
    assert_eq!(page.matches("<svg ").count(), 2, "the series and the curve");
}

#[test]
fn another_configuration_is_held_against_this_one() {
    let house = with_history();
    let other = format!("{THEME}{REST}").replace("could* NEAR/2 see", "rain").replace("dark NEAR/4 stage", "snow");
    house.write("other.toml", &other.replace("HERE", house.path("").to_str().unwrap().trim_end_matches('/')), 0o644);
    house.write("known.csv", &format!("watch,from,to\nevenings,{},{}\n", ago(3), ago(-1)), 0o644);
    let ran = house.run(&["backtest", "--against", "other.toml", "--known", "known.csv"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("0 the same, 1 lost (-), 0 gained (+)"), "{}", ran.out);
    assert!(ran.out.contains("before: found 1 of 1 (100 %)") && ran.out.contains("after:  found 0 of 1 (0 %)"), "{}", ran.out);
    assert_eq!(house.run(&["backtest", "--against", "uproar.toml"]).code, 0);
}
