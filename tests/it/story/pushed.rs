//! Messages that are pushed to the daemon, by whoever sends them: in order or not, once or often, honest or not.

use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use serde_json::json;

use crate::house::House;
use crate::house::daemon::Daemon;
use crate::house::now;
use crate::house::web::Reply;
use crate::house::web::Server;

const KEY: &[u8] = b"a key of kettles";
const OLD: &[u8] = b"the key before it";

fn house(sources: &str) -> House {
    let text = |key: &[u8]| format!("whsec_{}", STANDARD.encode(key));
    let rest = "[store]\npath = \"HERE/state/uproar.db\"\n[listen]\naddress = \"127.0.0.1:0\"\n";
    House::new(&format!("{rest}{sources}"))
        .with_variable("KETTLES", &format!("{} {}", text(OLD), text(KEY)))
        .with_variable("MONKEY", "hush")
}

const STANDARD_SOURCE: &str = "[[source]]\nname = \"kettles\"\n[source.webhook]\npath = \"/in/kettles\"\nformat = \"standard\"\nsecret = { env = \"KETTLES\" }\nmax_body = \"10 kB\"\n";

/// The status of a POST, and 0 where the connection broke.
fn post(address: SocketAddr, path: &str, headers: &[(String, String)], body: &str) -> u16 {
    let Ok(mut connection) = TcpStream::connect(address) else { return 0 };
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    let _ = connection.write_all(format!("{head}\r\n{body}").as_bytes());
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Headers that sign a body as Standard Webhooks does.
fn signed(key: &[u8], id: &str, age: i64, body: &str) -> Vec<(String, String)> {
    let stamp = now().timestamp() - age;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{stamp}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(tag.as_ref()));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", stamp.to_string()), ("webhook-signature", signature)]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

/// An event so many minutes ago.
fn event(verb: &str, minutes_ago: i64, id: &str, text: &str) -> String {
    let at = (now() - chrono::TimeDelta::minutes(minutes_ago)).to_rfc3339();
    json!({"type": format!("review.{verb}"), "timestamp": at, "data": {"id": id, "text": text, "rating": 2}}).to_string()
}

fn texts(house: &House) -> Vec<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    house.items().iter().map(|item| (text(item, "external_id"), text(item, "text"))).collect()
}

fn stored(id: &str, text: &str) -> (String, String) {
    (id.to_owned(), text.to_owned())
}

fn send(daemon: &Daemon, key: &[u8], delivery: &str, body: &str) -> u16 {
    post(daemon.address(), "/in/kettles", &signed(key, delivery, 0, body), body)
}

#[test]
fn a_pushed_message_is_stored_once_in_whatever_order_its_events_come() {
    let house = house(STANDARD_SOURCE);
    let daemon = house.start();
    daemon.is_ready();
    let (made, changed, gone) = (event("created", 30, "k1", "first"), event("updated", 20, "k1", "second"), event("deleted", 10, "k1", ""));
    assert_eq!(send(&daemon, KEY, "m2", &changed), 200);
    assert_eq!(send(&daemon, OLD, "m1", &made), 200, "the secret before this one still holds");
    assert_eq!(texts(&house), [stored("k1", "second")]);
    for _ in 0..3 {
        assert_eq!(send(&daemon, KEY, "m2", &changed), 200);
    }
    assert_eq!(send(&daemon, KEY, "m3", &gone), 200);
    assert_eq!(send(&daemon, KEY, "m4", &event("updated", 15, "k1", "older than its end")), 200);
    assert_eq!(texts(&house), []);
    assert_eq!(send(&daemon, KEY, "m6", &event("deleted", 5, "k2", "")), 200);
    assert_eq!(send(&daemon, KEY, "m5", &event("created", 9, "k2", "deleted before it came")), 200);
    assert_eq!(texts(&house), []);
    assert_eq!(daemon.metric("uproar_source_pushes_total{source=\"kettles\",result=\"stored\"}"), Some(2.0));

    // As a stream it is alive, and its address is shown.
    daemon.counts("uproar_source_polls_total{source=\"kettles\",result=\"ok\"}", 1.0);
    let row = &house.json(&["status", "--json"])["sources"][0];
    assert_eq!((&row["state"], &row["errors"]), (&"ok".into(), &0.into()), "{row}");
    let row = &house.json(&["source", "list", "--json"])[0];
    assert!(row["where"].as_str().unwrap().ends_with("/in/kettles"), "{row}");
    daemon.stop();
}

