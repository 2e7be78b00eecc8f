//! Doors as a sender meets them.

use std::sync::Mutex;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::secret::Secret;
use crate::sources::webhook::Settings;
use crate::web::router::Site;
use crate::web::router::serve;

/// Takes what it is told to take.
struct Fake {
    webhooks: Vec<Arc<Webhook>>,
    says: Taken,
    took: Mutex<Vec<(usize, Push)>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Inbox for Fake {
    fn webhooks(&self) -> Vec<Arc<Webhook>> {
        self.webhooks.clone()
    }

    fn take(&self, door: usize, push: Push) -> BoxFuture<'_, Taken> {
        self.took.lock().unwrap().push((door, push));
        Box::pin(async { self.says })
    }

    fn refused(&self, door: usize, why: &'static str) {
        self.told.lock().unwrap().push(format!("{door} refused: {why}"));
    }

    fn put_off(&self, door: usize, why: &'static str) {
        self.told.lock().unwrap().push(format!("{door} later: {why}"));
    }

    fn at_no_door(&self) {
        self.told.lock().unwrap().push("no door".to_owned());
    }
}

fn fake(says: Taken) -> Fake {
    let of = |path: &str, format| Settings { max_body: 1_000, ..Settings::new(path, format, vec![Secret::new("x".to_owned())]) };
    let near = Settings { allow_from: vec!["192.0.2.0/24".parse().unwrap()], ..of("/in/near", Format::Delighted) };
    let all = [of("/in/forms", Format::Typeform), of("/in/monkey", Format::SurveyMonkey), near];
    Fake {
        webhooks: all.into_iter().map(|settings| Arc::new(Webhook::new(settings))).collect(),
        says,
        took: Mutex::default(),
        told: Arc::default(),
    }
}

