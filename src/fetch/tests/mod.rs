//! The fetcher against real servers on the loopback: what crosses the wire, and what comes back.

mod calls;
mod hostile;
mod proxy;
mod robots;

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::domain::http::Answer;
use crate::domain::http::Get;
use crate::domain::http::Watched;
use crate::domain::secret::Secret;

/// A server that answers every request with what `reply` makes of it, bytes as they are.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(reply: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_raw(move |request, stream| {
            let _ = stream.write_all(&reply(request));
        })
    }

    fn start_raw(reply: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = Self { port, heard: Arc::clone(&heard) };
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (reply, heard) = (Arc::clone(&reply), Arc::clone(&heard));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(request) = read_head(&mut stream) else { return };
                    heard.lock().unwrap().push(request.clone());
                    reply(&request, &mut stream);
                });
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn allowed(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap())
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn settings(allowed: &[&Server]) -> Fetch {
    Fetch {
        contact: Some("ops@example.com".to_owned()),
        proxy: None,
        extra_ca: None,
        allow_private: allowed.iter().map(|server| server.allowed()).collect(),
        timeout: TimeDelta::seconds(5),
        max_body: 100_000,
        host_gap: TimeDelta::zero(),
        at_once: 8,
        settle: TimeDelta::zero(),
    }
}

