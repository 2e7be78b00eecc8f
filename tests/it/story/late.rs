//! What comes days after it was written is placed on its own days: a weekly export alerts, a
//! catch-up is no spike.

use std::fs;

use chrono::DateTime;
use chrono::NaiveTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::Feed;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::mail;
use crate::house::now;
use crate::story::survey::csv;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
bucket = "1d"
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

const FOLDER: &str = r#"
[fetch]
settle = "0s"
[[source]]
name = "survey"
every = "1s"
[source.file]
folder = "HERE/drop"
columns = { id = "Answer", date = "Given", text = ["What was not right?"], rating = "Stars", rating_max = 5, fields = ["house"] }
"#;

/// Noon of a day, so many days ago.
fn noon(days_ago: i64) -> DateTime<Utc> {
    (now() - TimeDelta::days(days_ago)).date_naive().and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()).and_utc()
}

/// What the calm month brought in these days, the first so many days ago.
fn calm(from: i64, until: i64) -> Vec<Post> {
    let (from, until) = (now() - TimeDelta::days(from), now() - TimeDelta::days(until));
    calm_month().into_iter().filter(|post| post.at >= from && post.at < until).collect()
}

/// Forty complaints of one day.
fn trouble(days_ago: i64) -> Vec<Post> {
    spike(0, 40).into_iter().map(|post| Post { at: noon(days_ago), ..post }).collect()
}

fn mails(house: &House) -> Vec<String> {
    files(&house.path("mails"), ".eml").iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Waits for the mail that tells of an incident.
fn opened(house: &House, daemon: &Daemon) -> String {
    let opened = |mail: &String| mail::header(mail, "X-Uproar-Event").as_deref() == Some("opened");
    daemon.until("a mail", || mails(house).into_iter().find(opened))
}

#[test]
fn a_weekly_export_alerts_and_says_for_which_day() {
    let house = House::new(&format!("{THEME}{REST}{FOLDER}"));
    house.write("drop/week-1.csv", &csv(&calm(30, 14), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.is_ready();
    daemon.has_judged();
    // The next export brings the answers of a whole week: that is how late they come here.
    let second = calm(14, 7);
    house.write("drop/week-2.csv", &csv(&second, "Old Theatre"), 0o644);
    let before = calm(30, 14).len() as f64;
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"new\"}", before + second.len() as f64);
    daemon.has_judged();
    assert_eq!(mails(&house).len(), 0, "{}", daemon.log());

    let mut third = calm(7, 0);
    third.extend(trouble(4));
    house.write("drop/week-3.csv", &csv(&third, "Old Theatre"), 0o644);
    let mail = opened(&house, &daemon);
    let text = mail::text(&mail);
    let day = noon(4).format("on %a %-d %b");
    assert!(text.contains(&format!("complaints about \"dark stage\" {day}")), "no {day:?} in\n{text}");
    assert!(text.contains("could not see a single face"), "{text}");
    assert!(!text.contains("last 24 hours"), "{text}");
    daemon.stop();
}

fn feed_source(feed: &Feed) -> String {
    // What the daemon would know after three days without an answer, a story has to say.
    feed.source().replace("every = \"1s\"", "every = \"1s\"\nmax_delay = \"5d\"")
}

#[test]
fn catching_up_after_an_outage_is_no_spike() {
    let feed = Feed::start(calm(30, 3));
    let house = House::new(&format!("{THEME}{}{REST}", feed_source(&feed)));
    let daemon = house.start();
    daemon.is_ready();
    daemon.has_judged();
    let missed = calm(3, 0);
    let before = calm(30, 3).len() as f64;
    let all = before + missed.len() as f64;
    feed.add(missed);
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"new\"}", all);
    daemon.has_judged();
    assert_eq!(daemon.metric("uproar_source_items_total{source=\"theatre\",kind=\"late\"}"), Some(before), "what was missed is news");
    assert_eq!(mails(&house).len(), 0, "{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_trouble_that_happened_during_an_outage_is_told_with_its_day() {
    let feed = Feed::start(calm(30, 3));
    let house = House::new(&format!("{THEME}{}{REST}", feed_source(&feed)));
    let daemon = house.start();
    daemon.is_ready();
    daemon.has_judged();
    let mut missed = calm(3, 0);
    missed.extend(trouble(2));
    feed.add(missed);
    let text = mail::text(&opened(&house, &daemon));
    let day = noon(2).format("on %a %-d %b");
    assert!(text.contains(&format!("complaints about \"dark stage\" {day}")), "no {day:?} in\n{text}");
    daemon.stop();
}
