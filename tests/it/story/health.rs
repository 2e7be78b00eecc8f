//! How a source fares, from outside: a page that is no feed, a feed that is gone, one that is away and
//! comes back.

use std::sync::Arc;
use std::sync::Mutex;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::Feed;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::rss;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;
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

/// A site that shows what a story sets.
struct Site {
    server: Server,
    shown: Arc<Mutex<Reply>>,
}

impl Site {
    fn start() -> Self {
        let shown = Arc::new(Mutex::new(page(200, &rss(&calm_month()))));
        let answer = Arc::clone(&shown);
        let server = Server::start(move |_| answer.lock().unwrap().clone());
        Self { server, shown }
    }

    fn shows(&self, reply: Reply) {
        *self.shown.lock().unwrap() = reply;
    }

    fn house(&self) -> House {
        self.house_that_reads("1s")
    }

    fn house_that_reads(&self, every: &str) -> House {
        let host = self.server.address();
        let source = format!(
            "[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = [\"{host}\"]\nhost_gap = \"0s\"\n\
             [[source]]\nname = \"theatre\"\nevery = \"{every}\"\nfeed = {{ url = \"http://{host}/reviews.xml\" }}\n"
        );
        House::new(&format!("{THEME}{source}{REST}"))
    }
}

fn page(status: u16, body: &str) -> Reply {
    Reply { status, headers: vec![("content-type", "application/xml".to_owned())], body: body.to_owned() }
}

fn read_all(daemon: &Daemon) {
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
}

/// The row of the source in `status`, which ends with this code.
fn source(house: &House, code: i32) -> serde_json::Value {
    let ran = house.run(&["status", "--json"]);
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["sources"][0].clone()
}

fn mail_about(house: &House, daemon: &Daemon, subject: &str) -> String {
    let found = || {
        let mails = files(&house.path("mails"), ".eml").into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        mails.into_iter().find(|text| mail::header(text, "Subject").is_some_and(|said| said == subject))
    };
    daemon.until(subject, found)
}

#[test]
fn a_login_page_in_place_of_the_feed_is_told_by_its_name_and_when_it_is_over() {
    let site = Site::start();
    let house = site.house();
    let daemon = house.start();
    read_all(&daemon);
    assert_eq!(source(&house, 0)["state"], "ok");
    assert_eq!(daemon.metric("uproar_watch_no_data{watch=\"evenings\"}"), Some(0.0));

    site.shows(page(200, "<html><form action=\"/in\"><input type=\"password\" name=\"p\"></form></html>"));
    let told = mail_about(&house, &daemon, "[Uproar] theatre shows a login page");
    let text = mail::text(&told);
    assert!(text.contains("Blind for it meanwhile: evenings.") && text.contains("uproar preview theatre"), "{text}");
    assert_eq!(mail::header(&told, "X-Uproar-Event").unwrap(), "opened");
    let row = source(&house, 1);
    assert_eq!((&row["state"], &row["trouble"]), (&"failing".into(), &"login".into()), "{row}");
    daemon.counts("uproar_watch_no_data{watch=\"evenings\"}", 1.0);
    daemon.counts("uproar_source_errors{source=\"theatre\"}", 3.0);
    let shown = house.run(&["status"]).out;
    assert!(shown.contains("NO DATA FROM") && shown.contains("theatre fails since"), "{shown}");

    let mut posts = calm_month();
    posts.extend(spike(0, 2));
    site.shows(page(200, &rss(&posts)));
    let over = mail_about(&house, &daemon, "Re: [Uproar] theatre shows a login page");
    let text = mail::text(&over);
    assert!(text.contains("\"theatre\" can be read again."), "{text}");
    assert!(text.contains("of that time came late; "), "{text}");
    daemon.stop();
}

#[test]
fn a_feed_that_is_gone_for_good_is_told_when_that_is_certain() {
    let site = Site::start();
    let house = site.house();
    let daemon = house.start();
    read_all(&daemon);
    site.shows(page(410, ""));
    let told = mail_about(&house, &daemon, "[Uproar] theatre is gone for good");
    assert!(mail::text(&told).contains("uproar source resume theatre"), "{told}");
    let row = source(&house, 1);
    assert_eq!((&row["state"], &row["trouble"]), (&"gone".into(), &"gone".into()), "{row}");
    daemon.stop();
}

#[test]
fn ids_that_change_at_every_poll_are_no_spike_and_told_once() {
    let site = Site::start();
    let house = site.house();
    let daemon = house.start();
    read_all(&daemon);
    for round in 0..2 {
        let renamed: Vec<Post> = calm_month().into_iter().map(|post| Post { id: format!("{round}-{}", post.id), ..post }).collect();
        site.shows(page(200, &rss(&renamed)));
        daemon.until("the state", || (source_state(&house) == "ids_change").then_some(()));
    }
    let told = mail_about(&house, &daemon, "[Uproar] theatre changes its ids at every poll");
    assert!(mail::text(&told).contains("Still watched: evenings."), "{told}");
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 1, "{}", daemon.log());
    assert_eq!(daemon.metric("uproar_watch_no_data{watch=\"evenings\"}"), Some(0.0), "its messages are known by their words");
    daemon.stop();
}

#[test]
fn a_feed_that_is_suddenly_empty_is_not_calm() {
    let site = Site::start();
    let house = site.house_that_reads("4s");
    let daemon = house.start();
    read_all(&daemon);
    let mut posts = calm_month();
    for more in 1..4 {
        posts.extend(spike(more, 1));
        site.shows(page(200, &rss(&posts)));
        daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"new\"}", 460.0 + f64::from(u32::try_from(more).unwrap()));
    }
    site.shows(page(200, &rss(&[])));
    daemon.until("the doubt", || (source_state(&house) == "suspect").then_some(()));
    let status = house.run(&["status"]);
    assert_eq!(status.code, 1, "{}", status.out);
    daemon.stop();
}

#[test]
fn a_short_hiccup_is_told_to_nobody() {
    let site = Site::start();
    let house = site.house();
    let daemon = house.start();
    read_all(&daemon);
    site.shows(page(500, ""));
    daemon.counts("uproar_source_polls_total{source=\"theatre\",result=\"error\"}", 2.0);
    assert_eq!(source(&house, 1)["state"], "failing");
    let posts: Vec<Post> = calm_month();
    site.shows(page(200, &rss(&posts)));
    daemon.until("a good poll", || (source_state(&house) == "ok").then_some(()));
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());
    daemon.stop();
}

fn source_state(house: &House) -> String {
    let out = house.run(&["status", "--json"]).out;
    let status: serde_json::Value = serde_json::from_str(&out).unwrap();
    status["sources"][0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_looks_before_the_first_start_leaves_nothing_behind() {
    let feed = Feed::start(calm_month());
    let house = House::new(&format!("{THEME}{}{REST}", feed.source()));
    let said = house.told(&["status"]);
    assert!(said.contains("nothing stored yet") && said.contains("theatre  waiting"), "{said}");
    assert!(!house.path("state").exists(), "the service could not write to what somebody else made");
    let daemon = house.start();
    read_all(&daemon);
    let row = source(&house, 0);
    assert_eq!(row["state"], "ok");
    daemon.stop();
}
