//! Notices that do not get out at once: targets that are broken, refuse or come back, and surges.

use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::now;
use crate::house::web::Reply;
use crate::house::web::Server;

/// 30 bytes in base64, made for this story.
const KEY: &str = "whsec_c2lnbmVkLXNpZ25lZC1zaWduZWQtc2lnbmVkIQ==";

/// A program that takes notices and answers them with a status that the story sets.
struct Program {
    server: Server,
    status: Arc<AtomicU16>,
    taken: Arc<AtomicUsize>,
}

impl Program {
    fn start(status: u16) -> Self {
        let (status, taken) = (Arc::new(AtomicU16::new(status)), Arc::new(AtomicUsize::new(0)));
        let (answer, count) = (Arc::clone(&status), Arc::clone(&taken));
        let server = Server::start(move |_| {
            let status = answer.load(Ordering::SeqCst);
            count.fetch_add(usize::from(status == 200), Ordering::SeqCst);
            Reply::empty(status)
        });
        Self { server, status, taken }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn house(&self, feed: &Feed) -> House {
        let config = format!(
            r#"{THEME}{}
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["program"]
[[target]]
name = "program"
webhook = {{ url = "http://{}/alerts", key = {{ env = "STORY_KEY" }} }}
"#,
            feed.source_beside(&[self.server.address().to_string()]),
            self.server.address()
        );
        House::new(&config).with_variable("STORY_KEY", KEY)
    }
}

#[test]
fn a_broken_target_is_told_of_and_a_test_that_goes_well_opens_it_again() {
    let (feed, program) = (Feed::start(calm_month()), Program::start(404));
    let house = program.house(&feed);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    daemon.counts("uproar_target_breaker_open{target=\"program\"}", 1.0);
    let status = house.run(&["status"]);
    assert_eq!(status.code, 1, "{}{}", status.out, status.err);
    assert!(status.out.contains("program takes nothing since ") && status.out.contains("(answered 404); next try "), "{}", status.out);
    let waiting = house.json(&["outbox", "list", "--json"]);
    assert_eq!(
        (waiting[0]["state"].as_str(), waiting[0]["attempts"].as_u64()),
        (Some("queued"), Some(0)),
        "it wears no row out: {waiting}"
    );

    let tested = house.run(&["target", "test", "program"]);
    assert_eq!(tested.code, 69, "{}{}", tested.out, tested.err);
    assert!(tested.err.contains("program: dead: answered 404"), "{}", tested.err);
    assert_eq!(house.json(&["outbox", "list", "--json"]).as_array().unwrap().len(), 2);

    program.answers(200);
    house.told(&["target", "test", "program"]);
    daemon.until("the notice", || (program.taken.load(Ordering::SeqCst) == 2).then_some(()));
    daemon.until("a gate that is open", || (daemon.metric("uproar_target_breaker_open{target=\"program\"}") == Some(0.0)).then_some(()));
    daemon.until("an end with 0", || (house.run(&["status"]).code == 0).then_some(()));
    daemon.stop();
}

#[test]
fn a_notice_that_nobody_will_take_is_tried_again_or_dropped_by_hand() {
    let (feed, program) = (Feed::start(calm_month()), Program::start(400));
    let house = program.house(&feed);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    feed.add(spike(0, 40));
    daemon.counts("uproar_outbox_rows{target=\"program\",state=\"dead\"}", 1.0);
    assert_eq!(house.run(&["status"]).code, 1);
    let dead = house.json(&["outbox", "list", "--dead", "--json"]);
    let id = dead[0]["id"].as_str().unwrap();
    assert_eq!((dead[0]["state"].as_str(), dead[0]["error"].as_str()), (Some("dead"), Some("answered 400")));
    assert!(house.told(&["outbox", "list"]).contains(&id[..12]));

    assert_eq!(house.run(&["outbox", "drop", id]).code, 2, "not without --yes");
    assert_eq!(house.run(&["outbox", "retry", "no such id"]).code, 2);
    program.answers(200);
    house.told(&["outbox", "retry", &id[..8]]);
    daemon.until("the notice", || (program.taken.load(Ordering::SeqCst) == 1).then_some(()));
    daemon.until("nothing that waits", || house.told(&["outbox", "list"]).contains("nothing waits").then_some(()));
    let again = house.run(&["outbox", "retry", id]);
    assert!(again.code == 2 && again.err.contains("is delivered"), "{}", again.err);
    daemon.stop();
}

const THEMES: usize = 12;

/// A configuration with a theme for each of so many things that can go wrong at once.
fn many_themes(feed: &Feed) -> String {
    let names: Vec<String> = (0..THEMES).map(|n| format!("row_{n}")).collect();
    let themes: Vec<String> = (0..THEMES).map(|n| format!("[[theme]]\nname = \"row_{n}\"\nrules = [\"broken{n}\"]\n")).collect();
    let themes = themes.concat();
    format!(
        r#"builtin_themes = false
{themes}{}
[delivery]
gather = "5s"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "seats"
themes = {names:?}
notify = ["desk"]
[[target]]
name = "desk"
file = {{ folder = "HERE/mails" }}
"#,
        feed.source()
    )
}

fn seats(themes: std::ops::Range<usize>) -> Vec<Post> {
    let posts = themes.flat_map(|theme| {
        (0..30).map(move |n| Post { id: format!("seat-{theme}-{n}"), text: format!("The chair was broken{theme}, visit {n}"), at: now() })
    });
    posts.collect()
}

#[test]
fn a_surge_is_one_mail_and_after_a_while_a_second_with_the_rest() {
    let feed = Feed::start(calm_month());
    let house = House::new(&many_themes(&feed));
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", 460.0);
    let mails = || files(&house.path("mails"), ".eml");
    let incidents = || house.json(&["incident", "list", "--json"]).as_array().unwrap().len();
    feed.add(seats(0..1));
    daemon.until("the first mail", || (mails().len() == 1).then_some(()));
    feed.add(seats(1..THEMES));
    daemon.until("all incidents", || (incidents() == THEMES).then_some(()));
    daemon.until("the second mail", || (mails().len() == 2).then_some(()));
    daemon.until("nothing that waits", || house.told(&["outbox", "list"]).contains("nothing waits").then_some(()));
    let times: Vec<std::time::SystemTime> = mails().iter().map(|mail| mail.metadata().unwrap().modified().unwrap()).collect();
    let apart = times[1].max(times[0]).duration_since(times[1].min(times[0])).unwrap();
    assert!(apart >= std::time::Duration::from_millis(4_900), "{apart:?}");
    let texts: Vec<String> = mails().iter().map(|mail| std::fs::read_to_string(mail).unwrap()).collect();
    let storms = texts.iter().filter(|text| text.contains("X-Uproar-Event: storm")).count();
    assert_eq!((mails().len(), storms), (2, 1));
    daemon.stop();
}
