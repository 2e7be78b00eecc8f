//! Secrets stay where they are: nothing that Uproar prints ever holds one.

use std::fs;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::web::Reply;
use crate::house::web::Server;

const PASSWORD: &str = "open-sesame-1001";
const TOKEN: &str = "path-token-4711";
/// 32 letters and digits, made for this story too.
const PAGER: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const PUSH: &str = "tk_story_0815";
/// 27 bytes in base64, made for this story.
const KEY: &str = "cXVpZXQtcXVpZXQtcXVpZXQtcXVpZXQtcXVp";

fn config(feed: &Feed, hook: &Server) -> String {
    let host = hook.address().to_string();
    format!(
        r#"{THEME}{}
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk", "program", "pager", "push"]
[[target]]
name = "desk"
[target.email]
to = ["desk@theatre.example"]
from = "uproar@theatre.example"
smtp = "{host}"
tls = "implicit"
user = "uproar"
password = {{ file = "HERE/password" }}
[[target]]
name = "program"
[target.webhook]
url = {{ env = "STORY_URL" }}
key = {{ env = "STORY_KEY" }}
[[target]]
name = "pager"
pagerduty = {{ key = {{ env = "STORY_PAGER" }}, url = "http://{host}/v2/enqueue" }}
[[target]]
name = "push"
ntfy = {{ server = "http://{host}/ntfy", topic = "story", token = {{ env = "STORY_PUSH" }} }}
[heartbeat]
url = {{ env = "STORY_URL" }}
"#,
        feed.source_beside(std::slice::from_ref(&host))
    )
}

#[test]
fn no_secret_is_ever_printed() {
    let feed = Feed::start(calm_month());
    // It refuses whatever it gets and sends back what it was asked, as careless servers do.
    let hook = Server::start(|request| {
        let header = |name| request.headers.get(name).cloned().unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (signature, token) = (header("webhook-signature"), header("authorization"));
        Reply { status: 500, headers: Vec::new(), body: format!("cannot {} {signature} {token} {body}", request.path) }
    });
    let house = House::new(&config(&feed, &hook))
        .with_variable("STORY_URL", &format!("http://{}/{TOKEN}", hook.address()))
        .with_variable("STORY_KEY", &format!("whsec_{KEY}"))
        .with_variable("STORY_PAGER", PAGER)
        .with_variable("STORY_PUSH", PUSH)
        .with_variable("UPROAR_LOG", "debug");
    house.write("password", PASSWORD, 0o600);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    for target in ["desk", "program", "pager", "push"] {
        daemon.until("a failed delivery", || daemon.log().contains(&format!("target `{target}`")).then_some(()));
    }
    let mut said = daemon.log() + &daemon.page("/metrics").1 + &daemon.page("/healthz").1;
    let incidents = house.json(&["incident", "list", "--json"]);
    let id = incidents[0]["id"].as_str().unwrap();
    let commands: &[&[&str]] = &[
        &["check"],
        &["check", "--json"],
        &["config", "show"],
        &["status"],
        &["status", "--json"],
        &["target", "list"],
        &["target", "test", "desk"],
        &["target", "test", "program"],
        &["target", "test", "pager"],
        &["target", "test", "push"],
        &["incident", "show", id],
        &["explain", id],
        &["run"],
    ];
    for command in commands {
        let ran = house.run(command);
        assert!(!(ran.out.is_empty() && ran.err.is_empty()), "{command:?} says something");
        said += &ran.out;
        said += &ran.err;
    }
    // Not even by mistake of whoever writes the file.
    house.configure(&config(&feed, &hook).replace("{ file = \"HERE/password\" }", &format!("\"{PASSWORD}\"")));
    let ran = house.run(&["check"]);
    assert_eq!(ran.code, 78, "{}", ran.out);
    said += &ran.out;
    said += &ran.err;
    daemon.signal("HUP");
    daemon.says("the old one stays in force");
    said += &daemon.log();
    house.configure(&config(&feed, &hook));
    house.write("password", "", 0o644);
    said += &house.run(&["check"]).out;

    assert!(said.contains("evenings"), "there is something to search");
    for secret in [PASSWORD, TOKEN, KEY, PAGER, PUSH] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is printed");
    }
    daemon.stop();
    let database: Vec<u8> = fs::read(house.path("state/uproar.db")).unwrap();
    for secret in [PASSWORD, TOKEN, KEY, PAGER, PUSH] {
        assert!(!database.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} is in the database");
    }
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    let feed = Feed::start(Vec::new());
    let hook = Server::start(|_| Reply::empty(500));
    let house = House::new(&config(&feed, &hook))
        .with_variable("STORY_URL", "https://hooks.example/x")
        .with_variable("STORY_KEY", &format!("whsec_{KEY}"));
    house.write("password", PASSWORD, 0o644);
    let ran = house.run(&["run"]);
    assert_eq!(ran.code, 78, "{}", ran.err);
    assert!(ran.err.contains("password") && !ran.err.contains(PASSWORD), "{}", ran.err);
}
