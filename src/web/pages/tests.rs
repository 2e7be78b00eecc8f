//! The pages over a real socket, with a desk that remembers what was asked of it.

use chrono::TimeDelta;
use chrono_tz::Tz;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind as Series;
use crate::domain::incident::Reason;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State as Stand;
use crate::domain::incident::Transition;
use crate::render::page::Account;
use crate::render::page::Line;
use crate::render::page::Said;
use crate::web::desk::Answer;
use crate::web::desk::Message;
use crate::web::desk::WatchLines;
use crate::web::router::Site;
use crate::web::router::serve;

const KEY: &[u8] = b"key";
const HOSTILE: &str = "<script>alert(1)</script> \" onload=x {{7*7}}";

fn now() -> Timestamp {
    "2026-11-22T12:34:56Z".parse().unwrap()
}

/// One incident and one message, and what was done.
#[derive(Default)]
struct Fake {
    state: Mutex<Option<Stand>>,
    done: Mutex<Vec<(Act, String)>>,
    asked: Mutex<u32>,
    broken: bool,
}

impl Fake {
    fn done(&self) -> Vec<(Act, String)> {
        self.done.lock().unwrap().clone()
    }

    fn dossier(&self, in_full: bool) -> Dossier {
        let key = SeriesKey { watch: "evenings".to_owned(), theme: "dark".to_owned(), segment: Segment::All, kind: Series::Spike };
        let state = self.state.lock().unwrap().unwrap_or(Stand::Open);
        let step = |to, who: &str| Transition {
            at: now(),
            from: Some(Stand::Open),
            to,
            why: "because".to_owned(),
            who: who.to_owned(),
            numbers: crate::domain::incident::Numbers::default(),
            config: String::new(),
        };
        let line =
            || Line { name: HOSTILE.to_owned(), now: "9".to_owned(), usual: "1".to_owned(), part: String::new(), note: String::new() };
        let account = Account {
            lead: vec!["47 complaints about \"dark stage\".".to_owned()],
            why: vec!["Because of the score.".to_owned()],
            quotes_note: "1 of 47".to_owned(),
            quotes: vec![Said { words: HOSTILE.to_owned(), about: "theatre".to_owned(), item: Some(91) }],
            shares: vec![line()],
            risen: vec![line()],
            chart: Some("<svg></svg>".to_owned()),
        };
        let by = self.done().last().map_or("detector".to_owned(), |(_, who)| who.clone());
        Dossier {
            incident: Incident { state, ..Incident::new("i-1".to_owned(), key, now()) },
            title: format!("dark stage {HOSTILE}"),
            record: vec![step(state, &by)],
            called_false: matches!(self.done().last(), Some((Act::Resolve(Reason::FalseAlarm), _))).then(|| "anna".to_owned()),
            account: in_full.then_some(account),
            watch: in_full.then(|| WatchLines {
                name: "evenings".to_owned(),
                key: "false_alarms_per_year",
                budget: "4".to_owned(),
                min_complaints: 5,
                precision: "In the last 365 days: 12 alerts, 2 of them called false.".to_owned(),
                calibration: Some("2 alerts were called false alarms.".to_owned()),
            }),
        }
    }
}

impl Desk for Fake {
    fn now(&self) -> Timestamp {
        now()
    }

    fn clock(&self) -> Timestamp {
        now()
    }

    fn zone(&self) -> Tz {
        Tz::UTC
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        vec![KEY.to_vec()]
    }

    fn sent_to(&self, _tag: [u8; 6]) -> String {
        "anna@theatre.example".to_owned()
    }