#[test]
fn who_does_not_prove_who_they_are_gets_nothing_in() {
    let house = house(STANDARD_SOURCE);
    let daemon = house.start();
    daemon.is_ready();
    let (address, body) = (daemon.address(), event("created", 1, "k1", "text"));
    let large = event("created", 1, "k1", &"x".repeat(11_000));
    for (path, headers, body, expected) in [
        ("/in/kettles", signed(b"guessed", "m1", 0, &body), body.as_str(), 401),
        ("/in/kettles", Vec::new(), &body, 401),
        ("/in/kettles", signed(KEY, "m1", 3_600, &body), &body, 401),
        ("/in/kettles", signed(KEY, "m1", -3_600, &body), &body, 401),
        ("/in/kettles", signed(KEY, "m1", 0, &body), &body.replace("text", "texs"), 401),
        ("/in/kettles", signed(KEY, "m1", 0, &large), &large, 413),
        ("/in/kettles", signed(KEY, "m1", 0, "nonsense"), "nonsense", 422),
        ("/in/others", signed(KEY, "m1", 0, &body), &body, 404),
    ] {
        assert_eq!(post(address, path, &headers, body), expected, "{path} {headers:?}");
    }
    assert_eq!(texts(&house), []);
    house.told(&["source", "pause", "kettles"]);
    assert_eq!(send(&daemon, KEY, "m1", &body), 503);
    house.told(&["source", "resume", "kettles"]);
    assert_eq!(send(&daemon, KEY, "m1", &body), 200);
    assert_eq!(texts(&house), [stored("k1", "text")]);
    let log = daemon.log();
    assert!(!log.contains("whsec_") && !log.contains("nonsense"), "{log}");
    for why in ["does not fit", "without its signature", "too far from ours", "larger than `max_body`", "no webhook has", "is paused"] {
        assert_eq!(log.lines().filter(|line| line.contains(why)).count(), 1, "{why}: {log}");
    }
    daemon.stop();
}

#[test]
fn a_message_that_says_nothing_is_told_and_never_sent_again() {
    let house = house(STANDARD_SOURCE);
    let daemon = house.start();
    daemon.is_ready();
    let body = json!({"type": "review.created", "data": {"id": "k1", "comment": "under another name"}}).to_string();
    for delivery in ["m1", "m2"] {
        assert_eq!(send(&daemon, KEY, delivery, &body), 200);
    }
    assert_eq!(texts(&house), []);
    assert_eq!(daemon.metric("uproar_source_pushes_total{source=\"kettles\",result=\"empty\"}"), Some(2.0));
    let log = daemon.log();
    assert_eq!(log.matches("`data` has no `text`, `title` or `rating`").count(), 1, "{log}");
    assert!(!log.contains("under another name"), "{log}");
    daemon.stop();
}