/// Status and the whole answer, for a request as it stands.
async fn ask(fake: Fake, request: &str) -> (u16, String, Vec<(usize, Push)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (address, inbox) = (listener.local_addr().unwrap(), Arc::new(fake));
    let site = Site { inbox: Some(Arc::clone(&inbox) as Arc<dyn Inbox>), ..Site::default() };
    let asked = async {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    let answer = tokio::select! {
        served = serve(listener, site, CancellationToken::new()) => panic!("it ended: {served:?}"),
        answer = asked => answer,
    };
    let took = std::mem::take(&mut *inbox.took.lock().unwrap());
    (answer[9..12].parse().unwrap(), answer, took)
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

const JSON: &str = "content-type: application/json; charset=utf-8\r\n";

#[tokio::test]
async fn what_comes_is_handed_over_as_it_came() {
    let (status, _, took) = ask(
        fake(Taken::Stored),
        &post("/in/forms", &format!("{JSON}Typeform-Signature: sha256=x\r\ntwice: 1\r\ntwice: 2\r\n"), "{ \"a\":1}"),
    )
    .await;
    assert_eq!(status, 200);
    let [(0, push)] = took.as_slice() else { panic!("{took:?}") };
    assert_eq!(
        (push.body.as_slice(), push.header("typeform-signature"), push.header("twice")),
        (b"{ \"a\":1}".as_slice(), Some("sha256=x"), None)
    );
}

#[tokio::test]
async fn what_is_not_wanted_is_refused_without_a_word() {
    let large = "x".repeat(1_001);
    for (request, expected) in [
        (post("/in/other", JSON, "{}"), 404),
        (post("/", JSON, "{}"), 404),
        (post("/in/forms/", JSON, "{}"), 404),
        (post("/in/forms", "", "{}"), 415),
        (post("/in/forms", "content-type: text/json\r\n", "{}"), 415),
        (post("/in/forms", &format!("{JSON}content-encoding: gzip\r\n"), "{}"), 415),
        (post("/in/forms", JSON, &large), 413),
        (
            format!(
                "POST /in/forms HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{JSON}transfer-encoding: chunked\r\n\r\n3e9\r\n{large}\r\n0\r\n\r\n"
            ),
            413,
        ),
        (post("/in/near", JSON, "{}"), 403),
        (post("/in/forms", JSON, "{}").replace("POST", "GET"), 405),
        (post("/in/forms", JSON, "{}").replace("POST", "HEAD"), 405),
    ] {
        let (status, answer, took) = ask(fake(Taken::Stored), &request).await;
        assert_eq!((status, took.len()), (expected, 0), "{request}: {answer}");
        assert!(expected == 405 || expected == 404 || answer.ends_with("\r\n\r\n"), "nothing is told: {answer}");
    }
}

#[tokio::test]
async fn whoever_runs_the_house_hears_of_what_was_refused() {
    for (request, expected) in [
        (post("/in/other", JSON, "{}"), vec!["no door"]),
        (post("/favicon.ico", "", "{}"), vec![]),
        (post("/in/near", JSON, "{}"), vec!["2 refused: its address is not in `allow_from`"]),
        (post("/in/forms", JSON, &"x".repeat(1_001)), vec!["0 refused: it is larger than `max_body`"]),
        (post("/in/forms", JSON, "{}"), vec![]),
    ] {
        let fake = fake(Taken::Stored);
        let told = Arc::clone(&fake.told);
        ask(fake, &request).await;
        assert_eq!(*told.lock().unwrap(), expected, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let begun = format!("POST /in/forms HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{JSON}content-length: 9\r\n\r\n{{");
    let fake = fake(Taken::Stored);
    let told = Arc::clone(&fake.told);
    assert_eq!(ask(fake, &begun).await.0, 408);
    assert_eq!(*told.lock().unwrap(), ["0 refused: its end did not come in time"]);
}

#[tokio::test]
async fn who_sends_slowly_takes_no_more_room_than_has_come() {
    let large = Settings { max_body: 12_000_000, ..Settings::new("/in/forms", Format::Typeform, vec![Secret::new("x".to_owned())]) };
    let fake = Fake { webhooks: vec![Arc::new(Webhook::new(large))], ..fake(Taken::Stored) };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (address, inbox) = (listener.local_addr().unwrap(), Arc::new(fake));
    let site = Site { inbox: Some(Arc::clone(&inbox) as Arc<dyn Inbox>), ..Site::default() };
    let asked = async {
        let mut slow = Vec::new();
        for _ in 0..20 {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let head = format!("POST /in/forms HTTP/1.1\r\nhost: x\r\n{JSON}content-length: 12000000\r\n\r\n{{");
            connection.write_all(head.as_bytes()).await.unwrap();
            slow.push(connection);
        }
        let body = format!("\"{}\"", "x".repeat(9_000_000));
        let mut quick = TcpStream::connect(address).await.unwrap();
        quick.write_all(post("/in/forms", JSON, &body).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = quick.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    let answer = tokio::select! {
        served = serve(listener, site, CancellationToken::new()) => panic!("it ended: {served:?}"),
        answer = timeout(PATIENCE / 2, asked) => answer.expect("it waits for the slow ones"),
    };
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(inbox.took.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_becomes_of_it_is_a_status_and_never_gone() {
    for (taken, expected) in [(Taken::Stored, 200), (Taken::Untrusted, 401), (Taken::Unreadable, 422), (Taken::Later(30), 503)] {
        let (status, answer, _) = ask(fake(taken), &post("/in/forms", JSON, "{}")).await;
        assert_eq!((status, answer.contains("retry-after: 30\r\n")), (expected, expected == 503), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn surveymonkey_may_look_whether_somebody_is_there_and_a_near_proxy_may_name_the_sender() {
    let (status, ..) = ask(fake(Taken::Stored), "HEAD /in/monkey HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(status, 200);
    let vendors = "content-type: application/vnd.surveymonkey.response_completed.v1+json\r\n";
    assert_eq!(ask(fake(Taken::Stored), &post("/in/monkey", vendors, "{}")).await.0, 200);
    let by_proxy = post("/in/near", &format!("{JSON}x-forwarded-for: 10.1.1.1, 192.0.2.9\r\n"), "{}");
    assert_eq!(ask(fake(Taken::Stored), &by_proxy).await.0, 200);
}