    fn incident(&self, id: String, in_full: bool) -> Answer<'_, Option<Dossier>> {
        *self.asked.lock().unwrap() += 1;
        let found = if self.broken { Err(StoreError::Busy) } else { Ok((id == "i-1").then(|| self.dossier(in_full))) };
        Box::pin(async move { found })
    }

    fn message(&self, item: i64) -> Answer<'_, Option<Message>> {
        *self.asked.lock().unwrap() += 1;
        let message = Message {
            title: String::new(),
            text: HOSTILE.to_owned(),
            themes: vec!["dark stage".to_owned()],
            facts: vec![("country".to_owned(), "se".to_owned())],
            link: Some("https://shop.example/91".to_owned()),
        };
        Box::pin(async move { Ok((item == 91).then_some(message)) })
    }

    fn act(&self, _id: String, act: Act, who: String) -> Answer<'_, ()> {
        *self.state.lock().unwrap() = Some(match act {
            Act::Acknowledge => Stand::Acknowledged,
            Act::Snooze(_) => Stand::Snoozed,
            Act::Resolve(_) => Stand::Resolved,
            Act::Reopen => Stand::Open,
        });
        self.done.lock().unwrap().push((act, who));
        Box::pin(async { Ok(()) })
    }
}

/// The pages at a free port.
struct Door {
    address: SocketAddr,
    desk: Arc<Fake>,
}

impl Door {
    /// Runs a test while they are served.
    async fn open(desk: Fake, test: impl AsyncFnOnce(&Self)) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let door = Self { address: listener.local_addr().unwrap(), desk: Arc::new(desk) };
        let site = Site { desk: Some(Arc::clone(&door.desk) as Arc<dyn Desk>), ..Site::default() };
        tokio::select! {
            served = serve(listener, site, CancellationToken::new()) => panic!("it ended: {served:?}"),
            () = test(&door) => {}
        }
    }

    /// Status and everything that was said, headers in small letters as they came.
    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut connection = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }

    async fn page(&self, path: &str) -> String {
        let (status, page) = self.ask("GET", path, "").await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }
}

fn ticket(subject: &str) -> String {
    ticket::sign(KEY, subject, [1; 6], now() + ticket::GOOD_FOR)
}

fn expired(subject: &str) -> String {
    ticket::sign(KEY, subject, [1; 6], now())
}

/// What the page's form sends when a button is pressed.
fn form(page: &str, button: &str) -> String {
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert!(page.contains(&format!("name=\"do\" value=\"{button}\"")), "no button {button} on {page}");
    format!("nonce={}&seen={}&at={}&do={button}", value("nonce"), value("seen"), value("at"))
}

#[tokio::test]
async fn looking_changes_nothing_whoever_looks() {
    Door::open(Fake::default(), async |door| {
        let (a, i, q) = (format!("/a/i-1/{}", ticket("i:i-1")), format!("/i/i-1?k={}", ticket("i:i-1")), ticket("q:91"));
        let tune = i.replace('?', "/tune?");
        for path in [&a, &i, &tune, &format!("/q/91?k={q}")] {
            assert_eq!(door.ask("GET", path, "").await.0, 200, "{path}");
            assert_eq!(door.ask("HEAD", path, "").await.0, 200, "{path}");
            assert_eq!(door.ask("OPTIONS", path, "").await.0, 405, "{path}");
            // Also with the answer of a form in the address.
            door.ask("GET", &format!("{path}&do=ack&nonce=x"), "").await;
        }
        for path in [&i, &tune] {
            assert_eq!(door.ask("POST", path, "do=ack").await.0, 405, "{path}");
        }
        assert_eq!(door.desk.done(), []);
    })
    .await;
}

