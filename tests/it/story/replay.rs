//! What commands say of a store that a replay has carried ahead of the machine's clock.

use chrono::TimeDelta;
use serde_json::json;

use crate::house::House;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[source]]
name = "theatre"
every = "5m"
replay = { file = "HERE/recording.jsonl", live = "3h", speed = 7200 }
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

/// A calm month, and forty complaints in the last hour of the recording.
fn recording() -> String {
    let late =
        spike(0, 40).into_iter().enumerate().map(|(n, post)| Post { at: post.at - TimeDelta::seconds(3600 - 80 * n as i64), ..post });
    let posts = calm_month().into_iter().chain(late);
    let lines: Vec<String> =
        posts.map(|post| json!({ "id": post.id, "ts": post.at.to_rfc3339(), "text": post.text }).to_string()).collect();
    lines.join("\n")
}

#[test]
fn a_backtest_after_a_replay_judges_all_that_was_played() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("recording.jsonl", &recording(), 0o644);
    let daemon = house.start();
    daemon.until("a mail", || (!files(&house.path("mails"), ".eml").is_empty()).then_some(()));
    daemon.stop();
    let said = house.told(&["backtest", "--json"]);
    assert!(said.contains("\"dark_stage\""), "nothing was found: {said}");
}

#[test]
fn an_export_of_a_name_that_nobody_knows_says_so() {
    let house = House::new(&format!("{THEME}{REST}"));
    for (option, name, known) in [("--theme", "dark_stag", "dark_stage"), ("--source", "theater", "theatre")] {
        let ran = house.run(&["export", option, name]);
        assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
        assert!(ran.err.contains(&format!("`{name}`; the configuration has {known}")), "{}", ran.err);
    }
    assert_eq!(house.run(&["export", "--theme", "dark_stage"]).code, 0);
}
