//! Answers to a survey get worse.

use std::fs;

use chrono::SecondsFormat;
use chrono::TimeDelta;

use crate::house::House;
use crate::house::files;
use crate::house::now;

const CONFIG: &str = r#"
builtin_themes = false
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[fetch]
settle = "0s"
[[source]]
name = "survey"
every = "1s"
[source.file]
folder = "HERE/drop"
pattern = "*.csv"
columns = { id = "Answer", date = "Given", text = ["Why?"], rating = "Satisfied", rating_max = 5 }
[[watch]]
name = "answers"
measures = ["csat", "rating"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

fn csv(rows: impl Iterator<Item = (usize, i64, u8)>) -> String {
    let line = |(id, minutes, stars): (usize, i64, u8)| {
        let at = (now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{id},{at},{stars},because of number {id}\n")
    };
    format!("Answer,Given,Satisfied,Why?\n{}", rows.map(line).collect::<String>())
}

#[test]
fn a_day_of_dissatisfied_answers_alerts() {
    let house = House::new(CONFIG);
    // A month of an answer each hour and a half: seven of eight are satisfied.
    let usual = (0..460_usize).map(|n| (n, 29 * 1440 - 90 * n as i64, if n % 8 == 3 { 2 } else { 5 }));
    house.write("drop/month.csv", &csv(usual), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());

    house.write("drop/today.csv", &csv((1000..1040).map(|n| (n, 0, 1))), 0o644);
    let mail = daemon.until("a mail", || files(&house.path("mails"), ".eml").first().map(|path| fs::read_to_string(path).unwrap()));
    assert!(mail.contains("fewer satisfied answers"), "{mail}");
    assert!(mail.contains("0 % of answers satisfied over the last hour, usually 8"), "{mail}");
    assert!(mail.contains("because of number"), "{mail}");
    daemon.stop();
    let incidents = house.json(&["incident", "list", "--json"]);
    assert_eq!((&incidents[0]["theme"], &incidents[0]["kind"]), (&"csat".into(), &"drop".into()));
    let explained = house.told(&["explain", incidents[0]["id"].as_str().unwrap()]);
    assert!(explained.contains("of answers satisfied"), "{explained}");
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
}