fn fetcher_for(settings: &Fetch) -> Fetcher {
    Fetcher::new(settings, TimeDelta::zero()).unwrap()
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn get(url: String) -> Request {
    Request::Get(Get { url, accept: "application/rss+xml, */*;q=0.5".to_owned(), conditional: true, context: "page 1".to_owned() })
}

async fn body_of(fetcher: &Fetcher, url: String) -> Result<String, FetchError> {
    match fetcher.fetch(&get(url), Manner::default(), now()).await? {
        Fetched::New { response: Response::Http(answer), .. } => Ok(String::from_utf8(answer.body).unwrap()),
        other => panic!("not a body: {other:?}"),
    }
}

async fn kind_of(fetcher: &Fetcher, url: String) -> Kind {
    body_of(fetcher, url).await.unwrap_err().kind
}

#[test]
fn a_lane_is_named_after_scheme_host_and_port() {
    for (url, lane) in [
        ("https://Reviews.example:443/a?b", Some("https://reviews.example")),
        ("https://ann:pw@reviews.example/c", Some("https://reviews.example")),
        ("http://reviews.example/a", Some("http://reviews.example")),
        ("http://0x7f.1:8080/", Some("http://127.0.0.1:8080")),
        ("file:///etc/hosts", None),
        ("feed.xml", None),
    ] {
        assert_eq!(lane_of(url).as_deref(), lane, "{url}");
    }
}

#[tokio::test]
async fn an_answer_comes_with_its_request_and_the_request_says_who_asks() {
    let server = Server::start(|_| reply("200 OK", "Content-Type: text/xml; charset=x\r\nETag: \"v1\"\r\n", b"<rss/>"));
    let asked = get(server.url("/feed?b=%20a#top"));
    let fetched = fetcher_for(&settings(&[&server])).fetch(&asked, Manner::default(), now()).await.unwrap();
    let Request::Get(request) = asked else { unreachable!() };
    let url = server.url("/feed?b=%20a");
    let validators = Some(Validators { url: url.clone(), etag: Some("\"v1\"".to_owned()), last_modified: None });
    let answer = Answer { request, url, content_type: "text/xml; charset=x".to_owned(), body: b"<rss/>".to_vec() };
    assert_eq!(fetched, Fetched::New { response: Response::Http(answer), validators, aside: Aside::default(), room: Room::default() });

    let head = server.heard().remove(0).to_lowercase();
    let version = env!("CARGO_PKG_VERSION");
    for line in
        ["get /feed?b=%20a http/1.1", &format!("user-agent: uproar/{version} (+ops@example.com)"), "accept: application/rss+xml, */*;q=0.5"]
    {
        assert!(head.lines().any(|found| found == line), "{line} in\n{head}");
    }
    for absent in ["cookie", "referer", "authorization", "if-none-match"] {
        assert!(!head.contains(absent), "{absent} in\n{head}");
    }
}

#[tokio::test]
async fn validators_go_back_as_they_came_and_unchanged_costs_nothing() {
    let server = Server::start(|_| reply("304 Not Modified", "ETag: W/\"v2\"\r\n", b""));
    let fetcher = fetcher_for(&settings(&[&server]));
    let stored =
        Validators { url: server.url("/feed"), etag: Some("\"o d\\d\"".to_owned()), last_modified: Some("Someday, 1 Foo 99".to_owned()) };
    let outcome = fetcher.fetch(&get(server.url("/feed")), Manner { validators: Some(&stored), ..Manner::default() }, now()).await.unwrap();
    assert_eq!(
        outcome,
        Fetched::Unchanged { validators: Validators { etag: Some("W/\"v2\"".to_owned()), ..stored.clone() }, aside: Aside::default() }
    );
    let head = server.heard().remove(0);
    assert!(head.contains("if-none-match: \"o d\\d\"\r\n") && head.contains("if-modified-since: Someday, 1 Foo 99\r\n"), "{head}");

    // They belong to the address that gave them; "unchanged" without them is an error.
    let error =
        fetcher.fetch(&get(server.url("/other")), Manner { validators: Some(&stored), ..Manner::default() }, now()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Status(304));
    assert!(!server.heard()[1].contains("if-"), "{}", server.heard()[1]);
}

#[tokio::test]
async fn a_redirect_takes_neither_login_nor_foreign_validators_along() {
    let target = Server::start(|_| reply("200 OK", "", b"there"));
    let elsewhere = target.url("/final");
    let server = Server::start(move |request| match request.split(' ').nth(1) {
        Some("/a") => reply("302 Found", "Location: /b\r\n", b""),
        _ => reply("307 Temporary Redirect", &format!("Location: {elsewhere}\r\n"), b""),
    });
    let fetcher = fetcher_for(&settings(&[&server, &target]));
    let asked = get(server.url("/a").replace("http://", "http://ann:p%40w@"));
    let stored = Validators { url: target.url("/final"), etag: Some("\"t\"".to_owned()), last_modified: None };
    let Fetched::New { response: Response::Http(answer), .. } =
        fetcher.fetch(&asked, Manner { validators: Some(&stored), ..Manner::default() }, now()).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((answer.url, answer.body), (target.url("/final"), b"there".to_vec()));

    let login = format!("authorization: Basic {}\r\n", BASE64_STANDARD.encode("ann:p@w"));
    for head in server.heard() {
        assert!(head.contains(&login) && !head.contains("if-none-match"), "{head}");
    }
    let head = target.heard().remove(0);
    assert!(!head.contains("authorization") && head.contains("if-none-match: \"t\"\r\n"), "{head}");
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let inner = Server::start(|_| reply("200 OK", "", b"secret"));
    let target = inner.url("/admin?token=1");
    let server = Server::start(move |_| reply("302 Found", &format!("Location: {target}\r\n"), b""));
    let error = body_of(&fetcher_for(&settings(&[&server])), server.url("/")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    let port = inner.port;
    assert_eq!(
        error.to_string(),
        format!(
            "http://127.0.0.1:{port} was not asked: it leads to 127.0.0.1, which is not a public address; if it is yours, name its `host:port` in `allow_private` of [fetch]"
        )
    );
    assert!(inner.heard().is_empty());
}

#[tokio::test]
async fn redirects_in_circles_end_at_once_and_long_chains_after_ten() {
    let circle = Server::start(|_| reply("301 Moved Permanently", "Location: /a\r\n", b""));
    assert_eq!(kind_of(&fetcher_for(&settings(&[&circle])), circle.url("/a")).await, Kind::Network);
    assert_eq!(circle.heard().len(), 1);

    let chain = Server::start(|request| {
        let number = request.split(' ').nth(1).unwrap().trim_start_matches('/').parse::<u32>().unwrap();
        reply("302 Found", &format!("Location: /{}\r\n", number + 1), b"")
    });
    assert_eq!(kind_of(&fetcher_for(&settings(&[&chain])), chain.url("/0")).await, Kind::Network);
    assert_eq!(chain.heard().len(), 11);
}

#[tokio::test]
async fn a_large_body_is_cut_announced_or_not() {
    let server = Server::start(|request| {
        let body = vec![b'x'; 100_001];
        if request.starts_with("GET /announced") {
            return reply("200 OK", "", &body);
        }
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(), body].concat()
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    assert_eq!(kind_of(&fetcher, server.url("/announced")).await, Kind::TooLarge);
    assert_eq!(kind_of(&fetcher, server.url("/open")).await, Kind::TooLarge);
}

/// A gzip member of one stored block for each 65,535 bytes would not be small; this one is made by
/// hand: one block with fixed codes that repeats a zero 258 times for each 13 bits.
fn bomb(repeats: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false]; // the last block, fixed codes
    let code = |bits: &mut Vec<bool>, value: u16, width: u32| bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    code(&mut bits, 0x30, 8); // the literal 0
    for _ in 0..repeats {
        code(&mut bits, 0b1100_0101, 8); // length 258
        code(&mut bits, 0, 5); // distance 1
    }
    code(&mut bits, 0, 7); // end of block
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    bytes.extend(bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0_u8, |sum, (at, bit)| sum | u8::from(*bit) << at)));
    bytes
}