#[tokio::test]
async fn a_pressed_button_acts_once_however_often_it_is_sent() {
    Door::open(Fake::default(), async |door| {
        let path = format!("/a/i-1/{}", ticket("i:i-1"));
        let page = door.page(&path).await;
        assert!(page.contains("47 complaints"), "{page}");
        let body = form(&page, "ack");
        for _ in 0..3 {
            let (status, answer) = door.ask("POST", &path, &body).await;
            assert_eq!(status, 303, "{answer}");
            assert!(answer.contains(&format!("location: {}\r\n", ticket("i:i-1"))), "{answer}");
            // What says whether it is so already is the step of the incident; here it is the desk.
            door.desk.done.lock().unwrap().truncate(1);
        }
        let who = "link sent to anna@theatre.example".to_owned();
        assert_eq!(door.desk.done(), [(Act::Acknowledge, who)]);
        let page = door.page(&path).await;
        assert!(page.contains("Acknowledged, by link sent to anna@theatre.example"), "{page}");

        let undo = form(&page, "undo");
        door.ask("POST", &path, &undo).await;
        door.ask("POST", &path, &undo).await;
        assert_eq!(door.desk.done().len(), 2, "what is undone is not undone again");
        assert_eq!(door.desk.done()[1].0, Act::Reopen);
    })
    .await;
}

#[tokio::test]
async fn quiet_is_asked_for_until_a_time_that_was_shown() {
    Door::open(Fake::default(), async |door| {
        let path = format!("/a/i-1/{}", ticket("i:i-1"));
        let page = door.page(&path).await;
        assert!(page.contains("until Sun 22 Nov 2026 16:35 UTC"), "{page}");
        door.ask("POST", &path, &form(&page, "snooze-4h")).await;
        assert_eq!(door.desk.done()[0].0, Act::Snooze("2026-11-22T16:35:00Z".parse().unwrap()));
    })
    .await;
}

#[tokio::test]
async fn a_false_alarm_is_called_so_and_taken_back() {
    Door::open(Fake::default(), async |door| {
        let path = format!("/a/i-1/{}", ticket("i:i-1"));
        let tune = door.page(&format!("/i/i-1/tune?k={}", ticket("i:i-1"))).await;
        assert!(tune.contains("12 alerts, 2 of them called false") && tune.contains("false_alarms_per_year = 4"), "{tune}");
        assert!(tune.contains(&format!("action=\"../../a/i-1/{}\"", ticket("i:i-1"))), "{tune}");
        door.ask("POST", &path, &form(&tune, "false-alarm")).await;
        let page = door.page(&path).await;
        assert!(page.contains("Called a false alarm by anna"), "{page}");
        door.ask("POST", &path, &form(&page, "real")).await;
        let acts: Vec<Act> = door.desk.done().into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, [Act::Resolve(Reason::FalseAlarm), Act::Resolve(Reason::Fixed)]);
    })
    .await;
}

