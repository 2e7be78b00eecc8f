//! A watch that tells each message by itself, to a program.

use std::fs;

use serde_json::Value;

use crate::house::House;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::rss;
use crate::house::feed::spike;
use crate::house::files;

/// What the program reads is kept, a line each.
const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[delivery]
gather = "0s"
[[watch]]
name = "threats"
themes = ["dark_stage"]
each = { at_most = "10 per day" }
notify = ["pager", "desk"]
[[target]]
name = "pager"
command = { run = ["/bin/sh", "-c", "cat >> HERE/read"] }
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
[[source]]
name = "theatre"
every = "1h"
feed = { file = "HERE/reviews.xml" }
"#;

fn read(house: &House) -> Vec<Value> {
    let text = fs::read_to_string(house.path("read")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn twelve_threats_at_once_are_ten_notices_and_2_more() {
    let house = House::new(&format!("{THEME}{REST}"));
    let mut posts = calm_month();
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "460 new items, 0 notices, 0 deliveries failed\n", "history is told to nobody");

    posts.extend(spike(0, 12));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "12 new items, 20 notices, 0 deliveries failed\n", "ten to each of two targets");
    let read = read(&house);
    assert_eq!((read.len(), files(&house.path("mails"), ".eml").len()), (10, 10));
    for document in &read {
        assert_eq!((&document["type"], &document["data"]["kind"]), (&"incident.opened".into(), &"message".into()), "{document}");
        assert_eq!(document["data"]["quotes"].as_array().unwrap().len(), 1, "the message itself: {document}");
        assert_eq!(document["id"].as_str().unwrap().len(), 32);
    }
    let more: Vec<u64> = read.iter().filter_map(|document| document["data"]["more"].as_u64()).collect();
    assert_eq!(more, [2], "one of them says that there are two more");
    let mut told: Vec<&str> = read.iter().map(|document| document["data"]["quotes"][0]["text"].as_str().unwrap()).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 10, "each is another message");

    posts.extend(spike(12, 3));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "3 new items, 0 notices, 0 deliveries failed\n", "ten a day are ten a day");
    let incidents = house.json(&["incident", "list", "--all", "--json"]);
    assert_eq!(incidents.as_array().unwrap().len(), 10, "and no spike beside them: {incidents}");
    let id = incidents[0]["id"].as_str().unwrap();
    assert!(house.told(&["incident", "show", id]).contains("message"), "its record can be read");
    house.told(&["explain", id]);
}

#[test]
fn a_watch_that_begins_to_tell_each_message_begins_with_the_next_one() {
    let house = House::new(&format!("{THEME}{}", REST.replace("each = ", "# ")));
    let mut posts = calm_month();
    house.write("reviews.xml", &rss(&posts), 0o644);
    house.told(&["run", "--once"]);
    posts.extend(spike(0, 3));
    house.write("reviews.xml", &rss(&posts), 0o644);
    house.told(&["run", "--once"]);
    house.configure(&format!("{THEME}{REST}"));
    assert_eq!(house.told(&["run", "--once"]), "0 new items, 0 notices, 0 deliveries failed\n");
    posts.extend(spike(3, 1));
    house.write("reviews.xml", &rss(&posts), 0o644);
    assert_eq!(house.told(&["run", "--once"]), "1 new item, 2 notices, 0 deliveries failed\n");
}