#[tokio::test]
async fn a_gzip_bomb_is_cut_after_decompression() {
    let small = bomb(100_000);
    assert!(small.len() < 200_000);
    let server = Server::start(move |_| reply("200 OK", "Content-Encoding: gzip\r\n", &small));
    let mut settings = settings(&[&server]);
    settings.max_body = 1_000_000; // 26 MB come out
    assert_eq!(kind_of(&fetcher_for(&settings), server.url("/")).await, Kind::TooLarge);
}

#[tokio::test]
async fn a_compressed_body_comes_out_whole_and_a_broken_or_unknown_one_is_an_error() {
    let stored = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 2, 0, 0xfd, 0xff][..], b"hi", &[0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0]].concat();
    let server = Server::start(move |request| match request.split(' ').nth(1) {
        Some("/good") => reply("200 OK", "Content-Encoding: gzip\r\n", &stored),
        Some("/broken") => reply("200 OK", "Content-Encoding: gzip\r\n", b"hello"),
        _ => reply("200 OK", "Content-Encoding: zstd\r\n", b"hello"),
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    assert_eq!(body_of(&fetcher, server.url("/good")).await.unwrap(), "hi");
    assert_eq!(kind_of(&fetcher, server.url("/broken")).await, Kind::Network);
    let error = body_of(&fetcher, server.url("/zstd")).await.unwrap_err();
    assert!(error.message.contains("`zstd`"), "{error}");
    assert!(server.heard()[0].contains("accept-encoding: "), "{}", server.heard()[0]);
}

#[tokio::test]
async fn a_body_that_drips_is_cut_by_the_whole_time() {
    let server = Server::start_raw(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut settings = settings(&[&server]);
    settings.timeout = TimeDelta::milliseconds(300);
    let error = body_of(&fetcher_for(&settings), server.url("/slow")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout, "{error}");
    assert!(error.message.contains("within 0.3 s"), "{error}");
}

#[tokio::test]
async fn a_cut_body_and_a_closed_port_are_network_errors() {
    let server = Server::start(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>".to_vec());
    let mut settings = settings(&[&server]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    settings.allow_private.push(closed.to_string());
    let fetcher = fetcher_for(&settings);
    assert_eq!(kind_of(&fetcher, server.url("/cut")).await, Kind::Network);
    let error = body_of(&fetcher, format!("http://{closed}/feed?key=hush")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("http://{closed} cannot be reached: Connection refused (os error 111); check the name, and that this machine can reach it")
    );
}

#[tokio::test]
async fn a_host_that_wants_peace_is_not_asked_again_for_any_source() {
    let server = Server::start(|_| reply("429 Too Many Requests", "Retry-After: 120\r\n", b""));
    let fetcher = fetcher_for(&settings(&[&server]));
    let error = body_of(&fetcher, server.url("/a")).await.unwrap_err();
    assert_eq!((error.kind, error.retry_after), (Kind::Busy, Some(TimeDelta::seconds(120))));
    let error = fetcher.fetch(&get(server.url("/b")), Manner::default(), now() + TimeDelta::seconds(30)).await.unwrap_err();
    let left = error.retry_after.unwrap().num_seconds();
    assert!(error.kind == Kind::Held && (85..=95).contains(&left), "{error}");
    assert_eq!(server.heard().len(), 1);
    let _ = fetcher.fetch(&get(server.url("/c")), Manner::default(), now() + TimeDelta::seconds(130)).await;
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn a_host_has_one_connection_at_once() {
    // Counted until the answer goes out: from then on the next request may come.
    let (at_once, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&most);
    let server = Server::start(move |_| {
        counted.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(30));
        at_once.fetch_sub(1, Ordering::SeqCst);
        reply("200 OK", "", b"ok")
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    let all = futures_util::future::join_all((0..6).map(|number| body_of(&fetcher, server.url(&format!("/{number}")))));
    assert!(all.await.iter().all(Result::is_ok));
    assert_eq!((server.heard().len(), most.load(Ordering::SeqCst)), (6, 1));
}

#[tokio::test]
async fn an_answer_tells_how_long_it_is_fresh_and_where_its_address_has_moved() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/moved" => reply("301 Moved", "Location: /new\r\n", b""),
        "/moved-twice" => reply("308 Moved", "Location: /moved\r\n", b""),
        "/found" => reply("302 Found", "Location: /moved\r\n", b""),
        _ if request.contains("if-none-match") => reply("304 Not Modified", "Cache-Control: max-age=60\r\n", b""),
        _ => reply("200 OK", "Cache-Control: max-age=600\r\nRetry-After: 5\r\n", b"page"),
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    let stored = Validators { url: server.url("/new"), etag: Some("\"e\"".to_owned()), last_modified: None };
    for (path, moved) in [("/new", false), ("/moved", true), ("/moved-twice", true), ("/found", false)] {
        for (validators, fresh) in [(None, 600), (Some(&stored), 60)] {
            let answer = fetcher.fetch(&get(server.url(path)), Manner { validators, ..Manner::default() }, now()).await.unwrap();
            let (Fetched::New { aside, .. } | Fetched::Unchanged { aside, .. }) = answer;
            let moved_to = moved.then(|| server.url("/new"));
            assert_eq!(aside, Aside { fresh_for: Some(TimeDelta::seconds(fresh)), moved_to }, "{path}");
        }
    }
}

#[tokio::test]
async fn a_redirect_out_of_the_web_is_refused_in_words() {
    for target in ["file:///etc/passwd", "ftp://reviews.example/feed", "data:text/xml,<rss/>", "javascript:alert(1)"] {
        let server = Server::start(move |_| reply("302 Found", &format!("Location: {target}\r\n"), b""));
        let error = body_of(&fetcher_for(&settings(&[&server])), server.url("/feed?key=hush")).await.unwrap_err();
        let scheme = target.split(':').next().unwrap();
        assert_eq!(error.kind, Kind::Refused);
        assert!(error.message.contains(&format!("`{scheme}:` address")), "{error}");
    }
}

#[test]
fn no_error_shows_a_login_a_path_or_a_query() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start(|request| match request.len() % 7 {
        0 => reply("404 Not Found", "", b""),
        1 => reply("302 Found", "Location: http://hush:hush@10.0.0.1/hush?hush\r\n", b""),
        2 => reply("302 Found", "Location: hush://hush/hush\r\n", b""),
        3 => b"hush".to_vec(),
        4 => reply("429 Slow", "Retry-After: hush\r\n", b""),
        5 => reply("200 OK", "Content-Length: hush\r\n", b""),
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhush".to_vec(),
    });
    let fetcher = fetcher_for(&settings(&[&server]));
    let host = server.allowed();
    let odd = "[a-z0-9%/?#&;=:@!$'()*+,.~\\\\ \u{e4}-]{0,12}";
    proptest::proptest!(proptest::test_runner::Config::with_cases(200), |(front in "(http|ftp|HTTP)://", host in proptest::sample::select(vec![host, "10.0.0.1".to_owned(), "[::1".to_owned()]), a in odd, b in odd)| {
        let url = format!("{front}hush:hush@{host}/hush{a}?hush={b}#hush");
        if let Err(error) = runtime.block_on(fetcher.fetch(&get(url.clone()), Manner::default(), now())) {
            // The scheme of a redirect is told, and it is none of ours.
            let text = format!("{error} {error:?}").replace("`hush:` address", "");
            proptest::prop_assert!(!text.contains("hush"), "{url}: {text}");
        }
    });
}

#[tokio::test]
async fn a_folder_and_a_piece_of_a_file_come_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("week.csv"), "id,text\n").unwrap();
    let fetcher = fetcher_for(&settings(&[]));
    let listed = fetcher
        .fetch(&Request::Folder(Watched { path: folder.path().to_owned(), ..Watched::default() }), Manner::default(), Timestamp::MAX_UTC)
        .await
        .unwrap();
    let Fetched::New { response: Response::Folder(entries), validators: None, .. } = listed else { panic!("{listed:?}") };
    assert!(entries.len() == 1 && entries[0].settled && entries[0].size == 8, "{entries:?}");
}

#[test]
fn settings_that_cannot_be_used_are_named_without_secrets() {
    let broken = |change: &dyn Fn(&mut Fetch)| {
        let mut settings = settings(&[]);
        change(&mut settings);
        Fetcher::new(&settings, SETTLING_TIME).unwrap_err().to_string()
    };
    insta::assert_snapshot!(broken(&|s| s.contact = Some("ops\n@example.com".to_owned())), @"`contact` in [fetch] cannot be sent in a header; write a plain mail address or the address of a page");
    insta::assert_snapshot!(broken(&|s| s.proxy = Some(Secret::new("socks5://me:hush@x".to_owned()))), @"`proxy` in [fetch] is not an address of a proxy; write it as in `http://proxy.example.com:3128`");
    insta::assert_snapshot!(broken(&|s| s.proxy = Some(Secret::new(String::new()))), @"the secret `proxy` in [fetch] cannot be read here; run this with the secrets of the service");
    insta::assert_snapshot!(broken(&|s| s.allow_private = vec!["10.0.0.1".to_owned()]), @"`10.0.0.1` in `allow_private` of [fetch] is not `host:port`; write it as in `127.0.0.1:8080`");
}
