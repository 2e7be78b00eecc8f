//! A mail names where the complaints come from, and in which words.

use std::fs;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::house::House;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;

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

/// A line of the recording. Danes and Swedes write in turns, in a calm month.
fn line(post: &Post, country: &str, version: &str) -> String {
    let lang = if country == "dk" { "da" } else { "sv" };
    json!({ "id": post.id, "ts": post.at.to_rfc3339(), "text": post.text, "lang": lang, "country": country, "version": version })
        .to_string()
}

/// A calm month, and in the last hour forty complaints: most from Denmark, since the new lamps.
fn recording() -> String {
    let calm = calm_month().into_iter().enumerate().map(|(n, post)| line(&post, ["se", "se", "dk"][n % 3], "4.1"));
    let late = spike(0, 40).into_iter().enumerate().map(|(n, post)| {
        let danish = n % 8 != 0;
        let lamps = if danish { ". Bring the old lamps back, the new lamps are no good" } else { "" };
        let at = post.at - TimeDelta::seconds(3600 - 80 * n as i64);
        let text = format!("{}{lamps}. Yours, my name is Sven Svensson {n}", post.text);
        line(&Post { text, at, ..post }, if danish { "dk" } else { "se" }, "4.1")
    });
    calm.chain(late).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_mail_names_the_driver_and_the_words_that_rose() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("recording.jsonl", &recording(), 0o644);
    let daemon = house.start();
    // The first mail may come when five have complained; a later one knows more.
    let told = |path: &std::path::PathBuf| mail::text(&fs::read_to_string(path).unwrap());
    let text = daemon.until("a mail that names Denmark", || {
        files(&house.path("mails"), ".eml").iter().map(told).find(|text| text.contains("country dk"))
    });
    // What is explained goes on with the incident: an hour that has just begun knows little of it.
    let id = daemon.until("an explanation that names Denmark", || {
        let incidents = house.json(&["incident", "list", "--all", "--json"]);
        let id = incidents[0]["id"].as_str()?.to_owned();
        let explained = house.json(&["explain", &id, "--json"]);
        let is_driver = |share: &Value| share["value"] == json!("dk") && share["role"] == json!("driver");
        explained["breakdown"].as_array()?.iter().any(is_driver).then_some(id)
    });
    daemon.stop();

    let (_, origin) = text.split_once("WHERE IT COMES FROM").unwrap_or_else(|| panic!("{text}"));
    let (origin, rest) = origin.split_once("WORDS THAT ROSE").unwrap_or_else(|| panic!("{text}"));
    let (words, _) = rest.split_once("LAST").unwrap_or_else(|| panic!("{text}"));
    assert!(origin.contains("of excess country dk") && origin.contains("% driver"), "{origin}");
    assert!(origin.contains("language da") && origin.contains("% same as country dk"), "the same people: {origin}");
    assert!(!origin.contains("version 4.1") || !origin.contains("driver version"), "everybody has the version: {origin}");
    assert!(words.contains("lamps") && !words.contains("dark") && !words.contains("Svensson"), "{words}");
    let (_, said) = text.split_once("WHAT PEOPLE SAY").unwrap();
    assert!(said.split("WHERE").next().unwrap().contains("lamps") && !text.contains("Svensson"), "{said}");

    assert!(house.told(&["explain", &id]).contains("WORDS THAT ROSE"), "the terminal tells the same");
}
