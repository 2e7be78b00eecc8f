//! A proxy between us and everybody.

use super::*;

#[tokio::test]
async fn a_proxy_gets_all_requests_with_its_login_and_none_for_private_numbers() {
    let proxy = Server::start(|_| reply("200 OK", "", b"by proxy"));
    let mut settings = settings(&[]);
    settings.proxy = Some(Secret::new(format!("http://me:hush@127.0.0.1:{}", proxy.port)));
    let fetcher = fetcher_for(&settings);
    assert_eq!(body_of(&fetcher, "http://reviews.invalid/feed".to_owned()).await.unwrap(), "by proxy");
    let head = proxy.heard().remove(0);
    assert!(head.starts_with("GET http://reviews.invalid/feed HTTP/1.1\r\n"), "{head}");
    let login = format!("proxy-authorization: Basic {}", BASE64_STANDARD.encode("me:hush"));
    assert!(head.contains(&login), "{head}");
    assert_eq!(kind_of(&fetcher, "http://10.0.0.1/".to_owned()).await, Kind::Refused);
    assert!(!format!("{:?}", fetcher.fetch(&get("https://reviews.invalid/".to_owned()), Manner::default(), now()).await).contains("hush"));
}

/// A proxy that opens a way for `CONNECT` to wherever `target` is, and plays no other part.
fn tunnel(target: u16) -> Server {
    Server::start_raw(move |request, stream| {
        let Some(_) = request.strip_prefix("CONNECT ") else { return };
        let _ = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
        let mut inner = TcpStream::connect(("127.0.0.1", target)).unwrap();
        let mut first = [0; 5];
        if stream.read_exact(&mut first).is_ok() {
            let _ = inner.write_all(&first);
        }
    })
}

#[tokio::test]
async fn a_proxy_is_asked_to_connect_for_https_and_sees_tls_only() {
    let (sender, first) = std::sync::mpsc::channel();
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut bytes = [0; 5];
        let _ = target.accept().unwrap().0.read_exact(&mut bytes);
        let _ = sender.send(bytes);
    });
    let proxy = tunnel(port);
    let mut settings = settings(&[]);
    settings.proxy = Some(Secret::new(format!("http://me:hush@127.0.0.1:{}", proxy.port)));
    let error = body_of(&fetcher_for(&settings), "https://reviews.invalid/feed?key=1".to_owned()).await.unwrap_err();
    assert!(error.kind == Kind::Network && !error.message.contains("hush"), "{error}");
    let head = proxy.heard().remove(0);
    assert!(head.starts_with("CONNECT reviews.invalid:443 HTTP/1.1\r\n"), "{head}");
    assert!(
        head.to_lowercase().contains(&format!("proxy-authorization: basic {}", BASE64_STANDARD.encode("me:hush")).to_lowercase()),
        "{head}"
    );
    assert_eq!(first.recv().unwrap()[..2], [0x16, 3], "a TLS handshake");
}
