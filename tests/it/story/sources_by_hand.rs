//! What engineers do with sources by hand: pause and poll them, rename them, exchange lists of them,
//! and read an export behind an address.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::rss;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::web::Reply;
use crate::house::web::Server;
use crate::story::survey::csv;

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

/// The word for how a source fares.
fn state(house: &House, source: &str) -> String {
    let list = house.json(&["source", "list", "--json"]);
    let row = list.as_array().unwrap().iter().find(|row| row["source"] == source).unwrap();
    row["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_list_of_sources_before_the_first_start_leaves_nothing_behind() {
    let source = "[[source]]\nname = \"theatre\"\nevery = \"1h\"\nfeed = { url = \"https://places.example/stage\" }\n";
    let fetch = "[fetch]\ncontact = \"ops@theatre.example\"\n";
    let house = House::new(&format!("{THEME}{fetch}{source}{REST}"));
    assert_eq!(state(&house, "theatre"), "waiting");
    assert!(!house.path("state").exists(), "the service could not write to what somebody else made");
}

#[test]
fn a_running_daemon_pauses_polls_and_goes_on_as_it_is_told() {
    let asked = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = Arc::clone(&asked);
    let server = Server::start(move |request| {
        counted[usize::from(request.path != "/stage")].fetch_add(1, Ordering::SeqCst);
        Reply { body: rss(&calm_month()), ..Reply::empty(200) }
    });
    let host = server.address();
    let source = |name: &str| format!("[[source]]\nname = \"{name}\"\nevery = \"1s\"\nfeed = {{ url = \"http://{host}/{name}\" }}\n");
    let fetch = format!("[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = [\"{host}\"]\nhost_gap = \"0s\"\n");
    let house = House::new(&format!("{THEME}{fetch}{}{}{REST}", source("stage"), source("foyer")));
    let polls = |which: usize| asked[which].load(Ordering::SeqCst);

    let early = house.run(&["source", "pause", "stage"]);
    assert_eq!(early.code, 0, "{}", early.err);
    assert!(early.err.contains("no daemon runs"), "{}", early.err);
    let daemon = house.start();
    daemon.until("polls of the other one", || (polls(1) >= 3).then_some(()));
    assert_eq!(polls(0), 0, "a daemon keeps to what was asked before its start");
    assert_eq!(state(&house, "stage"), "paused");

    let poll = house.run(&["source", "poll", "stage"]);
    let wanted = "stage: polled at once, or as soon as its host may be asked, and stays paused\n";
    assert_eq!((poll.out.as_str(), poll.err.as_str()), (wanted, ""));
    daemon.until("the poll that was asked for", || (polls(0) == 1).then_some(()));
    let others = polls(1);
    daemon.until("more polls of the other one", || (polls(1) >= others + 5).then_some(()));
    assert_eq!((polls(0), state(&house, "stage")), (1, "paused".to_owned()));

    let resumed = house.told(&["source", "resume", "stage"]);
    assert_eq!(resumed, "stage: goes on, and is polled at once, or as soon as its host may be asked\n");
    daemon.until("polls again", || (polls(0) >= 4).then_some(()));
    assert_eq!(state(&house, "stage"), "ok");

    house.told(&["source", "pause", "--all"]);
    daemon.until("quiet", || {
        let before = (polls(0), polls(1));
        house.told(&["source", "list"]);
        daemon.page("/healthz");
        (before == (polls(0), polls(1)) && state(&house, "foyer") == "paused").then_some(())
    });
    let wrong = house.run(&["source", "poll", "stge"]);
    assert_eq!((wrong.code, wrong.err.as_str()), (2, "uproar: there is no source `stge`; did you mean `stage`?\n"));
    daemon.stop();
}

#[test]
fn a_source_that_is_renamed_keeps_its_history_and_goes_on_alerting() {
    let feed = Feed::start(calm_month());
    let source = feed.source();
    let house = House::new(&format!("{THEME}{source}{REST}"));
    assert_eq!(house.told(&["run", "--once"]), "460 new items, 0 notices, 0 deliveries failed\n");

    let renamed = source.replace("name = \"theatre\"", "name = \"stage\"\nwas = \"theatre\"");
    house.configure(&format!("{THEME}{renamed}{REST}"));
    let daemon = house.start();
    daemon.says("source `stage` was `theatre`");
    daemon.counts("uproar_source_polls_total{source=\"stage\",result=\"not_modified\"}", 1.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "a new name is no news\n{}", daemon.log());
    let items = house.items();
    assert_eq!(items.len(), 460);
    assert!(items.iter().all(|item| item["source"] == "stage"));

    // Once more, in a daemon that goes on running.
    let again = source.replace("name = \"theatre\"", "name = \"boards\"\nwas = [\"theatre\", \"stage\"]");
    house.configure(&format!("{THEME}{again}{REST}"));
    daemon.signal("HUP");
    daemon.says("source `boards` was `stage`");
    feed.add(spike(0, 40));
    daemon.until("a mail", || (files(&house.path("mails"), ".eml").len() == 1).then_some(()));
    assert_eq!(house.items().len(), 500);
    daemon.stop();
    let checked = house.run(&["check", "--recount"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    assert!(checked.out.contains("nothing is stored under `stage` any more"), "{}", checked.out);
}

#[test]
fn names_that_both_hold_messages_stop_the_start_in_words() {
    let feed = Feed::start(calm_month());
    let source = feed.source();
    let house = House::new(&format!("{THEME}{source}{REST}"));
    house.told(&["run", "--once"]);
    house.configure(&format!("{THEME}{}{REST}", source.replace("\"theatre\"", "\"stage\"")));
    house.told(&["run", "--once"]);
    house.configure(&format!("{THEME}{}{REST}", source.replace("name = \"theatre\"", "name = \"stage\"\nwas = \"theatre\"")));
    let refused = house.run(&["run", "--once"]);
    assert_eq!(refused.code, 78, "{}", refused.err);
    assert!(refused.err.contains("messages are stored under `theatre` and under `stage`"), "{}", refused.err);
    let checked = house.run(&["check"]);
    assert_eq!(checked.code, 78);
    assert!(checked.out.contains("error[E0041]"), "{}", checked.out);
}

#[test]
fn a_list_of_feeds_comes_in_and_goes_out() {
    let house = House::new(&format!("{THEME}[fetch]\ncontact = \"ops@theatre.example\"\n{REST}"));
    house.write("conf.d/.keep", "", 0o644);
    let outline = |name: &str| format!("<outline text=\"{name}\" type=\"rss\" xmlUrl=\"https://{name}.example/rss\"/>");
    let list = format!(
        "<opml version=\"2.0\"><body><outline text=\"Stages\">{}{}</outline>{}</body></opml>",
        outline("north"),
        outline("south"),
        outline("east")
    );
    house.write("feeds.opml", &list, 0o644);
    house.told(&["source", "import", "feeds.opml", "--write", "conf.d/feeds.toml"]);
    let checked = house.told(&["check"]);
    assert!(checked.contains("3 sources"), "{checked}");
    let out = house.told(&["source", "export"]);
    house.write("back.opml", &out, 0o644);
    let again = house.run(&["source", "import", "back.opml"]);
    assert_eq!((again.code, again.out.as_str()), (0, ""));
    assert!(again.err.contains("0 sources, 3 there already"), "{}", again.err);
    let table = house.told(&["source", "list"]);
    assert!(table.contains("https://north.example/rss") && table.contains("waiting"), "{table}");
}

#[test]
fn an_export_behind_an_address_adds_what_it_has_grown_by() {
    let month = calm_month();
    let export = Arc::new(Mutex::new((csv(&month, "Old Theatre"), "text/csv")));
    let newest = Arc::clone(&export);
    let server = Server::start(move |_| {
        let (body, kind) = newest.lock().unwrap().clone();
        Reply { status: 200, headers: vec![("content-type", kind.to_owned())], body }
    });
    let host = server.address();
    let source = format!(
        "[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = [\"{host}\"]\nhost_gap = \"0s\"\n\
         [[source]]\nname = \"survey\"\nevery = \"1s\"\n[source.file]\nurl = \"http://{host}/export.csv?x=1\"\n"
    );
    let house = House::new(&format!("{THEME}{source}{REST}"));
    let preview = house.told(&["preview", "survey"]);
    assert!(preview.starts_with("csv: 460 items\n") && preview.contains("from What was not right?"), "{preview}");
    assert!(house.told(&["preview", &format!("http://{host}/"), "--as", "csv"]).starts_with("csv: 460 items\n"));
    assert_eq!(house.told(&["run", "--once"]), "460 new items, 0 notices, 0 deliveries failed\n");
    assert!(house.told(&["run", "--once"]).starts_with("0 new items"));
    *export.lock().unwrap() = (csv(&[month, spike(0, 3)].concat(), "Old Theatre"), "text/html");
    assert!(house.told(&["run", "--once"]).starts_with("3 new items"));

    *export.lock().unwrap() = ("<html><form><input type=\"password\">".to_owned(), "text/csv");
    let login = house.run(&["run", "--once"]);
    assert_eq!(login.code, 69);
    assert!(login.err.contains("source `survey`: not an export: a login page"), "{}", login.err);
    assert_eq!((state(&house, "survey"), house.items().len()), ("failing".to_owned(), 463));
}
