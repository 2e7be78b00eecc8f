//! Rules change, and history follows: in the background, whatever comes between.

use std::path::Path;
use std::thread;
use std::time::Duration;

use chrono::SecondsFormat;
use chrono::TimeDelta;
use rusqlite::Connection;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::feed::Feed;
use crate::house::feed::spike;
use crate::house::files;
use crate::house::now;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[watch]]
name = "seats"
themes = ["hard_seats"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

/// Enough messages that a tagging can be met in the middle.
const MESSAGES: usize = 24_000;

/// A configuration in which this rule finds dark stages.
fn config(feed: &Feed, rule: &str) -> String {
    let theme = |name: &str, rule: &str| format!("[[theme]]\nname = \"{name}\"\nrules = [\"{rule}\"]\n");
    format!("builtin_themes = false\n{}{}{}{REST}", theme("dark_stage", rule), theme("hard_seats", "seat*"), feed.source())
}

/// A year of messages, too short to be copies of each other.
fn year() -> String {
    let begin = now() - TimeDelta::days(366);
    let line = |n: usize| {
        let said = match n % 24 {
            7 => "the stage was dark",
            12 => "a dim stage again",
            19 => "hard seats",
            _ => "a good evening",
        };
        let at = (begin + TimeDelta::minutes(21 * n as i64)).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{{\"id\":\"old-{n}\",\"published\":\"{at}\",\"text\":\"Visit {n}, {said}\",\"lang\":\"en\"}}\n")
    };
    (0..MESSAGES).map(line).collect()
}

/// A house with this year, tagged under a rule.
fn house(feed: &Feed, rule: &str, year: &str) -> House {
    let house = House::new(&config(feed, rule));
    let file = house.write("year.jsonl", year, 0o644);
    house.told(&["import", file.to_str().unwrap(), "--source", "theatre"]);
    house
}

/// Beside the daemon, in its database.
struct Beside(Connection);

impl Beside {
    fn of(house: &House) -> Self {
        let connection = Connection::open(house.path("state/uproar.db")).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        Self(connection)
    }

    /// How many messages have their tags, and whether all have.
    fn stands(&self) -> (i64, bool) {
        let read = "SELECT value ->> 'done_to', value ->> 'finished' FROM meta WHERE key = 'ruleset'";
        self.0.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap_or_default()
    }

    /// The rules that messages are tagged with, as the store names them.
    fn rules(&self) -> String {
        self.0.query_row("SELECT value ->> 'rules' FROM meta WHERE key = 'ruleset'", [], |row| row.get(0)).unwrap_or_default()
    }

    /// Lets nobody write once a tagging under other rules than `before` has come further than `from`.
    /// It waits at the door all the time: a tagging is over in a moment.
    fn holds_up(&self, daemon: &Daemon, before: &str, from: i64) {
        for _ in 0..100_000 {
            if self.0.execute_batch("BEGIN IMMEDIATE").is_ok() {
                let (done_to, finished) = self.stands();
                if done_to > from && !finished && self.rules() != before {
                    return;
                }
                self.goes_on();
            }
            thread::sleep(Duration::from_micros(300));
        }
        panic!("no tagging could be met in the middle\n{}", daemon.log());
    }

    fn goes_on(&self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }

    /// Every counter of complaints, by names.
    fn hits(&self) -> Vec<String> {
        let read =
            "SELECT quarter || ' ' || theme.name || ' ' || scope.key || ' ' || scope.value || ' ' || source.name || ' ' || voices || ' '
            || late FROM hits JOIN theme ON theme.id = hits.theme JOIN scope ON scope.id = hits.scope JOIN source ON source.id = hits.source
            ORDER BY 1";
        self.0.prepare(read).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

fn done(house: &House, daemon: &Daemon, beside: &Beside) {
    daemon.until("the end of the tagging", || beside.stands().1.then_some(()));
    daemon.has_judged();
    let recounted = house.run(&["check", "--recount"]);
    assert_eq!(recounted.code, 0, "{}{}", recounted.out, recounted.err);
}

fn notes(house: &House) -> String {
    house.json(&["status", "--json"])["notes"].to_string()
}

fn mails(path: &Path) -> usize {
    files(path, ".eml").len()
}

#[test]
fn a_tagging_that_is_stopped_and_killed_ends_with_the_counters_of_a_fresh_import() {
    let feed = Feed::start(Vec::new());
    let year = year();
    let house = house(&feed, "dark", &year);
    let beside = Beside::of(&house);
    let daemon = house.start();
    done(&house, &daemon, &beside);
    let dark = beside.rules();
    daemon.stop();

    house.configure(&config(&feed, "dark/dim NEAR/3 stage"));
    let daemon = house.start();
    beside.holds_up(&daemon, &dark, 0);
    let said = notes(&house);
    assert!(said.contains("re-tagging: ") && said.contains(" % of 24,000 messages; watch `evenings` waits"), "{said}");
    daemon.is_ready();
    daemon.signal("TERM");
    beside.goes_on();
    assert_eq!(daemon.ends().code(), Some(0), "{}", daemon.log());

    let (stopped, finished) = beside.stands();
    assert!(stopped > 0 && !finished);
    let daemon = house.start();
    beside.holds_up(&daemon, &dark, stopped);
    daemon.kill();
    beside.goes_on();

    let (killed, finished) = beside.stands();
    assert!(killed > stopped && !finished, "it went on where it was");
    let daemon = house.start();
    done(&house, &daemon, &beside);
    assert!(!notes(&house).contains("re-tagging"), "{}", notes(&house));
    daemon.stop();
    let fresh = self::house(&feed, "dark/dim NEAR/3 stage", &year);
    assert_eq!(beside.hits(), Beside::of(&fresh).hits());
    assert_eq!(mails(&house.path("mails")), 0);
}

#[test]
fn rules_that_change_again_while_messages_arrive_leave_every_message_with_the_last_ones() {
    let feed = Feed::start(Vec::new());
    let house = house(&feed, "dark", &year());
    let beside = Beside::of(&house);
    let daemon = house.start();
    done(&house, &daemon, &beside);

    for rule in ["dim", "dark | dim"] {
        let before = beside.rules();
        house.configure(&config(&feed, rule));
        daemon.signal("HUP");
        if rule != "dim" {
            beside.goes_on();
        }
        beside.holds_up(&daemon, &before, 0);
    }
    feed.add(spike(0, 40));
    beside.goes_on();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"new\"}", 40.0);
    done(&house, &daemon, &beside);

    for item in house.items() {
        let (text, labels) = (item["text"].as_str().unwrap(), item["labels"].as_array().unwrap());
        let is_dark = text.split_whitespace().any(|word| ["dark", "dim"].contains(&word.to_lowercase().as_str()));
        assert_eq!(labels.iter().any(|label| label == "dark_stage"), is_dark, "{item}");
        assert_eq!(labels.iter().any(|label| label == "hard_seats"), text.contains("seats"), "{item}");
    }
    daemon.until("a mail of the new complaints", || (mails(&house.path("mails")) == 1).then_some(()));
    daemon.stop();
}
