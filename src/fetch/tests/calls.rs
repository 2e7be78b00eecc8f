//! Calls of services: what goes along with them, where it goes, and how often tokens are asked for.

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Reply;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Token;

fn hush(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn granted_at(server: &Server) -> Login {
    let grant = Grant::client_credentials(server.url("/token"), "id", &hush("hush"));
    Login::at(server.url("/")).with_token(Token::Granted(grant))
}

async fn called(fetcher: &Fetcher, call: Call, login: &Login, minutes: i64) -> Result<Reply, FetchError> {
    let manner = Manner { login: Some(login), ..Manner::default() };
    match fetcher.fetch(&Request::Call(call), manner, now() + TimeDelta::minutes(minutes)).await? {
        Fetched::New { response: Response::Call(reply), .. } => Ok(*reply),
        other => panic!("not a reply: {other:?}"),
    }
}

fn call(url: String) -> Call {
    Call { url, context: "page 1".to_owned(), ..Call::default() }
}

/// A service that gives the tokens `t1`, `t2` and so on, good for nearly ten minutes, and takes those that `is_good`
/// says.
fn service(is_good: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |request| {
        if request.starts_with("POST /token ") {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return reply("200 OK", "", format!(r#"{{"access_token":"t{number}","expires_in":"590"}}"#).as_bytes());
        }
        let token = request.split("authorization: Bearer ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap_or_default();
        if is_good(token) {
            reply("200 OK", "Link: </2>; rel=\"next\"\r\n", b"{}")
        } else {
            reply("401 No", "", br#"{"error":"bad token"}"#)
        }
    })
}

fn grants(server: &Server) -> usize {
    server.heard().iter().filter(|request| request.starts_with("POST /token ")).count()
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_renewed_before_it_ends() {
    let server = service(|token| token.starts_with('t'));
    let (fetcher, login) = (fetcher_for(&settings(&[&server])), granted_at(&server));
    let first = called(&fetcher, call(server.url("/a")), &login, 0).await.unwrap();
    assert_eq!((first.status, first.link.as_str(), first.call.context.as_str()), (200, "</2>; rel=\"next\"", "page 1"));
    called(&fetcher, call(server.url("/b")), &login, 8).await.unwrap();
    assert_eq!(grants(&server), 1);
    called(&fetcher, call(server.url("/c")), &login, 9).await.unwrap();
    assert_eq!(grants(&server), 2, "a minute before its end");
    let asked = &server.heard()[0];
    assert!(
        asked.contains("authorization: Basic aWQ6aHVzaA==") && asked.contains("content-type: application/x-www-form-urlencoded"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_asked_for_anew_once() {
    let server = service(|token| token == "t2");
    let (fetcher, login) = (fetcher_for(&settings(&[&server])), granted_at(&server));
    let error = called(&fetcher, call(server.url("/a")), &login, 0).await.unwrap_err();
    assert_eq!((error.kind, grants(&server)), (Kind::Denied, 1), "a new token that is refused helps nobody");
    called(&fetcher, call(server.url("/a")), &login, 1).await.unwrap();
    assert_eq!(grants(&server), 2);

    let never = service(|_| false);
    let (fetcher, login) = (fetcher_for(&settings(&[&never])), granted_at(&never));
    for minutes in 0..3 {
        let error = called(&fetcher, call(never.url("/a")), &login, minutes).await.unwrap_err();
        let refused = error.refused.unwrap();
        assert_eq!((refused.status, refused.at_login, refused.body.as_str()), (401, false, r#"{"error":"bad token"}"#));
    }
    assert_eq!(grants(&never), 3);
}

#[tokio::test]
async fn a_token_that_is_not_given_says_so_without_the_secret() {
    for (status, body) in [("401 No", r#"{"error":"invalid_client"}"#), ("200 OK", r#"{"error":"unsupported_grant_type"}"#)] {
        let server = Server::start(move |_| reply(status, "", body.as_bytes()));
        let fetcher = fetcher_for(&settings(&[&server]));
        let error = called(&fetcher, call(server.url("/a")), &granted_at(&server), 0).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.refused.as_ref().is_some_and(|refused| refused.at_login && refused.body == body), "{error:?}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn credentials_go_to_their_home_alone() {
    let stranger = Server::start(|_| reply("200 OK", "", b"{}"));
    let elsewhere = stranger.url("/b");
    let home = Server::start(move |request| {
        if request.starts_with("GET /away") {
            reply("302 Found", &format!("Location: {elsewhere}\r\n"), b"")
        } else {
            reply("200 OK", "", b"{}")
        }
    });
    let fetcher = fetcher_for(&settings(&[&home, &stranger]));
    let login = Login::at(home.url("/")).with_bearer(&hush("hush")).with_query("key", hush("hush"));
    called(&fetcher, call(home.url("/a?x=1")), &login, 0).await.unwrap();
    called(&fetcher, call(home.url("/away")), &login, 0).await.unwrap();
    called(&fetcher, call(stranger.url("/c")), &login, 0).await.unwrap();
    let heard = home.heard();
    assert!(heard[0].starts_with("GET /a?x=1&key=hush ") && heard[0].contains("authorization: Bearer hush"), "{}", heard[0]);
    assert_eq!(stranger.heard().len(), 2);
    assert!(stranger.heard().iter().all(|request| !request.contains("hush")), "{:?}", stranger.heard());
}

#[tokio::test]
async fn a_call_has_its_method_headers_and_statuses() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap_or_default() {
        "/gone" => reply("404 Not Found", "", br#"{"deleted":true}"#),
        "/moved" => reply("302 Found", "Location: /elsewhere\r\n", b""),
        "/busy" => reply("429 Slow", "X-RateLimit-Reset: 30\r\n", b"later"),
        _ => reply("201 Created", "", b"{}"),
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    let login = Login::at(server.url("/"));
    let headers = vec![("Intercom-Version".to_owned(), "2.14".to_owned()), ("User-Agent".to_owned(), "linux:x:1 (by /u/ops)".to_owned())];
    let post = |path: &str| Call { method: Method::Post, body: "{}".to_owned(), headers: headers.clone(), ..call(server.url(path)) };
    assert_eq!(called(&fetcher, post("/new"), &login, 0).await.unwrap().status, 201);
    let heard = server.heard().remove(0);
    assert!(
        heard.starts_with("POST /new ") && heard.contains("intercom-version: 2.14") && heard.contains("user-agent: linux:x:1"),
        "{heard}"
    );
    assert_eq!(heard.matches("user-agent").count(), 1, "{heard}");

    let gone = Call { takes: vec![404], ..call(server.url("/gone")) };
    assert_eq!(called(&fetcher, gone, &login, 0).await.unwrap().status, 404);
    assert_eq!(called(&fetcher, call(server.url("/gone")), &login, 0).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(called(&fetcher, post("/moved"), &login, 0).await.unwrap_err().kind, Kind::Status(302), "nothing is posted twice");

    let busy = called(&fetcher, call(server.url("/busy")), &login, 0).await.unwrap_err();
    assert_eq!((busy.kind, busy.retry_after), (Kind::Busy, Some(TimeDelta::seconds(30))));
    let held = called(&fetcher, call(server.url("/new")), &login, 0).await.unwrap_err();
    assert_eq!(held.kind, Kind::Held, "the host is left alone, by all of its sources");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_one_for_whoever_takes_it() {
    let body = vec![b' '; 100_001];
    let server = Server::start(move |_| reply("200 OK", "", &body));
    let (fetcher, login) = (fetcher_for(&settings(&[&server])), Login::at("https://nowhere.example"));
    assert_eq!(called(&fetcher, call(server.url("/a")), &login, 0).await.unwrap_err().kind, Kind::TooLarge);
    let told = called(&fetcher, Call { takes: vec![413], ..call(server.url("/a")) }, &login, 0).await.unwrap();
    assert_eq!((told.status, told.body), (413, Vec::new()));
}

#[tokio::test]
async fn the_last_call_that_is_allowed_is_the_last_for_a_while() {
    let server = Server::start(|_| reply("200 OK", "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 600\r\n", b"{}"));
    let (fetcher, login) = (fetcher_for(&settings(&[&server])), Login::at("https://nowhere.example"));
    called(&fetcher, call(server.url("/a")), &login, 0).await.unwrap();
    assert_eq!(called(&fetcher, call(server.url("/a")), &login, 9).await.unwrap_err().kind, Kind::Held);
    called(&fetcher, call(server.url("/a")), &login, 11).await.unwrap();
}
