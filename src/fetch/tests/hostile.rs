//! Servers that break the rules of HTTP, by fault or on purpose.

use super::*;

/// A server that keeps its connections and says what to send for each request on one, by number;
/// an empty answer closes.
fn keeping(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let number = AtomicUsize::new(0);
    Server::start_raw(move |_, stream| {
        loop {
            let answer = answer(number.fetch_add(1, Ordering::SeqCst));
            if answer.is_empty() || stream.write_all(&answer).is_err() || read_head(stream).is_none() {
                return;
            }
        }
    })
}

fn kept(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_tried_once_again_and_a_new_one_is_not() {
    // The second request is heard and not answered: the connection is closed before a byte came.
    let server = keeping(|number| if number == 1 { Vec::new() } else { kept("page") });
    let fetcher = fetcher_for(&settings(&[&server]));
    assert_eq!(body_of(&fetcher, server.url("/a")).await.unwrap(), "page");
    assert_eq!(body_of(&fetcher, server.url("/b")).await.unwrap(), "page");

    let closing = Server::start_raw(|_, _| {});
    assert_eq!(kind_of(&fetcher_for(&settings(&[&closing])), closing.url("/")).await, Kind::Network);
    assert_eq!(closing.heard().len(), 1);
}

#[tokio::test]
async fn what_comes_behind_a_body_is_never_taken_for_the_next_answer() {
    let server = keeping(|_| [kept("right"), kept("wrong")].concat());
    let fetcher = fetcher_for(&settings(&[&server]));
    for _ in 0..5 {
        assert_eq!(body_of(&fetcher, server.url("/")).await.unwrap(), "right");
    }
}

#[tokio::test]
async fn what_is_not_http_ends_in_words() {
    let many = (0..300).map(|number| format!("X-{number}: a\r\n")).collect::<Vec<_>>().concat();
    let long = format!("X-Long: {}\r\n", "a".repeat(70_000));
    for (name, bytes, kind, words) in [
        ("no status line", b"<rss version='2.0'/>".to_vec(), Kind::Network, "not HTTP"),
        ("tls", b"\x15\x03\x01\x00\x02\x02\x46".to_vec(), Kind::Network, "not HTTP"),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec(), Kind::Network, "broke off"),
        ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(), Kind::Network, "not HTTP"),
        ("too many headers", format!("HTTP/1.1 200 OK\r\n{many}\r\n").into_bytes(), Kind::TooLarge, "200 lines"),
        ("a long header", format!("HTTP/1.1 200 OK\r\n{long}\r\n").into_bytes(), Kind::TooLarge, "64 KiB"),
        ("a broken chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(), Kind::Network, "Invalid"),
        ("a length of its own", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\nab".to_vec(), Kind::TooLarge, "max_body"),
    ] {
        let server = Server::start(move |_| bytes.clone());
        let error = body_of(&fetcher_for(&settings(&[&server])), server.url("/feed?key=hush")).await.unwrap_err();
        assert!(error.kind == kind && error.message.contains(words) && !error.message.contains("hush"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_head_that_drips_is_cut_by_the_whole_time() {
    let server = Server::start_raw(|_, stream| {
        while stream.write_all(b"H").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut settings = settings(&[&server]);
    settings.timeout = TimeDelta::milliseconds(300);
    let kind = kind_of(&fetcher_for(&settings), server.url("/")).await;
    assert!(matches!(kind, Kind::Timeout | Kind::Network), "{kind:?}");
}
