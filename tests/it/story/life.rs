//! How a daemon lives: its pages, its end, and that there is one of it.

use std::os::unix::net::UnixDatagram;
use std::thread;

use uproar::web::board;

use crate::house::House;
use crate::house::PATIENCE;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::web::Reply;
use crate::house::web::Server;

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
fn pages_tell_of_health_and_every_metric_is_there() {
    let feed = Feed::start(calm_month());
    let push =
        "[[source]]\nname = \"kettles\"\nwebhook = { path = \"/in/kettles\", format = \"standard\", secret = { file = \"HERE/key\" } }\n";
    let house = House::new(&format!("{THEME}{}{push}{REST}", feed.source()));
    house.write("key", &format!("whsec_{}", "QUJD".repeat(8)), 0o600);
    let daemon = house.start();
    daemon.is_ready();
    let (status, health) = daemon.page("/healthz");
    let health: serde_json::Value = serde_json::from_str(&health).unwrap();
    assert_eq!((status, &health["status"]), (200, &"ok".into()));
    assert_eq!(health["checks"].as_array().unwrap().len(), 3, "{health}");
    assert_eq!(daemon.page("/elsewhere").0, 404);

    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    daemon.counts("uproar_deliveries_total{target=\"desk\",result=\"delivered\"}", 1.0);
    daemon.has_judged();
    let (_, text) = daemon.page("/metrics");
    for metric in board::ALL {
        let told = text
            .lines()
            .any(|line| line.starts_with(metric.name) && line.as_bytes().get(metric.name.len()).is_some_and(|next| b" {".contains(next)));
        assert!(told, "no value of {}\n{text}", metric.name);
        assert!(text.contains(&format!("# TYPE {} {}\n", metric.name, metric.kind)), "{}\n{text}", metric.name);
    }
    let open: f64 = text.lines().filter(|line| line.starts_with("uproar_incidents{state=\"open\"")).filter_map(value).sum();
    assert!((open - 1.0).abs() < f64::EPSILON, "{text}");
    for name in ["dark_stage", "evenings"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("loud-"), "no message ever becomes a label");
    daemon.stop();
}

fn value(line: &str) -> Option<f64> {
    line.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn every_metric_of_the_readme_is_there() {
    let readme = include_str!("../../../README.md");
    let named = readme.split("`uproar_").skip(1).map(|rest| rest.split(['`', '{']).next().unwrap());
    let strangers: Vec<&str> =
        named.filter(|name| !board::ALL.iter().any(|metric| metric.name.strip_prefix("uproar_") == Some(name))).collect();
    assert_eq!(strangers, Vec::<&str>::new(), "in the README, not in the daemon");
}

#[test]
fn a_stop_ends_well_also_while_a_source_hangs() {
    let silent = Server::start(|_| {
        thread::park();
        Reply::empty(500)
    });
    let source = format!(
        "[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = [\"{0}\"]\nhost_gap = \"0s\"\n\
         [[source]]\nname = \"theatre\"\nevery = \"1s\"\nfeed = {{ url = \"http://{0}/\" }}\n",
        silent.address()
    );
    let house = House::new(&format!("{THEME}{source}{REST}"));
    let daemon = house.start();
    daemon.is_ready();
    daemon.signal("TERM");
    let status = daemon.ends();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());
    assert!(daemon.log().contains("stopping"));
}

#[test]
fn a_second_daemon_on_one_store_is_told_who_has_it() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.is_ready();
    for second in [&["run"][..], &["run", "--once"]] {
        let ran = house.run(second);
        assert_eq!(ran.code, 75, "{}", ran.err);
        assert!(ran.err.contains(&format!("(process {})", daemon.pid())), "{}", ran.err);
    }
    daemon.kill();
    // The lock goes with the process, however it ended.
    house.start().is_ready();
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = Server::start(|_| Reply::empty(200));
    let feed = Feed::start(Vec::new());
    let rest = REST.replace("127.0.0.1:0", &taken.address().to_string());
    let house = House::new(&format!("{THEME}{}{rest}", feed.source()));
    let ran = house.run(&["run"]);
    assert_eq!(ran.code, 74, "{}", ran.err);
    assert!(ran.err.contains(&taken.address().to_string()), "{}", ran.err);
}

