//! The daemon is killed at bad moments. Nothing may be lost, and nothing told twice under two names.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::hook::Hook;
use crate::smtpd::Door;
use crate::smtpd::Smtpd;

/// 30 bytes in base64, made for this story.
const KEY: &str = "whsec_c2lnbmVkLXNpZ25lZC1zaWduZWQtc2lnbmVkIQ==";
const KILLS: usize = 20;

/// Moments that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's multiplier for a linear congruence; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn house(feed: &Feed, server: &Smtpd, hook: &Hook) -> House {
    let config = format!(
        r#"{THEME}{}
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk", "program"]
[[target]]
name = "desk"
[target.email]
to = ["desk@theatre.example"]
from = "Uproar <uproar@theatre.example>"
smtp = "{}"
tls = "none"
[[target]]
name = "program"
[target.webhook]
url = "http://{}/alerts"
key = {{ env = "STORY_KEY" }}
"#,
        feed.source_beside(&[hook.host()]),
        server.address(),
        hook.host()
    );
    House::new(&config).with_variable("STORY_KEY", KEY)
}

#[test]
fn twenty_kills_lose_nothing_and_double_nothing() {
    let (feed, server, hook) = (Feed::start(calm_month()), Smtpd::start(Door::Open), Hook::start(KEY));
    let house = house(&feed, &server, &hook);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    daemon.kill();

    let mut dice = Dice(7);
    for turn in 0..KILLS {
        let daemon = house.start();
        feed.add(spike(turn * 5, 2));
        // The moment of the kill is what the story is about, so it is a duration: from within the
        // start to well after a poll, a look and a delivery.
        thread::sleep(Duration::from_millis(dice.roll(1_500)));
        feed.add(spike(turn * 5 + 2, 3));
        thread::sleep(Duration::from_millis(dice.roll(60)));
        daemon.kill();
    }

    let daemon = house.start();
    let mut offered = feed.ids();
    daemon.until("everything served is stored", || (house.items().len() >= offered.len()).then_some(()));
    daemon.until("a mail and a document", || (!server.mails().is_empty() && !hook.received().is_empty()).then_some(()));
    for target in ["desk", "program"] {
        for state in ["queued", "leased"] {
            let row = format!("uproar_outbox_rows{{target=\"{target}\",state=\"{state}\"}}");
            daemon.until(&row, || (daemon.metric(&row) == Some(0.0)).then_some(()));
        }
    }
    daemon.has_judged();

    let mut stored: Vec<String> = house.items().iter().map(|item| item["external_id"].as_str().unwrap().to_owned()).collect();
    stored.sort();
    offered.sort();
    assert_eq!(stored, offered, "every message is stored once");
    let recounted = house.run(&["check", "--recount"]);
    assert_eq!(recounted.code, 0, "the counters hold what the messages give\n{}{}", recounted.out, recounted.err);

    let incidents = house.json(&["incident", "list", "--all", "--json"]);
    let incidents: Vec<&str> = incidents.as_array().unwrap().iter().map(|incident| incident["id"].as_str().unwrap()).collect();
    assert_eq!(incidents.len(), 1, "one trouble, one incident: {incidents:?}");
    assert_one_name_each(&incidents, mails(&server), "mail");
    assert_one_name_each(&incidents, documents(&hook), "document");
    daemon.stop();
}

/// Names under which each opening was told, by incident.
type Openings = BTreeMap<String, Vec<String>>;

fn mails(server: &Smtpd) -> Openings {
    let mut openings = Openings::new();
    for mail in server.mails() {
        let header = |name: &str| mail.header(name).unwrap_or_else(|| panic!("no {name} in\n{}", mail.text));
        if header("X-Uproar-Event") == "opened" {
            openings.entry(header("X-Uproar-Incident")).or_default().push(header("Message-ID"));
        }
    }
    openings
}

fn documents(hook: &Hook) -> Openings {
    let mut openings = Openings::new();
    for received in hook.received() {
        if received.document["type"] == "incident.opened" {
            openings.entry(received.document["data"]["incident_id"].as_str().unwrap().to_owned()).or_default().push(received.id);
        }
    }
    openings
}

/// A repeat is allowed where a kill came between sending and recording, and has the same name.
fn assert_one_name_each(incidents: &[&str], openings: Openings, what: &str) {
    assert_eq!(openings.keys().map(String::as_str).collect::<Vec<_>>(), incidents, "each was told by {what}");
    for (incident, mut names) in openings {
        names.dedup();
        assert_eq!(names.len(), 1, "{what} of {incident}: {names:?}");
    }
}
