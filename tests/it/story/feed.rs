//! A feed comes in, a mail falls into a folder.

use std::fs;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::rss;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;

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

#[test]
fn a_spike_in_a_feed_becomes_one_mail_and_its_history_none() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.is_ready();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "history is told to nobody\n{}", daemon.log());
    daemon.until("an answer that nothing changed", || (feed.unchanged() > 0).then_some(()));

    feed.add(spike(0, 40));
    let mails = daemon.until("a mail", || Some(files(&house.path("mails"), ".eml")).filter(|mails| !mails.is_empty()));
    let mail = fs::read_to_string(&mails[0]).unwrap();
    assert_eq!(mail::header(&mail, "Subject").unwrap(), "[Uproar] dark stage - evenings");
    assert_eq!(mail::header(&mail, "X-Uproar-Event").unwrap(), "opened");
    let text = mail::text(&mail);
    for words in ["40 complaints about \"dark stage\"", "WHAT PEOPLE SAY", "could not see a single face"] {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }

    feed.edit("loud-", ", and it was cold");
    feed.edit("calm-", ", and the stage was dark");
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"edited\"}", 500.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 1, "edits are told to nobody\n{}", daemon.log());
    let incidents = house.json(&["incident", "list", "--all", "--json"]);
    assert_eq!(incidents.as_array().unwrap().len(), 1, "{incidents}");
    assert_eq!((&incidents[0]["theme"], &incidents[0]["state"]), (&"dark_stage".into(), &"open".into()));
    daemon.stop();
}

#[test]
fn one_round_over_a_file_teaches_and_the_next_one_tells() {
    let mut posts = calm_month();
    let house =
        House::new(&format!("{THEME}{REST}[[source]]\nname = \"theatre\"\nevery = \"1h\"\nfeed = {{ file = \"HERE/reviews.xml\" }}\n"));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "460 new items, 0 notices, 0 deliveries failed\n");
    assert_eq!(house.told(&["run", "--once"]), "0 new items, 0 notices, 0 deliveries failed\n");

    posts.extend(spike(0, 40));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "40 new items, 1 notice, 0 deliveries failed\n");
    assert_eq!(house.told(&["run", "--once"]), "0 new items, 0 notices, 0 deliveries failed\n");
    assert_eq!(files(&house.path("mails"), ".eml").len(), 1);
}

#[test]
fn a_first_poll_that_meets_a_spike_is_history_all_the_same() {
    let mut posts = calm_month();
    posts.extend(spike(0, 40));
    let house =
        House::new(&format!("{THEME}{REST}[[source]]\nname = \"theatre\"\nevery = \"1h\"\nfeed = {{ file = \"HERE/reviews.xml\" }}\n"));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "500 new items, 0 notices, 0 deliveries failed\n");
    assert_eq!(house.json(&["incident", "list", "--all", "--json"]), serde_json::json!([]));
}

#[test]
fn what_happened_while_the_site_was_down_is_told_when_it_is_back() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.be_down(true);
    daemon.counts("uproar_source_polls_total{source=\"theatre\",result=\"error\"}", 2.0);
    assert_eq!(daemon.log().matches("503").count(), 1, "an error is told once, not at every try\n{}", daemon.log());
    let status = house.run(&["status"]);
    assert_eq!(status.code, 1, "{}", status.out);
    assert!(status.out.contains("503"), "{}", status.out);
    assert_eq!(daemon.page("/readyz").0, 200, "a site that is down is no illness of ours");

    feed.add(spike(0, 40));
    feed.be_down(false);
    daemon.until("a mail", || (files(&house.path("mails"), ".eml").len() == 1).then_some(()));
    daemon.says("source `theatre` works again");
    assert_eq!(house.run(&["status"]).code, 0);
    daemon.stop();
}

#[test]
fn what_happened_while_the_daemon_was_down_is_told_at_its_start() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    daemon.stop();
    feed.add(spike(0, 40));
    let daemon = house.start();
    daemon.until("a mail", || (files(&house.path("mails"), ".eml").len() == 1).then_some(()));
    daemon.kill();
    let daemon = house.start();
    daemon.counts("uproar_source_polls_total{source=\"theatre\",result=\"not_modified\"}", 1.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 1, "a restart tells nothing again");
    daemon.stop();
}
