//! Pages of hosts that have a `robots.txt`, and of those that should have.

use std::sync::atomic::AtomicBool;

use super::*;

/// A server of `robots.txt` and pages: the first answers as told, the pages with "page".
fn site(robots: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.split(' ').nth(1) {
        Some("/robots.txt") => robots(request),
        _ => reply("200 OK", "", b"page"),
    })
}

async fn obeying(fetcher: &Fetcher, url: String, now: Timestamp) -> Result<(), FetchError> {
    fetcher.fetch(&get(url), Manner { robots: true, ..Manner::default() }, now).await.map(|_| ())
}

fn asked(server: &Server) -> Vec<String> {
    server.heard().iter().filter_map(|head| Some(head.split(' ').nth(1)?.to_owned())).collect()
}

#[tokio::test]
async fn robots_txt_is_asked_once_a_day_and_what_it_disallows_is_not_asked() {
    let server = site(|_| reply("200 OK", "", b"User-agent: *\nDisallow: /private\nCrawl-delay: 0\n"));
    let fetcher = fetcher_for(&settings(&[&server]));
    let (a, b) = tokio::join!(obeying(&fetcher, server.url("/a"), now()), obeying(&fetcher, server.url("/b"), now()));
    assert!(a.is_ok() && b.is_ok());
    let error = obeying(&fetcher, server.url("/private/feed?key=hush"), now()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Robots);
    assert!(error.message.contains("robots.txt") && error.message.contains("robots = \"ignore\"") && !error.message.contains("hush"));
    assert!(body_of(&fetcher, server.url("/private/own")).await.is_ok(), "one's own source may ignore it");
    let mut paths = asked(&server);
    paths.sort();
    assert_eq!(paths, ["/a", "/b", "/private/own", "/robots.txt"]);
    assert!(server.heard()[0].contains("user-agent: Uproar/"), "{}", server.heard()[0]);

    obeying(&fetcher, server.url("/a"), now() + TimeDelta::hours(20)).await.unwrap();
    obeying(&fetcher, server.url("/a"), now() + TimeDelta::hours(25)).await.unwrap();
    assert_eq!(asked(&server).iter().filter(|path| *path == "/robots.txt").count(), 2);
}

#[tokio::test]
async fn a_robots_txt_that_is_not_there_allows_all_and_one_that_cannot_be_read_nothing() {
    for (status, allowed) in
        [("404 Not Found", true), ("403 Forbidden", true), ("500 Oops", false), ("503 Busy", false), ("304 Same", false)]
    {
        let server = site(move |_| reply(status, "", b""));
        let outcome = obeying(&fetcher_for(&settings(&[&server])), server.url("/a"), now()).await;
        assert_eq!(outcome.as_ref().map_err(|error| error.kind), if allowed { Ok(&()) } else { Err(Kind::Robots) }, "{status}");
        assert_eq!(asked(&server).contains(&"/a".to_owned()), allowed, "{status}");
    }
    // Once it can be read again, all is well; and a copy serves on when it cannot.
    let works = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&works);
    let server = site(move |_| reply(if switch.load(Ordering::SeqCst) { "200 OK" } else { "502 Bad Gateway" }, "", b""));
    let fetcher = fetcher_for(&settings(&[&server]));
    assert_eq!(obeying(&fetcher, server.url("/a"), now()).await.unwrap_err().kind, Kind::Robots);
    works.store(true, Ordering::SeqCst);
    obeying(&fetcher, server.url("/a"), now()).await.unwrap();
    works.store(false, Ordering::SeqCst);
    obeying(&fetcher, server.url("/a"), now() + TimeDelta::minutes(23 * 60 + 30)).await.unwrap();
    assert_eq!(obeying(&fetcher, server.url("/a"), now() + TimeDelta::hours(25)).await.unwrap_err().kind, Kind::Robots);
    assert_eq!(asked(&server).iter().filter(|path| *path == "/robots.txt").count(), 4);
}

#[tokio::test]
async fn robots_txt_is_followed_over_five_redirects_and_checked_on_each_hop_of_a_page() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/robots.txt" => reply("302 Found", "Location: /r1\r\n", b""),
        "/r5" => reply("200 OK", "", b"User-agent: uproar\nDisallow: /closed\n"),
        path if path.starts_with("/r") => {
            let number: u32 = path[2..].parse().unwrap();
            reply("301 Moved", &format!("Location: /r{}\r\n", number + 1), b"")
        }
        "/open" => reply("302 Found", "Location: /closed\r\n", b""),
        _ => reply("200 OK", "", b"page"),
    });
    let error = obeying(&fetcher_for(&settings(&[&server])), server.url("/open"), now()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Robots);
    assert_eq!(asked(&server), ["/robots.txt", "/r1", "/r2", "/r3", "/r4", "/r5", "/open"]);

    // Farther away it counts as absent; where it leads behind the firewall, as not readable.
    let far = site(|_| reply("302 Found", "Location: /robots.txt?again\r\n", b""));
    assert!(obeying(&fetcher_for(&settings(&[&far])), far.url("/a"), now()).await.is_ok());
    let inside = site(|_| reply("302 Found", "Location: http://10.0.0.1/robots.txt\r\n", b""));
    let error = obeying(&fetcher_for(&settings(&[&inside])), inside.url("/a"), now()).await.unwrap_err();
    assert_eq!((error.kind, asked(&inside).len()), (Kind::Robots, 1), "{error}");
}

#[tokio::test]
async fn a_patient_robots_txt_is_left_alone_and_with_it_the_host() {
    let server = site(|_| reply("503 Busy", "Retry-After: 120\r\n", b""));
    let fetcher = fetcher_for(&settings(&[&server]));
    let error = obeying(&fetcher, server.url("/a"), now()).await.unwrap_err();
    assert_eq!((error.kind, error.retry_after), (Kind::Robots, Some(TimeDelta::seconds(120))));
    assert_eq!(obeying(&fetcher, server.url("/a"), now()).await.unwrap_err().kind, Kind::Held);
    assert_eq!(server.heard().len(), 1);
}
