//! A little more trouble each week for months.

use std::fs;

use chrono::TimeDelta;
use serde_json::json;

use crate::house::House;
use crate::house::feed::THEME;
use crate::house::files;
use crate::house::now;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[source]]
name = "theatre"
every = "6h"
max_delay = "60d"
replay = { file = "HERE/recording.jsonl", live = "100d", speed = 600000 }
[[watch]]
name = "evenings"
themes = ["dark_stage"]
bucket = "1d"
false_alarms_per_year = 0.001
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

/// Ten months of twelve messages a day, one of them a complaint; then it takes three months to become
/// four of twelve.
fn recording() -> String {
    let begin = now() - TimeDelta::days(400);
    let line = |n: i64| {
        let day = n / 12;
        let complaints = if day < 300 { 1 } else { 1 + (day - 290) / 30 };
        let text = if n % 12 < complaints { format!("dark stage again, visit {n}") } else { format!("a fine evening, visit {n}") };
        json!({ "id": n.to_string(), "ts": (begin + TimeDelta::hours(2 * n)).to_rfc3339(), "text": text }).to_string()
    };
    (0..400 * 12).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_slow_rise_is_told_in_its_own_words() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("recording.jsonl", &recording(), 0o644);
    let daemon = house.start();
    let mail = daemon.until("a mail of a slow rise", || {
        let mails = files(&house.path("mails"), ".eml");
        mails.iter().map(|path| fs::read_to_string(path).unwrap()).find(|mail| mail.contains("slow rise: dark stage"))
    });
    daemon.stop();
    assert!(mail.contains("OPENED - slow rise - ") && mail.contains("Over the last 28 days"), "{mail}");
    assert!(mail.contains("the year before") && !mail.contains("LAST 24 HOURS"), "{mail}");

    let incidents = house.json(&["incident", "list", "--all", "--json"]);
    let slow = incidents.as_array().unwrap().iter().find(|incident| incident["kind"] == "slow rise").cloned().unwrap();
    let id = slow["id"].as_str().unwrap();
    assert!(mail.contains(id), "{mail}");
    let explained = house.told(&["explain", id]);
    assert!(explained.contains("slow rise") && explained.contains("budget: 1 false slow rises a year"), "{explained}");
    let status = house.told(&["status"]);
    assert!(status.contains("LAST 28 DAYS\nevenings: dark_stage: "), "{status}");
    let found = house.told(&["backtest", "--json"]);
    assert!(found.contains("slow rise"), "{found}");
}
