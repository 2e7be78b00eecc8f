//! Somebody else notices when Uproar is silent.

use std::sync::Arc;
use std::sync::Mutex;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::files;
use crate::house::web::Reply;
use crate::house::web::Server;

#[test]
fn an_address_is_asked_for_and_a_line_says_that_all_is_well() {
    let feed = Feed::start(Vec::new());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let watchdog = Server::start(move |request| {
        seen.lock().unwrap().push(request.path.clone());
        Reply::empty(200)
    });
    let rest = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[heartbeat]
url = { env = "STORY_URL" }
well = ["desk"]
well_at = "* * * * *"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;
    let source = feed.source_beside(&[watchdog.address().to_string()]);
    let house =
        House::new(&format!("{THEME}{source}{rest}")).with_variable("STORY_URL", &format!("http://{}/ping/hush-hush", watchdog.address()));
    let daemon = house.start();
    daemon.until("a ping", || asked.lock().unwrap().contains(&"/ping/hush-hush".to_owned()).then_some(()));
    // The line of a minute that was over before the start is made up.
    let mails = daemon.until("a line", || Some(files(&house.path("mails"), ".eml")).filter(|mails| !mails.is_empty()));
    let mail = std::fs::read_to_string(&mails[0]).unwrap();
    assert!(mail.contains("X-Uproar-Event: digest"), "{mail}");
    let (log, page) = (daemon.log(), daemon.page("/metrics").1);
    assert!(!log.contains("hush-hush") && !page.contains("hush-hush"), "the address is a secret\n{log}");
    daemon.stop();
}