#[test]
fn what_was_said_to_be_taken_survives_a_power_cut() {
    let house = house(STANDARD_SOURCE);
    let daemon = house.start();
    daemon.is_ready();
    let address = daemon.address();
    let over = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                let mut taken = Vec::new();
                for number in 0..2_000 {
                    let (id, delivery) = (format!("k{sender}-{number}"), format!("m{sender}-{number}"));
                    let body = event("created", 1, &id, "words");
                    match post(address, "/in/kettles", &signed(KEY, &delivery, 0, &body), &body) {
                        200 => taken.push(id),
                        _ if over.load(Ordering::SeqCst) => break,
                        status => assert!(status == 503 || status == 0, "{status}"),
                    }
                }
                taken
            })
        })
        .collect();
    daemon.counts("uproar_source_pushes_total{source=\"kettles\",result=\"stored\"}", 60.0);
    over.store(true, Ordering::SeqCst);
    daemon.kill();
    let taken: Vec<String> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
    assert!(taken.len() >= 60);
    let kept: std::collections::BTreeSet<String> = texts(&house).into_iter().map(|(id, _)| id).collect();
    assert!(taken.iter().all(|id| kept.contains(id)), "of {} taken, {} are kept", taken.len(), kept.len());
    // The same deliveries again, to the daemon after it, store nothing more.
    let daemon = house.start();
    daemon.is_ready();
    for id in taken.iter().take(20) {
        assert_eq!(send(&daemon, KEY, &id.replace('k', "m"), &event("created", 1, id, "words")), 200);
    }
    assert_eq!(texts(&house).len(), kept.len());
    daemon.stop();
}

#[test]
fn a_flood_is_answered_and_takes_no_memory_that_stays() {
    let house = house(&STANDARD_SOURCE.replace("10 kB", "2 MB"));
    let daemon = house.start();
    daemon.is_ready();
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let (before, address) = (memory(), daemon.address());
    let body: Arc<str> = event("created", 1, "k", &"x".repeat(1_900_000)).into();
    let senders: Vec<_> = (0..40)
        .map(|number| {
            let body = Arc::clone(&body);
            // Nobody's secret: each body is read whole, and forgotten.
            thread::spawn(move || post(address, "/in/kettles", &signed(b"guessed", &format!("m{number}"), 0, &body), &body))
        })
        .collect();
    let said: Vec<u16> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    assert!(said.iter().all(|status| [401, 503].contains(status)), "{said:?}");
    let grown = memory() - before;
    assert!(grown < 70_000, "{grown} kB more than before, for 76 MB that were sent at once");
    daemon.stop();
}

#[test]
fn an_event_that_only_has_ids_is_completed_before_it_is_called_taken() {
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let monkey = Server::start(move |request| {
        assert_eq!(request.headers["authorization"], "Bearer hush");
        if !is_up.load(Ordering::SeqCst) {
            return Reply::empty(500);
        }
        assert_eq!(request.path, "/v3/surveys/5/responses/9/details?simple=true");
        let questions = json!([{"id": "12", "family": "open_ended", "answers": [{"text": "The lid fell off"}]}]);
        let body =
            json!({"id": "9", "survey_id": "5", "date_created": now().to_rfc3339(), "pages": [{"questions": questions}]}).to_string();
        Reply { status: 200, headers: vec![("content-type", "application/json".to_owned())], body }
    });
    let host = monkey.address();
    let house = house(&format!(
        "[fetch]\ncontact = \"ops@kettles.example\"\nallow_private = [\"{host}\"]\nhost_gap = \"0s\"\n\
         [[source]]\nname = \"monkey\"\n[source.webhook]\npath = \"/in/monkey\"\nformat = \"surveymonkey\"\nsecret = {{ env = \"MONKEY\" }}\n\
         client_id = \"me\"\nfetch = {{ token = {{ env = \"MONKEY\" }}, base_url = \"http://{host}\" }}\n"
    ));
    let daemon = house.start();
    daemon.is_ready();
    let body = json!({"event_type": "response_completed", "object_id": "9", "resources": {"survey_id": "5"}}).to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"me&hush"), body.as_bytes());
    let headers = [("sm-signature".to_owned(), STANDARD.encode(tag.as_ref()))];
    assert_eq!(post(daemon.address(), "/in/monkey", &headers, &body), 503);
    assert_eq!(texts(&house), []);
    up.store(true, Ordering::SeqCst);
    assert_eq!(post(daemon.address(), "/in/monkey", &headers, &body), 200);
    assert_eq!(texts(&house), [stored("9", "The lid fell off")]);
    assert!(daemon.log().contains("SurveyMonkey is out of order") && !daemon.log().contains("hush"), "{}", daemon.log());
    daemon.stop();
}
