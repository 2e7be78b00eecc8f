//! What customers let slip about themselves stays in the house, on every way out of it.

use std::fs;

use crate::house::House;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::story::survey::csv;

/// What the complaints hold, and nobody outside may read. The card and the account have right check digits.
const SLIPS: [&str; 7] =
    ["Öberg", "asa.oberg@mail.example", "070-123 45 67", "778899", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "58213"];

const REST: &str = r#"
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
columns = { id = "Answer", date = "Given", text = ["What was not right?"], rating = "Stars", rating_max = 5, fields = ["house"] }
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

fn config(store: &str) -> String {
    format!("{THEME}[store]\npath = \"HERE/state/uproar.db\"\n{store}{REST}")
}

/// Complaints of people who write more than they should. None of them is a copy of another.
fn open_hearted(count: usize) -> Vec<Post> {
    let told = |post: Post| {
        let text = format!(
            "Hi, my name is Åsa Öberg. {}. Order 778899, it's 58213. Call 070-123 45 67 or write to asa.oberg@mail.example. \
             Card 4111 1111 1111 1111, account DE89 3704 0044 0532 0130 00.",
            post.text
        );
        Post { text, ..post }
    };
    spike(0, count).into_iter().map(told).collect()
}

#[track_caller]
fn is_discreet(what: &str, said: &str) {
    for slip in SLIPS {
        assert!(!said.contains(slip), "{what} tells `{slip}`:\n{said}");
    }
}

#[test]
fn what_customers_let_slip_leaves_by_no_way() {
    let house = House::new(&config(""));
    house.write("drop/2026-10.csv", &csv(&calm_month(), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    let loud = house.write("drop/today.csv", &csv(&open_hearted(40), "Old Theatre"), 0o644);
    let mails = daemon.until("a mail", || Some(files(&house.path("mails"), ".eml")).filter(|mails| !mails.is_empty()));
    let log = daemon.log();
    daemon.stop();

    is_discreet("the log", &log);
    for mail in &mails {
        is_discreet("a mail", &crate::house::mail::text(&fs::read_to_string(mail).unwrap()));
    }
    let id = house.json(&["incident", "list", "--all", "--json"])[0]["id"].as_str().unwrap().to_owned();
    for way in [
        &["export"][..],
        &["export", "--format", "csv"],
        &["explain", &id],
        &["explain", &id, "--json"],
        &["explain", "--item", "loud-003"],
        &["incident", "show", &id],
        &["incident", "list", "--all"],
        &["status"],
        &["preview", loud.to_str().unwrap()],
    ] {
        is_discreet(&way.join(" "), &house.told(way));
    }
    let raw = house.told(&["export", "--raw"]);
    assert!(SLIPS.iter().all(|slip| raw.contains(slip)), "the operator may take the originals along");
}

#[test]
fn texts_that_are_stored_redacted_keep_their_themes_and_nothing_else() {
    let house = House::new(&config("redact = true\n"));
    let file = house.write("answers.csv", &csv(&open_hearted(3), "Old Theatre"), 0o644);
    house.told(&["import", file.to_str().unwrap(), "--source", "survey"]);
    let raw = house.told(&["export", "--raw"]);
    is_discreet("export --raw", &raw);
    assert_eq!(raw.lines().filter(|line| line.contains(r#""labels":["dark_stage"]"#)).count(), 3, "{raw}");
    let why = house.told(&["explain", "--item", "loud-000"]);
    assert!(why.contains(r#""stage", "dark""#) || why.contains(r#""dark""#), "spans moved with their words: {why}");
    let stored = files(&house.path("state"), "");
    assert!(!stored.is_empty());
    for file in stored {
        let bytes = fs::read(&file).unwrap();
        let holds = |slip: &str| bytes.windows(slip.len()).any(|window| window == slip.as_bytes());
        assert!(!SLIPS.iter().any(|slip| holds(slip)), "{} holds what was to go", file.display());
    }
}
