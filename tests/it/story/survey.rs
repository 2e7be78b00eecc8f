//! Exports of a survey tool fall into a watched folder.

use chrono::SecondsFormat;

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
by = ["house"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

pub(crate) fn csv(posts: &[Post], house: &str) -> String {
    let line = |post: &Post| {
        format!("{},{},2,\"{}\",{house}\n", post.id, post.at.to_rfc3339_opts(SecondsFormat::Secs, true), post.text.replace('"', "\"\""))
    };
    let lines: String = posts.iter().map(line).collect();
    format!("Answer,Given,Stars,What was not right?,House\n{lines}")
}

#[test]
fn a_dropped_export_alerts_once_however_often_it_is_dropped() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("drop/2026-10.csv", &csv(&calm_month(), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());

    let loud = csv(&spike(0, 40), "Old Theatre");
    house.write("drop/today.csv", &loud, 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"new\"}", 500.0);
    let told = daemon.until("a mail", || Some(files(&house.path("mails"), ".eml").len()).filter(|mails| *mails > 0));
    daemon.has_judged();
    let incidents = house.json(&["incident", "list", "--all", "--json"]).as_array().unwrap().len();

    house.write("drop/today (1).csv", &loud, 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"duplicate\"}", 40.0);
    daemon.has_judged();
    assert_eq!(house.items().len(), 500);
    assert_eq!(house.json(&["incident", "list", "--all", "--json"]).as_array().unwrap().len(), incidents);
    assert!(files(&house.path("mails"), ".eml").len() == incidents && told <= incidents, "one mail an incident\n{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_broken_export_is_told_in_the_log_and_harms_nothing() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("drop/a.csv", &csv(&spike(0, 3), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 3.0);
    house.write("drop/b.csv", "\u{0}\u{1}\u{2} this is no table", 0o644);
    house.write("drop/c.csv", &csv(&spike(3, 2), "Old Theatre"), 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"new\"}", 5.0);
    daemon.until("a word about it", || daemon.log().contains("b.csv").then_some(()));
    assert_eq!(house.items().len(), 5);
    daemon.stop();
}

#[test]
fn a_label_that_a_watch_asks_for_later_has_its_history_and_alerts_nobody() {
    let without = REST.replace("by = [\"house\"]\n", "");
    let house = House::new(&format!("{THEME}{without}"));
    house.write("drop/a.csv", &csv(&calm_month(), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    daemon.stop();

    house.configure(&format!("{THEME}{}", REST.replace("by = [\"house\"]", "by = [\"house\", \"wing\"]")));
    let daemon = house.start();
    daemon.says("segments by house, wing were built from 460 stored messages");
    daemon.has_judged();
    let status = house.run(&["status"]);
    assert!(status.out.contains("split by `wing`, and no message has that label"), "{}", status.out);
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());

    house.write("drop/b.csv", &csv(&spike(0, 40), "Old Theatre"), 0o644);
    daemon.until("a mail", || (!files(&house.path("mails"), ".eml").is_empty()).then_some(()));
    daemon.stop();
}