#[test]
fn what_people_do_about_an_incident_holds_while_the_daemon_runs() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    daemon.until("a mail", || (files(&house.path("mails"), ".eml").len() == 1).then_some(()));
    let list = house.json(&["incident", "list", "--json"]);
    let id = list[0]["id"].as_str().unwrap();

    house.told(&["incident", "ack", id]);
    let state = || house.json(&["incident", "list", "--all", "--json"])[0]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "acknowledged");
    feed.add(spike(40, 3));
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"new\"}", 503.0);
    daemon.has_judged();
    assert_eq!(state(), "acknowledged", "the daemon sees it at its next look");

    house.told(&["incident", "resolve", id, "--reason", "fixed"]);
    daemon.until("a mail that it is over", || (files(&house.path("mails"), ".eml").len() == 2).then_some(()));
    assert_eq!(state(), "resolved");
    assert!(house.told(&["explain", id]).contains("dark_stage"));
    assert_eq!(house.run(&["incident", "ack", "i-nobody"]).code, 2);
    daemon.stop();
}

#[test]
fn counters_hold_what_the_messages_give_also_after_edits() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 20));
    feed.edit("calm-1", ", and the stage was dark");
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"edited\"}", 100.0);
    let recounted = || house.run(&["check", "--recount"]);
    let running = recounted();
    assert_eq!(running.code, 0, "{}{}", running.out, running.err);
    daemon.kill();
    let killed = recounted();
    assert_eq!(killed.code, 0, "{}{}", killed.out, killed.err);
    let online = house.run(&["check", "--online"]);
    assert_eq!(online.code, 0, "{}{}", online.out, online.err);
    drop(feed);
    let online = house.run(&["check", "--online"]);
    assert_eq!(online.code, 1, "{}{}", online.out, online.err);
    assert!(online.err.contains("theatre"), "{}", online.err);
}

#[test]
fn a_stop_while_the_mail_server_hangs_ends_well_and_loses_nothing() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let feed = Feed::start(calm_month());
    let (from, _) = REST.split_once("file = ").unwrap();
    let email = |address: &str| {
        format!("{from}email = {{ to = [\"a@theatre.example\"], from = \"b@theatre.example\", smtp = \"{address}\", tls = \"none\" }}\n")
    };
    let house = House::new(&format!("{THEME}{}{}", feed.source(), email(&mute.local_addr().unwrap().to_string())));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    // It takes the connection and never says a word.
    let connection = mute.accept().unwrap();
    daemon.stop();
    drop(connection);
    let waiting = house.json(&["status", "--json"]);
    assert!(waiting.to_string().contains("\"leased\"") || waiting.to_string().contains("\"queued\""), "{waiting}");

    house.configure(&format!("{THEME}{}{REST}", feed.source()));
    house.start().until("the mail, by another channel", || (files(&house.path("mails"), ".eml").len() == 1).then_some(()));
}

#[test]
fn the_service_manager_is_told_of_start_reload_and_stop() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let path = house.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = |word: &str| {
        let mut bytes = [0; 4096];
        loop {
            let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("no {word}: {error}"));
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if text.lines().any(|line| line == word) {
                return text;
            }
        }
    };
    let house = house.with_variable("NOTIFY_SOCKET", path.to_str().unwrap());
    let daemon = house.start();
    let ready = heard("READY=1");
    assert!(ready.contains("STATUS=") && ready.contains("1 source"), "{ready}");
    daemon.signal("HUP");
    let reloading = heard("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    heard("READY=1");
    daemon.signal("TERM");
    heard("STOPPING=1");
    assert_eq!(daemon.ends().code(), Some(0));
}