#[tokio::test]
async fn a_form_that_nobody_pressed_shows_the_page_again() {
    Door::open(Fake::default(), async |door| {
        let path = format!("/a/i-1/{}", ticket("i:i-1"));
        let good = form(&door.page(&path).await, "ack");
        let (without_button, _) = good.rsplit_once('&').unwrap();
        let (_, without_nonce) = good.split_once('&').unwrap();
        for body in ["", "do=ack", without_button, without_nonce, &good.replace("seen=open", "seen=resolved")] {
            let (status, page) = door.ask("POST", &path, body).await;
            assert_eq!(status, 200);
            assert!(page.contains("Nothing was done") && page.contains("value=\"ack\""), "{page}");
        }
        assert_eq!(door.ask("POST", &path, &"x".repeat(FORM + 1)).await.0, 413);
        assert_eq!(door.desk.done(), []);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_ticket_is_told_nothing_and_nothing_is_looked_up() {
    Door::open(Fake::default(), async |door| {
        let mut told: Vec<String> = Vec::new();
        for path in [
            format!("/i/i-1?k={}", ticket("i:i-2")),
            format!("/i/i-1?k={}", ticket("q:1")),
            "/i/i-1".to_owned(),
            "/i/i-1/tune?k=x".to_owned(),
            "/a/i-1/x".to_owned(),
            format!("/a/i-1/{}x", ticket("i:i-1")),
            format!("/q/91?k={}", ticket("q:92")),
        ] {
            let (status, page) = door.ask("GET", &path, "").await;
            assert_eq!(status, 404, "{path}");
            told.push(page.split_once("\r\n\r\n").unwrap().1.to_owned());
        }
        assert_eq!(door.ask("POST", "/a/i-1/x", "do=ack").await.0, 404);
        assert_eq!(*door.desk.asked.lock().unwrap(), 0);
        // A ticket of ours for what is kept no more says the same.
        told.push(door.ask("GET", &format!("/i/i-9?k={}", ticket("i:i-9")), "").await.1.split_once("\r\n\r\n").unwrap().1.to_owned());
        told.push(door.ask("GET", &format!("/q/x?k={}", ticket("q:x")), "").await.1.split_once("\r\n\r\n").unwrap().1.to_owned());
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn an_old_link_shows_where_it_stands_and_lets_nobody_act() {
    Door::open(Fake::default(), async |door| {
        let path = format!("/a/i-1/{}", expired("i:i-1"));
        for method in ["GET", "POST"] {
            let (status, page) = door.ask(method, &path, "do=ack").await;
            assert_eq!(status, 410);
            assert!(page.contains("too old") && page.contains("uproar incident ack i-1") && page.contains("Open."), "{page}");
            assert!(!page.contains("<form") && !page.contains("47 complaints"), "{page}");
        }
        let (status, page) = door.ask("GET", &format!("/q/91?k={}", expired("q:91")), "").await;
        assert_eq!(status, 410);
        assert!(!page.contains("alert(1)") && page.contains("uproar incident list"), "{page}");
        assert_eq!(door.desk.done(), []);
    })
    .await;
}

#[tokio::test]
async fn every_page_is_kept_by_nobody_and_has_nothing_active() {
    Door::open(Fake::default(), async |door| {
        let (i, q) = (ticket("i:i-1"), ticket("q:91"));
        for path in
            [format!("/i/i-1?k={i}"), format!("/i/i-1/tune?k={i}"), format!("/a/i-1/{i}"), format!("/q/91?k={q}"), "/i/i-1".to_owned()]
        {
            let (_, page) = door.ask("GET", &path, "").await;
            for (name, value) in HEADERS {
                assert!(page.contains(&format!("{name}: {value}\r\n")), "{path} lacks {name}");
            }
            for active in ["<script", "onload=x\"", "http-equiv", "<img", "<iframe"] {
                assert!(!page.contains(active), "{active} on {path}: {page}");
            }
        }
        let whole = door.page(&format!("/i/i-1?k={i}")).await;
        assert!(whole.contains("<svg></svg>") && whole.contains("&lt;script&gt;") && whole.contains("{{7*7}}"), "{whole}");
        assert!(whole.contains(&format!("q&#x2f;91?k={}", ticket("q:91"))) || whole.contains(&format!("q/91?k={q}")), "{whole}");
        let message = door.page(&format!("/q/91?k={q}")).await;
        assert!(message.contains("shop.example") && message.contains("<td>se</td>") && message.contains("dark stage"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn who_asks_too_often_waits() {
    Door::open(Fake::default(), async |door| {
        let mut statuses = Vec::new();
        for _ in 0..70 {
            statuses.push(door.ask("GET", "/a/i-1/guess", "").await.0);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 60);
        let (status, page) = door.ask("GET", "/a/i-1/guess", "").await;
        assert_eq!(status, 429);
        assert!(page.contains("retry-after: 60\r\n") && page.contains("cache-control: no-store"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_busy_database_is_no_reason_to_say_that_it_was_done() {
    Door::open(Fake { broken: true, ..Fake::default() }, async |door| {
        let (status, page) = door.ask("GET", &format!("/i/i-1?k={}", ticket("i:i-1")), "").await;
        assert_eq!(status, 503);
        assert!(page.contains("nothing was changed"), "{page}");
    })
    .await;
}

#[test]
fn tickets_of_a_week_outlive_no_page() {
    assert!(ticket::GOOD_FOR > TimeDelta::days(1));
    assert_eq!(key(Some("x=1&k=a%2Db&k=c")), "a-b");
    assert_eq!(key(None), "");
}
