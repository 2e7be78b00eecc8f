//! Links in alerts: whoever has the mail looks, acts and takes it back, without a login.

use std::net::SocketAddr;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;
use crate::house::web;

const REST: &str = r#"
base_url = "https://uproar.theatre.example"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
pages = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

/// The configuration: what is at its top must come first.
fn config(feed: &Feed) -> String {
    let (top, rest) = REST.split_once("[store]").unwrap();
    format!("{top}{THEME}{}[store]{rest}", feed.source())
}

/// Where the pages are.
fn pages(daemon: &Daemon) -> SocketAddr {
    let address = || daemon.log().split_once("the pages of alerts at http://")?.1.split('/').next()?.parse().ok();
    daemon.until("the address of the pages", address)
}

/// What a form sends when a button is pressed.
fn pressed(page: &str, button: &str) -> String {
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} on {page}"));
        rest.split('"').next().unwrap().to_owned()
    };
    assert!(page.contains(&format!("value=\"{button}\"")), "no {button} on {page}");
    format!("nonce={}&seen={}&at={}&do={button}", value("nonce"), value("seen"), value("at"))
}

/// As a browser reads it.
fn shown(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn whoever_has_the_mail_looks_acts_and_takes_it_back() {
    let feed = Feed::start(calm_month());
    let house = House::new(&config(&feed));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    let path = daemon.until("a mail", || files(&house.path("mails"), ".eml").pop());
    let list = || house.json(&["incident", "list", "--all", "--json"]);
    let state = || list()[0]["state"].as_str().unwrap().to_owned();
    let id = list()[0]["id"].as_str().unwrap().to_owned();

    let text = mail::text(&std::fs::read_to_string(path).unwrap());
    let (_, rest) = text.split_once(&format!("https://uproar.theatre.example/i/{id}?k=")).unwrap_or_else(|| panic!("no link in {text}"));
    let ticket = rest.split_whitespace().next().unwrap().to_owned();
    let address = pages(&daemon);
    let get = |path: &str| web::get(address, path).unwrap();
    let acts = format!("/a/{id}/{ticket}");

    // A scanner opens every link, and presses nothing.
    let (status, whole) = get(&format!("/i/{id}?k={ticket}"));
    assert_eq!(status, 200, "{whole}");
    assert!(whole.contains("<svg") && whole.contains("dark stage") && whole.contains("Record"), "{whole}");
    let (_, page) = get(&acts);
    assert_eq!(web::ask(address, "POST", &acts, "do=ack").unwrap().0, 200);
    assert_eq!(web::ask(address, "HEAD", &acts, "").unwrap().0, 200);
    assert_eq!(state(), "open", "looking changes nothing");

    // A quote leads to the whole message, under a ticket of its own.
    let quote = shown(&whole).split_once("../q/").unwrap().1.split('"').next().unwrap().to_owned();
    let (status, message) = get(&format!("/q/{quote}"));
    assert_eq!(status, 200, "{message}");
    assert!(message.contains("theatre") && message.contains("dark stage"), "{message}");
    let item = quote.split('?').next().unwrap();
    assert_eq!(get(&format!("/q/{item}?k={ticket}")).0, 404, "that of the incident opens no message");

    // A person presses a button, twice.
    let form = pressed(&page, "ack");
    for _ in 0..2 {
        assert_eq!(web::ask(address, "POST", &acts, &form).unwrap().0, 303);
        assert_eq!(state(), "acknowledged");
    }
    let record = house.told(&["incident", "show", &id]);
    assert_eq!(record.matches("acknowledged (link sent to ").count(), 1, "{record}");
    let (_, page) = get(&acts);
    assert_eq!(web::ask(address, "POST", &acts, &pressed(&page, "undo")).unwrap().0, 303);
    assert_eq!(state(), "open");

    // The command line and the page see the same.
    house.told(&["incident", "snooze", &id, "2h"]);
    let (_, page) = get(&acts);
    assert!(page.contains("Quiet until"), "{page}");
    assert_eq!(web::ask(address, "POST", &acts, &pressed(&page, "false-alarm")).unwrap().0, 303);
    assert_eq!(state(), "resolved");
    daemon.until("a mail that it is over", || (files(&house.path("mails"), ".eml").len() == 2).then_some(()));
    let precision = house.json(&["status", "--json"])["precision"][0].clone();
    assert_eq!((&precision["watch"], &precision["told"], &precision["called_false"]), (&"evenings".into(), &1.into(), &1.into()));
    let (_, tune) = get(&format!("/i/{id}/tune?k={ticket}"));
    assert!(tune.contains("1 alert, called false") && tune.contains("min_complaints"), "{tune}");

    // Metrics are at the other door, and the pages are not.
    assert_eq!(get("/metrics").0, 404);
    assert_eq!(daemon.page(&acts).0, 404);
    assert!(!daemon.log().contains(&ticket), "whoever reads the log could act");
    daemon.stop();

    let daemon = house.start();
    let address = pages(&daemon);
    assert_eq!(daemon.until("the page again", || web::get(address, &acts)).0, 200, "a restart ends no link");
    assert_eq!(web::get(address, &format!("/a/{id}/x")).unwrap().0, 404);
    daemon.stop();
}
